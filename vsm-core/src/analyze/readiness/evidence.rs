//! What builds and test runs prove.

use crate::hash::HashSet;
use crate::model::{Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;

/// What is known of a build's tests in the environments of a stage.
pub(super) enum Tested {
    Passed,
    NotRun,
    Failed { run: u32, event: u32, counts: Option<(u32, u32)> },
}

impl Tested {
    /// Of several runs of the same suite the last one counts. Without a stage, runs count that name no environment
    /// or one without a stage.
    pub(super) fn of(stream: &ValueStream, build: u32, stage: Option<&str>) -> Tested {
        let mut runs: Vec<u32> = stream
            .from(build, LinkKind::Tests)
            .map(|(run, _)| run)
            .filter(|run| stage_of_run(stream, *run).as_deref() == stage)
            .collect();
        runs.sort_unstable_by(|a, b| {
            (stream.finished_at(*b), stream.id(*b)).cmp(&(stream.finished_at(*a), stream.id(*a)))
        });
        let mut suites = HashSet::default();
        runs.retain(|run| suites.insert(stream.title(*run)));
        if runs.is_empty() {
            return Tested::NotRun;
        }
        runs.sort_unstable_by_key(|run| stream.id(*run));
        for run in runs {
            let outcome = stream.outcome_with_event(run);
            let Some((outcome, event)) = outcome.filter(|(o, _)| *o != Outcome::Running) else {
                return Tested::NotRun;
            };
            if outcome != Outcome::Success {
                let counts = stream.last(run, "tests", |set| match set {
                    Set::Tests(tests) => Some((tests.failed + tests.errors, tests.tests)),
                    _ => None,
                });
                return Tested::Failed { run, event, counts: counts.map(|(counts, _)| counts) };
            }
        }
        Tested::Passed
    }
}

fn stage_of_run(stream: &ValueStream, run: u32) -> Option<String> {
    stream.to(run, LinkKind::RanIn).find_map(|(place, _)| stage_of(stream, place))
}

/// The stage of an environment.
pub(super) fn stage_of(stream: &ValueStream, environment: u32) -> Option<String> {
    stream
        .last(environment, "stage", |set| match set {
            Set::Stage(stage) => Some(stage.to_string()),
            _ => None,
        })
        .map(|(stage, _)| stage)
}

/// What all successful builds bring together, gathered once for a question. A piece of work may have changes in
/// several repositories, so no single build has to hold it all.
pub(super) struct Evidence {
    built: HashSet<u32>,
    tested: HashSet<u32>,
}

impl Evidence {
    /// Walks each commit at most twice.
    pub(super) fn gather(stream: &ValueStream, stage: Option<&str>) -> Evidence {
        let mut evidence = Evidence { built: HashSet::default(), tested: HashSet::default() };
        for build in stream.all() {
            if stream.kind(build) != Some(Kind::Build) || stream.outcome(build) != Some(Outcome::Success) {
                continue;
            }
            let stated = || stream.to(build, LinkKind::Contains).map(|(item, _)| item);
            stream.bring(stream.heads(build), &mut evidence.built);
            evidence.built.extend(stated());
            if matches!(Tested::of(stream, build, stage), Tested::Passed) {
                stream.bring(stream.heads(build), &mut evidence.tested);
                evidence.tested.extend(stated());
            }
        }
        evidence
    }

    /// Where a leaf stands.
    pub(super) fn of(&self, stream: &ValueStream, leaf: u32) -> Standing {
        if self.tested.contains(&leaf) {
            return Standing::Tested;
        }
        let changes = stream.changes_of(leaf);
        if self.built.contains(&leaf) {
            let build = stream.from(leaf, LinkKind::Contains).map(|(build, _)| build).last();
            return build.map_or(Standing::Unlinked, Standing::Built);
        }
        if changes.is_empty() {
            return Standing::Unlinked;
        }
        if changes.iter().any(|change| !self.built.contains(change)) {
            return Standing::NotBuilt;
        }
        let untested = changes.iter().find(|change| !self.tested.contains(*change));
        match untested.and_then(|change| stream.first_build(*change)) {
            Some((build, _)) => Standing::Built(build),
            None => Standing::Tested,
        }
    }
}

/// How far the changes of a leaf have come.
pub(super) enum Standing {
    /// No change is linked to it.
    Unlinked,
    /// Some change is in no successful build.
    NotBuilt,
    /// Some change is in no build that passed its tests; the first build that brings it.
    Built(u32),
    Tested,
}
