//! Blackouts: periods that are closed, once or again and again.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::time::{DAY, Instant, Span};

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
    /// Repeats after so many times 24 hours, without end; absent = once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u32>,
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

    /// The first occurrence that ends after `start` and begins before `end`.
    pub(crate) fn overlapping(&self, start: Instant, end: Instant) -> Option<(Instant, Instant)> {
        let shift = match self.every_days {
            Some(days) => {
                let period = i64::from(days.max(1)) * DAY;
                ((start.millis() - self.end.millis()).div_euclid(period) + 1) * period
            }
            None => 0,
        };
        let (from, to) = (self.start.millis() + shift, self.end.millis() + shift);
        let overlaps = from < end.millis() && start.millis() < to;
        overlaps.then(|| (Instant::clamped(from), Instant::clamped(to)))
    }

    /// The end of the occurrence that covers `at`, if any does.
    pub(crate) fn covering(&self, at: Instant) -> Option<Instant> {
        let (start, end, at) = (self.start.millis(), self.end.millis(), at.millis());
        let shift = match self.every_days {
            Some(days) => {
                (at - start).div_euclid(i64::from(days.max(1)) * DAY) * i64::from(days.max(1)) * DAY
            }
            None => 0,
        };
        (start + shift <= at && at < end + shift).then(|| Instant::clamped(end + shift))
    }

    pub(super) fn check(&self, field: &str) -> Result<()> {
        if self.end <= self.start {
            return Err(Error::invalid(field, "a blackout must end after it starts"));
        }
        match self.every_days {
            Some(days) if self.end.since(self.start) > Span::from_days(i64::from(days)) => {
                Err(Error::invalid(
                    &format!("{field}.every_days"),
                    "a blackout must be shorter than the time after which it repeats",
                ))
            }
            _ => Ok(()),
        }
    }
}
