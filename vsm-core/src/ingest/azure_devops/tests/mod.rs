use super::*;
use crate::model::Decision;

fn read(text: &str) -> crate::Ingested {
    let applications = [("shop".to_owned(), "app:shop".to_owned())].into();
    crate::ingest(
        crate::Adapter::AzureDevops,
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

fn hook(kind: &str, resource: &str) -> String {
    format!(
        r#"{{"id":"h","eventType":"{kind}","publisherId":"tfs","message":{{"text":"t"}},"resource":{resource},
        "resourceContainers":{{"collection":{{"id":"c","baseUrl":"https://dev.azure.com/Acme/"}},"project":{{"id":"p1"}}}},
        "createdDate":"2026-03-02T09:00:00.1234567Z"}}"#
    )
    .replace('\n', "")
}

fn build(extra: &str) -> String {
    format!(
        r#"{{"id":7,"buildNumber":"20260301.1","url":"https://dev.azure.com/acme/x/_apis/build/Builds/7","startTime":"2026-03-01T09:00:00.83Z",
        "finishTime":"2026-03-01T09:02:00.6912345Z","sourceBranch":"refs/heads/main","sourceVersion":"{}","definition":{{"id":2,"name":"shop-ci"}},
        "repository":{{"id":"r","name":"shop","type":"TfsGit"}},{extra}}}"#,
        sha("0A")
    )
    .replace('\n', "")
}

#[test]
fn a_build_by_hook_and_by_list_is_one() {
    let done = build(r#""status":"completed","result":"partiallySucceeded""#);
    let text = format!("{}\n{{\"count\":1,\"value\":[{done}]}}", hook("build.complete", &done));
    let read = read(&text);
    assert_eq!((read.rejects.len(), read.ignored.len(), read.events.len()), (0, 0, 2));
    let mut stream = crate::ValueStream::new();
    let report = stream.apply_batch(read.events);
    assert_eq!((report.accepted, report.duplicates), (1, 1));
    let item = stream.item("azure_devops:acme/build/7").unwrap();
    assert_eq!((item.kind, item.fields.result), (Some(Kind::Build), Some(Outcome::Unstable)));
    assert_eq!(item.fields.title.as_deref(), Some("20260301.1"));
    assert_eq!(item.fields.ends_at.unwrap().to_string(), "2026-03-01T09:02:00.691Z");
    assert_eq!(item.fields.attributes["branch"], "main");
    let expected =
        [(LinkKind::BuiltFrom, format!("git:{}", sha("0a"))), (LinkKind::BelongsTo, "app:shop".to_owned())];
    assert_eq!(links(&stream, &item.id), expected);
}

#[test]
fn results_of_builds() {
    let table = [
        (r#""status":"succeeded""#, Some(Outcome::Success)),
        (r#""status":"stopped""#, Some(Outcome::Aborted)),
        (r#""status":"completed","result":"failed""#, Some(Outcome::Failure)),
        (r#""status":"inProgress","result":"none""#, Some(Outcome::Running)),
        (r#""status":"completed","result":"odd""#, None),
    ];
    for (fields, result) in table {
        let read = read(&build(fields));
        let [event] = read.events.as_slice() else { panic!("{read:?}") };
        assert_eq!(event.set.result, result, "{fields}");
        assert_eq!(event.set.ends_at.is_none(), result == Some(Outcome::Running));
        assert_eq!(read.ignored.contains_key("result: odd"), result.is_none());
    }
    let read = read(&build(r#""status":"succeeded""#).replace(&sha("0A"), "C1234"));
    assert_eq!(read.ignored, [("build without commit".to_owned(), 1)].into());
}

fn pull(status: &str, extra: &str) -> String {
    format!(
        r#"{{"repository":{{"id":"r","name":"shop","url":"https://dev.azure.com/acme/_apis/git/repositories/r","project":{{"id":"p1","name":"P"}}}},
        "pullRequestId":3,"status":"{status}","createdBy":{{"displayName":"Ada"}},"creationDate":"2026-03-01T09:00:00Z",
        "title":"CHK-1 Crop","description":"d","sourceRefName":"refs/heads/crop","targetRefName":"refs/heads/main",
        "lastMergeSourceCommit":{{"commitId":"{}"}},"lastMergeCommit":{{"commitId":"{}"}}{extra}}}"#,
        sha("0a"),
        sha("0b")
    )
    .replace('\n', "")
}

#[test]
fn a_pull_request_stands_between_its_commits() {
    let done = pull("completed", r#","closedDate":"2026-03-01T12:00:00Z""#);
    let text = [
        hook("git.pullrequest.created", &pull("active", "")),
        hook("git.pullrequest.merged", &done),
        format!(r#"{{"value":[{done}],"count":1}}"#),
    ];
    let stream = stream(&text.join("\n"));
    let item = stream.item("azure_devops:acme/pull/3").unwrap();
    assert_eq!((item.kind, item.fields.title.as_deref()), (Some(Kind::Change), Some("CHK-1 Crop")));
    assert_eq!(item.fields.ends_at.unwrap().to_string(), "2026-03-01T12:00:00.000Z");
    assert_eq!((&*item.fields.attributes["branch"], &*item.fields.attributes["target"]), ("crop", "main"));
    let (head, merge) = (format!("git:{}", sha("0a")), format!("git:{}", sha("0b")));
    assert_eq!(links(&stream, &item.id)[0], (LinkKind::Follows, head));
    assert_eq!(links(&stream, &merge), [(LinkKind::Follows, item.id.clone())]);
    // What is merged is in what is built from the merge.
    let abandoned = read(&pull("abandoned", ""));
    assert!(abandoned.events.iter().all(|event| !event.item.starts_with("git:")));
    assert_eq!(abandoned.events[1].set.state, Some(FlowState::Cancelled));
}

#[test]
fn a_push_tells_its_commits() {
    let push = format!(
        r#"{{"commits":[{{"commitId":"{}","author":{{"name":"Ada","email":"a@b.c","date":"2026-03-01T08:00:00Z"}},
        "committer":{{"date":"2026-03-01T09:00:00Z"}},"comment":"CHK-1 Crop\n\nAlso CHK-2."}}],
        "refUpdates":[{{"name":"refs/heads/main"}},{{"name":"refs/tags/1"}}],"repository":{{"id":"r","name":"shop"}},"pushId":14,
        "date":"2026-03-01T10:00:00Z"}}"#,
        sha("0c")
    );
    let text = hook("git.push", &push);
    assert_eq!(read(&text).ignored, [("tag".to_owned(), 1)].into());
    let stream = stream(&text);
    let fields = stream.item(&format!("git:{}", sha("0c"))).unwrap().fields;
    assert_eq!(
        (fields.title.as_deref(), fields.description.as_deref()),
        (Some("CHK-1 Crop"), Some("Also CHK-2."))
    );
    assert_eq!(fields.starts_at.unwrap().to_string(), "2026-03-01T08:00:00.000Z");
    assert_eq!(fields.attributes["author"], "Ada");
}

#[test]
fn a_commit_that_cannot_be_read_costs_none_but_itself() {
    let commit = |sha: &str| format!(r#"{{"commitId":"{sha}","author":{{"date":"2026-03-01T08:00:00Z"}}}}"#);
    let text = format!(
        r#"{{"pushId":1,"commits":[{},{},{}]}}"#,
        commit(&sha("0a")),
        commit("0b"),
        commit(&sha("0c"))
    );
    let read = read(&text);
    assert_eq!((read.events.len(), read.rejects.len()), (2, 1));
    assert_eq!((read.rejects[0].position, read.rejects[0].record.as_deref()), (1, Some("0b")));
}

const WORK: &str = r#"{"id":12,"rev":5,"fields":{"System.WorkItemType":"Bug","System.State":"Closed","System.Title":"Crash",
    "System.AssignedTo":"Ada <a@b.c>","System.CreatedDate":"2026-03-01T09:00:00Z","System.ChangedDate":"2026-03-09T09:00:00Z",
    "Microsoft.VSTS.Common.ActivatedDate":"2026-03-02T09:00:00Z","Microsoft.VSTS.Common.StateChangeDate":"2026-03-05T09:00:00Z",
    "Microsoft.VSTS.Common.Severity":"1 - Critical","Microsoft.VSTS.Common.Priority":2,"System.TeamProject":"shop",
    "Microsoft.VSTS.Scheduling.StoryPoints":3.0,"Microsoft.VSTS.Scheduling.RemainingWork":1.5,"System.Parent":9},
    "relations":[{"rel":"System.LinkTypes.Dependency-Reverse","url":"https://dev.azure.com/acme/p/_apis/wit/workItems/10"},
    {"rel":"System.LinkTypes.Hierarchy-Forward","url":"https://dev.azure.com/acme/p/_apis/wit/workItems/13"},
    {"rel":"ArtifactLink","url":"vstfs:///Git/PullRequestId/p%2fr%2f3","attributes":{"name":"Pull Request"}},
    {"rel":"AttachedFile","url":"x","attributes":{"name":"a.png"}}],"url":"https://dev.azure.com/acme/p/_apis/wit/workItems/12"}"#;

#[test]
fn a_work_item_with_its_dates_and_links() {
    assert_eq!(read(WORK).ignored, [("relation: a.png".to_owned(), 1)].into());
    let stream = stream(WORK);
    let item = stream.item("azure_devops:acme/workitem/12").unwrap();
    let fields = item.fields;
    assert_eq!((item.kind, fields.state), (Some(Kind::Defect), Some(FlowState::Done)));
    assert_eq!((fields.assignee.as_deref(), fields.size), (Some("Ada"), Some(3.0)));
    assert_eq!(fields.severity, Some(crate::model::Severity::Critical));
    assert_eq!(fields.remaining.unwrap().millis(), 5_400_000);
    let states: Vec<(String, FlowState)> = stream
        .history(&item.id)
        .unwrap()
        .into_iter()
        .filter_map(|event| Some((event.occurred_at.to_string()[..10].to_owned(), event.set.state?)))
        .collect();
    let expected =
        [("2026-03-01", FlowState::New), ("2026-03-02", FlowState::Active), ("2026-03-05", FlowState::Done)];
    assert_eq!(states, expected.map(|(day, state)| (day.to_owned(), state)));
    let key = |id: &str| format!("azure_devops:acme/workitem/{id}");
    let mut expected = [
        (LinkKind::Parent, key("9")),
        (LinkKind::DependsOn, key("10")),
        (LinkKind::BelongsTo, "app:shop".to_owned()),
    ];
    expected.sort();
    assert_eq!(links(&stream, &item.id), expected);
    assert_eq!(links(&stream, &key("13")), [(LinkKind::Parent, item.id.clone())]);
    assert_eq!(links(&stream, "azure_devops:acme/pull/3"), [(LinkKind::Implements, item.id)]);
}

#[test]
fn an_update_of_a_work_item_is_read_from_its_revision() {
    let update = r#"{"id":5,"workItemId":12,"rev":6,"fields":{"System.State":{"oldValue":"New","newValue":"Active"}},
        "revision":{"id":12,"rev":6,"fields":{"System.WorkItemType":"User Story","System.State":"Active","System.Title":"Crop",
        "System.ChangedDate":"2026-03-02T08:00:00Z"},"url":"https://dev.azure.com/acme/_apis/wit/workItems/12/revisions/6"}}"#;
    let stream = stream(&hook("workitem.updated", update));
    let item = stream.item("azure_devops:acme/workitem/12").unwrap();
    assert_eq!((item.kind, item.fields.state), (Some(Kind::Story), Some(FlowState::Active)));
    let read = read(&hook(
        "workitem.deleted",
        r#"{"id":12,"fields":{"System.State":"Frozen","System.WorkItemType":"Wish","System.ChangedDate":"2026-03-02T08:00:00Z"}}"#,
    ));
    assert_eq!(read.events.last().unwrap().set.state, Some(FlowState::Cancelled));
    assert_eq!(read.ignored, [("state: Frozen".to_owned(), 1), ("type: Wish".to_owned(), 1)].into());
}

#[test]
fn the_updates_of_a_work_item_are_its_history() {
    let update =
        |id: u32, fields: &str| format!(r#"{{"id":{id},"workItemId":12,"rev":{id},"fields":{{{fields}}}}}"#);
    let text = format!(
        r#"{{"count":3,"value":[{},{},{}]}}"#,
        update(
            1,
            r#""System.State":{"newValue":"New"},"System.WorkItemType":{"newValue":"Bug"},"System.ChangedDate":{"newValue":"2026-03-01T09:00:00Z"}"#
        ),
        update(
            2,
            r#""System.State":{"oldValue":"New","newValue":"Active"},"System.ChangedDate":{"newValue":"2026-03-02T09:00:00Z"}"#
        ),
        update(
            3,
            r#""System.Title":{"newValue":"Crash"},"System.ChangedDate":{"newValue":"2026-03-03T09:00:00Z"}"#
        ),
    );
    let stream = stream(&text);
    let item = stream.item("azure_devops:workitem/12").unwrap();
    assert_eq!((item.kind, item.fields.state), (Some(Kind::Defect), Some(FlowState::Active)));
    assert_eq!((item.fields.title.as_deref(), stream.history(&item.id).unwrap().len()), (Some("Crash"), 3));
}

#[test]
fn a_run_of_a_pipeline_and_its_approval() {
    let run = |state: &str| {
        format!(
            r#"{{"run":{{"id":7,"name":"20260301.1",{state},"createdDate":"2026-03-01T09:00:00Z","pipeline":{{"id":2,"name":"shop-ci",
            "url":"https://dev.azure.com/acme/p/_apis/pipelines/2"}}}},"pipeline":{{"id":2,"name":"shop-ci"}}}}"#
        )
    };
    let approval = r#"{"approval":{"id":"0f-1","steps":[{"assignedApprover":{"id":"u1","displayName":"Ada"},"actualApprover":{"id":"u2","displayName":"Bo"},
        "status":"approved"},{"assignedApprover":{"id":"u3"},"status":"pending"}],"status":"approved","createdOn":"2026-03-01T09:01:00Z",
        "lastModifiedOn":"2026-03-01T09:03:00Z","instructions":"Look at the graphs"},"run":{"id":7,"name":"20260301.1","pipeline":{"url":"https://dev.azure.com/acme/x"}},
        "stageName":"deploy"}"#;
    let text = [
        hook("ms.vss-pipelines.run-state-changed-event", &run(r#""state":"inProgress""#)),
        hook(
            "ms.vss-pipelines.run-state-changed-event",
            &run(r#""state":"completed","result":"succeeded","finishedDate":"2026-03-01T09:05:00Z""#),
        ),
        hook("ms.vss-pipelinechecks-events.approval-completed", approval),
    ];
    let stream = stream(&text.join("\n"));
    let build = stream.item("azure_devops:acme/build/7").unwrap();
    assert_eq!((build.kind, build.fields.result), (Some(Kind::Build), Some(Outcome::Success)));
    assert_eq!(build.fields.ends_at.unwrap().to_string(), "2026-03-01T09:05:00.000Z");
    let gate = stream.item("azure_devops:acme/approval/0f-1").unwrap();
    assert_eq!((gate.kind, gate.fields.decision), (Some(Kind::Gate), Some(Decision::Approved)));
    assert_eq!(gate.fields.title.as_deref(), Some("Approval of 20260301.1 for deploy"));
    let user = |id: &str| format!("azure_devops:acme/user/{id}");
    let mut expected = [
        (LinkKind::Gates, build.id),
        (LinkKind::Approver, user("u1")),
        (LinkKind::Approver, user("u2")),
        (LinkKind::Approver, user("u3")),
        (LinkKind::DecidedBy, user("u2")),
    ];
    expected.sort();
    assert_eq!(links(&stream, &gate.id), expected);
}

#[test]
fn a_deployment_waits_for_its_approvals() {
    let approval = |status: &str, by: &str| {
        format!(
            r#"{{"approval":{{"id":4,"approver":{{"id":"u1","displayName":"Team"}}{by},"approvalType":"preDeploy","createdOn":"2026-03-01T09:00:00Z",
            "modifiedOn":"2026-03-01T10:00:00Z","status":"{status}","isAutomated":false,"attempt":1,"release":{{"id":1,"name":"Release-1"}},
            "releaseEnvironment":{{"id":8,"name":"Prod"}}}},"release":{{"id":1,"name":"Release-1"}},"project":{{"id":"p1","name":"shop"}}}}"#
        )
    };
    let deployment = r#"{"id":31,"release":{"id":1,"name":"Release-1","url":"https://vsrm.dev.azure.com/acme/p/_apis/Release/releases/1",
        "artifacts":[{"type":"Build","definitionReference":{"version":{"id":"7","name":"20260301.1"}}},{"type":"Git"}]},
        "releaseEnvironment":{"id":8,"name":"Prod"},"attempt":1,"deploymentStatus":"succeeded","queuedOn":"2026-03-01T10:00:30Z",
        "startedOn":"2026-03-01T10:01:00Z","completedOn":"2026-03-01T10:05:00Z"}"#;
    let text = [
        hook("ms.vss-release.deployment-approval-pending-event", &approval("pending", "")),
        hook(
            "ms.vss-release.deployment-approval-completed-event",
            &approval("approved", r#","approvedBy":{"id":"u2","displayName":"Bo"}"#),
        ),
        deployment.replace('\n', ""),
    ];
    let stream = stream(&text.join("\n"));
    let gate = stream.item("azure_devops:acme/approval/4").unwrap();
    assert_eq!((gate.kind, gate.fields.decision), (Some(Kind::Gate), Some(Decision::Approved)));
    assert_eq!(gate.fields.title.as_deref(), Some("Approval to deploy Release-1 to Prod"));
    assert_eq!(gate.fields.asked_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
    let deployed = "azure_devops:acme/deployment/8/1";
    let mut expected = [
        (LinkKind::Gates, deployed.to_owned()),
        (LinkKind::BelongsTo, "app:shop".to_owned()),
        (LinkKind::Approver, "azure_devops:acme/user/u1".to_owned()),
        (LinkKind::Approver, "azure_devops:acme/user/u2".to_owned()),
        (LinkKind::DecidedBy, "azure_devops:acme/user/u2".to_owned()),
    ];
    expected.sort();
    assert_eq!(links(&stream, &gate.id), expected);
    let item = stream.item(deployed).unwrap();
    assert_eq!((item.kind, item.fields.result), (Some(Kind::Deployment), Some(Outcome::Success)));
    assert_eq!(item.fields.version.as_deref(), Some("Release-1"));
    assert_eq!(item.fields.starts_at.unwrap().to_string(), "2026-03-01T10:01:00.000Z");
    let mut expected = [
        (LinkKind::Deploys, "azure_devops:acme/build/7".to_owned()),
        (LinkKind::DeployedTo, "azure_devops:acme/environment/Prod".to_owned()),
    ];
    expected.sort();
    assert_eq!(links(&stream, deployed), expected);
}

#[test]
fn hooks_of_deployments_tell_their_environment() {
    let environment = |status: &str| {
        format!(
            r#"{{"environment":{{"id":8,"name":"Prod","status":"{status}","modifiedOn":"2026-03-01T10:05:00Z","deploySteps":[{{"attempt":1}},{{"attempt":2}}],
            "release":{{"id":1,"name":"Release-1","url":"https://vsrm.dev.azure.com/acme/p/_apis/Release/releases/1"}}}},"project":{{"name":"shop"}}}}"#
        )
    };
    let text = [
        hook("ms.vss-release.deployment-started-event", &environment("inProgress")),
        hook("ms.vss-release.deployment-completed-event", &environment("rejected").replace("10:05", "10:09")),
    ];
    let stream = stream(&text.join("\n"));
    let fields = stream.item("azure_devops:acme/deployment/8/2").unwrap().fields;
    assert_eq!(fields.result, Some(Outcome::Failure));
    assert_eq!(fields.starts_at.unwrap().to_string(), "2026-03-01T10:05:00.000Z");
    assert_eq!(fields.ends_at.unwrap().to_string(), "2026-03-01T10:09:00.000Z");
}

#[test]
fn what_is_of_no_use_is_counted() {
    let automatic = r#"{"id":4,"approvalType":"preDeploy","status":"approved","isAutomated":true,"createdOn":"2026-03-01T09:00:00Z"}"#;
    let text =
        [hook("tfvc.checkin", "{}"), automatic.to_owned(), r#"{"id":1,"name":"a project"}"#.to_owned()];
    let read = read(&text.join("\n"));
    let ignored: Vec<&str> = read.ignored.keys().map(String::as_str).collect();
    assert_eq!(ignored, ["automatic approval", "event: tfvc.checkin", "record of another kind"]);
    assert_eq!((read.events.len(), read.rejects.len()), (0, 0));
}

#[test]
fn organizations_are_told_apart() {
    let table = [
        ("https://dev.azure.com/Acme/x", Some("acme")),
        ("https://vsrm.dev.azure.com/acme/x", Some("acme")),
        ("https://acme.visualstudio.com/x", Some("acme")),
        ("https://acme.vsrm.visualstudio.com/x", Some("acme")),
        ("https://tfs.corp/tfs/Default/x", None),
        ("https://dev.azure.com", None),
        ("dev.azure.com/acme", None),
    ];
    for (url, expected) in table {
        assert_eq!(organization(url).as_deref(), expected, "{url}");
    }
}

#[test]
fn what_cannot_be_right_is_rejected() {
    let table = [
        ("{}".to_owned(), "id: is missing"),
        (r#"{"eventType":"build.complete"}"#.to_owned(), "resource: is missing"),
        (r#"{"eventType":"build.complete","resource":{}}"#.to_owned(), "resource: has none of the fields"),
        (r#"{"eventType":"build.complete","resource":{"buildNumber":"1"}}"#.to_owned(), "id: is missing"),
        (r#"{"id":1,"buildNumber":"1"}"#.to_owned(), "finishTime: is missing"),
        (build(r#""status":"failed""#).replace("2026-03-01T09:00:00.83Z", "noon"), "startTime: "),
        (
            build(r#""status":"failed""#).replace("2026-03-01T09:00:00.83Z", "2026-13-01T09:00:00Z"),
            "startTime: ",
        ),
        (r#"{"pullRequestId":1,"status":"active"}"#.to_owned(), "created: is missing"),
        (r#"{"commitId":"0a0a"}"#.to_owned(), "commitId: is no full hash"),
        (format!(r#"{{"commitId":"{}"}}"#, sha("0a")), "committer.date: is missing"),
        (r#"{"workItemId":1}"#.to_owned(), "fields: is missing"),
        (r#"{"id":1,"fields":{"System.State":"New"}}"#.to_owned(), "System.ChangedDate: is missing"),
        (
            r#"{"approvalType":"preDeploy","createdOn":"2026-03-01T09:00:00Z"}"#.to_owned(),
            "approval.id: is missing",
        ),
        (
            r#"{"deploymentStatus":"succeeded","completedOn":"2026-03-01T09:00:00Z"}"#.to_owned(),
            "releaseEnvironment.id: is missing",
        ),
        (r#"{"value":["x"]}"#.to_owned(), "not an object"),
        (r#"{"value":[{"id":1"#.to_owned(), "EOF"),
    ];
    for (text, reason) in table {
        let read = read(&text);
        assert_eq!(read.events, [], "{text}");
        assert!(read.rejects[0].reason.contains(reason), "{text}: {}", read.rejects[0].reason);
    }
}
