//! A calendar laid out as the intervals in which work happens.

use chrono::{Datelike, Days, NaiveDate, NaiveTime};

use super::blackout::Blackout;
use super::records::Calendar;
use super::week::{Slot, read_date, read_week};
use crate::error::Result;
use crate::time::{Change, DAY, Instant, Offsets, Zone};

/// How far a laid-out calendar reaches, in years before and after the instant it is made for.
pub(super) const REACH: (i32, i32) = (15, 40);

/// Disjoint, ascending, non-empty intervals of milliseconds: when a calendar works in the years around an instant.
pub(super) fn lay_out(calendar: &Calendar, around: Instant) -> Result<Vec<(i64, i64)>> {
    calendar.check()?;
    let zone = Zone::named(&calendar.zone)?;
    let week = read_week(&calendar.hours)?;
    let mut holidays = calendar.holidays.iter().map(|day| read_date(day)).collect::<Result<Vec<_>>>()?;
    holidays.sort_unstable();
    let year = zone.date(around).year();
    let first = NaiveDate::from_ymd_opt((year - REACH.0).max(1), 1, 2).unwrap_or_default();
    let last = NaiveDate::from_ymd_opt((year + REACH.1).min(9999), 12, 30).unwrap_or_default();
    let mut intervals: Vec<(i64, i64)> = Vec::new();
    if week.iter().all(Vec::is_empty) {
        intervals.push((zone.day_start(first).millis(), zone.day_start(last).millis()));
        for holiday in holidays.iter().filter(|day| (first..last).contains(day)) {
            let next = holiday.checked_add_days(Days::new(1)).unwrap_or(last);
            subtract(&mut intervals, zone.day_start(*holiday).millis(), zone.day_start(next).millis());
        }
    } else {
        let mut offsets = Offsets::new(zone);
        let mut change: Option<Change> = None;
        let mut day = first;
        while day < last {
            if holidays.binary_search(&day).is_err() {
                let slots =
                    week.get(day.weekday().num_days_from_monday() as usize).map_or(&[][..], Vec::as_slice);
                // Fifty years of days are laid out for every question, and on nearly all of them no clock changes.
                match if slots.is_empty() { Some(0) } else { offsets.of(day) } {
                    Some(offset) => intervals.extend(slots.iter().map(|slot| on(day, slot, offset))),
                    None => {
                        let near = |change: &Change| change.before != change.after && change.is_near(day);
                        let of_day = change.filter(near).unwrap_or_else(|| zone.change(day));
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
            day = day.checked_add_days(Days::new(1)).unwrap_or(last);
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
    }
    for (n, blackout) in calendar.blackouts.iter().enumerate() {
        blackout.check(&format!("calendar.blackouts[{n}]"))?;
        if blackout.stops_work() {
            remove_blackout(&mut intervals, blackout);
        }
    }
    Ok(intervals)
}

/// A slot of a day, by a clock so many milliseconds ahead of UTC.
fn on(day: NaiveDate, (start, end): &Slot, offset: i64) -> (i64, i64) {
    let at = |time: &NaiveTime| day.and_time(*time).and_utc().timestamp_millis() - offset;
    (at(start), end.as_ref().map_or_else(|| at(&NaiveTime::MIN) + DAY, at))
}

fn remove_blackout(intervals: &mut Vec<(i64, i64)>, blackout: &Blackout) {
    let (Some(first), Some(last)) = (intervals.first().map(|i| i.0), intervals.last().map(|i| i.1)) else {
        return;
    };
    let (start, end) = (blackout.start.millis(), blackout.end.millis());
    match blackout.every_days {
        None => subtract(intervals, start, end),
        Some(days) => {
            let period = i64::from(days.max(1)) * DAY;
            let mut shift = (first - end).div_euclid(period) * period;
            let mut kept = Vec::with_capacity(intervals.len());
            // One merge of two ascending sequences; subtracting each occurrence on its own would be quadratic.
            for (start_of, to) in std::mem::take(intervals) {
                let mut from = start_of;
                while end + shift <= from {
                    shift += period;
                }
                let mut probe = shift;
                while start + probe < to && start + probe <= last {
                    if from < start + probe {
                        kept.push((from, start + probe));
                    }
                    from = from.max(end + probe);
                    probe += period;
                }
                if from < to {
                    kept.push((from, to));
                }
            }
            *intervals = kept;
        }
    }
}

fn subtract(intervals: &mut Vec<(i64, i64)>, start: i64, end: i64) {
    let from = intervals.partition_point(|i| i.1 <= start);
    let to = intervals.partition_point(|i| i.0 < end);
    if from >= to {
        return;
    }
    let mut rest = Vec::new();
    if let Some(first) = intervals.get(from).filter(|i| i.0 < start) {
        rest.push((first.0, start));
    }
    if let Some(last) = to.checked_sub(1).and_then(|last| intervals.get(last)).filter(|i| i.1 > end) {
        rest.push((end, last.1));
    }
    intervals.splice(from..to, rest);
}
