//! What a stretch of a series costs when one level, or one level and spread, stands for it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use libm::log;

use super::change_points::ChangePointCost;
use super::mean;

/// Added to each variance under the cost `normal`, as ruptures does, so that a constant stretch has a logarithm.
const BIAS: f64 = 1e-6;

/// How many of the steps that a search may take an insertion into two heaps counts for.
const HEAP_STEPS: u64 = 16;

/// The costs of a series, prepared.
pub(super) struct SegmentCost {
    cost: ChangePointCost,
    /// The values less their mean, which changes no cost and keeps the sums small.
    values: Vec<f64>,
    /// Sums of the values and of their squares up to each place.
    sums: Vec<(f64, f64)>,
    /// For each value the place since which all are equal to it.
    same_since: Vec<u32>,
    /// For each value its place in ascending order.
    ranks: Vec<u32>,
    by_rank: Vec<f64>,
}

impl SegmentCost {
    pub(super) fn new(cost: ChangePointCost, values: &[f64]) -> SegmentCost {
        let level = mean(values).unwrap_or_default();
        let values: Vec<f64> = values.iter().map(|value| value - level).collect();
        let mut made = SegmentCost {
            cost,
            values,
            sums: Vec::new(),
            same_since: Vec::new(),
            ranks: Vec::new(),
            by_rank: Vec::new(),
        };
        if cost == ChangePointCost::L1 {
            made.rank();
        } else {
            made.add_up();
        }
        made
    }

    fn add_up(&mut self) {
        let (mut sum, mut squares) = (0.0, 0.0);
        self.sums.reserve(self.values.len() + 1);
        self.sums.push((sum, squares));
        let (mut last, mut since) = (None, 0);
        for (value, place) in self.values.iter().zip(0..) {
            sum += value;
            squares += value * value;
            self.sums.push((sum, squares));
            if last != Some(*value) {
                (last, since) = (Some(*value), place);
            }
            self.same_since.push(since);
        }
    }

    fn rank(&mut self) {
        let mut order: Vec<(f64, u32)> = self.values.iter().copied().zip(0..).collect();
        order.sort_unstable_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
        self.ranks = vec![0; order.len()];
        for (rank, (_, place)) in (0..).zip(&order) {
            if let Some(slot) = self.ranks.get_mut(*place as usize) {
                *slot = rank;
            }
        }
        self.by_rank = order.into_iter().map(|(value, _)| value).collect();
    }

    /// What the stretch between `anchor` and each mark costs. The marks lie on one side of the anchor, the nearest first.
    pub(super) fn between(&self, anchor: usize, marks: impl Iterator<Item = usize>, costs: &mut Vec<f64>) {
        costs.clear();
        if self.cost != ChangePointCost::L1 {
            costs.extend(marks.map(|mark| self.of(anchor.min(mark), anchor.max(mark))));
            return;
        }
        let (mut halves, mut reached) = (Halves::default(), anchor);
        for mark in marks {
            let more = if mark < anchor { mark..reached } else { reached..mark };
            for rank in self.ranks.get(more).into_iter().flatten() {
                halves.insert(*rank, &self.by_rank);
            }
            reached = mark;
            costs.push(halves.cost(&self.by_rank));
        }
    }

    /// How many steps it takes to tell what `marks` stretches cost, the longest of which has `reach` values.
    pub(super) fn steps(&self, marks: usize, reach: usize) -> u64 {
        if self.cost == ChangePointCost::L1 { reach as u64 * HEAP_STEPS } else { marks as u64 }
    }

    fn of(&self, start: usize, end: usize) -> f64 {
        let (Some((sum, squares)), Some((before, squares_before))) =
            (self.sums.get(end), self.sums.get(start))
        else {
            return 0.0;
        };
        let n = end.saturating_sub(start) as f64;
        if n == 0.0 {
            return 0.0;
        }
        let sum = sum - before;
        let constant =
            self.same_since.get(end.saturating_sub(1)).is_some_and(|since| *since as usize <= start);
        // Of a constant stretch only rounding would be left, whose logarithm is not small.
        let around_mean = if constant { 0.0 } else { ((squares - squares_before) - sum * sum / n).max(0.0) };
        if self.cost == ChangePointCost::Normal { n * log(around_mean / n + BIAS) } else { around_mean }
    }
}

/// The smaller and the larger half of some values, by rank; of an odd number the middle one is with the smaller.
#[derive(Default)]
struct Halves {
    low: BinaryHeap<u32>,
    high: BinaryHeap<Reverse<u32>>,
    low_sum: f64,
    high_sum: f64,
}

impl Halves {
    fn insert(&mut self, rank: u32, by_rank: &[f64]) {
        let value = |rank: u32| by_rank.get(rank as usize).copied().unwrap_or_default();
        if self.low.peek().is_none_or(|top| rank < *top) {
            self.low.push(rank);
            self.low_sum += value(rank);
        } else {
            self.high.push(Reverse(rank));
            self.high_sum += value(rank);
        }
        if self.low.len() > self.high.len() + 1
            && let Some(top) = self.low.pop()
        {
            self.low_sum -= value(top);
            self.high_sum += value(top);
            self.high.push(Reverse(top));
        }
        if self.high.len() > self.low.len()
            && let Some(Reverse(top)) = self.high.pop()
        {
            self.high_sum -= value(top);
            self.low_sum += value(top);
            self.low.push(top);
        }
    }

    /// The sum of the distances from the median.
    fn cost(&self, by_rank: &[f64]) -> f64 {
        let middle = if self.low.len() > self.high.len() { self.low.peek() } else { None };
        let middle = middle.and_then(|rank| by_rank.get(*rank as usize)).copied().unwrap_or_default();
        (self.high_sum - (self.low_sum - middle)).max(0.0)
    }
}
