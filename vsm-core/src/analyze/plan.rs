//! From a question for dates to the network of what it is about.

use super::Grounds;
use super::critical_path::CriticalPathQuery;
use super::durations::{Durations, Said};
use super::item_clocks::Clocks;
use super::schedule::{
    Bond, By, DateConstraint, Dates, DurationSource, Names, Need, Network, ProgressRule, Rules, Special,
    Unreachable,
};
use crate::error::{Error, Result};
use crate::graph::Frozen;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// The part of the graph that a question is about, on its way to a network.
pub(super) struct Plan<'a> {
    pub(super) stream: &'a ValueStream,
    frozen: &'a Frozen,
    pub(super) query: &'a CriticalPathQuery,
    /// Ranks of the nodes of the network, ascending: their order is topological.
    ranks: Vec<u32>,
    members: Members,
    durations: Durations,
    /// By number: where the duration comes from.
    sources: Vec<Option<DurationSource>>,
    clocks: Clocks,
    pub(super) network: Network,
    pub(super) grounds: Grounds,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        stream: &'a ValueStream,
        frozen: &'a Frozen,
        query: &'a CriticalPathQuery,
    ) -> Result<Plan<'a>> {
        query.check()?;
        let mut grounds = Grounds::default();
        let progress = query.progress.unwrap_or(ProgressRule::RetainedLogic);
        grounds.rule(progress.as_str());
        let rules = Rules {
            progress,
            may_lead_before_start: false,
            honors_constraints: false,
            happens_any_time: true,
        };
        let at = query.at.millis();
        let mut network = Network::new(at, Some(at), rules);
        let clocks = Clocks::new(stream, query, &mut network)?;
        let is_working = query.calendar.is_some() || clocks.is_any();
        grounds.rule(if is_working { "working_time" } else { "elapsed_time" });
        Ok(Plan {
            stream,
            frozen,
            query,
            ranks: Vec::new(),
            members: Members::new(frozen.len()),
            durations: Durations::new(query),
            sources: Vec::new(),
            clocks,
            network,
            grounds,
        })
    }

    /// Finds everything that the target needs; without a target everything that can be scheduled.
    fn collect(&mut self, target: Option<u32>) {
        let target = target.map(|item| self.frozen.rank(item));
        let mut stack: Vec<u32> = match target {
            Some(rank) => vec![rank],
            None => (0..self.frozen.len() as u32)
                .filter(|rank| {
                    let kind = self.stream.kind(self.frozen.item(*rank));
                    kind.is_some_and(|k| k.is_work() || matches!(k, Kind::Release | Kind::Gate))
                })
                .collect(),
        };
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

    /// When an item was finished, if it is.
    fn finished(&self, item: u32) -> Option<(Instant, u32)> {
        let stream = self.stream;
        if let Some(kind @ (Kind::Gate | Kind::Criterion)) = stream.kind(item) {
            let at = self.query.at;
            let event = if kind == Kind::Gate { stream.passed(item, at) } else { stream.met(item, at) }?;
            return stream.occurred(event).map(|t| (t, event));
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

    /// Makes the network of everything that the target needs; without a target of everything that can be scheduled.
    pub(super) fn lay_out(&mut self, target: Option<u32>) {
        self.collect(target);
        self.members.count(&self.ranks);
        let needs = self.ranks.iter().map(|rank| self.frozen.needs(*rank).len()).sum();
        self.network.reserve(self.ranks.len(), needs);
        for number in 0..self.ranks.len() as u32 {
            let rank = self.ranks.get(number as usize).copied().unwrap_or(0);
            let item = self.frozen.item(rank);
            let finished = self.finished(item);
            let mut is_parent = false;
            let by =
                if finished.is_none() { self.clocks.of(self.stream, item, &mut self.network) } else { None };
            if finished.is_none() {
                for need in self.frozen.needs(rank) {
                    let Some(node) = self.members.number(need.rank) else { continue };
                    is_parent |= need.kind == LinkKind::Parent
                        && Kind::adds_up(
                            self.stream.kind(self.frozen.item(need.rank)),
                            self.stream.kind(item),
                        );
                    let detail = if need.is_plain { None } else { self.stream.detail(need.link) };
                    let bond = detail.map_or(Bond::PLAIN, |detail| {
                        let lag = detail.lag.unwrap_or_default().millis();
                        let dependency = detail.dependency.unwrap_or(Bond::PLAIN.dependency);
                        let by = if lag == 0 { By::PLAIN } else { by.unwrap_or(self.network.by) };
                        Bond { dependency, lag, by }
                    });
                    self.network.add_need(Need { node, bond });
                }
            }
            self.add_node(item, finished.map(|(t, _)| t), is_parent, by);
        }
        self.grounds.n = self.ranks.len() as u64;
    }

    fn add_node(&mut self, item: u32, finished: Option<Instant>, is_parent: bool, by: Option<By>) {
        let stream = self.stream;
        let at = self.query.at;
        if let Some(finished) = finished {
            let started = Said::of(stream, item).started.map(|t| t.min(finished).millis());
            let special =
                Special { started, finished: Some(finished.millis()), calendar: by, ..Special::default() };
            self.sources.push(None);
            return self.network.add_node(0, Some(special));
        }
        match stream.kind(item) {
            Some(Kind::Release) => {
                let start = self.network.trains.len() as u32;
                for (application, _) in stream.to(item, LinkKind::BelongsTo) {
                    let cadence =
                        stream.last(application, Set::cadence).map(|(cadence, event)| (*cadence, event));
                    if let Some((cadence, event)) = cadence {
                        self.network.trains.push(cadence);
                        self.grounds.evidence.push(event);
                        self.grounds.rule("first_departure_after_ready");
                    }
                }
                let trains = start..self.network.trains.len() as u32;
                let special = Special { trains, ..Special::default() };
                self.sources.push(None);
                self.network.add_node(0, (!special.trains.is_empty()).then_some(special));
            }
            _ if is_parent => {
                self.sources.push(None);
                self.network.add_node(0, None);
            }
            _ => {
                let said = Said::of(stream, item);
                let started = said.started.filter(|t| *t <= at).map(Instant::millis);
                let planned = said.planned.filter(|planned| *planned > at).map(Instant::millis);
                let constraint =
                    planned.filter(|_| started.is_none()).map(|at| (DateConstraint::StartNoEarlierThan, at));
                let (whole, left, source) =
                    self.duration(item, &said, started, by.unwrap_or(self.network.by));
                let special = (started.is_some() || constraint.is_some() || by.is_some()).then(|| Special {
                    started,
                    constraint,
                    whole,
                    calendar: by,
                    ..Special::default()
                });
                self.sources.push(source);
                self.network.add_node(left, special);
            }
        }
    }

    /// The whole duration of an open item, what is left of it, and where that comes from.
    fn duration(
        &mut self,
        item: u32,
        said: &Said,
        started: Option<i64>,
        by: By,
    ) -> (i64, i64, Option<DurationSource>) {
        let kind = self.stream.kind(item);
        let found = self.durations.of(self.stream, kind, said, |from, to| {
            self.network.clock.between(by, from.millis(), to.millis())
        });
        let Some((span, source)) = found else {
            let reason = match kind {
                Some(Kind::Gate) => "gate_without_estimate",
                Some(Kind::Phase) => "phase_without_estimate",
                // It takes no time of its own: what proves it does.
                Some(Kind::Criterion | Kind::Evidence) => return (0, 0, None),
                _ => "work_without_estimate",
            };
            self.grounds.exclude(reason, self.stream.id(item));
            return (0, 0, None);
        };
        match source {
            DurationSource::Default => self.grounds.rule("default_duration"),
            DurationSource::History => self.grounds.rule("history_of_kind"),
            DurationSource::Plan => self.grounds.rule("planned_duration"),
            DurationSource::Remaining | DurationSource::Estimate => {}
        }
        let at = self.query.at.millis();
        let worked = started.map_or(0, |start| self.network.clock.between(by, start, at));
        match source {
            // What is left was said; what is done of it was not.
            DurationSource::Remaining => (span.saturating_add(worked), span, Some(source)),
            // A default is what anything takes that nobody knows more of, begun or not.
            DurationSource::Default => (span.saturating_add(worked), span, Some(source)),
            _ => (span.max(worked), span.saturating_sub(worked).max(0), Some(source)),
        }
    }

    /// The names of the activities, what they are about apart from the network itself.
    pub(super) fn parted(&mut self) -> (&mut Network, Labels<'_>, &mut Grounds) {
        let labels =
            Labels { stream: self.stream, frozen: self.frozen, ranks: &self.ranks, sources: &self.sources };
        (&mut self.network, labels, &mut self.grounds)
    }

    fn labels(&self) -> Labels<'_> {
        Labels { stream: self.stream, frozen: self.frozen, ranks: &self.ranks, sources: &self.sources }
    }

    pub(super) fn item(&self, number: u32) -> u32 {
        self.labels().item(number)
    }

    /// The number of an item, where it is in the network.
    pub(super) fn number(&self, item: u32) -> Option<u32> {
        self.members.number(self.frozen.rank(item))
    }

    pub(super) fn id(&self, number: u32) -> &'a str {
        self.stream.id(self.item(number))
    }

    pub(super) fn explain(&self, error: &Unreachable) -> Error {
        error.explain(&self.network, self.id(error.node))
    }

    /// The nodes whose finish is the answer.
    pub(super) fn sinks(&self, target: Option<u32>, dates: &Dates) -> Vec<u32> {
        if let Some(target) = target {
            return self.number(target).into_iter().collect();
        }
        dates.last(&self.labels())
    }
}

/// What the activities of a plan are called.
pub(super) struct Labels<'a> {
    pub(super) stream: &'a ValueStream,
    frozen: &'a Frozen,
    ranks: &'a [u32],
    sources: &'a [Option<DurationSource>],
}

impl Labels<'_> {
    pub(super) fn item(&self, number: u32) -> u32 {
        self.ranks.get(number as usize).map_or(0, |rank| self.frozen.item(*rank))
    }
}

impl Names for Labels<'_> {
    fn id(&self, number: u32) -> &str {
        self.stream.id(self.item(number))
    }

    fn title(&self, number: u32) -> &str {
        self.stream.title(self.item(number))
    }

    fn kind(&self, number: u32) -> Option<Kind> {
        self.stream.kind(self.item(number))
    }

    fn source(&self, number: u32) -> Option<DurationSource> {
        self.sources.get(number as usize).copied().flatten()
    }
}

/// Some of many ranks, numbered in their order: a bit for each and, for each group of them, how many come before. It is
/// asked for one need after another, so it has to fit into the nearest memory; a number for each rank would not.
struct Members {
    groups: Vec<(u64, u32)>,
}

impl Members {
    fn new(ranks: usize) -> Members {
        Members { groups: vec![(0, 0); ranks.div_ceil(64)] }
    }

    fn has(&self, rank: u32) -> bool {
        self.groups.get(rank as usize / 64).is_some_and(|(bits, _)| bits >> (rank % 64) & 1 == 1)
    }

    /// Whether it is new.
    fn add(&mut self, rank: u32) -> bool {
        let Some((bits, _)) = self.groups.get_mut(rank as usize / 64) else { return false };
        let bit = 1 << (rank % 64);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    fn remove(&mut self, rank: u32) {
        if let Some((bits, _)) = self.groups.get_mut(rank as usize / 64) {
            *bits &= !(1 << (rank % 64));
        }
    }

    /// Numbers all of them, once they are known; given in their order, so that few of many cost little.
    fn count(&mut self, all: &[u32]) {
        for (number, rank) in (0u32..).zip(all) {
            if let Some((bits, before)) = self.groups.get_mut(*rank as usize / 64)
                && bits.trailing_zeros() == rank % 64
            {
                *before = number;
            }
        }
    }

    /// The number of a member.
    fn number(&self, rank: u32) -> Option<u32> {
        let (bits, before) = self.groups.get(rank as usize / 64)?;
        let lower = bits & ((1 << (rank % 64)) - 1);
        self.has(rank).then(|| before + lower.count_ones())
    }
}
