//! The folder: every file, and the `vsm.json` that says what the files can't say themselves.

use std::fs::File;
use std::io::{BufWriter, Error, Result, Write};
use std::path::Path;

use serde_json::json;

use super::plan::{self, NOW, Plan, ZONE};
use super::{events, jira, names, repository};

/// Writes a portfolio into an empty or new folder; gives back how many items it tells of.
pub fn write(plan: &Plan, folder: &Path) -> Result<u64> {
    let named = |error: Error| Error::new(error.kind(), format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder.join("junit")).map_err(named)?;
    let mut items = jira::Writer::write(plan, create(folder, "jira.jsonl")?)?;
    for application in 0..plan.size.applications {
        items += repository::Repository::write(plan, application, folder)?;
    }
    items += events::Writer::write(plan, create(folder, "portfolio.events.jsonl")?)?;
    manifest(plan, create(folder, "vsm.json")?)?;
    Ok(items)
}

pub fn create(folder: &Path, name: &str) -> Result<BufWriter<File>> {
    let path = folder.join(name);
    let file = File::create_new(&path);
    file.map(BufWriter::new).map_err(|error| Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn manifest(plan: &Plan, mut out: impl Write) -> Result<()> {
    let numbers = || 0..plan.size.applications;
    let projects: serde_json::Map<_, _> =
        numbers().map(|n| (names::application(n).1, json!(events::application_item(n)))).collect();
    let kinds = json!({
        "Epic": "epic", "Feature": "feature", "Story": "story", "Bug": "defect", "Technical Debt": "debt",
    });
    let states = json!({"10000": "new", "10001": "active", "10002": "waiting", "10004": "done"});
    writeln!(out, "{{\n  \"now\": \"{}\",\n  \"zone\": \"{ZONE}\",\n  \"sources\": [", plan::stamp(NOW))?;
    let options = json!({"applications": projects, "states": states, "kinds": kinds, "zone": ZONE});
    write!(out, "    {}", json!({"file": "jira.jsonl", "adapter": "jira", "options": options}))?;
    for n in numbers() {
        let slug = plan::slug(n);
        let options = json!({"application": events::application_item(n)});
        for (file, adapter) in [
            (format!("git-{slug}.jsonl"), "git"),
            (format!("git-{slug}.tags.csv"), "git_tags"),
            (format!("jenkins-{slug}.json"), "jenkins"),
        ] {
            write!(out, ",\n    {}", json!({"file": file, "adapter": adapter, "options": options}))?;
        }
    }
    for release in &plan.releases {
        let build = repository::build_item(release.application, plan::candidate(release.nth));
        for (file, _, environment, over) in repository::reports(plan, release) {
            let mut options = json!({"build": build, "at": plan::stamp(over)});
            if let Some(environment) = environment {
                options["environment"] = json!(environment);
            }
            write!(out, ",\n    {}", json!({"file": file, "adapter": "junit", "options": options}))?;
        }
    }
    write!(out, ",\n    {}", json!({"file": "portfolio.events.jsonl", "adapter": "events", "options": {}}))?;
    let versions: Vec<_> = numbers()
        .map(|n| {
            let release = plan::title(n, "{version}");
            json!({"application": events::application_item(n), "tag": "v{version}", "release": release})
        })
        .collect();
    writeln!(out, "\n  ],\n  \"correlation\": {}\n}}", json!({"versions": versions}))?;
    out.flush()
}
