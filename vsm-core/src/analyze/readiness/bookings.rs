//! The environment that a release needs for a stage: booked, without conflict, and holding the right build.

use super::super::Grounds;
use super::super::environments::{
    self, ALWAYS, BookingBlackout, Reader, Slot, Told, answers_for, for_release,
};
use super::super::message::{Say, say};
use super::evidence::stage_of;
use super::judge::{Fact, Judge};
use super::{Condition, Verdict};
use crate::graph::Direction;
use crate::model::{Booking, Kind, LinkKind};
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

pub(super) fn environment(
    judge: &Judge<'_>,
    place: &Place<'_>,
    pending_conflicts_only: bool,
    grounds: &mut Grounds,
    report: &mut dyn FnMut(Fact),
) {
    let stream = judge.stream;
    let of_stage = |environment: &u32| stage_of(stream, *environment).as_deref() == Some(place.stage);
    let mut reader = Reader::new(stream);
    let mut refused: Vec<(Slot, BookingBlackout)> = Vec::new();
    let mut booked: Vec<Slot> = Vec::new();
    for booking in for_release(stream, place.release) {
        let slots = reader.slots(booking, (place.at, ALWAYS.1), &mut |told| match told {
            Told::Blackout(slot, blackout) if blackout.refused => {
                let place = in_leaves(stream, slot).find(|slot| of_stage(&slot.environment));
                refused.extend(place.map(|slot| (slot, *blackout)));
            }
            _ => {}
        });
        booked.extend(
            slots
                .into_iter()
                .flat_map(|slot| in_leaves(stream, slot))
                .filter(|slot| of_stage(&slot.environment)),
        );
    }
    booked.sort_unstable_by_key(|slot| (stream.id(slot.environment), slot.start, stream.id(slot.booking)));
    // Tens of thousands of items belong to an application, and a few of them are environments: only these are sorted.
    let mut environments: Vec<u32> = stream
        .to(place.release, LinkKind::BelongsTo)
        .flat_map(|(application, _)| stream.linked(application, LinkKind::BelongsTo, Direction::Incoming))
        .map(|(_, item)| item)
        .filter(|item| stream.kind(*item) == Some(Kind::Environment))
        .flat_map(|item| environments::leaves(stream, item))
        .filter(of_stage)
        .chain(booked.iter().chain(refused.iter().map(|(slot, _)| slot)).map(|slot| slot.environment))
        .collect();
    environments.sort_unstable_by_key(|item| stream.id(*item));
    environments.dedup();
    let Some(first) = environments.first().copied() else {
        grounds.exclude("no_environment_of_the_stage", stream.id(place.release));
        return;
    };
    grounds.rule(if pending_conflicts_only { "conflicts:pending_only" } else { "conflicts:strict" });
    let approved = booked.iter().find(|slot| slot.status == Booking::Approved).copied();
    let free = environments
        .iter()
        .find(|environment| environments::capacity(stream, **environment).is_none())
        .copied();
    let used = match (approved, free, booked.first().copied()) {
        (Some(slot), _, _) => {
            let of_same = booked
                .iter()
                .filter(|other| other.status == Booking::Approved && other.environment == slot.environment);
            for slot in of_same.filter(|_| !pending_conflicts_only) {
                conflict(judge, &mut reader, *slot, &[]).into_iter().for_each(&mut *report);
            }
            slot.environment
        }
        (None, Some(free), _) => free,
        // What waits for approval, or has to be moved, is judged as if it had its place, or getting it would only bring up
        // the next miss.
        (None, None, Some(pending)) => {
            report(booking_pending(judge, &pending));
            conflict(judge, &mut reader, pending, &[]).into_iter().for_each(&mut *report);
            pending.environment
        }
        (None, None, None) => {
            let nearest = refused.iter().min_by_key(|(slot, _)| {
                (slot.status != Booking::Approved, stream.id(slot.booking), stream.id(slot.environment))
            });
            report(match nearest {
                Some((slot, blackout)) => in_blackout(judge, slot, blackout),
                None => unbooked(judge, place.release, first),
            });
            nearest.map_or(first, |(slot, _)| slot.environment)
        }
    };
    for closing in reader.closings().of(used).iter() {
        judge.closed(closing).into_iter().for_each(&mut *report);
    }
    if !place.last
        && !place.builds.is_empty()
        && let Some(fact) = version(judge, place, used)
    {
        report(fact);
    }
}

/// What a booking of a group holds of each environment in it.
fn in_leaves(stream: &ValueStream, slot: Slot) -> impl Iterator<Item = Slot> {
    let leaves = environments::leaves(stream, slot.environment).into_iter();
    leaves.map(move |environment| Slot { environment, ..slot })
}

/// A booking that a blackout refuses.
fn in_blackout(judge: &Judge<'_>, slot: &Slot, blackout: &BookingBlackout) -> Fact {
    let (from, to) = (blackout.start, blackout.end);
    let say = match &blackout.reason {
        Some(why) => say::booking_in_blackout(slot.booking, from, to, why.clone()),
        None => say::booking_in_blackout_without_reason(slot.booking, from, to),
    };
    let pending = (slot.status == Booking::Pending).then(say::and_not_approved);
    not_booked(judge, slot.booking, slot.environment, say.and(pending))
}

fn booking_pending(judge: &Judge<'_>, slot: &Slot) -> Fact {
    let say = say::booking_pending(slot.booking, slot.environment);
    not_booked(judge, slot.booking, slot.environment, say)
}

fn unbooked(judge: &Judge<'_>, release: u32, environment: u32) -> Fact {
    not_booked(judge, environment, environment, say::environment_not_booked(environment, release))
}

fn not_booked(judge: &Judge<'_>, item: u32, environment: u32, say: Say) -> Fact {
    let fact = judge.fact(Condition::EnvironmentBooked, Verdict::NotReady, item, say);
    Fact { waits_for: answers_for(judge.stream, environment).or(fact.waits_for), ..fact }
}

/// A booking must not run beside more approved ones than its environment takes; `moved` ones have gone elsewhere.
fn conflict(judge: &Judge<'_>, reader: &mut Reader<'_>, own: Slot, moved: &[u32]) -> Option<Fact> {
    let stream = judge.stream;
    let capacity = environments::capacity(stream, own.environment).unwrap_or(u32::MAX) as usize;
    let mut others: Vec<Slot> = Vec::new();
    for place in environments::line(stream, own.environment) {
        for (_, booking) in stream.linked(place, LinkKind::Books, Direction::Incoming) {
            if booking != own.booking && !moved.contains(&booking) {
                let slots = reader.slots(booking, (own.start, own.end), &mut |_| {});
                others.extend(slots.into_iter().filter(|slot| slot.environment == place));
            }
        }
    }
    others.retain(|slot| slot.status == Booking::Approved);
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
    let say = say::booking_overlaps(
        own.booking,
        own.environment,
        crowd.iter().map(|slot| slot.booking).collect(),
        from,
        to,
        crowd.len() as u64 + 1,
        capacity as u64,
    );
    let evidence = crowd.iter().chain([&own]).filter_map(|slot| stream.last_event(slot.booking)).collect();
    Some(Fact {
        waits_for: answers_for(stream, own.environment),
        earliest: Some(to),
        evidence,
        ..judge.fact(Condition::NoBookingConflict, Verdict::NotReady, own.booking, say)
    })
}

/// Of the bookings in conflict, in order of preference, the fewest that have to move: where two releases that are
/// looked at together are in each other's way, one of them is enough.
pub(super) fn fewest(judge: &Judge<'_>, bookings: &[u32]) -> Vec<u32> {
    let stream = judge.stream;
    let mut reader = Reader::new(stream);
    let mut in_conflict = |booking: u32, moved: &[u32]| {
        let slots = reader.slots(booking, ALWAYS, &mut |_| {}).into_iter();
        let mut leaves = slots.flat_map(|slot| in_leaves(stream, slot));
        leaves.any(|slot| conflict(judge, &mut reader, slot, moved).is_some())
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
    let deployed = environments::deployments(stream, environment);
    for wanted in place.builds {
        let own = application(*wanted);
        let is_wanted = |build: u32| build == *wanted || stream.heads(*wanted).any(|head| head == build);
        match deployed.iter().rfind(|found| found.application == own) {
            Some(last)
                if deployed.iter().any(|one| one.deployment == last.deployment && is_wanted(one.build)) => {}
            Some(last) => {
                let say = say::environment_holds_other(environment, last.build, *wanted);
                let fact = judge.fact(Condition::EnvironmentVersion, Verdict::NotReady, environment, say);
                let evidence = stream.last_event(last.deployment).into_iter().chain([last.event]).collect();
                return Some(Fact { since: last.finished, evidence, ..fact });
            }
            None => {
                let say = say::environment_content_unknown(environment, *wanted);
                return Some(judge.fact(Condition::EnvironmentVersion, Verdict::Unknown, environment, say));
            }
        }
    }
    None
}
