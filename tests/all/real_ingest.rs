//! The adapters on real payloads, against the results that other tools expect of them.
//!
//! The data are not part of this repository. They are looked for in `$VSM_SHARED_DATA`, else beside the repository in
//! `../shared/data`; where they are not, each test says so and checks nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use vsm_core::{
    Adapter, Event, IngestOptions, Ingested, Instant, Kind, LinkKind, Outcome, ValueStream, ingest,
};

use crate::shared::{bytes, shared};

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    reader.deserialize().map(Result::unwrap).collect()
}

/// The column that holds a payload, one a line.
fn payloads(path: &Path) -> Vec<u8> {
    rows(path)
        .into_iter()
        .map(|row| row["data"].replace(['\n', '\r'], ""))
        .collect::<Vec<_>>()
        .join("\n")
        .into()
}

fn read(adapter: Adapter, text: &[u8], options: &IngestOptions) -> Ingested {
    let read = ingest(adapter, text, options);
    assert_eq!(read, ingest(adapter, text, options), "the same bytes give the same events");
    read
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Time in status per issue and status id, as (entries, milliseconds): changes count until the given time, and the
/// last status has no end.
fn time_in_status(history: &[Event], until: Instant) -> BTreeMap<String, (u64, i64)> {
    let changes: Vec<(&str, Instant)> = history
        .iter()
        .filter(|event| event.occurred_at < until)
        .filter_map(|event| Some((event.set.status_id.as_deref()?, event.occurred_at)))
        .collect();
    let mut times: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    for (n, (status, since)) in changes.iter().enumerate() {
        let stay = changes.get(n + 1).map_or(0, |(_, next)| next.since(*since).millis());
        let (entries, millis) = times.entry((*status).to_owned()).or_default();
        *entries += 1;
        *millis += stay;
    }
    times
}

#[test]
fn jira_time_in_status_is_what_jira_says() {
    let Some(folder) = shared("devlake/jira") else { return };
    let read = read(Adapter::Jira, &bytes(&folder.join("issues_raw.jsonl")), &IngestOptions::default());
    assert_eq!(read.rejects, []);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);

    let mut expected: BTreeMap<String, BTreeMap<String, (u64, i64)>> = BTreeMap::new();
    for row in rows(&folder.join("expected_time_in_status.csv")) {
        let times = (row["entries"].parse().unwrap(), row["millis"].parse().unwrap());
        expected.entry(row["issue_key"].clone()).or_default().insert(row["status_id"].clone(), times);
    }
    // Jira stopped keeping the field then.
    let until = instant("2020-11-01T00:00:00Z");
    for (issue, times) in &expected {
        let history = stream.history(&format!("jira:{issue}")).unwrap();
        assert_eq!(&time_in_status(&history, until), times, "{issue}");
    }
    println!("time in status: {} of {} issues equal to the millisecond", expected.len(), expected.len());
    assert_eq!(expected.len(), 15);
}

#[test]
fn jira_status_history_is_as_expected() {
    let Some(folder) = shared("devlake/jira") else { return };
    let read = read(Adapter::Jira, &bytes(&folder.join("issues_raw.jsonl")), &IngestOptions::default());
    let mut stream = ValueStream::new();
    stream.apply_batch(read.events);
    let mut expected: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows(&folder.join("issue_trace_expected_status_history.csv")) {
        let id = row["issue_id"].rsplit_once(':').unwrap().1.to_owned();
        let start = instant(&row["start_date"]).to_string();
        expected.entry(id).or_default().push((start, row["original_status"].clone()));
    }
    let mut equal = 0;
    for (id, mut expected) in expected {
        expected.sort();
        let history = stream.history(&format!("jira:id/{id}")).unwrap();
        let said: Vec<(String, String)> = history
            .into_iter()
            .filter_map(|event| Some((event.occurred_at.to_string(), event.set.status?)))
            .collect();
        assert_eq!(said, expected, "issue {id}");
        equal += expected.len();
    }
    assert_eq!(equal, 95);
}

#[test]
fn jira_links_have_the_expected_direction() {
    let Some(folder) = shared("devlake/jira") else { return };
    let text = payloads(&folder.join("_raw_jira_api_issue_relationships.csv"));
    let read = read(Adapter::Jira, &text, &IngestOptions::default());
    assert_eq!(read.rejects, []);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);
    let expected = rows(&folder.join("expected_issue_relationships.csv"));
    for row in &expected {
        let alias = |column: &str| format!("jira:id/{}", row[column].rsplit_once(':').unwrap().1);
        let source = stream.item(&alias("source_issue_id")).unwrap().id;
        let links = stream.links(&source).unwrap();
        let word = row["original_type"].as_str();
        let found = links.iter().any(|link| {
            let (kind, other) = match word {
                "blocks" => (LinkKind::DependsOn, (link.to == source).then_some(&link.from)),
                "is blocked by" => (LinkKind::DependsOn, (link.from == source).then_some(&link.to)),
                _ => (LinkKind::Relates, (link.from == source).then_some(&link.to)),
            };
            // The other end may lie outside the data; then only its key is known.
            let wanted = stream.item(&alias("target_issue_id")).map(|item| item.id).ok();
            link.kind == kind && other.is_some_and(|other| wanted.is_none_or(|wanted| *other == wanted))
        });
        assert!(found, "{source} {word} {}: {links:?}", row["target_issue_id"]);
    }
    assert_eq!(expected.len(), 16);
}

/// Applies a Jira archive; gives what was refused by code, and the stream.
fn archive(file: &str) -> Option<(ValueStream, BTreeMap<String, usize>)> {
    let path = shared("jira-tidev")?.join(file);
    let read = read(Adapter::Jira, &bytes(&path), &IngestOptions::default());
    assert_eq!(read.rejects, []);
    println!("{file}: {} events, ignored {:?}", read.events.len(), read.ignored);
    let mut stream = ValueStream::new();
    let report = stream.apply_batch(read.events);
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for refusal in &report.refused {
        assert_eq!(
            refusal.code,
            "cycle",
            "{}: {}",
            refusal.event.as_deref().unwrap_or_default(),
            refusal.reason
        );
        *refused.entry(refusal.code.clone()).or_default() += 1;
    }
    println!("{file}: {} events accepted, refused {refused:?}", report.accepted);
    Some((stream, refused))
}

fn known_work(stream: &ValueStream, prefix: &str) -> usize {
    let is_known =
        |id: &String| id.starts_with(prefix) && stream.item(id).unwrap().kind.is_some_and(Kind::is_work);
    stream.items(None).iter().filter(|id| is_known(id)).count()
}

#[test]
fn a_jira_archive_is_read_whole() {
    let Some((stream, refused)) = archive("ALOY.jsonl.gz") else { return };
    assert_eq!(known_work(&stream, "jira:ALOY-"), 1_499);
    assert_eq!(stream.items(Some(Kind::Release)).len(), 176);
    // Each issue with a resolution is done or cancelled by the day of its resolution, not by that of its last change.
    let mut closed = 0;
    for id in stream.items(None).iter().filter(|id| id.starts_with("jira:ALOY-")) {
        let history = stream.history(id).unwrap();
        closed += usize::from(history.iter().any(|event| event.id.contains("/resolved/")));
    }
    assert_eq!(closed, 1_283);
    println!("ALOY: links refused as cycles: {refused:?}");
}

#[test]
fn a_larger_jira_archive_is_read_whole() {
    let Some((stream, _)) = archive("TIMOB_created_before_2013.reduced.jsonl.gz") else { return };
    assert_eq!(known_work(&stream, "jira:TIMOB-"), 10_729);
}

#[test]
fn a_git_history_is_read_whole() {
    let Some(folder) = shared("jira-tidev") else { return };
    let commits =
        read(Adapter::Git, &bytes(&folder.join("alloy-git.commits.jsonl.gz")), &IngestOptions::default());
    assert_eq!(commits.rejects, []);
    assert_eq!(commits.events.len(), 6_083);
    let tags = read(Adapter::GitTags, &bytes(&folder.join("alloy-git.refs.csv")), &IngestOptions::default());
    assert_eq!(tags.rejects, []);
    assert_eq!(tags.events.len(), 163);
    let is_final = |event: &&Event| {
        let parts: Vec<&str> = event.set.tag.as_deref().unwrap().trim_start_matches('v').split('.').collect();
        parts.len() == 3
            && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty())
    };
    println!(
        "git: {} tags, {} of them x.y.z",
        tags.events.len(),
        tags.events.iter().filter(is_final).count()
    );
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(commits.events.into_iter().chain(tags.events)).refused, []);
    assert_eq!(stream.items(Some(Kind::Change)).len(), 6_083);
    assert_eq!(stream.item_count(), 6_083, "every parent and tagged commit is in the history");
}

#[test]
fn jenkins_builds_are_the_expected_pipelines() {
    let Some(folder) = shared("devlake/jenkins/e2e") else { return };
    let raw = folder.join("raw_tables/_raw_jenkins_api_builds.csv");
    let read = read(Adapter::Jenkins, &payloads(&raw), &IngestOptions::default());
    assert_eq!(read.rejects, []);
    assert_eq!(read.events.len(), 14);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);

    let commits = rows(&folder.join("snapshot_tables/cicd_pipeline_commits.csv"));
    let pipelines = rows(&folder.join("snapshot_tables/cicd_pipelines.csv"));
    for row in &pipelines {
        let fields = stream.item(&format!("jenkins:{}", row["name"])).unwrap().fields;
        let (result, done) = (row["result"].as_str(), row["status"] == "DONE");
        // That tool calls an aborted build a failure and an unstable one nothing, and one of its rows has a result
        // that Jenkins doesn't know (NOT_BUILD); here results are kept as they are.
        let expected = match (done, row["original_result"].as_str()) {
            (false, _) => Some(Outcome::Running),
            (true, "SUCCESS") => Some(Outcome::Success),
            (true, "FAILURE") => Some(Outcome::Failure),
            (true, "UNSTABLE") => Some(Outcome::Unstable),
            (true, "ABORTED") => Some(Outcome::Aborted),
            (true, _) => None,
        };
        assert_eq!(fields.result, expected, "{}: {result}", row["name"]);
        // Its times are cut off at the second; the end is start plus duration.
        let start = instant(&row["created_date"]).millis();
        let (starts, ends) = (fields.starts_at.unwrap().millis(), fields.ends_at.map(Instant::millis));
        assert_eq!(starts - starts % 1_000, start, "{}", row["name"]);
        let millis = (row["duration_sec"].parse::<f64>().unwrap() * 1e3).round() as i64;
        assert_eq!(ends, done.then_some(starts + millis), "{}", row["name"]);
        let built_from: BTreeSet<String> = stream
            .links(&format!("jenkins:{}", row["name"]))
            .unwrap()
            .into_iter()
            .filter(|link| link.kind == LinkKind::BuiltFrom)
            .map(|link| link.to)
            .collect();
        let expected: BTreeSet<String> = commits
            .iter()
            .filter(|commit| commit["pipeline_id"] == row["id"])
            .map(|commit| format!("git:{}", commit["commit_sha"]))
            .collect();
        assert_eq!(built_from, expected, "{}", row["name"]);
    }
    // The fourteenth build is of another job, which that tool was not asked about.
    let asked: BTreeSet<String> = pipelines.iter().map(|row| format!("jenkins:{}", row["name"])).collect();
    let others: Vec<String> =
        stream.items(Some(Kind::Build)).into_iter().filter(|build| !asked.contains(build)).collect();
    assert_eq!((pipelines.len(), others.len()), (13, 1), "{others:?}");
    assert!(others[0].starts_with("jenkins:pipeline-test2"), "{others:?}");
}

fn junit_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            junit_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "xml") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn junit_counts_are_the_expected_ones() {
    let Some(folder) = shared("junit/publish-unit-test-result/junit-xml") else { return };
    let mut files = Vec::new();
    junit_files(&folder, &mut files);
    let options = IngestOptions { at: Some(instant("2026-03-01T00:00:00Z")), ..IngestOptions::default() };
    let (mut equal, mut rejected) = (0, 0);
    for path in &files {
        let read = read(Adapter::Junit, &bytes(path), &options);
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
        assert_eq!(said, expected, "{}", path.display());
        // Cases that repeat a name are further runs of one test there as well.
        let runs = results["stats"]["runs"].as_u64().unwrap();
        assert_eq!(read.ignored.get("repeated test case").copied().unwrap_or(0), runs - expected[0]);
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(read.events).refused, [], "{}", path.display());
        equal += 1;
    }
    println!("junit: {equal} files with equal counts, {rejected} rejected as expected, of {}", files.len());
    assert_eq!((files.len(), equal, rejected), (29, 27, 2));
}
