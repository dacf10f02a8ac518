//! The test-result adapters on files of many runners, against the counts that another tool expects of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vsm_core::{Adapter, IngestOptions, ValueStream, ingest};

use crate::shared::{bytes, shared};

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|end| end == ending) {
            found.push(path);
        }
    }
    found.sort();
}

/// How many files have the expected counts, and how many are rejected as expected.
fn compare(adapter: Adapter, folder: &str, ending: &str) -> Option<(usize, usize)> {
    let folder = shared(&format!("junit/publish-unit-test-result/{folder}"))?;
    let mut found = Vec::new();
    files(&folder, ending, &mut found);
    let options =
        IngestOptions { at: Some("2026-03-01T00:00:00Z".parse().unwrap()), ..IngestOptions::default() };
    let (mut equal, mut rejected, mut ignored) = (0, 0, BTreeMap::<String, u64>::new());
    let mut different = Vec::new();
    for path in &found {
        let text = bytes(path);
        let read = ingest(adapter, &text, &options);
        assert_eq!(read, ingest(adapter, &text, &options), "the same bytes give the same events");
        // Where that tool was run without defences as well, there are both.
        if path.with_extension("exception").exists() {
            assert_eq!((read.events.len(), read.rejects.len()), (0, 1), "{}", path.display());
            rejected += 1;
            continue;
        }
        assert_eq!(read.rejects, [], "{}", path.display());
        let results: Value = serde_json::from_slice(&bytes(&path.with_extension("results.json"))).unwrap();
        let expected = ["tests", "tests_succ", "tests_fail", "tests_error", "tests_skip"]
            .map(|name| results["stats"][name].as_u64().unwrap());
        let counts = read.events[0].set.tests.clone().unwrap();
        let said = [counts.tests, counts.passed, counts.failed, counts.errors, counts.skipped].map(u64::from);
        if said == expected {
            equal += 1;
        } else {
            different.push(format!("{}: {said:?}, expected {expected:?}", path.display()));
        }
        for (what, times) in read.ignored {
            *ignored.entry(what).or_default() += times;
        }
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(read.events).refused, [], "{}", path.display());
    }
    println!("{adapter}: {equal} of {} files equal, {rejected} rejected, ignored {ignored:?}", found.len());
    assert_eq!(different, Vec::<String>::new());
    Some((equal, rejected))
}

#[test]
fn nunit_counts_are_the_expected_ones() {
    let Some(counts) = compare(Adapter::Nunit, "nunit", "xml") else { return };
    assert_eq!(counts, (20, 4));
}

#[test]
fn xunit_counts_are_the_expected_ones() {
    let Some(counts) = compare(Adapter::Xunit, "xunit", "xml") else { return };
    assert_eq!(counts, (8, 0));
}

#[test]
fn trx_counts_are_the_expected_ones() {
    let Some(counts) = compare(Adapter::Trx, "trx", "trx") else { return };
    assert_eq!(counts, (9, 0));
}
