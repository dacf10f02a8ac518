//! Webhooks of Jira, as Jira sent them. See `real_ingest` for where the data are.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vsm_core::{Adapter, Event, FlowState, IngestOptions, Instant, Kind, ValueStream, ingest};

use crate::shared::{bytes, shared};

#[test]
fn jira_webhooks_of_cloud_and_server_are_read_or_counted() {
    let Some(folder) = shared("jira-webhooks") else { return };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    files.sort();
    let (mut told, mut counted) = (0, BTreeMap::new());
    for path in &files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let read = ingest(Adapter::Jira, &bytes(path), &IngestOptions::default());
        assert_eq!(read.rejects, [], "{name}");
        if read.events.is_empty() {
            assert!(name.contains("comment-"), "{name}");
            let [(what, 1)] = &read.ignored.iter().map(|(w, n)| (w.clone(), *n)).collect::<Vec<_>>()[..]
            else {
                panic!("{name}: {:?}", read.ignored)
            };
            *counted.entry(what.clone()).or_insert(0) += 1;
            continue;
        }
        told += 1;
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(read.events.clone()).refused, [], "{name}");
        assert_eq!(stream.apply_batch(read.events.clone()).accepted, 0, "{name}");
        let issue = read.events.iter().find(|event| event.id.contains("/webhook/")).unwrap();
        let item = stream.item(&issue.item).unwrap();
        assert!(item.kind.is_some_and(Kind::is_work) && item.fields.status_id.is_some(), "{name}: {item:?}");
        let has = |part: &str| read.events.iter().any(|event| event.id.contains(part));
        assert_eq!(has("/created"), name.contains("issue-created"), "{name}");
        assert_eq!(has("/deleted/"), name == "webhook-issue-deleted", "{name}");
        match name.as_str() {
            name if name.contains("resolved") => {
                assert_eq!(item.fields.state, Some(FlowState::Done), "{name}")
            }
            "webhook-issue-deleted" => assert_eq!(item.fields.state, Some(FlowState::Cancelled)),
            _ => {}
        }
        let changes = ["resolved", "assigned", "renamed", "priority", "multiple-values"];
        if changes.iter().any(|change| name.contains(change)) {
            assert!(has("/history/"), "{name}");
        }
        println!("{name}: {} events, ignored {:?}", read.events.len(), read.ignored);
    }
    println!("jira webhooks: {told} told, {counted:?} counted, of {}", files.len());
    assert_eq!((files.len(), told, counted.values().sum::<i32>()), (29, 24, 5));
}

/// The fields of an issue as they were before some changes.
fn wound_back(issue: &Value, later: &[Value]) -> Value {
    let mut fields = issue["fields"].clone();
    for name in ["status", "priority", "resolution", "issuetype"] {
        let mut changes = later.iter().flat_map(|entry| entry["items"].as_array().unwrap());
        if let Some(change) = changes.find(|change| change["field"] == name) {
            let today = &issue["fields"][name];
            fields[name] = match &change["from"] {
                Value::Null => Value::Null,
                from if *from == today["id"] => today.clone(),
                from => json!({"id": from, "name": change["fromString"]}),
            };
        }
    }
    fields
}

/// Webhooks made of the entries of real changelogs tell the same events as the changelogs themselves.
#[test]
fn changes_as_webhooks_are_the_entries_of_the_changelog() {
    let Some(path) = shared("devlake/jira/issues_raw.jsonl") else { return };
    let text = String::from_utf8(bytes(&path)).unwrap();
    let (mut equal, mut silent) = (0, 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let issue: Value = serde_json::from_str(line).unwrap();
        let rest = ingest(Adapter::Jira, line.as_bytes(), &IngestOptions::default());
        let mut log = issue["changelog"]["histories"].as_array().unwrap().clone();
        let number = |entry: &Value| entry["id"].as_str().unwrap().parse::<u64>().unwrap();
        log.sort_by_key(|entry| (entry["created"].as_str().unwrap().parse::<Instant>().ok(), number(entry)));
        for (n, entry) in log.iter().enumerate() {
            let mut told =
                json!({"id": issue["id"], "key": issue["key"], "fields": wound_back(&issue, &log[n + 1..])});
            told["fields"]["updated"] = entry["created"].clone();
            let hook = json!({
                "timestamp": 1_900_000_000_000_u64, "webhookEvent": "jira:issue_updated", "issue": told,
                "changelog": {"id": entry["id"], "items": entry["items"]}
            });
            let told = ingest(Adapter::Jira, hook.to_string().as_bytes(), &IngestOptions::default());
            assert_eq!(told.rejects, []);
            let id = format!("/history/{}/", entry["id"].as_str().unwrap());
            let of = |events: &[Event]| events.iter().find(|event| event.id.contains(&id)).cloned();
            // What an earlier change said already, the changelog as a whole doesn't say again.
            match of(&rest.events) {
                None => silent += 1,
                Some(event) => {
                    assert_eq!(of(&told.events), Some(event), "{}", issue["key"]);
                    equal += 1;
                }
            }
        }
    }
    println!("changes of jira: {equal} told alike by webhook and changelog, {silent} say nothing new");
}
