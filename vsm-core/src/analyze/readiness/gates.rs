//! What a gate must be: its criteria met and passed by somebody entitled to, or waived for now.

use super::super::message::{Say, say};
use super::judge::{Fact, Judge};
use super::stakeholders::Ruling;
use super::{Condition, Verdict};
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

impl Judge<'_> {
    /// Whether a gate is asked for by a stage; one without a stage is by all.
    pub(super) fn is_gate_of(&self, gate: u32, rung: usize) -> bool {
        self.stream.last(gate, Set::stage).is_none_or(|(stage, _)| *stage == *self.stage(rung))
    }

    /// A gate of the stage must be decided on by somebody entitled to; its criteria are facts of their own.
    pub(super) fn gate(&self, item: u32, rung: usize) -> Option<Fact> {
        let stream = self.stream;
        if !self.is_gate_of(item, rung) {
            return None;
        }
        let entitled = stream.entitled(item);
        let ruling = stream.ruling(item, self.at);
        let asked = stream.last(item, Set::asked_at);
        let event = ruling.event().or(asked.map(|(_, event)| event)).or_else(|| stream.last_event(item));
        let mut since = event.and_then(|event| stream.occurred(event));
        let (verdict, say) = match ruling {
            Ruling::Approved { .. } | Ruling::Waived { .. } => return None,
            Ruling::Ended { until, .. } => {
                since = Some(until);
                (Verdict::NotReady, say::gate_waiver_ended(item, until))
            }
            Ruling::NotEntitled { event, decision } => {
                let decision = decision.as_str().into();
                let say = match self.by(item, event) {
                    Some(by) => say::gate_not_entitled(item, decision, by),
                    None => say::gate_not_entitled_nobody(item, decision),
                };
                (Verdict::NotReady, say)
            }
            Ruling::Rejected { .. } => (Verdict::NotReady, say::gate_rejected(item)),
            // Where nobody is named who may decide, its criteria do.
            Ruling::Open if entitled.is_empty() && stream.criteria(item).next().is_some() => return None,
            Ruling::Open => {
                let yet = stream.decided_after(item, self.at).map(say::and_decided_later);
                if entitled.is_empty() {
                    (Verdict::Unknown, say::gate_undecided_by_nobody(item).and(yet))
                } else {
                    since = asked.map(|(at, _)| at).or(since);
                    let needed = stream.last(item, Set::needed_by).map(|(by, _)| self.needed_by(by));
                    (Verdict::NotReady, say::gate_undecided(item).and(needed).and(yet))
                }
            }
        };
        Some(Fact {
            condition: Condition::GatePassed,
            rule: None,
            verdict,
            item,
            say,
            waits_for: stream.names(&entitled, " or ").or_else(|| self.whom(item)),
            since,
            earliest: None,
            evidence: event.into_iter().collect(),
        })
    }

    fn needed_by(&self, by: Instant) -> Say {
        if by < self.at { say::and_was_needed_by(by, self.at.since(by)) } else { say::and_needed_by(by) }
    }

    /// Who decided, the first of several.
    pub(super) fn by(&self, item: u32, decision: u32) -> Option<u32> {
        self.stream.deciders(item, decision).first().copied()
    }

    /// Who may decide, for a sentence.
    pub(super) fn who_decides(&self, item: u32) -> Option<String> {
        self.stream.names(&self.stream.entitled(item), " or ")
    }
}

impl ValueStream {
    /// The criteria of a gate or phase, cancelled ones left out.
    pub(in crate::analyze) fn criteria(&self, item: u32) -> impl Iterator<Item = u32> {
        let parts = self.from(item, LinkKind::Parent).map(|(part, _)| part);
        parts.filter(|part| {
            self.kind(*part) == Some(Kind::Criterion) && self.state_of(*part) != Some(FlowState::Cancelled)
        })
    }

    /// The event by which a gate is passed: waived by somebody entitled to, and not at the end of it; else the last of
    /// what met its criteria, and of the approval where somebody is named who has to give it.
    pub(in crate::analyze) fn passed(&self, gate: u32, at: Instant) -> Option<u32> {
        let ruling = self.ruling(gate, at);
        let decided = match ruling {
            Ruling::Waived { event, .. } => return Some(event),
            Ruling::Approved { event } => Some(event),
            Ruling::Open if self.entitled(gate).is_empty() => None,
            _ => return None,
        };
        let mut events: Vec<u32> = decided.into_iter().collect();
        for criterion in self.criteria(gate) {
            events.push(self.met(criterion, at)?);
        }
        events.into_iter().max_by_key(|event| (self.occurred(*event), self.key(*event)))
    }
}
