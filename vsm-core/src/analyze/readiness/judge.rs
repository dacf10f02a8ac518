//! One item against one stage: which facts apply, and which of them are unmet.
//!
//! Every fact is judged at the one item that it is about, so that a failing component behind ten features is one
//! fact. The facts of an item are those of everything it needs, put together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::critical_path::CriticalPathQuery;
use super::super::message::Say;
use super::super::{Grounds, keys, whom};
use super::bookings;
use super::evidence::Evidence;
use super::rules::{self, Rules};
use super::waiting::Waiting;
use super::{Condition, MetFact, Policy, Readiness, Unmet, Verdict, Waiver, has_verdict, phases};
use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{FlowState, Kind, LinkKind};
use crate::stream::ValueStream;
use crate::time::Instant;

/// The rules that every verdict goes by.
pub(super) const RULES: [&str; 2] = ["worst_of_what_applies", "leaves"];

/// A fact on its way to an [`Unmet`].
#[derive(Clone)]
pub(super) struct Fact {
    pub(super) condition: Condition,
    /// The rule of the policy, where it is one that is not met.
    pub(super) rule: Option<String>,
    pub(super) verdict: Verdict,
    pub(super) item: u32,
    pub(super) say: Say,
    pub(super) waits_for: Option<String>,
    pub(super) since: Option<Instant>,
    pub(super) earliest: Option<Instant>,
    pub(super) evidence: Vec<u32>,
}

impl Fact {
    /// Whether two facts of one item have the same root cause.
    pub(super) fn is_same(&self, other: &Fact) -> bool {
        (self.condition, self.item, &self.rule) == (other.condition, other.item, &other.rule)
    }
}

/// A fact, with the stage that it was found for and the upstream release that brings it in.
struct Found {
    /// The item that was judged.
    place: u32,
    through: Option<u32>,
    rung: usize,
    fact: Fact,
}

impl Found {
    /// What makes two facts the same. Whether an item is in the build or its place is booked is asked anew for each
    /// release; everything else is one fact, whoever needs it.
    fn root(&self) -> (Condition, u32, Option<String>, Option<u32>) {
        use Condition::{EnvironmentBooked, EnvironmentVersion, InBuild};
        let of_release = matches!(self.fact.condition, InBuild | EnvironmentBooked | EnvironmentVersion);
        (self.fact.condition, self.fact.item, self.fact.rule.clone(), self.through.filter(|_| of_release))
    }
}

pub(super) struct Judge<'a> {
    pub(super) stream: &'a ValueStream,
    pub(super) policy: &'a Policy,
    pub(super) rules: Rules<'a>,
    pub(super) at: Instant,
    /// What is to be taken for met, whatever the record says.
    pub(super) assumed: HashSet<(Condition, u32, Option<String>)>,
}

/// Everything that a target needs: (item, the rung it is needed for), and how it was reached.
pub(super) type Closure = BTreeMap<(u32, usize), Needed>;

pub(super) struct Needed {
    /// The upstream release that brings it in.
    through: Option<u32>,
    pub(super) needed_by: Vec<(u32, usize)>,
}

/// An answer, with what it was made of.
pub(super) struct Judged {
    pub(super) readiness: Readiness,
    pub(super) needed: Closure,
    /// For each unmet fact the item that it was found at.
    pub(super) places: Vec<(u32, usize)>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(stream: &'a ValueStream, policy: &'a Policy, at: Instant) -> Judge<'a> {
        Judge { stream, policy, rules: Rules::new(policy), at, assumed: HashSet::default() }
    }

    pub(super) fn judged(&self, target: u32, rung: usize) -> Result<Judged> {
        let stream = self.stream;
        let kind = stream.kind(target);
        if kind.is_some_and(|kind| !has_verdict(kind)) {
            let kind = kind.map_or("", Kind::as_str);
            return Err(Error::invalid(
                "item",
                format!("\"{}\" is a {kind}: ask for a release, a build or work", stream.id(target)),
            ));
        }
        let mut grounds = Grounds::default();
        let needed = self.needed(target, rung);
        let mut facts: Vec<Found> = Vec::new();
        for ((item, rung), need) in &needed {
            self.local(*item, *rung, &needed, &mut grounds, &mut |fact| {
                facts.push(Found { place: *item, through: need.through, rung: *rung, fact });
            });
        }
        let leaves: BTreeSet<u32> = needed
            .iter()
            .filter(|(_, need)| need.through.is_none())
            .map(|((item, _), _)| *item)
            .filter(|item| self.is_leaf(*item))
            .collect();
        let done =
            leaves.iter().filter(|leaf| stream.state_of(**leaf) == Some(FlowState::Done)).count() as u32;
        let scope = leaves.len() as u32;
        if kind.is_none_or(Kind::is_work) {
            let evidence = Evidence::gather(stream, self.required_stage(rung));
            let leaves: Vec<u32> = leaves.into_iter().collect();
            let proofs = self.proofs(&leaves, rung, &evidence);
            let place = |item: u32| if needed.contains_key(&(item, rung)) { item } else { target };
            let asked = proofs
                .into_iter()
                .filter(|fact| self.policy.asks(self.stage(rung), fact.condition) && !self.is_assumed(fact));
            facts.extend(asked.map(|fact| Found { place: place(fact.item), through: None, rung, fact }));
        }
        self.leave_one_side(&mut facts);
        let verdict = facts.iter().map(|found| found.fact.verdict).max().unwrap_or(Verdict::Ready);
        grounds.evidence.extend(facts.iter().flat_map(|found| &found.fact.evidence));
        grounds.evidence.extend(needed.keys().filter_map(|(item, _)| stream.last_event(*item)));
        let mut waivers: Vec<Waiver> = needed
            .keys()
            .filter(|(item, rung)| stream.kind(*item) != Some(Kind::Gate) || self.is_gate_of(*item, *rung))
            .filter_map(|(item, _)| self.waiver(target, *item))
            .collect();
        waivers.sort_by(|a, b| a.item.cmp(&b.item));
        waivers.dedup();
        let (places, unmet) = self.list(target, facts, &needed).into_iter().unzip();
        grounds.n = u64::from(scope);
        grounds.rules.extend(RULES.map(String::from));
        let readiness = Readiness {
            item: stream.id(target).to_owned(),
            title: stream.title(target).to_owned(),
            stage: self.stage(rung).to_owned(),
            at: self.at,
            verdict,
            unmet,
            exceptions: waivers,
            done,
            scope,
            percent: (scope > 0).then(|| 100.0 * f64::from(done) / f64::from(scope)),
            basis: grounds.finish(stream),
        };
        Ok(Judged { readiness, needed, places })
    }

    /// Takes facts for met.
    pub(super) fn assume(&mut self, facts: &[MetFact]) -> Result<()> {
        for fact in facts {
            self.assumed.insert((fact.condition, self.stream.find(&fact.item)?, fact.rule.clone()));
        }
        Ok(())
    }

    /// Whether a fact is to be taken for met.
    pub(super) fn is_assumed(&self, fact: &Fact) -> bool {
        !self.assumed.is_empty() && self.assumed.contains(&(fact.condition, fact.item, fact.rule.clone()))
    }

    /// Drops those booking conflicts that are gone once the others are: one's own bookings are to move first.
    fn leave_one_side(&self, facts: &mut Vec<Found>) {
        let is_conflict = |found: &Found| found.fact.condition == Condition::NoBookingConflict;
        let mut bookings: Vec<(bool, bool, u32)> = facts
            .iter()
            .filter(|found| is_conflict(found))
            .map(|found| (!self.is_assumed(&found.fact), found.through.is_some(), found.fact.item))
            .collect();
        bookings.sort_unstable_by_key(|(assumed, upstream, booking)| {
            (*assumed, *upstream, self.stream.id(*booking))
        });
        let bookings: Vec<u32> = bookings.into_iter().map(|(.., booking)| booking).collect();
        let kept = bookings::fewest(self, &bookings);
        facts.retain(|found| {
            !is_conflict(found) || (kept.contains(&found.fact.item) && !self.is_assumed(&found.fact))
        });
    }

    pub(super) fn stage(&self, rung: usize) -> &'a str {
        self.policy.stages.get(rung).map_or("", String::as_str)
    }

    /// The stage whose environment tests must have passed in before a rung.
    pub(super) fn required_stage(&self, rung: usize) -> Option<&'a str> {
        rung.checked_sub(1).map(|before| self.stage(before))
    }

    pub(super) fn is_open(&self, item: u32) -> bool {
        !matches!(self.stream.state_of(item), Some(FlowState::Done | FlowState::Cancelled))
    }

    /// Whether an item is work without parts; what nobody has described is taken for work.
    pub(super) fn is_leaf(&self, item: u32) -> bool {
        self.stream.kind(item).is_none_or(Kind::is_work) && !self.stream.has_parts(item)
    }

    /// What an item needs directly, each with the rung it is needed for. What is finished needs nothing any more.
    pub(super) fn needs(&self, item: u32, rung: usize) -> Vec<(u32, usize)> {
        let stream = self.stream;
        let kind = stream.kind(item);
        let is_release = kind == Some(Kind::Release);
        if is_release && !self.is_open(item) {
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
        if !phases::asks_for_all(kind) {
            needs.retain(|(other, _)| self.asks(item, *other) >> rung & 1 == 1);
        }
        needs
    }

    fn needed(&self, target: u32, rung: usize) -> Closure {
        let start = (target, rung);
        let mut needed = Closure::from([(start, Needed { through: None, needed_by: Vec::new() })]);
        // Breadth first and by id, so that everything is reached by the same shortest way in whatever order it was
        // linked.
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            let passed_on = needed.get(&at).and_then(|need| need.through);
            let mut needs = self.needs(at.0, at.1);
            needs.sort_unstable_by_key(|(other, rung)| (self.stream.id(*other), *rung));
            for other in needs {
                let is_release = other.0 != target && self.stream.kind(other.0) == Some(Kind::Release);
                let through = if is_release { Some(other.0) } else { passed_on };
                let slot = needed.entry(other).or_insert_with(|| {
                    queue.push_back(other);
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
        let mut own = Vec::new();
        self.own(item, rung, grounds, &mut |fact| {
            // Which of two bookings has to move is decided when all are known.
            if fact.condition == Condition::NoBookingConflict || !self.is_assumed(&fact) {
                own.push(fact);
            }
        });
        // A defect that is needed anyway is reported there, unless its parts are what is looked at.
        let is_needed =
            |other: u32| self.is_leaf(other) && (0..8).any(|rung| needed.contains_key(&(other, rung)));
        let is_said = |fact: &Fact| {
            fact.condition == Condition::NoBlockingDefect
                && self.policy.asks(self.stage(rung), Condition::ScopeDone)
                && is_needed(fact.item)
        };
        self.settled(item, rung, own).into_iter().filter(|fact| !is_said(fact)).for_each(report);
    }

    /// The unmet conditions of one item by itself, whatever the policy asks.
    pub(super) fn own(&self, item: u32, rung: usize, grounds: &mut Grounds, report: &mut dyn FnMut(Fact)) {
        match self.stream.kind(item) {
            Some(Kind::Release) => self.release(item, rung, grounds, report),
            Some(Kind::Build) => self.build(item, rung, grounds, report),
            Some(Kind::Gate) => self.gate(item, rung).into_iter().for_each(report),
            Some(Kind::Phase) => self.phase(item, rung).into_iter().for_each(report),
            Some(Kind::Criterion) => self.criterion(item).into_iter().for_each(report),
            _ if self.is_activity(item) => self.activity(item).into_iter().for_each(report),
            _ if self.is_leaf(item) => self.leaf(item).into_iter().for_each(report),
            _ => {}
        }
    }

    /// What is left of an item's unmet conditions when the policy has had its say, and what its rules add.
    pub(super) fn settled(&self, item: u32, rung: usize, mut own: Vec<Fact>) -> Vec<Fact> {
        let asked = self.asked(item, rung, &own);
        own.retain(|fact| self.policy.asks(self.stage(rung), fact.condition));
        rules::join(&mut own, asked);
        own
    }

    pub(super) fn fact(&self, condition: Condition, verdict: Verdict, item: u32, say: Say) -> Fact {
        let event = self.stream.last_event(item);
        Fact {
            condition,
            rule: None,
            verdict,
            item,
            say,
            waits_for: self.whom(item),
            // What holds "always", as a source without a date says it, has no since.
            since: event.and_then(|event| self.stream.occurred(event)).filter(|at| at.millis() != 0),
            earliest: None,
            evidence: event.into_iter().collect(),
        }
    }

    /// Whom an item waits for: those responsible, else its assignee, else its owner.
    pub(super) fn whom(&self, item: u32) -> Option<String> {
        whom(self.stream, item)
    }

    /// Facts in the order in which people want them: one's own before upstream ones, misses before unknowns.
    fn list(&self, target: u32, mut facts: Vec<Found>, needed: &Closure) -> Vec<((u32, usize), Unmet)> {
        let stream = self.stream;
        let applications: Vec<u32> = stream.to(target, LinkKind::BelongsTo).map(|(item, _)| item).collect();
        let calendar = stream.calendar_of(&applications);
        let query = CriticalPathQuery {
            calendar,
            policy: Some(self.policy.clone()),
            ..CriticalPathQuery::new(stream.id(target), self.at)
        };
        let work: HashMap<u32, Instant> = if facts.iter().any(|found| is_work_to_do(found.fact.condition)) {
            // A date that can't be reached is a matter for the schedule; here it is just not known.
            stream.early_finishes(target, &query).unwrap_or_default().into_iter().collect()
        } else {
            HashMap::default()
        };
        // Where a fact was found more than once, the one that is nearest is kept.
        facts.sort_by_key(|found| {
            let through = found.through.map(|release| stream.id(release));
            (
                stream.id(found.fact.item),
                found.fact.condition,
                through,
                found.rung,
                Reverse(found.fact.verdict),
            )
        });
        let mut seen = HashSet::default();
        let mut waiting = Waiting::default();
        let mut unmet: Vec<((u32, usize), Unmet)> = facts
            .into_iter()
            .filter(|found| seen.insert(found.root()))
            .map(|Found { place, through, rung, fact }| {
                let (releases, value) = waiting.of(self, fact.item, place);
                let (sentence, messages) = fact.say.tell(stream);
                let at_work = || work.get(&fact.item).copied().filter(|at| *at > self.at);
                let unmet = Unmet {
                    condition: fact.condition,
                    rule: fact.rule,
                    verdict: fact.verdict,
                    stage: self.stage(rung).to_owned(),
                    item: stream.id(fact.item).to_owned(),
                    title: stream.title(fact.item).to_owned(),
                    sentence,
                    messages,
                    waits_for: fact.waits_for,
                    since: fact.since,
                    earliest: fact.earliest.or_else(|| is_work_to_do(fact.condition).then(at_work).flatten()),
                    through: through.map(|release| stream.id(release).to_owned()),
                    consequences: consequences(stream, fact.item, needed),
                    releases,
                    value,
                    evidence: keys(stream, fact.evidence),
                };
                ((place, rung), unmet)
            })
            .collect();
        unmet.sort_by(|(_, a), (_, b)| {
            let key = |a: &Unmet| (a.through.is_some(), Reverse(a.verdict), a.condition);
            key(a).cmp(&key(b)).then_with(|| (&a.item, &a.rule).cmp(&(&b.item, &b.rule)))
        });
        unmet
    }
}

/// Whether a condition is met by working or building, so that the schedule knows when.
fn is_work_to_do(condition: Condition) -> bool {
    matches!(condition, Condition::ScopeDone | Condition::ActivityDone | Condition::BuildSucceeded)
}

/// How many of the work items and releases that were looked at wait for one item, itself left out.
fn consequences(stream: &ValueStream, item: u32, needed: &Closure) -> u32 {
    let mut found = HashSet::default();
    let mut stack: Vec<(u32, usize)> = (0..8).map(|rung| (item, rung)).collect();
    while let Some(at) = stack.pop() {
        for by in needed.get(&at).into_iter().flat_map(|need| &need.needed_by) {
            if found.insert(*by) {
                stack.push(*by);
            }
        }
    }
    let waiting = found.into_iter().map(|(item, _)| item);
    waiting.filter(|item| stream.kind(*item).is_none_or(has_verdict)).collect::<HashSet<u32>>().len() as u32
}
