use super::*;
use crate::Adapter;
use crate::model::{Decision, Event, FlowState, Kind, LinkKind, Outcome};
use crate::{CorrelationRules, ValueStream};

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn read(text: &str) -> Ingested {
    super::read(text.as_bytes().into(), &IngestOptions::default())
}

/// A CDEvent of `/ci` with the id 7.
fn told(kind: &str, subject: &str, content: &str) -> String {
    format!(
        r#"{{"context":{{"version":"0.4.1","id":"7","source":"/ci","type":"dev.cdevents.{kind}.0.2.0",
        "timestamp":"2026-03-02T10:00:00.123456+01:00"}},"subject":{{"id":"{subject}","content":{{{content}}}}}}}"#
    )
    .replace('\n', "")
}

fn all(kind: &str, subject: &str, content: &str) -> Vec<Event> {
    let read = read(&told(kind, subject, content));
    assert_eq!((read.rejects, read.ignored), (vec![], [].into()), "{kind}");
    read.events
}

fn one(kind: &str, subject: &str, content: &str) -> Event {
    let events = all(kind, subject, content);
    assert_eq!(events.len(), 1, "{kind}");
    events.into_iter().next().unwrap()
}

fn links(event: &Event) -> Vec<(LinkKind, &str)> {
    event.links.iter().map(|link| (link.kind, link.to.as_str())).collect()
}

#[test]
fn every_packing_gives_the_same_events() {
    let bare = told("build.finished", "b", r#""artifactId":"pkg:npm/a@1""#);
    let text = serde_json::to_string(&bare).unwrap();
    let base64 = base64(bare.as_bytes());
    let attributes = r#""specversion":"1.0","type":"dev.cdevents.build.finished.0.2.0","source":"/ci","id":"7","subject":"b""#;
    let expected = read(&bare);
    assert_eq!(expected.events.len(), 1);
    let packed = [
        format!("[{bare}]"),
        format!(r#"{{{attributes},"datacontenttype":"application/cdevents+json","data":{bare}}}"#),
        format!(r#"{{{attributes},"data":{text}}}"#),
        format!(r#"{{{attributes},"data_base64":"{base64}"}}"#),
        format!(r#"{{{attributes},"data_base64":"{}"}}"#, base64.trim_end_matches('=').replace('/', "_")),
        format!(r#"{{"headers":{{"CE-Type":"dev.cdevents.build.finished.0.2.0"}},"body":{bare}}}"#),
        format!(r#"{{"headers":{{"ce_type":["dev.cdevents.build.finished.0.2.0"]}},"body":{text}}}"#),
        format!(r#"{{"headers":null,"body":"{base64}","isBase64Encoded":true}}"#),
        format!(r#"{{"body":[{{{attributes},"data":{bare}}}]}}"#),
    ];
    for text in packed {
        assert_eq!(read(&text), expected, "{text}");
        if !text.contains('[') {
            assert_eq!(CdEvent::read(text.as_bytes()).unwrap(), CdEvent::read(bare.as_bytes()).unwrap());
        }
    }
    let lines = read(&format!("{bare}\n\n{{\"body\":7}}\n{bare}"));
    assert_eq!((lines.events.len(), lines.rejects.len(), lines.rejects[0].position), (2, 1, 3));
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, n| bits << 8 | u32::from(*chunk.get(n).unwrap_or(&0)));
        for n in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * n)) as usize & 63];
            text.push(if n <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[test]
fn a_build_is_queued_started_and_finished() {
    let queued = one("build.queued", "b", "");
    assert_eq!(
        (queued.item.as_str(), queued.key().as_str()),
        ("cdevents:build:/ci#b", "cdevents:1.build.queued:/ci#7")
    );
    assert_eq!((queued.kind, queued.set.result), (Some(Kind::Build), Some(Outcome::Running)));
    let started = one("build.started", "b", "");
    assert_eq!(started.set.starts_at.unwrap().to_string(), "2026-03-02T09:00:00.123Z");
    let finished =
        one("build.finished", "b", &format!(r#""artifactId":"pkg:oci/a@{}""#, DIGEST.replace(':', "%3A")));
    assert_eq!((finished.set.result, finished.set.ends_at), (Some(Outcome::Success), started.set.starts_at));
    assert_eq!(finished.aliases, [DIGEST.to_owned(), format!("pkg:oci/a@{}", DIGEST.replace(':', "%3A"))]);
    // Without its artifact nobody knows how it went, but it no longer runs.
    let mut stream = ValueStream::new();
    stream.apply_batch([one("build.finished", "b", ""), queued, started]);
    assert_eq!(stream.item("cdevents:build:/ci#b").unwrap().fields.result, None);
}

#[test]
fn runs_say_how_they_went() {
    let table = [
        ("pipelinerun.finished", "success", Some(Outcome::Success)),
        ("pipelinerun.finished", "Failure", Some(Outcome::Failure)),
        ("taskrun.finished", "error", Some(Outcome::Failure)),
        ("testsuiterun.finished", "fail", Some(Outcome::Failure)),
        ("testcaserun.finished", "pass", Some(Outcome::Success)),
        ("testcaserun.finished", "cancel", Some(Outcome::Aborted)),
        ("deployment.finished", "success", Some(Outcome::Success)),
    ];
    for (kind, word, expected) in table {
        assert_eq!(one(kind, "x", &format!(r#""outcome":"{word}""#)).set.result, expected, "{kind} {word}");
    }
    let odd =
        read(&told("taskrun.finished", "t", r#""outcome":"meh","taskName":"lint","url":"https://ci/t""#));
    assert_eq!((odd.events[0].set.result, odd.ignored["outcome: meh"]), (None, 1));
    assert_eq!(odd.events[0].set.title.as_deref(), Some("lint"));
    assert_eq!(odd.events[0].set.attributes["url"], "https://ci/t");
    let task = one("taskrun.started", "t", r#""pipelineRun":{"id":"p"},"uri":"https://ci/t""#);
    assert_eq!(links(&task), [(LinkKind::Relates, "cdevents:pipelinerun:/ci#p")]);
}

#[test]
fn every_version_says_the_same_in_its_own_words() {
    let event = |context: &str, version: &str, subject: &str, outcome: &str, url: &str| {
        read(&format!(
            r#"{{"context":{{{context},"id":"7","source":"/ci","type":"dev.cdevents.testsuiterun.finished.{version}",
            "timestamp":"2026-03-02T09:00:00Z"}},"subject":{{{subject}"id":"t","content":{{"outcome":"{outcome}","{url}":"u"}}}}}}"#
        ))
    };
    let third = event(r#""version":"0.3.0""#, "0.1.0", r#""type":"testSuiteRun","#, "fail", "url");
    assert_eq!((third.rejects.len(), third.events[0].set.result), (0, Some(Outcome::Failure)));
    assert_eq!(event(r#""version":"0.4.1""#, "0.2.0", r#""type":"testSuiteRun","#, "fail", "url"), third);
    assert_eq!(event(r#""specversion":"0.5.1""#, "0.3.0", "", "failure", "uri"), third);
    assert_eq!(event(r#""specversion":"0.6.0-draft""#, "0.3.0-draft", "", "failure", "uri"), third);
}

#[test]
fn tests_ran_somewhere() {
    let content = r#""outcome":"error","severity":"high","environment":{"id":"e","source":"/k8s"},
        "testSuiteRun":{"id":"s"},"testCase":{"id":"1","name":"Login","type":"unit"}"#;
    let case = one("testcaserun.finished", "c", content);
    assert_eq!((case.kind, case.set.title.as_deref()), (Some(Kind::TestRun), Some("Login")));
    let tests = case.set.tests.as_ref().unwrap();
    assert_eq!((tests.tests, tests.errors), (1, 1));
    let expected = [
        (LinkKind::RanIn, "cdevents:environment:/k8s#e"),
        (LinkKind::Relates, "cdevents:testsuiterun:/ci#s"),
    ];
    assert_eq!(links(&case), expected);
    let skipped = one("testcaserun.skipped", "c", r#""reason":"not here""#);
    assert_eq!((skipped.set.result, skipped.set.tests.unwrap().skipped), (Some(Outcome::NotBuilt), 1));
}

#[test]
fn deployment_artifact_and_build_meet() {
    let sha = "4f2c4f2c4f2c4f2c4f2c4f2c4f2c4f2c4f2c4f2c";
    let escaped = DIGEST.replace(':', "%3A");
    let lines = [
        told(
            "service.deployed",
            "shop",
            &format!(
                r#""environment":{{"id":"prod"}},"artifactId":"pkg:docker/shop@{DIGEST}?repository_url=r""#
            ),
        ),
        told("build.finished", "b", &format!(r#""artifactId":"pkg:oci/shop@{escaped}""#)),
        told(
            "artifact.packaged",
            &format!("pkg:oci/shop@{escaped}"),
            &format!(r#""change":{{"id":"{sha}"}}"#),
        ),
        told("environment.created", "prod", r#""name":"Production","url":"https://prod""#),
    ];
    let mut stream = ValueStream::new();
    let report = stream.ingest(Adapter::Cdevents, lines.join("\n").as_bytes(), &IngestOptions::default());
    assert_eq!((report.applied.accepted, report.applied.refused), (5, vec![]));
    let build = stream.item("cdevents:build:/ci#b").unwrap();
    assert_eq!(stream.item(DIGEST).unwrap().id, build.id);
    let deployment = stream.items(Some(Kind::Deployment));
    assert_eq!(deployment, ["cdevents:3.service.deployed:/ci#7"]);
    let mut found: Vec<(LinkKind, String)> =
        stream.links(&deployment[0]).unwrap().into_iter().map(|link| (link.kind, link.to)).collect();
    found.sort();
    let expected = [
        (LinkKind::Deploys, build.id.clone()),
        (LinkKind::DeployedTo, "cdevents:environment:/ci#prod".to_owned()),
        (LinkKind::BelongsTo, "cdevents:service:/ci#shop".to_owned()),
    ];
    assert_eq!(found, expected);
    assert!(stream.links(&build.id).unwrap().iter().any(|link| link.to == format!("git:{sha}")));
    assert_eq!(stream.items(Some(Kind::Application)), ["cdevents:service:/ci#shop"]);

    let options = IngestOptions { application: Some("app:shop".into()), ..IngestOptions::default() };
    let declared = super::read(lines[0].as_bytes().into(), &options);
    assert_eq!((declared.events.len(), declared.events[0].links[2].to.as_str()), (1, "app:shop"));
}

#[test]
fn artifacts_are_named_by_digest_else_by_package_url() {
    let pinned = "pkg:npm/a@1.2.0";
    let checksum = format!("pkg:generic/a@1?os=x&checksum=sha1:00,{DIGEST}#sub");
    let table = [
        (DIGEST, DIGEST, true),
        (checksum.as_str(), DIGEST, true),
        (pinned, pinned, true),
        ("pkg:maven/a/b@1.0-SNAPSHOT?type=jar", "pkg:maven/a/b@1.0-SNAPSHOT?type=jar", false),
        ("pkg:npm/a", "pkg:npm/a", false),
        ("pkg:npm/a@sha256:12", "pkg:npm/a@sha256:12", true),
        ("shop.jar", "cdevents:artifact:shop.jar", false),
    ];
    for (name, item, is_pinned) in table {
        let packaged = one("artifact.packaged", name, "");
        assert_eq!((packaged.item.as_str(), packaged.kind), (item, Some(Kind::Build)), "{name}");
        assert_eq!(packaged.set.attributes["artifact"], name);
        let built = one("build.finished", "b", &format!(r#""artifactId":"{name}""#));
        assert_eq!(built.aliases.first().is_some_and(|alias| alias == item), is_pinned, "{name}");
    }
}

#[test]
fn changes_are_commits_where_the_id_is_one() {
    let sha = "4F2C4F2C4F2C4F2C4F2C4F2C4F2C4F2C4F2C4F2C";
    assert_eq!(one("change.merged", sha, "").item, format!("git:{}", sha.to_lowercase()));
    let change = one("change.created", "17", r#""description":"CHK-7: crop","repository":{"id":"shop"}"#);
    assert_eq!((change.item.as_str(), change.set.state), ("cdevents:change:/ci#17", Some(FlowState::Active)));
    assert_eq!(change.set.description.as_deref(), Some("CHK-7: crop"));
    assert_eq!(change.set.attributes["repository"], "shop");
    assert_eq!(one("change.abandoned", "17", "").set.state, Some(FlowState::Cancelled));
    assert_eq!(one("change.reviewed", "17", "").set.state, None);
}

#[test]
fn incidents_begin_and_end() {
    let content = format!(
        r#""description":"slow","environment":{{"id":"prod"}},"service":{{"id":"shop","source":"/k8s"}},"artifactId":"{DIGEST}""#
    );
    let detected = one("incident.detected", "i", &content);
    assert_eq!((detected.kind, detected.set.state), (Some(Kind::Incident), Some(FlowState::Active)));
    let expected = [
        (LinkKind::FoundIn, DIGEST),
        (LinkKind::Relates, "cdevents:environment:/ci#prod"),
        (LinkKind::BelongsTo, "cdevents:service:/k8s#shop"),
    ];
    assert_eq!(links(&detected), expected);
    let reported = one("incident.reported", "i", r#""ticketURI":"https://t/1""#);
    assert_eq!((reported.set.starts_at, reported.set.attributes["ticket"].as_str()), (None, "https://t/1"));
    let resolved = one("incident.resolved", "i", &content);
    assert_eq!((resolved.set.state, links(&resolved).len()), (Some(FlowState::Done), 2));
}

#[test]
fn tickets_are_work() {
    let content =
        r#""summary":"Leak","ticketType":"bug","assignees":["Ada","Bo"],"priority":"high","labels":["x"]"#;
    let created = one("ticket.created", "T-1", content);
    assert_eq!((created.kind, created.set.state), (Some(Kind::Defect), Some(FlowState::New)));
    assert_eq!(
        (created.set.title.as_deref(), created.set.assignee.as_deref()),
        (Some("Leak"), Some("Ada, Bo"))
    );
    assert_eq!(created.set.attributes["labels"], "x");
    assert_eq!(one("ticket.updated", "T-1", "").kind, None);
    for (resolution, state) in [("completed", FlowState::Done), ("duplicate", FlowState::Cancelled)] {
        let closed = one("ticket.closed", "T-1", &format!(r#""resolution":"{resolution}""#));
        assert_eq!(closed.set.state, Some(state), "{resolution}");
    }
}

#[test]
fn an_approval_is_a_gate() {
    let about = r#""approvalDetailsUrl":"https://a/1","resourceTargetUrl":"https://ci/p/1""#;
    let asked = one("approval.created", "a", &format!(r#"{about},"requestor":"urn:user:bo""#));
    assert_eq!((asked.kind, asked.set.asked_at), (Some(Kind::Gate), Some(asked.occurred_at)));
    assert_eq!(links(&asked), [(LinkKind::Gates, "https://ci/p/1")]);
    let answered = one(
        "approval.updated",
        "a",
        &format!(r#"{about},"responder":"urn:user:ada","decision":"looks good""#),
    );
    assert_eq!((answered.set.decision, answered.set.attributes["answer"].as_str()), (None, "looks good"));
    let close = |status: &str| {
        all(
            "approval.closed",
            "a",
            &format!(r#"{about},"responder":"urn:user:ada","decision":"go","status":"{status}""#),
        )
    };
    let approved = close("Approved");
    assert_eq!((approved[0].set.decision, approved.len()), (Some(Decision::Approved), 2));
    assert_eq!(links(&approved[0])[1], (LinkKind::DecidedBy, "cdevents:responder:urn:user:ada"));
    assert_eq!(approved[1].kind, Some(Kind::Stakeholder));
    assert_eq!(close("rejected")[0].set.decision, Some(Decision::Rejected));
    let cancelled = close("cancelled");
    assert_eq!((cancelled[0].set.state, cancelled.len()), (Some(FlowState::Cancelled), 1));
    assert_eq!((close("expired")[0].set.decision, close("expired")[0].set.state), (None, None));
    let odd = read(&told("approval.closed", "a", r#""status":"maybe""#));
    assert_eq!(odd.ignored["approval status: maybe"], 1);
}

#[test]
fn links_and_chains_are_kept_for_the_correlation() {
    let context = r#""chainId":"c","links":[{"linkType":"PATH","from":{"contextId":"5"}},7,{"target":{"contextId":"6"}},
        {"from":{"contextId":"5"}},{"from":"x"}],"id":"7""#;
    let read = read(&told("build.started", "b", "").replace(r#""id":"7""#, context));
    let attributes = &read.events[0].set.attributes;
    assert_eq!((attributes["chain_id"].as_str(), attributes["context_id"].as_str()), ("c", "7"));
    assert_eq!(attributes["linked_to"], "5 6");
}

#[test]
fn what_is_not_used_is_counted_by_type() {
    let table = [
        (told("branch.created", "x", ""), "nothing to keep: branch.created"),
        (told("artifact.downloaded", "pkg:npm/a@1", ""), "nothing to keep: artifact.downloaded"),
        (told("build.painted", "x", ""), "type: dev.cdevents.build.painted.0.2.0"),
        (told("changewindow.opened", "x", ""), "type: dev.cdevents.changewindow.opened.0.2.0"),
        (
            r#"{"context":{"type":"dev.cdeventsx.tool-x.made.0.1.0"}}"#.into(),
            "type: dev.cdeventsx.tool-x.made.0.1.0",
        ),
        (
            r#"{"context":{"type":"dev.cdeventsx.build.made.0.1.0"}}"#.into(),
            "type: dev.cdeventsx.build.made.0.1.0",
        ),
        (
            r#"{"specversion":"1.0","type":"dev.tekton.event.x.v1","data":"no JSON"}"#.into(),
            "type: dev.tekton.event.x.v1",
        ),
        (r#"{"headers":{"ce-type":"com.example.x"},"body":{}}"#.into(), "type: com.example.x"),
    ];
    for (text, counted) in table {
        let read = read(&text);
        assert_eq!((read.rejects, read.events.len()), (vec![], 0), "{text}");
        assert_eq!(read.ignored, [(counted.to_owned(), 1)].into());
    }
}

#[test]
fn what_cannot_be_read_is_rejected_with_its_place() {
    let good = told("build.started", "b", "");
    let table = [
        ("{}".to_owned(), "context: is missing"),
        (good.replace(r#""id":"7","#, ""), "context.id: is missing"),
        (good.replace(r#""source":"/ci","#, ""), "context.source: is missing"),
        (good.replace("dev.cdevents.build.started.0.2.0", ""), "context.type: is missing"),
        (good.replace("2026-03-02T10:00:00.123456+01:00", "yesterday"), "context.timestamp: "),
        (good.replace("2026-03-02T10:00:00.123456+01:00", "9999999-03-02"), "context.timestamp: "),
        (good.replace("+01:00", ""), "declare the zone"),
        (good.replace(r#""id":"b","#, ""), "subject.id: is missing"),
        (good.replace(r#""id":"b","#, r#""id":{},"#), "subject.id: is missing"),
        (good.replace("/ci", &"x".repeat(500)), "context.source: is 500 bytes long"),
        (
            r#"{"context":{"type":"dev.cdevents.build.started.0.1.0","id":"1","source":"s"},"subject":7}"#
                .into(),
            "subject: is missing",
        ),
        (r#"{"data_base64":"%"}"#.into(), "data_base64: is not base64"),
        (r#"{"data":"cut o"}"#.into(), "expected value"),
        (r#"{"data":{"data":{"data":{"data":{"data":{}}}}}}"#.into(), "packed too often"),
    ];
    for (text, reason) in table {
        let read = read(&format!("{good}\n{text}"));
        assert_eq!(read.events.len(), 1, "{text}");
        let [reject] = read.rejects.as_slice() else { panic!("{text}: {read:?}") };
        assert!(reject.position == 2 && reject.reason.contains(reason), "{text}: {reject:?}");
        assert!(
            CdEvent::read(text.as_bytes()).is_err() || reason.contains("zone") || reason.contains("context.")
        );
    }
    let options = IngestOptions { zone: Some("Europe/Zurich".into()), ..IngestOptions::default() };
    let read = super::read(good.replace("+01:00", "").as_bytes().into(), &options);
    assert_eq!(read.events[0].occurred_at.to_string(), "2026-03-02T09:00:00.123Z");
}

#[test]
fn nesting_as_deep_as_the_text_likes_does_no_harm() {
    for opening in ["{\"data\":", "{\"body\":[", "{\"headers\":{\"ce-type\":", "{\"data\":\"{"] {
        for (depth, closing) in [(100, "}"), (100_000, ""), (100_000, "}")] {
            let text = format!("{}1{}", opening.repeat(depth), closing.repeat(depth));
            assert_eq!(read(&text).events, [], "{opening}");
            assert!(CdEvent::read(text.as_bytes()).is_err());
        }
    }
}

#[test]
fn a_link_sent_by_itself_needs_chain_and_time() {
    let link = r#"{"linkType":"PATH","chainId":"c","timestamp":"2026-03-02T09:00:00Z","from":{"contextId":"1"},"to":{"contextId":"2"}}"#;
    let event = &read(link).events[0];
    assert_eq!((event.item.as_str(), event.id.as_str()), ("cdevents:chain:c", "link:c#1/2"));
    assert_eq!(event.set.attributes["event_link"], "1 2");
    for (part, reason) in
        [(r#""chainId":"c","#, "chainId: is missing"), ("2026-03-02T09:00:00Z", "timestamp: is missing")]
    {
        let rejects = read(&link.replace(part, "")).rejects;
        assert!(rejects[0].reason.contains(reason), "{rejects:?}");
    }
    assert_eq!(read(&link.replace(r#""contextId":"2""#, "")).ignored["nothing to keep: link PATH"], 1);
}

#[test]
fn an_event_twice_changes_nothing() {
    let line = told("service.upgraded", "shop", r#""environment":{"id":"prod"}"#);
    let mut stream = ValueStream::new();
    let report =
        stream.ingest(Adapter::Cdevents, format!("{line}\n{line}").as_bytes(), &IngestOptions::default());
    assert_eq!((report.applied.accepted, report.applied.duplicates), (2, 2));
    assert_eq!(stream.correlate(&CorrelationRules::default()).accepted, 0);
}

#[test]
fn an_event_keeps_all_that_was_written() {
    let text = "\u{feff}{ \"subject\" : {\"content\": {\"big\": 123456789012345678901234567890, \"e\": 1.50e+3,\n\
        \"text\": \"a \\\" \\u0041\\\\\", \"list\": [ 1, {\"x/y~z\": null} ] }, \"id\": \"s\" },\t\"custom\": [ ],\n\
        \"context\": {\"type\": \"dev.cdeventsx.tool-thing.made.0.1.0\", \"version\": \"0.4.1\", \"id\": \"é\", \"source\": \"/x\", \"chainId\": \"c\"} }";
    let event = CdEvent::read(text.as_bytes()).unwrap();
    let expected = "{\"subject\":{\"content\":{\"big\":123456789012345678901234567890,\"e\":1.50e+3,\
        \"text\":\"a \\\" \\u0041\\\\\",\"list\":[1,{\"x/y~z\":null}]},\"id\":\"s\"},\"custom\":[],\
        \"context\":{\"type\":\"dev.cdeventsx.tool-thing.made.0.1.0\",\"version\":\"0.4.1\",\"id\":\"é\",\"source\":\"/x\",\"chainId\":\"c\"}}";
    assert_eq!(event.to_json(), expected);
    assert_eq!(CdEvent::read(expected.as_bytes()).unwrap(), event);
    assert_eq!((event.id(), event.source(), event.spec_version()), ("é", "/x", Some("0.4.1")));
    assert_eq!((event.subject(), event.predicate()), ("tool-thing", "made"));
    assert_eq!((event.subject_id(), event.subject_source()), ("s", "/x"));
    assert_eq!((event.chain_id(), event.timestamp()), (Some("c"), None));
    assert_eq!(event.part("/subject/content/list/1/x~1y~0z"), Some("null"));
    assert_eq!(event.part("/subject/content/big"), Some("123456789012345678901234567890"));
    assert_eq!(event.part(""), Some(expected));
    for nowhere in ["x", "/x", "/custom/0", "/custom/x", "/subject/id/x"] {
        assert_eq!(event.part(nowhere), None, "{nowhere}");
    }
}
