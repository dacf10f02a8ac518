//! The metrics that there are.

use serde::{Deserialize, Serialize};

use super::query::{Aggregation, DayCount, MetricEvent, MetricRules, NegativeRule, ReopenPolicy, WipRule};
use crate::analyze::{EfficiencyRule, FlowItem, PercentileRule};
use crate::model::Kind;
use crate::text_enum::text_enum;

text_enum! {
    /// What the figures of a metric are.
    pub enum MetricUnit {
        /// Days of 24 hours, or counted as the rule for days says.
        Days = "days",
        /// Hours.
        Hours = "hours",
        /// Items.
        Items = "items",
        /// A part of a whole; 1 is all of it.
        Ratio = "ratio",
        /// The portfolio's own unit of size.
        Size = "size",
        /// Days of a week on which something happens.
        DaysPerWeek = "days_per_week",
        /// How often something happens on a day.
        PerDay = "per_day",
        /// The unit of what was measured, as its tool says.
        Measure = "measure",
    }
}

/// A metric that [`metric`](crate::ValueStream::metric) knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricInfo {
    /// Its name.
    pub name: String,
    /// What it says, in one sentence.
    pub about: String,
    /// What its figures are.
    pub unit: MetricUnit,
    /// The rules that hold where neither the query nor a preset says anything.
    pub rules: MetricRules,
}

/// What is counted or measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Durations of what ended; what is open is counted beside them.
    Duration,
    /// Durations up to the end of each part of the window, of what is open then.
    Age,
    /// Time for which items that ended were blocked.
    Blocked,
    /// Items that ended.
    Ended,
    /// The sizes of what ended.
    Size,
    /// Items that started.
    Begun,
    /// Items that started less items that ended.
    Net,
    /// Items in progress.
    Level,
    /// Active time over flow time.
    Efficiency,
    /// The part of a group in what ended.
    Share,
    /// The part of what ended that had been done before.
    Reopened,
}

#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    about: &'static str,
    pub(super) measure: Measure,
    start: MetricEvent,
    end: MetricEvent,
    /// The kind that it is made for; absent for all that flows.
    pub(super) kind: Option<Kind>,
}

const fn metric(
    name: &'static str,
    measure: Measure,
    start: MetricEvent,
    end: MetricEvent,
    kind: Option<Kind>,
    about: &'static str,
) -> Metric {
    Metric { name, about, measure, start, end, kind }
}

use MetricEvent::{Active, Created, Done, Released, Started};

const METRICS: &[Metric] = &[
    metric(
        "age",
        Measure::Age,
        Started,
        Done,
        None,
        "Time since items in progress started, at the end of each part of the window.",
    ),
    metric("arrivals", Measure::Begun, Started, Done, None, "Items that started."),
    metric(
        "blocked_time",
        Measure::Blocked,
        Started,
        Done,
        None,
        "Time for which items that were done had been blocked between start and end.",
    ),
    metric("created", Measure::Begun, Created, Done, None, "Items that were first spoken of."),
    metric("cycle_time", Measure::Duration, Active, Done, None, "Time from first being worked on to done."),
    metric(
        "flow_distribution",
        Measure::Share,
        Started,
        Done,
        None,
        "The part of each group in the items that were done.",
    ),
    metric(
        "flow_efficiency",
        Measure::Efficiency,
        Started,
        Done,
        None,
        "Time in active over flow time, of items that were done.",
    ),
    metric(
        "flow_time",
        Measure::Duration,
        Started,
        Done,
        None,
        "Time from first being active or waiting to done, waits included.",
    ),
    metric("lead_time", Measure::Duration, Created, Done, None, "Time from first being spoken of to done."),
    metric("net_flow", Measure::Net, Started, Done, None, "Items that started less items that were done."),
    metric(
        "open_defect_age",
        Measure::Age,
        Created,
        Done,
        Some(Kind::Defect),
        "Age of open defects at the end of each part of the window.",
    ),
    metric(
        "release_lag",
        Measure::Duration,
        Done,
        Released,
        None,
        "Time from done to the release that brings it.",
    ),
    metric(
        "release_lead_time",
        Measure::Duration,
        Created,
        Released,
        None,
        "Time from first being spoken of to the release that brings it.",
    ),
    metric(
        "reopen_rate",
        Measure::Reopened,
        Started,
        Done,
        None,
        "The part of the items that were done that had been done before.",
    ),
    metric(
        "size_throughput",
        Measure::Size,
        Started,
        Done,
        None,
        "The sizes of the items that were done, added up.",
    ),
    metric(
        "throughput",
        Measure::Ended,
        Started,
        Done,
        None,
        "Items that were done: the Flow Framework's velocity.",
    ),
    metric(
        "time_to_fix",
        Measure::Duration,
        Created,
        Done,
        Some(Kind::Defect),
        "Time from a defect being first spoken of to done.",
    ),
    metric(
        "time_to_restore",
        Measure::Duration,
        Created,
        Done,
        Some(Kind::Incident),
        "Time from an incident being first spoken of to done.",
    ),
    metric("wip", Measure::Level, Started, Done, None, "Items in progress: the Flow Framework's load."),
];

/// The metrics that [`metric`](crate::ValueStream::metric) knows, by name.
pub fn metrics() -> Vec<MetricInfo> {
    let info = |metric: &Metric| MetricInfo {
        name: metric.name.into(),
        about: metric.about.into(),
        unit: metric.measure.unit(DayCount::Elapsed),
        rules: metric.rules(),
    };
    METRICS.iter().map(info).collect()
}

impl Metric {
    pub(super) fn named(name: &str) -> Option<&'static Metric> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        METRICS.iter().map(|metric| metric.name)
    }

    /// Whether it is made for items of a kind.
    pub(super) fn is_for(&self, kind: Kind) -> bool {
        match self.kind {
            Some(own) => kind == own,
            None => FlowItem::of(kind).is_some(),
        }
    }

    /// The rules that make a difference to it, as they are by default.
    pub(super) fn rules(&self) -> MetricRules {
        use Measure::{Age, Blocked, Duration, Efficiency, Ended, Level, Reopened, Share, Size};
        let measure = self.measure;
        let lasts = matches!(measure, Duration | Age | Blocked);
        let is_sample = lasts || measure == Measure::Efficiency;
        let ends = is_sample || matches!(measure, Ended | Size | Share | Reopened | Measure::Net | Level);
        let begins = lasts || matches!(measure, Efficiency | Measure::Begun | Measure::Net | Level);
        MetricRules {
            start_event: begins.then_some(self.start),
            end_event: ends.then_some(self.end),
            day_count: (measure == Duration || measure == Age).then_some(DayCount::Elapsed),
            reopen: ends.then_some(ReopenPolicy::LastDone),
            negative: matches!(measure, Duration | Age).then_some(NegativeRule::Absent),
            wip: (measure == Level).then_some(WipRule::EndOfDay),
            aggregation: lasts.then_some(Aggregation::Median),
            percentiles: lasts.then_some(PercentileRule::NearestRank),
            efficiency: (measure == Efficiency).then_some(EfficiencyRule::RatioOfSums),
            ..MetricRules::default()
        }
    }
}

impl Measure {
    pub(super) fn unit(self, day_count: DayCount) -> MetricUnit {
        match self {
            Measure::Duration | Measure::Age if day_count == DayCount::BusinessHours => MetricUnit::Hours,
            Measure::Duration | Measure::Age | Measure::Blocked => MetricUnit::Days,
            Measure::Ended | Measure::Begun | Measure::Net | Measure::Level => MetricUnit::Items,
            Measure::Size => MetricUnit::Size,
            Measure::Efficiency | Measure::Share | Measure::Reopened => MetricUnit::Ratio,
        }
    }
}
