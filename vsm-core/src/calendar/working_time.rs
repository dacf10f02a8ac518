//! Arithmetic of working time.

use std::sync::{Arc, OnceLock};

use super::layout::{Layout, NEAR, WIDE};
use super::lookup::Lookup;
use super::read::Read;
use super::records::Calendar;
use crate::error::{Error, Result};
use crate::time::{Instant, Span};

/// A [`Calendar`] checked and laid out for arithmetic in a span of years around an instant.
///
/// Adding working time and counting it are inverses. Each call looks up a stretch of working hours: at worst a binary
/// search over those of the years that are laid out, by and large two steps.
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
    near: Table,
    /// Laid out when first asked for.
    wide: OnceLock<Table>,
    /// What it is laid out from, all of which must work, and around which instants.
    sources: Vec<(Arc<Read>, Instant)>,
}

/// A layout with the working time before each interval.
#[derive(Clone, Debug)]
struct Table {
    reach: (i64, i64),
    intervals: Vec<Interval>,
    by_start: Lookup,
    by_work: Lookup,
    /// All of it.
    work: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Interval {
    start: i64,
    end: i64,
    before: i64,
}

impl WorkingTime {
    /// Checks a calendar and lays it out for the 15 years before and the 40 years after `around`, of which those that are
    /// near at once and the others when they are first asked for.
    ///
    /// # Errors
    /// [`Error::UnknownZone`]; [`Error::Invalid`] naming the field where hours, days, rules or blackouts are malformed.
    pub fn new(calendar: &Calendar, around: Instant) -> Result<WorkingTime> {
        let read = calendar.read()?;
        let near = Table::of(Layout::of(&read, around, NEAR));
        Ok(WorkingTime { around, near, wide: OnceLock::new(), sources: vec![(Arc::new(read), around)] })
    }

    fn wide(&self) -> &Table {
        self.wide.get_or_init(|| {
            let layouts = self.sources.iter().map(|(read, around)| Layout::of(read, *around, WIDE));
            layouts.reduce(|all, next| all.and(&next)).map_or_else(|| self.near.clone(), Table::of)
        })
    }

    /// What the table of the near years says of two instants, if it reaches them and has an answer; else the wide one.
    fn ask<T>(&self, one: Instant, two: Instant, ask: impl Fn(&Table) -> Option<T>) -> Option<T> {
        let near = Some(&self.near).filter(|near| near.reaches(one.millis()) && near.reaches(two.millis()));
        near.and_then(&ask).or_else(|| ask(self.wide()))
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
        let near = Table::of(self.near.layout().and(&other.near.layout()));
        let sources = self.sources.iter().chain(&other.sources).cloned().collect();
        WorkingTime { around: self.around, near, wide: OnceLock::new(), sources }
    }

    /// The end of work that starts not before `from` and takes `span` of working time; for a negative span the
    /// start of work that ends at `from`. None where the calendar has not so much working time within reach.
    pub fn add(&self, from: Instant, span: Span) -> Option<Instant> {
        self.ask(from, from, |table| table.add(from, span))
    }

    /// The first working instant not before `from`.
    pub fn next_working(&self, from: Instant) -> Option<Instant> {
        self.ask(from, from, |table| table.next_working(from.millis()).map(Instant::clamped))
    }

    /// The latest instant not after `from` at which work can end: `from` itself within working time or at its end, otherwise
    /// the end of the working time before it. None where there is none within reach.
    pub fn previous_working(&self, from: Instant) -> Option<Instant> {
        self.ask(from, from, |table| table.previous_working(from.millis()).map(Instant::clamped))
    }

    /// The working time between two instants; negative where `to` is before `from`. Years that the calendar is not laid out
    /// for count nothing.
    pub fn between(&self, from: Instant, to: Instant) -> Span {
        let count = |table: &Table| Some(table.total_at(to.millis()) - table.total_at(from.millis()));
        Span::from_millis(self.ask(from, to, count).unwrap_or(0))
    }

    /// The line of working time on which two instants lie, and so much work after the first of them.
    pub(crate) fn axis(&self, from: i64, to: i64, work: i64) -> Option<WorkAxis<'_>> {
        let has_all = |table: &&Table| {
            table.reaches(from) && table.reaches(to) && table.total_at(from).saturating_add(work) < table.work
        };
        Some(&self.near).filter(has_all).or_else(|| Some(self.wide()).filter(has_all)).map(WorkAxis)
    }

    /// The error for work that [`add`](WorkingTime::add) could not place.
    pub(crate) fn beyond(&self, what: &str) -> Error {
        Error::Horizon { what: what.into(), around: self.around }
    }
}

/// Working time as a line of its own, from a beginning that is the same for all that is asked of one axis: what is counted
/// on it needs no calendar but to become a date again.
pub(crate) struct WorkAxis<'a>(&'a Table);

impl WorkAxis<'_> {
    /// How much work is done by an instant.
    pub(crate) fn done_by(&self, at: i64) -> i64 {
        self.0.total_at(at)
    }

    /// The first instant by which so much is done: when work ends.
    pub(crate) fn end_of(&self, work: i64) -> Option<i64> {
        self.0.end_of(work)
    }

    /// The last instant at which so much is done: when further work starts.
    pub(crate) fn start_after(&self, work: i64) -> Option<i64> {
        self.0.start_after(work)
    }
}

impl Table {
    fn of(layout: Layout) -> Table {
        let mut work = 0;
        let intervals = layout.intervals.into_iter().map(|(start, end)| {
            let interval = Interval { start, end, before: work };
            work += end - start;
            interval
        });
        let intervals: Vec<Interval> = intervals.collect();
        let by_start = Lookup::new(intervals.len(), |place| at(&intervals, place).start);
        let by_work = Lookup::new(intervals.len(), |place| at(&intervals, place).before);
        Table { reach: layout.reach, intervals, by_start, by_work, work }
    }

    fn layout(&self) -> Layout {
        let intervals = self.intervals.iter().map(|interval| (interval.start, interval.end)).collect();
        Layout { reach: self.reach, intervals }
    }

    fn reaches(&self, at: i64) -> bool {
        (self.reach.0..=self.reach.1).contains(&at)
    }

    fn add(&self, from: Instant, span: Span) -> Option<Instant> {
        let done = self.total_at(from.millis()).saturating_add(span.millis());
        let end = match span.millis() {
            0 => return Some(from),
            1.. => self.end_of(done),
            _ => self.start_after(done),
        };
        end.and_then(Instant::from_millis)
    }

    /// The last interval that starts at an instant or before it.
    fn begun(&self, by: i64) -> Option<usize> {
        self.by_start.up_to(by, |place| at(&self.intervals, place).start).checked_sub(1)
    }

    /// The last interval with so much work or less before it.
    fn reached(&self, work: i64) -> Option<&Interval> {
        let count = self.by_work.up_to(work, |place| at(&self.intervals, place).before);
        self.intervals.get(count.checked_sub(1)?)
    }

    fn total_at(&self, at: i64) -> i64 {
        match self.begun(at).and_then(|last| self.intervals.get(last)) {
            Some(i) => i.before + (at.min(i.end) - i.start),
            None => 0,
        }
    }

    /// The first instant by which so much work, and not nothing, is done.
    fn end_of(&self, work: i64) -> Option<i64> {
        let interval = self.reached(work - 1).filter(|_| work <= self.work)?;
        Some(interval.start + (work - interval.before))
    }

    /// The last instant at which so much work is done: where more begins.
    fn start_after(&self, work: i64) -> Option<i64> {
        let interval = self.reached(work).filter(|_| work < self.work)?;
        Some(interval.start + (work - interval.before))
    }

    fn next_working(&self, from: i64) -> Option<i64> {
        let last = self.begun(from);
        if last.and_then(|last| self.intervals.get(last)).is_some_and(|last| from < last.end) {
            return Some(from);
        }
        self.intervals.get(last.map_or(0, |last| last + 1)).map(|next| next.start)
    }

    fn previous_working(&self, from: i64) -> Option<i64> {
        let last = self.intervals.get(self.begun(from.saturating_sub(1))?)?;
        Some(last.end.min(from))
    }
}

fn at(intervals: &[Interval], place: usize) -> Interval {
    intervals.get(place).copied().unwrap_or_default()
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
    if end.since(start).days().abs() > 365.0 * f64::from(WIDE.1.min(WIDE.0)) {
        return Err(work.beyond("the end of the period"));
    }
    Ok(work.between(start, end))
}
