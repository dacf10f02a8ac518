//! What the rules find, and what has to be said so that the record holds just that.
//!
//! A run of the rules sees everything that is known and says what should be inferred. What was inferred before and isn't
//! any more is taken back by an unlink that names the rule; what is new is said. So it makes no difference how often
//! the rules were run on the way, or in which order the history arrived.
//!
//! What a rule said is about what the record held, so its statements count in the order in which they became known.
//! A link is so, and is known, as soon as all that it rests on is: what was read, and both items where the rule only takes
//! what is known. It is taken back as of when the reason became known, at the earliest a millisecond
//! after it became known itself: a view of the time before has it as it was then. The reason may be that the item that it
//! was read from says something else, or that what was read may mean another item by now.
//! Where it is none of them, and where a rule was switched off, it is as of the last thing that came since; a few
//! events that are far ahead of all others are from a clock that is wrong, and don't count. Where what it is read from
//! is another event than before, the rule says it again, so that the link rests in the end on the same event as if the
//! rules had been run but once.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::texts::text_of;
use super::{CorrelationRule, CorrelationRules};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet, digest};
use crate::model::{Event, Kind, LONGEST_ID, Link, LinkKind};
use crate::record::{Bounds, RULES};
use crate::stream::{State, ValueStream};
use crate::time::{Instant, Span};

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
    /// When items were first spoken of, as far as that was asked for: an item may have many events, and many links.
    seen: HashMap<u32, Option<u32>>,
    /// Links that a rule once found, and the items that may be meant instead.
    unsure: HashMap<(u32, &'static str), Rc<BTreeSet<u32>>>,
}

/// So many items that may be meant are looked at.
const MOST_MEANT: usize = 100;

/// What the record has of one rule about one link.
#[derive(Default)]
struct Held<'s> {
    /// How often the rule has spoken of it.
    said: usize,
    /// What it said since it last took the link back, each time with when that was so and known.
    since: Vec<(Instant, Instant)>,
    /// When it was taken back.
    off: Option<Instant>,
    /// What it said last, if that is that the link holds: when, and what it was read from.
    last: Option<((Instant, Instant), &'s str, &'s str)>,
    /// The last event to arrive of those that count.
    arrived: u32,
}

impl<'s> Findings<'s> {
    pub(super) fn new(stream: &'s ValueStream, rules: &CorrelationRules) -> Findings<'s> {
        let mut off: HashSet<CorrelationRule> = rules.without.iter().copied().collect();
        if !rules.also.contains(&CorrelationRule::LatestBuild) {
            off.insert(CorrelationRule::LatestBuild);
        }
        Findings {
            stream,
            off,
            found: HashMap::default(),
            linked: HashSet::default(),
            seen: HashMap::default(),
            unsure: HashMap::default(),
        }
    }

    pub(super) fn is_on(&self, rule: CorrelationRule) -> bool {
        !self.off.contains(&rule)
    }

    /// Whether a link of a kind was found that starts from an item.
    pub(super) fn has(&self, from: u32, kind: LinkKind) -> bool {
        self.linked.contains(&(from, kind))
    }

    /// Adds a link to an item, given the events that it rests on, of which the first is named. It also rests on both items
    /// being known. False where its rule is switched off. Found twice, it rests on what was so first.
    pub(super) fn link(
        &mut self,
        rule: CorrelationRule,
        (from, kind, to): (u32, LinkKind, u32),
        evidence: &[u32],
        matched: &str,
    ) -> bool {
        let mut evidence = evidence.to_vec();
        for end in [from, to] {
            let state = &self.stream.state;
            let is_about = |event: &u32| {
                state.record.get(*event).is_some_and(|stored| state.names.item(stored.name) == end)
            };
            if !evidence.iter().any(is_about) {
                let stream = self.stream;
                let first = self.seen.entry(end).or_insert_with(|| {
                    stream.told(end).map(|(event, _)| event).min_by_key(|event| stream.known_at(*event))
                });
                evidence.extend(*first);
            }
        }
        self.add(rule, (from, kind, Target::Item(to)), &evidence, matched)
    }

    /// Notes that a rule doesn't know which of several links is meant.
    pub(super) fn unsure(
        &mut self,
        rule: CorrelationRule,
        meant: impl IntoIterator<Item = (u32, LinkKind, u32)>,
    ) {
        let meant: BTreeSet<(u32, LinkKind, u32)> = meant.into_iter().take(MOST_MEANT).collect();
        let links = &self.stream.state.links;
        let known: Vec<u32> =
            meant.iter().filter_map(|(from, kind, to)| links.find(*from, *to, *kind)).collect();
        if meant.len() > 1 && !known.is_empty() {
            let ends: Rc<BTreeSet<u32>> =
                Rc::new(meant.iter().flat_map(|(from, _, to)| [*from, *to]).collect());
            self.unsure.extend(known.into_iter().map(|link| ((link, rule.as_str()), Rc::clone(&ends))));
        }
    }

    /// The same to a name, whether or not it is known: the text alone makes it so.
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
        let occurred = evidence.iter().filter_map(stored).map(|stored| stored.occurred).max();
        let known = evidence.iter().filter_map(stored).map(|stored| stored.known_at()).max();
        let (Some(occurred), Some(known)) = (occurred, known) else { return true };
        let basis = Basis { occurred, known, premise: self.stream.key(*first), matched: matched.to_owned() };
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
            let to = match to {
                Target::Item(to) => self.stream.id(*to),
                Target::Name(name) => name,
            };
            for known in before.lacks(basis) {
                let number = number(*from, to, rule.as_str());
                let mut event = self.event(rule.as_str(), (*from, to), number, (basis.occurred, known));
                event.links.push(Link {
                    premise: Some(basis.premise.to_owned()),
                    matched: Some(basis.matched.clone()),
                    ..Link::inferred(*kind, to, rule.as_str(), rule.confidence())
                });
                events.push(event);
            }
        }
        let mut gone: Vec<((u32, &str), Held<'_>)> =
            held.into_iter().filter(|(_, before)| !before.since.is_empty()).collect();
        // The last to arrive first, as they are looked for.
        gone.sort_unstable_by_key(|((link, rule), before)| (Reverse(before.arrived), *link, *rule));
        let mut later = Later::new(self.stream);
        for ((link, rule), before) in gone {
            let Some(occurred) = before.since.iter().map(|(occurred, _)| *occurred).min() else { continue };
            let Some(rec) = self.stream.state.links.get(link) else { continue };
            let known = before.since.iter().map(|(_, known)| next(*known)).max();
            later.go_back_to(before.arrived);
            let is_on = CorrelationRule::from_word(rule).is_some_and(|rule| self.is_on(rule));
            let of_item = |item: &u32| later.of_items.get(item).copied();
            let others =
                || self.unsure.get(&(link, rule)).filter(|_| is_on).into_iter().flat_map(|ends| ends.iter());
            let unsaid = before.unsaid(self.stream).and_then(|item| of_item(&item));
            let reason = unsaid
                .or_else(|| {
                    others().filter(|end| ![rec.from, rec.to].contains(*end)).filter_map(of_item).min()
                })
                .or_else(|| later.last());
            let to = self.stream.id(rec.to);
            let number = number(rec.from, to, rule);
            let mut event =
                self.event(rule, (rec.from, to), number, (occurred, known.max(reason).unwrap_or(occurred)));
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
        let mut id = event_id(&[rule, from, to]);
        if said > 0 {
            id = format!("{id}/{said}");
        }
        let mut event = Event::new(RULES, id, occurred, from);
        event.recorded_at = Some(known);
        event
    }

    /// What the record has of earlier runs, by link and rule.
    fn held(&self) -> HashMap<(u32, &'s str), Held<'s>> {
        let mut held: HashMap<(u32, &'s str), Held<'s>> = HashMap::default();
        let State { links, record, .. } = &*self.stream.state;
        let mut said = Vec::new();
        // From an item to itself there is nothing to take back: what was linked turned out to be one.
        for (link, _) in (0..).zip(&links.list).filter(|(_, rec)| rec.from != rec.to) {
            said.clear();
            for (assertion, detail) in links.inferred(link) {
                let (Some(stored), Some(rule)) = (record.get(assertion.event), detail.rule.as_deref()) else {
                    continue;
                };
                if record.is_by_rules(assertion.event) {
                    let times = (stored.known_at(), stored.occurred);
                    said.push((times, record.keys.get(assertion.event), rule, assertion, detail));
                }
            }
            said.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
            for (times, _, rule, assertion, detail) in &said {
                let held = held.entry((link, *rule)).or_default();
                held.said += 1;
                let is_seen = record
                    .get(assertion.event)
                    .is_some_and(|stored| Bounds::admit(self.stream.bounds, stored));
                if is_seen && assertion.on {
                    held.since.push((times.1, times.0));
                    let text = |text: &'s Option<Box<str>>| text.as_deref().unwrap_or_default();
                    held.last = Some((*times, text(&detail.premise), text(&detail.matched)));
                    held.arrived = held.arrived.max(assertion.event);
                } else if is_seen {
                    (held.since, held.off, held.last, held.arrived) = (Vec::new(), Some(times.0), None, 0);
                }
            }
        }
        held
    }
}

impl Held<'_> {
    /// The item that said what the link was read from and does not say it any longer: that is why it goes.
    fn unsaid(&self, stream: &ValueStream) -> Option<u32> {
        let (_, premise, matched) = self.last?;
        let State { record, names, .. } = &*stream.state;
        let stored = record.get(record.keys.find(premise)?)?;
        let mut said = stored.sets.iter().filter_map(text_of).filter_map(|(_, text)| text);
        let item = names.item(stored.name);
        (said.any(|text| text.contains(matched)) && !stream.texts_of(item).contain(matched)).then_some(item)
    }

    /// As of when a link has to be said so that it holds by what was found: from then on, and in the end.
    fn lacks(&self, basis: &Basis<'_>) -> Vec<Instant> {
        let known = self.off.map_or(basis.known, |off| basis.known.max(next(off)));
        let mut times = Vec::new();
        if !self.since.iter().any(|(occurred, at)| *occurred <= basis.occurred && *at <= known) {
            times.push(known);
        }
        if let Some((last, premise, matched)) = self.last
            && (premise, matched) != (basis.premise, &*basis.matched)
            && (times.is_empty() || (known, basis.occurred) <= last)
        {
            let after = known.max(next(last.0));
            times.extend((after > last.0).then_some(after));
        }
        times
    }
}

/// What became known after given events had arrived, looked through once from the last event to the first.
struct Later<'s> {
    stream: &'s ValueStream,
    /// All events before this one are still to be looked at.
    next: usize,
    /// What became known last of each item.
    of_items: HashMap<u32, Instant>,
    /// What became known last at all, the last first, and how many events there are.
    last: Vec<Instant>,
    count: usize,
}

/// What is so far ahead of all else is from a clock that is wrong: a year.
const FAR_AHEAD: Span = Span::from_days(365);

/// So many events may be.
const MOST_WRONG: usize = 16;

impl<'s> Later<'s> {
    fn new(stream: &'s ValueStream) -> Later<'s> {
        let next = stream.state.record.events.len();
        Later { stream, next, of_items: HashMap::default(), last: Vec::new(), count: 0 }
    }

    /// Looks at all events that arrived after one that arrived no later than the one before.
    fn go_back_to(&mut self, event: u32) {
        let State { record, names, .. } = &*self.stream.state;
        while let Some(number) = self.next.checked_sub(1).filter(|number| *number > event as usize) {
            self.next = number;
            let Some(stored) = record.events.get(number) else { continue };
            if Bounds::admit(self.stream.bounds, stored) && !record.is_by_rules(number as u32) {
                let known = stored.known_at();
                let of_item = self.of_items.entry(names.item(stored.name)).or_insert(known);
                *of_item = known.max(*of_item);
                self.count += 1;
                let place = self.last.partition_point(|later| *later > known);
                if place <= MOST_WRONG {
                    self.last.insert(place, known);
                    self.last.truncate(MOST_WRONG + 1);
                }
            }
        }
    }

    /// When the last thing became known, as far as its clock can be believed: not where it and fewer than half of all
    /// events are far ahead of the others.
    fn last(&self) -> Option<Instant> {
        let pairs = (1..).zip(self.last.iter().zip(self.last.iter().skip(1)));
        let wrong =
            pairs.filter(|(count, (one, next))| one.since(**next) > FAR_AHEAD && 2 * count < self.count);
        wrong.last().map(|(_, (_, next))| *next).or_else(|| self.last.first().copied())
    }
}

/// The id of an event that is about these, each a part of it. What would be too long is cut, and a hash of the whole stands
/// at the end, after what is in no id that is not cut.
pub(super) fn event_id(parts: &[&str]) -> String {
    let parts: Vec<String> = parts.iter().map(|id| part(id)).collect();
    let whole = parts.join("/");
    // Enough for the number that may follow.
    let most = LONGEST_ID - 24;
    if whole.len() <= most {
        return whole;
    }
    let mut id = whole.clone();
    // A character is cut as a whole.
    while id.len() > most - 34 {
        id.pop();
    }
    format!("{id}%~{:032x}", digest(&whole))
}

/// An id as a part of another one: what stands between the parts is not in them, so that no two wholes are alike.
fn part(id: &str) -> String {
    id.replace('%', "%25").replace('/', "%2F")
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
}
