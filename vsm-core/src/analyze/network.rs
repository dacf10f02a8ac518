//! The critical path method on plain numbers: forward and backward pass, float, and what drives what.
//!
//! Source: J. E. Kelley, "Critical-Path Planning and Scheduling: Mathematical Basis", Operations Research 9 (1961);
//! precedence relations with lag as in the practice of Primavera and Microsoft Project. Times are milliseconds.

use crate::calendar::{Cadence, WorkingTime};
use crate::model::Dependency;
use crate::time::{Instant, Span};

/// An activity, given in topological order of what needs what.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// It starts no earlier.
    pub(super) floor: i64,
    /// Working time that is left.
    pub(super) duration: i64,
    /// Its place in [`Network::actuals`] plus one; 0 = it has not been started.
    pub(super) actual: u32,
    /// The trains that it has to take, as an index range into [`Network::trains`].
    pub(super) trains: std::ops::Range<u32>,
    /// Where its needs end among those of all nodes; they begin where those of the node before end.
    pub(super) needs_end: u32,
}

/// What has really happened to an activity. Kept apart, since most of what is scheduled lies ahead.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Actual {
    /// When it started, where it has.
    pub(super) started: Option<i64>,
    /// When it finished, where it has; then nothing can move it.
    pub(super) finished: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    /// The node that is needed; it comes before.
    pub(super) node: u32,
    pub(super) bond: Bond,
}

/// How a need binds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bond {
    pub(super) dependency: Dependency,
    pub(super) lag: i64,
}

impl Bond {
    /// One follows the other without lag, as in nearly every need.
    pub(super) const PLAIN: Bond = Bond { dependency: Dependency::FinishToStart, lag: 0 };
}

#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) nodes: Vec<Node>,
    /// What each node needs, with the place of the bond in `bonds` plus one; 0 = plain.
    pub(super) needs: Vec<(u32, u32)>,
    pub(super) bonds: Vec<Bond>,
    pub(super) trains: Vec<Cadence>,
    pub(super) actuals: Vec<Actual>,
    /// Working calendar of everything; none = plain time.
    pub(super) calendar: Option<WorkingTime>,
}

/// The dates of one activity.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dates {
    pub(super) early_start: i64,
    /// When its own work is finished; for a node without trains the same as `early_finish`.
    pub(super) ready: i64,
    pub(super) early_finish: i64,
    pub(super) late_start: i64,
    pub(super) late_finish: i64,
    pub(super) free_float: i64,
}

impl Dates {
    /// Before anything is known that bounds them from above.
    const OPEN: Dates = Dates {
        early_start: 0,
        ready: 0,
        early_finish: 0,
        late_start: 0,
        late_finish: i64::MAX,
        free_float: i64::MAX,
    };
}

/// A date that no calendar or train reaches, and the node that needed it.
pub(super) struct Unreachable {
    pub(super) node: u32,
    pub(super) train: bool,
}

impl Network {
    /// Notes what has really happened to a node.
    pub(super) fn happened(&mut self, node: &mut Node, actual: Actual) {
        self.actuals.push(actual);
        node.actual = self.actuals.len() as u32;
    }

    /// What has really happened to a node.
    pub(super) fn actual(&self, node: &Node) -> Actual {
        let place = (node.actual as usize).checked_sub(1);
        place.and_then(|place| self.actuals.get(place)).copied().unwrap_or_default()
    }

    /// Adds a need of the node that is added next.
    pub(super) fn add_need(&mut self, need: Need) {
        let mut place = 0;
        if need.bond != Bond::PLAIN {
            self.bonds.push(need.bond);
            place = self.bonds.len() as u32;
        }
        self.needs.push((need.node, place));
    }

    pub(super) fn add_node(&mut self, mut node: Node) {
        node.needs_end = self.needs.len() as u32;
        self.nodes.push(node);
    }

    /// What a node needs.
    pub(super) fn needs(&self, node: u32) -> impl Iterator<Item = Need> {
        let node = node as usize;
        let start = node.checked_sub(1).and_then(|n| self.nodes.get(n)).map_or(0, |n| n.needs_end);
        let end = self.nodes.get(node).map_or(start, |n| n.needs_end);
        let needs = self.needs.get(start as usize..end as usize).unwrap_or(&[]);
        needs.iter().map(|(node, place)| {
            let bond = (*place as usize).checked_sub(1).and_then(|place| self.bonds.get(place));
            Need { node: *node, bond: bond.copied().unwrap_or(Bond::PLAIN) }
        })
    }

    /// Early dates, in one pass over nodes and needs.
    pub(super) fn forward(&self) -> Result<Vec<Dates>, Unreachable> {
        let mut dates: Vec<Dates> = Vec::with_capacity(self.nodes.len());
        for (number, node) in self.nodes.iter().enumerate() {
            let number = number as u32;
            let actual = self.actual(node);
            if let Some(finished) = actual.finished {
                let start = actual.started.unwrap_or(finished);
                dates.push(Dates {
                    early_start: start,
                    ready: finished,
                    early_finish: finished,
                    ..Dates::OPEN
                });
                continue;
            }
            let mut start = node.floor;
            for need in self.needs(number) {
                let Some(of) = dates.get(need.node as usize) else { continue };
                start = start.max(
                    self.bound(of, need.bond, node.duration)
                        .ok_or(Unreachable { node: number, train: false })?,
                );
            }
            let unreachable = || Unreachable { node: number, train: false };
            if node.duration > 0 {
                start = self.next_working(start).ok_or_else(unreachable)?;
            }
            let ready = self.add(start, node.duration).ok_or_else(unreachable)?;
            let early_finish =
                self.departure(node, ready).ok_or(Unreachable { node: number, train: true })?;
            dates.push(Dates {
                early_start: actual.started.unwrap_or(start),
                ready,
                early_finish,
                ..Dates::OPEN
            });
        }
        Ok(dates)
    }

    /// Late dates and free float of what [`forward`](Network::forward) has left open, given that everything may take until `end`. A date that lies before the calendar's
    /// reach stays at the early one: float can't be told there.
    pub(super) fn backward(&self, dates: &mut [Dates], end: i64) {
        for number in (0..self.nodes.len() as u32).rev() {
            let (Some(node), Some(mut own)) =
                (self.nodes.get(number as usize), dates.get(number as usize).copied())
            else {
                continue;
            };
            own.late_finish = own.late_finish.min(end);
            let actual = self.actual(node);
            if actual.finished.is_some() {
                own.late_start = own.early_start;
                own.late_finish = own.early_finish;
                own.free_float = 0;
            } else {
                let late_ready = self.latest_ready(node, own.late_finish).unwrap_or(own.ready);
                own.late_start = self.add(late_ready, -node.duration).unwrap_or(own.early_start);
                for need in self.needs(number) {
                    let Some(needed) = self.nodes.get(need.node as usize) else { continue };
                    let Bond { dependency, lag } = need.bond;
                    let from_start =
                        matches!(dependency, Dependency::StartToStart | Dependency::StartToFinish);
                    if from_start && self.actual(needed).started.is_some() {
                        // It has started: nothing that it still does can move this node.
                        continue;
                    }
                    let duration = needed.duration;
                    let Some(of) = dates.get_mut(need.node as usize) else { continue };
                    // The latest finish of what is needed, and how far it is from moving this node.
                    let (late, slack) = match dependency {
                        Dependency::FinishToStart => (
                            self.add(own.late_start, -lag),
                            self.slack(of.early_finish, lag, own.early_start),
                        ),
                        Dependency::StartToStart => (
                            self.add(own.late_start, -lag).and_then(|t| self.add(t, duration)),
                            self.slack(of.early_start, lag, own.early_start),
                        ),
                        Dependency::FinishToFinish => {
                            (self.add(late_ready, -lag), self.slack(of.early_finish, lag, own.ready))
                        }
                        Dependency::StartToFinish => (
                            self.add(late_ready, -lag).and_then(|t| self.add(t, duration)),
                            self.slack(of.early_start, lag, own.ready),
                        ),
                    };
                    if let Some(late) = late {
                        of.late_finish = of.late_finish.min(late);
                    }
                    of.free_float = of.free_float.min(slack);
                }
                if actual.started.is_some() {
                    own.late_start = own.early_start;
                }
                let total = self.between(own.early_finish, own.late_finish);
                own.free_float = own.free_float.min(total);
            }
            if let Some(slot) = dates.get_mut(number as usize) {
                *slot = own;
            }
        }
    }

    /// Whether a need decides when a node starts.
    pub(super) fn drives(&self, dates: &[Dates], number: u32, need: &Need) -> bool {
        let (Some(node), Some(own), Some(of), Some(needed)) = (
            self.nodes.get(number as usize),
            dates.get(number as usize),
            dates.get(need.node as usize),
            self.nodes.get(need.node as usize),
        ) else {
            return false;
        };
        if [node, needed].into_iter().any(|node| self.actual(node).finished.is_some()) {
            return false;
        }
        let Some(bound) = self.bound(of, need.bond, node.duration) else { return false };
        let start = self.add(own.ready, -node.duration).unwrap_or(own.early_start);
        bound == start || (node.duration > 0 && self.next_working(bound) == self.next_working(start))
    }

    /// Working time between two times.
    pub(super) fn between(&self, from: i64, to: i64) -> i64 {
        match &self.calendar {
            None => to.saturating_sub(from),
            Some(work) => work.between(Instant::clamped(from), Instant::clamped(to)).millis(),
        }
    }

    /// The earliest start that a need allows.
    fn bound(&self, of: &Dates, bond: Bond, duration: i64) -> Option<i64> {
        match bond.dependency {
            Dependency::FinishToStart => self.add(of.early_finish, bond.lag),
            Dependency::StartToStart => self.add(of.early_start, bond.lag),
            Dependency::FinishToFinish => {
                self.add(of.early_finish, bond.lag).and_then(|t| self.add(t, -duration))
            }
            Dependency::StartToFinish => {
                self.add(of.early_start, bond.lag).and_then(|t| self.add(t, -duration))
            }
        }
    }

    fn slack(&self, from: i64, lag: i64, to: i64) -> i64 {
        self.add(from, lag).map_or(i64::MAX, |from| self.between(from, to))
    }

    fn add(&self, from: i64, span: i64) -> Option<i64> {
        match &self.calendar {
            None => Instant::from_millis(from.checked_add(span)?).map(Instant::millis),
            Some(work) => work.add(Instant::clamped(from), Span::from_millis(span)).map(Instant::millis),
        }
    }

    fn next_working(&self, from: i64) -> Option<i64> {
        match &self.calendar {
            None => Some(from),
            Some(work) => work.next_working(Instant::clamped(from)).map(Instant::millis),
        }
    }

    fn trains(&self, node: &Node) -> &[Cadence] {
        self.trains.get(node.trains.start as usize..node.trains.end as usize).unwrap_or(&[])
    }

    /// The later of the first departures that what is ready can take.
    fn departure(&self, node: &Node, ready: i64) -> Option<i64> {
        self.trains(node).iter().try_fold(ready, |latest, train| {
            train.next(Instant::clamped(ready)).map(|t| latest.max(t.millis()))
        })
    }

    fn latest_ready(&self, node: &Node, departure: i64) -> Option<i64> {
        self.trains(node).iter().try_fold(departure, |earliest, train| {
            train.latest_ready(Instant::clamped(departure)).map(|t| earliest.min(t.millis()))
        })
    }
}
