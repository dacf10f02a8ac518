//! Which rows an item counts in.

use std::collections::BTreeSet;

use super::query::MetricQuery;
use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::hash::HashMap;
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, clip};

/// What is grouped by.
#[derive(Clone, Debug)]
enum Dimension {
    Kind,
    /// What the item, or the nearest of its wholes that has any, is linked to.
    Home(LinkKind, Kind),
    /// The nearest whole of a kind.
    Whole(Kind),
    Priority,
    Severity,
    Assignee,
    Attribute(Box<str>),
}

/// How far a search for an item's wholes goes; parts are nested a few levels deep.
const DEEPEST: usize = 64;

/// The groups that were met, by number.
#[derive(Clone, Debug)]
pub(in crate::analyze) struct Groups {
    dimensions: Vec<Dimension>,
    numbers: HashMap<Vec<String>, u32>,
    names: Vec<Vec<String>>,
    /// Where the kind alone decides: the groups of the few kinds that were met.
    by_kind: Vec<(Option<Kind>, u32)>,
}

impl Groups {
    pub(in crate::analyze) fn of(query: &MetricQuery) -> Result<Groups> {
        let read = |(place, name): (usize, &String)| {
            Dimension::named(name).ok_or_else(|| {
                let known = "kind, team, application, release, theme, epic, feature, priority, severity, assignee \
                             or attribute:NAME";
                Error::invalid(&format!("group_by[{place}]"), format!("\"{}\" is not {known}", clip(name)))
            })
        };
        let dimensions = query.group_by.iter().enumerate().map(read).collect::<Result<Vec<_>>>()?;
        let mut groups =
            Groups { dimensions, numbers: HashMap::default(), names: Vec::new(), by_kind: Vec::new() };
        if groups.dimensions.is_empty() {
            // There is a row for all even where nothing is found.
            groups.number(Vec::new());
        }
        Ok(groups)
    }

    pub(in crate::analyze) fn name(&self, number: u32) -> &[String] {
        self.names.get(number as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether the groups of an item are the same at all times while it is of one kind.
    pub(in crate::analyze) fn hold_still(&self) -> bool {
        let is_still = |dimension: &Dimension| {
            matches!(dimension, Dimension::Kind | Dimension::Home(..) | Dimension::Whole(_))
        };
        self.dimensions.iter().all(is_still)
    }

    /// Whether the groups of an item depend on its links, and on those of its wholes.
    pub(super) fn follow_links(&self) -> bool {
        let follows = |dimension: &Dimension| matches!(dimension, Dimension::Home(..) | Dimension::Whole(_));
        self.dimensions.iter().any(follows)
    }

    /// The number of a group, met or not.
    pub(super) fn number(&mut self, names: Vec<String>) -> u32 {
        if let Some(number) = self.numbers.get(&names) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(names.clone(), number);
        self.names.push(names);
        number
    }

    /// The groups of an item that was of a kind at a time. What it was then counts; whom it belongs to is as it is now.
    pub(in crate::analyze) fn find(
        &mut self,
        stream: &ValueStream,
        item: u32,
        kind: Option<Kind>,
        at: Instant,
        found: &mut Vec<u32>,
    ) {
        found.clear();
        if self.dimensions.is_empty() {
            found.push(0);
            return;
        }
        let is_by_kind = matches!(self.dimensions.as_slice(), [Dimension::Kind]);
        if is_by_kind && let Some((_, number)) = self.by_kind.iter().find(|(known, _)| *known == kind) {
            found.push(*number);
            return;
        }
        let mut names: Vec<Vec<String>> = vec![Vec::new()];
        for dimension in &self.dimensions {
            let values = dimension.values(stream, item, kind, at);
            let longer = |name: &Vec<String>| {
                let extend = |value: &String| [name.as_slice(), std::slice::from_ref(value)].concat();
                values.iter().map(extend).collect::<Vec<_>>()
            };
            names = names.iter().flat_map(longer).collect();
        }
        found.extend(names.into_iter().map(|name| self.number(name)));
        if is_by_kind && let Some(number) = found.first() {
            self.by_kind.push((kind, *number));
        }
    }
}

impl Dimension {
    fn named(name: &str) -> Option<Dimension> {
        Some(match name {
            "kind" => Dimension::Kind,
            "team" => Dimension::Home(LinkKind::OwnedBy, Kind::Team),
            "application" => Dimension::Home(LinkKind::BelongsTo, Kind::Application),
            "release" => Dimension::Home(LinkKind::ShipsIn, Kind::Release),
            "theme" => Dimension::Whole(Kind::Theme),
            "epic" => Dimension::Whole(Kind::Epic),
            "feature" => Dimension::Whole(Kind::Feature),
            "priority" => Dimension::Priority,
            "severity" => Dimension::Severity,
            "assignee" => Dimension::Assignee,
            _ => {
                Dimension::Attribute(name.strip_prefix("attribute:").filter(|name| !name.is_empty())?.into())
            }
        })
    }

    /// The values of an item, in alphabetical order; one that is empty where there is none.
    fn values(&self, stream: &ValueStream, item: u32, kind: Option<Kind>, at: Instant) -> Vec<String> {
        let one = |text: Option<String>| vec![text.unwrap_or_default()];
        match self {
            Dimension::Kind => one(kind.map(|kind| kind.as_str().into())),
            Dimension::Home(link, kind) => stream.homes(item, *link, *kind),
            Dimension::Whole(kind) => one(stream.whole(item, *kind).map(|whole| stream.id(whole).into())),
            Dimension::Priority => {
                one(said(stream, item, at, |set| Some(set.priority()?.map(|text| text.to_string()))))
            }
            Dimension::Severity => {
                one(said(stream, item, at, |set| Some(set.severity()?.map(|word| word.as_str().into()))))
            }
            Dimension::Assignee => {
                one(said(stream, item, at, |set| Some(set.assignee()?.map(|text| text.to_string()))))
            }
            Dimension::Attribute(name) => one(said(stream, item, at, |set| match set {
                Set::Attribute(pair) if pair.0 == *name => Some(Some(pair.1.to_string())),
                Set::Clear(cleared) if cleared == name => Some(None),
                _ => None,
            })),
        }
    }
}

/// What was last said of a field up to a time; before the first word, the first word holds.
fn said(
    stream: &ValueStream,
    item: u32,
    at: Instant,
    read: impl Fn(&Set) -> Option<Option<String>>,
) -> Option<String> {
    let mut first = None;
    for (_, event) in stream.backwards(item) {
        let said = event.sets.iter().rev().find_map(&read);
        if event.occurred <= at {
            match said {
                Some(value) => return value,
                None => continue,
            }
        }
        first = said.or(first);
    }
    first.flatten()
}

impl ValueStream {
    /// What an item is linked to by a kind of link, by id; where it is not, what the nearest of its wholes is.
    fn homes(&self, item: u32, link: LinkKind, kind: Kind) -> Vec<String> {
        let mut at = Some(item);
        for _ in 0..DEEPEST {
            let Some(now) = at else { break };
            let others = self.linked(now, link, Direction::Outgoing).map(|(_, other)| other);
            let homes: BTreeSet<&str> =
                others.filter(|other| self.kind(*other) == Some(kind)).map(|other| self.id(other)).collect();
            if !homes.is_empty() {
                return homes.into_iter().map(Into::into).collect();
            }
            at = self.linked(now, LinkKind::Parent, Direction::Outgoing).map(|(_, whole)| whole).next();
        }
        vec![String::new()]
    }

    /// The nearest whole of a kind.
    fn whole(&self, item: u32, kind: Kind) -> Option<u32> {
        let mut at = item;
        for _ in 0..DEEPEST {
            at = self.linked(at, LinkKind::Parent, Direction::Outgoing).map(|(_, whole)| whole).next()?;
            if self.kind(at) == Some(kind) {
                return Some(at);
            }
        }
        None
    }
}
