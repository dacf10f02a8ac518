//! What the date of a release depends on.

use serde::{Deserialize, Serialize};

use super::Policy;
use super::plan::Plan;
use super::schedule::{CriticalPath, ProgressRule, Report, Wanted};
use crate::calendar::Calendar;
use crate::error::{Error, Result};
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
    /// The calendar in which work, lags and float are counted of items whose teams (`owned_by`, `responsible`) have none of
    /// their own; absent = plain time. The calendars of environments (`ran_in`, `deployed_to`) come on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// The percentile, from 0 to 1, of how long finished items of its kind took, for an open item that has neither
    /// `remaining` nor `estimate` nor planned dates (`starts_at` and `ends_at` or `due_at`); absent = history is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_percentile: Option<f64>,
    /// How long an open work item takes of which nothing else is known; absent = no time, and it is listed under
    /// `excluded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_duration: Option<Span>,
    /// Whether only the activities on a driving chain are listed; absent = all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_only: Option<bool>,
    /// How started work goes on; absent = `retained_logic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressRule>,
    /// When everything should be finished: late dates are counted back from it; absent = from the finish.
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
    /// The ladder of stages, and which of them ask for tests and gates, for builds, test runs and deployments that are still
    /// to come; absent = the default policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

impl CriticalPathQuery {
    /// A question with all defaults.
    pub fn new(item: impl Into<String>, at: Instant) -> CriticalPathQuery {
        CriticalPathQuery {
            item: Some(item.into()),
            at,
            calendar: None,
            history_percentile: None,
            default_duration: None,
            critical_only: None,
            progress: None,
            finish_by: None,
            near_critical: None,
            longest_paths: None,
            shorten_by: None,
            policy: None,
        }
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            critical_only: self.critical_only == Some(true),
            near_critical: self.near_critical.unwrap_or_default(),
            longest_paths: self.longest_paths.unwrap_or(0),
            shorten_by: self.shorten_by,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        self.default_duration.unwrap_or_default().check("default_duration")?;
        if self.history_percentile.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err(Error::invalid("history_percentile", "must be from 0 to 1, such as 0.85"));
        }
        self.policy.as_ref().map_or(Ok(()), Policy::check)?;
        self.wanted().check()
    }
}

impl ValueStream {
    /// The schedule of an item: early and late dates, float, what drives what, and the trains it takes.
    ///
    /// An item waits for its parts (`parent`), a release for its scope (`ships_in`), anything for its gates and for
    /// what it depends on; builds, test runs and deployments that are still to come are put in order by what they are
    /// linked to, as the book says under [Schedules](crate#schedules). What is finished keeps its real dates, and what it needed is not looked at again. Started
    /// work goes on at the status date, after what it depends on (retained logic). A release leaves with the first
    /// departure of each application it belongs to that has a train, the latest of them counts. Where a train has a
    /// `capacity`, all open releases of the application take its departures in the order in which they are ready, and those
    /// that find one full the next; to know that, all of them are scheduled. Float and `crash` leave departures that
    /// were taken so as they are. Ties are broken by id. With `n` needed items and `m` links it takes O(n + m) after one layout of the whole graph.
    ///
    /// # Errors
    /// [`UnknownItem`](crate::Error::UnknownItem), [`UnknownZone`](crate::Error::UnknownZone) and
    /// [`Invalid`](crate::Error::Invalid) for the calendar and the policy, [`Horizon`](crate::Error::Horizon) where calendar or train
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
        let frozen = self.frozen()?;
        let mut plan = Plan::new(self, &frozen, query)?;
        let target = query.item.as_deref().map(|id| self.find(id)).transpose()?;
        plan.lay_out(target)?;
        let mut dates = plan.network.forward().map_err(|error| plan.explain(&error))?;
        let sinks = plan.sinks(target, &dates);
        let finish = sinks.first().map_or(query.at.millis(), |number| dates.early_finish(*number));
        plan.network.backward(&mut dates, query.finish_by.map_or(finish, Instant::millis));
        let item = target.and(sinks.first()).copied();
        let (network, names, grounds) = plan.parted();
        let report = Report {
            network,
            dates: &mut dates,
            names: &names,
            sinks: &sinks,
            end: finish,
            wanted: &query.wanted(),
        };
        // The date rests on what drives it; everything else may move within its float.
        let note = |number| grounds.evidence.extend(self.last_event(names.item(number)));
        let mut path = report.tell(query.at, item, note);
        path.basis = std::mem::take(&mut plan.grounds).finish(self);
        Ok(path)
    }

    /// When each of some items is finished at the earliest; for the "earliest" of unmet facts.
    pub(super) fn early_finishes(&self, item: u32, query: &CriticalPathQuery) -> Result<Vec<(u32, Instant)>> {
        let frozen = self.frozen()?;
        let mut plan = Plan::new(self, &frozen, query)?;
        plan.lay_out(Some(item))?;
        let dates = plan.network.forward().map_err(|error| plan.explain(&error))?;
        let ready = |number| Instant::clamped(plan.network.ready(&dates, number));
        Ok((0..plan.network.len()).map(|number| (plan.item(number), ready(number))).collect())
    }
}
