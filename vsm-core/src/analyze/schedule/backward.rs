//! Late dates and free float.

use super::clock::By;
use super::dates::{Dates, Late};
use super::network::{Bond, Need, Network, Special};
use super::words::{DateConstraint, ProgressRule};
use crate::model::Dependency;

/// What needs a node, where what has started is asked for it.
#[derive(Clone, Copy, Default)]
struct Needed {
    at_all: bool,
    by_open: bool,
}

impl Network {
    /// Late dates and free float, given that everything may take until `end`, in one pass over nodes and needs. A date
    /// that lies before a calendar's reach stays at the early one: float can't be told there.
    pub(in crate::analyze) fn backward(&self, dates: &mut Dates, end: i64) {
        dates.shift = 0;
        if self.is_all_plain() {
            return self.backward_plain(dates, end);
        }
        match self.backward_shared(dates, end) {
            Some(late) => dates.late = late,
            None => self.backward_each(dates, end),
        }
    }

    /// The same for whatever there is, one node after the other.
    pub(super) fn backward_each(&self, dates: &mut Dates, end: i64) {
        dates.late.clear();
        dates.late.resize(self.nodes.len(), Late::OPEN);
        let is_actual = self.rules.progress == ProgressRule::ActualDates;
        let mut needed = vec![Needed::default(); if is_actual { self.nodes.len() } else { 0 }];
        for number in (0..self.len()).rev() {
            let is_finished = self.is_finished(number);
            if is_actual {
                for (node, _) in self.raw_needs(number) {
                    if let Some(flag) = needed.get_mut(*node as usize) {
                        *flag = Needed { at_all: true, by_open: flag.by_open || !is_finished };
                    }
                }
            }
            if is_finished {
                continue;
            }
            let needed = needed.get(number as usize).copied().unwrap_or_default();
            let finish = self.settled(number, dates.late(number).finish, end, needed.by_open);
            if let Some(late) = dates.late.get_mut(number as usize) {
                late.finish = finish;
            }
            if self.is_plain(number) {
                self.hand_on_plain(dates, number, finish);
                continue;
            }
            let (late_ready, late_start) = self.late_own(dates, number);
            for need in self.needs(number) {
                self.hand_to(dates, number, &need, late_ready, late_start, needed.at_all);
            }
        }
    }

    /// Whether a node is counted in plain time, and nothing is special about it.
    fn is_plain(&self, number: u32) -> bool {
        self.by == By::PLAIN && self.special_of(number).is_none()
    }

    /// The late finish of a node, given what everything that needs it allows.
    pub(super) fn settled(&self, number: u32, allowed: i64, end: i64, is_needed_by_open: bool) -> i64 {
        let mut finish = allowed.min(end);
        if self.is_plain(number) {
            return finish;
        }
        let (by, duration) = (self.by(number), self.duration(number));
        if let Some(special) = self.special_of(number) {
            finish = self.limited(special, by, duration, finish, is_needed_by_open);
        }
        if duration > 0 || !self.rules.happens_any_time {
            finish = self.clock.previous(by, finish);
        }
        finish
    }

    /// When a node must be ready at the latest, and when what is left of it must be begun.
    fn late_own(&self, dates: &Dates, number: u32) -> (i64, i64) {
        let finish = dates.late(number).finish;
        let late_ready = self.latest_ready(number, finish).unwrap_or_else(|| self.ready(dates, number));
        (late_ready, self.late_start(dates, number))
    }

    /// What is demanded of a node, put on its late finish.
    fn limited(&self, special: &Special, by: By, duration: i64, finish: i64, is_needed: bool) -> i64 {
        let mut finish = finish;
        if let Some(started) = special.started
            && duration == 0
            && special.whole == 0
            && is_needed
            && self.rules.progress == ProgressRule::ActualDates
        {
            finish = started;
        }
        if let Some((constraint, at)) = special.constraint {
            let whole = if special.started.is_some() { special.whole } else { duration };
            let from_start = self.clock.add(by, at, whole).unwrap_or(finish);
            finish = match (constraint, self.rules.honors_constraints) {
                (DateConstraint::MustStartOn, true) => from_start,
                (DateConstraint::MustFinishOn, true) => at,
                (DateConstraint::MustStartOn | DateConstraint::StartNoLaterThan, _) => finish.min(from_start),
                (DateConstraint::MustFinishOn | DateConstraint::FinishNoLaterThan, _) => finish.min(at),
                (DateConstraint::StartNoEarlierThan | DateConstraint::FinishNoEarlierThan, _) => finish,
            };
        }
        finish.min(special.deadline.unwrap_or(i64::MAX))
    }

    /// Tells everything that a node of plain time needs how late it may be.
    fn hand_on_plain(&self, dates: &mut Dates, number: u32, late_finish: i64) {
        let late_start = late_finish.saturating_sub(self.duration(number));
        let early_start = dates.early_start(number);
        let mut has_bonds = false;
        for (node, bond) in self.raw_needs(number) {
            if *bond != 0 {
                has_bonds = true;
                continue;
            }
            let early_finish = dates.early_finish(*node);
            if let Some(late) = dates.late.get_mut(*node as usize) {
                late.finish = late.finish.min(late_start);
                late.free = late.free.min(early_start.saturating_sub(early_finish));
            }
        }
        if has_bonds {
            for need in self.needs(number).filter(|need| need.bond != Bond::PLAIN) {
                self.hand_to(dates, number, &need, late_finish, late_start, true);
            }
        }
    }

    fn hand_to(
        &self,
        dates: &mut Dates,
        number: u32,
        need: &Need,
        late_ready: i64,
        late_start: i64,
        is_needed: bool,
    ) {
        if self.is_finished(need.node) {
            return;
        }
        let finish = self.allowed(number, need, late_ready, late_start, is_needed);
        let free = self.gap_after(dates, number, need);
        if let Some(late) = dates.late.get_mut(need.node as usize) {
            late.finish = late.finish.min(finish);
            late.free = late.free.min(free);
        }
    }

    /// What a node asks of what it needs, once it is settled itself.
    pub(super) fn asked(
        &self,
        dates: &Dates,
        number: u32,
        need: &Need,
        is_needed: impl Fn() -> bool,
    ) -> Late {
        let (late_ready, late_start) = self.late_own(dates, number);
        let is_needed = self.rules.progress != ProgressRule::ActualDates || is_needed();
        let finish = self.allowed(number, need, late_ready, late_start, is_needed);
        Late { finish, free: self.gap_after(dates, number, need) }
    }

    /// The latest finish of what is needed that a need allows, given the late dates of the node that needs it.
    fn allowed(&self, number: u32, need: &Need, late_ready: i64, late_start: i64, is_needed: bool) -> i64 {
        let Bond { dependency, lag, by } = need.bond;
        let without_lag = |at: i64| self.clock.add(by, at, -lag);
        let of = self.by(need.node);
        let has_begun = self.started(need.node).is_some();
        let of_whole = match self.special_of(need.node) {
            Some(special) if has_begun => special.whole,
            _ => self.duration(need.node),
        };
        let is_actual = self.rules.progress == ProgressRule::ActualDates;
        let finish = match dependency {
            Dependency::FinishToStart => without_lag(late_start),
            Dependency::FinishToFinish => without_lag(late_ready),
            // It has started: nothing that it still does can move this node.
            Dependency::StartToStart if has_begun => None,
            Dependency::StartToFinish if has_begun && !is_actual => None,
            // As Microsoft Project has it: what has started could wait until what is done of it has been done.
            Dependency::StartToStart if is_actual && self.started(number).is_some() => {
                if !is_needed {
                    return i64::MAX;
                }
                self.reached(number).and_then(|at| self.clock.add(of, at, of_whole))
            }
            Dependency::StartToStart => {
                let late_start = self.clock.next(of, late_start).and_then(without_lag);
                late_start.and_then(|at| self.clock.add(of, at, of_whole))
            }
            Dependency::StartToFinish => self.clock.add(of, late_ready, of_whole).and_then(without_lag),
        };
        finish.unwrap_or(i64::MAX)
    }

    /// Until when what has started is done, had nothing interrupted it.
    fn reached(&self, number: u32) -> Option<i64> {
        let special = self.special_of(number)?;
        let done = special.whole.saturating_sub(self.duration(number));
        self.clock.add(self.by(number), special.started?, done)
    }

    /// How much later what is needed could be without moving the node, in the working time of what is needed.
    fn gap_after(&self, dates: &Dates, number: u32, need: &Need) -> i64 {
        let Bond { dependency, lag, .. } = need.bond;
        let has_begun = self.started(need.node).is_some();
        let is_actual = self.rules.progress == ProgressRule::ActualDates;
        let start = if is_actual { dates.early_start(number) } else { self.begins(dates, number) };
        let (from, to) = match dependency {
            Dependency::FinishToStart => (dates.early_finish(need.node), start),
            Dependency::FinishToFinish => (dates.early_finish(need.node), self.ready(dates, number)),
            Dependency::StartToStart | Dependency::StartToFinish if has_begun && !is_actual => {
                return i64::MAX;
            }
            Dependency::StartToStart => (dates.early_start(need.node), start),
            Dependency::StartToFinish => (dates.early_start(need.node), self.ready(dates, number)),
        };
        // As in Microsoft Project an elapsed lag is taken off as if it were working time: at worst the float is told too small.
        self.clock.between(self.by(need.node), from, to).saturating_sub(lag)
    }
}
