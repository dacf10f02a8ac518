//! The value stream: one owner of state, changed by events only.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::mem::take;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::graph::{Frozen, Graph};
use crate::hash::hash_of;
use crate::links::{Detail, Links};
use crate::lives::{Lives, tells};
use crate::model::{
    Event, FlowState, Kind, Link, LinkKind, LinkSaid, Set, Statement, state_said, tells_calendar,
};
use crate::names::Names;
use crate::record::{Bounds, Record, Stored};
use crate::texts::{NONE, Texts};
use crate::time::{Instant, clip};

/// So many events are looked at ahead.
pub(crate) const GROUP: usize = 32;

/// A value stream: the record of all events and the graph that follows from it.
///
/// Cloning is free and gives a snapshot: the clone stays as it is while the original goes on, and the other way
/// round. The first event applied while a snapshot is alive copies the state once.
///
/// ```
/// use vsm_core::{Event, Kind, ValueStream};
/// let mut stream = ValueStream::new();
/// let mut event = Event::new("jira", "1", "2026-03-01T09:00:00Z".parse()?, "jira:CHK-1");
/// event.kind = Some(Kind::Feature);
/// stream.apply(event)?;
/// assert_eq!(stream.item("jira:CHK-1")?.kind, Some(Kind::Feature));
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ValueStream {
    pub(crate) state: Arc<State>,
    pub(crate) bounds: Option<Bounds>,
    /// The layout of a view, which the state can't keep: it has that of the present.
    pub(crate) past: OnceLock<Arc<Frozen>>,
    /// The same for what its items went through.
    pub(crate) past_lives: OnceLock<Arc<Lives>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) ids: Texts,
    pub(crate) names: Names,
    /// Per item: its last event, and what that chain says of kind and state now.
    pub(crate) latest: Vec<u32>,
    pub(crate) kinds: Vec<Option<Kind>>,
    pub(crate) states: Vec<Option<FlowState>>,
    /// The events that these two rest on.
    pub(crate) decided: Vec<Decided>,
    pub(crate) record: Record,
    pub(crate) links: Links,
    pub(crate) graph: Graph,
    pub(crate) frozen: OnceLock<Arc<Frozen>>,
    /// What the items went through; kept until that changes.
    pub(crate) lives: OnceLock<Arc<Lives>>,
    /// The items that any event has ever called a build: few of many, and looked for by every question for readiness.
    pub(crate) builds: Vec<u32>,
    /// The items that any event has ever given a calendar, some of them more than once.
    pub(crate) calendars: Vec<u32>,
    /// The items in the alphabetical order of their ids.
    pub(crate) order: OnceLock<Vec<u32>>,
}

/// The events that an item's kind and state rest on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decided {
    kind: u32,
    state: u32,
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is part of the record now.
    Accepted,
    /// It was part of the record already; nothing changed.
    Duplicate,
}

/// What became of a batch of events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ApplyReport {
    /// Events that are part of the record now.
    pub accepted: u64,
    /// Events that were part of it already.
    pub duplicates: u64,
    /// Events that were refused, in the order of the batch; nothing of them was applied.
    pub refused: Vec<Refusal>,
    /// Fields that the reader does not know and left out, with how often each occurred.
    pub unknown_fields: BTreeMap<String, u64>,
}

/// Why an event was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// Where it stood: the number of the event in its batch, from 1; for JSON Lines the line.
    pub position: u64,
    /// The event as `source:id`; absent where it could not be read so far.
    pub event: Option<String>,
    /// [`Error::code`] of the reason.
    pub code: String,
    /// The reason in one sentence.
    pub reason: String,
}

impl ApplyReport {
    /// Adds what became of a later part of the same batch, so many events after its beginning.
    pub(crate) fn append(&mut self, mut later: ApplyReport, events: u64) {
        self.accepted += later.accepted;
        self.duplicates += later.duplicates;
        later.refused.iter_mut().for_each(|refusal| refusal.position += events);
        self.refused.append(&mut later.refused);
    }

    /// Counts the outcome for the event at a position, given its key.
    pub(crate) fn note(&mut self, position: u64, event: Option<String>, outcome: Result<Applied>) {
        match outcome {
            Ok(Applied::Accepted) => self.accepted += 1,
            Ok(Applied::Duplicate) => self.duplicates += 1,
            Err(error) => self.refused.push(Refusal {
                position,
                event,
                code: error.code().into(),
                reason: error.to_string(),
            }),
        }
    }
}

impl ValueStream {
    /// An empty stream.
    pub fn new() -> ValueStream {
        ValueStream::default()
    }

    /// Applies one event.
    ///
    /// Events may arrive in any order; what holds is decided by when they occurred, then by when they became known.
    /// Takes a microsecond or two; closing a long detour in the dependency graph takes longer.
    ///
    /// # Errors
    /// The reason why the event is refused; the stream is then as it was. [`Error::Invalid`], [`Error::Cycle`] with
    /// the path, [`Error::Conflict`] where the id was used before for something else, [`Error::ReadOnly`] on a view.
    pub fn apply(&mut self, mut event: Event) -> Result<Applied> {
        self.absorb(&mut Statement::of(&mut event))
    }

    /// As [`apply`](ValueStream::apply); leaves the statement's own key behind, for those who have to report on it.
    pub(crate) fn absorb(&mut self, statement: &mut Statement<'_>) -> Result<Applied> {
        if self.bounds.is_some() {
            return Err(Error::ReadOnly);
        }
        statement.check()?;
        Arc::make_mut(&mut self.state).apply(statement)
    }

    /// Makes room for so many more events. Memory that grows step by step costs a good part of applying them.
    pub(crate) fn expect(&mut self, events: usize) {
        if self.bounds.is_none() {
            Arc::make_mut(&mut self.state).record.reserve(events);
        }
    }

    /// Applies events one by one; a refused one never keeps the others out.
    pub fn apply_batch(&mut self, events: impl IntoIterator<Item = Event>) -> ApplyReport {
        let mut report = ApplyReport::default();
        let events = events.into_iter();
        self.expect(events.size_hint().0);
        let mut group: Vec<(u64, Event)> = Vec::with_capacity(GROUP);
        for event in (1..).zip(events) {
            group.push(event);
            if group.len() == GROUP {
                self.absorb_events(&mut group, &mut report);
            }
        }
        self.absorb_events(&mut group, &mut report);
        report
    }

    /// Applies events, each with its position, and forgets them.
    pub(crate) fn absorb_events(&mut self, events: &mut Vec<(u64, Event)>, report: &mut ApplyReport) {
        self.absorb_all(events.iter_mut().map(|(at, event)| (*at, Statement::of(event))).collect(), report);
        events.clear();
    }

    /// Applies statements, each with its position.
    pub(crate) fn absorb_all(&mut self, group: Vec<(u64, Statement<'_>)>, report: &mut ApplyReport) {
        self.state.look_up(&group);
        for (position, mut statement) in group {
            let outcome = self.absorb(&mut statement);
            let key =
                outcome.is_err().then(|| format!("{}:{}", clip(&statement.source), clip(&statement.id)));
            report.note(position, key, outcome);
        }
    }

    /// The stream as it was at `occurred`, as it was known at `recorded`. Takes no time; the view is read-only.
    ///
    /// ```
    /// use vsm_core::{Event, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let mut event = Event::new("jira", "1", "2026-01-11T09:00:00Z".parse()?, "jira:CHK-1");
    /// event.recorded_at = Some("2026-01-12T08:00:00Z".parse()?);
    /// stream.apply(event)?;
    /// let known_then = "2026-01-11T23:00:00Z".parse()?;
    /// assert!(stream.as_of(known_then, known_then).item("jira:CHK-1").is_err());
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn as_of(&self, occurred: Instant, recorded: Instant) -> ValueStream {
        let bounds = match self.bounds {
            None => Bounds { occurred, recorded },
            Some(b) => Bounds { occurred: b.occurred.min(occurred), recorded: b.recorded.min(recorded) },
        };
        ValueStream {
            state: Arc::clone(&self.state),
            bounds: Some(bounds),
            past: OnceLock::new(),
            past_lives: OnceLock::new(),
        }
    }
}

/// How much of everything there was before an event, so that it can be taken back.
#[derive(Default)]
pub(crate) struct Mark {
    items: usize,
    links: usize,
    assertions: usize,
    details: usize,
    /// Links from before whose hold on the graph the event changed, as they were.
    flipped: Vec<(u32, bool)>,
}

impl State {
    /// Reads what applying some statements will read. That lies anywhere in memory: asked for all at once, it comes at
    /// once, where each `apply` would wait for its own.
    fn look_up(&self, group: &[(u64, Statement<'_>)]) {
        let mut key = String::new();
        let mut keys: Vec<u32> = Vec::with_capacity(group.len());
        let mut names: Vec<u32> = Vec::with_capacity(4 * group.len());
        for (_, said) in group {
            key.clear();
            [&said.source, ":", &said.id].iter().for_each(|part| key.push_str(part));
            keys.push(hash_of(key.as_str()));
            names.push(hash_of(&*said.item));
        }
        let items = names.len();
        names.extend(group.iter().flat_map(|(_, said)| &said.links).map(|link| hash_of(&*link.to)));
        let touch =
            |texts: &Texts, hashes: &[u32]| hashes.iter().fold(0, |sum, hash| sum ^ texts.touch(*hash));
        black_box((touch(&self.record.keys, &keys), touch(&self.ids, &names)));
        names.iter_mut().for_each(|name| *name = self.ids.guess(*name).unwrap_or(NONE));
        black_box(
            names.iter().fold(0, |sum, name| sum ^ self.ids.get(*name).len() ^ self.graph.touch(*name)),
        );
        let latest = names.iter().take(items).filter_map(|name| self.latest.get(*name as usize));
        let latest: Vec<u32> = latest.copied().collect();
        let events = latest.iter().filter_map(|event| self.record.get(*event));
        black_box(events.fold(0, |sum, event| sum ^ event.occurred.millis()));
    }

    /// The item that an id or alias names.
    pub(crate) fn resolve(&self, id: &str) -> Option<u32> {
        self.ids.find(id).map(|name| self.names.item(name))
    }

    fn apply(&mut self, said: &mut Statement<'_>) -> Result<Applied> {
        let (known, is_new) = self.record.keys.intern_parts(&[&said.source, ":", &said.id]);
        if !is_new {
            return if self.same(known, said) {
                Ok(Applied::Duplicate)
            } else {
                let reason = "was applied before with other content: give a changed event a new id";
                Err(Error::Conflict { id: clip(&said.key()).into(), reason: reason.into() })
            };
        }
        let mut mark = Mark {
            items: self.ids.len(),
            links: self.links.list.len(),
            assertions: self.links.assertions.len(),
            details: self.links.details.len(),
            flipped: Vec::new(),
        };
        let name = self.intern(&said.item);
        let item = self.names.item(name);
        let assertions = mark.assertions as u32;
        let mut sets = take(&mut said.set).sets;
        if !said.clear.is_empty() {
            sets.splice(..0, take(&mut said.clear).into_iter().map(Set::Clear));
        }
        sets.extend(said.aliases.iter().map(|alias| Set::Alias((**alias).into())));
        self.record.events.push(Stored {
            occurred: said.occurred_at,
            recorded: said.recorded_at,
            name,
            previous: NONE,
            kind: said.kind,
            // Copied to its exact size: that is faster than cutting off what is left over.
            sets: sets.drain(..).collect(),
            assertions: assertions..assertions,
        });
        let linked = self.link(item, take(&mut said.unlinks), take(&mut said.links), &mut mark);
        let names: Vec<u32> = said.aliases.iter().map(|alias| self.intern(alias)).collect();
        if let Err(error) = linked.and_then(|()| self.check_join(item, &names)) {
            self.take_back(mark);
            return Err(error);
        }
        let end = self.links.assertions.len() as u32;
        if let Some(stored) = self.record.events.last_mut() {
            stored.assertions.end = end;
        }
        self.refresh(item);
        if !names.is_empty() {
            self.join(name, &names);
        }
        // A link that is stated again may bind in another way, so any statement of a link counts.
        if mark.assertions != self.links.assertions.len() || mark.items != self.ids.len() || !names.is_empty()
        {
            self.frozen = OnceLock::new();
        }
        if mark.items != self.ids.len() {
            self.order = OnceLock::new();
        }
        if !names.is_empty() {
            self.lives = OnceLock::new();
        } else if let Some(lives) = self.lives.get_mut()
            && self.record.events.last().is_some_and(tells)
        {
            let latest = self.latest.get(item as usize).copied().unwrap_or(NONE);
            if !Arc::make_mut(lives).follow(&self.record, item, latest) {
                self.lives = OnceLock::new();
            }
        }
        Ok(Applied::Accepted)
    }

    /// Whether an event of the record says what `event` says, its item and links compared by what they name. When it
    /// became known is not compared: an export that is read again tomorrow says nothing new, and the first knowledge
    /// counts.
    fn same(&self, known: u32, said: &mut Statement<'_>) -> bool {
        let Some(mut known) = self.unpack(known) else { return false };
        let name = |id: &str| self.resolve(id).map_or_else(|| id.to_owned(), |n| self.ids.get(n).to_owned());
        let mut event = said.take_event();
        for event in [&mut event, &mut known] {
            event.item = name(&event.item);
            for link in event.links.iter_mut().chain(&mut event.unlinks) {
                link.to = name(&link.to);
            }
        }
        event.recorded_at = known.recorded_at;
        for link in &mut event.unlinks {
            *link = Link { rule: link.rule.take(), ..Link::new(link.kind, take(&mut link.to)) };
        }
        known == event
    }

    /// The number of a name.
    fn intern(&mut self, id: &str) -> u32 {
        let (item, new) = self.ids.intern(id);
        if new {
            self.graph.add_item();
            self.links.add_item();
            self.latest.push(NONE);
            self.kinds.push(None);
            self.states.push(None);
            self.decided.push(Decided { kind: NONE, state: NONE });
        }
        item
    }

    /// Asserts the links of the event that was stored last.
    fn link(
        &mut self,
        item: u32,
        unlinks: Vec<LinkSaid<'_>>,
        links: Vec<LinkSaid<'_>>,
        mark: &mut Mark,
    ) -> Result<()> {
        let all =
            unlinks.into_iter().map(|link| (link, false)).chain(links.into_iter().map(|link| (link, true)));
        for (link, on) in all {
            let name = self.intern(&link.to);
            let to = self.names.item(name);
            // A rule may not have known it: its link is kept, and never holds.
            if to == item && link.rule.is_none() {
                let reason = format!("\"{}\" is another name of the item itself", clip(&link.to));
                return Err(Error::invalid("links", reason));
            }
            let number = self.draw(item, to, link.kind);
            let detail = if on {
                Detail {
                    dependency: link.dependency,
                    lag: link.lag,
                    stage: link.stage,
                    rule: link.rule,
                    confidence: link.confidence,
                    premise: link.premise,
                    matched: link.matched,
                }
            } else {
                Detail { rule: link.rule, ..Detail::default() }
            };
            if on && detail != Detail::default() {
                self.graph.mark_detailed(number);
            }
            self.links.assert(&self.record, number, name, on, detail);
            self.settle(number, mark).map_err(|path| self.cycle(path))?;
        }
        Ok(())
    }

    pub(crate) fn cycle(&self, path: Vec<u32>) -> Error {
        Error::Cycle { path: path.into_iter().map(|n| self.ids.get(n).to_owned()).collect() }
    }

    /// The number of a link, in the graph too.
    pub(crate) fn draw(&mut self, from: u32, to: u32, kind: LinkKind) -> u32 {
        let (number, new) = self.links.intern(from, to, kind);
        if new {
            self.graph.add_link(from, to, kind);
        }
        number
    }

    /// Brings the graph in line with what the record says of a link, and of its rivals where only one can hold.
    pub(crate) fn settle(&mut self, link: u32, mark: &mut Mark) -> std::result::Result<(), Vec<u32>> {
        let Some(rec) = self.links.get(link).copied() else { return Ok(()) };
        if rec.kind != LinkKind::Parent {
            return self.switch(link, self.holds(link, None), mark);
        }
        let parent = self.parent(rec.from, None);
        let held: Vec<u32> =
            self.graph.parents(rec.from).filter(|link| self.graph.is_active(*link)).collect();
        let mut replaced = held.into_iter().filter(|link| Some(*link) != parent);
        replaced.try_for_each(|link| self.switch(link, false, mark))?;
        parent.into_iter().try_for_each(|link| self.switch(link, true, mark))
    }

    /// Lets a link hold in the graph or not.
    fn switch(&mut self, link: u32, on: bool, mark: &mut Mark) -> std::result::Result<(), Vec<u32>> {
        if self.graph.is_active(link) != on {
            if on {
                self.graph.activate(link)?;
            } else {
                self.graph.deactivate(link);
            }
            // A new link goes away as a whole; of an old one the first change tells how it was before the event.
            if (link as usize) < mark.links && mark.flipped.iter().all(|(seen, _)| *seen != link) {
                mark.flipped.push((link, !on));
            }
        }
        Ok(())
    }

    /// Whether a link holds within the bounds. Of several parents only the last stated one can, and none that leads from
    /// an item to itself: a rule made it while the item was known as two.
    pub(crate) fn holds(&self, link: u32, bounds: Option<Bounds>) -> bool {
        let Some(rec) = self.links.get(link).filter(|rec| rec.from != rec.to) else { return false };
        if rec.kind == LinkKind::Parent && self.graph.parents(rec.from).any(|rival| rival != link) {
            return self.parent(rec.from, bounds) == Some(link);
        }
        self.links.effective(&self.record, link, bounds).is_some()
    }

    /// The link to the parent of an item. A later parent replaces an earlier one for good, even where it was taken away
    /// again since; a stated one replaces any inferred one. One look at all parents that the item ever had.
    fn parent(&self, item: u32, bounds: Option<Bounds>) -> Option<u32> {
        let is_later = |a: u32, b: u32| {
            let [(a_stated, a_event), (b_stated, b_event)] =
                [a, b].map(|at| (self.links.is_stated(at), self.links.event_of(at)));
            // Of two parents in one event the one said last counts.
            let order = a_stated.cmp(&b_stated).then_with(|| self.record.order(a_event, b_event));
            order.then_with(|| a.cmp(&b)).is_gt()
        };
        let mut last: Option<(u32, u32)> = None;
        let mut before: Option<u32> = None;
        for link in self.graph.parents(item) {
            let Some(on) = self.links.last_on(&self.record, link, bounds) else { continue };
            match last {
                Some((at, _)) if !is_later(on, at) => {
                    before = before.filter(|other| !is_later(on, *other)).or(Some(on));
                }
                _ => {
                    before = last.map(|(at, _)| at);
                    last = Some((on, link));
                }
            }
        }
        let (_, link) = last?;
        let own = self.links.effective(&self.record, link, bounds)?;
        before.is_none_or(|other| is_later(own, other)).then_some(link)
    }

    fn take_back(&mut self, mark: Mark) {
        // First let go of what the event brought, so that what it replaced finds room again.
        self.graph.truncate(mark.items, mark.links);
        for (link, was_active) in &mark.flipped {
            if !was_active {
                self.graph.deactivate(*link);
            }
        }
        for (link, was_active) in mark.flipped {
            if was_active {
                // It held before the event, so it can't close a cycle now.
                let _ = self.graph.activate(link);
            }
        }
        self.links.truncate(&self.record, mark.items, mark.links, mark.assertions, mark.details);
        self.ids.truncate(mark.items);
        self.latest.truncate(mark.items);
        self.kinds.truncate(mark.items);
        self.states.truncate(mark.items);
        self.decided.truncate(mark.items);
        self.record.events.pop();
        self.record.keys.truncate(self.record.events.len());
    }

    /// Puts the last event into its item's chain and brings the item's kind and state up to date: each rests on the last
    /// event that says anything of it.
    fn refresh(&mut self, item: u32) {
        let index = item as usize;
        let Some(latest) = self.latest.get(index).copied() else { return };
        let latest = self.record.chain(item, latest);
        let number = (self.record.events.len() as u32).wrapping_sub(1);
        let Some(event) = self.record.get(number) else { return };
        if event.kind == Some(Kind::Build) && self.kinds.get(index) != Some(&Some(Kind::Build)) {
            self.builds.push(item);
        }
        if tells_calendar(&event.sets) {
            self.calendars.push(item);
        }
        let is_last = |by: u32| !self.record.order(by, number).is_gt();
        let (Some(kind), Some(state), Some(decided), Some(end)) = (
            self.kinds.get_mut(index),
            self.states.get_mut(index),
            self.decided.get_mut(index),
            self.latest.get_mut(index),
        ) else {
            return;
        };
        *end = latest;
        if event.kind.is_some() && is_last(decided.kind) {
            (*kind, decided.kind) = (event.kind, number);
        }
        if let Some(said) = state_said(&event.sets)
            && is_last(decided.state)
        {
            (*state, decided.state) = (said, number);
        }
    }

    /// Brings an item's kind and state up to date by its whole chain.
    pub(crate) fn look_back(&mut self, item: u32) {
        let kind = self.walk(item, None).find_map(|(by, event)| event.kind.map(|kind| (kind, by)));
        let state =
            self.walk(item, None).find_map(|(by, event)| state_said(&event.sets).map(|state| (state, by)));
        let index = item as usize;
        if let (Some(k), Some(s), Some(decided)) =
            (self.kinds.get_mut(index), self.states.get_mut(index), self.decided.get_mut(index))
        {
            (*k, decided.kind) = kind.map_or((None, NONE), |(kind, by)| (Some(kind), by));
            (*s, decided.state) = state.unwrap_or((None, NONE));
        }
    }

    pub(crate) fn walk(&self, item: u32, bounds: Option<Bounds>) -> impl Iterator<Item = (u32, &Stored)> {
        self.record.walk(self.latest.get(item as usize).copied().unwrap_or(NONE), bounds)
    }

    pub(crate) fn kind_at(&self, item: u32, bounds: Option<Bounds>) -> Option<Kind> {
        self.walk(item, bounds).find_map(|(_, event)| event.kind)
    }

    pub(crate) fn state_at(&self, item: u32, bounds: Option<Bounds>) -> Option<FlowState> {
        self.walk(item, bounds).find_map(|(_, event)| state_said(&event.sets)).flatten()
    }

    /// An event of the record in its public form, its items by the names that it was said by.
    pub(crate) fn unpack(&self, number: u32) -> Option<Event> {
        let stored = self.record.get(number)?;
        let (source, id) = self.record.keys.get(number).split_once(':')?;
        let mut event = Event::new(source, id, stored.occurred, self.ids.get(stored.name));
        event.recorded_at = stored.recorded;
        event.kind = stored.kind;
        for set in &stored.sets {
            match set {
                Set::Clear(name) => event.clear.push(name.to_string()),
                Set::Alias(alias) => event.aliases.push(alias.to_string()),
                set => event.set.take(set.clone()),
            }
        }
        for number in stored.assertions.clone() {
            let Some(assertion) = self.links.assertions.get(number as usize) else { continue };
            let Some(rec) = self.links.get(assertion.link) else { continue };
            let mut link = Link::new(rec.kind, self.ids.get(assertion.name));
            if let Some(detail) = self.links.detail(number) {
                link.dependency = detail.dependency;
                link.lag = detail.lag;
                link.stage = detail.stage.as_deref().map(Into::into);
                link.rule = detail.rule.as_deref().map(Into::into);
                link.confidence = detail.confidence;
                link.premise = detail.premise.as_deref().map(Into::into);
                link.matched = detail.matched.as_deref().map(Into::into);
            }
            if assertion.on { event.links.push(link) } else { event.unlinks.push(link) }
        }
        Some(event)
    }
}
