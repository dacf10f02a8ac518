//! Activities and what they need, laid out for passes over all of them. Times are milliseconds.

use super::clock::{By, Clock};
use super::seats::Seat;
use super::words::{DateConstraint, ProgressRule};
use crate::calendar::Cadence;
use crate::hash::HashMap;
use crate::model::Dependency;
use crate::time::Instant;

/// An activity, given in topological order of what needs what. Half of what a schedule costs is waiting for memory, so
/// what few activities have is kept apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Working time that is left.
    pub(super) duration: i64,
    /// Its place in [`Network::specials`] plus one; 0 = nothing is special about it.
    pub(super) special: u32,
    /// Where its needs end among those of all nodes; they begin where those of the node before end.
    pub(super) needs_end: u32,
}

/// What is special about an activity.
#[derive(Clone, Debug, Default)]
pub(in crate::analyze) struct Special {
    /// By what its work is counted; none = as everything else.
    pub(in crate::analyze) calendar: Option<By>,
    /// What is demanded of its dates.
    pub(in crate::analyze) constraint: Option<(DateConstraint, i64)>,
    /// When it should be finished; that moves late dates alone.
    pub(in crate::analyze) deadline: Option<i64>,
    /// When it started, where it has.
    pub(in crate::analyze) started: Option<i64>,
    /// The working time of the whole of what has started, with what is done of it.
    pub(in crate::analyze) whole: i64,
    /// When it finished, where it has; then nothing can move it.
    pub(in crate::analyze) finished: Option<i64>,
    /// The trains that it has to take, as an index range into [`Network::trains`].
    pub(in crate::analyze) trains: std::ops::Range<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::analyze) struct Need {
    /// The node that is needed; it comes before.
    pub(in crate::analyze) node: u32,
    pub(in crate::analyze) bond: Bond,
}

/// How a need binds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::analyze) struct Bond {
    pub(in crate::analyze) dependency: Dependency,
    pub(in crate::analyze) lag: i64,
    /// By what the lag is counted.
    pub(in crate::analyze) by: By,
}

impl Bond {
    /// One follows the other without lag, as in nearly every need.
    pub(in crate::analyze) const PLAIN: Bond =
        Bond { dependency: Dependency::FinishToStart, lag: 0, by: By::PLAIN };
}

/// Where tools differ.
#[derive(Clone, Copy, Debug)]
pub(in crate::analyze) struct Rules {
    pub(in crate::analyze) progress: ProgressRule,
    /// Whether a lead may let something start before the start of everything.
    pub(in crate::analyze) may_lead_before_start: bool,
    /// Whether a date that is demanded wins over links.
    pub(in crate::analyze) honors_constraints: bool,
    /// Whether what takes no time may happen when nobody works.
    pub(in crate::analyze) happens_any_time: bool,
}

#[derive(Debug)]
pub(in crate::analyze) struct Network {
    /// Open work starts no earlier.
    pub(super) start: i64,
    /// What is open or goes on starts no earlier, whatever its links say.
    pub(super) status: Option<i64>,
    pub(super) rules: Rules,
    /// By what everything is counted that says nothing else.
    pub(in crate::analyze) by: By,
    pub(in crate::analyze) clock: Clock,
    pub(super) nodes: Vec<Node>,
    /// What each node needs, with the place of the bond in `bonds` plus one; 0 = plain.
    needs: Vec<(u32, u32)>,
    /// The needs of nodes that have others now than they were laid out with.
    changed_needs: HashMap<u32, Vec<(u32, u32)>>,
    bonds: Vec<Bond>,
    /// Whether any lag has ever been counted by a calendar.
    has_working_lags: bool,
    specials: Vec<Special>,
    pub(super) trains: Vec<Cadence>,
    /// For each of `trains` the line that it is of: what takes the same line shares its departures.
    pub(super) lines: Vec<u32>,
    /// For each of `trains` the room on it.
    pub(super) seats: Vec<Seat>,
}

impl Network {
    pub(in crate::analyze) fn new(start: i64, status: Option<i64>, rules: Rules) -> Network {
        Network {
            start,
            status,
            rules,
            by: By::PLAIN,
            clock: Clock::default(),
            nodes: Vec::new(),
            needs: Vec::new(),
            changed_needs: HashMap::default(),
            bonds: Vec::new(),
            has_working_lags: false,
            specials: Vec::new(),
            trains: Vec::new(),
            lines: Vec::new(),
            seats: Vec::new(),
        }
    }

    pub(in crate::analyze) fn reserve(&mut self, nodes: usize, needs: usize) {
        self.nodes.reserve(nodes);
        self.needs.reserve(needs);
    }

    pub(in crate::analyze) fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Adds a need of the node that is added next.
    pub(in crate::analyze) fn add_need(&mut self, need: Need) {
        let place = self.place_of(need.bond);
        self.needs.push((need.node, place));
    }

    pub(in crate::analyze) fn add_node(&mut self, duration: i64, special: Option<Special>) {
        let mut node = Node { duration, special: 0, needs_end: self.needs.len() as u32 };
        if let Some(special) = special {
            self.specials.push(special);
            node.special = self.specials.len() as u32;
        }
        self.nodes.push(node);
    }

    /// The working time that is left of a node.
    pub(in crate::analyze) fn duration(&self, number: u32) -> i64 {
        self.nodes.get(number as usize).map_or(0, |node| node.duration)
    }

    /// Gives a node other needs; each of them comes before it.
    pub(super) fn set_needs(&mut self, number: u32, needs: &[Need]) {
        let places = needs.iter().map(|need| (need.node, self.place_of(need.bond))).collect();
        self.changed_needs.insert(number, places);
    }

    fn place_of(&mut self, bond: Bond) -> u32 {
        if bond == Bond::PLAIN {
            return 0;
        }
        self.has_working_lags |= bond.by != By::PLAIN;
        self.bonds.push(bond);
        self.bonds.len() as u32
    }

    /// Gives a node another working time and other things that are special about it. What was special before stays, so
    /// that dates that are kept by it keep their places; the place is one more than all where nothing was.
    pub(super) fn set_node(&mut self, number: u32, duration: i64, special: Option<Special>) {
        let Some(node) = self.nodes.get_mut(number as usize) else { return };
        node.duration = duration;
        match (self.specials.get_mut((node.special as usize).wrapping_sub(1)), special) {
            (Some(slot), special) => {
                let plain = Special { whole: duration, ..Special::default() };
                *slot = special.unwrap_or(plain);
            }
            (None, Some(special)) => {
                self.specials.push(special);
                node.special = self.specials.len() as u32;
            }
            (None, None) => {}
        }
    }

    pub(super) fn special_count(&self) -> usize {
        self.specials.len()
    }

    /// Moves the status date, and gives the one before.
    pub(super) fn set_status(&mut self, status: Option<i64>) -> Option<i64> {
        std::mem::replace(&mut self.status, status)
    }

    /// Whether everything moves together with the end: nothing is tied to a date or a calendar, so that late dates are as
    /// far from the end wherever that is.
    pub(super) fn moves_with_end(&self) -> bool {
        self.by == By::PLAIN && self.specials.is_empty() && !self.has_working_lags
    }

    /// Lets a node take another working time, of what has started what is left.
    pub(super) fn set_duration(&mut self, number: u32, duration: i64) {
        let Some(node) = self.nodes.get_mut(number as usize) else { return };
        let more = duration.saturating_sub(std::mem::replace(&mut node.duration, duration));
        let place = (node.special as usize).checked_sub(1);
        if let Some(special) = place.and_then(|place| self.specials.get_mut(place)) {
            special.whole = special.whole.saturating_add(more);
        }
    }

    pub(in crate::analyze) fn is_finished(&self, number: u32) -> bool {
        self.special_of(number).is_some_and(|special| special.finished.is_some())
    }

    /// When a node started, where it has and is not finished.
    pub(super) fn started(&self, number: u32) -> Option<i64> {
        self.special_of(number).filter(|special| special.finished.is_none())?.started
    }

    /// The place of what is special about a node.
    pub(super) fn special_place(&self, number: u32) -> Option<usize> {
        (self.nodes.get(number as usize)?.special as usize).checked_sub(1)
    }

    pub(super) fn special_of(&self, number: u32) -> Option<&Special> {
        self.specials.get(self.special_place(number)?)
    }

    /// By what the work of a node is counted.
    pub(in crate::analyze) fn by(&self, number: u32) -> By {
        self.special_of(number).and_then(|special| special.calendar).unwrap_or(self.by)
    }

    /// What a node needs, each with the place of its bond plus one; 0 = plain.
    pub(super) fn raw_needs(&self, node: u32) -> &[(u32, u32)] {
        if !self.changed_needs.is_empty()
            && let Some(needs) = self.changed_needs.get(&node)
        {
            return needs;
        }
        let node = node as usize;
        let start = node.checked_sub(1).and_then(|n| self.nodes.get(n)).map_or(0, |n| n.needs_end);
        let end = self.nodes.get(node).map_or(start, |n| n.needs_end);
        self.needs.get(start as usize..end as usize).unwrap_or(&[])
    }

    /// The needs between two places, of a network whose needs are as they were laid out.
    pub(super) fn plain_needs(&self, first: u32, end: u32) -> &[(u32, u32)] {
        self.needs.get(first as usize..end as usize).unwrap_or(&[])
    }

    /// By number: where the needs of each node begin, as they were laid out.
    pub(super) fn needs_starts(&self) -> Vec<u32> {
        let starts = std::iter::once(0).chain(self.nodes.iter().map(|node| node.needs_end));
        starts.take(self.nodes.len()).collect()
    }

    /// Whether nothing is special about any activity or need.
    pub(super) fn is_all_plain(&self) -> bool {
        self.by == By::PLAIN && self.has_plain_ties()
    }

    /// The same, however work is counted.
    pub(super) fn has_plain_ties(&self) -> bool {
        self.specials.is_empty() && self.bonds.is_empty() && self.changed_needs.is_empty()
    }

    /// What a node needs.
    pub(in crate::analyze) fn needs(&self, node: u32) -> impl Iterator<Item = Need> {
        self.raw_needs(node).iter().map(|(node, place)| {
            let bond = (*place as usize).checked_sub(1).and_then(|place| self.bonds.get(place));
            Need { node: *node, bond: bond.copied().unwrap_or(Bond::PLAIN) }
        })
    }

    /// Adds a train of the node that is added next, and gives how many there are now.
    pub(in crate::analyze) fn add_train(&mut self, train: Cadence, line: u32) -> u32 {
        self.trains.push(train);
        self.lines.push(line);
        self.seats.push(Seat::Any);
        self.trains.len() as u32
    }

    pub(in crate::analyze) fn train_count(&self) -> u32 {
        self.trains.len() as u32
    }

    pub(super) fn train_range(&self, number: u32) -> std::ops::Range<u32> {
        self.special_of(number).map_or(0..0, |special| special.trains.clone())
    }

    fn trains(&self, number: u32) -> &[Cadence] {
        let range = self.train_range(number);
        self.trains.get(range.start as usize..range.end as usize).unwrap_or(&[])
    }

    pub(super) fn has_trains(&self, number: u32) -> bool {
        !self.trains(number).is_empty()
    }

    /// The later of the first departures that what is ready can take and that have room for it.
    pub(super) fn departure(&self, number: u32, ready: i64) -> Option<i64> {
        let range = self.train_range(number);
        let seats = self.seats.get(range.start as usize..range.end as usize).unwrap_or(&[]);
        self.trains(number).iter().zip(seats).try_fold(ready, |latest, (train, seat)| {
            let first = train.next(Instant::clamped(ready))?.millis();
            Some(match seat {
                Seat::Any => latest.max(first),
                Seat::On(departure) => latest.max(first).max(*departure),
                Seat::None => return None,
            })
        })
    }

    /// The latest that what leaves with its trains by `departure` may be ready.
    pub(super) fn latest_ready(&self, number: u32, departure: i64) -> Option<i64> {
        self.trains(number).iter().try_fold(departure, |earliest, train| {
            train.latest_ready(Instant::clamped(departure)).map(|t| earliest.min(t.millis()))
        })
    }
}
