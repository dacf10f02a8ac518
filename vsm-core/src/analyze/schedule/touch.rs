//! Changes of a network in place, and how they are taken back.

use super::clock::By;
use super::difference::{NetworkChange, Ties};
use super::live::LiveSchedule;
use super::network::{Need, Special};
use super::query::{NetworkActivity, NetworkDependency};
use crate::calendar::WorkingTime;
use crate::error::Result;
use crate::time::Instant;

/// The nodes that a change touches.
#[derive(Default)]
pub(super) struct Touched {
    /// Those that may have other early dates of their own.
    pub(super) ahead: Vec<u32>,
    /// Those that something no longer needs.
    pub(super) back: Vec<u32>,
    pub(super) undo: Vec<Undo>,
}

/// How to take back a change that leads to dates that nothing reaches.
pub(super) enum Undo {
    Node(u32, i64, Option<Special>),
    Needs(u32, Vec<Need>),
    Calendar(By, WorkingTime),
    Status(Option<i64>),
}

impl LiveSchedule {
    /// Changes the network, and notes which nodes have to be looked at and how to take it back.
    pub(super) fn touch(&mut self, change: &NetworkChange, touched: &mut Touched) -> Result<()> {
        for (n, named) in change.calendars.iter().enumerate() {
            let work = WorkingTime::new(&named.calendar, self.query.start);
            let work = work.map_err(|error| error.within(&format!("calendars[{n}]")))?;
            self.touch_calendar(&named.name, work, touched)?;
        }
        if let Some(status) = change.status_at {
            touched.undo.push(Undo::Status(self.own.network.set_status(Some(status.millis()))));
            self.touch_started(0..self.own.network.len(), status, touched);
        }
        let status = change.status_at.or(self.query.status_at);
        for activity in &change.activities {
            self.touch_activity(activity, status, touched);
        }
        let links = change.dependencies.iter().chain(&change.removed_dependencies);
        let mut waiting: Vec<&str> = links.map(|link| link.to.as_str()).collect();
        waiting.sort_unstable();
        waiting.dedup();
        let ties = Ties::of(change);
        for id in waiting {
            self.touch_needs(id, &ties, touched)?;
        }
        Ok(())
    }

    /// How much is left of what has started is counted by its calendar, and until the status date.
    fn touch_started(&mut self, numbers: impl Iterator<Item = u32>, status: Instant, touched: &mut Touched) {
        let place = |number: u32| Some(*self.own.places.get(number as usize)? as usize);
        let started: Vec<NetworkActivity> = numbers
            .filter(|number| self.own.network.started(*number).is_some())
            .filter_map(|number| self.query.activities.get(place(number)?))
            .cloned()
            .collect();
        for activity in &started {
            self.touch_activity(activity, Some(status), touched);
        }
    }

    fn touch_activity(&mut self, activity: &NetworkActivity, status: Option<Instant>, touched: &mut Touched) {
        let Some(number) = self.number(&activity.id) else { return };
        let network = &mut self.own.network;
        let old = network.special_of(number).cloned();
        let trains = old.as_ref().map_or(0..0, |special| special.trains.clone());
        let by = network.by(number);
        touched.undo.push(Undo::Node(number, network.duration(number), old));
        let (left, special) = self.own.described(activity, by, status, trains);
        let specials = self.own.network.special_count();
        self.own.network.set_node(number, left, special);
        if self.own.network.special_count() > specials {
            // What is special keeps apart when it is ready.
            self.dates.ready.push(self.dates.early_finish(number));
        }
        touched.ahead.push(number);
    }

    /// Puts the dependencies of an activity together anew: those that stay, and those that come.
    fn touch_needs(&mut self, id: &str, ties: &Ties<'_>, touched: &mut Touched) -> Result<()> {
        let (Some(number), Some(place)) = (self.number(id), self.places.get(id).copied()) else {
            return Ok(());
        };
        let old: Vec<Need> = self.own.network.needs(number).collect();
        let stay = self.waits.get(place as usize).into_iter().flatten();
        let stay = stay.filter_map(|n| self.query.dependencies.get(*n as usize));
        let stay = stay.filter(|link| !ties.unties(link));
        let links: Vec<NetworkDependency> = stay.chain(ties.new_of(id).iter().copied()).cloned().collect();
        let by = self.own.network.by(number);
        let mut needs = Vec::with_capacity(links.len());
        for link in &links {
            let Some(from) = self.number(&link.from) else { continue };
            let place = self.places.get(link.from.as_str()).copied().unwrap_or(0);
            let Some(needed) = self.query.activities.get(place as usize) else { continue };
            let bond = self.own.bond(&self.query, link, needed, by)?;
            needs.push(Need { node: from, bond });
            self.followers.add(from, number);
        }
        self.own.network.set_needs(number, &needs);
        touched.back.extend(old.iter().map(|need| need.node));
        touched.undo.push(Undo::Needs(number, old));
        touched.ahead.push(number);
        Ok(())
    }

    /// Puts a calendar in the place of the one that had its name, and of what it has in common with others.
    fn touch_calendar(&mut self, name: &str, work: WorkingTime, touched: &mut Touched) -> Result<()> {
        let laid_out = &self.own.clocks.laid_out;
        let with_it = laid_out.iter().filter(|(names, _)| names.iter().any(|other| other == name));
        let mut with_it: Vec<(Vec<String>, By)> = with_it.map(|(names, by)| (names.clone(), *by)).collect();
        // What several have in common comes after each of them.
        with_it.sort_by_key(|(names, _)| names.len());
        for (names, by) in &with_it {
            let work = match names.as_slice() {
                [_] => Some(work.clone()),
                names => self.own.clocks.common(names, &self.own.network, || "calendars".into())?,
            };
            let old = work.and_then(|work| self.own.network.clock.replace(*by, work));
            touched.undo.extend(old.map(|old| Undo::Calendar(*by, old)));
        }
        let is_touched = |by: By| with_it.iter().any(|(_, other)| *other == by);
        let network = &self.own.network;
        for number in 0..network.len() {
            if is_touched(network.by(number)) || network.needs(number).any(|need| is_touched(need.bond.by)) {
                touched.ahead.push(number);
                touched.back.extend(network.needs(number).map(|need| need.node));
            }
        }
        if let Some(status) = self.query.status_at {
            let numbers = touched.ahead.clone();
            self.touch_started(numbers.into_iter(), status, touched);
        }
        Ok(())
    }

    pub(super) fn take_back(&mut self, step: Undo) {
        match step {
            Undo::Node(number, duration, special) => self.own.network.set_node(number, duration, special),
            Undo::Needs(number, needs) => self.own.network.set_needs(number, &needs),
            Undo::Calendar(by, work) => drop(self.own.network.clock.replace(by, work)),
            Undo::Status(status) => drop(self.own.network.set_status(status)),
        }
    }
}
