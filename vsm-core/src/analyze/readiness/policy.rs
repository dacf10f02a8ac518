//! What counts as ready: the ladder of stages, the conditions that each asks for, and rules of one's own.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Condition, has_verdict};
use crate::error::{Error, Result};
use crate::model::{FlowState, Kind, Outcome, Severity};
use crate::text_enum::text_enum;
use crate::time::{Span, clip};

/// How many rules a policy has at most, and how deep they refer to one another.
const MOST_RULES: usize = 1_000;
const DEEPEST: usize = 32;

/// What counts as ready. The default asks every stage for every [`Condition`] and needs no configuration.
///
/// A policy is data: it can be kept as JSON, and is checked as a whole before a question is answered. Its rules are
/// expressions over the graph, each with a name of its own, so that what is not met can be named:
///
/// ```
/// use vsm_core::{Policy, ReadinessQuery, ValueStream};
/// let policy: Policy = serde_json::from_str(r#"{
///     "rules": [
///         { "name": "signed off", "stages": ["production"], "any": ["scanned", "pen test passed"] },
///         { "name": "scanned", "test": { "of": "test_runs", "attributes": { "type": "scan" },
///                                        "results": ["success"], "max_age": 604800000, "at_least": 1 } },
///         { "name": "pen test passed", "test": { "of": "gates", "stage": "production", "states": ["done"], "at_least": 1 } }
///     ]
/// }"#)?;
/// assert_eq!(policy.check(), Ok(()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// The ladder of stages, first to last; at most eight.
    pub stages: Vec<String>,
    /// Open defects of this severity and worse keep a release back.
    pub blocking: Severity,
    /// Whether only pending bookings show a conflict, as some tools have it; otherwise approved ones do too.
    pub pending_conflicts_only: bool,
    /// The conditions that a stage asks for, by stage. A stage that is not named asks for all of them.
    pub conditions: BTreeMap<String, Vec<Condition>>,
    /// What stages ask for beside the conditions; at most a thousand.
    pub rules: Vec<PolicyRule>,
}

/// A rule of a policy: an expression with a name. It is met when everything that it says holds.
///
/// `all`, `any` and `none` name other rules, or conditions that are judged at the item itself. References go at most 32
/// deep and never round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyRule {
    /// Its name, once in the policy.
    pub name: String,
    /// The stages that ask for it; empty = none by itself, it is there for others to name.
    pub stages: Vec<String>,
    /// The kinds of items that it is asked of, each of work, release, build or gate; empty = releases.
    pub kinds: Vec<Kind>,
    /// All of these must be met.
    pub all: Vec<String>,
    /// At least one of these must be met.
    pub any: Vec<String>,
    /// None of these may be met.
    pub none: Vec<String>,
    /// What must be counted or measured.
    pub test: Option<RuleTest>,
    /// The sentence for people where it is not met; absent = one that says what was found.
    pub sentence: Option<String>,
    /// Whom it waits for; absent = whom the item waits for.
    pub waits_for: Option<String>,
}

/// What a rule counts, and within which bounds the figure must be.
///
/// Of what [`of`](RuleTest::of) reaches, those match that fit every filter; an empty filter fits all. What lacks the
/// field that a filter looks at may match or not, and where that decides, the rule is neither met nor unmet but unknown.
/// Where nothing is reached at all, `at_least` is unknown: no evidence is never a proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleTest {
    /// What is looked at, from the item.
    pub of: Reach,
    /// Only items of these kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// Only items in these states; a gate that is passed is `done`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<FlowState>,
    /// Only defects of this severity and worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Only what ended so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Outcome>,
    /// Only what belongs to this stage: an environment or gate by itself, a run or deployment by its environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Only items with these attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Only what is no older: since it ended, where it ends with a result, else since it was first spoken of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// Only what is no younger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_age: Option<Span>,
    /// What is measured; absent = how many match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// The least that the figure may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The most that the figure may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

text_enum! {
    /// What a rule looks at, from the item that it is asked of.
    pub enum Reach {
        /// The item itself.
        Item = "item",
        /// The work in it: the leaves of its scope or of its parts, cancelled ones left out.
        Scope = "scope",
        /// The releases or work items that are parts of it.
        Parts = "parts",
        /// What it depends on.
        Upstream = "upstream",
        /// The builds that are meant to become the release, or are stated to contain the work.
        Builds = "builds",
        /// The test runs of these builds.
        TestRuns = "test_runs",
        /// The deployments of these builds.
        Deployments = "deployments",
        /// The defects that were found in it or in these builds, and those of its scope.
        Defects = "defects",
        /// Its gates.
        Gates = "gates",
        /// The environments that are booked for it.
        Environments = "environments",
    }
}

text_enum! {
    /// What a rule measures.
    pub enum Measure {
        /// How many match.
        Count = "count",
        /// The share of those that match among all that were reached, from 0 to 1.
        Share = "share",
        /// The sum of their sizes.
        Size = "size",
        /// The sum of their values.
        Value = "value",
        /// The share of passed tests among those that ran, from 0 to 1.
        PassRate = "pass_rate",
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            stages: ["system_test", "user_acceptance", "pre_production", "production"]
                .map(String::from)
                .into(),
            blocking: Severity::Critical,
            pending_conflicts_only: false,
            conditions: BTreeMap::new(),
            rules: Vec::new(),
        }
    }
}

impl Policy {
    /// Whether the policy makes sense: every question checks it, so a host that takes one from a user may do so before.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the place, such as `policy.rules[2].any`: no or more than eight stages, a stage twice; a
    /// stage, rule or condition that is not there; a name twice; rules that refer to one another in a circle or more
    /// than 32 deep; a rule that says nothing, or says it of kinds that have no verdict; bounds that no figure meets.
    pub fn check(&self) -> Result<()> {
        if self.stages.is_empty() || self.stages.len() > 8 {
            return Err(Error::invalid("policy.stages", "a ladder has one to eight stages"));
        }
        if let Some(twice) = first_twice(self.stages.iter().map(String::as_str)) {
            return Err(Error::invalid(
                "policy.stages",
                format!("\"{}\" is on the ladder twice", clip(twice)),
            ));
        }
        for stage in self.conditions.keys() {
            self.stage(stage, "policy.conditions")?;
        }
        if self.rules.len() > MOST_RULES {
            return Err(Error::invalid("policy.rules", format!("a policy has at most {MOST_RULES} rules")));
        }
        if let Some(twice) = first_twice(self.rules.iter().map(|rule| rule.name.as_str())) {
            return Err(Error::invalid("policy.rules", format!("there are two rules \"{}\"", clip(twice))));
        }
        for (number, rule) in self.rules.iter().enumerate() {
            self.check_rule(rule, &format!("policy.rules[{number}]"))?;
        }
        self.check_depths()
    }

    /// The place of a stage on the ladder; of the last one where none is named.
    pub(super) fn rung(&self, stage: Option<&str>) -> Result<usize> {
        self.check()?;
        match stage {
            None => Ok(self.stages.len().saturating_sub(1)),
            Some(stage) => self.stage(stage, "stage"),
        }
    }

    fn stage(&self, stage: &str, field: &str) -> Result<usize> {
        self.stages.iter().position(|s| s == stage).ok_or_else(|| {
            let ladder = self.stages.join(", ");
            Error::invalid(field, format!("\"{}\" is not on the ladder: {ladder}", clip(stage)))
        })
    }

    fn check_rule(&self, rule: &PolicyRule, place: &str) -> Result<()> {
        let wrong = |field: &str, reason: String| Err(Error::invalid(&format!("{place}{field}"), reason));
        if rule.name.trim().is_empty() {
            return wrong(".name", "a rule has a name, which stands where it is not met".into());
        }
        if Condition::from_word(&rule.name).is_some() {
            return wrong(".name", format!("\"{}\" is the name of a condition", rule.name));
        }
        for stage in &rule.stages {
            self.stage(stage, &format!("{place}.stages"))?;
        }
        if let Some(kind) = rule.kinds.iter().find(|kind| !has_verdict(**kind) && **kind != Kind::Gate) {
            return wrong(".kinds", format!("a {kind} has no verdict that could depend on a rule"));
        }
        let says = [&rule.all, &rule.any, &rule.none].iter().any(|names| !names.is_empty());
        if !says && rule.test.is_none() {
            return wrong("", "a rule needs all, any, none or a test".into());
        }
        for (field, names) in [(".all", &rule.all), (".any", &rule.any), (".none", &rule.none)] {
            for name in names {
                match (self.find(name), Condition::from_word(name)) {
                    (Some(_), _) => {}
                    (None, Some(condition)) if is_judged_at(condition, &rule.kinds) => {}
                    (None, Some(condition)) => {
                        let how = "is not judged at the item that the rule is asked of: test its scope or gates instead";
                        return wrong(field, format!("{condition} {how}"));
                    }
                    (None, None) => {
                        return wrong(field, format!("there is no rule or condition \"{}\"", clip(name)));
                    }
                }
            }
        }
        rule.test.as_ref().map_or(Ok(()), |test| test.check(&format!("{place}.test")))
    }

    fn find(&self, name: &str) -> Option<&PolicyRule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// Refuses rules that refer to others too deep, or to themselves.
    fn check_depths(&self) -> Result<()> {
        let places: BTreeMap<&str, usize> =
            self.rules.iter().enumerate().map(|(place, rule)| (rule.name.as_str(), place)).collect();
        let references: Vec<Vec<usize>> = self
            .rules
            .iter()
            .map(|rule| rule.names().filter_map(|name| places.get(name).copied()).collect())
            .collect();
        let mut depths = vec![1; self.rules.len()];
        // Each round looks one reference further; what still grows after the last one is too deep, or goes round.
        for round in 0..=DEEPEST {
            let deeper: Vec<usize> = references
                .iter()
                .map(|names| 1 + names.iter().filter_map(|n| depths.get(*n)).max().copied().unwrap_or(0))
                .collect();
            if deeper == depths {
                return Ok(());
            }
            if round == DEEPEST {
                let place = deeper.iter().position(|depth| *depth > DEEPEST).unwrap_or(0);
                let name = self.rules.get(place).map_or("", |rule| clip(&rule.name));
                let why = format!("\"{name}\" refers to rules more than {DEEPEST} deep, or to itself");
                return Err(Error::invalid(&format!("policy.rules[{place}]"), why));
            }
            depths = deeper;
        }
        Ok(())
    }

    /// Whether every stage asks for every condition and nothing else.
    pub(super) fn is_plain(&self) -> bool {
        self.conditions.is_empty() && self.rules.is_empty()
    }

    /// Whether a stage asks for a condition.
    pub(in crate::analyze) fn asks(&self, stage: &str, condition: Condition) -> bool {
        condition == Condition::RuleMet
            || self.conditions.get(stage).is_none_or(|asked| asked.contains(&condition))
    }
}

impl PolicyRule {
    /// The rules and conditions that it names.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().chain(&self.any).chain(&self.none).map(String::as_str)
    }
}

impl RuleTest {
    fn check(&self, place: &str) -> Result<()> {
        let wrong = |field: &str, reason: &str| Err(Error::invalid(&format!("{place}.{field}"), reason));
        for (field, bound) in [("at_least", self.at_least), ("at_most", self.at_most)] {
            if bound.is_some_and(|bound| !bound.is_finite()) {
                return wrong(field, "must be a finite number");
            }
        }
        match (self.at_least, self.at_most) {
            (None, None) => return wrong("at_least", "a test needs at_least or at_most"),
            (Some(least), Some(most)) if least > most => {
                return wrong("at_least", "is more than at_most, which no figure can meet");
            }
            _ => {}
        }
        let is_share = matches!(self.measure, Some(Measure::Share | Measure::PassRate));
        if is_share
            && [self.at_least, self.at_most].iter().flatten().any(|bound| !(0.0..=1.0).contains(bound))
        {
            return wrong("measure", "a share is from 0 to 1");
        }
        for (field, age) in [("max_age", self.max_age), ("min_age", self.min_age)] {
            if age.is_some_and(|age| age < Span::ZERO) {
                return wrong(field, "must not be negative");
            }
        }
        if self.min_age.zip(self.max_age).is_some_and(|(least, most)| least > most) {
            return wrong("min_age", "is more than max_age, so that nothing can match");
        }
        Ok(())
    }
}

/// Whether a condition is judged at items of the kinds that a rule is asked of, and not at what they need.
fn is_judged_at(condition: Condition, kinds: &[Kind]) -> bool {
    let at_releases = !matches!(condition, Condition::ScopeDone | Condition::GatePassed | Condition::RuleMet);
    at_releases && (kinds.is_empty() || kinds == [Kind::Release])
}

fn first_twice<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    names.find(|name| !seen.insert(*name))
}
