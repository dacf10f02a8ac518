//! Arithmetic of working time.

use super::layout::{REACH, lay_out};
use super::records::Calendar;
use crate::error::{Error, Result};
use crate::time::{Instant, Span};

/// A [`Calendar`] checked and laid out for arithmetic in a span of years around an instant.
///
/// Adding working time and counting it are inverses. Each call is a binary search.
///
/// ```
/// use vsm_core::{Blackout, Calendar, Span, WorkingTime};
/// let freeze = Blackout::new("2026-12-25T00:00:00Z".parse()?, "2026-12-28T00:00:00Z".parse()?);
/// let calendar = Calendar { zone: "UTC".into(), blackouts: vec![freeze], ..Calendar::default() };
/// let start = "2026-12-24T00:00:00Z".parse()?;
/// let work = WorkingTime::new(&calendar, start)?;
/// let end = work.add(start, Span::from_days(3)).unwrap();
/// assert_eq!(end, "2026-12-30T00:00:00Z".parse()?);
/// assert_eq!(work.between(start, end), Span::from_days(3));
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WorkingTime {
    around: Instant,
    /// Disjoint, ascending, non-empty intervals with the working time before each.
    intervals: Vec<Interval>,
}

#[derive(Clone, Copy, Debug)]
struct Interval {
    start: i64,
    end: i64,
    before: i64,
}

impl WorkingTime {
    /// Checks a calendar and lays it out for the 15 years before and the 40 years after `around`.
    ///
    /// # Errors
    /// [`Error::UnknownZone`]; [`Error::Invalid`] naming the field where hours, days, rules or blackouts are malformed.
    pub fn new(calendar: &Calendar, around: Instant) -> Result<WorkingTime> {
        Ok(WorkingTime::of(around, lay_out(calendar, around)?))
    }

    fn of(around: Instant, intervals: Vec<(i64, i64)>) -> WorkingTime {
        let mut before = 0;
        let intervals = intervals
            .into_iter()
            .map(|(start, end)| {
                let interval = Interval { start, end, before };
                before += end - start;
                interval
            })
            .collect();
        WorkingTime { around, intervals }
    }

    /// When both work. It reaches as far as both do, and an error about its horizon names the instant that this one was
    /// made for. Takes as long as the two are.
    ///
    /// ```
    /// use vsm_core::{Calendar, Span, Weekday, WorkingHours, WorkingTime};
    /// let hours = |start: &str, end: &str| {
    ///     let day = |day| WorkingHours { day, start: start.into(), end: end.into() };
    ///     Weekday::ALL[..5].iter().copied().map(day).collect()
    /// };
    /// let zurich = Calendar { zone: "Europe/Zurich".into(), hours: hours("09:00", "17:00"), ..Calendar::default() };
    /// let york = Calendar { zone: "America/New_York".into(), hours: hours("08:00", "16:00"), ..Calendar::default() };
    /// let monday = "2026-03-02T00:00:00Z".parse()?;
    /// let both = WorkingTime::new(&zurich, monday)?.intersection(&WorkingTime::new(&york, monday)?);
    /// // From 8 in New York to 17 in Zurich.
    /// assert_eq!(both.next_working(monday), Some("2026-03-02T13:00:00Z".parse()?));
    /// assert_eq!(both.add(monday, Span::from_hours(3)), Some("2026-03-02T16:00:00Z".parse()?));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn intersection(&self, other: &WorkingTime) -> WorkingTime {
        let mut both = Vec::new();
        let (mut ours, mut theirs) = (self.intervals.iter().peekable(), other.intervals.iter().peekable());
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let (start, end) = (a.start.max(b.start), a.end.min(b.end));
            if start < end {
                both.push((start, end));
            }
            // What ends first has nothing more in common with the rest of the other.
            if a.end <= b.end {
                ours.next();
            } else {
                theirs.next();
            }
        }
        WorkingTime::of(self.around, both)
    }

    /// The end of work that starts not before `from` and takes `span` of working time; for a negative span the
    /// start of work that ends at `from`. None where the calendar has not so much working time within reach.
    pub fn add(&self, from: Instant, span: Span) -> Option<Instant> {
        let done = self.total_at(from.millis()).saturating_add(span.millis());
        // Work ends in the interval that uses it up, and starts (counting back) in the one that it is taken from.
        let index = if span.millis() > 0 {
            self.intervals.partition_point(|i| i.before + (i.end - i.start) < done)
        } else if span.millis() < 0 {
            self.intervals.partition_point(|i| i.before <= done).checked_sub(1)?
        } else {
            return Some(from);
        };
        let interval = self.intervals.get(index)?;
        Instant::from_millis(interval.start + (done - interval.before)).filter(|_| done >= 0)
    }

    /// The first working instant not before `from`.
    pub fn next_working(&self, from: Instant) -> Option<Instant> {
        let index = self.intervals.partition_point(|i| i.end <= from.millis());
        self.intervals.get(index).map(|i| Instant::clamped(i.start.max(from.millis())))
    }

    /// The latest instant not after `from` at which work can end: `from` itself within working time or at its end, otherwise
    /// the end of the working time before it. None where there is none within reach.
    pub fn previous_working(&self, from: Instant) -> Option<Instant> {
        let index = self.intervals.partition_point(|i| i.start < from.millis()).checked_sub(1)?;
        self.intervals.get(index).map(|i| Instant::clamped(i.end.min(from.millis())))
    }

    /// The working time between two instants; negative where `to` is before `from`. Years that the
    /// calendar is not laid out for count nothing.
    pub fn between(&self, from: Instant, to: Instant) -> Span {
        Span::from_millis(self.total_at(to.millis()) - self.total_at(from.millis()))
    }

    /// The error for work that [`add`](WorkingTime::add) could not place.
    pub(crate) fn beyond(&self, what: &str) -> Error {
        Error::Horizon { what: what.into(), around: self.around }
    }

    fn total_at(&self, at: i64) -> i64 {
        let index = self.intervals.partition_point(|i| i.start <= at);
        match index.checked_sub(1).and_then(|last| self.intervals.get(last)) {
            Some(i) => i.before + (at.min(i.end) - i.start),
            None => 0,
        }
    }
}

/// The end of work that starts at `start` and takes `span` of working time in a calendar.
///
/// # Errors
/// As [`WorkingTime::new`]; [`Error::Horizon`] where the calendar has not so much working time within 40 years.
///
/// ```
/// use vsm_core::{Calendar, Span, Weekday, WorkingHours, add_working_time};
/// let day = |day| WorkingHours { day, start: "09:00".into(), end: "17:00".into() };
/// let hours = Weekday::ALL[..5].iter().copied().map(day).collect();
/// let calendar = Calendar { zone: "UTC".into(), hours, ..Calendar::default() };
/// let end = add_working_time(&calendar, "2026-03-06T09:00:00Z".parse()?, Span::from_hours(12))?;
/// assert_eq!(end, "2026-03-09T13:00:00Z".parse()?);
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn add_working_time(calendar: &Calendar, start: Instant, span: Span) -> Result<Instant> {
    span.check("span")?;
    let work = WorkingTime::new(calendar, start)?;
    work.add(start, span).ok_or_else(|| work.beyond("the end of the work"))
}

/// The working time between two instants in a calendar; negative where `end` is before `start`.
///
/// # Errors
/// As [`WorkingTime::new`]; [`Error::Horizon`] where the two are more than 15 years apart.
pub fn working_time_between(calendar: &Calendar, start: Instant, end: Instant) -> Result<Span> {
    let work = WorkingTime::new(calendar, start)?;
    if end.since(start).days().abs() > 365.0 * f64::from(REACH.1.min(REACH.0)) {
        return Err(work.beyond("the end of the period"));
    }
    Ok(work.between(start, end))
}
