//! Working calendars and trains: when work happens, and when it may ship.

mod blackout;
mod cadence;
mod layout;
mod records;
mod week;
mod working_time;

pub use blackout::Blackout;
pub use cadence::{Cadence, next_departure};
pub use records::{Calendar, Weekday, WorkingHours};
pub use working_time::{WorkingTime, add_working_time, working_time_between};

#[cfg(test)]
mod tests;
