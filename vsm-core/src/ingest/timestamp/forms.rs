//! The written forms beside RFC 3339: the parts of a stamp in the orders that tools put them in.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::DateOrder;
use crate::time::{DAY, HOUR, MINUTE, SECOND, Zone, clip};

/// What a text says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Wall-clock milliseconds since 1970.
    pub(super) local: i64,
    pub(super) offset: Option<i64>,
    /// The zone that the text names, where it states no offset.
    pub(super) zone: Option<Zone>,
    /// Whether the text is a day without time.
    pub(super) is_day: bool,
}

/// Why a text says no time.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It has none of the forms.
    NoForm,
    /// Day and month could be either way round.
    Ambiguous,
    /// Day and month are the other way round than declared.
    Order,
    /// A year of two digits.
    ShortYear,
    /// The day of the week is that of another date.
    Weekday,
    /// Two offsets, or an offset and a zone, that differ.
    Contradiction,
    /// A zone that nobody knows, or that means several.
    Zone(String),
}

/// More than this many offsets and zone names are no time stamp.
const MOST_STATEMENTS: usize = 3;

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Abbreviations that mean one offset, in hours. `IST`, `BST`, `AST` and their like mean several and are not here.
const ABBREVIATIONS: [(&str, i64); 18] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    // As RFC 2822 defines them.
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
];

pub(super) fn read(text: &str, order: Option<DateOrder>) -> Result<Written, Trouble> {
    let mut scan = Scan { rest: text.trim() };
    let mut word = scan.word();
    let weekday = named(&WEEKDAYS, word);
    if weekday.is_some() {
        scan.take(',');
        scan.spaces();
        word = scan.word();
    }
    let mut date = match word {
        "" => numeric_date(&mut scan, order)?,
        month => worded_date(&mut scan, month).ok_or(Trouble::NoForm)?,
    };
    let (time, is_day) = match scan.rest.is_empty() {
        true => (0, true),
        false => (time(&mut scan, &date).ok_or(Trouble::NoForm)?, false),
    };
    let mut place = Place::default();
    while !scan.rest.is_empty() {
        scan.spaces();
        match scan.digits() {
            Some((year, 4)) if date.year.is_none() => date.year = Some(year),
            Some(_) => return Err(Trouble::NoForm),
            None => place.statement(&mut scan)?,
        }
    }
    let day = date.day().ok_or(Trouble::NoForm)?;
    if weekday.is_some_and(|weekday| weekday != day.weekday().num_days_from_monday() as usize) {
        return Err(Trouble::Weekday);
    }
    let local = day.signed_duration_since(NaiveDate::default()).num_days() * DAY + time;
    let (offset, zone) = place.settle(local)?;
    Ok(Written { local, offset, zone, is_day })
}

/// A date as far as it has been read: some forms have the year after the time.
struct Date {
    year: Option<u32>,
    month: u32,
    day: u32,
    /// `20260302`, which goes with a time of the same sort.
    is_basic: bool,
}

impl Date {
    fn new(year: u32, month: u32, day: u32) -> Date {
        Date { year: Some(year), month, day, is_basic: false }
    }

    fn day(&self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(i32::try_from(self.year?).ok()?, self.month, self.day)
    }
}

/// `Mar 2, 2026`, `Mar 02 2026`, or `Mar 2` with the year after the time.
fn worded_date(scan: &mut Scan<'_>, month: &str) -> Option<Date> {
    let month = named(&MONTHS, month)? as u32 + 1;
    scan.spaces();
    let (day, 1..=2) = scan.digits()? else { return None };
    let mut ahead = *scan;
    ahead.take(',');
    ahead.spaces();
    let year = match ahead.digits() {
        Some((year, 4)) => {
            *scan = ahead;
            Some(year)
        }
        _ => None,
    };
    Some(Date { year, month, day, is_basic: false })
}

/// A date that begins with a number.
fn numeric_date(scan: &mut Scan<'_>, order: Option<DateOrder>) -> Result<Date, Trouble> {
    let (first, length) = scan.digits().ok_or(Trouble::NoForm)?;
    if length == 8 && scan.rest.starts_with(['T', 't']) {
        return Ok(Date { is_basic: true, ..Date::new(first / 10_000, first / 100 % 100, first % 100) });
    }
    let mark = scan.next().filter(|mark| "-/. ".contains(*mark)).ok_or(Trouble::NoForm)?;
    if length == 4 {
        return year_first(scan, first, mark).ok_or(Trouble::NoForm);
    }
    if length > 2 {
        return Err(Trouble::NoForm);
    }
    scan.spaces();
    let month = scan.word();
    if !month.is_empty() {
        let month = named(&MONTHS, month).ok_or(Trouble::NoForm)? as u32 + 1;
        return Ok(Date::new(last_year(scan, mark)?, month, first));
    }
    let (second, 1..=2) = scan.digits().ok_or(Trouble::NoForm)? else { return Err(Trouble::NoForm) };
    if mark == ' ' {
        return Err(Trouble::NoForm);
    }
    let year = last_year(scan, mark)?;
    let (month, day) = in_order(first, second, mark, order)?;
    Ok(Date::new(year, month, day))
}

/// `2026/03/02`, `2026.3.2` or `2026-3-2 9:00`; what has no time and too few digits between hyphens is no date but a
/// name.
fn year_first(scan: &mut Scan<'_>, year: u32, mark: char) -> Option<Date> {
    let (month, length @ 1..=2) = scan.digits()? else { return None };
    if mark == ' ' || !scan.take(mark) {
        return None;
    }
    let (day, other @ 1..=2) = scan.digits()? else { return None };
    let is_name = mark == '-' && length + other < 4 && scan.rest.is_empty();
    (!is_name).then(|| Date::new(year, month, day))
}

fn last_year(scan: &mut Scan<'_>, mark: char) -> Result<u32, Trouble> {
    if !scan.take(mark) {
        return Err(Trouble::NoForm);
    }
    scan.spaces();
    match scan.digits() {
        Some((year, 4)) => Ok(year),
        Some((_, 2)) => Err(Trouble::ShortYear),
        _ => Err(Trouble::NoForm),
    }
}

/// Month and day of the two numbers before the year. Between dots the day comes first wherever dots are used.
fn in_order(first: u32, second: u32, mark: char, order: Option<DateOrder>) -> Result<(u32, u32), Trouble> {
    let is_month = |number: u32| (1..=12).contains(&number);
    let by_day = (second, first);
    let by_month = (first, second);
    match order {
        _ if mark == '.' => Ok(by_day),
        _ if !is_month(first) && !is_month(second) => Err(Trouble::NoForm),
        Some(DateOrder::DayFirst) if is_month(second) => Ok(by_day),
        Some(DateOrder::MonthFirst) if is_month(first) => Ok(by_month),
        Some(_) => Err(Trouble::Order),
        None if first == second || !is_month(first) => Ok(by_day),
        None if !is_month(second) => Ok(by_month),
        None => Err(Trouble::Ambiguous),
    }
}

/// Milliseconds of the day.
fn time(scan: &mut Scan<'_>, date: &Date) -> Option<i64> {
    // Web servers write `02/Mar/2026:09:00:00`.
    let apart = scan.take('T') || scan.take('t') || scan.take(':') || (scan.take(',') | scan.spaces());
    if !apart {
        return None;
    }
    scan.spaces();
    let (first, length) = scan.digits()?;
    let (mut hour, minute, second) = match (date.is_basic, length) {
        (true, 4) => (first / 100, first % 100, 0),
        (true, 6) => (first / 10_000, first / 100 % 100, first % 100),
        (false, 1..=2) if scan.take(':') => {
            let (minute, 2) = scan.digits()? else { return None };
            let second = if scan.take(':') { scan.digits().filter(|(_, length)| *length == 2)?.0 } else { 0 };
            (first, minute, second)
        }
        _ => return None,
    };
    let millis = if scan.take('.') || scan.take(',') { fraction(scan)? } else { 0 };
    let mut ahead = *scan;
    ahead.spaces();
    let half = ahead.word();
    let is_pm = half.eq_ignore_ascii_case("pm");
    if is_pm || half.eq_ignore_ascii_case("am") {
        *scan = ahead;
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if is_pm { 12 } else { 0 };
    }
    // A leap second reads as the last second of its minute.
    (hour <= 23 && minute <= 59 && second <= 60).then(|| {
        i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second.min(59)) * SECOND + millis
    })
}

/// One to nine decimals, cut off at the millisecond.
fn fraction(scan: &mut Scan<'_>) -> Option<i64> {
    let digits = scan.run(|c| c.is_ascii_digit());
    if !(1..=9).contains(&digits.len()) {
        return None;
    }
    format!("{digits:0<9}").parse::<i64>().ok().map(|nanos| nanos / 1_000_000)
}

/// Everything that a stamp says of where its clock stood.
#[derive(Default)]
struct Place<'a> {
    offsets: Vec<i64>,
    abbreviations: Vec<i64>,
    zone: Option<Zone>,
    /// A name that says nothing by itself, such as `IST`.
    name: Option<&'a str>,
    statements: usize,
}

impl<'a> Place<'a> {
    fn statement(&mut self, scan: &mut Scan<'a>) -> Result<(), Trouble> {
        self.statements += 1;
        if self.statements > MOST_STATEMENTS {
            return Err(Trouble::NoForm);
        }
        if scan.rest.starts_with(['+', '-']) {
            self.offsets.push(offset(scan).ok_or(Trouble::NoForm)?);
        } else if scan.take('[') {
            let name = scan.run(|c| c != ']');
            self.zone = Some(Zone::named(name).map_err(|_| Trouble::Zone(clip(name).into()))?);
            return scan.take(']').then_some(()).ok_or(Trouble::NoForm);
        } else if scan.take('(') {
            // A comment, as mail and JavaScript write it: `(Central European Time)`.
            scan.run(|c| c != ')');
            return scan.take(')').then_some(()).ok_or(Trouble::NoForm);
        } else {
            self.word(scan)?;
        }
        Ok(())
    }

    fn word(&mut self, scan: &mut Scan<'a>) -> Result<(), Trouble> {
        let mut ahead = *scan;
        let name = ahead.run(|c| c.is_ascii_alphanumeric() || "/_+-".contains(c));
        if name.contains('/') {
            *scan = ahead;
            self.zone = Some(Zone::named(name).map_err(|_| Trouble::Zone(clip(name).into()))?);
            return Ok(());
        }
        let word = scan.word();
        if word == "m" && scan.take('=') {
            // The monotonic clock that Go prints behind its times.
            scan.run(|c| c != ' ');
            return Ok(());
        }
        match ABBREVIATIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
            Some((_, 0)) if scan.rest.starts_with(['+', '-']) => {
                self.offsets.push(offset(scan).ok_or(Trouble::NoForm)?);
            }
            Some((_, hours)) => self.abbreviations.push(hours * HOUR),
            None if (2..=5).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                self.name = Some(word);
            }
            None => return Err(Trouble::NoForm),
        }
        Ok(())
    }

    /// The one offset or zone that all statements agree on; none where there is no statement.
    fn settle(self, local: i64) -> Result<(Option<i64>, Option<Zone>), Trouble> {
        let mut stated = self.offsets.iter().chain(&self.abbreviations).copied();
        let offset = stated.next();
        if stated.any(|other| Some(other) != offset) {
            return Err(Trouble::Contradiction);
        }
        match (offset, self.zone, self.name) {
            (Some(offset), Some(zone), _) => {
                let wall = wall(local).ok_or(Trouble::NoForm)?;
                let agrees =
                    [false, true].into_iter().any(|last| zone.at(wall, last).millis() == local - offset);
                if agrees { Ok((Some(offset), None)) } else { Err(Trouble::Contradiction) }
            }
            (None, None, Some(name)) => Err(Trouble::Zone(name.into())),
            (offset, zone, _) => Ok((offset, zone)),
        }
    }
}

/// `+01:00`, `+0100`, `+01` or, as in `UTC+1`, `+1`.
fn offset(scan: &mut Scan<'_>) -> Option<i64> {
    let sign = if scan.next()? == '-' { -1 } else { 1 };
    let (number, length) = scan.digits()?;
    let (hours, minutes) = match length {
        4 => (number / 100, number % 100),
        1..=2 if scan.take(':') => (number, scan.digits().filter(|(_, length)| *length == 2)?.0),
        1..=2 => (number, 0),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then(|| sign * (i64::from(hours) * HOUR + i64::from(minutes) * MINUTE))
}

pub(super) fn wall(local: i64) -> Option<NaiveDateTime> {
    chrono::DateTime::from_timestamp_millis(local).map(|wall| wall.naive_utc())
}

/// Which of some names a word stands for: the whole name or at least its first three letters.
fn named(names: &[&str], word: &str) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    names.iter().position(|name| word.len() >= 3 && name.starts_with(&word))
}

/// The rest of a text that is read from left to right.
#[derive(Clone, Copy)]
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// The longest beginning of characters that fit.
    fn run(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        run
    }

    fn word(&mut self) -> &'a str {
        self.run(|c| c.is_ascii_alphabetic())
    }

    /// A number and how many digits it was written with.
    fn digits(&mut self) -> Option<(u32, usize)> {
        let run = self.run(|c| c.is_ascii_digit());
        Some((run.parse().ok()?, run.len()))
    }

    fn spaces(&mut self) -> bool {
        !self.run(|c| c == ' ').is_empty()
    }

    fn next(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let next = rest.next();
        self.rest = rest.as_str();
        next
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}
