//! What builds, tags and scopes bring: reachability in the graph of commits, and leaves.

use crate::graph::Direction;
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

impl ValueStream {
    /// Adds everything that some changes bring: themselves and all that they follow. What is in `found` already is
    /// not walked again.
    pub(crate) fn bring(&self, heads: impl IntoIterator<Item = u32>, found: &mut HashSet<u32>) {
        let mut stack: Vec<u32> = heads.into_iter().filter(|change| found.insert(*change)).collect();
        while let Some(change) = stack.pop() {
            let parents = self.linked(change, LinkKind::Follows, Direction::Outgoing);
            stack.extend(parents.map(|(_, parent)| parent).filter(|parent| found.insert(*parent)));
        }
    }

    /// The applications that an item belongs to, in no order: asked of every change for every rule, they are neither
    /// sorted nor is it looked up who says so.
    pub(crate) fn applications(&self, item: u32) -> impl Iterator<Item = u32> {
        self.linked(item, LinkKind::BelongsTo, Direction::Outgoing).map(|(_, application)| application)
    }

    /// The changes that a build is made from, heads only.
    pub(crate) fn heads(&self, build: u32) -> impl Iterator<Item = u32> {
        self.to(build, LinkKind::BuiltFrom).map(|(change, _)| change)
    }

    /// The first successful build, by time and then by id, that brings a change; with the link that says so.
    pub(crate) fn first_build(&self, change: u32) -> Option<(u32, u32)> {
        let mut found = HashSet::from_iter([change]);
        let mut stack = vec![change];
        let mut first: Option<(Option<Instant>, u32, u32, u32)> = None;
        while let Some(at) = stack.pop() {
            for (link, kind, other) in self.touching(at, Direction::Incoming) {
                match kind {
                    LinkKind::Follows if found.insert(other) => stack.push(other),
                    LinkKind::BuiltFrom if self.outcome(other) == Some(Outcome::Success) => {
                        let time = self.finished_at(other);
                        let earlier = first.is_none_or(|(best, build, head, _)| {
                            (time.is_none(), time, self.id(other), self.id(at))
                                < (best.is_none(), best, self.id(build), self.id(head))
                        });
                        if earlier {
                            first = Some((time, other, at, link));
                        }
                    }
                    _ => {}
                }
            }
        }
        first.map(|(_, build, _, link)| (build, link))
    }

    /// How a build, test run or deployment went.
    pub(crate) fn outcome(&self, item: u32) -> Option<Outcome> {
        self.outcome_with_event(item).map(|(outcome, _)| outcome)
    }

    pub(crate) fn outcome_with_event(&self, item: u32) -> Option<(Outcome, u32)> {
        self.last(item, Set::result)
    }

    /// When a build, test run or deployment ended: as it says itself, else when its result became so, else when its
    /// last event occurred.
    pub(crate) fn finished_at(&self, item: u32) -> Option<Instant> {
        self.finished_with_event(item).map(|(at, _)| at)
    }

    /// The same, with the event that says so.
    pub(crate) fn finished_with_event(&self, item: u32) -> Option<(Instant, u32)> {
        let stated = self.last(item, Set::ends_at);
        let result = || self.result_since(item, |one, other| one == other);
        let told = || self.told(item).next().map(|(number, event)| (event.occurred, number));
        stated.or_else(result).or_else(told)
    }

    /// Since when, and by which event, the results of a run have been like its last one: a result that is told again is
    /// not a later end.
    pub(crate) fn result_since(
        &self,
        item: u32,
        are_like: fn(Outcome, Outcome) -> bool,
    ) -> Option<(Instant, u32)> {
        let results = self.state.walk(item, self.bounds).flat_map(|(number, event)| {
            let said = event.sets.iter().rev().filter_map(Set::result);
            said.map(move |result| (result.copied(), event.occurred, number))
        });
        let mut results = results.map_while(|(result, at, number)| Some((result?, at, number))).peekable();
        let last = results.peek()?.0;
        results.take_while(|(result, ..)| are_like(last, *result)).last().map(|(_, at, number)| (at, number))
    }

    /// The leaves of some items: themselves or their parts down to those that have none. What is cancelled is left
    /// out, what is reached twice counts once.
    pub(crate) fn leaves(&self, items: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let is_open = |item: &u32| {
            self.state_of(*item) != Some(FlowState::Cancelled) && Kind::adds_up(self.kind(*item), None)
        };
        let mut found = HashSet::default();
        let mut leaves = Vec::new();
        let mut stack: Vec<u32> = items.into_iter().filter(is_open).collect();
        while let Some(item) = stack.pop() {
            if !found.insert(item) {
                continue;
            }
            let parts: Vec<u32> =
                self.from(item, LinkKind::Parent).map(|(part, _)| part).filter(is_open).collect();
            if parts.is_empty() {
                leaves.push(item);
            }
            stack.extend(parts);
        }
        leaves.sort_unstable_by_key(|item| self.id(*item));
        leaves
    }

    /// The changes that do the work of an item.
    pub(crate) fn changes_of(&self, item: u32) -> Vec<u32> {
        self.from(item, LinkKind::Implements).map(|(change, _)| change).collect()
    }

    /// The builds that are meant to become a release: of each application the last stated candidate, else the last
    /// build of a commit that the release is tagged at.
    pub(crate) fn candidates(&self, release: u32) -> Vec<(u32, u32)> {
        let mut builds: Vec<(u32, u32)> = self.from(release, LinkKind::Candidate).collect();
        if builds.is_empty() {
            for (change, _) in self.from(release, LinkKind::Tags) {
                builds.extend(self.from(change, LinkKind::BuiltFrom));
            }
        }
        builds.retain(|(build, _)| self.kind(*build) == Some(Kind::Build));
        builds.sort_unstable_by(|a, b| {
            (self.finished_at(a.0), self.id(a.0)).cmp(&(self.finished_at(b.0), self.id(b.0)))
        });
        let application = |build: u32| self.to(build, LinkKind::BelongsTo).map(|(app, _)| app).next();
        let mut last: Vec<(u32, u32)> = Vec::new();
        for build in builds.into_iter().rev() {
            if !last.iter().any(|kept| application(kept.0) == application(build.0)) {
                last.push(build);
            }
        }
        last.sort_unstable_by(|a, b| self.id(a.0).cmp(self.id(b.0)));
        last
    }
}
