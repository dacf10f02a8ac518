use super::{IngestOptions, links, of, read, read_with, table};
use crate::model::{Decision, Kind, Outcome};

/// A run of `Mobile/checks` that began at 1772355600000, 9 o'clock on 1 March 2026.
fn run(status: &str, stages: &str) -> String {
    format!(
        r#"{{"_links":{{"self":{{"href":"/jenkins/job/Mobile/job/checks/16/wfapi/describe"}}}},"id":"16","name":"\#16",
        "status":"{status}","startTimeMillis":1772355600000,"endTimeMillis":1772355660000,"durationMillis":59000,
        "stages":[{stages}]}}"#
    )
    .replace('\n', " ")
    .replace("\\#", "#")
}

fn stage(id: u32, name: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"_links":{{"self":{{"href":"/jenkins/job/Mobile/job/checks/16/execution/node/{id}/wfapi/describe"}}}},
        "id":"{id}","name":"{name}","status":"{status}","startTimeMillis":1772355610000,"durationMillis":30000{more}}}"#
    )
    .replace('\n', " ")
}

const INPUT: &str = r#"[{"id":"Proceed","message":"Ship it?","proceedText":"Yes","inputs":[],
    "proceedUrl":"/jenkins/job/Mobile/job/checks/16/wfapi/inputSubmit?inputId=Proceed",
    "abortUrl":"/jenkins/job/Mobile/job/checks/16/input/Proceed/abort"}]"#;

const RUN: &str = "jenkins:Mobile/checks#16";

fn at(time: &str) -> crate::Instant {
    format!("2026-03-01T{time}Z").parse().unwrap()
}

#[test]
fn a_run_is_the_build_of_the_remote_api() {
    let text = run("FAILED", &[stage(5, "Build", "SUCCESS", ""), stage(8, "Test", "FAILED", "")].join(","));
    let read = read(&format!("[{text}]"));
    assert_eq!((read.rejects.len(), read.events.len()), (0, 3));
    let event = &read.events[0];
    assert_eq!((&*event.item, event.kind), (RUN, Some(Kind::Build)));
    assert_eq!(event.id, "Mobile/checks#16/pipeline/finished@2026-03-01T09:01:00.000Z");
    assert_eq!((event.set.starts_at, event.set.ends_at), (Some(at("09:00:00")), Some(at("09:01:00"))));
    assert_eq!(event.set.result, Some(Outcome::Failure));
    let stages: Vec<(&str, &str)> = read.events[1..]
        .iter()
        .flat_map(|event| event.set.attributes.iter().map(|(key, value)| (&**key, &**value)))
        .collect();
    assert_eq!(stages, [("stage.Build", "SUCCESS"), ("stage.Test", "FAILED")]);
    assert_eq!(read.events[1].occurred_at, at("09:00:40"));
}

#[test]
fn a_run_that_goes_on_has_no_end() {
    let read = read(&run("IN_PROGRESS", &stage(5, "Build", "IN_PROGRESS", "")));
    let event = &read.events[0];
    assert_eq!((event.set.result, event.set.ends_at), (Some(Outcome::Running), None));
    assert_eq!((event.occurred_at, read.events[1].occurred_at), (at("09:00:00"), at("09:00:10")));
}

#[test]
fn a_stage_that_waits_for_an_input_is_a_gate() {
    let options = IngestOptions {
        gates: table(&[("Mobile/{application}", "jira:CHK/version/4")]),
        deploy_stages: table(&[("Ship", "env:prod")]),
        application: Some("app:checks".into()),
        ..IngestOptions::default()
    };
    let waiting = stage(10, "Ship", "PAUSED_PENDING_INPUT", r#","pauseDurationMillis":25000"#);
    let text = format!("{}\n{}", run("PAUSED_PENDING_INPUT", &waiting), INPUT.replace('\n', " "));
    let read = read_with(&text, &options);
    assert_eq!(read.rejects, []);
    let item = format!("{RUN}/gate/10");
    let gates: Vec<_> = read.events.iter().filter(|event| event.kind == Some(Kind::Gate)).collect();
    let [asked, named] = gates.as_slice() else { panic!("{gates:?}") };
    assert_eq!((&asked.item, &named.item), (&item, &item));
    assert_eq!(asked.set.asked_at, Some(at("09:00:15")));
    assert_eq!((asked.set.title.as_deref(), asked.set.decision), (Some("Ship"), None));
    assert_eq!(
        (named.set.title.as_deref(), &*named.aliases[0]),
        (Some("Ship it?"), &*format!("{RUN}/input/Proceed"))
    );
    assert_eq!(links(asked), [&*format!("gates {RUN}"), "gates jira:CHK/version/4", "belongs_to app:checks"]);
    assert_eq!(of(&read, RUN).set.attributes["stage.Ship"], "PAUSED_PENDING_INPUT");
    // What waits has not been deployed.
    assert!(read.events.iter().all(|event| event.kind != Some(Kind::Deployment)));
}

#[test]
fn a_gate_is_decided_by_how_its_stage_goes_on() {
    let paused = r#","pauseDurationMillis":20000"#;
    let stopped = r#","pauseDurationMillis":20000,"error":{"type":"org.x.FlowInterruptedException"}"#;
    let options = IngestOptions { deploy_stages: table(&[("Ship", "env:prod")]), ..IngestOptions::default() };
    for (status, more, decision, deployed) in [
        ("IN_PROGRESS", paused, Decision::Approved, Some(Outcome::Running)),
        ("SUCCESS", paused, Decision::Approved, Some(Outcome::Success)),
        ("FAILED", paused, Decision::Approved, Some(Outcome::Failure)),
        ("FAILED", stopped, Decision::Rejected, None),
        ("ABORTED", paused, Decision::Rejected, None),
    ] {
        let read = read_with(&stage(10, "Ship", status, more), &options);
        let gate = of(&read, &format!("{RUN}/gate/10"));
        assert_eq!(gate.set.decision, Some(decision), "{status}");
        assert_eq!((gate.occurred_at, gate.set.asked_at), (at("09:00:30"), None));
        let deployment = read.events.iter().find(|event| event.kind == Some(Kind::Deployment));
        assert_eq!(deployment.and_then(|event| event.set.result), deployed, "{status} {more}");
    }
    let read = read(&stage(10, "Ship", "SUCCESS", r#","pauseDurationMillis":0"#));
    assert!(read.events.iter().all(|event| event.kind == Some(Kind::Build)));
}

/// What a release manager sees: the release waits for the input, since it was asked for, and then no longer.
#[test]
fn a_pending_input_keeps_a_release_back() {
    use crate::{Condition, ReadinessQuery, ValueStream};

    let options = IngestOptions {
        gates: table(&[("Mobile/checks", "jira:CHK/version/4")]),
        ..IngestOptions::default()
    };
    let pause = |ms: u32| format!(r#","pauseDurationMillis":{ms}"#);
    let waiting = run("PAUSED_PENDING_INPUT", &stage(10, "Ship", "PAUSED_PENDING_INPUT", &pause(25_000)));
    let mut stream = ValueStream::new();
    let mut release = crate::Event::new("jira", "4", at("08:00:00"), "jira:CHK/version/4");
    release.kind = Some(Kind::Release);
    stream.apply(release).unwrap();
    stream.apply_batch(read_with(&waiting, &options).events);
    let waits = |stream: &ValueStream| {
        let unmet =
            stream.readiness(&ReadinessQuery::new("jira:CHK/version/4", at("10:00:00"))).unwrap().unmet;
        unmet.into_iter().find(|fact| fact.condition == Condition::GatePassed)
    };
    let fact = waits(&stream).unwrap();
    assert_eq!((fact.item, fact.since), (format!("{RUN}/gate/10"), Some(at("09:00:15"))));
    stream.apply_batch(
        read_with(&run("SUCCESS", &stage(10, "Ship", "SUCCESS", &pause(25_000))), &options).events,
    );
    assert!(waits(&stream).is_none());
}

#[test]
fn steps_tell_the_times_of_a_gate() {
    let step = |status: &str| {
        format!(
            r#","pauseDurationMillis":5000,"stageFlowNodes":[null,{{"id":"11","name":"Shell","status":"SUCCESS","parentNodes":["10"],
            "startTimeMillis":1772355610000,"pauseDurationMillis":0}},{{"id":"12","name":"Input","status":"{status}",
            "startTimeMillis":1772355612345,"durationMillis":5000,"pauseDurationMillis":5000}}]"#
        )
    };
    let decided = read(&stage(10, "Ship", "SUCCESS", &step("SUCCESS")));
    let gate = of(&decided, &format!("{RUN}/gate/10"));
    assert_eq!((gate.set.asked_at, gate.occurred_at), (Some(at("09:00:12.345")), at("09:00:17.345")));
    let waits = read(&stage(10, "Ship", "PAUSED_PENDING_INPUT", &step("PAUSED_PENDING_INPUT")));
    assert_eq!(of(&waits, &format!("{RUN}/gate/10")).set.asked_at, Some(at("09:00:12.345")));
    let aborted = read(&stage(10, "Ship", "FAILED", &step("ABORTED")));
    assert_eq!(of(&aborted, &format!("{RUN}/gate/10")).set.decision, Some(Decision::Rejected));
}

#[test]
fn a_stage_that_deploys_is_a_deployment_of_its_build() {
    let options = IngestOptions {
        deploy_stages: table(&[("Deploy {application} to {environment}", "env:{environment}")]),
        ..IngestOptions::default()
    };
    let stages = [stage(5, "Build", "SUCCESS", ""), stage(8, "Deploy web to uat", "UNSTABLE", "")];
    let read = read_with(&run("UNSTABLE", &stages.join(",")), &options);
    let event = of(&read, &format!("{RUN}/stage/8"));
    assert_eq!((event.kind, event.set.result), (Some(Kind::Deployment), Some(Outcome::Unstable)));
    assert_eq!((event.set.starts_at, event.set.ends_at), (Some(at("09:00:10")), Some(at("09:00:40"))));
    assert_eq!(links(event), [&*format!("deploys {RUN}"), "deployed_to env:uat", "belongs_to app:web"]);
    assert_eq!(read.events.iter().filter(|event| event.kind == Some(Kind::Deployment)).count(), 1);
}

#[test]
fn a_run_that_waits_without_a_stage_has_a_gate_too() {
    let read = read(&run("PAUSED_PENDING_INPUT", ""));
    let gate = of(&read, &format!("{RUN}/gate/run"));
    assert_eq!((gate.set.asked_at, gate.set.title.as_deref()), (Some(at("09:00:59")), None));
}

#[test]
fn an_input_by_itself_waits_when_it_was_fetched() {
    let rejects = read(INPUT).rejects;
    assert!(rejects.len() == 1 && rejects[0].reason.starts_with("recorded_at: "), "{rejects:?}");
    let options = IngestOptions { recorded_at: Some(at("10:00:00")), ..IngestOptions::default() };
    let read = read_with(INPUT, &options);
    let gate = of(&read, &format!("{RUN}/input/Proceed"));
    assert_eq!((gate.set.title.as_deref(), gate.occurred_at), (Some("Ship it?"), at("10:00:00")));
    assert_eq!((links(gate), gate.set.asked_at), (vec![format!("gates {RUN}")], None));
    // Described later together with its run, it turns out to be the gate of the stage.
    let waiting = run("PAUSED_PENDING_INPUT", &stage(10, "Ship", "PAUSED_PENDING_INPUT", ""));
    let both = super::read(&format!("{waiting}\n{}", INPUT.replace('\n', " ")));
    let mut stream = crate::ValueStream::new();
    assert_eq!(stream.apply_batch(read.events.into_iter().chain(both.events)).refused, []);
    assert_eq!(stream.items(Some(Kind::Gate)).len(), 1);
}

#[test]
fn two_inputs_of_one_run_are_two_gates() {
    let two = INPUT.replacen('[', "", 1).replace(']', "");
    let two = two.replace("\"inputs\":[,", "\"inputs\":null,");
    let two = format!("[{0},{1}]", two, two.replace("\"Proceed\"", "\"Sign\"")).replace('\n', " ");
    let two = two.replace("\"inputs\":[", "\"inputs\":[]");
    let options = IngestOptions { recorded_at: Some(at("10:00:00")), ..IngestOptions::default() };
    let waiting = run("PAUSED_PENDING_INPUT", &stage(10, "Ship", "PAUSED_PENDING_INPUT", ""));
    let read = read_with(&format!("{waiting}\n{two}"), &options);
    assert_eq!(read.rejects, []);
    assert!(read.events.iter().any(|event| event.item == format!("{RUN}/input/Proceed")));
    assert!(read.events.iter().any(|event| event.item == format!("{RUN}/input/Sign")));
}

#[test]
fn what_is_of_no_use_is_counted() {
    let read = read(
        r##"[{"_links":{"self":{"href":"/job/checks/wfapi/describe"}},"name":"checks","runCount":17},
        {"_links":{"self":{"href":"/job/checks/1/execution/node/6/wfapi/describe"}},"id":"6","parentNodes":["5"]},
        {"nodeId":"6","nodeStatus":"FAILED","length":3,"text":"log"},
        {"id":"n3","name":"a.jar","path":"target/a.jar","size":6},
        {"kind":"git","commitCount":1,"commits":[]},
        {"_links":{"self":{"href":"/job/checks/1/execution/node/6/wfapi/describe"}},"id":"6","name":"x","status":"NOT_EXECUTED",
        "startTimeMillis":0}]"##,
    );
    assert_eq!((read.events.len(), read.rejects.len()), (0, 0), "{read:?}");
    assert_eq!(read.ignored.values().sum::<u64>(), 6);
}

#[test]
fn what_cannot_be_right_is_rejected() {
    let own = |href: &str| format!(r#""_links":{{"self":{{"href":"{href}"}}}}"#);
    let run = own("/job/a/1/wfapi/describe");
    let node = own("/job/a/1/execution/node/6/wfapi/describe");
    for (fields, reason) in [
        (r#""status":"SUCCESS","startTimeMillis":1"#.to_owned(), "_links.self.href: is missing"),
        (
            format!(r#"{},"startTimeMillis":1"#, own("/job/a/x/wfapi/describe")),
            "_links.self.href: is no path",
        ),
        (format!(r#"{run},"startTimeMillis":1"#), "status: "),
        (format!(r#"{run},"status":"SUCCESS","startTimeMillis":"soon""#), "startTimeMillis: "),
        (format!(r#"{run},"status":"SUCCESS","startTimeMillis":1e18"#), "startTimeMillis: "),
        (format!(r#"{run},"status":"SUCCESS","startTimeMillis":1,"endTimeMillis":1e15"#), "endTimeMillis: "),
        (format!(r#"{node},"startTimeMillis":1"#), "status: "),
        (format!(r#"{node},"status":"SUCCESS""#), "startTimeMillis: "),
        (
            format!(r#"{node},"status":"SUCCESS","startTimeMillis":1,"durationMillis":1e15"#),
            "durationMillis: ",
        ),
        (r#""id":"x","abortUrl":"nowhere""#.to_owned(), "abortUrl: "),
        (r#""abortUrl":"/job/a/1/input/x/abort""#.to_owned(), "id: "),
    ] {
        let read = read(&format!("{{{fields}}}"));
        assert_eq!(read.events, [], "{fields}");
        assert!(read.rejects[0].reason.starts_with(reason), "{fields}: {}", read.rejects[0].reason);
    }
    // A stage that can't be read costs that stage.
    let read =
        super::read(&super::wfapi::run("SUCCESS", &stage(5, "", "", "")).replace(r#""status":"","#, ""));
    assert_eq!((read.events.len(), read.rejects.len()), (1, 1));
    let odd = super::read(&stage(5, "Build", "MUMBLED", ""));
    assert_eq!(odd.ignored, [("status: MUMBLED".to_owned(), 1)].into());
}
