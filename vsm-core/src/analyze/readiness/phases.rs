//! What leads a release: its state, its phases and their activities, and what each of them asks of its parts.

use super::super::message::{Say, say};
use super::judge::{Fact, Judge};
use super::stakeholders::Ruling;
use super::{Condition, Verdict};
use crate::graph::Direction;
use crate::model::{Boundary, FlowState, Kind, LinkKind, ReleaseState, Set};
use crate::stream::ValueStream;

/// Rungs as bits, the first stage the lowest; a ladder has at most eight.
pub(super) type Rungs = u8;

const ALL: Rungs = Rungs::MAX;

/// Whether items of a kind ask for every part by every stage; [`Judge::asks`] knows of the others.
pub(super) fn asks_for_all(kind: Option<Kind>) -> bool {
    !matches!(kind, Some(Kind::Gate | Kind::Phase | Kind::Criterion | Kind::Evidence))
}

impl Judge<'_> {
    /// The rungs for which an item asks for one of its parts.
    ///
    /// A phase of a stage has to be finished before a later stage is ready, and its entry criteria and gates are to be met
    /// before its own; one without a stage is asked for in full by every stage. A gate asks for its criteria where it is
    /// asked for itself, unless it is waived.
    pub(super) fn asks(&self, item: u32, part: u32) -> Rungs {
        let stream = self.stream;
        match stream.kind(item) {
            Some(Kind::Gate) => {
                let is_asked = stream.kind(part) == Some(Kind::Criterion)
                    && !matches!(stream.ruling(item, self.at), Ruling::Waived { .. });
                if is_asked { self.rungs(|rung| self.is_gate_of(item, rung)) } else { 0 }
            }
            Some(Kind::Phase) => self.rungs(|rung| match self.place(item, rung) {
                Place::Over => true,
                Place::Now => self.is_entry(part),
                Place::Later => false,
            }),
            Some(Kind::Criterion | Kind::Evidence) => 0,
            _ => ALL,
        }
    }

    fn rungs(&self, holds: impl Fn(usize) -> bool) -> Rungs {
        (0..self.policy.stages.len().min(8)).filter(|rung| holds(*rung)).fold(0, |all, rung| all | 1 << rung)
    }

    fn is_entry(&self, part: u32) -> bool {
        matches!(self.stream.kind(part), Some(Kind::Criterion | Kind::Gate))
            && self.stream.last(part, Set::boundary).is_some_and(|(at, _)| at == Boundary::Entry)
    }

    fn place(&self, phase: u32, rung: usize) -> Place {
        let Some((stage, _)) = self.stream.last(phase, Set::stage) else { return Place::Over };
        match self.policy.stages.iter().position(|other| **other == *stage) {
            Some(own) if own < rung => Place::Over,
            Some(own) if own == rung => Place::Now,
            _ => Place::Later,
        }
    }

    /// A phase that has to be over must be done; one with parts is when they are.
    pub(super) fn phase(&self, item: u32, rung: usize) -> Option<Fact> {
        let stream = self.stream;
        if self.place(item, rung) != Place::Over || stream.has_parts(item) {
            return None;
        }
        let state = stream.state_with_event(item);
        let (verdict, say) = match state {
            Some((FlowState::Done | FlowState::Cancelled, _)) => return None,
            // What has to be met at its end tells whether it is over.
            None if self.has_an_end(item, rung) => return None,
            None => (Verdict::Unknown, say::phase_state_unknown(item)),
            Some((FlowState::New, _)) => (Verdict::NotReady, say::phase_not_started(item)),
            Some(_) => (Verdict::NotReady, say::phase_not_over(item)),
        };
        let event = state.map(|(_, event)| event).or_else(|| stream.last_event(item));
        let fact = self.fact(Condition::PhaseDone, verdict, item, say.and(self.overdue(item)));
        let since = event.and_then(|event| stream.occurred(event)).filter(|at| at.millis() != 0);
        Some(Fact { since, evidence: event.into_iter().collect(), ..fact })
    }

    /// Whether criteria or gates tell when a phase is over.
    fn has_an_end(&self, phase: u32, rung: usize) -> bool {
        let stream = self.stream;
        let of_stage = |gate: u32| stream.kind(gate) != Some(Kind::Gate) || self.is_gate_of(gate, rung);
        stream.touching(phase, Direction::Incoming).any(|(_, kind, part)| {
            matches!(kind, LinkKind::Parent | LinkKind::Gates)
                && stream.state_of(part) != Some(FlowState::Cancelled)
                && stream.kind(part) != Some(Kind::Evidence)
                && of_stage(part)
                && !self.is_entry(part)
        })
    }

    /// An activity without parts must be done.
    pub(super) fn activity(&self, item: u32) -> Option<Fact> {
        let fact = self.leaf(item)?;
        let say = fact.say.and(self.overdue(item));
        Some(Fact { condition: Condition::ActivityDone, say, ..fact })
    }

    /// Whether an item is an activity without parts.
    pub(super) fn is_activity(&self, item: u32) -> bool {
        self.stream.kind(item) == Some(Kind::Activity) && !self.stream.has_parts(item)
    }

    fn overdue(&self, item: u32) -> Option<Say> {
        let due = self.stream.last(item, Set::due_at).or_else(|| self.stream.last(item, Set::ends_at));
        let (due, _) = due.filter(|(due, _)| *due < self.at)?;
        Some(say::and_overdue(due, self.at.since(due)))
    }

    /// A release must not be a draft or on hold.
    pub(super) fn active(&self, release: u32) -> Option<Fact> {
        let stream = self.stream;
        let (state, event) = stream.lifecycle_since(release)?;
        let since = stream.occurred(event).filter(|at| at.millis() != 0);
        let say = match state {
            ReleaseState::Draft => say::release_draft(release),
            ReleaseState::OnHold => {
                let why = stream.last(release, Set::reason).map(|(why, _)| say::and_reason(why.to_string()));
                let on_hold = match (since, self.by(release, event)) {
                    (None, None) => say::release_on_hold(release),
                    (Some(since), None) => say::release_on_hold_since(release, since),
                    (None, Some(by)) => say::release_on_hold_by(release, by),
                    (Some(since), Some(by)) => say::release_on_hold_since_by(release, since, by),
                };
                on_hold.and(why)
            }
            _ => return None,
        };
        let fact = self.fact(Condition::ReleaseActive, Verdict::NotReady, release, say);
        let waits_for = self.who_decides(release).or(fact.waits_for);
        Some(Fact { since, waits_for, evidence: vec![event], ..fact })
    }
}

/// Where a phase lies, seen from a stage.
#[derive(PartialEq)]
enum Place {
    /// It has to be over before.
    Over,
    /// The stage is its own.
    Now,
    /// It comes later, or its stage is on no ladder.
    Later,
}

impl ValueStream {
    /// The state of a release's life, with the event since which it has been in it.
    pub(in crate::analyze) fn lifecycle_since(&self, release: u32) -> Option<(ReleaseState, u32)> {
        let (state, event) = self.last(release, Set::lifecycle)?;
        let said = self.state.walk(release, self.bounds).filter_map(|(number, stored)| {
            Some((number, stored.sets.iter().rev().find_map(Set::lifecycle)?))
        });
        let since = said.take_while(|(_, other)| *other == Some(&state)).last();
        Some((state, since.map_or(event, |(number, _)| number)))
    }
}
