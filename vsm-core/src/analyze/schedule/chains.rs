//! What drives what: the chains of activities that a date rests on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::dates::Dates;
use super::names::Names;
use super::network::{Need, Network};

/// The driving chains of a schedule.
pub(super) struct Chains {
    /// How many ways lead on from each node to a sink; none where it lies on no driving chain.
    through: Vec<u64>,
    /// By node: its first driver by id plus one, 0 = none.
    drivers: Vec<u32>,
    /// How many chains there are; stops at the largest number it can hold.
    pub(super) count: u64,
}

impl Chains {
    /// The driving chains that end in the sinks, followed backwards.
    pub(super) fn new(network: &Network, dates: &Dates, sinks: &[u32], names: &impl Names) -> Chains {
        let nodes = network.len() as usize;
        let mut chains = Chains { through: vec![0; nodes], drivers: vec![0; nodes], count: 0 };
        for sink in sinks {
            chains.add(*sink, 1);
        }
        let mut drivers = Vec::new();
        for number in (0..network.len()).rev() {
            let through = chains.through(number);
            if through == 0 {
                continue;
            }
            network.note_drivers(dates, number, &mut drivers);
            let Some(first) = first(&drivers, names) else {
                chains.count = chains.count.saturating_add(through);
                continue;
            };
            if let Some(slot) = chains.drivers.get_mut(number as usize) {
                *slot = first + 1;
            }
            drivers.iter().for_each(|driver| chains.add(*driver, through));
        }
        chains
    }

    pub(super) fn through(&self, number: u32) -> u64 {
        self.through.get(number as usize).copied().unwrap_or(0)
    }

    fn add(&mut self, number: u32, ways: u64) {
        if let Some(slot) = self.through.get_mut(number as usize) {
            *slot = slot.saturating_add(ways);
        }
    }

    /// The chain that leads to a node, first to last; the first by id where there are several.
    pub(super) fn path(&self, to: Option<u32>) -> Vec<u32> {
        let driver = |number: &u32| self.drivers.get(*number as usize)?.checked_sub(1);
        let mut path: Vec<u32> = std::iter::successors(to, driver).collect();
        path.reverse();
        path
    }
}

/// The first of some nodes by id.
fn first(numbers: &[u32], names: &impl Names) -> Option<u32> {
    match numbers {
        [number] => Some(*number),
        numbers => numbers.iter().copied().min_by_key(|n| names.id(*n)),
    }
}

/// The first driver by id of each node that was asked for it, so that chains that share their beginnings are followed once.
pub(in crate::analyze) struct DriverMemo(Vec<u32>);

impl DriverMemo {
    pub(in crate::analyze) fn new(nodes: u32) -> DriverMemo {
        DriverMemo(vec![0; nodes as usize])
    }
}

/// A chain that may move: its nodes from first to last, and by how much it can be late without moving the end.
pub(super) struct Loose {
    pub(super) nodes: Vec<u32>,
    pub(super) float: i64,
}

impl Network {
    /// Writes down what decides when a node starts, each once.
    pub(super) fn note_drivers(&self, dates: &Dates, number: u32, drivers: &mut Vec<u32>) {
        drivers.clear();
        let needs = self.needs(number);
        drivers.extend(needs.filter(|need| self.drives(dates, number, need)).map(|need| need.node));
        drivers.sort_unstable();
        drivers.dedup();
    }

    /// The driving chain of a node, first to last; the first by id where there are several.
    pub(in crate::analyze) fn chain(
        &self,
        dates: &Dates,
        to: u32,
        names: &impl Names,
        memo: &mut DriverMemo,
    ) -> Vec<u32> {
        // 0 = not known, 1 = none, else the driver plus two.
        let mut drivers = Vec::new();
        let mut chain = vec![to];
        let mut at = to;
        while let Some(slot) = memo.0.get_mut(at as usize) {
            if *slot == 0 {
                self.note_drivers(dates, at, &mut drivers);
                *slot = first(&drivers, names).map_or(1, |driver| driver + 2);
            }
            let Some(driver) = slot.checked_sub(2) else { break };
            chain.push(driver);
            at = driver;
        }
        chain.reverse();
        chain
    }

    /// The chain that leads to one node, first to last; the first by id where there are several. The node itself is
    /// led to by what allows the latest start, since a date that is demanded hides what would drive it.
    pub(super) fn chain_to(&self, dates: &Dates, number: u32, names: &impl Names) -> Vec<u32> {
        let open = self.needs(number).filter(|need| !self.is_finished(need.node));
        let bounds = open.filter_map(|need| Some((self.bound(dates, number, &need)?, need.node)));
        let last = bounds.min_by(|a, b| (b.0, names.id(a.1)).cmp(&(a.0, names.id(b.1))));
        let mut chain = vec![number];
        let mut drivers = Vec::new();
        let mut next = last.map(|(_, node)| node);
        while let Some(at) = next {
            chain.push(at);
            self.note_drivers(dates, at, &mut drivers);
            next = first(&drivers, names);
        }
        chain.reverse();
        chain
    }

    /// The chains with the least float, at most so many, from all that leads to the sinks, each given with its own float.
    ///
    /// The search goes from the sinks back along what each node needs, the least float first. As every early date is
    /// caused by something, each chain that is begun can be ended without more float: it takes O(k l) steps for chains of
    /// `l` nodes.
    pub(super) fn longest(
        &self,
        dates: &Dates,
        sinks: &[(u32, i64)],
        k: usize,
        names: &impl Names,
    ) -> Vec<Loose> {
        // (node, the step that it leads to plus one)
        let mut steps: Vec<(u32, usize)> = Vec::new();
        // By float, then the longest begun, then by the order of arrival, which is by id.
        let mut heap: BinaryHeap<Reverse<(i64, Reverse<u32>, usize)>> = BinaryHeap::new();
        let mut sinks = sinks.to_vec();
        sinks.sort_by_key(|(number, _)| names.id(*number));
        for (number, float) in sinks {
            steps.push((number, 0));
            heap.push(Reverse((float.max(0), Reverse(0), steps.len())));
        }
        let mut found = Vec::new();
        while found.len() < k
            && let Some(Reverse((float, Reverse(depth), place))) = heap.pop()
        {
            let Some((number, _)) = place.checked_sub(1).and_then(|place| steps.get(place)).copied() else {
                break;
            };
            let mut is_driven = false;
            let mut before: Vec<(i64, u32)> = Vec::new();
            for need in self.needs(number).filter(|need| !self.is_finished(need.node)) {
                let Some(gap) = self.gap_before(dates, number, &need) else { continue };
                is_driven |= self.drives(dates, number, &need);
                before.push((gap, need.node));
            }
            before.sort_by(|a, b| (a.0, names.id(a.1)).cmp(&(b.0, names.id(b.1))));
            before.dedup_by_key(|step| step.1);
            for (gap, node) in before {
                steps.push((node, place));
                heap.push(Reverse((float.saturating_add(gap), Reverse(depth + 1), steps.len())));
            }
            if !is_driven {
                let step = |place: usize| place.checked_sub(1).and_then(|place| steps.get(place)).copied();
                let nodes = std::iter::successors(step(place), |(_, next)| step(*next)).map(|(node, _)| node);
                found.push(Loose { nodes: nodes.collect(), float });
            }
        }
        found
    }

    /// By how much a need could be later without moving the node, in the working time of the node; none where the node goes
    /// on whatever it needs.
    pub(super) fn gap_before(&self, dates: &Dates, number: u32, need: &Need) -> Option<i64> {
        if self.is_finished(number) || self.ignores_needs(number) {
            return None;
        }
        if self.drives(dates, number, need) {
            return Some(0);
        }
        let bound = self.bound(dates, number, need)?;
        Some(self.clock.between(self.by(number), bound, self.begins(dates, number)).max(0))
    }
}
