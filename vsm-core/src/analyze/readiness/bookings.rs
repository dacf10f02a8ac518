//! The environment that a release needs for a stage: booked, without conflict, and holding the right build.

use super::super::Grounds;
use super::evidence::stage_of;
use super::judge::{Fact, Judge, day};
use super::{Condition, Verdict};
use crate::graph::Direction;
use crate::model::{Booking, Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// What is asked for.
pub(super) struct Place<'a> {
    pub(super) release: u32,
    pub(super) stage: &'a str,
    /// Whether it is the last stage: its environment gets the build by the release itself.
    pub(super) last: bool,
    pub(super) builds: &'a [u32],
    pub(super) at: Instant,
}

/// A booking with its half-open interval.
#[derive(Clone, Copy)]
struct Slot {
    booking: u32,
    environment: u32,
    status: Booking,
    start: Instant,
    end: Instant,
}

pub(super) fn environment(
    judge: &Judge<'_>,
    place: &Place<'_>,
    pending_conflicts_only: bool,
    grounds: &mut Grounds,
    report: &mut dyn FnMut(Fact),
) {
    let stream = judge.stream;
    let of_stage = |environment: &u32| stage_of(stream, *environment).as_deref() == Some(place.stage);
    let mut booked: Vec<Slot> = stream
        .from(place.release, LinkKind::BookedFor)
        .flat_map(|(booking, _)| slots(stream, booking))
        .filter(|slot| of_stage(&slot.environment) && slot.end > place.at)
        .collect();
    booked.sort_unstable_by_key(|slot| (stream.id(slot.environment), slot.start, stream.id(slot.booking)));
    // Tens of thousands of items belong to an application, and a few of them are environments: only these are sorted.
    let mut environments: Vec<u32> = stream
        .to(place.release, LinkKind::BelongsTo)
        .flat_map(|(application, _)| stream.touching(application, Direction::Incoming))
        .filter(|(_, kind, _)| *kind == LinkKind::BelongsTo)
        .map(|(_, _, item)| item)
        .filter(|item| stream.kind(*item) == Some(Kind::Environment) && of_stage(item))
        .chain(booked.iter().map(|slot| slot.environment))
        .collect();
    environments.sort_unstable_by_key(|item| stream.id(*item));
    environments.dedup();
    let Some(first) = environments.first().copied() else {
        grounds.exclude("no_environment_of_the_stage", stream.id(place.release));
        return;
    };
    grounds.rule(if pending_conflicts_only { "conflicts:pending_only" } else { "conflicts:strict" });
    let approved = booked.iter().find(|slot| slot.status == Booking::Approved).copied();
    let free = environments.iter().find(|environment| capacity(stream, **environment).is_none()).copied();
    let used = match (approved, free, booked.first().copied()) {
        (Some(slot), _, _) => {
            let of_same = booked
                .iter()
                .filter(|other| other.status == Booking::Approved && other.environment == slot.environment);
            for slot in of_same.filter(|_| !pending_conflicts_only) {
                conflict(judge, *slot, &[]).into_iter().for_each(&mut *report);
            }
            slot.environment
        }
        (None, Some(free), _) => free,
        (None, None, pending) => {
            report(unbooked(judge, place, pending.as_ref(), first));
            // What waits for approval is judged as if it had it, or approving it would only bring up the next miss.
            pending.and_then(|slot| conflict(judge, slot, &[])).into_iter().for_each(&mut *report);
            pending.map_or(first, |slot| slot.environment)
        }
    };
    if !place.last
        && !place.builds.is_empty()
        && let Some(fact) = version(judge, place, used)
    {
        report(fact);
    }
}

fn capacity(stream: &ValueStream, environment: u32) -> Option<u32> {
    stream.last(environment, Set::capacity).map(|(n, _)| n)
}

/// What a booking takes, where it says all that is needed.
fn slots(stream: &ValueStream, booking: u32) -> Vec<Slot> {
    let status = stream.last(booking, Set::booking);
    let start = stream.last(booking, Set::starts_at);
    let end = stream.last(booking, Set::ends_at);
    let (Some((status, _)), Some((start, _)), Some((end, _))) = (status, start, end) else {
        return Vec::new();
    };
    if matches!(status, Booking::Rejected | Booking::Cancelled) || end <= start {
        return Vec::new();
    }
    let to_slot = |(environment, _)| Slot { booking, environment, status, start, end };
    stream.to(booking, LinkKind::Books).map(to_slot).collect()
}

fn unbooked(judge: &Judge<'_>, place: &Place<'_>, pending: Option<&Slot>, environment: u32) -> Fact {
    let (item, sentence) = match pending {
        Some(slot) => {
            let whom = judge.name(slot.environment);
            (slot.booking, format!("{} of {whom} is not approved yet.", judge.name(slot.booking)))
        }
        None => {
            let (release, whom) = (judge.name(place.release), judge.name(environment));
            (environment, format!("{whom} is not booked for {release}."))
        }
    };
    let fact = judge.fact(Condition::EnvironmentBooked, Verdict::NotReady, item, sentence);
    let owner = pending.map_or(environment, |slot| slot.environment);
    Fact { waits_for: judge.whom(owner).or(fact.waits_for), ..fact }
}

/// A booking must not run beside more approved ones than its environment takes; `moved` ones have gone elsewhere.
fn conflict(judge: &Judge<'_>, own: Slot, moved: &[u32]) -> Option<Fact> {
    let stream = judge.stream;
    let capacity = capacity(stream, own.environment).unwrap_or(u32::MAX) as usize;
    let mut others: Vec<Slot> = stream
        .from(own.environment, LinkKind::Books)
        .filter(|(booking, _)| *booking != own.booking && !moved.contains(booking))
        .flat_map(|(booking, _)| slots(stream, booking))
        .filter(|slot| slot.environment == own.environment && slot.status == Booking::Approved)
        .filter(|slot| slot.start < own.end && own.start < slot.end)
        .collect();
    others.sort_unstable_by_key(|slot| (slot.start, stream.id(slot.booking)));
    // Load rises only where a booking starts, so the peak is at the start of this or of another one.
    let starts = others.iter().map(|slot| slot.start.max(own.start)).chain([own.start]);
    let crowd = starts
        .map(|at| {
            others.iter().filter(|slot| slot.start <= at && at < slot.end).copied().collect::<Vec<Slot>>()
        })
        .max_by_key(Vec::len)
        .filter(|crowd| crowd.len() + 1 > capacity)?;
    let from = crowd.iter().map(|slot| slot.start).fold(own.start, Instant::max);
    let to = crowd.iter().map(|slot| slot.end).fold(own.end, Instant::min);
    let names = crowd.iter().map(|slot| judge.name(slot.booking)).collect::<Vec<_>>().join(" and ");
    let sentence = format!(
        "{} of {} overlaps with {names} from {} to {}: {} at once, {capacity} possible.",
        judge.name(own.booking),
        judge.name(own.environment),
        day(from),
        day(to),
        crowd.len() + 1,
    );
    let evidence = crowd.iter().chain([&own]).filter_map(|slot| stream.last_event(slot.booking)).collect();
    Some(Fact {
        waits_for: judge.whom(own.environment),
        earliest: Some(to),
        evidence,
        ..judge.fact(Condition::NoBookingConflict, Verdict::NotReady, own.booking, sentence)
    })
}

/// Of the bookings in conflict, in order of preference, the fewest that have to move: where two releases that are
/// looked at together are in each other's way, one of them is enough.
pub(super) fn fewest(judge: &Judge<'_>, bookings: &[u32]) -> Vec<u32> {
    let in_conflict = |booking: u32, moved: &[u32]| {
        slots(judge.stream, booking).into_iter().any(|slot| conflict(judge, slot, moved).is_some())
    };
    let mut kept: Vec<u32> = Vec::new();
    for booking in bookings {
        if !kept.contains(booking) && in_conflict(*booking, &kept) {
            kept.push(*booking);
        }
    }
    for number in (0..kept.len()).rev() {
        let others: Vec<u32> =
            kept.iter().enumerate().filter(|(n, _)| *n != number).map(|(_, booking)| *booking).collect();
        // It may go only if every conflict that it was kept for is gone without it.
        if bookings.iter().all(|booking| others.contains(booking) || !in_conflict(*booking, &others)) {
            kept = others;
        }
    }
    kept
}

/// The environment must hold the build of the release, as its last successful deployment says. Where a tool knows
/// nothing but the commit that it deployed, any build that is made from this commit will do.
fn version(judge: &Judge<'_>, place: &Place<'_>, environment: u32) -> Option<Fact> {
    let stream = judge.stream;
    let application = |item: u32| stream.to(item, LinkKind::BelongsTo).map(|(app, _)| app).next();
    let mut deployed: Vec<(u32, u32, u32)> = stream
        .from(environment, LinkKind::DeployedTo)
        .filter(|(deployment, _)| stream.outcome(*deployment) == Some(Outcome::Success))
        .flat_map(|(deployment, _)| {
            stream.to(deployment, LinkKind::Deploys).map(move |(build, e)| (deployment, build, e))
        })
        .collect();
    deployed.sort_unstable_by(|a, b| {
        (stream.finished_at(a.0), stream.id(a.0), stream.id(a.1)).cmp(&(
            stream.finished_at(b.0),
            stream.id(b.0),
            stream.id(b.1),
        ))
    });
    for wanted in place.builds {
        // A commit may be of several applications; the deployment knows whose it is.
        let owner = |found: &(u32, u32, u32)| match stream.kind(found.1) {
            Some(Kind::Change) => application(found.0).or_else(|| application(found.1)),
            _ => application(found.1),
        };
        let of_same = |found: &&(u32, u32, u32)| owner(found) == application(*wanted);
        let is_wanted = |build: u32| build == *wanted || stream.heads(*wanted).any(|head| head == build);
        let name = judge.name(environment);
        match deployed.iter().rev().find(of_same) {
            Some((last, ..)) if deployed.iter().any(|found| found.0 == *last && is_wanted(found.1)) => {}
            Some((deployment, build, event)) => {
                let sentence = format!("{name} holds {}, not {}.", judge.name(*build), judge.name(*wanted));
                let fact =
                    judge.fact(Condition::EnvironmentVersion, Verdict::NotReady, environment, sentence);
                let evidence = stream.last_event(*deployment).into_iter().chain([*event]).collect();
                return Some(Fact { since: stream.finished_at(*deployment), evidence, ..fact });
            }
            None => {
                let sentence =
                    format!("Nobody knows which build {name} holds; it should be {}.", judge.name(*wanted));
                return Some(judge.fact(
                    Condition::EnvironmentVersion,
                    Verdict::Unknown,
                    environment,
                    sentence,
                ));
            }
        }
    }
    None
}
