//! Instants and spans: whole milliseconds, UTC.
//!
//! A *day* exists only in a time zone; what needs one takes the zone as an argument (see
//! [`Zone`]). Nothing here reads a clock.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::error::{Error, Result};

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A point in time: whole milliseconds in UTC, from year 1 to year 9999.
///
/// In JSON it is RFC 3339 with three decimals and `Z`; any offset is read. What is finer than a millisecond is
/// cut off.
///
/// ```
/// use vsm_core::Instant;
/// let instant: Instant = "2026-03-01T23:30:00+01:00".parse()?;
/// assert_eq!(instant.to_string(), "2026-03-01T22:30:00.000Z");
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The first instant of year 1.
    pub const MIN: Instant = Instant(-62_135_596_800_000);
    /// The last millisecond of year 9999.
    pub const MAX: Instant = Instant(253_402_300_799_999);

    /// The instant that lies `millis` after 1970-01-01T00:00:00Z, if it is between year 1 and year 9999.
    pub const fn from_millis(millis: i64) -> Option<Instant> {
        if millis < Instant::MIN.0 || millis > Instant::MAX.0 { None } else { Some(Instant(millis)) }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The nearest representable instant; for arithmetic whose operands are checked already.
    pub(crate) fn clamped(millis: i64) -> Instant {
        Instant(millis.clamp(Instant::MIN.0, Instant::MAX.0))
    }

    /// The span from `earlier` to this instant; negative where `earlier` is later.
    pub fn since(self, earlier: Instant) -> Span {
        Span(self.0 - earlier.0)
    }

    /// This instant in chrono's terms.
    pub fn to_utc(self) -> DateTime<Utc> {
        // The range of Instant lies within chrono's, so the fallback is never taken.
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl TryFrom<DateTime<Utc>> for Instant {
    type Error = Error;

    fn try_from(value: DateTime<Utc>) -> Result<Instant> {
        Instant::from_millis(value.timestamp_millis())
            .ok_or_else(|| Error::invalid("instant", "the year must be between 1 and 9999"))
    }
}

impl From<Instant> for DateTime<Utc> {
    fn from(value: Instant) -> DateTime<Utc> {
        value.to_utc()
    }
}

impl Instant {
    /// The text of the JSON form. Every event that is written has one or two, so it is made by hand.
    fn text(self) -> [u8; 24] {
        let t = self.to_utc();
        let millis = self.0.rem_euclid(SECOND) as u32;
        let parts = [
            (0..4, t.year().unsigned_abs()),
            (5..7, t.month()),
            (8..10, t.day()),
            (11..13, t.hour()),
            (14..16, t.minute()),
            (17..19, t.second()),
            (20..23, millis),
        ];
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (place, mut number) in parts {
            for digit in text.get_mut(place).into_iter().flatten().rev() {
                *digit += (number % 10) as u8;
                number /= 10;
            }
        }
        text
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Instant> {
        match read_timestamp(text) {
            Some(Stamp { local, offset: Some(offset) }) => Instant::from_millis(local - offset),
            _ => None,
        }
        .ok_or_else(|| {
            Error::invalid(
                "instant",
                format!(
                    "\"{}\" is not an RFC 3339 instant with an offset, such as 2026-03-01T09:00:00Z",
                    clip(text)
                ),
            )
        })
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Instant, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Instant;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 instant with an offset")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Instant, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// A length of time in whole milliseconds; it may be negative. In JSON it is that integer.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// Ten thousand years: no span of work, lag or cut-off may be longer.
    pub const LONGEST: Span = Span(10_000 * 366 * DAY);

    /// A span of so many milliseconds.
    pub const fn from_millis(millis: i64) -> Span {
        Span(millis)
    }

    /// A span of so many hours; saturates far beyond any calendar.
    pub const fn from_hours(hours: i64) -> Span {
        Span(hours.saturating_mul(HOUR))
    }

    /// A span of so many times 24 hours; saturates far beyond any calendar.
    pub const fn from_days(days: i64) -> Span {
        Span(days.saturating_mul(DAY))
    }

    /// Refuses what no calendar can hold, so that arithmetic needs not look at it again.
    pub(crate) fn check(self, field: &str) -> Result<()> {
        if self.0.unsigned_abs() > Span::LONGEST.0.unsigned_abs() {
            return Err(Error::invalid(field, "must not be longer than ten thousand years"));
        }
        Ok(())
    }

    /// The span in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The span in units of 24 hours.
    pub fn days(self) -> f64 {
        self.0 as f64 / DAY as f64
    }
}

impl From<TimeDelta> for Span {
    fn from(value: TimeDelta) -> Span {
        Span(value.num_milliseconds())
    }
}

impl From<Span> for TimeDelta {
    fn from(value: Span) -> TimeDelta {
        TimeDelta::try_milliseconds(value.0).unwrap_or(TimeDelta::MAX)
    }
}

/// The two largest units, as people write them: `3d 4h`, `2h 30m`, `45s`, `0s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millis = self.0.unsigned_abs();
        let parts = [
            (millis / DAY as u64, "d"),
            (millis / HOUR as u64 % 24, "h"),
            (millis / MINUTE as u64 % 60, "m"),
            (millis / SECOND as u64 % 60, "s"),
        ];
        let Some(first) = parts.iter().position(|(n, _)| *n > 0) else { return f.write_str("0s") };
        f.write_str(sign)?;
        let mut glue = "";
        for (n, unit) in parts.iter().skip(first).take(2).filter(|(n, _)| *n > 0) {
            write!(f, "{glue}{n}{unit}")?;
            glue = " ";
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A time zone of the IANA database: the only way to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone(chrono_tz::Tz::UTC);

    /// Finds a zone by its IANA name.
    ///
    /// # Errors
    /// [`Error::UnknownZone`] where there is none of that name; there is no fallback.
    pub fn named(name: &str) -> Result<Zone> {
        name.parse().map(Zone).map_err(|_| Error::UnknownZone { zone: clip(name).into() })
    }

    /// The IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The calendar day of an instant in this zone.
    pub fn date(self, instant: Instant) -> NaiveDate {
        instant.to_utc().with_timezone(&self.0).date_naive()
    }

    /// The weekday, day and minute of an instant in this zone, for people.
    pub(crate) fn minute(self, instant: Instant) -> String {
        instant.to_utc().with_timezone(&self.0).format("%a %Y-%m-%d %H:%M").to_string()
    }

    /// What a clock on the wall shows in this zone.
    pub(crate) fn wall(self, instant: Instant) -> NaiveDateTime {
        instant.to_utc().with_timezone(&self.0).naive_local()
    }

    /// The first instant of a calendar day in this zone, daylight-saving changes at midnight included.
    pub fn day_start(self, date: NaiveDate) -> Instant {
        self.at(date.and_time(chrono::NaiveTime::MIN), false)
    }

    /// The offsets from UTC that the wall clock of a day may show, and when the one takes the other's place.
    pub(crate) fn change(self, day: NaiveDate) -> Change {
        let offset = |second: i64| {
            let at = DateTime::from_timestamp(second, 0).unwrap_or_default().naive_utc();
            wall_offset(self.0, at)
        };
        let (mut from, mut to) = Change::window(day);
        let (before, after) = (offset(from), offset(to));
        // The last second with the one offset, and the first with the other: no zone has changed its clock there and back
        // within three days.
        while before != after && from + 1 < to {
            let middle = from + (to - from) / 2;
            if offset(middle) == before { from = middle } else { to = middle }
        }
        Change { before, at: to * SECOND, after }
    }

    /// The instant of a wall-clock time. Where clocks jump over it, the instant that it would be if they had not jumped yet
    /// (RFC 5545, 3.3.5); where they show it twice, the first (or, if `last`, the second).
    pub(crate) fn at(self, wall: NaiveDateTime, last: bool) -> Instant {
        use chrono::offset::LocalResult::{Ambiguous, None, Single};
        let found = match self.0.from_local_datetime(&wall) {
            Single(t) => t,
            Ambiguous(first, second) => {
                if last {
                    second
                } else {
                    first
                }
            }
            None => {
                // Gaps are at most a day (a zone crossing the date line); the wall clock read just after the gap
                // with the offset before it gives the instant of the jump.
                let before = wall - TimeDelta::days(1);
                let offset = wall_offset(self.0, before);
                return Instant::clamped(wall.and_utc().timestamp_millis() - offset);
            }
        };
        Instant::clamped(found.timestamp_millis())
    }
}

/// A change of clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// How far the wall clock is ahead of UTC before it, in milliseconds.
    pub(crate) before: i64,
    /// The first instant after it.
    pub(crate) at: i64,
    /// How far the wall clock is ahead of UTC from then on.
    pub(crate) after: i64,
}

impl Change {
    /// The seconds between which every zone has every hour of a day: none is further from UTC than sixteen hours.
    fn window(day: NaiveDate) -> (i64, i64) {
        let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
        (midnight - 16 * 3_600, midnight + 40 * 3_600)
    }

    /// Whether it may change what the clock shows on a day.
    pub(crate) fn is_near(&self, day: NaiveDate) -> bool {
        let (from, to) = Change::window(day);
        (from * SECOND..=to * SECOND).contains(&self.at)
    }
}

fn wall_offset(zone: chrono_tz::Tz, wall: NaiveDateTime) -> i64 {
    use chrono::Offset;
    zone.offset_from_utc_datetime(&wall).fix().local_minus_utc() as i64 * SECOND
}

/// The offsets of a zone, day after day. Asking the zone for every time of every day takes many times as long.
pub(crate) struct Offsets {
    zone: Zone,
    /// The offset holds from a day before `from` to the beginning of `to`.
    from: NaiveDate,
    to: NaiveDate,
    offset: i64,
}

impl Offsets {
    pub(crate) fn new(zone: Zone) -> Offsets {
        Offsets { zone, from: NaiveDate::MAX, to: NaiveDate::MIN, offset: 0 }
    }

    /// How far the wall clock is ahead of UTC on a day, in milliseconds; none where that may change on it.
    pub(crate) fn of(&mut self, day: NaiveDate) -> Option<i64> {
        let of = |day: NaiveDate| wall_offset(self.zone.0, day.and_time(chrono::NaiveTime::MIN));
        let (before, after) = (day.pred_opt()?, day.succ_opt()?.succ_opt()?);
        if day < self.from || self.to < before {
            (self.from, self.to, self.offset) = (day, before, of(before));
        }
        // No zone is further from UTC than a day, and none has ever changed its clock there and back within three.
        while self.to < after {
            let next = self.to.checked_add_days(chrono::Days::new(3))?;
            if of(next) != self.offset {
                // The next day begins anew.
                self.from = NaiveDate::MAX;
                return None;
            }
            self.to = next;
        }
        Some(self.offset)
    }
}

/// A time stamp as text gives it: wall-clock milliseconds since 1970, and the offset from UTC if it states one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) local: i64,
    pub(crate) offset: Option<i64>,
}

/// Reads `YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]]][ ][Z|UTC|±HH[:]MM|±HH]`; nothing else. A leap second reads as
/// the last second of its minute.
pub(crate) fn read_timestamp(text: &str) -> Option<Stamp> {
    let text = text.trim().as_bytes();
    let mut at = Cursor { text, position: 0 };
    let year = at.digits(4)?;
    at.expect(b'-')?;
    let month = at.digits(2)?;
    at.expect(b'-')?;
    let day = at.digits(2)?;
    let date = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    let mut local = days * DAY;
    if at.done() {
        return Some(Stamp { local, offset: None });
    }
    if !(at.take(b'T') || at.take(b't') || at.take(b' ')) {
        return None;
    }
    let hour = at.digits(2)?;
    at.expect(b':')?;
    let minute = at.digits(2)?;
    let mut second = 0;
    let mut millis = 0;
    if at.take(b':') {
        second = at.digits(2)?;
        if at.take(b'.') || at.take(b',') {
            millis = at.fraction()?;
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    local +=
        i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second.min(59)) * SECOND + millis;
    at.take(b' ');
    let offset = at.offset()?;
    at.done().then_some(Stamp { local, offset })
}

struct Cursor<'a> {
    text: &'a [u8],
    position: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    fn done(&self) -> bool {
        self.position == self.text.len()
    }

    fn take(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.position += usize::from(hit);
        hit
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn digit(&mut self) -> Option<u32> {
        let digit = self.peek()?.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        self.position += 1;
        Some(u32::from(digit))
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value * 10 + self.digit()?;
        }
        Some(value)
    }

    /// One to nine digits after the decimal mark, as whole milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        let mut millis = i64::from(self.digit()?) * 100;
        let mut unit = 10;
        for _ in 0..8 {
            let Some(digit) = self.digit() else { break };
            millis += i64::from(digit) * unit;
            unit /= 10;
        }
        Some(millis)
    }

    /// `Some(None)` where the text ends without an offset.
    fn offset(&mut self) -> Option<Option<i64>> {
        let sign = match self.peek() {
            None => return Some(None),
            Some(b'Z' | b'z') => {
                self.position += 1;
                return Some(Some(0));
            }
            Some(b'U') => {
                for byte in *b"UTC" {
                    self.expect(byte)?;
                }
                return Some(Some(0));
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
        };
        self.position += 1;
        let hours = self.digits(2)?;
        let minutes = if self.done() {
            0
        } else {
            self.take(b':');
            self.digits(2)?
        };
        (hours <= 23 && minutes <= 59)
            .then_some(Some(sign * (i64::from(hours) * HOUR + i64::from(minutes) * MINUTE)))
    }
}

/// A text that came from outside, fit for a sentence or a page: control characters and those that turn the direction
/// of writing would let a name pretend to be something else.
pub(crate) fn printable(text: &str) -> String {
    let is_harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// The beginning of a text that came from outside, for an error message.
pub(crate) fn clip(text: &str) -> &str {
    match text.char_indices().nth(80) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_of_a_day_is_that_of_all_its_times() {
        // Clocks that change at odd times, by odd amounts, across the date line, or there and back within a week.
        for name in ["Europe/Zurich", "Pacific/Apia", "America/Noronha", "Australia/Lord_Howe", "Asia/Gaza"] {
            let zone = Zone::named(name).unwrap();
            let mut offsets = Offsets::new(zone);
            let mut day = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap();
            let mut unknown = 0;
            while day.year() < 2080 {
                match offsets.of(day) {
                    None => unknown += 1,
                    Some(offset) => {
                        for (hour, minute) in [(0, 0), (2, 30), (12, 0), (23, 59)] {
                            let wall = day.and_hms_opt(hour, minute, 0).unwrap();
                            let at = wall.and_utc().timestamp_millis() - offset;
                            assert_eq!(at, zone.at(wall, false).millis(), "{name} {wall}");
                            assert_eq!(at, zone.at(wall, true).millis(), "{name} {wall}");
                        }
                    }
                }
                day = day.succ_opt().unwrap();
            }
            assert!(unknown < 90 * 4 * 6, "{name}: {unknown} days are not known");
        }
    }
}
