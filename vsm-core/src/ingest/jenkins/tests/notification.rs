use super::{IngestOptions, links, read, read_with, table};
use crate::model::{Kind, Outcome};

fn message(phase: &str, more: &str) -> String {
    format!(
        r#"{{"name":"checks","display_name":"Checks","url":"job/Mobile/job/checks/","build":{{
        "full_url":"https://ci/job/Mobile/job/checks/31/","number":31,"queue_id":9,"phase":"{phase}",
        "url":"job/Mobile/job/checks/31/","scm":{{"url":"https://git/checks.git","branch":"origin/main","commit":"AB01",
        "changes":[],"culprits":[]}},"parameters":{{"TOKEN":"x"}},"log":"","artifacts":{{}}{more}}}}}"#
    )
    .replace('\n', " ")
}

#[test]
fn a_build_begins_and_ends() {
    let started = message("STARTED", r#","timestamp":1772355600000,"duration":0,"status":"FAILURE""#);
    let completed =
        message("COMPLETED", r#","timestamp":1772355660000,"duration":60000,"status":"UNSTABLE""#);
    let finalized = message(
        "FINALIZED",
        r#","timestamp":1772355661234,"duration":60000,"status":"UNSTABLE","test_summary":{"total":3,"failed":1}"#,
    );
    let read = read(&[started, completed, finalized].join("\n"));
    assert_eq!(read.rejects, []);
    assert_eq!(read.ignored, [("test summary".to_owned(), 1)].into());
    let [begin, end, last] = read.events.as_slice() else { panic!("{read:?}") };
    assert_eq!((&*begin.item, begin.kind), ("jenkins:Mobile/checks#31", Some(Kind::Build)));
    assert_eq!(begin.set.result, Some(Outcome::Running));
    assert_eq!(end.id, "Mobile/checks#31/notified/completed@2026-03-01T09:01:00.000Z");
    assert_eq!((end.set.starts_at, end.set.ends_at), (begin.set.starts_at, Some(end.occurred_at)));
    assert_eq!(end.set.result, Some(Outcome::Unstable));
    assert_eq!((last.set.result, last.set.ends_at), (Some(Outcome::Unstable), None));
    assert_eq!(links(end), ["built_from git:ab01"]);
    let attributes: Vec<(&str, &str)> = end.set.attributes.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(attributes, [("branch", "origin/main"), ("url", "https://ci/job/Mobile/job/checks/31/")]);
}

#[test]
fn the_item_is_that_of_the_remote_api() {
    let notified = read(&message("COMPLETED", r#","timestamp":1772355660000,"status":"SUCCESS""#));
    let fetched =
        read(r#"{"number":31,"timestamp":1,"fullDisplayName":"Mobile » checks #31","result":"SUCCESS"}"#);
    assert_eq!(notified.events[0].item, fetched.events[0].item);
}

#[test]
fn a_deployment_is_notified_as_well() {
    let options =
        IngestOptions { deploy_jobs: table(&[("Mobile/checks", "env:uat")]), ..IngestOptions::default() };
    let read = read_with(&message("COMPLETED", r#","timestamp":1772355660000,"status":"SUCCESS""#), &options);
    assert_eq!(links(&read.events[1]), ["deploys jenkins:Mobile/checks#31", "deployed_to env:uat"]);
}

#[test]
fn a_message_without_a_time_needs_to_be_told_when_it_came() {
    let text =
        r#"{"name":"a/b","url":"","build":{"number":"7","phase":"COMPLETED","status":"SUCCESS","scm":{}}}"#;
    let rejects = read(text).rejects;
    assert!(rejects.len() == 1 && rejects[0].reason.contains("\"recorded_at\""), "{rejects:?}");
    let at = "2026-03-01T09:00:00Z".parse().unwrap();
    let read = read_with(text, &IngestOptions { recorded_at: Some(at), ..IngestOptions::default() });
    let event = &read.events[0];
    assert_eq!((&*event.item, event.occurred_at, event.set.ends_at), ("jenkins:a/b#7", at, None));
}

#[test]
fn what_is_of_no_use_is_counted_and_what_cannot_be_right_rejected() {
    let read = read(&[message("QUEUED", ""), message("NONE", "")].join("\n"));
    assert_eq!((read.events.len(), read.rejects.len()), (0, 0));
    assert_eq!(read.ignored, [("phase: NONE".to_owned(), 1), ("phase: QUEUED".to_owned(), 1)].into());
    for (text, reason) in [
        (r#"{"name":"a","build":{"phase":"STARTED","timestamp":1}}"#, "build.number: "),
        (r#"{"build":{"number":1,"phase":"STARTED","timestamp":1}}"#, "url: names no job"),
        (r#"{"name":"a","build":{"number":1,"timestamp":1}}"#, "build.phase: "),
        (r#"{"name":"a","build":{"number":1,"phase":"STARTED","timestamp":1e18}}"#, "build.timestamp: "),
        (r#"{"name":"a","build":{"number":1,"phase":"STARTED","timestamp":"soon"}}"#, "build.timestamp: "),
        (
            r#"{"name":"a","build":{"number":1,"phase":"COMPLETED","timestamp":1,"status":"SUCCESS","duration":9223372036854775807}}"#,
            "build.duration: ",
        ),
        (
            r#"{"name":"a","build":{"number":1,"phase":"STARTED","timestamp":1,"scm":{"commit":"-"}}}"#,
            "build.scm.commit: ",
        ),
    ] {
        let rejects = super::read(text).rejects;
        assert!(rejects.len() == 1 && rejects[0].reason.starts_with(reason), "{text}: {rejects:?}");
    }
}
