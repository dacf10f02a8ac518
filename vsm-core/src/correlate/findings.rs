//! What the rules find, and what has to be said so that the record holds just that.
//!
//! A run of the rules sees everything that is known and says what should be inferred. What was inferred before and isn't
//! any more is taken back by an unlink that names the rule; what is new is said. So it makes no difference how often
//! the rules were run on the way, or in which order the history arrived.
//!
//! What a rule said is about what the record held, so its statements count in the order in which they became known.
//! A link is known as soon as its evidence is. It is taken back as of the last thing that is known, at the earliest a
//! millisecond after it became known itself: a view of the time before has it as it was then.

use super::{CorrelationRule, CorrelationRules};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{Event, Kind, Link, LinkKind};
use crate::record::{Bounds, RULES};
use crate::stream::ValueStream;
use crate::time::Instant;

/// Where a link leads to: an item, or a name that nobody has used yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Target {
    Item(u32),
    Name(String),
}

/// What a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Basis<'s> {
    occurred: Instant,
    known: Instant,
    /// The event that was read, by its key: numbers depend on the order of arrival.
    premise: &'s str,
    matched: String,
}

pub(super) struct Findings<'s> {
    stream: &'s ValueStream,
    off: HashSet<CorrelationRule>,
    found: HashMap<(u32, LinkKind, Target, CorrelationRule), Basis<'s>>,
    /// From where links of which kinds were found.
    linked: HashSet<(u32, LinkKind)>,
}

/// What the record has of one rule about one link.
#[derive(Default)]
struct Held {
    /// How often the rule has spoken of it.
    said: usize,
    /// When it was first and last known, by what the rule said since it last took it back.
    since: Vec<(Instant, Instant)>,
    /// When it was taken back.
    off: Option<Instant>,
}

impl<'s> Findings<'s> {
    pub(super) fn new(stream: &'s ValueStream, rules: &CorrelationRules) -> Findings<'s> {
        let mut off: HashSet<CorrelationRule> = rules.without.iter().copied().collect();
        if !rules.also.contains(&CorrelationRule::LatestBuild) {
            off.insert(CorrelationRule::LatestBuild);
        }
        Findings { stream, off, found: HashMap::default(), linked: HashSet::default() }
    }

    pub(super) fn is_on(&self, rule: CorrelationRule) -> bool {
        !self.off.contains(&rule)
    }

    /// Whether a link of a kind was found that starts from an item.
    pub(super) fn has(&self, from: u32, kind: LinkKind) -> bool {
        self.linked.contains(&(from, kind))
    }

    /// Adds a link to an item, given the events that it rests on: it is known when all of them are, and the first is
    /// named. False where its rule is switched off. Found twice, it rests on what was so first.
    pub(super) fn link(
        &mut self,
        rule: CorrelationRule,
        (from, kind, to): (u32, LinkKind, u32),
        evidence: &[u32],
        matched: &str,
    ) -> bool {
        self.add(rule, (from, kind, Target::Item(to)), evidence, matched)
    }

    /// The same to a name, whether or not it is known.
    pub(super) fn link_name(
        &mut self,
        rule: CorrelationRule,
        (from, kind, to): (u32, LinkKind, &str),
        evidence: u32,
        matched: &str,
    ) -> bool {
        let target = self.stream.state.resolve(to).map_or_else(|| Target::Name(to.to_owned()), Target::Item);
        self.add(rule, (from, kind, target), &[evidence], matched)
    }

    fn add(
        &mut self,
        rule: CorrelationRule,
        (from, kind, to): (u32, LinkKind, Target),
        evidence: &[u32],
        matched: &str,
    ) -> bool {
        if !self.is_on(rule) {
            return false;
        }
        let stored = |event: &u32| self.stream.state.record.get(*event);
        let (Some(first), true) = (evidence.first(), to != Target::Item(from)) else { return true };
        let Some(occurred) = stored(first).map(|stored| stored.occurred) else { return true };
        let known = evidence.iter().filter_map(stored).map(|stored| stored.known_at()).max();
        let basis = Basis {
            occurred,
            known: known.unwrap_or(occurred),
            premise: self.stream.key(*first),
            matched: matched.to_owned(),
        };
        self.linked.insert((from, kind));
        let place = self.found.entry((from, kind, to, rule)).or_insert_with(|| basis.clone());
        if basis < *place {
            *place = basis;
        }
        true
    }

    /// The events that bring the record to what was found, by id.
    pub(super) fn events(self) -> Vec<Event> {
        let mut held = self.held();
        let mut events = Vec::new();
        // A rule may say several things of the same two items, one after the other: each gets an id of its own.
        let mut said: HashMap<(u32, String, &str), usize> = HashMap::default();
        let links = &self.stream.state.links;
        for ((link, rule), before) in &held {
            if let Some(rec) = links.get(*link) {
                *said.entry((rec.from, self.stream.id(rec.to).to_owned(), *rule)).or_default() += before.said;
            }
        }
        let mut number = |from: u32, to: &str, rule: &'s str| {
            let count = said.entry((from, to.to_owned(), rule)).or_default();
            *count += 1;
            *count - 1
        };
        for ((from, kind, to, rule), basis) in &self.found {
            let link = match to {
                Target::Item(to) => self.stream.state.links.find(*from, *to, *kind),
                Target::Name(_) => None,
            };
            let before = link.and_then(|link| held.remove(&(link, rule.as_str()))).unwrap_or_default();
            // Where somebody states it, or that it is not so, an inferred link would count for nothing.
            if link.is_some_and(|link| self.stream.state.links.is_ever_stated(link)) {
                continue;
            }
            let known = before.off.map_or(basis.known, |off| basis.known.max(next(off)));
            if before.since.iter().any(|(occurred, at)| *occurred <= basis.occurred && *at <= known) {
                continue;
            }
            let to = match to {
                Target::Item(to) => self.stream.id(*to),
                Target::Name(name) => name,
            };
            let number = number(*from, to, rule.as_str());
            let mut event = self.event(rule.as_str(), (*from, to), number, (basis.occurred, known));
            event.links.push(Link {
                premise: Some(basis.premise.to_owned()),
                matched: Some(basis.matched.clone()),
                ..Link::inferred(*kind, to, rule.as_str(), rule.confidence())
            });
            events.push(event);
        }
        let now = self.stream.last_known();
        let mut held: Vec<((u32, &str), Held)> = held.into_iter().collect();
        held.sort_unstable_by_key(|(place, _)| *place);
        for ((link, rule), before) in held {
            let Some(occurred) = before.since.iter().map(|(occurred, _)| *occurred).min() else { continue };
            let Some(rec) = self.stream.state.links.get(link) else { continue };
            let known = before.since.iter().map(|(_, known)| next(*known)).max();
            let to = self.stream.id(rec.to);
            let number = number(rec.from, to, rule);
            let mut event =
                self.event(rule, (rec.from, to), number, (occurred, known.max(now).unwrap_or(occurred)));
            event.unlinks.push(Link { rule: Some(rule.to_owned()), ..Link::new(rec.kind, to) });
            events.push(event);
        }
        events.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        events
    }

    fn event(
        &self,
        rule: &str,
        (from, to): (u32, &str),
        said: usize,
        (occurred, known): (Instant, Instant),
    ) -> Event {
        let from = self.stream.id(from);
        let id = match said {
            0 => format!("{rule}/{from}/{to}"),
            said => format!("{rule}/{from}/{to}/{said}"),
        };
        let mut event = Event::new(RULES, id, occurred, from);
        event.recorded_at = Some(known);
        event
    }

    /// What the record has of earlier runs, by link and rule.
    fn held(&self) -> HashMap<(u32, &'s str), Held> {
        let mut held: HashMap<(u32, &'s str), Held> = HashMap::default();
        let (links, bounds) = (&self.stream.state.links, self.stream.bounds);
        let mut said = Vec::new();
        for link in 0..links.list.len() as u32 {
            said.clear();
            for (assertion, rule) in links.inferred(link) {
                let key = self.stream.key(assertion.event);
                let Some(stored) = self.stream.state.record.get(assertion.event) else { continue };
                if self.stream.state.record.is_by_rules(assertion.event) {
                    said.push(((stored.known_at(), stored.occurred), key, rule, assertion.on, stored));
                }
            }
            said.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
            for ((known, occurred), _, rule, on, stored) in &said {
                let held = held.entry((link, *rule)).or_default();
                held.said += 1;
                match (Bounds::admit(bounds, stored), on) {
                    (false, _) => {}
                    (true, true) => held.since.push((*occurred, *known)),
                    (true, false) => (held.since, held.off) = (Vec::new(), Some(*known)),
                }
            }
        }
        held
    }
}

fn next(instant: Instant) -> Instant {
    Instant::clamped(instant.millis() + 1)
}

impl ValueStream {
    /// Whether a tool states a link of a kind from an item to an item of another kind, or to one of which nobody has
    /// said what it is: then there is nothing to infer.
    pub(super) fn is_stated(&self, from: u32, kind: LinkKind, to: Option<Kind>) -> bool {
        self.stated(from, Direction::Outgoing)
            .any(|(found, other)| found == kind && self.kind(other).is_none_or(|kind| Some(kind) == to))
    }

    /// The links at an item that tools state: kind and other end.
    pub(super) fn stated(&self, item: u32, direction: Direction) -> impl Iterator<Item = (LinkKind, u32)> {
        let links = &self.state.links;
        let at = self.touching(item, direction).filter(|(link, ..)| {
            let decides = links.effective(&self.state.record, *link, self.bounds);
            decides.is_some_and(|assertion| links.is_stated(assertion))
        });
        at.map(|(_, kind, other)| (kind, other))
    }

    /// When the last thing became known that the rules did not say themselves.
    fn last_known(&self) -> Option<Instant> {
        let events = (0..).zip(&self.state.record.events);
        let others = events.filter(|(number, stored)| {
            !self.state.record.is_by_rules(*number) && Bounds::admit(self.bounds, stored)
        });
        others.map(|(_, stored)| stored.known_at()).max()
    }
}
