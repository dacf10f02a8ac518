//! What builds and test runs prove.

use super::super::environments;
use super::Verdict;
use super::brought::Brought;
use crate::hash::{HashMap, HashSet};
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
        let mut is_open = false;
        for run in runs {
            match stream.outcome_with_event(run) {
                Some((Outcome::Success, _)) => {}
                Some((Outcome::Running, _)) | None => is_open = true,
                Some((_, event)) => {
                    let counts = stream.last(run, Set::tests).map(|(tests, event)| {
                        ((tests.failed.saturating_add(tests.errors), tests.tests), event)
                    });
                    return Tested::Failed { run, event, counts: counts.map(|(counts, _)| counts) };
                }
            }
        }
        if is_open { Tested::NotRun } else { Tested::Passed }
    }
}

/// The stage of the environment that a test run ran in.
pub(super) fn stage_of_run(stream: &ValueStream, run: u32) -> Option<String> {
    stream.to(run, LinkKind::RanIn).find_map(|(place, _)| stage_of(stream, place))
}

/// The stage of an environment, or of its group.
pub(super) fn stage_of(stream: &ValueStream, environment: u32) -> Option<String> {
    environments::stage(stream, environment).map(Into::into)
}

/// How far a build has come, as far as it proves anything.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Progress {
    /// It is no build, or no successful one.
    None,
    Built,
    Tested,
    Failed,
}

impl Progress {
    fn of(stream: &ValueStream, build: u32, stage: Option<&str>) -> Progress {
        if stream.kind(build) != Some(Kind::Build) || stream.outcome(build) != Some(Outcome::Success) {
            return Progress::None;
        }
        match Tested::of(stream, build, stage) {
            Tested::Passed => Progress::Tested,
            Tested::Failed { .. } => Progress::Failed,
            Tested::NotRun => Progress::Built,
        }
    }
}

/// What all successful builds bring together, gathered once for a question. A piece of work may have changes in
/// several repositories, so no single build has to hold it all.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    built: Brought,
    /// What some build brings that passed its tests, and what some build brings that failed them.
    tested: Brought,
    failed: Brought,
    builds: HashMap<u32, Progress>,
}

impl Evidence {
    /// Walks each commit at most three times.
    pub(super) fn gather(stream: &ValueStream, stage: Option<&str>) -> Evidence {
        let mut evidence = Evidence::default();
        for build in stream.builds() {
            let stage = Progress::of(stream, build, stage);
            match stage {
                Progress::None => continue,
                Progress::Built => {}
                Progress::Tested => evidence.tested.add(stream, build),
                Progress::Failed => evidence.failed.add(stream, build),
            }
            evidence.built.add(stream, build);
            evidence.builds.insert(build, stage);
        }
        evidence
    }

    /// Brings it in line after something was said of a build, its tests or its links; `found` is told of which changes
    /// and work it may say something else now.
    pub(super) fn mend_build(
        &mut self,
        stream: &ValueStream,
        build: u32,
        stage: Option<&str>,
        found: &mut dyn FnMut(u32),
    ) {
        match Progress::of(stream, build, stage) {
            Progress::None => self.builds.remove(&build),
            stage => self.builds.insert(build, stage),
        };
        let Evidence { built, tested, failed, builds } = self;
        built.mend_build(stream, build, &|build| builds.contains_key(&build), found);
        tested.mend_build(stream, build, &|build| builds.get(&build) == Some(&Progress::Tested), found);
        failed.mend_build(stream, build, &|build| builds.get(&build) == Some(&Progress::Failed), found);
    }

    /// The same after something was said of whether one change follows another.
    pub(super) fn mend_change(&mut self, stream: &ValueStream, pair: (u32, u32), found: &mut dyn FnMut(u32)) {
        let Evidence { built, tested, failed, builds } = self;
        built.mend_change(stream, pair, &|build| builds.contains_key(&build), found);
        tested.mend_change(stream, pair, &|build| builds.get(&build) == Some(&Progress::Tested), found);
        failed.mend_change(stream, pair, &|build| builds.get(&build) == Some(&Progress::Failed), found);
    }

    /// Whether every leaf is unlinked: there is no build, and no change for any work.
    pub(super) fn is_silent(&self, stream: &ValueStream) -> bool {
        self.built.is_empty() && !stream.knows_links(LinkKind::Implements)
    }

    /// Where a leaf stands.
    pub(super) fn of(&self, stream: &ValueStream, leaf: u32) -> Standing {
        if self.built.is_empty() {
            let is_linked = stream.is_end_of(leaf, LinkKind::Implements);
            return if is_linked { Standing::NotBuilt } else { Standing::Unlinked };
        }
        if self.tested.contains(leaf) {
            return Standing::Tested;
        }
        let mut parts = stream.changes_of(leaf);
        if self.built.contains(leaf) {
            parts = vec![leaf];
        }
        if parts.is_empty() {
            return Standing::Unlinked;
        }
        if parts.iter().any(|part| !self.built.contains(*part)) {
            return Standing::NotBuilt;
        }
        parts.retain(|part| !self.tested.contains(*part));
        if parts.is_empty() { Standing::Tested } else { Standing::Untested(parts) }
    }

    /// Whether a part is known to fail its tests, or nobody can tell.
    pub(super) fn verdict(&self, part: u32) -> Verdict {
        if self.failed.contains(part) { Verdict::NotReady } else { Verdict::Unknown }
    }

    /// The fewest builds whose tests would prove all parts, each with the worst verdict of those it stands for. A
    /// later build is preferred; one that only repeats others is left out.
    pub(super) fn to_be_tested(&self, stream: &ValueStream, parts: &HashSet<u32>) -> Vec<(u32, Verdict)> {
        let first = |part: &u32| {
            let stated = stream.from(*part, LinkKind::Contains).map(|(build, _)| build);
            let stated = stated.filter(|build| stream.outcome(*build) == Some(Outcome::Success));
            stated.chain(stream.first_build(*part).map(|(build, _)| build)).next()
        };
        let mut builds: Vec<u32> = parts.iter().filter_map(first).collect();
        builds
            .sort_unstable_by_key(|build| std::cmp::Reverse((stream.finished_at(*build), stream.id(*build))));
        builds.dedup();
        let mut chosen: Vec<(u32, HashSet<u32>)> = builds
            .into_iter()
            .map(|build| {
                let mut brought = HashSet::default();
                bring(stream, build, &mut brought);
                brought.retain(|part| parts.contains(part));
                (build, brought)
            })
            .collect();
        for number in (0..chosen.len()).rev() {
            let others =
                || chosen.iter().enumerate().filter(|(n, _)| *n != number).map(|(_, (_, brought))| brought);
            let is_needed = chosen.get(number).is_some_and(|(_, own)| {
                own.iter().any(|part| !others().any(|brought| brought.contains(part)))
            });
            if !is_needed {
                chosen.remove(number);
            }
        }
        chosen
            .into_iter()
            .map(|(build, brought)| {
                (build, brought.iter().map(|part| self.verdict(*part)).max().unwrap_or(Verdict::Unknown))
            })
            .collect()
    }
}

/// Adds all changes that a build brings, and the work that it is stated to contain.
fn bring(stream: &ValueStream, build: u32, found: &mut HashSet<u32>) {
    stream.bring(stream.heads(build), found);
    found.extend(stream.to(build, LinkKind::Contains).map(|(item, _)| item));
}

/// How far the changes of a leaf have come.
pub(super) enum Standing {
    /// No change is linked to it.
    Unlinked,
    /// Some change is in no successful build.
    NotBuilt,
    /// Changes, or the leaf itself, that are in no build that passed its tests.
    Untested(Vec<u32>),
    Tested,
}
