//! What questions about bookings cost, in one run with what a user would write with his own hands.
//!
//! `cargo bench --bench bookings [-- BOOKINGS]`; a hundred thousand by default. The table goes to `benches/README.md`.

#[path = "clock.rs"]
mod clock;
#[path = "dice.rs"]
mod dice;

use std::time::Duration;

use dice::Dice;
use vsm_core::{
    Booking, BookingConflictsQuery, Event, ImpactQuery, Instant, Kind, Link, LinkKind, NextSlotQuery, Span,
    ValueStream,
};

const MONDAY: i64 = 1_772_409_600_000;
const HOUR: i64 = 3_600_000;
const GROUPS: u64 = 40;
const RELEASES: u64 = 1_600;

fn at(hours: i64) -> Instant {
    Instant::from_millis(MONDAY + hours * HOUR).unwrap()
}

/// So many bookings of environments in forty groups over a year, one in a hundred of a whole group.
fn portfolio(bookings: u64, environments: u64) -> ValueStream {
    let mut dice = Dice(bookings + environments);
    let mut events = Vec::new();
    let mut say = |item: String, kind: Kind, fill: &mut dyn FnMut(&mut Event)| {
        let mut event = Event::new("bank", item.clone(), at(0), item);
        event.kind = Some(kind);
        fill(&mut event);
        events.push(event);
    };
    for n in 0..GROUPS {
        say(format!("env:group{n}"), Kind::Environment, &mut |event| event.set.capacity = Some(2));
    }
    for n in 0..environments {
        say(format!("env:{n}"), Kind::Environment, &mut |event| {
            event.links.push(Link::new(LinkKind::Parent, format!("env:group{}", n % GROUPS)));
        });
    }
    for n in 0..RELEASES {
        say(format!("plan:R{n}"), Kind::Release, &mut |_| {});
    }
    for n in 0..bookings {
        let start = dice.below(24 * 365) as i64;
        let hours = 1 + dice.below(72) as i64;
        let place = match dice.below(100) {
            0 => format!("env:group{}", dice.below(GROUPS)),
            _ => format!("env:{}", dice.below(environments)),
        };
        let status = if dice.below(4) == 0 { Booking::Pending } else { Booking::Approved };
        let release = dice.below(RELEASES);
        say(format!("booking:{n}"), Kind::Booking, &mut |event| {
            event.set.booking = Some(status);
            (event.set.starts_at, event.set.ends_at) = (Some(at(start)), Some(at(start + hours)));
            event.links.push(Link::new(LinkKind::Books, place.as_str()));
            event.links.push(Link::new(LinkKind::BookedFor, format!("plan:R{release}")));
        });
    }
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events).refused, []);
    stream
}

fn row(what: &str, time: Duration, answer: String) {
    println!("| {what} | {:.2} ms | {answer} |", time.as_secs_f64() * 1e3);
}

fn main() {
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(100_000);
    println!("| {count} bookings | time | answer |\n|---|---|---|");
    for environments in [400, 4_000] {
        let stream = portfolio(count, environments);
        let query = BookingConflictsQuery::default();
        let counts = BookingConflictsQuery { limit: Some(0), ..query.clone() };
        let week =
            BookingConflictsQuery { start: Some(at(24 * 100)), end: Some(at(24 * 107)), ..query.clone() };
        for (what, query) in [("listed", &query), ("counted", &counts), ("of a week, listed", &week)] {
            let found = stream.booking_conflicts(query).unwrap();
            let time = clock::median(5, || stream.booking_conflicts(query).unwrap());
            let answer = format!("{} conflicts", found.count);
            row(&format!("conflicts in {environments} environments, {what}"), time, answer);
        }
        for places in [1, 5] {
            let ids = (0..places).map(|n| format!("env:{}", n * GROUPS));
            let query = NextSlotQuery::new(ids, Span::from_hours(48), at(24 * 30), at(24 * 365));
            let found = stream.next_slot(&query).unwrap();
            let time = clock::median(101, || stream.next_slot(&query).unwrap());
            let answer = found.slot.map_or("none".into(), |slot| slot.start.to_string());
            row(&format!("next slot in {places} of {environments} environments"), time, answer);
        }
        let time = clock::median(5, || stream.impact(&ImpactQuery::default()).unwrap());
        let cells = stream.impact(&ImpactQuery::default()).unwrap().environments.len();
        row(
            &format!("environments by releases, {environments} environments"),
            time,
            format!("{cells} cells"),
        );
    }
}
