//! Tables of other tools, brought in by a mapping alone. See `real_ingest` for where the data are.

use std::collections::BTreeMap;

use serde_json::Value;
use vsm_core::{Adapter, FlowState, IngestOptions, Ingested, Kind, ValueStream, ingest};

use crate::shared::{bytes, shared};

fn options(mapping: &str) -> IngestOptions {
    let mapping = serde_json::from_str(mapping).unwrap();
    IngestOptions { mapping: Some(mapping), zone: Some("UTC".into()), ..IngestOptions::default() }
}

fn read(text: &[u8], mapping: &str) -> Ingested {
    let read = ingest(Adapter::Mapping, text, &options(mapping));
    assert_eq!(
        read,
        ingest(Adapter::Mapping, text, &options(mapping)),
        "the same bytes give the same events"
    );
    read
}

#[test]
fn a_team_export_gives_the_expected_cycle_times() {
    let Some(folder) = shared("flow/letpeoplework") else { return };
    let mapping = r#"{"source":"team","id":"team:{id}","kind":"story","occurred_at":"{started}",
        "fields":{"size":"{estimation}"},"reached":{"active":"{started}","done":"{closed}"}}"#;
    let read = read(&bytes(&folder.join("flowmetricscsv_example.csv")), mapping);
    assert_eq!(read.rejects, []);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);
    let expected: Value =
        serde_json::from_slice(&bytes(&folder.join("flowmetricscsv_example.expected.json"))).unwrap();
    assert_eq!(stream.items(Some(Kind::Story)).len() as u64, expected["n_items"].as_u64().unwrap());
    let times = expected["cycle_times_by_id"].as_object().unwrap();
    for (id, days) in times {
        let history = stream.history(&format!("team:{id}")).unwrap();
        let at = |state| history.iter().find(|event| event.set.state == Some(state)).unwrap().occurred_at;
        let elapsed = at(FlowState::Done).since(at(FlowState::Active)).days();
        assert_eq!(elapsed.floor() + 1.0, days.as_f64().unwrap(), "{id}");
    }
    println!("letpeoplework: {} cycle times equal of {}", times.len(), expected["n_closed_with_both"]);
    assert_eq!(times.len(), 261);
}

#[test]
fn an_event_log_gives_the_expected_cases() {
    let Some(folder) = shared("flow/pm4py") else { return };
    let mapping = r#"{"source":"log","id":"case:{case}","kind":"story","occurred_at":"{timestamp}",
        "fields":{"status":"{activity}"}}"#;
    let read = read(&bytes(&folder.join("running-example.csv")), mapping);
    let expected: Value =
        serde_json::from_slice(&bytes(&folder.join("running-example.expected.json"))).unwrap();
    assert_eq!(
        (read.rejects.as_slice(), read.events.len() as u64),
        (&[][..], expected["num_events"].as_u64().unwrap())
    );
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);
    let mut durations: Vec<f64> = Vec::new();
    let mut follows: BTreeMap<String, u64> = BTreeMap::new();
    for case in stream.items(Some(Kind::Story)) {
        let history = stream.history(&case).unwrap();
        let (first, last) = (history.first().unwrap(), history.last().unwrap());
        durations.push(last.occurred_at.since(first.occurred_at).millis() as f64 / 1e3);
        for pair in history.windows(2) {
            let word = |n: usize| pair[n].set.status.clone().unwrap();
            *follows.entry(format!("{}|{}", word(0), word(1))).or_default() += 1;
        }
    }
    durations.sort_by(f64::total_cmp);
    assert_eq!(serde_json::to_value(durations).unwrap(), expected["case_duration_seconds_sorted"]);
    assert_eq!(serde_json::to_value(follows).unwrap(), expected["dfg_frequency"]);
}

#[test]
fn tables_of_a_large_jira_are_read_whole() {
    let Some(folder) = shared("flow/titanium-jira") else { return };
    let table = [
        (
            "versions.csv.gz",
            r#"{"source":"sheet","id":"jira:version/{id}","kind":"release","occurred_at":"1970-01-01",
            "fields":{"title":"{name}","version":"{name}","state":"{released}","released_at":"{release_date}"},
            "words":{"state: True":"done","state: False":"new"}}"#,
        ),
        (
            "issues_TIMOB.csv.gz",
            r#"{"source":"sheet","id":"jira:{key}","kind":"{type}","occurred_at":"{created}",
            "fields":{"priority":"{priority}","status":"{status}"},
            "words":{"kind: Bug":"defect","kind: Improvement":"feature","kind: New Feature":"feature","kind: Sub-task":"story",
            "kind: Technical task":"debt","kind: Documentation":"story","kind: Task":"story","kind: Sub-Task":"story",
            "kind:":"story"},
            "links":[{"kind":"ships_in","to":"jira:version/{fix_versions}","separator":"|"},{"kind":"parent","to":"jira:{epic}"}],
            "reached":{"new":"{created}","done":"{resolved}"}}"#,
        ),
    ];
    for (file, mapping) in table {
        let text = bytes(&folder.join(file));
        let rows = csv::Reader::from_reader(text.as_slice()).into_records().map(Result::unwrap).count();
        let read = read(&text, mapping);
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for reject in &read.rejects {
            *reasons.entry(&reject.reason).or_default() += 1;
        }
        let wholes = read.events.iter().filter(|event| event.kind.is_some()).count();
        println!("{file}: {rows} rows, {wholes} read, {} events, rejects {reasons:?}", read.events.len());
        assert_eq!(wholes + read.rejects.len(), rows, "{file}");
        let report = ValueStream::new().apply_batch(read.events);
        assert!(report.refused.iter().all(|refusal| refusal.code == "cycle"), "{file}: {:?}", report.refused);
    }
}

#[test]
fn test_executions_of_a_qa_tool_are_the_expected_ones() {
    let Some(folder) = shared("devlake/customize/e2e") else { return };
    let mapping = r#"{"source":"qa","id":"qa:{id}","kind":"test_run","occurred_at":"{finish_time}",
        "fields":{"starts_at":"{start_time}","ends_at":"{finish_time}","result":"{status}"},
        "attributes":{"test_case":"{qa_test_case_id}"},"words":{"FAILED":"failure"}}"#;
    let mut stream = ValueStream::new();
    let read = read(&bytes(&folder.join("raw_tables/qa_test_case_executions_input.csv")), mapping);
    assert_eq!(read.rejects, []);
    assert_eq!(stream.apply_batch(read.events).refused, []);
    let output = bytes(&folder.join("snapshot_tables/qa_test_case_executions_output.csv"));
    let mut rows = 0;
    for row in csv::Reader::from_reader(output.as_slice()).deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let fields = stream.item(&format!("qa:{}", row["id"])).unwrap().fields;
        let time = |name: &str| Some(row[name].parse::<vsm_core::Instant>().unwrap());
        assert_eq!((fields.starts_at, fields.ends_at), (time("start_time"), time("finish_time")));
        let failed = fields.result == Some(vsm_core::Outcome::Failure);
        assert_eq!(failed, row["status"] == "FAILED", "{}", row["id"]);
        assert_eq!(fields.attributes["test_case"], row["qa_test_case_id"]);
        rows += 1;
    }
    println!("qa executions: {rows} rows equal");
    assert_eq!(stream.items(Some(Kind::TestRun)).len(), rows);
}
