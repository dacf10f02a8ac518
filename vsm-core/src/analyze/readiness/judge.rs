//! One item against one stage: which facts apply, and which of them are unmet.
//!
//! Every fact is judged at the one item that it is about, so that a failing component behind ten features is one
//! fact. The facts of an item are those of everything it needs, put together.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Grounds;
use super::super::critical_path::CriticalPathQuery;
use super::bookings;
use super::evidence::{Evidence, Standing, Tested};
use super::{Condition, Policy, Readiness, Unmet, Verdict};
use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{Decision, FlowState, Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// A fact on its way to an [`Unmet`].
pub(super) struct Fact {
    pub(super) condition: Condition,
    pub(super) verdict: Verdict,
    pub(super) item: u32,
    pub(super) sentence: String,
    pub(super) waits_for: Option<String>,
    pub(super) since: Option<Instant>,
    pub(super) earliest: Option<Instant>,
    pub(super) evidence: Vec<u32>,
}

/// A fact, with the stage that it was found for and the upstream release that brings it in.
struct Found {
    through: Option<u32>,
    rung: usize,
    fact: Fact,
}

pub(super) struct Judge<'a> {
    pub(super) stream: &'a ValueStream,
    policy: &'a Policy,
    at: Instant,
}

/// Everything that a target needs: (item, the rung it is needed for), and how it was reached.
type Closure = BTreeMap<(u32, usize), Needed>;

struct Needed {
    /// The upstream release that brings it in.
    through: Option<u32>,
    needed_by: Vec<(u32, usize)>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(stream: &'a ValueStream, policy: &'a Policy, at: Instant) -> Judge<'a> {
        Judge { stream, policy, at }
    }

    pub(super) fn answer(&self, target: u32, rung: usize) -> Result<Readiness> {
        let stream = self.stream;
        let kind = stream.kind(target);
        if kind.is_some_and(|k| !k.is_work() && k != Kind::Release) {
            let kind = kind.map_or("", Kind::as_str);
            return Err(Error::invalid(
                "item",
                format!("\"{}\" is a {kind}: ask for a release or work", stream.id(target)),
            ));
        }
        let mut grounds = Grounds::default();
        let needed = self.needed(target, rung);
        let mut facts: Vec<Found> = Vec::new();
        for ((item, rung), need) in &needed {
            self.local(*item, *rung, &needed, &mut grounds, &mut |fact| {
                facts.push(Found { through: need.through, rung: *rung, fact });
            });
        }
        let leaves: BTreeSet<u32> =
            needed.keys().map(|(item, _)| *item).filter(|item| self.is_leaf(*item)).collect();
        let done =
            leaves.iter().filter(|leaf| stream.state_of(**leaf) == Some(FlowState::Done)).count() as u32;
        let scope = leaves.len() as u32;
        if kind != Some(Kind::Release) {
            let evidence = Evidence::gather(stream, self.required_stage(rung));
            facts.extend(leaves.iter().filter_map(|leaf| Some(Found { through: None, rung, fact: self.built(*leaf, rung, &evidence)? })));
        }
        let verdict = facts.iter().map(|found| found.fact.verdict).max().unwrap_or(Verdict::Ready);
        let unmet = self.list(target, facts, &needed);
        grounds.n = u64::from(scope);
        grounds.rule("worst_of_what_applies");
        grounds.rule("leaves");
        Ok(Readiness {
            item: stream.id(target).to_owned(),
            title: stream.title(target).to_owned(),
            stage: self.stage(rung).to_owned(),
            at: self.at,
            verdict,
            unmet,
            done,
            scope,
            basis: grounds.finish(stream),
        })
    }

    fn stage(&self, rung: usize) -> &'a str {
        self.policy.stages.get(rung).map_or("", String::as_str)
    }

    /// The stage whose environment tests must have passed in before a rung.
    pub(super) fn required_stage(&self, rung: usize) -> Option<&'a str> {
        rung.checked_sub(1).map(|before| self.stage(before))
    }

    fn is_open(&self, item: u32) -> bool {
        !matches!(self.stream.state_of(item), Some(FlowState::Done | FlowState::Cancelled))
    }

    /// Whether an item is work without parts; what nobody has described is taken for work.
    pub(super) fn is_leaf(&self, item: u32) -> bool {
        self.stream.kind(item).is_none_or(Kind::is_work) && !self.stream.has_parts(item)
    }

    /// What an item needs directly, each with the rung it is needed for. What is finished needs nothing any more.
    pub(super) fn needs(&self, item: u32, rung: usize) -> Vec<(u32, usize)> {
        let stream = self.stream;
        let is_release = stream.kind(item) == Some(Kind::Release);
        if (is_release && !self.is_open(item)) || stream.kind(item) == Some(Kind::Gate) {
            return Vec::new();
        }
        let mut needs: Vec<(u32, usize)> = stream
            .touching(item, Direction::Incoming)
            .filter(|(_, kind, _)| matches!(kind, LinkKind::Parent | LinkKind::ShipsIn | LinkKind::Gates))
            .map(|(_, _, other)| (other, rung))
            .collect();
        if is_release {
            for (link, kind, other) in stream.touching(item, Direction::Outgoing) {
                if kind == LinkKind::DependsOn {
                    let stage = stream.detail(link).and_then(|detail| detail.stage.as_deref());
                    let level = stage.and_then(|stage| self.policy.stages.iter().position(|s| s == stage));
                    needs.push((other, level.unwrap_or(rung)));
                }
            }
        }
        needs.retain(|(other, _)| stream.state_of(*other) != Some(FlowState::Cancelled));
        needs
    }

    fn needed(&self, target: u32, rung: usize) -> Closure {
        let start = (target, rung);
        let mut needed = Closure::from([(start, Needed { through: None, needed_by: Vec::new() })]);
        let mut stack = vec![start];
        while let Some(at) = stack.pop() {
            let mut through = needed.get(&at).and_then(|need| need.through);
            if at.0 != target && self.stream.kind(at.0) == Some(Kind::Release) {
                through = Some(at.0);
            }
            for other in self.needs(at.0, at.1) {
                let slot = needed.entry(other).or_insert_with(|| {
                    stack.push(other);
                    Needed { through, needed_by: Vec::new() }
                });
                slot.needed_by.push(at);
            }
        }
        needed
    }

    /// The unmet facts of one item by itself.
    fn local(
        &self,
        item: u32,
        rung: usize,
        needed: &Closure,
        grounds: &mut Grounds,
        report: &mut dyn FnMut(Fact),
    ) {
        match self.stream.kind(item) {
            Some(Kind::Release) => {
                let already = |other: u32| (0..8).any(|rung| needed.contains_key(&(other, rung)));
                self.release(item, rung, &already, grounds, report);
            }
            Some(Kind::Gate) => {
                if let Some(fact) = self.gate(item, rung) {
                    report(fact);
                }
            }
            _ if self.is_leaf(item) => {
                if let Some(fact) = self.leaf(item) {
                    report(fact);
                }
            }
            _ => {}
        }
    }

    /// A work item must be done.
    pub(super) fn leaf(&self, item: u32) -> Option<Fact> {
        let stream = self.stream;
        let state = stream.last(item, "state", |set| match set {
            Set::State(state) => Some(*state),
            _ => None,
        });
        let name = self.name(item);
        let (verdict, sentence) = match state {
            Some((FlowState::Done | FlowState::Cancelled, _)) => return None,
            None => (Verdict::Unknown, format!("Nobody says whether {name} is done.")),
            Some((FlowState::New, _)) => (Verdict::NotReady, format!("{name} has not been started.")),
            Some((FlowState::Active, _)) => {
                (Verdict::NotReady, format!("{name} is being worked on and not done."))
            }
            Some((FlowState::Waiting, _)) => {
                (Verdict::NotReady, format!("{name} has been begun, waits, and is not done."))
            }
        };
        let mut sentence = sentence;
        let waits: Vec<String> = stream
            .to(item, LinkKind::DependsOn)
            .filter(|(other, _)| self.is_open(*other))
            .map(|(other, _)| self.name(other))
            .collect();
        if !waits.is_empty() {
            sentence.pop();
            sentence =
                format!("{sentence}; it depends on {}, which is not done either.", waits.join(" and "));
        }
        let event = state.map(|(_, event)| event).or_else(|| stream.last_event(item));
        Some(Fact {
            condition: Condition::ScopeDone,
            verdict,
            item,
            sentence,
            waits_for: self.whom(item),
            since: event.and_then(|event| stream.occurred(event)),
            earliest: None,
            evidence: event.into_iter().collect(),
        })
    }

    /// A gate of the stage must be passed by somebody entitled to, or waived for now.
    pub(super) fn gate(&self, item: u32, rung: usize) -> Option<Fact> {
        let stream = self.stream;
        let stage = stream.last(item, "stage", |set| match set {
            Set::Stage(stage) => Some(stage.to_string()),
            _ => None,
        });
        if stage.is_some_and(|(stage, _)| stage != self.stage(rung)) {
            return None;
        }
        let name = self.name(item);
        let approvers: Vec<(u32, u32)> = stream.to(item, LinkKind::Approver).collect();
        let whom = (!approvers.is_empty())
            .then(|| approvers.iter().map(|(who, _)| stream.title(*who)).collect::<Vec<_>>().join(" or "));
        let decision = stream.last(item, "decision", |set| match set {
            Set::Decision(decision) => Some(*decision),
            _ => None,
        });
        let instant = |name: &str, pick: fn(&Set) -> Option<Instant>| stream.last(item, name, pick);
        let asked = instant("asked_at", |set| match set {
            Set::AskedAt(instant) => Some(*instant),
            _ => None,
        });
        let event =
            decision.map(|(_, event)| event).or(asked.map(|(_, event)| event)).or(stream.last_event(item));
        let mut since = event.and_then(|event| stream.occurred(event));
        let (verdict, sentence) = match decision {
            Some((Decision::Approved, _)) => {
                let by: Vec<u32> = stream.to(item, LinkKind::DecidedBy).map(|(who, _)| who).collect();
                if approvers.is_empty() || by.iter().any(|who| approvers.iter().any(|(one, _)| one == who)) {
                    return None;
                }
                let by = by.first().map_or("nobody in particular".into(), |who| self.name(*who));
                (Verdict::NotReady, format!("{name} was approved by {by}, who is not entitled to."))
            }
            Some((Decision::Waived, _)) => {
                let ends = instant("expires_at", |set| match set {
                    Set::ExpiresAt(instant) => Some(*instant),
                    _ => None,
                });
                let ends = ends.filter(|(end, _)| *end <= self.at);
                let (end, _) = ends?;
                since = Some(end);
                (Verdict::NotReady, format!("The waiver of {name} ended on {}.", day(end)))
            }
            Some((Decision::Rejected, _)) => (Verdict::NotReady, format!("{name} was rejected.")),
            None if approvers.is_empty() => {
                (Verdict::Unknown, format!("{name} is not decided, and nobody is named who may decide."))
            }
            None => {
                since = asked.map(|(at, _)| at).or(since);
                let needed_by = instant("needed_by", |set| match set {
                    Set::NeededBy(instant) => Some(*instant),
                    _ => None,
                });
                let late = match needed_by {
                    Some((by, _)) if by < self.at => {
                        format!("; it was needed by {}, {} ago", day(by), self.at.since(by))
                    }
                    Some((by, _)) => format!("; it is needed by {}", day(by)),
                    None => String::new(),
                };
                (Verdict::NotReady, format!("{name} is not decided{late}."))
            }
        };
        Some(Fact {
            condition: Condition::GatePassed,
            verdict,
            item,
            sentence,
            waits_for: whom.or_else(|| self.whom(item)),
            since,
            earliest: None,
            evidence: event.into_iter().collect(),
        })
    }

    /// Everything that a release itself must have, its scope and gates aside.
    pub(super) fn release(
        &self,
        release: u32,
        rung: usize,
        already: &dyn Fn(u32) -> bool,
        grounds: &mut Grounds,
        report: &mut dyn FnMut(Fact),
    ) {
        let stream = self.stream;
        if !self.is_open(release) {
            return;
        }
        let counts = |item: u32| stream.state_of(item) != Some(FlowState::Cancelled);
        let has_scope = stream.from(release, LinkKind::ShipsIn).any(|(item, _)| counts(item));
        let has_parts = stream.from(release, LinkKind::Parent).any(|(item, _)| counts(item));
        if !has_scope && !has_parts {
            let sentence =
                format!("{} has no scope, so nobody can tell whether it is done.", self.name(release));
            report(self.fact(Condition::HasScope, Verdict::Unknown, release, sentence));
        }
        let builds: Vec<u32> = stream.candidates(release).into_iter().map(|(build, _)| build).collect();
        if has_scope || !has_parts {
            self.builds(release, rung, &builds, grounds, report);
        }
        for place in [release].into_iter().chain(builds.iter().copied()) {
            for (defect, event) in stream.from(place, LinkKind::FoundIn) {
                if !already(defect) && self.is_open(defect) && stream.kind(defect) == Some(Kind::Defect) {
                    if let Some(fact) = self.defect(defect, event, grounds) {
                        report(fact);
                    }
                }
            }
        }
        let last = rung + 1 == self.policy.stages.len();
        let place = bookings::Place { release, stage: self.stage(rung), last, builds: &builds, at: self.at };
        bookings::environment(self, &place, self.policy.pending_conflicts_only, grounds, report);
        for (application, _) in stream.to(release, LinkKind::BelongsTo) {
            let calendar = stream.last(application, "calendar", |set| match set {
                Set::Calendar(calendar) => Some((**calendar).clone()),
                _ => None,
            });
            let Some((calendar, event)) = calendar else { continue };
            for blackout in &calendar.blackouts {
                let Some(end) = blackout.covering(self.at) else { continue };
                let why = blackout.reason.as_deref().unwrap_or("no reason given");
                let sentence =
                    format!("{} is in a blackout until {}: {why}.", self.name(application), day(end));
                report(Fact {
                    earliest: Some(end),
                    evidence: vec![event],
                    ..self.fact(Condition::NoBlackout, Verdict::NotReady, application, sentence)
                });
            }
        }
    }

    fn builds(
        &self,
        release: u32,
        rung: usize,
        builds: &[u32],
        grounds: &mut Grounds,
        report: &mut dyn FnMut(Fact),
    ) {
        let stream = self.stream;
        let required = self.required_stage(rung);
        if builds.is_empty() {
            let place =
                required.map_or(String::new(), |stage| format!(" and that passed its tests in {stage}"));
            let sentence =
                format!("No build of {} is known that holds its scope{place}.", self.name(release));
            report(self.fact(Condition::HasBuild, Verdict::Unknown, release, sentence));
            return;
        }
        for build in builds {
            let outcome = stream.outcome_with_event(*build);
            match outcome {
                Some((Outcome::Success, _)) => {}
                Some((Outcome::Running, _)) | None => {
                    let sentence = format!("{} has not finished.", self.name(*build));
                    report(self.fact(Condition::BuildSucceeded, Verdict::Unknown, *build, sentence));
                }
                Some((outcome, event)) => {
                    let sentence = format!("{} ended with {outcome}.", self.name(*build));
                    report(Fact {
                        evidence: vec![event],
                        ..self.fact(Condition::BuildSucceeded, Verdict::NotReady, *build, sentence)
                    });
                }
            }
            if let Some(fact) = self.tests(*build, required) {
                report(fact);
            }
        }
        let mut brought = HashSet::default();
        stream.bring(builds.iter().flat_map(|build| stream.heads(*build)), &mut brought);
        let stated: HashSet<u32> = builds
            .iter()
            .flat_map(|build| stream.to(*build, LinkKind::Contains))
            .map(|(item, _)| item)
            .collect();
        let names = builds.iter().map(|build| self.name(*build)).collect::<Vec<_>>().join(" and ");
        for leaf in self.leaves(release) {
            if stated.contains(&leaf) {
                continue;
            }
            let changes = stream.changes_of(leaf);
            if changes.is_empty() {
                let sentence = format!(
                    "No change is linked to {}, so nobody can tell whether it is in {names}.",
                    self.name(leaf)
                );
                report(self.fact(Condition::InBuild, Verdict::Unknown, leaf, sentence));
            } else if let Some(lacking) = changes.iter().find(|change| !brought.contains(*change)) {
                let sentence = format!(
                    "{} is not in {names}: change {} is missing.",
                    self.name(leaf),
                    stream.id(*lacking)
                );
                report(Fact {
                    evidence: stream.last_event(*lacking).into_iter().collect(),
                    ..self.fact(Condition::InBuild, Verdict::NotReady, leaf, sentence)
                });
            }
        }
        if required.is_none() {
            grounds.rule("first_stage_tests_need_no_environment");
        }
    }

    /// The leaves of a release's own scope, cancelled ones left out.
    fn leaves(&self, release: u32) -> Vec<u32> {
        self.stream.leaves(self.stream.from(release, LinkKind::ShipsIn).map(|(item, _)| item))
    }

    /// A build must have passed its tests in the environment of a stage.
    fn tests(&self, build: u32, stage: Option<&str>) -> Option<Fact> {
        let name = self.name(build);
        let place = stage.map_or(String::new(), |stage| format!(" in {stage}"));
        match Tested::of(self.stream, build, stage) {
            Tested::Passed => None,
            Tested::NotRun => {
                let sentence = format!("No test run of {name}{place} is known.");
                Some(self.fact(Condition::TestsPassed, Verdict::Unknown, build, sentence))
            }
            Tested::Failed { run, event, counts } => {
                let how =
                    counts.map_or("failed".into(), |(failed, all)| format!("failed {failed} of {all} tests"));
                let sentence = format!("{} of {name}{place} {how}.", self.name(run));
                Some(Fact {
                    since: self.stream.occurred(event),
                    evidence: vec![event],
                    ..self.fact(Condition::TestsPassed, Verdict::NotReady, run, sentence)
                })
            }
        }
    }

    fn defect(&self, defect: u32, event: u32, grounds: &mut Grounds) -> Option<Fact> {
        let stream = self.stream;
        let severity = stream.last(defect, "severity", |set| match set {
            Set::Severity(severity) => Some(*severity),
            _ => None,
        });
        let Some((severity, _)) = severity else {
            grounds.exclude("defect_without_severity", stream.id(defect));
            return None;
        };
        if severity > self.policy.blocking {
            return None;
        }
        let sentence = format!("{} is open, with severity {severity}.", self.name(defect));
        let verdict = if stream.state_of(defect).is_some() { Verdict::NotReady } else { Verdict::Unknown };
        let fact = self.fact(Condition::NoBlockingDefect, verdict, defect, sentence);
        Some(Fact { evidence: fact.evidence.iter().copied().chain([event]).collect(), ..fact })
    }

    /// A leaf must be in a successful build that passed its tests; for work items, whatever release they are in.
    pub(super) fn built(&self, leaf: u32, rung: usize, evidence: &Evidence) -> Option<Fact> {
        let name = self.name(leaf);
        match evidence.of(self.stream, leaf) {
            Standing::Tested => None,
            Standing::Built(build) => self.tests(build, self.required_stage(rung)),
            Standing::NotBuilt => {
                let sentence = format!("{name} is in no successful build.");
                Some(self.fact(Condition::InBuild, Verdict::NotReady, leaf, sentence))
            }
            Standing::Unlinked => {
                let sentence =
                    format!("No change is linked to {name}, so nobody can tell whether it is in a build.");
                Some(self.fact(Condition::InBuild, Verdict::Unknown, leaf, sentence))
            }
        }
    }

    pub(super) fn fact(&self, condition: Condition, verdict: Verdict, item: u32, sentence: String) -> Fact {
        let event = self.stream.last_event(item);
        Fact {
            condition,
            verdict,
            item,
            sentence,
            waits_for: self.whom(item),
            since: event.and_then(|event| self.stream.occurred(event)),
            earliest: None,
            evidence: event.into_iter().collect(),
        }
    }

    /// The name for people, with the id.
    pub(super) fn name(&self, item: u32) -> String {
        let (id, title) = (self.stream.id(item), self.stream.title(item));
        if title == id { id.to_owned() } else { format!("{title} ({id})") }
    }

    /// Whom an item waits for: its assignee, else its owner.
    pub(super) fn whom(&self, item: u32) -> Option<String> {
        let stream = self.stream;
        let assignee = stream.last(item, "assignee", |set| match set {
            Set::Assignee(name) => Some(name.to_string()),
            _ => None,
        });
        assignee.map(|(name, _)| name).or_else(|| {
            stream.to(item, LinkKind::OwnedBy).next().map(|(owner, _)| stream.title(owner).to_owned())
        })
    }

    /// Facts in the order in which people want them: misses before unknowns, by condition, by who is concerned.
    fn list(&self, target: u32, facts: Vec<Found>, needed: &Closure) -> Vec<Unmet> {
        let stream = self.stream;
        let query = CriticalPathQuery::new(stream.id(target), self.at);
        let work: HashMap<u32, Instant> =
            if facts.iter().any(|found| found.fact.condition == Condition::ScopeDone) {
                // A date that can't be reached is a matter for the schedule; here it is just not known.
                stream.early_finishes(target, &query).unwrap_or_default().into_iter().collect()
            } else {
                HashMap::default()
            };
        let mut seen = HashSet::default();
        let mut unmet: Vec<Unmet> = facts
            .into_iter()
            .filter(|found| seen.insert((found.fact.condition, found.fact.item)))
            .map(|Found { through, rung, fact }| {
                let mut evidence: Vec<String> =
                    fact.evidence.iter().map(|event| stream.key(*event)).collect();
                evidence.sort_unstable();
                evidence.dedup();
                let at_work = || work.get(&fact.item).copied().filter(|at| *at > self.at);
                Unmet {
                    condition: fact.condition,
                    verdict: fact.verdict,
                    stage: self.stage(rung).to_owned(),
                    item: stream.id(fact.item).to_owned(),
                    title: stream.title(fact.item).to_owned(),
                    sentence: fact.sentence,
                    waits_for: fact.waits_for,
                    since: fact.since,
                    earliest: fact
                        .earliest
                        .or_else(|| (fact.condition == Condition::ScopeDone).then(at_work).flatten()),
                    through: through.map(|release| stream.id(release).to_owned()),
                    consequences: consequences(fact.item, needed),
                    evidence,
                }
            })
            .collect();
        unmet.sort_by(|a, b| {
            (b.verdict, a.through.is_some(), a.condition, &a.item).cmp(&(
                a.verdict,
                b.through.is_some(),
                b.condition,
                &b.item,
            ))
        });
        unmet
    }
}

/// How many of the items that were looked at wait for one of them, itself left out.
fn consequences(item: u32, needed: &Closure) -> u32 {
    let mut found = HashSet::default();
    let mut stack: Vec<(u32, usize)> = (0..8).map(|rung| (item, rung)).collect();
    while let Some(at) = stack.pop() {
        for by in needed.get(&at).into_iter().flat_map(|need| &need.needed_by) {
            if found.insert(*by) {
                stack.push(*by);
            }
        }
    }
    found.into_iter().map(|(item, _)| item).collect::<HashSet<u32>>().len() as u32
}

pub(super) fn day(instant: Instant) -> String {
    instant.to_string().chars().take(10).collect()
}
