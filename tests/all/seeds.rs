//! The seeds of the fuzz targets, by the same checks: what a fuzzer once found stays found, on every toolchain.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/checks/mod.rs"]
mod checks;

fn fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_seed_passes() {
    for target in checks::targets() {
        let seeds = files(&fuzz("seeds").join(target));
        assert!(!seeds.is_empty(), "{target} has no seeds");
        for seed in seeds {
            // Shown when the check fails.
            println!("{}", seed.display());
            checks::run(target, &fs::read(&seed).unwrap());
        }
    }
}

#[test]
fn every_target_has_its_program() {
    let expected: BTreeSet<String> = checks::targets().map(str::to_owned).collect();
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let programs: BTreeSet<String> = files(&fuzz("src/bin")).iter().map(stem).collect();
    assert_eq!(programs, expected);
    let manifest = fs::read_to_string(fuzz("Cargo.toml")).unwrap();
    let listed: BTreeSet<String> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ name = \"")?.strip_suffix("\" },"))
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, expected);
    let seeded: BTreeSet<String> = files(&fuzz("seeds")).iter().map(stem).collect();
    assert_eq!(seeded, expected);
}
