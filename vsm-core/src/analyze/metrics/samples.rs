//! What a metric is made of, item by item.

use serde::{Deserialize, Serialize};

use super::catalogue::MetricUnit;
use super::earliest::{Earliest, keys};
use super::facts::{Amount, Fact, Sink};
use super::plan::Plan;
use super::query::MetricQuery;
use crate::analyze::{Basis, Grounds};
use crate::error::Result;
use crate::stream::ValueStream;
use crate::time::Instant;

/// What the items contribute to a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSamples {
    /// The metric.
    pub metric: String,
    /// What a value of a duration is; for counts, items; for work in progress, item-days (or milliseconds for the integral).
    pub unit: MetricUnit,
    /// One row for each item and part of the window that it counts in, by item and then by time.
    pub rows: Vec<MetricSample>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// What one item contributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSample {
    /// The item.
    pub item: String,
    /// When it started; absent where that does not count or is not known.
    pub started_at: Option<Instant>,
    /// When it counts: its end; its start where starts are counted; the end of the part for what is open or in progress.
    pub counted_at: Instant,
    /// The part of the window; absent where the window is one.
    pub bucket: Option<String>,
    /// What it contributes.
    pub value: f64,
    /// Whether it is not over: then the value is its age, and no part of the sample.
    pub open: bool,
    /// The event that it rests on, as `source:id`.
    pub evidence: String,
}

/// Keeps facts as they are.
#[derive(Default)]
pub(super) struct List {
    pub(super) facts: Vec<Fact>,
    pub(super) left_out: Vec<(u32, &'static str)>,
}

impl Sink for List {
    fn take(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    fn leave_out(&mut self, item: u32, reason: &'static str) {
        self.left_out.push((item, reason));
    }

    fn waits(&mut self) {}
}

impl Amount {
    pub(super) fn number(self) -> f64 {
        match self {
            Amount::Sample(value) | Amount::Open(value) => value,
            Amount::Part { part, whole } => part as f64 / whole.max(1) as f64,
            Amount::Count(count) => count as f64,
        }
    }
}

pub(super) fn list(stream: &ValueStream, query: &MetricQuery, plan: &Plan) -> Result<List> {
    let mut list = List::default();
    stream.facts(plan, query.within.as_deref(), &mut list)?;
    list.facts.sort_by(|a, b| (stream.id(a.item), a.at, a.bucket).cmp(&(stream.id(b.item), b.at, b.bucket)));
    Ok(list)
}

pub(super) fn samples(stream: &ValueStream, query: &MetricQuery) -> Result<MetricSamples> {
    let plan = Plan::of(query)?;
    let List { facts, left_out } = list(stream, query, &plan)?;
    let mut grounds = Grounds { n: facts.len() as u64, ..Grounds::default() };
    plan.name_rules(query, &mut grounds);
    for (item, reason) in left_out {
        grounds.exclude(reason, stream.id(item));
    }
    let mut evidence = Earliest::default();
    facts.iter().for_each(|fact| evidence.add(stream, fact.at, fact.event));
    let row = |fact: &Fact| MetricSample {
        item: stream.id(fact.item).into(),
        started_at: fact.start,
        counted_at: fact.at,
        bucket: plan.buckets.key(fact.bucket).map(Into::into),
        value: fact.amount.number(),
        open: matches!(fact.amount, Amount::Open(_)),
        evidence: stream.key(fact.event).into(),
    };
    let rows = facts.iter().map(row).collect();
    let basis = Basis { evidence: keys(&evidence.finish(stream)), ..grounds.finish(stream) };
    Ok(MetricSamples { metric: query.metric.clone(), unit: plan.unit(), rows, basis })
}
