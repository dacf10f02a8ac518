//! The main job on the sample portfolio and, where it is at hand, on a real archive.

#[path = "../../examples/ship_date/folder.rs"]
mod folder;
#[path = "../../examples/ship_date/options.rs"]
mod options;
#[path = "../../examples/ship_date/overview.rs"]
mod overview;
#[path = "../../examples/ship_date/sniff.rs"]
mod sniff;

use std::path::PathBuf;

use folder::Folder;
use options::Options;
use serde_json::Value;

use crate::shared::{bytes, shared};

pub fn run(arguments: &[&str]) -> Result<String, String> {
    let options = Options::read(arguments.iter().map(|word| (*word).to_owned()))?.ok_or(options::HELP)?;
    overview::render(&Folder::read(&options)?, &options)
}

/// A folder of its own for a test, empty.
pub fn scratch(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn outlook(document: &Value, title: &str) -> Value {
    let all = document["outlooks"].as_array().unwrap();
    all.iter().find(|outlook| outlook["title"] == title).unwrap_or_else(|| panic!("no {title}")).clone()
}

/// (condition, item) of the unmet facts that a stage brings up first.
fn unmet(outlook: &Value, stage: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of_stage = |fact: &&Value| fact["stage"] == stage && fact["through"].is_null();
    let facts = outlook["unmet"].as_array().unwrap();
    facts.iter().filter(of_stage).map(|fact| (text(&fact["condition"]), text(&fact["item"]))).collect()
}

fn pairs(facts: &[(&str, &str)]) -> Vec<(String, String)> {
    facts.iter().map(|(condition, item)| ((*condition).into(), (*item).into())).collect()
}

#[test]
fn the_sample_says_when_mobile_ships_and_why_not_today() {
    let document: Value = serde_json::from_str(&run(&["--json"]).unwrap()).unwrap();
    let mobile = outlook(&document, "Mobile 4.13.0");
    assert_eq!(mobile["ships_at"], "2026-03-17T00:00:00.000Z");
    let findings = document["data_quality"]["findings"].as_array().unwrap();
    let gap = findings.iter().find(|finding| finding["code"] == "numbering_gap").unwrap();
    assert_eq!(
        gap["examples"][0]["items"],
        serde_json::json!(["jenkins:mobile-ci#402", "jenkins:mobile-ci#404"])
    );
    assert!(mobile["late_by"].as_i64().unwrap() < 0, "the departure is on the target day");
    assert_eq!(
        unmet(&mobile, "system_test"),
        pairs(&[
            ("scope_done", "jira:CHK-28"),
            ("scope_done", "jira:CHK-41"),
            ("in_build", "jira:CHK-30"),
            ("in_build", "jira:CHK-41"),
            ("in_build", "jira:CHK-29"),
        ])
    );
    assert_eq!(
        unmet(&mobile, "user_acceptance"),
        pairs(&[
            ("gate_passed", "gate:mobile-4.13-security"),
            ("no_booking_conflict", "booking:uat-mobile-4.13"),
            ("environment_version", "env:uat"),
        ])
    );
    let path = &mobile["critical_path"];
    assert_eq!(path["path"], serde_json::json!(["jira:GWY-23", "jira:CHK-28", "jira:version/10412"]));
    assert_eq!(path["ready_at"], "2026-03-11T09:00:00.000Z");
    let scope = &mobile["scope"];
    assert_eq!(scope["baseline"].as_array().unwrap().len(), 10);
    assert_eq!(scope["commitment_kept"], 0.8);
    assert_eq!(scope["delivered_ratio"], 0.9);
    assert_eq!(scope["added"], serde_json::json!(["jira:CHK-40", "jira:CHK-41"]));
    assert_eq!(scope["removed"], serde_json::json!(["jira:CHK-35"]));
    assert_eq!(scope["missing"], serde_json::json!(["jira:CHK-30"]));
    let flow = &mobile["flow"];
    assert_eq!(flow["velocity"], 29);
    assert!((flow["efficiency"].as_f64().unwrap() - 0.5932).abs() < 1e-4);
    let days = |span: &Value| span.as_f64().unwrap() / 86_400_000.0;
    assert!((days(&flow["time"]["median"]) - 9.021).abs() < 1e-3);
    assert!((days(&flow["time"]["p85"]) - 17.962).abs() < 1e-3);
}

#[test]
fn the_sample_says_what_waits_for_the_mainframe() {
    let document: Value = serde_json::from_str(&run(&["--json"]).unwrap()).unwrap();
    let core = outlook(&document, "Core 26.1");
    assert_eq!(core["ships_at"], "2026-06-30T00:00:00.000Z");
    assert_eq!(core["critical_path"]["ready_at"], "2026-04-30T08:00:00.000Z");
    assert_eq!(core["critical_path"]["path"][0], "jira:MFD-11");
    assert_eq!(core["scope"]["commitment_kept"], 0.25);
    let gateway = outlook(&document, "Gateway 2.8.0");
    assert_eq!(gateway["scope"]["commitment_kept"].as_f64().map(|kept| (kept * 7.0).round()), Some(4.0));
    assert!(unmet(&gateway, "user_acceptance").iter().any(|fact| fact.1 == "gate:gateway-2.8-contract"));
    let mobile: Value =
        serde_json::from_str(&run(&["--json", "--release", "mobile 4.14.0"]).unwrap()).unwrap();
    assert_eq!(mobile["outlooks"][0]["ships_at"], "2026-07-07T00:00:00.000Z");
    let rejects: usize = document["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["rejects"].as_array().unwrap().len())
        .sum();
    assert_eq!(rejects, 0, "the sample is clean");
    let shipping = &document["shipping"];
    assert_eq!((shipping["agree"].as_u64(), shipping["differ"].as_u64()), (Some(36), Some(1)));
}

#[test]
fn a_release_that_can_not_be_scheduled_keeps_no_other_back() {
    let folder = scratch("untold");
    let events = r#"
{"source":"p","id":"1","occurred_at":"2026-03-02T08:00:00Z","item":"app:never","kind":"application","set":{"calendar":{"zone":"UTC","blackouts":[{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z","every_days":1}]}}}
{"source":"p","id":"2","occurred_at":"2026-03-02T08:00:00Z","item":"plan:R1","kind":"release","set":{"title":"Never"},"links":[{"kind":"belongs_to","to":"app:never"}]}
{"source":"p","id":"3","occurred_at":"2026-03-02T08:00:00Z","item":"plan:S1","kind":"story","set":{"state":"new","estimate":3600000},"links":[{"kind":"ships_in","to":"plan:R1"}]}
{"source":"p","id":"4","occurred_at":"2026-03-02T08:00:00Z","item":"plan:R2","kind":"release","set":{"title":"Soon"}}
"#;
    std::fs::write(folder.join("plan.events.jsonl"), events).unwrap();
    let path = folder.to_str().unwrap();
    let page = run(&[path, "--now", "2026-03-02T09:00:00Z"]).unwrap();
    assert!(page.contains("1 more can't be told\n  plan:R1: "), "{page}");
    assert!(page.contains("Soon"), "{page}");
    let alone = run(&[path, "--now", "2026-03-02T09:00:00Z", "--release", "Never"]);
    assert!(alone.unwrap_err().starts_with("plan:R1: "));
}

#[test]
fn the_first_lines_answer() {
    let page = run(&[]).unwrap();
    assert!(page.contains("Data quality: 1 numbering gap, 3 without state"), "{page}");
    let first: Vec<&str> = page.lines().take(21).collect();
    let totals = "4 releases are open: 3 in time for their target, 1 late, 0 without a target";
    assert_eq!(first[0], totals, "{first:#?}");
    // Late ones first, then those with the least time left.
    let order = ["Mobile 4.14.0", "Core 26.1", "Mobile 4.13.0", "Gateway 2.8.0"];
    let lines = first.iter().skip_while(|line| !line.starts_with("  late by")).skip(1);
    for (line, title) in lines.zip(order) {
        assert!(line.contains(title), "{first:#?}");
    }
    assert!(first.iter().any(|line| line.starts_with("     98 d  2026-07-07  2026-03-31")), "{first:#?}");
    assert!(page.contains("Mobile 4.13.0 of Mobile banking (iPhone), as of Wed 2026-03-04 (Europe/Zurich)"));
    assert!(page.contains("ships on Tue 2026-03-17 at the earliest, in time for its target Tue 2026-03-17"));
    assert!(
        page.contains(
            "Security review (gate:mobile-4.13-security) is not decided; it was needed by 2026-03-02"
        )
    );
    assert!(page.contains("No change is linked to List of past deposits (jira:CHK-29)"));
    assert_eq!(page, run(&[]).unwrap(), "the same input gives the same page");
}

#[test]
fn bad_folders_are_named() {
    assert_eq!(run(&["/nowhere/at/all"]).unwrap_err(), "/nowhere/at/all is not a folder");
    assert!(run(&["--frobnicate"]).unwrap_err().contains("--frobnicate"));
    assert!(run(&["--now", "yesterday"]).unwrap_err().contains("--now"));
    assert!(run(&["--release", "No Such 1.0"]).unwrap_err().contains("No Such 1.0"));
    let empty = scratch("empty");
    assert!(run(&[empty.to_str().unwrap()]).unwrap_err().contains("no file that is known"));
    std::fs::write(empty.join("notes.txt"), "hello").unwrap();
    std::fs::write(empty.join("empty.jsonl"), "").unwrap();
    assert!(run(&[empty.to_str().unwrap()]).unwrap_err().contains("no file that is known"));
    std::fs::write(empty.join("vsm.json"), "{\"sources\":[").unwrap();
    assert!(run(&[empty.to_str().unwrap()]).unwrap_err().starts_with("vsm.json: "));
}

#[test]
fn an_overlong_line_is_skipped_and_reported_with_its_place() {
    let folder = scratch("overlong");
    let commit = |sha: &str| {
        format!(
            "{{\"sha\":\"{sha}\",\"parents\":[],\"committed\":\"2026-03-01T09:00:00Z\",\"subject\":\"x\"}}\n"
        )
    };
    let mut text = commit("0001");
    text.push_str(&format!("{{\"sha\":\"0002\",\"subject\":\"{}\"}}\n", "x".repeat(40 << 20)));
    text.push_str(&commit("0003"));
    std::fs::write(folder.join("git.jsonl"), text).unwrap();
    let page = run(&[folder.to_str().unwrap(), "--now", "2026-03-04T00:00:00Z"]).unwrap();
    assert!(page.contains("2 events"), "{page}");
    assert!(page.contains("git.jsonl:2: the line is longer than"), "{page}");
}

#[test]
fn the_main_job_runs_on_a_real_archive() {
    let Some(data) = shared("jira-tidev") else { return };
    let folder = scratch("archive");
    for (from, to) in [
        ("ALOY.jsonl.gz", "jira.jsonl"),
        ("alloy-git.commits.jsonl.gz", "git.jsonl"),
        ("alloy-git.refs.csv", "tags.csv"),
    ] {
        std::fs::write(folder.join(to), bytes(&data.join(from))).unwrap();
    }
    let arguments = [folder.to_str().unwrap(), "--now", "2026-01-01T00:00:00Z", "--json"];
    let document: Value = serde_json::from_str(&run(&arguments).unwrap()).unwrap();
    // The commonest way in which these releases are named is found without being declared.
    assert_eq!(document["correlation"]["versions"][0]["release"], "Alloy {version}");
    let shipping = &document["shipping"];
    assert_eq!(shipping["items"].as_array().unwrap().len(), 591, "issue keys that commits name");
    assert_eq!((shipping["agree"].as_u64(), shipping["differ"].as_u64()), (Some(346), Some(73)));
    assert!(!document["outlooks"].as_array().unwrap().is_empty());
    let page = run(&arguments[..3]).unwrap();
    assert!(page.contains("Linked input"), "{page}");
}

#[test]
fn what_forges_write_is_told_by_its_beginning() {
    use vsm_core::Adapter;
    let told = |text: &str| sniff::adapter_of("x.json", text.as_bytes());
    assert_eq!(told(r#"[{"id":1,"iid":2,"project_id":3,"title":"t"}]"#), Some(Adapter::Gitlab));
    assert_eq!(told(r#"{"object_kind":"build"}"#), Some(Adapter::Gitlab));
    assert_eq!(told(r#"{"action":"x","issue":{"url":"u","node_id":"n"}}"#), Some(Adapter::Github));
    assert_eq!(told(r#"[{"sha":"4f2c","node_id":"n","parents":[]}]"#), Some(Adapter::Github));
    assert_eq!(told(r#"{"sha":"4f2c","parents":[]}"#), Some(Adapter::Git));
}
