//! Is it getting better? A metric over time, with the limits of its natural variation and the changes beyond them.

use serde::{Deserialize, Serialize};

use super::buckets::Buckets;
use super::catalogue::{Measure, MetricUnit};
use super::plan::Plan;
use super::query::MetricQuery;
use super::state::{MetricState, state};
use super::table::{MetricRow, MetricTable};
use crate::analyze::statistics::confidence;
use crate::analyze::{
    Basis, ChangePointsQuery, CompareSamplesQuery, DetectionRule, DetectionRuleSet, Estimate,
    ProcessBehaviourQuery, change_points, compare_samples, process_behaviour,
};
use crate::error::{Error, Result};
use crate::stream::ValueStream;
use crate::time::Instant;

/// A question whether a metric changes over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricTrendQuery {
    /// The metric, by parts of its window; it must name a `bucket`.
    pub query: MetricQuery,
    /// The parts before this instant are the baseline of the limits; absent = all parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_until: Option<Instant>,
    /// Which signals are looked for; absent = as [`process_behaviour`](crate::process_behaviour) has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<DetectionRuleSet>,
    /// Where the earlier period ends and the later one, with which it is compared, begins; absent = nothing is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at: Option<Instant>,
    /// The confidence of the intervals of that comparison, from 0 to 1; absent = 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// A metric over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricTrend {
    /// The metric.
    pub metric: String,
    /// What its figures are.
    pub unit: MetricUnit,
    /// One row for each group and part of the window.
    pub rows: Vec<TrendPoint>,
    /// What is said of each group as a whole.
    pub groups: Vec<TrendGroup>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One part of the window of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// The values of what it is grouped by.
    pub group: Vec<String>,
    /// The part of the window, as in a [`MetricTable`].
    pub bucket: Option<String>,
    /// First instant of the part.
    pub start: Instant,
    /// How many items count.
    pub n: u64,
    /// The figure; absent where there are no data.
    pub value: Option<f64>,
    /// The rules by which it is more than natural variation.
    pub signals: Vec<DetectionRule>,
    /// Whether the level changes here, by [`change_points`](crate::change_points).
    pub level_changes: bool,
}

/// One group over the whole window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendGroup {
    /// The values of what it is grouped by.
    pub group: Vec<String>,
    /// How many parts of the window have a value.
    pub n: u64,
    /// The centre line of the baseline; absent where it has no value.
    pub center: Option<f64>,
    /// The lower natural process limit.
    pub lower_limit: Option<f64>,
    /// The upper one.
    pub upper_limit: Option<f64>,
    /// Mean of the later period less mean of the earlier one, with its interval (Welch); absent where nothing is compared.
    pub mean_difference: Option<Estimate>,
    /// How far the later period lies above the earlier one, with its interval (Hodges and Lehmann).
    pub shift: Option<Estimate>,
    /// The size of the effect from -1 to 1, with its interval (Cliff's delta).
    pub effect: Option<Estimate>,
}

/// What is asked of the chart of any figure.
pub(in crate::analyze) struct ChartOptions {
    pub(in crate::analyze) baseline_until: Option<Instant>,
    pub(in crate::analyze) rule_set: Option<DetectionRuleSet>,
    pub(in crate::analyze) compare_at: Option<Instant>,
    pub(in crate::analyze) confidence: Option<f64>,
}

/// The names of the rules that every chart goes by.
pub(in crate::analyze) const CHART_RULES: [&str; 2] = ["change_points:pelt_l2", "limits:xmr"];

pub(super) fn trend(stream: &ValueStream, query: &MetricTrendQuery) -> Result<MetricTrend> {
    let MetricTrendQuery { query, baseline_until, rule_set, compare_at, confidence } = query;
    let options = ChartOptions {
        baseline_until: *baseline_until,
        rule_set: *rule_set,
        compare_at: *compare_at,
        confidence: *confidence,
    };
    options.check(query.bucket.is_some())?;
    let plan = Plan::of(query)?;
    let state = state(stream, query)?;
    let table = MetricTable::of(&state, &plan)?;
    let (plan, state) = (&plan, &state);
    let groups = table.rows.chunk_by(|a, b| a.group == b.group).map(|part| {
        let name = part.first().map(|row| row.group.clone()).unwrap_or_default();
        let point = |row: &MetricRow| {
            TrendPoint::new(name.clone(), row.bucket.clone(), row.start, (row.n, row.value))
        };
        let points = part.iter().map(point).collect();
        (name.clone(), points, move || singles(plan, state, &name))
    });
    let (rows, groups) = charts(&options, groups)?;
    let mut basis = table.basis;
    basis.rules.extend(CHART_RULES.map(String::from));
    basis.rules.sort_unstable();
    Ok(MetricTrend { metric: table.metric, unit: table.unit, rows, groups, basis })
}

impl TrendPoint {
    /// A point that nothing is said of yet.
    pub(in crate::analyze) fn new(
        group: Vec<String>,
        bucket: Option<String>,
        start: Instant,
        (n, value): (u64, Option<f64>),
    ) -> TrendPoint {
        TrendPoint { group, bucket, start, n, value, signals: Vec::new(), level_changes: false }
    }
}

impl ChartOptions {
    /// # Errors
    /// A window that is one; a confidence that is none, whether or not anything is compared.
    pub(in crate::analyze) fn check(&self, has_parts: bool) -> Result<()> {
        if !has_parts {
            return Err(Error::invalid("query.bucket", "is needed: a trend is one over parts of a window"));
        }
        confidence(self.confidence).map(drop)
    }
}

/// How many count in each part of a window, and the figure.
pub(in crate::analyze) type Figures = Vec<(u64, Option<f64>)>;

/// Single values with their times.
pub(in crate::analyze) type Singles = Vec<(Instant, f64)>;

/// A group with its points, and with its single values where there are any.
type Group<S> = (Vec<String>, Vec<TrendPoint>, S);

/// A group of which only figures by part are known.
pub(in crate::analyze) fn by_part(
    buckets: &Buckets,
    name: Vec<String>,
    figures: Figures,
) -> Group<fn() -> Option<Singles>> {
    let point = |(bucket, figure): (usize, (u64, Option<f64>))| {
        let key = buckets.key(bucket).map(Into::into);
        TrendPoint::new(name.clone(), key, buckets.start(bucket), figure)
    };
    let points = figures.into_iter().enumerate().map(point).collect();
    (name, points, || None)
}

/// The charts of several groups, one after the other.
pub(in crate::analyze) fn charts<S: FnOnce() -> Option<Singles>>(
    options: &ChartOptions,
    groups: impl IntoIterator<Item = Group<S>>,
) -> Result<(Vec<TrendPoint>, Vec<TrendGroup>)> {
    let (mut rows, mut summaries) = (Vec::new(), Vec::new());
    for (name, points, singles) in groups {
        let (points, summary) = chart(options, name, points, singles)?;
        rows.extend(points);
        summaries.push(summary);
    }
    Ok((rows, summaries))
}

/// Says of the points of one group what is more than natural variation. Two periods are compared by single values with their
/// times where there are any, else by the points; a point belongs to the period that it starts in.
fn chart(
    options: &ChartOptions,
    group: Vec<String>,
    mut points: Vec<TrendPoint>,
    singles: impl FnOnce() -> Option<Singles>,
) -> Result<(Vec<TrendPoint>, TrendGroup)> {
    // Parts without a value are no points of a chart; the others keep their places.
    let valued: Vec<(usize, Instant, f64)> = points
        .iter()
        .enumerate()
        .filter_map(|(place, point)| Some((place, point.start, point.value?)))
        .collect();
    let values: Vec<f64> = valued.iter().map(|(_, _, value)| *value).collect();
    let baseline_end = options
        .baseline_until
        .map(|until| valued.iter().take_while(|(_, start, _)| *start < until).count() as u64);
    let behaviour = process_behaviour(&ProcessBehaviourQuery {
        baseline_end,
        rule_set: options.rule_set,
        values: values.clone(),
        ..ProcessBehaviourQuery::default()
    })?;
    let changes = change_points(&ChangePointsQuery { values, ..ChangePointsQuery::default() })?;
    let place = |index: u64| valued.get(index as usize).map(|(place, _, _)| *place);
    for signal in behaviour.signals {
        if let Some(point) = place(signal.index).and_then(|place| points.get_mut(place))
            && !point.signals.contains(&signal.rule)
        {
            point.signals.push(signal.rule);
        }
    }
    for index in changes.change_points {
        if let Some(point) = place(index).and_then(|place| points.get_mut(place)) {
            point.level_changes = true;
        }
    }
    let compared = match options.compare_at {
        None => None,
        Some(at) => {
            let all = singles()
                .unwrap_or_else(|| valued.iter().map(|(_, start, value)| (*start, *value)).collect());
            let (first, second): (Vec<_>, Vec<_>) = all.into_iter().partition(|(when, _)| *when < at);
            let values = |part: Vec<(Instant, f64)>| part.into_iter().map(|(_, value)| value).collect();
            let (first, second) = (values(first), values(second));
            Some(compare_samples(&CompareSamplesQuery { first, second, confidence: options.confidence })?)
        }
    };
    let (mean_difference, shift, effect) = match compared {
        None => (None, None, None),
        Some(compared) => (Some(compared.mean_difference), Some(compared.shift), Some(compared.cliffs_delta)),
    };
    let summary = TrendGroup {
        group,
        n: valued.len() as u64,
        center: behaviour.center,
        lower_limit: behaviour.lower_limit,
        upper_limit: behaviour.upper_limit,
        mean_difference,
        shift,
        effect,
    };
    Ok((points, summary))
}

/// The values of the items of a group, each with the start of its part of the window, where items have values.
fn singles(plan: &Plan, state: &MetricState, group: &[String]) -> Option<Singles> {
    if !matches!(plan.measure(), Measure::Duration | Measure::Age | Measure::Blocked) {
        return None;
    }
    let own = state.cells.iter().filter(|cell| cell.group == group);
    let values = own.flat_map(|cell| {
        let start = plan.buckets.start(cell.bucket as usize);
        cell.values.iter().map(move |value| (start, *value))
    });
    Some(values.collect())
}
