//! What the date of a release depends on.

use serde::{Deserialize, Serialize};

use super::network::{Actual, Bond, Dates, Need, Network, Node, Unreachable};
use super::{Basis, Grounds};
use crate::calendar::{Calendar, WorkingTime};
use crate::error::{Error, Result};
use crate::graph::Frozen;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// A question for the critical path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalPathQuery {
    /// The release or work item whose end is asked for; absent = the end of everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The status date: open work starts no earlier.
    pub at: Instant,
    /// The calendar in which work, lags and float are counted; absent = plain time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// How long an open work item takes that has neither `remaining` nor `estimate`; absent = no time, and it is
    /// listed under `excluded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_duration: Option<Span>,
    /// Whether only the activities on a driving chain are listed; absent = all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_only: Option<bool>,
}

/// The schedule of an item and of everything it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalPath {
    /// The item; absent where the end of everything was asked for.
    pub item: Option<String>,
    /// The status date.
    pub at: Instant,
    /// When everything that the item needs is finished.
    pub ready_at: Instant,
    /// When the item itself is finished: for a release the departure of its train.
    pub finish: Instant,
    /// The time from the status date to the finish, on the wall clock.
    pub length: Span,
    /// How much of that is waiting for trains, along the path.
    pub cadence_wait: Span,
    /// One driving chain, first to last; the alphabetically first where there are several.
    pub path: Vec<String>,
    /// How many driving chains there are; stops at the largest number it can hold.
    pub path_count: u64,
    /// Everything that is needed and not finished before something that is; by early start, then by id.
    pub activities: Vec<Activity>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One item of a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub kind: Option<Kind>,
    /// Whether it is finished; then its dates are those it really had.
    pub done: bool,
    /// Working time that it takes from its early start; none for a release, a parent or a gate without estimate.
    pub duration: Span,
    /// The earliest it can start.
    pub early_start: Instant,
    /// The earliest it can finish; for a release with a train the departure.
    pub early_finish: Instant,
    /// The latest it can start without moving the finish of the whole.
    pub late_start: Instant,
    /// The latest it can finish without moving the finish of the whole.
    pub late_finish: Instant,
    /// How much later it can finish without moving the finish of the whole, in working time; waiting for a train
    /// is float.
    pub total_float: Span,
    /// How much later it can finish without moving anything else, in working time.
    pub free_float: Span,
    /// Whether it lies on a driving chain.
    pub critical: bool,
    /// What decides its early start; the alphabetically first where several do.
    pub driver: Option<String>,
    /// For a release with a train, how long it waits for the departure.
    pub cadence_wait: Span,
}

impl CriticalPathQuery {
    /// A question with all defaults.
    pub fn new(item: impl Into<String>, at: Instant) -> CriticalPathQuery {
        CriticalPathQuery {
            item: Some(item.into()),
            at,
            calendar: None,
            default_duration: None,
            critical_only: None,
        }
    }
}

impl ValueStream {
    /// The schedule of an item: early and late dates, float, what drives what, and the trains it takes.
    ///
    /// An item waits for its parts (`parent`), a release for its scope (`ships_in`), anything for its gates and for
    /// what it depends on. What is finished keeps its real dates, and what it needed is not looked at again. Started
    /// work goes on at the status date, after what it depends on (retained logic). A release leaves with the first
    /// departure of each application it belongs to that has a train, the latest of them counts. Ties are broken by
    /// id. With `n` needed items and `m` links it takes O(n + m) after one layout of the whole graph.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::UnknownZone`] and [`Error::Invalid`] for the calendar, [`Error::Horizon`]
    /// where calendar or train never gets there, [`Error::Cycle`] in a view of the past whose links contradict.
    ///
    /// ```
    /// use vsm_core::{CriticalPathQuery, Event, Kind, Link, LinkKind, Span, ValueStream};
    /// let start = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// for (id, days, after) in [("a", 3, None), ("b", 4, Some("a")), ("c", 2, Some("a")), ("d", 5, Some("b"))] {
    ///     let mut event = Event::new("plan", id, start, format!("plan:{id}"));
    ///     event.kind = Some(Kind::Story);
    ///     event.set.estimate = Some(Span::from_days(days));
    ///     event.links.extend(after.map(|id| Link::new(LinkKind::DependsOn, format!("plan:{id}"))));
    ///     stream.apply(event)?;
    /// }
    /// let path = stream.critical_path(&CriticalPathQuery::new("plan:d", start))?;
    /// assert_eq!(path.path, ["plan:a", "plan:b", "plan:d"]);
    /// assert_eq!(path.length, Span::from_days(12));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn critical_path(&self, query: &CriticalPathQuery) -> Result<CriticalPath> {
        query.default_duration.unwrap_or_default().check("default_duration")?;
        let calendar = query.calendar.as_ref().map(|c| WorkingTime::new(c, query.at)).transpose()?;
        let frozen = self.frozen()?;
        let mut plan = Plan::new(self, &frozen, query, calendar);
        let target = query.item.as_deref().map(|id| self.find(id)).transpose()?;
        plan.collect(target);
        plan.lay_out();
        let mut dates = plan.network.forward().map_err(|error| plan.explain(&error))?;
        let sinks = plan.sinks(target, &dates);
        let last = sinks.first().and_then(|n| dates.get(*n as usize)).copied();
        let end = last.map_or(query.at.millis(), |d| d.early_finish);
        plan.network.backward(&mut dates, end);
        Ok(plan.report(&dates, &sinks, end))
    }

    /// When each of some items is finished at the earliest; for the "earliest" of unmet facts.
    pub(super) fn early_finishes(&self, item: u32, query: &CriticalPathQuery) -> Result<Vec<(u32, Instant)>> {
        let calendar = query.calendar.as_ref().map(|c| WorkingTime::new(c, query.at)).transpose()?;
        let frozen = self.frozen()?;
        let mut plan = Plan::new(self, &frozen, query, calendar);
        plan.collect(Some(item));
        plan.lay_out();
        let dates = plan.network.forward().map_err(|error| plan.explain(&error))?;
        Ok(plan.items().zip(&dates).map(|(item, d)| (item, Instant::clamped(d.ready))).collect())
    }
}

/// The part of the graph that a question is about, on its way to a network.
struct Plan<'a> {
    stream: &'a ValueStream,
    frozen: &'a Frozen,
    query: &'a CriticalPathQuery,
    /// Ranks of the nodes of the network, ascending: their order is topological.
    ranks: Vec<u32>,
    /// Number in the network plus one by rank; 0 = not part of it. Zeroed memory costs nothing until it is touched.
    numbers: Vec<u32>,
    network: Network,
    grounds: Grounds,
}

impl<'a> Plan<'a> {
    fn new(
        stream: &'a ValueStream,
        frozen: &'a Frozen,
        query: &'a CriticalPathQuery,
        calendar: Option<WorkingTime>,
    ) -> Plan<'a> {
        let mut grounds = Grounds::default();
        grounds.rule("retained_logic");
        grounds.rule(if calendar.is_some() { "working_time" } else { "elapsed_time" });
        let network = Network { calendar, ..Network::default() };
        Plan { stream, frozen, query, ranks: Vec::new(), numbers: vec![0; frozen.len()], network, grounds }
    }

    /// Finds everything that the target needs; without a target everything that can be scheduled.
    fn collect(&mut self, target: Option<u32>) {
        let mut stack: Vec<u32> = match target {
            Some(item) => vec![self.frozen.rank(item)],
            None => (0..self.frozen.len() as u32)
                .filter(|rank| {
                    let kind = self.stream.kind(self.frozen.item(*rank));
                    kind.is_some_and(|k| k.is_work() || matches!(k, Kind::Release | Kind::Gate))
                })
                .filter(|rank| !self.is_cancelled(*rank))
                .collect(),
        };
        let top = stack.iter().copied().max().unwrap_or(0);
        for rank in &stack {
            if let Some(slot) = self.numbers.get_mut(*rank as usize) {
                *slot = 1;
            }
        }
        // A search costs what it finds, but jumps about. Once it turns out to find much of the graph, one look at every
        // rank, from the last to the first, is cheaper.
        let much = self.frozen.len() / 64;
        while let Some(rank) = stack.pop() {
            self.ranks.push(rank);
            self.mark_needs(rank, |needed| stack.push(needed));
            if self.ranks.len() > much {
                for rank in (0..=top).rev() {
                    if self.numbers.get(rank as usize) != Some(&0) {
                        self.mark_needs(rank, |_| {});
                    }
                }
                let marked = (0u32..).zip(&self.numbers).filter(|(_, mark)| **mark != 0);
                self.ranks = marked.map(|(rank, _)| rank).collect();
                return;
            }
        }
        self.ranks.sort_unstable();
    }

    /// Marks what a rank needs; `note` is told what had no mark before.
    fn mark_needs(&mut self, rank: u32, mut note: impl FnMut(u32)) {
        if self.finished(self.frozen.item(rank)).is_some() {
            return;
        }
        for need in self.frozen.needs(rank) {
            if self.numbers.get(need.rank as usize) == Some(&0) && !self.is_cancelled(need.rank) {
                if let Some(slot) = self.numbers.get_mut(need.rank as usize) {
                    *slot = 1;
                }
                note(need.rank);
            }
        }
    }

    fn is_cancelled(&self, rank: u32) -> bool {
        self.stream.state_of(self.frozen.item(rank)) == Some(FlowState::Cancelled)
    }

    /// When an item was finished, if it is.
    fn finished(&self, item: u32) -> Option<(Instant, u32)> {
        let stream = self.stream;
        if stream.kind(item) == Some(Kind::Gate) {
            let event = stream.passed(item, self.query.at)?;
            return stream.occurred(event).map(|t| (t, event));
        }
        if stream.state_of(item) != Some(FlowState::Done) {
            return None;
        }
        let released = stream.last(item, Set::released_at);
        released.or_else(|| {
            let (_, event) = stream.last(item, Set::state)?;
            Some((stream.occurred(event)?, event))
        })
    }

    /// Makes the network of the ranks that were collected.
    fn lay_out(&mut self) {
        for (number, rank) in self.ranks.iter().enumerate() {
            if let Some(slot) = self.numbers.get_mut(*rank as usize) {
                *slot = number as u32 + 1;
            }
        }
        self.network.nodes.reserve(self.ranks.len());
        self.network.needs.reserve(self.ranks.iter().map(|rank| self.frozen.needs(*rank).len()).sum());
        for number in 0..self.ranks.len() as u32 {
            let rank = self.ranks.get(number as usize).copied().unwrap_or(0);
            let item = self.frozen.item(rank);
            let finished = self.finished(item);
            let mut is_parent = false;
            if finished.is_none() {
                for need in self.frozen.needs(rank) {
                    let Some(node) = self.numbers.get(need.rank as usize).and_then(|n| n.checked_sub(1))
                    else {
                        continue;
                    };
                    is_parent |= need.kind == LinkKind::Parent;
                    let detail = if need.is_plain { None } else { self.stream.detail(need.link) };
                    let bond = detail.map_or(Bond::PLAIN, |detail| Bond {
                        dependency: detail.dependency.unwrap_or(Bond::PLAIN.dependency),
                        lag: detail.lag.unwrap_or_default().millis(),
                    });
                    self.network.add_need(Need { node, bond });
                }
            }
            let node = self.node(item, finished.map(|(t, _)| t), is_parent);
            self.network.add_node(node);
        }
        self.grounds.n = self.ranks.len() as u64;
    }

    fn node(&mut self, item: u32, finished: Option<Instant>, is_parent: bool) -> Node {
        let stream = self.stream;
        let at = self.query.at;
        let mut node = Node { floor: at.millis(), ..Node::default() };
        if let Some(finished) = finished {
            let started = Said::of(stream, item).started.map(|t| t.min(finished).millis());
            self.network.happened(&mut node, Actual { started, finished: Some(finished.millis()) });
            return node;
        }
        match stream.kind(item) {
            Some(Kind::Release) => {
                let start = self.network.trains.len() as u32;
                for (application, _) in stream.to(item, LinkKind::BelongsTo) {
                    let cadence =
                        stream.last(application, Set::cadence).map(|(cadence, event)| (*cadence, event));
                    if let Some((cadence, event)) = cadence {
                        self.network.trains.push(cadence);
                        self.grounds.evidence.push(event);
                        self.grounds.rule("first_departure_after_ready");
                    }
                }
                node.trains = start..self.network.trains.len() as u32;
            }
            _ if is_parent => {}
            _ => {
                let said = Said::of(stream, item);
                let started = said.started.filter(|t| *t <= at).map(Instant::millis);
                match started {
                    Some(_) => self.network.happened(&mut node, Actual { started, finished: None }),
                    None => {
                        node.floor =
                            said.planned.map_or(node.floor, |planned| planned.millis().max(node.floor))
                    }
                }
                node.duration = self.duration(item, &said, started);
            }
        }
        node
    }

    /// `remaining`, else what is left of `estimate`, else the default.
    fn duration(&mut self, item: u32, said: &Said, started: Option<i64>) -> i64 {
        if let Some(remaining) = said.remaining {
            return remaining.millis();
        }
        if let Some(estimate) = said.estimate {
            let worked = started.map_or(0, |start| self.network.between(start, self.query.at.millis()));
            return (estimate.millis() - worked).max(0);
        }
        let is_gate = self.stream.kind(item) == Some(Kind::Gate);
        if let (Some(span), false) = (self.query.default_duration, is_gate) {
            self.grounds.rule("default_duration");
            return span.millis().max(0);
        }
        let reason = if is_gate { "gate_without_estimate" } else { "work_without_estimate" };
        self.grounds.exclude(reason, self.stream.id(item));
        0
    }

    fn items(&self) -> impl Iterator<Item = u32> {
        self.ranks.iter().map(|rank| self.frozen.item(*rank))
    }

    fn item(&self, number: u32) -> u32 {
        self.ranks.get(number as usize).map_or(0, |rank| self.frozen.item(*rank))
    }

    fn id(&self, number: u32) -> &'a str {
        self.stream.id(self.item(number))
    }

    fn explain(&self, error: &Unreachable) -> Error {
        let what =
            format!("the {} of \"{}\"", if error.train { "departure" } else { "work" }, self.id(error.node));
        match &self.network.calendar {
            Some(work) if !error.train => work.beyond(&what),
            _ => Error::Horizon { what, around: self.query.at },
        }
    }

    /// The nodes whose finish is the answer.
    fn sinks(&self, target: Option<u32>, dates: &[Dates]) -> Vec<u32> {
        let number = |item| self.numbers.get(self.frozen.rank(item) as usize).and_then(|n| n.checked_sub(1));
        if let Some(target) = target {
            return number(target).into_iter().collect();
        }
        let end = dates.iter().map(|d| d.early_finish).max();
        let mut sinks: Vec<u32> =
            (0..).zip(dates).filter(|(_, d)| Some(d.early_finish) == end).map(|(n, _)| n).collect();
        sinks.sort_unstable_by_key(|n| self.id(*n));
        sinks
    }

    fn report(mut self, dates: &[Dates], sinks: &[u32], end: i64) -> CriticalPath {
        let chains = self.chains(dates, sinks);
        let path = chains.path(sinks);
        let wait =
            |number: u32| dates.get(number as usize).map_or(0, |d| d.early_finish.saturating_sub(d.ready));
        let cadence_wait = path.iter().map(|number| wait(*number)).sum();
        let mut activities = Vec::new();
        for (number, d) in (0..).zip(dates) {
            let is_critical = chains.through(number) > 0;
            if is_critical {
                // The date rests on what drives it; everything else may move within its float.
                self.grounds.evidence.extend(self.stream.last_event(self.item(number)));
            }
            if self.query.critical_only == Some(true) && !is_critical {
                continue;
            }
            let item = self.item(number);
            let node = self.network.nodes.get(number as usize);
            let is_done = node.is_some_and(|n| self.network.actual(n).finished.is_some());
            activities.push(Activity {
                item: self.stream.id(item).to_owned(),
                title: self.stream.title(item).to_owned(),
                kind: self.stream.kind(item),
                done: is_done,
                duration: Span::from_millis(match node {
                    Some(n) if is_done => self.network.between(d.early_start, d.early_finish).max(n.duration),
                    Some(n) => n.duration,
                    None => 0,
                }),
                early_start: Instant::clamped(d.early_start),
                early_finish: Instant::clamped(d.early_finish),
                late_start: Instant::clamped(d.late_start),
                late_finish: Instant::clamped(d.late_finish),
                total_float: Span::from_millis(self.network.between(d.early_finish, d.late_finish)),
                free_float: Span::from_millis(d.free_float),
                critical: is_critical,
                driver: if is_critical {
                    chains.driver(number)
                } else {
                    self.first(&self.drivers(dates, number))
                }
                .map(|n| self.id(n).to_owned()),
                cadence_wait: Span::from_millis(if is_done { 0 } else { wait(number) }),
            });
        }
        activities.sort_unstable_by(|a, b| (a.early_start, &a.item).cmp(&(b.early_start, &b.item)));
        let ready = sinks.first().and_then(|n| dates.get(*n as usize)).map_or(end, |d| d.ready);
        let target = self.query.item.as_ref().and(sinks.first()).map(|n| self.id(*n).to_owned());
        let ids = path.iter().map(|n| self.id(*n).to_owned()).collect();
        self.grounds.n = dates.len() as u64;
        CriticalPath {
            item: target,
            at: self.query.at,
            ready_at: Instant::clamped(ready),
            finish: Instant::clamped(end),
            length: Span::from_millis(end - self.query.at.millis()),
            cadence_wait: Span::from_millis(cadence_wait),
            path: ids,
            path_count: chains.count,
            activities,
            basis: self.grounds.finish(self.stream),
        }
    }

    /// What decides when a node starts.
    fn drivers(&self, dates: &[Dates], number: u32) -> Vec<u32> {
        let needs = self.network.needs(number);
        let mut drivers: Vec<u32> =
            needs.filter(|need| self.network.drives(dates, number, need)).map(|need| need.node).collect();
        drivers.sort_unstable();
        drivers.dedup();
        drivers
    }

    /// The alphabetically first of some nodes.
    fn first(&self, numbers: &[u32]) -> Option<u32> {
        match numbers {
            [number] => Some(*number),
            numbers => numbers.iter().copied().min_by_key(|n| self.id(*n)),
        }
    }

    /// The driving chains that end in the sinks, followed backwards.
    fn chains(&self, dates: &[Dates], sinks: &[u32]) -> Chains {
        let mut chains = Chains { through: vec![0; dates.len()], drivers: vec![0; dates.len()], count: 0 };
        for sink in sinks {
            chains.add(*sink, 1);
        }
        for number in (0..dates.len() as u32).rev() {
            let through = chains.through(number);
            if through == 0 {
                continue;
            }
            let drivers = self.drivers(dates, number);
            let Some(first) = self.first(&drivers) else {
                chains.count = chains.count.saturating_add(through);
                continue;
            };
            if let Some(slot) = chains.drivers.get_mut(number as usize) {
                *slot = first + 1;
            }
            for driver in drivers {
                chains.add(driver, through);
            }
        }
        chains
    }
}

/// The driving chains of a schedule.
struct Chains {
    /// How many ways lead on from each node to a sink; none where it lies on no driving chain.
    through: Vec<u64>,
    /// By node: its alphabetically first driver plus one, 0 = none.
    drivers: Vec<u32>,
    /// How many chains there are.
    count: u64,
}

impl Chains {
    fn through(&self, number: u32) -> u64 {
        self.through.get(number as usize).copied().unwrap_or(0)
    }

    fn add(&mut self, number: u32, ways: u64) {
        if let Some(slot) = self.through.get_mut(number as usize) {
            *slot = slot.saturating_add(ways);
        }
    }

    fn driver(&self, number: u32) -> Option<u32> {
        self.drivers.get(number as usize)?.checked_sub(1)
    }

    /// The alphabetically first chain, first to last.
    fn path(&self, sinks: &[u32]) -> Vec<u32> {
        let mut path: Vec<u32> =
            std::iter::successors(sinks.first().copied(), |number| self.driver(*number)).collect();
        path.reverse();
        path
    }
}

/// What the record says of the work on one item, gathered in one walk: schedules look at every item.
#[derive(Default)]
struct Said {
    started: Option<Instant>,
    planned: Option<Instant>,
    remaining: Option<Span>,
    estimate: Option<Span>,
}

impl Said {
    fn of(stream: &ValueStream, item: u32) -> Said {
        let mut said = Said::default();
        let (mut planned, mut remaining, mut estimate) = (false, false, false);
        for (_, event) in stream.state.walk(item, stream.bounds) {
            for set in event.sets.iter().rev() {
                match set {
                    // Walking back, so the last one seen is the first.
                    Set::State(FlowState::Active | FlowState::Waiting) => said.started = Some(event.occurred),
                    Set::StartsAt(at) if !planned => (planned, said.planned) = (true, Some(*at)),
                    Set::Remaining(span) if !remaining => (remaining, said.remaining) = (true, Some(*span)),
                    Set::Estimate(span) if !estimate => (estimate, said.estimate) = (true, Some(*span)),
                    Set::Clear(name) => match &**name {
                        "starts_at" => planned = true,
                        "remaining" => remaining = true,
                        "estimate" => estimate = true,
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
        said
    }
}
