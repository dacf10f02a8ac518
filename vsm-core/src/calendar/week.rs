//! Days and hours of the day as a calendar writes them.

use chrono::{NaiveDate, NaiveTime};

use super::records::WorkingHours;
use crate::error::{Error, Result};
use crate::time::clip;

/// A stretch of a day on the wall clock; without an end, to the end of the day.
pub(super) type Slot = (NaiveTime, Option<NaiveTime>);

/// The slots of each weekday from Monday, in ascending order.
pub(super) type Week = [Vec<Slot>; 7];

pub(super) fn read_week(hours: &[WorkingHours]) -> Result<Week> {
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

pub(super) fn read_date(text: &str) -> Result<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        Error::invalid("calendar.holidays", format!("\"{}\" is not a day as YYYY-MM-DD", clip(text)))
    })
}
