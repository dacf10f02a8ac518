//! One defect: when it was open, and where it was found.

use crate::analyze::Grounds;
use crate::analyze::life::Life;
use crate::analyze::worth::{Arrivals, attribute};
use crate::graph::Direction::Outgoing;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// Where a defect was found that was found in a release or build before that came to its users.
const BEFORE_PRODUCTION: &str = "before_production";
/// And after.
pub(super) const PRODUCTION: &str = "production";

/// What is known of a defect.
pub(super) struct Case {
    pub(super) item: u32,
    pub(super) opened: Instant,
    /// When it was last done, if it is, with the event.
    pub(super) fixed: Option<(Instant, u32)>,
    /// The times for which it was open and a defect, the first one empty where it was done at once; the last one goes on until
    /// the end of time where it still is.
    pub(super) spans: Vec<(Instant, Instant)>,
    pub(super) is_open: bool,
}

impl Case {
    /// Of an item that is a defect, or was one. What is cancelled is none; what has no state is told in the grounds.
    pub(super) fn of(stream: &ValueStream, item: u32, grounds: &mut Grounds) -> Option<Case> {
        let events = stream.chronicle(item);
        if !events.iter().any(|(_, event)| event.kind == Some(Kind::Defect)) {
            return None;
        }
        let life = Life::of(&events);
        match life.changes.last() {
            None => {
                grounds.exclude("no_state_known", stream.id(item));
                return None;
            }
            Some((_, FlowState::Cancelled, _)) => {
                grounds.exclude("cancelled", stream.id(item));
                return None;
            }
            Some(_) => {}
        }
        let (opened, _) = stream.first_seen(item)?;
        // From when it was first spoken of it was open, whatever its tool called that; then by its states and kinds.
        let is_open_at = |at: Instant| {
            let index = life.changes.partition_point(|(since, ..)| *since <= at);
            let state = index.checked_sub(1).and_then(|index| life.changes.get(index));
            let is_over =
                state.is_some_and(|(_, state, _)| matches!(state, FlowState::Done | FlowState::Cancelled));
            !is_over && life.kind_at(at) == Some(Kind::Defect)
        };
        let mut edges: Vec<Instant> = life.changes.iter().map(|(at, ..)| *at).collect();
        edges.extend(life.kinds.iter().map(|(at, _)| *at));
        edges.push(opened);
        edges.sort_unstable();
        edges.dedup();
        let mut spans: Vec<(Instant, Instant)> = Vec::new();
        // What was done when it was first spoken of has been open, too, for no time.
        if life.kind_at(opened) == Some(Kind::Defect) && !is_open_at(opened) {
            spans.push((opened, opened));
        }
        let mut since = None;
        for at in edges.into_iter().filter(|at| *at >= opened) {
            match (since, is_open_at(at)) {
                (None, true) => since = Some(at),
                (Some(start), false) => {
                    spans.push((start, at));
                    since = None;
                }
                _ => {}
            }
        }
        spans.extend(since.map(|start| (start, Instant::MAX)));
        let fixed = life.done.filter(|(at, _)| life.kind_at(*at) == Some(Kind::Defect));
        Some(Case { item, opened, fixed, spans, is_open: since.is_some() })
    }

    /// The stage that it was found in: as an attribute or the field `stage` says, else by whether what it was found in had
    /// come to its users.
    pub(super) fn stage(&self, stream: &ValueStream, name: &str, arrivals: &Arrivals<'_>) -> Option<String> {
        if let Some((stage, _)) = attribute(stream, self.item, name) {
            return Some(stage.to_owned());
        }
        if let Some((stage, _)) = stream.last(self.item, Set::stage) {
            return Some(stage.into());
        }
        let mut found_in =
            stream.linked(self.item, LinkKind::FoundIn, Outgoing).map(|(_, other)| other).peekable();
        found_in.peek()?;
        let mut had_arrived = found_in.filter_map(|other| arrivals.any(other));
        let stage = if had_arrived.any(|at| at <= self.opened) { PRODUCTION } else { BEFORE_PRODUCTION };
        Some(stage.into())
    }
}
