//! The README at the top tells the truth: its Rust runs, its Kotlin and C are those that `vsm-ffi` runs, and its page
//! is one that the engine prints. (Python and Node run their snippets in their own tests.)

use std::fs;

use serde::de::DeserializeOwned;
use serde_json::Value;
use vsm_core::OutlookQuery as Query;

const README: &str = include_str!("../../README.md");
const NATIVE: &str = include_str!("../../vsm-ffi/README.md");

/// Included and not a module: only so can a test here reach its `main`.
mod embed {
    include!("../../examples/embed.rs");

    #[test]
    fn the_rust_runs() {
        // Cargo runs integration tests in the folder of their package, which is where the snippet looks for files.
        main().unwrap();
    }
}

fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    page.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_rust_is_the_example() {
    assert_eq!(blocks(README, "rust"), [include_str!("../../examples/embed.rs")]);
}

#[test]
fn kotlin_and_c_are_those_that_the_native_tests_run() {
    for language in ["kotlin", "c"] {
        assert_eq!(blocks(README, language).len(), 1, "{language}");
        assert_eq!(blocks(README, language), blocks(NATIVE, language));
    }
    assert_eq!(blocks(README, "text").last(), blocks(NATIVE, "text").first(), "what the Kotlin prints");
}

#[test]
fn the_page_is_printed_for_the_sample_portfolio() {
    let page = sample_page("jira:version/10607");
    let printed: Vec<&str> = page.lines().collect();
    let shown = blocks(README, "text")[0];
    let mut from = 0;
    for line in shown.lines().filter(|line| !line.is_empty() && *line != "…") {
        let found = printed.iter().skip(from).position(|other| *other == line);
        from += found.unwrap_or_else(|| panic!("the page has no line\n{line}\nhere; it is\n{page}")) + 1;
    }
}

#[test]
fn what_is_linked_is_there() {
    for rest in README.split("](").skip(1) {
        let target = rest.split(')').next().unwrap();
        assert!(target.starts_with("https://") || fs::metadata(target).is_ok(), "{target} does not exist");
    }
}

/// The page that the main job prints of a release, by the sample's own manifest.
fn sample_page(release: &str) -> String {
    let manifest: Value = serde_json::from_slice(&fs::read("examples/data/vsm.json").unwrap()).unwrap();
    let mut stream = vsm_core::ValueStream::new();
    for source in manifest["sources"].as_array().unwrap() {
        let bytes = fs::read(format!("examples/data/{}", source["file"].as_str().unwrap())).unwrap();
        stream.ingest(part(source, "adapter"), &bytes, &part(source, "options"));
    }
    stream.correlate(&part(&manifest, "correlation"));
    let zone: String = part(&manifest, "zone");
    stream.outlook(&Query::new(release, part(&manifest, "now"), zone)).unwrap().to_text()
}

fn part<T: DeserializeOwned>(object: &Value, name: &str) -> T {
    T::deserialize(&object[name]).unwrap()
}
