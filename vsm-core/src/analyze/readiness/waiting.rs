//! What waits for an unmet fact: how many releases, and how much value.

use std::collections::{BTreeMap, BTreeSet};

use super::judge::Judge;
use crate::graph::Direction;
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;

/// What waits, with what was counted for one fact kept for the next: most facts of a release keep the same back.
#[derive(Default)]
pub(super) struct Waiting {
    valued: BTreeMap<u32, BTreeSet<u32>>,
    sums: BTreeMap<BTreeSet<u32>, Option<f64>>,
}

impl Waiting {
    /// How many open releases wait for a fact that is about `item` and was found at `place`, in the whole stream, and the
    /// value of the work that waits with them.
    pub(super) fn of(&mut self, judge: &Judge<'_>, item: u32, place: u32) -> (u32, Option<f64>) {
        let stream = judge.stream;
        let above = above(stream, item, place);
        let releases: BTreeSet<u32> =
            above.iter().copied().filter(|item| stream.kind(*item) == Some(Kind::Release)).collect();
        let count = releases.len() as u32;
        if releases.is_empty() {
            let work = above.into_iter().filter(|item| stream.kind(*item).is_some_and(Kind::is_work));
            return (0, sum(stream, work.filter_map(|work| valued(stream, work)).collect()));
        }
        if let Some(value) = self.sums.get(&releases) {
            return (count, *value);
        }
        let mut all = BTreeSet::new();
        for release in &releases {
            let of_release = self.valued.entry(*release).or_insert_with(|| {
                let scope = stream.from(*release, LinkKind::ShipsIn).map(|(work, _)| work);
                stream.leaves(scope).into_iter().filter_map(|leaf| valued(stream, leaf)).collect()
            });
            all.extend(of_release.iter().copied());
        }
        let value = sum(stream, all);
        self.sums.insert(releases, value);
        (count, value)
    }
}

/// Everything open that needs what a fact is about, itself included. A build is needed by the releases that it is meant to
/// become, a test run by its builds.
fn above(stream: &ValueStream, item: u32, place: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut seen: HashSet<u32> = [item, place].into_iter().collect();
    let mut stack: Vec<u32> = seen.iter().copied().collect();
    while let Some(at) = stack.pop() {
        let is_over = matches!(stream.state_of(at), Some(FlowState::Done | FlowState::Cancelled));
        if is_over && stream.kind(at) == Some(Kind::Release) {
            continue;
        }
        found.push(at);
        let mut add = |other: u32| {
            if seen.insert(other) {
                stack.push(other);
            }
        };
        for (_, kind, other) in stream.touching(at, Direction::Outgoing) {
            let is_needed = matches!(
                kind,
                LinkKind::Parent
                    | LinkKind::ShipsIn
                    | LinkKind::Gates
                    | LinkKind::Candidate
                    | LinkKind::Tests
            );
            if is_needed && stream.state_of(other) != Some(FlowState::Cancelled) {
                add(other);
            }
        }
        if stream.kind(at) == Some(Kind::Release) {
            for (release, _) in stream.from(at, LinkKind::DependsOn) {
                if stream.kind(release) == Some(Kind::Release) {
                    add(release);
                }
            }
        }
    }
    found
}

/// The item that says what a piece of work is worth: itself, or the nearest that it is a part of.
fn valued(stream: &ValueStream, work: u32) -> Option<u32> {
    let parent = |item: &u32| stream.to(*item, LinkKind::Parent).map(|(parent, _)| parent).next();
    std::iter::successors(Some(work), parent).find(|item| stream.last(*item, Set::value).is_some())
}

/// The sum of some items' values, in an order that does not depend on when they arrived.
fn sum(stream: &ValueStream, items: BTreeSet<u32>) -> Option<f64> {
    let mut items: Vec<u32> = items.into_iter().collect();
    items.sort_unstable_by_key(|item| stream.id(*item));
    let values = items.into_iter().filter_map(|item| stream.last(item, Set::value)).map(|(value, _)| value);
    values.reduce(|sum, value| sum + value)
}
