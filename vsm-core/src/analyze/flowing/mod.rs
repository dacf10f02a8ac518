//! The flow answers that are no single figure: who flows, and through which stages.

mod ageing;
mod cause_times;
mod causes;
mod cumulative;
mod littles_law;
mod rework;
mod stages;
mod state_sums;
mod time_in_state;
mod waited_for;
mod waits;

pub use ageing::{AgeBand, Ageing, AgeingItem, AgeingQuery, StageAge};
pub use causes::{CauseTime, FlowCause, FlowCauses, FlowCausesQuery, FlowEnd, ItemCauses};
pub use cumulative::{CumulativeDay, CumulativeFlow, CumulativeFlowQuery, CumulativeForm};
pub use littles_law::{LittlesLaw, LittlesLawQuery, LittlesLawRow, LittlesLawRule};
pub use rework::{ItemRework, Rework, ReworkQuery, StageYield};
pub use stages::FlowStage;
pub use time_in_state::{
    BlockedTime, ItemStateTime, ReEntryRule, StateTime, StateWords, TimeInState, TimeInStateQuery,
};
pub use waited_for::{PartGroup, PartWait, PartsWait, WaitedFor, WaitedForQuery};

#[cfg(test)]
mod tests;

use super::Grounds;
use super::flow::{FlowItem, LONGEST_WINDOW, check_window};
use super::life::Life;
use crate::error::Result;
use crate::hash::HashSet;
use crate::model::{FlowState, Kind};
use crate::record::Stored;
use crate::stream::ValueStream;
use crate::time::{Instant, Span, Zone};

/// An item on its way.
struct Traveller<'a> {
    item: u32,
    events: Vec<(u32, &'a Stored)>,
    life: Life,
    /// From when on its parts stand for it, if it has any.
    until: Option<Instant>,
}

/// Whom a question is about.
struct Who<'q> {
    within: Option<HashSet<u32>>,
    kinds: Option<&'q [Kind]>,
    /// Whether an item of which no flow state is known can't be placed.
    needs_state: bool,
}

impl<'q> Who<'q> {
    fn new(stream: &ValueStream, within: Option<&str>, kinds: Option<&'q [Kind]>) -> Result<Who<'q>> {
        let within = stream.all_under(within)?;
        Ok(Who { within, kinds, needs_state: true })
    }
}

impl ValueStream {
    /// Calls back for every flow item that is asked about, in the alphabetical order of the ids: features, stories,
    /// defects, risks and debt, without what is cancelled and, where that matters, what has no known state. What has parts is left out unless it was done
    /// before it got them.
    fn travellers<'a>(
        &'a self,
        who: &Who<'_>,
        grounds: &mut Grounds,
        mut each: impl FnMut(&mut Grounds, Traveller<'a>),
    ) {
        for item in self.alphabetical() {
            if who.within.as_ref().is_some_and(|set| !set.contains(&item)) {
                continue;
            }
            let traveller = self.traveller(item);
            let life = &traveller.life;
            // What it is said to be when it is done stays, whatever it is called later.
            let kind = life.kind_at(life.done.map_or(Instant::MAX, |(at, _)| at));
            let Some(kind) = kind.filter(|kind| FlowItem::of(*kind).is_some()) else { continue };
            if who.kinds.is_some_and(|kinds| !kinds.contains(&kind)) {
                continue;
            }
            let reason = match life.changes.last() {
                None => who.needs_state.then_some("no_state_known"),
                Some((_, FlowState::Cancelled, _)) => Some("cancelled"),
                Some(_) if traveller.is_its_parts() => Some("counted_by_its_parts"),
                Some(_) => None,
            };
            match reason {
                Some(reason) => grounds.exclude(reason, self.id(item)),
                None => each(grounds, traveller),
            }
        }
    }

    /// One item, whatever it is.
    fn traveller(&self, item: u32) -> Traveller<'_> {
        let events = self.chronicle(item);
        let life = Life::of(&events);
        Traveller { item, events, life, until: self.parts_since(item) }
    }
}

impl Traveller<'_> {
    /// Whether its parts are counted in its place.
    fn is_its_parts(&self) -> bool {
        self.until.is_some_and(|until| self.life.done.is_none_or(|(done, _)| done >= until))
    }
}

/// The days of a window, each with the first instant after it or, for the last one, after the window.
fn days(start: Instant, end: Instant, zone: Zone) -> Vec<(chrono::NaiveDate, Instant)> {
    let mut days = Vec::new();
    let mut day = zone.date(start);
    while zone.day_start(day) < end && (days.len() as i64) < LONGEST_WINDOW + 2 {
        let Some(next) = day.succ_opt() else { break };
        let until = zone.day_start(next).min(end);
        // A day that a zone skipped has no time in it.
        if until > start {
            days.push((day, until));
        }
        day = next;
    }
    days
}

/// The milliseconds that `[since, until)` and `[start, end)` have in common.
fn overlap(since: Instant, until: Instant, start: Instant, end: Instant) -> i64 {
    (until.min(end).millis() - since.max(start).millis()).max(0)
}

/// A share of a whole, where there is one.
fn ratio(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A sum of spans; the largest span there is beyond it.
fn span(millis: i128) -> Span {
    Span::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
