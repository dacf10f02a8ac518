//! The states and kinds of all items over time, item after item: what metrics read.
//!
//! The record has them as chains of events, which lie anywhere in memory; a pass over all items waits for each of them.

use crate::model::{FlowState, Kind, state_said};
use crate::names::Names;
use crate::record::{Bounds, Record};
use crate::time::Instant;

/// (since, state, event); consecutive equal states are one.
pub(crate) type StateChange = (Instant, FlowState, u32);
/// (since, kind).
pub(crate) type KindChange = (Instant, Kind);

#[derive(Clone, Debug, Default)]
pub(crate) struct Lives {
    /// Where the changes of each item begin, and where the last ones end.
    states_from: Vec<u32>,
    states: Vec<StateChange>,
    kinds_from: Vec<u32>,
    kinds: Vec<KindChange>,
}

impl Lives {
    /// Of so many items, as far as the bounds admit the events.
    pub(crate) fn of(record: &Record, names: &Names, items: usize, bounds: Option<Bounds>) -> Lives {
        // Counted by item, then put in their places: the record is read from its beginning to its end.
        let mut from = vec![0_u32; items + 1];
        let telling = || {
            let events = (0_u32..).zip(&record.events);
            let telling = events.filter(move |(_, event)| {
                Bounds::admit(bounds, event) && (event.kind.is_some() || state_said(&event.sets).is_some())
            });
            telling.map(|(number, event)| (number, names.item(event.name) as usize))
        };
        for (_, item) in telling() {
            if let Some(count) = from.get_mut(item + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut from {
            sum += *count;
            *count = sum;
        }
        let mut next = from.clone();
        let mut events = vec![0_u32; sum as usize];
        for (number, item) in telling() {
            if let Some(place) = next.get_mut(item) {
                if let Some(slot) = events.get_mut(*place as usize) {
                    *slot = number;
                }
                *place += 1;
            }
        }
        let mut lives = Lives {
            states_from: Vec::with_capacity(items + 1),
            states: Vec::with_capacity(events.len()),
            kinds_from: Vec::with_capacity(items + 1),
            kinds: Vec::new(),
        };
        for item in from.windows(2) {
            let [start, end] = item else { continue };
            let own = events.get_mut(*start as usize..*end as usize).unwrap_or_default();
            // Most arrive in order.
            if !own.is_sorted_by(|a, b| record.order(*a, *b).is_le()) {
                own.sort_unstable_by(|a, b| record.order(*a, *b));
            }
            lives.add(record, own);
        }
        lives.states_from.push(lives.states.len() as u32);
        lives.kinds_from.push(lives.kinds.len() as u32);
        lives
    }

    /// Adds an item with the events that tell of it, in order.
    fn add(&mut self, record: &Record, events: &[u32]) {
        let first = self.states.len();
        self.states_from.push(first as u32);
        self.kinds_from.push(self.kinds.len() as u32);
        for number in events {
            let Some(event) = record.get(*number) else { continue };
            if let Some(kind) = event.kind {
                self.kinds.push((event.occurred, kind));
            }
            if let Some(Some(said)) = state_said(&event.sets)
                && self.states.get(first..).and_then(<[_]>::last).is_none_or(|(_, last, _)| *last != said)
            {
                self.states.push((event.occurred, said, *number));
            }
        }
    }

    pub(crate) fn states(&self, item: u32) -> &[StateChange] {
        part(&self.states_from, &self.states, item)
    }

    pub(crate) fn kinds(&self, item: u32) -> &[KindChange] {
        part(&self.kinds_from, &self.kinds, item)
    }
}

fn part<'a, T>(from: &[u32], all: &'a [T], item: u32) -> &'a [T] {
    let at = |place: usize| from.get(place).map(|start| *start as usize);
    let range = at(item as usize).zip(at(item as usize + 1));
    range.and_then(|(start, end)| all.get(start..end)).unwrap_or_default()
}
