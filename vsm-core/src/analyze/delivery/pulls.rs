//! Pull requests and their parts: coding, pickup, review, deploy.
//!
//! What the events have to say: a pull request is a change with a state (`done` = merged); `starts_at` is when it was
//! opened, `ends_at` when it was merged; the attribute `author` is who opened it; each event with the attribute `review`
//! is a review or comment, by whom says `reviewed_by`. Its commits are the changes that are parts of it (`parent`), else
//! those behind its head that no earlier merge and no other parent of its merge commit brought; without such a parent
//! nobody knows where the branch began.

use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::record::Stored;
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

use super::attribute;
use super::changes::{Arrival, authored, walk};
use super::deployments::Index;

/// A merged pull request.
pub(super) struct Pull {
    pub(super) pull: u32,
    pub(super) first_commit: Option<(Instant, u32)>,
    pub(super) created: Instant,
    pub(super) reviewed: Option<Instant>,
    pub(super) merged: Instant,
    /// The first deployment that contains it.
    pub(super) arrival: Option<Arrival>,
}

impl Pull {
    pub(super) fn coding(&self) -> Option<Span> {
        self.first_commit.and_then(|(at, _)| between(at, self.created))
    }

    pub(super) fn pickup(&self) -> Option<Span> {
        self.reviewed.and_then(|at| between(self.created, at))
    }

    pub(super) fn review(&self) -> Option<Span> {
        self.reviewed.and_then(|at| between(at, self.merged))
    }

    pub(super) fn deploy(&self) -> Option<Span> {
        self.arrival.and_then(|arrival| between(self.merged, arrival.at))
    }

    pub(super) fn cycle(&self) -> Option<Span> {
        let open = between(self.created, self.merged)?;
        let parts = [self.coding(), Some(open), self.deploy()];
        Some(Span::from_millis(parts.into_iter().flatten().map(Span::millis).sum()))
    }
}

/// A negative time is bad data, and no time.
fn between(start: Instant, end: Instant) -> Option<Span> {
    (start <= end).then(|| end.since(start))
}

/// The merged pull requests, by when they were merged and by id.
pub(super) fn pulls(stream: &ValueStream, index: &Index, arrivals: &[Arrival]) -> Vec<Pull> {
    let mut pulls: Vec<Pull> = stream
        .all()
        .filter(|item| {
            stream.kind(*item) == Some(Kind::Change) && stream.state_of(*item) == Some(FlowState::Done)
        })
        .filter_map(|item| pull(stream, item))
        .collect();
    pulls.sort_unstable_by(|a, b| {
        a.merged.cmp(&b.merged).then_with(|| stream.id(a.pull).cmp(stream.id(b.pull)))
    });
    let mut first: HashMap<u32, Arrival> = HashMap::default();
    let wanted: HashSet<u32> = pulls.iter().map(|pull| pull.pull).collect();
    for arrival in arrivals.iter().filter(|arrival| wanted.contains(&arrival.change)) {
        let id = |arrival: &Arrival| {
            index.placements.get(arrival.placement).map(|place| stream.id(place.deployment))
        };
        let known = first.entry(arrival.change).or_insert(*arrival);
        if (arrival.at, id(arrival)) < (known.at, id(known)) {
            *known = *arrival;
        }
    }
    let mut seen = HashSet::default();
    for pull in &mut pulls {
        pull.arrival = first.get(&pull.pull).copied();
        pull.first_commit = first_commit(stream, pull.pull, &mut seen);
    }
    pulls
}

fn pull(stream: &ValueStream, item: u32) -> Option<Pull> {
    let ended = stream.last(item, Set::ends_at).map(|(at, _)| at);
    let merged = ended.or_else(|| {
        let (_, event) = stream.state_with_event(item)?;
        stream.occurred(event)
    })?;
    let author = attribute(stream, item, "author");
    let reviewed =
        stream.chronicle(item).into_iter().filter_map(|(_, event)| reviewed_at(event, author)).min();
    Some(Pull {
        pull: item,
        first_commit: None,
        created: authored(stream, item)?,
        reviewed,
        merged,
        arrival: None,
    })
}

/// When somebody but the author looked at it, if the event says so.
fn reviewed_at(event: &Stored, author: Option<&str>) -> Option<Instant> {
    let said = |name: &str| {
        event.sets.iter().find_map(|set| match set {
            Set::Attribute(pair) if &*pair.0 == name => Some(&*pair.1),
            _ => None,
        })
    };
    said("review")?;
    let is_own = author.is_some() && said("reviewed_by") == author;
    (!is_own).then_some(event.occurred)
}

/// The commit of a pull request that was authored first. Asked in the order of merging, every commit is walked once.
fn first_commit(stream: &ValueStream, pull: u32, seen: &mut HashSet<u32>) -> Option<(Instant, u32)> {
    let to = |item, kind| stream.linked(item, kind, Direction::Outgoing).map(|(_, other)| other);
    let parts = stream.linked(pull, LinkKind::Parent, Direction::Incoming).map(|(_, part)| part);
    let mut commits: Vec<u32> = parts.filter(|part| stream.kind(*part) == Some(Kind::Change)).collect();
    let heads: Vec<u32> = to(pull, LinkKind::Follows).collect();
    let landed: Vec<u32> =
        stream.linked(pull, LinkKind::Follows, Direction::Incoming).map(|(_, landed)| landed).collect();
    // What the branch was merged into was there before. Where that is not known, all of history could be the branch's.
    let base = landed.iter().flat_map(|landed| to(*landed, LinkKind::Follows));
    let base: Vec<u32> = base.filter(|parent| *parent != pull && !heads.contains(parent)).collect();
    if !base.is_empty() {
        walk(stream, base, seen);
        let own = walk(stream, heads, seen);
        if commits.is_empty() {
            commits = own;
        }
        seen.extend(landed);
    }
    let times = commits.into_iter().filter_map(|commit| Some((authored(stream, commit)?, commit)));
    times.min_by(|a, b| a.0.cmp(&b.0).then_with(|| stream.id(a.1).cmp(stream.id(b.1))))
}
