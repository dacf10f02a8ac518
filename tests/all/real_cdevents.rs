//! The conformance events of CDEvents: kept without loss, and each one becomes events or is counted with a reason.
//!
//! The data are not part of this repository; see [`real_ingest`](crate::real_ingest) for where they are looked for.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vsm_core::{Adapter, CdEvent, IngestOptions, Kind, Outcome, ValueStream, ingest};

use crate::shared::{bytes, shared};

/// What each conformance event speaks of; none where it is counted and not kept.
const EXPECTED: [(&str, Option<Kind>); 45] = [
    ("artifact_deleted", Some(Kind::Build)),
    ("artifact_downloaded", None),
    ("artifact_packaged", Some(Kind::Build)),
    ("artifact_published", Some(Kind::Build)),
    ("artifact_signed", Some(Kind::Build)),
    ("branch_created", None),
    ("branch_deleted", None),
    ("build_finished", Some(Kind::Build)),
    ("build_queued", Some(Kind::Build)),
    ("build_started", Some(Kind::Build)),
    ("change_abandoned", Some(Kind::Change)),
    ("change_created", Some(Kind::Change)),
    ("change_merged", Some(Kind::Change)),
    ("change_reviewed", Some(Kind::Change)),
    ("change_updated", Some(Kind::Change)),
    ("environment_created", Some(Kind::Environment)),
    ("environment_deleted", Some(Kind::Environment)),
    ("environment_modified", Some(Kind::Environment)),
    ("incident_detected", Some(Kind::Incident)),
    ("incident_reported", Some(Kind::Incident)),
    ("incident_resolved", Some(Kind::Incident)),
    ("pipelinerun_finished", Some(Kind::Build)),
    ("pipelinerun_queued", Some(Kind::Build)),
    ("pipelinerun_started", Some(Kind::Build)),
    ("repository_created", None),
    ("repository_deleted", None),
    ("repository_modified", None),
    ("service_deployed", Some(Kind::Deployment)),
    ("service_published", None),
    ("service_removed", None),
    ("service_rolledback", Some(Kind::Deployment)),
    ("service_upgraded", Some(Kind::Deployment)),
    ("taskrun_finished", Some(Kind::Build)),
    ("taskrun_started", Some(Kind::Build)),
    ("testcaserun_finished", Some(Kind::TestRun)),
    ("testcaserun_queued", Some(Kind::TestRun)),
    ("testcaserun_skipped", Some(Kind::TestRun)),
    ("testcaserun_started", Some(Kind::TestRun)),
    ("testoutput_published", None),
    ("testsuiterun_finished", Some(Kind::TestRun)),
    ("testsuiterun_queued", Some(Kind::TestRun)),
    ("testsuiterun_started", Some(Kind::TestRun)),
    ("ticket_closed", Some(Kind::Story)),
    ("ticket_created", Some(Kind::Story)),
    ("ticket_updated", Some(Kind::Story)),
];

const SETS: [&str; 2] = ["spec-0.4.1", "spec-0.5.1"];

/// The conformance events of a version, the custom one last.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder.join("conformance"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    found.sort();
    found.push(folder.join("custom/conformance.json"));
    found
}

#[test]
fn conformance_events_are_kept_without_loss() {
    let Some(folder) = shared("cdevents") else { return };
    for set in SETS {
        let files = files(&folder.join(set));
        for path in &files {
            let text = bytes(path);
            let event = CdEvent::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let (written, kept): (Value, Value) =
                (serde_json::from_slice(&text).unwrap(), serde_json::from_str(event.to_json()).unwrap());
            assert_eq!(written, kept, "{}", path.display());
            // Nor is anything written otherwise: only white space is gone.
            let bare = |json: &str| json.split_ascii_whitespace().collect::<String>();
            assert_eq!(bare(event.to_json()), bare(std::str::from_utf8(&text).unwrap()));
            assert!(!event.to_json().contains('\n'));

            let context = &written["context"];
            let version = context.get("specversion").or(context.get("version"));
            assert_eq!(event.spec_version(), version.and_then(Value::as_str));
            assert_eq!(Some(event.id()), context["id"].as_str());
            assert_eq!(Some(event.source()), context["source"].as_str());
            assert_eq!(Some(event.event_type()), context["type"].as_str());
            assert_eq!(event.timestamp(), context["timestamp"].as_str());
            assert_eq!(event.chain_id(), context["chainId"].as_str());
            assert_eq!(Some(event.subject_id()), written["subject"]["id"].as_str());
            assert_eq!(Some(event.subject_source()), written["subject"]["source"].as_str());
            let content =
                event.part("/subject/content").map(|json| serde_json::from_str::<Value>(json).unwrap());
            assert_eq!(content.as_ref(), written["subject"].get("content"));
        }
        println!("{set}: {} of {} events the same after reading and writing", files.len(), files.len());
        assert_eq!(files.len(), 46);
    }
}

#[test]
fn conformance_events_become_events_or_are_counted() {
    let Some(folder) = shared("cdevents") else { return };
    let options = IngestOptions::default();
    let mut stream = ValueStream::new();
    for (n, set) in SETS.into_iter().enumerate() {
        let (mut kept, mut counted, mut events) = (0, 0, 0);
        for path in files(&folder.join(set)) {
            let text = bytes(&path);
            let name = path.file_stem().unwrap().to_str().unwrap();
            let read = ingest(Adapter::Cdevents, &text, &options);
            assert_eq!(read.rejects, [], "{name}");
            let expected = EXPECTED.iter().find(|(file, _)| *file == name).and_then(|(_, kind)| *kind);
            assert_eq!(read.events.first().and_then(|event| event.kind), expected, "{name}");
            match expected {
                Some(_) => kept += 1,
                None => {
                    assert_eq!(read.ignored.values().sum::<u64>(), 1, "{name}: {:?}", read.ignored);
                    counted += 1;
                }
            }
            // However it is packed, it is the same event.
            let cdevent: Value = serde_json::from_slice(&text).unwrap();
            let kind = &cdevent["context"]["type"];
            let packed = [
                json!({"specversion": "1.0", "id": "1", "source": "/x", "type": kind,
                    "datacontenttype": "application/cdevents+json", "data": cdevent}),
                json!({"headers": {"ce-specversion": "1.0", "ce-type": kind}, "body": cdevent}),
                json!({"headers": {"ce-type": [kind]}, "body": cdevent.to_string()}),
            ];
            for packed in packed {
                assert_eq!(
                    ingest(Adapter::Cdevents, packed.to_string().as_bytes(), &options),
                    read,
                    "{name}"
                );
            }
            events += read.events.len();
            let report = stream.apply_batch(read.events);
            assert_eq!(report.refused, [], "{name}");
            // The second version says the same in its own words.
            assert_eq!(report.accepted == 0, n > 0 || expected.is_none(), "{set} {name}");
        }
        println!("{set}: {kept} events kept as {events}, {counted} counted, none rejected");
        assert_eq!((kept, counted, events), (36, 10, 39), "{set}");
    }
    let result = |id: &str| stream.item(id).unwrap().fields.result;
    assert_eq!(result("cdevents:pipelinerun:/event/source/123#mySubject123"), Some(Outcome::Failure));
    assert_eq!(result("cdevents:build:/event/source/123#mySubject123"), Some(Outcome::Success));
    assert_eq!(result("cdevents:testsuiterun:/event/source/123#myTestSuiteRun123"), Some(Outcome::Failure));
    // The artifact that was deployed is the one that was built.
    let deployed =
        stream.item("sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427").unwrap();
    assert_eq!(deployed.id, "cdevents:build:/event/source/123#mySubject123");
    assert_eq!(stream.correlate(&Default::default()).refused, []);
}
