//! Blackouts: periods that are closed, once or again and again.

use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// A period `[start, end)` that is closed, for everything or for what its category names.
///
/// | category | what is closed |
/// |---|---|
/// | none | everything: no work, no deployment, no booking |
/// | `environment booking` | bookings: one that overlaps it is refused unless it is overridden |
/// | `maintenance` | the environment: no deployment, and no free slot; bookings stand |
/// | `deployment`, or any other | deployments and releases |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blackout {
    /// First instant.
    pub start: Instant,
    /// First instant after it.
    pub end: Instant,
    /// Repeats after so many times 24 hours, without begin and end; absent = once, or by `rrule`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u32>,
    /// Repeats by a recurrence rule of RFC 5545 such as `FREQ=WEEKLY;BYDAY=FR`, of which `start` is the first occurrence:
    /// see [`Calendar`](crate::Calendar). Each occurrence begins and ends at the same times of the wall clock in the zone
    /// of the calendar: what is closed from 18:00 stays closed from 18:00 when clocks change. Not beside `every_days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is closed; absent = everything. Case does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// The categories of blackouts that mean something to the engine.
const BOOKING: &str = "environment booking";
const MAINTENANCE: &str = "maintenance";

impl Blackout {
    /// A period that is closed once and for everything.
    pub fn new(start: Instant, end: Instant) -> Blackout {
        Blackout { start, end, every_days: None, rrule: None, reason: None, category: None }
    }

    fn is_of(&self, category: &str) -> bool {
        self.category.as_deref().is_none_or(|own| own.trim().eq_ignore_ascii_case(category))
    }

    /// Whether nobody works in it.
    pub(crate) fn stops_work(&self) -> bool {
        self.category.is_none()
    }

    /// Whether a booking that overlaps it is refused.
    pub(crate) fn stops_bookings(&self) -> bool {
        self.is_of(BOOKING)
    }

    /// Whether an environment is not free in it.
    pub(crate) fn closes_environment(&self) -> bool {
        self.is_of(BOOKING) || self.is_of(MAINTENANCE)
    }

    /// Whether nothing may be deployed or released in it.
    pub(crate) fn stops_deployment(&self) -> bool {
        self.category.is_none() || !self.is_of(BOOKING)
    }
}
