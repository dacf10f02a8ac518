//! Chains in which many a link of the chain came late.
//!
//! What is said of an item, or of a link, is a chain in the order of time, and most of it arrives in that order: the place of
//! what comes next is the end, or a few steps before it. Only a chain in which somebody once had to go far is also kept as a
//! sorted set, so that a history that arrives backwards or shuffled takes no longer than a sort.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use crate::hash::HashMap;
use crate::texts::NONE;
use crate::time::Instant;

/// So many steps are not far yet.
pub(crate) const FAR: usize = 64;

/// A place in the order of time: when it was so, when that became known, the event's key, and the number of what stands
/// there.
pub(crate) type Place = (Instant, Instant, Box<str>, u32);

#[derive(Clone, Debug, Default)]
pub(crate) struct Late {
    chains: HashMap<u32, BTreeSet<Place>>,
}

impl Late {
    pub(crate) fn has(&self, chain: u32) -> bool {
        self.chains.contains_key(&chain)
    }

    /// The numbers before and after the place of a new number in a chain that ends at `latest`, which it joins.
    /// `is_later` says whether a number comes after the new one, `previous` which one it follows.
    pub(crate) fn seek(
        &mut self,
        (chain, latest, new): (u32, u32, u32),
        is_later: impl Fn(u32) -> bool,
        previous: impl Fn(u32) -> u32,
        place: impl Fn(u32) -> Place,
    ) -> (u32, u32) {
        let (mut at, mut later) = (latest, NONE);
        for step in 0.. {
            if at == NONE || !is_later(at) {
                break;
            }
            if step == FAR {
                if !self.has(chain) {
                    let next = |at: &u32| Some(previous(*at)).filter(|at| *at != NONE);
                    self.chains
                        .insert(chain, std::iter::successors(Some(latest), next).map(&place).collect());
                }
                (at, later) = self.around(chain, &place(new));
                break;
            }
            (later, at) = (at, previous(at));
        }
        if let Some(places) = self.chains.get_mut(&chain) {
            places.insert(place(new));
        }
        (at, later)
    }

    /// The numbers before and after a place in a chain that is kept as a set.
    pub(crate) fn around(&self, chain: u32, place: &Place) -> (u32, u32) {
        let Some(places) = self.chains.get(&chain) else { return (NONE, NONE) };
        let before = places.range(..place).next_back();
        let after = places.range((Excluded(place), Unbounded)).next();
        (before.map_or(NONE, |place| place.3), after.map_or(NONE, |place| place.3))
    }

    pub(crate) fn remove(&mut self, chain: u32, place: &Place) {
        if let Some(places) = self.chains.get_mut(&chain) {
            places.remove(place);
        }
    }

    /// Leaves a chain to be walked again.
    pub(crate) fn forget(&mut self, chain: u32) {
        self.chains.remove(&chain);
    }

    /// Bytes held, about: a set takes half as much again as what is in it.
    pub(crate) fn bytes(&self) -> usize {
        let place = |place: &Place| size_of::<Place>() * 3 / 2 + place.2.len();
        self.chains.values().flatten().map(place).sum::<usize>() + self.chains.allocation_size()
    }
}
