//! What no tool of these tells: applications with their trains, environments, people, gates, bookings, deployments, and
//! the tests that people do by hand. They are vsm's own events, one a line.

use std::io::{Result, Write};

use serde_json::{Value, json};

use super::names;
use super::plan::{self, BOARD, EPICS, HOUR, LABS, NOW, Plan, Reached, Release, SECURITY, Trouble};
use super::repository::build_item;

pub struct Writer<'p, W> {
    plan: &'p Plan,
    out: W,
    /// Items that an event describes first, and events.
    items: u64,
    events: u64,
}

impl<'p, W: Write> Writer<'p, W> {
    /// Writes everything; gives back how many items are told of here alone.
    pub fn write(plan: &'p Plan, out: W) -> Result<u64> {
        let mut writer = Writer { plan, out, items: 0, events: 0 };
        writer.people()?;
        writer.environments()?;
        for application in 0..plan.size.applications {
            writer.application(application)?;
        }
        for release in &plan.releases {
            writer.release(release)?;
        }
        writer.out.flush()?;
        Ok(writer.items)
    }

    /// Tells of a new item.
    fn tell(&mut self, at: i64, item: &str, kind: &str, set: Value, links: Value) -> Result<()> {
        self.items += 1;
        self.say(at, item, kind, set, links)
    }

    /// Says more of an item.
    fn say(&mut self, at: i64, item: &str, kind: &str, set: Value, links: Value) -> Result<()> {
        self.events += 1;
        let line = json!({
            "source": "portfolio",
            "id": self.events.to_string(),
            "occurred_at": plan::stamp(at),
            "item": item,
            "kind": kind,
            "set": set,
            "links": links,
        });
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")
    }

    fn people(&mut self) -> Result<()> {
        let then = plan::time(-200, 8);
        self.tell(then, "theme:one-bank", "theme", json!({"title": "One bank"}), json!([]))?;
        self.tell(then, "team:environments", "team", json!({"title": plan::ENVIRONMENTS}), json!([]))?;
        self.tell(then, "stakeholder:board", "stakeholder", json!({"title": BOARD}), json!([]))?;
        for (n, title) in SECURITY.iter().enumerate() {
            let item = format!("stakeholder:security-{n}");
            self.tell(then, &item, "stakeholder", json!({"title": title}), json!([]))?;
        }
        Ok(())
    }

    fn environments(&mut self) -> Result<()> {
        let applications = self.plan.size.applications;
        let mut environments: Vec<(String, String, &str, Option<u32>)> = vec![
            ("env:system-test".into(), "System test".into(), "system_test", None),
            ("env:production".into(), "Production".into(), "production", None),
        ];
        for lab in 0..LABS {
            let title = format!("Acceptance laboratory {}", lab + 1);
            environments.push((format!("env:lab-{lab}"), title, "user_acceptance", Some(1)));
        }
        // A lane holds one release of each application.
        for lane in 0..self.plan.size.releases.div_ceil(applications) {
            for (stage, name) in [("user_acceptance", "Acceptance"), ("pre_production", "Pre-production")] {
                let title = format!("{name} lane {}", lane + 1);
                environments.push((self::lane(stage, lane), title, stage, Some(applications)));
            }
        }
        for (item, title, stage, capacity) in environments {
            let mut set = json!({"title": title, "stage": stage});
            if let Some(capacity) = capacity {
                set["capacity"] = json!(capacity);
            }
            let links = json!([{"kind": "owned_by", "to": "team:environments"}]);
            self.tell(plan::time(-200, 9), &item, "environment", set, links)?;
        }
        Ok(())
    }

    fn application(&mut self, application: u32) -> Result<()> {
        let (title, _) = names::application(application);
        let days = ["mon", "tue", "wed", "thu", "fri"];
        let hours = days.map(|day| json!({"day": day, "start": "09:00", "end": "17:00"}));
        let mut set = json!({"title": title, "calendar": {"zone": plan::ZONE, "hours": hours}});
        if let Some(train) = plan::train(application) {
            set["cadence"] = json!({
                "departure": plan::stamp(train.departure),
                "every_days": train.every_days,
                "cutoff": train.cutoff,
            });
        }
        let item = application_item(application);
        self.tell(plan::time(-200, 10), &item, "application", set, json!([]))?;
        for epic in 1..=EPICS {
            let item = format!("jira:{}", super::jira::key(application, u64::from(epic)));
            let links = json!([{"kind": "parent", "to": "theme:one-bank"}]);
            self.say(plan::time(-119, 8), &item, "epic", json!({}), links)?;
        }
        let shipped = format!("jira:version/{}", plan::shipped_version_id(application));
        let build = build_item(application, 1);
        let at = plan::time(-42, 5);
        self.say(
            plan::time(-43, 8),
            &build,
            "build",
            json!({}),
            json!([{"kind": "candidate", "to": shipped}]),
        )?;
        self.deployment(application, &build, "env:production", at)
    }

    fn release(&mut self, release: &Release) -> Result<()> {
        let (plan, application) = (self.plan, release.application);
        let name = format!("{}-{}", plan::slug(application), plan::version(release.nth));
        let item = plan::release_item(release.number);
        let build = build_item(application, plan::candidate(release.nth));
        let built = plan::built(plan, release.nth);
        let reached = release.trouble.reached();

        let begun = plan::begun(plan, release.nth);
        let mut links = json!([]);
        if let Trouble::Upstream { release: other } = release.trouble {
            links = json!([{"kind": "depends_on", "to": plan::release_item(other), "stage": "production"}]);
        }
        self.say(begun, &item, "release", json!({"baseline_at": plan::stamp(begun)}), links)?;
        let candidate = json!([{"kind": "candidate", "to": item}]);
        self.say(built + HOUR, &build, "build", json!({}), candidate)?;
        self.deployment(application, &build, "env:system-test", built + 2 * HOUR)?;
        self.gates(release, &name, &item, built)?;

        let (acceptance, from, to) = match &release.trouble {
            Trouble::DoubleBooked { lab, from } => (format!("env:lab-{lab}"), *from, from + 4 * HOUR),
            _ => (lane("user_acceptance", release.nth), plan::time(-5, 8), plan::time(7, 16)),
        };
        self.booking(&name, "acceptance", &acceptance, &item, "approved", (from, to))?;
        if reached >= Reached::UserAcceptance {
            self.deployment(application, &build, &acceptance, built + 30 * HOUR)?;
            self.test_run(&name, "acceptance", &build, &acceptance, built + 60 * HOUR)?;
        }
        let rehearsal = lane("pre_production", release.nth);
        let status = if release.trouble == Trouble::Booking { "pending" } else { "approved" };
        let window = (plan::time(-1, 8), plan::time(8, 16));
        self.booking(&name, "rehearsal", &rehearsal, &item, status, window)?;
        if reached == Reached::PreProduction {
            self.deployment(application, &build, &rehearsal, built + 70 * HOUR)?;
            self.test_run(&name, "rehearsal", &build, &rehearsal, built + 80 * HOUR)?;
        }
        Ok(())
    }

    fn gates(&mut self, release: &Release, name: &str, item: &str, built: i64) -> Result<()> {
        let lead = format!("stakeholder:security-{}", release.number as usize % SECURITY.len());
        let is_reviewed = release.trouble != Trouble::Security;
        for (what, title, stage, needed_by, who, is_passed) in [
            ("security", "Security review", "user_acceptance", plan::time(-3, 16), &*lead, is_reviewed),
            (
                "change",
                "Approval of the change",
                "production",
                plan::time(release.due, 6),
                "stakeholder:board",
                release.trouble.is_approved(),
            ),
        ] {
            let gate = format!("gate:{name}-{what}");
            let asked = built + HOUR;
            let set = json!({
                "title": title,
                "stage": stage,
                "needed_by": plan::stamp(needed_by),
                "asked_at": plan::stamp(asked),
            });
            let links = json!([{"kind": "gates", "to": item}, {"kind": "approver", "to": who}]);
            self.tell(asked, &gate, "gate", set, links)?;
            if is_passed {
                let decided = json!([{"kind": "decided_by", "to": who}]);
                self.say(asked + 24 * HOUR, &gate, "gate", json!({"decision": "approved"}), decided)?;
            }
        }
        Ok(())
    }

    fn booking(
        &mut self,
        name: &str,
        what: &str,
        environment: &str,
        release: &str,
        status: &str,
        (from, to): (i64, i64),
    ) -> Result<()> {
        let set = json!({
            "title": format!("{what} of {name}"),
            "booking": status,
            "starts_at": plan::stamp(from),
            "ends_at": plan::stamp(to),
        });
        let links = json!([{"kind": "books", "to": environment}, {"kind": "booked_for", "to": release}]);
        self.tell(plan::time(-14, 9), &format!("booking:{name}-{what}"), "booking", set, links)
    }

    fn deployment(&mut self, application: u32, build: &str, environment: &str, at: i64) -> Result<()> {
        let place = environment.trim_start_matches("env:");
        let what = build.trim_start_matches("jenkins:");
        let set = json!({
            "title": format!("{what} to {place}"),
            "result": "success",
            "starts_at": plan::stamp(at - HOUR / 4),
            "ends_at": plan::stamp(at),
        });
        let links = json!([
            {"kind": "deploys", "to": build},
            {"kind": "deployed_to", "to": environment},
            {"kind": "belongs_to", "to": application_item(application)},
        ]);
        self.tell(at.min(NOW), &format!("deployment:{what}-{place}"), "deployment", set, links)
    }

    /// A protocol of tests that people did by hand.
    fn test_run(&mut self, name: &str, what: &str, build: &str, environment: &str, at: i64) -> Result<()> {
        let set = json!({
            "title": format!("{what} tests"),
            "result": "success",
            "ends_at": plan::stamp(at),
            "tests": {"tests": 5, "passed": 5, "failed": 0, "errors": 0, "skipped": 0},
        });
        let links = json!([{"kind": "tests", "to": build}, {"kind": "ran_in", "to": environment}]);
        self.tell(at, &format!("protocol:{name}-{what}"), "test_run", set, links)
    }
}

pub fn application_item(application: u32) -> String {
    format!("app:{}", plan::slug(application))
}

fn lane(stage: &str, lane: u32) -> String {
    format!("env:{}-{lane}", stage.replace('_', "-"))
}
