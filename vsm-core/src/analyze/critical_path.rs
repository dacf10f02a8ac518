//! What the date of a release depends on.

use serde::{Deserialize, Serialize};

use super::Basis;
use super::network::Schedule;
use super::plan::Plan;
use crate::calendar::{Calendar, WorkingTime};
use crate::error::Result;
use crate::model::Kind;
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
    /// [`UnknownItem`](crate::Error::UnknownItem), [`UnknownZone`](crate::Error::UnknownZone) and
    /// [`Invalid`](crate::Error::Invalid) for the calendar, [`Horizon`](crate::Error::Horizon) where calendar or train
    /// never gets there, [`Cycle`](crate::Error::Cycle) in a view of the past whose links contradict.
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
        plan.lay_out(target);
        let mut dates = plan.network.forward().map_err(|error| plan.explain(&error))?;
        let sinks = plan.sinks(target, &dates);
        let end = sinks.first().map_or(query.at.millis(), |number| dates.early_finish(*number));
        plan.network.backward(&mut dates, end);
        Ok(plan.report(&dates, &sinks, end))
    }

    /// When each of some items is finished at the earliest; for the "earliest" of unmet facts.
    pub(super) fn early_finishes(&self, item: u32, query: &CriticalPathQuery) -> Result<Vec<(u32, Instant)>> {
        let calendar = query.calendar.as_ref().map(|c| WorkingTime::new(c, query.at)).transpose()?;
        let frozen = self.frozen()?;
        let mut plan = Plan::new(self, &frozen, query, calendar);
        plan.lay_out(Some(item));
        let dates = plan.network.forward().map_err(|error| plan.explain(&error))?;
        let ready = |number| Instant::clamped(plan.network.ready(&dates, number));
        Ok((0..plan.network.len()).map(|number| (plan.item(number), ready(number))).collect())
    }
}

impl Plan<'_> {
    fn report(mut self, dates: &Schedule, sinks: &[u32], end: i64) -> CriticalPath {
        let chains = self.chains(dates, sinks);
        let path = chains.path(sinks);
        let cadence_wait = path.iter().map(|number| self.network.wait(dates, *number)).sum();
        let mut listed = Vec::new();
        for number in 0..self.network.len() {
            let is_critical = chains.through(number) > 0;
            if is_critical {
                // The date rests on what drives it; everything else may move within its float.
                self.grounds.evidence.extend(self.stream.last_event(self.item(number)));
            }
            if is_critical || self.query.critical_only != Some(true) {
                listed.push(number);
            }
        }
        listed.sort_by_cached_key(|number| (dates.early_start(*number), self.id(*number)));
        let (mut activities, mut drivers) = (Vec::with_capacity(listed.len()), Vec::new());
        for number in listed {
            let is_critical = chains.through(number) > 0;
            let item = self.item(number);
            let d = self.network.dates(dates, number);
            let is_done = self.network.is_finished(number);
            let driver = if is_critical {
                chains.driver(number)
            } else {
                self.note_drivers(dates, number, &mut drivers);
                self.first(&drivers)
            };
            activities.push(Activity {
                item: self.stream.id(item).to_owned(),
                title: self.stream.title(item).to_owned(),
                kind: self.stream.kind(item),
                done: is_done,
                duration: Span::from_millis(if is_done {
                    self.network.between(d.early_start, d.early_finish).max(0)
                } else {
                    self.network.duration(number)
                }),
                early_start: Instant::clamped(d.early_start),
                early_finish: Instant::clamped(d.early_finish),
                late_start: Instant::clamped(d.late_start),
                late_finish: Instant::clamped(d.late_finish),
                total_float: Span::from_millis(self.network.between(d.early_finish, d.late_finish)),
                free_float: Span::from_millis(d.free_float),
                critical: is_critical,
                driver: driver.map(|number| self.id(number).to_owned()),
                cadence_wait: Span::from_millis(if is_done { 0 } else { self.network.wait(dates, number) }),
            });
        }
        let ready = sinks.first().map_or(end, |number| self.network.ready(dates, *number));
        let target = self.query.item.as_ref().and(sinks.first()).map(|n| self.id(*n).to_owned());
        let ids = path.iter().map(|n| self.id(*n).to_owned()).collect();
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

    /// Writes down what decides when a node starts, each once.
    fn note_drivers(&self, dates: &Schedule, number: u32, drivers: &mut Vec<u32>) {
        drivers.clear();
        let needs = self.network.needs(number);
        drivers.extend(needs.filter(|need| self.network.drives(dates, number, need)).map(|need| need.node));
        drivers.sort_unstable();
        drivers.dedup();
    }

    /// The alphabetically first of some nodes.
    fn first(&self, numbers: &[u32]) -> Option<u32> {
        match numbers {
            [number] => Some(*number),
            numbers => numbers.iter().copied().min_by_key(|n| self.id(*n)),
        }
    }

    /// The driving chains that end in the sinks, followed backwards.
    fn chains(&self, dates: &Schedule, sinks: &[u32]) -> Chains {
        let nodes = self.network.len() as usize;
        let mut chains = Chains { through: vec![0; nodes], drivers: vec![0; nodes], count: 0 };
        for sink in sinks {
            chains.add(*sink, 1);
        }
        let mut drivers = Vec::new();
        for number in (0..self.network.len()).rev() {
            let through = chains.through(number);
            if through == 0 {
                continue;
            }
            self.note_drivers(dates, number, &mut drivers);
            let Some(first) = self.first(&drivers) else {
                chains.count = chains.count.saturating_add(through);
                continue;
            };
            if let Some(slot) = chains.drivers.get_mut(number as usize) {
                *slot = first + 1;
            }
            drivers.iter().for_each(|driver| chains.add(*driver, through));
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
