//! From a question for dates to the network of what it is about.

use super::Grounds;
use super::critical_path::CriticalPathQuery;
use super::network::{Bond, Need, Network, Schedule, Special, Unreachable};
use crate::calendar::WorkingTime;
use crate::error::Error;
use crate::graph::Frozen;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// The part of the graph that a question is about, on its way to a network.
pub(super) struct Plan<'a> {
    pub(super) stream: &'a ValueStream,
    frozen: &'a Frozen,
    pub(super) query: &'a CriticalPathQuery,
    /// Ranks of the nodes of the network, ascending: their order is topological.
    ranks: Vec<u32>,
    members: Members,
    pub(super) network: Network,
    pub(super) grounds: Grounds,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        stream: &'a ValueStream,
        frozen: &'a Frozen,
        query: &'a CriticalPathQuery,
        calendar: Option<WorkingTime>,
    ) -> Plan<'a> {
        let mut grounds = Grounds::default();
        grounds.rule("retained_logic");
        grounds.rule(if calendar.is_some() { "working_time" } else { "elapsed_time" });
        let network = Network::new(query.at.millis(), calendar);
        Plan {
            stream,
            frozen,
            query,
            ranks: Vec::new(),
            members: Members::new(frozen.len()),
            network,
            grounds,
        }
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
            if finished.is_none() {
                for need in self.frozen.needs(rank) {
                    let Some(node) = self.members.number(need.rank) else { continue };
                    is_parent |= need.kind == LinkKind::Parent
                        && Kind::adds_up(
                            self.stream.kind(self.frozen.item(need.rank)),
                            self.stream.kind(item),
                        );
                    let detail = if need.is_plain { None } else { self.stream.detail(need.link) };
                    let bond = detail.map_or(Bond::PLAIN, |detail| Bond {
                        dependency: detail.dependency.unwrap_or(Bond::PLAIN.dependency),
                        lag: detail.lag.unwrap_or_default().millis(),
                    });
                    self.network.add_need(Need { node, bond });
                }
            }
            self.add_node(item, finished.map(|(t, _)| t), is_parent);
        }
        self.grounds.n = self.ranks.len() as u64;
    }

    fn add_node(&mut self, item: u32, finished: Option<Instant>, is_parent: bool) {
        let stream = self.stream;
        let at = self.query.at;
        if let Some(finished) = finished {
            let started = Said::of(stream, item).started.map(|t| t.min(finished).millis());
            let special = Special { started, finished: Some(finished.millis()), ..Special::default() };
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
                self.network.add_node(0, (!special.trains.is_empty()).then_some(special));
            }
            _ if is_parent => self.network.add_node(0, None),
            _ => {
                let said = Said::of(stream, item);
                let started = said.started.filter(|t| *t <= at).map(Instant::millis);
                let planned = said.planned.filter(|planned| *planned > at).map(Instant::millis);
                let special = match (started, planned) {
                    (None, None) => None,
                    (None, floor) => Some(Special { floor, ..Special::default() }),
                    (started, _) => Some(Special { started, ..Special::default() }),
                };
                let duration = self.duration(item, &said, started);
                self.network.add_node(duration, special);
            }
        }
    }

    /// `remaining`, else what is left of `estimate`, else the default.
    fn duration(&mut self, item: u32, said: &Said, started: Option<i64>) -> i64 {
        if let Some(remaining) = said.remaining {
            return remaining.millis();
        }
        if let Some(estimate) = said.estimate {
            let worked = started.map_or(0, |start| self.network.between(start, self.query.at.millis()));
            return (estimate.millis() - worked).max(0);
        }
        let reason = match self.stream.kind(item) {
            Some(Kind::Gate) => "gate_without_estimate",
            Some(Kind::Phase) => "phase_without_estimate",
            // It takes no time of its own: what proves it does.
            Some(Kind::Criterion | Kind::Evidence) => return 0,
            _ => match self.query.default_duration {
                Some(span) => {
                    self.grounds.rule("default_duration");
                    return span.millis().max(0);
                }
                None => "work_without_estimate",
            },
        };
        self.grounds.exclude(reason, self.stream.id(item));
        0
    }

    pub(super) fn item(&self, number: u32) -> u32 {
        self.ranks.get(number as usize).map_or(0, |rank| self.frozen.item(*rank))
    }

    /// The number of an item, where it is in the network.
    pub(super) fn number(&self, item: u32) -> Option<u32> {
        self.members.number(self.frozen.rank(item))
    }

    pub(super) fn id(&self, number: u32) -> &'a str {
        self.stream.id(self.item(number))
    }

    pub(super) fn explain(&self, error: &Unreachable) -> Error {
        let what =
            format!("the {} of \"{}\"", if error.train { "departure" } else { "work" }, self.id(error.node));
        match &self.network.calendar {
            Some(work) if !error.train => work.beyond(&what),
            _ => Error::Horizon { what, around: self.query.at },
        }
    }

    /// The nodes whose finish is the answer.
    pub(super) fn sinks(&self, target: Option<u32>, dates: &Schedule) -> Vec<u32> {
        if let Some(target) = target {
            return self.number(target).into_iter().collect();
        }
        let end = dates.early_finishes().map(|(_, finish)| finish).max();
        let last = dates.early_finishes().filter(|(_, finish)| Some(*finish) == end);
        let mut sinks: Vec<u32> = last.map(|(number, _)| number).collect();
        sinks.sort_unstable_by_key(|n| self.id(*n));
        sinks
    }
}

/// What the record says of the work on one item, gathered in one walk: schedules look at every item.
#[derive(Default)]
struct Said {
    started: Option<Instant>,
    planned: Option<Instant>,
    remaining: Option<Span>,
    estimate: Option<Span>,
}

impl Said {
    fn of(stream: &ValueStream, item: u32) -> Said {
        let mut said = Said::default();
        let (mut planned, mut remaining, mut estimate) = (false, false, false);
        for (_, event) in stream.state.walk(item, stream.bounds) {
            for set in event.sets.iter().rev() {
                match set {
                    // Walking back, so the last one seen is the first.
                    Set::State(FlowState::Active | FlowState::Waiting) => said.started = Some(event.occurred),
                    Set::StartsAt(at) if !planned => (planned, said.planned) = (true, Some(*at)),
                    Set::Remaining(span) if !remaining => (remaining, said.remaining) = (true, Some(*span)),
                    Set::Estimate(span) if !estimate => (estimate, said.estimate) = (true, Some(*span)),
                    Set::Clear(name) => match &**name {
                        "starts_at" => planned = true,
                        "remaining" => remaining = true,
                        "estimate" => estimate = true,
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
        said
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
