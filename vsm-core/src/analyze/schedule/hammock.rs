//! Activities that span their parts.

use super::clock::{By, Clock};
use super::query::{NetworkActivity, NetworkQuery};
use super::records::{Activity, CriticalPath};
use crate::error::{Error, Result};
use crate::hash::HashMap;
use crate::model::Dependency;
use crate::time::{Instant, Span, clip};

/// A dependency between activities that are worked on: one that names a hammock holds for its parts.
pub(super) struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
    /// Its place among those that were given.
    pub(super) place: usize,
}

/// The activities that span others.
#[derive(Debug)]
pub(super) struct Hammocks {
    /// By place: the activity that it is part of.
    whole: Vec<Option<u32>>,
    /// By place: its parts.
    parts: Vec<Vec<u32>>,
    /// By place: by what the time is counted that one spans.
    pub(super) by: HashMap<u32, By>,
}

/// How many links the dependencies on hammocks may become.
const MOST_LINKS: usize = 10_000_000;

impl Hammocks {
    pub(super) fn new(query: &NetworkQuery, places: &HashMap<&str, u32>) -> Result<Hammocks> {
        let nodes = query.activities.len();
        let has_any = query.activities.iter().any(|activity| activity.part_of.is_some());
        let size = if has_any { nodes } else { 0 };
        let mut hammocks =
            Hammocks { whole: vec![None; size], parts: vec![Vec::new(); size], by: HashMap::default() };
        for (n, activity) in query.activities.iter().enumerate() {
            let Some(name) = &activity.part_of else { continue };
            let field = || format!("activities[{n}].part_of");
            let whole = places.get(name.as_str()).copied();
            let whole = whole.ok_or_else(|| {
                Error::invalid(&field(), format!("no activity has the id \"{}\"", clip(name)))
            })?;
            if let Some(slot) = hammocks.whole.get_mut(n) {
                *slot = Some(whole);
            }
            if let Some(parts) = hammocks.parts.get_mut(whole as usize) {
                parts.push(n as u32);
            }
        }
        for n in 0..size as u32 {
            // Whoever goes up more often than there are activities goes round.
            let above = std::iter::successors(Some(n), |at| hammocks.whole_of(*at));
            if above.take(nodes + 1).count() > nodes {
                return Err(Error::invalid(
                    &format!("activities[{n}].part_of"),
                    "an activity can't be part of itself",
                ));
            }
        }
        for (n, activity) in query.activities.iter().enumerate() {
            if hammocks.is_one(n as u32) && (activity.started_at.is_some() || activity.constraint.is_some()) {
                let reason =
                    "what spans its parts has their dates: give actual dates and constraints to the parts";
                return Err(Error::invalid(&format!("activities[{n}]"), reason));
            }
        }
        Ok(hammocks)
    }

    fn whole_of(&self, place: u32) -> Option<u32> {
        self.whole.get(place as usize).copied().flatten()
    }

    /// Whether there is any.
    pub(super) fn is_any(&self) -> bool {
        !self.whole.is_empty()
    }

    pub(super) fn is_one(&self, place: u32) -> bool {
        self.parts.get(place as usize).is_some_and(|parts| !parts.is_empty())
    }

    /// What is worked on of an activity: itself, or the parts of its parts.
    fn leaves(&self, place: u32) -> Vec<u32> {
        let (mut leaves, mut stack) = (Vec::new(), vec![place]);
        while let Some(at) = stack.pop() {
            match self.parts.get(at as usize).filter(|parts| !parts.is_empty()) {
                Some(parts) => stack.extend(parts.iter().rev()),
                None => leaves.push(at),
            }
        }
        leaves
    }

    /// The dependencies between what is worked on.
    pub(super) fn links(&self, query: &NetworkQuery, places: &HashMap<&str, u32>) -> Result<Vec<Link>> {
        let mut links = Vec::with_capacity(query.dependencies.len());
        for (n, said) in query.dependencies.iter().enumerate() {
            let find = |name: &str, id: &str| {
                let field = || format!("dependencies[{n}].{name}");
                let place = places.get(id).copied();
                place.ok_or_else(|| {
                    Error::invalid(&field(), format!("no activity has the id \"{}\"", clip(id)))
                })
            };
            let (from, to) = (find("from", &said.from)?, find("to", &said.to)?);
            said.lag.unwrap_or_default().check(&format!("dependencies[{n}].lag"))?;
            if !self.is_one(from) && !self.is_one(to) {
                links.push(Link { from, to, place: n });
                continue;
            }
            let is_start =
                matches!(said.dependency, Some(Dependency::StartToStart | Dependency::StartToFinish));
            if is_start && self.is_one(from) {
                let reason =
                    "nothing can wait for the start of what spans its parts: name the part that starts it";
                return Err(Error::invalid(&format!("dependencies[{n}].from"), reason));
            }
            for from in self.leaves(from) {
                for to in self.leaves(to) {
                    links.push(Link { from, to, place: n });
                }
            }
            if links.len() > MOST_LINKS {
                let reason =
                    format!("the activities that it spans make it more than {MOST_LINKS} dependencies");
                return Err(Error::invalid(&format!("dependencies[{n}]"), reason));
            }
        }
        Ok(links)
    }

    /// Adds the activities that span others to an answer that lists all others.
    pub(super) fn tell(&self, path: &mut CriticalPath, clock: &Clock, query: &NetworkQuery) {
        if self.whole.is_empty() {
            return;
        }
        let told: HashMap<&str, &Activity> =
            path.activities.iter().map(|activity| (activity.item.as_str(), activity)).collect();
        let mut wholes = Vec::new();
        for (n, own) in (0u32..).zip(&query.activities).filter(|(n, _)| self.is_one(*n)) {
            let leaves = self.leaves(n);
            let leaves = leaves.iter().filter_map(|leaf| query.activities.get(*leaf as usize));
            let parts: Vec<&Activity> =
                leaves.filter_map(|leaf| told.get(leaf.id.as_str()).copied()).collect();
            let by = self.by.get(&n).copied().unwrap_or(By::PLAIN);
            wholes.extend(spanning(own, &parts, |from, to| {
                Span::from_millis(clock.between(by, from.millis(), to.millis()))
            }));
        }
        drop(told);
        path.activities.extend(wholes);
        let part_of: HashMap<&str, &String> = query
            .activities
            .iter()
            .filter_map(|activity| Some((activity.id.as_str(), activity.part_of.as_ref()?)))
            .collect();
        for activity in &mut path.activities {
            activity.part_of = part_of.get(activity.item.as_str()).map(|whole| (*whole).clone());
        }
        path.activities.sort_by(|a, b| (a.early_start, &a.item).cmp(&(b.early_start, &b.item)));
    }
}

/// The activity from the first start to the last finish of some others; none without any. `between` counts working time.
fn spanning(
    own: &NetworkActivity,
    parts: &[&Activity],
    between: impl Fn(Instant, Instant) -> Span,
) -> Option<Activity> {
    let early_start = parts.iter().map(|part| part.early_start).min()?;
    let early_finish = parts.iter().map(|part| part.early_finish).max()?;
    let late_start = parts.iter().map(|part| part.late_start).min()?;
    let late_finish = parts.iter().map(|part| part.late_finish).max()?;
    let done = parts.iter().all(|part| part.done);
    let last = parts.iter().filter(|part| part.early_finish == early_finish);
    let first = parts.iter().filter(|part| part.early_start == early_start);
    Some(Activity {
        item: own.id.clone(),
        title: own.title.clone().unwrap_or_else(|| own.id.clone()),
        kind: None,
        done,
        duration: between(early_start, early_finish),
        duration_from: None,
        early_start,
        early_finish,
        late_start,
        late_finish,
        total_float: between(early_start, late_start).min(between(early_finish, late_finish)),
        free_float: last.map(|part| part.free_float).min()?,
        critical: parts.iter().any(|part| part.critical),
        near_critical: parts.iter().any(|part| part.near_critical),
        started_by: first.map(|part| part.started_by).min()?,
        drivers: Vec::new(),
        cadence_wait: Span::ZERO,
        part_of: None,
    })
}
