//! By which calendar the work on each item is counted.

use super::critical_path::CriticalPathQuery;
use super::schedule::{By, Network};
use crate::calendar::WorkingTime;
use crate::error::Result;
use crate::hash::HashMap;
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;

/// The calendars of those who do the work and of the environments that it is done in.
pub(super) struct Clocks {
    /// By team, stakeholder or environment: its calendar.
    of: HashMap<u32, By>,
    /// What several have in common, by who they are.
    common: HashMap<Vec<By>, By>,
}

impl Clocks {
    /// Lays the calendar of the question out, and those that the stream knows.
    pub(super) fn new(
        stream: &ValueStream,
        query: &CriticalPathQuery,
        network: &mut Network,
    ) -> Result<Clocks> {
        let mut clocks = Clocks { of: HashMap::default(), common: HashMap::default() };
        if let Some(calendar) = &query.calendar {
            network.by = network.clock.with(WorkingTime::new(calendar, query.at)?);
        }
        let has_calendar = |kind| matches!(kind, Some(Kind::Team | Kind::Stakeholder | Kind::Environment));
        for item in stream.calendars().into_iter().filter(|item| has_calendar(stream.kind(*item))) {
            if let Some((calendar, _)) = stream.last(item, Set::calendar) {
                let by = network.clock.with(WorkingTime::new(&calendar, query.at)?);
                clocks.of.insert(item, by);
            }
        }
        Ok(clocks)
    }

    pub(super) fn is_any(&self) -> bool {
        !self.of.is_empty()
    }

    /// By what the work on an item is counted: when all its teams work, or else by the calendar of the question, as long as
    /// the environments it needs are open too. None where nobody has a calendar of their own.
    pub(super) fn of(&mut self, stream: &ValueStream, item: u32, network: &mut Network) -> Option<By> {
        if self.of.is_empty() {
            return None;
        }
        let named = |kinds: &[LinkKind]| -> Vec<By> {
            let all = kinds.iter().flat_map(|kind| stream.to(item, *kind));
            all.filter_map(|(other, _)| self.of.get(&other).copied()).collect()
        };
        let mut all = named(&[LinkKind::OwnedBy, LinkKind::Responsible]);
        let places = named(&[LinkKind::RanIn, LinkKind::DeployedTo]);
        if all.is_empty() && places.is_empty() {
            return None;
        }
        if all.is_empty() && network.by != By::PLAIN {
            all.push(network.by);
        }
        all.extend(places);
        all.sort_unstable();
        all.dedup();
        if let [by] = all.as_slice() {
            return Some(*by);
        }
        if let Some(by) = self.common.get(&all) {
            return Some(*by);
        }
        let mut works = all.iter().filter_map(|by| network.clock.calendar(*by));
        let first = works.next()?.clone();
        let common = works.fold(first, |common, work| common.intersection(work));
        let by = network.clock.with(common);
        self.common.insert(all, by);
        Some(by)
    }
}
