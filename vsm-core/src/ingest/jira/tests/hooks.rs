//! Webhooks, and pages of changelogs: the same as the REST API says, in pieces.

use super::*;

const TOLD: u64 = 1_774_000_800_050;

/// A webhook of 20 March 2026, 10:00.
fn hook(name: &str, more: &str) -> String {
    format!(r#"{{"timestamp":{TOLD},"webhookEvent":"{name}","user":{{}},{more}}}"#).replace('\n', " ")
}

fn fields(status: &str, more: &str) -> String {
    format!(
        r#""updated":"2026-03-20T10:00:00.000+0000","summary":"Crop","issuetype":{{"id":"1","name":"Bug"}},
        "priority":{{"name":"High"}},"labels":["a"],"status":{status}{more}"#
    )
}

#[test]
fn an_update_is_the_entry_of_the_changelog() {
    let items = [
        change("status", ("3", "In Progress"), ("5", "Done")),
        change("resolution", ("", ""), ("1", "Won't Do")),
        change("priority", ("4", "Low"), ("2", "High")),
        change("Fix Version", ("7", "1.3"), ("", "")),
        change("Rank", ("", ""), ("", "x")),
    ];
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let now = fields(
        &status(5, "Done", "done"),
        r#","resolution":{"name":"Won't Do"},"resolutiondate":"2026-03-20T10:00:00.000+0000"
        ,"fixVersions":[{"id":"8","name":"1.4"}]"#,
    );
    let rest = ingest(&issue("CHK-1", &now, Some(&[&entry(9, "2026-03-20T10:00:00.000+0000", &items)])));
    let told = ingest(&hook(
        "jira:issue_updated",
        &format!(
            r#""issue":{},"changelog":{{"id":"9","items":[{}]}}"#,
            issue("CHK-1", &now, None),
            items.join(",")
        ),
    ));
    assert_eq!((&told.rejects, &told.ignored), (&vec![], &rest.ignored));
    let entry = find(&told, "CHK-1/history/9");
    assert_eq!(entry, find(&rest, "CHK-1/history/9"));
    assert_eq!((entry.set.state, entry.set.severity), (Some(FlowState::Cancelled), Some(Severity::Critical)));
    let snapshot = find(&told, "CHK-1/webhook/9");
    assert_eq!((snapshot.kind, snapshot.set.state), (Some(Kind::Defect), None));
    assert_eq!(snapshot.occurred_at, instant("2026-03-20T10:00:00Z"));
    let mut stream = applied(rest);
    let report = stream.apply_batch(told.events.clone());
    assert_eq!(report.refused, []);
    assert_eq!(stream.item("jira:id/101").unwrap().fields.state, Some(FlowState::Cancelled));
    // Delivered twice.
    assert_eq!(stream.apply_batch(told.events.clone()).duplicates as usize, told.events.len());
    // The webhook alone is enough to know the issue as it is now.
    let alone = applied(told);
    let item = alone.item("jira:CHK-1").unwrap();
    assert_eq!((item.kind, item.fields.state), (Some(Kind::Defect), Some(FlowState::Cancelled)));
    assert_eq!(links(&alone, "jira:CHK-1", LinkKind::ShipsIn), ["jira:version/8"]);
}

#[test]
fn a_webhook_that_is_dated_earlier_than_its_entry_is_refined_by_it() {
    let items = [change("status", ("3", "In Progress"), ("5", "Done"))];
    let now = fields(&status(5, "Done", "done"), "");
    let told = ingest(&hook(
        "jira:issue_updated",
        &format!(r#""issue":{},"changelog":{{"id":"9","items":[{}]}}"#, issue("CHK-1", &now, None), items[0]),
    ));
    let rest =
        ingest(&issue("CHK-1", &now, Some(&[&entry(9, "2026-03-20T10:00:00.007+0000", &[&items[0]])])));
    let mut answers = Vec::new();
    for deliveries in [[&told, &rest, &told], [&rest, &told, &rest]] {
        let mut stream = ValueStream::new();
        for read in deliveries {
            assert_eq!(stream.apply_batch(read.events.clone()).refused, []);
        }
        assert_eq!(stream.apply_batch(told.events.clone()).duplicates as usize, told.events.len());
        let changes = stream.history("jira:CHK-1").unwrap();
        let done = changes.iter().find(|event| event.set.state == Some(FlowState::Done)).unwrap();
        assert_eq!(done.occurred_at, instant("2026-03-20T10:00:00Z"));
        answers.push((stream.item("jira:CHK-1").unwrap(), changes));
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn an_issue_that_is_told_with_other_fields_at_the_same_time_adds_them() {
    let whole = ingest(&issue("CHK-1", &fields(&status(3, "In Progress", "indeterminate"), ""), None));
    let named =
        ingest(&issue("CHK-1", r#""updated":"2026-03-20T10:00:00.000+0000","duedate":"2026-04-01""#, None));
    for deliveries in [[&whole, &named], [&named, &whole]] {
        let mut stream = ValueStream::new();
        for read in deliveries {
            assert_eq!(stream.apply_batch(read.events.clone()).refused, []);
        }
        let fields = stream.item("jira:CHK-1").unwrap().fields;
        assert_eq!((fields.title.as_deref(), fields.due_at.is_some()), (Some("Crop"), true));
    }
}

#[test]
fn a_new_issue_is_told_as_its_changelog_tells_it_later() {
    let told = ingest(&hook(
        "jira:issue_created",
        &format!(
            r#""issue":{},"changelog":{{"id":"8","items":[{}]}}"#,
            issue("CHK-1", &fields(&status(1, "Open", "new"), ""), None),
            change("Status", ("", ""), ("1", "Open"))
        ),
    ));
    let created = find(&told, "CHK-1/created");
    assert_eq!((created.set.state, created.set.title.as_deref()), (Some(FlowState::New), Some("Crop")));
    assert!(ids(&told).iter().all(|id| !id.contains("history")), "{:?}", ids(&told));
    let rest = ingest(&issue(
        "CHK-1",
        &fields(&status(3, "In Progress", "indeterminate"), ""),
        Some(&[&entry(9, "2026-03-20T11:00:00Z", &[&change("status", ("1", "Open"), ("3", "In Progress"))])]),
    ));
    assert_eq!(find(&rest, "CHK-1/created"), created);
    let mut stream = applied(told);
    assert_eq!(stream.apply_batch(rest.events).refused, []);
    assert_eq!(stream.item("jira:CHK-1").unwrap().fields.state, Some(FlowState::Active));
}

#[test]
fn an_update_of_an_unknown_issue_says_its_state_and_a_reopened_one_is_open_again() {
    let issue = |state: &str| issue("CHK-1", &fields(state, ""), None);
    let labelled = ingest(&hook(
        "jira:issue_updated",
        &format!(
            r#""issue":{},"changelog":{{"id":"9","items":[{{"field":"labels","toString":"a"}}]}}"#,
            issue(&status(3, "In Progress", "indeterminate"))
        ),
    ));
    assert_eq!(find(&labelled, "CHK-1/webhook/9").set.state, Some(FlowState::Active));
    let items = [
        change("status", ("5", "Erledigt"), ("4", "Wieder offen")),
        change("resolution", ("1", "Fixed"), ("", "")),
    ];
    let reopened = ingest(&hook(
        "jira:issue_updated",
        &format!(
            r#""issue_event_type_name":"issue_reopened","issue":{},"changelog":{{"id":"9","items":[{}]}}"#,
            issue(&status(4, "Wieder offen", "new")),
            items.join(",")
        ),
    ));
    let step = find(&reopened, "CHK-1/history/9");
    assert_eq!(
        (step.set.state, step.clear.as_slice()),
        (Some(FlowState::New), &["resolution".to_owned()][..])
    );
    assert_eq!(reopened.rejects, []);
}

#[test]
fn a_moved_issue_stays_the_item_of_its_first_key() {
    let items = [
        r#"{"field":"Key","fromString":"OLD-4","toString":"CHK-1"}"#.to_owned(),
        change("project", ("1", "Old"), ("2", "Checks")),
    ];
    let told = ingest(&hook(
        "jira:issue_updated",
        &format!(
            r#""issue":{},"changelog":{{"id":"9","items":[{}]}}"#,
            issue("CHK-1", &fields(&status(3, "In Progress", "indeterminate"), ""), None),
            items.join(",")
        ),
    ));
    assert!(told.events.iter().all(|event| event.item == "jira:OLD-4"), "{:?}", ids(&told));
    assert_eq!(applied(told).item("jira:CHK-1").unwrap().id, "jira:OLD-4");
}

#[test]
fn a_deleted_issue_is_cancelled_and_says_why() {
    let told = ingest(&hook(
        "jira:issue_deleted",
        &format!(
            r#""issue":{}"#,
            issue("CHK-1", &fields(&status(3, "In Progress", "indeterminate"), ""), None)
        ),
    ));
    let deleted = find(&told, &format!("CHK-1/deleted/{TOLD}"));
    assert_eq!(deleted.occurred_at.millis() as u64, TOLD);
    let item = applied(told).item("jira:CHK-1").unwrap();
    assert_eq!((item.kind, item.fields.state), (Some(Kind::Defect), Some(FlowState::Cancelled)));
    assert_eq!(item.fields.attributes["reason"], "deleted in Jira");
}

#[test]
fn versions_follow_their_webhooks() {
    let version = |name: &str, more: &str| {
        hook(name, &format!(r#""version":{{"id":"8","name":"1.4","projectId":7,{more}}}"#))
    };
    let planned = ingest(&version("jira:version_updated", r#""released":false,"releaseDate":"2026-05-01""#));
    assert_eq!(
        ids(&planned),
        ["version/8/planned/-/2026-05-01/1.4", &format!("version/8/webhook/{TOLD}/updated")]
    );
    let from_issue = ingest(&issue(
        "CHK-1",
        &fields(
            &status(1, "Open", "new"),
            r#","fixVersions":[{"id":"8","name":"1.4","releaseDate":"2026-05-01"}]"#,
        ),
        None,
    ));
    assert_eq!(find(&from_issue, "version/8/planned/-/2026-05-01/1.4"), &planned.events[0]);

    let mut stream = applied(planned);
    let mut state = |told: Ingested| {
        assert_eq!((told.rejects.as_slice(), stream.apply_batch(told.events).refused), (&[][..], vec![]));
        let fields = stream.item("jira:version/8").unwrap().fields;
        (fields.state, fields.released_at.map(|at| at.to_string()))
    };
    let released = ingest(&version("jira:version_released", r#""released":true,"releaseDate":"2026-03-19""#));
    assert_eq!(state(released), (Some(FlowState::Done), Some("2026-03-19T00:00:00.000Z".into())));
    let later = |text: String| ingest(&text.replace(&TOLD.to_string(), &(TOLD + 1).to_string()));
    let again = later(version("jira:version_unreleased", r#""released":false,"releaseDate":"2026-06-01""#));
    assert_eq!(state(again), (Some(FlowState::New), None));
    let gone = ingest(
        &version("jira:version_deleted", r#""released":false"#)
            .replace(&TOLD.to_string(), &(TOLD + 2).to_string()),
    );
    assert_eq!(state(gone).0, Some(FlowState::Cancelled));
}

#[test]
fn a_link_is_told_by_the_ids_of_its_issues() {
    let link = |name: &str, of: &str| {
        hook(
            name,
            &format!(
                r#""issueLink":{{"id":5,"sourceIssueId":101,"destinationIssueId":102,"issueLinkType":{{"id":1,{of}}}}}"#
            ),
        )
    };
    let blocks = r#""name":"Blocks","outwardName":"blocks","inwardName":"is blocked by""#;
    let issues = [1, 2]
        .map(|n| issue(&format!("CHK-{n}"), &fields(&status(1, "Open", "new"), ""), None).replace('\n', " "));
    let mut stream = applied(ingest(&issues.join("\n")));
    let told = ingest(&link("issuelink_created", blocks));
    assert_eq!((ids(&told), told.rejects.len()), (vec!["link/5/created"], 0));
    assert_eq!(stream.apply_batch(told.events).refused, []);
    assert_eq!(links(&stream, "jira:CHK-2", LinkKind::DependsOn), ["jira:CHK-1"]);
    let gone = ingest(&link("issuelink_deleted", blocks).replace(&TOLD.to_string(), &(TOLD + 5).to_string()));
    assert_eq!(stream.apply_batch(gone.events).refused, []);
    assert_eq!(links(&stream, "jira:CHK-2", LinkKind::DependsOn), Vec::<String>::new());
    let sub = ingest(&link("issuelink_created", r#""name":"jira_subtask_link","isSubTaskLinkType":true"#));
    assert_eq!((sub.events.len(), sub.ignored.len()), (0, 1));
}

#[test]
fn other_webhooks_are_counted_and_broken_ones_refused() {
    let counted = [
        hook("comment_created", r#""comment":{"id":"1"},"issue":{"key":"CHK-1","fields":{}}"#),
        hook("comment_created", r#""comment":{"id":"2"}"#),
        hook("sprint_started", r#""sprint":{"id":1}"#),
        hook("worklog_created", r#""worklog":{}"#),
        hook("jira:worklog_updated", r#""issue":{"key":"CHK-1","fields":{}}"#),
    ];
    let read = ingest(&counted.join("\n"));
    assert_eq!((read.events.len(), read.rejects.len()), (0, 0));
    assert_eq!(read.ignored["webhook comment_created"], 2);
    assert_eq!(read.ignored.len(), 4);
    let ok = issue("CHK-1", &fields(&status(1, "Open", "new"), ""), None);
    let table = [
        (hook("jira:issue_updated", r#""x":1"#), "issue: is missing"),
        (hook("jira:issue_updated", r#""issue":[]"#), "issue: is missing"),
        (hook("jira:issue_deleted", r#""issue":{"key":"CHK-1"}"#), "fields: is missing"),
        (hook("jira:issue_updated", r#""issue":{"fields":{}}"#), "key: is missing"),
        (hook("jira:version_released", r#""version":7"#), "version: is missing"),
        (hook("jira:version_released", r#""version":{"name":"1.4"}"#), "version.id: is missing"),
        (hook("jira:version_updated", r#""version":{"id":8,"releaseDate":"soon"}"#), "version.releaseDate"),
        (hook("issuelink_created", r#""issueLink":{"id":1}"#), "sourceIssueId: is missing"),
        (format!(r#"{{"webhookEvent":"jira:issue_updated","issue":{ok}}}"#), "timestamp: is missing"),
        (format!(r#"{{"webhookEvent":"jira:issue_updated","timestamp":true,"issue":{ok}}}"#), "timestamp"),
        (
            format!(
                r#"{{"webhookEvent":"jira:issue_updated","timestamp":"0000-01-01T00:00:00Z","issue":{ok}}}"#
            ),
            "the year must",
        ),
    ];
    for (text, reason) in table {
        let read = ingest(&text);
        let [reject] = read.rejects.as_slice() else { panic!("{text}: {read:?}") };
        assert!(reject.reason.contains(reason), "{text}: {}", reject.reason);
    }
}

#[test]
fn pages_of_a_changelog_are_put_together_with_their_issue() {
    let to = |id: u32, from: (&str, &str), to: (&str, &str)| {
        entry(id, &format!("2026-03-{id:02}T09:00:00Z"), &[&change("status", from, to)])
    };
    let entries = [
        to(2, ("1", "Open"), ("3", "In Progress")),
        to(3, ("3", "In Progress"), ("1", "Open")),
        to(4, ("1", "Open"), ("5", "Done")),
    ];
    let now = fields(&status(5, "Done", "done"), "");
    let whole = ingest(&issue("CHK-1", &now, Some(&[&entries[0], &entries[1], &entries[2]])));
    let page = |name: &str, start: usize, entries: &[String]| {
        let entries = entries.join(",");
        format!(
            r#"{{{name},"changelog":{{"startAt":{start},"maxResults":2,"total":3,"values":[{entries}]}}}}"#
        )
    };
    let bare = issue("CHK-1", &now, None).replace('\n', " ");
    let lines =
        [page(r#""key":"CHK-1""#, 2, &entries[2..]), bare.clone(), page(r#""id":"101""#, 0, &entries[..2])];
    let paged = ingest(&lines.join("\n"));
    let whole_events = whole.events.clone();
    assert_eq!((paged.events, paged.ignored), (whole.events, whole.ignored));
    // As the resource of the changelog gives them.
    let raw = |of: &str, start: usize, entries: &[String]| {
        let entries = entries.join(",");
        format!(
            r#"{{"self":"https://jira/rest/api/3/issue/{of}/changelog?startAt={start}","startAt":{start},"total":3,"values":[{entries}]}}"#
        )
    };
    let lines = [raw("101", 2, &entries[2..]), bare.clone(), raw("CHK-1", 0, &entries[..2])];
    assert_eq!(ingest(&lines.join("\n")).events, whole_events);
    assert_eq!(ingest(&raw("77", 0, &entries)).rejects[0].record.as_deref(), Some("77"));
    // Overlapping pages tell an entry once; a page that is not there leaves the changelog a part.
    let overlapping = [
        bare.clone(),
        page(r#""key":"CHK-1""#, 0, &entries[..2]),
        page(r#""key":"CHK-1""#, 1, &entries[1..]),
    ];
    assert_eq!(ingest(&overlapping.join("\n")).ignored.len(), 0);
    let part = ingest(&[bare, page(r#""key":"CHK-1""#, 2, &entries[2..])].join("\n"));
    assert_eq!(part.ignored["changelog that is only a page"], 1);
    let lost = ingest(&page(r#""key":"CHK-7""#, 0, &entries));
    assert_eq!((lost.events.len(), lost.rejects[0].record.as_deref()), (0, Some("CHK-7")));
    assert!(lost.rejects[0].reason.contains("together with its issue"), "{:?}", lost.rejects);
}
