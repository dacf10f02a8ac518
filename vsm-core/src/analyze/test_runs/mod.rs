//! How often tests pass, at first and at all, and which of them can't make up their mind.

mod flaky;
mod runs;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::runs::{Counts, Run, Runs};
use super::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::stream::ValueStream;
use crate::time::Instant;

pub use flaky::{FlakyRevision, FlakyTest};

/// A question for test runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestsQuery {
    /// First instant of the window: runs that ended in it count.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// Only runs of this application, release, build or other item, or of builds of it; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

/// Test runs of a window. What has no data has no value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tests {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// All suites together.
    pub total: SuiteResults,
    /// Each suite, by name.
    pub suites: Vec<SuiteResults>,
    /// Where the same suite had both outcomes on the same revision in the same environment, by suite, revision and environment.
    pub flaky_revisions: Vec<FlakyRevision>,
    /// Tests that failed and passed on the same revision in the same environment, as far as runs name them; by suite,
    /// revision, environment and test.
    pub flaky_tests: Vec<FlakyTest>,
    /// What the answer rests on; `n` are the runs.
    pub basis: Basis,
}

/// How the runs of a suite went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuiteResults {
    /// The name of the suite; absent for all together.
    pub suite: Option<String>,
    /// Runs with a result.
    pub runs: u32,
    /// Those that succeeded.
    pub runs_passed: u32,
    /// Their part, from 0 to 1.
    pub run_pass_rate: Option<f64>,
    /// Tests that were carried out in all runs that count their tests.
    pub tests: u64,
    /// Those that passed.
    pub tests_passed: u64,
    /// Tests that passed over those carried out, from 0 to 1; what was skipped is in neither.
    pub pass_rate: Option<f64>,
    /// Tests that were skipped.
    pub tests_skipped: u64,
    /// Revisions and environments that were tested for the first time in the window.
    pub revisions: u32,
    /// The part of these whose first run succeeded, from 0 to 1.
    pub first_pass_rate: Option<f64>,
    /// Tests that passed when they were tried again in the same run, counted once for each run.
    pub retried: u64,
}

impl TestsQuery {
    /// A question for all runs of a window.
    pub fn new(start: Instant, end: Instant) -> TestsQuery {
        TestsQuery { start, end, within: None }
    }
}

impl ValueStream {
    /// How the test runs of a window went: pass rate of tests and of runs, first-pass rate, and what is flaky.
    ///
    /// A run succeeded or failed as its `result` says (unstable is failed), else as its counts do; a run without either is
    /// left out. Its suite is its title; its revision are the changes that the builds it tests were built from, or those
    /// builds where nobody says. A run that tests no build is in no revision.
    ///
    /// Flaky is what failed and passed on the same revision in the same environment. Of a run the record keeps counts and the
    /// names of up to twenty tests that failed (attribute `failing`), not every result. So flaky revisions are told of whole suites; and
    /// a test is told to be flaky where one run names it as failed, and another one with as many tests carried out and
    /// skipped names all that failed in it, and not that test, or where a runner tells itself that the test passed when it was tried
    /// again (attribute `flaky_tests`). There may be more.
    ///
    /// Takes a look at every item, and the runs of each revision against each other where some failed and some did not.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] for `within`; [`Error::Invalid`] for a window that ends before it starts.
    ///
    /// ```
    /// use vsm_core::{Event, Kind, Link, LinkKind, Outcome, TestsQuery, ValueStream};
    /// let mut stream = ValueStream::new();
    /// for (run, result) in [("1", Outcome::Failure), ("2", Outcome::Success)] {
    ///     let mut event = Event::new("ci", run, format!("2026-03-02T0{run}:00:00Z").parse()?, format!("ci:run-{run}"));
    ///     event.kind = Some(Kind::TestRun);
    ///     (event.set.title, event.set.result) = (Some("unit".into()), Some(result));
    ///     event.links.push(Link::new(LinkKind::Tests, "ci:build-7"));
    ///     stream.apply(event)?;
    /// }
    /// let tests = stream.tests(&TestsQuery::new("2026-03-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?))?;
    /// assert_eq!((tests.total.run_pass_rate, tests.total.first_pass_rate), (Some(0.5), Some(0.0)));
    /// assert_eq!(tests.flaky_revisions[0].failed_in, ["ci:run-1"]);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn tests(&self, query: &TestsQuery) -> Result<Tests> {
        if query.end < query.start {
            return Err(Error::invalid("end", "the window must not end before it starts"));
        }
        let mut grounds = Grounds::default();
        for rule in [
            "first_pass:first_run_of_revision",
            "flaky:same_revision_and_environment",
            "pass_rate:without_skipped",
        ] {
            grounds.rule(rule);
        }
        let runs = Runs::of(self, query.within.as_deref(), &mut grounds)?;
        let is_in_window = |at: Instant| query.start <= at && at < query.end;
        let mut counts = counts(self, &runs, |at| is_in_window(at).then_some(0), &mut grounds);
        let (mut flaky_revisions, mut flaky_tests) = (Vec::new(), Vec::new());
        for (key, places) in &runs.revisions {
            let all = places.iter().filter_map(|place| runs.runs.get(*place));
            let within: Vec<&Run> = all.filter(|run| is_in_window(run.at)).collect();
            flaky_revisions.extend(flaky::revision(self, key, &within));
            flaky_tests.extend(flaky::tests(self, key, &within));
        }
        let total = counts.remove(&(None, 0)).unwrap_or_default();
        let suite =
            |((suite, _), counts): ((Option<&str>, usize), Counts)| counts.finish(suite.map(Into::into));
        Ok(Tests {
            start: query.start,
            end: query.end,
            total: total.finish(None),
            suites: counts.into_iter().map(suite).collect(),
            flaky_revisions,
            flaky_tests,
            basis: grounds.finish(self),
        })
    }
}

/// What the runs of each suite, and all together, add up to in each part of some time; `part` says in which one an instant
/// lies, if in any. A revision counts where its first run ended.
fn counts<'a>(
    stream: &'a ValueStream,
    runs: &Runs,
    part: impl Fn(Instant) -> Option<usize>,
    grounds: &mut Grounds,
) -> BTreeMap<(Option<&'a str>, usize), Counts> {
    let mut counts: BTreeMap<(Option<&str>, usize), Counts> = BTreeMap::new();
    let mut add = |run: &Run, what: fn(&mut Counts, &Run)| {
        let Some(part) = part(run.at) else { return false };
        for suite in [None, Some(stream.title(run.item))] {
            what(counts.entry((suite, part)).or_default(), run);
        }
        true
    };
    for run in &runs.runs {
        if !add(run, Counts::add) {
            continue;
        }
        grounds.n += 1;
        grounds.evidence.push(run.event);
        if run.revision.is_none() {
            grounds.exclude("tests_no_build", stream.id(run.item));
        }
    }
    for places in runs.revisions.values() {
        if let Some(first) = places.first().and_then(|place| runs.runs.get(*place)) {
            add(first, Counts::add_revision);
        }
    }
    counts
}

/// The results of each suite in the parts of a window that any of its runs ended in, those of all together without a name.
pub(super) fn results_by_part<'a>(
    stream: &'a ValueStream,
    within: Option<&str>,
    part: impl Fn(Instant) -> Option<usize>,
    grounds: &mut Grounds,
) -> Result<BTreeMap<(Option<&'a str>, usize), SuiteResults>> {
    let runs = Runs::of(stream, within, grounds)?;
    let counts = counts(stream, &runs, part, grounds).into_iter();
    Ok(counts.map(|(place, counts)| (place, counts.finish(place.0.map(Into::into)))).collect())
}
