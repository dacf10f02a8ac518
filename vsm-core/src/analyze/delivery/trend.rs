//! Is delivery getting better? One of its figures over time, with the limits of its natural variation.

use serde::{Deserialize, Serialize};

use super::Asked;
use super::answer::DeliveryRow;
use super::bands::DeliveryMetric;
use super::query::DeliveryQuery;
use super::rows::{Group, groups};
use super::rules::FrequencyRule;
use crate::analyze::metrics::{CHART_RULES, ChartOptions, Singles, charts};
use crate::analyze::{DetectionRuleSet, MetricTrend, MetricUnit, TrendPoint};
use crate::error::Result;
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// A question whether a figure of delivery changes over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryTrendQuery {
    /// The delivery performance, by parts of its window; it must name a `bucket`.
    pub query: DeliveryQuery,
    /// Which of its figures.
    pub metric: DeliveryMetric,
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

impl DeliveryTrendQuery {
    /// A question with all defaults.
    pub fn new(query: DeliveryQuery, metric: DeliveryMetric) -> DeliveryTrendQuery {
        let (baseline_until, rule_set, compare_at, confidence) = (None, None, None, None);
        DeliveryTrendQuery { query, metric, baseline_until, rule_set, compare_at, confidence }
    }
}

pub(super) fn trend(stream: &ValueStream, query: &DeliveryTrendQuery) -> Result<MetricTrend> {
    let DeliveryTrendQuery { query, metric, baseline_until, rule_set, compare_at, confidence } = query;
    let options = ChartOptions {
        baseline_until: *baseline_until,
        rule_set: *rule_set,
        compare_at: *compare_at,
        confidence: *confidence,
    };
    options.check(query.bucket.is_some())?;
    let query = &DeliveryQuery { pull_requests: None, list: None, ..query.clone() };
    let Asked { facts, mut grounds, .. } = stream.ask(query)?;
    CHART_RULES.iter().for_each(|name| grounds.rule(*name));
    let unit = match (metric, facts.rules.frequency) {
        (DeliveryMetric::ChangeLeadTime | DeliveryMetric::RecoveryTime, _) => MetricUnit::Days,
        (DeliveryMetric::ChangeFailRate | DeliveryMetric::ReworkRate, _) => MetricUnit::Ratio,
        (DeliveryMetric::DeploymentFrequency, FrequencyRule::DaysPerWeek) => MetricUnit::DaysPerWeek,
        (DeliveryMetric::DeploymentFrequency, FrequencyRule::PerDay | FrequencyRule::WholePerDay) => {
            MetricUnit::PerDay
        }
        (DeliveryMetric::DeploymentFrequency, FrequencyRule::Count) => MetricUnit::Items,
    };
    let (named, total) = groups(&facts, query, &[])?;
    let named = named.into_iter().map(|group| (vec![group.name.unwrap_or_default().to_owned()], group));
    let total = total.map(|group| (Vec::new(), group));
    let charted = named.chain(total).map(|(name, group)| {
        let point = |row: &DeliveryRow| {
            TrendPoint::new(name.clone(), row.bucket.clone(), row.start, figure(*metric, row))
        };
        let points = group.rows.iter().map(point).collect();
        (name, points, move || singles(*metric, query, &group))
    });
    let (rows, groups) = charts(&options, charted)?;
    Ok(MetricTrend { metric: metric.as_str().into(), unit, rows, groups, basis: grounds.finish(stream) })
}

/// How many count, and the figure.
fn figure(metric: DeliveryMetric, row: &DeliveryRow) -> (u64, Option<f64>) {
    match metric {
        DeliveryMetric::DeploymentFrequency => (row.frequency.n, row.frequency.value),
        DeliveryMetric::ChangeLeadTime => (row.lead_time.n, row.lead_time.value.map(Span::days)),
        DeliveryMetric::ChangeFailRate => (row.fail_rate.n, row.fail_rate.value),
        DeliveryMetric::RecoveryTime => (row.recovery.n, row.recovery.value.map(Span::days)),
        DeliveryMetric::ReworkRate => (row.rework_rate.n, row.rework_rate.value),
    }
}

/// When single changes arrived and single incidents were over, with their times in days.
fn singles(metric: DeliveryMetric, query: &DeliveryQuery, group: &Group<'_>) -> Option<Singles> {
    let times = match metric {
        DeliveryMetric::ChangeLeadTime => group.share.lead_times(),
        DeliveryMetric::RecoveryTime => group.share.recovery_times(),
        _ => return None,
    };
    let own = times.into_iter().filter(|(end, _)| query.start <= *end && *end < query.end);
    Some(own.map(|(end, time)| (end, time.days())).collect())
}
