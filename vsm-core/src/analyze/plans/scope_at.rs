//! What was in an iteration, a programme increment or a release at a time.

use std::collections::BTreeSet;

use super::say_do::SayDoQuery;
use crate::analyze::worth::attribute;
use crate::error::{Error, Result};
use crate::graph::Direction::Outgoing;
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;

text_enum! {
    /// Which items a scope consists of.
    pub enum ScopeLevel {
        /// Those that were put into it themselves, without what is a part of another one; the default. Values and sizes stand
        /// on them.
        Stated = "stated",
        /// Their leaves, as [`scope`](ValueStream::scope) counts them.
        Leaves = "leaves",
    }
}

/// Where a scope is read from.
pub(super) enum Source {
    Release(u32),
    /// An item whose parts are its scope.
    Whole(u32),
    /// An attribute that names iterations, and the name of one.
    Iteration(String, String),
}

impl Source {
    pub(super) fn of(stream: &ValueStream, query: &SayDoQuery) -> Result<Source> {
        match (&query.container, &query.iteration) {
            (Some(_), Some(_)) => {
                Err(Error::invalid("iteration", "ask either for an iteration or for a container"))
            }
            (None, None) => Err(Error::invalid("container", "is missing: name it, or an iteration")),
            (Some(id), None) => {
                let item = stream.find(id)?;
                let is_release = stream.kind(item) == Some(Kind::Release);
                Ok(if is_release { Source::Release(item) } else { Source::Whole(item) })
            }
            (None, Some(name)) if name.trim().is_empty() => {
                Err(Error::invalid("iteration", "must be the name of one"))
            }
            (None, Some(name)) => {
                let attribute = query.attribute.clone().unwrap_or_else(|| "sprint".into());
                Ok(Source::Iteration(attribute, name.trim().to_owned()))
            }
        }
    }

    /// The scope as a view knows it.
    pub(super) fn scope(&self, then: &ValueStream, level: ScopeLevel) -> BTreeSet<u32> {
        let is_open = |item: &u32| then.state_of(*item) != Some(FlowState::Cancelled);
        let stated: HashSet<u32> = match self {
            Source::Release(release) => {
                then.from(*release, LinkKind::ShipsIn).map(|(item, _)| item).filter(is_open).collect()
            }
            Source::Whole(whole) => {
                let parts = then.from(*whole, LinkKind::Parent).map(|(part, _)| part);
                let adds_up =
                    |part: &u32| Kind::adds_up(then.kind(*part), then.kind(*whole)) && is_open(part);
                parts.filter(adds_up).collect()
            }
            Source::Iteration(attribute, name) => then
                .all()
                .filter(|item| then.kind(*item).is_some_and(Kind::is_work) && is_open(item))
                .filter(|item| iterations(then, *item, attribute).any(|one| one == name))
                .collect(),
        };
        match level {
            ScopeLevel::Leaves => then.leaves(stated).into_iter().collect(),
            ScopeLevel::Stated => {
                let is_top = |item: &u32| !has_whole_in(then, *item, &stated);
                stated.iter().copied().filter(is_top).collect()
            }
        }
    }

    /// Where else an item is: other iterations or releases.
    pub(super) fn elsewhere(&self, then: &ValueStream, item: u32) -> BTreeSet<String> {
        match self {
            Source::Iteration(attribute, name) => {
                iterations(then, item, attribute).filter(|one| one != name).map(Into::into).collect()
            }
            Source::Release(own) | Source::Whole(own) => then
                .linked(item, LinkKind::ShipsIn, Outgoing)
                .chain(then.linked(item, LinkKind::Parent, Outgoing))
                .map(|(_, other)| other)
                .filter(|other| other != own)
                .map(|other| then.id(other).to_owned())
                .collect(),
        }
    }
}

/// The iterations that an item names, separated by commas.
fn iterations<'a>(then: &'a ValueStream, item: u32, name: &str) -> impl Iterator<Item = &'a str> {
    let text = attribute(then, item, name).map_or("", |(text, _)| text);
    text.split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// Whether an item is a part of another one of a set.
fn has_whole_in(then: &ValueStream, item: u32, set: &HashSet<u32>) -> bool {
    // The past may have a cycle.
    let mut seen = HashSet::from_iter([item]);
    let mut stack = vec![item];
    while let Some(at) = stack.pop() {
        for (_, whole) in then.linked(at, LinkKind::Parent, Outgoing) {
            if set.contains(&whole) && whole != item {
                return true;
            }
            if seen.insert(whole) {
                stack.push(whole);
            }
        }
    }
    false
}

/// Whether an item is done, or says nothing and all that it consists of is.
pub(super) fn is_done(then: &ValueStream, item: u32) -> bool {
    match then.state_of(item) {
        Some(state) => state == FlowState::Done,
        None => {
            let leaves = then.leaves([item]);
            leaves.iter().all(|leaf| *leaf != item && then.state_of(*leaf) == Some(FlowState::Done))
                && !leaves.is_empty()
        }
    }
}
