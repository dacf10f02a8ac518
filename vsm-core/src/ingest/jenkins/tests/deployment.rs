use super::{IngestOptions, links, of, read_with, table};
use crate::model::{Kind, Outcome};

fn options() -> IngestOptions {
    IngestOptions {
        deploy_jobs: table(&[
            ("Mobile/deploy-{application}-{environment}", "env:{environment}"),
            ("ship", "env:store"),
        ]),
        applications: table(&[("checks", "app:photo-checks")]),
        application: Some("app:all".into()),
        ..IngestOptions::default()
    }
}

fn build(job: &str, more: &str) -> String {
    format!(
        r#"{{"number":7,"timestamp":1772355600000,"duration":60000,"result":"SUCCESS","fullDisplayName":"{job} #7"{more}}}"#
    )
}

#[test]
fn a_run_brings_the_build_that_started_it() {
    let more = r#","actions":[{"causes":[null,
        {"upstreamProject":"Shown/checks","upstreamBuild":31,"upstreamUrl":"job/Mobile/job/checks/"},
        {"upstreamProject":"Mobile/checks","upstreamBuild":31}, {"userId":"ada"}]},
        {"lastBuiltRevision":{"SHA1":"ab01"}}]"#;
    let read = read_with(&build("Mobile/deploy-checks-prod", more), &options());
    assert_eq!((read.events.len(), read.rejects.len()), (2, 0));
    let event = of(&read, "jenkins:Mobile/deploy-checks-prod#7/deployment");
    assert_eq!(event.id, "Mobile/deploy-checks-prod#7/finished/deployment");
    assert_eq!((event.kind, event.set.result), (Some(Kind::Deployment), Some(Outcome::Success)));
    assert_eq!(event.set.ends_at, Some(event.occurred_at));
    let expected =
        ["deploys jenkins:Mobile/checks#31", "deployed_to env:prod", "belongs_to app:photo-checks"];
    assert_eq!(links(event), expected);
    // The run itself stays a build, of the same application.
    let run = of(&read, "jenkins:Mobile/deploy-checks-prod#7");
    assert_eq!(links(run), ["built_from git:ab01", "belongs_to app:photo-checks"]);
}

#[test]
fn a_run_without_an_upstream_brings_itself_or_nobody_knows_what() {
    let checkout = r#","actions":[{"lastBuiltRevision":{"SHA1":"ab01"}}]"#;
    let read = read_with(&build("ship", checkout), &options());
    let expected = ["deploys jenkins:ship#7", "deployed_to env:store", "belongs_to app:all"];
    assert_eq!(links(of(&read, "jenkins:ship#7/deployment")), expected);
    let read = read_with(&build("Mobile/deploy-web-uat", ""), &options());
    let expected = ["deployed_to env:uat", "belongs_to app:web"];
    assert_eq!(links(of(&read, "jenkins:Mobile/deploy-web-uat#7/deployment")), expected);
}

#[test]
fn a_deployment_runs_and_then_is_over() {
    let running = r#"{"number":7,"timestamp":1000,"building":true,"fullDisplayName":"ship #7"}"#;
    let over = r#"{"number":7,"timestamp":1000,"duration":5,"result":"FAILURE","fullDisplayName":"ship #7"}"#;
    let read = read_with(&format!("{running}\n{over}"), &options());
    let mut stream = crate::ValueStream::new();
    stream.apply_batch(read.events.into_iter().rev());
    let fields = stream.item("jenkins:ship#7/deployment").unwrap().fields;
    assert_eq!((fields.result, fields.ends_at.unwrap().millis()), (Some(Outcome::Failure), 1_005));
}

#[test]
fn other_jobs_are_builds_and_nothing_more() {
    let read = read_with(&build("Mobile/checks", ""), &options());
    assert_eq!((read.events.len(), links(&read.events[0])), (1, vec!["belongs_to app:all".to_owned()]));
}

#[test]
fn a_rule_that_is_wrong_is_said_at_position_zero() {
    let wrong = table(&[("deploy-{", "env:x")]);
    for options in [
        IngestOptions { deploy_jobs: wrong.clone(), ..IngestOptions::default() },
        IngestOptions { deploy_stages: wrong.clone(), ..IngestOptions::default() },
        IngestOptions { gates: wrong, ..IngestOptions::default() },
    ] {
        let read = read_with(&build("ship", ""), &options);
        assert_eq!((read.events.len(), read.rejects.len(), read.rejects[0].position), (0, 1, 0));
    }
}
