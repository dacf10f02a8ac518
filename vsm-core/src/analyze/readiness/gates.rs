//! What a gate must be: passed by somebody entitled to, or waived for now.

use super::judge::{Fact, Judge, day};
use super::{Condition, Verdict};
use crate::model::{Decision, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

impl Judge<'_> {
    /// A gate of the stage must be passed by somebody entitled to, or waived for now.
    pub(super) fn gate(&self, item: u32, rung: usize) -> Option<Fact> {
        let stream = self.stream;
        let stage = stream.last(item, Set::stage);
        if stage.is_some_and(|(stage, _)| *stage != *self.stage(rung)) {
            return None;
        }
        let name = self.name(item);
        let approvers: Vec<(u32, u32)> = stream.to(item, LinkKind::Approver).collect();
        let whom = (!approvers.is_empty())
            .then(|| approvers.iter().map(|(who, _)| stream.title(*who)).collect::<Vec<_>>().join(" or "));
        if stream.passed(item, self.at).is_some() {
            return None;
        }
        let decision = stream.last(item, Set::decision);
        let asked = stream.last(item, Set::asked_at);
        let event =
            decision.map(|(_, event)| event).or(asked.map(|(_, event)| event)).or(stream.last_event(item));
        let mut since = event.and_then(|event| stream.occurred(event));
        let (verdict, sentence) = match decision {
            Some((Decision::Waived, decided)) if stream.is_entitled(item, decided) => {
                let (end, _) = stream.last(item, Set::expires_at)?;
                since = Some(end);
                (Verdict::NotReady, format!("The waiver of {name} ended on {}.", day(end)))
            }
            Some((decision @ (Decision::Approved | Decision::Waived), decided)) => {
                let by = stream.deciders(item, decided);
                let by = by.first().map_or("nobody in particular".into(), |who| self.name(*who));
                (Verdict::NotReady, format!("{name} was {decision} by {by}, who is not entitled to."))
            }
            Some((Decision::Rejected, _)) => (Verdict::NotReady, format!("{name} was rejected.")),
            None if approvers.is_empty() => {
                (Verdict::Unknown, format!("{name} is not decided, and nobody is named who may decide."))
            }
            None => {
                since = asked.map(|(at, _)| at).or(since);
                let needed_by = stream.last(item, Set::needed_by);
                let late = match needed_by {
                    Some((by, _)) if by < self.at => {
                        format!("; it was needed by {}, {} ago", day(by), self.at.since(by))
                    }
                    Some((by, _)) => format!("; it is needed by {}", day(by)),
                    None => String::new(),
                };
                (Verdict::NotReady, format!("{name} is not decided{late}."))
            }
        };
        Some(Fact {
            condition: Condition::GatePassed,
            rule: None,
            verdict,
            item,
            sentence,
            waits_for: whom.or_else(|| self.whom(item)),
            since,
            earliest: None,
            evidence: event.into_iter().collect(),
        })
    }
}

impl ValueStream {
    /// The event by which a gate is passed: approved or waived by somebody entitled to, and a waiver not at its end.
    pub(in crate::analyze) fn passed(&self, gate: u32, at: Instant) -> Option<u32> {
        let (decision, event) = self.last(gate, Set::decision)?;
        let ends = self.last(gate, Set::expires_at);
        let holds = match decision {
            Decision::Approved => true,
            Decision::Waived => ends.is_none_or(|(end, _)| at < end),
            Decision::Rejected => false,
        };
        (holds && self.is_entitled(gate, event)).then_some(event)
    }

    /// Whether somebody who may decide a gate did so; where nobody is named, anybody may.
    fn is_entitled(&self, gate: u32, decision: u32) -> bool {
        let approvers: Vec<u32> = self.to(gate, LinkKind::Approver).map(|(who, _)| who).collect();
        approvers.is_empty() || self.deciders(gate, decision).iter().any(|who| approvers.contains(who))
    }

    /// Who decided: as the event of the decision or a later one says, not who decided something before.
    fn deciders(&self, gate: u32, decision: u32) -> Vec<u32> {
        let said = self.occurred(decision);
        let links = self.to(gate, LinkKind::DecidedBy);
        links.filter(|(_, event)| self.occurred(*event) >= said).map(|(who, _)| who).collect()
    }
}
