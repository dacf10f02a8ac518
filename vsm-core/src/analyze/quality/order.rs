//! Things that happened in an order in which they can't have.

use super::FindingGroup::Contradiction;
use super::found::{Findings, Hit};
use crate::analyze::message::say;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// Many tools know but the day on which a release shipped, and name its beginning.
const SHIPPING_DAY: Span = Span::from_days(1);

pub(super) fn check(found: &mut Findings<'_>, item: u32, kind: Kind) {
    match kind {
        Kind::Release => release(found, item),
        Kind::Deployment => deployment(found, item),
        Kind::Build => build(found, item),
        Kind::TestRun => test_run(found, item),
        Kind::Incident => incident(found, item),
        kind if kind.is_work() => cancelled(found, item),
        _ => {}
    }
}

fn release(found: &mut Findings<'_>, release: u32) {
    let stream = found.stream;
    let Some((FlowState::Done, since)) = stream.state_since(release) else { return };
    let said = stream.last(release, Set::released_at);
    let Some((shipped, event)) = said.or_else(|| Some((stream.occurred(since)?, since))) else { return };
    for (item, _) in stream.from(release, LinkKind::ShipsIn) {
        if !stream.kind(item).is_some_and(Kind::is_work) {
            continue;
        }
        let Some((state, since)) = stream.state_since(item) else { continue };
        let Some(at) = stream.occurred(since) else { continue };
        let hit = Hit::new(item).and(release).event(Some(since)).event(Some(event)).times(at, shipped);
        match state {
            FlowState::Done if at.since(shipped) > SHIPPING_DAY => {
                found.note(Contradiction, "done_after_release", "", hit, |shown| {
                    say::done_after_release(shown.item(0), shown.time(0), shown.apart(), shown.item(1))
                });
            }
            FlowState::New | FlowState::Waiting | FlowState::Active => {
                found.note(Contradiction, "not_done_in_shipped_release", "", hit, |shown| {
                    let state = shown.stream.state_of(shown.item(0)).map_or("not done", FlowState::as_str);
                    let (item, release) = (shown.item(0), shown.item(1));
                    say::not_done_in_shipped_release(item, state.into(), release, shown.time(1))
                });
            }
            _ => {}
        }
    }
}

/// When a commit was made; none of a pull request, which is begun and merged.
fn made(stream: &ValueStream, change: u32) -> Option<(Instant, u32)> {
    if stream.kind(change) != Some(Kind::Change) {
        return None;
    }
    stream.first_seen(change).filter(|_| stream.states_said(change).is_empty())
}

/// When a pull request was merged.
fn merged(stream: &ValueStream, change: u32) -> Option<(Instant, u32)> {
    match stream.state_since(change) {
        Some((FlowState::Done, since)) if stream.kind(change) == Some(Kind::Change) => {
            Some((stream.occurred(since)?, since))
        }
        _ => None,
    }
}

fn deployment(found: &mut Findings<'_>, deployment: u32) {
    let stream = found.stream;
    let Some((over, event)) = stream.over(deployment) else { return };
    let hit = |cause: u32, at: Instant, said: u32| {
        Hit::new(deployment).and(cause).event(Some(event)).event(Some(said)).times(over, at)
    };
    for (build, _) in stream.to(deployment, LinkKind::Deploys) {
        if let Some((began, said)) = stream.began(build).filter(|(began, _)| found.is_before(over, *began)) {
            found.note(Contradiction, "deployed_before_built", "", hit(build, began, said), |shown| {
                say::deployed_before_built(shown.item(0), shown.time(0), shown.apart(), shown.item(1))
            });
        }
        for head in stream.heads(build) {
            if let Some((at, said)) = made(stream, head).filter(|(at, _)| found.is_before(over, *at)) {
                found.note(Contradiction, "deployed_before_committed", "", hit(head, at, said), |shown| {
                    say::deployed_before_committed(shown.item(0), shown.time(0), shown.apart(), shown.item(1))
                });
            }
            // The commit that a merge made follows the pull request.
            let pulls = stream.to(head, LinkKind::Follows).map(|(pull, _)| pull);
            for pull in std::iter::once(head).chain(pulls) {
                if let Some((at, said)) = merged(stream, pull).filter(|(at, _)| found.is_before(over, *at)) {
                    found.note(Contradiction, "deployed_before_merged", "", hit(pull, at, said), |shown| {
                        let (deployment, pull) = (shown.item(0), shown.item(1));
                        say::deployed_before_merged(deployment, shown.time(0), shown.apart(), pull)
                    });
                }
            }
        }
    }
}

fn build(found: &mut Findings<'_>, build: u32) {
    let stream = found.stream;
    let Some((at, event)) = stream.began(build).or_else(|| stream.over(build)) else { return };
    for head in stream.heads(build) {
        if let Some((made, said)) = made(stream, head).filter(|(made, _)| found.is_before(at, *made)) {
            let hit = Hit::new(build).and(head).event(Some(event)).event(Some(said)).times(at, made);
            found.note(Contradiction, "built_before_committed", "", hit, |shown| {
                say::built_before_committed(shown.item(0), shown.time(0), shown.apart(), shown.item(1))
            });
        }
    }
}

fn test_run(found: &mut Findings<'_>, run: u32) {
    let stream = found.stream;
    let Some((at, event)) = stream.began(run).or_else(|| stream.over(run)) else { return };
    for (build, _) in stream.to(run, LinkKind::Tests) {
        if let Some((began, said)) = stream.began(build).filter(|(began, _)| found.is_before(at, *began)) {
            let hit = Hit::new(run).and(build).event(Some(event)).event(Some(said)).times(at, began);
            found.note(Contradiction, "tested_before_built", "", hit, |shown| {
                say::tested_before_built(shown.item(0), shown.time(0), shown.apart(), shown.item(1))
            });
        }
    }
}

fn incident(found: &mut Findings<'_>, incident: u32) {
    let stream = found.stream;
    let Some((at, event)) = stream.began(incident) else { return };
    for (cause, _) in stream.to(incident, LinkKind::CausedBy) {
        let began = stream.began(cause).or_else(|| stream.over(cause));
        if let Some((began, said)) = began.filter(|(began, _)| found.is_before(at, *began)) {
            let hit = Hit::new(incident).and(cause).event(Some(event)).event(Some(said)).times(at, began);
            found.note(Contradiction, "incident_before_deployment", "", hit, |shown| {
                say::incident_before_deployment(shown.item(0), shown.time(0), shown.apart(), shown.item(1))
            });
        }
    }
}

fn cancelled(found: &mut Findings<'_>, item: u32) {
    let stream = found.stream;
    if stream.state_of(item) != Some(FlowState::Cancelled) {
        return;
    }
    let Some((_, since)) = stream.state_since(item) else { return };
    let Some(at) = stream.occurred(since) else { return };
    for (change, _) in stream.from(item, LinkKind::Implements) {
        if let Some((made, said)) = stream.first_seen(change).filter(|(made, _)| found.is_before(at, *made)) {
            let hit = Hit::new(item).and(change).event(Some(since)).event(Some(said)).times(at, made);
            found.note(Contradiction, "work_after_cancelled", "", hit, |shown| {
                say::work_after_cancelled(shown.item(0), shown.time(0), shown.item(1), shown.apart())
            });
        }
    }
}
