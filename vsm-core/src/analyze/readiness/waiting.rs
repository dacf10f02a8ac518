//! What waits for an unmet fact: how many releases, and how much value.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::judge::Judge;
use crate::hash::{HashMap, HashSet};
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;

/// What waits, with what was found for one fact kept for the next: most facts of a release keep the same back, and each
/// item is looked at once, however deep the portfolio is.
#[derive(Default)]
pub(super) struct Waiting {
    releases: HashMap<u32, Rc<BTreeSet<u32>>>,
    valued: HashMap<u32, Option<u32>>,
    shipping: HashMap<u32, Vec<u32>>,
    sums: BTreeMap<BTreeSet<u32>, Option<f64>>,
}

impl Waiting {
    /// How many open releases wait for a fact that is about `item` and was found at `place`, in the whole stream, and the
    /// value of the work that waits with them.
    pub(super) fn of(&mut self, judge: &Judge<'_>, item: u32, place: u32) -> (u32, Option<f64>) {
        let stream = judge.stream;
        let mut releases = BTreeSet::clone(&self.releases(stream, item));
        releases.extend(self.releases(stream, place).iter());
        if releases.is_empty() {
            let work = nearest_work(stream, [item, place]);
            let valued = work.into_iter().filter_map(|work| self.valued(stream, work)).collect();
            return (0, sum(stream, valued));
        }
        let count = releases.len() as u32;
        if let Some(value) = self.sums.get(&releases) {
            return (count, *value);
        }
        let mut all = BTreeSet::new();
        for release in &releases {
            if !self.shipping.contains_key(release) {
                let scope = stream.from(*release, LinkKind::ShipsIn).map(|(work, _)| work);
                let leaves = stream.leaves(scope);
                let valued = leaves.into_iter().filter_map(|leaf| self.valued(stream, leaf)).collect();
                self.shipping.insert(*release, valued);
            }
            all.extend(self.shipping.get(release).into_iter().flatten().copied());
        }
        let value = sum(stream, all);
        self.sums.insert(releases, value);
        (count, value)
    }

    /// The open releases that need an item, itself included.
    fn releases(&mut self, stream: &ValueStream, item: u32) -> Rc<BTreeSet<u32>> {
        // Each item is met twice: when it is found, and, with what needs it, when all of that is known.
        let mut stack: Vec<(u32, Option<Vec<u32>>)> = vec![(item, None)];
        while let Some((at, needed_by)) = stack.pop() {
            let Some(above) = needed_by else {
                if !self.releases.contains_key(&at) {
                    // Where links lead back to where they came from, nothing more is to be found there.
                    self.releases.insert(at, Rc::default());
                    let above = above(stream, at);
                    stack.push((at, Some(above.clone())));
                    stack.extend(above.into_iter().map(|other| (other, None)));
                }
                continue;
            };
            let mut found = match above.as_slice() {
                [only] if !is_open_release(stream, at) => {
                    self.releases.get(only).map(Rc::clone).unwrap_or_default()
                }
                many => {
                    let sets = many.iter().filter_map(|other| self.releases.get(other));
                    Rc::new(sets.flat_map(|set| set.iter().copied()).collect())
                }
            };
            if is_open_release(stream, at) {
                Rc::make_mut(&mut found).insert(at);
            }
            self.releases.insert(at, found);
        }
        self.releases.get(&item).map(Rc::clone).unwrap_or_default()
    }

    /// The item that says what a piece of work is worth: itself, or the nearest that it is a part of.
    fn valued(&mut self, stream: &ValueStream, work: u32) -> Option<u32> {
        let mut way = Vec::new();
        let mut at = Some(work);
        let found = loop {
            let Some(item) = at else { break None };
            if let Some(known) = self.valued.get(&item) {
                break *known;
            }
            if stream.last(item, Set::value).is_some() {
                break Some(item);
            }
            way.push(item);
            at = stream.to(item, LinkKind::Parent).map(|(parent, _)| parent).next();
        };
        self.valued.extend(way.into_iter().map(|item| (item, found)));
        found
    }
}

fn is_open_release(stream: &ValueStream, item: u32) -> bool {
    let is_over = matches!(stream.state_of(item), Some(FlowState::Done | FlowState::Cancelled));
    stream.kind(item) == Some(Kind::Release) && !is_over
}

/// What needs an item directly. A build is needed by the releases that it is meant to become, a test run by its builds. A
/// release that has shipped waits for nothing, and nobody for it.
fn above(stream: &ValueStream, item: u32) -> Vec<u32> {
    let is_release = stream.kind(item) == Some(Kind::Release);
    if is_release && !is_open_release(stream, item) {
        return Vec::new();
    }
    let needed = |kind: LinkKind| {
        use LinkKind::{Candidate, Gates, Parent, Satisfies, ShipsIn, Tests};
        matches!(kind, Parent | ShipsIn | Gates | Candidate | Tests | Satisfies)
    };
    let mut found: Vec<u32> = stream
        .starting(item)
        .filter(|(_, kind, other)| needed(*kind) && stream.state_of(*other) != Some(FlowState::Cancelled))
        .map(|(_, _, other)| other)
        .collect();
    if is_release {
        let downstream = stream.from(item, LinkKind::DependsOn).map(|(other, _)| other);
        found.extend(downstream.filter(|other| stream.kind(*other) == Some(Kind::Release)));
    }
    found
}

/// The work that some items are, or that is the first to need them.
fn nearest_work(stream: &ValueStream, items: [u32; 2]) -> BTreeSet<u32> {
    let mut seen: HashSet<u32> = items.into_iter().collect();
    let mut stack: Vec<u32> = items.into();
    let mut found = BTreeSet::new();
    while let Some(at) = stack.pop() {
        if stream.kind(at).is_none_or(Kind::is_work) {
            found.insert(at);
        } else {
            stack.extend(above(stream, at).into_iter().filter(|other| seen.insert(*other)));
        }
    }
    found
}

/// The sum of some items' values, in an order that does not depend on when they arrived.
fn sum(stream: &ValueStream, items: BTreeSet<u32>) -> Option<f64> {
    let mut items: Vec<u32> = items.into_iter().collect();
    items.sort_unstable_by_key(|item| stream.id(*item));
    let values = items.into_iter().filter_map(|item| stream.last(item, Set::value)).map(|(value, _)| value);
    values.reduce(|sum, value| sum + value)
}
