//! When environments are closed: the blackouts of their calendars, inherited down `parent` and `belongs_to`.

use std::rc::Rc;

use super::places;
use crate::calendar::{Blackout, Occurrences};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;

/// A blackout with the item in whose calendar it stands, and the event that says so.
#[derive(Clone, Debug)]
pub(in crate::analyze) struct Closing {
    pub(in crate::analyze) blackout: Blackout,
    pub(in crate::analyze) when: Occurrences,
    pub(in crate::analyze) of: u32,
    pub(in crate::analyze) event: u32,
}

/// Reads each calendar once for a question.
pub(in crate::analyze) struct Closings<'a> {
    stream: &'a ValueStream,
    own: HashMap<u32, Rc<[Closing]>>,
    known: HashMap<u32, Rc<[Closing]>>,
    /// What nearly every item has.
    none: Rc<[Closing]>,
}

impl<'a> Closings<'a> {
    pub(in crate::analyze) fn new(stream: &'a ValueStream) -> Closings<'a> {
        Closings { stream, own: HashMap::default(), known: HashMap::default(), none: Rc::default() }
    }

    /// The blackouts of an item and of all that it is a part of or belongs to; for an environment also those of what is in
    /// it. By the id of the item whose they are, then as its calendar lists them.
    pub(in crate::analyze) fn of(&mut self, item: u32) -> Rc<[Closing]> {
        if let Some(known) = self.known.get(&item) {
            return Rc::clone(known);
        }
        let stream = self.stream;
        let mut stack = match stream.kind(item) {
            Some(Kind::Environment) => places::within(stream, item),
            _ => vec![item],
        };
        // Filled when something is above: most items stand alone.
        let mut seen: HashSet<u32> = HashSet::default();
        let mut all: Vec<u32> = Vec::new();
        while let Some(at) = stack.pop() {
            all.push(at);
            let above = above(stream, at);
            if seen.is_empty() && !above.is_empty() {
                seen.extend(all.iter().chain(&stack));
            }
            stack.extend(above.into_iter().filter(|other| seen.insert(*other)));
        }
        all.sort_unstable_by_key(|item| stream.id(*item));
        let mut found: Vec<Closing> = Vec::new();
        for item in all {
            found.extend(self.own(item).iter().cloned());
        }
        let found = if found.is_empty() { Rc::clone(&self.none) } else { found.into() };
        self.known.insert(item, Rc::clone(&found));
        found
    }

    fn own(&mut self, item: u32) -> Rc<[Closing]> {
        let stream = self.stream;
        let read = || match stream.last(item, Set::calendar) {
            Some((calendar, event)) => {
                let blackouts = calendar.into_blackouts();
                blackouts.map(|(blackout, when)| Closing { blackout, when, of: item, event }).collect()
            }
            None => Rc::clone(&self.none),
        };
        Rc::clone(self.own.entry(item).or_insert_with(read))
    }
}

/// What an item inherits from directly: what it is a part of, then what it belongs to, each by id. An environment that is
/// shared belongs to no application more than to another.
fn above(stream: &ValueStream, item: u32) -> Vec<u32> {
    let is_shared = || stream.kind(item) == Some(Kind::Environment) && places::is_shared(stream, item);
    let ends = |kind: LinkKind| {
        let mut ends: Vec<u32> =
            stream.linked(item, kind, Direction::Outgoing).map(|(_, other)| other).collect();
        ends.sort_unstable_by_key(|other| stream.id(*other));
        ends
    };
    let mut found = ends(LinkKind::Parent);
    let applications = ends(LinkKind::BelongsTo);
    if !applications.is_empty() && !is_shared() {
        found.extend(applications);
    }
    found
}

/// The item whose calendar an environment works by: itself, else the nearest that it inherits from and that has one.
pub(super) fn nearest_calendar(stream: &ValueStream, environment: u32) -> Option<u32> {
    let mut seen = HashSet::from_iter([environment]);
    let mut queue = vec![environment];
    let mut next = 0;
    while let Some(item) = queue.get(next).copied() {
        next += 1;
        if stream.last(item, Set::calendar).is_some() {
            return Some(item);
        }
        queue.extend(above(stream, item).into_iter().filter(|other| seen.insert(*other)));
    }
    None
}
