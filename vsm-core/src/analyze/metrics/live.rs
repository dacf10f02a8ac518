//! A metric that is kept up to date while events come.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::catalogue::Measure;
use super::cells::Cells;
use super::earliest::Earliest;
use super::facts::{Amount, Fact, Sink};
use super::groups::Groups;
use super::plan::Plan;
use super::query::MetricQuery;
use super::spans::Releases;
use super::state::{MetricCell, MetricState};
use super::table::{MetricRow, MetricTable, row};
use super::touched;
use crate::analyze::Grounds;
use crate::error::Result;
use crate::hash::HashSet;
use crate::model::Kind;
use crate::news::Seen;
use crate::stream::ValueStream;
use crate::time::Instant;

/// The rows of a metric that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricChanges {
    /// The rows that something was added to or taken from since the rows were told last, as they are now, by group and
    /// part of the window. A group that nothing is left of is told once more, with rows that are empty.
    pub rows: Vec<MetricRow>,
    /// How many events were taken in.
    pub events: u64,
    /// How many items were looked at again.
    pub items: u64,
    /// Whether everything was counted anew: in views of the past, and when an item gets another name.
    pub recomputed_all: bool,
}

/// A metric, kept up to date: after an event only what it changes is counted again.
///
/// It is made once by [`ValueStream::live_metric`], and holds what each item contributes. It stands beside the stream and
/// is told by nobody: [`follow`](LiveMetric::follow) and [`update`](LiveMetric::update) read what the record got since the
/// last time, however it got there. What it gives is always what counting everything anew would give, to the byte.
///
/// | what | takes |
/// |---|---|
/// | making it | one pass, as [`metric`](ValueStream::metric); about 100 bytes an item and 50 for each part of the window that it counts in |
/// | an event of an item | what is said of that item, and of the items that it is a direct part of |
/// | a link | the same for both its ends; by groups that follow links, or up to a release, for the parts of the item that has the link as well |
/// | another kind of an item | by groups that follow links, all that lead to it |
/// | a release done | where the metric ends with it, all that it ships |
/// | another name of an item, a view of the past | everything |
/// | a row that changed | the values of that row, when it is told |
///
/// ```
/// use vsm_core::{Event, FlowState, Kind, MetricQuery, ValueStream};
/// let mut stream = ValueStream::new();
/// let (start, end) = ("2026-03-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?);
/// let mut live = stream.live_metric(&MetricQuery::new("throughput", start, end, "UTC"))?;
///
/// let mut story = Event::new("jira", "1", "2026-03-02T09:00:00Z".parse()?, "jira:CHK-1");
/// story.kind = Some(Kind::Story);
/// story.set.state = Some(FlowState::Done);
/// stream.apply(story)?;
/// let changes = live.update(&stream)?;
/// assert_eq!(changes.rows[0].value, Some(1.0));
/// assert_eq!(live.table(&stream)?, stream.metric(live.query())?);
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LiveMetric {
    query: MetricQuery,
    pub(super) plan: Plan,
    pub(super) groups: Groups,
    /// The items that are asked for.
    pub(super) within: Option<HashSet<u32>>,
    pub(super) releases: Releases,
    /// What each item gives, by number.
    pub(super) items: Vec<Given>,
    cells: Cells,
    /// How many items were ever in a waiting state.
    waiting: u64,
    /// Where something changed since rows were told last.
    changed: HashSet<(u32, usize)>,
    has_everything_changed: bool,
    seen: Seen,
}

/// What one item gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Given {
    facts: Box<[Kept]>,
    left_out: Option<&'static str>,
    /// How many facts there are; one that counts in several groups is one.
    n: u32,
    waits: bool,
    /// What it is now.
    pub(super) kind: Option<Kind>,
}

/// A fact, for each group that it counts in.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Kept {
    group: u32,
    bucket: u32,
    at: Instant,
    event: u32,
    amount: Amount,
}

/// Collects what one item gives.
struct Collect<'a> {
    stream: &'a ValueStream,
    groups: &'a mut Groups,
    found: Vec<u32>,
    facts: Vec<Kept>,
    given: Given,
}

impl Sink for Collect<'_> {
    fn take(&mut self, fact: Fact) {
        self.given.n += 1;
        self.groups.find(self.stream, fact.item, fact.kind, fact.at, &mut self.found);
        let Fact { bucket, at, event, amount, .. } = fact;
        let kept = |group: &u32| Kept { group: *group, bucket: bucket as u32, at, event, amount };
        self.facts.extend(self.found.iter().map(kept));
    }

    fn leave_out(&mut self, _: u32, reason: &'static str) {
        self.given.left_out = Some(reason);
    }

    fn waits(&mut self) {
        self.given.waits = true;
    }
}

impl ValueStream {
    /// Counts a metric, and holds what each item contributes so that [`LiveMetric::update`] can tell which rows change.
    ///
    /// # Errors
    /// As [`metric`](ValueStream::metric).
    pub fn live_metric(&self, query: &MetricQuery) -> Result<LiveMetric> {
        let plan = Plan::of(query)?;
        let mut live = LiveMetric {
            query: query.clone(),
            groups: Groups::of(query)?,
            within: self.all_under(query.within.as_deref())?,
            releases: Releases::default(),
            items: vec![Given::default(); self.all().len()],
            cells: Cells::new(plan.buckets.len()),
            plan,
            waiting: 0,
            changed: HashSet::default(),
            has_everything_changed: false,
            seen: Seen::of(self),
        };
        for item in self.all() {
            let given = live.given(self, item);
            for kept in &given.facts {
                live.cells.add(kept.group, kept.bucket as usize, kept.amount);
            }
            live.waiting += u64::from(given.waits);
            if let Some(slot) = live.items.get_mut(item as usize) {
                *slot = given;
            }
        }
        live.cells.sort();
        Ok(live)
    }
}

impl LiveMetric {
    /// The question.
    pub fn query(&self) -> &MetricQuery {
        &self.query
    }

    /// Takes in what the stream got since the last time, and tells the rows that changed since they were told last.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a stream that does not go on from the one that this was made of. What
    /// is held is then as it was.
    pub fn update(&mut self, stream: &ValueStream) -> Result<MetricChanges> {
        let (events, items, recomputed_all) = self.take_in(stream)?;
        Ok(MetricChanges { rows: self.rows(), events, items, recomputed_all })
    }

    /// Takes in what the stream got since the last time, and leaves it to the next [`update`](LiveMetric::update) to tell
    /// the rows: for who follows every event, and shows rows now and then. Gives the number of events.
    ///
    /// # Errors
    /// As [`update`](LiveMetric::update).
    pub fn follow(&mut self, stream: &ValueStream) -> Result<u64> {
        Ok(self.take_in(stream)?.0)
    }

    /// The metric as of the last update, as [`metric`](ValueStream::metric) gives it. One step for each item and value.
    ///
    /// # Errors
    /// As [`update`](LiveMetric::update).
    pub fn table(&self, stream: &ValueStream) -> Result<MetricTable> {
        MetricTable::of(&self.state(stream)?, &self.plan)
    }

    /// The metric before its last step as of the last update, as [`metric_state`](ValueStream::metric_state) gives it. One
    /// step for each item and value.
    ///
    /// # Errors
    /// As [`update`](LiveMetric::update).
    pub fn state(&self, stream: &ValueStream) -> Result<MetricState> {
        self.seen.since(stream)?;
        let (mut evidence, mut grounds) = (Earliest::default(), Grounds::default());
        for (item, given) in (0..).zip(&self.items) {
            grounds.n += u64::from(given.n);
            given.facts.iter().for_each(|kept| evidence.add(stream, kept.at, kept.event));
            if let Some(reason) = given.left_out {
                grounds.exclude(reason, stream.id(item));
            }
        }
        self.plan.name_rules(&self.query, &mut grounds);
        let mut cells = self.cells.clone();
        cells.settle_all();
        let mut cells = cells.of(&self.groups);
        cells.retain(|cell| !cell.is_empty());
        Ok(MetricState {
            query: self.query.clone(),
            cells,
            waits: self.waiting > 0,
            evidence: evidence.finish(stream),
            basis: grounds.finish(stream),
        })
    }

    /// Gives how many events were taken in and how many items looked at, and whether everything was.
    fn take_in(&mut self, stream: &ValueStream) -> Result<(u64, u64, bool)> {
        let events = self.seen.since(stream)?;
        if events.is_empty() && !self.seen.is_past(stream) {
            return Ok((0, 0, false));
        }
        let is_whole = self.seen.is_past(stream) || events.clone().any(|event| stream.is_naming(event));
        let items = if is_whole { self.anew(stream)? } else { self.look_again(stream, events.clone()) };
        self.seen = Seen::of(stream);
        Ok((events.len() as u64, items, is_whole))
    }

    fn look_again(&mut self, stream: &ValueStream, events: Range<u32>) -> u64 {
        let had_waits = self.waiting > 0;
        let items = touched::items(self, stream, events);
        if self.items.len() < stream.all().len() {
            self.items.resize(stream.all().len(), Given::default());
        }
        for item in &items {
            let given = self.given(stream, *item);
            self.put(*item, given);
        }
        self.has_everything_changed |= had_waits != (self.waiting > 0);
        items.len() as u64
    }

    /// What an item gives as it is now.
    fn given(&mut self, stream: &ValueStream, item: u32) -> Given {
        let kind = stream.kind(item);
        if self.within.as_ref().is_some_and(|set| !set.contains(&item)) {
            return Given { kind, ..Given::default() };
        }
        let given = Given { kind, ..Given::default() };
        let mut collect =
            Collect { stream, groups: &mut self.groups, found: Vec::new(), facts: Vec::new(), given };
        stream.facts_of_item(item, &self.plan, &mut self.releases, &mut collect);
        Given { facts: collect.facts.into(), ..collect.given }
    }

    /// Takes away what an item gave before, and adds what it gives now.
    fn put(&mut self, item: u32, given: Given) {
        let Some(now) = self.items.get_mut(item as usize) else { return };
        let before = std::mem::replace(now, given);
        self.waiting = (self.waiting + u64::from(now.waits)).saturating_sub(u64::from(before.waits));
        if before.facts == now.facts {
            return;
        }
        for (facts, sign) in [(&before.facts, -1), (&now.facts, 1)] {
            for kept in facts {
                let bucket = kept.bucket as usize;
                self.cells.change(kept.group, bucket, kept.amount, sign);
                self.changed.insert((kept.group, bucket));
            }
        }
    }

    /// Counts everything anew, and notes what is not as it was.
    fn anew(&mut self, stream: &ValueStream) -> Result<u64> {
        let mut new = stream.live_metric(&self.query)?;
        self.cells.settle_all();
        for (group, bucket) in &self.changed {
            new.changed.insert((new.groups.number(self.groups.name(*group).to_vec()), *bucket));
        }
        let empty = MetricCell::default();
        for (group, bucket, cell) in self.cells.all() {
            let group = new.groups.number(self.groups.name(group).to_vec());
            if new.cells.get(group, bucket).unwrap_or(&empty) != cell {
                new.changed.insert((group, bucket));
            }
        }
        for (group, bucket, cell) in new.cells.all() {
            let known = self.groups.known(new.groups.name(group));
            let before = known.and_then(|known| self.cells.get(known, bucket));
            if before.unwrap_or(&empty) != cell {
                new.changed.insert((group, bucket));
            }
        }
        new.has_everything_changed = self.has_everything_changed || (self.waiting > 0) != (new.waiting > 0);
        let items = new.items.len() as u64;
        *self = new;
        Ok(items)
    }

    /// The rows that changed; from now on they have been told.
    fn rows(&mut self) -> Vec<MetricRow> {
        let mut changed = std::mem::take(&mut self.changed);
        let measure = self.plan.measure();
        if std::mem::take(&mut self.has_everything_changed) && measure == Measure::Efficiency {
            changed.extend(self.cells.all().map(|(group, bucket, _)| (group, bucket)));
        }
        let mut wholes = vec![0_i64; self.plan.buckets.len()];
        if measure == Measure::Share {
            // A share is one of all groups in the same part of the window.
            let parts: HashSet<usize> = changed.iter().map(|(_, bucket)| *bucket).collect();
            for (group, bucket, cell) in self.cells.all() {
                if parts.contains(&bucket) {
                    changed.insert((group, bucket));
                    if let Some(whole) = wholes.get_mut(bucket) {
                        *whole = whole.saturating_add(cell.part);
                    }
                }
            }
        }
        let mut changed: Vec<(u32, usize)> = changed.into_iter().collect();
        changed.sort_unstable_by_key(|(group, bucket)| (self.groups.name(*group), *bucket));
        changed.iter().for_each(|(group, bucket)| self.cells.settle(*group, *bucket));
        let empty = MetricCell::default();
        let tell = |(group, bucket): (u32, usize)| {
            let cell = self.cells.get(group, bucket).unwrap_or(&empty);
            let whole = wholes.get(bucket).copied().unwrap_or(0);
            row(&self.plan, self.waiting > 0, self.groups.name(group), bucket, cell, whole)
        };
        changed.into_iter().map(tell).collect()
    }
}
