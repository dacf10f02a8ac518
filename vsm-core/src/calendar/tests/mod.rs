//! Tests of working calendars.

mod arithmetic;
mod hours;
mod refused;
mod rules;

use super::{
    Blackout, Calendar, CalendarException, ClockHours, HolidayRule, Weekday, WorkingHours, WorkingTime,
};
use crate::time::{Instant, Span};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn clock(start: &str, end: &str) -> ClockHours {
    ClockHours { start: start.into(), end: end.into() }
}

fn on(days: &[Weekday], start: &str, end: &str) -> Vec<WorkingHours> {
    days.iter().map(|day| WorkingHours { day: *day, start: start.into(), end: end.into() }).collect()
}

/// Monday to Friday, 9 to 17.
fn office(zone: &str) -> Calendar {
    Calendar { zone: zone.into(), hours: on(&Weekday::ALL[..5], "09:00", "17:00"), ..Calendar::default() }
}

/// The working hours between two instants.
fn hours(calendar: &Calendar, from: &str, to: &str) -> f64 {
    let (from, to) = (at(from), at(to));
    WorkingTime::new(calendar, from).unwrap().between(from, to).days() * 24.0
}
