//! The days that a recurrence rule matches: the part of RFC 5545 that counts in days.
//!
//! A rule is looked at in periods of its frequency: the days of a period are laid out, what the rule does not name is
//! left out, and of the rest the positions are picked. So a search can begin anywhere, without walking from the start.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::rule_text::{Frequency, Parts, Until};
use crate::error::{Error, Result};
use crate::time::{Instant, clip};

/// How far ahead a rule is searched for its first day, to say in an error which it is: thirty years.
const AHEAD: Days = Days::new(30 * 366);
/// How far ahead a rule is counted, so that a short text is never long work: two hundred years.
const COUNTED: Days = Days::new(200 * 366);

/// A rule with the day that it starts on.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    start: NaiveDate,
    parts: Parts,
    /// The last day; none where the rule has no end of its own.
    last: Option<NaiveDate>,
}

impl Rule {
    /// Reads a rule that starts on a day, which it has to match: what a rule means whose start is none of its days is
    /// undefined in RFC 5545 (3.8.5.3), and programs differ.
    pub(super) fn new(text: &str, start: NaiveDate, field: &str) -> Result<Rule> {
        let mut parts = Parts::read(text, field)?;
        parts.complete(start);
        let mut rule = Rule { start, parts, last: None };
        let first = rule.between(start, start.checked_add_days(AHEAD).unwrap_or(start)).next();
        match first {
            Some(first) if first == start => {}
            Some(first) => {
                return Err(Error::invalid(
                    field,
                    format!(
                        "\"{}\" does not match the day that it starts on, {start}: let it start on {first}",
                        clip(text)
                    ),
                ));
            }
            None => {
                return Err(Error::invalid(
                    field,
                    format!(
                        "\"{}\" matches no day in the thirty years from its start on {start}",
                        clip(text)
                    ),
                ));
            }
        }
        rule.last = match (rule.parts.count, &rule.parts.until) {
            (Some(count), _) => Some(rule.last_of(count).ok_or_else(|| {
                Error::invalid(
                    field,
                    format!(
                        "\"{}\" has not counted to {count} after two hundred years: use UNTIL",
                        clip(text)
                    ),
                )
            })?),
            (None, Some(Until::Day(day))) => Some(*day),
            _ => None,
        };
        if rule.last.is_some_and(|last| last < start) {
            return Err(Error::invalid(
                field,
                format!("\"{}\" ends before it starts on {start}", clip(text)),
            ));
        }
        Ok(rule)
    }

    fn last_of(&self, count: u32) -> Option<NaiveDate> {
        let to = self.start.checked_add_days(COUNTED)?;
        self.between(self.start, to).nth(count.checked_sub(1)? as usize)
    }

    /// The last instant at which a day's occurrence may begin, where the rule states one.
    pub(super) fn until(&self) -> Option<Instant> {
        match self.parts.until {
            Some(Until::At(at)) => Some(at),
            _ => None,
        }
    }

    /// The days that it matches from one day to another, both included, in ascending order. Takes as long as the periods
    /// between them, wherever they are.
    pub(super) fn between(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
        let from = from.max(self.start);
        let to = self.last.map_or(to, |last| to.min(last));
        let (base, interval) = (self.period(self.start), i64::from(self.parts.interval));
        let mut period = base + (self.period(from) - base).div_euclid(interval) * interval;
        // The days of one period, the next one last.
        let mut days: Vec<NaiveDate> = Vec::new();
        std::iter::from_fn(move || {
            loop {
                match days.pop() {
                    Some(day) if day > to => return None,
                    Some(day) if day >= from => return Some(day),
                    Some(_) => continue,
                    None => {}
                }
                if from > to || !self.lay_out(period, to, &mut days) {
                    return None;
                }
                days.reverse();
                period += interval;
            }
        })
    }

    /// The number of the period that a day is in.
    fn period(&self, day: NaiveDate) -> i64 {
        match self.parts.frequency {
            Frequency::Daily => i64::from(day.num_days_from_ce()),
            Frequency::Weekly => {
                let first = i64::from(self.parts.week_start.num_days_from_monday());
                // Day 1 of the common era is a Monday.
                (i64::from(day.num_days_from_ce()) - 1 - first).div_euclid(7)
            }
            Frequency::Monthly => i64::from(day.year()) * 12 + i64::from(day.month0()),
            Frequency::Yearly => i64::from(day.year()),
        }
    }

    /// Adds the days that a period has; false where it begins after `to` or no calendar reaches it.
    fn lay_out(&self, period: i64, to: NaiveDate, days: &mut Vec<NaiveDate>) -> bool {
        let Some(first) = self.first_of(period).filter(|first| *first <= to) else { return false };
        match self.parts.frequency {
            Frequency::Daily => days.extend(Some(first).filter(|day| self.matches(*day))),
            Frequency::Weekly => days.extend(first.iter_days().take(7).filter(|day| self.matches(*day))),
            Frequency::Monthly => self.lay_out_month(first, days),
            Frequency::Yearly => {
                let months = (1..=12).filter(|month| self.parts.has_month(*month));
                months
                    .filter_map(|month| first.with_month(month))
                    .for_each(|first| self.lay_out_month(first, days));
            }
        }
        self.pick(days);
        true
    }

    fn first_of(&self, period: i64) -> Option<NaiveDate> {
        match self.parts.frequency {
            Frequency::Daily => NaiveDate::from_num_days_from_ce_opt(i32::try_from(period).ok()?),
            Frequency::Weekly => {
                let first = i64::from(self.parts.week_start.num_days_from_monday());
                NaiveDate::from_num_days_from_ce_opt(i32::try_from(period * 7 + first + 1).ok()?)
            }
            Frequency::Monthly => {
                let year = i32::try_from(period.div_euclid(12)).ok()?;
                NaiveDate::from_ymd_opt(year, u32::try_from(period.rem_euclid(12)).ok()? + 1, 1)
            }
            Frequency::Yearly => NaiveDate::from_ymd_opt(i32::try_from(period).ok()?, 1, 1),
        }
    }

    fn lay_out_month(&self, first: NaiveDate, days: &mut Vec<NaiveDate>) {
        if self.parts.month_days.is_empty() {
            let all = first.iter_days().take_while(|day| day.month() == first.month());
            days.extend(all.filter(|day| self.matches(*day)));
            return;
        }
        let length = days_in_month(first);
        let mut named: Vec<u32> =
            self.parts.month_days.iter().filter_map(|day| counted(*day, length)).collect();
        named.sort_unstable();
        named.dedup();
        days.extend(named.into_iter().filter_map(|day| first.with_day(day)).filter(|day| self.matches(*day)));
    }

    /// Whether a day has a month, a day of the month and a weekday that the rule names.
    fn matches(&self, day: NaiveDate) -> bool {
        let parts = &self.parts;
        if !parts.has_month(day.month()) {
            return false;
        }
        let is_named = || {
            let length = days_in_month(day);
            parts.month_days.iter().any(|named| counted(*named, length) == Some(day.day()))
        };
        if !parts.month_days.is_empty() && !is_named() {
            return false;
        }
        let weekday = day.weekday();
        parts.weekdays.is_empty()
            || parts
                .weekdays
                .iter()
                .any(|(nth, named)| *named == weekday && (*nth == 0 || self.is_nth(day, *nth)))
    }

    /// Whether a day is the nth of its weekday in its month, or in its year where a yearly rule names no month.
    fn is_nth(&self, day: NaiveDate, nth: i32) -> bool {
        let of_year = self.parts.frequency == Frequency::Yearly && self.parts.months == 0;
        let (number, length) = if of_year {
            (day.ordinal(), if day.leap_year() { 366 } else { 365 })
        } else {
            (day.day(), days_in_month(day))
        };
        let week = if nth > 0 { (number - 1) / 7 } else { length.saturating_sub(number) / 7 };
        week + 1 == nth.unsigned_abs()
    }

    /// Keeps of the days of a period those at the positions that the rule names.
    fn pick(&self, days: &mut Vec<NaiveDate>) {
        if self.parts.positions.is_empty() {
            return;
        }
        let length = days.len() as u32;
        let picked = self.parts.positions.iter().filter_map(|position| counted(*position, length));
        let mut picked: Vec<NaiveDate> =
            picked.filter_map(|position| days.get(position as usize - 1).copied()).collect();
        picked.sort_unstable();
        picked.dedup();
        *days = picked;
    }
}

/// The place from the front of what is counted from the front or, if negative, from the back; the first is 1.
fn counted(place: i32, length: u32) -> Option<u32> {
    let from_front = if place > 0 { i64::from(place) } else { i64::from(length) + 1 + i64::from(place) };
    u32::try_from(from_front).ok().filter(|place| (1..=length).contains(place))
}

fn days_in_month(day: NaiveDate) -> u32 {
    match day.month() {
        2 if day.leap_year() => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Parts {
    /// What a rule does not say it takes from the day that it starts on.
    fn complete(&mut self, start: NaiveDate) {
        if !self.weekdays.is_empty() || !self.month_days.is_empty() {
            return;
        }
        let day = i32::try_from(start.day()).unwrap_or(1);
        match self.frequency {
            Frequency::Daily => {}
            Frequency::Weekly => self.weekdays = vec![(0, start.weekday())],
            Frequency::Monthly => self.month_days = vec![day],
            Frequency::Yearly => {
                self.month_days = vec![day];
                if self.months == 0 {
                    self.months = 1 << start.month();
                }
            }
        }
    }

    fn has_month(&self, month: u32) -> bool {
        self.months == 0 || self.months & (1 << month) != 0
    }
}

/// The weekday of two letters.
pub(super) fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}
