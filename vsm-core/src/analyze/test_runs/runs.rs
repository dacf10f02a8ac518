//! The test runs of a stream, and which of them tested the same.

use std::collections::BTreeMap;

use super::SuiteResults;
use crate::analyze::Grounds;
use crate::error::Result;
use crate::graph::Direction::Outgoing;
use crate::model::{Kind, LinkKind, Outcome, Set, TestCounts};
use crate::stream::ValueStream;
use crate::time::Instant;

/// A run that succeeded or failed.
pub(super) struct Run {
    pub(super) item: u32,
    pub(super) at: Instant,
    pub(super) event: u32,
    pub(super) passed: bool,
    pub(super) counts: Option<TestCounts>,
    pub(super) revision: Option<Key>,
    retried: u64,
}

/// What runs have in common that can be held against each other, by ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) suite: String,
    pub(super) revision: Vec<String>,
    pub(super) environment: Vec<String>,
}

pub(super) struct Runs {
    /// By when they ended, then by id.
    pub(super) runs: Vec<Run>,
    /// The places of the runs of one key, in this order.
    pub(super) revisions: BTreeMap<Key, Vec<usize>>,
}

impl Runs {
    pub(super) fn of(stream: &ValueStream, within: Option<&str>, grounds: &mut Grounds) -> Result<Runs> {
        let whole = within.map(|id| stream.find(id)).transpose()?;
        let set = whole.map(|item| {
            let mut set = stream.under(item);
            set.extend(stream.candidates(item).into_iter().map(|(build, _)| build));
            set
        });
        let mut runs = Vec::new();
        for item in stream.all().filter(|item| stream.kind(*item) == Some(Kind::TestRun)) {
            let builds = || stream.linked(item, LinkKind::Tests, Outgoing).map(|(_, build)| build);
            let is_asked = set
                .as_ref()
                .is_none_or(|set| set.contains(&item) || builds().any(|build| set.contains(&build)));
            if !is_asked {
                continue;
            }
            let counts = stream.last(item, Set::tests).map(|(counts, _)| TestCounts::from(counts));
            let finished = stream.finished_with_event(item);
            let (Some(passed), Some((at, event))) = (passed(stream, item, counts.as_ref()), finished) else {
                grounds.exclude("no_result", stream.id(item));
                continue;
            };
            let retried = match crate::analyze::worth::figure(stream, item, "flaky").known() {
                // As a cast, this ends at the largest number.
                Some(number) if number > 0.0 => number as u64,
                _ => 0,
            };
            runs.push(Run {
                item,
                at,
                event,
                passed,
                counts,
                revision: key(stream, item, builds()),
                retried,
            });
        }
        runs.sort_unstable_by(|a, b| (a.at, stream.id(a.item)).cmp(&(b.at, stream.id(b.item))));
        let mut revisions: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (place, run) in runs.iter().enumerate() {
            if let Some(key) = &run.revision {
                revisions.entry(key.clone()).or_default().push(place);
            }
        }
        Ok(Runs { runs, revisions })
    }
}

fn passed(stream: &ValueStream, item: u32, counts: Option<&TestCounts>) -> Option<bool> {
    match (stream.outcome(item), counts) {
        (Some(Outcome::Success), _) => Some(true),
        (Some(Outcome::Failure | Outcome::Unstable), _) => Some(false),
        (Some(Outcome::Aborted | Outcome::NotBuilt | Outcome::Running), _) | (None, None) => None,
        (None, Some(counts)) if counts.failed > 0 || counts.errors > 0 => Some(false),
        (None, Some(counts)) => (counts.passed > 0).then_some(true),
    }
}

fn key(stream: &ValueStream, run: u32, builds: impl Iterator<Item = u32>) -> Option<Key> {
    let mut revision: Vec<String> = Vec::new();
    for build in builds {
        let heads: Vec<u32> =
            stream.linked(build, LinkKind::BuiltFrom, Outgoing).map(|(_, head)| head).collect();
        let all = if heads.is_empty() { vec![build] } else { heads };
        revision.extend(all.into_iter().map(|item| stream.id(item).to_owned()));
    }
    let places = stream.linked(run, LinkKind::RanIn, Outgoing);
    let mut environment: Vec<String> = places.map(|(_, place)| stream.id(place).to_owned()).collect();
    for list in [&mut revision, &mut environment] {
        list.sort_unstable();
        list.dedup();
    }
    (!revision.is_empty()).then(|| Key { suite: stream.title(run).to_owned(), revision, environment })
}

/// What runs add up to.
#[derive(Default)]
pub(super) struct Counts {
    runs: u32,
    runs_passed: u32,
    tests: u64,
    tests_passed: u64,
    skipped: u64,
    revisions: u32,
    first_passed: u32,
    retried: u64,
}

impl Counts {
    pub(super) fn add(&mut self, run: &Run) {
        self.runs += 1;
        self.runs_passed += u32::from(run.passed);
        self.retried = self.retried.saturating_add(run.retried);
        if let Some(counts) = &run.counts {
            self.tests += [counts.passed, counts.failed, counts.errors].map(u64::from).iter().sum::<u64>();
            self.tests_passed += u64::from(counts.passed);
            self.skipped += u64::from(counts.skipped);
        }
    }

    /// Counts a revision by its first run.
    pub(super) fn add_revision(&mut self, first: &Run) {
        self.revisions += 1;
        self.first_passed += u32::from(first.passed);
    }

    pub(super) fn finish(self, suite: Option<String>) -> SuiteResults {
        let rate = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        SuiteResults {
            suite,
            runs: self.runs,
            runs_passed: self.runs_passed,
            run_pass_rate: rate(self.runs_passed.into(), self.runs.into()),
            tests: self.tests,
            tests_passed: self.tests_passed,
            pass_rate: rate(self.tests_passed, self.tests),
            tests_skipped: self.skipped,
            revisions: self.revisions,
            first_pass_rate: rate(self.first_passed.into(), self.revisions.into()),
            retried: self.retried,
        }
    }
}
