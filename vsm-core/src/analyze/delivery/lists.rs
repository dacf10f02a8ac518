//! The facts behind the figures, as records.

use crate::analyze::Grounds;
use crate::time::Instant;

use super::answer::{DeliveredChange, DeliveredDeployment, DeliveredPullRequest, Delivery, DeliveryIncident};
use super::facts::Facts;
use super::query::DeliveryQuery;

/// Fills the lists of an answer.
pub(super) fn lists(facts: &Facts<'_>, query: &DeliveryQuery, answer: &mut Delivery) {
    let window = |at: Instant| query.start <= at && at < query.end;
    answer.deployments = deployments(facts, window);
    answer.changes = changes(facts, window);
    answer.incidents = incidents(facts, window);
    answer.pull_requests = pull_requests(facts, window);
}

/// Names what the figures rest on: the deployments that ended in the window, and the incidents of it.
pub(super) fn evidence(facts: &Facts<'_>, query: &DeliveryQuery, grounds: &mut Grounds) {
    let window = |at: Instant| query.start <= at && at < query.end;
    let mut counted: Vec<u32> = Vec::new();
    for place in facts.index.placements.iter().filter(|place| facts.keeps_run(place.run)) {
        if window(place.finished) {
            grounds.evidence.push(place.event);
        }
        let run = facts.index.runs.get(place.run);
        counted.extend(run.filter(|run| run.succeeded && window(run.finished)).map(|run| run.key));
    }
    counted.sort_unstable();
    counted.dedup();
    grounds.n = counted.len() as u64;
    for failure in facts.failures.iter().filter(|failure| facts.keeps_failure(failure)) {
        if window(failure.opened) {
            grounds.evidence.push(failure.event);
        }
    }
}

fn deployments(facts: &Facts<'_>, window: impl Fn(Instant) -> bool) -> Vec<DeliveredDeployment> {
    let (stream, index) = (facts.stream, &facts.index);
    let name = |item: u32| stream.id(item).to_owned();
    let kept = index.placements.iter().filter(|place| facts.keeps_run(place.run) && window(place.finished));
    let mut rows: Vec<DeliveredDeployment> = kept
        .map(|place| {
            let run = index.runs.get(place.run);
            let failures = run.map(|run| run.failures.as_slice()).unwrap_or_default();
            let failures = failures.iter().filter_map(|n| facts.failures.get(*n));
            let mut incidents: Vec<String> = failures.map(|failure| name(failure.incident)).collect();
            incidents.sort_unstable();
            DeliveredDeployment {
                deployment: name(place.deployment),
                run: run.map(|run| run.key).filter(|key| *key != place.deployment).map(name),
                application: place.application.map(name),
                environment: name(place.environment),
                finished_at: place.finished,
                succeeded: place.succeeded,
                previous: place
                    .previous
                    .and_then(|n| index.placements.get(n))
                    .map(|previous| name(previous.deployment)),
                changes: place.brought,
                incidents,
                rework: run.is_some_and(|run| run.rework),
            }
        })
        .collect();
    rows.sort_by(|a, b| {
        let when = a.finished_at.cmp(&b.finished_at).then_with(|| a.deployment.cmp(&b.deployment));
        when.then_with(|| (&a.application, &a.environment).cmp(&(&b.application, &b.environment)))
    });
    rows
}

fn changes(facts: &Facts<'_>, window: impl Fn(Instant) -> bool) -> Vec<DeliveredChange> {
    let (stream, index) = (facts.stream, &facts.index);
    let name = |item: u32| stream.id(item).to_owned();
    let mut samples: Vec<_> = facts.samples.iter().filter(|sample| window(sample.at)).collect();
    samples.sort_by(|a, b| {
        let application = |placement: usize| {
            index.placements.get(placement).and_then(|place| place.application).map(|item| stream.id(item))
        };
        (a.at, stream.id(a.change), application(a.placement)).cmp(&(
            b.at,
            stream.id(b.change),
            application(b.placement),
        ))
    });
    let rows = samples.into_iter().filter_map(|sample| {
        let place = index.placements.get(sample.placement)?;
        Some(DeliveredChange {
            change: name(sample.change),
            application: place.application.map(name),
            deployment: name(place.deployment),
            started_at: sample.start?,
            deployed_at: sample.at,
            lead_time: sample.span?,
        })
    });
    rows.collect()
}

fn incidents(facts: &Facts<'_>, window: impl Fn(Instant) -> bool) -> Vec<DeliveryIncident> {
    let (stream, index) = (facts.stream, &facts.index);
    let mut times = vec![None; facts.failures.len()];
    for recovery in &facts.recoveries {
        let time = recovery.end.map(|end| end.since(recovery.start));
        if let Some(slot) = recovery.failure.and_then(|n| times.get_mut(n)) {
            *slot = time;
        }
    }
    let all = facts.failures.iter().zip(times).filter(|(failure, _)| {
        facts.keeps_failure(failure) && (window(failure.opened) || failure.restored.is_some_and(&window))
    });
    let rows = all.map(|(failure, recovery_time)| {
        let runs = failure.causes.iter().filter_map(|cause| index.runs.get(*cause));
        let places = runs.flat_map(|run| &run.placements).filter_map(|place| index.placements.get(*place));
        let mut caused_by: Vec<String> = places
            .filter(|place| place.succeeded || failure.is_explicit)
            .map(|place| stream.id(place.deployment).to_owned())
            .collect();
        caused_by.sort_unstable();
        caused_by.dedup();
        DeliveryIncident {
            incident: stream.id(failure.incident).to_owned(),
            opened_at: failure.opened,
            restored_at: failure.restored,
            caused_by,
            explicit: failure.is_explicit,
            recovery_time,
        }
    });
    rows.collect()
}

fn pull_requests(facts: &Facts<'_>, window: impl Fn(Instant) -> bool) -> Vec<DeliveredPullRequest> {
    let (stream, index) = (facts.stream, &facts.index);
    let name = |item: u32| stream.id(item).to_owned();
    let all = facts.pulls.iter().filter(|pull| {
        facts.keeps_pull(pull)
            && (window(pull.merged) || pull.arrival.is_some_and(|arrival| window(arrival.at)))
    });
    let rows = all.map(|pull| {
        let place = pull.arrival.and_then(|arrival| index.placements.get(arrival.placement));
        let own = || stream.applications(pull.pull).map(name).min();
        DeliveredPullRequest {
            pull_request: name(pull.pull),
            application: place.and_then(|place| place.application).map(name).or_else(own),
            first_commit: pull.first_commit.map(|(_, commit)| name(commit)),
            first_commit_at: pull.first_commit.map(|(at, _)| at),
            created_at: pull.created,
            first_review_at: pull.reviewed,
            merged_at: pull.merged,
            deployment: place.map(|place| name(place.deployment)),
            deployed_at: pull.arrival.map(|arrival| arrival.at),
            coding: pull.coding(),
            pickup: pull.pickup(),
            review: pull.review(),
            deploy: pull.deploy(),
            cycle: pull.cycle(),
        }
    });
    rows.collect()
}
