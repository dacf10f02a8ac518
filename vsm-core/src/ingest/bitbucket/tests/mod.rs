use super::*;
use crate::model::{Kind, Outcome};

fn read(text: &str) -> crate::Ingested {
    let applications = [("acme/shop".to_owned(), "app:shop".to_owned())].into();
    crate::ingest(
        crate::Adapter::Bitbucket,
        text.as_bytes(),
        &IngestOptions { applications, ..IngestOptions::default() },
    )
}

fn stream(text: &str) -> crate::ValueStream {
    let read = read(text);
    assert_eq!(read.rejects, [], "{text}");
    let mut stream = crate::ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, [], "{text}");
    stream
}

fn sha(digits: &str) -> String {
    digits.repeat(20)
}

fn links(stream: &crate::ValueStream, item: &str) -> Vec<(LinkKind, String)> {
    let mut links: Vec<(LinkKind, String)> = stream
        .links(item)
        .unwrap()
        .into_iter()
        .filter(|link| link.from == item)
        .map(|link| (link.kind, link.to))
        .collect();
    links.sort();
    links
}

#[test]
fn a_push_to_cloud() {
    let text = format!(
        r#"{{"actor":{{}},"repository":{{"full_name":"acme/shop","name":"shop"}},"push":{{"changes":[
        {{"new":{{"type":"branch","name":"main"}},"truncated":true,"commits":[{{"hash":"{a}","date":"2026-03-01T09:00:00+00:00",
        "message":"CHK-1 Crop\n","author":{{"raw":"Ada <a@b.c>"}},"parents":[{{"hash":"{b}"}}]}}]}},
        {{"new":{{"type":"tag","name":"v1","date":null,"target":{{"hash":"{a}","date":"2026-03-01T09:00:00+00:00"}}}},"commits":[]}},
        {{"new":null,"closed":true}}]}}}}"#,
        a = sha("0a"),
        b = sha("0b")
    );
    assert_eq!(read(&text).ignored, [("push cut short".to_owned(), 1)].into());
    let stream = stream(&text);
    let item = stream.item(&format!("git:{}", sha("0a"))).unwrap();
    assert_eq!((item.kind, item.fields.title.as_deref()), (Some(Kind::Change), Some("CHK-1 Crop")));
    assert_eq!((item.fields.tag.as_deref(), &*item.fields.attributes["author"]), (Some("v1"), "Ada"));
    let expected =
        [(LinkKind::Follows, format!("git:{}", sha("0b"))), (LinkKind::BelongsTo, "app:shop".to_owned())];
    assert_eq!(links(&stream, &item.id), expected);
}

fn cloud(state: &str, updated: &str) -> String {
    format!(
        r#"{{"id":3,"type":"pullrequest","title":"CHK-1 Crop","description":"d","state":"{state}","author":{{"display_name":"Ada"}},
        "source":{{"branch":{{"name":"crop"}},"commit":{{"hash":"0a0a0a0a0a0a"}},"repository":{{"full_name":"ada/shop"}}}},
        "destination":{{"branch":{{"name":"main"}},"repository":{{"full_name":"acme/shop"}}}},"merge_commit":{{"hash":"0b0b0b0b0b0b"}},
        "created_on":"2026-03-01T09:00:00.5+00:00","updated_on":"2026-03-0{updated}T09:00:00+00:00","links":{{"html":{{"href":"https://bb/3"}}}}}}"#
    )
    .replace('\n', "")
}

#[test]
fn a_pull_request_of_cloud() {
    let hook = |what: &str, pull: &str| {
        format!(r#"{{"pullrequest":{pull},{what}"repository":{{"full_name":"acme/shop"}},"actor":{{}}}}"#)
    };
    let text = [
        hook("", &cloud("OPEN", "1")),
        hook(r#""approval":{"date":"2026-03-02T00:00:00Z"},"#, &cloud("OPEN", "2")),
        hook(r#""comment":{"id":1},"#, &cloud("OPEN", "2")),
        format!(r#"{{"values":[{}],"pagelen":10}}"#, cloud("MERGED", "3")),
    ]
    .join("\n");
    assert_eq!(read(&text).ignored, [("approval".to_owned(), 1), ("comment".to_owned(), 1)].into());
    let stream = stream(&text);
    let item = stream.item("bitbucket:acme/shop/pull/3").unwrap();
    assert_eq!((item.kind, item.fields.state), (Some(Kind::Change), Some(FlowState::Done)));
    assert_eq!(item.fields.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.500Z");
    assert_eq!(item.fields.ends_at, None, "nobody says when it was merged");
    assert_eq!(item.fields.attributes["merge_commit"], "0b0b0b0b0b0b");
    assert_eq!(item.fields.attributes["branch"], "crop");
    let closing = read(&hook("", &cloud("DECLINED", "3")));
    let closed = closing.events.iter().find_map(|event| event.set.ends_at).unwrap();
    assert_eq!(closed.to_string(), "2026-03-03T09:00:00.000Z");
    // A shortened hash names no commit.
    assert_eq!(links(&stream, &item.id), [(LinkKind::BelongsTo, "app:shop".to_owned())]);
}

#[test]
fn a_shortened_commit_is_known_by_a_push_beside_it() {
    let push = |hash: &str| {
        format!(
            r#"{{"push":{{"changes":[{{"commits":[{{"hash":"{hash}","date":"2026-03-01T09:00:00Z"}}]}}]}},"repository":{{"full_name":"acme/shop"}}}}"#
        )
    };
    let text = format!("{}\n{}\n{}", cloud("MERGED", "3"), push(&sha("0b")), push(&sha("0a")));
    let known = stream(&text);
    let pull = "bitbucket:acme/shop/pull/3";
    assert_eq!(links(&known, pull)[0], (LinkKind::Follows, format!("git:{}", sha("0a"))));
    assert_eq!(links(&known, &format!("git:{}", sha("0b")))[0], (LinkKind::Follows, pull.to_owned()));
    // Two commits that it could be are none.
    let other = format!("{}{}", &sha("0a")[..38], "ff");
    let read = read(&format!("{text}\n{}", push(&other)));
    assert!(read.events.iter().any(|event| event.set.attributes.contains_key("head")));
}

fn center(event: &str, state: &str) -> String {
    format!(
        r#"{{"eventKey":"{event}","date":"2026-03-02T10:00:00+0100","actor":{{"name":"ada"}},"pullRequest":{{"id":4,"title":"CHK-2 Cut",
        "state":"{state}","createdDate":1772355600000,"updatedDate":1772442000000{},"author":{{"user":{{"displayName":"Ada"}}}},
        "fromRef":{{"displayId":"cut","latestCommit":"{}","repository":{{"slug":"shop","project":{{"key":"ACME"}}}}}},
        "toRef":{{"displayId":"main","latestCommit":"{}","repository":{{"slug":"shop","project":{{"key":"ACME"}}}}}},
        "properties":{{"mergeCommit":{{"id":"{}"}}}},"links":{{"self":[{{"href":"https://bb/4"}}]}}}}}}"#,
        if state == "OPEN" { "" } else { r#","closedDate":1772442000000"# },
        sha("0a"),
        sha("0c"),
        sha("0b")
    )
    .replace('\n', "")
}

#[test]
fn a_pull_request_of_data_center() {
    let text = [
        center("pr:opened", "OPEN").replace("03-02T10", "03-01T10"),
        center("pr:merged", "MERGED"),
        center("pr:comment:added", "MERGED"),
    ];
    let stream = stream(&text.join("\n"));
    let item = stream.item("bitbucket:ACME/shop/pull/4").unwrap();
    assert_eq!(item.fields.state, Some(FlowState::Done));
    assert_eq!(item.fields.ends_at.unwrap().to_string(), "2026-03-02T09:00:00.000Z");
    assert_eq!(
        (&*item.fields.attributes["author"], &*item.fields.attributes["url"]),
        ("Ada", "https://bb/4")
    );
    assert_eq!(links(&stream, &item.id), [(LinkKind::Follows, format!("git:{}", sha("0a")))]);
    assert_eq!(links(&stream, &format!("git:{}", sha("0b"))), [(LinkKind::Follows, item.id)]);
    let deleted = read(&center("pr:deleted", "OPEN"));
    assert_eq!(deleted.events.last().unwrap().set.state, Some(FlowState::Cancelled));
}

#[test]
fn a_push_to_data_center() {
    let text = format!(
        r#"{{"eventKey":"repo:refs_changed","date":"2026-03-02T10:00:00+0100","repository":{{"slug":"shop","project":{{"key":"ACME"}}}},
        "changes":[{{"ref":{{"id":"refs/heads/main","type":"BRANCH"}},"toHash":"{a}","type":"UPDATE"}},{{"ref":{{"type":"TAG"}}}}],
        "commits":[{{"id":"{a}","message":"CHK-2 Cut","author":{{"name":"ada"}},"authorTimestamp":1772355600000,"committerTimestamp":1772355660000,
        "parents":[{{"id":"{b}"}}]}}]}}"#,
        a = sha("0a"),
        b = sha("0b")
    );
    assert_eq!(read(&text).ignored, [("tag".to_owned(), 1)].into());
    let stream = stream(&text);
    let item = stream.item(&format!("git:{}", sha("0a"))).unwrap();
    assert_eq!(item.fields.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
    assert_eq!(links(&stream, &item.id), [(LinkKind::Follows, format!("git:{}", sha("0b")))]);
}

#[test]
fn a_pipeline_and_its_deployment() {
    let pipeline = format!(
        r#"{{"values":[{{"type":"pipeline","uuid":"{{p-1}}","build_number":12,"repository":{{"full_name":"acme/shop"}},
        "state":{{"name":"COMPLETED","result":{{"name":"SUCCESSFUL"}}}},"target":{{"ref_type":"branch","ref_name":"main","commit":{{"hash":"{}"}}}},
        "created_on":"2026-03-01T09:00:00Z","completed_on":"2026-03-01T09:05:00Z"}},
        {{"type":"pipeline","uuid":"{{p-2}}","build_number":13,"state":{{"name":"IN_PROGRESS","stage":{{"name":"RUNNING"}}}},
        "target":{{"commit":{{"hash":"{}"}}}},"created_on":"2026-03-01T10:00:00Z"}}]}}"#,
        sha("0a"),
        sha("0b")
    );
    let deployment = r#"{"values":[{"type":"deployment","uuid":"{d-1}","environment":{"uuid":"{e-1}"},"release":{"name":"build 12",
        "pipeline":{"uuid":"{p-1}"}},"state":{"name":"COMPLETED","status":{"name":"FAILED"},"started_on":"2026-03-01T09:06:00Z",
        "completed_on":"2026-03-01T09:07:00Z"}}]}"#;
    let environment = r#"{"type":"deployment_environment","uuid":"{e-1}","name":"Production","environment_type":{"name":"Production"}}"#;
    let text = [&*pipeline, deployment, environment].map(|text| text.replace('\n', "")).join("\n");
    let stream = stream(&text);
    let build = stream.item("bitbucket:pipeline/p-1").unwrap();
    assert_eq!((build.kind, build.fields.result), (Some(Kind::Build), Some(Outcome::Success)));
    assert_eq!(build.fields.title.as_deref(), Some("acme/shop #12"));
    assert_eq!(stream.item("bitbucket:pipeline/p-2").unwrap().fields.result, Some(Outcome::Running));
    let item = stream.item("bitbucket:deployment/d-1").unwrap();
    assert_eq!((item.kind, item.fields.result), (Some(Kind::Deployment), Some(Outcome::Failure)));
    let mut expected = [
        (LinkKind::Deploys, "bitbucket:pipeline/p-1".to_owned()),
        (LinkKind::DeployedTo, "bitbucket:environment/e-1".to_owned()),
    ];
    expected.sort();
    assert_eq!(links(&stream, &item.id), expected);
    let environment = stream.item("bitbucket:environment/e-1").unwrap();
    assert_eq!(
        (environment.kind, environment.fields.title.as_deref()),
        (Some(Kind::Environment), Some("Production"))
    );
    assert_eq!(environment.fields.attributes["production"], "true");
}

#[test]
fn a_commit_status_is_a_build() {
    let text = format!(
        r#"{{"commit_status":{{"key":"ci-7","name":"Unit tests","state":"FAILED","url":"https://ci/7","refname":"main","created_on":"2026-03-01T09:00:00Z",
        "updated_on":"2026-03-01T09:05:00Z","commit":{{"hash":"{}"}}}},"repository":{{"full_name":"acme/shop"}}}}"#,
        sha("0a")
    );
    let stream = stream(&text);
    let item = stream.item(&format!("bitbucket:acme/shop/status/{}/ci-7", sha("0a"))).unwrap();
    assert_eq!((item.kind, item.fields.result), (Some(Kind::Build), Some(Outcome::Failure)));
    assert_eq!(item.fields.ends_at.unwrap().to_string(), "2026-03-01T09:05:00.000Z");
    let expected =
        [(LinkKind::BuiltFrom, format!("git:{}", sha("0a"))), (LinkKind::BelongsTo, "app:shop".to_owned())];
    assert_eq!(links(&stream, &item.id), expected);
}

#[test]
fn what_is_of_no_use_is_counted() {
    let read = read(
        r#"[{"test":true},{"eventKey":"repo:forked","repository":{}},{"type":"repository","uuid":"{r}"},{"id":7},
        {"push":{"changes":[{"new":null}]},"repository":{"full_name":"a/b"}},
        {"type":"pipeline","uuid":"{p}","build_number":1,"state":{"name":"ODD"},"created_on":"2026-03-01T09:00:00Z"}]"#,
    );
    let ignored: Vec<&str> = read.ignored.keys().map(String::as_str).collect();
    let expected = [
        "build without commit",
        "event: diagnostics:ping",
        "event: repo:forked",
        "push without commits",
        "record of another kind",
        "state: ODD",
        "type: repository",
    ];
    assert_eq!(ignored, expected);
    assert_eq!((read.events.len(), read.rejects.len()), (1, 0));
}

#[test]
fn what_cannot_be_right_is_rejected() {
    let table = [
        ("{}".to_owned(), "id: is missing"),
        (r#"{"pullrequest":{"id":1,"state":"OPEN"}}"#.to_owned(), "repository: is not named"),
        (r#"{"pullrequest":{"state":"OPEN"},"repository":{"full_name":"a/b"}}"#.to_owned(), "id: is missing"),
        (
            r#"{"pullrequest":{"id":1,"state":"OPEN"},"repository":{"full_name":"a/b"}}"#.to_owned(),
            "created: is missing",
        ),
        (cloud("OPEN", "1").replace("2026-03-01T09:00:00.5+00:00", "yesterday"), "created_on: "),
        (cloud("OPEN", "1").replace("2026-03-01T09:00:00.5+00:00", "2026-02-30T00:00:00Z"), "created_on: "),
        (r#"{"hash":"0a0a0a0a0a0a","date":"2026-03-01T09:00:00Z"}"#.to_owned(), "hash: is no full hash"),
        (format!(r#"{{"hash":"{}"}}"#, sha("0a")), "date: is missing"),
        (format!(r#"{{"id":"{}","authorTimestamp":true}}"#, sha("0a")), "authorTimestamp: "),
        (
            r#"{"commit_status":{"key":"k","commit":{"hash":"0a"}},"repository":{"full_name":"a/b"}}"#
                .to_owned(),
            "commit.hash: ",
        ),
        (
            r#"{"type":"pipeline","build_number":1,"created_on":"2026-03-01T09:00:00Z"}"#.to_owned(),
            "uuid: is missing",
        ),
        (r#"{"type":"deployment","uuid":"d"}"#.to_owned(), "created_on: is missing"),
        (r#"{"values":[[]]}"#.to_owned(), "not an object"),
        (r#"{"values":[{"id":1"#.to_owned(), "EOF"),
    ];
    for (text, reason) in table {
        let read = read(&text);
        assert_eq!(read.events, [], "{text}");
        assert!(read.rejects[0].reason.contains(reason), "{text}: {}", read.rejects[0].reason);
    }
}
