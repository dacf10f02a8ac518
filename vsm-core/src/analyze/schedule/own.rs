//! Schedules of activities that are given, without a stream.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::By;
use super::dates::{Dates, Unreachable};
use super::hammock::Hammocks;
use super::names::Names;
use super::network::{Bond, Need, Network, Rules, Special};
use super::order::{Arcs, sorted};
use super::records::CriticalPath;
use super::report::{Report, Wanted};
use super::words::{DateConstraint, DurationSource, LagCalendar, ProgressRule};
use crate::calendar::{Cadence, Calendar, WorkingTime};
use crate::error::{Error, Result};
use crate::hash::HashMap;
use crate::model::{Dependency, Kind};
use crate::time::{Instant, Span, clip};

/// Activities, what they depend on, and the calendars they are worked by.
///
/// All defaults together are Microsoft Project's rules; `status_at` with
/// [`ProgressRule::RetainedLogic`], `honor_constraints: false` and `lead_before_start: false` are Primavera's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkQuery {
    /// When everything may start.
    pub start: Instant,
    /// The status date: open work starts no earlier, and started work goes on there. Absent = there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_at: Option<Instant>,
    /// The calendars that activities name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<NamedCalendar>,
    /// The calendar of activities that name none; absent = every hour of every day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// The activities, in any order.
    pub activities: Vec<NetworkActivity>,
    /// What depends on what, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<NetworkDependency>,
    /// How started work goes on; absent = `retained_logic` with a status date, `actual_dates` without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressRule>,
    /// Whether demanded dates win over dependencies, so that an activity may start before what it depends on allows
    /// (Microsoft Project's "tasks will always honor their constraint dates"); absent = true. A date that is demanded then
    /// stands as it is, even where nobody works. Otherwise dependencies win, and a demanded date that can't be kept shows
    /// as negative float.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub honor_constraints: Option<bool>,
    /// Whether negative lags may let an activity begin before `start`; absent = true, as in Microsoft Project, which makes
    /// an exception for `finish_to_finish`: what only has to finish with another never begins before `start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_before_start: Option<bool>,
    /// By which calendar lags are counted; absent = `successor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_calendar: Option<LagCalendar>,
    /// When everything should be finished: late dates are counted back from it; absent = from the last early finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_by: Option<Instant>,
    /// The total float up to which an open activity is near-critical; absent = none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_critical: Option<Span>,
    /// How many chains are listed, those with the least float; absent = none, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_paths: Option<u32>,
    /// How much less time an activity takes when it is asked what that would bring (`crash`); absent = nothing is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shorten_by: Option<Span>,
    /// Whether only the activities on a driving chain are listed; absent = all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_only: Option<bool>,
}

/// A calendar and the name by which activities call it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NamedCalendar {
    /// The name.
    pub name: String,
    /// When work happens.
    pub calendar: Calendar,
}

/// Something that takes time, or a milestone that takes none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkActivity {
    /// By what dependencies and results call it; each once.
    pub id: String,
    /// Its name for people; absent = the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The working time that all of it takes; none for a milestone. Of what spans its parts it is ignored.
    #[serde(default)]
    pub duration: Span,
    /// The working time that is left; absent = all, less what lies between its start and the status date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<Span>,
    /// The calendars it is worked by: it goes on when all of them do; none = that of the network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<String>,
    /// What is demanded of its dates; absent = as soon as possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<DateConstraint>,
    /// The date of the constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint_at: Option<Instant>,
    /// When it should be finished; that moves no early date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Instant>,
    /// When it really started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Instant>,
    /// When it really finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
    /// The trains it takes when its work is finished: it ends with the latest of their first departures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trains: Vec<Cadence>,
    /// The activity that it is part of, which spans its parts (a hammock): from the first start to the last finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
}

/// One activity that waits for another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkDependency {
    /// What is waited for.
    pub from: String,
    /// What waits.
    pub to: String,
    /// Which ends are tied; absent = finish to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency: Option<Dependency>,
    /// How much later it may be than what it waits for; negative = earlier (a lead). Absent = none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<Span>,
    /// Whether the lag is elapsed time, whatever the calendars say; absent = it is working time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<bool>,
}

impl NetworkQuery {
    /// Activities and what depends on what, with all defaults.
    pub fn new(
        start: Instant,
        activities: Vec<NetworkActivity>,
        dependencies: Vec<NetworkDependency>,
    ) -> NetworkQuery {
        NetworkQuery {
            start,
            status_at: None,
            calendars: Vec::new(),
            calendar: None,
            activities,
            dependencies,
            progress: None,
            honor_constraints: None,
            lead_before_start: None,
            lag_calendar: None,
            finish_by: None,
            near_critical: None,
            longest_paths: None,
            shorten_by: None,
            critical_only: None,
        }
    }

    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            critical_only: self.critical_only == Some(true),
            near_critical: self.near_critical.unwrap_or_default(),
            longest_paths: self.longest_paths.unwrap_or(0),
            shorten_by: self.shorten_by,
        }
    }

    pub(super) fn rules(&self) -> Rules {
        let usual = match self.status_at {
            Some(_) => ProgressRule::RetainedLogic,
            None => ProgressRule::ActualDates,
        };
        Rules {
            progress: self.progress.unwrap_or(usual),
            may_lead_before_start: self.lead_before_start.unwrap_or(true),
            honors_constraints: self.honor_constraints.unwrap_or(true),
            happens_any_time: false,
        }
    }
}

/// The schedule of activities that are given: early and late dates, float, what drives what, and the trains they take.
///
/// With `n` activities and `m` dependencies it takes O(n + m), and a binary search in a calendar for each date that one
/// counts. Ties are broken by id.
///
/// # Errors
/// [`Error::Invalid`] naming the field: ids that are missing, empty or used twice, calendars nobody gave, negative
/// durations, constraints without date, finishes before starts, actual dates after the status date.
/// [`Error::Cycle`] with its path. [`Error::UnknownZone`] for a calendar. [`Error::Horizon`] where a calendar or train never
/// gets there.
///
/// ```
/// use vsm_core::{NetworkActivity, NetworkDependency, NetworkQuery, Span, schedule};
/// let activity = |id: &str, days| NetworkActivity {
///     id: id.into(),
///     duration: Span::from_days(days),
///     ..NetworkActivity::default()
/// };
/// let link = |from: &str, to: &str| NetworkDependency { from: from.into(), to: to.into(), ..Default::default() };
/// let query = NetworkQuery::new(
///     "2026-03-02T00:00:00Z".parse()?,
///     vec![activity("a", 3), activity("b", 4), activity("c", 2), activity("d", 5)],
///     vec![link("a", "b"), link("a", "c"), link("b", "d"), link("c", "d")],
/// );
/// let path = schedule(&query)?;
/// assert_eq!(path.path, ["a", "b", "d"]);
/// assert_eq!(path.length, Span::from_days(12));
/// assert_eq!(path.activities[2].total_float, Span::from_days(2));
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn schedule(query: &NetworkQuery) -> Result<CriticalPath> {
    query.wanted().check()?;
    let mut own = OwnNetwork::new(query)?;
    let mut dates = own.network.forward().map_err(|error| own.explain(query, &error))?;
    let finish = dates.early_finishes().map(|(_, finish)| finish).max();
    let finish = finish.unwrap_or(query.start.millis());
    own.network.backward(&mut dates, query.finish_by.map_or(finish, Instant::millis));
    Ok(own.tell(query, &mut dates))
}

/// A network of activities that were given.
#[derive(Debug)]
pub(super) struct OwnNetwork {
    pub(super) network: Network,
    /// By number: the place of the activity among those that were given.
    pub(super) places: Vec<u32>,
    pub(super) hammocks: Hammocks,
    pub(super) clocks: Clocks,
}

/// The activities behind the numbers of a network.
pub(super) struct Given<'a> {
    pub(super) query: &'a NetworkQuery,
    pub(super) places: &'a [u32],
}

impl<'a> Given<'a> {
    fn of(&self, number: u32) -> Option<&'a NetworkActivity> {
        self.query.activities.get(*self.places.get(number as usize)? as usize)
    }
}

impl Names for Given<'_> {
    fn id(&self, number: u32) -> &str {
        self.of(number).map_or("", |activity| &activity.id)
    }

    fn title(&self, number: u32) -> &str {
        self.of(number).map_or("", |activity| activity.title.as_deref().unwrap_or(&activity.id))
    }

    fn kind(&self, _: u32) -> Option<Kind> {
        None
    }

    fn source(&self, number: u32) -> Option<DurationSource> {
        let activity = self.of(number).filter(|activity| activity.finished_at.is_none())?;
        Some(match activity.remaining {
            Some(_) => DurationSource::Remaining,
            None => DurationSource::Estimate,
        })
    }
}

impl OwnNetwork {
    pub(super) fn new(query: &NetworkQuery) -> Result<OwnNetwork> {
        let places = places(query)?;
        for (n, activity) in query.activities.iter().enumerate() {
            check(activity, &format!("activities[{n}]"), query.status_at)?;
        }
        let hammocks = Hammocks::new(query, &places)?;
        let links = hammocks.links(query, &places)?;
        let nodes = query.activities.len();
        let before = Arcs::new(nodes, (0..).zip(&links).map(|(n, link)| (link.to, n)));
        let after = Arcs::new(nodes, links.iter().map(|link| (link.from, link.to)));
        let needed = Arcs::new(nodes, links.iter().map(|link| (link.to, link.from)));
        let id = |node: &u32| query.activities.get(*node as usize).map_or(String::new(), |a| a.id.clone());
        let order = sorted(nodes, &after, &needed)
            .map_err(|path| Error::Cycle { path: path.iter().map(id).collect() })?;
        let mut network =
            Network::new(query.start.millis(), query.status_at.map(Instant::millis), query.rules());
        let clocks = Clocks::new(query, &mut network)?;
        let mut own = OwnNetwork { network, places: Vec::with_capacity(nodes), hammocks, clocks };
        let mut numbers = vec![0u32; nodes];
        own.network.reserve(nodes, links.len());
        for node in order {
            let Some(activity) = query.activities.get(node as usize) else { continue };
            let by = own.by(activity, || format!("activities[{node}].calendars"))?;
            if own.hammocks.is_one(node) {
                own.hammocks.by.insert(node, by);
                continue;
            }
            for n in before.of(node) {
                let Some(link) = links.get(*n as usize) else { continue };
                let (Some(said), Some(needed)) =
                    (query.dependencies.get(link.place), query.activities.get(link.from as usize))
                else {
                    continue;
                };
                let bond = own.bond(query, said, needed, by)?;
                let node = numbers.get(link.from as usize).copied().unwrap_or(0);
                own.network.add_need(Need { node, bond });
            }
            let first = own.network.trains.len() as u32;
            own.network.trains.extend(activity.trains.iter().cloned());
            let trains = first..own.network.trains.len() as u32;
            let (left, special) = own.described(activity, by, query.status_at, trains);
            own.network.add_node(left, special);
            own.places.push(node);
            if let Some(slot) = numbers.get_mut(node as usize) {
                *slot = own.network.len() - 1;
            }
        }
        Ok(own)
    }

    /// By what the work of an activity is counted.
    fn by(&mut self, activity: &NetworkActivity, field: impl Fn() -> String) -> Result<By> {
        self.clocks.of(&activity.calendars, &mut self.network, field)
    }

    /// How a dependency binds an activity that is worked `by` a calendar.
    pub(super) fn bond(
        &mut self,
        query: &NetworkQuery,
        said: &NetworkDependency,
        needed: &NetworkActivity,
        by: By,
    ) -> Result<Bond> {
        let lag = said.lag.unwrap_or_default().millis();
        let by = match query.lag_calendar.unwrap_or(LagCalendar::Successor) {
            _ if lag == 0 || said.elapsed == Some(true) => By::PLAIN,
            LagCalendar::Elapsed => By::PLAIN,
            LagCalendar::Successor => by,
            LagCalendar::Project => self.network.by,
            LagCalendar::Predecessor => self.by(needed, || format!("the calendars of \"{}\"", needed.id))?,
        };
        Ok(Bond { dependency: said.dependency.unwrap_or(Bond::PLAIN.dependency), lag, by })
    }

    /// The working time that is left of an activity, and what is special about it.
    pub(super) fn described(
        &self,
        activity: &NetworkActivity,
        by: By,
        status: Option<Instant>,
        trains: std::ops::Range<u32>,
    ) -> (i64, Option<Special>) {
        let whole = activity.duration.millis();
        let left = match (activity.remaining, activity.started_at, status) {
            (Some(remaining), ..) => remaining.millis(),
            (None, Some(started), Some(status)) => {
                (whole - self.network.clock.between(by, started.millis(), status.millis())).max(0)
            }
            _ => whole,
        };
        let special = Special {
            calendar: (by != self.network.by).then_some(by),
            constraint: activity.constraint.zip(activity.constraint_at.map(Instant::millis)),
            deadline: activity.deadline.map(Instant::millis),
            started: activity.started_at.map(Instant::millis),
            whole: whole.max(left),
            finished: activity.finished_at.map(Instant::millis),
            trains,
        };
        let is_plain = special.calendar.is_none()
            && special.constraint.is_none()
            && special.deadline.is_none()
            && special.started.is_none()
            && special.trains.is_empty();
        (left, (!is_plain).then_some(special))
    }

    /// The activities that finish last, by id.
    pub(super) fn sinks(&self, query: &NetworkQuery, dates: &Dates) -> Vec<u32> {
        let names = Given { query, places: &self.places };
        let end = dates.early_finishes().map(|(_, finish)| finish).max();
        let last = dates.early_finishes().filter(|(_, finish)| Some(*finish) == end);
        let mut sinks: Vec<u32> = last.map(|(number, _)| number).collect();
        sinks.sort_unstable_by_key(|number| names.id(*number));
        sinks
    }

    /// The answer, once all dates have been counted.
    pub(super) fn tell(&mut self, query: &NetworkQuery, dates: &mut Dates) -> CriticalPath {
        let sinks = self.sinks(query, dates);
        let end = sinks.first().map_or(query.start.millis(), |number| dates.early_finish(*number));
        let mut wanted = query.wanted();
        // What spans its parts has to see all of them.
        wanted.critical_only &= !self.hammocks.is_any();
        let names = Given { query, places: &self.places };
        let report =
            Report { network: &mut self.network, dates, names: &names, sinks: &sinks, end, wanted: &wanted };
        let mut path = report.tell(query.status_at.unwrap_or(query.start), None, |_| {});
        path.basis.n = self.places.len() as u64;
        path.basis.rules = rule_names(query);
        self.hammocks.tell(&mut path, &self.network.clock, query);
        if query.critical_only == Some(true) {
            path.activities.retain(|activity| activity.critical);
        }
        path
    }

    pub(super) fn explain(&self, query: &NetworkQuery, error: &Unreachable) -> Error {
        let names = Given { query, places: &self.places };
        let id = names.id(error.node);
        let what = format!("the {} of \"{id}\"", if error.is_train { "departure" } else { "work" });
        match self.network.clock.calendar(self.network.by(error.node)) {
            Some(work) if !error.is_train => work.beyond(&what),
            _ => Error::Horizon { what, around: Instant::clamped(self.network.start) },
        }
    }
}

fn rule_names(query: &NetworkQuery) -> Vec<String> {
    let rules = query.rules();
    let mut names = vec![rules.progress.as_str().to_owned()];
    names.push(if query.calendars.is_empty() { "elapsed_time" } else { "working_time" }.into());
    names.push(if rules.honors_constraints { "constraints_win" } else { "dependencies_win" }.into());
    if !rules.may_lead_before_start {
        names.push("nothing_before_start".into());
    }
    if query.dependencies.iter().any(|d| d.lag.is_some_and(|lag| lag != Span::ZERO)) {
        names.push(format!("lag_by_{}", query.lag_calendar.unwrap_or(LagCalendar::Successor)));
    }
    if query.activities.iter().any(|activity| !activity.trains.is_empty()) {
        names.push("first_departure_after_ready".into());
    }
    names.sort_unstable();
    names
}

/// The place of each activity by its id.
fn places(query: &NetworkQuery) -> Result<HashMap<&str, u32>> {
    let mut places = HashMap::default();
    for (n, activity) in query.activities.iter().enumerate() {
        let field = || format!("activities[{n}].id");
        if activity.id.is_empty() {
            return Err(Error::invalid(&field(), "must not be empty"));
        }
        if places.insert(activity.id.as_str(), n as u32).is_some() {
            return Err(Error::invalid(&field(), format!("\"{}\" is used twice", clip(&activity.id))));
        }
    }
    Ok(places)
}

pub(super) fn check(activity: &NetworkActivity, field: &str, status: Option<Instant>) -> Result<()> {
    let at = |name: &str| format!("{field}.{name}");
    for (name, span) in [("duration", Some(activity.duration)), ("remaining", activity.remaining)] {
        let span = span.unwrap_or_default();
        span.check(&at(name))?;
        if span < Span::ZERO {
            return Err(Error::invalid(&at(name), "must not be negative"));
        }
    }
    if activity.constraint.is_some() != activity.constraint_at.is_some() {
        return Err(Error::invalid(&at("constraint_at"), "a constraint and its date go together"));
    }
    match (activity.started_at, activity.finished_at) {
        (None, Some(_)) => {
            return Err(Error::invalid(&at("started_at"), "what has finished must have started"));
        }
        (Some(started), Some(finished)) if finished < started => {
            return Err(Error::invalid(&at("finished_at"), "must not be before started_at"));
        }
        _ => {}
    }
    for (name, actual) in [("started_at", activity.started_at), ("finished_at", activity.finished_at)] {
        if actual > status.filter(|_| actual.is_some()).or(actual) {
            return Err(Error::invalid(&at(name), "must not be after status_at"));
        }
    }
    for (n, train) in activity.trains.iter().enumerate() {
        train.check().map_err(|error| error.within(&at(&format!("trains[{n}]"))))?;
    }
    Ok(())
}

/// The calendars of a network by name, each laid out once, and what they have in common where an activity names several.
#[derive(Debug)]
pub(super) struct Clocks {
    pub(super) laid_out: BTreeMap<Vec<String>, By>,
}

impl Clocks {
    fn new(query: &NetworkQuery, network: &mut Network) -> Result<Clocks> {
        let mut laid_out = BTreeMap::new();
        for (n, named) in query.calendars.iter().enumerate() {
            let work = WorkingTime::new(&named.calendar, query.start);
            let work = work.map_err(|error| error.within(&format!("calendars[{n}]")))?;
            if laid_out.insert(vec![named.name.clone()], network.clock.with(work)).is_some() {
                let reason = format!("\"{}\" is used twice", clip(&named.name));
                return Err(Error::invalid(&format!("calendars[{n}].name"), reason));
            }
        }
        laid_out.insert(Vec::new(), By::PLAIN);
        if let Some(name) = &query.calendar {
            let by = laid_out.get(std::slice::from_ref(name)).copied();
            network.by = by.ok_or_else(|| unknown_calendar("calendar", name))?;
            laid_out.insert(Vec::new(), network.by);
        }
        Ok(Clocks { laid_out })
    }

    /// By what something is counted that names some calendars.
    fn of(&mut self, names: &[String], network: &mut Network, field: impl Fn() -> String) -> Result<By> {
        if let Some(by) = self.laid_out.get(names) {
            return Ok(*by);
        }
        let mut key = names.to_vec();
        key.sort_unstable();
        key.dedup();
        if let Some(by) = self.laid_out.get(&key) {
            return Ok(*by);
        }
        let work = self.common(&key, network, field)?;
        let by = work.map_or(By::PLAIN, |work| network.clock.with(work));
        self.laid_out.insert(key, by);
        Ok(by)
    }

    /// What some calendars have in common.
    pub(super) fn common(
        &self,
        names: &[String],
        network: &Network,
        field: impl Fn() -> String,
    ) -> Result<Option<WorkingTime>> {
        let mut common: Option<WorkingTime> = None;
        for name in names {
            let by = self.laid_out.get(std::slice::from_ref(name)).copied();
            let work = by.and_then(|by| network.clock.calendar(by));
            let work = work.ok_or_else(|| unknown_calendar(&field(), name))?;
            common = Some(common.map_or_else(|| work.clone(), |common| common.intersection(work)));
        }
        Ok(common)
    }
}

fn unknown_calendar(field: &str, name: &str) -> Error {
    Error::invalid(field, format!("\"{}\" is not the name of one of the calendars", clip(name)))
}
