//! Incidents, the deployments that they are attributed to, and how long it took to recover.
//!
//! Attribution goes by all that is known, never by the window: another window must not move an incident.

use crate::correlate::CorrelationRule;
use crate::graph::Direction;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

use super::deployments::Index;
use super::rules::{AttributionRule, RecoveryRule, Rules, UncausedRule};

/// An incident.
pub(super) struct Failure {
    pub(super) incident: u32,
    pub(super) opened: Instant,
    pub(super) restored: Option<Instant>,
    pub(super) applications: Vec<u32>,
    /// The runs that it is attributed to, by number.
    pub(super) causes: Vec<usize>,
    pub(super) is_explicit: bool,
    /// The event that says when it began.
    pub(super) event: u32,
    /// Why it is attributed to nothing.
    pub(super) left_out: Option<&'static str>,
}

/// A time without service, which may not be over.
pub(super) struct Recovery {
    /// The number of the incident, where it is one and not a deployment that failed.
    pub(super) failure: Option<usize>,
    /// The runs whose failure it is.
    pub(super) causes: Vec<usize>,
    /// When it was noticed: from then on it is open.
    pub(super) opened: Instant,
    /// From when it lasts.
    pub(super) start: Instant,
    pub(super) end: Option<Instant>,
}

/// The incidents, by their beginning and id, those that were given up left out.
pub(super) fn failures(stream: &ValueStream, index: &mut Index, rule: AttributionRule) -> Vec<Failure> {
    let mut failures: Vec<Failure> = stream
        .all()
        .filter(|item| stream.kind(*item) == Some(Kind::Incident))
        .filter_map(|incident| failure(stream, incident))
        .collect();
    failures.sort_unstable_by(|a, b| {
        a.opened.cmp(&b.opened).then_with(|| stream.id(a.incident).cmp(stream.id(b.incident)))
    });
    for (n, failure) in failures.iter_mut().enumerate() {
        attribute(stream, index, failure, rule);
        for cause in &failure.causes {
            if let Some(run) = index.runs.get_mut(*cause) {
                run.failures.push(n);
            }
        }
    }
    failures
}

fn failure(stream: &ValueStream, incident: u32) -> Option<Failure> {
    let (opened, event) = stream.last(incident, Set::starts_at).or_else(|| stream.first_seen(incident))?;
    let ended = || stream.last(incident, Set::ends_at).map(|(at, _)| at);
    let restored = match stream.state_of(incident) {
        Some(FlowState::Cancelled) => return None,
        Some(FlowState::Done) => ended().or_else(|| stream.done_at(incident).map(|(at, _)| at)),
        None => ended(),
        // Opened again: an end from before is none.
        Some(_) => None,
    };
    let applications = stream.applications(incident).collect();
    Some(Failure {
        incident,
        opened,
        restored,
        applications,
        causes: Vec::new(),
        is_explicit: false,
        event,
        left_out: None,
    })
}

fn attribute(stream: &ValueStream, index: &Index, failure: &mut Failure, rule: AttributionRule) {
    let is_explicit = matches!(rule, AttributionRule::ExplicitThenLatest | AttributionRule::Explicit);
    let stated: Vec<u32> = stream
        .linked(failure.incident, LinkKind::CausedBy, Direction::Outgoing)
        // What a rule saw last before it, it saw with what was known then.
        .filter(|(link, _)| {
            let by = stream.detail(*link).and_then(|detail| detail.rule.as_deref());
            by != Some(CorrelationRule::LatestDeployment.as_str())
        })
        .map(|(_, cause)| cause)
        .collect();
    if is_explicit && !stated.is_empty() {
        let runs = stated.iter().filter_map(|cause| index.of_item.get(cause)).flatten().copied();
        failure.causes = runs.collect();
        failure.is_explicit = true;
        if failure.causes.is_empty() {
            failure.left_out = Some("caused_elsewhere");
        }
        // A deployment of several applications: those that the incident is about, if it is about any of them.
        let is_own = |run: &usize| {
            let application = index.runs.get(*run).and_then(|run| run.application);
            application.is_some_and(|application| failure.applications.contains(&application))
        };
        if failure.causes.iter().any(is_own) {
            let own = failure.causes.iter().copied().filter(is_own).collect();
            failure.causes = own;
        }
    } else if rule != AttributionRule::Explicit {
        let whose = failure.applications.iter().copied().map(Some);
        let alone = failure.applications.is_empty().then_some(None);
        let latest = whose.chain(alone).filter_map(|application| {
            let line = index.lines.get(&application)?;
            let count = line.partition_point(|(finished, _)| match rule {
                AttributionRule::LatestAtOrBefore => *finished <= failure.opened,
                _ => *finished < failure.opened,
            });
            line.get(count.checked_sub(1)?)
        });
        let key = |run: usize| index.runs.get(run).map_or("", |run| stream.id(run.key));
        let latest = latest.max_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))));
        failure.causes.extend(latest.map(|(_, run)| *run));
        if failure.causes.is_empty() {
            failure.left_out = Some("no_deployment_before_it");
        }
    } else {
        failure.left_out = Some("no_cause_stated");
    }
    failure.causes.sort_unstable();
    failure.causes.dedup();
}

/// The times without service, and the incidents that none can be told of, with the reason.
pub(super) fn recoveries(
    index: &Index,
    failures: &[Failure],
    rules: &Rules,
) -> (Vec<Recovery>, Vec<(usize, &'static str)>) {
    let mut left_out = Vec::new();
    if rules.recovery == RecoveryRule::NextSuccess {
        return (outages(index), left_out);
    }
    let mut recoveries = Vec::new();
    for (n, failure) in failures.iter().enumerate() {
        let is_counted =
            rules.recovery == RecoveryRule::FromIncident && rules.uncaused == UncausedRule::Counted;
        if failure.causes.is_empty() && !is_counted {
            left_out.push((n, failure.left_out.unwrap_or("no_deployment_before_it")));
            continue;
        }
        let ends = failure.causes.iter().filter_map(|cause| index.runs.get(*cause)).map(|run| run.finished);
        let start = match rules.recovery {
            // Of several causes the last one before it was restored.
            RecoveryRule::FromDeployment => {
                let is_before = |end: &Instant| failure.restored.is_none_or(|restored| *end <= restored);
                ends.clone().filter(is_before).max().or(ends.min())
            }
            _ => Some(failure.opened),
        };
        let Some(start) = start else { continue };
        if failure.restored.is_some_and(|restored| restored < start.max(failure.opened)) {
            left_out.push((n, "negative_time"));
            continue;
        }
        recoveries.push(Recovery {
            failure: Some(n),
            causes: failure.causes.clone(),
            opened: failure.opened,
            start,
            end: failure.restored,
        });
    }
    (recoveries, left_out)
}

/// From the first of several failed deployments in a row to the next that succeeds.
fn outages(index: &Index) -> Vec<Recovery> {
    let mut outages: Vec<Recovery> = Vec::new();
    for scope in index.scopes() {
        let mut open: Option<Recovery> = None;
        for place in scope.filter_map(|n| index.placements.get(n)) {
            match (&mut open, place.succeeded) {
                (None, false) => {
                    open = Some(Recovery {
                        failure: None,
                        causes: vec![place.run],
                        opened: place.finished,
                        start: place.finished,
                        end: None,
                    });
                }
                (Some(outage), true) => {
                    outage.end = Some(place.finished);
                    outages.extend(open.take());
                }
                _ => {}
            }
        }
        outages.extend(open);
    }
    outages
}
