//! When a blackout is on: once, again and again after so many days, or by a rule.

use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::blackout::Blackout;
use super::rule::Rule;
use crate::error::{Error, Result};
use crate::time::{DAY, Instant, Offsets, Span, Zone};

/// An occurrence of a rule may last that long.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// The occurrences of a blackout. Any stretch of them is found without walking through those before it.
#[derive(Clone, Debug)]
pub(crate) struct Occurrences {
    start: i64,
    end: i64,
    repeats: Repeats,
}

#[derive(Clone, Debug)]
enum Repeats {
    Never,
    /// After so many milliseconds, without begin and end.
    Every(i64),
    By(Arc<WallClock>),
}

/// Occurrences on the days of a rule, from and to a time of the wall clock.
#[derive(Debug)]
struct WallClock {
    rule: Rule,
    zone: Zone,
    time: NaiveTime,
    /// What the wall clock goes on from start to end.
    length: TimeDelta,
}

impl Occurrences {
    /// Of a blackout whose rule is meant in a zone; `field` is its name in errors.
    pub(super) fn of(blackout: &Blackout, zone: Zone, field: &str) -> Result<Occurrences> {
        if blackout.end <= blackout.start {
            return Err(Error::invalid(field, "a blackout must end after it starts"));
        }
        let repeats = match (blackout.every_days, &blackout.rrule) {
            (None, None) => Repeats::Never,
            (Some(days), None) => Repeats::Every(every(blackout, days, field)?),
            (None, Some(rule)) => Repeats::By(Arc::new(WallClock::of(blackout, rule, zone, field)?)),
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    &format!("{field}.rrule"),
                    "a blackout repeats by every_days or by a rule, not by both",
                ));
            }
        };
        Ok(Occurrences { start: blackout.start.millis(), end: blackout.end.millis(), repeats })
    }

    /// All that end after `start` and begin before `end`, by their start.
    pub(crate) fn between(&self, start: i64, end: i64) -> impl Iterator<Item = (i64, i64)> + '_ {
        let (once, every, by) = match &self.repeats {
            Repeats::Never => (Some((self.start, self.end)), None, None),
            Repeats::Every(period) => (None, Some(self.every(*period, start)), None),
            Repeats::By(clock) => (None, None, Some(clock.around(start, end))),
        };
        let all = once.into_iter().chain(every.into_iter().flatten()).chain(by.into_iter().flatten());
        all.skip_while(move |(_, to)| *to <= start).take_while(move |(from, _)| *from < end)
    }

    fn every(&self, period: i64, start: i64) -> impl Iterator<Item = (i64, i64)> + use<> {
        let first = ((start - self.end).div_euclid(period) + 1) * period;
        let (from, to) = (self.start, self.end);
        (0i64..).map_while(move |n| {
            let shift = first.checked_add(n.checked_mul(period)?)?;
            Some((from.checked_add(shift)?, to.checked_add(shift)?))
        })
    }

    /// The first occurrence that ends after `start` and begins before `end`.
    pub(crate) fn overlapping(&self, start: Instant, end: Instant) -> Option<(Instant, Instant)> {
        let (from, to) = self.between(start.millis(), end.millis()).next()?;
        Some((Instant::clamped(from), Instant::clamped(to)))
    }

    /// The end of the occurrence that covers `at`, if any does; of several the last.
    pub(crate) fn covering(&self, at: Instant) -> Option<Instant> {
        let (_, end) = self.between(at.millis(), at.millis().saturating_add(1)).last()?;
        Some(Instant::clamped(end))
    }
}

/// The time after which a blackout repeats, in milliseconds.
fn every(blackout: &Blackout, days: u32, field: &str) -> Result<i64> {
    if blackout.end.since(blackout.start) > Span::from_days(i64::from(days)) {
        return Err(Error::invalid(
            &format!("{field}.every_days"),
            "a blackout must be shorter than the time after which it repeats",
        ));
    }
    Ok(i64::from(days.max(1)) * DAY)
}

impl WallClock {
    fn of(blackout: &Blackout, rule: &str, zone: Zone, field: &str) -> Result<WallClock> {
        let (start, end) = (zone.wall(blackout.start), zone.wall(blackout.end));
        let length = end.signed_duration_since(start);
        if length <= TimeDelta::zero() {
            return Err(Error::invalid(
                field,
                "a blackout with a rule must end after it starts by the clock of its zone as well",
            ));
        }
        if length > LONGEST {
            return Err(Error::invalid(field, "a blackout with a rule must not be longer than a year"));
        }
        let field = format!("{field}.rrule");
        let rule = Rule::new(rule, start.date(), &field)?;
        if rule.until().is_some_and(|until| until < blackout.start) {
            return Err(Error::invalid(&field, "ends before the blackout starts"));
        }
        Ok(WallClock { rule, zone, time: start.time(), length })
    }

    /// The occurrences that may overlap a stretch of time, by their start.
    fn around(&self, start: i64, end: i64) -> impl Iterator<Item = (i64, i64)> + '_ {
        // A day more on both sides: wherever a time of the wall clock falls on, it is not further away.
        let back = Days::new(u64::try_from(self.length.num_days()).unwrap_or(0) + 2);
        let day = |at: i64| self.zone.date(Instant::clamped(at));
        let from = day(start).checked_sub_days(back).unwrap_or(NaiveDate::MIN);
        let to = day(end).checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let until = self.rule.until().map_or(i64::MAX, Instant::millis);
        let (mut starts, mut ends) = (Offsets::new(self.zone), Offsets::new(self.zone));
        self.rule
            .between(from, to)
            .map(move |day| {
                let start = day.and_time(self.time);
                let end = start.checked_add_signed(self.length).unwrap_or(start);
                (self.at(start, &mut starts), self.at(end, &mut ends))
            })
            .take_while(move |(from, _)| *from <= until)
            .filter(|(from, to)| from < to)
    }

    /// The instant of a time of the wall clock; on most days no clock changes.
    fn at(&self, wall: NaiveDateTime, offsets: &mut Offsets) -> i64 {
        match offsets.of(wall.date()) {
            Some(offset) => Instant::clamped(wall.and_utc().timestamp_millis() - offset).millis(),
            None => self.zone.at(wall, false).millis(),
        }
    }
}
