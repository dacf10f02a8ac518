//! Event logs of other tools, with what a tool for process mining says of them. See `real_ingest` for where the data are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use vsm_core::{Adapter, IngestOptions, ValueStream, ingest};

use crate::shared::{bytes, shared};

fn seconds(text: &Value) -> i64 {
    let text = text.as_str().unwrap().replace(' ', "T");
    text.parse::<vsm_core::Instant>().unwrap().millis() / 1_000
}

/// The activities of an object, with the second of each.
fn activities(stream: &ValueStream, id: &str) -> Vec<(String, i64)> {
    let history = stream.history(&format!("ocel:{id}")).unwrap();
    history
        .iter()
        .filter(|event| event.id.starts_with("event/"))
        .map(|event| (event.set.status.clone().unwrap(), event.occurred_at.millis() / 1_000))
        .collect()
}

#[test]
fn object_centric_logs_have_the_expected_lives() {
    let Some(folder) = shared("flow/pm4py") else { return };
    let options = IngestOptions { zone: Some("UTC".into()), ..IngestOptions::default() };
    for (file, objects, events) in [("ocel20_example.jsonocel", 9, 13), ("example_log.jsonocel", 15, 23)] {
        let text = bytes(&folder.join(file));
        let raw: Value = serde_json::from_slice(&text).unwrap();
        let read = ingest(Adapter::Ocel, &text, &options);
        assert_eq!(read.rejects, [], "{file}");
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(read.events).refused, [], "{file}");
        let expected: Value =
            serde_json::from_slice(&bytes(&folder.join(format!("{file}.expected.json")))).unwrap();
        let summary = expected["objects_summary"].as_array().unwrap();
        for object in summary {
            let lived = activities(&stream, object["ocel:oid"].as_str().unwrap());
            assert_eq!(lived.len() as u64, object["n_events"].as_u64().unwrap(), "{file}: {object}");
            assert_eq!(lived.first().unwrap().1, seconds(&object["lifecycle_start"]), "{file}: {object}");
            assert_eq!(lived.last().unwrap().1, seconds(&object["lifecycle_end"]), "{file}: {object}");
        }
        let types: BTreeMap<String, Vec<String>> = stream.items(None).into_iter().fold(
            BTreeMap::new(),
            |mut types: BTreeMap<String, Vec<String>>, id| {
                let of = stream.item(&id).unwrap().fields.attributes["object_type"].clone();
                types.entry(of).or_default().push(id.strip_prefix("ocel:").unwrap().to_owned());
                types
            },
        );
        for (object_type, ids) in &types {
            let mut known = BTreeSet::new();
            let mut follows: BTreeMap<String, u64> = BTreeMap::new();
            for id in ids {
                let lived = activities(&stream, id);
                known.extend(lived.iter().map(|(activity, _)| activity.clone()));
                for pair in lived.windows(2) {
                    *follows.entry(format!("{}|{}", pair[0].0, pair[1].0)).or_default() += 1;
                }
            }
            assert_eq!(
                json!(known),
                expected["object_type_activities"][object_type],
                "{file}: {object_type}"
            );
            assert_eq!(json!(follows), expected["flattened_dfg"][object_type], "{file}: {object_type}");
        }
        let count = |new: &str, old: &str| {
            raw[new].as_array().map(Vec::len).or(raw[old].as_object().map(serde_json::Map::len)).unwrap()
        };
        let (all, told) = (count("objects", "ocel:objects"), count("events", "ocel:events"));
        println!("{file}: {all} objects, {told} events, {} lives equal of {}", summary.len(), all);
        assert_eq!((all, told), (objects, events), "{file}");

        let log = stream.to_ocel();
        let mut again = ValueStream::new();
        let report = again.ingest(Adapter::Ocel, log.as_bytes(), &IngestOptions::default());
        assert_eq!((report.rejects.len(), report.applied.refused.len()), (0, 0), "{file}");
        assert_eq!(again.to_snapshot(), stream.to_snapshot(), "{file}");
    }
}

/// No log in XES is among the data, so one is made of the CSV: the same cases, in the other form.
#[test]
fn a_case_log_in_xes_has_the_expected_cases() {
    let Some(folder) = shared("flow/pm4py") else { return };
    let text = bytes(&folder.join("running-example.csv"));
    let mut cases: BTreeMap<String, String> = BTreeMap::new();
    for row in csv::Reader::from_reader(text.as_slice()).records().map(Result::unwrap) {
        let event = format!(
            "<event><string key=\"concept:name\" value=\"{}\"/><date key=\"time:timestamp\" value=\"{}\"/></event>",
            &row[1], &row[2]
        );
        cases.entry(row[0].to_owned()).or_default().push_str(&event);
    }
    let traces = cases.iter().map(|(case, events)| {
        format!("<trace><string key=\"concept:name\" value=\"{case}\"/>{events}</trace>\n")
    });
    let log = format!("<log xmlns=\"http://www.xes-standard.org/\">{}</log>", traces.collect::<String>());
    let read = ingest(Adapter::Xes, log.as_bytes(), &IngestOptions::default());
    assert_eq!(read.rejects, []);
    let expected: Value =
        serde_json::from_slice(&bytes(&folder.join("running-example.expected.json"))).unwrap();
    let told = read.events.iter().filter(|event| event.kind.is_none()).count();
    assert_eq!(told as u64, expected["num_events"].as_u64().unwrap());
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);
    let mut durations = Vec::new();
    let mut follows: BTreeMap<String, u64> = BTreeMap::new();
    for case in stream.items(None) {
        let mut history = stream.history(&case).unwrap();
        history.retain(|event| event.set.status.is_some());
        let (first, last) = (history.first().unwrap(), history.last().unwrap());
        durations.push(last.occurred_at.since(first.occurred_at).millis() as f64 / 1e3);
        for pair in history.windows(2) {
            let word = |n: usize| pair[n].set.status.clone().unwrap();
            *follows.entry(format!("{}|{}", word(0), word(1))).or_default() += 1;
        }
    }
    durations.sort_by(f64::total_cmp);
    assert_eq!(json!(durations), expected["case_duration_seconds_sorted"]);
    assert_eq!(json!(follows), expected["dfg_frequency"]);
}
