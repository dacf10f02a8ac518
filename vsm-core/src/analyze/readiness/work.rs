//! What a single piece of work must be: done, built and tested, and no blocking defect.

use super::super::Grounds;
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
        let name = self.name(item);
        let (verdict, sentence) = match state {
            Some((FlowState::Done | FlowState::Cancelled, _)) => return None,
            None => (Verdict::Unknown, format!("Nobody says whether {name} is done.")),
            Some((FlowState::New, _)) => (Verdict::NotReady, format!("{name} has not been started.")),
            Some((FlowState::Active, _)) => {
                (Verdict::NotReady, format!("{name} is being worked on and not done."))
            }
            Some((FlowState::Waiting, _)) => {
                (Verdict::NotReady, format!("{name} has been begun, waits, and is not done."))
            }
        };
        let mut sentence = sentence;
        let waits: Vec<String> = stream
            .to(item, LinkKind::DependsOn)
            .filter(|(other, _)| self.is_open(*other))
            .map(|(other, _)| self.name(other))
            .collect();
        if !waits.is_empty() {
            sentence.pop();
            sentence =
                format!("{sentence}; it depends on {}, which is not done either.", waits.join(" and "));
        }
        let event = state.map(|(_, event)| event).or_else(|| stream.last_event(item));
        Some(Fact {
            condition: Condition::ScopeDone,
            rule: None,
            verdict,
            item,
            sentence,
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
            let name = self.name(leaf);
            let sentence = match verdict {
                Verdict::Ready => return None,
                Verdict::Unknown => format!("No build that holds {name} is known to have passed its tests."),
                Verdict::NotReady => format!("The build that holds {name} failed its tests."),
            };
            Some(Fact { evidence: Vec::new(), ..self.fact(Condition::TestsPassed, verdict, leaf, sentence) })
        })
    }

    fn unbuilt(&self, leaf: u32, evidence: &Evidence) -> Option<Fact> {
        let name = self.name(leaf);
        let (verdict, sentence) = match evidence.of(self.stream, leaf) {
            Standing::Tested | Standing::Untested(_) => return None,
            Standing::NotBuilt => (Verdict::NotReady, format!("{name} is in no successful build.")),
            Standing::Unlinked => {
                let why = "so nobody can tell whether it is in a build";
                (Verdict::Unknown, format!("No change is linked to {name}, {why}."))
            }
        };
        Some(self.fact(Condition::InBuild, verdict, leaf, sentence))
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
        let sentence = format!("{} is open, with severity {severity}.", self.name(defect));
        let verdict = if stream.state_of(defect).is_some() { Verdict::NotReady } else { Verdict::Unknown };
        let fact = self.fact(Condition::NoBlockingDefect, verdict, defect, sentence);
        Some(Fact { evidence: fact.evidence.iter().copied().chain([event]).collect(), ..fact })
    }
}
