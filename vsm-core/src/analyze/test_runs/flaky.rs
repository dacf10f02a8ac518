//! What failed and passed although nothing had changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::runs::{Key, Run};
use crate::analyze::worth::attribute;
use crate::stream::ValueStream;

/// A suite with both outcomes on one revision in one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlakyRevision {
    /// The suite.
    pub suite: String,
    /// The changes that were tested, or builds where nobody says of which changes they are.
    pub revision: Vec<String>,
    /// Where; empty where nobody says.
    pub environment: Vec<String>,
    /// The runs that failed, first to last.
    pub failed_in: Vec<String>,
    /// The runs that succeeded, first to last.
    pub passed_in: Vec<String>,
}

/// A test with both outcomes on one revision in one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlakyTest {
    /// The suite.
    pub suite: String,
    /// The test, as the runs name it.
    pub test: String,
    /// The changes that were tested, or builds where nobody says of which changes they are.
    pub revision: Vec<String>,
    /// The runs that it failed in, first to last.
    pub failed_in: Vec<String>,
    /// The runs that it passed in, first to last; one that tried it again is in both.
    pub passed_in: Vec<String>,
}

/// Of the runs of one key, first to last.
pub(super) fn revision(stream: &ValueStream, key: &Key, runs: &[&Run]) -> Option<FlakyRevision> {
    let of = |passed: bool| -> Vec<String> {
        let some = runs.iter().filter(|run| run.passed == passed);
        some.map(|run| stream.id(run.item).to_owned()).collect()
    };
    let (failed_in, passed_in) = (of(false), of(true));
    (!failed_in.is_empty() && !passed_in.is_empty()).then(|| FlakyRevision {
        suite: key.suite.clone(),
        revision: key.revision.clone(),
        environment: key.environment.clone(),
        failed_in,
        passed_in,
    })
}

/// Of the runs of one key, first to last; by test.
pub(super) fn tests(stream: &ValueStream, key: &Key, runs: &[&Run]) -> Vec<FlakyTest> {
    let failing: Vec<BTreeSet<&str>> = runs.iter().map(|run| names(stream, run, "failing")).collect();
    // Where all that failed is named, what is not named did not fail.
    let is_whole = |run: &Run, failing: &BTreeSet<&str>| {
        let failed = run.counts.as_ref().map(|counts| u64::from(counts.failed) + u64::from(counts.errors));
        failed == Some(failing.len() as u64)
    };
    let extent = |run: &Run| run.counts.as_ref().map(|counts| (counts.tests, counts.skipped));
    let mut found: BTreeMap<&str, (BTreeSet<usize>, BTreeSet<usize>)> = BTreeMap::new();
    for (place, run) in runs.iter().enumerate() {
        for test in names(stream, run, "flaky_tests") {
            let (failed, passed) = found.entry(test).or_default();
            failed.insert(place);
            passed.insert(place);
        }
    }
    for (place, run) in runs.iter().enumerate().filter(|(_, run)| run.counts.is_some()) {
        for test in failing.get(place).into_iter().flatten() {
            let passed_in = runs.iter().zip(&failing).enumerate().filter(|(_, (other, names))| {
                extent(other) == extent(run) && is_whole(other, names) && !names.contains(test)
            });
            let passed_in: Vec<usize> = passed_in.map(|(other, _)| other).collect();
            if !passed_in.is_empty() {
                let (failed, passed) = found.entry(test).or_default();
                failed.insert(place);
                passed.extend(passed_in);
            }
        }
    }
    let ids = |places: BTreeSet<usize>| -> Vec<String> {
        let some = places.into_iter().filter_map(|place| runs.get(place));
        some.map(|run| stream.id(run.item).to_owned()).collect()
    };
    let tests = found.into_iter().map(|(test, (failed, passed))| FlakyTest {
        suite: key.suite.clone(),
        test: test.to_owned(),
        revision: key.revision.clone(),
        failed_in: ids(failed),
        passed_in: ids(passed),
    });
    tests.collect()
}

fn names<'a>(stream: &'a ValueStream, run: &Run, name: &str) -> BTreeSet<&'a str> {
    let text = attribute(stream, run.item, name).map_or("", |(text, _)| text);
    text.split("; ").map(str::trim).filter(|test| !test.is_empty()).collect()
}
