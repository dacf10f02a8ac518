//! Which items of the stream are in a network, and by which numbers.

/// Some of many ranks, numbered in their order: a bit for each and, for each group of them, how many come before. It is
/// asked for one need after another, so it has to fit into the nearest memory; a number for each rank would not.
pub(super) struct Members {
    groups: Vec<(u64, u32)>,
    /// The numbers in another order than that of the ranks, where there is one.
    moved: Vec<u32>,
}

impl Members {
    pub(super) fn new(ranks: usize) -> Members {
        Members { groups: vec![(0, 0); ranks.div_ceil(64)], moved: Vec::new() }
    }

    pub(super) fn has(&self, rank: u32) -> bool {
        self.groups.get(rank as usize / 64).is_some_and(|(bits, _)| bits >> (rank % 64) & 1 == 1)
    }

    /// Whether it is new.
    pub(super) fn add(&mut self, rank: u32) -> bool {
        let Some((bits, _)) = self.groups.get_mut(rank as usize / 64) else { return false };
        let bit = 1 << (rank % 64);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    pub(super) fn remove(&mut self, rank: u32) {
        if let Some((bits, _)) = self.groups.get_mut(rank as usize / 64) {
            *bits &= !(1 << (rank % 64));
        }
    }

    /// Numbers all of them, once they are known; given in their order, so that few of many cost little.
    pub(super) fn count(&mut self, all: &[u32]) {
        for (number, rank) in (0u32..).zip(all) {
            if let Some((bits, before)) = self.groups.get_mut(*rank as usize / 64)
                && bits.trailing_zeros() == rank % 64
            {
                *before = number;
            }
        }
    }

    /// The number of a member.
    pub(super) fn number(&self, rank: u32) -> Option<u32> {
        let (bits, before) = self.groups.get(rank as usize / 64)?;
        let lower = bits & ((1 << (rank % 64)) - 1);
        let number = self.has(rank).then(|| before + lower.count_ones())?;
        if self.moved.is_empty() { Some(number) } else { self.moved.get(number as usize).copied() }
    }

    /// Numbers all of them anew, given their numbers in another order.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        self.moved = vec![0; order.len()];
        for (number, old) in (0u32..).zip(order) {
            if let Some(slot) = self.moved.get_mut(*old as usize) {
                *slot = number;
            }
        }
    }
}
