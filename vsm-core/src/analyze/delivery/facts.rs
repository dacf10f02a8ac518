//! The facts of a question, and the groups that they belong to.

use chrono::NaiveDate;

use crate::analyze::Grounds;
use crate::error::Result;
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;
use crate::time::{Instant, Span, Zone};

use super::attribute;
use super::changes::{Arrival, arrivals, authored, fixes, is_pull_request};
use super::deployments::{Index, Run};
use super::failures::{Failure, Recovery, failures, recoveries};
use super::pulls::{Pull, pulls};
use super::query::{DeliveryGroup, DeliveryQuery};
use super::rules::{FirstDeploymentRule, LeadTimeRule, Rules};

/// A change that reached production; without a start or span it has no lead time.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) change: u32,
    pub(super) placement: usize,
    pub(super) at: Instant,
    pub(super) start: Option<Instant>,
    pub(super) span: Option<Span>,
}

/// Everything that the figures of a question are made of.
pub(super) struct Facts<'s> {
    pub(super) stream: &'s ValueStream,
    pub(super) zone: Zone,
    pub(super) rules: Rules,
    pub(super) index: Index,
    pub(super) samples: Vec<Sample>,
    pub(super) failures: Vec<Failure>,
    pub(super) recoveries: Vec<Recovery>,
    pub(super) pulls: Vec<Pull>,
    /// Commits of an application that have not arrived, each with when it was authored.
    pub(super) waiting: Vec<(u32, Instant)>,
    /// What the question is limited to.
    within: Option<HashSet<u32>>,
    /// By run: whether the question is about it.
    kept: Vec<bool>,
}

impl<'s> Facts<'s> {
    pub(super) fn gather(
        stream: &'s ValueStream,
        query: &DeliveryQuery,
        (zone, rules): (Zone, Rules),
        environments: &[u32],
        grounds: &mut Grounds,
    ) -> Result<Facts<'s>> {
        let within = query.within.as_deref().map(|id| stream.find(id)).transpose()?;
        let within = within.map(|item| {
            let mut set = stream.under(item);
            set.extend(stream.candidates(item).into_iter().map(|(build, _)| build));
            set
        });
        let mut index = Index::new(stream, environments);
        let failures = failures(stream, &mut index, rules.attribution);
        let fixes = fixes(stream, failures.iter().map(|failure| failure.incident));
        let arrivals = arrivals(stream, &mut index, &fixes, rules.first_deployment);
        rework(stream, &mut index);
        let (recoveries, without) = recoveries(&index, &failures, &rules);
        let mut facts = Facts {
            stream,
            zone,
            rules,
            kept: Vec::new(),
            index,
            samples: Vec::new(),
            failures,
            recoveries,
            pulls: Vec::new(),
            waiting: Vec::new(),
            within,
        };
        facts.kept = facts.index.runs.iter().map(|run| facts.is_about(run)).collect();
        let window = |at: Instant| query.start <= at && at < query.end;
        for (reason, deployment) in std::mem::take(&mut facts.index.left_out) {
            let is_about = |within: &HashSet<u32>| {
                let mut own = stream.applications(deployment);
                within.contains(&deployment) || own.any(|item| within.contains(&item))
            };
            if facts.within.as_ref().is_none_or(is_about) {
                grounds.exclude(reason, stream.id(deployment));
            }
        }
        for (n, reason) in without {
            if let Some(failure) = facts.failures.get(n)
                && facts.keeps_failure(failure)
                && window(failure.opened)
            {
                grounds.exclude(reason, stream.id(failure.incident));
            }
        }
        let is_sample = |arrival: &&Arrival| {
            arrival.is_compared || rules.first_deployment == FirstDeploymentRule::Counted
        };
        if rules.by_pull_requests() || query.pull_requests == Some(true) || query.list == Some(true) {
            let counted: Vec<Arrival> = arrivals.iter().filter(is_sample).copied().collect();
            facts.pulls = pulls(stream, &facts.index, &counted);
        }
        if rules.by_pull_requests() {
            facts.sample_pulls();
        } else {
            for arrival in arrivals.iter().filter(|arrival| !is_pull_request(stream, arrival.change)) {
                if is_sample(&arrival) {
                    let start = authored(stream, arrival.change);
                    facts.sample(arrival, start, start.map(|start| arrival.at.since(start)));
                } else if window(arrival.at) && facts.keeps_placement(arrival.placement) {
                    grounds.exclude("first_deployment", stream.id(arrival.change));
                }
            }
        }
        facts.judge_samples(grounds, window);
        facts.wait(&arrivals);
        Ok(facts)
    }

    fn sample(&mut self, arrival: &Arrival, start: Option<Instant>, span: Option<Span>) {
        let Arrival { change, placement, at, .. } = *arrival;
        if self.keeps_placement(placement) {
            self.samples.push(Sample { change, placement, at, start, span });
        }
    }

    fn sample_pulls(&mut self) {
        let is_cycle = self.rules.lead_time == LeadTimeRule::PullRequests;
        for pull in std::mem::take(&mut self.pulls) {
            if let Some(arrival) = pull.arrival {
                let first = pull.first_commit.map(|(at, _)| at).filter(|at| *at <= pull.created);
                match is_cycle {
                    true => self.sample(&arrival, first.or(Some(pull.created)), pull.cycle()),
                    false => {
                        let deploy = arrival.at.since(pull.merged);
                        self.sample(&arrival, Some(pull.merged), Some(deploy));
                    }
                }
            }
            self.pulls.push(pull);
        }
    }

    /// Notes the commits that have not arrived, of applications that say so and have been deployed.
    fn wait(&mut self, arrivals: &[Arrival]) {
        let stream = self.stream;
        if self.rules.by_pull_requests() {
            return;
        }
        let arrived: HashSet<u32> = arrivals.iter().map(|arrival| arrival.change).collect();
        let is_commit = |item: &u32| {
            stream.kind(*item) == Some(Kind::Change)
                && !arrived.contains(item)
                && stream.state_of(*item).is_none()
        };
        for commit in stream.all().filter(is_commit) {
            let deployed = |application: &u32| self.index.lines.contains_key(&Some(*application));
            let own = stream.applications(commit).filter(deployed);
            let kept = own.filter(|item| self.within.as_ref().is_none_or(|within| within.contains(item)));
            let at = authored(stream, commit);
            self.waiting.extend(kept.filter_map(|application| Some((application, at?))));
        }
    }

    /// Takes the lead time from samples that have none by the rules, and says why.
    fn judge_samples(&mut self, grounds: &mut Grounds, window: impl Fn(Instant) -> bool) {
        for sample in &mut self.samples {
            let reason = match sample.span {
                None if sample.start.is_none() => "no_authored_time",
                None => "negative_time",
                Some(span) if span < Span::ZERO => "negative_time",
                Some(span) if span < self.rules.shortest_lead_time => "shorter_than_rule",
                Some(_) => continue,
            };
            sample.span = None;
            if window(sample.at) {
                grounds.exclude(reason, self.stream.id(sample.change));
            }
        }
    }

    /// Whether the question is about a run.
    fn is_about(&self, run: &Run) -> bool {
        let Some(within) = &self.within else { return true };
        if run.application.is_some_and(|application| within.contains(&application)) {
            return true;
        }
        run.placements.iter().filter_map(|place| self.index.placements.get(*place)).any(|place| {
            let mut brought = self.stream.linked(place.deployment, LinkKind::Deploys, Direction::Outgoing);
            within.contains(&place.deployment)
                || within.contains(&place.environment)
                || brought.any(|(_, build)| within.contains(&build))
        })
    }

    pub(super) fn keeps_run(&self, run: usize) -> bool {
        self.kept.get(run).copied().unwrap_or(false)
    }

    pub(super) fn keeps_placement(&self, placement: usize) -> bool {
        self.index.placements.get(placement).is_some_and(|place| self.keeps_run(place.run))
    }

    pub(super) fn keeps_failure(&self, failure: &Failure) -> bool {
        let Some(within) = &self.within else { return true };
        if !failure.causes.is_empty() {
            return failure.causes.iter().any(|cause| self.keeps_run(*cause));
        }
        within.contains(&failure.incident) || failure.applications.iter().any(|item| within.contains(item))
    }

    pub(super) fn keeps_pull(&self, pull: &Pull) -> bool {
        match (&self.within, pull.arrival) {
            (None, _) => true,
            (_, Some(arrival)) => self.keeps_placement(arrival.placement),
            (Some(within), None) => {
                within.contains(&pull.pull)
                    || self.stream.applications(pull.pull).any(|item| within.contains(&item))
            }
        }
    }

    pub(super) fn day(&self, at: Instant) -> NaiveDate {
        self.zone.date(at)
    }
}

/// Notes which runs were made because of an incident: those that say so themselves (attribute `unplanned`), else those one
/// of whose changes mends one.
fn rework(stream: &ValueStream, index: &mut Index) {
    let Index { runs, placements, .. } = index;
    for run in runs {
        let parts = || run.placements.iter().filter_map(|place| placements.get(*place));
        let said = parts().find_map(|place| attribute(stream, place.deployment, "unplanned"));
        run.rework = match said {
            Some(word) => word.eq_ignore_ascii_case("true"),
            None => parts().any(|place| place.mends),
        };
    }
}

/// The names of the groups of a question, and which of them a fact belongs to.
pub(super) struct Groups<'s> {
    stream: &'s ValueStream,
    by: DeliveryGroup,
    attribute: String,
    pub(super) names: Vec<Option<&'s str>>,
    numbers: HashMap<Option<&'s str>, usize>,
}

impl<'s> Groups<'s> {
    pub(super) fn new(stream: &'s ValueStream, by: DeliveryGroup, attribute: &str) -> Groups<'s> {
        Groups { stream, by, attribute: attribute.into(), names: Vec::new(), numbers: HashMap::default() }
    }

    /// The groups of a run, or of its part that went to one environment.
    pub(super) fn of_run(&mut self, index: &Index, run: usize, placement: Option<usize>) -> Vec<usize> {
        let Some(run) = index.runs.get(run) else { return Vec::new() };
        let places = placement.as_slice();
        let places = if places.is_empty() { run.placements.as_slice() } else { places };
        let places = || places.iter().filter_map(|place| index.placements.get(*place));
        match self.by {
            DeliveryGroup::Environment => {
                let names: Vec<_> = places().map(|place| Some(self.stream.id(place.environment))).collect();
                self.numbers(names)
            }
            DeliveryGroup::Attribute => {
                let said =
                    places().find_map(|place| attribute(self.stream, place.deployment, &self.attribute));
                match said {
                    Some(said) => self.numbers(vec![Some(said)]),
                    None => self.of_application(run.application, None),
                }
            }
            _ => self.of_application(run.application, places().next().map(|place| place.deployment)),
        }
    }

    /// The groups of what belongs to an application, else to nothing but a deployment.
    pub(super) fn of_application(&mut self, application: Option<u32>, deployment: Option<u32>) -> Vec<usize> {
        let stream = self.stream;
        let names = match self.by {
            DeliveryGroup::Application => vec![application.map(|item| stream.id(item))],
            DeliveryGroup::Environment => vec![None],
            DeliveryGroup::Attribute => {
                vec![application.and_then(|item| attribute(stream, item, &self.attribute))]
            }
            DeliveryGroup::Team => {
                let owners = |item: Option<u32>| {
                    let links = item.map(|item| stream.linked(item, LinkKind::OwnedBy, Direction::Outgoing));
                    let all = links.into_iter().flatten().map(|(_, owner)| owner);
                    all.filter(|owner| matches!(stream.kind(*owner), None | Some(Kind::Team)))
                        .map(|owner| Some(stream.id(owner)))
                        .collect::<Vec<_>>()
                };
                let mut found = owners(application);
                if found.is_empty() {
                    found = owners(deployment);
                }
                if found.is_empty() { vec![None] } else { found }
            }
        };
        self.numbers(names)
    }

    fn numbers(&mut self, names: Vec<Option<&'s str>>) -> Vec<usize> {
        let mut numbers: Vec<usize> = names
            .into_iter()
            .map(|name| {
                *self.numbers.entry(name).or_insert_with(|| {
                    self.names.push(name);
                    self.names.len() - 1
                })
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}
