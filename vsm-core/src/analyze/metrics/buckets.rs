//! The parts of a window.

use std::ops::Range;

use chrono::{Datelike, Months, NaiveDate};

use super::query::{Bucket, MetricQuery};
use crate::analyze::flow::check_window;
use crate::error::{Error, Result};
use crate::time::{DAY, Instant, Zone};

/// So many rows are the most.
const MOST_ROWS: usize = 1_000_000;

/// A window with its parts and days.
#[derive(Clone, Debug)]
pub(in crate::analyze) struct Buckets {
    /// Where each part begins, and where the last one ends.
    edges: Vec<Instant>,
    keys: Vec<String>,
    /// Where each day that the window touches begins, and where the last one ends, beyond the window if need be.
    days: Vec<Instant>,
    /// Where each day ends, the last one with the window.
    day_ends: Vec<Instant>,
    /// The days of each part.
    part_days: Vec<Range<usize>>,
    /// For each beginning of a day, and the end of the last one: the part that it lies in, and how many begin before it.
    day_parts: Vec<(usize, usize)>,
    /// How many parts that have days come before each, and how many there are.
    filled: Vec<usize>,
}

impl Buckets {
    pub(in crate::analyze) fn of(query: &MetricQuery, zone: Zone) -> Result<Buckets> {
        let (start, end) = (query.start, query.end);
        check_window(start, end)?;
        let is_custom = query.bucket == Some(Bucket::Custom);
        if !is_custom && !query.bucket_starts.is_empty() {
            return Err(Error::invalid("bucket_starts", "goes with the bucket \"custom\" only"));
        }
        let (mut edges, mut keys) = (vec![start], Vec::new());
        match query.bucket {
            None => keys.push(String::new()),
            Some(Bucket::Custom) => {
                for (place, at) in query.bucket_starts.iter().enumerate() {
                    if edges.last().is_none_or(|last| at <= last) || *at >= end {
                        let reason = "must lie within the window, each after the one before";
                        return Err(Error::invalid(&format!("bucket_starts[{place}]"), reason));
                    }
                    edges.push(*at);
                }
                keys.extend(edges.iter().map(Instant::to_string));
            }
            Some(bucket) => {
                let mut from = first_day(bucket, zone.date(start));
                while keys.is_empty() || edges.last().is_some_and(|last| *last < end) {
                    keys.push(key(bucket, from));
                    let Some(next) = next_day(bucket, from) else { break };
                    edges.push(zone.day_start(next).min(end));
                    from = next;
                }
            }
        }
        if edges.len() == keys.len() {
            edges.push(end);
        }
        let mut days = Vec::new();
        let mut day = zone.date(start);
        while zone.day_start(day) < end {
            days.push(zone.day_start(day));
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        days.push(zone.day_start(day));
        let day_ends = days.iter().skip(1).map(|day| (*day).min(end)).collect();
        let (part_days, day_parts, filled) = (Vec::new(), Vec::new(), vec![0]);
        let mut all = Buckets { edges, keys, days, day_ends, part_days, day_parts, filled };
        all.part_days = (0..all.len()).map(|bucket| all.days_of(bucket)).collect();
        let mut sum = 0;
        for days in &all.part_days {
            sum += usize::from(!days.is_empty());
            all.filled.push(sum);
        }
        all.day_parts = all.days.iter().map(|day| (all.part_at(*day), all.parts_before(*day))).collect();
        Ok(all)
    }

    /// Of a window whose parts are months where nobody says otherwise.
    pub(in crate::analyze) fn or_months(
        (start, end, zone): (Instant, Instant, &str),
        bucket: Option<Bucket>,
        bucket_starts: &[Instant],
    ) -> Result<Buckets> {
        let parts = MetricQuery {
            bucket: Some(bucket.unwrap_or(Bucket::Month)),
            bucket_starts: bucket_starts.to_vec(),
            ..MetricQuery::new("", start, end, zone)
        };
        Buckets::of(&parts, Zone::named(zone)?)
    }

    /// Whether a row for each part and group is not too much to hold.
    pub(in crate::analyze) fn check_rows(&self, groups: usize) -> Result<()> {
        if groups.saturating_mul(self.len()) > MOST_ROWS {
            let reason = "that would be more than a million rows: ask for longer parts";
            return Err(Error::invalid("bucket", reason));
        }
        Ok(())
    }

    pub(in crate::analyze) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The part's name; nothing where the window is one.
    pub(in crate::analyze) fn key(&self, bucket: usize) -> Option<&str> {
        self.keys.get(bucket).map(String::as_str).filter(|key| !key.is_empty())
    }

    pub(in crate::analyze) fn start(&self, bucket: usize) -> Instant {
        self.edges.get(bucket).copied().unwrap_or(Instant::MAX)
    }

    pub(in crate::analyze) fn end(&self, bucket: usize) -> Instant {
        self.edges.get(bucket + 1).copied().unwrap_or(Instant::MAX)
    }

    /// The part that an instant lies in.
    pub(in crate::analyze) fn at(&self, at: Instant) -> Option<usize> {
        let bucket = self.edges.partition_point(|edge| *edge <= at).checked_sub(1)?;
        (bucket < self.len()).then_some(bucket)
    }

    /// The parts that end at a time from `from` on and before `to`.
    pub(in crate::analyze) fn ending(&self, from: Instant, to: Instant) -> Range<usize> {
        let ends = self.edges.get(1..).unwrap_or_default();
        ends.partition_point(|end| *end <= from)..ends.partition_point(|end| *end <= to)
    }

    /// The parts that an interval overlaps.
    pub(in crate::analyze) fn overlapping(&self, from: Instant, to: Instant) -> Range<usize> {
        let (first, last) = (self.part_at(from), self.parts_before(to));
        first.min(last)..last
    }

    /// The part that an instant lies in; before the first, the first.
    fn part_at(&self, at: Instant) -> usize {
        self.edges.partition_point(|edge| *edge <= at).saturating_sub(1)
    }

    /// How many parts begin before an instant.
    fn parts_before(&self, at: Instant) -> usize {
        self.edges.partition_point(|edge| *edge < at).min(self.len())
    }

    /// The days of a part, by number: those that begin in it, and for the first the day that the window begins on.
    pub(super) fn days(&self, bucket: usize) -> Range<usize> {
        self.part_days.get(bucket).cloned().unwrap_or_default()
    }

    fn days_of(&self, bucket: usize) -> Range<usize> {
        let first = |at: Instant| self.days.partition_point(|day| *day < at);
        let from = if bucket == 0 { 0 } else { first(self.start(bucket)) };
        let to = if bucket + 1 == self.len() { self.day_count() } else { first(self.end(bucket)) };
        from.min(to)..to
    }

    /// The parts that some days lie in.
    pub(super) fn of_days(&self, days: &Range<usize>) -> Range<usize> {
        match (self.day_parts.get(days.start), self.day_parts.get(days.end)) {
            (Some((first, _)), Some((_, last))) if !days.is_empty() => *first.min(last)..*last,
            _ => 0..0,
        }
    }

    /// How many of some parts have days.
    pub(super) fn filled(&self, parts: &Range<usize>) -> usize {
        let before = |part: usize| self.filled.get(part).copied().unwrap_or(0);
        before(parts.end).saturating_sub(before(parts.start))
    }

    fn day_count(&self) -> usize {
        self.days.len().saturating_sub(1)
    }

    /// The days at whose ends something is that is so from `from` until before `to`. The last day ends with the window.
    pub(super) fn ends_of_day(&self, from: Instant, to: Instant) -> Range<usize> {
        let ends = self.day_ends.as_slice();
        if from == Instant::MIN && to == Instant::MAX {
            return 0..ends.len();
        }
        up_to(ends, from)..up_to(ends, to)
    }

    /// The days at whose beginnings something is that is so from `from` until before `to`.
    pub(super) fn starts_of_day(&self, from: Instant, to: Instant) -> Range<usize> {
        let starts = self.days.get(..self.day_count()).unwrap_or_default();
        let before = |at: Instant| up_to(starts, Instant::clamped(at.millis() - 1));
        before(from)..before(to)
    }

    /// The number of the day that an instant lies on; before the first day, the first; after the last, the one after it.
    pub(super) fn day_of(&self, at: Instant) -> usize {
        up_to(&self.days, at).saturating_sub(1)
    }

    /// Whether an instant is before all days of the window.
    pub(super) fn is_before(&self, at: Instant) -> bool {
        self.days.first().is_none_or(|first| at < *first)
    }
}

/// How many of the days' instants are not after an instant. They are a day apart, give or take the change of a clock: near to
/// where that leads to is faster than halving.
fn up_to(days: &[Instant], at: Instant) -> usize {
    let Some(first) = days.first() else { return 0 };
    let guess = at.since(*first).millis().div_euclid(DAY).clamp(0, days.len() as i64) as usize;
    let later = days.get(guess..).unwrap_or_default().iter().take_while(|day| **day <= at).count();
    let earlier = days.get(..guess).unwrap_or_default().iter().rev().take_while(|day| **day > at).count();
    guess + later - earlier
}

fn first_day(bucket: Bucket, day: NaiveDate) -> NaiveDate {
    let first = match bucket {
        Bucket::Day | Bucket::Custom => Some(day),
        Bucket::Week => day.checked_sub_days(chrono::Days::new(day.weekday().num_days_from_monday().into())),
        Bucket::Month => day.with_day(1),
        Bucket::Quarter => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1),
        Bucket::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
    };
    first.unwrap_or(day)
}

fn next_day(bucket: Bucket, first: NaiveDate) -> Option<NaiveDate> {
    match bucket {
        Bucket::Day | Bucket::Custom => first.succ_opt(),
        Bucket::Week => first.checked_add_days(chrono::Days::new(7)),
        Bucket::Month => first.checked_add_months(Months::new(1)),
        Bucket::Quarter => first.checked_add_months(Months::new(3)),
        Bucket::Year => first.checked_add_months(Months::new(12)),
    }
}

fn key(bucket: Bucket, first: NaiveDate) -> String {
    match bucket {
        Bucket::Day | Bucket::Custom => first.to_string(),
        Bucket::Week => format!("{:04}-W{:02}", first.iso_week().year(), first.iso_week().week()),
        Bucket::Month => format!("{:04}-{:02}", first.year(), first.month()),
        Bucket::Quarter => format!("{:04}-Q{}", first.year(), first.month0() / 3 + 1),
        Bucket::Year => format!("{:04}", first.year()),
    }
}
