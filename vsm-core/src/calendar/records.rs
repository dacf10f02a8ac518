//! The records of a working calendar, and what is refused in them.

use serde::{Deserialize, Serialize};

use super::blackout::Blackout;
use super::week::{read_date, read_week};
use crate::error::{Error, Result};
use crate::text_enum::text_enum;
use crate::time::Zone;

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
/// Without any `hours` every hour of every day is worked, less holidays and blackouts. Hours are worked when the wall clock
/// of `zone` shows them: what clocks jump over is not worked, and an hour that they show twice is worked twice.
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
