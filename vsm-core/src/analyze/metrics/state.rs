//! A metric before its last step: partial results that add up.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::cells::{Cells, row};
use super::earliest::{self, Earliest, MetricEvidence};
use super::facts::{Fact, Sink, days_by_part};
use super::groups::Groups;
use super::plan::Plan;
use super::query::MetricQuery;
use super::table::MetricTable;
use crate::analyze::{Basis, EXAMPLES, Exclusion, Grounds};
use crate::error::{Error, Result};
use crate::stream::ValueStream;

/// A metric of a part of the items, ready to be put together with those of other parts.
///
/// [`merge`](MetricState::merge) is associative and commutative: records that are split by item into any parts, asked apart
/// and merged, give what the whole record gives, to the byte. The state is plain data, for other processes to make or take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricState {
    /// The question.
    pub query: MetricQuery,
    /// One cell for each group and part of the window that anything was found for, by group and part.
    pub cells: Vec<MetricCell>,
    /// Whether any item was ever in a waiting state; without one, efficiency has no value.
    pub waits: bool,
    /// The first events behind it in time; at most a hundred.
    pub evidence: Vec<MetricEvidence>,
    /// What it rests on, without evidence.
    pub basis: Basis,
}

/// What was found for one group in one part of the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricCell {
    /// The values that it is grouped by, in the order of the query.
    pub group: Vec<String>,
    /// The number of the part, from 0.
    pub bucket: u64,
    /// How many facts count.
    pub n: u64,
    /// The values of a sample, ascending.
    pub values: Vec<f64>,
    /// The ages of what belongs to the sample and is not over, ascending.
    pub open: Vec<f64>,
    /// What is counted: items, days, or milliseconds of a part.
    pub part: i64,
    /// Milliseconds or items of the whole.
    pub whole: i64,
}

/// States of parts of the record to be put together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergeQuery {
    /// The states, of the same question each; at least one.
    pub states: Vec<MetricState>,
}

/// A state whose metric is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricTableQuery {
    /// The state.
    pub state: MetricState,
}

/// Puts the states of several parts of the record together, in whatever order: see [`MetricState`].
///
/// # Errors
/// [`Error::Invalid`] where there is none, or where two are of different questions.
pub fn merge_metrics(query: &MergeQuery) -> Result<MetricState> {
    let mut states = query.states.iter();
    let first = states.next().ok_or_else(|| Error::invalid("states", "needs at least one"))?;
    let mut sum = first.clone();
    for (place, state) in states.enumerate() {
        let field = format!("states[{}]", place + 1);
        sum.merge(state).map_err(|_| Error::invalid(&field, "is of another question than the first"))?;
    }
    Ok(sum)
}

/// The metric that a state stands for.
///
/// # Errors
/// Those of [`metric`](crate::ValueStream::metric) for its question, and [`Error::Invalid`] for a cell outside its window.
pub fn metric_table(query: &MetricTableQuery) -> Result<MetricTable> {
    query.state.table()
}

impl MetricState {
    /// Adds what was found in another part of the record for the same question.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the question is another one.
    ///
    /// ```
    /// use vsm_core::{MetricQuery, ValueStream};
    /// let query = MetricQuery::new("throughput", "2026-01-01T00:00:00Z".parse()?, "2026-02-01T00:00:00Z".parse()?, "UTC");
    /// let (one, other) = (ValueStream::new(), ValueStream::new());
    /// let mut state = one.metric_state(&query)?;
    /// state.merge(&other.metric_state(&query)?)?;
    /// assert_eq!(state.table()?, one.metric(&query)?);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn merge(&mut self, other: &MetricState) -> Result<()> {
        if self.query != other.query {
            return Err(Error::invalid("state", "is of another question: only the same one adds up"));
        }
        let mut cells: BTreeMap<(Vec<String>, u64), MetricCell> = BTreeMap::new();
        for cell in self.cells.drain(..).chain(other.cells.iter().cloned()) {
            match cells.entry((cell.group.clone(), cell.bucket)) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(cell);
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().add(cell),
            }
        }
        self.cells = cells.into_values().collect();
        self.waits |= other.waits;
        earliest::merge(&mut self.evidence, &other.evidence);
        self.basis.add(&other.basis);
        Ok(())
    }

    /// The metric.
    ///
    /// # Errors
    /// Those of the question, and [`Error::Invalid`] for a cell that lies outside its window.
    pub fn table(&self) -> Result<MetricTable> {
        MetricTable::of(self, &Plan::of(&self.query)?)
    }
}

impl MetricCell {
    fn add(&mut self, other: MetricCell) {
        self.n = self.n.saturating_add(other.n);
        self.part = self.part.saturating_add(other.part);
        self.whole = self.whole.saturating_add(other.whole);
        self.values.extend(other.values);
        self.open.extend(other.open);
        self.sort();
    }

    pub(super) fn sort(&mut self) {
        self.values.sort_unstable_by(f64::total_cmp);
        self.open.sort_unstable_by(f64::total_cmp);
    }
}

impl Basis {
    /// Adds the basis of another part of the record.
    fn add(&mut self, other: &Basis) {
        self.n = self.n.saturating_add(other.n);
        let mut excluded: BTreeMap<String, Exclusion> = BTreeMap::new();
        for exclusion in self.excluded.drain(..).chain(other.excluded.iter().cloned()) {
            let Exclusion { reason, count, examples } = exclusion;
            let sum = excluded.entry(reason.clone()).or_insert(Exclusion {
                reason,
                count: 0,
                examples: Vec::new(),
            });
            sum.count = sum.count.saturating_add(count);
            sum.examples.extend(examples);
        }
        for sum in excluded.values_mut() {
            sum.examples.sort_unstable();
            sum.examples.truncate(EXAMPLES);
        }
        self.excluded = excluded.into_values().collect();
        self.rules.extend(other.rules.iter().cloned());
        self.rules.sort_unstable();
        self.rules.dedup();
    }
}

/// Adds facts up.
struct Tally<'a> {
    stream: &'a ValueStream,
    groups: Groups,
    cells: Cells,
    /// For each group the rises and falls of how many items are there for all days of a part of the window.
    levels: Vec<Vec<i64>>,
    /// The groups of the fact at hand.
    found: Vec<u32>,
    waits: bool,
    evidence: Earliest,
    grounds: Grounds,
}

impl Tally<'_> {
    fn find(&mut self, fact: &Fact) {
        self.groups.find(self.stream, fact.item, fact.kind, fact.at, &mut self.found);
    }

    /// Puts the levels into their cells.
    fn settle(&mut self, plan: &Plan) {
        for (group, changes) in (0..).zip(std::mem::take(&mut self.levels)) {
            let mut level = 0;
            for (bucket, change) in changes.into_iter().enumerate() {
                level += change;
                let days = plan.buckets.days(bucket).len() as i64;
                if level > 0
                    && days > 0
                    && let Some(cell) = self.cells.at(group, bucket)
                {
                    cell.n += level.unsigned_abs();
                    cell.part = cell.part.saturating_add(level.saturating_mul(days));
                }
            }
        }
    }
}

impl Sink for Tally<'_> {
    fn take(&mut self, fact: Fact) {
        self.grounds.n += 1;
        self.evidence.add(self.stream, fact.at, fact.event);
        self.find(&fact);
        for group in &self.found {
            self.cells.add(*group, fact.bucket, fact.amount);
        }
    }

    /// In the parts between the first and the last an item is there on all days: only where that begins and ends is noted.
    fn take_days(&mut self, plan: &Plan, days: &Range<usize>, fact: Fact) {
        let parts = plan.buckets.of_days(days);
        if parts.len() < 4 || !self.groups.hold_still() {
            days_by_part(plan, days, parts, fact, |fact| self.take(fact));
            return;
        }
        let between = parts.start + 1..parts.end - 1;
        days_by_part(plan, days, parts.start..between.start, fact, |fact| self.take(fact));
        days_by_part(plan, days, between.end..parts.end, fact, |fact| self.take(fact));
        self.grounds.n += plan.buckets.filled(&between) as u64;
        self.find(&fact);
        for group in &self.found {
            let Some(changes) = row(&mut self.levels, *group, || vec![0; plan.buckets.len() + 1]) else {
                continue;
            };
            for (bucket, change) in [(between.start, 1), (between.end, -1)] {
                if let Some(slot) = changes.get_mut(bucket) {
                    *slot += change;
                }
            }
        }
    }

    fn leave_out(&mut self, item: u32, reason: &'static str) {
        self.grounds.exclude(reason, self.stream.id(item));
    }

    fn waits(&mut self) {
        self.waits = true;
    }
}

pub(super) fn state(stream: &ValueStream, query: &MetricQuery) -> Result<MetricState> {
    let plan = Plan::of(query)?;
    let parts = plan.buckets.len();
    let mut tally = Tally {
        stream,
        groups: Groups::of(query)?,
        cells: Cells::new(parts),
        levels: Vec::new(),
        found: Vec::new(),
        waits: false,
        evidence: Earliest::default(),
        grounds: Grounds::default(),
    };
    stream.facts(&plan, query.within.as_deref(), &mut tally)?;
    tally.settle(&plan);
    plan.name_rules(query, &mut tally.grounds);
    let Tally { groups, mut cells, waits, evidence, grounds, .. } = tally;
    cells.sort();
    let cells = cells.of(&groups);
    Ok(MetricState {
        query: query.clone(),
        cells,
        waits,
        evidence: evidence.finish(stream),
        basis: grounds.finish(stream),
    })
}
