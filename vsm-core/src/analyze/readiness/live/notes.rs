//! What is remembered of the items that a turn concerns.

use super::super::Verdict;
use super::held::Held;
use crate::hash::HashMap;
use crate::texts::NONE;

/// Its kind and state have to be read again.
pub(super) const FACTS: u8 = 1;
/// Its own facts have to be judged again.
pub(super) const OWN: u8 = 2;
/// What it can prove has to be judged again.
pub(super) const PROOF: u8 = 4;
/// It waits for what it passes on to be put together again.
pub(super) const QUEUED: u8 = 8;

/// What of its own facts is about the place to go to has to be judged again.
pub(super) const PLACE: u8 = 16;

/// So many events are remembered of an item.
const EVENTS: usize = 4;

#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    /// What it was: kind and what it passed on decide over its verdict.
    pub(super) before: super::held::Slot,
    pub(super) flags: u8,
    /// The item by which it got worse, and how bad that one is; itself where its own facts did.
    pub(super) worse: (u32, Verdict),
    /// The item by which it got better.
    pub(super) better: u32,
    events: [u32; EVENTS],
}

impl Note {
    /// The first events that touched it.
    pub(super) fn events(&self) -> impl Iterator<Item = u32> {
        self.events.into_iter().take_while(|event| *event != NONE)
    }
}

/// By item.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) notes: HashMap<u32, Note>,
}

impl Notes {
    pub(super) fn note(&mut self, held: &Held, item: u32) -> &mut Note {
        self.notes.entry(item).or_insert_with(|| Note {
            before: held.slot(item),
            flags: 0,
            worse: (NONE, Verdict::Ready),
            better: NONE,
            events: [NONE; EVENTS],
        })
    }

    pub(super) fn mark(&mut self, held: &Held, item: u32, flags: u8, event: u32) {
        let note = self.note(held, item);
        note.flags |= flags;
        if !note.events.contains(&event)
            && let Some(free) = note.events.iter_mut().find(|slot| **slot == NONE)
        {
            *free = event;
        }
    }

    /// The items that have some flag, in the order of their numbers.
    pub(super) fn with(&self, flag: u8) -> Vec<u32> {
        let mut items: Vec<u32> =
            self.notes.iter().filter(|(_, note)| note.flags & flag != 0).map(|(item, _)| *item).collect();
        items.sort_unstable();
        items
    }
}
