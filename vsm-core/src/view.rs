//! Reading a stream: look-ups for everybody, and the shorter paths that the answers take.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::{Direction, Frozen};
use crate::links::Detail;
use crate::lives::Lives;
use crate::model::{Event, Fields, FlowState, Item, Kind, LinkKind, Related, Set, state_said};
use crate::record::Stored;
use crate::stream::{State, ValueStream};
use crate::time::{Instant, clip};

/// Look-ups.
impl ValueStream {
    /// How many items are known, placeholders that only links name included. One look at every item.
    pub fn item_count(&self) -> usize {
        self.all().filter(|item| self.exists(*item)).count()
    }

    /// How many events have been accepted.
    pub fn event_count(&self) -> usize {
        if self.bounds.is_none() { self.state.record.events.len() } else { self.events().count() }
    }

    /// How many links hold.
    pub fn link_count(&self) -> usize {
        (0..self.state.links.list.len() as u32).filter(|link| self.holds(*link)).count()
    }

    /// About how many bytes of memory the stream holds, texts that are longer than a word left out.
    pub fn approximate_bytes(&self) -> usize {
        let state = &*self.state;
        state.ids.bytes()
            + state.latest.capacity() * 4
            + state.kinds.capacity()
            + state.states.capacity()
            + state.decided.capacity() * 8
            + state.record.bytes()
            + state.links.bytes()
            + state.graph.bytes()
            + state.names.bytes()
    }

    /// One item.
    ///
    /// # Errors
    /// [`Error::UnknownItem`].
    pub fn item(&self, id: &str) -> Result<Item> {
        let item = self.find(id)?;
        let mut fields = Fields::default();
        let mut events: Vec<&Stored> = self.state.walk(item, self.bounds).map(|(_, event)| event).collect();
        events.reverse();
        for set in events.iter().flat_map(|event| &event.sets) {
            fields.take(set.clone());
        }
        let names = self.state.names.others(item).iter();
        let mut aliases: Vec<String> = names.map(|name| self.id(*name).to_owned()).collect();
        aliases.sort_unstable();
        Ok(Item { id: self.id(item).to_owned(), kind: self.kind(item), aliases, fields })
    }

    /// The ids of all items of a kind, or of all items, in alphabetical order.
    pub fn items(&self, kind: Option<Kind>) -> Vec<String> {
        self.alphabetical()
            .filter(|item| self.exists(*item) && (kind.is_none() || self.kind(*item) == kind))
            .map(|item| self.id(item).to_owned())
            .collect()
    }

    /// The links that hold at an item, those that start from it first, each group by kind and other end.
    ///
    /// # Errors
    /// [`Error::UnknownItem`].
    pub fn links(&self, id: &str) -> Result<Vec<Related>> {
        let item = self.find(id)?;
        let mut related = Vec::new();
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let start = related.len();
            related.extend(self.touching(item, direction).filter_map(|(link, _, _)| self.related(link)));
            if let Some(part) = related.get_mut(start..) {
                part.sort_by(|a: &Related, b: &Related| {
                    (a.kind, &a.from, &a.to).cmp(&(b.kind, &b.from, &b.to))
                });
            }
        }
        Ok(related)
    }

    /// The events about an item, in the order in which they count.
    ///
    /// # Errors
    /// [`Error::UnknownItem`].
    pub fn history(&self, id: &str) -> Result<Vec<Event>> {
        let item = self.find(id)?;
        let mut events: Vec<Event> =
            self.state.walk(item, self.bounds).filter_map(|(number, _)| self.state.unpack(number)).collect();
        events.reverse();
        Ok(events)
    }

    /// All events, in the order in which they arrived.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        (0..self.state.record.events.len() as u32)
            .filter(|number| {
                self.state
                    .record
                    .get(*number)
                    .is_some_and(|event| crate::record::Bounds::admit(self.bounds, event))
            })
            .filter_map(|number| self.state.unpack(number))
    }
}

/// What the answers read; items by number.
impl ValueStream {
    pub(crate) fn find(&self, id: &str) -> Result<u32> {
        self.state
            .resolve(id)
            .filter(|item| self.exists(*item))
            .ok_or_else(|| Error::UnknownItem { id: clip(id).into() })
    }

    pub(crate) fn all(&self) -> std::ops::Range<u32> {
        0..self.state.ids.len() as u32
    }

    /// Whether an event within the bounds speaks of the item, or names it as the end of a link. What only a rule has named
    /// is there for as long as that link holds.
    pub(crate) fn exists(&self, item: u32) -> bool {
        let State { links, record, graph, .. } = &*self.state;
        self.state.walk(item, self.bounds).next().is_some()
            || graph.touching(item, Direction::Incoming).any(|(link, ..)| {
                self.holds(link) || links.stated(record, link, self.bounds).next().is_some()
            })
    }

    pub(crate) fn id(&self, item: u32) -> &str {
        self.state.ids.get(item)
    }

    pub(crate) fn kind(&self, item: u32) -> Option<Kind> {
        match self.bounds {
            None => self.state.kinds.get(item as usize).copied().flatten(),
            bounds => self.state.kind_at(item, bounds),
        }
    }

    pub(crate) fn state_of(&self, item: u32) -> Option<FlowState> {
        match self.bounds {
            None => self.state.states.get(item as usize).copied().flatten(),
            bounds => self.state.state_at(item, bounds),
        }
    }

    /// The state of an item and the event that says so.
    pub(crate) fn state_with_event(&self, item: u32) -> Option<(FlowState, u32)> {
        let said = |(number, event): (u32, &Stored)| Some((state_said(&event.sets)?, number));
        let (state, number) = self.state.walk(item, self.bounds).find_map(said)?;
        Some((state?, number))
    }

    /// The last value of a field, given its reader, and the event that set it.
    pub(crate) fn last<T: Clone>(&self, item: u32, read: fn(&Set) -> Option<Option<&T>>) -> Option<(T, u32)> {
        self.state
            .walk(item, self.bounds)
            .flat_map(|(number, event)| event.sets.iter().rev().map(move |set| (number, set)))
            .find_map(|(number, set)| read(set).map(|value| value.map(|value| (value.clone(), number))))
            .flatten()
    }

    /// The name for people; the id where there is none.
    pub(crate) fn title(&self, item: u32) -> &str {
        let walk = self.state.walk(item, self.bounds);
        for set in walk.flat_map(|(_, event)| event.sets.iter().rev()) {
            match set {
                Set::Title(title) if !title.is_empty() => return title,
                Set::Clear(name) if &**name == "title" => break,
                _ => {}
            }
        }
        self.id(item)
    }

    /// The events of an item that set something, first to last, as the record holds them.
    pub(crate) fn chronicle(&self, item: u32) -> Vec<(u32, &Stored)> {
        let mut events: Vec<(u32, &Stored)> = self.backwards(item).collect();
        events.reverse();
        events
    }

    /// The same, last to first.
    pub(crate) fn backwards(&self, item: u32) -> impl Iterator<Item = (u32, &Stored)> {
        self.state.walk(item, self.bounds)
    }

    /// When an item was first spoken of, and the event: for a commit when it was made, whenever it was tagged. What rules
    /// say of an item bears the times of what they read elsewhere, so it does not count.
    pub(crate) fn first_seen(&self, item: u32) -> Option<(Instant, u32)> {
        self.told(item).last().map(|(number, event)| (event.occurred, number))
    }

    /// What sources say of an item, last to first.
    pub(crate) fn told(&self, item: u32) -> impl Iterator<Item = (u32, &Stored)> {
        self.state.walk(item, self.bounds).filter(|(number, _)| !self.state.record.is_by_rules(*number))
    }

    /// The event that last touched an item: the evidence of last resort.
    pub(crate) fn last_event(&self, item: u32) -> Option<u32> {
        self.state.walk(item, self.bounds).next().map(|(number, _)| number)
    }

    pub(crate) fn occurred(&self, event: u32) -> Option<Instant> {
        self.state.record.get(event).map(|event| event.occurred)
    }

    /// `source:id` of an event.
    pub(crate) fn key(&self, event: u32) -> &str {
        self.state.record.keys.get(event)
    }

    pub(crate) fn holds(&self, link: u32) -> bool {
        match self.bounds {
            None => self.state.graph.is_active(link),
            bounds => self.state.holds(link, bounds),
        }
    }

    /// The links that hold at an item: (link, kind, other item).
    pub(crate) fn touching(
        &self,
        item: u32,
        direction: Direction,
    ) -> impl Iterator<Item = (u32, LinkKind, u32)> {
        let now = self.bounds.is_none();
        self.state
            .graph
            .touching(item, direction)
            .filter(move |(link, _, _, active)| if now { *active } else { self.holds(*link) })
            .map(|(link, kind, other, _)| (link, kind, other))
    }

    /// The other ends of links of one kind that start from an item, each with the event that says so.
    pub(crate) fn to(&self, item: u32, kind: LinkKind) -> impl Iterator<Item = (u32, u32)> {
        self.of_kind(item, kind, Direction::Outgoing)
    }

    /// The other ends of links of one kind that lead to an item, each with the event that says so.
    pub(crate) fn from(&self, item: u32, kind: LinkKind) -> impl Iterator<Item = (u32, u32)> {
        self.of_kind(item, kind, Direction::Incoming)
    }

    /// The links of one kind that hold at an item, in no order: (link, other item).
    pub(crate) fn linked(
        &self,
        item: u32,
        kind: LinkKind,
        direction: Direction,
    ) -> impl Iterator<Item = (u32, u32)> {
        let now = self.bounds.is_none();
        self.state
            .graph
            .of_kind(item, kind, direction)
            .filter(move |(link, _, active)| if now { *active } else { self.holds(*link) })
            .map(|(link, other, _)| (link, other))
    }

    fn of_kind(&self, item: u32, kind: LinkKind, direction: Direction) -> impl Iterator<Item = (u32, u32)> {
        let mut found: Vec<(u32, u32)> = self.linked(item, kind, direction).collect();
        // By id rather than by age: the order in which events arrived must not show.
        found.sort_unstable_by_key(|(_, other)| self.id(*other));
        found.into_iter().map(|(link, other)| (other, self.evidence(link)))
    }

    /// Whether something that is not cancelled is linked to an item by a link of one kind.
    pub(crate) fn has(&self, item: u32, kind: LinkKind) -> bool {
        self.linked(item, kind, Direction::Incoming)
            .any(|(_, other)| self.state_of(other) != Some(FlowState::Cancelled))
    }

    /// Whether an item is the sum of parts, cancelled ones left out.
    pub(crate) fn has_parts(&self, item: u32) -> bool {
        let own = self.kind(item);
        self.linked(item, LinkKind::Parent, Direction::Incoming).any(|(_, part)| {
            self.state_of(part) != Some(FlowState::Cancelled) && Kind::adds_up(self.kind(part), own)
        })
    }

    /// Whether any event has ever spoken of a link of one kind.
    pub(crate) fn knows_links(&self, kind: LinkKind) -> bool {
        self.state.links.has_kind(kind)
    }

    /// Whether a link of one kind leads to an item.
    pub(crate) fn is_end_of(&self, item: u32, kind: LinkKind) -> bool {
        self.knows_links(kind) && self.linked(item, kind, Direction::Incoming).next().is_some()
    }

    /// The event that decides over a link.
    pub(crate) fn evidence(&self, link: u32) -> u32 {
        let links = &self.state.links;
        links
            .effective(&self.state.record, link, self.bounds)
            .map_or(crate::texts::NONE, |assertion| links.event_of(assertion))
    }

    /// A link's own details, where it has any.
    pub(crate) fn detail(&self, link: u32) -> Option<&Detail> {
        self.state.links.detail(self.state.links.effective(&self.state.record, link, self.bounds)?)
    }

    /// Whether any link was ever said to ask for a stage.
    pub(crate) fn names_stage(&self, stage: &str) -> bool {
        self.state.links.details.iter().any(|detail| detail.stage.as_deref() == Some(stage))
    }

    pub(crate) fn related(&self, link: u32) -> Option<Related> {
        let rec = self.state.links.get(link)?;
        let detail = self.detail(link);
        let text = |read: fn(&Detail) -> Option<&str>| detail.and_then(read).map(Into::into);
        Some(Related {
            kind: rec.kind,
            from: self.id(rec.from).to_owned(),
            to: self.id(rec.to).to_owned(),
            confidence: detail.and_then(|d| d.confidence).unwrap_or(1.0),
            rule: text(|detail| detail.rule.as_deref()),
            evidence: self.key(self.evidence(link)).to_owned(),
            premise: text(|detail| detail.premise.as_deref()),
            matched: text(|detail| detail.matched.as_deref()),
        })
    }

    /// All items in the alphabetical order of their ids; kept until there is a new one.
    pub(crate) fn alphabetical(&self) -> impl Iterator<Item = u32> {
        self.state.order.get_or_init(|| self.state.ids.alphabetical()).iter().copied()
    }

    /// The builds, each once.
    pub(crate) fn builds(&self) -> Vec<u32> {
        let is_build = |item: &u32| self.kind(*item) == Some(Kind::Build);
        let mut builds: Vec<u32> = self.state.builds.iter().copied().filter(is_build).collect();
        builds.sort_unstable();
        builds.dedup();
        builds
    }

    /// The items that have had a calendar, each once.
    pub(crate) fn calendars(&self) -> Vec<u32> {
        let mut items = self.state.calendars.clone();
        items.sort_unstable();
        items.dedup();
        items
    }

    /// What needs what, laid out for passes. Kept until a link or an item changes; a view keeps its own.
    pub(crate) fn frozen(&self) -> Result<Arc<Frozen>> {
        let (kept, now) = match self.bounds {
            None => (&self.state.frozen, true),
            Some(_) => (&self.past, false),
        };
        if let Some(frozen) = kept.get() {
            return Ok(Arc::clone(frozen));
        }
        let frozen = self.state.graph.freeze(|link, active| if now { active } else { self.holds(link) });
        let frozen = frozen.map(Arc::new).map_err(|items| self.state.cycle(items))?;
        Ok(Arc::clone(kept.get_or_init(|| frozen)))
    }

    /// What all items went through. Kept until that changes; a view keeps its own.
    pub(crate) fn lives(&self) -> &Lives {
        let kept = if self.bounds.is_none() { &self.state.lives } else { &self.past_lives };
        let State { record, names, ids, .. } = &*self.state;
        kept.get_or_init(|| Arc::new(Lives::of(record, names, ids.len(), self.bounds)))
    }
}
