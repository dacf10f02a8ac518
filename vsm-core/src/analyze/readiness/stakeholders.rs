//! Who may decide, who did, and what holds of it at a time.

use crate::hash::HashSet;
use crate::model::{Decision, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// What a decision about a gate or criterion comes to, at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::analyze) enum Ruling {
    /// Nobody has decided yet.
    Open,
    Approved {
        event: u32,
    },
    /// Passed by exception; without an end it holds for ever.
    Waived {
        event: u32,
        until: Option<Instant>,
    },
    /// A waiver that has come to its end.
    Ended {
        event: u32,
        until: Instant,
    },
    Rejected {
        event: u32,
    },
    /// By somebody who may not.
    NotEntitled {
        event: u32,
        decision: Decision,
    },
}

impl Ruling {
    pub(in crate::analyze) fn event(self) -> Option<u32> {
        match self {
            Ruling::Open => None,
            Ruling::Approved { event }
            | Ruling::Waived { event, .. }
            | Ruling::Ended { event, .. }
            | Ruling::Rejected { event }
            | Ruling::NotEntitled { event, .. } => Some(event),
        }
    }
}

impl ValueStream {
    /// What was decided about a gate or criterion by a time. What is dated later does not count yet, and what it replaces
    /// does.
    pub(in crate::analyze) fn ruling(&self, item: u32, at: Instant) -> Ruling {
        match self.decided_after(item, at) {
            Some(_) => self.as_of(at, Instant::MAX).last_ruling(item, at),
            None => self.last_ruling(item, at),
        }
    }

    /// When a decision is dated that was made after a time.
    pub(in crate::analyze) fn decided_after(&self, item: u32, at: Instant) -> Option<Instant> {
        let (_, event) = self.last(item, Set::decision)?;
        self.occurred(event).filter(|decided| *decided > at)
    }

    fn last_ruling(&self, item: u32, at: Instant) -> Ruling {
        let Some((decision, event)) = self.last(item, Set::decision) else { return Ruling::Open };
        match decision {
            Decision::Rejected => Ruling::Rejected { event },
            _ if !self.is_entitled(item, event) => Ruling::NotEntitled { event, decision },
            Decision::Approved => Ruling::Approved { event },
            Decision::Waived => match self.last(item, Set::expires_at).map(|(until, _)| until) {
                Some(until) if until <= at => Ruling::Ended { event, until },
                until => Ruling::Waived { event, until },
            },
        }
    }

    /// The stakeholders who may decide, by id: approvers and those accountable; of a criterion that names none, those of
    /// the gate or phase that it is a part of.
    pub(in crate::analyze) fn entitled(&self, item: u32) -> Vec<u32> {
        let named = |item: u32| -> Vec<u32> {
            let links = [LinkKind::Approver, LinkKind::Accountable].into_iter();
            let mut who: Vec<u32> = links.flat_map(|kind| self.to(item, kind)).map(|(who, _)| who).collect();
            who.sort_unstable_by_key(|who| self.id(*who));
            who.dedup();
            who
        };
        let own = named(item);
        match self.kind(item) {
            Some(Kind::Criterion) if own.is_empty() => {
                self.to(item, LinkKind::Parent).flat_map(|(whole, _)| named(whole)).collect()
            }
            _ => own,
        }
    }

    /// Whether somebody who may decide did so; where nobody is named, anybody may.
    fn is_entitled(&self, item: u32, decision: u32) -> bool {
        let entitled = self.entitled(item);
        entitled.is_empty()
            || self.deciders(item, decision).into_iter().any(|who| self.is_among(who, &entitled))
    }

    /// Who decided: as the event of the decision or a later one says, not who decided something before.
    pub(in crate::analyze) fn deciders(&self, item: u32, decision: u32) -> Vec<u32> {
        let said = self.occurred(decision);
        let links = self.to(item, LinkKind::DecidedBy);
        links.filter(|(_, event)| self.occurred(*event) >= said).map(|(who, _)| who).collect()
    }

    /// Whether a stakeholder is one of some or a member of one, however deep. Somebody is a part of one group, and may
    /// belong to any number of them, in circles too.
    fn is_among(&self, who: u32, some: &[u32]) -> bool {
        let mut found = HashSet::from_iter([who]);
        let mut stack = vec![who];
        while let Some(at) = stack.pop() {
            if some.contains(&at) {
                return true;
            }
            let groups = [LinkKind::Parent, LinkKind::BelongsTo].into_iter();
            for (group, _) in groups.flat_map(|kind| self.to(at, kind)) {
                if found.insert(group) {
                    stack.push(group);
                }
            }
        }
        false
    }

    /// The names of some stakeholders, for a sentence.
    pub(in crate::analyze) fn names(&self, who: &[u32], glue: &str) -> Option<String> {
        let names: Vec<&str> = who.iter().map(|who| self.title(*who)).collect();
        (!names.is_empty()).then(|| names.join(glue))
    }
}
