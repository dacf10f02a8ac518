//! Time as activities count it: plain, or by one of some calendars.

use crate::calendar::WorkingTime;
use crate::time::{Instant, Span};

/// The calendars of a network. Times and spans are milliseconds.
#[derive(Debug, Default)]
pub(in crate::analyze) struct Clock {
    calendars: Vec<WorkingTime>,
}

/// By what something is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::analyze) struct By(u32);

impl By {
    /// Every hour of every day.
    pub(in crate::analyze) const PLAIN: By = By(0);
}

impl Clock {
    /// Takes a calendar in.
    pub(in crate::analyze) fn with(&mut self, calendar: WorkingTime) -> By {
        self.calendars.push(calendar);
        By(self.calendars.len() as u32)
    }

    /// Puts another calendar in the place of one, and gives that.
    pub(super) fn replace(&mut self, by: By, calendar: WorkingTime) -> Option<WorkingTime> {
        let place = self.calendars.get_mut((by.0 as usize).checked_sub(1)?)?;
        Some(std::mem::replace(place, calendar))
    }

    pub(in crate::analyze) fn calendar(&self, by: By) -> Option<&WorkingTime> {
        self.calendars.get((by.0 as usize).checked_sub(1)?)
    }

    /// The end of work of a span that starts at `from`; of a negative one the start of work that ends there.
    pub(super) fn add(&self, by: By, from: i64, span: i64) -> Option<i64> {
        if span == 0 {
            return Some(from);
        }
        match self.calendar(by) {
            None => from.checked_add(span),
            Some(work) => work.add(Instant::clamped(from), Span::from_millis(span)).map(Instant::millis),
        }
    }

    /// The first time not before `from` at which work may start.
    pub(super) fn next(&self, by: By, from: i64) -> Option<i64> {
        match self.calendar(by) {
            None => Some(from),
            Some(work) => work.next_working(Instant::clamped(from)).map(Instant::millis),
        }
    }

    /// The last time not after `to` at which work may end; `to` where there is none within reach.
    pub(super) fn previous(&self, by: By, to: i64) -> i64 {
        let last = self.calendar(by).and_then(|work| work.previous_working(Instant::clamped(to)));
        last.map_or(to, Instant::millis)
    }

    /// Working time between two times; negative where the second is the earlier one.
    pub(in crate::analyze) fn between(&self, by: By, from: i64, to: i64) -> i64 {
        match self.calendar(by) {
            None => to.saturating_sub(from),
            Some(work) => work.between(Instant::clamped(from), Instant::clamped(to)).millis(),
        }
    }
}
