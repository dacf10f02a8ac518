//! Early dates.

use super::clock::By;
use super::dates::{Dates, Unreachable};
use super::network::{Need, Network, Special};
use super::words::{DateConstraint, ProgressRule, StartCause};
use crate::model::Dependency;
use crate::time::Instant;

/// When a node begins what is left of it, is ready, and finishes.
pub(super) struct Early {
    pub(super) begins: i64,
    pub(super) ready: i64,
    pub(super) finish: i64,
}

impl Early {
    /// Whether both dates are within the years that there are.
    fn is_possible(&self) -> bool {
        self.begins >= Instant::MIN.millis() && self.ready <= Instant::MAX.millis()
    }
}

impl Network {
    /// Early dates, in one pass over nodes and needs.
    pub(in crate::analyze) fn forward(&self) -> Result<Dates, Unreachable> {
        if self.is_all_plain()
            && let Some(dates) = self.forward_plain()
        {
            return Ok(dates);
        }
        match self.forward_shared() {
            Some(dates) => Ok(dates),
            None => self.forward_each(),
        }
    }

    /// The same for whatever there is, one node after the other.
    pub(super) fn forward_each(&self) -> Result<Dates, Unreachable> {
        let mut dates = Dates::default();
        dates.early_start.reserve_exact(self.nodes.len());
        dates.early_finish.reserve_exact(self.nodes.len());
        dates.ready.resize(self.special_count(), 0);
        for number in 0..self.len() {
            let (start, early) = self.early(&dates, number)?;
            dates.early_start.push(start);
            dates.early_finish.push(early.finish);
            if let Some(slot) = self.special_place(number).and_then(|place| dates.ready.get_mut(place)) {
                *slot = early.ready;
            }
        }
        Ok(dates)
    }

    /// The early start of a node and the rest of its early dates, given those of all nodes before it.
    pub(super) fn early(&self, dates: &Dates, number: u32) -> Result<(i64, Early), Unreachable> {
        let (start, mut early) = self.early_alone(dates, number)?;
        if self.has_trains(number) && !self.is_finished(number) {
            let departure = self.departure(number, early.ready);
            early.finish = departure.ok_or(Unreachable { node: number, is_train: true })?;
        }
        Ok((start, early))
    }

    /// The same, as if it took no train.
    pub(super) fn early_alone(&self, dates: &Dates, number: u32) -> Result<(i64, Early), Unreachable> {
        let Some(special) = self.special_of(number) else {
            let plain = if self.by == By::PLAIN { self.plain(dates, number) } else { None };
            let early = plain.or_else(|| self.open(dates, number, None));
            let early =
                early.filter(Early::is_possible).ok_or(Unreachable { node: number, is_train: false })?;
            return Ok((early.begins, early));
        };
        if let Some(finished) = special.finished {
            let start = special.started.unwrap_or(finished);
            return Ok((start, Early { begins: start, ready: finished, finish: finished }));
        }
        let early = match special.started {
            Some(started) => self.going_on(dates, number, special, started),
            None => self.open(dates, number, Some(special)),
        };
        let early = early.filter(Early::is_possible).ok_or(Unreachable { node: number, is_train: false })?;
        Ok((special.started.unwrap_or(early.begins), early))
    }

    /// The early dates of what is counted in plain time and bound by plain needs alone; none where it is not. This is what
    /// nearly all of a large network is.
    fn plain(&self, dates: &Dates, number: u32) -> Option<Early> {
        let mut bound = i64::MIN;
        for (node, bond) in self.raw_needs(number) {
            if *bond != 0 {
                return None;
            }
            bound = bound.max(dates.early_finish(*node));
        }
        let begins = if bound == i64::MIN { self.start } else { bound };
        let begins = begins.max(self.floor().unwrap_or(begins));
        let finish = begins.saturating_add(self.duration(number));
        Some(Early { begins, ready: finish, finish })
    }

    /// The time that nothing open starts before, whatever its links say.
    pub(super) fn floor(&self) -> Option<i64> {
        let start = (!self.rules.may_lead_before_start).then_some(self.start);
        start.max(self.status_floor())
    }

    fn status_floor(&self) -> Option<i64> {
        self.status.filter(|_| self.rules.progress != ProgressRule::ActualDates)
    }

    /// The early dates of what has not started.
    fn open(&self, dates: &Dates, number: u32, special: Option<&Special>) -> Option<Early> {
        let by = self.by(number);
        let duration = self.duration(number);
        let bound = self.latest_bound(dates, number)?;
        let constraint = special.and_then(|special| special.constraint);
        let floor = bound.into_iter().chain(self.floor()).max();
        // What nothing else moves starts with everything, unless a date is named for it.
        let named = match constraint {
            Some((DateConstraint::StartNoEarlierThan, at)) => Some(at),
            Some((DateConstraint::FinishNoEarlierThan, at)) => Some(self.clock.add(by, at, -duration)?),
            _ => None,
        };
        let begins = floor.unwrap_or_else(|| named.unwrap_or(self.start));
        let mut finish = None;
        if let Some((DateConstraint::FinishNoEarlierThan, at)) = constraint
            && floor.is_none()
            && self.rules.honors_constraints
        {
            finish = Some(at);
        }
        let begins = self.snapped(by, begins, duration)?;
        let begins = match constraint {
            None => begins,
            Some((constraint, at)) => {
                let from_finish = match constraint {
                    DateConstraint::FinishNoEarlierThan
                    | DateConstraint::FinishNoLaterThan
                    | DateConstraint::MustFinishOn => self.clock.add(by, at, -duration)?,
                    _ => at,
                };
                if self.rules.honors_constraints {
                    match constraint {
                        DateConstraint::StartNoEarlierThan | DateConstraint::FinishNoEarlierThan => {
                            begins.max(from_finish)
                        }
                        DateConstraint::StartNoLaterThan | DateConstraint::FinishNoLaterThan => {
                            begins.min(from_finish)
                        }
                        DateConstraint::MustStartOn => at,
                        DateConstraint::MustFinishOn => {
                            finish = Some(at);
                            from_finish
                        }
                    }
                } else {
                    match constraint {
                        DateConstraint::StartNoLaterThan | DateConstraint::FinishNoLaterThan => begins,
                        _ => self.snapped(by, begins.max(from_finish), duration)?,
                    }
                }
            }
        };
        let ready = match finish {
            Some(finish) => finish,
            None => self.clock.add(by, begins, duration)?,
        };
        Some(Early { begins, ready, finish: ready })
    }

    /// The early dates of what has started and goes on.
    fn going_on(&self, dates: &Dates, number: u32, special: &Special, started: i64) -> Option<Early> {
        let by = self.by(number);
        let duration = self.duration(number);
        let goes_on = match self.rules.progress {
            ProgressRule::ActualDates => None,
            ProgressRule::ProgressOverride => Some(self.status.unwrap_or(self.start)),
            ProgressRule::RetainedLogic => {
                let bound = self.latest_bound(dates, number)?;
                Some(self.status.unwrap_or(self.start).max(bound.unwrap_or(i64::MIN)))
            }
        };
        let mut ready = match goes_on {
            None => self.clock.add(by, started, special.whole)?,
            Some(at) => self.clock.add(by, self.snapped(by, at, duration)?, duration)?,
        };
        if let Some((DateConstraint::FinishNoEarlierThan, at)) = special.constraint {
            ready = ready.max(at);
        }
        let begins = self.clock.add(by, ready, -duration)?;
        Some(Early { begins, ready, finish: ready })
    }

    /// The first time not before `at` at which so much work may begin. What takes no time may happen at the end of work
    /// too.
    pub(super) fn snapped(&self, by: By, at: i64, duration: i64) -> Option<i64> {
        if duration == 0 && (self.rules.happens_any_time || self.clock.previous(by, at) == at) {
            return Some(at);
        }
        self.clock.next(by, at)
    }

    /// The latest of the earliest starts that the needs of a node allow; none where it needs nothing.
    fn latest_bound(&self, dates: &Dates, number: u32) -> Option<Option<i64>> {
        let mut latest = None;
        for need in self.needs(number) {
            let mut bound = self.bound(dates, number, &need)?;
            // Microsoft Project lets leads begin before the project does, but not for the sake of a common end.
            if need.bond.dependency == Dependency::FinishToFinish && self.rules.may_lead_before_start {
                bound = bound.max(self.start);
            }
            latest = latest.max(Some(bound));
        }
        Some(latest)
    }

    /// The earliest start of what is left of a node that a need allows.
    pub(super) fn bound(&self, dates: &Dates, number: u32, need: &Need) -> Option<i64> {
        let bond = need.bond;
        let from = match bond.dependency {
            Dependency::FinishToStart | Dependency::FinishToFinish => dates.early_finish(need.node),
            Dependency::StartToStart | Dependency::StartToFinish => dates.early_start(need.node),
        };
        let from = match bond.dependency {
            Dependency::FinishToStart | Dependency::StartToStart => from,
            Dependency::FinishToFinish | Dependency::StartToFinish => {
                self.clock.add(self.by(number), from, -self.duration(number))?
            }
        };
        self.clock.add(bond.by, from, bond.lag)
    }

    /// Whether a need decides when a node starts.
    pub(in crate::analyze) fn drives(&self, dates: &Dates, number: u32, need: &Need) -> bool {
        if self.is_finished(number) || self.is_finished(need.node) || self.ignores_needs(number) {
            return false;
        }
        let Some(bound) = self.bound(dates, number, need) else { return false };
        let begins = self.begins(dates, number);
        let (by, duration) = (self.by(number), self.duration(number));
        bound == begins
            || (bound < begins && self.snapped(by, bound, duration) == self.snapped(by, begins, duration))
    }

    /// Whether a node goes on whatever it needs.
    pub(super) fn ignores_needs(&self, number: u32) -> bool {
        self.rules.progress != ProgressRule::RetainedLogic && self.started(number).is_some()
    }

    /// When an open node would start and finish if nothing were demanded of its dates.
    pub(super) fn unconstrained(&self, dates: &Dates, number: u32) -> (i64, i64) {
        let early = (dates.early_start(number), dates.early_finish(number));
        if self.started(number).is_some() {
            return early;
        }
        let (by, duration) = (self.by(number), self.duration(number));
        let bound = self.latest_bound(dates, number).flatten().unwrap_or(self.start);
        let start = self.snapped(by, bound.max(self.floor().unwrap_or(bound)), duration);
        let finish = start.and_then(|start| self.clock.add(by, start, duration));
        (start.unwrap_or(early.0), finish.unwrap_or(early.1))
    }

    /// What decides when an open node starts; `is_driven` says whether one of its needs does.
    pub(in crate::analyze) fn cause(&self, dates: &Dates, number: u32, is_driven: bool) -> StartCause {
        let special = self.special_of(number);
        if special.is_some_and(|special| special.started.is_some() || special.finished.is_some()) {
            return StartCause::Actual;
        }
        let begins = dates.early_start(number);
        let by = self.by(number);
        let duration = self.duration(number);
        let (unconstrained, _) = self.unconstrained(dates, number);
        let is_free = self.snapped(by, unconstrained, duration) == self.snapped(by, begins, duration);
        if !is_free && special.is_some_and(|special| special.constraint.is_some()) {
            return StartCause::Constraint;
        }
        if is_driven {
            return StartCause::Dependency;
        }
        let is_status = self.status_floor().is_some_and(|status| status > self.start);
        if is_status { StartCause::StatusDate } else { StartCause::Start }
    }
}
