//! Environments and their bookings: what holds for all of them, and what bad input does.

use proptest::prelude::*;
use vsm_core::{
    Blackout, Booking, BookingConflictsQuery, Calendar, Condition, ConflictMode, DriftQuery, DriftRelation,
    EnvironmentContentsQuery, Error, Event, ImpactQuery, Instant, Kind, Link, LinkKind, NextSlotQuery,
    Outcome, ReadinessQuery, SlotCause, Span, ValueStream, call,
};

use crate::world::at;

const HOUR: i64 = 3_600_000;

/// Says something of an item.
fn say(stream: &mut ValueStream, item: &str, kind: Kind, fill: impl FnOnce(&mut Event)) {
    let mut event = Event::new("say", stream.event_count().to_string(), at(0), item);
    event.kind = Some(kind);
    fill(&mut event);
    stream.apply(event).unwrap();
}

fn environment(stream: &mut ValueStream, id: &str, group: Option<&str>, capacity: Option<u32>) {
    say(stream, id, Kind::Environment, |event| {
        event.set.capacity = capacity;
        event.links.extend(group.map(|group| Link::new(LinkKind::Parent, group)));
    });
}

fn book(stream: &mut ValueStream, id: &str, places: &[&str], status: Booking, start: usize, end: usize) {
    say(stream, id, Kind::Booking, |event| {
        event.set.booking = Some(status);
        (event.set.starts_at, event.set.ends_at) = (Some(at(start)), Some(at(end)));
        event.links.extend(places.iter().map(|place| Link::new(LinkKind::Books, *place)));
    });
}

fn closed(start: usize, end: usize, category: Option<&str>) -> Calendar {
    let blackout = Blackout { category: category.map(String::from), ..Blackout::new(at(start), at(end)) };
    Calendar { zone: "UTC".into(), blackouts: vec![blackout], ..Calendar::default() }
}

/// A booking as a test makes it up: places by number, status, first hour, hours.
type Made = (Vec<usize>, Booking, usize, usize);

/// Site > (group > (a, b), c), and d by itself: the number of a place is its place in this list.
const PLACES: [(&str, Option<usize>); 6] = [
    ("env:site", None),
    ("env:group", Some(0)),
    ("env:a", Some(1)),
    ("env:b", Some(1)),
    ("env:c", Some(0)),
    ("env:d", None),
];
const LEAVES: [usize; 4] = [2, 3, 4, 5];

fn around(place: usize) -> Vec<usize> {
    std::iter::successors(Some(place), |at| PLACES[*at].1).collect()
}

fn made() -> impl Strategy<Value = (Vec<Option<u32>>, Vec<Made>)> {
    let status = prop::sample::select(vec![
        Booking::Approved,
        Booking::Pending,
        Booking::Rejected,
        Booking::Cancelled,
    ]);
    let booking = (prop::collection::vec(0..6usize, 1..3), status, 0..40usize, 1..12usize);
    (prop::collection::vec(prop::option::of(1..3u32), 6), prop::collection::vec(booking, 0..14))
}

fn build(capacities: &[Option<u32>], bookings: &[Made]) -> ValueStream {
    let mut stream = ValueStream::new();
    for ((id, group), capacity) in PLACES.iter().zip(capacities) {
        environment(&mut stream, id, group.map(|group| PLACES[group].0), *capacity);
    }
    for (n, (places, status, start, hours)) in bookings.iter().enumerate() {
        let places: Vec<&str> = places.iter().map(|place| PLACES[*place].0).collect();
        book(&mut stream, &format!("booking:{n:02}"), &places, *status, *start, start + hours);
    }
    stream
}

/// What runs in a leaf in an hour, by number.
fn running(bookings: &[Made], leaf: usize, hour: usize) -> Vec<usize> {
    let line = around(leaf);
    let counts = |made: &Made| {
        made.0.iter().any(|place| line.contains(place))
            && matches!(made.1, Booking::Approved | Booking::Pending)
            && (made.2..made.2 + made.3).contains(&hour)
    };
    (0..bookings.len()).filter(|n| counts(&bookings[*n])).collect()
}

fn capacity(capacities: &[Option<u32>], leaf: usize) -> usize {
    around(leaf).into_iter().find_map(|place| capacities[place]).map_or(usize::MAX, |n| n as usize)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conflicts_are_where_counting_hour_by_hour_finds_them((capacities, bookings) in made(), pending: bool) {
        let stream = build(&capacities, &bookings);
        let mode = if pending { ConflictMode::PendingOnly } else { ConflictMode::Strict };
        let answer = stream
            .booking_conflicts(&BookingConflictsQuery { mode: Some(mode), ..Default::default() })
            .unwrap();
        prop_assert_eq!(answer.count, answer.conflicts.len() as u64);
        for leaf in LEAVES {
            let capacity = capacity(&capacities, leaf);
            for hour in 0..60 {
                let crowd = running(&bookings, leaf, hour);
                let is_wanted = !pending || crowd.iter().any(|n| bookings[*n].1 == Booking::Pending);
                let expected = crowd.len() > capacity && is_wanted;
                let line: Vec<&str> = around(leaf).into_iter().map(|place| PLACES[place].0).collect();
                let found: Vec<_> = answer
                    .conflicts
                    .iter()
                    .filter(|one| line.contains(&one.environment.as_str()))
                    .filter(|one| one.start <= at(hour) && at(hour) < one.end)
                    .collect();
                if expected {
                    prop_assert!(!found.is_empty(), "{} in hour {}", PLACES[leaf].0, hour);
                } else {
                    // A conflict of a group may be about another environment in it, which takes fewer.
                    prop_assert!(
                        found.iter().all(|one| (one.capacity as usize) < capacity),
                        "{} in hour {}: {:?}", PLACES[leaf].0, hour, found
                    );
                    continue;
                }
                // The innermost one names all that run.
                let innermost = line.iter().find_map(|place| found.iter().find(|one| one.environment == *place));
                for n in innermost.iter().flat_map(|_| &crowd) {
                    let id = format!("booking:{n:02}");
                    let named = innermost.unwrap().sides.iter().any(|side| side.booking == id);
                    prop_assert!(named, "{} is not named in {:?}", id, innermost);
                    prop_assert!(innermost.unwrap().peak as usize >= crowd.len());
                }
            }
        }
    }

    #[test]
    fn a_window_shows_what_is_in_it((capacities, bookings) in made(), from in 0..30usize, hours in 1..30usize) {
        let stream = build(&capacities, &bookings);
        let all = stream.booking_conflicts(&BookingConflictsQuery::default()).unwrap();
        let window = (at(from), at(from + hours));
        let query = BookingConflictsQuery { start: Some(window.0), end: Some(window.1), ..Default::default() };
        let some = stream.booking_conflicts(&query).unwrap();
        let cut = all.conflicts.iter().map(|one| (one.start.max(window.0), one.end.min(window.1), &one.environment));
        let mut cut: Vec<_> = cut.filter(|(start, end, _)| start < end).collect();
        cut.sort();
        let mut found: Vec<_> =
            some.conflicts.iter().map(|one| (one.start, one.end, &one.environment)).collect();
        found.sort();
        prop_assert_eq!(found, cut);
    }

    #[test]
    fn a_slot_is_free_and_no_earlier_one_is(
        (capacities, bookings) in made(),
        wanted in prop::collection::vec(0..6usize, 1..3),
        hours in 1..8usize,
        from in 0..20usize,
        closed_from in 0..40usize,
        closed_for in 0..6usize,
    ) {
        let mut stream = build(&capacities, &bookings);
        if closed_for > 0 {
            say(&mut stream, "env:group", Kind::Environment, |event| {
                event.set.calendar = Some(closed(closed_from, closed_from + closed_for, Some("maintenance")));
            });
        }
        let leaves: Vec<usize> = LEAVES.into_iter()
            .filter(|leaf| around(*leaf).iter().any(|place| wanted.contains(place)))
            .collect();
        let is_open = |hour: usize| leaves.iter().all(|leaf| {
            let is_closed =
                around(*leaf).contains(&1) && (closed_from..closed_from + closed_for).contains(&hour);
            !is_closed && running(&bookings, *leaf, hour).len() < capacity(&capacities, *leaf)
        });
        let until = 60;
        let is_free = |start: usize| start + hours <= until && (start..start + hours).all(is_open);
        let ids = wanted.iter().map(|place| PLACES[*place].0);
        let query = NextSlotQuery::new(ids, Span::from_hours(hours as i64), at(from), at(until));
        let query = NextSlotQuery { alternatives: Some(100), ..query };
        let answer = stream.next_slot(&query).unwrap();
        let hour = |instant: Instant| ((instant.millis() - at(0).millis()) / HOUR) as usize;
        let expected = (from..until).find(|start| is_free(*start));
        prop_assert_eq!(answer.slot.as_ref().map(|slot| hour(slot.start)), expected);
        // The alternatives are the first slots of all later openings.
        let begins = |start: &usize| is_free(*start) && (*start == from || !is_open(start - 1));
        let starts: Vec<usize> = (from..until).filter(begins).collect();
        let found: Vec<usize> =
            answer.slot.iter().chain(&answer.alternatives).map(|slot| hour(slot.start)).collect();
        prop_assert_eq!(found, starts);
        for slot in answer.slot.iter().chain(&answer.alternatives) {
            prop_assert_eq!(slot.after.is_empty(), hour(slot.start) == from, "{:?}", slot);
            prop_assert!(slot.after.iter().all(|block| block.ends_at == slot.start));
        }
        prop_assert_eq!(answer.slot.is_none(), answer.longest.is_none_or(|longest| longest < query.length));
    }
}

#[test]
fn a_booking_that_ends_before_it_starts_or_at_once_and_a_capacity_of_zero_are_refused() {
    let mut stream = ValueStream::new();
    for (start, end, reason) in [
        (5, 1, "ends_at: must not be before starts_at"),
        (5, 5, "ends_at: a booking must end after it starts"),
    ] {
        let mut event = Event::new("t", "1", at(0), "booking:1");
        event.kind = Some(Kind::Booking);
        (event.set.starts_at, event.set.ends_at) = (Some(at(start)), Some(at(end)));
        assert_eq!(stream.apply(event).unwrap_err().to_string(), reason);
    }
    let mut event = Event::new("t", "1", at(0), "env:1");
    event.set.capacity = Some(0);
    assert_eq!(stream.apply(event).unwrap_err().to_string(), "capacity: must be at least 1");
    // A run may be shorter than the clock is fine.
    say(&mut stream, "deploy:1", Kind::Deployment, |event| {
        (event.set.starts_at, event.set.ends_at) = (Some(at(5)), Some(at(5)));
    });
    assert_eq!(stream.item_count(), 1);
}

#[test]
fn bookings_whose_two_ends_come_apart_hold_nothing_and_are_named() {
    let mut stream = ValueStream::new();
    environment(&mut stream, "env:1", None, Some(1));
    for (id, start, end) in
        [("booking:1", Some(9), Some(3)), ("booking:2", Some(3), None), ("booking:3", Some(4), Some(4))]
    {
        for (from, until) in [(start, None), (None, end)] {
            say(&mut stream, id, Kind::Booking, |event| {
                event.set.booking = Some(Booking::Approved);
                (event.set.starts_at, event.set.ends_at) = (from.map(at), until.map(at));
                event.links.push(Link::new(LinkKind::Books, "env:1"));
            });
        }
    }
    book(&mut stream, "booking:4", &[], Booking::Approved, 1, 2);
    let answer = stream.booking_conflicts(&BookingConflictsQuery::default()).unwrap();
    assert_eq!((answer.count, answer.basis.n, answer.loads.len()), (0, 0, 0));
    let left: Vec<(&str, u64)> =
        answer.basis.excluded.iter().map(|one| (one.reason.as_str(), one.count)).collect();
    assert_eq!(left, [("booking_of_no_time", 2), ("booking_of_nothing", 1), ("booking_without_times", 1)]);
}

#[test]
fn a_group_that_contains_itself_is_a_cycle() {
    let mut stream = ValueStream::new();
    environment(&mut stream, "env:a", Some("env:b"), None);
    environment(&mut stream, "env:b", Some("env:c"), None);
    let mut event = Event::new("t", "itself", at(0), "env:c");
    event.links.push(Link::new(LinkKind::Parent, "env:a"));
    let before = stream.to_snapshot();
    let Error::Cycle { path } = stream.apply(event).unwrap_err() else { panic!("not a cycle") };
    assert_eq!((path.len(), path.first()), (4, path.last()));
    assert_eq!(stream.to_snapshot(), before);
}

#[test]
fn a_past_in_which_groups_contained_each_other_is_answered() {
    let mut stream = ValueStream::new();
    let link = |id: &str, hour: usize, from: &str, to: &str, holds: bool| {
        let mut event = Event::new("t", id, at(hour), from);
        event.kind = Some(Kind::Environment);
        let links = if holds { &mut event.links } else { &mut event.unlinks };
        links.push(Link::new(LinkKind::Parent, to));
        event
    };
    // Each is said when the other no longer holds, but both are said to have held at hour 2.
    for event in [
        link("1", 1, "env:a", "env:b", true),
        link("2", 5, "env:a", "env:b", false),
        link("3", 1, "env:b", "env:a", true),
    ] {
        stream.apply(event).unwrap();
    }
    book(&mut stream, "booking:1", &["env:a"], Booking::Approved, 1, 9);
    let past = stream.as_of(at(2), at(100));
    assert_eq!(past.booking_conflicts(&BookingConflictsQuery::default()).unwrap().count, 0);
    past.next_slot(&NextSlotQuery::new(["env:a"], Span::from_hours(1), at(0), at(10))).unwrap();
    past.impact(&ImpactQuery::default()).unwrap();
    past.environment_contents(&EnvironmentContentsQuery { at: at(2), environments: None }).unwrap();
    past.drift(&DriftQuery { at: at(2), environments: None, stages: None, application: None }).unwrap();
}

#[test]
fn questions_that_make_no_sense_are_refused() {
    let mut stream = ValueStream::new();
    environment(&mut stream, "env:g", None, None);
    environment(&mut stream, "env:1", Some("env:g"), None);
    let range = r#""start":"2026-03-02T00:00:00Z","end":"2026-04-02T00:00:00Z""#;
    let ages = r#""start":"0001-01-01T00:00:00Z","end":"9999-12-31T00:00:00Z""#;
    let day = r#""at":"2026-03-02T00:00:00Z""#;
    for (name, arguments, code, part) in [
        ("next_slot", format!(r#"{{"environments":["env:1"],"length":0,{range}}}"#), "invalid", "length"),
        ("next_slot", format!(r#"{{"environments":["env:1"],"length":-5,{range}}}"#), "invalid", "length"),
        ("next_slot", format!(r#"{{"environments":[],"length":5,{range}}}"#), "invalid", "environments"),
        ("next_slot", format!(r#"{{"environments":["env:2"],"length":5,{range}}}"#), "unknown_item", "env:2"),
        ("next_slot", format!(r#"{{"environments":["env:1"],"length":5,{ages}}}"#), "invalid", "forty years"),
        ("next_slot", format!(r#"{{"environments":["env:1"],"release":"plan:R","length":5,{range}}}"#), "unknown_item", "plan:R"),
        (
            "next_slot",
            r#"{"environments":["env:1"],"length":5,"start":"2026-03-02T00:00:00Z","end":"2026-03-01T00:00:00Z"}"#.into(),
            "invalid",
            "before start",
        ),
        ("booking_conflicts", r#"{"environments":["env:2"]}"#.into(), "unknown_item", "env:2"),
        ("booking_conflicts", r#"{"mode":"lenient"}"#.into(), "invalid", "lenient"),
        ("environment_contents", format!(r#"{{"environments":["env:2"],{day}}}"#), "unknown_item", "env:2"),
        ("drift", format!(r#"{{"environments":["env:1"],{day}}}"#), "invalid", "at least two"),
        ("drift", format!(r#"{{"environments":["env:1","env:g"],{day}}}"#), "invalid", "group"),
        ("drift", format!(r#"{{"environments":["env:1","env:1"],"stages":[],{day}}}"#), "invalid", "stages"),
        ("impact", r#"{"releases":["env:1"]}"#.into(), "invalid", "not a release"),
    ] {
        let error = call(&mut stream, name, &arguments).unwrap_err();
        assert_eq!(error.code(), code, "{arguments}: {error}");
        assert!(error.to_string().contains(part), "{arguments}: {error}");
    }
}

#[test]
fn bookings_of_all_time_and_blackouts_without_end_are_answered() {
    let mut stream = ValueStream::new();
    let always = Blackout {
        every_days: Some(u32::MAX),
        ..Blackout::new(Instant::MIN, Instant::from_millis(Instant::MIN.millis() + 1).unwrap())
    };
    let daily = Blackout { every_days: Some(1), start: at(0), end: at(1), ..always.clone() };
    say(&mut stream, "env:1", Kind::Environment, |event| {
        event.set.capacity = Some(1);
        event.set.calendar =
            Some(Calendar { zone: "UTC".into(), blackouts: vec![always, daily], ..Calendar::default() });
    });
    environment(&mut stream, "env:2", None, Some(1));
    for (n, place) in ["env:1", "env:2", "env:2"].into_iter().enumerate() {
        say(&mut stream, &format!("booking:{n}"), Kind::Booking, |event| {
            event.set.booking = Some(Booking::Approved);
            (event.set.starts_at, event.set.ends_at) = (Some(Instant::MIN), Some(Instant::MAX));
            event.links.push(Link::new(LinkKind::Books, place));
        });
    }
    let answer = stream.booking_conflicts(&BookingConflictsQuery::default()).unwrap();
    assert_eq!((answer.count, answer.blackouts.len(), answer.blackouts[0].refused), (1, 1, true));
    assert_eq!((answer.conflicts[0].start, answer.conflicts[0].end), (Instant::MIN, Instant::MAX));
    // Closed an hour a day for forty years: a day is never free, 23 hours are after the first hour.
    let until = Instant::from_millis(at(0).millis() + 39 * 365 * 24 * HOUR).unwrap();
    let query = |hours| NextSlotQuery::new(["env:1"], Span::from_hours(hours), at(0), until);
    let day = stream.next_slot(&query(24)).unwrap();
    assert_eq!(
        (day.slot, day.longest, day.never_free),
        (None, Some(Span::from_hours(23)), vec!["env:1".to_owned()])
    );
    let most = stream.next_slot(&query(23)).unwrap().slot.unwrap();
    assert_eq!(
        (most.start, most.after[0].cause, most.after[0].item.as_str()),
        (at(1), SlotCause::Blackout, "env:1")
    );
}

/// A release of an application whose environment is in a group, and a gap in nothing but what is tested here.
fn release() -> ValueStream {
    let mut stream = ValueStream::new();
    say(&mut stream, "app:bank", Kind::Application, |_| {});
    say(&mut stream, "app:phone", Kind::Application, |event| {
        event.links.push(Link::new(LinkKind::Parent, "app:bank"));
    });
    say(&mut stream, "env:group", Kind::Environment, |event| {
        event.set.capacity = Some(1);
        event.set.stage = Some("user_acceptance".into());
        event.links.push(Link::new(LinkKind::BelongsTo, "app:phone"));
    });
    environment(&mut stream, "env:a", Some("env:group"), None);
    say(&mut stream, "plan:R", Kind::Release, |event| {
        event.links.push(Link::new(LinkKind::BelongsTo, "app:phone"));
    });
    stream
}

fn unmet(stream: &ValueStream, hour: usize) -> Vec<(Condition, String, String)> {
    let query =
        ReadinessQuery { stage: Some("user_acceptance".into()), ..ReadinessQuery::new("plan:R", at(hour)) };
    let facts = stream.readiness(&query).unwrap().unmet.into_iter();
    let left = [Condition::HasScope, Condition::HasBuild];
    facts
        .filter(|fact| !left.contains(&fact.condition))
        .map(|fact| (fact.condition, fact.item, fact.sentence))
        .collect()
}

#[test]
fn readiness_knows_groups_and_phases() {
    let mut stream = release();
    assert_eq!(unmet(&stream, 1)[0].0, Condition::EnvironmentBooked);
    assert_eq!(unmet(&stream, 1)[0].2, "env:a is not booked for plan:R.");
    // A part of the release that is no work is a phase, whatever its kind is called.
    say(&mut stream, "phase:uat", Kind::Gate, |event| {
        event.links.push(Link::new(LinkKind::Parent, "plan:R"));
    });
    book(&mut stream, "booking:1", &["env:group"], Booking::Approved, 10, 20);
    say(&mut stream, "booking:1", Kind::Booking, |event| {
        event.links.push(Link::new(LinkKind::BookedFor, "phase:uat"));
    });
    let booked =
        |stream: &ValueStream| unmet(stream, 1).iter().all(|fact| fact.0 != Condition::EnvironmentBooked);
    assert!(booked(&stream), "{:?}", unmet(&stream, 1));
    // Somebody else books what is in the group.
    book(&mut stream, "booking:2", &["env:a"], Booking::Approved, 12, 30);
    let facts = unmet(&stream, 1);
    assert!(
        facts.iter().any(|fact| fact.0 == Condition::NoBookingConflict && fact.1 == "booking:1"),
        "{facts:?}"
    );
}

#[test]
fn the_place_of_a_booking_that_a_blackout_refuses_is_the_one_that_is_looked_at() {
    let mut stream = release();
    say(&mut stream, "env:lab", Kind::Environment, |event| {
        event.set.stage = Some("user_acceptance".into());
        event.set.capacity = Some(1);
        event.set.calendar = Some(closed(5, 12, None));
    });
    book(&mut stream, "booking:1", &["env:lab"], Booking::Pending, 10, 20);
    say(&mut stream, "booking:1", Kind::Booking, |event| {
        event.links.push(Link::new(LinkKind::BookedFor, "plan:R"));
    });
    let facts = unmet(&stream, 6);
    let found: Vec<(Condition, &str)> = facts.iter().map(|fact| (fact.0, fact.1.as_str())).collect();
    assert_eq!(found, [(Condition::EnvironmentBooked, "booking:1"), (Condition::NoBlackout, "env:lab")]);
    // To move it is not all: nobody has approved it either.
    assert!(facts[0].2.ends_with("; it is not approved yet either."), "{}", facts[0].2);
}

#[test]
fn readiness_inherits_blackouts() {
    let mut stream = release();
    book(&mut stream, "booking:1", &["env:group"], Booking::Approved, 10, 20);
    say(&mut stream, "booking:1", Kind::Booking, |event| {
        event.links.push(Link::new(LinkKind::BookedFor, "plan:R"))
    });
    assert_eq!(unmet(&stream, 1), []);
    let close = |category: &str, item: &str, kind: Kind| {
        let mut stream = stream.clone();
        say(&mut stream, item, kind, |event| event.set.calendar = Some(closed(5, 12, Some(category))));
        stream
    };
    for (item, kind) in
        [("app:bank", Kind::Application), ("env:group", Kind::Environment), ("env:a", Kind::Environment)]
    {
        let frozen = close("deployment", item, kind);
        assert_eq!(unmet(&frozen, 1), [], "before it begins");
        let facts = unmet(&frozen, 6);
        assert_eq!((facts.len(), facts[0].0, facts[0].1.as_str()), (1, Condition::NoBlackout, item));
        let refused = close("environment booking", item, kind);
        let facts = unmet(&refused, 6);
        assert_eq!(
            (facts.len(), facts[0].0, facts[0].1.as_str()),
            (1, Condition::EnvironmentBooked, "booking:1")
        );
        assert!(facts[0].2.contains("lies in a blackout"), "{}", facts[0].2);
        let mut overridden = refused;
        say(&mut overridden, "booking:1", Kind::Booking, |event| {
            event.set.override_reason = Some("the board agreed".into());
        });
        assert_eq!(unmet(&overridden, 6), []);
    }
}

#[test]
fn contents_drift_and_impact_go_by_the_last_successful_deployment() {
    let mut stream = release();
    environment(&mut stream, "env:prod", None, None);
    say(&mut stream, "env:prod", Kind::Environment, |event| event.set.stage = Some("pre_production".into()));
    for (n, after) in [("git:1", None), ("git:2", Some("git:1")), ("git:3", Some("git:1"))] {
        say(&mut stream, n, Kind::Change, |event| {
            event.links.extend(after.map(|after| Link::new(LinkKind::Follows, after)));
        });
    }
    for n in 1..=3 {
        say(&mut stream, &format!("ci:{n}"), Kind::Build, |event| {
            event.set.result = Some(Outcome::Success);
            event.set.version = Some(format!("1.{n}"));
            event.links.push(Link::new(LinkKind::BuiltFrom, format!("git:{n}")));
            event.links.push(Link::new(LinkKind::BelongsTo, "app:phone"));
            if n == 2 {
                event.links.push(Link::new(LinkKind::Candidate, "plan:R"));
            }
        });
    }
    let deploy =
        |stream: &mut ValueStream, id: &str, build: &str, place: &str, hour: usize, result: Outcome| {
            say(stream, id, Kind::Deployment, |event| {
                event.set.result = Some(result);
                event.set.ends_at = Some(at(hour));
                event.links.push(Link::new(LinkKind::Deploys, build));
                event.links.push(Link::new(LinkKind::DeployedTo, place));
            });
        };
    deploy(&mut stream, "deploy:1", "ci:1", "env:group", 1, Outcome::Success);
    deploy(&mut stream, "deploy:2", "ci:2", "env:a", 2, Outcome::Success);
    deploy(&mut stream, "deploy:3", "ci:2", "env:a", 3, Outcome::Success);
    deploy(&mut stream, "deploy:4", "ci:3", "env:a", 4, Outcome::Failure);
    deploy(&mut stream, "deploy:5", "ci:1", "env:prod", 5, Outcome::Success);
    let contents = |hour| {
        let query = EnvironmentContentsQuery { at: at(hour), environments: None };
        let rows = stream.environment_contents(&query).unwrap().contents.into_iter();
        rows.map(|row| (row.environment, row.build, row.deployment, row.since, row.version))
            .collect::<Vec<_>>()
    };
    let row = |place: &str, n: usize, deployment: &str, since| {
        (place.to_owned(), format!("ci:{n}"), deployment.to_owned(), Some(at(since)), Some(format!("1.{n}")))
    };
    assert_eq!(contents(1), [row("env:a", 1, "deploy:1", 1)]);
    assert_eq!(contents(9), [row("env:a", 2, "deploy:3", 2), row("env:prod", 1, "deploy:5", 5)]);
    let drift = |hour, environments: Option<Vec<String>>| {
        let query = DriftQuery { at: at(hour), environments, stages: None, application: None };
        let rows = stream.drift(&query).unwrap().rows.into_iter();
        rows.map(|row| (row.here, row.there, row.relation)).collect::<Vec<_>>()
    };
    let pair = |here: &str, there: &str, relation| (here.to_owned(), there.to_owned(), relation);
    assert_eq!(drift(9, None), [pair("env:a", "env:prod", DriftRelation::Newer)]);
    let both = Some(vec!["env:prod".to_owned(), "env:a".to_owned()]);
    assert_eq!(drift(9, both.clone()), [pair("env:prod", "env:a", DriftRelation::Older)]);
    assert_eq!(drift(4, both.clone()), [pair("env:prod", "env:a", DriftRelation::OnlyThere)]);
    deploy(&mut stream, "deploy:6", "ci:3", "env:prod", 6, Outcome::Success);
    let query = DriftQuery { at: at(9), environments: both, stages: None, application: None };
    assert_eq!(stream.drift(&query).unwrap().rows[0].relation, DriftRelation::Different);

    book(&mut stream, "booking:1", &["env:group"], Booking::Approved, 10, 20);
    say(&mut stream, "booking:1", Kind::Booking, |event| {
        event.links.push(Link::new(LinkKind::BookedFor, "plan:R"))
    });
    let impact = stream.impact(&ImpactQuery::default()).unwrap();
    let cells = |cells: Vec<vsm_core::ImpactCell>| {
        let cell = |cell: vsm_core::ImpactCell| (cell.row, cell.column, cell.relation.as_str(), cell.count);
        cells.into_iter().map(cell).collect::<Vec<_>>()
    };
    let cell =
        |row: &str, column: &str, relation, count| (row.to_owned(), column.to_owned(), relation, count);
    assert_eq!(
        cells(impact.environments),
        [cell("env:a", "plan:R", "booked", 1), cell("env:a", "plan:R", "deployed", 2)]
    );
    assert_eq!(
        cells(impact.applications),
        [cell("plan:R", "app:phone", "belongs_to", 1), cell("plan:R", "app:phone", "built", 1)]
    );
}

#[test]
fn a_slot_begins_when_people_work_if_it_has_to() {
    let mut stream = ValueStream::new();
    say(&mut stream, "env:1", Kind::Environment, |event| {
        let hours = vsm_core::Weekday::ALL[..5].iter().map(|day| vsm_core::WorkingHours {
            day: *day,
            start: "09:00".into(),
            end: "17:00".into(),
        });
        let calendar = Calendar { zone: "UTC".into(), hours: hours.collect(), ..Calendar::default() };
        (event.set.capacity, event.set.calendar) = (Some(1), Some(calendar));
    });
    // Until Friday evening; the next working hour is on Monday.
    book(&mut stream, "booking:1", &["env:1"], Booking::Pending, 0, 4 * 24 + 18);
    let query = NextSlotQuery::new(["env:1"], Span::from_hours(2), at(0), at(24 * 14));
    assert_eq!(stream.next_slot(&query).unwrap().slot.unwrap().start, at(4 * 24 + 18));
    let query = NextSlotQuery { in_working_time: Some(true), ..query };
    assert_eq!(stream.next_slot(&query).unwrap().slot.unwrap().start, at(7 * 24 + 9));
}
