//! Pipeline runs, stages and inputs of Jenkins, against what another tool and the stage view itself make of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vsm_core::{Adapter, IngestOptions, Ingested, Instant, Kind, LinkKind, Outcome, ValueStream, ingest};

use crate::shared::{bytes, shared};

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    reader.deserialize().map(Result::unwrap).collect()
}

fn read(text: &[u8], options: &IngestOptions) -> Ingested {
    let read = ingest(Adapter::Jenkins, text, options);
    assert_eq!(read, ingest(Adapter::Jenkins, text, options), "the same bytes give the same events");
    read
}

/// Each stage is taken for a deployment, because only an item has times.
#[test]
fn stages_are_the_expected_tasks() {
    let Some(folder) = shared("devlake/jenkins/e2e") else { return };
    let options = IngestOptions {
        deploy_stages: [("*".to_owned(), "env:any".to_owned())].into(),
        ..IngestOptions::default()
    };
    let raw: BTreeMap<String, String> = rows(&folder.join("raw_tables/_raw_jenkins_api_stages.csv"))
        .into_iter()
        .map(|mut row| (row.remove("id").unwrap(), row.remove("data").unwrap()))
        .collect();
    let (mut accepted, mut rejected) = (0, 0);
    let mut deployments: BTreeMap<&str, vsm_core::Fields> = BTreeMap::new();
    let mut ignored = BTreeMap::<String, u64>::new();
    for (id, text) in &raw {
        let read = read(text.as_bytes(), &options);
        // Three rows have no status, and nothing says how they went.
        if !read.rejects.is_empty() {
            assert!(read.rejects.len() == 1 && read.rejects[0].reason.starts_with("status: "), "{read:?}");
            rejected += 1;
            continue;
        }
        accepted += 1;
        for (what, times) in read.ignored {
            *ignored.entry(what).or_default() += times;
        }
        let deployment = read.events.iter().find(|event| event.kind == Some(Kind::Deployment));
        if let Some(event) = deployment {
            deployments.insert(id, event.set.clone());
        }
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(read.events).refused, []);
    }
    println!("stages: {} rows, {accepted} accepted, {rejected} rejected, ignored {ignored:?}", raw.len());

    let tasks = rows(&folder.join("snapshot_tables/cicd_tasks_after_stages.csv"));
    let (mut equal, mut without) = (0, 0);
    for task in &tasks {
        let Some(fields) = deployments.get(task["_raw_data_id"].as_str()) else {
            without += 1;
            continue;
        };
        assert_eq!(fields.title.as_deref(), Some(&*task["name"]));
        let result = match task["original_status"].as_str() {
            "SUCCESS" => Outcome::Success,
            "FAILED" => Outcome::Failure,
            "ABORTED" => Outcome::Aborted,
            other => panic!("{other}"),
        };
        assert_eq!(fields.result, Some(result), "{}", task["id"]);
        // Its start is cut off at the second.
        let time = |column: &str| task[column].parse::<Instant>().unwrap().millis();
        let start = fields.starts_at.unwrap().millis();
        assert_eq!(start - start % 1_000, time("started_date"), "{}", task["id"]);
        assert_eq!(fields.ends_at.unwrap().millis(), time("finished_date"), "{}", task["id"]);
        equal += 1;
    }
    println!("stages: {equal} of {} tasks equal, {without} without a status", tasks.len());
    assert_eq!((raw.len(), accepted + rejected, equal + without), (24, 24, 14));
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn every_answer_of_the_stage_view_is_read_or_rejected_with_a_reason() {
    let Some(folder) = shared("jenkins-wfapi") else { return };
    let mut found = Vec::new();
    files(&folder, &mut found);
    let options = IngestOptions {
        recorded_at: Some("2015-01-01T00:00:00Z".parse().unwrap()),
        deploy_stages: [("Deploy".to_owned(), "env:prod".to_owned())].into(),
        ..IngestOptions::default()
    };
    let mut counts = BTreeMap::<&str, usize>::new();
    // Rejected are runs whose links were taken out, which nothing else names, and the models of the page made of them.
    let (mut runs, mut events, mut rejects) = (0, 0, 0);
    let mut stream = ValueStream::new();
    for path in &found {
        let text = bytes(path);
        let read = read(&text, &options);
        let kind = match (read.events.is_empty(), read.rejects.is_empty(), read.ignored.is_empty()) {
            (false, true, _) => "accepted",
            (false, false, _) => "accepted in part",
            (true, false, _) => "rejected",
            (true, true, false) => "ignored",
            (true, true, true) => panic!("{} says nothing", path.display()),
        };
        println!("{}: {kind}, {} events, {} rejects", path.display(), read.events.len(), read.rejects.len());
        *counts.entry(kind).or_default() += 1;
        // Every run that names itself is a build with its own times.
        let document: Value = serde_json::from_slice(&text).unwrap();
        let list = document.as_array().cloned().unwrap_or_else(|| vec![document.clone()]);
        for run in list.iter().filter(|run| run["stages"].is_array() && run["_links"].is_object()) {
            let start = run["startTimeMillis"].as_i64().unwrap();
            let found = read.events.iter().find(|event| {
                event.kind == Some(Kind::Build) && event.set.starts_at.map(Instant::millis) == Some(start)
            });
            let event = found.unwrap_or_else(|| panic!("{} {start}", path.display()));
            let open = matches!(run["status"].as_str(), Some("IN_PROGRESS" | "PAUSED_PENDING_INPUT"));
            let end = run["endTimeMillis"].as_i64().filter(|_| !open);
            assert_eq!(event.set.ends_at.map(Instant::millis), end, "{} {start}", path.display());
            runs += 1;
        }
        events += read.events.len();
        rejects += read.rejects.len();
        stream.apply_batch(read.events);
    }
    println!("wfapi: {} files {counts:?}, {runs} runs, {events} events, {rejects} rejects", found.len());

    // The run that waits, in the list and by itself, is one build with one gate, and nothing has been deployed by it.
    let gate = stream.item("jenkins:Test Workflow#16/gate/10").unwrap();
    assert_eq!(gate.fields.asked_at.map(Instant::millis), Some(1_413_461_285_999));
    assert_eq!((gate.kind, gate.fields.decision), (Some(Kind::Gate), None));
    assert!(stream.item("jenkins:Test Workflow#16/stage/10").is_err());
    let input = stream.item("jenkins:Test Workflow#11/input/Ef95dd500ae6ed3b27b89fb852296d12").unwrap();
    assert_eq!(input.fields.title.as_deref(), Some("Is the build okay?"));
    let deployment = stream.item("jenkins:Test Workflow#15/stage/10").unwrap();
    assert_eq!(deployment.fields.result, Some(Outcome::Success));
    let links = stream.links("jenkins:Test Workflow#15/stage/10").unwrap();
    assert!(links.iter().any(|link| link.kind == LinkKind::Deploys && link.to == "jenkins:Test Workflow#15"));
    assert_eq!((found.len(), runs), (25, 14));
    assert_eq!(counts, [("accepted", 11), ("ignored", 5), ("rejected", 9)].into());
}

/// That tool takes jobs and stages for deployments by a pattern of their names, as the rules here do.
#[test]
fn the_expected_jobs_and_stages_are_deployments() {
    let Some(folder) = shared("devlake/jenkins/e2e") else { return };
    let payloads = |name: &str| -> Vec<u8> {
        let rows = rows(&folder.join("raw_tables").join(name));
        let lines: Vec<String> = rows.into_iter().map(|row| row["data"].replace(['\n', '\r'], "")).collect();
        lines.join("\n").into()
    };
    let rule = |pattern: &str| [(pattern.to_owned(), "env:production".to_owned())].into();
    let options = IngestOptions { deploy_jobs: rule("*/devlake"), ..IngestOptions::default() };
    let builds = read(&payloads("_raw_jenkins_api_builds.csv"), &options);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(builds.events).refused, []);
    let tasks = rows(&folder.join("snapshot_tables/cicd_tasks.csv"));
    for task in &tasks {
        assert_eq!((&*task["type"], &*task["environment"]), ("DEPLOYMENT", "PRODUCTION"));
        let run = task["id"].rsplit_once(':').unwrap().1;
        let item = stream.item(&format!("jenkins:{run}/deployment")).unwrap();
        assert_eq!(item.kind, Some(Kind::Deployment));
        let time = |column: &str| task[column].parse::<Instant>().ok().map(Instant::millis);
        // Its starts are cut off at the second, and its ends are these plus the duration.
        let (starts, ends) =
            (item.fields.starts_at.unwrap().millis(), item.fields.ends_at.map(Instant::millis));
        assert_eq!(Some(starts - starts % 1_000), time("started_date"), "{run}");
        assert_eq!(ends.map(|end| end - starts % 1_000), time("finished_date"), "{run}");
        let expected = match &*task["status"] {
            "IN_PROGRESS" => Some(Outcome::Running),
            _ => match &*task["original_result"] {
                "SUCCESS" => Some(Outcome::Success),
                "ABORTED" => Some(Outcome::Aborted),
                "UNSTABLE" => Some(Outcome::Unstable),
                _ => None,
            },
        };
        assert_eq!(item.fields.result, expected, "{run}");
    }
    println!("jobs: {} of {} deployments equal", tasks.len(), tasks.len());
    assert_eq!(tasks.len(), 12);

    let options = IngestOptions { deploy_stages: rule("gitlabAutoSync"), ..IngestOptions::default() };
    let raw = rows(&folder.join("raw_tables/_raw_jenkins_api_stages.csv"));
    let tasks = rows(&folder.join("snapshot_tables/cicd_tasks_after_stages.csv"));
    let mut deployments = 0;
    for task in &tasks {
        let row = raw.iter().find(|row| row["id"] == task["_raw_data_id"]).unwrap();
        let read = read(row["data"].as_bytes(), &options);
        let deploys = read.events.iter().any(|event| event.kind == Some(Kind::Deployment));
        assert_eq!(deploys, task["type"] == "DEPLOYMENT", "{}", task["id"]);
        deployments += usize::from(deploys);
    }
    println!("stages: {deployments} of {} are deployments, as expected", tasks.len());
    assert_eq!(deployments, 2);
}
