//! What changes in a network, and what that brings.

use serde::{Deserialize, Serialize};

use super::query::{NamedCalendar, NetworkActivity, NetworkDependency};
use crate::hash::{HashMap, HashSet};
use crate::time::{Instant, Span};

/// What changes in a network, all of it at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkChange {
    /// Activities as they are now; one with an id that is not known yet is new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<NetworkActivity>,
    /// Dependencies as they are now: each takes the place of all between the same two activities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<NetworkDependency>,
    /// Calendars as they are now; one with a name that is not known yet is new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<NamedCalendar>,
    /// Dependencies that hold no longer; only their two ends are looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_dependencies: Vec<NetworkDependency>,
    /// The ids of activities that are dropped, with their dependencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_activities: Vec<String>,
    /// The status date, where time went on; absent = as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_at: Option<Instant>,
    /// Whether what moves is only counted; absent = it is listed too, a record for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count_only: Option<bool>,
}

/// What a change brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleChanges {
    /// When everything was finished before.
    pub finish_before: Instant,
    /// When everything is finished now.
    pub finish: Instant,
    /// How much later that is; negative = earlier.
    pub moved_by: Span,
    /// How many activities have other early dates now, those that came or went included.
    pub moved_count: u64,
    /// These activities, by id; empty where they are only counted.
    pub moved: Vec<ActivityMove>,
}

/// An activity whose dates are others now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityMove {
    /// The activity.
    pub item: String,
    /// The earliest it could start; absent for a new one.
    pub early_start_before: Option<Instant>,
    /// The earliest it can start; absent where it was dropped.
    pub early_start: Option<Instant>,
    /// The earliest it could finish; absent for a new one.
    pub early_finish_before: Option<Instant>,
    /// The earliest it can finish; absent where it was dropped.
    pub early_finish: Option<Instant>,
}

/// The dependencies of a change, to be looked up: a change may have as many as the network.
pub(super) struct Ties<'a> {
    untied: HashSet<(&'a str, &'a str)>,
    by_waiting: HashMap<&'a str, Vec<&'a NetworkDependency>>,
}

impl<'a> Ties<'a> {
    pub(super) fn of(change: &'a NetworkChange) -> Ties<'a> {
        let ends = |link: &'a NetworkDependency| (link.from.as_str(), link.to.as_str());
        let untied = change.removed_dependencies.iter().chain(&change.dependencies).map(ends).collect();
        let mut by_waiting: HashMap<&str, Vec<&NetworkDependency>> = HashMap::default();
        for link in &change.dependencies {
            by_waiting.entry(&link.to).or_default().push(link);
        }
        Ties { untied, by_waiting }
    }

    /// Whether a dependency does not hold any longer, or is told anew.
    pub(super) fn unties(&self, link: &NetworkDependency) -> bool {
        self.untied.contains(&(link.from.as_str(), link.to.as_str()))
    }

    /// What is told anew of what an activity waits for.
    pub(super) fn new_of(&self, waiting: &str) -> &[&'a NetworkDependency] {
        self.by_waiting.get(waiting).map_or(&[], Vec::as_slice)
    }
}
