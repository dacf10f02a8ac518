//! Activities that are given: what is asked, and what is wrong with it.

use serde::{Deserialize, Serialize};

use super::network::Rules;
use super::report::Wanted;
use super::words::{DateConstraint, LagCalendar, ProgressRule};
use crate::calendar::{Cadence, Calendar};
use crate::error::{Error, Result};
use crate::hash::HashMap;
use crate::model::Dependency;
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
    /// The trains it takes when its work is finished: it ends with the latest of their first departures. Two trains are the
    /// same where all that is said of them is; of one with a capacity, activities take the departures in the order in which
    /// they are ready, ties by id.
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

/// The place of each activity by its id.
pub(super) fn places(query: &NetworkQuery) -> Result<HashMap<&str, u32>> {
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
