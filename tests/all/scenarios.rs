//! What a release manager reads, from what the tools wrote: each scenario goes from raw payloads to sentences.

use serde_json::{Value, json};
use vsm_core::{
    Adapter, CorrelationRules, DeparturesQuery, IngestOptions, Instant, Kind, ReadinessChangesQuery,
    ReadinessQuery, ValueStream, Verdict, VerdictQuery,
};

use crate::messages;

/// The tools of an invented bank: what each of them has written so far.
struct Tools {
    stream: ValueStream,
    now: Instant,
}

const PHONE: &str = "jira:version/10";
const MAINFRAME: &str = "jira:version/20";

impl Tools {
    /// A phone app with one release in a build that is tested, deployed and booked wherever it has to be, and nothing
    /// missing; on 10 March.
    fn all_green() -> Tools {
        let mut tools = Tools { stream: ValueStream::new(), now: "2026-03-10T09:00:00Z".parse().unwrap() };
        tools.sheet(
            "id;kind;title;stage;capacity;at;app;ships;becomes\n\
             app:phone;application;Phone app;;;01.01.2026;;;\n\
             app:mainframe;application;Mainframe;;;01.01.2026;;;\n\
             env:test;environment;System test;system_test;;01.01.2026;;;\n\
             env:uat;environment;Acceptance;user_acceptance;1;01.01.2026;;;\n\
             env:pre;environment;Pre-production;pre_production;;01.01.2026;;;\n\
             who:security;stakeholder;Head of security;;;01.01.2026;;;\n\
             who:product;stakeholder;Product owner;;;01.01.2026;;;\n",
        );
        tools.issue(
            "PHN-1",
            "Story",
            "Photograph the check",
            "Done",
            &["10"],
            "2026-03-01T10:00:00.000+0000",
        );
        tools.commit("a1", None, "PHN-1: take the picture", "2026-03-02T10:00:00Z");
        tools.build("phone-ci", 7, "a1", "SUCCESS", "2026-03-03T08:00:00Z");
        let places = [None, Some("test"), Some("uat"), Some("pre")];
        for (place, at) in places.into_iter().zip(["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"]) {
            tools.tests(place, 0, &format!("{at}T10:00:00Z"));
        }
        tools.sheet(
            "id;kind;title;stage;capacity;at;app;ships;becomes\n\
             jenkins:phone-ci#7;build;;;;03.03.2026;;;jira:version/10\n",
        );
        tools.deployed("d1", "jenkins:phone-ci#7", "env:uat", "2026-03-04T18:00:00Z");
        tools.booking(
            "b1",
            "Acceptance of Phone 1.0",
            "env:uat",
            PHONE,
            "approved",
            ("2026-03-04", "2026-03-14"),
        );
        tools
    }

    fn ingest(&mut self, adapter: Adapter, text: &str, options: &IngestOptions) {
        let report = self.stream.ingest(adapter, text.as_bytes(), options);
        assert_eq!((&report.rejects[..], &report.applied.refused[..]), (&[][..], &[][..]), "{text}");
    }

    /// A portfolio spreadsheet.
    fn sheet(&mut self, rows: &str) {
        let mapping = json!({
            "source": "sheet", "delimiter": ";", "dates": "%d.%m.%Y", "id": "{id}", "kind": "{kind}",
            "fields": { "title": "{title}", "stage": "{stage}", "capacity": "{capacity}" },
            "links": [{ "kind": "belongs_to", "to": "{app}" }, { "kind": "ships_in", "to": "{ships}" },
                      { "kind": "candidate", "to": "{becomes}" }],
            "occurred_at": "{at}"
        });
        let options = IngestOptions {
            zone: Some("UTC".into()),
            mapping: Some(serde_json::from_value(mapping).unwrap()),
            ..IngestOptions::default()
        };
        self.ingest(Adapter::Mapping, rows, &options);
    }

    /// What has no tool here, as events.
    fn event(&mut self, event: Value) {
        self.ingest(Adapter::Events, &event.to_string(), &IngestOptions::default());
    }

    fn issue(&mut self, key: &str, kind: &str, summary: &str, status: &str, versions: &[&str], at: &str) {
        self.changed_issue(key, kind, summary, &[(status, at)], versions);
    }

    /// An issue as the tracker hands it out, with its changelog.
    fn changed_issue(
        &mut self,
        key: &str,
        kind: &str,
        summary: &str,
        states: &[(&str, &str)],
        versions: &[&str],
    ) {
        let id = |status: &str| match status {
            "To Do" => "1",
            "In Progress" => "2",
            _ => "3",
        };
        let mut before = "To Do";
        let histories: Vec<Value> = states
            .iter()
            .enumerate()
            .map(|(n, (status, at))| {
                let item = json!({ "field": "status", "fieldId": "status", "from": id(before), "fromString": before,
                                   "to": id(status), "toString": status });
                before = status;
                json!({ "id": format!("{key}{n}"), "created": at, "items": [item] })
            })
            .collect();
        let names = |id: &&str| {
            let name = if *id == "20" { "Mainframe 1.0" } else { "Phone 1.0" };
            json!({ "id": id, "name": name, "released": false })
        };
        let updated = states.last().map_or("2026-02-01T09:00:00.000+0000", |(_, at)| at);
        let issue = json!({
            "id": key.replace('-', ""), "key": key,
            "fields": {
                "summary": summary, "issuetype": { "id": kind, "name": kind },
                "project": { "id": "1", "key": key.split('-').next() },
                "status": { "id": id(before), "name": before },
                "priority": { "id": "2", "name": "Critical" },
                "created": "2026-02-01T09:00:00.000+0000", "updated": updated,
                "assignee": { "name": "ada", "displayName": "Ada" },
                "fixVersions": versions.iter().map(names).collect::<Vec<_>>(), "versions": [], "issuelinks": []
            },
            "changelog": { "startAt": 0, "maxResults": histories.len(), "total": histories.len(), "histories": histories }
        });
        let options = json!({
            "applications": { "PHN": "app:phone", "MFR": "app:mainframe" },
            "states": { "1": "new", "2": "active", "3": "done" },
            "kinds": { "Story": "story", "Bug": "defect" }
        });
        self.ingest(Adapter::Jira, &issue.to_string(), &serde_json::from_value(options).unwrap());
    }

    fn commit(&mut self, sha: &str, parent: Option<&str>, subject: &str, at: &str) {
        let parents: Vec<String> = parent.map(full).into_iter().collect();
        let commit = json!({ "sha": full(sha), "parents": parents, "authored": at, "committed": at,
                             "author": "Ada", "subject": subject, "body": "" });
        let options = IngestOptions { application: Some("app:phone".into()), ..IngestOptions::default() };
        self.ingest(Adapter::Git, &commit.to_string(), &options);
    }

    fn build(&mut self, job: &str, number: u32, sha: &str, result: &str, at: &str) {
        let started: Instant = at.parse().unwrap();
        let build = json!({
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
            "actions": [{ "_class": "hudson.plugins.git.util.BuildData", "lastBuiltRevision": { "SHA1": full(sha) } }],
            "building": false, "duration": 600_000, "number": number, "result": result,
            "displayName": format!("#{number}"), "fullDisplayName": format!("{job} #{number}"),
            "timestamp": started.millis(), "url": format!("https://ci.bank.example/job/{job}/{number}/")
        });
        let page = json!({ "_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "name": job, "fullName": job,
                           "url": format!("https://ci.bank.example/job/{job}/"), "allBuilds": [build] });
        let options = IngestOptions { application: Some("app:phone".into()), ..IngestOptions::default() };
        self.ingest(Adapter::Jenkins, &page.to_string(), &options);
    }

    /// A Selenium suite of build 7 in an environment.
    fn tests(&mut self, place: Option<&str>, failed: u32, at: &str) {
        let cases: String = (0..10)
            .map(|n| {
                let failure = if n < failed { r#"<failure message="no such element"/>"# } else { "" };
                format!(
                    r#"<testcase classname="bank.DepositIT" name="case{n}" time="1">{failure}</testcase>"#
                )
            })
            .collect();
        let xml = format!(
            r#"<testsuite name="bank.DepositIT" tests="10" failures="{failed}" errors="0" skipped="0">{cases}</testsuite>"#
        );
        let options = IngestOptions {
            build: Some("jenkins:phone-ci#7".into()),
            environment: place.map(|place| format!("env:{place}")),
            at: Some(at.parse().unwrap()),
            ..IngestOptions::default()
        };
        self.ingest(Adapter::Junit, &xml, &options);
    }

    fn deployed(&mut self, id: &str, build: &str, place: &str, at: &str) {
        self.event(json!({
            "source": "deployer", "id": id, "occurred_at": at, "item": format!("deployment:{id}"), "kind": "deployment",
            "set": { "result": "success", "starts_at": at, "ends_at": at },
            "links": [{ "kind": "deploys", "to": build }, { "kind": "deployed_to", "to": place },
                      { "kind": "belongs_to", "to": "app:phone" }]
        }));
    }

    fn booking(
        &mut self,
        id: &str,
        title: &str,
        place: &str,
        release: &str,
        status: &str,
        (from, to): (&str, &str),
    ) {
        self.event(json!({
            "source": "bookings", "id": id, "occurred_at": "2026-02-20T09:00:00Z", "item": format!("booking:{id}"),
            "kind": "booking",
            "set": { "title": title, "booking": status, "starts_at": format!("{from}T00:00:00Z"), "ends_at": format!("{to}T00:00:00Z") },
            "links": [{ "kind": "books", "to": place }, { "kind": "booked_for", "to": release }]
        }));
    }

    fn gate(
        &mut self,
        id: &str,
        title: &str,
        stage: &str,
        release: &str,
        set: Value,
        decided_by: Option<&str>,
    ) {
        let mut fields = json!({ "title": title, "stage": stage });
        fields.as_object_mut().unwrap().extend(set.as_object().unwrap().clone());
        let mut links = vec![
            json!({ "kind": "gates", "to": release }),
            json!({ "kind": "approver", "to": "who:security" }),
        ];
        links.extend(decided_by.map(|who| json!({ "kind": "decided_by", "to": who })));
        self.event(json!({
            "source": "gates", "id": id, "occurred_at": "2026-03-03T09:00:00Z", "item": format!("gate:{id}"), "kind": "gate",
            "set": fields, "links": links
        }));
    }

    fn correlate(&mut self) {
        self.stream.correlate(&CorrelationRules::default());
    }

    /// What a release manager reads of a release and stage: the verdict and its sentences.
    fn why(&mut self, release: &str, stage: &str) -> (Verdict, Vec<String>) {
        self.correlate();
        let query = ReadinessQuery { stage: Some(stage.into()), ..ReadinessQuery::new(release, self.now) };
        let answer = self.stream.readiness(&query).unwrap();
        messages::check(&answer);
        messages::check(&self.stream.explain(&query).unwrap());
        (answer.verdict, answer.unmet.into_iter().map(|fact| fact.sentence).collect())
    }

    fn reads(&mut self, release: &str, stage: &str, sentences: &[&str]) {
        let (verdict, found) = self.why(release, stage);
        assert_eq!(found, sentences, "{release} for {stage} is {verdict}");
    }
}

fn full(sha: &str) -> String {
    sha.repeat(20)
}

#[test]
pub fn nothing_is_missing_where_nothing_is() {
    let mut tools = Tools::all_green();
    for stage in ["system_test", "user_acceptance", "pre_production", "production"] {
        tools.reads(PHONE, stage, &[]);
    }
}

#[test]
pub fn the_phone_app_is_ready_and_the_mainframe_is_not() {
    let mut tools = Tools::all_green();
    tools.issue("MFR-1", "Story", "Post the deposit", "In Progress", &["20"], "2026-03-02T10:00:00.000+0000");
    tools.event(
        json!({ "source": "plan", "id": "1", "occurred_at": "2026-02-01T00:00:00Z", "item": "plan:deposit",
        "kind": "release", "set": { "title": "Check deposit" } }),
    );
    for (n, release) in [PHONE, MAINFRAME].iter().enumerate() {
        tools.event(json!({ "source": "plan", "id": format!("2/{n}"), "occurred_at": "2026-02-01T00:00:00Z", "item": release,
            "links": [{ "kind": "parent", "to": "plan:deposit" }] }));
    }
    tools.reads(PHONE, "production", &[]);
    tools.reads(
        "plan:deposit",
        "production",
        &[
            "Post the deposit (jira:MFR-1) is being worked on and not done.",
            "No build of Mainframe 1.0 (jira:version/20) is known that holds its scope and that passed its tests in pre_production.",
        ],
    );
    let query = ReadinessQuery::new("plan:deposit", tools.now);
    let text = tools.stream.explain(&query).unwrap().to_text();
    assert_eq!(
        text,
        "\
Check deposit (plan:deposit) is not ready for production:
  Mainframe 1.0 (jira:version/20) is not ready for production:
    ? No build of Mainframe 1.0 (jira:version/20) is known that holds its scope and that passed its tests in pre_production.
    Post the deposit (jira:MFR-1) is not ready for production:
      ! Post the deposit (jira:MFR-1) is being worked on and not done. Waits for Ada.
"
    );
}

#[test]
pub fn the_security_review_is_late() {
    let mut tools = Tools::all_green();
    tools.gate(
        "security",
        "Security review",
        "production",
        PHONE,
        json!({ "asked_at": "2026-02-20T00:00:00Z", "needed_by": "2026-03-06T09:00:00Z" }),
        None,
    );
    tools.reads(
        PHONE,
        "production",
        &["Security review (gate:security) is not decided; it was needed by 2026-03-06, 4d ago."],
    );
    tools.reads(PHONE, "pre_production", &[]);
    // Until when it may come, for the train of the 17th.
    tools.event(json!({ "source": "plan", "id": "train", "occurred_at": "2026-01-01T00:00:00Z", "item": "app:phone",
        "set": { "cadence": { "departure": "2026-03-17T09:00:00Z", "every_days": 14, "cutoff": 604_800_000 } } }));
    let query = DeparturesQuery { count: Some(1), ..DeparturesQuery::new(PHONE, tools.now, "Europe/Zurich") };
    let next = tools.stream.departures(&query).unwrap();
    assert_eq!(
        next.departures[0].facts[0].sentence,
        "Security review (gate:security) (gate passed) by Tue 2026-03-10 10:00 still reaches the departure of Tue 2026-03-17 10:00."
    );
}

#[test]
pub fn two_releases_want_the_one_acceptance_environment() {
    let mut tools = Tools::all_green();
    tools.booking(
        "b2",
        "Acceptance of Mainframe 1.0",
        "env:uat",
        MAINFRAME,
        "approved",
        ("2026-03-12", "2026-03-20"),
    );
    tools.reads(
        PHONE,
        "user_acceptance",
        &["Acceptance of Phone 1.0 (booking:b1) of Acceptance (env:uat) overlaps with Acceptance of Mainframe 1.0 (booking:b2) from 2026-03-12 to 2026-03-14: 2 at once, 1 possible."],
    );
    // A booking that is given back is in nobody's way.
    tools.event(json!({ "source": "bookings", "id": "b2/cancelled", "occurred_at": "2026-03-09T09:00:00Z", "item": "booking:b2",
        "set": { "booking": "cancelled" } }));
    tools.reads(PHONE, "user_acceptance", &[]);
}

#[test]
pub fn a_waiver_ends_before_the_release() {
    let mut tools = Tools::all_green();
    tools.gate(
        "pen",
        "Penetration test",
        "production",
        PHONE,
        json!({ "decision": "waived", "expires_at": "2026-03-12T00:00:00Z" }),
        Some("who:security"),
    );
    tools.reads(PHONE, "production", &[]);
    tools.now = "2026-03-17T09:00:00Z".parse().unwrap();
    tools.reads(PHONE, "production", &["The waiver of Penetration test (gate:pen) ended on 2026-03-12."]);
}

#[test]
pub fn the_environment_holds_the_wrong_build() {
    let mut tools = Tools::all_green();
    tools.build("phone-ci", 8, "a1", "SUCCESS", "2026-03-06T08:00:00Z");
    tools.deployed("d2", "jenkins:phone-ci#8", "env:uat", "2026-03-07T18:00:00Z");
    // Both are built from the same commit, and still a build is what it was tested as.
    tools.reads(
        PHONE,
        "user_acceptance",
        &["Acceptance (env:uat) holds phone-ci #8 (jenkins:phone-ci#8), not phone-ci #7 (jenkins:phone-ci#7)."],
    );
}

#[test]
pub fn a_feature_is_done_and_its_commit_is_in_no_build() {
    let mut tools = Tools::all_green();
    tools.issue("PHN-2", "Story", "Crop the picture", "Done", &["10"], "2026-03-04T10:00:00.000+0000");
    tools.commit("b2", Some("a1"), "PHN-2: crop", "2026-03-04T09:00:00Z");
    tools.reads(
        PHONE,
        "production",
        &["Crop the picture (jira:PHN-2) is not in phone-ci #7 (jenkins:phone-ci#7): change git:b2b2b2b2b2 is missing."],
    );
    // One that nobody linked is not known to be missing, and not known to be there.
    tools.issue("PHN-3", "Story", "Rotate the picture", "Done", &["10"], "2026-03-04T10:00:00.000+0000");
    let (verdict, sentences) = tools.why(PHONE, "production");
    assert_eq!(verdict, Verdict::NotReady);
    assert_eq!(
        sentences[1],
        "No change is linked to Rotate the picture (jira:PHN-3), so nobody can tell whether it is in phone-ci #7 (jenkins:phone-ci#7)."
    );
}

#[test]
pub fn a_fix_is_merged_after_the_tested_build() {
    let mut tools = Tools::all_green();
    tools.commit("c3", Some("a1"), "PHN-1: do not crash without a camera", "2026-03-05T09:00:00Z");
    tools.reads(
        PHONE,
        "production",
        &["Photograph the check (jira:PHN-1) is not in phone-ci #7 (jenkins:phone-ci#7): change git:c3c3c3c3c3 is missing."],
    );
    // The build that has it was not tested.
    tools.build("phone-ci", 9, "c3", "SUCCESS", "2026-03-09T08:00:00Z");
    tools.event(json!({ "source": "plan", "id": "9", "occurred_at": "2026-03-09T09:00:00Z", "item": "jenkins:phone-ci#9",
        "links": [{ "kind": "candidate", "to": PHONE }] }));
    tools.event(json!({ "source": "plan", "id": "7", "occurred_at": "2026-03-09T09:00:00Z", "item": "jenkins:phone-ci#7",
        "unlinks": [{ "kind": "candidate", "to": PHONE }] }));
    tools.reads(
        PHONE,
        "production",
        &["No test run of phone-ci #9 (jenkins:phone-ci#9) in pre_production is known."],
    );
}

#[test]
pub fn a_defect_is_opened_again() {
    let mut tools = Tools::all_green();
    let states = [("Done", "2026-03-04T10:00:00.000+0000"), ("In Progress", "2026-03-09T10:00:00.000+0000")];
    tools.changed_issue("PHN-4", "Bug", "Picture upside down", &states[..1], &[]);
    tools.event(
        json!({ "source": "plan", "id": "4", "occurred_at": "2026-03-04T00:00:00Z", "item": "jira:PHN-4",
        "set": { "severity": "critical" }, "links": [{ "kind": "found_in", "to": "jenkins:phone-ci#7" }] }),
    );
    tools.reads(PHONE, "production", &[]);
    tools.changed_issue("PHN-4", "Bug", "Picture upside down", &states, &[]);
    tools.reads(PHONE, "production", &["Picture upside down (jira:PHN-4) is open, with severity critical."]);
    let query = ReadinessChangesQuery::new("2026-03-08T00:00:00Z".parse().unwrap(), tools.now);
    let changes = tools.stream.readiness_changes(&query).unwrap();
    assert_eq!(changes.regressed, 1);
    assert_eq!(
        changes.changes[0].sentence,
        "Phone 1.0 (jira:version/10) was ready and is not ready: Picture upside down (jira:PHN-4) is open, with severity critical."
    );
}

#[test]
pub fn a_gate_is_approved_by_somebody_not_entitled_to() {
    let mut tools = Tools::all_green();
    tools.gate(
        "security",
        "Security review",
        "production",
        PHONE,
        json!({ "decision": "approved" }),
        Some("who:product"),
    );
    tools.reads(
        PHONE,
        "production",
        &["Security review (gate:security) was approved by Product owner (who:product), who is not entitled to."],
    );
}

#[test]
pub fn a_build_fails_its_selenium_suite() {
    let mut tools = Tools::all_green();
    tools.tests(Some("pre"), 3, "2026-03-09T10:00:00Z");
    let (_, sentences) = tools.why(PHONE, "production");
    assert_eq!(sentences.len(), 1);
    assert!(sentences[0].ends_with("in pre_production failed 3 of 10 tests."), "{sentences:?}");
}

#[test]
pub fn a_child_of_an_enterprise_release_is_on_hold() {
    let mut tools = Tools::all_green();
    tools.event(
        json!({ "source": "plan", "id": "1", "occurred_at": "2026-02-01T00:00:00Z", "item": "plan:spring",
        "kind": "release", "set": { "title": "Spring" } }),
    );
    tools.event(json!({ "source": "plan", "id": "2", "occurred_at": "2026-02-01T00:00:00Z", "item": PHONE,
        "links": [{ "kind": "parent", "to": "plan:spring" }] }));
    tools.reads("plan:spring", "production", &[]);
    tools.event(json!({ "source": "plan", "id": "3", "occurred_at": "2026-03-08T00:00:00Z", "item": PHONE,
        "set": { "lifecycle": "on_hold" } }));
    let (verdict, sentences) = tools.why("plan:spring", "production");
    assert_eq!(verdict, Verdict::NotReady);
    assert_eq!(sentences.len(), 1, "{sentences:?}");
    assert!(sentences[0].starts_with("Phone 1.0 (jira:version/10) is on hold"), "{sentences:?}");
}

#[test]
fn thirty_five_applications_and_their_releases_are_answered_at_once() {
    let mut tools = Tools::all_green();
    // 1,600 releases of 35 applications; every fourth has an open story, every fifth nobody knows a build of.
    let mut rows = String::from("id;kind;title;stage;capacity;at;app;ships;becomes\n");
    for app in 0..35 {
        rows += &format!("app:{app};application;App {app};;;01.01.2026;;;\n");
    }
    for n in 0..1_600 {
        rows += &format!("r:{n};release;Release {n};;;01.03.2026;app:{};;\n", n % 35);
        rows += &format!("s:{n};story;Story {n};;;01.03.2026;;r:{n};\n");
        if n % 5 != 0 {
            rows += &format!("b:{n};build;Build {n};;;02.03.2026;;;r:{n}\n");
        }
    }
    tools.sheet(&rows);
    let mut lines = String::new();
    for n in 0..1_600 {
        let state = if n % 4 == 0 { "active" } else { "done" };
        lines += &json!({ "source": "work", "id": format!("s{n}"), "occurred_at": "2026-03-02T00:00:00Z", "item": format!("s:{n}"), "set": { "state": state } }).to_string();
        lines.push('\n');
        if n % 5 != 0 {
            lines += &json!({ "source": "ci", "id": format!("b{n}"), "occurred_at": "2026-03-02T00:00:00Z", "item": format!("b:{n}"), "set": { "result": "success" }, "links": [{ "kind": "contains", "to": format!("s:{n}") }] }).to_string();
            lines.push('\n');
            lines += &json!({ "source": "ci", "id": format!("t{n}"), "occurred_at": "2026-03-03T00:00:00Z", "item": format!("t:{n}"), "kind": "test_run", "set": { "result": "success" }, "links": [{ "kind": "tests", "to": format!("b:{n}") }, { "kind": "ran_in", "to": "env:pre" }] }).to_string();
            lines.push('\n');
        }
    }
    tools.ingest(Adapter::Events, &lines, &IngestOptions::default());
    tools.correlate();
    let query = VerdictQuery { kind: Some(Kind::Release), ..VerdictQuery::new(tools.now) };
    let verdicts = tools.stream.verdicts(&query).unwrap();
    // A quarter is not ready; of the others a fifth is not known; the phone app's own release is ready.
    assert_eq!((verdicts.not_ready, verdicts.unknown, verdicts.ready), (400, 240, 961));
    for item in verdicts.items.iter().filter(|item| item.item.starts_with("r:")) {
        let n: u32 = item.item[2..].parse().unwrap();
        let expected = match n {
            n if n % 4 == 0 => Verdict::NotReady,
            n if n % 5 == 0 => Verdict::Unknown,
            _ => Verdict::Ready,
        };
        assert_eq!(item.verdict, expected, "{}", item.item);
    }
}
