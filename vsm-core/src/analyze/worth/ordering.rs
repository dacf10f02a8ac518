//! An order of work: the best first, and nothing before what it needs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::rating::{Rating, dependants};
use crate::hash::HashMap;
use crate::model::FlowState;
use crate::stream::ValueStream;

/// Items that were met in one of many walks, without a table that has to be emptied for each.
pub(super) struct Walker {
    seen: Vec<u32>,
    walk: u32,
}

impl Walker {
    pub(super) fn new(stream: &ValueStream) -> Walker {
        Walker { seen: vec![0; stream.all().len()], walk: 0 }
    }

    /// All that needs an item, directly or not, each once, itself left out; what is finished or given up needs nothing.
    /// `stops` says where not to go on. In no order.
    pub(super) fn above(
        &mut self,
        stream: &ValueStream,
        item: u32,
        wholes: bool,
        stops: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        self.walk = self.walk.wrapping_add(1);
        let walk = self.walk;
        let seen = &mut self.seen;
        let mut is_new =
            |item: u32| seen.get_mut(item as usize).is_some_and(|last| std::mem::replace(last, walk) != walk);
        is_new(item);
        let mut found = Vec::new();
        let mut stack = vec![item];
        while let Some(at) = stack.pop() {
            for other in dependants(stream, at, wholes) {
                if is_open(stream, other) && is_new(other) {
                    found.push(other);
                    if !stops(other) {
                        stack.push(other);
                    }
                }
            }
        }
        found
    }
}

/// Whether work is still to be done.
pub(super) fn is_open(stream: &ValueStream, item: u32) -> bool {
    !matches!(stream.state_of(item), Some(FlowState::Done | FlowState::Cancelled))
}

/// The order of items by their scores, highest first and ties by id, in which none stands before an item that it needs.
/// Of those that could be next the best is; a past in which items need each other goes by the score alone.
pub(super) fn order(stream: &ValueStream, scores: &[(u32, f64)], walker: &mut Walker) -> Vec<u32> {
    let mut best: Vec<(u32, f64)> = scores.to_vec();
    best.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| stream.id(a.0).cmp(stream.id(b.0))));
    let place: HashMap<u32, usize> = best.iter().enumerate().map(|(at, (item, _))| (*item, at)).collect();
    let mut above: Vec<Vec<usize>> = Vec::with_capacity(best.len());
    let mut open_needs = vec![0usize; best.len()];
    for (item, _) in &best {
        let nearest = walker.above(stream, *item, true, |other| place.contains_key(&other));
        let nearest: Vec<usize> = nearest.iter().filter_map(|other| place.get(other)).copied().collect();
        for at in &nearest {
            open_needs.get_mut(*at).into_iter().for_each(|count| *count += 1);
        }
        above.push(nearest);
    }
    let free = open_needs.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| Reverse(at));
    let mut next: BinaryHeap<Reverse<usize>> = free.collect();
    let mut is_placed = vec![false; best.len()];
    let mut placed = Vec::with_capacity(best.len());
    let mut oldest = 0;
    loop {
        let at = match next.pop() {
            Some(Reverse(at)) => at,
            None => {
                while is_placed.get(oldest).copied().unwrap_or(false) {
                    oldest += 1;
                }
                oldest
            }
        };
        let Some((item, _)) = best.get(at) else { return placed };
        if is_placed.get_mut(at).is_none_or(|is_placed| std::mem::replace(is_placed, true)) {
            continue;
        }
        placed.push(*item);
        for other in above.get(at).into_iter().flatten() {
            let Some(count) = open_needs.get_mut(*other) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                next.push(Reverse(*other));
            }
        }
    }
}

/// What it costs to do some items one after the other: each costs its cost of delay until it is finished. The items that
/// lack one of the two figures; the weeks of all; the cost.
pub(super) fn cost(ratings: &[&Rating]) -> (Vec<u32>, Option<f64>, Option<f64>) {
    let missing: Vec<u32> = ratings
        .iter()
        .filter(|rating| rating.cost.is_none() || rating.weeks.is_none())
        .map(|rating| rating.item)
        .collect();
    let (mut weeks, mut total) = (0.0, 0.0);
    for rating in ratings {
        weeks += rating.weeks.unwrap_or(0.0);
        total += rating.cost.unwrap_or(0.0) * weeks;
    }
    let all_timed = ratings.iter().all(|rating| rating.weeks.is_some()) && !ratings.is_empty();
    let weeks = Some(weeks).filter(|weeks| all_timed && weeks.is_finite());
    let total = Some(total).filter(|total| missing.is_empty() && weeks.is_some() && total.is_finite());
    (missing, weeks, total)
}

/// Of an order the items that stand before something that they need and that comes later in it.
pub(super) fn too_early(stream: &ValueStream, order: &[u32], walker: &mut Walker) -> Vec<u32> {
    let place: HashMap<u32, usize> = order.iter().enumerate().map(|(at, item)| (*item, at)).collect();
    let mut early: Vec<u32> = Vec::new();
    for (at, item) in order.iter().enumerate() {
        for other in walker.above(stream, *item, true, |_| false) {
            if place.get(&other).is_some_and(|place| *place < at) {
                early.push(other);
            }
        }
    }
    early.sort_unstable_by_key(|item| stream.id(*item));
    early.dedup();
    early
}
