//! Spans that run backwards, and clocks that are wrong.

use super::DataQualityQuery;
use super::FindingGroup::{ImplausibleTime, ImpossibleSpan};
use super::found::{Findings, Hit, source};
use crate::analyze::message::say;
use crate::model::{FlowState, Kind, Set};
use crate::record::{Bounds, Stored};
use crate::time::Span;

pub(super) fn check(found: &mut Findings<'_>, item: u32, kind: Kind) {
    let stream = found.stream;
    if let (Some((start, began)), Some((end, ended))) = (stream.began(item), stream.last(item, Set::ends_at))
        && end < start
    {
        let hit = Hit::new(item).event(Some(ended)).event(Some(began)).times(end, start);
        found.note(ImpossibleSpan, "ends_before_start", "", hit, |shown| {
            say::ends_before_start(shown.item(0), shown.time(0), shown.apart())
        });
    }
    match kind {
        Kind::Gate => decided_before_asked(found, item),
        Kind::TestRun => negative_duration(found, item),
        kind if kind.is_work() => done_before_new(found, item),
        _ => {}
    }
}

/// When a gate was asked for is what was last said of it by the time of the decision: a date that was corrected counts
/// no longer. A gate may be asked for again after it was decided, so of what is said later only an earlier date counts.
fn decided_before_asked(found: &mut Findings<'_>, gate: u32) {
    let stream = found.stream;
    let Some((_, deciding)) = stream.last(gate, Set::decision) else { return };
    let Some(decided) = stream.occurred(deciding) else { return };
    let chronicle = stream.chronicle(gate);
    let said = chronicle.iter().flat_map(|(number, event)| {
        let asked = event.sets.iter().filter_map(Set::asked_at);
        asked.map(|asked| (event.occurred, asked.map(|asked| (*asked, *number))))
    });
    let said: Vec<_> = said.collect();
    // What is said of one moment again is a correction.
    let words = said.chunk_by(|one, next| next.0 <= decided || next.0 == one.0);
    let asked = words.filter_map(|words| words.last()?.1).min_by_key(|(asked, _)| *asked);
    let Some((asked, asking)) = asked else { return };
    if found.is_before(decided, asked) {
        let hit = Hit::new(gate).event(Some(deciding)).event(Some(asking)).times(decided, asked);
        found.note(ImpossibleSpan, "decided_before_asked", "", hit, |shown| {
            say::decided_before_asked(shown.item(0), shown.time(0), shown.apart())
        });
    }
}

fn negative_duration(found: &mut Findings<'_>, run: u32) {
    let said = found.stream.last(run, Set::tests);
    if let Some((tests, event)) = said
        && let Some(duration) = tests.duration.filter(|duration| *duration < Span::ZERO)
    {
        let hit = Hit::new(run).event(Some(event)).figures(0, duration.millis());
        found.note(ImpossibleSpan, "negative_duration", "", hit, |shown| {
            say::negative_duration(shown.item(0), shown.apart())
        });
    }
}

/// Work is new when it is created; what is over before that, as the same source says, has the wrong date at one end.
fn done_before_new(found: &mut Findings<'_>, item: u32) {
    let stream = found.stream;
    let said = stream.states_said(item);
    let Some((over, FlowState::Done | FlowState::Cancelled)) = said.first().copied() else { return };
    let is_new = |(event, state): &&(u32, FlowState)| {
        *state == FlowState::New && source(stream, *event) == source(stream, over)
    };
    let Some((new, _)) = said.iter().find(is_new) else { return };
    if let (Some(end), Some(start)) = (stream.occurred(over), stream.occurred(*new))
        && end < start
    {
        let hit = Hit::new(item).event(Some(over)).event(Some(*new)).times(end, start);
        found.note(ImpossibleSpan, "done_before_new", "", hit, |shown| {
            say::done_before_new(shown.item(0), shown.time(0), shown.apart())
        });
    }
}

/// Whether an event describes what has always been so: adapters let that hold from 1970 on.
fn is_timeless(event: &Stored) -> bool {
    let happens = |set: &Set| match set {
        Set::State(state) => *state != FlowState::New,
        Set::Result(_) | Set::Decision(_) | Set::Booking(_) | Set::Tag(_) | Set::EndsAt(_) => true,
        _ => false,
    };
    let is_run = matches!(
        event.kind,
        Some(Kind::Change | Kind::Build | Kind::TestRun | Kind::Deployment | Kind::Incident)
    );
    event.occurred.millis() == 0 && !is_run && !event.sets.iter().any(happens)
}

/// One look at every event.
pub(super) fn check_events(found: &mut Findings<'_>, query: &DataQualityQuery) {
    let stream = found.stream;
    let state = &stream.state;
    let earliest = query.floor();
    for (number, event) in (0..).zip(&state.record.events) {
        // The rules of correlation have no clock: what they say bears the times of what they read.
        if !Bounds::admit(stream.bounds, event) || state.record.is_by_rules(number) {
            continue;
        }
        let hit = Hit::new(state.names.item(event.name)).event(Some(number));
        let by = source(stream, number);
        if found.is_before(query.at, event.occurred) {
            let hit = hit.times(event.occurred, query.at).weight(event.occurred.since(query.at).millis());
            found.note(ImplausibleTime, "in_the_future", by, hit, |shown| {
                say::in_the_future(shown.item(0), shown.time(0), shown.apart())
            });
        }
        if event.occurred < earliest && !is_timeless(event) {
            let hit = hit.times(event.occurred, earliest).weight(earliest.since(event.occurred).millis());
            found.note(ImplausibleTime, "too_old", by, hit, |shown| {
                say::too_old(shown.item(0), shown.time(0), shown.time(1))
            });
        }
        if let Some(recorded) = event.recorded.filter(|at| found.is_before(*at, event.occurred)) {
            let hit = hit.times(recorded, event.occurred).weight(event.occurred.since(recorded).millis());
            found.note(ImplausibleTime, "recorded_before_occurred", by, hit, |shown| {
                say::recorded_before_occurred(shown.item(0), shown.time(0), shown.apart())
            });
        }
    }
}
