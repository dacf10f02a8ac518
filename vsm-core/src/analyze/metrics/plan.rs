//! A question with everything that it leaves open filled in.

use super::buckets::Buckets;
use super::catalogue::{Measure, Metric, MetricUnit};
use super::presets::metric_presets;
use super::query::{DayCount, MetricEvent, MetricQuery, MetricRules};
use crate::analyze::Grounds;
use crate::calendar::WorkingTime;
use crate::error::{Error, Result};
use crate::model::Kind;
use crate::time::{Zone, clip};

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) metric: &'static Metric,
    pub(super) zone: Zone,
    pub(super) buckets: Buckets,
    pub(super) rules: MetricRules,
    pub(super) kinds: Vec<Kind>,
    /// For `business_hours`.
    pub(super) hours: Option<WorkingTime>,
}

impl Plan {
    pub(super) fn of(query: &MetricQuery) -> Result<Plan> {
        let metric = Metric::named(&query.metric).ok_or_else(|| {
            let names: Vec<&str> = Metric::names().collect();
            Error::invalid(
                "metric",
                format!("\"{}\" is not one of {}", clip(&query.metric), names.join(", ")),
            )
        })?;
        let zone = Zone::named(&query.zone)?;
        let rules = rules_of(metric, query)?;
        check(&rules)?;
        let hours = match (rules.day_count, &rules.calendar) {
            (Some(DayCount::BusinessHours), Some(calendar)) => Some(WorkingTime::new(calendar, query.start)?),
            _ => None,
        };
        Ok(Plan {
            metric,
            zone,
            buckets: Buckets::of(query, zone)?,
            rules,
            kinds: query.kinds.clone(),
            hours,
        })
    }

    pub(super) fn measure(&self) -> Measure {
        self.metric.measure
    }

    pub(super) fn day_count(&self) -> DayCount {
        self.rules.day_count.unwrap_or(DayCount::Elapsed)
    }

    pub(super) fn unit(&self) -> MetricUnit {
        self.measure().unit(self.day_count())
    }

    /// Whether an item that is of a kind when it ends belongs to what is measured.
    pub(super) fn takes(&self, kind: Kind) -> bool {
        if self.kinds.is_empty() { self.metric.is_for(kind) } else { self.kinds.contains(&kind) }
    }

    /// Whether items that have parts are left to their parts.
    pub(super) fn leaves_only(&self) -> bool {
        self.kinds.is_empty() && self.metric.kind.is_none()
    }

    /// The names of the rules.
    pub(super) fn name_rules(&self, query: &MetricQuery, grounds: &mut Grounds) {
        let rules = &self.rules;
        let mut name = |what: &str, word: Option<&str>| {
            if let Some(word) = word {
                grounds.rule(format!("{what}:{word}"));
            }
        };
        name("start", rules.start_event.map(|event| event.as_str()));
        name("end", rules.end_event.map(|event| event.as_str()));
        name("day_count", rules.day_count.map(|rule| rule.as_str()));
        name("reopen", rules.reopen.map(|rule| rule.as_str()));
        name("negative", rules.negative.map(|rule| rule.as_str()));
        name("wip", rules.wip.map(|rule| rule.as_str()));
        name("aggregation", rules.aggregation.map(|rule| rule.as_str()));
        name("percentile", rules.percentiles.map(|rule| rule.as_str()));
        name("efficiency", rules.efficiency.map(|rule| rule.as_str()));
        name("preset", query.preset.as_deref());
        name("items", Some(if self.leaves_only() { "leaves" } else { "kinds" }));
    }
}

/// The rules that hold: the query's own, then the preset's, then the metric's. What makes no difference to the metric is
/// refused, or a report would claim a rule that it does not follow.
fn rules_of(metric: &Metric, query: &MetricQuery) -> Result<MetricRules> {
    let mut rules = query.rules.clone().unwrap_or_default();
    if let Some(name) = &query.preset {
        let presets = metric_presets();
        let found = presets.iter().find(|preset| preset.name == *name && preset.metric == metric.name);
        let Some(preset) = found else {
            let mut known: Vec<&str> = presets
                .iter()
                .filter(|preset| preset.metric == metric.name)
                .map(|preset| &*preset.name)
                .collect();
            known.dedup();
            let known =
                if known.is_empty() { "no preset has".into() } else { format!("{} have", known.join(", ")) };
            let reason = format!("\"{}\" has no rules for {}; {known}", clip(name), metric.name);
            return Err(Error::invalid("preset", reason));
        };
        rules = rules.over(&preset.rules);
    }
    let default = metric.rules();
    let idle = [
        ("start_event", rules.start_event.is_some() && default.start_event.is_none()),
        ("end_event", rules.end_event.is_some() && default.end_event.is_none()),
        ("day_count", rules.day_count.is_some() && default.day_count.is_none()),
        ("reopen", rules.reopen.is_some() && default.reopen.is_none()),
        ("negative", rules.negative.is_some() && default.negative.is_none()),
        ("wip", rules.wip.is_some() && default.wip.is_none()),
        ("aggregation", rules.aggregation.is_some() && default.aggregation.is_none()),
        ("percentiles", rules.percentiles.is_some() && default.percentiles.is_none()),
        ("efficiency", rules.efficiency.is_some() && default.efficiency.is_none()),
    ];
    match idle.iter().find(|(_, is_idle)| *is_idle) {
        Some((name, _)) => {
            let reason = format!("makes no difference to {}", metric.name);
            Err(Error::invalid(&format!("rules.{name}"), reason))
        }
        None => Ok(rules.over(&default)),
    }
}

fn check(rules: &MetricRules) -> Result<()> {
    let by_status = |event: Option<MetricEvent>| event == Some(MetricEvent::Status);
    let missing = "names the states where the event is \"status\"";
    if by_status(rules.start_event) && rules.start_status.is_empty() {
        return Err(Error::invalid("rules.start_status", missing));
    }
    if by_status(rules.end_event) && rules.end_status.is_empty() {
        return Err(Error::invalid("rules.end_status", missing));
    }
    if !by_status(rules.start_event) && !rules.start_status.is_empty() {
        return Err(Error::invalid("rules.start_status", "goes with the start event \"status\""));
    }
    if !by_status(rules.end_event) && !rules.end_status.is_empty() {
        return Err(Error::invalid("rules.end_status", "goes with the end event \"status\""));
    }
    let by_hours = rules.day_count == Some(DayCount::BusinessHours);
    match (&rules.calendar, by_hours) {
        (None, true) => Err(Error::invalid("rules.calendar", "is needed for business hours")),
        (Some(_), false) => Err(Error::invalid("rules.calendar", "goes with business hours only")),
        _ => Ok(()),
    }
}
