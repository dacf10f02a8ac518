use super::*;
use crate::ValueStream;
use crate::ingest::forge::spoiled;
use crate::model::{Decision, FlowState, Outcome, Severity};
use crate::time::Span;

fn read(text: &str) -> Ingested {
    super::read(text.as_bytes().into(), &IngestOptions::default())
}

/// Reads texts one after the other into a stream; nothing may be rejected or refused.
fn stream(texts: &[&str]) -> ValueStream {
    let mut stream = ValueStream::new();
    for text in texts {
        let read = read(text);
        assert_eq!(read.rejects, [], "{text}");
        assert_eq!(stream.apply_batch(read.events).refused, [], "{text}");
    }
    stream
}

fn links(event: &Event) -> Vec<(LinkKind, &str)> {
    event.links.iter().map(|link| (link.kind, link.to.as_str())).collect()
}

/// 2026-03-01T09:00:00Z.
const DAY_1: i64 = 1_772_355_600_000;
const HOUR: i64 = 3_600_000;

const PROJECT: &str = r#""project":{"id":4,"path_with_namespace":"acme/shop"},"user":{"username":"bob"}"#;

fn issue(fields: &str) -> String {
    format!(
        r#"{{"id":55,"iid":5,"project_id":4,"title":"Crop","created_at":"2026-03-01T09:00:00.000Z","updated_at":"2026-03-01T10:00:00.000Z",
        "references":{{"full":"acme/shop#5"}},{fields}}}"#
    )
}

fn change(fields: &str) -> String {
    format!(
        r#"{{"id":77,"iid":7,"title":"CHK-1 Crop","description":"Also CHK-2","source_branch":"crop","target_branch":"main","sha":"AAAA",
        "created_at":"2026-03-01T09:00:00.000Z","updated_at":"2026-03-01T12:00:00.000Z","author":{{"username":"ada"}},
        "web_url":"https://git.test/acme/shop/-/merge_requests/7",{fields}}}"#
    )
}

#[test]
fn an_issue_has_its_values_and_its_end() {
    let open = issue(
        r#""state":"opened","issue_type":"incident","severity":"HIGH","labels":["ui","type::bug"],"weight":3,"due_date":"2026-03-09",
        "time_stats":{"time_estimate":7200},"assignees":[{"username":"eve"}],"milestone":{"title":"M1"}"#,
    );
    let open = open.replace("\"updated_at\":\"2026-03-01T10", "\"updated_at\":\"2026-03-01T09");
    let first = stream(&[&open]);
    let item = first.item("gitlab:acme/shop#5").unwrap();
    assert_eq!((item.kind, item.fields.state), (Some(Kind::Incident), Some(FlowState::New)));
    assert_eq!((item.fields.severity, item.fields.size), (Some(Severity::Major), Some(3.0)));
    assert_eq!(item.fields.due_at.unwrap().to_string(), "2026-03-09T23:59:59.999Z");
    assert_eq!(item.fields.estimate, Some(Span::from_hours(2)));
    assert_eq!(item.fields.assignee.as_deref(), Some("eve"));
    assert_eq!(item.fields.attributes["labels"], "ui, type::bug");

    let closed = issue(r#""state":"closed","closed_at":"2026-03-01T10:00:00.000Z","issue_type":"incident""#);
    let both = stream(&[&open, &closed]);
    let fields = both.item("gitlab:acme/shop#5").unwrap().fields;
    assert_eq!((fields.state, fields.status.as_deref()), (Some(FlowState::Done), Some("closed")));
    assert_eq!((fields.assignee, fields.attributes.get("labels")), (None, None));
    assert_eq!((fields.starts_at.unwrap().millis(), fields.ends_at.unwrap().millis()), (DAY_1, DAY_1 + HOUR));
}

#[test]
fn a_webhook_and_the_interface_speak_of_one_issue() {
    let hook = |action: &str, state: &str, at: &str| {
        format!(
            r#"{{"object_kind":"issue",{PROJECT},"labels":[{{"title":"bug"}}],"object_attributes":{{"iid":5,"title":"Crop","state":"{state}",
            "action":"{action}","created_at":"2026-03-01 09:00:00 UTC","updated_at":"2026-03-01 {at}:00 UTC","type":"Issue"}}}}"#
        )
    };
    let texts = [
        hook("open", "opened", "09:00"),
        hook("close", "closed", "11:00"),
        hook("reopen", "opened", "12:00"),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let stream = stream(&texts);
    let item = stream.item("gitlab:acme/shop#5").unwrap();
    assert_eq!((item.kind, item.fields.state), (Some(Kind::Defect), Some(FlowState::New)));
    assert_eq!(item.fields.attributes["author"], "bob", "who opens it is its author");
    let states: Vec<(i64, FlowState)> = stream
        .history("gitlab:acme/shop#5")
        .unwrap()
        .iter()
        .filter_map(|event| Some(((event.occurred_at.millis() - DAY_1) / HOUR, event.set.state?)))
        .collect();
    let (new, done) = (FlowState::New, FlowState::Done);
    assert_eq!(states, [(0, new), (0, new), (0, new), (2, done), (3, new), (3, new)]);
}

#[test]
fn a_merged_request_stands_between_its_commits_and_what_arrived() {
    let merged = |fields: &str| {
        change(&format!(r#""state":"merged","merged_at":"2026-03-01T11:00:00.000Z",{fields}"#))
    };
    let table = [
        (r#""merge_commit_sha":"cccc","squash_commit_sha":"dddd""#, Some("git:aaaa"), "git:cccc"),
        (r#""merge_commit_sha":null,"squash_commit_sha":"dddd""#, Some("git:aaaa"), "git:dddd"),
        // Only moved forward: no circle.
        (r#""merge_commit_sha":null"#, None, "git:aaaa"),
    ];
    for (fields, head, landed) in table {
        let stream = stream(&[&merged(fields)]);
        let item = stream.item("gitlab:acme/shop!7").unwrap();
        assert_eq!((item.kind, item.fields.state), (Some(Kind::Change), Some(FlowState::Done)));
        assert_eq!(item.fields.starts_at.unwrap().millis(), DAY_1);
        assert_eq!(item.fields.ends_at.unwrap().millis(), DAY_1 + 2 * HOUR);
        let found = stream.links("gitlab:acme/shop!7").unwrap();
        let out = found.iter().find(|link| link.from == "gitlab:acme/shop!7").map(|link| link.to.as_str());
        let into = found.iter().find(|link| link.to == "gitlab:acme/shop!7").map(|link| link.from.as_str());
        assert_eq!((out, into), (head, Some(landed)), "{fields}");
    }
    let closed = change(r#""state":"closed","closed_at":"2026-03-01T11:00:00.000Z""#);
    let fields = stream(&[&closed]).item("gitlab:acme/shop!7").unwrap().fields;
    assert_eq!(
        (fields.state, fields.ends_at.unwrap().millis()),
        (Some(FlowState::Cancelled), DAY_1 + 2 * HOUR)
    );
}

#[test]
fn a_label_after_the_merge_does_not_move_its_end() {
    let hook = |action: &str, at: &str| {
        format!(
            r#"{{"object_kind":"merge_request",{PROJECT},"object_attributes":{{"iid":7,"state":"merged","action":"{action}","source_branch":"crop",
            "created_at":"2026-03-01 09:00:00 UTC","updated_at":"2026-03-01 {at}:00 UTC"}}}}"#
        )
    };
    let both = stream(&[&hook("merge", "10:00"), &hook("update", "12:00")]);
    let fields = both.item("gitlab:acme/shop!7").unwrap().fields;
    assert_eq!((fields.state, fields.ends_at.unwrap().millis()), (Some(FlowState::Done), DAY_1 + HOUR));
    // Whoever has seen the label alone knows that it was merged, and not when.
    let later = stream(&[&hook("update", "12:00")]);
    let fields = later.item("gitlab:acme/shop!7").unwrap().fields;
    assert_eq!((fields.state, fields.ends_at), (Some(FlowState::Done), None));
}

#[test]
fn what_happens_to_a_merge_request_has_its_time() {
    let hook = |action: &str, at: &str, more: &str| {
        format!(
            r#"{{"object_kind":"merge_request",{PROJECT},"object_attributes":{{"iid":7,"title":"Crop","state":"opened","action":"{action}",
            "draft":false,"source_branch":"crop","target_branch":"main","last_commit":{{"id":"aaaa"}},
            "created_at":"2026-03-01 09:00:00 UTC","updated_at":"2026-03-01 {at}:00 UTC"}}{more}}}"#
        )
    };
    let ready = hook(
        "update",
        "10:00",
        r#","changes":{"draft":{"previous":true,"current":false},"reviewers":{"previous":[],"current":[{"username":"bob"}]}}"#,
    );
    let note = format!(
        r#"{{"object_kind":"note",{PROJECT},"object_attributes":{{"id":9,"created_at":"2026-03-01 10:30:00 UTC","system":false}},
        "merge_request":{{"iid":7}}}}"#
    );
    let stream = stream(&[&ready, &note, &hook("approved", "11:00", "")]);
    let fields = stream.item("gitlab:acme/shop!7").unwrap().fields;
    assert_eq!(fields.attributes["ready_for_review_at"], "2026-03-01T10:00:00.000Z");
    assert_eq!(fields.attributes["review_requested_at"], "2026-03-01T10:00:00.000Z");
    let history = stream.history("gitlab:acme/shop!7").unwrap();
    let reviews: Vec<(i64, &str, &str)> = history
        .iter()
        .filter_map(|event| {
            let attributes = &event.set.attributes;
            Some((
                event.occurred_at.millis() - DAY_1,
                attributes.get("review")?.as_str(),
                attributes["reviewed_by"].as_str(),
            ))
        })
        .collect();
    assert_eq!(reviews, [(HOUR * 3 / 2, "commented", "bob"), (2 * HOUR, "approved", "bob")]);
    let system = read(&note.replace("false", "true"));
    assert_eq!((system.events.len(), system.ignored["comment"]), (0, 1));
}

#[test]
fn a_pipeline_is_a_build_and_its_jobs_are_parts_of_it() {
    let hook = format!(
        r#"{{"object_kind":"pipeline",{PROJECT},"object_attributes":{{"id":3,"iid":2,"ref":"main","sha":"AAAA","status":"failed","source":"push",
        "created_at":"2026-03-01 09:00:00 UTC","finished_at":"2026-03-01 09:10:00 UTC"}},
        "builds":[{{"id":31,"stage":"test","name":"unit","status":"success","created_at":"2026-03-01 09:00:00 UTC",
        "started_at":"2026-03-01 09:01:00 UTC","finished_at":"2026-03-01 09:02:00 UTC"}},
        {{"id":32,"stage":"deploy","name":"prod","status":"manual","created_at":"2026-03-01 09:00:00 UTC","started_at":null}}]}}"#
    );
    let detail = r#"{"id":3,"iid":2,"project_id":4,"ref":"main","sha":"aaaa","status":"failed","source":"push","created_at":"2026-03-01T09:00:00.000Z",
        "updated_at":"2026-03-01T09:10:01.000Z","started_at":"2026-03-01T09:00:30.000Z","finished_at":"2026-03-01T09:10:00.500Z",
        "web_url":"https://git.test/acme/shop/-/pipelines/3"}"#;
    let stream = stream(&[detail, &hook]);
    let fields = stream.item("gitlab:pipeline/3").unwrap().fields;
    assert_eq!((fields.result, fields.title.as_deref()), (Some(Outcome::Failure), Some("Pipeline #2")));
    assert_eq!(fields.starts_at.unwrap().millis(), DAY_1 + 30_000);
    assert_eq!(fields.ends_at.unwrap().millis(), DAY_1 + 600_500);
    assert_eq!(fields.attributes["repository"], "acme/shop");
    let found = stream.links("gitlab:pipeline/3").unwrap();
    let found: Vec<(LinkKind, &str, &str)> = found.iter().map(|l| (l.kind, &*l.from, &*l.to)).collect();
    let expected = [
        (LinkKind::BuiltFrom, "gitlab:pipeline/3", "git:aaaa"),
        (LinkKind::Parent, "gitlab:job/31", "gitlab:pipeline/3"),
        (LinkKind::Parent, "gitlab:job/32", "gitlab:pipeline/3"),
    ];
    assert_eq!(found, expected);
    assert_eq!(stream.item("gitlab:job/31").unwrap().fields.result, Some(Outcome::Success));
    assert_eq!(stream.item("gitlab:job/32").unwrap().fields.result, Some(Outcome::Running));
}

#[test]
fn a_list_of_pipelines_gives_no_times_that_it_does_not_have() {
    let read = read(
        r#"[{"id":3,"sha":"aaaa","ref":"main","status":"success","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z"}]"#,
    );
    let event = &read.events[1];
    assert_eq!(
        (event.set.starts_at, event.set.ends_at, event.occurred_at.millis()),
        (None, None, DAY_1 + HOUR)
    );
    assert_eq!(event.set.result, Some(Outcome::Success));
}

#[test]
fn a_job_tells_of_itself_as_well() {
    let hook = r#"{"object_kind":"build","build_id":31,"build_name":"unit","build_stage":"test","build_status":"canceled","sha":"aaaa","pipeline_id":3,
        "build_created_at":"2026-03-01 09:00:00 UTC","build_started_at":"2026-03-01 09:01:00 UTC","build_finished_at":"2026-03-01 09:00:59 UTC",
        "project_id":4,"repository":{"homepage":"https://git.test/acme/shop"}}"#;
    let one = read(hook);
    assert_eq!(one.rejects, []);
    assert_eq!(one.events[1].set.result, Some(Outcome::Aborted));
    assert_eq!((one.events[1].set.starts_at, one.ignored["end before start"]), (None, 1));
    assert_eq!(one.events[0].set.attributes["repository"], "acme/shop");
    let none = read(&hook.replace("2026-03-01", "").replace("\" 09", "\"09"));
    assert_eq!((none.events.len(), none.rejects.len()), (0, 1));
}

#[test]
fn what_ends_in_the_second_that_it_begins_in_has_ended() {
    let job = |status: &str, end: &str| {
        format!(
            r#"{{"id":31,"status":"{status}","stage":"test","name":"unit","created_at":"2026-03-01T09:00:00Z","started_at":"2026-03-01T09:00:00Z",
            "finished_at":{end}}}"#
        )
    };
    let failed = job("failed", "\"2026-03-01T09:00:00Z\"");
    let stream = stream(&[&failed, &job("running", "null")]);
    let fields = stream.item("gitlab:job/31").unwrap().fields;
    assert_eq!((fields.result, fields.ends_at.unwrap().millis()), (Some(Outcome::Failure), DAY_1));
}

#[test]
fn a_deployment_goes_to_its_environment() {
    let hook = |status: &str, at: &str| {
        format!(
            r#"{{"object_kind":"deployment","deployment_id":6,"status":"{status}","status_changed_at":"2026-03-01 {at}:00 +0100","environment":"prod",
            "environment_tier":"production","deployable_id":31,"ref":"main","commit_url":"https://git.test/acme/shop/-/commit/AAAA",{PROJECT}}}"#
        )
    };
    let stream = stream(&[&hook("running", "10:00"), &hook("success", "10:30")]);
    let fields = stream.item("gitlab:deployment/6").unwrap().fields;
    assert_eq!((fields.result, fields.title.as_deref()), (Some(Outcome::Success), Some("main to prod")));
    assert_eq!(
        (fields.starts_at.unwrap().millis(), fields.ends_at.unwrap().millis()),
        (DAY_1, DAY_1 + HOUR / 2)
    );
    let found = stream.links("gitlab:deployment/6").unwrap();
    let found: Vec<(LinkKind, &str)> = found.iter().map(|link| (link.kind, &*link.to)).collect();
    let expected = [
        (LinkKind::Deploys, "git:aaaa"),
        (LinkKind::Deploys, "gitlab:job/31"),
        (LinkKind::DeployedTo, "gitlab:acme/shop/environment/prod"),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        stream.item("gitlab:acme/shop/environment/prod").unwrap().fields.attributes["tier"],
        "production"
    );
}

#[test]
fn an_environment_is_known_by_path_and_by_number() {
    let rest = |id: u8, deployable: &str| {
        format!(
            r#"{{"id":{id},"ref":"main","sha":"aaaa","status":"success","created_at":"2026-03-0{id}T09:00:00Z","updated_at":"2026-03-0{id}T11:00:00Z",
            "environment":{{"id":1,"name":"prod"}},"deployable":{deployable}}}"#
        )
    };
    let job = r#"{"id":31,"web_url":"https://git.test/acme/shop/-/jobs/31"}"#;
    for order in [[rest(2, "null"), rest(3, job)], [rest(3, job), rest(2, "null")]] {
        let stream = stream(&order.each_ref().map(String::as_str));
        assert_eq!(stream.items(Some(Kind::Environment)).len(), 1);
        let place = stream.item("gitlab:acme/shop/environment/prod").unwrap();
        let found = stream.links(&place.id).unwrap();
        assert_eq!(found.iter().filter(|link| link.kind == LinkKind::DeployedTo).count(), 2);
    }
}

#[test]
fn a_blocked_deployment_waits_at_a_gate() {
    let rest = |status: &str, approvals: &str| {
        format!(
            r#"{{"id":6,"iid":1,"ref":"main","sha":"aaaa","status":"{status}","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T11:00:00Z",
            "environment":{{"id":1,"name":"prod"}},"deployable":{{"id":31,"pipeline":{{"web_url":"https://git.test/acme/shop/-/pipelines/3"}}}},
            "approvals":{approvals}}}"#
        )
    };
    let yes = r#"[{"user":{"username":"bob","name":"Bob"},"status":"approved","created_at":"2026-03-01T10:00:00Z","comment":"go"}]"#;
    let blocked = rest("blocked", yes);
    let waiting = stream(&[&blocked]);
    let fields = waiting.item("gitlab:deployment/6/gate").unwrap().fields;
    assert_eq!((fields.asked_at.unwrap().millis(), fields.decision), (DAY_1, None));
    let passed = stream(&[&blocked, &rest("running", yes)]);
    let fields = passed.item("gitlab:deployment/6/gate").unwrap().fields;
    assert_eq!(fields.decision, Some(Decision::Approved));
    let found = passed.links("gitlab:deployment/6/gate").unwrap();
    let found: Vec<(LinkKind, &str)> = found.iter().map(|link| (link.kind, &*link.to)).collect();
    assert_eq!(found, [(LinkKind::Gates, "gitlab:deployment/6"), (LinkKind::DecidedBy, "gitlab:user/bob")]);
    let refused = stream(&[&rest("blocked", &yes.replace("approved", "rejected"))]);
    assert_eq!(refused.item("gitlab:deployment/6/gate").unwrap().fields.decision, Some(Decision::Rejected));
}

#[test]
fn a_release_names_its_commit() {
    let rest = r#"{"tag_name":"v1.4","name":"1.4","created_at":"2026-03-01T09:00:00Z","released_at":"2026-03-02T09:00:00Z","commit":{"id":"AAAA"},
        "_links":{"self":"https://git.test/acme/shop/-/releases/v1.4"}}"#;
    let hook = format!(
        r#"{{"object_kind":"release","action":"create","tag":"v1.4","name":"1.4","created_at":"2026-03-01 09:00:00 UTC","released_at":"2026-02-01 09:00:00 UTC",
        "commit":{{"id":"aaaa"}},{PROJECT}}}"#
    );
    for text in [rest, &hook] {
        let stream = stream(&[text]);
        let fields = stream.item("gitlab:acme/shop/release/v1.4").unwrap().fields;
        assert_eq!((fields.state, fields.version.as_deref()), (Some(FlowState::Done), Some("v1.4")));
        assert!(fields.released_at.is_some());
        assert_eq!(stream.item("git:aaaa").unwrap().fields.tag.as_deref(), Some("v1.4"));
        let found = stream.links("git:aaaa").unwrap();
        assert_eq!((found[0].kind, found[0].to.as_str()), (LinkKind::Tags, "gitlab:acme/shop/release/v1.4"));
    }
    let gone = hook.replace("create\"", "delete\"");
    assert_eq!(
        stream(&[&gone]).item("gitlab:acme/shop/release/v1.4").unwrap().fields.state,
        Some(FlowState::Cancelled)
    );
}

#[test]
fn pushes_and_commits_are_the_same_items() {
    let push = format!(
        r#"{{"object_kind":"push","ref":"refs/heads/main","before":"1111","after":"3333","checkout_sha":"3333","total_commits_count":3,{PROJECT},
        "commits":[{{"id":"2222","message":"One","timestamp":"2026-03-01T09:00:00Z"}},{{"id":"3333","message":"Two","timestamp":"2026-03-01T10:00:00Z"}}]}}"#
    );
    let pushed = read(&push);
    assert_eq!(links(&pushed.events[2]), [(LinkKind::Follows, "git:1111"), (LinkKind::Follows, "git:2222")]);
    assert_eq!(pushed.ignored["commits that a push has and does not list"], 1);
    let rest = r#"{"id":"3333","message":"Two\n\nmore","parent_ids":["2222"],"authored_date":"2026-03-01T08:00:00Z","committed_date":"2026-03-01T10:00:00Z",
        "author_name":"Ada","web_url":"https://git.test/acme/shop/-/commit/3333"}"#;
    let stream = stream(&[&push, rest]);
    let fields = stream.item("git:3333").unwrap().fields;
    assert_eq!(
        (fields.starts_at.unwrap().millis(), fields.attributes["branch"].as_str()),
        (DAY_1 - HOUR, "main")
    );
    let tag = r#"{"object_kind":"tag_push","ref":"refs/tags/1.0","before":"0000","after":"9999","checkout_sha":"3333","commits":[]}"#;
    assert_eq!(read(tag).ignored["tag without the time of its commit"], 1);
}

#[test]
fn options_know_a_project_by_path_or_number() {
    for key in ["acme/shop", "4"] {
        let options = IngestOptions {
            application: Some("app:rest".into()),
            applications: [(key.to_owned(), "app:shop".to_owned())].into(),
            ..IngestOptions::default()
        };
        let read = super::read(issue(r#""state":"opened""#).as_bytes().into(), &options);
        assert_eq!(links(&read.events[0]), [(LinkKind::BelongsTo, "app:shop")], "{key}");
    }
}

#[test]
fn what_is_of_no_use_is_counted_and_what_makes_no_sense_is_rejected() {
    let ignored = [
        r#"{"object_kind":"wiki_page"}"#,
        r#"{"object_kind":"note","object_attributes":{},"issue":{}}"#,
        r#"{"event_name":"project_create"}"#,
        r#"{"id":1,"body":"x","noteable_type":"Issue"}"#,
        r#"{"iid":7,"title":"x","state":"opened","approved_by":[]}"#,
        r#"{"object_kind":"push","ref":"refs/heads/x","before":"1111","after":"0000","commits":[]}"#,
    ];
    for text in ignored {
        let read = read(text);
        assert_eq!((read.events.len(), read.rejects.len(), read.ignored.len()), (0, 0, 1), "{text}");
    }
    let rejected = [
        ("{}".to_owned(), "record: is none of the webhooks"),
        (r#"{"object_kind":"issue"}"#.to_owned(), "object_attributes: is missing"),
        (issue(r#""state":"ajar""#), "state: must be opened"),
        (issue(r#""state":"opened""#).replace("references", "x"), "project: is missing"),
        (issue(r#""state":"opened","due_date":"soon""#), "due_date: "),
        (issue(r#""state":"opened""#).replace("2026-03-01T09", "99999-03-01T09"), "created_at: "),
        (change(r#""state":"merged","merge_commit_sha":"no""#), "merge_commit_sha: "),
        (r#"{"id":3,"sha":"main","ref":"x","status":"success","created_at":"2026-03-01T09:00:00Z"}"#.to_owned(), "sha: "),
        (r#"{"id":3,"sha":"aaaa","ref":"x","status":"success"}"#.to_owned(), "created_at: is missing"),
        (r#"{"id":3,"sha":"aaaa","status":"success","environment":{},"created_at":"2026-03-01T09:00:00Z"}"#.to_owned(), "environment.name: "),
        (r#"{"tag_name":"1","created_at":"2026-03-01T09:00:00Z"}"#.to_owned(), "project: is missing"),
    ];
    for (text, reason) in rejected {
        let read = read(&text);
        assert_eq!(read.events, [], "{text}");
        let [reject] = read.rejects.as_slice() else { panic!("{text}: {read:?}") };
        assert!(reject.reason.starts_with(reason), "{text}: {}", reject.reason);
    }
}

#[test]
fn the_same_record_twice_says_nothing_new() {
    let text = change(r#""state":"opened","draft":true"#).replace('\n', "");
    let read = read(&format!("{text}\n{text}\n{}", text.get(..90).unwrap()));
    assert_eq!(read.rejects.iter().map(|reject| reject.position).collect::<Vec<_>>(), [3]);
    let mut stream = ValueStream::new();
    let report = stream.apply_batch(read.events);
    assert_eq!((report.accepted, report.duplicates, report.refused), (2, 2, vec![]));
    assert_eq!(stream.item("gitlab:acme/shop!7").unwrap().fields.status.as_deref(), Some("draft"));
}

#[test]
fn values_of_any_type_at_any_place_do_no_harm() {
    let attributes = |kind: &str, members: &str| {
        format!(r#"{{"object_kind":"{kind}",{PROJECT},"object_attributes":{{{members}}}}}"#)
    };
    let texts = [
        issue(r#""state":"closed","labels":["x"],"weight":3,"due_date":"2026-03-09","time_estimate":60,"severity":"low","type":"Incident""#),
        change(r#""state":"merged","merged_at":"2026-03-01T11:00:00Z","merge_commit_sha":"cccc","squash_commit_sha":"dddd""#),
        attributes(
            "merge_request",
            r#""iid":7,"state":"opened","action":"approved","draft":false,"created_at":"2026-03-01 09:00:00 UTC","last_commit":{"id":"aaaa"}"#,
        ),
        attributes("pipeline", r#""id":3,"sha":"aaaa","ref":"m","status":"failed","created_at":"2026-03-01T09:00:00Z","started_at":"2026-03-01T09:00:00Z""#),
        r#"{"id":31,"status":"success","stage":"test","name":"unit","created_at":"2026-03-01T09:00:00Z","started_at":"2026-03-01T09:00:00Z",
        "finished_at":"2026-03-01T09:01:00Z","pipeline":{"id":3},"commit":{"id":"aaaa"}}"#
            .to_owned(),
        r#"{"id":6,"ref":"main","sha":"aaaa","status":"running","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T11:00:00Z",
        "environment":{"name":"prod"},"deployable":{"web_url":"https://git.test/acme/shop/-/jobs/3","finished_at":"2026-03-01T10:00:00Z"},
        "approvals":[{"user":{"username":"bob"},"status":"approved","created_at":"2026-03-01T10:00:00Z"}]}"#
            .to_owned(),
        r#"{"tag_name":"v1.4","created_at":"2026-03-01T09:00:00Z","released_at":"2026-03-02T09:00:00Z","commit":{"id":"aaaa"},
        "_links":{"self":"https://git.test/acme/shop/-/releases/v1.4"}}"#
            .to_owned(),
    ];
    for text in texts {
        assert!(!read(&text).events.is_empty(), "{text}");
        for text in spoiled(&text) {
            assert_eq!(ValueStream::new().apply_batch(read(&text).events).refused, [], "{text}");
        }
    }
}
