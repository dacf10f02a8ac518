//! What a gate must be: passed by somebody entitled to, or waived for now.

use super::judge::{Fact, Judge, day};
use super::{Condition, Verdict};
use crate::model::{Decision, LinkKind, Set};
use crate::time::Instant;

impl Judge<'_> {
    /// A gate of the stage must be passed by somebody entitled to, or waived for now.
    pub(super) fn gate(&self, item: u32, rung: usize) -> Option<Fact> {
        let stream = self.stream;
        let stage = stream.last(item, "stage", |set| match set {
            Set::Stage(stage) => Some(stage.to_string()),
            _ => None,
        });
        if stage.is_some_and(|(stage, _)| stage != self.stage(rung)) {
            return None;
        }
        let name = self.name(item);
        let approvers: Vec<(u32, u32)> = stream.to(item, LinkKind::Approver).collect();
        let whom = (!approvers.is_empty())
            .then(|| approvers.iter().map(|(who, _)| stream.title(*who)).collect::<Vec<_>>().join(" or "));
        let decision = stream.last(item, "decision", |set| match set {
            Set::Decision(decision) => Some(*decision),
            _ => None,
        });
        let instant = |name: &str, pick: fn(&Set) -> Option<Instant>| stream.last(item, name, pick);
        let asked = instant("asked_at", |set| match set {
            Set::AskedAt(instant) => Some(*instant),
            _ => None,
        });
        let event =
            decision.map(|(_, event)| event).or(asked.map(|(_, event)| event)).or(stream.last_event(item));
        let mut since = event.and_then(|event| stream.occurred(event));
        let (verdict, sentence) = match decision {
            Some((Decision::Approved, _)) => {
                let by: Vec<u32> = stream.to(item, LinkKind::DecidedBy).map(|(who, _)| who).collect();
                if approvers.is_empty() || by.iter().any(|who| approvers.iter().any(|(one, _)| one == who)) {
                    return None;
                }
                let by = by.first().map_or("nobody in particular".into(), |who| self.name(*who));
                (Verdict::NotReady, format!("{name} was approved by {by}, who is not entitled to."))
            }
            Some((Decision::Waived, _)) => {
                let ends = instant("expires_at", |set| match set {
                    Set::ExpiresAt(instant) => Some(*instant),
                    _ => None,
                });
                let ends = ends.filter(|(end, _)| *end <= self.at);
                let (end, _) = ends?;
                since = Some(end);
                (Verdict::NotReady, format!("The waiver of {name} ended on {}.", day(end)))
            }
            Some((Decision::Rejected, _)) => (Verdict::NotReady, format!("{name} was rejected.")),
            None if approvers.is_empty() => {
                (Verdict::Unknown, format!("{name} is not decided, and nobody is named who may decide."))
            }
            None => {
                since = asked.map(|(at, _)| at).or(since);
                let needed_by = instant("needed_by", |set| match set {
                    Set::NeededBy(instant) => Some(*instant),
                    _ => None,
                });
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
