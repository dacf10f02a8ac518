//! A metric that is kept up to date while events come.

use std::ops::Range;

use super::cells::Cells;
use super::earliest::Earliest;
use super::facts::{Amount, Fact, Sink};
use super::groups::Groups;
use super::plan::Plan;
use super::query::MetricQuery;
use super::since::{MetricChanges, Since};
use super::spans::Releases;
use super::state::{MetricCell, MetricState};
use super::table::MetricTable;
use super::touched;
use crate::analyze::Grounds;
use crate::error::Result;
use crate::hash::{HashMap, HashSet};
use crate::model::Kind;
use crate::news::Seen;
use crate::stream::ValueStream;
use crate::time::Instant;

/// A metric, kept up to date: after an event only what it changes is counted again.
///
/// It is made once by [`ValueStream::live_metric`], and holds what each item contributes. It stands beside the stream and
/// is told by nobody: [`follow`](LiveMetric::follow) and [`update`](LiveMetric::update) read what the record got since the
/// last time, however it got there. What it gives is always what counting everything anew would give, to the byte.
///
/// | what | takes |
/// |---|---|
/// | making it | one pass, as [`metric`](ValueStream::metric); about 100 bytes an item and 50 for each part of the window that it counts in |
/// | an event of an item | what is said of that item, and of the items that it is a direct part of; a late one of an item with more than 64 events, the histories of all items |
/// | a link | the same for both its ends; by groups that follow links, or up to a release, for the parts of the item that has the link as well |
/// | another kind of an item | by groups that follow links, all that lead to it |
/// | a release done | where the metric ends with it, all that it ships |
/// | a link, with `within` | all that lies under that item |
/// | items that turn out to be one, a view of the past | everything |
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
    pub(super) query: MetricQuery,
    pub(super) plan: Plan,
    pub(super) groups: Groups,
    /// The items that are asked for.
    pub(super) within: Option<HashSet<u32>>,
    pub(super) releases: Releases,
    /// What each item gives, by number.
    pub(super) items: Vec<Given>,
    pub(super) cells: Cells,
    /// How many items were ever in a waiting state.
    pub(super) waiting: u64,
    pub(super) since: Since,
    seen: Seen,
}

/// What one item gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    facts: Box<[Kept]>,
    left_out: Option<&'static str>,
    /// How many facts there are; one that counts in several groups is one.
    n: u32,
    waits: bool,
    /// What it is now.
    pub(super) kind: Option<Kind>,
    /// How many other names it has.
    pub(super) names: usize,
}

/// A fact, for each group that it counts in.
#[derive(Clone, Copy, Debug)]
struct Kept {
    group: u32,
    bucket: u32,
    at: Instant,
    event: u32,
    amount: Amount,
}

impl Kept {
    /// Whether it counts the same, whatever proves it.
    fn counts_as(&self, other: &Kept) -> bool {
        (self.group, self.bucket, self.amount) == (other.group, other.bucket, other.amount)
    }
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
            items: Vec::with_capacity(self.all().len()),
            cells: Cells::new(plan.buckets.len()),
            plan,
            waiting: 0,
            since: Since::default(),
            seen: Seen::of(self),
        };
        for item in self.all() {
            let given = live.given(self, item);
            for kept in &given.facts {
                live.cells.add(kept.group, kept.bucket as usize, kept.amount);
            }
            live.waiting += u64::from(given.waits);
            live.items.push(given);
        }
        live.cells.sort();
        live.since.shown = live.cells.all().map(|(group, ..)| group).collect();
        if query.group_by.is_empty() {
            live.since.shown.insert(0);
        }
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
    /// [`Error::Invalid`](crate::Error::Invalid) for a stream that does not go on from the one that this was made of,
    /// [`Error::UnknownItem`](crate::Error::UnknownItem) where the item of `within` is not there any more. What is held is
    /// then as it was.
    pub fn update(&mut self, stream: &ValueStream) -> Result<MetricChanges> {
        self.follow(stream)?;
        Ok(self.tell())
    }

    /// Takes in what the stream got since the last time, and leaves it to the next [`update`](LiveMetric::update) to tell
    /// the rows: for who follows every event, and shows rows now and then. Gives the number of events.
    ///
    /// # Errors
    /// As [`update`](LiveMetric::update).
    pub fn follow(&mut self, stream: &ValueStream) -> Result<u64> {
        let events = self.seen.since(stream)?;
        let is_past = self.seen.is_past(stream);
        if events.is_empty() && !is_past {
            return Ok(0);
        }
        let is_whole = is_past || touched::unites(self, stream, events.clone());
        let items = if is_whole { self.anew(stream)? } else { self.look_again(stream, events.clone())? };
        self.seen = Seen::of(stream);
        let count = events.len() as u64;
        self.since.events += count;
        self.since.items += items;
        self.since.recomputed_all |= is_whole;
        Ok(count)
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

    fn look_again(&mut self, stream: &ValueStream, events: Range<u32>) -> Result<u64> {
        let items = touched::items(self, stream, events)?;
        let had_waits = self.waiting > 0;
        if self.items.len() < stream.all().len() {
            self.items.resize(stream.all().len(), Given::default());
        }
        for item in &items {
            let given = self.given(stream, *item);
            self.put(*item, given);
        }
        self.since.is_new_wait |= had_waits != (self.waiting > 0);
        Ok(items.len() as u64)
    }

    /// What an item gives as it is now.
    fn given(&mut self, stream: &ValueStream, item: u32) -> Given {
        let names = stream.other_names(item).len();
        let given = Given { kind: stream.kind(item), names, ..Given::default() };
        if self.within.as_ref().is_some_and(|set| !set.contains(&item)) {
            return given;
        }
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
        // What an item gave to earlier parts of the window is mostly what it gave before.
        let pairs = before.facts.iter().zip(&now.facts);
        let same = pairs.take_while(|(one, other)| one.counts_as(other)).count();
        for (facts, sign) in [(&before.facts, -1), (&now.facts, 1)] {
            for kept in facts.iter().skip(same) {
                let bucket = kept.bucket as usize;
                self.cells.change(kept.group, bucket, kept.amount, sign);
                self.since.changed.insert((kept.group, bucket));
            }
        }
    }

    /// Counts everything anew, and notes what is not as it was.
    fn anew(&mut self, stream: &ValueStream) -> Result<u64> {
        let mut new = stream.live_metric(&self.query)?;
        self.cells.settle_all();
        let mut since = std::mem::take(&mut self.since);
        let mut number = |group: u32| new.groups.number(self.groups.name(group).to_vec());
        since.shown = since.shown.iter().map(|group| number(*group)).collect();
        since.changed = since.changed.iter().map(|(group, bucket)| (number(*group), *bucket)).collect();
        let before: HashMap<(u32, usize), &MetricCell> =
            self.cells.all().map(|(group, bucket, cell)| ((number(group), bucket), cell)).collect();
        let empty = MetricCell::default();
        let now = new.cells.all().map(|(group, bucket, _)| (group, bucket));
        for (group, bucket) in before.keys().copied().chain(now) {
            let was = before.get(&(group, bucket)).copied().unwrap_or(&empty);
            if new.cells.get(group, bucket).unwrap_or(&empty) != was {
                since.changed.insert((group, bucket));
            }
        }
        drop(before);
        since.is_new_wait |= (self.waiting > 0) != (new.waiting > 0);
        let items = new.items.len() as u64;
        new.since = since;
        *self = new;
        Ok(items)
    }
}
