//! What the fields become.

use super::*;

#[test]
fn kinds_come_from_options_names_and_levels() {
    let kind = |issue_type: &str, options: &IngestOptions| {
        let text = issue("CHK-1", &format!(r#"{UPDATED},"issuetype":{issue_type}"#), None);
        let read = jira(text.as_bytes(), options);
        (find(&read, "CHK-1/created").kind, read.ignored.len())
    };
    let usual = IngestOptions::default();
    assert_eq!(kind(r#"{"id":"1","name":"Epic"}"#, &usual), (Some(Kind::Epic), 0));
    assert_eq!(kind(r#"{"id":1,"name":"Épopée","hierarchyLevel":1}"#, &usual), (Some(Kind::Epic), 0));
    assert_eq!(kind(r#"{"id":1,"name":"Thème","hierarchyLevel":2}"#, &usual), (Some(Kind::Theme), 0));
    assert_eq!(kind(r#"{"id":1,"name":"Teil","subtask":true}"#, &usual), (Some(Kind::Story), 0));
    assert_eq!(kind(r#"{"id":1,"name":"Wunsch"}"#, &usual), (Some(Kind::Story), 1));
    assert_eq!(kind("null", &usual), (None, 0));
    let own = IngestOptions { kinds: [("Wunsch".to_owned(), Kind::Risk)].into(), ..usual };
    assert_eq!(kind(r#"{"name":"wunsch"}"#, &own), (Some(Kind::Risk), 0));
}

#[test]
fn links_run_from_who_waits_to_what_is_waited_for() {
    let link = |name: &str, outward: &str, inward: &str, end: &str, key: &str| {
        format!(
            r#"{{"type":{{"name":"{name}","outward":"{outward}","inward":"{inward}"}},"{end}":{{"key":"{key}"}}}}"#
        )
    };
    let list = [
        link("Blocks", "blocks", "is blocked by", "outwardIssue", "CHK-2"),
        link("Blocks", "blocks", "is blocked by", "inwardIssue", "OPS-3"),
        link("Depends", "depends on", "is dependent of", "outwardIssue", "CHK-4"),
        link("Depends", "depends on", "is dependent of", "inwardIssue", "CHK-5"),
        link("Relates", "relates to", "relates to", "inwardIssue", "CHK-6"),
        link("Odd", "glances at", "is glanced at by", "outwardIssue", "CHK-7"),
        link("Blocks", "blocks", "is blocked by", "outwardIssue", "CHK-1"),
        "null".to_owned(),
        "{}".to_owned(),
    ];
    let fields = |list: &str| format!(r#"{UPDATED},"issuelinks":[{list}]"#);
    let back = fields(&link("Blocks", "blocks", "is blocked by", "inwardIssue", "CHK-1"));
    let text = format!(
        "{}\n{}",
        issue("CHK-1", &fields(&list.join(",")), None).replace('\n', ""),
        issue("CHK-2", &back, None).replace('\n', "")
    );
    let read = ingest(&text);
    assert_eq!(find(&read, "CHK-1/snapshot/1773997200000/blocks/CHK-2").item, "jira:CHK-2");
    let expected = [("link of an issue to itself".to_owned(), 1), ("link type: Odd".to_owned(), 1)];
    assert_eq!(read.ignored, expected.into());
    let stream = applied(read);
    assert_eq!(links(&stream, "jira:CHK-1", LinkKind::DependsOn), ["jira:CHK-4", "jira:OPS-3"]);
    assert_eq!(links(&stream, "jira:CHK-2", LinkKind::DependsOn), ["jira:CHK-1"]);
    assert_eq!(links(&stream, "jira:CHK-5", LinkKind::DependsOn), ["jira:CHK-1"]);
    assert_eq!(links(&stream, "jira:CHK-1", LinkKind::Relates), ["jira:CHK-6", "jira:CHK-7"]);
}

#[test]
fn a_cycle_costs_the_link_that_closes_it() {
    let fields = r#""updated":"2026-03-20T09:00:00Z","summary":"s","issuelinks":[
        {"type":{"name":"Blocks"},"outwardIssue":{"key":"CHK-2"}},{"type":{"name":"Blocks"},"inwardIssue":{"key":"CHK-2"}}]"#;
    let mut stream = ValueStream::new();
    let report = stream.apply_batch(ingest(&issue("CHK-1", fields, None)).events);
    assert_eq!(report.refused.iter().map(|refusal| refusal.code.as_str()).collect::<Vec<_>>(), ["cycle"]);
    assert_eq!(stream.item("jira:CHK-1").unwrap().fields.title.as_deref(), Some("s"));
}

#[test]
fn parents_come_from_the_parent_the_epic_or_the_epic_link() {
    let parent = |fields: &str| {
        let stream = applied(ingest(&issue("CHK-9", &format!("{UPDATED},{fields}"), None)));
        links(&stream, "jira:CHK-9", LinkKind::Parent)
    };
    assert_eq!(parent(r#""parent":{"id":"1","key":"CHK-1"},"epic":{"key":"CHK-2"}"#), ["jira:CHK-1"]);
    assert_eq!(parent(r#""parent":null,"epic":{"id":7,"key":"CHK-2"}"#), ["jira:CHK-2"]);
    assert_eq!(parent(r#""customfield_10014":"CHK-3""#), ["jira:CHK-3"]);
    assert!(parent(r#""customfield_10014":"blue","customfield_10077":"CHK-4","epic":"CHK-5""#).is_empty());
    assert!(parent(r#""parent":{"key":"CHK-9"}"#).is_empty());

    let entries = [
        entry(1, "2026-03-02T09:00:00Z", &[&change("Epic Link", ("", ""), ("101", "CHK-1"))]),
        entry(2, "2026-03-03T09:00:00Z", &[&change("IssueParentAssociation", ("101", ""), ("102", "CHK-2"))]),
        entry(3, "2026-03-03T09:00:00Z", &[&change("Epic Link", ("101", "CHK-1"), ("102", "CHK-2"))]),
        entry(4, "2026-03-04T09:00:00Z", &[&change("Parent", ("102", "CHK-2"), ("", ""))]),
    ];
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let read = ingest(&issue("CHK-9", UPDATED, Some(&entries)));
    assert!(read.events.iter().all(|event| event.id != "CHK-9/history/3"), "it says nothing new");
    let stream = applied(read);
    let as_of = |at: &str| links(&stream.as_of(instant(at), Instant::MAX), "jira:CHK-9", LinkKind::Parent);
    assert_eq!(as_of("2026-03-02T10:00:00Z"), ["jira:CHK-1"]);
    assert_eq!(as_of("2026-03-03T10:00:00Z"), ["jira:CHK-2"]);
    assert!(as_of("2026-03-05T00:00:00Z").is_empty());
}

#[test]
fn names_of_custom_fields_tell_size_and_epic() {
    let page = format!(
        r#"{{"total":1,"names":{{"customfield_7":"Story Points","customfield_8":"Epic Link","summary":"Summary"}},
        "issues":[{}, 3]}}"#,
        issue(
            "CHK-9",
            &format!(
                r#"{UPDATED},"customfield_7":5.5,"customfield_8":"CHK-1","customfield_9":8,"customfield_6":[1]"#
            ),
            None
        )
    );
    let read = ingest(&page);
    assert_eq!(find(&read, "CHK-9/snapshot/1773997200000").set.size, Some(5.5));
    assert_eq!((read.rejects.len(), read.rejects[0].position), (1, 2));
    let stream = applied(read);
    assert_eq!(links(&stream, "jira:CHK-9", LinkKind::Parent), ["jira:CHK-1"]);
}

#[test]
fn fields_of_the_snapshot() {
    let options = IngestOptions {
        zone: Some("Europe/Zurich".into()),
        recorded_at: Some(instant("2026-04-01T00:00:00Z")),
        application: Some("app:other".into()),
        applications: [("CHK".to_owned(), "app:checks".to_owned())].into(),
        ..IngestOptions::default()
    };
    let fields = format!(
        r#"{UPDATED},"summary":"s","duedate":"2026-05-01","timeoriginalestimate":7200,"timeestimate":"-5",
        "labels":["a",null,"b"],"sprint":{{"id":2,"name":"Sprint 2"}},"closedSprints":[{{"name":"Sprint 1"}}],
        "subtasks":[{{"key":"CHK-8"}}],"versions":[{{"id":4,"name":"1.2"}}]"#
    );
    let read = jira(issue("CHK-1", &fields, None).as_bytes(), &options);
    let snapshot = find(&read, "CHK-1/snapshot/1773997200000");
    assert_eq!(snapshot.set.due_at, Some(instant("2026-05-01T21:59:59.999Z")));
    assert_eq!(snapshot.set.estimate.map(crate::Span::millis), Some(7_200_000));
    assert_eq!(snapshot.set.remaining, None);
    assert_eq!(
        (snapshot.set.attributes["labels"].as_str(), snapshot.set.attributes["sprint"].as_str()),
        ("a,b", "Sprint 1, Sprint 2")
    );
    let expected =
        [("negative estimate".to_owned(), 1), ("sub-task that the input does not have".to_owned(), 1)];
    assert_eq!(read.ignored, expected.into());
    assert!(read.events.iter().all(|event| event.recorded_at == options.recorded_at));
    let stream = applied(read);
    assert_eq!(links(&stream, "jira:CHK-1", LinkKind::BelongsTo), ["app:checks"]);
    assert_eq!(links(&stream, "jira:version/4", LinkKind::BelongsTo), ["app:checks"]);
    assert_eq!(links(&stream, "jira:CHK-1", LinkKind::FoundIn), ["jira:version/4"]);
}

#[test]
fn versions_are_told_once_and_the_same_by_every_input() {
    let shipped = r#"{"id":"8","name":"1.4","released":true,"releaseDate":"2026-03-15"}"#;
    let planned =
        r#"{"id":"9","name":"1.5","released":false,"startDate":"2026-03-16","releaseDate":"2026-06-01"}"#;
    let undated = r#"{"id":"10","name":"1.3","released":true}"#;
    let with = |key: &str, day: u32, versions: &str| {
        let fields = format!(r#""updated":"2026-03-{day}T09:00:00Z","fixVersions":[{versions}]"#);
        issue(key, &fields, None).replace('\n', "")
    };
    let first = with("CHK-1", 20, &format!("{shipped},{planned},{undated}"));
    let second = with("CHK-2", 22, &format!("{shipped},{undated}"));
    let versions = |text: &str| -> Vec<Event> {
        ingest(text).events.into_iter().filter(|event| event.item.starts_with("jira:version/")).collect()
    };
    let both = versions(&format!("{first}\n{second}"));
    let ids: Vec<&str> = both.iter().map(id).collect();
    let expected = [
        "version/10/released/-/-/1.3",
        "version/10/shipped_by/1774170000000",
        "version/8/released/-/2026-03-15/1.4",
        "version/8/shipped/1773532800000",
        "version/9/planned/2026-03-16/2026-06-01/1.5",
    ];
    assert_eq!(ids, expected);
    assert_eq!(versions(&second).iter().filter(|event| !both.contains(event)).count(), 0);

    let mut stream = ValueStream::new();
    let report = stream.apply_batch(both.into_iter().chain(versions(&first)).chain(versions(&second)));
    assert_eq!(report.refused, []);
    let release = stream.item("jira:version/8").unwrap();
    assert_eq!((release.kind, release.fields.state), (Some(Kind::Release), Some(FlowState::Done)));
    assert_eq!(release.fields.released_at, Some(instant("2026-03-15T00:00:00Z")));
    assert_eq!((release.fields.version.as_deref(), release.fields.due_at), (Some("1.4"), None));
    let next = stream.item("jira:version/9").unwrap();
    assert_eq!(
        (next.fields.state, next.fields.due_at),
        (Some(FlowState::New), Some(instant("2026-06-01T23:59:59.999Z")))
    );
    let undated = stream.item("jira:version/10").unwrap().fields;
    assert_eq!((undated.state, undated.released_at), (Some(FlowState::Done), None));
}

#[test]
fn a_version_that_only_a_changelog_names_is_a_release_too() {
    let entries = [entry(1, "2026-03-02T09:00:00Z", &[&change("Fix Version", ("7", "1.3"), ("", ""))])];
    let stream = applied(ingest(&issue("CHK-1", UPDATED, Some(&[&entries[0]]))));
    let release = stream.item("jira:version/7").unwrap();
    assert_eq!((release.kind, release.fields.title.as_deref()), (Some(Kind::Release), Some("1.3")));
}

#[test]
fn bad_issues_are_rejected_with_position_and_key() {
    let table = [
        ("{}", "invalid", None, "key: is missing"),
        (r#"{"key":"CHK-1"}"#, "invalid", Some("CHK-1"), "fields: is missing"),
        (r#"{"key":"CHK-1","fields":{}}"#, "invalid", Some("CHK-1"), "fields.updated: is missing"),
        (r#"{"key":"CHK-1","fields":{"created":"then"}}"#, "invalid", Some("CHK-1"), "fields.created: "),
        (
            r#"{"key":"CHK-1","fields":{"created":"2026-03-01T09:00:00"}}"#,
            "invalid",
            Some("CHK-1"),
            "declare the zone",
        ),
        (r#"{"key":"A\u0000-1","fields":{}}"#, "invalid", Some("A\0-1"), "control characters"),
        (r#"{"key":"CHK-1","fields":{"summary":"\ud800"}}"#, "document", None, "escape"),
        (r#"{"key":"CHK-1","fields":"#, "document", None, "EOF"),
    ];
    for (line, code, record, reason) in table {
        let read =
            ingest(&format!("{}\n{line}", r#"{"key":"CHK-2","fields":{"created":"2026-03-01T09:00:00Z"}}"#));
        assert_eq!(read.events.len(), 2, "{line}");
        let [reject] = read.rejects.as_slice() else { panic!("{line}: {read:?}") };
        assert_eq!(
            (reject.position, reject.code.as_str(), reject.record.as_deref()),
            (2, code, record),
            "{line}"
        );
        assert!(reject.reason.contains(reason), "{line}: {}", reject.reason);
    }
    let options = IngestOptions { zone: Some("Nowhere".into()), ..IngestOptions::default() };
    assert_eq!(jira(b"{}", &options).rejects[0].code, "unknown_zone");
}

/// Null, or a value of the wrong type, in any place costs at most that value.
#[test]
fn any_field_may_be_anything() {
    let names = "summary issuetype status project priority resolution assignee resolutiondate duedate \
        timeoriginalestimate timeestimate labels fixVersions versions issuelinks subtasks parent epic sprint \
        closedSprints customfield_10014";
    for name in names.split_whitespace() {
        for value in [
            "null",
            "1",
            "-1.5",
            "true",
            "\"\"",
            "\"x\"",
            "[]",
            "[null,1,\"x\",[[]],{}]",
            "{}",
            "{\"id\":{}}",
        ] {
            let read = ingest(&issue("CHK-1", &format!(r#"{UPDATED},"{name}":{value}"#), None));
            assert!(read.events.len() >= 2 || read.rejects.len() == 1, "{name}: {value}: {read:?}");
            assert_eq!(ValueStream::new().apply_batch(read.events).refused, [], "{name}: {value}");
        }
    }
    for value in
        ["null", "1", "[]", "{}", r#"{"histories":{}}"#, r#"{"histories":[{"items":[{"field":"status"}]}]}"#]
    {
        let text = issue("CHK-1", UPDATED, None);
        let text = format!("{},\"changelog\":{value}}}", text.trim_end_matches('}').to_owned() + "}");
        assert!(ingest(&text).events.len() >= 2, "{value}");
    }
}
