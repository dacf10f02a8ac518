//! Issues, pull requests and reviews.

use super::*;

#[test]
fn an_issue_is_open_until_it_is_closed() {
    let open =
        issue(r#""state":"open","labels":[{"name":"kind/bug"},{"name":"ui"}],"milestone":{"title":"M1"}"#);
    let read_one = read(&open);
    assert_eq!(ids(&read_one), ["acme/shop#5/created/defect", &format!("acme/shop#5/seen/{}", DAY_1 + DAY)]);
    let closed = issue(
        r#""state":"closed","closed_at":"2026-03-02T09:00:00Z","state_reason":"completed","assignee":{"login":"bob"}"#,
    );
    let stream = stream(&[&open, &closed]);
    let item = stream.item("github:acme/shop#5").unwrap();
    assert_eq!((item.fields.state, item.fields.status.as_deref()), (Some(FlowState::Done), Some("closed")));
    assert_eq!(item.fields.title.as_deref(), Some("Crop"));
    let history = stream.history("github:acme/shop#5").unwrap();
    let states: Vec<_> =
        history.iter().filter_map(|event| Some((event.occurred_at.millis(), event.set.state?))).collect();
    let expected = [
        (DAY_1, FlowState::New),
        (DAY_1, FlowState::New),
        (DAY_1 + DAY, FlowState::New),
        (DAY_1 + DAY, FlowState::Done),
    ];
    assert_eq!(states, expected);
}

#[test]
fn the_reason_of_closing_and_the_options_say_the_state() {
    let state = |fields: &str, options: &IngestOptions| {
        let read = super::super::read(issue(fields).as_bytes().into(), options);
        read.events.iter().rev().find_map(|event| event.set.state).unwrap()
    };
    let none = IngestOptions::default();
    let closed = |reason: &str| {
        format!(r#""state":"closed","closed_at":"2026-03-02T09:00:00Z","state_reason":{reason}"#)
    };
    assert_eq!(state(&closed("null"), &none), FlowState::Done);
    assert_eq!(state(&closed("\"not_planned\""), &none), FlowState::Cancelled);
    assert_eq!(state(&closed("\"duplicate\""), &none), FlowState::Cancelled);
    let options = IngestOptions {
        states: [
            ("In Progress".to_owned(), FlowState::Active),
            ("open".to_owned(), FlowState::Waiting),
            ("not_planned".to_owned(), FlowState::Done),
        ]
        .into(),
        ..none
    };
    assert_eq!(state(r#""state":"open","labels":["in progress"]"#, &options), FlowState::Active);
    assert_eq!(state(r#""state":"open""#, &options), FlowState::Waiting);
    assert_eq!(state(&closed("\"not_planned\""), &options), FlowState::Done);
}

#[test]
fn type_and_labels_say_the_kind() {
    let kind = |fields: &str, options: &IngestOptions| {
        let read =
            super::super::read(issue(&format!("\"state\":\"open\",{fields}")).as_bytes().into(), options);
        (read.events[0].kind.unwrap(), read.ignored.len())
    };
    let none = IngestOptions::default();
    assert_eq!(kind(r#""type":{"name":"Bug"},"labels":[{"name":"enhancement"}]"#, &none), (Kind::Defect, 0));
    assert_eq!(
        kind(r#""type":null,"labels":[{"name":"ui"},{"name":"enhancement"}]"#, &none),
        (Kind::Feature, 0)
    );
    assert_eq!(kind(r#""labels":[{"name":"ui"}]"#, &none), (Kind::Story, 1));
    let options = IngestOptions { kinds: [("UI".to_owned(), Kind::Debt)].into(), ..none };
    assert_eq!(kind(r#""labels":[{"name":"bug"},{"name":"ui"}]"#, &options), (Kind::Debt, 0));
}

#[test]
fn a_later_label_does_not_date_back_to_the_beginning() {
    let opened =
        hook("opened", &format!("\"issue\":{}", issue(r#""state":"open","labels":[{"name":"bug"}]"#)));
    let labelled =
        hook("labeled", &format!("\"issue\":{}", issue(r#""state":"open","labels":[{"name":"story"}]"#)));
    let read_later = read(&labelled);
    assert_eq!((read_later.events[0].id.as_str(), read_later.events[0].kind), ("acme/shop#5/created", None));
    let stream = stream(&[&opened, &labelled]);
    assert_eq!(
        stream.history("github:acme/shop#5").unwrap().iter().filter(|e| e.id.contains("/created/")).count(),
        1
    );
}

#[test]
fn a_merged_pull_request_stands_between_its_commits_and_the_merge() {
    let merged = pull(
        r#""state":"closed","merged_at":"2026-03-03T09:00:00Z","closed_at":"2026-03-03T09:00:00Z","merge_commit_sha":"CCCC""#,
    );
    let stream = stream(&[&pull(r#""state":"open","draft":true"#), &merged]);
    let item = stream.item("github:acme/shop#7").unwrap();
    assert_eq!((item.kind, item.fields.state), (Some(Kind::Change), Some(FlowState::Done)));
    assert_eq!(item.fields.status.as_deref(), Some("merged"));
    assert_eq!(item.fields.starts_at.unwrap().millis(), DAY_1);
    assert_eq!(item.fields.ends_at.unwrap().millis(), DAY_1 + 2 * DAY);
    assert_eq!(item.fields.description.as_deref(), Some("Also CHK-2"));
    let attributes: Vec<&str> = ["author", "branch", "target_branch", "merge_sha", "repository"]
        .iter()
        .map(|name| item.fields.attributes[*name].as_str())
        .collect();
    assert_eq!(attributes, ["ada", "crop", "main", "CCCC", "acme/shop"]);
    let found = stream.links("github:acme/shop#7").unwrap();
    let found: Vec<(&str, &str)> = found.iter().map(|link| (&*link.from, &*link.to)).collect();
    assert_eq!(found, [("github:acme/shop#7", "git:aaaa"), ("git:cccc", "github:acme/shop#7")]);
    assert_eq!(stream.item("git:cccc").unwrap().kind, Some(Kind::Change));
}

#[test]
fn a_branch_that_was_only_moved_forward_makes_no_circle() {
    let read =
        read(&pull(r#""state":"closed","merged_at":"2026-03-03T09:00:00Z","merge_commit_sha":"aaaa""#));
    let follows: Vec<_> =
        read.events.iter().flat_map(links).filter(|(kind, _)| *kind == LinkKind::Follows).collect();
    assert_eq!(follows, [(LinkKind::Follows, "github:acme/shop#7")]);
}

#[test]
fn a_pull_request_in_a_list_of_issues_is_the_same_item() {
    let short = issue(
        r#""state":"closed","closed_at":"2026-03-02T09:00:00Z","pull_request":{"merged_at":"2026-03-02T09:00:00Z"}"#,
    );
    let merged = read(&short);
    assert_eq!(merged.events[0].item, "github:acme/shop#5");
    assert_eq!(merged.events.last().unwrap().set.status.as_deref(), Some("merged"));
    let unmerged = read(&short.replace(r#""merged_at":"2026-03-02T09:00:00Z""#, r#""merged_at":null"#));
    assert_eq!(unmerged.events.last().unwrap().set.state, Some(FlowState::Cancelled));
    // Older answers don't say.
    let unknown = read(&short.replace(r#""merged_at""#, r#""x""#));
    assert_eq!(unknown.events.len(), 2);
    assert_eq!(unknown.ignored.len(), 1);
}

#[test]
fn reviews_and_what_leads_to_them_have_their_times() {
    let open = pull(r#""state":"open""#);
    let ready = hook("ready_for_review", &format!("\"number\":7,\"pull_request\":{open}"));
    let rest = r#"{"id":11,"state":"APPROVED","user":{"login":"bob"},"submitted_at":"2026-03-02T09:00:00Z","commit_id":"aaaa",
        "pull_request_url":"https://api.github.com/repos/acme/shop/pulls/7"}"#;
    let pushed = format!(
        r#""review":{{"id":11,"state":"approved","user":{{"login":"bob"}},"submitted_at":"2026-03-02T09:00:00Z"}},"pull_request":{open}"#
    );
    let dismissed = hook("dismissed", &pushed.replace("\"approved\"", "\"dismissed\""));
    let comment = hook(
        "created",
        r#""issue":{"number":7,"pull_request":{}},"comment":{"id":12,"user":{"login":"eve"},"created_at":"2026-03-01T10:00:00Z"}"#,
    );
    let stream = stream(&[&ready, rest, &hook("submitted", &pushed), &dismissed, &comment]);
    let history = stream.history("github:acme/shop#7").unwrap();
    let reviews: Vec<(&str, &str)> = history
        .iter()
        .filter_map(|event| Some((event.id.as_str(), event.set.attributes.get("review")?.as_str())))
        .collect();
    let expected = [
        ("acme/shop#7/review/comment/12", "commented"),
        ("acme/shop#7/review/11/approved", "approved"),
        ("acme/shop#7/review/11/dismissed", "dismissed"),
    ];
    assert_eq!(reviews, expected);
    let item = stream.item("github:acme/shop#7").unwrap();
    assert_eq!(item.fields.attributes["ready_for_review_at"], "2026-03-03T09:00:00.000Z");
    let pending = read(&rest.replace("APPROVED", "PENDING"));
    assert_eq!((pending.events.len(), pending.ignored.len()), (0, 1));
}

#[test]
fn a_reopened_pull_request_has_no_end() {
    let closed = pull(r#""state":"closed","closed_at":"2026-03-02T09:00:00Z","merged_at":null"#);
    let again = hook("reopened", &format!("\"pull_request\":{}", pull(r#""state":"open""#)));
    let stream = stream(&[&closed, &again]);
    let fields = stream.item("github:acme/shop#7").unwrap().fields;
    assert_eq!(
        (fields.state, fields.status.as_deref(), fields.ends_at),
        (Some(FlowState::Active), Some("open"), None)
    );
}

#[test]
fn issue_events_tell_what_lies_before_today() {
    let today = issue(r#""state":"open""#);
    let entry = |event: &str, at: &str| {
        format!(r#"{{"id":1,"event":"{event}","created_at":"{at}","issue":{today}}}"#)
    };
    let closed = entry("closed", "2026-03-01T10:00:00Z");
    let read_all = read(&format!(
        "[{closed},{},{}]",
        entry("reopened", "2026-03-01T11:00:00Z"),
        entry("pinned", "2026-03-01T12:00:00Z")
    ));
    assert_eq!(read_all.ignored["issue event: pinned"], 1);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read_all.events).refused, []);
    let states: Vec<_> =
        stream.history("github:acme/shop#5").unwrap().iter().filter_map(|event| event.set.state).collect();
    assert_eq!(states, [FlowState::New, FlowState::Done, FlowState::New, FlowState::New]);
}

#[test]
fn a_transferred_issue_is_known_by_both_names() {
    let moved = hook(
        "transferred",
        &format!(
            r#""issue":{},"changes":{{"new_issue":{{"number":9}},"new_repository":{{"full_name":"acme/till"}}}}"#,
            issue(r#""state":"open""#)
        ),
    );
    let stream = stream(&[&moved]);
    assert_eq!(stream.item("github:acme/till#9").unwrap().id, "github:acme/shop#5");
    let gone = hook("deleted", &format!("\"issue\":{}", issue(r#""state":"open""#)));
    assert_eq!(read(&gone).events.last().unwrap().set.state, Some(FlowState::Cancelled));
}

#[test]
fn an_incident_lasts_from_its_beginning_to_its_end() {
    let open = issue(r#""state":"open","labels":["incident"]"#);
    let closed = issue(r#""state":"closed","labels":["incident"],"closed_at":"2026-03-01T10:00:00Z""#);
    let fields = stream(&[&closed]).item("github:acme/shop#5").unwrap().fields;
    assert_eq!(
        (fields.starts_at.unwrap().millis(), fields.ends_at.unwrap().millis()),
        (DAY_1, DAY_1 + DAY / 24)
    );
    let again = stream(&[&closed, &open.replace("2026-03-02", "2026-03-03")]);
    let item = again.item("github:acme/shop#5").unwrap();
    assert_eq!((item.kind, item.fields.ends_at), (Some(Kind::Incident), None));
}

#[test]
fn issues_are_parts_of_others_and_wait_for_others() {
    let other =
        issue(r#""state":"open""#).replace("issues/5", "issues/6").replace("\"number\":5", "\"number\":6");
    let one = issue(r#""state":"open""#);
    let part =
        issue(r#""state":"open","parent_issue_url":"https://api.github.com/repos/acme/plan/issues/2""#);
    let waits = format!(
        r#"{{"action":"blocked_by_added","blocked_issue":{one},"blocking_issue":{other},"sender":{{}}}}"#
    );
    let first = stream(&[&part, &waits]);
    let found = first.links("github:acme/shop#5").unwrap();
    let found: Vec<(LinkKind, &str)> = found.iter().map(|link| (link.kind, &*link.to)).collect();
    assert_eq!(
        found,
        [(LinkKind::Parent, "github:acme/plan#2"), (LinkKind::DependsOn, "github:acme/shop#6")]
    );

    let later = |text: &str| text.replace("2026-03-02", "2026-03-03");
    let waits_no_more = later(&waits.replace("_added", "_removed"));
    let moved = later(&format!(
        r#"{{"action":"parent_issue_added","sub_issue":{one},"parent_issue":{other},"sender":{{}}}}"#
    ));
    let then = stream(&[&part, &waits, &waits_no_more, &moved]);
    let found = then.links("github:acme/shop#5").unwrap();
    let found: Vec<(LinkKind, &str)> = found.iter().map(|link| (link.kind, &*link.to)).collect();
    assert_eq!(found, [(LinkKind::Parent, "github:acme/shop#6")]);
    // An issue is no part of itself.
    let odd =
        format!(r#"{{"action":"sub_issue_added","sub_issue":{one},"parent_issue":{one},"sender":{{}}}}"#);
    assert!(read(&odd).events.iter().all(|event| event.links.is_empty()));
}
