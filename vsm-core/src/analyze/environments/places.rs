//! Environments and their groups: what is in what, and what it takes at once.
//!
//! An environment that others are parts of (`parent`) is a group. The present has no cycle of parents; a view of the past
//! may have one, so every walk remembers where it was.

use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;

/// Whether an item is an environment, or may be one for all that was said of it.
fn is_place(stream: &ValueStream, item: u32) -> bool {
    matches!(stream.kind(item), None | Some(Kind::Environment))
}

/// The group that an environment is in.
fn group_of(stream: &ValueStream, environment: u32) -> Option<u32> {
    let mut parents = stream.linked(environment, LinkKind::Parent, Direction::Outgoing);
    parents.find(|(_, other)| is_place(stream, *other)).map(|(_, group)| group)
}

/// What is directly in a group.
fn members(stream: &ValueStream, group: u32) -> impl Iterator<Item = u32> {
    let parts = stream.linked(group, LinkKind::Parent, Direction::Incoming);
    parts.map(|(_, member)| member).filter(|member| is_place(stream, *member))
}

/// An environment and the groups around it, from the inside out.
pub(in crate::analyze) fn line(stream: &ValueStream, environment: u32) -> Vec<u32> {
    let mut seen = HashSet::from_iter([environment]);
    let mut line = vec![environment];
    let mut at = environment;
    while let Some(group) = group_of(stream, at).filter(|group| seen.insert(*group)) {
        line.push(group);
        at = group;
    }
    line
}

/// A group and everything in it, however deep; in no order.
pub(in crate::analyze) fn within(stream: &ValueStream, environment: u32) -> Vec<u32> {
    let mut seen = HashSet::from_iter([environment]);
    let mut found = vec![environment];
    let mut next = 0;
    while let Some(group) = found.get(next).copied() {
        next += 1;
        found.extend(members(stream, group).filter(|member| seen.insert(*member)));
    }
    found
}

/// The environments that a booking of one takes: those in it, if it is a group, else itself. By id.
pub(in crate::analyze) fn leaves(stream: &ValueStream, environment: u32) -> Vec<u32> {
    let mut leaves = within(stream, environment);
    leaves.retain(|item| is_leaf(stream, *item));
    leaves.sort_unstable_by_key(|item| stream.id(*item));
    leaves
}

/// Whether nothing is in an environment: it is no group.
pub(super) fn is_leaf(stream: &ValueStream, environment: u32) -> bool {
    members(stream, environment).next().is_none()
}

/// How many bookings an environment takes at once: what it says itself, else the nearest group that says so.
pub(in crate::analyze) fn capacity(stream: &ValueStream, environment: u32) -> Option<u32> {
    from_groups(stream, environment, |item| stream.last(item, Set::capacity).map(|(n, _)| n))
}

/// The stage of an environment, or of the nearest group that has one.
pub(in crate::analyze) fn stage(stream: &ValueStream, environment: u32) -> Option<Box<str>> {
    from_groups(stream, environment, |item| stream.last(item, Set::stage).map(|(stage, _)| stage))
}

/// Whether an environment, or the nearest group that says so, serves several applications.
pub(super) fn is_shared(stream: &ValueStream, environment: u32) -> bool {
    from_groups(stream, environment, |item| stream.last(item, Set::shared).map(|(shared, _)| shared))
        .unwrap_or(false)
}

/// Whom an environment waits for: who is named for it, else for the nearest group.
pub(in crate::analyze) fn answers_for(stream: &ValueStream, environment: u32) -> Option<String> {
    from_groups(stream, environment, |item| crate::analyze::whom(stream, item))
}

fn from_groups<T>(stream: &ValueStream, environment: u32, say: impl Fn(u32) -> Option<T>) -> Option<T> {
    // Nearly always it is the environment itself that says so.
    say(environment).or_else(|| line(stream, environment).into_iter().skip(1).find_map(say))
}

/// Some environments with all that is in them and all groups around them.
pub(super) struct Forest {
    /// From the outside in: groups before what is in them, as far as there is no cycle.
    order: Vec<u32>,
    nodes: HashMap<u32, Node>,
}

#[derive(Default)]
struct Node {
    group: Option<u32>,
    has_members: bool,
    /// The least that one of its environments takes at once, and the first environment by id that takes no more.
    least: Option<(u32, u32)>,
}

impl Forest {
    pub(super) fn around(stream: &ValueStream, starts: impl IntoIterator<Item = u32>) -> Forest {
        let mut forest = Forest { order: Vec::new(), nodes: HashMap::default() };
        let mut inside = HashSet::default();
        let mut stack: Vec<u32> = starts.into_iter().collect();
        while let Some(item) = stack.pop() {
            if inside.insert(item) {
                stack.extend(members(stream, item));
                forest.add(stream, item);
            }
        }
        forest.lay_out(stream);
        forest
    }

    /// Adds an environment with the groups around it.
    fn add(&mut self, stream: &ValueStream, environment: u32) {
        let mut at = environment;
        while !self.nodes.contains_key(&at) {
            let group = group_of(stream, at);
            self.nodes.insert(at, Node { group, ..Node::default() });
            let Some(group) = group else { break };
            at = group;
        }
    }

    fn lay_out(&mut self, stream: &ValueStream) {
        let mut inner: HashMap<u32, Vec<u32>> = HashMap::default();
        let mut stack = Vec::new();
        for (item, node) in &self.nodes {
            match node.group {
                Some(group) => inner.entry(group).or_default().push(*item),
                None => stack.push((*item, None)),
            }
        }
        let mut takes: HashMap<u32, Option<u32>> = HashMap::default();
        while let Some((item, around)) = stack.pop() {
            let own = stream.last(item, Set::capacity).map(|(n, _)| n).or(around);
            takes.insert(item, own);
            self.order.push(item);
            let members = inner.get(&item).map_or(&[][..], Vec::as_slice);
            if let Some(node) = self.nodes.get_mut(&item) {
                node.has_members = !members.is_empty();
            }
            stack.extend(members.iter().map(|member| (*member, own)));
        }
        for item in self.order.iter().rev() {
            let Some(node) = self.nodes.get_mut(item) else { continue };
            if !node.has_members {
                node.least = takes.get(item).copied().flatten().map(|n| (n, *item));
            }
            let (least, group) = (node.least, node.group);
            let above = group.and_then(|group| self.nodes.get_mut(&group));
            if let (Some((n, leaf)), Some(above)) = (least, above) {
                let is_less =
                    above.least.is_none_or(|(m, other)| (n, stream.id(leaf)) < (m, stream.id(other)));
                if is_less {
                    above.least = least;
                }
            }
        }
    }

    /// The environments and groups, by id.
    pub(super) fn by_id(&self, stream: &ValueStream) -> Vec<u32> {
        let mut items: Vec<u32> = self.nodes.keys().copied().collect();
        items.sort_unstable_by_key(|item| stream.id(*item));
        items
    }

    /// The groups around an environment, from the inside out.
    pub(super) fn groups(&self, environment: u32) -> Vec<u32> {
        let mut groups: Vec<u32> = Vec::new();
        let mut seen = HashSet::from_iter([environment]);
        let mut at = environment;
        while let Some(group) = self.nodes.get(&at).and_then(|node| node.group).filter(|g| seen.insert(*g)) {
            groups.push(group);
            at = group;
        }
        groups
    }

    /// How many bookings at once fit in all environments of one, and the environment that takes no more; none where all
    /// take any number.
    pub(super) fn least(&self, environment: u32) -> Option<(u32, u32)> {
        self.nodes.get(&environment).and_then(|node| node.least)
    }
}
