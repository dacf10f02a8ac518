//! Deployments with their approvals, and releases.

use super::{Place, runs};
use crate::error::{Error, Result};
use crate::ingest::attribute;
use crate::ingest::forge::{Forge, Node, with_hash};
use crate::ingest::git::{item, read_sha};
use crate::ingest::id_part;
use crate::model::{Decision, Event, FlowState, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

/// A deployment, however it was told.
struct Deployment<'a> {
    id: String,
    sha: String,
    environment: &'a str,
    environment_id: Option<String>,
    tier: Option<&'a str>,
    reference: Option<&'a str>,
    status: &'a str,
    created: Instant,
    /// When it came into this status.
    at: Instant,
    url: Option<&'a str>,
    by: Option<&'a str>,
    /// The pipeline or job that it is the work of.
    made_in: Option<String>,
    place: Place,
}

/// A deployment of the API.
pub(super) fn deployment(forge: &mut Forge<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let created = node.need_time(forge.stamps, "created_at")?;
    let place = node.at("environment");
    let job = node.at("deployable");
    let finished = job.time(forge.stamps, "finished_at")?;
    let updated = node.time(forge.stamps, "updated_at")?;
    let status = node.text("status").ok_or_else(|| Error::invalid("status", "is missing"))?;
    let is_over = runs::outcome(status) != Outcome::Running;
    let deployment = Deployment {
        id: node.need_id("id")?,
        sha: read_sha("sha", node.text("sha"))?,
        environment: place.text("name").ok_or_else(|| Error::invalid("environment.name", "is missing"))?,
        environment_id: place.id("id"),
        tier: place.text("tier"),
        reference: node.text("ref"),
        status,
        created,
        at: finished.filter(|_| is_over).or(updated).unwrap_or(created),
        url: job.text("web_url"),
        by: node.at("user").text("username"),
        made_in: match job.at("pipeline").id("id") {
            Some(pipeline) => Some(format!("pipeline/{pipeline}")),
            None => job.id("id").map(|job| format!("job/{job}")),
        },
        place: Place::of(node, node),
    };
    let mut events = deployment.write(forge)?;
    let approvals: Vec<Node<'_>> = node.each("approvals").collect();
    if status == "blocked" || !approvals.is_empty() {
        gate(forge, &deployment, &approvals, &mut events)?;
    }
    Ok(events)
}

/// A deployment's webhook. The whole name of the commit stands in an address.
pub(super) fn deployment_hook(forge: &mut Forge<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let at = node.need_time(forge.stamps, "status_changed_at")?;
    let full = node.text("commit_url").and_then(|url| url.rsplit('/').next());
    let deployment = Deployment {
        id: node.need_id("deployment_id")?,
        sha: read_sha("commit_url", full)?,
        environment: node.text("environment").ok_or_else(|| Error::invalid("environment", "is missing"))?,
        environment_id: None,
        tier: node.text("environment_tier"),
        reference: node.text("ref"),
        status: node.text("status").ok_or_else(|| Error::invalid("status", "is missing"))?,
        created: at,
        at,
        url: node.text("deployable_url"),
        by: node.at("user").text("username"),
        made_in: node.id("deployable_id").map(|job| format!("job/{job}")),
        place: Place::of(node, node),
    };
    let mut events = deployment.write(forge)?;
    if deployment.status == "blocked" {
        gate(forge, &deployment, &[], &mut events)?;
    }
    Ok(events)
}

impl Deployment<'_> {
    /// Where no address of a job names the project, the environment is known by its number alone; where one does, it is
    /// known by both.
    fn environment(&self, forge: &Forge<'_>, id: String) -> Result<Event> {
        let number = self.environment_id.as_ref().map(|id| format!("environment/{id}"));
        let mut event = match (&self.place.path, &number) {
            (None, Some(number)) => {
                let mut event = forge.event(id, self.created, number);
                event.kind = Some(Kind::Environment);
                event.set.title = Some(self.environment.to_owned());
                return Ok(event);
            }
            _ => forge.environment(id, self.created, self.place.need()?, self.environment),
        };
        event.aliases.extend(number.map(|number| forge.item(&number)));
        Ok(event)
    }

    fn write(&self, forge: &mut Forge<'_>) -> Result<Vec<Event>> {
        let key = format!("deployment/{}", self.id);
        let mut place = self.environment(forge, format!("{key}/environment"))?;
        attribute(&mut place.set, "tier", self.tier);

        let mut event = forge.event(runs::status_id(&key, self.status, self.at), self.at, &key);
        event.kind = Some(Kind::Deployment);
        event.set.title = Some(format!("{} to {}", self.reference.unwrap_or(&self.sha), self.environment));
        event.set.status = Some(self.status.to_owned());
        let result = runs::outcome(self.status);
        event.set.result = Some(result);
        match result {
            Outcome::Running => event.clear.push("ends_at".into()),
            _ => event.set.ends_at = Some(self.at),
        }
        // In the webhook only the status that says so tells the start.
        if self.created < self.at || self.status == "running" {
            event.set.starts_at = Some(self.created);
        }
        attribute(&mut event.set, "ref", self.reference);
        attribute(&mut event.set, "creator", self.by);
        attribute(&mut event.set, "url", self.url);
        event.links.push(Link::new(LinkKind::Deploys, item(&self.sha)));
        if let Some(made_in) = &self.made_in {
            event.links.push(Link::new(LinkKind::Deploys, forge.item(made_in)));
        }
        event.links.push(Link::new(LinkKind::DeployedTo, place.item.clone()));
        self.place.mark(forge, &mut event);
        Ok(vec![with_hash(place), with_hash(event)])
    }
}

/// What a blocked deployment waits for, and who has decided. One that is still blocked waits for more approvals.
fn gate(
    forge: &Forge<'_>,
    deployment: &Deployment<'_>,
    approvals: &[Node<'_>],
    events: &mut Vec<Event>,
) -> Result<()> {
    let whole = format!("deployment/{}", deployment.id);
    let key = format!("{whole}/gate");
    let mut asked = forge.event(format!("{key}/asked"), deployment.created, &key);
    asked.kind = Some(Kind::Gate);
    asked.set.title = Some(format!("Deployment to {}", deployment.environment));
    asked.set.asked_at = Some(deployment.created);
    asked.links.push(Link::new(LinkKind::Gates, forge.item(&whole)));
    deployment.place.mark(forge, &mut asked);
    events.push(with_hash(asked));
    for approval in approvals {
        let at = approval.time(forge.stamps, "created_at")?.unwrap_or(deployment.at);
        let decision = match approval.text("status") {
            Some("rejected") => Some(Decision::Rejected),
            Some("approved") if deployment.status != "blocked" => Some(Decision::Approved),
            _ => None,
        };
        let by = approval.at("user").id("username").unwrap_or_else(|| "somebody".into());
        let mut person = forge.event(format!("{key}/by/{by}/{}", at.millis()), at, &format!("user/{by}"));
        person.kind = Some(Kind::Stakeholder);
        person.set.title = approval.at("user").owned("name").or(Some(by.clone()));
        let mut event = forge.event(format!("{key}/decided/{by}/{}", at.millis()), at, &key);
        event.set.decision = decision;
        attribute(&mut event.set, "comment", approval.text("comment"));
        event.links.push(Link::new(LinkKind::DecidedBy, person.item.clone()));
        events.push(with_hash(person));
        events.push(with_hash(event));
    }
    Ok(())
}

/// A release, of the API or of a webhook.
pub(super) fn release(forge: &mut Forge<'_>, node: Node<'_>, tag: Option<&str>) -> Result<Vec<Event>> {
    let tag = tag.ok_or_else(|| Error::invalid("tag_name", "is missing"))?;
    let place = Place::of(node, node);
    let key = format!("{}/release/{}", place.need()?, id_part(tag));
    let released = node.time(forge.stamps, "released_at")?;
    let created = match node.time(forge.stamps, "created_at")?.or(released) {
        Some(created) => created,
        None => return Err(Error::invalid("created_at", "is missing, and so is released_at")),
    };
    let mut seen = forge.event(format!("{key}/seen"), created, &key);
    seen.kind = Some(Kind::Release);
    seen.set.title = node.owned("name").or_else(|| Some(tag.to_owned()));
    seen.set.version = Some(tag.to_owned());
    if released.is_some_and(|released| released > created) {
        seen.set.state = Some(FlowState::Active);
    }
    attribute(&mut seen.set, "url", node.text("url").or(node.at("_links").text("self")));
    place.mark(forge, &mut seen);
    let mut events = vec![with_hash(seen)];
    if let Some(sha) = node.at("commit").text("id") {
        let sha = read_sha("commit.id", Some(sha))?;
        let mut event = Event::new(forge.source, format!("{key}/tags/{sha}"), created, item(&sha));
        event.kind = Some(Kind::Change);
        event.set.tag = Some(tag.to_owned());
        event.links.push(Link::new(LinkKind::Tags, forge.item(&key)));
        events.push(with_hash(event));
    }
    // A release may be made before it is out, and be entered after it was.
    let mut event = forge.event(format!("{key}/to/released"), released.unwrap_or(created), &key);
    event.set.state = Some(FlowState::Done);
    event.set.released_at = released;
    events.push(with_hash(event));
    if node.text("action") == Some("delete") {
        let at = released.unwrap_or(created).max(created);
        let mut event = forge.event(format!("{key}/to/withdrawn"), at, &key);
        event.set.state = Some(FlowState::Cancelled);
        event.set.status = Some("deleted".into());
        events.push(with_hash(event));
    }
    Ok(events)
}
