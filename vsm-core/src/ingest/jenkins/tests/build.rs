use super::{IngestOptions, Ingested, read};
use crate::model::{Kind, LinkKind, Outcome};

const FINISHED: &str = r#"{
    "_class": "hudson.model.FreeStyleBuild",
    "actions": [
        {}, null, {"causes": [{"userId": "ada"}]},
        {"lastBuiltRevision": {"SHA1": "AB01cd", "branch": [{"SHA1": "AB01cd", "name": "origin/main"}]}},
        {"lastBuiltRevision": {"SHA1": "ab01cd", "branch": [{"name": "origin/main"}]}},
        {"lastBuiltRevision": {"SHA1": "ef23", "branch": [{"name": "library"}]}}
    ],
    "building": false, "duration": 60000, "fullDisplayName": "Mobile » checks-ios #31", "number": 31,
    "result": "UNSTABLE", "timestamp": 1772355600000, "unknown": {"deep": [1]}
}"#;

#[test]
fn a_finished_build() {
    let options = IngestOptions { application: Some("app:checks".into()), ..IngestOptions::default() };
    let read = super::read_with(FINISHED, &options);
    assert_eq!(read.rejects, []);
    let [event] = read.events.as_slice() else { panic!("{read:?}") };
    assert_eq!(event.item, "jenkins:Mobile/checks-ios#31");
    assert_eq!(event.key(), "jenkins:Mobile/checks-ios#31/finished");
    assert_eq!((event.kind, event.set.result), (Some(Kind::Build), Some(Outcome::Unstable)));
    assert_eq!(event.set.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
    assert_eq!(event.set.ends_at.unwrap().to_string(), "2026-03-01T09:01:00.000Z");
    assert_eq!(Some(event.occurred_at), event.set.ends_at);
    assert_eq!(event.set.attributes["branch"], "origin/main, library");
    let links: Vec<(LinkKind, &str)> = event.links.iter().map(|link| (link.kind, link.to.as_str())).collect();
    let expected = [
        (LinkKind::BuiltFrom, "git:ab01cd"),
        (LinkKind::BuiltFrom, "git:ef23"),
        (LinkKind::BelongsTo, "app:checks"),
    ];
    assert_eq!(links, expected);
}

#[test]
fn a_running_build_has_no_end() {
    for running in [r#""building":true,"result":"SUCCESS""#, r#""result":null"#, r#""duration":0"#] {
        let read = read(&format!(r#"{{"number":"7","timestamp":1,"fullDisplayName":"a #7",{running}}}"#));
        let [event] = read.events.as_slice() else { panic!("{read:?}") };
        assert_eq!(event.id, "a#7/running");
        assert_eq!(event.set.result, Some(Outcome::Running));
        assert_eq!((event.occurred_at.millis(), event.set.ends_at), (1, None));
    }
}

#[test]
fn the_job_is_named_by_its_path_first() {
    let table = [
        (
            r#""url":"https://ci/job/Mobile/job/feature%252Fx/7/","fullDisplayName":"Shown » so #7""#,
            "Mobile/feature%2Fx",
        ),
        (r#""url":"https://ci/jenkins/job/a%20b/7","fullDisplayName":null"#, "a b"),
        (r#""url":"nothing of use","fullDisplayName":"Mobile » checks #7""#, "Mobile/checks"),
        (r#""displayName":"1.4.0-rc1","fullDisplayName":"Mobile » checks 1.4.0-rc1""#, "Mobile/checks"),
    ];
    for (fields, job) in table {
        let read = read(&format!(r#"{{"number":7,"timestamp":1,"result":"SUCCESS",{fields}}}"#));
        assert_eq!(read.events[0].item, format!("jenkins:{job}#7"), "{fields}");
    }
}

#[test]
fn a_job_holds_its_builds() {
    for list in ["builds", "allBuilds"] {
        let read = read(&format!(
            r#"{{"fullName":"Mobile/checks","name":"checks","{list}":[
                {{"number":2,"timestamp":5,"duration":1,"result":"SUCCESS"}},
                {{"number":1,"duration":1,"result":"FAILURE"}}, 3]}}"#
        ));
        assert_eq!(read.events.len(), 1);
        assert_eq!(read.events[0].item, "jenkins:Mobile/checks#2");
        let rejects: Vec<(u64, &str)> =
            read.rejects.iter().map(|r| (r.position, r.reason.as_str())).collect();
        assert!(rejects[0].0 == 2 && rejects[0].1.starts_with("timestamp: "), "{rejects:?}");
        assert!(rejects[1].0 == 3 && rejects[1].1.starts_with("builds: "), "{rejects:?}");
    }
    assert_eq!(read(r#"{"name":"empty","builds":[]}"#), Ingested::default());
}

#[test]
fn a_finished_build_follows_its_running_one() {
    let mut stream = crate::ValueStream::new();
    let running = r#"{"number":7,"timestamp":1000,"fullDisplayName":"a #7","building":true}"#;
    let finished =
        r#"{"number":7,"timestamp":1000,"duration":500,"fullDisplayName":"a #7","result":"ABORTED"}"#;
    let report = stream.apply_batch(read(&format!("{running}\n{finished}\n{running}")).events);
    assert_eq!((report.accepted, report.duplicates), (2, 1));
    let item = stream.item("jenkins:a#7").unwrap();
    assert_eq!(item.fields.result, Some(Outcome::Aborted));
    assert_eq!(item.fields.ends_at.unwrap().millis(), 1500);
}

#[test]
fn what_cannot_be_right_is_rejected_or_counted() {
    let table = [
        (r#"{}"#, "number: "),
        (r#"{"number":-1}"#, "number: "),
        (r#"{"number":1,"timestamp":1,"fullDisplayName":"something else"}"#, "url: names no job"),
        (r#"{"number":1,"timestamp":1,"fullDisplayName":" #1"}"#, "job: "),
        (r#"{"number":1,"timestamp":"soon","fullDisplayName":"a #1"}"#, "timestamp: "),
        (r#"{"number":1,"timestamp":1e18,"fullDisplayName":"a #1"}"#, "timestamp: "),
        (
            r#"{"number":1,"timestamp":1,"result":"SUCCESS","duration":9223372036854775807,"fullDisplayName":"a #1"}"#,
            "duration: ",
        ),
        (
            r#"{"number":1,"timestamp":1,"fullDisplayName":"a #1","actions":[{"lastBuiltRevision":{"SHA1":"-"}}]}"#,
            "lastBuiltRevision.SHA1: ",
        ),
    ];
    for (text, reason) in table {
        let read = read(text);
        assert_eq!(read.events, [], "{text}");
        assert!(read.rejects[0].reason.starts_with(reason), "{text}: {}", read.rejects[0].reason);
    }
    let read = read(r#"{"number":1,"timestamp":9,"result":"ODD","duration":-5,"fullDisplayName":"a #1"}"#);
    assert_eq!(read.ignored, [("negative duration".to_owned(), 1), ("result: ODD".to_owned(), 1)].into());
    assert_eq!((read.events[0].set.result, read.events[0].set.ends_at), (None, None));
}
