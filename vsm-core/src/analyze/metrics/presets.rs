//! Rules as other tools have them.

use serde::{Deserialize, Serialize};

use super::query::{Aggregation, DayCount, MetricEvent, MetricRules, NegativeRule, ReopenPolicy, WipRule};
use crate::analyze::PercentileRule;

/// The rules of a tool for a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPreset {
    /// The name, after the tool.
    pub name: String,
    /// The metric that they are for.
    pub metric: String,
    /// What the tool calls it, and what its rules come to.
    pub about: String,
    /// The rules in which it differs from the default.
    pub rules: MetricRules,
}

/// The presets that a question for a metric may name, by tool and metric.
pub fn metric_presets() -> Vec<MetricPreset> {
    let preset = |name: &str, metric: &str, about: &str, rules: MetricRules| MetricPreset {
        name: name.into(),
        metric: metric.into(),
        about: about.into(),
        rules,
    };
    let none = MetricRules::default;
    let created = MetricRules {
        start_event: Some(MetricEvent::Created),
        end_event: Some(MetricEvent::Done),
        day_count: Some(DayCount::Elapsed),
        ..none()
    };
    let mean = MetricRules { aggregation: Some(Aggregation::Mean), ..created.clone() };
    let floor = MetricRules {
        day_count: Some(DayCount::FloorPlusOne),
        percentiles: Some(PercentileRule::Linear),
        ..none()
    };
    let dates = MetricRules {
        day_count: Some(DayCount::CalendarExclusive),
        percentiles: Some(PercentileRule::Linear),
        ..none()
    };
    let inclusive = MetricRules {
        day_count: Some(DayCount::CalendarInclusive),
        negative: Some(NegativeRule::OneDay),
        percentiles: Some(PercentileRule::FloorRank),
        ..none()
    };
    let wip = |rule| MetricRules { wip: Some(rule), ..none() };
    vec![
        preset(
            "devlake2021",
            "lead_time",
            "Apache DevLake's issue lead time: created to resolved, the mean.",
            mean.clone(),
        ),
        preset(
            "devlake2021",
            "time_to_restore",
            "Apache DevLake's time to restore: created to resolved, the median.",
            created.clone(),
        ),
        preset(
            "devlake2023",
            "lead_time",
            "Apache DevLake's issue lead time: created to resolved, the mean.",
            mean,
        ),
        preset(
            "flowmetricscsv",
            "cycle_time",
            "FlowMetricsCSV: whole days of 24 hours and one more; percentiles interpolated.",
            floor.clone(),
        ),
        preset(
            "flowmetricscsv",
            "age",
            "FlowMetricsCSV: whole days of 24 hours since the start, and one more.",
            floor,
        ),
        preset(
            "flowmetricscsv",
            "wip",
            "FlowMetricsCSV: started and not closed at the first instant of the day.",
            wip(WipRule::StartOfDay),
        ),
        preset(
            "gitlab",
            "lead_time",
            "GitLab's value stream analytics: issue created to closed, the median.",
            created.clone(),
        ),
        preset(
            "gitlab",
            "cycle_time",
            "GitLab's value stream analytics: first commit of the issue to closed, the median.",
            MetricRules { start_event: Some(MetricEvent::Committed), ..created },
        ),
        preset(
            "jira_agile_metrics",
            "cycle_time",
            "jira-agile-metrics: the difference of the two dates; percentiles interpolated.",
            dates.clone(),
        ),
        preset(
            "jira_agile_metrics",
            "age",
            "jira-agile-metrics: the difference of today and the date of the start.",
            dates,
        ),
        preset(
            "jira_agile_metrics",
            "wip",
            "jira-agile-metrics: started on or before the day and not done on or before it.",
            wip(WipRule::Exclusive),
        ),
        preset(
            "jira_control_chart",
            "cycle_time",
            "Jira's control chart: the time in the chosen columns, every stay; name their states in start_status. The mean.",
            MetricRules {
                reopen: Some(ReopenPolicy::ActiveSegments),
                aggregation: Some(Aggregation::Mean),
                ..none()
            },
        ),
        preset(
            "lighthouse",
            "cycle_time",
            "Lighthouse: calendar days, both ends counted; closed before started is one day.",
            inclusive.clone(),
        ),
        preset(
            "lighthouse",
            "age",
            "Lighthouse: calendar days since the start, both ends counted.",
            inclusive,
        ),
        preset(
            "lighthouse",
            "wip",
            "Lighthouse: started on or before the day and not closed on or before it.",
            wip(WipRule::Exclusive),
        ),
        preset(
            "planview_viz",
            "flow_time",
            "Planview Viz: first active or waiting to done, elapsed, the mean.",
            MetricRules { aggregation: Some(Aggregation::Mean), ..none() },
        ),
    ]
}
