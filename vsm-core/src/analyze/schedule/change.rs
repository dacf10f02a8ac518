//! Early dates after a change: only what depends on it is looked at.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::dates::{Dates, Late, Unreachable};
use super::network::Network;
use super::order::Arcs;
use crate::hash::HashMap;

/// The part of a network from which on a pass over all of it is cheaper than to follow a change: a step of a pass reads
/// what lies side by side.
const MUCH: usize = 256;

/// What needs each node, grouped by node.
#[derive(Debug)]
pub(super) struct Followers {
    arcs: Arcs,
    /// Those that came later.
    added: HashMap<u32, Vec<u32>>,
}

/// The early dates that a node had.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) node: u32,
    pub(super) early_start: i64,
    pub(super) early_finish: i64,
    pub(super) ready: i64,
}

impl Followers {
    pub(super) fn new(network: &Network) -> Followers {
        let needs = |number: u32| network.raw_needs(number).iter().map(move |(needed, _)| (*needed, number));
        let arcs = Arcs::new(network.len() as usize, (0..network.len()).flat_map(needs));
        Followers { arcs, added: HashMap::default() }
    }

    /// What needs a node, or has needed it before something changed.
    pub(super) fn of(&self, number: u32) -> impl Iterator<Item = u32> {
        let added = if self.added.is_empty() { None } else { self.added.get(&number) };
        self.arcs.of(number).iter().chain(added.into_iter().flatten()).copied()
    }

    /// Adds a follower, if it is none yet.
    pub(super) fn add(&mut self, number: u32, follower: u32) {
        if !self.of(number).any(|other| other == follower) {
            self.added.entry(number).or_default().push(follower);
        }
    }
}

impl Network {
    /// Whether so many nodes are so much of it that a pass over all is cheaper than to follow them.
    pub(super) fn is_much(&self, nodes: usize) -> bool {
        nodes > self.nodes.len() / MUCH
    }

    /// Brings early dates up to date after some nodes or their needs have changed, and gives what the dates were before,
    /// by node. With `a` nodes whose dates change it takes O(a log a) steps; where that is much of the network, all are
    /// counted anew instead, which is cheaper.
    ///
    /// # Errors
    /// The first node that no calendar or train reaches. The dates are then as they were.
    pub(super) fn follow(
        &self,
        dates: &mut Dates,
        followers: &Followers,
        changed: &[u32],
    ) -> Result<Vec<Before>, Unreachable> {
        let mut heap: BinaryHeap<Reverse<u32>> = changed.iter().copied().map(Reverse).collect();
        let mut before: Vec<Before> = Vec::new();
        let mut last = None;
        while let Some(Reverse(number)) = heap.pop() {
            if last == Some(number) {
                continue;
            }
            if self.is_much(before.len()) {
                self.restore(dates, &before);
                return self.follow_all(dates);
            }
            last = Some(number);
            match self.renew(dates, number, &mut before) {
                Ok(false) => {}
                Ok(true) => heap.extend(followers.of(number).map(Reverse)),
                Err(error) => {
                    self.restore(dates, &before);
                    return Err(error);
                }
            }
        }
        Ok(before)
    }

    /// Counts all early dates anew, and gives what those were that are others now, by node.
    ///
    /// # Errors
    /// As [`follow`](Network::follow).
    pub(super) fn follow_all(&self, dates: &mut Dates) -> Result<Vec<Before>, Unreachable> {
        let new = self.forward()?;
        let mut before = Vec::new();
        let is_same = dates.early_start == new.early_start
            && dates.early_finish == new.early_finish
            && dates.ready == new.ready;
        if is_same {
            return Ok(before);
        }
        for node in 0..self.len() {
            let (early_start, early_finish) = (dates.early_start(node), dates.early_finish(node));
            let ready = self.ready(dates, node);
            let is_same = early_start == new.early_start(node)
                && early_finish == new.early_finish(node)
                && ready == self.ready(&new, node);
            if !is_same {
                before.push(Before { node, early_start, early_finish, ready });
            }
        }
        (dates.early_start, dates.early_finish, dates.ready) = (new.early_start, new.early_finish, new.ready);
        Ok(before)
    }

    /// Brings late dates and free float up to date, given the nodes for which something changed that they depend on: the
    /// nodes themselves, what they need, and all of which early dates are others.
    pub(super) fn follow_back(&self, dates: &mut Dates, followers: &Followers, changed: Vec<u32>, end: i64) {
        let mut heap = BinaryHeap::from(changed);
        let (mut last, mut count) = (None, 0);
        while let Some(number) = heap.pop() {
            if last == Some(number) {
                continue;
            }
            last = Some(number);
            count += 1;
            if self.is_much(count) {
                return self.backward(dates, end);
            }
            let old = dates.late(number);
            let new = self.late_from(dates, followers, number, end);
            if let Some(late) = dates.late.get_mut(number as usize) {
                *late = Late { finish: new.finish.saturating_sub(dates.shift), free: new.free };
            }
            if old.finish != new.finish {
                heap.extend(self.raw_needs(number).iter().map(|(node, _)| *node));
            }
        }
    }

    /// The late finish and free float of a node by what needs it.
    fn late_from(&self, dates: &Dates, followers: &Followers, number: u32, end: i64) -> Late {
        let mut late = Late::OPEN;
        if self.is_finished(number) {
            return late;
        }
        let mut is_needed_by_open = false;
        for follower in followers.of(number).filter(|follower| !self.is_finished(*follower)) {
            for need in self.needs(follower).filter(|need| need.node == number) {
                is_needed_by_open = true;
                let asked = self.asked(dates, follower, &need, || self.is_needed(followers, follower));
                late.finish = late.finish.min(asked.finish);
                late.free = late.free.min(asked.free);
            }
        }
        Late { finish: self.settled(number, late.finish, end, is_needed_by_open), ..late }
    }

    /// Whether anything needs a node.
    fn is_needed(&self, followers: &Followers, number: u32) -> bool {
        followers.of(number).any(|follower| self.raw_needs(follower).iter().any(|(node, _)| *node == number))
    }

    /// Finds the early dates of a node anew: whether they are others than before.
    fn renew(&self, dates: &mut Dates, number: u32, before: &mut Vec<Before>) -> Result<bool, Unreachable> {
        let (early_start, early) = self.early(dates, number)?;
        let old = Before {
            node: number,
            early_start: dates.early_start(number),
            early_finish: dates.early_finish(number),
            ready: self.ready(dates, number),
        };
        if (old.early_start, old.early_finish, old.ready) == (early_start, early.finish, early.ready) {
            return Ok(false);
        }
        before.push(old);
        self.put(dates, Before { node: number, early_start, early_finish: early.finish, ready: early.ready });
        Ok(true)
    }

    /// Gives dates back what they were.
    pub(super) fn restore(&self, dates: &mut Dates, before: &[Before]) {
        before.iter().rev().for_each(|old| self.put(dates, *old));
    }

    pub(super) fn put(&self, dates: &mut Dates, own: Before) {
        if let Some(slot) = dates.early_start.get_mut(own.node as usize) {
            *slot = own.early_start;
        }
        if let Some(slot) = dates.early_finish.get_mut(own.node as usize) {
            *slot = own.early_finish;
        }
        let place = self.special_place(own.node);
        if let Some(slot) = place.and_then(|place| dates.ready.get_mut(place)) {
            *slot = own.ready;
        }
    }
}
