use super::*;

fn with(text: &str, options: &IngestOptions) -> Ingested {
    crate::ingest(crate::Adapter::Servicenow, text.as_bytes(), options)
}

fn read(text: &str) -> Ingested {
    with(text, &IngestOptions::default())
}

fn stream(text: &str, options: &IngestOptions) -> crate::ValueStream {
    let read = with(text, options);
    assert_eq!(read.rejects, [], "{text}");
    let mut stream = crate::ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, [], "{text}");
    stream
}

const CHANGE: &str = r#"{"result":[{"sys_id":"c1","number":"CHG0000017","sys_class_name":"change_request",
    "short_description":"Ship payments 4.2","state":"-2","approval":"approved","type":"normal","risk":"3",
    "opened_at":"2026-03-01 09:00:00","approval_set":"2026-03-02 10:00:00","sys_updated_on":"2026-03-02 10:00:05",
    "start_date":"2026-03-05 18:00:00","end_date":"2026-03-05 20:00:00","assigned_to":"",
    "business_service":{"link":"https://x/1","value":"svc1"}}]}"#;

#[test]
fn a_change_request_is_a_gate_with_a_window() {
    let applications = [("svc1".to_owned(), "app:pay".to_owned())].into();
    // The values are UTC, whatever zone is declared.
    let zone = Some("Europe/Zurich".to_owned());
    let stream = stream(CHANGE, &IngestOptions { applications, zone, ..IngestOptions::default() });
    let item = stream.item("servicenow:id/c1").unwrap();
    assert_eq!((item.id.as_str(), item.kind), ("servicenow:CHG0000017", Some(Kind::Gate)));
    let fields = item.fields;
    assert_eq!(fields.title.as_deref(), Some("Ship payments 4.2"));
    assert_eq!((fields.state, fields.decision), (Some(FlowState::Waiting), Some(Decision::Approved)));
    let at = |at: Option<Instant>| at.unwrap().to_string();
    assert_eq!(at(fields.asked_at), "2026-03-01T09:00:00.000Z");
    assert_eq!(at(fields.needed_by), "2026-03-05T18:00:00.000Z");
    assert_eq!(at(fields.starts_at), "2026-03-05T18:00:00.000Z");
    assert_eq!(at(fields.ends_at), "2026-03-05T20:00:00.000Z");
    assert_eq!((fields.assignee, &*fields.attributes["risk"]), (None, "3"));
    assert_eq!(stream.links("servicenow:CHG0000017").unwrap()[0].to, "app:pay");
    let history = stream.history("servicenow:CHG0000017").unwrap();
    let decided = history.iter().find(|event| event.set.decision.is_some()).unwrap();
    assert_eq!(decided.occurred_at.to_string(), "2026-03-02T10:00:00.000Z");
}

#[test]
fn a_change_request_gates_what_the_rules_say() {
    let rules = |table: &[(&str, &str)]| {
        let gates = table.iter().map(|(name, gated)| ((*name).to_owned(), (*gated).to_owned())).collect();
        IngestOptions { gates, ..IngestOptions::default() }
    };
    let release = r#""u_release":{"value":"r1","display_value":"Payments 4.2"},"state""#;
    let named = CHANGE.replacen("\"state\"", release, 1);
    let gated = |text: &str, table: &[(&str, &str)]| {
        let links = stream(text, &rules(table)).links("servicenow:CHG0000017").unwrap();
        links.into_iter().filter(|link| link.kind == LinkKind::Gates).map(|link| link.to).collect::<Vec<_>>()
    };
    let by_release = ("Payments {version}", "plan:payments-{version}");
    assert_eq!(gated(&named, &[by_release]), ["plan:payments-4.2"]);
    // The release says more than the service, of which every change request is.
    assert_eq!(gated(&named, &[("svc1", "app:pay"), by_release]), ["plan:payments-4.2"]);
    assert_eq!(gated(CHANGE, &[("svc1", "plan:R1"), by_release]), ["plan:R1"]);
    assert_eq!(gated(CHANGE, &[("CHG0000017", "plan:R1"), ("svc1", "plan:R2")]), ["plan:R1"]);
    assert_eq!(gated(&named, &[]), [""; 0]);
    let read = with(CHANGE, &rules(&[by_release]));
    assert_eq!(read.ignored, [("change request that gates nothing".to_owned(), 1)].into());
    assert_eq!(with(CHANGE, &rules(&[("{x}{y}", "plan:R1")])).rejects[0].position, 0);
}

#[test]
fn a_decision_can_be_taken_back() {
    let again = CHANGE.replace("\"approved\"", "\"requested\"").replace("10:00:05", "11:00:00");
    let text = format!("{}\n{}", CHANGE.replace('\n', ""), again.replace('\n', ""));
    let stream = stream(&text, &IngestOptions::default());
    assert_eq!(stream.item("servicenow:CHG0000017").unwrap().fields.decision, None);
}

#[test]
fn an_approval_is_a_gate_of_its_own() {
    let id = "ab".repeat(16);
    let text = format!(
        r#"{{"sys_id":{{"value":"a1","display_value":"a1"}},"sysapproval":{{"value":"{id}","display_value":"CHG0000017"}},
        "approver":{{"value":"u1","display_value":"Ada"}},"state":{{"value":"rejected","display_value":"Rejected"}},
        "sys_created_on":{{"value":"2026-03-01 09:00:00","display_value":"2026-03-01 10:00:00"}},
        "sys_updated_on":{{"value":"2026-03-01 12:00:00","display_value":"2026-03-01 13:00:00"}}}}"#
    );
    let stream = stream(&text, &IngestOptions::default());
    let item = stream.item("servicenow:approval/a1").unwrap();
    assert_eq!((item.kind, item.fields.decision), (Some(Kind::Gate), Some(Decision::Rejected)));
    assert_eq!(item.fields.title.as_deref(), Some("Approval of CHG0000017"));
    assert_eq!(item.fields.asked_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
    let mut links: Vec<(LinkKind, String)> = stream
        .links("servicenow:approval/a1")
        .unwrap()
        .into_iter()
        .map(|link| (link.kind, link.to))
        .collect();
    links.sort();
    let mut expected = [
        (LinkKind::Gates, format!("servicenow:id/{id}")),
        (LinkKind::Approver, "servicenow:user/u1".into()),
        (LinkKind::DecidedBy, "servicenow:user/u1".into()),
    ];
    expected.sort();
    assert_eq!(links, expected);
    assert_eq!(stream.item("servicenow:user/u1").unwrap().fields.title.as_deref(), Some("Ada"));
}

#[test]
fn an_incident_with_values_or_with_what_is_shown() {
    let values = r#"{"number":"INC0000042","sys_id":"i1","short_description":"Payments fail","state":"6","priority":"1",
        "severity":"2","opened_at":"2026-03-01 09:00:00","resolved_at":"2026-03-01 10:00:00","closed_at":"",
        "sys_updated_on":"2026-03-01 10:00:00"}"#;
    let shown = values
        .replace("\"6\"", "\"Resolved\"")
        .replace("\"1\"", "\"1 - Critical\"")
        .replace("03-01 09", "03-01 10")
        .replace("resolved_at\":\"2026-03-01 10", "resolved_at\":\"2026-03-01 11");
    let zurich = IngestOptions { zone: Some("Europe/Zurich".into()), ..IngestOptions::default() };
    for (text, options, priority) in
        [(values, &IngestOptions::default(), "1"), (&*shown, &zurich, "1 - Critical")]
    {
        let fields = stream(text, options).item("servicenow:INC0000042").unwrap().fields;
        assert_eq!((fields.state, fields.priority.as_deref()), (Some(FlowState::Done), Some(priority)));
        assert_eq!(fields.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z", "{text}");
        assert_eq!(fields.ends_at.unwrap().to_string(), "2026-03-01T10:00:00.000Z", "{text}");
        assert_eq!(fields.attributes["severity"], "2");
    }
    // Nobody knows whose clock it was that is shown.
    let rejects = read(&shown).rejects;
    assert!(rejects[0].reason.contains("declare the zone"), "{rejects:?}");
    assert_eq!(rejects[0].record.as_deref(), Some("INC0000042"));
}

#[test]
fn a_state_of_the_house_is_declared_or_counted() {
    let text = r#"{"number":"INC1","state":"27","opened_at":"2026-03-01 09:00:00"}"#;
    assert_eq!(read(text).ignored, [("state: 27".to_owned(), 1)].into());
    let states = [("27".to_owned(), FlowState::Waiting)].into();
    let stream = stream(text, &IngestOptions { states, ..IngestOptions::default() });
    assert_eq!(stream.item("servicenow:INC1").unwrap().fields.state, Some(FlowState::Waiting));
}

#[test]
fn other_tables_are_counted() {
    let read = read(
        r#"{"result":[{"sys_id":"u1","name":"Ada"},{"sys_class_name":"Change Task","number":"CTASK1"}]}"#,
    );
    assert_eq!(read.rejects, []);
    let expected = [("record of another table".to_owned(), 1), ("table: change_task".to_owned(), 1)];
    assert_eq!(read.ignored, expected.into());
}

#[test]
fn what_cannot_be_right_is_rejected() {
    let table = [
        ("{}", "number: is missing"),
        (r#"{"number":"INC1","state":"1"}"#, "created: is missing"),
        (r#"{"number":"CHG1","state":"-5"}"#, "sys_updated_on: is missing"),
        (r#"{"number":"CHG1","opened_at":"01/03/2026 09:00:00"}"#, "opened_at: "),
        (r#"{"number":"CHG1","opened_at":"0000-01-01 00:00:00"}"#, "opened_at: "),
        (r#"{"number":"INC\u0007","opened_at":"2026-03-01 09:00:00"}"#, "number: must not"),
        (r#"{"sysapproval":"x","sys_updated_on":"2026-03-01T09:00:00Z"}"#, "sys_id: is missing"),
        (r#"{"result":[1]}"#, "not an object"),
        (r#"{"result":[{"number":"INC1""#, "EOF"),
    ];
    for (text, reason) in table {
        let read = read(text);
        assert_eq!(read.events, [], "{text}");
        assert!(read.rejects[0].reason.contains(reason), "{text}: {}", read.rejects[0].reason);
    }
    let read = read(
        r#"{"number":"CHG1","opened_at":"2026-03-01 09:00:00","start_date":"2026-03-09 09:00:00","end_date":"2026-03-08 09:00:00"}"#,
    );
    assert_eq!(read.ignored, [("end before the start".to_owned(), 1)].into());
}
