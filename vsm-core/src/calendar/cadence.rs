//! Trains: departures at fixed times.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::time::{DAY, Instant, Span};

/// A train: departures at fixed times, each with a cut-off before it.
///
/// Departures are `every_days` times 24 hours apart, counted from `departure` in both directions; without
/// `every_days` there is only the one.
///
/// One with a `capacity` takes so many releases with each departure; who is passed on to the next says the method that
/// looks at all of them, such as [`release_dates`](crate::ValueStream::release_dates).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cadence {
    /// One departure, from which the others are counted.
    pub departure: Instant,
    /// Days between departures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u32>,
    /// How long before a departure work must be ready; none = until the departure itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<Span>,
    /// How many releases one departure takes, at least 1; none = any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
}

impl Cadence {
    /// The first departure whose cut-off is not before `ready`, whether it is full or not; none after the last one.
    ///
    /// ```
    /// use vsm_core::Cadence;
    /// let departure = "2026-01-06T00:00:00Z".parse()?;
    /// let train = Cadence { departure, every_days: Some(14), cutoff: None, capacity: None };
    /// let ships = train.next("2026-03-04T00:00:00Z".parse()?);
    /// assert_eq!(ships, Some("2026-03-17T00:00:00Z".parse()?));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn next(&self, ready: Instant) -> Option<Instant> {
        let cutoff = self.cutoff.unwrap_or_default().millis();
        let earliest = ready.millis().checked_add(cutoff)?;
        match self.every_days {
            None => (self.departure.millis() >= earliest).then_some(self.departure),
            Some(days) => {
                let period = i64::from(days.max(1)) * DAY;
                let late = earliest.checked_sub(self.departure.millis())?;
                let periods = late.div_euclid(period) + i64::from(late.rem_euclid(period) > 0);
                Instant::from_millis(self.departure.millis() + periods * period)
            }
        }
    }

    /// The latest time to be ready for a departure not after `departure`; none before the first one.
    pub(crate) fn latest_ready(&self, departure: Instant) -> Option<Instant> {
        let cutoff = self.cutoff.unwrap_or_default().millis();
        Instant::from_millis(self.last(departure)?.checked_sub(cutoff)?)
    }

    /// The last departure not after a time, in milliseconds; none before the first one.
    pub(crate) fn last(&self, at: Instant) -> Option<i64> {
        match self.every_days {
            None => (self.departure <= at).then_some(self.departure.millis()),
            Some(days) => {
                let period = i64::from(days.max(1)) * DAY;
                let ahead = at.millis() - self.departure.millis();
                Some(self.departure.millis() + ahead.div_euclid(period) * period)
            }
        }
    }

    /// The departure after one of its departures.
    pub(crate) fn after(&self, departure: Instant) -> Option<Instant> {
        let period = i64::from(self.every_days?.max(1)) * DAY;
        Instant::from_millis(departure.millis().checked_add(period)?)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.every_days == Some(0) {
            return Err(Error::invalid(
                "cadence.every_days",
                "must be at least 1; leave it out for a single departure",
            ));
        }
        if self.capacity == Some(0) {
            return Err(Error::invalid(
                "cadence.capacity",
                "must be at least 1; leave it out for any number",
            ));
        }
        self.cutoff.unwrap_or_default().check("cadence.cutoff")?;
        if self.cutoff.is_some_and(|span| span < Span::ZERO) {
            return Err(Error::invalid("cadence.cutoff", "must not be negative"));
        }
        Ok(())
    }
}

/// The first departure that work can take which is ready at `ready`, were it alone; none after the last one.
///
/// # Errors
/// [`Error::Invalid`] for a cadence that repeats after no day, takes nothing, or has a negative cut-off.
pub fn next_departure(cadence: &Cadence, ready: Instant) -> Result<Option<Instant>> {
    cadence.check()?;
    Ok(cadence.next(ready))
}
