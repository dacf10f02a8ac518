//! Metrics as data: a population, what begins and ends, how it is counted, grouped and added up; and why two tools differ.

mod buckets;
mod catalogue;
mod cells;
mod earliest;
mod facts;
mod groups;
mod live;
mod plan;
mod presets;
mod query;
mod reconcile;
mod samples;
mod since;
mod spans;
mod state;
mod table;
mod touched;
mod trend;

use crate::error::Result;
use crate::stream::ValueStream;

pub use catalogue::{MetricInfo, MetricUnit, metrics};
pub use earliest::MetricEvidence;
pub use live::LiveMetric;
pub use presets::{MetricPreset, metric_presets};
pub use query::{
    Aggregation, Bucket, DayCount, MetricEvent, MetricQuery, MetricRules, NegativeRule, ReopenPolicy, WipRule,
};
pub use reconcile::{ItemDifference, ReconcileQuery, Reconciliation, RuleDifference};
pub use samples::{MetricSample, MetricSamples};
pub use since::MetricChanges;
pub use state::{MergeQuery, MetricCell, MetricState, MetricTableQuery, merge_metrics, metric_table};
pub use table::{MetricRow, MetricTable, SampleSummary, SurvivalSummary};
pub use trend::{MetricTrend, MetricTrendQuery, TrendGroup, TrendPoint};

pub(super) use buckets::Buckets;
pub(super) use groups::Groups;
pub(super) use trend::{CHART_RULES, ChartOptions, Figures, Singles, by_part, charts};

impl ValueStream {
    /// One metric, by group and part of the window.
    ///
    /// [`metrics`](crate::metrics) lists what there is, with the rules that hold by default; the query changes any of them,
    /// and a preset all of them to those of a tool. An item belongs to the part of the window that its end lies in, as what
    /// it was then. What is cancelled counts in nothing. Items without a start or end that the rules ask for are left out
    /// and counted in the basis. Takes one pass over the history of every item, and a step for each part of the window that
    /// an item is open in.
    ///
    /// # Errors
    /// [`Error::UnknownZone`](crate::Error::UnknownZone); [`Error::UnknownItem`](crate::Error::UnknownItem) for `within`;
    /// [`Error::Invalid`](crate::Error::Invalid) naming the field for metrics, presets, groups and rules that there are not
    /// or that make no difference, and for a window that ends before it starts or spans more than a hundred years.
    ///
    /// ```
    /// use vsm_core::{DayCount, Event, FlowState, Kind, MetricQuery, MetricRules, ValueStream};
    /// let mut stream = ValueStream::new();
    /// for (number, at, state) in [(1, "2026-03-01T22:30:00Z", FlowState::Active), (2, "2026-03-01T23:30:00Z", FlowState::Done)] {
    ///     let mut event = Event::new("jira", format!("{number}"), at.parse()?, "jira:CHK-1");
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(state);
    ///     stream.apply(event)?;
    /// }
    /// let (start, end) = ("2026-03-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?);
    /// let mut query = MetricQuery::new("cycle_time", start, end, "Europe/Zurich");
    /// query.rules = Some(MetricRules { day_count: Some(DayCount::CalendarInclusive), ..MetricRules::default() });
    /// // An hour around midnight in Zurich is on two days.
    /// assert_eq!(stream.metric(&query)?.rows[0].value, Some(2.0));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn metric(&self, query: &MetricQuery) -> Result<MetricTable> {
        self.metric_state(query)?.table()
    }

    /// The metric before its last step, to be put together with those of other parts of the record.
    ///
    /// # Errors
    /// As [`metric`](ValueStream::metric).
    pub fn metric_state(&self, query: &MetricQuery) -> Result<MetricState> {
        state::state(self, query)
    }

    /// What each item contributes to a metric.
    ///
    /// # Errors
    /// As [`metric`](ValueStream::metric).
    pub fn metric_samples(&self, query: &MetricQuery) -> Result<MetricSamples> {
        samples::samples(self, query)
    }

    /// Why a metric is not the same by the rules of two tools: the items that make the difference, and the rules.
    ///
    /// Each rule in which the two differ is also changed alone, which shows how much of the difference it makes; rules that
    /// work on each other need not add up. Takes as long as the metric for each of them, and twice for each side.
    ///
    /// # Errors
    /// As [`metric`](ValueStream::metric); [`Error::Invalid`](crate::Error::Invalid) for a query with a preset, groups or
    /// buckets of its own.
    pub fn reconcile(&self, query: &ReconcileQuery) -> Result<Reconciliation> {
        reconcile::reconcile(self, query)
    }

    /// Whether a metric changes over time, or only varies as it always did.
    ///
    /// Of each group the parts of the window are points of an XmR chart: the limits of natural variation, the points beyond
    /// them by named rules ([`process_behaviour`](crate::process_behaviour)), and where the level changes
    /// ([`change_points`](crate::change_points)). Two periods can be compared as well, with the size of the effect and its
    /// interval: by the values of the items where items have values, else by those of the parts of the window. Parts without
    /// a value are no points. Takes the metric, and O(*n*²) for *n* parts of the window.
    ///
    /// # Errors
    /// As [`metric`](ValueStream::metric); [`Error::Invalid`](crate::Error::Invalid) for a query without buckets and for a
    /// confidence that is not between 0 and 1.
    pub fn metric_trend(&self, query: &MetricTrendQuery) -> Result<MetricTrend> {
        trend::trend(self, query)
    }
}
