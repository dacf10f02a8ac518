//! What some builds bring, kept in line with the record as builds, commits and their links change.
//!
//! Every change in the set remembers through what it came in: the build that is made from it, or a later change that
//! follows it. So when something falls away, only what came in through it has to look for another way in. That is the
//! method of deleting too much and deriving it again (Gupta, Mumick and Subrahmanian, "Maintaining views
//! incrementally", 1993), kept small by looking at one way in only. It holds for histories that form a circle, too.

use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::LinkKind;
use crate::stream::ValueStream;

#[derive(Clone, Debug, Default)]
pub(super) struct Brought {
    /// Each change with the build or the later change that it came in through.
    through: HashMap<u32, u32>,
    /// What a tool states to be in a build.
    stated: HashSet<u32>,
}

impl Brought {
    pub(super) fn is_empty(&self) -> bool {
        self.through.is_empty() && self.stated.is_empty()
    }

    pub(super) fn contains(&self, item: u32) -> bool {
        self.through.contains_key(&item) || self.stated.contains(&item)
    }

    /// Adds all changes that a build brings, and the work that it is stated to contain.
    pub(super) fn add(&mut self, stream: &ValueStream, build: u32) {
        let heads: Vec<(u32, u32)> = stream.heads(build).map(|change| (change, build)).collect();
        self.walk(stream, heads, &mut |_| {});
        self.stated.extend(stream.to(build, LinkKind::Contains).map(|(item, _)| item));
    }

    /// Lets changes in, and all that they follow; `found` is told which are new.
    fn walk(&mut self, stream: &ValueStream, mut ways: Vec<(u32, u32)>, found: &mut dyn FnMut(u32)) {
        while let Some((change, through)) = ways.pop() {
            if self.through.contains_key(&change) {
                continue;
            }
            self.through.insert(change, through);
            found(change);
            for (_, before) in stream.linked(change, LinkKind::Follows, Direction::Outgoing) {
                if !self.through.contains_key(&before) {
                    ways.push((before, change));
                }
            }
        }
    }

    /// Brings the set in line after something was said of a build, or after `counts` came to say something else of it.
    /// `found` is told what may have come or gone. O(what came in through the build, with its links).
    pub(super) fn mend_build(
        &mut self,
        stream: &ValueStream,
        build: u32,
        counts: &dyn Fn(u32) -> bool,
        found: &mut dyn FnMut(u32),
    ) {
        let mut ways = Vec::new();
        for (_, kind, item) in stream.ever_touching(build, Direction::Outgoing) {
            match kind {
                LinkKind::BuiltFrom => ways.push((item, build)),
                LinkKind::Contains => {
                    let is_stated = stream
                        .linked(item, LinkKind::Contains, Direction::Incoming)
                        .any(|(_, build)| counts(build));
                    let changed =
                        if is_stated { self.stated.insert(item) } else { self.stated.remove(&item) };
                    if changed {
                        found(item);
                    }
                }
                _ => {}
            }
        }
        self.mend(stream, &ways, counts, found);
    }

    /// The same after something was said of whether one change follows another.
    pub(super) fn mend_change(
        &mut self,
        stream: &ValueStream,
        (later, earlier): (u32, u32),
        counts: &dyn Fn(u32) -> bool,
        found: &mut dyn FnMut(u32),
    ) {
        self.mend(stream, &[(earlier, later)], counts, found);
    }

    fn mend(
        &mut self,
        stream: &ValueStream,
        ways: &[(u32, u32)],
        counts: &dyn Fn(u32) -> bool,
        found: &mut dyn FnMut(u32),
    ) {
        let mut lost: Vec<u32> = Vec::new();
        let closed = |brought: &Brought, (change, through): &(u32, u32)| {
            brought.through.get(change) == Some(through)
                && !brought.is_open(stream, *change, *through, counts)
        };
        let mut stack: Vec<u32> =
            ways.iter().filter(|way| closed(self, way)).map(|(change, _)| *change).collect();
        while let Some(change) = stack.pop() {
            if self.through.remove(&change).is_none() {
                continue;
            }
            lost.push(change);
            for (_, kind, before) in stream.ever_touching(change, Direction::Outgoing) {
                if kind == LinkKind::Follows && self.through.get(&before) == Some(&change) {
                    stack.push(before);
                }
            }
        }
        let mut open: Vec<(u32, u32)> = ways
            .iter()
            .filter(|(change, through)| self.is_open(stream, *change, *through, counts))
            .copied()
            .collect();
        for change in &lost {
            found(*change);
            let ways = stream
                .touching(*change, Direction::Incoming)
                .filter(|(_, kind, _)| matches!(kind, LinkKind::Follows | LinkKind::BuiltFrom));
            let way = ways.map(|(.., other)| other).find(|other| {
                // Most have one; whether it is open is the same question for a build and for a change.
                self.is_open(stream, *change, *other, counts)
            });
            open.extend(way.map(|way| (*change, way)));
        }
        self.walk(stream, open, found);
    }

    /// Whether a change comes in through a build or a later change.
    fn is_open(&self, stream: &ValueStream, change: u32, through: u32, counts: &dyn Fn(u32) -> bool) -> bool {
        (self.through.contains_key(&through) && stream.is_linked(through, change, LinkKind::Follows))
            || (counts(through) && stream.is_linked(through, change, LinkKind::BuiltFrom))
    }
}
