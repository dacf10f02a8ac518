//! What one item was at each time: its flow states, its kinds, its tool's own statuses, and whether it was blocked.

use std::borrow::Cow;

use crate::lives::{KindChange, Lives, StateChange, kind_change, state_change};
use crate::model::{FlowState, Kind, Set};
use crate::record::Stored;
use crate::stream::ValueStream;
use crate::time::Instant;

/// The attribute that says that an item is blocked; its text is the reason.
pub(super) const BLOCKED: &str = "blocked";

/// The states and kinds of one item over time, of its own.
pub(super) type Life = Lived<'static>;

/// The states and kinds of one item over time.
pub(super) struct Lived<'a> {
    /// (since, state, event), consecutive equal states joined.
    pub(super) changes: Cow<'a, [StateChange]>,
    /// (since, kind), first to last, consecutive equal kinds joined.
    pub(super) kinds: Cow<'a, [KindChange]>,
    /// The last forward crossing into done, if the item is done now.
    pub(super) done: Option<(Instant, u32)>,
}

/// A stay of an item in one of its tool's own states.
pub(super) struct Stay<'a> {
    /// The tool's name of the state, as it was called then.
    pub(super) status: &'a str,
    /// The tool's id of it, where the tool has one.
    pub(super) status_id: Option<&'a str>,
    pub(super) since: Instant,
    /// The first instant after it; absent for the last.
    pub(super) until: Option<Instant>,
    /// The event that began it.
    pub(super) event: u32,
}

/// A time for which an item was blocked.
pub(super) struct Block<'a> {
    pub(super) reason: &'a str,
    pub(super) since: Instant,
    /// Absent while it lasts.
    pub(super) until: Option<Instant>,
    pub(super) event: u32,
}

impl<'a> Lived<'a> {
    /// Of the events of an item, first to last.
    pub(super) fn of(events: &[(u32, &Stored)]) -> Life {
        let (mut changes, mut kinds) = (Vec::new(), Vec::new());
        for (number, event) in events {
            kinds.extend(kind_change(event, kinds.last()));
            changes.extend(state_change(*number, event, changes.last()));
        }
        Lived::with(changes.into(), kinds.into())
    }

    /// Of an item of a stream.
    pub(super) fn lent(lives: &'a Lives, item: u32) -> Lived<'a> {
        Lived::with(lives.states(item).into(), lives.kinds(item).into())
    }

    fn with<'b>(changes: Cow<'b, [StateChange]>, kinds: Cow<'b, [KindChange]>) -> Lived<'b> {
        let done =
            changes.last().filter(|(_, state, _)| *state == FlowState::Done).map(|(at, _, e)| (*at, *e));
        Lived { changes, kinds, done }
    }

    /// What the item was at a time.
    pub(super) fn kind_at(&self, at: Instant) -> Option<Kind> {
        // What is said of the kind at a time holds from that time on; before the first word the first word holds.
        let index = self.kinds.partition_point(|(since, _)| *since <= at);
        self.kinds.get(index.saturating_sub(1)).map(|(_, kind)| *kind)
    }

    /// When it was first active or waiting.
    pub(super) fn started(&self) -> Option<Instant> {
        self.changes.iter().find(|(_, state, _)| in_progress(*state)).map(|(at, ..)| *at)
    }

    /// (since, until, state), the last one open.
    pub(super) fn stays(&self) -> impl Iterator<Item = (Instant, Instant, FlowState)> {
        let ends = self.changes.iter().skip(1).map(|(at, ..)| *at).chain([Instant::MAX]);
        self.changes.iter().zip(ends).map(|((at, state, _), end)| (*at, end, *state))
    }

    /// (since, until): the times for which it was active or waiting, the one after the other.
    pub(super) fn in_progress(&self) -> impl Iterator<Item = (Instant, Instant)> {
        let mut changes = self.changes.iter().peekable();
        std::iter::from_fn(move || {
            let (start, ..) = changes.find(|(_, state, _)| in_progress(*state))?;
            while changes.next_if(|(_, state, _)| in_progress(*state)).is_some() {}
            Some((*start, changes.peek().map_or(Instant::MAX, |(end, ..)| *end)))
        })
    }

    /// The milliseconds in active between two instants.
    pub(super) fn active(&self, start: Instant, done: Instant) -> i64 {
        self.stays()
            .filter(|(_, _, state)| *state == FlowState::Active)
            .map(|(from, to, _)| to.min(done).millis().saturating_sub(from.max(start).millis()).max(0))
            .sum()
    }
}

impl ValueStream {
    /// When an item was done, if it is, and the event that says so.
    pub(super) fn done_at(&self, item: u32) -> Option<(Instant, u32)> {
        Life::of(&self.chronicle(item)).done
    }
}

/// Whether work in a state counts as load.
pub(super) fn in_progress(state: FlowState) -> bool {
    matches!(state, FlowState::Active | FlowState::Waiting)
}

/// The stays in the tool's own states, first to last; a status that is told again goes on.
pub(super) fn stays_by_status<'a>(events: &[(u32, &'a Stored)]) -> Vec<Stay<'a>> {
    let mut stays: Vec<Stay<'a>> = Vec::new();
    for (number, event) in events {
        let said =
            |read: fn(&Set) -> Option<Option<&Box<str>>>| event.sets.iter().rev().find_map(read).flatten();
        let Some(status) = said(Set::status) else { continue };
        let status_id = said(Set::status_id).map(|id| &**id);
        let is_same = |last: &Stay<'_>| match (last.status_id, status_id) {
            // Names are renamed and translated, ids are not.
            (Some(one), Some(other)) => one == other,
            _ => last.status == &**status,
        };
        match stays.last_mut() {
            Some(last) if is_same(last) => continue,
            Some(last) => last.until = Some(event.occurred),
            None => {}
        }
        stays.push(Stay { status, status_id, since: event.occurred, until: None, event: *number });
    }
    stays
}

/// The times for which an item was blocked, first to last; a new reason begins a new one.
pub(super) fn blocks<'a>(events: &[(u32, &'a Stored)]) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    for (number, event) in events {
        for set in &event.sets {
            let reason = match set {
                Set::Attribute(pair) if &*pair.0 == BLOCKED => {
                    Some(&*pair.1).filter(|reason| is_reason(reason))
                }
                Set::Clear(name) if &**name == BLOCKED => None,
                _ => continue,
            };
            let open = blocks.last_mut().filter(|last| last.until.is_none());
            if let Some(last) = open {
                if reason == Some(last.reason) {
                    continue;
                }
                last.until = Some(event.occurred);
            }
            if let Some(reason) = reason {
                blocks.push(Block { reason, since: event.occurred, until: None, event: *number });
            }
        }
    }
    blocks
}

/// Tools clear a flag by saying nothing or no.
fn is_reason(text: &str) -> bool {
    !matches!(text.trim(), "" | "false" | "False" | "no" | "No" | "0")
}
