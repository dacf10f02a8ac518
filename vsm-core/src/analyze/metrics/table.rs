//! A metric as a table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalogue::{Measure, MetricUnit};
use super::earliest::keys;
use super::plan::Plan;
use super::query::{Aggregation, MetricQuery, WipRule};
use super::state::{MetricCell, MetricState};
use crate::analyze::statistics::{Summary, quantile, summary};
use crate::analyze::{Basis, PercentileRule};
use crate::error::{Error, Result};
use crate::time::Instant;

/// A metric by group and part of the window. What has no data has no value, and says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricTable {
    /// The metric.
    pub metric: String,
    /// What its figures are.
    pub unit: MetricUnit,
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// The zone of its days.
    pub zone: String,
    /// What it is grouped by.
    pub group_by: Vec<String>,
    /// One row for each group and each part of the window, by group and part; parts without data are there too.
    pub rows: Vec<MetricRow>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// The figures of one group in one part of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// The values of what it is grouped by, in that order; empty where an item has none.
    pub group: Vec<String>,
    /// The part of the window: `2026-07-01`, `2026-W27`, `2026-07`, `2026-Q3`, `2026`, or the instant that it starts at;
    /// absent where the window is one.
    pub bucket: Option<String>,
    /// First instant of the part.
    pub start: Instant,
    /// First instant after it.
    pub end: Instant,
    /// How many items count; for work in progress how many were in progress at any time.
    pub n: u64,
    /// The figure.
    pub value: Option<f64>,
    /// Why there is no figure: `no_data`, `no_waiting_state`.
    pub reason: Option<String>,
    /// What is measured as a part: items, item-days, milliseconds.
    pub part: Option<f64>,
    /// The whole that it is a part of, in the same unit; for work in progress days or milliseconds.
    pub whole: Option<f64>,
    /// The sample behind the figure of a duration, in the table's unit.
    pub sample: Option<SampleSummary>,
    /// Items that belong to the sample and are not over at the end of the part; absent where nothing can be open.
    pub open: Option<u64>,
    /// What the sample would be if the open ones were over as well, as far as that can be told; absent where nothing can be
    /// open, and where there is nothing at all.
    pub survival: Option<SurvivalSummary>,
}

/// Percentiles of durations that count what is not over yet as lasting at least as long as it has (Kaplan and Meier): those of
/// finished items alone are too short wherever old items are still open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurvivalSummary {
    /// The median; absent where too much is open to tell.
    pub median: Option<f64>,
    /// The lower end of its interval with 95 % confidence.
    pub median_lower: Option<f64>,
    /// The upper end.
    pub median_upper: Option<f64>,
    /// The 85th percentile; absent where too much is open to tell.
    pub p85: Option<f64>,
    /// The 95th percentile; absent where too much is open to tell.
    pub p95: Option<f64>,
}

/// A sample in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleSummary {
    /// The arithmetic mean.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// The median.
    pub median: f64,
    /// The 85th percentile.
    pub p85: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The largest.
    pub max: f64,
}

impl MetricTable {
    pub(super) fn of(state: &MetricState, plan: &Plan) -> Result<MetricTable> {
        let MetricQuery { metric, start, end, group_by, .. } = &state.query;
        let parts = plan.buckets.len();
        let mut groups: BTreeMap<&[String], Vec<Option<&MetricCell>>> = BTreeMap::new();
        if group_by.is_empty() {
            groups.insert(&[], vec![None; parts]);
        }
        for cell in &state.cells {
            let row = groups.entry(&cell.group).or_insert_with(|| vec![None; parts]);
            let place = usize::try_from(cell.bucket).ok().and_then(|bucket| row.get_mut(bucket));
            *place.ok_or_else(|| Error::invalid("state", "has a cell outside the parts of its window"))? =
                Some(cell);
        }
        // A share is one of all groups in the same part of the window.
        let mut wholes = vec![0_i64; parts];
        for (bucket, whole) in wholes.iter_mut().enumerate() {
            let cells = groups.values().filter_map(|row| row.get(bucket).copied().flatten());
            *whole = cells.map(|cell| cell.part).fold(0, i64::saturating_add);
        }
        let empty = MetricCell::default();
        let mut rows = Vec::with_capacity(groups.len() * parts);
        for (group, cells) in &groups {
            for (bucket, cell) in cells.iter().enumerate() {
                let whole = wholes.get(bucket).copied().unwrap_or(0);
                rows.push(row(plan, state.waits, group, bucket, cell.unwrap_or(&empty), whole));
            }
        }
        Ok(MetricTable {
            metric: metric.clone(),
            unit: plan.unit(),
            start: *start,
            end: *end,
            zone: plan.zone.name().into(),
            group_by: group_by.clone(),
            rows,
            basis: Basis { evidence: keys(&state.evidence), ..state.basis.clone() },
        })
    }
}

pub(super) fn row(
    plan: &Plan,
    waits: bool,
    group: &[String],
    bucket: usize,
    cell: &MetricCell,
    all: i64,
) -> MetricRow {
    let buckets = &plan.buckets;
    let ratio = |part: i64, whole: i64| (whole > 0).then(|| part as f64 / whole as f64);
    let sample =
        SampleSummary::of(&cell.values, plan.rules.percentiles.unwrap_or(PercentileRule::NearestRank));
    let (mut part, mut whole) = (None, None);
    let value = match plan.measure() {
        Measure::Duration | Measure::Age | Measure::Blocked => {
            sample.as_ref().map(|sample| match plan.rules.aggregation.unwrap_or(Aggregation::Median) {
                Aggregation::Mean => sample.mean,
                Aggregation::Median => sample.median,
                Aggregation::P85 => sample.p85,
                Aggregation::P95 => sample.p95,
                Aggregation::Min => sample.min,
                Aggregation::Max => sample.max,
                Aggregation::Sum => sum(&cell.values),
            })
        }
        // Nothing done is none done: a count has a value always.
        Measure::Ended | Measure::Begun | Measure::Net => Some(cell.part as f64),
        Measure::Size => Some(sum(&cell.values)),
        Measure::Level => {
            let span = match plan.rules.wip {
                Some(WipRule::Integral) => buckets.end(bucket).since(buckets.start(bucket)).millis(),
                _ => buckets.days(bucket).len() as i64,
            };
            (part, whole) = (Some(cell.part), Some(span));
            ratio(cell.part, span)
        }
        Measure::Share => {
            (part, whole) = (Some(cell.part), Some(all));
            ratio(cell.part, all)
        }
        Measure::Efficiency if !waits => None,
        Measure::Efficiency if !cell.values.is_empty() => sample.as_ref().map(|sample| sample.mean),
        Measure::Efficiency | Measure::Reopened => {
            (part, whole) = (Some(cell.part), Some(cell.whole));
            ratio(cell.part, cell.whole)
        }
    };
    let reason = match value {
        Some(_) => None,
        None if plan.measure() == Measure::Efficiency && !waits => Some("no_waiting_state"),
        None => Some("no_data"),
    };
    let is_sample = matches!(plan.measure(), Measure::Duration | Measure::Age | Measure::Blocked);
    MetricRow {
        group: group.to_vec(),
        bucket: buckets.key(bucket).map(Into::into),
        start: buckets.start(bucket),
        end: buckets.end(bucket),
        n: cell.n,
        value,
        reason: reason.map(Into::into),
        part: part.map(|part| part as f64),
        whole: whole.map(|whole| whole as f64),
        sample: sample.filter(|_| is_sample),
        open: (plan.measure() == Measure::Duration).then_some(cell.open.len() as u64),
        survival: match plan.measure() {
            Measure::Duration => SurvivalSummary::of(&cell.values, &cell.open),
            _ => None,
        },
    }
}

/// The sum of nothing is 0, and not the -0 that floating-point numbers begin with.
fn sum(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value)
}

impl SurvivalSummary {
    /// Of what is over and of what is open, both ascending; nothing of nothing.
    pub(in crate::analyze) fn of(values: &[f64], open: &[f64]) -> Option<SurvivalSummary> {
        if values.is_empty() && open.is_empty() {
            return None;
        }
        let Summary { median, p85, p95 } = summary(values, open);
        Some(SurvivalSummary {
            median: median.duration,
            median_lower: median.lower,
            median_upper: median.upper,
            p85,
            p95,
        })
    }
}

impl SampleSummary {
    /// Of an ascending sample; nothing of an empty one.
    fn of(values: &[f64], rule: PercentileRule) -> Option<SampleSummary> {
        let (min, max) = (*values.first()?, *values.last()?);
        let median = if rule == PercentileRule::Lower { rule } else { PercentileRule::Linear };
        Some(SampleSummary {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            min,
            median: rule_at(values, 0.5, median),
            p85: rule_at(values, 0.85, rule),
            p95: rule_at(values, 0.95, rule),
            max,
        })
    }
}

fn rule_at(values: &[f64], p: f64, rule: PercentileRule) -> f64 {
    quantile(values, p, rule).unwrap_or_default()
}
