//! What a release must have of its own: a scope, a tested build that holds it, a place to go, and no blackout; and what a
//! build must be by itself.

use super::super::Grounds;
use super::super::environments::{Closing, Closings};
use super::super::message::say;
use super::bookings;
use super::evidence::Tested;
use super::judge::{Fact, Judge};
use super::{Condition, Verdict};
use crate::hash::HashSet;
use crate::model::{Kind, LinkKind, Outcome};

impl Judge<'_> {
    /// Everything that a release itself must have, its scope and gates aside.
    pub(super) fn release(
        &self,
        release: u32,
        rung: usize,
        grounds: &mut Grounds,
        report: &mut dyn FnMut(Fact),
    ) {
        let stream = self.stream;
        if !self.is_open(release) {
            return;
        }
        let has_scope = stream.has(release, LinkKind::ShipsIn);
        let has_parts = stream.has_parts(release);
        self.active(release).into_iter().for_each(&mut *report);
        if !has_scope && !has_parts {
            let say = say::release_without_scope(release);
            report(self.fact(Condition::HasScope, Verdict::Unknown, release, say));
        }
        let builds: Vec<u32> = stream.candidates(release).into_iter().map(|(build, _)| build).collect();
        if has_scope || !has_parts {
            self.builds(release, rung, &builds, grounds, report);
        }
        for place in [release].into_iter().chain(builds.iter().copied()) {
            self.defects(place, grounds, report);
        }
        self.placed(release, rung, &builds, grounds, report);
    }

    /// The part of it that is about the place to go to, and when that and the release are closed.
    pub(super) fn placed(
        &self,
        release: u32,
        rung: usize,
        builds: &[u32],
        grounds: &mut Grounds,
        report: &mut dyn FnMut(Fact),
    ) {
        let last = rung + 1 == self.policy.stages.len();
        let place = bookings::Place { release, stage: self.stage(rung), last, builds, at: self.at };
        bookings::environment(self, &place, self.policy.pending_conflicts_only, grounds, report);
        for closing in Closings::new(self.stream).of(release).iter() {
            self.closed(closing).into_iter().for_each(&mut *report);
        }
    }

    /// A blackout that stops deployments must not cover the time.
    pub(super) fn closed(&self, closing: &Closing) -> Option<Fact> {
        let blackout = Some(&closing.blackout).filter(|blackout| blackout.stops_deployment())?;
        let end = closing.when.covering(self.at)?;
        let say = match &blackout.reason {
            Some(why) => say::blackout(closing.of, end, why.clone()),
            None => say::blackout_without_reason(closing.of, end),
        };
        Some(Fact {
            earliest: Some(end),
            evidence: vec![closing.event],
            ..self.fact(Condition::NoBlackout, Verdict::NotReady, closing.of, say)
        })
    }

    fn builds(
        &self,
        release: u32,
        rung: usize,
        builds: &[u32],
        grounds: &mut Grounds,
        report: &mut dyn FnMut(Fact),
    ) {
        let stream = self.stream;
        let required = self.required_stage(rung);
        if builds.is_empty() {
            let say = match required {
                Some(stage) => say::release_without_tested_build(release, stage.to_owned().into()),
                None => say::release_without_build(release),
            };
            report(self.fact(Condition::HasBuild, Verdict::Unknown, release, say));
            return;
        }
        for build in builds {
            self.proved(*build, required, report);
        }
        let mut brought = HashSet::default();
        stream.bring(builds.iter().flat_map(|build| stream.heads(*build)), &mut brought);
        let stated: HashSet<u32> = builds
            .iter()
            .flat_map(|build| stream.to(*build, LinkKind::Contains))
            .map(|(item, _)| item)
            .collect();
        for leaf in self.leaves(release) {
            if stated.contains(&leaf) {
                continue;
            }
            let changes = stream.changes_of(leaf);
            if changes.is_empty() {
                let say = say::work_perhaps_in_build(leaf, builds.to_vec());
                report(self.fact(Condition::InBuild, Verdict::Unknown, leaf, say));
            } else if let Some(lacking) = changes.iter().find(|change| !brought.contains(*change)) {
                let say = say::work_not_in_build(leaf, builds.to_vec(), *lacking);
                report(Fact {
                    evidence: stream.last_event(*lacking).into_iter().collect(),
                    ..self.fact(Condition::InBuild, Verdict::NotReady, leaf, say)
                });
            }
        }
        if required.is_none() {
            grounds.rule("first_stage_tests_need_no_environment");
        }
    }

    /// Everything that a build must be by itself, its gates aside.
    pub(super) fn build(&self, build: u32, rung: usize, grounds: &mut Grounds, report: &mut dyn FnMut(Fact)) {
        self.proved(build, self.required_stage(rung), report);
        self.defects(build, grounds, report);
    }

    /// A build must have succeeded and passed its tests.
    fn proved(&self, build: u32, required: Option<&str>, report: &mut dyn FnMut(Fact)) {
        match self.stream.outcome_with_event(build) {
            Some((Outcome::Success, _)) => {}
            Some((Outcome::Running, _)) | None => {
                let say = say::build_unfinished(build);
                report(self.fact(Condition::BuildSucceeded, Verdict::Unknown, build, say));
            }
            Some((outcome, event)) => {
                let say = say::build_ended(build, outcome.as_str().into());
                report(Fact {
                    evidence: vec![event],
                    ..self.fact(Condition::BuildSucceeded, Verdict::NotReady, build, say)
                });
            }
        }
        self.tests(build, required).into_iter().for_each(report);
    }

    /// No defect that was found in a release or build may be open and of blocking severity.
    fn defects(&self, place: u32, grounds: &mut Grounds, report: &mut dyn FnMut(Fact)) {
        for (defect, event) in self.stream.from(place, LinkKind::FoundIn) {
            if self.is_open(defect) && self.stream.kind(defect) == Some(Kind::Defect) {
                self.defect(defect, event, grounds).into_iter().for_each(&mut *report);
            }
        }
    }

    /// The leaves of a release's own scope, cancelled ones left out.
    fn leaves(&self, release: u32) -> Vec<u32> {
        self.stream.leaves(self.stream.from(release, LinkKind::ShipsIn).map(|(item, _)| item))
    }

    /// A build must have passed its tests in the environment of a stage.
    pub(super) fn tests(&self, build: u32, stage: Option<&str>) -> Option<Fact> {
        let place = stage.map(|stage| stage.to_owned().into());
        match Tested::of(self.stream, build, stage) {
            Tested::Passed => None,
            Tested::NotRun => {
                let say = match place {
                    Some(stage) => say::tests_unknown_in_stage(build, stage),
                    None => say::tests_unknown(build),
                };
                Some(self.fact(Condition::TestsPassed, Verdict::Unknown, build, say))
            }
            Tested::Failed { run, event, counts } => {
                let counts = counts.map(|(failed, all)| (failed.into(), all.into()));
                let say = match (place, counts) {
                    (None, None) => say::tests_failed(run, build),
                    (Some(stage), None) => say::tests_failed_in_stage(run, build, stage),
                    (None, Some((failed, all))) => say::tests_failed_some(run, build, failed, all),
                    (Some(stage), Some((failed, all))) => {
                        say::tests_failed_some_in_stage(run, build, stage, failed, all)
                    }
                };
                Some(Fact {
                    since: self.stream.occurred(event),
                    evidence: vec![event],
                    ..self.fact(Condition::TestsPassed, Verdict::NotReady, run, say)
                })
            }
        }
    }
}
