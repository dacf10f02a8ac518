//! What is asked of a metric: the population, the window, and the rules that tools disagree on.

use serde::{Deserialize, Serialize};

use super::super::{EfficiencyRule, PercentileRule};
use crate::calendar::Calendar;
use crate::model::Kind;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// What begins or ends a duration.
    pub enum MetricEvent {
        /// The item is first spoken of.
        Created = "created",
        /// It first becomes active or waiting.
        Started = "started",
        /// The first change that does its work is made.
        Committed = "committed",
        /// It first becomes active.
        Active = "active",
        /// It is done; which time of several is the re-open policy's.
        Done = "done",
        /// It enters one of the tool's own states that the rules name.
        Status = "status",
        /// The first release that it ships in is done.
        Released = "released",
    }
}

text_enum! {
    /// How the time between two instants becomes a number of days. Each goes with a rule for work in progress, or
    /// Little's law breaks.
    pub enum DayCount {
        /// The plain difference, in days of 24 hours; the default. Goes with `integral`.
        Elapsed = "elapsed",
        /// End day - start day + 1, at least 1, in the query's zone. Goes with `inclusive`.
        CalendarInclusive = "calendar_inclusive",
        /// End day - start day in the query's zone. Goes with `exclusive`.
        CalendarExclusive = "calendar_exclusive",
        /// The whole days of 24 hours, and one more.
        FloorPlusOne = "floor_plus_one",
        /// End day - start day in the query's zone, and half a day where both are the same day.
        HalfDay = "half_day",
        /// The working hours of the rules' calendar between the two, in hours.
        BusinessHours = "business_hours",
    }
}

text_enum! {
    /// When an item that was done more than once is done.
    pub enum ReopenPolicy {
        /// The first time, whatever came later.
        FirstDone = "first_done",
        /// The last forward crossing into done, if the item still is; the default.
        LastDone = "last_done",
        /// As `last_done`, and its duration is the time in active alone (by own states: in those that start it).
        ActiveSegments = "active_segments",
    }
}

text_enum! {
    /// What counts as work in progress.
    pub enum WipRule {
        /// What is active or waiting at the end of a day, averaged over days; the default.
        EndOfDay = "end_of_day",
        /// What is between start and end at the first instant of a day, averaged over days.
        StartOfDay = "start_of_day",
        /// The integral of the number of items between start and end, over the time.
        Integral = "integral",
        /// On each day the items with start day <= day <= end day, averaged over days.
        Inclusive = "inclusive",
        /// On each day the items with start day <= day < end day, averaged over days.
        Exclusive = "exclusive",
    }
}

text_enum! {
    /// What becomes of an item that ends before it starts.
    pub enum NegativeRule {
        /// It has no duration, and is listed as bad data; the default.
        Absent = "absent",
        /// It lasted one day.
        OneDay = "one_day",
    }
}

text_enum! {
    /// Which figure of a sample is the value.
    pub enum Aggregation {
        /// The arithmetic mean.
        Mean = "mean",
        /// The median; the default of durations.
        Median = "median",
        /// The 85th percentile.
        P85 = "p85",
        /// The 95th percentile.
        P95 = "p95",
        /// The smallest.
        Min = "min",
        /// The largest.
        Max = "max",
        /// The sum.
        Sum = "sum",
    }
}

text_enum! {
    /// Into which parts a window falls. Those at its two ends may be shorter.
    pub enum Bucket {
        /// Days of the zone, as `2026-07-01`.
        Day = "day",
        /// ISO weeks, from Monday, as `2026-W27`: the year is that of the week.
        Week = "week",
        /// Months, as `2026-07`.
        Month = "month",
        /// Quarters, as `2026-Q3`.
        Quarter = "quarter",
        /// Years, as `2026`.
        Year = "year",
        /// Parts that the query names the beginnings of.
        Custom = "custom",
    }
}

/// The rules of a metric. What is absent is as the preset has it, else as the metric has it by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricRules {
    /// What begins a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_event: Option<MetricEvent>,
    /// What ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_event: Option<MetricEvent>,
    /// The tool's own states that begin it, by name or id; for `start_event` = `status`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub start_status: Vec<String>,
    /// The tool's own states that end it, by name or id; for `end_event` = `status`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub end_status: Vec<String>,
    /// How time becomes days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_count: Option<DayCount>,
    /// The calendar of `business_hours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// When an item that was done more than once is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopen: Option<ReopenPolicy>,
    /// What becomes of an item that ends before it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative: Option<NegativeRule>,
    /// What counts as work in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wip: Option<WipRule>,
    /// Which figure of a sample is the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation: Option<Aggregation>,
    /// How percentiles are read; the median is interpolated unless this says `lower`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<PercentileRule>,
    /// How ratios of several items are added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<EfficiencyRule>,
}

/// A question for one metric.
///
/// ```
/// use vsm_core::{Bucket, MetricQuery};
/// let mut query = MetricQuery::new("cycle_time", "2026-01-01T00:00:00Z".parse()?, "2026-07-01T00:00:00Z".parse()?, "UTC");
/// query.bucket = Some(Bucket::Week);
/// query.group_by = vec!["kind".into(), "team".into()];
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// The metric; [`metrics`](crate::metrics) lists them.
    pub metric: String,
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window. What is not over by then is open.
    pub end: Instant,
    /// IANA zone of its days.
    pub zone: String,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Items of these kinds, whether or not they have parts; empty = those that the metric is made for, without those that
    /// are counted by their parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// A row for each value of these: `kind`, `team`, `application`, `release`, `theme`, `epic`, `feature`, `priority`,
    /// `severity`, `assignee`, or `attribute:NAME`. An item with several values counts in each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// A row for each part of the window; absent = one for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
    /// For `custom`: where the parts after the first begin, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bucket_starts: Vec<Instant>,
    /// Rules as a tool has them; [`metric_presets`](crate::metric_presets) lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Rules of one's own; they win over the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<MetricRules>,
}

impl MetricQuery {
    /// A question with all defaults.
    pub fn new(
        metric: impl Into<String>,
        start: Instant,
        end: Instant,
        zone: impl Into<String>,
    ) -> MetricQuery {
        MetricQuery {
            metric: metric.into(),
            start,
            end,
            zone: zone.into(),
            within: None,
            kinds: Vec::new(),
            group_by: Vec::new(),
            bucket: None,
            bucket_starts: Vec::new(),
            preset: None,
            rules: None,
        }
    }
}

impl MetricRules {
    /// These rules, with another's where these say nothing.
    pub(super) fn over(&self, other: &MetricRules) -> MetricRules {
        let texts = |own: &[String], other: &[String]| if own.is_empty() { other } else { own }.to_vec();
        MetricRules {
            start_event: self.start_event.or(other.start_event),
            end_event: self.end_event.or(other.end_event),
            start_status: texts(&self.start_status, &other.start_status),
            end_status: texts(&self.end_status, &other.end_status),
            day_count: self.day_count.or(other.day_count),
            calendar: self.calendar.clone().or_else(|| other.calendar.clone()),
            reopen: self.reopen.or(other.reopen),
            negative: self.negative.or(other.negative),
            wip: self.wip.or(other.wip),
            aggregation: self.aggregation.or(other.aggregation),
            percentiles: self.percentiles.or(other.percentiles),
            efficiency: self.efficiency.or(other.efficiency),
        }
    }
}
