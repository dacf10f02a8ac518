mod runs;
mod work;

use self::runs::DEPLOYMENT;
use super::*;
use crate::ValueStream;
use crate::ingest::forge::spoiled;
use crate::model::{Decision, FlowState, Outcome};

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

fn ids(read: &Ingested) -> Vec<String> {
    // Without the hash, which says nothing to a reader.
    let id = |event: &Event| match event.id.rsplit_once('/') {
        Some((id, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            id.to_owned()
        }
        _ => event.id.clone(),
    };
    read.events.iter().map(id).collect()
}

/// 2026-03-01T09:00:00Z, and the same hour on the days after it.
const DAY_1: i64 = 1_772_355_600_000;
const DAY: i64 = 86_400_000;

fn issue(fields: &str) -> String {
    format!(
        r#"{{"url":"https://api.github.com/repos/acme/shop/issues/5","number":5,"title":"Crop","user":{{"login":"ada"}},
        "created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-02T09:00:00Z",{fields}}}"#
    )
}

fn pull(fields: &str) -> String {
    format!(
        r#"{{"number":7,"title":"CHK-1 Crop","body":"Also CHK-2","user":{{"login":"ada"}},"head":{{"ref":"crop","sha":"AAAA"}},
        "base":{{"ref":"main","sha":"bbbb","repo":{{"full_name":"acme/shop"}}}},"created_at":"2026-03-01T09:00:00Z",
        "updated_at":"2026-03-03T09:00:00Z","html_url":"https://github.com/acme/shop/pull/7",{fields}}}"#
    )
}

fn hook(action: &str, members: &str) -> String {
    format!(r#"{{"action":"{action}","repository":{{"full_name":"acme/shop"}},"sender":{{}},{members}}}"#)
}

#[test]
fn options_say_where_a_repository_belongs() {
    let options = IngestOptions {
        application: Some("app:rest".into()),
        applications: [("acme/shop".to_owned(), "app:shop".to_owned())].into(),
        recorded_at: Some("2026-04-01T00:00:00Z".parse().unwrap()),
        ..IngestOptions::default()
    };
    let here = super::read(pull(r#""state":"open""#).as_bytes().into(), &options);
    assert_eq!(links(&here.events[0]), [(LinkKind::BelongsTo, "app:shop")]);
    assert_eq!(here.events[0].recorded_at, options.recorded_at);
    let there =
        super::read(pull(r#""state":"open""#).replace("acme/shop", "acme/till").as_bytes().into(), &options);
    assert_eq!(links(&there.events[0]), [(LinkKind::BelongsTo, "app:rest")]);
}

#[test]
fn what_is_of_no_use_is_counted_and_what_makes_no_sense_is_rejected() {
    let ignored = [
        hook("created", r#""comment":{},"issue":{"number":1}"#),
        hook("closed", r#""milestone":{}"#),
        hook("started", r#""x":1"#),
        r#"{"zen":"Keep it simple.","hook_id":1}"#.to_owned(),
        r#"{"ref":"x","ref_type":"branch","sender":{}}"#.to_owned(),
        r#"{"id":1,"sha":"aaaa","context":"ci","state":"success"}"#.to_owned(),
        r#"{"number":1,"open_issues":0,"title":"M1"}"#.to_owned(),
    ];
    for text in ignored {
        let read = read(&text);
        assert_eq!((read.events.len(), read.rejects.len(), read.ignored.len()), (0, 0, 1), "{text}");
    }
    let rejected = [
        ("{}".to_owned(), "record: is none of the webhooks"),
        ("[1]".to_owned(), "the record is not an object"),
        (issue(r#""state":"ajar""#), "state: must be open or closed"),
        (issue(r#""state":"open""#).replace("https://", ""), "repository: is missing"),
        (issue(r#""state":"open""#).replace("\"number\":5", "\"number\":[]"), "number: is missing or neither"),
        (issue(r#""state":"open""#).replace("2026-03-01T", "10000-03-01T"), "created_at: "),
        (issue(r#""state":"open""#).replace("09:00:00Z", "09:00:00"), "created_at: "),
        (pull(r#""state":"closed","merged_at":"2026-03-03T09:00:00Z","merge_commit_sha":"no""#), "merge_commit_sha: "),
        (DEPLOYMENT.replace("AAAA", "main"), "sha: is not a commit"),
        (DEPLOYMENT.replace("\"prod\"", "null"), "environment: is missing"),
        (r#"{"head_sha":"aaaa","workflow_id":1,"created_at":"2026-03-01T09:00:00Z"}"#.to_owned(), "id: is missing"),
        (r#"{"id":1,"head_sha":"aaaa","workflow_id":1}"#.to_owned(), "created_at: is missing"),
        (r#"{"id":1,"state":"APPROVED","submitted_at":"2026-03-01T09:00:00Z","url":"https://x/repos/a/b"}"#.to_owned(), "pull_request_url: "),
        (r#"{"sha":"aaaa","commit":{"committer":{"date":"2026-03-01T09:00:00Z"}},"parents":[{"sha":"aaaa"}]}"#.to_owned(), "parents: "),
        (hook("approved", r#""since":"2026-03-01T09:00:00Z","workflow_run":{"id":3}"#), "environment: is missing"),
    ];
    for (text, reason) in rejected {
        let read = read(&text);
        assert_eq!(read.events, [], "{text}");
        let [reject] = read.rejects.as_slice() else { panic!("{text}: {read:?}") };
        assert!(reject.reason.starts_with(reason), "{text}: {}", reject.reason);
    }
}

#[test]
fn a_bad_record_costs_itself_alone() {
    let good = issue(r#""state":"open""#).replace('\n', "");
    let read = read(&format!("{good}\n{{\"number\":1,\n{}\n{good}", good.replace("\"open\"", "7")));
    assert_eq!(read.rejects.iter().map(|reject| reject.position).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(read.rejects[1].record.as_deref(), Some("https://api.github.com/repos/acme/shop/issues/5"));
    assert_eq!(read.events.len(), 4);
    let report = ValueStream::new().apply_batch(read.events);
    assert_eq!((report.accepted, report.duplicates, report.refused), (2, 2, vec![]));
}

#[test]
fn values_of_any_type_at_any_place_do_no_harm() {
    let open = pull(r#""state":"open","draft":true,"labels":[{"name":"bug"}]"#);
    let merged = pull(
        r#""state":"closed","merged_at":"2026-03-03T09:00:00Z","closed_at":"2026-03-03T09:00:00Z","merge_commit_sha":"cccc""#,
    );
    let texts = [
        issue(r#""state":"closed","closed_at":"2026-03-02T09:00:00Z","type":{"name":"Bug"},"milestone":{"title":"m"}"#),
        hook(
            "sub_issue_added",
            &format!(
                "\"sub_issue\":{},\"parent_issue\":{}",
                issue(r#""state":"open""#),
                issue(r#""state":"open""#).replace("\"number\":5", "\"number\":6")
            ),
        ),
        hook("review_requested", &format!("\"pull_request\":{open}")),
        merged,
        hook(
            "submitted",
            &format!(
                r#""review":{{"id":1,"state":"approved","user":{{"login":"b"}},"submitted_at":"2026-03-02T09:00:00Z"}},"pull_request":{open}"#
            ),
        ),
        hook(
            "transferred",
            &format!(
                r#""issue":{},"changes":{{"new_issue":{{"number":9}},"new_repository":{{"full_name":"acme/till"}}}}"#,
                issue(r#""state":"open""#)
            ),
        ),
        hook(
            "created",
            &format!(
                r#""deployment_status":{{"id":1,"state":"waiting","environment":"prod","created_at":"2026-03-01T09:05:00Z"}},
                "deployment":{DEPLOYMENT},"workflow_run":{{"id":3}}"#
            ),
        ),
        hook(
            "approved",
            r#""since":"2026-03-01T09:00:00Z","environment":"prod","workflow_run":{"id":3,"updated_at":"2026-03-01T10:00:00Z"},
            "reviewers":[{"reviewer":{"slug":"ops"}}],"workflow_job_runs":[{"environment":"test"}],"approver":{"login":"bob"}"#,
        ),
        r#"{"workflow_runs":[{"id":3,"name":"CI","run_number":12,"run_attempt":2,"head_sha":"aaaa","workflow_id":1,"check_suite_id":4,
        "run_started_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:10:00Z","status":"completed","conclusion":"success"}]}"#
            .to_owned(),
        r#"{"id":8,"run_id":3,"name":"lint","head_sha":"aaaa","status":"completed","conclusion":"success","started_at":"2026-03-01T09:01:00Z",
        "completed_at":"2026-03-01T09:02:00Z","check_suite":{"id":4},"app":{"slug":"x"}}"#
            .to_owned(),
        r#"{"id":2,"tag_name":"v1","draft":false,"created_at":"2026-03-01T09:00:00Z","published_at":"2026-03-02T09:00:00Z"}"#.to_owned(),
        r#"{"ref":"refs/tags/1","before":"1111","after":"3333","repository":{"full_name":"acme/shop"},
        "commits":[{"id":"2222","message":"m","timestamp":"2026-03-01T09:00:00Z"},{"id":"3333","message":"n","timestamp":"2026-03-01T09:00:00Z"}]}"#
            .to_owned(),
        r#"{"sha":"aaaa","commit":{"message":"m","author":{"date":"2026-03-01T09:00:00Z"},"committer":{"date":"2026-03-01T09:00:00Z"}},
        "parents":[{"sha":"bbbb"}]}"#
            .to_owned(),
    ];
    for text in texts {
        assert!(!read(&text).events.is_empty(), "{text}");
        for text in spoiled(&text) {
            assert_eq!(ValueStream::new().apply_batch(read(&text).events).refused, [], "{text}");
        }
    }
}
