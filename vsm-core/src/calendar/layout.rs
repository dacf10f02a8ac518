//! A calendar laid out as the intervals in which work happens.

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::read::Read;
use super::week::Slot;
use crate::time::{Change, DAY, Instant, Offsets};

/// How far a calendar is laid out at once, in years before and after the instant that it is laid out for: most questions
/// look no further.
pub(super) const NEAR: (i32, i32) = (1, 5);
/// How far it is laid out where a question looks further.
pub(super) const WIDE: (i32, i32) = (15, 40);

/// When a calendar works, in a stretch of time.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// What is laid out, in milliseconds: `[start, end)`.
    pub(super) reach: (i64, i64),
    /// Disjoint, ascending, non-empty intervals.
    pub(super) intervals: Vec<(i64, i64)>,
}

impl Layout {
    /// So many years before and after an instant.
    pub(super) fn of(read: &Read, around: Instant, years: (i32, i32)) -> Layout {
        let year = read.zone.date(around).year();
        let first = NaiveDate::from_ymd_opt((year - years.0).max(1), 1, 2).unwrap_or_default();
        let last = NaiveDate::from_ymd_opt((year + years.1).min(9999), 12, 30).unwrap_or_default();
        let reach = (read.zone.day_start(first).millis(), read.zone.day_start(last).millis());
        let worked = worked(read, first, last);
        let working = read.blackouts.iter().filter(|(stops_work, _)| *stops_work);
        let mut closed: Vec<(i64, i64)> =
            working.flat_map(|(_, when)| when.between(reach.0, reach.1)).collect();
        closed.sort_unstable();
        Layout { reach, intervals: without(worked, &closed) }
    }

    /// When both work, as far as both are laid out.
    pub(super) fn and(&self, other: &Layout) -> Layout {
        let reach = (self.reach.0.max(other.reach.0), self.reach.1.min(other.reach.1));
        let mut both = Vec::new();
        let (mut ours, mut theirs) = (self.intervals.iter().peekable(), other.intervals.iter().peekable());
        while let (Some(one), Some(two)) = (ours.peek(), theirs.peek()) {
            let (start, end) = (one.0.max(two.0), one.1.min(two.1));
            if start < end {
                both.push((start, end));
            }
            // What ends first has nothing more in common with the rest of the other.
            if one.1 <= two.1 {
                ours.next();
            } else {
                theirs.next();
            }
        }
        Layout { reach, intervals: both }
    }
}

/// What the days from `first` to before `last` have of working time, blackouts left aside.
fn worked(read: &Read, first: NaiveDate, last: NaiveDate) -> Vec<(i64, i64)> {
    let by_rule = read.holiday_rules.iter().flat_map(|rule| rule.between(first, last));
    let mut holidays: Vec<NaiveDate> = read.holidays.iter().copied().chain(by_rule).collect();
    holidays.sort_unstable();
    let mut holidays = holidays.into_iter().peekable();
    let mut exceptions = read.exceptions.iter().peekable();
    let mut offsets = Offsets::new(read.zone);
    let mut change: Option<Change> = None;
    let mut intervals: Vec<(i64, i64)> = Vec::new();
    for day in first.iter_days().take_while(|day| *day < last) {
        while holidays.next_if(|other| *other < day).is_some() {}
        while exceptions.next_if(|(other, _)| *other < day).is_some() {}
        let slots = match exceptions.peek() {
            Some((other, slots)) if *other == day => slots.as_slice(),
            _ if holidays.peek() == Some(&day) => &[],
            _ => read.week.get(day.weekday().num_days_from_monday() as usize).map_or(&[][..], Vec::as_slice),
        };
        if slots.is_empty() {
            continue;
        }
        // Years of days are laid out for every question, and on nearly all of them no clock changes.
        match offsets.of(day) {
            Some(offset) => intervals.extend(slots.iter().map(|slot| on(day, slot, offset))),
            None => {
                let near = |change: &Change| change.before != change.after && change.is_near(day);
                let of_day = change.filter(near).unwrap_or_else(|| read.zone.change(day));
                change = Some(of_day);
                for slot in slots {
                    let (from, to) = on(day, slot, of_day.before);
                    intervals.push((from, to.min(of_day.at)));
                    let (from, to) = on(day, slot, of_day.after);
                    intervals.push((from.max(of_day.at), to));
                }
            }
        }
    }
    intervals.retain(|(from, to)| from < to);
    // Where a clock is set back over midnight, hours of two days take turns.
    intervals.sort_unstable();
    intervals.dedup_by(|next, previous| {
        let touches = next.0 <= previous.1;
        if touches {
            previous.1 = previous.1.max(next.1);
        }
        touches
    });
    intervals
}

/// A slot of a day, by a clock so many milliseconds ahead of UTC.
fn on(day: NaiveDate, (start, end): &Slot, offset: i64) -> (i64, i64) {
    let at = |time: &NaiveTime| day.and_time(*time).and_utc().timestamp_millis() - offset;
    (at(start), end.as_ref().map_or_else(|| at(&NaiveTime::MIN) + DAY, at))
}

/// What is left of disjoint intervals without others that may overlap; both ascend.
fn without(intervals: Vec<(i64, i64)>, others: &[(i64, i64)]) -> Vec<(i64, i64)> {
    if others.is_empty() {
        return intervals;
    }
    let mut left = Vec::with_capacity(intervals.len());
    let mut others = others.iter().peekable();
    // Everything before it is taken out.
    let mut taken = i64::MIN;
    for (start, end) in intervals {
        let mut from = start.max(taken);
        while let Some((other_from, other_to)) = others.next_if(|(other_from, _)| *other_from < end) {
            if from < *other_from {
                left.push((from, *other_from));
            }
            taken = taken.max(*other_to);
            from = from.max(taken);
        }
        if from < end {
            left.push((from, end));
        }
    }
    left
}
