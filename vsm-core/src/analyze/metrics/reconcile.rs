//! Why two tools show different figures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::facts::Amount;
use super::plan::Plan;
use super::query::{MetricQuery, MetricRules};
use super::samples::list;
use super::state::state;
use crate::analyze::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::stream::ValueStream;

/// A question why a metric differs between two sets of rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReconcileQuery {
    /// The metric and its window; its own `preset` must be absent, and its `rules` hold on both sides where a preset says
    /// nothing else.
    pub query: MetricQuery,
    /// The preset on the one side; absent = the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset_a: Option<String>,
    /// The preset on the other side; absent = the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset_b: Option<String>,
}

/// What makes the difference between two figures of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// The metric.
    pub metric: String,
    /// Its value by the one side's rules.
    pub value_a: Option<f64>,
    /// Its value by the other side's.
    pub value_b: Option<f64>,
    /// The items that differ, by id.
    pub items: Vec<ItemDifference>,
    /// The rules that differ, each with what it changes alone, by name.
    pub rules: Vec<RuleDifference>,
    /// How many items are the same on both sides.
    pub same: u64,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One rule in which two sides differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleDifference {
    /// The rule.
    pub rule: String,
    /// As the one side has it; several words are separated by commas.
    pub a: String,
    /// As the other side has it.
    pub b: String,
    /// The value by the one side's rules with only this one taken from the other side; absent where the rule can't be
    /// changed alone, or there is no value.
    pub value: Option<f64>,
    /// How many items this changes.
    pub items: u64,
}

/// One item that counts differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemDifference {
    /// The item.
    pub item: String,
    /// What it contributes on the one side; absent where it does not count there.
    pub a: Option<f64>,
    /// What it contributes on the other side.
    pub b: Option<f64>,
    /// Why it does not count on the side where it doesn't; absent where it counts on both, or never ended by that side's
    /// rules.
    pub reason: Option<String>,
    /// The rules each of which alone changes what it contributes; empty where only several together do.
    pub rules: Vec<String>,
}

/// What each item contributes.
struct Side {
    value: Option<f64>,
    items: BTreeMap<u32, f64>,
    left_out: BTreeMap<u32, &'static str>,
}

impl Side {
    fn of(stream: &ValueStream, query: &MetricQuery) -> Result<Side> {
        let plan = Plan::of(query)?;
        let list = list(stream, query, &plan)?;
        let mut items = BTreeMap::new();
        for fact in list.facts.iter().filter(|fact| !matches!(fact.amount, Amount::Open(_))) {
            *items.entry(fact.item).or_insert(0.0) += fact.amount.number();
        }
        let table = state(stream, query)?.table()?;
        let value = table.rows.first().and_then(|row| row.value);
        Ok(Side { value, items, left_out: list.left_out.into_iter().collect() })
    }

    /// The items that contribute something else than they do on another side.
    fn differing(&self, other: &Side) -> Vec<u32> {
        let is_other = |item: &&u32| self.items.get(item) != other.items.get(item);
        let mut items: Vec<u32> =
            self.items.keys().chain(other.items.keys()).filter(is_other).copied().collect();
        items.sort_unstable();
        items.dedup();
        items
    }
}

pub(super) fn reconcile(stream: &ValueStream, query: &ReconcileQuery) -> Result<Reconciliation> {
    if query.query.preset.is_some() {
        return Err(Error::invalid("query.preset", "is given by preset_a and preset_b"));
    }
    if query.query.bucket.is_some() || !query.query.group_by.is_empty() {
        return Err(Error::invalid("query", "two figures are compared: it takes no group_by and no bucket"));
    }
    // A preset wins here: what it stands for is what is asked about.
    let resolved = |preset: &Option<String>| -> Result<MetricQuery> {
        let named = MetricQuery { preset: preset.clone(), rules: None, ..query.query.clone() };
        let mut rules = Plan::of(&named)?.rules;
        if let Some(own) = &query.query.rules {
            let default = Plan::of(&MetricQuery { preset: None, ..named.clone() })?.rules;
            rules = without(&rules, &default).over(own).over(&default);
        }
        let resolved = MetricQuery { preset: None, rules: Some(rules), ..named };
        Plan::of(&resolved)?;
        Ok(resolved)
    };
    let (query_a, query_b) = (resolved(&query.preset_a)?, resolved(&query.preset_b)?);
    let (a, b) = (Side::of(stream, &query_a)?, Side::of(stream, &query_b)?);
    let (words_a, words_b) = (words(&query_a.rules), words(&query_b.rules));
    let mut names: Vec<&String> = words_a.keys().chain(words_b.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut rules = Vec::new();
    let mut changed: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for name in names {
        let (one, other) = (words_a.get(name), words_b.get(name));
        if one == other {
            continue;
        }
        let mut mixed = words_a.clone();
        match other {
            Some(value) => mixed.insert(name.clone(), value.clone()),
            None => mixed.remove(name),
        };
        let mixed = serde_json::from_value(Value::Object(mixed)).ok();
        // Some rules need others: a state to start at is none without the event that asks for it.
        let side = mixed.and_then(|rules: MetricRules| {
            Side::of(stream, &MetricQuery { rules: Some(rules), ..query_a.clone() }).ok()
        });
        let items = side.as_ref().map(|side| a.differing(side)).unwrap_or_default();
        for item in &items {
            changed.entry(*item).or_default().push(name.clone());
        }
        rules.push(RuleDifference {
            rule: name.clone(),
            a: shown(one),
            b: shown(other),
            value: side.and_then(|side| side.value),
            items: items.len() as u64,
        });
    }
    let mut grounds = Grounds::default();
    for (side, preset) in [("a", &query.preset_a), ("b", &query.preset_b)] {
        grounds.rule(format!("{side}:{}", preset.as_deref().unwrap_or("default")));
    }
    let differing = a.differing(&b);
    let same =
        a.items.len().saturating_sub(differing.iter().filter(|item| a.items.contains_key(item)).count());
    grounds.n = (same + differing.len()) as u64;
    let mut items: Vec<ItemDifference> = differing
        .into_iter()
        .map(|item| {
            let (one, other) = (a.items.get(&item).copied(), b.items.get(&item).copied());
            let left_out = if one.is_none() { &a.left_out } else { &b.left_out };
            let is_missing = one.is_none() || other.is_none();
            ItemDifference {
                item: stream.id(item).into(),
                a: one,
                b: other,
                reason: left_out.get(&item).filter(|_| is_missing).map(|reason| (*reason).into()),
                rules: changed.remove(&item).unwrap_or_default(),
            }
        })
        .collect();
    items.sort_unstable_by(|a, b| a.item.cmp(&b.item));
    Ok(Reconciliation {
        metric: query.query.metric.clone(),
        value_a: a.value,
        value_b: b.value,
        rules,
        items,
        same: same as u64,
        basis: grounds.finish(stream),
    })
}

/// The rules as words by name.
fn words(rules: &Option<MetricRules>) -> serde_json::Map<String, Value> {
    match serde_json::to_value(rules) {
        Ok(Value::Object(words)) => words,
        _ => serde_json::Map::new(),
    }
}

/// The rules that say something else than others.
fn without(rules: &MetricRules, others: &MetricRules) -> MetricRules {
    let others = words(&Some(others.clone()));
    let own = words(&Some(rules.clone())).into_iter().filter(|(name, value)| others.get(name) != Some(value));
    serde_json::from_value(Value::Object(own.collect())).unwrap_or_default()
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(word)) => word.clone(),
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        Some(other) => other.to_string(),
    }
}
