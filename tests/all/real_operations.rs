//! Azure DevOps, PagerDuty, Opsgenie and ServiceNow on real payloads, against what other tools make of them.
//!
//! Where the data are looked for, and what happens without them, is said in `real_ingest`. None of them is from Bitbucket,
//! CircleCI or a ServiceNow change request.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use vsm_core::{
    Adapter, FlowState, IngestOptions, Ingested, Instant, Kind, LinkKind, Outcome, ValueStream, ingest,
};

use crate::shared::{bytes, shared};

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    reader.deserialize().map(Result::unwrap).collect()
}

fn read(adapter: Adapter, text: &[u8]) -> Ingested {
    let options = IngestOptions::default();
    let read = ingest(adapter, text, &options);
    assert_eq!(read, ingest(adapter, text, &options), "the same bytes give the same events");
    read
}

/// Reads a file that has to be read whole, and applies it twice: the second time must change nothing.
fn apply(adapter: Adapter, path: &Path, stream: &mut ValueStream) -> Ingested {
    let read = read(adapter, &bytes(path));
    assert_eq!(read.rejects, [], "{}", path.display());
    let report = stream.apply_batch(read.events.clone());
    assert_eq!(report.refused, [], "{}", path.display());
    let again = stream.apply_batch(read.events.clone());
    assert_eq!((again.accepted, again.refused.len()), (0, 0), "{}", path.display());
    println!("{}: {} events, ignored {:?}", path.display(), read.events.len(), read.ignored);
    read
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    files
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn kinds(stream: &ValueStream) -> BTreeMap<Kind, usize> {
    let mut kinds = BTreeMap::new();
    for id in stream.items(None) {
        if let Some(kind) = stream.item(&id).unwrap().kind {
            *kinds.entry(kind).or_default() += 1;
        }
    }
    kinds
}

#[test]
fn azure_devops_hooks_are_read_whole() {
    let Some(folder) = shared("azuredevops-webhooks") else { return };
    let files = files(&folder);
    let mut stream = ValueStream::new();
    for path in &files {
        assert_eq!(apply(Adapter::AzureDevops, path, &mut stream).ignored, BTreeMap::new());
    }
    assert_eq!(files.len(), 5);
    // One build, one pull request that three hooks tell of, the commit of the push and the one that the merge made.
    assert_eq!(kinds(&stream), [(Kind::Change, 3), (Kind::Build, 1)].into());
    let build = stream.items(Some(Kind::Build)).remove(0);
    let fields = stream.item(&build).unwrap().fields;
    assert_eq!(
        (fields.result, fields.starts_at),
        (Some(Outcome::Success), Some(instant("2015-04-07T18:04:06.830Z")))
    );
    assert_eq!(fields.ends_at, Some(instant("2015-04-07T18:06:10.690Z")));
    let pull = stream.items(Some(Kind::Change)).into_iter().find(|id| id.contains("/pull/")).unwrap();
    let fields = stream.item(&pull).unwrap().fields;
    assert_eq!(
        (fields.state, fields.ends_at),
        (Some(FlowState::Done), Some(instant("2014-06-30T18:59:12.366Z")))
    );
    let links = stream.links(&pull).unwrap();
    let follows = |from: bool| {
        let own = |link: &&vsm_core::Related| (link.from == pull) == from && link.kind == LinkKind::Follows;
        links.iter().filter(own).count()
    };
    assert_eq!((follows(true), follows(false)), (1, 1), "{links:?}");
}

#[test]
fn on_call_webhooks_are_read_whole() {
    let Some(folder) = shared("pagerduty-opsgenie") else { return };
    let files = files(&folder);
    let mut stream = ValueStream::new();
    for path in &files {
        let is_opsgenie = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("opsgenie"));
        let adapter = if is_opsgenie { Adapter::Opsgenie } else { Adapter::Pagerduty };
        assert_eq!(apply(adapter, path, &mut stream).ignored, BTreeMap::new());
    }
    assert_eq!((files.len(), kinds(&stream)), (3, [(Kind::Incident, 3)].into()));
    let mut states: Vec<Option<FlowState>> =
        stream.items(Some(Kind::Incident)).iter().map(|id| stream.item(id).unwrap().fields.state).collect();
    states.sort();
    assert_eq!(states, [Some(FlowState::New), Some(FlowState::New), Some(FlowState::Done)]);
}

#[test]
fn pagerduty_incidents_are_the_expected_issues() {
    let Some(folder) = shared("devlake/pagerduty/e2e") else { return };
    let raw = rows(&folder.join("raw_tables/_raw_pagerduty_incidents.csv"));
    let text: Vec<String> = raw.iter().map(|row| row["data"].replace(['\n', '\r'], "")).collect();
    let read = read(Adapter::Pagerduty, text.join("\n").as_bytes());
    assert_eq!(read.rejects, []);
    println!("{} incidents, {} events, ignored {:?}", raw.len(), read.events.len(), read.ignored);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);
    let by_number: BTreeMap<String, String> = stream
        .items(Some(Kind::Incident))
        .into_iter()
        .map(|id| (stream.item(&id).unwrap().fields.attributes["number"].clone(), id))
        .collect();

    let issues = rows(&folder.join("snapshot_tables/issues.csv"));
    for row in &issues {
        let id = &by_number[&row["issue_key"]];
        let fields = stream.item(id).unwrap().fields;
        let state = match row["status"].as_str() {
            "TODO" => FlowState::New,
            "IN_PROGRESS" => FlowState::Active,
            "DONE" => FlowState::Done,
            other => panic!("{other}"),
        };
        assert_eq!(fields.state, Some(state), "{id}");
        assert_eq!(fields.status.as_deref(), Some(row["original_status"].as_str()), "{id}");
        assert_eq!(fields.attributes["urgency"], row["urgency"], "{id}");
        assert_eq!(fields.attributes["url"], row["url"], "{id}");
        // That tool's description is the summary, which puts the number before the title.
        let summary = format!("[#{}] {}", row["issue_key"], fields.title.as_deref().unwrap());
        assert_eq!(summary, row["description"], "{id}");
        assert_eq!(fields.starts_at, Some(instant(&row["created_date"])), "{id}");
        let resolved = Some(row["resolution_date"].as_str()).filter(|date| !date.is_empty());
        assert_eq!(fields.ends_at, resolved.map(instant), "{id}");
        if let (Some(start), Some(end)) = (fields.starts_at, fields.ends_at) {
            assert_eq!((end.since(start).millis() / 60_000).to_string(), row["lead_time_minutes"], "{id}");
        }
    }
    let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let assignees = rows(&folder.join("snapshot_tables/issue_assignees.csv"));
    for row in &assignees {
        let number = row["issue_id"].rsplit_once(':').unwrap().1;
        expected.entry(number).or_default().insert(&row["assignee_name"]);
    }
    for (number, id) in &by_number {
        let assignee = stream.item(id).unwrap().fields.assignee.unwrap_or_default();
        let names: BTreeSet<&str> = assignee.split(", ").filter(|name| !name.is_empty()).collect();
        assert_eq!(names, expected.remove(number.as_str()).unwrap_or_default(), "{id}");
    }
    assert_eq!((issues.len(), assignees.len(), by_number.len()), (3, 3, 3));
}

/// The values of the fields of one kind of object in a Jest snapshot.
fn snapshot(text: &str, model: &str) -> Vec<Row> {
    let start = format!("    \"{model}\": Object {{");
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == start {
            let fields = lines.by_ref().take_while(|line| *line != "    },");
            let pairs = fields
                .filter(|line| line.starts_with("      \""))
                .filter_map(|line| line.trim().split_once(": "));
            found.push(
                pairs
                    .map(|(name, value)| {
                        (name.trim_matches('"').to_owned(), value.trim_matches([',', '"']).to_owned())
                    })
                    .collect(),
            );
        }
    }
    found
}

#[test]
fn an_airbyte_stream_of_pagerduty_is_read_whole() {
    let Some(folder) = shared("faros/destination/pagerduty") else { return };
    let mut stream = ValueStream::new();
    let read = apply(Adapter::Pagerduty, &folder.join("all-streams.log"), &mut stream);
    // Three incidents and three log entries; the user and the service are nothing here.
    assert_eq!(read.ignored.values().sum::<u64>(), 2);
    let expected =
        snapshot(&String::from_utf8(bytes(&folder.join("expected.snap"))).unwrap(), "ims_Incident");
    for row in &expected {
        let item = stream.item(&format!("pagerduty:{}", row["uid"])).unwrap();
        assert_eq!((item.kind, item.fields.title.as_ref()), (Some(Kind::Incident), Some(&row["title"])));
        assert_eq!(item.fields.ends_at.map(|at| at.to_string()).unwrap_or("null".into()), row["resolvedAt"]);
        // The log entry of one incident is a second older than the incident itself.
        assert_eq!(item.fields.starts_at.unwrap().to_string(), row["createdAt"]);
    }
    assert_eq!((expected.len(), stream.items(Some(Kind::Incident)).len()), (3, 3));
    println!("{} of 3 incidents equal", expected.len());
}

#[test]
fn an_airbyte_stream_of_servicenow_is_read_whole() {
    let Some(folder) = shared("faros/destination/servicenow") else { return };
    let mut stream = ValueStream::new();
    let read = apply(Adapter::Servicenow, &folder.join("all-streams.log"), &mut stream);
    // Two incidents; two users are nothing here.
    assert_eq!(read.ignored, [("record of another table".to_owned(), 2)].into());
    let expected = String::from_utf8(bytes(&folder.join("expected.snap"))).unwrap();
    assert!(
        expected.contains("Processed 4 records") && expected.contains(r#"ims_Incident\\\\\\":2"#),
        "{expected}"
    );
    assert_eq!(kinds(&stream), [(Kind::Incident, 2)].into());
    let item = stream.item("servicenow:INC0000002").unwrap();
    assert_eq!(
        (item.fields.state, item.fields.starts_at),
        (Some(FlowState::Waiting), Some(instant("2021-10-26T23:07:12Z")))
    );
}

#[test]
fn bodies_of_pagerduty_and_servicenow_are_read_whole() {
    let Some(folder) = shared("faros/source") else { return };
    for (name, adapter, events, ignored) in
        [("pagerduty", Adapter::Pagerduty, 9, 13), ("servicenow", Adapter::Servicenow, 16, 5)]
    {
        let mut stream = ValueStream::new();
        let (mut seen, mut of_no_use) = (0, 0);
        let files = files(&folder.join(name));
        for path in &files {
            let read = apply(adapter, path, &mut stream);
            seen += read.events.len();
            of_no_use += read.ignored.values().sum::<u64>();
        }
        println!("{name}: {} files, {seen} events, {of_no_use} records of no use", files.len());
        assert_eq!((seen, of_no_use), (events, ignored), "{name}");
    }
}

#[test]
fn streams_of_other_tools_lose_their_envelope_too() {
    let Some(folder) = shared("faros/destination") else { return };
    for (name, adapter) in [("jenkins", Adapter::Jenkins), ("jira", Adapter::Jira)] {
        let text = bytes(&folder.join(name).join("all-streams.log"));
        let lines = String::from_utf8_lossy(&text).lines().filter(|line| !line.trim().is_empty()).count();
        let read = read(adapter, &text);
        let why: BTreeSet<&str> = read.rejects.iter().map(|reject| reject.reason.as_str()).collect();
        println!(
            "{name}: {lines} lines, {} events, {} rejects: {why:?}",
            read.events.len(),
            read.rejects.len()
        );
        // What is no build or issue (jobs, users, boards) is no record of these adapters, and said to be none.
        assert!(!read.events.is_empty(), "{name}");
        // The Jira stream holds issues twice with other fields.
        assert_eq!(ValueStream::new().apply_batch(read.events).refused, [], "{name}");
    }
}
