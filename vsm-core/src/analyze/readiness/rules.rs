//! The rules of a policy, asked of one item.

use super::super::message::{Say, say};
use super::evidence::{stage_of, stage_of_run};
use super::judge::{Fact, Judge};
use super::{Condition, Measure, Policy, PolicyRule, Reach, RuleTest, Verdict};
use crate::hash::{HashMap, HashSet};
use crate::model::{FlowState, Kind, LinkKind, Set};

/// How many of the items that a figure was made of are named as evidence.
const NAMED: usize = 20;

/// The rules of a policy, ready to be asked.
pub(super) struct Rules<'a> {
    policy: &'a Policy,
    places: HashMap<&'a str, usize>,
}

/// What came of asking one rule or condition.
#[derive(Clone)]
struct Finding {
    verdict: Verdict,
    /// Meeting these makes it met; each once.
    facts: Vec<Fact>,
}

/// One item that is asked, with what its conditions came to and what its rules came to so far.
struct Asking<'a> {
    item: u32,
    own: &'a [Fact],
    found: HashMap<usize, Finding>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(policy: &'a Policy) -> Rules<'a> {
        let places =
            policy.rules.iter().enumerate().map(|(place, rule)| (rule.name.as_str(), place)).collect();
        Rules { policy, places }
    }

    /// Whether anything is asked of items of a kind at a stage.
    pub(super) fn ask(&self, kind: Option<Kind>, stage: &str) -> bool {
        self.policy.rules.iter().any(|rule| is_asked(rule, kind, stage))
    }
}

fn is_asked(rule: &PolicyRule, kind: Option<Kind>, stage: &str) -> bool {
    let of_kind = match rule.kinds.as_slice() {
        [] => kind == Some(Kind::Release),
        kinds => kind.is_some_and(|kind| kinds.contains(&kind)),
    };
    of_kind && rule.stages.iter().any(|s| s == stage)
}

impl Judge<'_> {
    /// What an item lacks of the rules that its stage asks of it. `own` are the unmet conditions of the item itself.
    pub(super) fn asked(&self, item: u32, rung: usize, own: &[Fact]) -> Vec<Fact> {
        let (kind, stage) = (self.stream.kind(item), self.stage(rung));
        // A release that has shipped is ready, whatever is asked of the others.
        let is_over = kind == Some(Kind::Release) && !self.is_open(item);
        if is_over || !self.rules.ask(kind, stage) {
            return Vec::new();
        }
        let mut asking = Asking { item, own, found: HashMap::default() };
        let mut facts = Vec::new();
        for (place, rule) in self.policy.rules.iter().enumerate() {
            if is_asked(rule, kind, stage) {
                join(&mut facts, self.rule(place, &mut asking).facts);
            }
        }
        facts
    }

    /// Asks a rule, and first those that it names; each once.
    fn rule(&self, place: usize, asking: &mut Asking<'_>) -> Finding {
        if let Some(found) = asking.found.get(&place) {
            return found.clone();
        }
        let mut finding = Finding { verdict: Verdict::Ready, facts: Vec::new() };
        let Some(rule) = self.policy.rules.get(place) else { return finding };
        for name in &rule.all {
            let part = self.named(name, asking);
            finding.verdict = finding.verdict.max(part.verdict);
            join(&mut finding.facts, part.facts);
        }
        // Of alternatives the nearest: the least bad, then the one that asks for least.
        let ways = rule.any.iter().map(|name| self.named(name, asking));
        if let Some(way) = ways.min_by_key(|way| (way.verdict, way.facts.len())) {
            finding.verdict = finding.verdict.max(way.verdict);
            join(&mut finding.facts, way.facts);
        }
        let mut misses = Vec::new();
        for name in &rule.none {
            match self.named(name, asking).verdict {
                Verdict::NotReady => {}
                Verdict::Ready => misses.push((Verdict::NotReady, say::and_must_not_hold(name.clone()))),
                Verdict::Unknown => {
                    misses.push((Verdict::Unknown, say::and_may_hold(name.clone())));
                }
            }
        }
        let mut evidence = Vec::new();
        if let Some(test) = &rule.test {
            let (verdict, what, looked_at) = self.test(test, asking.item);
            if verdict != Verdict::Ready {
                misses.push((verdict, what));
                evidence = looked_at;
            }
        }
        if let Some(verdict) = misses.iter().map(|(verdict, _)| *verdict).max() {
            let fact = self.miss(rule, asking.item, verdict, misses, evidence);
            if !self.is_assumed(&fact) {
                finding.verdict = finding.verdict.max(verdict);
                join(&mut finding.facts, vec![fact]);
            }
        }
        asking.found.insert(place, finding.clone());
        finding
    }

    /// A rule, or a condition of the item itself, by name.
    fn named(&self, name: &str, asking: &mut Asking<'_>) -> Finding {
        if let Some(place) = self.rules.places.get(name).copied() {
            return self.rule(place, asking);
        }
        let condition = Condition::from_word(name);
        let facts: Vec<Fact> =
            asking.own.iter().filter(|fact| Some(fact.condition) == condition).cloned().collect();
        Finding { verdict: facts.iter().map(|fact| fact.verdict).max().unwrap_or(Verdict::Ready), facts }
    }

    fn miss(
        &self,
        rule: &PolicyRule,
        item: u32,
        verdict: Verdict,
        misses: Vec<(Verdict, Say)>,
        evidence: Vec<u32>,
    ) -> Fact {
        let say = match &rule.sentence {
            Some(sentence) => say::rule_sentence(sentence.clone()),
            None => misses
                .into_iter()
                .enumerate()
                .fold(say::rule_not_met(item, rule.name.clone()), |said, (nth, (_, miss))| {
                    said.and((nth > 0).then(say::and_also)).and([miss])
                }),
        };
        Fact {
            rule: Some(rule.name.clone()),
            waits_for: rule.waits_for.clone().or_else(|| self.whom(item)),
            since: None,
            evidence,
            ..self.fact(Condition::RuleMet, verdict, item, say)
        }
    }

    /// Measures, and says what was found and by which events.
    fn test(&self, test: &RuleTest, item: u32) -> (Verdict, Say, Vec<u32>) {
        let reached = self.reach(test.of, item);
        let mut surely = Vec::new();
        let mut maybe = Vec::new();
        for other in &reached {
            match self.fits(test, *other) {
                Some(true) => surely.push(*other),
                None => maybe.push(*other),
                Some(false) => {}
            }
        }
        let measure = test.measure.unwrap_or(Measure::Count);
        let low = self.figure(measure, &surely, reached.len());
        let either: Vec<u32> = surely.iter().chain(&maybe).copied().collect();
        let high = self.figure(measure, &either, reached.len());
        let verdict = match (low, high) {
            (Some(low), Some(high)) => judge(test, low.min(high), low.max(high), reached.is_empty()),
            _ => Verdict::Unknown,
        };
        let (of, what) = (test.of.as_str().into(), measure.as_str().into());
        let found = match low {
            None => say::and_without_figure(of, what),
            Some(low) if measure == Measure::Count => say::and_count(low, reached.len() as u64, of),
            Some(low) => say::and_figure(what, of, low),
        };
        let open = (!maybe.is_empty()).then(|| say::and_more_may(maybe.len() as u64));
        let bounds = match (test.at_least, test.at_most) {
            (Some(low), Some(high)) => Some(say::and_between(low, high)),
            (Some(low), None) => Some(say::and_at_least(low)),
            (None, high) => high.map(say::and_at_most),
        };
        let shown = if either.is_empty() { &reached } else { &either };
        let evidence = shown.iter().take(NAMED).filter_map(|other| self.stream.last_event(*other)).collect();
        (verdict, found.and(open).and(bounds), evidence)
    }

    fn figure(&self, measure: Measure, items: &[u32], reached: usize) -> Option<f64> {
        let stream = self.stream;
        let sum = |read: fn(&Set) -> Option<Option<&f64>>| {
            items.iter().filter_map(|item| stream.last(*item, read)).map(|(number, _)| number).sum::<f64>()
        };
        match measure {
            Measure::Count => Some(items.len() as f64),
            Measure::Share => (reached > 0).then(|| items.len() as f64 / reached as f64),
            Measure::Size => Some(sum(Set::size)),
            Measure::Value => Some(sum(Set::value)),
            Measure::PassRate => {
                let counts = items.iter().filter_map(|item| stream.last(*item, Set::tests));
                let (passed, ran) = counts.fold((0_u64, 0_u64), |(passed, ran), (tests, _)| {
                    let skipped = u64::from(tests.skipped);
                    (passed + u64::from(tests.passed), ran + u64::from(tests.tests).saturating_sub(skipped))
                });
                (ran > 0).then(|| passed as f64 / ran as f64)
            }
        }
    }

    /// Whether an item fits every filter; none where what is known of it does not tell.
    fn fits(&self, test: &RuleTest, item: u32) -> Option<bool> {
        let stream = self.stream;
        let fits = |wanted: bool, value: Option<bool>| if wanted { value } else { Some(true) };
        let state = || match stream.kind(item) {
            Some(Kind::Gate) if stream.passed(item, self.at).is_some() => Some(FlowState::Done),
            _ => stream.state_of(item),
        };
        let age = || {
            let since = stream.finished_at(item).or_else(|| stream.first_seen(item).map(|(at, _)| at));
            since.map(|since| self.at.since(since))
        };
        let has = |(name, value): (&String, &String)| self.attribute(item, name) == Some(value.as_str());
        let filters = [
            fits(!test.kinds.is_empty(), stream.kind(item).map(|kind| test.kinds.contains(&kind))),
            fits(!test.states.is_empty(), state().map(|state| test.states.contains(&state))),
            fits(!test.results.is_empty(), stream.outcome(item).map(|result| test.results.contains(&result))),
            fits(
                test.severity.is_some(),
                stream.last(item, Set::severity).map(|(found, _)| Some(found) <= test.severity),
            ),
            fits(test.stage.is_some(), Some(self.stage_of_item(item) == test.stage)),
            fits(!test.attributes.is_empty(), Some(test.attributes.iter().all(has))),
            fits(test.max_age.is_some(), age().map(|age| Some(age) <= test.max_age)),
            fits(test.min_age.is_some(), age().map(|age| Some(age) >= test.min_age)),
        ];
        if filters.contains(&Some(false)) {
            return Some(false);
        }
        (!filters.contains(&None)).then_some(true)
    }

    fn attribute(&self, item: u32, wanted: &str) -> Option<&str> {
        let sets =
            self.stream.chronicle(item).into_iter().rev().flat_map(|(_, event)| event.sets.iter().rev());
        for set in sets {
            match set {
                Set::Attribute(pair) if &*pair.0 == wanted => return Some(&*pair.1),
                Set::Clear(name) if &**name == wanted => return None,
                _ => {}
            }
        }
        None
    }

    /// The stage that an item belongs to.
    fn stage_of_item(&self, item: u32) -> Option<String> {
        let stream = self.stream;
        match stream.kind(item) {
            Some(Kind::TestRun) => stage_of_run(stream, item),
            Some(Kind::Deployment) => {
                stream.to(item, LinkKind::DeployedTo).find_map(|(place, _)| stage_of(stream, place))
            }
            _ => stage_of(stream, item),
        }
    }

    /// What a rule looks at, each once, by id.
    fn reach(&self, reach: Reach, item: u32) -> Vec<u32> {
        let stream = self.stream;
        let ends = |items: &[u32], kind: LinkKind| -> Vec<u32> {
            items.iter().flat_map(|item| stream.from(*item, kind)).map(|(other, _)| other).collect()
        };
        let mut found = match reach {
            Reach::Item => vec![item],
            Reach::Scope => self.work_in(item),
            Reach::Parts => {
                let mut parts = ends(&[item], LinkKind::Parent);
                parts.retain(|part| {
                    stream.kind(*part).is_none_or(|kind| kind.is_work() || kind == Kind::Release)
                });
                parts
            }
            Reach::Upstream => stream.to(item, LinkKind::DependsOn).map(|(other, _)| other).collect(),
            Reach::Builds => self.builds_of(item),
            Reach::TestRuns => ends(&self.builds_of(item), LinkKind::Tests),
            Reach::Deployments => ends(&self.builds_of(item), LinkKind::Deploys),
            Reach::Defects => {
                let mut places = self.builds_of(item);
                places.push(item);
                let mut found = ends(&places, LinkKind::FoundIn);
                found.extend(self.work_in(item));
                found.retain(|other| stream.kind(*other) == Some(Kind::Defect));
                found
            }
            Reach::Gates => ends(&[item], LinkKind::Gates),
            Reach::Environments => ends(&[item], LinkKind::BookedFor)
                .iter()
                .flat_map(|booking| stream.to(*booking, LinkKind::Books))
                .map(|(place, _)| place)
                .collect(),
        };
        found.retain(|other| *other == item || stream.state_of(*other) != Some(FlowState::Cancelled));
        found.sort_unstable_by_key(|other| stream.id(*other));
        found.dedup();
        found
    }

    /// The leaves of a release's scope and of those of its parts; of work, its own leaves.
    fn work_in(&self, item: u32) -> Vec<u32> {
        let stream = self.stream;
        if stream.kind(item) != Some(Kind::Release) {
            return stream.leaves([item]);
        }
        let (mut releases, mut seen) = (vec![item], HashSet::default());
        let mut scope = Vec::new();
        while let Some(release) = releases.pop() {
            scope.extend(stream.from(release, LinkKind::ShipsIn).map(|(work, _)| work));
            let parts = stream.from(release, LinkKind::Parent).map(|(part, _)| part);
            releases
                .extend(parts.filter(|part| stream.kind(*part) == Some(Kind::Release) && seen.insert(*part)));
        }
        stream.leaves(scope)
    }

    fn builds_of(&self, item: u32) -> Vec<u32> {
        let stream = self.stream;
        match stream.kind(item) {
            Some(Kind::Build) => vec![item],
            Some(Kind::Release) => stream.candidates(item).into_iter().map(|(build, _)| build).collect(),
            _ => stream.from(item, LinkKind::Contains).map(|(build, _)| build).collect(),
        }
    }
}

/// Where a figure between two bounds lies, seen from those of the test.
fn judge(test: &RuleTest, low: f64, high: f64, nothing_reached: bool) -> Verdict {
    let least = match test.at_least {
        Some(least) if nothing_reached && least > 0.0 => Verdict::Unknown,
        Some(least) if high < least => Verdict::NotReady,
        Some(least) if low < least => Verdict::Unknown,
        _ => Verdict::Ready,
    };
    let most = match test.at_most {
        Some(most) if low > most => Verdict::NotReady,
        Some(most) if high > most => Verdict::Unknown,
        _ => Verdict::Ready,
    };
    least.max(most)
}

/// Adds facts, each once.
pub(super) fn join(facts: &mut Vec<Fact>, more: Vec<Fact>) {
    for fact in more {
        if !facts.iter().any(|known| known.is_same(&fact)) {
            facts.push(fact);
        }
    }
}
