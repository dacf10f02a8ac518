//! From a question for dates to the network of what it is about: `collect` finds what is needed, here it is laid out.

mod collect;
mod members;

use super::Grounds;
use super::critical_path::CriticalPathQuery;
use super::durations::{Durations, Said};
use super::item_clocks::Clocks;
use super::pipeline::{self, Pipeline};
use super::schedule::{
    Bond, By, DateConstraint, Dates, DurationSource, Names, Need, Network, ProgressRule, Rules, Special,
    Taken, Unreachable,
};
use crate::error::{Error, Result};
use crate::graph::Frozen;
use crate::hash::HashMap;
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;
use members::Members;

/// The part of the graph that a question is about, on its way to a network.
pub(super) struct Plan<'a> {
    pub(super) stream: &'a ValueStream,
    frozen: &'a Frozen,
    pub(super) query: &'a CriticalPathQuery,
    /// Ranks of the nodes of the network in a topological order; ascending where nothing is needed by rule.
    ranks: Vec<u32>,
    members: Members,
    pipeline: Option<Pipeline<'a>>,
    /// By rank: the ranks that are needed by rule, beside what is stated.
    by_rule: HashMap<u32, Vec<u32>>,
    durations: Durations,
    /// By number: where the duration comes from.
    sources: Vec<Option<DurationSource>>,
    clocks: Clocks,
    pub(super) network: Network,
    /// How many leave with each departure of the trains that take but so many.
    pub(super) taken: Taken,
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
            pipeline: Pipeline::new(stream, query.policy.as_ref(), query.at),
            by_rule: HashMap::default(),
            durations: Durations::new(query),
            sources: Vec::new(),
            clocks,
            network,
            taken: Taken::default(),
            grounds,
        })
    }

    /// Makes the network of everything that the target needs; without a target of everything that can be scheduled.
    ///
    /// # Errors
    /// Those of [`new`](Plan::new).
    pub(super) fn lay_out(&mut self, target: Option<u32>) -> Result<()> {
        let roots = match target {
            Some(item) => vec![self.frozen.rank(item)],
            None => self.everything(),
        };
        self.lay_out_from(roots, target);
        if !self.network.has_limited_trains() {
            return Ok(());
        }
        self.grounds.rule("departures_by_time_of_readiness");
        if target.is_none() {
            let (network, labels, _) = self.parted();
            self.taken = network.take_seats(&labels);
            return Ok(());
        }
        // Whoever takes the same trains counts, whether the target needs it or not.
        let mut all = Plan::new(self.stream, self.frozen, self.query)?;
        all.lay_out_from(all.riders(), None);
        let (network, labels, _) = all.parted();
        self.taken = network.take_seats(&labels);
        for number in 0..self.network.len() {
            if !self.network.is_limited(number) {
                continue;
            }
            if let Some(there) = all.number(self.labels().item(number)) {
                self.network.copy_seats(number, &all.network, there);
            }
        }
        Ok(())
    }

    fn lay_out_from(&mut self, roots: Vec<u32>, target: Option<u32>) {
        self.collect(roots, target);
        self.collect_runs(target);
        self.members.count(&self.ranks);
        self.reorder();
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
                for rank in self.by_rule.get(&rank).into_iter().flatten() {
                    let Some(node) = self.members.number(*rank) else { continue };
                    self.network.add_need(Need { node, bond: Bond::PLAIN });
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
            let said = Said::of(stream, item);
            let started = if pipeline::is_run(stream.kind(item)) { said.planned } else { said.started };
            let started = started.map(|t| t.min(finished).millis());
            let special =
                Special { started, finished: Some(finished.millis()), calendar: by, ..Special::default() };
            self.sources.push(None);
            return self.network.add_node(0, Some(special));
        }
        match stream.kind(item) {
            Some(Kind::Release) => {
                let start = self.network.train_count();
                for (application, _) in stream.to(item, LinkKind::BelongsTo) {
                    let cadence =
                        stream.last(application, Set::cadence).map(|(cadence, event)| (*cadence, event));
                    if let Some((cadence, event)) = cadence {
                        self.network.add_train(cadence, application);
                        self.grounds.evidence.push(event);
                        self.grounds.rule("first_departure_after_ready");
                    }
                }
                let trains = start..self.network.train_count();
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
                let started = if pipeline::is_run(stream.kind(item)) {
                    pipeline::begun(stream, item, at)
                } else {
                    said.started.filter(|t| *t <= at)
                };
                let started = started.map(Instant::millis);
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
                Some(Kind::Build | Kind::TestRun | Kind::Deployment) => "run_without_estimate",
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
