//! Schedules of activities that are given, without a stream.

use std::collections::BTreeMap;

use super::clock::By;
use super::dates::{Dates, Unreachable};
use super::hammock::Hammocks;
use super::named::Clocks;
use super::names::Names;
use super::network::{Bond, Need, Network, Special};
use super::order::{Arcs, sorted};
use super::query::{NetworkActivity, NetworkDependency, NetworkQuery, check, places};
use super::records::CriticalPath;
use super::report::Report;
use super::words::{DurationSource, LagCalendar};
use crate::calendar::Cadence;
use crate::error::{Error, Result};
use crate::model::Kind;
use crate::time::{Instant, Span};

/// The schedule of activities that are given: early and late dates, float, what drives what, and the trains they take.
///
/// With `n` activities and `m` dependencies it takes O(n + m), and a look into a calendar for each date that one
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
        let mut lines = BTreeMap::new();
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
            let first = own.network.train_count();
            for train in &activity.trains {
                let line = lines.len() as u32;
                let line = *lines.entry(line_of(train)).or_insert(line);
                own.network.add_train(train.clone(), line);
            }
            let trains = first..own.network.train_count();
            let (left, special) = own.described(activity, by, query.status_at, trains);
            own.network.add_node(left, special);
            own.places.push(node);
            if let Some(slot) = numbers.get_mut(node as usize) {
                *slot = own.network.len() - 1;
            }
        }
        own.network.take_seats(&Given { query, places: &own.places });
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

    /// The answer, once all dates have been counted.
    pub(super) fn tell(&mut self, query: &NetworkQuery, dates: &mut Dates) -> CriticalPath {
        let names = Given { query, places: &self.places };
        let sinks = dates.last(&names);
        let end = sinks.first().map_or(query.start.millis(), |number| dates.early_finish(*number));
        let mut wanted = query.wanted();
        // What spans its parts has to see all of them.
        wanted.critical_only &= !self.hammocks.is_any();
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
        error.explain(&self.network, names.id(error.node))
    }
}

/// What makes two trains the same: all that is said of them.
fn line_of(train: &Cadence) -> (Instant, Option<u32>, Option<Span>, Option<u32>) {
    (train.departure, train.every_days, train.cutoff, train.capacity)
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
    if query.activities.iter().flat_map(|activity| &activity.trains).any(|train| train.capacity.is_some()) {
        names.push("departures_by_time_of_readiness".into());
    }
    names.sort_unstable();
    names
}
