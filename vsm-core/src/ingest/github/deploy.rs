//! Deployments with their statuses and reviews, and releases.

use super::{last_of_address, need_repository, repository};
use crate::error::{Error, Result};
use crate::ingest::attribute;
use crate::ingest::forge::{Forge, Node, attribute_today, environment_key, with_hash};
use crate::ingest::git::{item, read_sha};
use crate::ingest::id_part;
use crate::model::{Decision, Event, FlowState, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

/// A deployment as it was asked for.
pub(super) fn deployment(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let repository = need_repository(outer, node)?;
    let key = format!("deployment/{}", node.need_id("id")?);
    let at = node.need_time(forge.stamps, "created_at")?;
    let sha = read_sha("sha", node.text("sha"))?;
    let name = node.text("environment").ok_or_else(|| Error::invalid("environment", "is missing"))?;

    let mut place = forge.environment(format!("{key}/environment"), at, &repository, name);
    let is_production = node.flag("production_environment").map(|flag| if flag { "true" } else { "false" });
    attribute(&mut place.set, "production", is_production);

    let mut event = forge.event(format!("{key}/created"), at, &key);
    event.kind = Some(Kind::Deployment);
    event.set.title = Some(format!("{} to {name}", node.text("ref").unwrap_or(&sha)));
    event.set.starts_at = Some(at);
    event.set.result = Some(Outcome::Running);
    attribute(&mut event.set, "ref", node.text("ref"));
    attribute(&mut event.set, "task", node.text("task"));
    attribute(&mut event.set, "creator", node.at("creator").text("login"));
    event.links.push(Link::new(LinkKind::Deploys, item(&sha)));
    event.links.push(Link::new(LinkKind::DeployedTo, place.item.clone()));
    // The run that deploys has built what it deploys, or has at least been made from the same commit.
    let run = outer.at("workflow_run");
    if let Some(id) =
        run.id("id").filter(|_| run.text("head_sha").is_some_and(|head| head.eq_ignore_ascii_case(&sha)))
    {
        event.links.push(Link::new(LinkKind::Deploys, forge.item(&format!("run/{id}"))));
    }
    forge.belongs(&mut event, Some(&repository), None);
    Ok(vec![with_hash(place), with_hash(event)])
}

/// One status of a deployment.
pub(super) fn status(
    forge: &mut Forge<'_>,
    outer: Node<'_>,
    node: Node<'_>,
    whole: Option<Node<'_>>,
) -> Result<Vec<Event>> {
    let id = node.need_id("id")?;
    let own = || last_of_address(node.text("deployment_url"));
    let deployed = whole
        .and_then(|whole| whole.id("id"))
        .or_else(own)
        .ok_or_else(|| Error::invalid("deployment_url", "is missing: it names the deployment"))?;
    let key = format!("deployment/{deployed}");
    let at = node.need_time(forge.stamps, "created_at")?;
    let state = node.text("state").ok_or_else(|| Error::invalid("state", "is missing"))?;
    let mut events = match whole {
        Some(whole) => deployment(forge, outer, whole)?,
        None => Vec::new(),
    };
    let result = match state {
        "success" => Some(Outcome::Success),
        "failure" | "error" => Some(Outcome::Failure),
        "queued" | "pending" | "in_progress" | "waiting" => Some(Outcome::Running),
        // What was deployed before another one took its place went as it went.
        "inactive" => None,
        other => {
            forge.out.count(format!("deployment status: {}", id_part(other)));
            None
        }
    };
    // In one and the same second events are taken in the order of their ids.
    let phase = match result {
        Some(Outcome::Running) => "begun",
        Some(_) => "ended",
        None => "other",
    };
    let mut event = forge.event(format!("{key}/{phase}/{id}"), at, &key);
    event.kind = Some(Kind::Deployment);
    event.set.status = Some(state.to_owned());
    event.set.result = result;
    match event.set.result {
        Some(Outcome::Success | Outcome::Failure) => event.set.ends_at = Some(at),
        Some(_) => event.clear.push("ends_at".into()),
        None => {}
    }
    let repository = repository(outer, node);
    let name = node.text("environment");
    if let (Some(repository), Some(name)) = (&repository, name) {
        let place = forge.item(&environment_key(repository, name));
        event.links.push(Link::new(LinkKind::DeployedTo, place));
    }
    attribute(&mut event.set, "url", node.text("environment_url"));
    attribute(&mut event.set, "log_url", node.text("log_url").or(node.text("target_url")));
    events.push(event);
    let run = outer.at("workflow_run").id("id");
    if let (Some(run), Some(name), "waiting") = (run, name, state) {
        let mut gate = forge.event(format!("{key}/waits/{id}"), at, &gate_key(&run, name));
        gate.links.push(Link::new(LinkKind::Gates, forge.item(&key)));
        events.push(gate);
    }
    Ok(events)
}

fn gate_key(run: &str, environment: &str) -> String {
    format!("run/{run}/gate/{}", id_part(environment))
}

/// A review that a run waits for before it may deploy, and what came of it.
pub(super) fn review(
    forge: &mut Forge<'_>,
    outer: Node<'_>,
    run: Node<'_>,
    action: &str,
) -> Result<Vec<Event>> {
    let decision = match action {
        "requested" => None,
        "approved" => Some(Decision::Approved),
        "rejected" => Some(Decision::Rejected),
        other => {
            forge.out.count(format!("deployment review: {}", id_part(other)));
            return Ok(Vec::new());
        }
    };
    let repository = need_repository(outer, run)?;
    let id = run.need_id("id")?;
    let since = outer.need_time(forge.stamps, "since")?;
    let mut names: Vec<&str> = Vec::new();
    let jobs = outer.object("workflow_job_run").into_iter().chain(outer.each("workflow_job_runs"));
    for name in outer.text("environment").into_iter().chain(jobs.filter_map(|job| job.text("environment"))) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(Error::invalid("environment", "is missing, and no job names one"));
    }
    let mut events = Vec::new();
    for name in names {
        let key = gate_key(&id, name);
        let place = forge.environment(format!("{key}/environment"), since, &repository, name);
        let mut event = match decision {
            None => asked(forge, outer, &key, since, &mut events),
            Some(decision) => {
                // The run goes on, or ends, when it is decided.
                let at = run.time(forge.stamps, "updated_at")?.unwrap_or(since).max(since);
                let mut event = forge.event(format!("{key}/decided/{}", at.millis()), at, &key);
                event.set.decision = Some(decision);
                attribute(&mut event.set, "comment", outer.text("comment"));
                if let Some(by) = person(forge, &event.id, at, outer.at("approver"), &mut events) {
                    event.links.push(Link::new(LinkKind::DecidedBy, by));
                }
                event
            }
        };
        event.kind = Some(Kind::Gate);
        event.set.title = Some(format!("Deployment to {name}"));
        event.links.push(Link::new(LinkKind::Gates, forge.item(&format!("run/{id}"))));
        event.links.push(Link::new(LinkKind::Relates, place.item.clone()));
        forge.belongs(&mut event, Some(&repository), None);
        events.push(with_hash(place));
        events.push(with_hash(event));
    }
    Ok(events)
}

/// A new attempt of a run asks anew, hence no decision any more.
fn asked(forge: &Forge<'_>, outer: Node<'_>, key: &str, at: Instant, events: &mut Vec<Event>) -> Event {
    let mut event = forge.event(format!("{key}/asked/{}", at.millis()), at, key);
    event.set.asked_at = Some(at);
    event.clear.push("decision".into());
    for reviewer in outer.each("reviewers") {
        if let Some(by) = person(forge, &event.id, at, reviewer.at("reviewer"), events) {
            event.links.push(Link::new(LinkKind::Approver, by));
        }
    }
    event
}

/// The item of a user or team with a say.
fn person(
    forge: &Forge<'_>,
    id: &str,
    at: Instant,
    node: Node<'_>,
    events: &mut Vec<Event>,
) -> Option<String> {
    let (sort, name) = match (node.id("login"), node.id("slug")) {
        (Some(login), _) => ("user", login),
        (None, Some(slug)) => ("team", slug),
        _ => return None,
    };
    let key = format!("{sort}/{}", id_part(&name));
    let mut event = forge.event(format!("{id}/by/{key}"), at, &key);
    event.kind = Some(Kind::Stakeholder);
    event.set.title = node.owned("name").or(Some(name));
    let by = event.item.clone();
    events.push(with_hash(event));
    Some(by)
}

/// A release.
pub(super) fn release(
    forge: &mut Forge<'_>,
    outer: Node<'_>,
    node: Node<'_>,
    action: Option<&str>,
) -> Result<Vec<Event>> {
    let key = format!("release/{}", node.need_id("id")?);
    let tag = node.text("tag_name").ok_or_else(|| Error::invalid("tag_name", "is missing"))?;
    let published = node.time(forge.stamps, "published_at")?;
    let at = match node.time(forge.stamps, "updated_at")?.or(published) {
        Some(at) => at,
        None => node.need_time(forge.stamps, "created_at")?,
    };
    let is_draft = node.flag("draft") == Some(true);
    let is_trial = node.flag("prerelease") == Some(true);
    let mut seen = forge.event(format!("{key}/seen/{}", at.millis()), at, &key);
    seen.kind = Some(Kind::Release);
    seen.set.title = node.owned("name").or_else(|| Some(tag.to_owned()));
    seen.set.version = Some(tag.to_owned());
    let status = match (is_draft, is_trial) {
        (true, _) => "draft",
        (false, true) => "prerelease",
        (false, false) => "published",
    };
    seen.set.status = Some(status.into());
    if status != "published" {
        seen.set.state = Some(FlowState::Active);
    }
    attribute(&mut seen.set, "url", node.text("html_url"));
    attribute(&mut seen.set, "author", node.at("author").text("login"));
    attribute_today(&mut seen, "target_branch", node.text("target_commitish"));
    forge.belongs(&mut seen, repository(outer, node).as_deref(), None);
    let mut events = vec![with_hash(seen)];
    if let (Some(published), "published") = (published, status) {
        let mut event = forge.event(format!("{key}/to/published/{}", published.millis()), published, &key);
        event.kind = Some(Kind::Release);
        event.set.state = Some(FlowState::Done);
        event.set.released_at = Some(published);
        events.push(event);
    }
    if let Some(action @ ("deleted" | "unpublished")) = action {
        // GitHub doesn't say when; it was not before the release was last seen.
        let mut event = forge.event(format!("{key}/to/withdrawn/{}", at.millis()), at, &key);
        event.set.state = Some(FlowState::Cancelled);
        event.set.status = Some(action.to_owned());
        event.clear.push("released_at".into());
        events.push(event);
    }
    Ok(events)
}
