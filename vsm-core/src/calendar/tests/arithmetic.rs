//! What holds for every calendar: checked against the rules themselves, minute by minute.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use proptest::prelude::*;

use super::*;
use crate::time::{DAY, MINUTE, Zone};

/// A calendar as a test makes it up: days count from the middle, times are minutes.
#[derive(Clone, Debug)]
struct Made {
    zone: &'static str,
    hours: Vec<(usize, u32, u32)>,
    holidays: Vec<i64>,
    exceptions: BTreeMap<i64, Vec<(u32, u32)>>,
    /// Way of repeating, start and length.
    blackouts: Vec<(u8, i64, i64)>,
}

const ZONES: [&str; 6] =
    ["Europe/Zurich", "America/New_York", "America/Santiago", "Asia/Beirut", "Australia/Lord_Howe", "UTC"];

fn slot() -> impl Strategy<Value = (u32, u32)> {
    (0u32..96, 1u32..97).prop_map(|(start, end)| match start.cmp(&end) {
        std::cmp::Ordering::Less => (start * 15, end * 15),
        _ => (end * 15 - 15, start * 15 + 15),
    })
}

fn made() -> impl Strategy<Value = Made> {
    let hours =
        prop::collection::vec((0usize..7, slot()).prop_map(|(day, (from, to))| (day, from, to)), 0..9);
    let exceptions = prop::collection::btree_map(-6i64..6, prop::collection::vec(slot(), 0..3), 0..4);
    let blackouts = prop::collection::vec((0u8..4, -30 * 1_440i64..1_440, 70i64..2_880), 0..4);
    let holidays = prop::collection::vec(-6i64..6, 0..3);
    (prop::sample::select(&ZONES[..]), hours, holidays, exceptions, blackouts).prop_map(
        |(zone, hours, holidays, exceptions, blackouts)| Made {
            zone,
            hours,
            holidays,
            exceptions,
            blackouts,
        },
    )
}

/// A day near which some zone changes its clocks.
fn middle() -> impl Strategy<Value = NaiveDate> {
    let days = [(3, 8), (3, 29), (4, 5), (9, 6), (10, 4), (10, 25), (11, 1), (6, 15)];
    prop::sample::select(days.to_vec())
        .prop_map(|(month, day)| NaiveDate::from_ymd_opt(2026, month, day).unwrap())
}

fn shifted(day: NaiveDate, days: i64) -> NaiveDate {
    if days < 0 { day - Days::new(days.unsigned_abs()) } else { day + Days::new(days.unsigned_abs()) }
}

fn instant(day: NaiveDate, minutes: i64) -> Instant {
    Instant::clamped(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis() + minutes * MINUTE)
}

fn time(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

impl Made {
    fn calendar(&self, middle: NaiveDate) -> Calendar {
        let hours = self.hours.iter().map(|(day, from, to)| WorkingHours {
            day: Weekday::ALL[*day],
            start: time(*from),
            end: time(*to),
        });
        let exceptions = self.exceptions.iter().map(|(day, hours)| CalendarException {
            day: shifted(middle, *day).to_string(),
            hours: hours.iter().map(|(from, to)| clock(&time(*from), &time(*to))).collect(),
            reason: None,
        });
        let blackouts = self.blackouts.iter().map(|(way, start, length)| {
            let start = instant(middle, *start);
            let end = Instant::clamped(start.millis() + length * MINUTE);
            Blackout {
                every_days: (*way == 1).then_some(3),
                rrule: (*way > 1)
                    .then(|| if *way == 2 { "FREQ=WEEKLY" } else { "FREQ=DAILY;INTERVAL=4" }.into()),
                ..Blackout::new(start, end)
            }
        });
        Calendar {
            zone: self.zone.into(),
            hours: hours.collect(),
            holidays: self.holidays.iter().map(|day| shifted(middle, *day).to_string()).collect(),
            exceptions: exceptions.collect(),
            blackouts: blackouts.collect(),
            ..Calendar::default()
        }
    }

    /// Whether work happens in a minute, by what the records say.
    fn works(&self, middle: NaiveDate, minute: Instant) -> bool {
        let zone = Zone::named(self.zone).unwrap();
        let wall = zone.wall(minute);
        let day = wall.date().signed_duration_since(middle).num_days();
        let now = wall.time().num_seconds_from_midnight() / 60;
        let within = |(from, to): &(u32, u32)| (*from..*to).contains(&now);
        let open = match self.exceptions.get(&day) {
            Some(slots) => slots.iter().any(within),
            None if self.holidays.contains(&day) => false,
            None if self.hours.is_empty() => true,
            None => self.hours.iter().any(|(day, from, to)| {
                *day == wall.weekday().num_days_from_monday() as usize && within(&(*from, *to))
            }),
        };
        open && !self.blackouts.iter().any(|blackout| self.closed(zone, middle, blackout, minute))
    }

    fn closed(&self, zone: Zone, middle: NaiveDate, blackout: &(u8, i64, i64), minute: Instant) -> bool {
        let (way, start, length) = *blackout;
        let (from, to) = (instant(middle, start), instant(middle, start + length));
        let is_in = |from: Instant, to: Instant| from <= minute && minute < to;
        let step = match way {
            0 => return is_in(from, to),
            1 => {
                let late = (minute.millis() - from.millis()).rem_euclid(3 * DAY);
                return late < length * MINUTE;
            }
            2 => 7,
            _ => 4,
        };
        let (wall_from, wall_to) = (zone.wall(from), zone.wall(to));
        let later = |wall: NaiveDateTime, n: u64| zone.at(wall + Days::new(n * step), false);
        (0..20).any(|n| is_in(later(wall_from, n), later(wall_to, n)))
    }
}

proptest! {
    // Each case looks at nine thousand minutes.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn minute_by_minute_it_works_when_its_rules_say_so(made in made(), other in made(), middle in middle()) {
        let start = instant(middle, 0);
        let (one, two) = (made.calendar(middle), other.calendar(middle));
        prop_assume!(one.check().is_ok() && two.check().is_ok());
        let (one, two) = (WorkingTime::new(&one, start).unwrap(), WorkingTime::new(&two, start).unwrap());
        let both = one.intersection(&two);
        for n in -3 * 1_440..3 * 1_440 {
            let (from, to) = (instant(middle, n), instant(middle, n + 1));
            let span = |works: bool| Span::from_millis(if works { MINUTE } else { 0 });
            let (ours, theirs) = (made.works(middle, from), other.works(middle, from));
            prop_assert_eq!(one.between(from, to), span(ours), "{}", from);
            prop_assert_eq!(two.between(from, to), span(theirs), "{}", from);
            prop_assert_eq!(both.between(from, to), span(ours && theirs), "{}", from);
            prop_assert_eq!(one.next_working(from) == Some(from), ours);
            prop_assert_eq!(one.previous_working(to) == Some(to), ours);
        }
    }
}

proptest! {
    #[test]
    fn adding_and_counting_are_inverse_and_keep_the_order(
        made in made(), middle in middle(),
        from in -5 * DAY..5 * DAY, later in 0..3 * DAY, span in -9 * DAY..9 * DAY, more in 0..3 * DAY,
    ) {
        let start = instant(middle, 0);
        let calendar = made.calendar(middle);
        prop_assume!(calendar.check().is_ok());
        let work = WorkingTime::new(&calendar, start).unwrap();
        let from = Instant::clamped(start.millis() + from);
        let span = Span::from_millis(span);
        let Some(end) = work.add(from, span) else { return Ok(()) };
        prop_assert_eq!(work.between(from, end), span);
        prop_assert_eq!(work.between(end, from), Span::from_millis(-span.millis()));
        // Work that is taken back begins where work begins.
        if let Some(back) = work.add(end, Span::from_millis(-span.millis())) {
            prop_assert_eq!(work.between(from, back), Span::ZERO);
            if span > Span::ZERO {
                prop_assert_eq!(work.next_working(from), Some(back));
            } else if span < Span::ZERO {
                prop_assert_eq!(work.previous_working(from), Some(back));
            }
        }
        if let Some(longer) = work.add(from, Span::from_millis(span.millis() + more)) {
            prop_assert!(end <= longer);
        }
        if let Some(after) = work.add(Instant::clamped(from.millis() + later), span) {
            prop_assert!(end <= after);
        }
    }
}
