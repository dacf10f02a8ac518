//! Days and hours of the day as a calendar writes them.

use chrono::{NaiveDate, NaiveTime};

use super::records::WorkingHours;
use crate::error::{Error, Result};
use crate::time::clip;

/// A stretch of a day on the wall clock; without an end, to the end of the day.
pub(super) type Slot = (NaiveTime, Option<NaiveTime>);

/// The slots of each weekday from Monday, in ascending order.
pub(super) type Week = [Vec<Slot>; 7];

/// The hours of a week; without any, all of every day.
pub(super) fn read_week(hours: &[WorkingHours]) -> Result<Week> {
    if hours.is_empty() {
        return Ok(std::array::from_fn(|_| vec![(NaiveTime::MIN, None)]));
    }
    let mut week = Week::default();
    for (n, hours) in hours.iter().enumerate() {
        let slot = read_slot(&hours.start, &hours.end, format_args!("calendar.hours[{n}]"))?;
        if let Some(day) = week.get_mut(hours.day as usize) {
            day.push(slot);
        }
    }
    for day in &mut week {
        day.sort_unstable();
    }
    Ok(week)
}

pub(super) fn read_slot(start: &str, end: &str, field: std::fmt::Arguments<'_>) -> Result<Slot> {
    let from = read_clock(start, &format!("{field}.start"))?;
    let to = match end {
        "24:00" => None,
        text => Some(read_clock(text, &format!("{field}.end"))?),
    };
    if to.is_some_and(|to| to <= from) {
        return Err(Error::invalid(&field.to_string(), "working hours must end after they start"));
    }
    Ok((from, to))
}

fn read_clock(text: &str, field: &str) -> Result<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| Error::invalid(field, format!("\"{}\" is not a time of day as HH:MM", clip(text))))
}

pub(super) fn read_date(text: &str, field: &str) -> Result<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| Error::invalid(field, format!("\"{}\" is not a day as YYYY-MM-DD", clip(text))))
}
