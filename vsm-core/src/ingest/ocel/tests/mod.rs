use super::*;
use crate::ValueStream;
use crate::{Adapter, ingest};

const LOG: &str = r#"{"objectTypes":[],"eventTypes":[],"objects":[
    {"id":"o1","type":"Order","attributes":[{"name":"value","time":"1970-01-01T00:00:00Z","value":"500"},
        {"name":"value","time":"2026-03-02T09:00:00Z","value":600},{"name":"colour","time":"2026-03-02T09:00:00Z","value":"red"},
        {"name":"state","time":"2026-03-02T09:00:00Z","value":"odd"}],
     "relationships":[{"objectId":"plan:R1","qualifier":"ships_in"},{"objectId":"o2","qualifier":"follows up on"},
        {"objectId":"o1","qualifier":"itself"}]},
    {"id":"o2","type":"test run"}],
  "events":[
    {"id":"e1","type":"Start","time":"2026-03-01T10:00:00+01:00","attributes":[{"name":"by","value":"Ada"}],
     "relationships":[{"objectId":"o1","qualifier":"x"},{"objectId":"o2"},{"objectId":"o1"},{"objectId":"o3"}]},
    {"id":"e2","type":"Ping","time":"2026-03-01T10:00:00Z"}]}"#;

fn read(text: &str, options: &IngestOptions) -> Ingested {
    ingest(Adapter::Ocel, text.as_bytes(), options)
}

#[test]
fn a_log_of_another_tool() {
    let options = IngestOptions {
        kinds: [("order".into(), Kind::Feature)].into(),
        states: [("START".into(), FlowState::Active)].into(),
        recorded_at: Some("2026-03-05T00:00:00Z".parse().unwrap()),
        application: Some("app:a".into()),
        ..IngestOptions::default()
    };
    let read = read(LOG, &options);
    assert_eq!(read.rejects, []);
    let ignored: Vec<(&str, u64)> = read.ignored.iter().map(|(what, n)| (what.as_str(), *n)).collect();
    let expected = [
        ("event without an object", 1),
        ("link of an item to itself", 1),
        ("object that the log does not have", 1),
    ];
    assert_eq!(ignored, expected);
    assert!(read.events.iter().all(|event| event.recorded_at == options.recorded_at));
    let ids: Vec<&str> = read.events.iter().map(|event| event.id.as_str()).collect();
    let expected = [
        "object/o1/1772355600000",
        "object/o1/0/value",
        "object/o1/1772442000000/value",
        "object/o1/1772442000000/colour",
        "object/o1/1772442000000/state",
        "object/o1/1772355600000/ships_in/plan:R1",
        "object/o1/1772355600000/relates/ocel:o2",
        "object/o2/1772355600000",
        "event/e1/o1",
        "event/e1/o2",
        "event/e1/o3",
    ];
    assert_eq!(ids, expected);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);
    let item = stream.item("ocel:o1").unwrap();
    assert_eq!((item.kind, item.fields.value), (Some(Kind::Feature), Some(600.0)));
    assert_eq!((item.fields.state, item.fields.status.as_deref()), (Some(FlowState::Active), Some("Start")));
    let attributes: Vec<(&str, &str)> =
        item.fields.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // A value that doesn't fit the field of its name is kept as it stands.
    assert_eq!(attributes, [("by", "Ada"), ("colour", "red"), ("object_type", "Order"), ("state", "odd")]);
    assert_eq!(stream.item("ocel:o2").unwrap().kind, Some(Kind::TestRun));
}

#[test]
fn a_log_of_version_1() {
    let text = r#"{"ocel:events":{"e1":{"ocel:activity":"Start","ocel:timestamp":"2026-03-01T09:00:00","ocel:omap":["o1","o2"],
        "ocel:vmap":{"by":"Ada"}}},"ocel:objects":{"o1":{"ocel:type":"Order","ocel:ovmap":{"size":2}},"o2":{"ocel:type":"story"}}}"#;
    assert!(read(text, &IngestOptions::default()).rejects[0].reason.contains("declare the zone"));
    let options = IngestOptions { zone: Some("UTC".into()), ..IngestOptions::default() };
    let read = read(text, &options);
    assert_eq!((read.rejects.len(), read.events.len()), (0, 5));
    assert_eq!(read.ignored, [("object type: Order".to_owned(), 1)].into());
    assert_eq!(read.events[1].set.size, Some(2.0));
    assert_eq!(read.events[1].occurred_at.to_string(), "2026-03-01T09:00:00.000Z");
}

#[test]
fn what_cannot_be_read_is_rejected_with_its_number() {
    let table = [
        ("{}", 1, "neither objects nor events"),
        ("{\"events\":[", 1, "EOF"),
        ("[7]", 1, "not an object"),
        (
            r#"{"events":[{"id":"e1","time":"2026-03-01T09:00:00Z"},{"id":"e2"}]}"#,
            2,
            "events.time: is missing",
        ),
        (r#"{"events":[{"time":"2026-03-01T09:00:00Z"}]}"#, 1, "events.id: is missing"),
        (r#"{"events":[7]}"#, 1, "not an object"),
        (r#"{"events":[{"id":"e","time":"0000-01-01T00:00:00Z"}]}"#, 1, "the year must"),
        (r#"{"events":[{"id":"e","time":[]}]}"#, 1, "events.time: is missing"),
        (r#"{"events":[{"attributes":[{"name":"vsm_event","value":"{"}]}]}"#, 1, "vsm_event: EOF"),
        (r#"{"events":[{"attributes":[{"name":"vsm_event","value":7}]}]}"#, 1, "vsm_event: EOF"),
        (r#"{"objects":[{"id":"a"},{"type":"x"}]}"#, 2, "objects.id: is missing"),
        (r#"{"objects":[{"id":"a\u0001"}]}"#, 1, "control characters"),
        (r#"{"objects":[{"id":"a","attributes":[{"value":1}]}]}"#, 1, "name: is missing"),
        (r#"{"objects":[{"id":"a","attributes":[{"name":"x","time":"soon","value":1}]}]}"#, 1, "\"soon\""),
        (r#"{"objects":[{"id":"a","relationships":[{"qualifier":"parent"}]}]}"#, 1, "objectId: is missing"),
    ];
    for (text, position, reason) in table {
        let read = read(text, &IngestOptions::default());
        let [reject] = read.rejects.as_slice() else { panic!("{text}: {read:?}") };
        assert_eq!(reject.position, position, "{text}");
        assert!(reject.reason.contains(reason), "{text}: {}", reject.reason);
    }
}

#[test]
fn what_was_written_comes_back() {
    let lines = br#"
        {"source":"jira","id":"1","occurred_at":"2026-03-01T09:00:00Z","recorded_at":"2026-03-02T00:00:00Z","item":"jira:CHK-1","aliases":["jira:id/7"],"kind":"feature","set":{"title":"Crop","state":"new","value":3.0,"due_at":"2026-05-01T00:00:00Z","attributes":{"labels":"a"}},"links":[{"kind":"ships_in","to":"plan:R1"},{"kind":"depends_on","to":"jira:CHK-2","dependency":"start_to_start","lag":-5,"stage":"uat"}]}
        {"source":"jira","id":"2","occurred_at":"2026-03-02T09:00:00Z","item":"jira:CHK-1","set":{"state":"done"},"clear":["due_at"],"unlinks":[{"kind":"ships_in","to":"plan:R1"}]}
        {"source":"ci","id":"3","occurred_at":"2026-03-02T09:00:00Z","item":"git:4f2c","kind":"test_run","set":{"result":"failure","tests":{"tests":1,"failed":1}},"links":[{"kind":"relates","to":"jira:CHK-1","rule":"guess","confidence":0.5}]}"#;
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_json_lines(lines).accepted, 3);
    let log = stream.to_ocel();
    let mut again = ValueStream::new();
    let report = again.ingest(Adapter::Ocel, log.as_bytes(), &IngestOptions::default());
    assert_eq!((report.rejects.len(), report.ignored.len(), report.applied.accepted), (0, 0, 3));
    assert_eq!(again.to_snapshot(), stream.to_snapshot());
    assert_eq!(again.to_ocel(), log);
    // What other tools see of it.
    let log: Value = serde_json::from_str(&log).unwrap();
    let ids: Vec<&str> =
        log["objects"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["git:4f2c", "jira:CHK-1", "jira:CHK-2", "plan:R1"]);
    let types: Vec<&str> =
        log["eventTypes"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(types, ["feature done", "feature new", "test_run failure"]);
    assert_eq!(log["objects"][3]["type"], "unknown");
    let relations = serde_json::json!([{"objectId":"jira:CHK-1","qualifier":"item"},{"objectId":"plan:R1","qualifier":"no_longer_ships_in"}]);
    assert_eq!(log["events"][1]["relationships"], relations);
    let held = serde_json::json!([{"objectId":"jira:CHK-2","qualifier":"depends_on"}]);
    assert_eq!(log["objects"][1]["relationships"], held);
    let due = serde_json::json!({"name":"due_at","time":"2026-03-01T09:00:00.000Z","value":"2026-05-01T00:00:00.000Z"});
    assert_eq!(log["objects"][1]["attributes"][0], due);
    let types = log["objectTypes"][0]["attributes"].as_array().unwrap();
    let types: Vec<(&str, &str)> =
        types.iter().map(|t| (t["name"].as_str().unwrap(), t["type"].as_str().unwrap())).collect();
    let expected = [
        ("due_at", "time"),
        ("labels", "string"),
        ("state", "string"),
        ("title", "string"),
        ("value", "float"),
    ];
    assert_eq!(types, expected);
}

#[test]
fn our_own_ids_come_back_whatever_they_look_like() {
    let day = "2026-03-01T09:00:00Z".parse().unwrap();
    let mut stream = ValueStream::new();
    let long = format!("plan:{}", "x".repeat(900));
    for (id, item) in [("1", "no colon"), ("2", long.as_str())] {
        let mut event = Event::new("t", id, day, item);
        event.aliases.push(format!("other {id}"));
        stream.apply(event).unwrap();
    }
    let mut again = ValueStream::new();
    let report = again.ingest(Adapter::Ocel, stream.to_ocel().as_bytes(), &IngestOptions::default());
    assert_eq!((report.rejects, report.applied.accepted), (vec![], 2));
    assert_eq!(again.to_snapshot(), stream.to_snapshot());
}

#[test]
fn an_event_does_not_say_much_of_very_many() {
    let log = |long: usize, objects: usize| {
        let objects: Vec<_> = (0..objects).map(|n| serde_json::json!({"objectId": n.to_string()})).collect();
        serde_json::json!({"events":[{"id":"e","type":"a","time":"2026-03-01T09:00:00Z","relationships":objects,
            "attributes":[{"name":"x","value":"x".repeat(long)}]}]})
        .to_string()
    };
    assert_eq!(read(&log(1000, 1000), &IngestOptions::default()).events.len(), 1000);
    let read = read(&log(2000, 1000), &IngestOptions::default());
    assert_eq!((read.events.len(), read.rejects[0].record.as_deref()), (0, Some("e")));
    assert_eq!(
        read.rejects[0].reason,
        "events: says 2001 bytes of each of 1000 objects, more than 1048576 in all"
    );
}

#[test]
fn a_value_is_checked_with_what_was_said_before() {
    let log = r#"{"objects":[{"id":"o","type":"booking","attributes":[]}],"events":[{"id":"e","type":"a","time":"2026-03-01T09:00:00Z",
        "relationships":[{"objectId":"o"}],"attributes":[{"name":"starts_at","value":"2026-03-02T00:00:00Z"},
        {"name":"ends_at","value":"2026-03-01T00:00:00Z"},{"name":"value","value":"7"}]}]}"#;
    let read = read(log, &IngestOptions::default());
    let set = &read.events[1].set;
    assert_eq!((set.starts_at.is_some(), set.ends_at, set.value), (true, None, Some(7.0)));
    assert_eq!(set.attributes["ends_at"], "2026-03-01T00:00:00Z");
}
