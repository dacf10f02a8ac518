//! What a single piece of work must be: done, built and tested, and no blocking defect.

use super::super::Grounds;
use super::super::message::say;
use super::evidence::{Evidence, Standing};
use super::judge::{Fact, Judge};
use super::{Condition, Verdict};
use crate::hash::HashSet;
use crate::model::{FlowState, LinkKind, Set};

impl Judge<'_> {
    /// A work item must be done.
    pub(super) fn leaf(&self, item: u32) -> Option<Fact> {
        let stream = self.stream;
        let state = stream.state_with_event(item);
        let (verdict, say) = match state {
            Some((FlowState::Done | FlowState::Cancelled, _)) => return None,
            None => (Verdict::Unknown, say::work_state_unknown(item)),
            Some((FlowState::New, _)) => (Verdict::NotReady, say::work_not_started(item)),
            Some((FlowState::Active, _)) => (Verdict::NotReady, say::work_in_progress(item)),
            Some((FlowState::Waiting, _)) => (Verdict::NotReady, say::work_waiting(item)),
        };
        let needed: Vec<u32> = stream
            .to(item, LinkKind::DependsOn)
            .map(|(other, _)| other)
            .filter(|other| self.is_open(*other))
            .collect();
        let depends = (!needed.is_empty()).then(|| say::and_depends_on(needed));
        let event = state.map(|(_, event)| event).or_else(|| stream.last_event(item));
        Some(Fact {
            condition: Condition::ScopeDone,
            rule: None,
            verdict,
            item,
            say: say.and(depends),
            waits_for: self.whom(item),
            since: event.and_then(|event| stream.occurred(event)),
            earliest: None,
            evidence: event.into_iter().collect(),
        })
    }

    /// The leaves of a work item must be in successful builds that passed their tests, whatever release they are in.
    pub(super) fn proofs(&self, leaves: &[u32], rung: usize, evidence: &Evidence) -> Vec<Fact> {
        let stream = self.stream;
        let mut facts: Vec<Fact> = leaves.iter().filter_map(|leaf| self.unbuilt(*leaf, evidence)).collect();
        let mut untested = HashSet::default();
        for leaf in leaves {
            if let Standing::Untested(parts) = evidence.of(stream, *leaf) {
                untested.extend(parts);
            }
        }
        let builds = evidence.to_be_tested(stream, &untested).into_iter();
        facts.extend(builds.filter_map(|(build, verdict)| {
            let fact = self.tests(build, self.required_stage(rung))?;
            Some(Fact { verdict, ..fact })
        }));
        facts
    }

    /// The worst verdict of what [`proofs`](Judge::proofs) says of one leaf, as far as the stage asks for it.
    pub(super) fn proof(&self, leaf: u32, rung: usize, evidence: &Evidence) -> Verdict {
        self.worth(evidence.of(self.stream, leaf), rung, evidence)
    }

    /// What it comes to for a stage where a leaf stands.
    pub(super) fn worth(&self, standing: Standing, rung: usize, evidence: &Evidence) -> Verdict {
        let (condition, verdict) = match standing {
            Standing::Tested => return Verdict::Ready,
            Standing::Unlinked => (Condition::InBuild, Verdict::Unknown),
            Standing::NotBuilt => (Condition::InBuild, Verdict::NotReady),
            Standing::Untested(parts) => {
                let worst = parts.into_iter().map(|part| evidence.verdict(part)).max();
                (Condition::TestsPassed, worst.unwrap_or(Verdict::Unknown))
            }
        };
        if self.policy.asks(self.stage(rung), condition) { verdict } else { Verdict::Ready }
    }

    /// What a leaf lacks of builds and tests, without a search for the builds that would have to be tested.
    pub(super) fn unproved(&self, leaf: u32, rung: usize, evidence: &Evidence) -> Option<Fact> {
        self.unbuilt(leaf, evidence).or_else(|| {
            let verdict = self.proof(leaf, rung, evidence);
            let say = match verdict {
                Verdict::Ready => return None,
                Verdict::Unknown => say::work_not_known_tested(leaf),
                Verdict::NotReady => say::work_failed_tests(leaf),
            };
            Some(Fact { evidence: Vec::new(), ..self.fact(Condition::TestsPassed, verdict, leaf, say) })
        })
    }

    fn unbuilt(&self, leaf: u32, evidence: &Evidence) -> Option<Fact> {
        let (verdict, say) = match evidence.of(self.stream, leaf) {
            Standing::Tested | Standing::Untested(_) => return None,
            Standing::NotBuilt => (Verdict::NotReady, say::work_in_no_build(leaf)),
            Standing::Unlinked => (Verdict::Unknown, say::work_without_change(leaf)),
        };
        Some(self.fact(Condition::InBuild, verdict, leaf, say))
    }

    /// An open defect must not be of blocking severity.
    pub(super) fn defect(&self, defect: u32, event: u32, grounds: &mut Grounds) -> Option<Fact> {
        let stream = self.stream;
        let severity = stream.last(defect, Set::severity);
        let Some((severity, _)) = severity else {
            grounds.exclude("defect_without_severity", stream.id(defect));
            return None;
        };
        if severity > self.policy.blocking {
            return None;
        }
        let say = say::defect_open(defect, severity.as_str().into());
        let verdict = if stream.state_of(defect).is_some() { Verdict::NotReady } else { Verdict::Unknown };
        let fact = self.fact(Condition::NoBlockingDefect, verdict, defect, say);
        Some(Fact { evidence: fact.evidence.iter().copied().chain([event]).collect(), ..fact })
    }
}
