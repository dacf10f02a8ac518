//! What came since: reading the record from a number of events on, for answers that are kept up to date.
//!
//! Events are numbered in the order of arrival, and a refused one leaves no number behind. So whoever remembers how many
//! there were finds what came since without anybody taking notes while events are applied.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::graph::{Direction, Frozen};
use crate::model::{LinkKind, Set};
use crate::record::Bounds;
use crate::stream::ValueStream;

/// How much of a stream an answer has taken in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// So many events, and details of links.
    events: u32,
    details: usize,
    /// The key of the last event: the streams that go on from there have it at the same place.
    last: String,
    /// Whether it was a view of the past, of which what comes next can't be told.
    is_past: bool,
}

impl Seen {
    pub(crate) fn of(stream: &ValueStream) -> Seen {
        let (events, _, _, details) = stream.extent();
        let last = stream.key(events.wrapping_sub(1)).to_owned();
        Seen { events, details, last, is_past: stream.past().is_some() }
    }

    /// The numbers of the events that came since.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a stream that does not go on from there.
    pub(crate) fn since(&self, stream: &ValueStream) -> Result<Range<u32>> {
        let (events, ..) = stream.extent();
        if events < self.events || stream.key(self.events.wrapping_sub(1)) != self.last {
            return Err(Error::invalid("stream", "does not go on from the one that is kept up to date with"));
        }
        Ok(self.events..events)
    }

    /// Whether a view of the past is behind it, or before it now.
    pub(crate) fn is_past(&self, stream: &ValueStream) -> bool {
        self.is_past || stream.past().is_some()
    }

    /// Whether any of the details that were said of links since names a stage.
    pub(crate) fn names_stage_since(&self, stream: &ValueStream, stage: &str) -> bool {
        let new = stream.state.links.details.get(self.details..).unwrap_or_default();
        new.iter().any(|detail| detail.stage.as_deref() == Some(stage))
    }
}

/// What an event says of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) link: u32,
    pub(crate) kind: LinkKind,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl ValueStream {
    /// The bounds of a view of the past.
    pub(crate) fn past(&self) -> Option<Bounds> {
        self.bounds
    }

    /// How many events, items, links and details of links there are, whatever the bounds.
    pub(crate) fn extent(&self) -> (u32, u32, u32, usize) {
        let state = &*self.state;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let details = state.links.details.len();
        (count(state.record.events.len()), count(state.ids.len()), count(state.links.list.len()), details)
    }

    /// The item that an event is about, as it is known now.
    pub(crate) fn item_of(&self, event: u32) -> Option<u32> {
        self.state.record.get(event).map(|event| self.state.names.item(event.name))
    }

    /// Whether an event gives its item another name.
    pub(crate) fn is_naming(&self, event: u32) -> bool {
        self.sets(event).iter().any(|set| matches!(set, Set::Alias(_)))
    }

    /// What an event sets.
    pub(crate) fn sets(&self, event: u32) -> &[Set] {
        self.state.record.get(event).map_or(&[], |event| &event.sets)
    }

    /// The numbers that an item had under its other names.
    pub(crate) fn other_names(&self, item: u32) -> &[u32] {
        self.state.names.others(item)
    }

    /// The links that an event says or takes back, each as it is known now.
    pub(crate) fn said(&self, event: u32) -> impl Iterator<Item = Said> {
        let assertions = self.state.record.get(event).map_or(0..0, |event| event.assertions.clone());
        assertions.filter_map(|number| {
            let link = self.state.links.assertions.get(number as usize)?.link;
            self.link(link)
        })
    }

    /// A link, whether it holds or not.
    pub(crate) fn link(&self, link: u32) -> Option<Said> {
        let rec = self.state.links.get(link)?;
        Some(Said { link, kind: rec.kind, from: rec.from, to: rec.to })
    }

    /// Whether an event has said more of a link than its kind.
    pub(crate) fn is_detailed(&self, link: u32) -> bool {
        !self.state.graph.is_plain(link)
    }

    /// The links that hold at an item, and those that ever did or were said to: (link, kind, other item).
    pub(crate) fn ever_touching(
        &self,
        item: u32,
        direction: Direction,
    ) -> impl Iterator<Item = (u32, LinkKind, u32)> {
        self.state.graph.touching(item, direction).map(|(link, kind, other, _)| (link, kind, other))
    }

    /// The links that hold from an item, dependencies left out: (link, kind, other item). One look at what starts from it
    /// and what depends on it, whatever else leads to it.
    pub(crate) fn starting(&self, item: u32) -> impl Iterator<Item = (u32, LinkKind, u32)> {
        let links = self.state.graph.starting(item);
        links.filter(|(link, ..)| self.holds(*link))
    }

    /// Whether a link between two items holds.
    pub(crate) fn is_linked(&self, from: u32, to: u32, kind: LinkKind) -> bool {
        self.state.links.find(from, to, kind).is_some_and(|link| self.holds(link))
    }

    /// The needs that hold of others at an item, as links.
    pub(crate) fn needing(&self, item: u32) -> impl Iterator<Item = u32> {
        self.state.graph.needing(item)
    }

    /// The items that need an item directly, or that it needs.
    pub(crate) fn needs_at(&self, item: u32, ahead: bool) -> impl Iterator<Item = u32> {
        let directions = if ahead {
            [Direction::Outgoing, Direction::Incoming]
        } else {
            [Direction::Incoming, Direction::Outgoing]
        };
        let now = self.bounds.is_none().then(|| self.needs_now(item, ahead));
        let [along, against] = directions;
        let then = self.bounds.is_some().then(|| {
            let plain = self
                .touching(item, along)
                .filter(|(_, kind, _)| kind.is_need() && *kind != LinkKind::DependsOn);
            let depending = self.touching(item, against).filter(|(_, kind, _)| *kind == LinkKind::DependsOn);
            plain.chain(depending).map(|(.., other)| other)
        });
        now.into_iter().flatten().chain(then.into_iter().flatten())
    }

    /// The same in the present, whatever the bounds.
    pub(crate) fn needs_now(&self, item: u32, ahead: bool) -> impl Iterator<Item = u32> {
        self.state.graph.needs(item, ahead)
    }

    /// The layout of needs, where one was made already.
    pub(crate) fn laid_out(&self) -> Option<&Frozen> {
        let kept = if self.bounds.is_none() { &self.state.frozen } else { &self.past };
        kept.get().map(|frozen| &**frozen)
    }

    /// A number that is higher for an item than for all that it needs.
    pub(crate) fn rank(&self, item: u32) -> i64 {
        self.state.graph.rank_of(item)
    }
}
