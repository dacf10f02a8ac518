//! Days, weeks, months and half-years: the buckets of a window, and how many units it touches.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::query::DeliveryBucket;
use super::rules::WeekRule;
use crate::time::{Instant, Zone};

/// A part of a window; without a name it is the whole.
pub(super) struct Bucket {
    pub(super) name: Option<String>,
    pub(super) start: Instant,
    pub(super) end: Instant,
}

/// The parts of a window in order, each cut to the window.
pub(super) fn buckets(start: Instant, end: Instant, zone: Zone, by: Option<DeliveryBucket>) -> Vec<Bucket> {
    let Some(by) = by else { return vec![Bucket { name: None, start, end }] };
    let mut buckets = Vec::new();
    let mut day = first(zone.date(start), by);
    while zone.day_start(day) < end {
        let next = match by {
            DeliveryBucket::Day => day.succ_opt(),
            DeliveryBucket::Week => day.checked_add_days(Days::new(7)),
            DeliveryBucket::Month => day.checked_add_months(Months::new(1)),
        };
        let Some(next) = next else { break };
        let (from, to) = (zone.day_start(day).max(start), zone.day_start(next).min(end));
        if from < to {
            buckets.push(Bucket { name: Some(name(day, by)), start: from, end: to });
        }
        day = next;
    }
    buckets
}

/// The first day of the unit that a day is in.
fn first(day: NaiveDate, by: DeliveryBucket) -> NaiveDate {
    let first = match by {
        DeliveryBucket::Day => Some(day),
        DeliveryBucket::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
        DeliveryBucket::Month => day.with_day(1),
    };
    first.unwrap_or(day)
}

fn name(day: NaiveDate, by: DeliveryBucket) -> String {
    match by {
        DeliveryBucket::Day => day.to_string(),
        DeliveryBucket::Week => format!("{:04}-W{:02}", day.iso_week().year(), day.iso_week().week()),
        DeliveryBucket::Month => format!("{:04}-{:02}", day.year(), day.month()),
    }
}

/// A unit that days fall into, each with a number; those of neighbours are neighbours.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    HalfYear,
}

impl Unit {
    pub(super) fn of(self, day: NaiveDate) -> i32 {
        // 1 January of the year 1 was a Monday.
        let month = day.year() * 12 + day.month0() as i32;
        match self {
            Unit::Day => day.num_days_from_ce(),
            Unit::Week => (day.num_days_from_ce() - 1).div_euclid(7),
            Unit::Month => month,
            Unit::HalfYear => month.div_euclid(6),
        }
    }

    /// The first and last number of the units of a time, if there are any.
    pub(super) fn touched(
        self,
        start: Instant,
        end: Instant,
        zone: Zone,
        rule: WeekRule,
    ) -> Option<(i32, i32)> {
        if end <= start {
            return None;
        }
        let (first, last) = (zone.date(start), zone.date(Instant::clamped(end.millis() - 1)));
        let (mut from, mut to) = (self.of(first), self.of(last));
        if rule == WeekRule::Whole {
            // A unit that the time begins or ends within is none of its.
            let before = first.pred_opt().map(|day| self.of(day));
            let after = last.succ_opt().map(|day| self.of(day));
            let is_cut = zone.day_start(first) < start;
            if is_cut || before == Some(from) {
                from += 1;
            }
            let next = last.succ_opt().map(|day| zone.day_start(day));
            if next.is_some_and(|next| end < next) || after == Some(to) {
                to -= 1;
            }
        }
        (from <= to).then_some((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn names(start: &str, end: &str, zone: &str, by: DeliveryBucket) -> Vec<String> {
        let parts = buckets(at(start), at(end), Zone::named(zone).unwrap(), Some(by));
        parts.into_iter().filter_map(|part| part.name).collect()
    }

    #[test]
    fn weeks_bear_the_iso_year_and_parts_fill_the_window() {
        let (start, end) = ("2026-12-30T12:00:00Z", "2027-01-05T00:00:00Z");
        assert_eq!(names(start, end, "UTC", DeliveryBucket::Week), ["2026-W53", "2027-W01"]);
        assert_eq!(names(start, end, "UTC", DeliveryBucket::Month), ["2026-12", "2027-01"]);
        let zone = Zone::named("Europe/Zurich").unwrap();
        for by in [DeliveryBucket::Day, DeliveryBucket::Week, DeliveryBucket::Month] {
            let parts = buckets(at(start), at(end), zone, Some(by));
            assert_eq!((parts[0].start, parts.last().unwrap().end), (at(start), at(end)));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
        assert_eq!(buckets(at(start), at(start), zone, Some(DeliveryBucket::Day)).len(), 0);
    }

    #[test]
    fn whole_weeks_are_those_that_lie_in_the_time() {
        let touched = |start: &str, end: &str, rule| {
            let units = Unit::Week.touched(at(start), at(end), Zone::UTC, rule);
            units.map_or(0, |(from, to)| to - from + 1)
        };
        // 2 March 2026 is a Monday.
        let (monday, next) = ("2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z");
        assert_eq!(touched(monday, next, WeekRule::Touched), 1);
        assert_eq!(touched(monday, next, WeekRule::Whole), 1);
        assert_eq!(touched("2026-03-02T00:00:00.001Z", next, WeekRule::Whole), 0);
        assert_eq!(touched(monday, "2026-03-08T23:59:59.999Z", WeekRule::Whole), 0);
        assert_eq!(touched("2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z", WeekRule::Whole), 1);
        assert_eq!(touched("2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z", WeekRule::Touched), 3);
        assert_eq!(touched(monday, monday, WeekRule::Touched), 0);
    }
}
