//! What belongs to a network: all that is needed, stated or by rule.

use super::Plan;
use crate::analyze::pipeline;
use crate::analyze::schedule::untangled;
use crate::model::{FlowState, Kind, Set};
use crate::time::Instant;

impl Plan<'_> {
    /// The ranks of everything that can be scheduled.
    pub(super) fn everything(&self) -> Vec<u32> {
        let is_scheduled = |rank: &u32| {
            let kind = self.stream.kind(self.frozen.item(*rank));
            kind.is_some_and(|k| k.is_work() || matches!(k, Kind::Release | Kind::Gate))
        };
        (0..self.frozen.len() as u32).filter(is_scheduled).collect()
    }

    /// The ranks of the open releases that take a train with a capacity.
    pub(super) fn riders(&self) -> Vec<u32> {
        let stream = self.stream;
        let is_open =
            |item: u32| !matches!(stream.state_of(item), Some(FlowState::Done | FlowState::Cancelled));
        let is_limited = |application: u32| {
            stream.last(application, Set::cadence).is_some_and(|(train, _)| train.capacity.is_some())
        };
        (0..self.frozen.len() as u32)
            .filter(|rank| {
                let item = self.frozen.item(*rank);
                stream.kind(item) == Some(Kind::Release)
                    && is_open(item)
                    && stream.applications(item).any(is_limited)
            })
            .collect()
    }

    /// Finds everything that some ranks need, which may be the target.
    pub(super) fn collect(&mut self, mut stack: Vec<u32>, target: Option<u32>) {
        let target = target.map(|item| self.frozen.rank(item));
        let top = stack.iter().copied().max().unwrap_or(0);
        for rank in &stack {
            self.members.add(*rank);
        }
        // A search costs what it finds, but jumps about. Once it turns out to find much of the graph, one look at every
        // rank, from the last to the first, is cheaper: whatever needs a rank has been looked at before it.
        let much = self.frozen.len() / 64;
        while let Some(rank) = stack.pop() {
            if self.visit(rank, target, |needed| stack.push(needed)) {
                self.ranks.push(rank);
            }
            if self.ranks.len() > much {
                for rank in (0..=top).rev() {
                    if self.members.has(rank) {
                        self.visit(rank, target, |_| {});
                    }
                }
                self.ranks = (0..=top).filter(|rank| self.members.has(*rank)).collect();
                return;
            }
        }
        self.ranks.sort_unstable();
    }

    /// Makes what a rank needs members and tells `note` the new ones. What is cancelled goes instead, unless it is the
    /// target: whether the rank stays a member.
    fn visit(&mut self, rank: u32, target: Option<u32>, mut note: impl FnMut(u32)) -> bool {
        let item = self.frozen.item(rank);
        if self.stream.state_of(item) == Some(FlowState::Cancelled) && target != Some(rank) {
            self.members.remove(rank);
            return false;
        }
        if self.finished(item).is_none() {
            for need in self.frozen.needs(rank) {
                if self.members.add(need.rank) {
                    note(need.rank);
                }
            }
        }
        true
    }

    /// Finds the builds, test runs and deployments that open releases wait for, and what they wait for.
    pub(super) fn collect_runs(&mut self, target: Option<u32>) {
        if self.pipeline.is_none() {
            return;
        }
        let target = target.map(|item| self.frozen.rank(item));
        let kind = |rank: u32| self.stream.kind(self.frozen.item(rank));
        let may_wait = |rank: &u32| kind(*rank) == Some(Kind::Release) || pipeline::is_run(kind(*rank));
        let mut waiting: Vec<u32> = self.ranks.iter().copied().filter(may_wait).collect();
        let mut found = Vec::new();
        while let Some(rank) = waiting.pop() {
            let item = self.frozen.item(rank);
            if self.finished(item).is_some() {
                continue;
            }
            let Some(pipeline) = &self.pipeline else { return };
            let grounds = &mut self.grounds;
            let needs = pipeline.needs(item, |why, run| grounds.exclude(why, self.stream.id(run)));
            let needs: Vec<u32> = needs.into_iter().map(|item| self.frozen.rank(item)).collect();
            let mut stack: Vec<u32> =
                needs.iter().copied().filter(|needed| self.members.add(*needed)).collect();
            if !needs.is_empty() {
                self.by_rule.insert(rank, needs);
            }
            while let Some(rank) = stack.pop() {
                if self.visit(rank, target, |needed| stack.push(needed)) {
                    found.push(rank);
                    let kind = self.stream.kind(self.frozen.item(rank));
                    if kind == Some(Kind::Release) || pipeline::is_run(kind) {
                        waiting.push(rank);
                    }
                }
            }
        }
        if !found.is_empty() {
            self.ranks.extend(found);
            self.ranks.sort_unstable();
        }
    }

    /// Puts the nodes in an order in which what is needed by rule comes first as well. What would wait for itself by that
    /// does not: what is stated stands.
    pub(super) fn reorder(&mut self) {
        if self.by_rule.is_empty() {
            return;
        }
        let number = |rank: u32| self.members.number(rank);
        let (mut stated, mut by_rule) = (Vec::new(), Vec::new());
        for (node, rank) in (0u32..).zip(&self.ranks) {
            if self.finished(self.frozen.item(*rank)).is_none() {
                let needs = self.frozen.needs(*rank).iter().filter_map(|need| number(need.rank));
                stated.extend(needs.map(|needed| (node, needed)));
            }
            let needs = self.by_rule.get(rank).into_iter().flatten().filter_map(|rank| number(*rank));
            by_rule.extend(needs.map(|needed| (node, needed)));
        }
        let (order, out) = untangled(self.ranks.len(), &stated, &by_rule);
        let rank = |number: u32| self.ranks.get(number as usize).copied().unwrap_or(0);
        for (node, needed) in out {
            let (node, needed) = (rank(node), rank(needed));
            if let Some(needs) = self.by_rule.get_mut(&node) {
                needs.retain(|other| *other != needed);
            }
            self.grounds.exclude("needed_by_rule_but_in_a_circle", self.stream.id(self.frozen.item(node)));
        }
        self.ranks = order.iter().map(|number| rank(*number)).collect();
        self.members.reorder(&order);
        self.grounds.rule("builds_tests_and_deployments_in_order");
    }

    /// When an item was finished, if it is.
    pub(super) fn finished(&self, item: u32) -> Option<(Instant, u32)> {
        let stream = self.stream;
        if let Some(kind @ (Kind::Gate | Kind::Criterion)) = stream.kind(item) {
            let at = self.query.at;
            let event = if kind == Kind::Gate { stream.passed(item, at) } else { stream.met(item, at) }?;
            return stream.occurred(event).map(|t| (t, event));
        }
        if pipeline::is_run(stream.kind(item)) {
            return pipeline::over(stream, item);
        }
        if stream.state_of(item) != Some(FlowState::Done) {
            return None;
        }
        let released = stream.last(item, Set::released_at);
        released.or_else(|| {
            let (_, event) = stream.state_with_event(item)?;
            Some((stream.occurred(event)?, event))
        })
    }
}
