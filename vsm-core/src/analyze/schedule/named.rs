//! The calendars of a network that is given, by name.

use std::collections::BTreeMap;

use super::clock::By;
use super::network::Network;
use super::query::NetworkQuery;
use crate::calendar::WorkingTime;
use crate::error::{Error, Result};
use crate::time::clip;

/// The calendars of a network by name, each laid out once, and what they have in common where an activity names several.
#[derive(Debug)]
pub(super) struct Clocks {
    pub(super) laid_out: BTreeMap<Vec<String>, By>,
}

impl Clocks {
    pub(super) fn new(query: &NetworkQuery, network: &mut Network) -> Result<Clocks> {
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
    pub(super) fn of(
        &mut self,
        names: &[String],
        network: &mut Network,
        field: impl Fn() -> String,
    ) -> Result<By> {
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
