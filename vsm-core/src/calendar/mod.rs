//! Working calendars and trains: when work happens, and when it may ship.

mod blackout;
mod cadence;
mod layout;
mod lookup;
mod occurrences;
mod read;
mod records;
mod rule;
mod rule_text;
mod week;
mod working_time;

pub use blackout::Blackout;
pub use cadence::{Cadence, next_departure};
pub(crate) use occurrences::Occurrences;
pub use records::{Calendar, CalendarException, ClockHours, HolidayRule, Weekday, WorkingHours};
pub(crate) use working_time::WorkAxis;
pub use working_time::{WorkingTime, add_working_time, working_time_between};

#[cfg(test)]
mod tests;
