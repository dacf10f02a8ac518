use super::*;
use crate::analyze::metrics::Bucket;
use crate::model::{Event, FlowState, Kind};
use crate::time::Span;

const DAY: i64 = 86_400_000;

fn at(millis: i64) -> Instant {
    Instant::clamped(1_767_225_600_000 + millis)
}

/// Defects with random histories over a hundred days from 1 January 2026, told in a random order.
fn world(seed: u32, defects: u32) -> ValueStream {
    let mut dice = seed;
    let mut roll = move |n: u32| {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (dice >> 8) % n.max(1)
    };
    let mut events = Vec::new();
    for n in 0..defects {
        for step in 0..=roll(6) {
            let when = at(i64::from(roll(100 * 24)) * 3_600_000);
            let mut event = Event::new("t", format!("{n}/{step}"), when, format!("t:{n}"));
            event.kind = Some(if roll(9) == 0 { Kind::Story } else { Kind::Defect });
            event.set.state =
                Some([FlowState::New, FlowState::Active, FlowState::Done, FlowState::Done][roll(4) as usize]);
            event.set.priority = Some(["high", "low"][roll(2) as usize].into());
            events.push((roll(1 << 20), event));
        }
    }
    events.sort_by_key(|(place, _)| *place);
    let mut stream = ValueStream::new();
    events.into_iter().for_each(|(_, event)| {
        stream.apply(event).unwrap();
    });
    stream
}

/// What is open at the end of a part is what was open at the end of the one before, more what was opened and less what was
/// closed; groups by something that never changes add up; and the last part ends with what is open.
#[test]
fn the_trend_adds_up() {
    for seed in 1..8 {
        let stream = world(seed, 60);
        for bucket in [Bucket::Day, Bucket::Week, Bucket::Month] {
            let mut query = DefectsQuery::new(at(-DAY), at(101 * DAY), "Europe/Zurich");
            query.bucket = Some(bucket);
            let answer = stream.defects(&query).unwrap();
            let mut open = 0;
            for row in &answer.trend {
                assert_eq!(row.open, open + row.opened - row.closed, "{} of seed {seed}", row.bucket);
                open = row.open;
            }
            assert_eq!(open, answer.open);
            query.group_by = vec!["kind".into()];
            let grouped = stream.defects(&query).unwrap();
            for (part, row) in grouped.trend.iter().zip(&answer.trend) {
                assert_eq!((part.open, part.opened, part.closed), (row.open, row.opened, row.closed));
            }
            query.group_by = vec!["priority".into()];
            let grouped = stream.defects(&query).unwrap();
            for row in &answer.trend {
                let parts = grouped.trend.iter().filter(|part| part.bucket == row.bucket);
                assert_eq!(parts.map(|part| part.open).sum::<u32>(), row.open);
            }
            query.open_rule = Some(OpenRule::AnyTime);
            query.group_by = Vec::new();
            let touched = stream.defects(&query).unwrap();
            for (row, end) in touched.trend.iter().zip(&answer.trend) {
                assert!(row.open >= end.open, "open at the end is open at some time");
            }
        }
    }
}

#[test]
fn what_is_asked_of_the_past_is_what_was_so() {
    let stream = world(5, 40);
    let query = DefectsQuery::new(at(0), at(50 * DAY), "UTC");
    let then = stream.as_of(query.at, Instant::MAX).defects(&query).unwrap();
    assert_eq!(stream.defects(&query).unwrap(), then);
    let ages = then.open_age.unwrap();
    assert_eq!(ages.n, u64::from(then.open));
    assert!(ages.min >= Span::ZERO && ages.max <= Span::from_days(50));
}

#[test]
fn the_estimate_of_what_is_left_is_never_below_what_was_found() {
    let mut stream = ValueStream::new();
    for n in 0..40u32 {
        let mut event = Event::new("t", n.to_string(), at(i64::from(n)), format!("t:{n}"));
        (event.kind, event.set.state) = (Some(Kind::Defect), Some(FlowState::New));
        let by = ["a", "b", "a,b", "b , a"][n as usize % 4];
        event.set.attributes.insert("found_by".into(), by.into());
        stream.apply(event).unwrap();
        let mut query = DefectsQuery::new(at(0), at(DAY), "UTC");
        query.finders = vec!["a".into(), "b".into()];
        let latent = stream.defects(&query).unwrap().latent.unwrap();
        assert_eq!(latent.found, n + 1);
        assert_eq!(latent.estimate.is_some(), n >= 2);
        if let (Some(lower), Some(upper), Some(estimate)) = (latent.lower, latent.upper, latent.estimate) {
            assert!(f64::from(latent.found) <= lower && lower <= upper && estimate <= upper);
        }
    }
}
