//! When things were so: with a changelog, without one, and with a part of one.

use super::*;

#[test]
fn a_flag_blocks_until_it_is_taken() {
    let flag = |id, at, from, to| entry(id, at, &[&change("Flagged", from, to)]);
    let (none, flagged) = (("", ""), ("[10019]", "Impediment"));
    let entries = [
        flag(1, "2026-03-02T09:00:00.000+0000", none, flagged),
        flag(2, "2026-03-03T09:00:00.000+0000", flagged, none),
        flag(3, "2026-03-04T09:00:00.000+0000", none, flagged),
    ];
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let fields = format!(r#"{UPDATED},"status":{}"#, status(3, "In Progress", "indeterminate"));
    let read = ingest(&issue("CHK-1", &fields, Some(&entries)));
    let blocked = |id: &str| find(&read, id).set.attributes.get("blocked").cloned();
    assert_eq!(blocked("CHK-1/created"), None);
    assert_eq!(blocked("CHK-1/history/1").as_deref(), Some("Impediment"));
    assert_eq!(find(&read, "CHK-1/history/2").clear, ["blocked"]);
    let stream = applied(read);
    assert_eq!(stream.item("jira:CHK-1").unwrap().fields.attributes["blocked"], "Impediment");

    // The end of a flag that was there from the beginning tells that it was.
    let end = flag(1, "2026-03-02T09:00:00.000+0000", flagged, none);
    let read = ingest(&issue("CHK-2", &fields, Some(&[&end])));
    assert_eq!(find(&read, "CHK-2/created").set.attributes["blocked"], "Impediment");
    assert_eq!(find(&read, "CHK-2/history/1").clear, ["blocked"]);
}

#[test]
fn the_changelog_dates_everything() {
    let entries = [
        entry(
            3,
            "2026-03-10T09:00:00.000+0000",
            &[
                &change("status", ("3", "In Progress"), ("5", "Resolved")),
                &change("resolution", ("", ""), ("1", "Fixed")),
            ],
        ),
        entry(
            1,
            "2026-03-02T09:00:00.000+0100",
            &[
                &change("status", ("1", "Open"), ("3", "In Progress")),
                &change("assignee", ("", ""), ("ada", "Ada")),
                &change("Rank", ("", ""), ("", "higher")),
            ],
        ),
        entry(
            2,
            "2026-03-05T09:00:00.000+0000",
            &[
                &change("issuetype", ("1", "Story"), ("2", "Bug")),
                &change("Fix Version", ("7", "1.3"), ("", "")),
                &change("Fix Version", ("", ""), ("8", "1.4")),
                &change("summary", ("", "Crop"), ("", "Crop the image")),
            ],
        ),
        entry(4, "2026-03-19T09:00:00.000+0000", &[&change("Rank", ("", ""), ("", "lower"))]),
    ];
    let fields = format!(
        r#"{UPDATED},"summary":"Crop the image","issuetype":{{"id":"2","name":"Bug"}},"status":{},
        "priority":{{"name":"High"}},"resolution":{{"name":"Fixed"}},"resolutiondate":"2026-03-10T09:00:00.000+0000",
        "assignee":{{"displayName":"Ada"}},"fixVersions":[{{"id":"8","name":"1.4","releaseDate":"2026-05-01"}}]"#,
        status(5, "Resolved", "done")
    );
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let read = ingest(&issue("CHK-12", &fields, Some(&entries)));
    assert_eq!(read.rejects, []);

    let created = find(&read, "CHK-12/created");
    assert_eq!(created.item, "jira:CHK-12");
    assert_eq!(find(&read, "CHK-12/known_as/jira:id/1012").aliases, ["jira:id/1012"]);
    assert_eq!((created.kind, created.set.state), (Some(Kind::Story), Some(FlowState::New)));
    assert_eq!(created.set.status_id.as_deref(), Some("1"));
    assert_eq!((created.set.title.as_deref(), &created.set.assignee), (Some("Crop"), &None));
    assert_eq!((created.set.severity, created.clear.len()), (None, 0));
    assert_eq!(created.links.iter().map(|link| link.to.as_str()).collect::<Vec<_>>(), ["jira:version/7"]);

    let started = find(&read, "CHK-12/history/1");
    assert_eq!(started.occurred_at, instant("2026-03-02T08:00:00Z"));
    assert_eq!((started.set.state, started.set.assignee.as_deref()), (Some(FlowState::Active), Some("Ada")));
    let changed = find(&read, "CHK-12/history/2");
    assert_eq!((changed.kind, changed.set.severity), (Some(Kind::Defect), Some(Severity::Critical)));
    assert_eq!(changed.unlinks[0].to, "jira:version/7");
    assert_eq!(changed.links[0].to, "jira:version/8");
    let done = find(&read, "CHK-12/history/3");
    assert_eq!(done.set.state, Some(FlowState::Done));
    assert_eq!(done.set.attributes["resolution"], "Fixed");

    // What the changelog has dated is not dated again.
    let snapshot = find(&read, "CHK-12/snapshot/1773997200000");
    assert_eq!((snapshot.set.state, &snapshot.set.status), (None, &None));
    assert!(snapshot.links.is_empty() && snapshot.kind.is_none());
    assert!(read.events.iter().all(|event| event.id != "CHK-12/history/4"));

    let stream = applied(read);
    assert_eq!(
        stream
            .as_of(instant("2026-03-09T00:00:00Z"), Instant::MAX)
            .item("jira:id/1012")
            .unwrap()
            .fields
            .state,
        Some(FlowState::Active)
    );
    assert_eq!(links(&stream, "jira:CHK-12", LinkKind::ShipsIn), ["jira:version/8"]);
}

#[test]
fn without_a_changelog_the_resolution_dates_the_end() {
    let fields = format!(
        r#"{UPDATED},"summary":"s","issuetype":{{"name":"Bug"}},"status":{},"resolution":{{"name":"Fixed"}},
        "resolutiondate":"2026-03-10T09:00:00.000+0000","priority":{{"name":"Trivial"}},"assignee":null"#,
        status(6, "Closed", "done")
    );
    let read = ingest(&issue("CHK-1", &fields, None));
    let created = find(&read, "CHK-1/created");
    assert_eq!((created.kind, created.set.state), (Some(Kind::Defect), None));
    let resolved = find(&read, "CHK-1/resolved/1773133200000");
    assert_eq!(resolved.set.state, Some(FlowState::Done));
    let snapshot = find(&read, "CHK-1/snapshot/1773997200000");
    assert_eq!((snapshot.set.state, snapshot.set.status_id.as_deref()), (None, Some("6")));
    assert_eq!(snapshot.set.severity, Some(Severity::Trivial));
    assert_eq!(snapshot.clear, ["assignee"]);

    // The same from an issue that was brought in closed: its changelog is whole and knows of no status.
    let read = ingest(&issue("CHK-1", &fields, Some(&[])));
    assert_eq!(find(&read, "CHK-1/created").set.state, None);
    assert_eq!(find(&read, "CHK-1/resolved/1773133200000").set.state, Some(FlowState::Done));
}

#[test]
fn an_open_issue_without_a_changelog_is_as_it_was_seen_last() {
    let fields = format!(r#"{UPDATED},"status":{}"#, status(3, "Blocked", "indeterminate"));
    let read = ingest(&issue("CHK-1", &fields, None));
    assert_eq!(find(&read, "CHK-1/created").set.state, None);
    assert_eq!(find(&read, "CHK-1/snapshot/1773997200000").set.state, Some(FlowState::Waiting));
    // A whole changelog without a change says that it was always so.
    let read = ingest(&issue("CHK-1", &fields, Some(&[])));
    assert_eq!(find(&read, "CHK-1/created").set.state, Some(FlowState::Waiting));
    assert_eq!(find(&read, "CHK-1/snapshot/1773997200000").set.state, None);
}

#[test]
fn given_up_is_cancelled_and_reopened_is_not() {
    let entries = [
        entry(
            1,
            "2026-03-02T09:00:00Z",
            &[
                &change("status", ("1", "Open"), ("6", "Closed")),
                &change("resolution", ("", ""), ("2", "Won't Fix")),
            ],
        ),
        entry(
            2,
            "2026-03-03T09:00:00Z",
            &[
                &change("status", ("6", "Closed"), ("4", "Reopened")),
                &change("resolution", ("2", "Won't Fix"), ("", "")),
            ],
        ),
        entry(3, "2026-03-04T09:00:00Z", &[&change("status", ("4", "Reopened"), ("6", "Closed"))]),
        entry(4, "2026-03-05T09:00:00Z", &[&change("resolution", ("", ""), ("3", "Duplicate"))]),
    ];
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let fields =
        format!(r#"{UPDATED},"status":{},"resolution":{{"name":"Duplicate"}}"#, status(6, "Closed", "done"));
    let read = ingest(&issue("CHK-1", &fields, Some(&entries)));
    let states: Vec<Option<FlowState>> = read.events.iter().map(|event| event.set.state).collect();
    use FlowState::{Cancelled, Done, New};
    // Last how it is today, and by which id it is known.
    assert_eq!(states, [Some(New), Some(Cancelled), Some(New), Some(Done), Some(Cancelled), None, None]);
}

#[test]
fn a_status_gets_its_state_from_what_is_known_best() {
    let entries = [
        entry(1, "2026-03-02T09:00:00Z", &[&change("status", ("10", "Offen"), ("11", "Fertig zum Test"))]),
        entry(2, "2026-03-03T09:00:00Z", &[&change("status", ("11", "Fertig zum Test"), ("12", "Rätsel"))]),
        entry(3, "2026-03-04T09:00:00Z", &[&change("status", ("12", "Rätsel"), ("13", "Zu"))]),
    ];
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let fields = format!(r#"{UPDATED},"status":{}"#, status(13, "Zu", "done"));
    let other = issue("CHK-2", &format!(r#"{UPDATED},"status":{}"#, status(10, "Offen", "new")), None);
    let text = format!("[{},{other}]", issue("CHK-1", &fields, Some(&entries)));
    let options =
        IngestOptions { states: [("11".to_owned(), FlowState::Waiting)].into(), ..IngestOptions::default() };
    let read = jira(text.as_bytes(), &options);
    let states = ["created", "history/1", "history/2", "history/3"]
        .map(|id| find(&read, &format!("CHK-1/{id}")).set.state);
    use FlowState::{Done, New, Waiting};
    assert_eq!(states, [Some(New), Some(Waiting), None, Some(Done)]);
    assert_eq!(read.ignored, [("status: Rätsel".to_owned(), 1)].into());
    // By name as well, whatever its case.
    let states = [("11".to_owned(), FlowState::Waiting), ("rätsel".to_owned(), FlowState::Active)];
    let options = IngestOptions { states: states.into(), ..options };
    let read = jira(text.as_bytes(), &options);
    assert_eq!(
        (find(&read, "CHK-1/history/2").set.state, read.ignored),
        (Some(FlowState::Active), [].into())
    );
}

#[test]
fn a_moved_issue_stays_the_same_item() {
    let before = issue("OLD-7", UPDATED, Some(&[]));
    let moved = entry(5, "2026-03-21T09:00:00Z", &[&change("Key", ("", "OLD-7"), ("", "CHK-7"))]);
    let fields = r#""updated":"2026-03-21T09:00:00Z""#;
    let linked = r#""updated":"2026-03-22T09:00:00Z","parent":{"id":"107","key":"CHK-7"}"#;
    let child = issue("CHK-8", linked, None).replace('\n', "");
    let after = format!("{child}\n{}", issue("CHK-7", fields, Some(&[&moved])).replace('\n', ""));
    let mut stream = ValueStream::new();
    let mut events = ingest(&before).events;
    events.extend(ingest(&after).events);
    assert_eq!(stream.apply_batch(events).refused, []);
    assert_eq!(stream.item("jira:CHK-7").unwrap().id, "jira:OLD-7");
    assert_eq!(links(&stream, "jira:CHK-8", LinkKind::Parent), ["jira:OLD-7"]);
    assert_eq!(stream.items(None), ["jira:CHK-8", "jira:OLD-7"]);
}

fn moved_to_chk_7() -> Vec<crate::Event> {
    let moved = entry(5, "2026-03-21T09:00:00Z", &[&change("Key", ("", "OLD-7"), ("", "CHK-7"))]);
    let fields = r#""updated":"2026-03-21T09:00:00Z","summary":"Crop","issuetype":{"name":"Story"}"#;
    ingest(&issue("CHK-7", fields, Some(&[&moved]))).events
}

#[test]
fn a_commit_that_came_before_its_issue_was_moved_is_found() {
    let mut stream = ValueStream::new();
    let mut commit = crate::Event::new("git", "1", instant("2026-03-01T09:00:00Z"), "git:4f2c");
    commit.links.push(crate::Link::new(LinkKind::Implements, "jira:CHK-7"));
    stream.apply(commit).unwrap();
    assert_eq!(stream.apply_batch(moved_to_chk_7()).refused, []);
    assert_eq!(links(&stream, "git:4f2c", LinkKind::Implements), ["jira:OLD-7"]);
    assert_eq!(stream.item("jira:CHK-7").unwrap().fields.title.as_deref(), Some("Crop"));
}

#[test]
fn a_name_that_can_not_be_its_own_costs_the_issue_only_that_name() {
    let mut stream = ValueStream::new();
    let mut other = crate::Event::new("plan", "1", instant("2026-03-01T09:00:00Z"), "jira:OLD-7");
    other.links.push(crate::Link::new(LinkKind::Relates, "jira:CHK-7"));
    stream.apply(other).unwrap();
    let report = stream.apply_batch(moved_to_chk_7());
    let [refused] = &report.refused[..] else { panic!("{:?}", report.refused) };
    assert!(refused.event.as_deref().unwrap().starts_with("jira:OLD-7/known_as/jira:CHK-7/"), "{refused:?}");
    assert_eq!(stream.item("jira:OLD-7").unwrap().fields.title.as_deref(), Some("Crop"));
}

#[test]
fn a_page_of_a_changelog_is_not_taken_for_the_beginning() {
    let known = entry(
        900,
        "2026-03-05T09:00:00Z",
        &[
            &change("status", ("3", "In Progress"), ("5", "Resolved")),
            &change("issuetype", ("1", "Story"), ("2", "Bug")),
        ],
    );
    let fields = format!(
        r#"{UPDATED},"issuetype":{{"id":"2","name":"Bug"}},"status":{}"#,
        status(5, "Resolved", "done")
    );
    let text = issue("CHK-1", &fields, Some(&[&known])).replace("\"total\":1", "\"total\":120");
    let read = ingest(&text);
    let created = find(&read, "CHK-1/created");
    assert_eq!((created.kind, created.set.state), (Some(Kind::Story), None));
    assert_eq!(find(&read, "CHK-1/history/900").set.state, Some(FlowState::Done));
    assert_eq!(find(&read, "CHK-1/snapshot/1773997200000").set.state, None);
    assert_eq!(read.ignored, [("changelog that is only a page".to_owned(), 1)].into());
}

#[test]
fn links_are_dated_by_the_changelog() {
    let link = |from: &str, text_from: &str, to: &str, text_to: &str| {
        change("Link", (from, text_from), (to, text_to))
    };
    let entries = [
        entry(1, "2026-03-02T09:00:00Z", &[&link("", "", "CHK-2", "This issue is blocked by CHK-2")]),
        entry(2, "2026-03-03T09:00:00Z", &[&link("", "", "CHK-3", "This issue blocks CHK-3")]),
        entry(3, "2026-03-04T09:00:00Z", &[&link("CHK-3", "This issue blocks CHK-3", "", "")]),
        entry(4, "2026-03-05T09:00:00Z", &[&link("", "", "CHK-4", "This issue wartet auf CHK-4")]),
        entry(5, "2026-03-06T09:00:00Z", &[&link("", "", "CHK-5", "Dieser Vorgang blockiert CHK-5")]),
    ];
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let fields = format!(
        r#"{UPDATED},"issuelinks":[
        {{"type":{{"name":"Blocks","inward":"is blocked by","outward":"blocks"}},"inwardIssue":{{"key":"CHK-2"}}}},
        {{"type":{{"name":"Depends","inward":"bremst","outward":"wartet auf"}},"outwardIssue":{{"key":"CHK-4"}}}}]"#
    );
    let read = ingest(&issue("CHK-1", &fields, Some(&entries)));
    assert_eq!(read.ignored, [("changelog of Link that is not understood".to_owned(), 1)].into());
    assert!(ids(&read).iter().all(|id| !id.contains("snapshot/1773997200000/")), "no link is dated twice");
    assert_eq!(find(&read, "CHK-1/history/3/no_longer_blocks/CHK-3").item, "jira:CHK-3");
    let stream = applied(read);
    let as_of =
        |item: &str, at: &str| links(&stream.as_of(instant(at), Instant::MAX), item, LinkKind::DependsOn);
    assert_eq!(as_of("jira:CHK-1", "2026-03-02T10:00:00Z"), ["jira:CHK-2"]);
    assert_eq!(as_of("jira:CHK-1", "2026-03-06T10:00:00Z"), ["jira:CHK-2", "jira:CHK-4"]);
    assert_eq!(as_of("jira:CHK-3", "2026-03-03T10:00:00Z"), ["jira:CHK-1"]);
    assert!(as_of("jira:CHK-3", "2026-03-04T10:00:00Z").is_empty());
}
