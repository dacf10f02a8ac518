//! Reading the text of a recurrence rule.

use chrono::{NaiveDate, NaiveDateTime, Weekday};

use super::rule::weekday;
use crate::error::{Error, Result};
use crate::time::{Instant, clip};

/// The longest text of a rule.
const LONGEST: usize = 500;
/// The most days that a rule may count: its last day is found by counting them.
const MOST: u32 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// Where a rule ends: with a day, or with the last occurrence that begins not after an instant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Until {
    Day(NaiveDate),
    At(Instant),
}

/// What a rule says.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) frequency: Frequency,
    pub(super) interval: u32,
    pub(super) count: Option<u32>,
    pub(super) until: Option<Until>,
    /// Bit n stands for month n; none set = all.
    pub(super) months: u16,
    pub(super) month_days: Vec<i32>,
    /// Weekdays, each the nth of its month or year; 0 = each.
    pub(super) weekdays: Vec<(i32, Weekday)>,
    pub(super) positions: Vec<i32>,
    pub(super) week_start: Weekday,
}

impl Parts {
    /// Reads `FREQ=...;...`, with or without `RRULE:` before it. What counts in hours or less, and what names weeks or days
    /// of a year, is refused rather than left out.
    pub(super) fn read(text: &str, field: &str) -> Result<Parts> {
        Reader { text, field }.read()
    }
}

struct Reader<'a> {
    text: &'a str,
    field: &'a str,
}

impl Reader<'_> {
    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::invalid(
            self.field,
            format!("\"{}\" is no recurrence rule of RFC 5545: {what}", clip(self.text)),
        )
    }

    fn read(&self) -> Result<Parts> {
        if self.text.len() > LONGEST {
            return Err(self.wrong(format!("it is longer than {LONGEST} characters")));
        }
        let text = self.text.trim().to_ascii_uppercase();
        let text = text.strip_prefix("RRULE:").unwrap_or(&text);
        let mut seen: Vec<&str> = Vec::new();
        let mut frequency = None;
        let mut parts = Parts {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            months: 0,
            month_days: Vec::new(),
            weekdays: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Mon,
        };
        for part in text.split(';') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(self.wrong(format!("\"{}\" is not NAME=VALUE", clip(part))));
            };
            if seen.contains(&name) {
                return Err(self.wrong(format!("{} is there twice", clip(name))));
            }
            seen.push(name);
            match name {
                "FREQ" => frequency = Some(self.frequency(value)?),
                "INTERVAL" => parts.interval = self.number(name, value, 1, 10_000)?.unsigned_abs(),
                "COUNT" => parts.count = Some(self.number(name, value, 1, MOST as i32)?.unsigned_abs()),
                "UNTIL" => parts.until = Some(self.until(value)?),
                "BYMONTH" => {
                    for month in value.split(',') {
                        parts.months |= 1 << self.number(name, month, 1, 12)?.unsigned_abs();
                    }
                }
                "BYMONTHDAY" => parts.month_days = self.signed(name, value, 31)?,
                "BYSETPOS" => parts.positions = self.signed(name, value, 366)?,
                "BYDAY" => {
                    parts.weekdays =
                        value.split(',').map(|day| self.nth_weekday(day)).collect::<Result<_>>()?;
                }
                "WKST" => {
                    parts.week_start =
                        weekday(value).ok_or_else(|| self.wrong("WKST must be a weekday such as MO"))?;
                }
                "BYHOUR" | "BYMINUTE" | "BYSECOND" | "BYYEARDAY" | "BYWEEKNO" => {
                    return Err(self.wrong(format!("{name} is not supported")));
                }
                _ => return Err(self.wrong(format!("\"{}\" is not known", clip(name)))),
            }
        }
        parts.frequency = frequency.ok_or_else(|| self.wrong("FREQ is missing"))?;
        self.check(&parts)?;
        Ok(parts)
    }

    /// What RFC 5545 (3.3.10) does not allow together.
    fn check(&self, parts: &Parts) -> Result<()> {
        let (daily, weekly) = (parts.frequency == Frequency::Daily, parts.frequency == Frequency::Weekly);
        let is_filtered = parts.months != 0 || !parts.month_days.is_empty() || !parts.weekdays.is_empty();
        let reason = if parts.count.is_some() && parts.until.is_some() {
            "COUNT and UNTIL exclude each other"
        } else if weekly && !parts.month_days.is_empty() {
            "BYMONTHDAY does not go with FREQ=WEEKLY"
        } else if (daily || weekly) && parts.weekdays.iter().any(|(nth, _)| *nth != 0) {
            "BYDAY with a number goes with FREQ=MONTHLY and FREQ=YEARLY alone"
        } else if !parts.positions.is_empty() && !is_filtered {
            "BYSETPOS needs BYDAY, BYMONTHDAY or BYMONTH beside it"
        } else {
            return Ok(());
        };
        Err(self.wrong(reason))
    }

    fn frequency(&self, value: &str) -> Result<Frequency> {
        Ok(match value {
            "DAILY" => Frequency::Daily,
            "WEEKLY" => Frequency::Weekly,
            "MONTHLY" => Frequency::Monthly,
            "YEARLY" => Frequency::Yearly,
            "HOURLY" | "MINUTELY" | "SECONDLY" => {
                return Err(self.wrong(format!("FREQ={value} is not supported: a day is the least")));
            }
            _ => return Err(self.wrong("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")),
        })
    }

    fn number(&self, name: &str, value: &str, least: i32, most: i32) -> Result<i32> {
        let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
        let number = value.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.wrong(format!("{name} must be a number from {least} to {most}")))
    }

    /// Numbers that count from the front or, if negative, from the back.
    fn signed(&self, name: &str, value: &str, most: i32) -> Result<Vec<i32>> {
        let read = |text| match self.number(name, text, -most, most)? {
            0 => Err(self.wrong(format!("{name} must not be 0"))),
            number => Ok(number),
        };
        value.split(',').map(read).collect()
    }

    fn nth_weekday(&self, text: &str) -> Result<(i32, Weekday)> {
        let read = || {
            let (number, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
            Some((number, weekday(day)?))
        };
        let (number, day) =
            read().ok_or_else(|| self.wrong("BYDAY must be weekdays such as MO, 1MO or -1FR"))?;
        if number.is_empty() {
            return Ok((0, day));
        }
        match self.number("the number in BYDAY", number, -53, 53)? {
            0 => Err(self.wrong("the number in BYDAY must not be 0")),
            nth => Ok((nth, day)),
        }
    }

    fn until(&self, value: &str) -> Result<Until> {
        let wrong = || self.wrong("UNTIL must be a day as YYYYMMDD, or an instant as YYYYMMDDTHHMMSSZ");
        if !value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(wrong());
        }
        match value.len() {
            8 => NaiveDate::parse_from_str(value, "%Y%m%d").map(Until::Day).map_err(|_| wrong()),
            16 => {
                let at = NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M%SZ").map_err(|_| wrong())?;
                Instant::try_from(at.and_utc()).map(Until::At).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}
