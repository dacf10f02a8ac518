//! The states and kinds of all items over time, item after item: what metrics read.
//!
//! The record has them as chains of events, which lie anywhere in memory; a pass over all items waits for each of them.

use crate::model::{FlowState, Kind, state_said};
use crate::names::Names;
use crate::record::{Bounds, Record, Stored};
use crate::time::Instant;

/// (since, state, event); consecutive equal states are one.
pub(crate) type StateChange = (Instant, FlowState, u32);
/// (since, kind); consecutive equal kinds are one.
pub(crate) type KindChange = (Instant, Kind);

#[derive(Clone, Debug, Default)]
pub(crate) struct Lives {
    items: Vec<Own>,
    states: Vec<StateChange>,
    kinds: Vec<KindChange>,
}

/// Where the changes of one item stand.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    states: Part,
    kinds: Part,
}

/// A part of a column, with room behind it.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    from: usize,
    len: u32,
    room: u32,
}

/// How many events of an item are read again when one comes late; of an item with more, all are read with the next question.
const REREAD: usize = 64;

/// Whether an event tells of its item's kind or state.
pub(crate) fn tells(event: &Stored) -> bool {
    event.kind.is_some() || state_said(&event.sets).is_some()
}

/// The change of an item's kind that an event makes after the last one.
pub(crate) fn kind_change(event: &Stored, last: Option<&KindChange>) -> Option<KindChange> {
    let kind = event.kind?;
    last.is_none_or(|(_, last)| *last != kind).then_some((event.occurred, kind))
}

/// The change of an item's state that an event makes after the last one.
pub(crate) fn state_change(number: u32, event: &Stored, last: Option<&StateChange>) -> Option<StateChange> {
    let state = state_said(&event.sets).flatten()?;
    last.is_none_or(|(_, last, _)| *last != state).then_some((event.occurred, state, number))
}

impl Lives {
    /// Of so many items, as far as the bounds admit the events.
    pub(crate) fn of(record: &Record, names: &Names, items: usize, bounds: Option<Bounds>) -> Lives {
        // Counted by item, then put in their places: the record is read from its beginning to its end.
        let mut from = vec![0_u32; items + 1];
        let telling = || {
            let events = (0_u32..).zip(&record.events);
            let telling = events.filter(move |(_, event)| Bounds::admit(bounds, event) && tells(event));
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
            items: vec![Own::default(); items],
            states: Vec::with_capacity(events.len()),
            kinds: Vec::new(),
        };
        for (item, bounds) in from.windows(2).enumerate() {
            let [start, end] = bounds else { continue };
            let own = events.get_mut(*start as usize..*end as usize).unwrap_or_default();
            // Most arrive in order.
            if !own.is_sorted_by(|a, b| record.order(*a, *b).is_le()) {
                own.sort_unstable_by(|a, b| record.order(*a, *b));
            }
            own.iter().for_each(|number| lives.add(record, item, *number));
        }
        lives
    }

    /// Brings an item up to date with the last event of the record, where that tells of it; `latest` is the end of the item's
    /// chain. False where it is easier to begin anew.
    pub(crate) fn follow(&mut self, record: &Record, item: u32, latest: u32) -> bool {
        let place = item as usize;
        if self.items.len() <= place {
            self.items.resize(place + 1, Own::default());
        }
        let new = (record.events.len() as u32).wrapping_sub(1);
        if latest == new {
            self.add(record, place, new);
            return true;
        }
        // It came late: what was left out as a repetition may be one no longer.
        let mut chain: Vec<u32> =
            record.walk(latest, None).take(REREAD + 1).map(|(number, _)| number).collect();
        if chain.len() > REREAD {
            return false;
        }
        if let Some(own) = self.items.get_mut(place) {
            (own.states.len, own.kinds.len) = (0, 0);
        }
        chain.reverse();
        chain.iter().for_each(|number| self.add(record, place, *number));
        true
    }

    /// Adds what an event tells of its item, after all that is known of it.
    fn add(&mut self, record: &Record, item: usize, number: u32) {
        let (Some(event), Some(own)) = (record.get(number), self.items.get_mut(item)) else { return };
        if let Some(change) = kind_change(event, own.kinds.of(&self.kinds).last()) {
            own.kinds.push(&mut self.kinds, change);
        }
        if let Some(change) = state_change(number, event, own.states.of(&self.states).last()) {
            own.states.push(&mut self.states, change);
        }
    }

    pub(crate) fn states(&self, item: u32) -> &[StateChange] {
        self.items.get(item as usize).map_or(&[], |own| own.states.of(&self.states))
    }

    pub(crate) fn kinds(&self, item: u32) -> &[KindChange] {
        self.items.get(item as usize).map_or(&[], |own| own.kinds.of(&self.kinds))
    }
}

impl Part {
    fn of<T>(self, column: &[T]) -> &[T] {
        column.get(self.from..self.from + self.len as usize).unwrap_or_default()
    }

    fn push<T: Copy>(&mut self, column: &mut Vec<T>, value: T) {
        if self.room == 0 {
            self.from = column.len();
        }
        let end = self.from + self.len as usize;
        if self.len < self.room {
            if let Some(slot) = column.get_mut(end) {
                *slot = value;
            }
        } else if end == column.len() {
            column.push(value);
            self.room += 1;
        } else {
            // Moved to where there is twice the room, so that the moves of an item cost no more than its changes.
            let from = column.len();
            column.extend_from_within(self.from..end);
            column.push(value);
            self.room = 2 * (self.len + 1);
            column.resize(from + self.room as usize, value);
            self.from = from;
        }
        self.len += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Lives;
    use crate::model::{Event, FlowState, Kind};
    use crate::stream::ValueStream;
    use crate::time::Instant;
    use proptest::prelude::*;

    const STATES: [FlowState; 4] = [FlowState::New, FlowState::Active, FlowState::Waiting, FlowState::Done];

    proptest! {
        #[test]
        fn followed_event_by_event_they_are_what_they_are_from_the_beginning(
            said in prop::collection::vec((0..4_u8, 0..40_i64, 0..6_usize, 0..4_u8), 1..150),
        ) {
            let mut stream = ValueStream::new();
            for (number, (item, at, state, kind)) in said.into_iter().enumerate() {
                let at = Instant::from_millis(1_000 * at).unwrap();
                let mut event = Event::new("test", number.to_string(), at, format!("test:{item}"));
                event.set.state = STATES.get(state).copied();
                event.kind = (kind == 0).then_some(Kind::Story);
                stream.apply(event).unwrap();
                let followed = stream.lives();
                let state = &stream.state;
                let anew = Lives::of(&state.record, &state.names, state.ids.len(), None);
                for item in 0..state.ids.len() as u32 {
                    prop_assert_eq!(followed.states(item), anew.states(item));
                    prop_assert_eq!(followed.kinds(item), anew.kinds(item));
                }
            }
        }
    }
}
