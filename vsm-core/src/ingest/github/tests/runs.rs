//! Runs, deployments, releases and pushes.

use std::collections::BTreeSet;

use super::*;

#[test]
fn a_run_is_a_build_and_its_jobs_are_parts_of_it() {
    let run = |status: &str| {
        format!(
            r#"{{"id":3,"name":"CI","run_number":12,"run_attempt":1,"head_branch":"main","head_sha":"AAAA","event":"push",
            "workflow_id":1,"check_suite_id":4,"html_url":"https://github.com/acme/shop/actions/runs/3","created_at":"2026-03-01T08:59:00Z",
            "run_started_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:10:00Z",{status}}}"#
        )
    };
    let begun = hook("in_progress", &format!("\"workflow_run\":{}", run(r#""status":"in_progress""#)));
    let page = format!(
        r#"{{"total_count":1,"workflow_runs":[{}]}}"#,
        run(r#""status":"completed","conclusion":"failure""#)
    );
    let job = r#"{"id":8,"run_id":3,"name":"lint","head_sha":"aaaa","status":"completed","conclusion":"timed_out",
        "started_at":"2026-03-01T09:01:00Z","completed_at":"2026-03-01T09:02:00Z","url":"https://api.github.com/repos/acme/shop/actions/jobs/8"}"#;
    let check = hook(
        "completed",
        r#""check_run":{"id":8,"name":"lint","head_sha":"aaaa","status":"completed","conclusion":"success","started_at":"2026-03-01T09:01:00Z",
        "completed_at":"2026-03-01T09:03:00Z","check_suite":{"id":4},"app":{"slug":"github-actions"}}"#,
    );
    let stream = stream(&[&begun, &page, &page, job, &check]);
    let fields = stream.item("github:run/3").unwrap().fields;
    assert_eq!((fields.result, fields.title.as_deref()), (Some(Outcome::Failure), Some("CI #12")));
    assert_eq!(fields.starts_at.unwrap().millis(), DAY_1);
    assert_eq!(fields.ends_at.unwrap().millis(), DAY_1 + 600_000);
    assert_eq!(stream.item("github:suite/4").unwrap().id, "github:run/3");
    let found = stream.links("github:run/3").unwrap();
    let found: Vec<(LinkKind, &str, &str)> = found.iter().map(|l| (l.kind, &*l.from, &*l.to)).collect();
    let expected = [
        (LinkKind::BuiltFrom, "github:run/3", "git:aaaa"),
        (LinkKind::Parent, "github:check/8", "github:run/3"),
    ];
    assert_eq!(found, expected);
    assert_eq!(stream.item("github:check/8").unwrap().fields.result, Some(Outcome::Success));
    // The job has its run's commit: it is not listed as a build without one.
    let coverage = stream.coverage();
    let row = coverage.rows.iter().find(|row| row.kind == Kind::Build).unwrap();
    assert_eq!((row.total, row.stated, row.unlinked), (2, 2, 0));
}

#[test]
fn a_second_attempt_is_running_again() {
    let run = |attempt: u8, start: &str, status: &str| {
        format!(
            r#"{{"id":3,"run_attempt":{attempt},"head_sha":"aaaa","workflow_id":1,"run_started_at":"2026-03-{start}T09:00:00Z",
            "updated_at":"2026-03-{start}T09:10:00Z",{status}}}"#
        )
    };
    let first = run(1, "01", r#""status":"completed","conclusion":"cancelled""#);
    let stream = stream(&[&run(2, "02", r#""status":"queued""#), &first]);
    let fields = stream.item("github:run/3").unwrap().fields;
    assert_eq!((fields.result, fields.ends_at), (Some(Outcome::Running), None));
    assert_eq!(fields.starts_at.unwrap().millis(), DAY_1 + DAY);
}

#[test]
fn every_conclusion_has_its_outcome() {
    let table = [
        ("success", Some(Outcome::Success)),
        ("failure", Some(Outcome::Failure)),
        ("startup_failure", Some(Outcome::Failure)),
        ("cancelled", Some(Outcome::Aborted)),
        ("stale", Some(Outcome::Aborted)),
        ("skipped", Some(Outcome::NotBuilt)),
        ("neutral", None),
        ("action_required", None),
    ];
    for (conclusion, outcome) in table {
        let read = read(&format!(
            r#"{{"id":4,"head_sha":"aaaa","app":{{"slug":"x"}},"status":"completed","conclusion":"{conclusion}",
            "created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:01Z"}}"#
        ));
        assert_eq!(read.events[0].set.result, outcome, "{conclusion}");
        assert_eq!(read.ignored.len(), usize::from(outcome.is_none()), "{conclusion}");
    }
}

pub(super) const DEPLOYMENT: &str = r#"{"id":6,"sha":"AAAA","ref":"main","task":"deploy","environment":"prod","production_environment":true,
    "created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:30:00Z","url":"https://api.github.com/repos/acme/shop/deployments/6"}"#;

#[test]
fn a_deployment_ends_with_a_status() {
    let status = |id: u8, state: &str, at: &str| {
        hook(
            "created",
            &format!(
                r#""deployment_status":{{"id":{id},"state":"{state}","environment":"prod","created_at":"2026-03-01T{at}:00Z"}},
                "deployment":{DEPLOYMENT},"workflow_run":{{"id":3,"head_sha":"aaaa"}}"#
            ),
        )
    };
    let waiting = status(1, "waiting", "09:05");
    let success = status(20, "success", "09:20");
    // A status of the same second; its number is no order.
    let started = status(3, "in_progress", "09:20");
    let mut stream = stream(&[DEPLOYMENT, &success, &waiting, &started]);
    let fields = stream.item("github:deployment/6").unwrap().fields;
    assert_eq!((fields.result, fields.title.as_deref()), (Some(Outcome::Success), Some("main to prod")));
    assert_eq!(fields.starts_at.unwrap().millis(), DAY_1);
    assert_eq!(fields.ends_at.unwrap().millis(), DAY_1 + 1_200_000);
    let place = stream.item("github:acme/shop/environment/prod").unwrap();
    assert_eq!(
        (place.kind, place.fields.attributes["production"].as_str()),
        (Some(Kind::Environment), "true")
    );
    let found = stream.links("github:deployment/6").unwrap();
    let found: BTreeSet<(LinkKind, String, String)> =
        found.into_iter().map(|l| (l.kind, l.from, l.to)).collect();
    let expected = [
        (LinkKind::Deploys, "github:deployment/6", "git:aaaa"),
        (LinkKind::Deploys, "github:deployment/6", "github:run/3"),
        (LinkKind::DeployedTo, "github:deployment/6", "github:acme/shop/environment/prod"),
        (LinkKind::Gates, "github:run/3/gate/prod", "github:deployment/6"),
    ];
    assert_eq!(found, expected.map(|(kind, from, to)| (kind, from.to_owned(), to.to_owned())).into());
    // Another one took its place: it still went well.
    let inactive = r#"{"id":5,"state":"inactive","created_at":"2026-03-02T09:00:00Z","deployment_url":"https://api.github.com/repos/acme/shop/deployments/6"}"#;
    assert_eq!(stream.apply_batch(read(inactive).events).accepted, 1);
    let fields = stream.item("github:deployment/6").unwrap().fields;
    assert_eq!((fields.result, fields.status.as_deref()), (Some(Outcome::Success), Some("inactive")));
}

#[test]
fn a_review_of_a_deployment_is_a_gate() {
    let members = r#""since":"2026-03-01T09:00:00Z","environment":"prod","workflow_run":{"id":3,"updated_at":"2026-03-01T10:00:00Z"},
        "reviewers":[{"type":"Team","reviewer":{"name":"Ops","slug":"ops"}},{"type":"User","reviewer":{"login":"bob"}}],
        "workflow_job_runs":[{"environment":"prod"}],"approver":{"login":"bob"},"comment":"go""#;
    let asked = read(&hook("requested", members));
    assert_eq!(asked.rejects, []);
    let gate = asked.events.iter().find(|event| event.kind == Some(Kind::Gate)).unwrap();
    assert_eq!((gate.item.as_str(), gate.set.asked_at.unwrap().millis()), ("github:run/3/gate/prod", DAY_1));
    let expected = [
        (LinkKind::Approver, "github:team/ops"),
        (LinkKind::Approver, "github:user/bob"),
        (LinkKind::Gates, "github:run/3"),
        (LinkKind::Relates, "github:acme/shop/environment/prod"),
    ];
    assert_eq!(links(gate), expected);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(asked.events).refused, []);
    assert_eq!(stream.item("github:run/3/gate/prod").unwrap().fields.decision, None);
    assert_eq!(stream.apply_batch(read(&hook("rejected", members)).events).refused, []);
    let fields = stream.item("github:run/3/gate/prod").unwrap().fields;
    assert_eq!((fields.decision, fields.attributes["comment"].as_str()), (Some(Decision::Rejected), "go"));
    let decided = stream.links("github:run/3/gate/prod").unwrap();
    assert!(decided.iter().any(|link| link.kind == LinkKind::DecidedBy && link.to == "github:user/bob"));
}

#[test]
fn a_release_ships_when_it_is_published() {
    let release = |fields: &str| {
        format!(r#"{{"id":2,"tag_name":"v1.4.0","name":"","created_at":"2026-03-01T09:00:00Z",{fields}}}"#)
    };
    let draft = release(r#""draft":true,"published_at":null"#);
    let trial = release(r#""draft":false,"prerelease":true,"published_at":"2026-03-01T09:00:00Z""#);
    let out = release(r#""draft":false,"prerelease":false,"published_at":"2026-03-02T09:00:00Z""#);
    for (texts, state) in [
        (vec![&draft], FlowState::Active),
        (vec![&trial], FlowState::Active),
        (vec![&out, &draft], FlowState::Done),
    ] {
        let texts: Vec<&str> = texts.into_iter().map(String::as_str).collect();
        let stream = stream(&texts);
        let fields = stream.item("github:release/2").unwrap().fields;
        assert_eq!((fields.state, fields.version.as_deref()), (Some(state), Some("v1.4.0")));
        assert_eq!(fields.title.as_deref(), Some("v1.4.0"));
        assert_eq!(fields.released_at.is_some(), state == FlowState::Done);
    }
    let gone = hook("deleted", &format!("\"release\":{out}"));
    let stream = stream(&[&gone]);
    assert_eq!(stream.item("github:release/2").unwrap().fields.state, Some(FlowState::Cancelled));
}

#[test]
fn a_push_brings_its_commits() {
    let push = |rest: &str| {
        format!(
            r#"{{"ref":"refs/heads/main","before":"1111","after":"3333","repository":{{"full_name":"acme/shop"}},
            "commits":[{{"id":"2222","message":"CHK-1 Crop\n\nthe image","timestamp":"2026-03-01T09:00:00Z","author":{{"name":"Ada"}}}},
            {{"id":"3333","message":"Next","timestamp":"2026-03-01T10:00:00+01:00"}}]{rest}}}"#
        )
    };
    let pushed = read(&push(""));
    assert_eq!(ids(&pushed), ["commit/2222/pushed", "commit/3333/pushed", "acme/shop/refs/heads/main/3333"]);
    assert_eq!(pushed.events[0].set.title.as_deref(), Some("CHK-1 Crop"));
    assert_eq!(pushed.events[0].set.description.as_deref(), Some("the image"));
    assert_eq!(pushed.events[1].occurred_at.millis(), DAY_1);
    assert_eq!(links(&pushed.events[2]), [(LinkKind::Follows, "git:1111"), (LinkKind::Follows, "git:2222")]);
    let forced = read(&push(r#","forced":true"#));
    assert_eq!(links(&forced.events[2]), [(LinkKind::Follows, "git:2222")]);
    let deleted = read(&push("").replace("\"after\":\"3333\"", "\"after\":\"0000000000\""));
    assert_eq!((deleted.events.len(), deleted.ignored.len()), (0, 1));
}

#[test]
fn a_pushed_tag_names_the_commit_and_not_itself() {
    let tag = r#"{"ref":"refs/tags/1.0","before":"00000000","after":"9999","repository":{"full_name":"acme/shop"},"commits":[],
        "head_commit":{"id":"aaaa","message":"m","timestamp":"2026-03-01T09:00:00Z"}}"#;
    let read = read(tag);
    let event = read.events.last().unwrap();
    assert_eq!((event.item.as_str(), event.set.tag.as_deref()), ("git:aaaa", Some("1.0")));
    assert_eq!(event.links, []);
}
