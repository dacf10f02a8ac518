//! What a criterion must be: proved by evidence, or decided by somebody entitled to.

use super::super::message::say;
use super::judge::{Fact, Judge};
use super::stakeholders::Ruling;
use super::{Condition, Verdict};
use crate::model::{FlowState, Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// What the evidence for a criterion comes to.
enum Proof {
    /// Nobody has given any.
    Missing,
    /// It is dated later than the time asked about.
    Later(Instant),
    Unfinished(u32),
    Expired(u32, Instant),
    Failed(u32, Outcome, u32),
    Good(u32),
}

impl Judge<'_> {
    /// A criterion must be met.
    pub(super) fn criterion(&self, item: u32) -> Option<Fact> {
        let stream = self.stream;
        if stream.met(item, self.at).is_some() {
            return None;
        }
        let whole = stream.to(item, LinkKind::Parent).next();
        // A criterion is only asked for as a part of something; what is said of another one nobody reads.
        let of = whole.map_or(item, |(whole, _)| whole);
        let proof = stream.proof_of(item, self.at);
        let ruling = stream.ruling(item, self.at);
        let decided = ruling.event().or_else(|| stream.last_event(item));
        let since = |event: Option<u32>| event.and_then(|event| stream.occurred(event));
        let (verdict, say, since, event) = match (ruling, proof) {
            (Ruling::Rejected { .. }, _) => {
                (Verdict::NotReady, say::criterion_rejected(item, of), since(decided), decided)
            }
            (_, Proof::Failed(by, outcome, event)) => {
                let say = say::criterion_failed(item, of, by, outcome.as_str().into());
                (Verdict::NotReady, say, stream.finished_at(by), Some(event))
            }
            (Ruling::Ended { until, .. }, _) => {
                (Verdict::NotReady, say::criterion_waiver_ended(item, of, until), Some(until), decided)
            }
            (Ruling::NotEntitled { event, decision }, _) => {
                let decision = decision.as_str().into();
                let say = match self.by(item, event) {
                    Some(by) => say::criterion_not_entitled(item, of, decision, by),
                    None => say::criterion_not_entitled_nobody(item, of, decision),
                };
                (Verdict::NotReady, say, since(decided), decided)
            }
            (_, Proof::Expired(by, until)) => {
                let say = say::criterion_expired(item, of, by, until);
                (Verdict::NotReady, say, Some(until), stream.last_event(by))
            }
            (_, Proof::Unfinished(by)) => {
                let say = say::criterion_unfinished(item, of, by);
                (Verdict::Unknown, say, since(stream.last_event(by)), stream.last_event(by))
            }
            (_, proof) => {
                let later = match proof {
                    Proof::Later(at) => Some(at),
                    _ => stream.decided_after(item, self.at),
                };
                let say = say::criterion_unproved(item, of).and(later.map(say::and_dated_later));
                (Verdict::Unknown, say, since(decided), decided)
            }
        };
        Some(Fact {
            condition: Condition::CriterionMet,
            rule: None,
            verdict,
            item,
            say,
            waits_for: self
                .whom(item)
                .or_else(|| self.who_decides(item))
                .or_else(|| whole.and_then(|(whole, _)| self.whom(whole))),
            since: since.filter(|at| at.millis() != 0),
            earliest: None,
            evidence: event.into_iter().collect(),
        })
    }
}

impl ValueStream {
    /// The event by which a criterion is met: the decision of somebody entitled to, else what the last finished evidence
    /// says that has not expired.
    pub(in crate::analyze) fn met(&self, criterion: u32, at: Instant) -> Option<u32> {
        match self.ruling(criterion, at) {
            Ruling::Approved { event } | Ruling::Waived { event, .. } => Some(event),
            Ruling::Rejected { .. } => None,
            _ => match self.proof_of(criterion, at) {
                Proof::Good(event) => Some(event),
                _ => None,
            },
        }
    }

    fn proof_of(&self, criterion: u32, at: Instant) -> Proof {
        let mut given: Vec<(Option<Instant>, u32)> = self
            .from(criterion, LinkKind::Satisfies)
            .map(|(by, _)| by)
            .filter(|by| self.state_of(*by) != Some(FlowState::Cancelled))
            .map(|by| (self.finished_at(by), by))
            .collect();
        given.sort_unstable_by(|a, b| (b.0, self.id(b.1)).cmp(&(a.0, self.id(a.1))));
        let mut best = Proof::Missing;
        for (finished, by) in given {
            if let Some(later) = finished.filter(|finished| *finished > at) {
                // The last one comes first, and the first one to come is what somebody waits for.
                best = Proof::Later(later);
                continue;
            }
            if let Some((until, _)) = self.last(by, Set::expires_at).filter(|(until, _)| *until <= at) {
                if !matches!(best, Proof::Expired(..)) {
                    best = Proof::Expired(by, until);
                }
                continue;
            }
            match self.outcome_with_event(by) {
                Some((Outcome::Success, event)) => return Proof::Good(event),
                Some((Outcome::Running, _)) => {}
                Some((outcome, event)) => return Proof::Failed(by, outcome, event),
                None if self.is_document(by) => {
                    return self.last_event(by).map_or(Proof::Missing, Proof::Good);
                }
                None => {}
            }
            if !matches!(best, Proof::Expired(..)) {
                best = Proof::Unfinished(by);
            }
        }
        best
    }

    /// Whether evidence proves what it is for by being there.
    fn is_document(&self, item: u32) -> bool {
        fn sort(set: &Set) -> Option<Option<&Box<str>>> {
            match set {
                Set::Attribute(pair) if &*pair.0 == "type" => Some(Some(&pair.1)),
                Set::Clear(name) if &**name == "type" => Some(None),
                _ => None,
            }
        }
        self.kind(item) == Some(Kind::Evidence)
            && self.last(item, sort).is_some_and(|(sort, _)| sort.trim().eq_ignore_ascii_case("document"))
    }
}
