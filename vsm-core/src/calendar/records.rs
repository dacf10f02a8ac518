//! The records of a working calendar.

use serde::{Deserialize, Serialize};

use super::blackout::Blackout;
use crate::text_enum::text_enum;

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

/// When work happens: a zone, weekly hours, holidays, days with hours of their own, and blackouts.
///
/// Without any `hours` every hour of every day is worked. A day has the first of these that there is for it: the hours of
/// its exception, none if it is a holiday, the hours of its weekday. Blackouts are taken out of what is left.
///
/// Hours are worked when the wall clock of `zone` shows them: what clocks jump over is not worked, and an hour that they
/// show twice is worked twice.
///
/// # Recurrence rules
///
/// Holidays and blackouts may repeat by a rule of RFC 5545 (3.3.10), as calendars of other tools write it:
///
/// | part | |
/// |---|---|
/// | `FREQ` | `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY` |
/// | `INTERVAL` | every so many of them |
/// | `COUNT` | ends after so many occurrences, at most 10,000 and within two hundred years |
/// | `UNTIL` | ends with the day `YYYYMMDD`, or with the last one that begins not after `YYYYMMDDTHHMMSSZ` |
/// | `BYDAY` | weekdays (`MO,TU`), or the nth of a month or year (`1MO`, `-1FR`) |
/// | `BYMONTHDAY`, `BYMONTH` | days of the month (`-1` is the last one), months |
/// | `BYSETPOS` | of the days of each period only the nth ones |
/// | `WKST` | the first day of a week |
///
/// A rule has to match the day that it starts on. `BYSETPOS` picks from whole periods, the first one included. A time of the
/// wall clock that there is twice is the first of the two, and one that clocks jump over is as late as if they had not
/// jumped yet (3.3.5). What counts in hours or less and what names days or weeks of a year
/// (`BYYEARDAY`, `BYWEEKNO`) is refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    /// IANA zone in which days and hours are meant.
    pub zone: String,
    /// Weekly working hours; a day may have several, a day without any is free. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<WorkingHours>,
    /// Free days, as `YYYY-MM-DD` in the zone. At most 10,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<String>,
    /// Free days that come again. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holiday_rules: Vec<HolidayRule>,
    /// Days with hours of their own: they beat weekly hours and holidays. At most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<CalendarException>,
    /// Periods without work, deployments or bookings. At most 1,000, of which 20 may repeat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
}

/// Holidays that come again, such as every 25 December.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HolidayRule {
    /// The first of them, `YYYY-MM-DD` in the zone of the calendar.
    pub day: String,
    /// When they come again, by a rule such as `FREQ=YEARLY`: see [`Calendar`].
    pub rrule: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A day with hours of its own: a Saturday that is worked, the half day before a holiday, or a free day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalendarException {
    /// The day, `YYYY-MM-DD` in the zone of the calendar; each may be there once.
    pub day: String,
    /// When it is worked; none = not at all. At most 24.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<ClockHours>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A stretch of a day, from `start` to `end` on the wall clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockHours {
    /// First minute, `HH:MM`.
    pub start: String,
    /// End, `HH:MM`; `24:00` is the end of the day.
    pub end: String,
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
