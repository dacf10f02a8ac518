//! The one reader of the time stamps that tools write.
//!
//! | form | example | read as |
//! |---|---|---|
//! | RFC 3339, with `T` or a space | `2026-03-01T09:00:00.123Z`, `2026-03-01 09:00:00+01:00` | that instant |
//! | offset without colon, or hours only | `2026-03-01T09:00:00.000+0100`, `…+01` | that instant |
//! | ` UTC`, or a space before the offset | `2026-03-01 09:00:00 UTC`, `2026-03-01 09:00:00 +0100` | that instant |
//! | up to nine decimals | `2026-03-01T09:00:00.123456789Z` | cut off at the millisecond |
//! | no seconds | `2026-03-01T09:00Z` | the full minute |
//! | number, or text of nine digits and more | `1772355600`, `1772355600123` | time since 1970, see below |
//! | no offset | `2026-03-01T09:00:00` | wall clock of the declared zone; none declared: refused |
//! | date only | `2026-03-01` | start of that day in the declared zone; none declared: refused |
//!
//! **Time since 1970** says its unit by its size (the rule is named `epoch by magnitude`): below 10¹¹ seconds,
//! below 10¹⁴ milliseconds, below 10¹⁷ microseconds, else nanoseconds. Seconds reach the year 5138 that way, and
//! milliseconds go back to March 1973. A tool that documents its unit is read by its documentation instead.
//!
//! **A day** that a tool means as a day (a target date) starts in the declared zone, or in UTC where none is
//! declared: there is nothing in the data that could be contradicted, and the difference is below a day.

use chrono::DateTime;

use super::IngestOptions;
use super::loose::Scalar;
use crate::error::{Error, Result};
use crate::time::{Instant, SECOND, Zone, clip, read_timestamp};

/// Reads stamps by what the caller declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamps {
    zone: Option<Zone>,
}

impl Stamps {
    /// # Errors
    /// [`Error::UnknownZone`]: an unknown zone has no fallback.
    pub(super) fn new(options: &IngestOptions) -> Result<Stamps> {
        Ok(Stamps { zone: options.zone.as_deref().map(Zone::named).transpose()? })
    }

    /// The instant of a stamp; none where the tool gave none.
    pub(super) fn read(self, field: &str, stamp: &Scalar<'_>) -> Result<Option<Instant>> {
        match stamp {
            Scalar::Absent => Ok(None),
            Scalar::Text(text) if text.trim().is_empty() => Ok(None),
            Scalar::Text(text) => self.text(field, text).map(Some),
            Scalar::Int(number) => epoch(*number).ok_or_else(|| out_of_range(field)).map(Some),
            Scalar::Float(number) => epoch_fraction(*number).ok_or_else(|| out_of_range(field)).map(Some),
            Scalar::Bool(_) => Err(unreadable(field, "a truth value")),
        }
    }

    /// The instant of a stamp that is a text.
    pub(super) fn text(self, field: &str, text: &str) -> Result<Instant> {
        let text = text.trim();
        if text.len() >= 9
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(number) = text.parse()
        {
            return epoch(number).ok_or_else(|| out_of_range(field));
        }
        let stamp = read_timestamp(text).ok_or_else(|| unreadable(field, text))?;
        match stamp.offset {
            Some(offset) => Instant::from_millis(stamp.local - offset).ok_or_else(|| out_of_range(field)),
            None => {
                let zone = self.zone.ok_or_else(|| {
                    Error::invalid(
                        field,
                        format!("\"{}\" has no time zone: declare the zone it was written in", clip(text)),
                    )
                })?;
                wall(zone, stamp.local).ok_or_else(|| out_of_range(field))
            }
        }
    }

    /// The first instant of a day, or the instant itself where the tool gave more than the day.
    pub(super) fn day(self, field: &str, text: &str) -> Result<Instant> {
        Stamps { zone: self.zone.or(Some(Zone::UTC)) }.text(field, text)
    }

    /// The last millisecond of a day, or the instant itself where the tool gave more than the day: what is due on a
    /// day is in time all day.
    pub(super) fn day_end(self, field: &str, text: &str) -> Result<Instant> {
        let start = self.day(field, text)?;
        let zone = self.zone.unwrap_or(Zone::UTC);
        match zone.date(start).succ_opt() {
            Some(next) if text.trim().len() == "YYYY-MM-DD".len() => {
                Instant::from_millis(zone.day_start(next).millis() - 1).ok_or_else(|| out_of_range(field))
            }
            _ => Ok(start),
        }
    }
}

fn wall(zone: Zone, local: i64) -> Option<Instant> {
    Instant::from_millis(local)?;
    DateTime::from_timestamp_millis(local).map(|wall| zone.at(wall.naive_utc(), false))
}

/// The rule `epoch by magnitude`.
fn epoch(number: i64) -> Option<Instant> {
    let millis = match number.unsigned_abs() {
        0..100_000_000_000 => number.checked_mul(SECOND)?,
        100_000_000_000..100_000_000_000_000 => number,
        100_000_000_000_000..100_000_000_000_000_000 => number.div_euclid(1_000),
        _ => number.div_euclid(1_000_000),
    };
    Instant::from_millis(millis)
}

/// Only seconds are written with decimals.
fn epoch_fraction(number: f64) -> Option<Instant> {
    if !number.is_finite() {
        return None;
    }
    if number.abs() < 1e11 {
        Instant::from_millis((number * 1e3).round() as i64)
    } else {
        epoch(number as i64)
    }
}

fn unreadable(field: &str, text: &str) -> Error {
    Error::invalid(field, format!("\"{}\" is not a time stamp such as 2026-03-01T09:00:00Z", clip(text)))
}

fn out_of_range(field: &str) -> Error {
    Error::invalid(field, "the year must be between 1 and 9999")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(zone: Option<&str>) -> Stamps {
        Stamps::new(&IngestOptions { zone: zone.map(Into::into), ..IngestOptions::default() }).unwrap()
    }

    #[test]
    fn every_form_that_states_its_offset() {
        let table = [
            ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00.000Z"),
            ("2026-03-01t09:00:00z", "2026-03-01T09:00:00.000Z"),
            ("  2026-03-01T09:00:00Z ", "2026-03-01T09:00:00.000Z"),
            ("2026-03-01T09:00Z", "2026-03-01T09:00:00.000Z"),
            ("2026-03-01 09:00:00 UTC", "2026-03-01T09:00:00.000Z"),
            ("2026-03-01 09:00:00 +0100", "2026-03-01T08:00:00.000Z"),
            ("2026-03-01T09:00:00.123+0100", "2026-03-01T08:00:00.123Z"),
            ("2026-03-01T09:00:00.123+01:00", "2026-03-01T08:00:00.123Z"),
            ("2026-03-01T09:00:00-05", "2026-03-01T14:00:00.000Z"),
            ("2026-03-01T09:00:00.1234567Z", "2026-03-01T09:00:00.123Z"),
            ("2026-03-01T09:00:00.123456789-0230", "2026-03-01T11:30:00.123Z"),
            ("2026-03-01T09:00:00,5Z", "2026-03-01T09:00:00.500Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
            ("1772355600", "2026-03-01T09:00:00.000Z"),
            ("1772355600123", "2026-03-01T09:00:00.123Z"),
            ("1772355600123456", "2026-03-01T09:00:00.123Z"),
            ("1772355600123456789", "2026-03-01T09:00:00.123Z"),
        ];
        for (text, expected) in table {
            assert_eq!(stamps(None).text("at", text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_has_no_zone_needs_a_declared_one() {
        let table = [
            ("Europe/Zurich", "2026-03-01T09:00:00", "2026-03-01T08:00:00.000Z"),
            ("Europe/Zurich", "2026-03-01", "2026-02-28T23:00:00.000Z"),
            ("Europe/Zurich", "2026-07-01 09:00:00.250", "2026-07-01T07:00:00.250Z"),
            // The clock jumps from 2 to 3: the first instant after the jump.
            ("Europe/Zurich", "2026-03-29T02:30:00", "2026-03-29T01:30:00.000Z"),
            // The clock shows it twice: the first time.
            ("Europe/Zurich", "2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z"),
            ("UTC", "2026-03-01", "2026-03-01T00:00:00.000Z"),
        ];
        for (zone, text, expected) in table {
            assert_eq!(stamps(Some(zone)).text("at", text).unwrap().to_string(), expected, "{zone} {text}");
            let error = stamps(None).text("fields.created", text).unwrap_err();
            assert_eq!(error.code(), "invalid");
            let message = error.to_string();
            assert!(
                message.starts_with("fields.created: ") && message.contains("declare the zone"),
                "{message}"
            );
        }
    }

    #[test]
    fn a_day_starts_in_the_declared_zone_or_in_utc() {
        assert_eq!(stamps(None).day("due", "2026-03-01").unwrap().to_string(), "2026-03-01T00:00:00.000Z");
        let zurich = stamps(Some("Europe/Zurich"));
        assert_eq!(zurich.day("due", "2026-03-01").unwrap().to_string(), "2026-02-28T23:00:00.000Z");
        assert_eq!(zurich.day_end("due", "2026-03-01").unwrap().to_string(), "2026-03-01T22:59:59.999Z");
        assert_eq!(zurich.day_end("due", "2026-03-29").unwrap().to_string(), "2026-03-29T21:59:59.999Z");
        assert_eq!(
            zurich.day_end("due", "2026-03-01T09:00:00Z").unwrap().to_string(),
            "2026-03-01T09:00:00.000Z"
        );
    }

    #[test]
    fn numbers_say_their_unit_by_their_size() {
        let table = [
            (Scalar::Int(0), "1970-01-01T00:00:00.000Z"),
            (Scalar::Int(-86_400), "1969-12-31T00:00:00.000Z"),
            (Scalar::Int(99_999_999_999), "5138-11-16T09:46:39.000Z"),
            (Scalar::Int(100_000_000_000), "1973-03-03T09:46:40.000Z"),
            (Scalar::Int(1_772_355_600_123), "2026-03-01T09:00:00.123Z"),
            (Scalar::Float(1_772_355_600.25), "2026-03-01T09:00:00.250Z"),
        ];
        for (number, expected) in table {
            assert_eq!(
                stamps(None).read("at", &number).unwrap().unwrap().to_string(),
                expected,
                "{number:?}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let texts = [
            "yesterday",
            "01/03/2026",
            "2026-3-1",
            "2026-02-30",
            "2026-03-01T25:00:00Z",
            "2026-03-01T09:00:00+99:00",
            "2026-03-01T09:00:00Z trailing",
            "20260301",
            "99999999999999999999999",
            "0000-01-01T00:00:00Z",
            "\u{202e}2026-03-01",
            "2026-03-01T09:00:00\0Z",
        ];
        for text in texts {
            assert_eq!(stamps(Some("UTC")).text("at", text).map_err(|e| e.code()), Err("invalid"), "{text}");
        }
        for number in
            [Scalar::Int(i64::MAX), Scalar::Int(i64::MIN), Scalar::Float(f64::NAN), Scalar::Float(1e300)]
        {
            let read = stamps(None).read("at", &number).map(|at| at.is_some());
            assert!(matches!(read, Ok(true) | Err(Error::Invalid { .. })), "{number:?}");
        }
        assert!(stamps(None).read("at", &Scalar::Bool(true)).is_err());
        assert_eq!(stamps(None).read("at", &Scalar::Absent).unwrap(), None);
        assert_eq!(stamps(Some("UTC")).text("at", "0000-06-01").map_err(|e| e.code()), Err("invalid"));
    }

    #[test]
    fn an_unknown_zone_is_an_error() {
        let options = IngestOptions { zone: Some("Mars/Olympus".into()), ..IngestOptions::default() };
        assert_eq!(Stamps::new(&options).unwrap_err().code(), "unknown_zone");
    }
}
