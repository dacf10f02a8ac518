//! The critical path method on plain numbers: forward and backward pass, float, and what drives what.
//!
//! Source: J. E. Kelley, "Critical-Path Planning and Scheduling: Mathematical Basis", Operations Research 9 (1961);
//! precedence relations with lag as in the practice of Primavera and Microsoft Project. Times are milliseconds.

use crate::calendar::{Cadence, WorkingTime};
use crate::model::Dependency;
use crate::time::{Instant, Span};

/// An activity, given in topological order of what needs what. Half of what a schedule costs is waiting for memory, so
/// what few activities have is kept apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Working time that is left.
    duration: i64,
    /// Its place in [`Network::specials`] plus one; 0 = nothing is special about it.
    special: u32,
    /// Where its needs end among those of all nodes; they begin where those of the node before end.
    needs_end: u32,
}

/// What is special about an activity.
#[derive(Clone, Debug, Default)]
pub(super) struct Special {
    /// It starts no earlier; none = no earlier than everything else.
    pub(super) floor: Option<i64>,
    /// When it started, where it has.
    pub(super) started: Option<i64>,
    /// When it finished, where it has; then nothing can move it.
    pub(super) finished: Option<i64>,
    /// The trains that it has to take, as an index range into [`Network::trains`].
    pub(super) trains: std::ops::Range<u32>,
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
    /// Open work starts no earlier.
    floor: i64,
    nodes: Vec<Node>,
    /// What each node needs, with the place of the bond in `bonds` plus one; 0 = plain.
    needs: Vec<(u32, u32)>,
    bonds: Vec<Bond>,
    specials: Vec<Special>,
    pub(super) trains: Vec<Cadence>,
    /// Working calendar of everything; none = plain time.
    pub(super) calendar: Option<WorkingTime>,
}

/// The dates of all activities. Each kind of date lies by itself: a pass reads one of them from all over the place.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    early_start: Vec<i64>,
    early_finish: Vec<i64>,
    /// When the own work of those that are special is finished; of all others that is the early finish.
    ready: Vec<i64>,
    late: Vec<Late>,
}

/// How far an activity can move.
#[derive(Clone, Copy, Debug)]
struct Late {
    finish: i64,
    free_float: i64,
}

/// The dates of one activity.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dates {
    pub(super) early_start: i64,
    pub(super) early_finish: i64,
    pub(super) late_start: i64,
    pub(super) late_finish: i64,
    pub(super) free_float: i64,
}

/// A date that no calendar or train reaches, and the node that needed it.
pub(super) struct Unreachable {
    pub(super) node: u32,
    pub(super) train: bool,
}

impl Schedule {
    pub(super) fn early_start(&self, number: u32) -> i64 {
        self.early_start.get(number as usize).copied().unwrap_or_default()
    }

    pub(super) fn early_finish(&self, number: u32) -> i64 {
        self.early_finish.get(number as usize).copied().unwrap_or_default()
    }

    fn late(&self, number: u32) -> Late {
        self.late.get(number as usize).copied().unwrap_or(Late { finish: i64::MAX, free_float: i64::MAX })
    }

    /// The number of the node with each early finish.
    pub(super) fn early_finishes(&self) -> impl Iterator<Item = (u32, i64)> {
        (0..).zip(self.early_finish.iter().copied())
    }
}

impl Network {
    pub(super) fn new(floor: i64, calendar: Option<WorkingTime>) -> Network {
        Network { floor, calendar, ..Network::default() }
    }

    pub(super) fn reserve(&mut self, nodes: usize, needs: usize) {
        self.nodes.reserve(nodes);
        self.needs.reserve(needs);
    }

    pub(super) fn len(&self) -> u32 {
        self.nodes.len() as u32
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

    pub(super) fn add_node(&mut self, duration: i64, special: Option<Special>) {
        let mut node = Node { duration, special: 0, needs_end: self.needs.len() as u32 };
        if let Some(special) = special {
            self.specials.push(special);
            node.special = self.specials.len() as u32;
        }
        self.nodes.push(node);
    }

    /// The working time that is left of a node.
    pub(super) fn duration(&self, number: u32) -> i64 {
        self.nodes.get(number as usize).map_or(0, |node| node.duration)
    }

    pub(super) fn is_finished(&self, number: u32) -> bool {
        self.nodes.get(number as usize).is_some_and(|node| self.finished(node).is_some())
    }

    fn special(&self, node: &Node) -> Option<&Special> {
        self.specials.get((node.special as usize).checked_sub(1)?)
    }

    fn finished(&self, node: &Node) -> Option<i64> {
        self.special(node)?.finished
    }

    fn started(&self, node: &Node) -> Option<i64> {
        self.special(node)?.started
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
    pub(super) fn forward(&self) -> Result<Schedule, Unreachable> {
        let mut dates = Schedule::default();
        dates.early_start.reserve_exact(self.nodes.len());
        dates.early_finish.reserve_exact(self.nodes.len());
        for (number, node) in (0..).zip(&self.nodes) {
            let special = self.special(node);
            let (start, ready, finish) = match special.and_then(|special| special.finished) {
                Some(finished) => (finished, finished, finished),
                None => self.earliest(number, node, &dates)?,
            };
            dates.early_start.push(special.and_then(|special| special.started).unwrap_or(start));
            dates.early_finish.push(finish);
            if special.is_some() {
                dates.ready.push(ready);
            }
        }
        Ok(dates)
    }

    /// When an open node can start, is ready, and finishes.
    fn earliest(&self, number: u32, node: &Node, dates: &Schedule) -> Result<(i64, i64, i64), Unreachable> {
        let unreachable = || Unreachable { node: number, train: false };
        let mut start = self.special(node).and_then(|special| special.floor).unwrap_or(self.floor);
        for need in self.needs(number) {
            let bound = self.bound(dates, &need, node.duration).ok_or_else(unreachable)?;
            start = start.max(bound);
        }
        if node.duration > 0 {
            start = self.next_working(start).ok_or_else(unreachable)?;
        }
        let ready = self.add(start, node.duration).ok_or_else(unreachable)?;
        let finish = self.departure(node, ready).ok_or(Unreachable { node: number, train: true })?;
        Ok((start, ready, finish))
    }

    /// Late dates and free float, given that everything may take until `end`. A date that lies before the calendar's
    /// reach stays at the early one: float can't be told there.
    pub(super) fn backward(&self, dates: &mut Schedule, end: i64) {
        dates.late = vec![Late { finish: end, free_float: i64::MAX }; self.nodes.len()];
        for (number, node) in (0..self.len()).zip(&self.nodes).rev() {
            if self.finished(node).is_some() {
                continue;
            }
            let early_start = dates.early_start(number);
            let ready = self.ready(dates, number);
            let late_ready = self.latest_ready(node, dates.late(number).finish).unwrap_or(ready);
            // Of what has started, when its work has to go on: what it needs may take until then.
            let late_start = self.add(late_ready, -node.duration).unwrap_or(early_start);
            for Need { node: needed, bond: Bond { dependency, lag } } in self.needs(number) {
                // The latest finish of what is needed, and how far it is from moving this node.
                let (late, slack) = match dependency {
                    Dependency::FinishToStart => {
                        (self.add(late_start, -lag), self.slack(dates.early_finish(needed), lag, early_start))
                    }
                    Dependency::FinishToFinish => {
                        (self.add(late_ready, -lag), self.slack(dates.early_finish(needed), lag, ready))
                    }
                    Dependency::StartToStart | Dependency::StartToFinish => {
                        let Some(of) = self.nodes.get(needed as usize) else { continue };
                        if self.started(of).is_some() {
                            // It has started: nothing that it still does can move this node.
                            continue;
                        }
                        let (late, early) = match dependency {
                            Dependency::StartToStart => (late_start, early_start),
                            _ => (late_ready, ready),
                        };
                        (
                            self.add(late, -lag).and_then(|t| self.add(t, of.duration)),
                            self.slack(dates.early_start(needed), lag, early),
                        )
                    }
                };
                if let Some(of) = dates.late.get_mut(needed as usize) {
                    of.finish = of.finish.min(late.unwrap_or(i64::MAX));
                    of.free_float = of.free_float.min(slack);
                }
            }
        }
    }

    /// The dates of a node, once the late ones have been counted.
    pub(super) fn dates(&self, dates: &Schedule, number: u32) -> Dates {
        let Some(node) = self.nodes.get(number as usize) else { return Dates::default() };
        let (early_start, early_finish) = (dates.early_start(number), dates.early_finish(number));
        let mut own = Dates {
            early_start,
            early_finish,
            late_start: early_start,
            late_finish: early_finish,
            free_float: 0,
        };
        if self.finished(node).is_none() {
            let late = dates.late(number);
            own.late_finish = late.finish;
            own.free_float = late.free_float.min(self.between(early_finish, late.finish));
            if self.started(node).is_none() {
                let late_ready = self.latest_ready(node, late.finish);
                let late_ready = late_ready.unwrap_or_else(|| self.ready(dates, number));
                own.late_start = self.add(late_ready, -node.duration).unwrap_or(early_start);
            }
        }
        own
    }

    /// When the own work of a node is finished; for one without trains that is the early finish.
    pub(super) fn ready(&self, dates: &Schedule, number: u32) -> i64 {
        let place = self.nodes.get(number as usize).and_then(|node| (node.special as usize).checked_sub(1));
        let ready = place.and_then(|place| dates.ready.get(place)).copied();
        ready.unwrap_or_else(|| dates.early_finish(number))
    }

    /// The latest that a node may be ready, once the late dates have been counted: for a release the cut-off of its trains.
    pub(super) fn latest(&self, dates: &Schedule, number: u32) -> i64 {
        let finish = dates.late(number).finish;
        self.nodes.get(number as usize).and_then(|node| self.latest_ready(node, finish)).unwrap_or(finish)
    }

    /// How long a node waits for its trains.
    pub(super) fn wait(&self, dates: &Schedule, number: u32) -> i64 {
        dates.early_finish(number).saturating_sub(self.ready(dates, number))
    }

    /// Whether a need decides when a node starts.
    pub(super) fn drives(&self, dates: &Schedule, number: u32, need: &Need) -> bool {
        let (Some(node), Some(needed)) =
            (self.nodes.get(number as usize), self.nodes.get(need.node as usize))
        else {
            return false;
        };
        if [node, needed].into_iter().any(|node| self.finished(node).is_some()) {
            return false;
        }
        let Some(bound) = self.bound(dates, need, node.duration) else { return false };
        let ready = self.ready(dates, number);
        let start = self.add(ready, -node.duration).unwrap_or_else(|| dates.early_start(number));
        bound == start || (node.duration > 0 && self.next_working(bound) == self.next_working(start))
    }

    /// Working time between two times.
    pub(super) fn between(&self, from: i64, to: i64) -> i64 {
        match &self.calendar {
            None => to.saturating_sub(from),
            Some(work) => work.between(Instant::clamped(from), Instant::clamped(to)).millis(),
        }
    }

    /// The earliest start that a need allows what takes so long.
    fn bound(&self, dates: &Schedule, need: &Need, duration: i64) -> Option<i64> {
        let Need { node, bond: Bond { dependency, lag } } = *need;
        let (from, back) = match dependency {
            Dependency::FinishToStart => (dates.early_finish(node), 0),
            Dependency::FinishToFinish => (dates.early_finish(node), duration),
            Dependency::StartToStart => (dates.early_start(node), 0),
            Dependency::StartToFinish => (dates.early_start(node), duration),
        };
        let bound = self.add(from, lag)?;
        if back == 0 { Some(bound) } else { self.add(bound, -back) }
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
        let range = self.special(node).map_or(0..0, |special| special.trains.clone());
        self.trains.get(range.start as usize..range.end as usize).unwrap_or(&[])
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
