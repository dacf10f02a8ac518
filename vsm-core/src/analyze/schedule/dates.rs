//! The dates that the passes find.

use super::names::Names;
use super::network::Network;
use crate::error::Error;
use crate::time::Instant;

/// The dates of all activities. Each kind of date lies by itself: a pass reads one of them from all over the place.
#[derive(Clone, Debug, Default)]
pub(in crate::analyze) struct Dates {
    pub(super) early_start: Vec<i64>,
    pub(super) early_finish: Vec<i64>,
    /// When the own work of those that are special is finished; of all others that is the early finish.
    pub(super) ready: Vec<i64>,
    /// Late dates, `shift` less than they are: where everything moves with the end, they need not.
    pub(super) late: Vec<Late>,
    pub(super) shift: i64,
}

/// How far an activity can move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Late {
    pub(super) finish: i64,
    /// How much later than its early finish it can be without moving what needs it; the largest number where nothing
    /// open does.
    pub(super) free: i64,
}

impl Late {
    pub(super) const OPEN: Late = Late { finish: i64::MAX, free: i64::MAX };
}

/// The dates of one activity.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::analyze) struct Own {
    pub(in crate::analyze) early_start: i64,
    pub(in crate::analyze) early_finish: i64,
    pub(in crate::analyze) late_start: i64,
    pub(in crate::analyze) late_finish: i64,
    pub(in crate::analyze) total_float: i64,
    pub(in crate::analyze) free_float: i64,
}

/// A date that no calendar or train reaches, and the node that needed it.
#[derive(Debug)]
pub(in crate::analyze) struct Unreachable {
    pub(in crate::analyze) node: u32,
    pub(in crate::analyze) is_train: bool,
}

impl Dates {
    /// No dates yet for so many nodes, some of them special.
    pub(super) fn blank(nodes: usize, special: usize) -> Dates {
        Dates {
            early_start: vec![0; nodes],
            early_finish: vec![0; nodes],
            ready: vec![0; special],
            ..Dates::default()
        }
    }

    pub(in crate::analyze) fn early_start(&self, number: u32) -> i64 {
        self.early_start.get(number as usize).copied().unwrap_or_default()
    }

    pub(in crate::analyze) fn early_finish(&self, number: u32) -> i64 {
        self.early_finish.get(number as usize).copied().unwrap_or_default()
    }

    pub(super) fn late(&self, number: u32) -> Late {
        let Some(late) = self.late.get(number as usize).copied() else { return Late::OPEN };
        Late { finish: late.finish.saturating_add(self.shift), free: late.free }
    }

    /// The activities that finish last, by id.
    pub(in crate::analyze) fn last(&self, names: &impl Names) -> Vec<u32> {
        let end = self.early_finishes().map(|(_, finish)| finish).max();
        let last = self.early_finishes().filter(|(_, finish)| Some(*finish) == end);
        let mut last: Vec<u32> = last.map(|(number, _)| number).collect();
        last.sort_unstable_by_key(|number| names.id(*number));
        last
    }

    /// The number of the node with each early finish.
    pub(in crate::analyze) fn early_finishes(&self) -> impl Iterator<Item = (u32, i64)> {
        (0..).zip(self.early_finish.iter().copied())
    }
}

impl Unreachable {
    /// What could not be placed, for an error.
    pub(in crate::analyze) fn explain(&self, network: &Network, id: &str) -> Error {
        let what = format!("the {} of \"{id}\"", if self.is_train { "departure" } else { "work" });
        match network.clock.calendar(network.by(self.node)) {
            Some(work) if !self.is_train => work.beyond(&what),
            _ => Error::Horizon { what, around: Instant::clamped(network.start) },
        }
    }
}

impl Network {
    /// When the own work of a node is finished; for one without trains that is the early finish.
    pub(in crate::analyze) fn ready(&self, dates: &Dates, number: u32) -> i64 {
        let place = self.special_place(number);
        let ready = place.and_then(|place| dates.ready.get(place)).copied();
        ready.unwrap_or_else(|| dates.early_finish(number))
    }

    /// When what is left of a node is begun: its early start, or when it goes on if it has started.
    pub(in crate::analyze) fn begins(&self, dates: &Dates, number: u32) -> i64 {
        let early_start = dates.early_start(number);
        if self.started(number).is_none() {
            return early_start;
        }
        let ready = self.ready(dates, number);
        self.clock.add(self.by(number), ready, -self.duration(number)).unwrap_or(early_start)
    }

    /// How long a node waits for its trains.
    pub(in crate::analyze) fn wait(&self, dates: &Dates, number: u32) -> i64 {
        dates.early_finish(number).saturating_sub(self.ready(dates, number))
    }

    /// The latest that a node may be ready, once the late dates have been counted: for a release the cut-off of its trains.
    pub(in crate::analyze) fn latest(&self, dates: &Dates, number: u32) -> i64 {
        let finish = dates.late(number).finish;
        self.latest_ready(number, finish).unwrap_or(finish)
    }

    /// The dates of a node, once the late ones have been counted.
    pub(in crate::analyze) fn own(&self, dates: &Dates, number: u32) -> Own {
        let (early_start, early_finish) = (dates.early_start(number), dates.early_finish(number));
        let mut own = Own {
            early_start,
            early_finish,
            late_start: early_start,
            late_finish: early_finish,
            ..Own::default()
        };
        if self.is_finished(number) {
            return own;
        }
        let by = self.by(number);
        let late = dates.late(number);
        own.late_finish = late.finish;
        own.total_float = self.clock.between(by, early_finish, late.finish);
        if self.started(number).is_none() {
            own.late_start = self.late_start(dates, number);
            // Where the time of a train lies in between, it is the finish alone that may not move.
            if !self.has_trains(number) {
                let at_start = self.clock.between(by, early_start, own.late_start);
                own.total_float = own.total_float.min(at_start);
            }
        }
        own.free_float = if late.free == i64::MAX { own.total_float } else { late.free };
        own.free_float = own.free_float.max(0);
        own
    }

    /// The latest start of what is left of a node.
    pub(super) fn late_start(&self, dates: &Dates, number: u32) -> i64 {
        let ready = self.latest_ready(number, dates.late(number).finish);
        let ready = ready.unwrap_or_else(|| self.ready(dates, number));
        let late_start = self.clock.add(self.by(number), ready, -self.duration(number));
        // A date before the calendar's reach stays at the early one: float can't be told there.
        late_start.unwrap_or_else(|| dates.early_start(number))
    }
}
