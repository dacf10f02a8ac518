//! The search for the stretches of a series that cost least.

use super::segment_cost::SegmentCost;
use crate::error::{Error, Result};

/// How many costs a search may compare: a few seconds.
const STEPS: u64 = 500_000_000;

/// The places where a stretch may begin or end: 0, every `jump`-th one, and the end.
pub(super) struct Places {
    at: Vec<usize>,
    min_size: usize,
}

impl Places {
    pub(super) fn new(n: usize, min_size: usize, jump: usize) -> Places {
        Places { at: (0..n).step_by(jump.max(1)).chain([n]).collect(), min_size }
    }

    /// Into how many stretches the series can be cut.
    pub(super) fn most_stretches(&self) -> usize {
        let Some(n) = self.at.last() else { return 0 };
        let (mut start, mut count) = (0, 0);
        for place in &self.at {
            let rest = n - place;
            if place - start >= self.min_size && (rest == 0 || rest >= self.min_size) {
                (start, count) = (*place, count + 1);
            }
        }
        count
    }

    /// How many places may begin a last stretch before `end`, counted from the first.
    fn before(&self, end: usize) -> usize {
        self.at.partition_point(|start| start.saturating_add(self.min_size) <= end)
    }

    /// The places of these numbers.
    fn of(&self, numbers: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
        numbers.filter_map(|number| self.at.get(number)).copied()
    }
}

/// A search for the ends of the stretches, the end of the series among them.
pub(super) struct Search {
    costs: SegmentCost,
    places: Places,
    /// Costs that differ by less are equal: the rest is rounding.
    slack: f64,
    steps: u64,
}

/// What the stretches up to a place cost at best, and the number of the place that begins the last of them.
type Best = (f64, usize);

const NEVER: Best = (f64::INFINITY, 0);

impl Search {
    pub(super) fn new(costs: SegmentCost, places: Places, penalty: f64) -> Search {
        let mut whole = Vec::new();
        costs.between(0, places.at.last().copied().into_iter(), &mut whole);
        let whole = whole.first().copied().unwrap_or_default();
        Search { costs, places, slack: 1e-12 * whole.abs().max(penalty), steps: 0 }
    }

    fn spend(&mut self, steps: u64) -> Result<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS {
            let reason = "finding the change points takes too many steps: set a larger jump";
            return Err(Error::invalid("values", reason));
        }
        Ok(())
    }

    /// The least cost with a penalty for each stretch: over all beginnings of the last one or, where `prune` says after how
    /// many further values a beginning that can't become best is left out, over the rest of them.
    pub(super) fn penalized(&mut self, penalty: f64, prune: Option<usize>) -> Result<Vec<usize>> {
        let mut best = vec![NEVER; self.places.at.len()];
        if let Some(start) = best.first_mut() {
            start.0 = 0.0;
        }
        // Numbers of places, ascending, each with the place from which on it can't be best.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let (mut costs, mut seen) = (Vec::new(), 0);
        for number in 1..best.len() {
            let Some(place) = self.places.at.get(number).copied() else { break };
            open.retain(|(_, until)| place < *until);
            let ready = self.places.before(place);
            let feasible = |number: &usize| best.get(*number).is_some_and(|(cost, _)| cost.is_finite());
            open.extend((seen..ready).filter(feasible).map(|number| (number, usize::MAX)));
            seen = ready.max(seen);
            let Some(first) = open.first().and_then(|(first, _)| self.places.at.get(*first)) else {
                continue;
            };
            self.spend(self.costs.steps(open.len(), place - first))?;
            let marks = self.places.of(open.iter().rev().map(|(start, _)| *start));
            self.costs.between(place, marks, &mut costs);
            let mut found = NEVER;
            for ((start, _), cost) in open.iter().zip(costs.iter().rev()) {
                let cost = best.get(*start).map_or(f64::INFINITY, |(before, _)| before + cost + penalty);
                if cost < found.0 - self.slack || found.0.is_infinite() {
                    found = (cost, *start);
                }
            }
            if let Some(slot) = best.get_mut(number) {
                *slot = found;
            }
            let Some(prune) = prune else { continue };
            for ((start, until), cost) in open.iter_mut().zip(costs.iter().rev()) {
                // Whatever ends so much later that a stretch fits in between had better begin it here.
                let without = best.get(*start).map_or(f64::INFINITY, |(before, _)| before + cost);
                if *until == usize::MAX && without > found.0 + self.slack {
                    *until = place.saturating_add(prune);
                }
            }
        }
        let mut ends = Vec::new();
        let mut number = best.len().saturating_sub(1);
        while number > 0 {
            ends.extend(self.places.at.get(number));
            number = best.get(number).map_or(0, |(_, start)| *start);
        }
        ends.reverse();
        Ok(ends)
    }

    /// The least cost of exactly `count` + 1 stretches.
    pub(super) fn counted(&mut self, count: usize) -> Result<Vec<usize>> {
        let places = self.places.at.len();
        let pairs = (places as u64).saturating_mul(places as u64) / 2;
        self.spend(pairs.saturating_mul(count as u64))?;
        // By number of stretches less one, then by place.
        let mut best = vec![vec![NEVER; places]; count + 1];
        let mut costs = Vec::new();
        for number in 1..places {
            let Some(place) = self.places.at.get(number).copied() else { break };
            let starts = self.places.before(place);
            self.spend(self.costs.steps(starts, place))?;
            self.costs.between(place, self.places.of((0..starts).rev()), &mut costs);
            let mut before: Option<&Vec<Best>> = None;
            for level in &mut best {
                let mut found = NEVER;
                match before {
                    None => found.0 = costs.last().copied().unwrap_or(f64::INFINITY),
                    Some(before) => {
                        for (start, ((left, _), cost)) in before.iter().zip(costs.iter().rev()).enumerate() {
                            let cost = left + cost;
                            if cost < found.0 - self.slack || (found.0.is_infinite() && cost.is_finite()) {
                                found = (cost, start);
                            }
                        }
                    }
                }
                if let Some(slot) = level.get_mut(number) {
                    *slot = found;
                }
                before = Some(level);
            }
        }
        let mut ends = Vec::new();
        let mut number = places.saturating_sub(1);
        for level in best.iter().rev() {
            ends.extend(self.places.at.get(number));
            number = level.get(number).map_or(0, |(_, start)| *start);
        }
        ends.reverse();
        Ok(ends)
    }

    /// Splits the stretch where that saves most, until there are `count` change points or a split saves no more than
    /// the penalty.
    pub(super) fn split(&mut self, count: Option<u32>, penalty: Option<f64>) -> Result<Vec<usize>> {
        let last = self.places.at.len().saturating_sub(1);
        let mut stretches = vec![(last, self.best_split(0, last)?)];
        loop {
            self.spend(stretches.len() as u64)?;
            if count.is_some_and(|count| stretches.len() > count as usize) {
                break;
            }
            let splits = stretches.iter().enumerate().filter_map(|(at, (_, split))| Some((at, (*split)?)));
            let most = splits.reduce(|most, next| if next.1.0 > most.1.0 + self.slack { next } else { most });
            let Some((at, (gain, middle))) = most else { break };
            // A split that saves nothing is no change.
            if gain <= penalty.unwrap_or_default().max(self.slack) {
                break;
            }
            let start = at.checked_sub(1).and_then(|at| stretches.get(at)).map_or(0, |(end, _)| *end);
            let end = stretches.get(at).map_or(last, |(end, _)| *end);
            let left = self.best_split(start, middle)?;
            let right = self.best_split(middle, end)?;
            if let Some(slot) = stretches.get_mut(at) {
                *slot = (end, right);
            }
            stretches.insert(at, (middle, left));
        }
        Ok(self.places.of(stretches.into_iter().map(|(end, _)| end)).collect())
    }

    /// What the best split of the stretch between two places saves, and the number of its place.
    fn best_split(&mut self, start: usize, end: usize) -> Result<Option<Best>> {
        let (Some(from), Some(to)) = (self.places.at.get(start).copied(), self.places.at.get(end).copied())
        else {
            return Ok(None);
        };
        let first = self
            .places
            .at
            .partition_point(|place| *place < from.saturating_add(self.places.min_size))
            .max(start + 1);
        let after = self.places.before(to).min(end);
        if first >= after {
            return Ok(None);
        }
        self.spend(self.costs.steps(2 * (after - first), to - from))?;
        let (mut whole, mut left, mut right) = (Vec::new(), Vec::new(), Vec::new());
        self.costs.between(from, [to].into_iter(), &mut whole);
        self.costs.between(from, self.places.of(first..after), &mut left);
        self.costs.between(to, self.places.of((first..after).rev()), &mut right);
        let whole = whole.first().copied().unwrap_or_default();
        let gains: Vec<f64> = left.iter().zip(right.iter().rev()).map(|(l, r)| whole - l - r).collect();
        let most = gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let place = gains.iter().rposition(|gain| *gain >= most - self.slack);
        Ok(place.map(|place| (most, first + place)))
    }
}
