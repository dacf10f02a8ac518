//! Workflow runs, their jobs, checks and suites of checks.

use super::repository;
use crate::error::Result;
use crate::ingest::attribute;
use crate::ingest::forge::{Forge, Node, period};
use crate::ingest::git::{item, read_sha};
use crate::ingest::id_part;
use crate::model::{Event, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

/// A run of a workflow.
pub(super) fn run(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let id = node.need_id("id")?;
    let sha = read_sha("head_sha", node.text("head_sha"))?;
    let starts_at = match node.time(forge.stamps, "run_started_at")? {
        Some(started) => started,
        None => node.need_time(forge.stamps, "created_at")?,
    };
    let ends_at = match is_over(node) {
        true => Some(node.time(forge.stamps, "updated_at")?.unwrap_or(starts_at)),
        false => None,
    };
    let attempt = node.id("run_attempt").unwrap_or_else(|| "1".into());
    let mut event =
        told(forge, node, &format!("run/{id}"), &format!("run/{id}/{attempt}"), starts_at, ends_at);
    if attempt != "1" && ends_at.is_none() {
        event.clear.push("ends_at".into());
    }
    let name = node.text("name").or(node.text("display_title")).or(node.text("path"));
    event.set.title = match (name, node.id("run_number")) {
        (Some(name), Some(number)) => Some(format!("{name} #{number}")),
        (name, _) => name.map(str::to_owned),
    };
    attribute(&mut event.set, "branch", node.text("head_branch"));
    attribute(&mut event.set, "url", node.text("html_url"));
    attribute(&mut event.set, "trigger", node.text("event"));
    event.links.push(Link::new(LinkKind::BuiltFrom, item(&sha)));
    forge.belongs(&mut event, repository(outer, node).as_deref(), None);
    if let Some(suite) = node.id("check_suite_id") {
        event.aliases.push(forge.item(&format!("suite/{suite}")));
    }
    Ok(vec![event])
}

/// A job of a run, or a check of another tool.
pub(super) fn check(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let key = format!("check/{}", node.need_id("id")?);
    let suite = node.at("check_suite");
    let starts_at = match node.time(forge.stamps, "started_at")?.or(node.time(forge.stamps, "created_at")?) {
        Some(started) => started,
        None => suite.need_time(forge.stamps, "created_at")?,
    };
    let ends_at = match is_over(node) {
        true => Some(node.time(forge.stamps, "completed_at")?.unwrap_or(starts_at)),
        false => None,
    };
    let mut event = told(forge, node, &key, &key, starts_at, ends_at);
    event.set.title = node.owned("name");
    let whole = node.id("run_id").map(|run| format!("run/{run}"));
    if let Some(whole) = whole.or_else(|| suite.id("id").map(|suite| format!("suite/{suite}"))) {
        event.links.push(Link::new(LinkKind::Parent, forge.item(&whole)));
    }
    about(forge, outer, node, &mut event)?;
    Ok(vec![event])
}

/// The checks of one tool for one commit.
pub(super) fn suite(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let key = format!("suite/{}", node.need_id("id")?);
    let starts_at = node.need_time(forge.stamps, "created_at")?;
    let ends_at = match is_over(node) {
        true => Some(node.time(forge.stamps, "updated_at")?.unwrap_or(starts_at)),
        false => None,
    };
    let mut event = told(forge, node, &key, &key, starts_at, ends_at);
    about(forge, outer, node, &mut event)?;
    Ok(vec![event])
}

fn about(forge: &Forge<'_>, outer: Node<'_>, node: Node<'_>, event: &mut Event) -> Result<()> {
    let sha = read_sha("head_sha", node.text("head_sha"))?;
    attribute(&mut event.set, "commit", Some(&sha));
    let branch = node.text("head_branch").or(node.at("check_suite").text("head_branch"));
    attribute(&mut event.set, "branch", branch);
    attribute(&mut event.set, "app", node.at("app").text("slug").or(node.at("app").text("name")));
    attribute(&mut event.set, "url", node.text("html_url"));
    forge.belongs(event, repository(outer, node).as_deref(), None);
    Ok(())
}

fn is_over(node: Node<'_>) -> bool {
    node.text("status") == Some("completed")
}

/// What is told at the start or at the end, under ids that say which.
fn told(
    forge: &mut Forge<'_>,
    node: Node<'_>,
    key: &str,
    id: &str,
    starts_at: Instant,
    ends_at: Option<Instant>,
) -> Event {
    let (id, at) = match ends_at {
        Some(end) => (format!("{id}/ended/{}", end.millis()), end),
        None => (format!("{id}/begun"), starts_at),
    };
    let mut event = forge.event(id, at, key);
    event.kind = Some(Kind::Build);
    period(&mut event, starts_at, ends_at, &mut forge.out);
    event.set.result = match ends_at {
        Some(_) => conclusion(forge, node.text("conclusion")),
        None => Some(Outcome::Running),
    };
    event
}

fn conclusion(forge: &mut Forge<'_>, conclusion: Option<&str>) -> Option<Outcome> {
    Some(match conclusion {
        Some("success") => Outcome::Success,
        Some("failure" | "timed_out" | "startup_failure") => Outcome::Failure,
        Some("cancelled" | "stale") => Outcome::Aborted,
        Some("skipped") => Outcome::NotBuilt,
        other => {
            forge.out.count(format!("conclusion: {}", id_part(other.unwrap_or("none"))));
            return None;
        }
    })
}
