//! Early dates after a change: only what depends on it is looked at.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::dates::{Dates, Unreachable};
use super::network::Network;

/// What needs each node, grouped by node.
#[derive(Debug)]
pub(super) struct Followers {
    /// Where the followers of each node end; they begin where those of the node before end.
    ends: Vec<u32>,
    nodes: Vec<u32>,
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
        let mut ends = vec![0u32; network.len() as usize];
        for number in 0..network.len() {
            for (node, _) in network.raw_needs(number) {
                if let Some(count) = ends.get_mut(*node as usize) {
                    *count += 1;
                }
            }
        }
        // Each end begins as the place of the first, and moves on with every follower that is put there.
        let mut total = 0;
        for end in &mut ends {
            total += std::mem::replace(end, total);
        }
        let mut nodes = vec![0u32; total as usize];
        for number in 0..network.len() {
            for (node, _) in network.raw_needs(number) {
                let Some(end) = ends.get_mut(*node as usize) else { continue };
                if let Some(slot) = nodes.get_mut(*end as usize) {
                    *slot = number;
                }
                *end += 1;
            }
        }
        Followers { ends, nodes }
    }

    pub(super) fn of(&self, number: u32) -> &[u32] {
        let number = number as usize;
        let start = number.checked_sub(1).and_then(|n| self.ends.get(n)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(start);
        self.nodes.get(start as usize..end as usize).unwrap_or(&[])
    }
}

impl Network {
    /// Brings early dates up to date after some nodes or their needs have changed, and gives what the dates were before,
    /// by node. With `a` nodes whose dates change it takes O(a log a) steps; where that is much of the network, it goes
    /// over the rest in one pass instead, which is cheaper.
    ///
    /// # Errors
    /// The first node that no calendar or train reaches. The dates are then as they were.
    pub(super) fn follow(
        &self,
        dates: &mut Dates,
        followers: &Followers,
        changed: &[u32],
    ) -> Result<Vec<Before>, Unreachable> {
        let much = self.nodes.len() / 16;
        let mut heap: BinaryHeap<Reverse<u32>> = changed.iter().copied().map(Reverse).collect();
        let mut before: Vec<Before> = Vec::new();
        let mut last = None;
        while let Some(Reverse(number)) = heap.pop() {
            if last == Some(number) {
                continue;
            }
            if before.len() > much {
                let rest = (number..self.len())
                    .try_for_each(|number| self.renew(dates, number, &mut before).map(|_| ()));
                return rest.map(|()| before.clone()).inspect_err(|_| self.restore(dates, &before));
            }
            last = Some(number);
            match self.renew(dates, number, &mut before) {
                Ok(false) => {}
                Ok(true) => heap.extend(followers.of(number).iter().copied().map(Reverse)),
                Err(error) => {
                    self.restore(dates, &before);
                    return Err(error);
                }
            }
        }
        Ok(before)
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

    fn put(&self, dates: &mut Dates, own: Before) {
        if let Some(slot) = dates.early_start.get_mut(own.node as usize) {
            *slot = own.early_start;
        }
        if let Some(slot) = dates.early_finish.get_mut(own.node as usize) {
            *slot = own.early_finish;
        }
        let place = self.nodes.get(own.node as usize).and_then(|node| (node.special as usize).checked_sub(1));
        if let Some(slot) = place.and_then(|place| dates.ready.get_mut(place)) {
            *slot = own.ready;
        }
    }
}
