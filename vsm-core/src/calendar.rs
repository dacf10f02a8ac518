//! Working calendars and trains: when work happens, and when it may ship.

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::text_enum::text_enum;
use crate::time::{DAY, Instant, Offsets, Span, Zone, clip};

text_enum! {
    /// A day of the week.
    pub enum Weekday {
        /// Monday
        Mon = "mon",
        /// Tuesday
        Tue = "tue",
        /// Wednesday
        Wed = "wed",
        /// Thursday
        Thu = "thu",
        /// Friday
        Fri = "fri",
        /// Saturday
        Sat = "sat",
        /// Sunday
        Sun = "sun",
    }
}

/// When work happens: a zone, weekly hours, holidays and blackouts.
///
/// Without any `hours` every hour of every day is worked, less holidays and blackouts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    /// IANA zone in which days and hours are meant.
    pub zone: String,
    /// Weekly working hours; a day may have several, a day without any is free.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<WorkingHours>,
    /// Free days, as `YYYY-MM-DD` in the zone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<String>,
    /// Periods without work, deployments or bookings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
}

/// Working hours of one weekday, from `start` to `end` on the wall clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkingHours {
    /// The weekday.
    pub day: Weekday,
    /// First minute of work, `HH:MM`.
    pub start: String,
    /// End of work, `HH:MM`; `24:00` is the end of the day.
    pub end: String,
}

/// A period `[start, end)` that is closed, for everything or for what its category names.
///
/// | category | what is closed |
/// |---|---|
/// | none | everything: no work, no deployment, no booking |
/// | `environment booking` | bookings: one that overlaps it is refused unless it is overridden |
/// | `maintenance` | the environment: no deployment, and no free slot; bookings stand |
/// | `deployment`, or any other | deployments and releases |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blackout {
    /// First instant.
    pub start: Instant,
    /// First instant after it.
    pub end: Instant,
    /// Repeats after so many times 24 hours, without end; absent = once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u32>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is closed; absent = everything. Case does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// A train: departures at fixed times, each with a cut-off before it.
///
/// Departures are `every_days` times 24 hours apart, counted from `departure` in both directions; without
/// `every_days` there is only the one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cadence {
    /// One departure, from which the others are counted.
    pub departure: Instant,
    /// Days between departures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u32>,
    /// How long before a departure work must be ready; none = until the departure itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<Span>,
}

impl Cadence {
    /// The first departure whose cut-off is not before `ready`; none after the last one.
    ///
    /// ```
    /// use vsm_core::Cadence;
    /// let train = Cadence { departure: "2026-01-06T00:00:00Z".parse()?, every_days: Some(14), cutoff: None };
    /// let ships = train.next("2026-03-04T00:00:00Z".parse()?);
    /// assert_eq!(ships, Some("2026-03-17T00:00:00Z".parse()?));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn next(&self, ready: Instant) -> Option<Instant> {
        let cutoff = self.cutoff.unwrap_or_default().millis();
        let earliest = ready.millis().checked_add(cutoff)?;
        match self.every_days {
            None => (self.departure.millis() >= earliest).then_some(self.departure),
            Some(days) => {
                let period = i64::from(days.max(1)) * DAY;
                let late = earliest.checked_sub(self.departure.millis())?;
                let periods = late.div_euclid(period) + i64::from(late.rem_euclid(period) > 0);
                Instant::from_millis(self.departure.millis() + periods * period)
            }
        }
    }

    /// The latest time to be ready for a departure not after `departure`; none before the first one.
    pub(crate) fn latest_ready(&self, departure: Instant) -> Option<Instant> {
        let cutoff = self.cutoff.unwrap_or_default().millis();
        let last = match self.every_days {
            None => (self.departure <= departure).then_some(self.departure.millis())?,
            Some(days) => {
                let period = i64::from(days.max(1)) * DAY;
                let ahead = departure.millis() - self.departure.millis();
                self.departure.millis() + ahead.div_euclid(period) * period
            }
        };
        Instant::from_millis(last.checked_sub(cutoff)?)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.every_days == Some(0) {
            return Err(Error::invalid(
                "cadence.every_days",
                "must be at least 1; leave it out for a single departure",
            ));
        }
        self.cutoff.unwrap_or_default().check("cadence.cutoff")?;
        if self.cutoff.is_some_and(|span| span < Span::ZERO) {
            return Err(Error::invalid("cadence.cutoff", "must not be negative"));
        }
        Ok(())
    }
}

/// A [`Calendar`] checked and laid out for arithmetic in a span of years around an instant.
///
/// Adding working time and counting it are inverses. Each call is a binary search.
///
/// ```
/// use vsm_core::{Blackout, Calendar, Span, WorkingTime};
/// let freeze = Blackout {
///     start: "2026-12-25T00:00:00Z".parse()?,
///     end: "2026-12-28T00:00:00Z".parse()?,
///     every_days: None,
///     reason: None,
///     category: None,
/// };
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

/// How far a laid-out calendar reaches, in years before and after the instant it is made for.
const REACH: (i32, i32) = (15, 40);

impl WorkingTime {
    /// Checks a calendar and lays it out for the 15 years before and the 40 years after `around`.
    ///
    /// # Errors
    /// [`Error::UnknownZone`]; [`Error::Invalid`] naming the field where hours, holidays or blackouts are malformed.
    pub fn new(calendar: &Calendar, around: Instant) -> Result<WorkingTime> {
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
            let mut day = first;
            while day < last {
                if holidays.binary_search(&day).is_err() {
                    let slots = week
                        .get(day.weekday().num_days_from_monday() as usize)
                        .map_or(&[][..], Vec::as_slice);
                    // Fifty years of days are laid out for every question, and on nearly all of them no clock changes.
                    let offset = if slots.is_empty() { None } else { offsets.of(day) };
                    let at = |time: NaiveTime, last: bool| {
                        let wall = day.and_time(time);
                        match offset {
                            Some(offset) => wall.and_utc().timestamp_millis() - offset,
                            None => zone.at(wall, last).millis(),
                        }
                    };
                    for (start, end) in slots {
                        let from = at(*start, false);
                        let to = match end {
                            Some(end) => at(*end, true),
                            None => {
                                zone.day_start(day.checked_add_days(Days::new(1)).unwrap_or(last)).millis()
                            }
                        };
                        match intervals.last_mut() {
                            Some(previous) if previous.1 >= from => previous.1 = previous.1.max(to),
                            _ if from < to => intervals.push((from, to)),
                            _ => {}
                        }
                    }
                }
                day = day.checked_add_days(Days::new(1)).unwrap_or(last);
            }
        }
        for (n, blackout) in calendar.blackouts.iter().enumerate() {
            blackout.check(&format!("calendar.blackouts[{n}]"))?;
            if blackout.stops_work() {
                remove_blackout(&mut intervals, blackout);
            }
        }
        let mut before = 0;
        let intervals = intervals
            .into_iter()
            .map(|(start, end)| {
                let interval = Interval { start, end, before };
                before += end - start;
                interval
            })
            .collect();
        Ok(WorkingTime { around, intervals })
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

    /// The last instant not after `to` at which work may end: `to` itself where somebody works until then.
    pub fn previous_working(&self, to: Instant) -> Option<Instant> {
        let index = self.intervals.partition_point(|i| i.start < to.millis()).checked_sub(1)?;
        self.intervals.get(index).map(|i| Instant::clamped(i.end.min(to.millis())))
    }

    /// The working time between two instants; negative where `to` is before `from`.
    pub fn between(&self, from: Instant, to: Instant) -> Span {
        Span::from_millis(self.total_at(to.millis()) - self.total_at(from.millis()))
    }

    /// What two calendars have in common: work happens when it does in both.
    pub fn intersection(&self, other: &WorkingTime) -> WorkingTime {
        let (mut ours, mut theirs) = (self.intervals.iter().peekable(), other.intervals.iter().peekable());
        let mut intervals: Vec<Interval> = Vec::new();
        let mut before = 0;
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let (start, end) = (a.start.max(b.start), a.end.min(b.end));
            if start < end {
                intervals.push(Interval { start, end, before });
                before += end - start;
            }
            if a.end <= b.end {
                ours.next()
            } else {
                theirs.next()
            };
        }
        WorkingTime { around: self.around, intervals }
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

/// The categories of blackouts that mean something to the engine.
const BOOKING: &str = "environment booking";
const MAINTENANCE: &str = "maintenance";

impl Blackout {
    fn is_of(&self, category: &str) -> bool {
        self.category.as_deref().is_none_or(|own| own.trim().eq_ignore_ascii_case(category))
    }

    /// Whether nobody works in it.
    pub(crate) fn stops_work(&self) -> bool {
        self.category.is_none()
    }

    /// Whether a booking that overlaps it is refused.
    pub(crate) fn stops_bookings(&self) -> bool {
        self.is_of(BOOKING)
    }

    /// Whether an environment is not free in it.
    pub(crate) fn closes_environment(&self) -> bool {
        self.is_of(BOOKING) || self.is_of(MAINTENANCE)
    }

    /// Whether nothing may be deployed or released in it.
    pub(crate) fn stops_deployment(&self) -> bool {
        self.category.is_none() || !self.is_of(BOOKING)
    }

    /// The first occurrence that ends after `start` and begins before `end`.
    pub(crate) fn overlapping(&self, start: Instant, end: Instant) -> Option<(Instant, Instant)> {
        let shift = match self.every_days {
            Some(days) => {
                let period = i64::from(days.max(1)) * DAY;
                ((start.millis() - self.end.millis()).div_euclid(period) + 1) * period
            }
            None => 0,
        };
        let (from, to) = (self.start.millis() + shift, self.end.millis() + shift);
        let overlaps = from < end.millis() && start.millis() < to;
        overlaps.then(|| (Instant::clamped(from), Instant::clamped(to)))
    }

    /// The end of the occurrence that covers `at`, if any does.
    pub(crate) fn covering(&self, at: Instant) -> Option<Instant> {
        let (start, end, at) = (self.start.millis(), self.end.millis(), at.millis());
        let shift = match self.every_days {
            Some(days) => {
                (at - start).div_euclid(i64::from(days.max(1)) * DAY) * i64::from(days.max(1)) * DAY
            }
            None => 0,
        };
        (start + shift <= at && at < end + shift).then(|| Instant::clamped(end + shift))
    }

    fn check(&self, field: &str) -> Result<()> {
        if self.end <= self.start {
            return Err(Error::invalid(field, "a blackout must end after it starts"));
        }
        match self.every_days {
            Some(days) if self.end.since(self.start) > Span::from_days(i64::from(days)) => {
                Err(Error::invalid(
                    &format!("{field}.every_days"),
                    "a blackout must be shorter than the time after which it repeats",
                ))
            }
            _ => Ok(()),
        }
    }
}

impl Calendar {
    pub(crate) fn check(&self) -> Result<()> {
        let recurring = self.blackouts.iter().filter(|blackout| blackout.every_days.is_some()).count();
        for (field, count, most) in [
            ("calendar.hours", self.hours.len(), 100),
            ("calendar.holidays", self.holidays.len(), 10_000),
            ("calendar.blackouts", self.blackouts.len(), 1_000),
            ("calendar.blackouts", recurring, 20),
        ] {
            // A calendar is laid out for decades; a small text must not become a large one.
            if count > most {
                let what = if most == 20 { "repeating ones" } else { "entries" };
                return Err(Error::invalid(field, format!("has {count} {what}, more than {most}")));
            }
        }
        Zone::named(&self.zone)?;
        read_week(&self.hours)?;
        for day in &self.holidays {
            read_date(day)?;
        }
        for (n, blackout) in self.blackouts.iter().enumerate() {
            blackout.check(&format!("calendar.blackouts[{n}]"))?;
        }
        Ok(())
    }
}

/// Per weekday from Monday: the slots as (start, end), where no end means the end of the day.
type Week = [Vec<(NaiveTime, Option<NaiveTime>)>; 7];

fn read_week(hours: &[WorkingHours]) -> Result<Week> {
    let mut week = Week::default();
    for (n, slot) in hours.iter().enumerate() {
        let start = read_clock(&slot.start, &format!("calendar.hours[{n}].start"))?;
        let end = match slot.end.as_str() {
            "24:00" => None,
            text => Some(read_clock(text, &format!("calendar.hours[{n}].end"))?),
        };
        if end.is_some_and(|end| end <= start) {
            return Err(Error::invalid(
                &format!("calendar.hours[{n}]"),
                "working hours must end after they start",
            ));
        }
        if let Some(day) = week.get_mut(slot.day as usize) {
            day.push((start, end));
        }
    }
    for day in &mut week {
        day.sort_unstable();
    }
    Ok(week)
}

fn read_clock(text: &str, field: &str) -> Result<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| Error::invalid(field, format!("\"{}\" is not a time of day as HH:MM", clip(text))))
}

fn read_date(text: &str) -> Result<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        Error::invalid("calendar.holidays", format!("\"{}\" is not a day as YYYY-MM-DD", clip(text)))
    })
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

/// The first departure that work can take which is ready at `ready`; none after the last one.
///
/// # Errors
/// [`Error::Invalid`] for a cadence that repeats after no day, or with a negative cut-off.
pub fn next_departure(cadence: &Cadence, ready: Instant) -> Result<Option<Instant>> {
    cadence.check()?;
    Ok(cadence.next(ready))
}
