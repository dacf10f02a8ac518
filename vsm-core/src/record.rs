//! The record: every accepted event, compact, in order of arrival.

use std::cmp::Ordering;

use crate::late::{Late, Place};
use crate::model::{Kind, Set};
use crate::texts::{NONE, Texts};
use crate::time::Instant;

/// The source of what the rules of correlation say.
pub(crate) const RULES: &str = "vsm";

/// An accepted event. Its key is the text of the same number in [`Record`]; its links are assertions in
/// [`crate::links::Links`].
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) occurred: Instant,
    /// Absent where the event did not say.
    pub(crate) recorded: Option<Instant>,
    /// What it called its item.
    pub(crate) name: u32,
    /// The event of the same item that comes before this one in time; events form one chain per item.
    pub(crate) previous: u32,
    pub(crate) kind: Option<Kind>,
    pub(crate) sets: Box<[Set]>,
    pub(crate) assertions: std::ops::Range<u32>,
}

impl Stored {
    pub(crate) fn known_at(&self) -> Instant {
        self.recorded.unwrap_or(self.occurred)
    }
}

/// What of the record a question may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) occurred: Instant,
    pub(crate) recorded: Instant,
}

impl Bounds {
    pub(crate) fn admit(bounds: Option<Bounds>, event: &Stored) -> bool {
        bounds.is_none_or(|b| event.occurred <= b.occurred && event.known_at() <= b.recorded)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// `source:id` of every event.
    pub(crate) keys: Texts,
    pub(crate) events: Vec<Stored>,
    /// By item.
    late: Late,
}

impl Record {
    pub(crate) fn get(&self, event: u32) -> Option<&Stored> {
        self.events.get(event as usize)
    }

    /// Whether an event is from the rules of correlation and not from anybody who knows.
    pub(crate) fn is_by_rules(&self, event: u32) -> bool {
        let is_named = self.keys.get(event).split_once(':').is_some_and(|(source, _)| source == RULES);
        // A host may call its own source the same; the rules give links and names and say nothing else of an item.
        let says_little = |stored: &Stored| {
            stored.kind.is_none() && stored.sets.iter().all(|set| matches!(set, Set::Alias(_)))
        };
        is_named && self.get(event).is_some_and(says_little)
    }

    /// The order in which events are folded, whatever order they arrived in: by the time they speak of, then by when
    /// they became known, so that a correction wins; then by key.
    pub(crate) fn order(&self, a: u32, b: u32) -> Ordering {
        match (self.get(a), self.get(b)) {
            (Some(x), Some(y)) => (x.occurred, x.known_at())
                .cmp(&(y.occurred, y.known_at()))
                .then_with(|| self.keys.get(a).cmp(self.keys.get(b))),
            _ => Ordering::Equal,
        }
    }

    /// Makes room for so many more events.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.events.reserve(more);
        self.keys.reserve(more);
    }

    /// Where an event stands in time, with the number of what stands there.
    pub(crate) fn place(&self, event: u32, number: u32) -> Place {
        let times = self.get(event).map(|event| (event.occurred, event.known_at()));
        let (occurred, known) = times.unwrap_or((Instant::MIN, Instant::MIN));
        (occurred, known, self.keys.get(event).into(), number)
    }

    /// Puts the last event into its item's chain, which ends at `latest`; the new end of the chain.
    pub(crate) fn chain(&mut self, item: u32, latest: u32) -> u32 {
        let new = (self.events.len() as u32).wrapping_sub(1);
        let mut late = std::mem::take(&mut self.late);
        let (at, later) = late.seek(
            (item, latest, new),
            |at| self.order(at, new).is_gt(),
            |at| self.get(at).map_or(NONE, |event| event.previous),
            |at| self.place(at, at),
        );
        self.late = late;
        if let Some(event) = self.events.last_mut() {
            event.previous = at;
        }
        match self.events.get_mut(later as usize) {
            Some(event) => {
                event.previous = new;
                latest
            }
            None => new,
        }
    }

    /// Gives all events of one item to another one, whose own keep their places in time; `latest` holds the ends of
    /// the chains.
    pub(crate) fn hand_over(&mut self, latest: &mut [u32], from: u32, to: u32) {
        if latest.get(from as usize).is_none_or(|end| *end == NONE) {
            return;
        }
        [from, to].into_iter().for_each(|item| self.late.forget(item));
        let mut chain: Vec<u32> = [from, to]
            .into_iter()
            .filter_map(|item| latest.get(item as usize))
            .flat_map(|end| self.walk(*end, None).map(|(number, _)| number))
            .collect();
        chain.sort_unstable_by(|a, b| self.order(*a, *b));
        let mut previous = NONE;
        for number in chain {
            if let Some(event) = self.events.get_mut(number as usize) {
                event.previous = previous;
            }
            previous = number;
        }
        for (item, end) in [(from, NONE), (to, previous)] {
            if let Some(slot) = latest.get_mut(item as usize) {
                *slot = end;
            }
        }
    }

    /// An item's events from the latest to the first, as far as the bounds admit them.
    pub(crate) fn walk(&self, latest: u32, bounds: Option<Bounds>) -> impl Iterator<Item = (u32, &Stored)> {
        std::iter::successors(self.get(latest).map(|event| (latest, event)), |(_, event)| {
            self.get(event.previous).map(|previous| (event.previous, previous))
        })
        .filter(move |(_, event)| Bounds::admit(bounds, event))
    }

    /// Bytes held by the events and their keys, without what a title or another text holds beyond its slot.
    pub(crate) fn bytes(&self) -> usize {
        let slots: usize = self.events.iter().map(|event| size_of_val(&*event.sets)).sum();
        self.keys.bytes() + self.late.bytes() + self.events.capacity() * size_of::<Stored>() + slots
    }
}
