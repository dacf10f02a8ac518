//! Sources that contradict each other, and what they say that nobody understands.

use super::FindingGroup::{Contradiction, Unmapped};
use super::found::{Findings, Hit, Shown, source};
use crate::analyze::message::say;
use crate::graph::Direction::Outgoing;
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::texts::NONE;
use crate::time::Instant;

/// Links of which one says all: a second one that only a rule knows is doubtful.
const SINGLE: [LinkKind; 5] =
    [LinkKind::BuiltFrom, LinkKind::Tests, LinkKind::Deploys, LinkKind::CausedBy, LinkKind::Tags];

pub(super) fn check(found: &mut Findings<'_>, item: u32, kind: Kind) {
    if kind.is_work() || kind == Kind::Release {
        states(found, item);
        dates(found, item);
    }
    parents(found, item);
    if matches!(kind, Kind::Change | Kind::Build | Kind::TestRun | Kind::Deployment | Kind::Incident) {
        inferred(found, item);
    }
}

/// The last word of each source on a field, in alphabetical order of the sources; one that took it back has none.
fn last_words<'s, T>(
    stream: &'s ValueStream,
    item: u32,
    read: fn(&'s Set) -> Option<Option<&'s T>>,
) -> Vec<(&'s str, u32, &'s T)> {
    let walk = stream.state.walk(item, stream.bounds);
    let said = walk.filter_map(|(number, event)| {
        let value = event.sets.iter().rev().find_map(read)?;
        Some((source(stream, number), number, value))
    });
    let mut said: Vec<(&str, u32, Option<&T>)> = said.collect();
    // The walk starts with the last event, and the sort keeps that order.
    said.sort_by(|a, b| a.0.cmp(b.0));
    said.dedup_by(|a, b| a.0 == b.0);
    said.into_iter().filter_map(|(source, number, value)| Some((source, number, value?))).collect()
}

fn states(found: &mut Findings<'_>, item: u32) {
    let mut said = last_words(found.stream, item, Set::state);
    said.retain(|(_, _, state)| **state != FlowState::New);
    let Some((_, one, state)) = said.iter().find(|(_, _, state)| is_end(**state)) else { return };
    let Some((_, two, _)) = said.iter().find(|(_, _, other)| other != state) else { return };
    let hit = Hit::new(item).event(Some(*one)).event(Some(*two));
    found.note(Contradiction, "sources_disagree_on_state", "", hit, |shown| {
        let said = |nth| value(shown, nth, Set::state).map_or("", |state| state.as_str()).into();
        say::sources_disagree_on_state(shown.item(0), said(0), shown.source(0), said(1), shown.source(1))
    });
}

fn dates(found: &mut Findings<'_>, item: u32) {
    let said = last_words(found.stream, item, Set::due_at);
    let Some((_, one, date)) = said.first() else { return };
    let Some((_, two, _)) = said.iter().find(|(_, _, other)| other != date) else { return };
    let hit = Hit::new(item).event(Some(*one)).event(Some(*two));
    found.note(Contradiction, "sources_disagree_on_date", "", hit, |shown| {
        let said = |nth| value(shown, nth, Set::due_at).copied().unwrap_or(Instant::MIN);
        say::sources_disagree_on_date(shown.item(0), said(0), shown.source(0), said(1), shown.source(1))
    });
}

/// What an event of a hit says of a field.
fn value<'s, T>(shown: &Shown<'s>, nth: usize, read: fn(&'s Set) -> Option<Option<&'s T>>) -> Option<&'s T> {
    let event = shown.stream.state.record.get(shown.event(nth))?;
    event.sets.iter().rev().find_map(read).flatten()
}

fn parents(found: &mut Findings<'_>, item: u32) {
    let stream = found.stream;
    let state = &stream.state;
    if state.graph.parents(item).nth(1).is_none() {
        return;
    }
    let occurred = |event: u32| stream.occurred(event);
    let mut said: Vec<(&str, u32, u32, bool)> = Vec::new();
    for link in state.graph.parents(item) {
        if state.links.effective(&state.record, link, stream.bounds).is_some() {
            let own = state.links.stated(&state.record, link, stream.bounds);
            said.extend(own.map(|(on, event)| (source(stream, event), link, event, on)));
        }
    }
    // Of each source its last word on each parent, which come last to first, ...
    said.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    said.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1));
    said.retain(|(_, _, _, on)| *on);
    // ... and of these the latest: an earlier one was corrected.
    said.sort_by(|a, b| a.0.cmp(b.0).then_with(|| occurred(b.2).cmp(&occurred(a.2))));
    let mut latest = None;
    said.retain(|(source, _, event, _)| match latest {
        Some((same, at)) if same == *source => at == occurred(*event),
        _ => {
            latest = Some((*source, occurred(*event)));
            true
        }
    });
    let parent = |link: u32| state.links.get(link).map_or(NONE, |link| link.to);
    let rank = |link: u32, event: u32| (!stream.holds(link), stream.id(parent(link)), stream.key(event));
    said.sort_by(|a, b| rank(a.1, a.2).cmp(&rank(b.1, b.2)));
    let Some((_, first, one, _)) = said.first() else { return };
    let Some((_, second, two, _)) = said.iter().find(|(_, link, ..)| link != first) else { return };
    let hit = Hit::new(item).and(parent(*first)).and(parent(*second)).event(Some(*one)).event(Some(*two));
    found.note(Contradiction, "two_parents", "", hit, |shown| {
        let (one, other) = (shown.item(1), shown.item(2));
        say::two_parents(shown.item(0), one, shown.source(0), other, shown.source(1))
    });
}

fn inferred(found: &mut Findings<'_>, item: u32) {
    let stream = found.stream;
    let mut links: Vec<(LinkKind, bool, u32, u32)> = stream
        .touching(item, Outgoing)
        .filter(|(_, kind, _)| SINGLE.contains(kind))
        .map(|(link, kind, other)| {
            let is_inferred = stream.detail(link).is_some_and(|detail| detail.rule.is_some());
            (kind, is_inferred, other, stream.evidence(link))
        })
        .collect();
    links.sort_unstable_by(|a, b| (a.0, a.1, stream.id(a.2)).cmp(&(b.0, b.1, stream.id(b.2))));
    let mut stated: Option<(LinkKind, u32, u32)> = None;
    for (kind, is_inferred, other, event) in links {
        match stated {
            // The stated ones come first.
            Some((same, right, said)) if is_inferred && same == kind => {
                let hit = Hit::new(item).and(other).and(right).event(Some(event)).event(Some(said));
                found.note(Contradiction, "inferred_against_stated", kind.as_str(), hit, |shown| {
                    let kind = shown.subject.to_owned().into();
                    say::inferred_against_stated(shown.item(0), kind, shown.item(1), shown.item(2))
                });
            }
            Some((same, ..)) if same == kind => {}
            _ if !is_inferred => stated = Some((kind, other, event)),
            _ => {}
        }
    }
}

/// A status that an event gives, and whether the source says with it where the item stands.
struct Spoken<'s> {
    source: &'s str,
    status: &'s str,
    item: u32,
    event: u32,
    is_mapped: bool,
}

pub(super) fn check_statuses(found: &mut Findings<'_>) {
    let stream = found.stream;
    let mut spoken = Vec::new();
    for item in stream.all().filter(|item| stream.exists(*item)) {
        let kind = stream.kind(item);
        if kind.is_some_and(|kind| kind.is_work() || matches!(kind, Kind::Incident | Kind::Gate)) {
            statuses(stream, item, &mut spoken);
        }
    }
    let mapped: HashSet<(&str, &str)> =
        spoken.iter().filter(|said| said.is_mapped).map(|said| (said.source, said.status)).collect();
    for said in spoken {
        if !mapped.contains(&(said.source, said.status)) {
            let subject = format!("{}: {}", said.source, said.status);
            let hit = Hit::new(said.item).event(Some(said.event));
            found.note(Unmapped, "unmapped_status", subject, hit, |shown| {
                say::unmapped_status(shown.item(0), shown.subject.to_owned())
            });
        }
    }
}

fn statuses<'s>(stream: &'s ValueStream, item: u32, spoken: &mut Vec<Spoken<'s>>) {
    let mut events = stream.chronicle(item);
    events.sort_by_key(|(number, _)| source(stream, *number));
    // An end that is dated is an event of its own, and a status that comes after it belongs to it.
    let (mut before, mut is_over) = ("", false);
    for (number, event) in events {
        let source = source(stream, number);
        is_over &= source == before;
        before = source;
        let states = || event.sets.iter().filter_map(|set| Set::state(set).flatten());
        is_over = states().next_back().map_or(is_over, |state| is_end(*state));
        if let Some(status) = event.sets.iter().find_map(|set| Set::status(set).flatten()) {
            let decides = event.sets.iter().any(|set| matches!(set, Set::Decision(_)));
            let is_mapped = is_over || decides || states().next().is_some();
            spoken.push(Spoken { source, status, item, event: number, is_mapped });
            is_over = false;
        }
    }
}

fn is_end(state: FlowState) -> bool {
    matches!(state, FlowState::Done | FlowState::Cancelled)
}
