//! Generated portfolios: the same numbers give the same bytes, and the main job finds what was planned.

#[path = "../../examples/portfolio/events.rs"]
mod events;
#[path = "../../examples/portfolio/jira.rs"]
mod jira;
#[path = "../../examples/portfolio/names.rs"]
mod names;
#[path = "../../examples/portfolio/options.rs"]
mod options;
#[path = "../../examples/portfolio/plan.rs"]
mod plan;
#[path = "../../examples/portfolio/repository.rs"]
mod repository;
#[path = "../../examples/portfolio/write.rs"]
mod write;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::mem::discriminant;
use std::path::{Path, PathBuf};

use plan::{Expected, Plan, Size};
use serde_json::Value;

use crate::scale::factories::dice;
use crate::ship_date::{run, scratch};

/// Large enough for every trouble to occur, and small enough for a debug build.
const SMALL: Size = Size { applications: 7, releases: 70, scope: 4, seed: 2 };

/// A portfolio in a folder of its own, with how many items it holds.
fn portfolio(name: &str, size: Size) -> (PathBuf, Plan, u64) {
    let folder = scratch(name);
    let plan = Plan::new(size);
    let items = write::write(&plan, &folder).unwrap();
    (folder, plan, items)
}

/// The name and bytes of every file.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let size = Size { releases: 40, ..SMALL };
    let [one, again, other] = [("seed-1", 1), ("seed-1-again", 1), ("seed-2", 2)]
        .map(|(name, seed)| files(&portfolio(name, Size { seed, ..size }).0));
    assert!(one == again);
    assert!(one.keys().eq(other.keys()), "another seed gives another portfolio of the same size");
    assert!(one != other);
}

#[test]
fn every_file_is_read_whole() {
    let (folder, _, items) = portfolio("read-whole", SMALL);
    let document: Value = serde_json::from_str(&run(&[folder.to_str().unwrap(), "--json"]).unwrap()).unwrap();
    let read = document["files"].as_array().unwrap();
    assert_eq!(read.len() + 1, files(&folder).len(), "the manifest names every file but itself");
    for file in read {
        let applied = &file["applied"];
        assert_eq!(file["rejects"], serde_json::json!([]), "{file}");
        assert_eq!(applied["refused"], serde_json::json!([]), "{file}");
        assert_eq!(applied["duplicates"], 0, "{file}");
        assert_eq!(applied["unknown_fields"], serde_json::json!({}), "{file}");
        // Branches say nothing of releases; everything else is used.
        let ignored = file["ignored"].as_object().unwrap();
        assert!(ignored.keys().all(|what| what == "refs/heads"), "{file}");
    }
    let coverage = &document["outlooks"][0]["coverage"];
    assert_eq!(coverage["undescribed"], 0, "{coverage}");
    let page = run(&[folder.to_str().unwrap(), "--within", "0"]).unwrap();
    assert!(page.contains(&format!("and {items} items")), "{items}\n{page}");
}

#[test]
fn the_main_job_finds_what_was_planned() {
    let troubles: HashSet<_> =
        Plan::new(SMALL).releases.iter().map(|release| discriminant(&release.trouble)).collect();
    assert_eq!(troubles.len(), 11, "some trouble does not occur");
    for (name, size) in [
        ("planned", SMALL),
        ("planned-alone", Size { applications: 1, releases: 30, scope: 1, seed: 5 }),
        ("planned-wide", Size { applications: 40, releases: 60, scope: 3, seed: 7 }),
    ] {
        let (folder, plan, _) = portfolio(name, size);
        check(&run(&[folder.to_str().unwrap()]).unwrap(), &plan.expected());
    }
}

/// The size that the engine is built for takes seconds in release and a minute without, so it is for those who ask.
#[test]
#[cfg(not(debug_assertions))]
fn the_main_job_finds_what_was_planned_of_a_bank() {
    let (folder, plan, _) = portfolio("planned-bank", Size::default());
    check(&run(&[folder.to_str().unwrap()]).unwrap(), &plan.expected());
}

/// The first lines of the page are what the plan says.
fn check(page: &str, expected: &Expected) {
    let Expected { open, in_time, late, stages, waits_for } = expected;
    let mut lines = vec![
        format!(
            "{open} releases are open: {in_time} in time for their target, {late} late, 0 without a target"
        ),
        String::new(),
        "  stage              ready  not ready  unknown".to_owned(),
    ];
    let names = ["system test", "user acceptance", "pre production", "production"];
    lines.extend(names.iter().zip(stages).map(|(name, [ready, not_ready, unknown])| {
        format!("  {name:<16} {ready:>7}  {not_ready:>9}  {unknown:>7}")
    }));
    lines.extend([String::new(), "  releases  wait for".to_owned()]);
    let mut waited: Vec<(&String, &usize)> = waits_for.iter().collect();
    waited.sort_by_key(|(whom, releases)| (std::cmp::Reverse(**releases), *whom));
    lines.extend(waited.iter().take(6).map(|(whom, releases)| format!("  {releases:>8}  {whom}")));
    let printed: Vec<&str> = page.lines().take(lines.len()).collect();
    assert_eq!(printed, lines);
}

#[test]
fn a_selection_keeps_what_is_due_first() {
    let (folder, _, _) = portfolio("within", SMALL);
    let titles = |arguments: &[&str]| -> Vec<String> {
        let all = [&[folder.to_str().unwrap(), "--json"], arguments].concat();
        let document: Value = serde_json::from_str(&run(&all).unwrap()).unwrap();
        let releases = document["releases"].as_array().unwrap().iter();
        releases.map(|line| line["due_at"].as_str().unwrap().chars().take(10).collect()).collect()
    };
    assert_eq!(titles(&[]).len(), 70);
    let soon = titles(&["--within", "2"]);
    assert!(!soon.is_empty() && soon.iter().all(|due| due.as_str() <= "2026-03-04"), "{soon:?}");
    assert!(titles(&["--within", "0"]).is_empty());
}

#[test]
fn nothing_is_overwritten_and_bad_sizes_are_named() {
    let (folder, plan, _) = portfolio("overwritten", Size { releases: 3, ..SMALL });
    let error = write::write(&plan, &folder).unwrap_err().to_string();
    assert!(error.contains("jira.jsonl"), "{error}");
    let read = |words: &[&str]| options::read(words.iter().map(|word| (*word).to_owned()));
    assert!(read(&["--help"]).unwrap().is_none() && options::HELP.contains("--seed"));
    assert!(read(&[]).unwrap_err().contains("which folder"));
    assert!(read(&["x", "--releases"]).unwrap_err().contains("--releases needs a value"));
    assert!(read(&["x", "--scope", "none"]).unwrap_err().contains("none is not a number"));
    assert!(read(&["x", "--applications", "0"]).unwrap_err().contains("between 1 and"));
    assert!(read(&["x", "--frobnicate"]).unwrap_err().contains("--frobnicate"));
}
