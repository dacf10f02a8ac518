//! Issues with their whole changelog, one a line, as Jira's search hands them out.

use std::io::{Result, Write};

use serde_json::{Value, json};

use super::names;
use super::plan::{self, BACKLOG, EPICS, NOW, PEOPLE, Plan, Release, Trouble};

const DAY_OF_WORK: u32 = 8 * 3_600;

/// One issue, before it becomes JSON.
struct Issue {
    application: u32,
    number: u64,
    kind: &'static str,
    epic: Option<u64>,
    assignee: Option<String>,
    priority: &'static str,
    created: i64,
    fix_version: Option<Value>,
    affects: Option<Value>,
    estimate: Option<u32>,
    work: Work,
    links: Vec<Value>,
}

enum Work {
    NotBegun,
    Begun(i64),
    Done { begun: i64, reviewed: bool, done: i64 },
}

pub struct Writer<'p, W> {
    plan: &'p Plan,
    out: W,
    histories: u64,
}

impl<'p, W: Write> Writer<'p, W> {
    /// Writes the issues of all applications; gives back how many issues and versions there are.
    pub fn write(plan: &'p Plan, out: W) -> Result<u64> {
        let mut writer = Writer { plan, out, histories: 0 };
        let mut items = 0;
        for application in 0..plan.size.applications {
            items += writer.around(application)?;
            for release in plan.of(application) {
                items += writer.release(release)?;
            }
        }
        writer.out.flush()?;
        Ok(items)
    }

    /// Epics, features that nobody has linked, and what has shipped.
    fn around(&mut self, application: u32) -> Result<u64> {
        let issue = |number, kind, work| Issue {
            application,
            number,
            kind,
            epic: None,
            assignee: None,
            priority: "Major",
            created: plan::time(-120, 8),
            fix_version: None,
            affects: None,
            estimate: None,
            work,
            links: Vec::new(),
        };
        for epic in 1..=EPICS {
            self.put(issue(u64::from(epic), "Epic", Work::Begun(plan::time(-90, 8))))?;
        }
        for feature in 1..=BACKLOG {
            self.put(issue(u64::from(EPICS + feature), "Feature", Work::NotBegun))?;
        }
        let shipped = self.plan.shipped();
        for n in 0..shipped {
            let begun = plan::time(-60 + i64::from(n), 9);
            let done = plan::time(-48 + i64::from(n), 14);
            self.put(Issue {
                epic: Some(1),
                assignee: Some(names::person(application * PEOPLE + n % PEOPLE)),
                fix_version: Some(json!({
                    "id": plan::shipped_version_id(application).to_string(),
                    "name": plan::title(application, "4.0.0"),
                    "archived": false,
                    "released": true,
                    "releaseDate": plan::date(plan::time(-42, 0)),
                })),
                estimate: Some(2),
                ..issue(self.plan.shipped_issue(n), "Story", Work::Done { begun, reviewed: n % 2 == 0, done })
            })?;
        }
        Ok(u64::from(EPICS + BACKLOG + shipped) + 1)
    }

    fn release(&mut self, release: &Release) -> Result<u64> {
        let (plan, application, nth) = (self.plan, release.application, release.nth);
        let version = json!({
            "id": plan::version_id(release.number).to_string(),
            "name": plan::title(application, &plan::version(nth)),
            "archived": false,
            "released": false,
            "releaseDate": plan::date(plan::time(release.due, 0)),
        });
        let (open, in_turn) = match &release.trouble {
            Trouble::Work { days, in_turn } => (days.as_slice(), *in_turn),
            _ => (&[][..], false),
        };
        for n in 0..plan.size.scope {
            let begun = plan::begun(plan, nth);
            let days = open.get(n as usize).copied();
            let waits = days.is_some() && in_turn && n > 0;
            let work = match days {
                // What waits for the issue before it has not begun.
                Some(_) if waits => Work::NotBegun,
                Some(_) => Work::Begun(plan::time(-4, 9)),
                None => Work::Done { begun, reviewed: n % 3 == 0, done: plan::done(plan, nth, n) },
            };
            let mut links = Vec::new();
            if waits {
                links.push(self.link(release, n - 1, "inwardIssue", n - 1));
            }
            if in_turn && n as usize + 1 < open.len() {
                links.push(self.link(release, n, "outwardIssue", n + 1));
            }
            self.put(Issue {
                application,
                number: plan.issue(nth, n),
                kind: ["Feature", "Story", "Story", "Bug", "Story", "Technical Debt"][n as usize % 6],
                epic: Some(u64::from(1 + n % EPICS)),
                assignee: Some(plan::developer(application, nth, n)),
                priority: ["Major", "Minor", "Critical"][n as usize % 3],
                created: begun - 10 * plan::DAY,
                fix_version: Some(version.clone()),
                affects: None,
                estimate: Some(days.unwrap_or(1 + n % 3)),
                work,
                links,
            })?;
        }
        let mut items = u64::from(plan.size.scope) + 1;
        if release.trouble == Trouble::Defect {
            self.put(Issue {
                application,
                number: plan.issue(nth, plan.size.scope),
                kind: "Bug",
                epic: None,
                assignee: Some(plan::developer(application, nth, 0)),
                priority: "Blocker",
                created: plan::time(-3, 10),
                fix_version: None,
                affects: Some(version),
                estimate: Some(1),
                work: Work::Begun(plan::time(-3, 13)),
                links: Vec::new(),
            })?;
            items += 1;
        }
        Ok(items)
    }

    /// How an issue names another one that it blocks or is blocked by; a link goes by the issue that blocks.
    fn link(&self, release: &Release, blocks: u32, end: &str, other: u32) -> Value {
        let application = release.application;
        let [blocks, other] = [blocks, other].map(|n| self.plan.issue(release.nth, n));
        json!({
            "id": id(application, blocks).to_string(),
            "type": {"id": "10000", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
            end: {"id": id(application, other).to_string(), "key": key(application, other)},
        })
    }

    fn put(&mut self, issue: Issue) -> Result<()> {
        let mut histories = Vec::new();
        let mut updated = issue.created;
        let mut change = |at: i64, who: &Option<String>, items: Value| {
            self.histories += 1;
            updated = updated.max(at);
            let who = who.as_deref().unwrap_or("Release office");
            histories.push(json!({
                "id": self.histories.to_string(),
                "author": {"displayName": who},
                "created": jira_stamp(at),
                "items": items,
            }));
        };
        if let Some(version) = &issue.fix_version {
            let item = json!([{"field": "Fix Version", "fieldtype": "jira", "fieldId": "fixVersions",
                "from": null, "fromString": null, "to": version["id"], "toString": version["name"]}]);
            change(issue.created + plan::HOUR, &None, item);
        }
        let mut status = TO_DO;
        let mut go = |at: i64, next: Status, resolved: bool| {
            let mut items = vec![json!({"field": "status", "fieldtype": "jira", "fieldId": "status",
                "from": status.id, "fromString": status.name, "to": next.id, "toString": next.name})];
            if resolved {
                items.insert(
                    0,
                    json!({"field": "resolution", "fieldtype": "jira", "fieldId": "resolution",
                    "from": null, "fromString": null, "to": "10000", "toString": "Done"}),
                );
            }
            change(at, &issue.assignee, Value::Array(items));
            status = next;
        };
        let mut resolved = None;
        match issue.work {
            Work::NotBegun => {}
            Work::Begun(at) => go(at, IN_PROGRESS, false),
            Work::Done { begun, reviewed, done } => {
                go(begun, IN_PROGRESS, false);
                if reviewed {
                    go((begun + done) / 2, REVIEW, false);
                }
                go(done, DONE, true);
                resolved = Some(done);
            }
        }
        let (application, number) = (issue.application, issue.number);
        let (project, project_key) = names::application(application);
        let seconds = |days: u32| days * DAY_OF_WORK;
        let left = issue.estimate.map(|days| if resolved.is_some() { 0 } else { seconds(days) });
        let line = json!({
            "expand": "changelog",
            "id": id(application, number).to_string(),
            "key": key(application, number),
            "fields": {
                "summary": names::work(u64::from(application) * 7 + number),
                "issuetype": {"name": issue.kind, "subtask": false},
                "project": {"key": project_key, "name": project},
                "status": {"id": status.id, "name": status.name, "statusCategory": {"key": status.category}},
                "priority": {"name": issue.priority},
                "created": jira_stamp(issue.created),
                "updated": jira_stamp(updated),
                "resolution": resolved.map(|_| json!({"id": "10000", "name": "Done"})),
                "resolutiondate": resolved.map(jira_stamp),
                "assignee": issue.assignee.map(|name| json!({"displayName": name})),
                "fixVersions": Vec::from_iter(issue.fix_version),
                "versions": Vec::from_iter(issue.affects),
                "issuelinks": issue.links,
                "epic": issue.epic.map(|epic| json!({"id": id(application, epic), "key": key(application, epic)})),
                "timeoriginalestimate": issue.estimate.map(seconds),
                "timeestimate": left,
            },
            "changelog": {"startAt": 0, "maxResults": histories.len(), "total": histories.len(), "histories": histories},
        });
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")
    }
}

#[derive(Clone, Copy)]
struct Status {
    id: &'static str,
    name: &'static str,
    category: &'static str,
}

const TO_DO: Status = Status { id: "10000", name: "To Do", category: "new" };
const IN_PROGRESS: Status = Status { id: "10001", name: "In Progress", category: "indeterminate" };
const REVIEW: Status = Status { id: "10002", name: "Waiting for Review", category: "indeterminate" };
const DONE: Status = Status { id: "10004", name: "Done", category: "done" };

pub fn key(application: u32, number: u64) -> String {
    format!("{}-{number}", names::application(application).1)
}

fn id(application: u32, number: u64) -> u64 {
    u64::from(application + 1) * 10_000_000 + number
}

/// As Jira writes time stamps: the offset without a colon.
fn jira_stamp(millis: i64) -> String {
    plan::stamp(millis.min(NOW)).replace('Z', "+0000")
}
