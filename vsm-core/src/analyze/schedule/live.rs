//! A schedule that is kept up to date while its activities change.

use super::change::{Before, Followers};
use super::dates::Dates;
use super::difference::{ActivityMove, NetworkChange, ScheduleChanges, Ties};
use super::names::Names;
use super::own::{Given, OwnNetwork};
use super::peaks::Peaks;
use super::query::{NetworkActivity, NetworkDependency, NetworkQuery, check};
use super::records::CriticalPath;
use super::touch::{Touched, Undo};
use crate::error::{Error, Result};
use crate::hash::{HashMap, HashSet};
use crate::time::{Instant, clip};

/// A network with its schedule, kept up to date: after a change only what depends on it is looked at.
///
/// A change of an activity's duration, dates, constraint or progress and of a calendar moves along what depends on it, in
/// both directions, with O(a log a) steps for `a` activities that it touches; so does a dependency that runs along the
/// order that was found at first. What changes that order, or which activities and calendars there are, lays everything out
/// anew, as does any change where a train has a capacity: O(n + m). Late dates are kept as their distance from the end; where calendars, demanded dates or progress tie
/// something to a date, and the end moves, they are counted anew when they are asked for next.
///
/// ```
/// use vsm_core::{LiveSchedule, NetworkActivity, NetworkChange, NetworkDependency, NetworkQuery, Span};
/// let activity =
///     |id: &str, days| NetworkActivity { id: id.into(), duration: Span::from_days(days), ..Default::default() };
/// let link = |from: &str, to: &str| NetworkDependency { from: from.into(), to: to.into(), ..Default::default() };
/// let activities = vec![activity("build", 2), activity("test", 3)];
/// let query = NetworkQuery::new("2026-03-02T00:00:00Z".parse()?, activities, vec![link("build", "test")]);
/// let mut live = LiveSchedule::new(query)?;
/// let change = NetworkChange { activities: vec![activity("build", 4)], ..NetworkChange::default() };
/// let changes = live.change(&change)?;
/// assert_eq!(changes.moved_by, Span::from_days(2));
/// assert_eq!(changes.moved.len(), 2);
/// assert_eq!(live.critical_path().path, ["build", "test"]);
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[derive(Debug)]
pub struct LiveSchedule {
    pub(super) query: NetworkQuery,
    pub(super) own: OwnNetwork,
    /// The place of each activity by its id.
    pub(super) places: HashMap<String, u32>,
    /// By place: its number; none for what spans its parts.
    numbers: Vec<Option<u32>>,
    /// The places of dependencies by the place of the activity that waits.
    pub(super) waits: Vec<Vec<u32>>,
    pub(super) dates: Dates,
    pub(super) followers: Followers,
    peaks: Peaks,
    /// The end that late dates are counted back from; none where they have to be counted anew.
    late_end: Option<i64>,
}

impl LiveSchedule {
    /// Lays a network out and counts its dates.
    ///
    /// # Errors
    /// As [`schedule`](crate::schedule).
    pub fn new(query: NetworkQuery) -> Result<LiveSchedule> {
        query.wanted().check()?;
        let own = OwnNetwork::new(&query)?;
        let dates = own.network.forward().map_err(|error| own.explain(&query, &error))?;
        let places = (0u32..).zip(&query.activities).map(|(n, activity)| (activity.id.clone(), n)).collect();
        let mut numbers = vec![None; query.activities.len()];
        for (number, place) in (0u32..).zip(&own.places) {
            if let Some(slot) = numbers.get_mut(*place as usize) {
                *slot = Some(number);
            }
        }
        let followers = Followers::new(&own.network);
        let peaks = Peaks::new(&dates.early_finish);
        let waits = vec![Vec::new(); query.activities.len()];
        let mut live =
            LiveSchedule { query, own, places, numbers, waits, dates, followers, peaks, late_end: None };
        for n in 0..live.query.dependencies.len() as u32 {
            live.note_wait(n);
        }
        live.count_late();
        Ok(live)
    }

    fn note_wait(&mut self, n: u32) {
        let said = self.query.dependencies.get(n as usize);
        let place = said.and_then(|said| self.places.get(said.to.as_str()));
        if let Some(waits) = place.and_then(|place| self.waits.get_mut(*place as usize)) {
            waits.push(n);
        }
    }

    pub(super) fn number(&self, id: &str) -> Option<u32> {
        *self.numbers.get(*self.places.get(id)? as usize)?
    }

    /// The network as it is now.
    pub fn network(&self) -> &NetworkQuery {
        &self.query
    }

    /// When everything is finished.
    pub fn finish(&self) -> Instant {
        Instant::clamped(self.peak())
    }

    fn peak(&self) -> i64 {
        self.peaks.highest().unwrap_or(self.query.start.millis())
    }

    fn end(&self) -> i64 {
        self.query.finish_by.map_or(self.peak(), Instant::millis)
    }

    /// The whole answer, as [`schedule`](crate::schedule) gives it; O(n + m).
    pub fn critical_path(&mut self) -> CriticalPath {
        if self.late_end != Some(self.end()) {
            self.count_late();
        }
        self.own.tell(&self.query, &mut self.dates)
    }

    fn count_late(&mut self) {
        let end = self.end();
        self.own.network.backward(&mut self.dates, end);
        self.late_end = Some(end);
    }

    /// Takes a change in, and says what it moves.
    ///
    /// # Errors
    /// As [`schedule`](crate::schedule) for the changed network, [`Error::UnknownItem`] for an activity that is removed and
    /// not known. The network is then as it was.
    pub fn change(&mut self, change: &NetworkChange) -> Result<ScheduleChanges> {
        if self.fits(change) { self.change_in_place(change) } else { self.lay_out_anew(change) }
    }

    /// Whether a change leaves the layout as it is.
    fn fits(&self, change: &NetworkChange) -> bool {
        let has_same_ties = |new: &NetworkActivity| {
            let place = self.places.get(new.id.as_str());
            place.and_then(|place| self.query.activities.get(*place as usize)).is_some_and(|old| {
                old.calendars == new.calendars && old.trains == new.trains && old.part_of == new.part_of
            })
        };
        let is_along = |link: &NetworkDependency| match (self.number(&link.from), self.number(&link.to)) {
            (Some(from), Some(to)) => from < to,
            _ => false,
        };
        !self.own.hammocks.is_any()
            && change.removed_activities.is_empty()
            // Who finds room on a train is a matter of all that take it.
            && !self.own.network.has_limited_trains()
            && (change.status_at.is_none() || self.query.status_at.is_some())
            && change.activities.iter().all(has_same_ties)
            && change.dependencies.iter().chain(&change.removed_dependencies).all(is_along)
            && change.calendars.iter().all(|new| self.query.calendars.iter().any(|old| old.name == new.name))
    }

    fn lay_out_anew(&mut self, change: &NetworkChange) -> Result<ScheduleChanges> {
        let mut query = self.query.clone();
        if let Some(id) = change.removed_activities.iter().find(|id| !self.places.contains_key(id.as_str())) {
            return Err(Error::UnknownItem { id: id.clone() });
        }
        query.status_at = change.status_at.or(query.status_at);
        put(&mut query.calendars, &change.calendars, |calendar| &calendar.name);
        put(&mut query.activities, &change.activities, |activity| &activity.id);
        let removed: HashSet<&str> = change.removed_activities.iter().map(String::as_str).collect();
        let ties = Ties::of(change);
        let is_gone = |link: &NetworkDependency| {
            ties.unties(link) || removed.contains(link.from.as_str()) || removed.contains(link.to.as_str())
        };
        query.dependencies.retain(|link| !is_gone(link));
        query.dependencies.extend_from_slice(&change.dependencies);
        query.activities.retain(|activity| !removed.contains(activity.id.as_str()));
        let new = LiveSchedule::new(query)?;
        let old = std::mem::replace(self, new);
        let dates = |live: &LiveSchedule, id: &str| {
            let number = live.number(id)?;
            Some((live.dates.early_start(number), live.dates.early_finish(number)))
        };
        let ids = old.query.activities.iter().chain(&self.query.activities).map(|activity| &activity.id);
        let mut ids: Vec<&String> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let moved = ids.into_iter().filter_map(|id| {
            let (before, now) = (dates(&old, id), dates(self, id));
            (before != now).then(|| moved_from(id, before, now))
        });
        let moved: Vec<ActivityMove> = moved.collect();
        let count = moved.len() as u64;
        let moved = if change.count_only == Some(true) { Vec::new() } else { moved };
        Ok(changes(old.finish(), self.finish(), count, moved))
    }

    fn change_in_place(&mut self, change: &NetworkChange) -> Result<ScheduleChanges> {
        let status = change.status_at.or(self.query.status_at);
        for (n, activity) in change.activities.iter().enumerate() {
            check(activity, &format!("activities[{n}]"), status)?;
        }
        if status < self.query.status_at {
            // What began since then would begin in the future.
            let changed: HashSet<&str> = change.activities.iter().map(|own| own.id.as_str()).collect();
            for own in self.query.activities.iter().filter(|own| !changed.contains(own.id.as_str())) {
                check(own, &format!("\"{}\"", clip(&own.id)), status)?;
            }
        }
        for (n, said) in change.dependencies.iter().enumerate() {
            said.lag.unwrap_or_default().check(&format!("dependencies[{n}].lag"))?;
        }
        let mut touched = Touched::default();
        let before = self.touch(change, &mut touched).and_then(|()| {
            let followed = match change.status_at {
                Some(_) => self.own.network.follow_all(&mut self.dates),
                None => self.own.network.follow(&mut self.dates, &self.followers, &touched.ahead),
            };
            followed.map_err(|error| self.own.explain(&self.query, &error))
        });
        match before {
            Ok(before) => {
                self.remember(change);
                Ok(self.settle(touched, &before, change.count_only == Some(true)))
            }
            Err(error) => {
                for step in touched.undo.into_iter().rev() {
                    self.take_back(step);
                }
                Err(error)
            }
        }
    }

    /// Writes a change down that holds from now on.
    fn remember(&mut self, change: &NetworkChange) {
        self.query.status_at = change.status_at.or(self.query.status_at);
        for activity in &change.activities {
            let place = self.places.get(activity.id.as_str()).copied();
            if let Some(slot) = place.and_then(|place| self.query.activities.get_mut(place as usize)) {
                slot.clone_from(activity);
            }
        }
        put(&mut self.query.calendars, &change.calendars, |calendar| &calendar.name);
        for link in change.removed_dependencies.iter().chain(&change.dependencies) {
            self.forget(link);
        }
        for link in &change.dependencies {
            self.query.dependencies.push(link.clone());
            self.note_wait(self.query.dependencies.len() as u32 - 1);
        }
    }

    /// Removes all dependencies between two activities; the last one takes the place of each.
    fn forget(&mut self, link: &NetworkDependency) {
        let Some(place) = self.places.get(link.to.as_str()).copied() else { return };
        let all = &self.query.dependencies;
        let is_it = |n: &u32| all.get(*n as usize).is_some_and(|said| said.from == link.from);
        if let Some(n) = self.waits.get(place as usize).and_then(|waits| waits.iter().copied().find(is_it)) {
            if let Some(waits) = self.waits.get_mut(place as usize) {
                waits.retain(|other| *other != n);
            }
            let last = self.query.dependencies.len() as u32 - 1;
            self.query.dependencies.swap_remove(n as usize);
            let moved =
                self.query.dependencies.get(n as usize).and_then(|said| self.places.get(said.to.as_str()));
            if let Some(waits) = moved.and_then(|place| self.waits.get_mut(*place as usize)) {
                waits.iter_mut().filter(|other| **other == last).for_each(|other| *other = n);
            }
            self.forget(link);
        }
    }

    /// Brings everything up to date that follows from early dates.
    fn settle(&mut self, touched: Touched, before: &[Before], is_counted: bool) -> ScheduleChanges {
        let network = &self.own.network;
        let finish_before = self.finish();
        let end_before = self.end();
        self.peaks.renew(&self.dates.early_finish, before.iter().map(|old| old.node));
        let end = self.end();
        let is_status = touched.undo.iter().any(|step| matches!(step, Undo::Status(_)));
        let may_follow = self.late_end == Some(end_before) && (end == end_before || network.moves_with_end());
        self.late_end = may_follow.then_some(end);
        if is_status || (may_follow && network.is_much(before.len())) {
            self.count_late();
        } else if may_follow {
            self.dates.shift += end - end_before;
            let mut changed = touched.back;
            for number in touched.ahead.into_iter().chain(before.iter().map(|old| old.node)) {
                changed.push(number);
                changed.extend(network.raw_needs(number).iter().map(|(node, _)| *node));
            }
            network.follow_back(&mut self.dates, &self.followers, changed, end);
        }
        let now = |old: &Before| (self.dates.early_start(old.node), self.dates.early_finish(old.node));
        let has_moved = |old: &&Before| (old.early_start, old.early_finish) != now(old);
        let count = before.iter().filter(has_moved).count() as u64;
        if is_counted {
            return changes(finish_before, self.finish(), count, Vec::new());
        }
        let names = Given { query: &self.query, places: &self.own.places };
        let moved = before.iter().filter(has_moved).map(|old| {
            moved_from(names.id(old.node), Some((old.early_start, old.early_finish)), Some(now(old)))
        });
        let mut moved: Vec<ActivityMove> = moved.collect();
        moved.sort_unstable_by(|a, b| a.item.cmp(&b.item));
        changes(finish_before, self.finish(), count, moved)
    }
}

/// An activity that moves, by its early start and finish before and now; none where it was not there.
fn moved_from(id: &str, before: Option<(i64, i64)>, now: Option<(i64, i64)>) -> ActivityMove {
    ActivityMove {
        item: id.to_owned(),
        early_start_before: before.map(|dates| Instant::clamped(dates.0)),
        early_start: now.map(|dates| Instant::clamped(dates.0)),
        early_finish_before: before.map(|dates| Instant::clamped(dates.1)),
        early_finish: now.map(|dates| Instant::clamped(dates.1)),
    }
}

fn changes(
    finish_before: Instant,
    finish: Instant,
    moved_count: u64,
    moved: Vec<ActivityMove>,
) -> ScheduleChanges {
    ScheduleChanges { finish_before, finish, moved_by: finish.since(finish_before), moved_count, moved }
}

/// Puts new records in the place of those that have the same name, and the others at the end.
fn put<T: Clone>(all: &mut Vec<T>, new: &[T], name: impl Fn(&T) -> &String) {
    // Usually few are new: their names are kept, and not those of all.
    let mut open: HashMap<&str, &T> = new.iter().map(|new| (name(new).as_str(), new)).collect();
    for slot in all.iter_mut() {
        if let Some(new) = open.remove(name(slot).as_str()) {
            slot.clone_from(new);
        }
    }
    // Of several with one name the last one counts.
    all.extend(new.iter().filter_map(|new| open.remove(name(new).as_str())).cloned());
}
