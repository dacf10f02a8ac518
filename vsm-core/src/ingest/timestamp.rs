//! The one reader of the time stamps that tools write.
//!
//! | form | example | read as |
//! |---|---|---|
//! | RFC 3339, with `T` or a space | `2026-03-01T09:00:00.123Z`, `2026-03-01 09:00:00+01:00` | that instant |
//! | offset without colon, or hours only | `2026-03-01T09:00:00.000+0100`, `…+01` | that instant |
//! | ` UTC`, or a space before the offset | `2026-03-01 09:00:00 UTC`, `2026-03-01 09:00:00 +0100` | that instant |
//! | up to nine decimals | `2026-03-01T09:00:00.1234567Z` (.NET), `….123456789Z` | cut off at the millisecond |
//! | no seconds | `2026-03-01T09:00Z` | the full minute |
//! | number, or text of nine digits and more | `1772355600`, `1772355600123`, `1772355600.25` | time since 1970, see below |
//! | no offset | `2026-03-01T09:00:00` | wall clock of the declared zone; none declared: refused |
//! | date only | `2026-03-01` | start of that day in the declared zone; none declared: refused |
//! | two offsets, or offset and zone | `2026-03-01 09:00:00 +0100 CET` (Go), `…+01:00[Europe/Zurich]` (Java) | that instant; refused where they differ |
//! | zone by name | `2026-03-01 09:00:00 Europe/Zurich`, `…[Europe/Zurich]` | wall clock of that zone |
//! | without hyphens | `20260301T090000Z` | that instant |
//! | RFC 2822 (mail, HTTP) | `Sun, 1 Mar 2026 09:00:00 +0100`, `… GMT` | that instant |
//! | git, `ctime`, Java and JavaScript | `Sun Mar 1 09:00:00 2026 +0100`, `Sun Mar 01 09:00:00 CET 2026`, `Sun Mar 01 2026 09:00:00 GMT+0100 (CET)` | that instant |
//! | month by name | `01-Mar-2026 09:00`, `Mar 1, 2026 9:00:00 AM`, `01/Mar/2026:09:00:00 +0100` | as above |
//! | year first with slashes or dots, or short | `2026/03/01 09:00`, `2026.3.1`, `2026-3-1 9:00:00` | as above |
//! | day first with dots | `01.03.2026 09:00` | day, month, year: nobody writes them otherwise |
//! | day or month first | `25/03/2026 09:00`, `03-25-2026 9:00 PM` | see below |
//!
//! Whatever form the date has, any of the times and offsets may follow it; without one the declared zone is needed.
//! Years have four digits. A day of the week has to be that of the date. Of the abbreviations of zones those are
//! read that mean one offset (`UTC`, `GMT`, `WET`, `CET`, `EET` and their summer times, and the American ones of
//! RFC 2822); behind an offset any other one is a mere name.
//!
//! **Day or month first.** `03/02/2026` is two days; it is refused unless [`DateOrder`] is declared. A date that is one
//! day only (`25/03/2026`, `03/03/2026`) is read without; once an order is declared, a date that contradicts it is
//! refused, since then the declaration or the date is wrong.
//!
//! **Time since 1970** says its unit by its size (the rule is named `epoch by magnitude`): below 10¹¹ seconds,
//! below 10¹⁴ milliseconds, below 10¹⁷ microseconds, else nanoseconds. Seconds reach the year 5138 that way, and
//! milliseconds go back to March 1973. A tool that documents its unit is read by its documentation instead.
//!
//! **A day** that a tool means as a day (a target date) starts in the declared zone, or in UTC where none is
//! declared: there is nothing in the data that could be contradicted, and the difference is below a day.

mod forms;

use self::forms::{Trouble, Written};
use super::loose::Scalar;
use super::{DateOrder, IngestOptions};
use crate::error::{Error, Result};
use crate::time::{Instant, SECOND, Zone, clip, read_timestamp};

/// Reads stamps by what the caller declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamps {
    zone: Option<Zone>,
    order: Option<DateOrder>,
}

impl Stamps {
    /// # Errors
    /// [`Error::UnknownZone`]: an unknown zone has no fallback.
    pub(super) fn new(options: &IngestOptions) -> Result<Stamps> {
        let zone = options.zone.as_deref().map(Zone::named).transpose()?;
        Ok(Stamps { zone, order: options.date_order })
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
        self.instant(field, text.trim()).map(|(instant, _)| instant)
    }

    /// The instant, and whether it is the start of a day because the text says no more than the day.
    fn instant(self, field: &str, text: &str) -> Result<(Instant, bool)> {
        let found = match since_1970(text) {
            Some(instant) => instant.map(|instant| (instant, false)),
            None => {
                let written = match read_timestamp(text) {
                    // What has a clock time is longer than its date.
                    Some(stamp) => Written {
                        local: stamp.local,
                        offset: stamp.offset,
                        zone: None,
                        is_day: text.len() == "YYYY-MM-DD".len(),
                    },
                    None => {
                        forms::read(text, self.order).map_err(|trouble| refusal(field, text, &trouble))?
                    }
                };
                let instant = match (written.offset, written.zone.or(self.zone)) {
                    (Some(offset), _) => Instant::from_millis(written.local - offset),
                    (None, Some(zone)) => wall(zone, written.local),
                    (None, None) => {
                        return Err(Error::invalid(
                            field,
                            format!(
                                "\"{}\" has no time zone: declare the zone it was written in",
                                clip(text)
                            ),
                        ));
                    }
                };
                instant.map(|instant| (instant, written.is_day))
            }
        };
        found.ok_or_else(|| out_of_range(field))
    }

    /// The first instant of a day, or the instant itself where the tool gave more than the day.
    pub(super) fn day(self, field: &str, text: &str) -> Result<Instant> {
        self.or_utc().text(field, text)
    }

    /// The last millisecond of a day, or the instant itself where the tool gave more than the day: what is due on a
    /// day is in time all day.
    pub(super) fn day_end(self, field: &str, text: &str) -> Result<Instant> {
        let (start, is_day) = self.or_utc().instant(field, text.trim())?;
        let zone = self.zone.unwrap_or(Zone::UTC);
        match zone.date(start).succ_opt() {
            Some(next) if is_day => {
                Instant::from_millis(zone.day_start(next).millis() - 1).ok_or_else(|| out_of_range(field))
            }
            _ => Ok(start),
        }
    }

    /// Whether a text says no more than the day.
    pub(super) fn is_day(self, text: &str) -> bool {
        self.or_utc().instant("", text.trim()).is_ok_and(|(_, is_day)| is_day)
    }

    fn or_utc(self) -> Stamps {
        Stamps { zone: self.zone.or(Some(Zone::UTC)), ..self }
    }
}

fn wall(zone: Zone, local: i64) -> Option<Instant> {
    Instant::from_millis(local)?;
    forms::wall(local).map(|wall| zone.at(wall, false))
}

/// The instant of a text that is a number, with decimals or without; the outer `None` where it is not one.
fn since_1970(text: &str) -> Option<Option<Instant>> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (text, None),
    };
    if whole.len() < 9 || !is_number(whole) || !decimals.is_none_or(is_number) {
        return None;
    }
    match decimals {
        None => text.parse().ok().map(epoch),
        Some(_) => text.parse().ok().map(epoch_fraction),
    }
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

fn refusal(field: &str, text: &str, trouble: &Trouble) -> Error {
    let text = clip(text);
    let reason = match trouble {
        Trouble::NoForm => return unreadable(field, text),
        Trouble::Ambiguous => {
            format!("\"{text}\" may begin with the day or with the month: declare the \"date_order\"")
        }
        Trouble::Order => format!("\"{text}\" has day and month the other way round than declared"),
        Trouble::ShortYear => format!("\"{text}\" has a year of two digits: write all four"),
        Trouble::Weekday => format!("\"{text}\" has the day of the week of another date"),
        Trouble::Contradiction => format!("\"{text}\" states two offsets that differ"),
        Trouble::Zone(zone) => {
            format!("\"{text}\" has the zone \"{zone}\", which is unknown or means several: write the offset")
        }
    };
    Error::invalid(field, reason)
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

    fn ordered(order: DateOrder) -> Stamps {
        Stamps { order: Some(order), ..stamps(Some("UTC")) }
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
            ("2026-03-01 09:00:00.1234567 +01:00", "2026-03-01T08:00:00.123Z"),
            // Two statements of where the clock stood.
            ("2026-03-01T09:00:00+01:00[Europe/Zurich]", "2026-03-01T08:00:00.000Z"),
            ("2026-10-25T02:30:00+01:00[Europe/Zurich]", "2026-10-25T01:30:00.000Z"),
            ("2026-03-01T09:00:00Z[UTC]", "2026-03-01T09:00:00.000Z"),
            ("2026-03-01 09:00:00 +0100 CET", "2026-03-01T08:00:00.000Z"),
            ("2026-03-01 09:00:00.123456789 +0000 UTC m=+0.000012", "2026-03-01T09:00:00.123Z"),
            ("2026-03-01 09:00:00 +0530 IST", "2026-03-01T03:30:00.000Z"),
            ("2026-03-01 09:00:00 -0300 -03", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01T09:00:00+00:00Z", "2026-03-01T09:00:00.000Z"),
            // A zone by name.
            ("2026-03-01T09:00:00[Europe/Zurich]", "2026-03-01T08:00:00.000Z"),
            ("2026-03-01 09:00:00 America/Argentina/Buenos_Aires", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01 09:00:00 GMT", "2026-03-01T09:00:00.000Z"),
            ("2026-03-01 09:00:00 CEST", "2026-03-01T07:00:00.000Z"),
            // RFC 2822, git, ctime, Java and JavaScript.
            ("Sun, 1 Mar 2026 09:00:00 +0100", "2026-03-01T08:00:00.000Z"),
            ("1 Mar 2026 09:00 -0000", "2026-03-01T09:00:00.000Z"),
            ("Sun, 01 Mar 2026 09:00:00 GMT", "2026-03-01T09:00:00.000Z"),
            ("Sun, 1 Mar 2026 09:00:00 EST", "2026-03-01T14:00:00.000Z"),
            ("Sun, 1 Mar 2026 09:00:00 +0100 (CET)", "2026-03-01T08:00:00.000Z"),
            ("Sun Mar 1 09:00:00 2026 +0100", "2026-03-01T08:00:00.000Z"),
            ("Sun Mar  1 09:00:00 UTC 2026", "2026-03-01T09:00:00.000Z"),
            ("Sun Mar 01 09:00:00 CET 2026", "2026-03-01T08:00:00.000Z"),
            (
                "Sun Mar 01 2026 09:00:00 GMT+0100 (Central European Standard Time)",
                "2026-03-01T08:00:00.000Z",
            ),
            ("Sunday, March 1, 2026 9:00:00 PM UTC", "2026-03-01T21:00:00.000Z"),
            ("Mar 1, 2026, 12:05 AM UTC+1", "2026-02-28T23:05:00.000Z"),
            ("01/Mar/2026:09:00:00 +0100", "2026-03-01T08:00:00.000Z"),
            ("01-Mar-2026 09:00Z", "2026-03-01T09:00:00.000Z"),
            // Other orders and marks.
            ("20260301T090000Z", "2026-03-01T09:00:00.000Z"),
            ("20260301T090000.123+0100", "2026-03-01T08:00:00.123Z"),
            ("20260301T0900Z", "2026-03-01T09:00:00.000Z"),
            ("2026/03/01 09:00 +0100", "2026-03-01T08:00:00.000Z"),
            ("2026/3/1 9:00Z", "2026-03-01T09:00:00.000Z"),
            ("2026-3-1 9:00:00 +0000", "2026-03-01T09:00:00.000Z"),
            ("01.03.2026 09:00 UTC", "2026-03-01T09:00:00.000Z"),
            ("1.3.2026, 09:00:00 UTC", "2026-03-01T09:00:00.000Z"),
            ("25/03/2026 09:00 UTC", "2026-03-25T09:00:00.000Z"),
            ("03/25/2026 12:00 PM UTC", "2026-03-25T12:00:00.000Z"),
            ("03-03-2026 09:00 UTC", "2026-03-03T09:00:00.000Z"),
            ("1772355600", "2026-03-01T09:00:00.000Z"),
            ("1772355600.25", "2026-03-01T09:00:00.250Z"),
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
            ("Europe/Zurich", "2026/03/02 09:00", "2026-03-02T08:00:00.000Z"),
            ("Europe/Zurich", "02.03.2026 09:00", "2026-03-02T08:00:00.000Z"),
            ("Europe/Zurich", "02.03.2026", "2026-03-01T23:00:00.000Z"),
            ("Europe/Zurich", "2 March 2026", "2026-03-01T23:00:00.000Z"),
            ("Europe/Zurich", "Mon Mar  2 09:00:00 2026", "2026-03-02T08:00:00.000Z"),
            ("Europe/Zurich", "25/03/2026 9:00 PM", "2026-03-25T20:00:00.000Z"),
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
    fn day_and_month_are_told_apart_or_declared() {
        use DateOrder::{DayFirst, MonthFirst};
        let table = [
            (None, "03/02/2026", Err("declare the \"date_order\"")),
            (None, "3-2-2026 09:00", Err("declare the \"date_order\"")),
            (None, "25/03/2026", Ok("2026-03-25")),
            (None, "03/25/2026", Ok("2026-03-25")),
            (None, "03/03/2026", Ok("2026-03-03")),
            (None, "02.03.2026", Ok("2026-03-02")),
            (None, "25/13/2026", Err("is not a time stamp")),
            (Some(DayFirst), "03/02/2026", Ok("2026-02-03")),
            (Some(DayFirst), "25-03-2026", Ok("2026-03-25")),
            (Some(DayFirst), "03/25/2026", Err("the other way round than declared")),
            (Some(MonthFirst), "03/02/2026", Ok("2026-03-02")),
            (Some(MonthFirst), "3/25/2026", Ok("2026-03-25")),
            (Some(MonthFirst), "25/03/2026", Err("the other way round than declared")),
            (Some(MonthFirst), "02.03.2026", Ok("2026-03-02")),
            (Some(MonthFirst), "2026/03/02", Ok("2026-03-02")),
            (Some(MonthFirst), "02/30/2026", Err("is not a time stamp")),
        ];
        for (order, text, expected) in table {
            let read = order.map_or(stamps(Some("UTC")), ordered).text("at", text);
            match (read, expected) {
                (Ok(instant), Ok(day)) => {
                    let start = format!("{day}T{}", instant.to_string().split_once('T').unwrap().1);
                    assert_eq!(instant.to_string(), start, "{order:?} {text}");
                }
                (Err(error), Err(reason)) => {
                    assert!(error.to_string().contains(reason), "{order:?} {text}: {error}");
                }
                (read, _) => panic!("{order:?} {text}: {read:?}"),
            }
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_the_reason() {
        let table = [
            ("2026-03-01 09:00:00 +0200 CET", "two offsets that differ"),
            ("2026-03-01 09:00:00 +0100 UTC", "two offsets that differ"),
            ("2026-03-01T09:00:00+01:00Z", "two offsets that differ"),
            ("2026-03-01T09:00:00+02:00[Europe/Zurich]", "two offsets that differ"),
            ("2026-03-01T09:00:00+01:00[Mars/Olympus]", "\"Mars/Olympus\", which is unknown"),
            ("2026-03-01 09:00:00 IST", "\"IST\", which is unknown or means several"),
            ("Mon, 1 Mar 2026 09:00:00 +0100", "day of the week of another date"),
            ("01/Mar/26 9:00 AM", "year of two digits"),
            ("25/03/26", "year of two digits"),
        ];
        for (text, reason) in table {
            let error = stamps(Some("UTC")).text("at", text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_day_starts_in_the_declared_zone_or_in_utc() {
        assert_eq!(stamps(None).day("due", "2026-03-01").unwrap().to_string(), "2026-03-01T00:00:00.000Z");
        let zurich = stamps(Some("Europe/Zurich"));
        assert_eq!(zurich.day("due", "2026-03-01").unwrap().to_string(), "2026-02-28T23:00:00.000Z");
        assert_eq!(zurich.day_end("due", "2026-03-01").unwrap().to_string(), "2026-03-01T22:59:59.999Z");
        assert_eq!(zurich.day_end("due", "1772355600").unwrap().to_string(), "2026-03-01T09:00:00.000Z");
        assert_eq!(zurich.day_end("due", "1.3.2026").unwrap().to_string(), "2026-03-01T22:59:59.999Z");
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
            "2026-03-01T09:00:00.1234567890Z",
            "2026-03-01T09:00:00+01:00[Europe/Zurich",
            "2026-03-01T09:00:00Z Z Z Z",
            "2026-03-01 09:00:00 Mars/Olympus",
            "2026 03 01",
            "2026/13/01",
            "32.01.2026",
            "03/02",
            "Mar 2",
            "Mar 2 09:00",
            "Foo 2 2026",
            "1 Ma 2026",
            "13:00 PM 2026-03-01",
            "25.03.2026 13:00 PM",
            "25.03.2026 9",
            "25.03.202609:00",
            "20260301T25",
            "12345678901.x",
            "é",
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

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9A-Za-zé:/.,+ \\[\\]()-]{0,40}") {
            for zone in [None, Some("Europe/Zurich")] {
                let _ = stamps(zone).text("at", &text);
                let _ = stamps(zone).day_end("at", &text);
            }
        }

        #[test]
        fn an_instant_is_the_same_in_every_form(seconds in -30_000_000_000_i64..250_000_000_000) {
            let instant = Instant::from_millis(seconds * SECOND).unwrap();
            let utc = instant.to_utc();
            for form in [
                "%Y-%m-%d %H:%M:%S +0000 UTC",
                "%Y-%m-%dT%H:%M:%S.0000000+00:00[Etc/UTC]",
                "%Y%m%dT%H%M%SZ",
                "%a, %e %b %Y %H:%M:%S GMT",
                "%a %b %e %H:%M:%S %Y +0000",
                "%A %B %d %Y %H:%M:%S GMT+0000 (UTC)",
                "%d/%b/%Y:%H:%M:%S +0000",
                "%b %e, %Y, %I:%M:%S %p UTC",
                "%Y/%m/%d %H:%M:%SZ",
                "%d.%m.%Y %H:%M:%S UTC",
            ] {
                let text = utc.format(form).to_string();
                proptest::prop_assert_eq!(stamps(None).text("at", &text), Ok(instant), "{}", text);
            }
            let american = utc.format("%m/%d/%Y %I:%M:%S %p").to_string();
            proptest::prop_assert_eq!(ordered(DateOrder::MonthFirst).text("at", &american), Ok(instant));
            let british = utc.format("%d-%m-%Y %H:%M:%S").to_string();
            proptest::prop_assert_eq!(ordered(DateOrder::DayFirst).text("at", &british), Ok(instant));
        }
    }
}
