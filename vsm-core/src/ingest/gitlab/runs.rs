//! Pipelines and jobs.

use super::Place;
use crate::error::{Error, Result};
use crate::ingest::attribute;
use crate::ingest::forge::{Forge, Node, period, with_hash};
use crate::ingest::git::{item, read_sha};
use crate::ingest::id_part;
use crate::model::{Event, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

/// A pipeline of the API.
pub(super) fn pipeline(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let key = format!("pipeline/{}", node.need_id("id")?);
    let sha = read_sha("sha", node.text("sha"))?;
    let created_at = node.need_time(forge.stamps, "created_at")?;
    let mut created = forge.event(format!("{key}/created"), created_at, &key);
    created.links.push(Link::new(LinkKind::BuiltFrom, item(&sha)));
    created.set.title = node.owned("name").or_else(|| node.id("iid").map(|iid| format!("Pipeline #{iid}")));
    attribute(&mut created.set, "branch", node.text("ref"));
    attribute(&mut created.set, "trigger", node.text("source"));
    attribute(&mut created.set, "url", node.text("web_url").or(node.text("url")));
    Place::of(outer, node).mark(forge, &mut created);
    let times = Times {
        created: created_at,
        started: node.time(forge.stamps, "started_at")?,
        finished: node.time(forge.stamps, "finished_at")?,
        updated: node.time(forge.stamps, "updated_at")?,
    };
    told(forge, &key, created, node.text("status"), &times)
}

/// A pipeline's webhook, with all of its jobs.
pub(super) fn pipeline_hook(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let mut events = pipeline(forge, outer, node)?;
    let whole = node.need_id("id")?;
    for build in outer.each("builds") {
        events.extend(job(forge, outer, build, Some(&whole))?);
    }
    Ok(events)
}

/// A job of the API, or one of a pipeline's webhook.
pub(super) fn job(
    forge: &mut Forge<'_>,
    outer: Node<'_>,
    node: Node<'_>,
    pipeline: Option<&str>,
) -> Result<Vec<Event>> {
    let times = Times {
        created: node.need_time(forge.stamps, "created_at")?,
        started: node.time(forge.stamps, "started_at")?,
        finished: node.time(forge.stamps, "finished_at")?,
        updated: None,
    };
    let whole = pipeline.map(str::to_owned).or_else(|| node.at("pipeline").id("id"));
    let commit = node.at("commit").text("id").or(outer.at("object_attributes").text("sha"));
    let place = Place::of(outer, node);
    let said = Job {
        id: node.need_id("id")?,
        name: node.text("name"),
        stage: node.text("stage"),
        commit,
        whole,
        place,
    };
    said.write(forge, node, node.text("status"), &times)
}

/// A job's own webhook, whose members have names of their own.
pub(super) fn job_hook(forge: &mut Forge<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let started = node.time(forge.stamps, "build_started_at")?;
    let finished = node.time(forge.stamps, "build_finished_at")?;
    let created = node.time(forge.stamps, "build_created_at")?.or(started).or(finished);
    let created = created.ok_or_else(|| {
        Error::invalid("build_created_at", "is missing, and so is any other time of the job")
    })?;
    let times = Times { created, started, finished, updated: None };
    let said = Job {
        id: node.need_id("build_id")?,
        name: node.text("build_name"),
        stage: node.text("build_stage"),
        commit: node.text("sha"),
        whole: node.id("pipeline_id"),
        place: Place::of(node, node),
    };
    said.write(forge, node, node.text("build_status"), &times)
}

struct Job<'a> {
    id: String,
    name: Option<&'a str>,
    stage: Option<&'a str>,
    commit: Option<&'a str>,
    whole: Option<String>,
    place: Place,
}

impl Job<'_> {
    fn write(
        &self,
        forge: &mut Forge<'_>,
        node: Node<'_>,
        status: Option<&str>,
        times: &Times,
    ) -> Result<Vec<Event>> {
        let key = format!("job/{}", self.id);
        let mut created = forge.event(format!("{key}/created"), times.created, &key);
        created.set.title = self.name.map(str::to_owned);
        if let Some(whole) = &self.whole {
            created.links.push(Link::new(LinkKind::Parent, forge.item(&format!("pipeline/{whole}"))));
        }
        attribute(&mut created.set, "ci_stage", self.stage);
        attribute(&mut created.set, "commit", self.commit);
        attribute(&mut created.set, "branch", node.text("ref"));
        attribute(&mut created.set, "url", node.text("web_url"));
        self.place.mark(forge, &mut created);
        told(forge, &key, created, status, times)
    }
}

struct Times {
    created: Instant,
    started: Option<Instant>,
    finished: Option<Instant>,
    updated: Option<Instant>,
}

/// The beginning, and the status that it is in now.
fn told(
    forge: &mut Forge<'_>,
    key: &str,
    mut created: Event,
    status: Option<&str>,
    times: &Times,
) -> Result<Vec<Event>> {
    let status = status.ok_or_else(|| Error::invalid("status", "is missing"))?;
    created.kind = Some(Kind::Build);
    created.set.result = Some(Outcome::Running);
    let result = outcome(status);
    let is_over = result != Outcome::Running;
    let finished = times.finished.filter(|_| is_over);
    let at = match is_over {
        true => finished.or(times.updated).or(times.started),
        false => times.started,
    };
    let at = at.unwrap_or(times.created);
    let mut now = forge.event(status_id(key, status, at), at, key);
    now.kind = Some(Kind::Build);
    now.set.status = Some(status.to_owned());
    now.set.result = Some(result);
    match times.started {
        Some(started) => period(&mut now, started, finished, &mut forge.out),
        None => now.set.ends_at = finished,
    }
    if !is_over {
        now.clear.push("ends_at".into());
    }
    Ok(vec![with_hash(created), with_hash(now)])
}

/// The id of the event that something is in a status since a time. At one and the same instant events are taken in the
/// order of their ids, and what ends in the instant that it begins in has ended.
pub(super) fn status_id(key: &str, status: &str, at: Instant) -> String {
    let phase = if outcome(status) == Outcome::Running { "begun" } else { "ended" };
    format!("{key}/{phase}/{}/{}", id_part(status), at.millis())
}

/// The outcome that a status stands for; whatever is not one of the four ends has not ended.
pub(super) fn outcome(status: &str) -> Outcome {
    match status {
        "success" => Outcome::Success,
        "failed" => Outcome::Failure,
        "canceled" | "cancelled" => Outcome::Aborted,
        "skipped" => Outcome::NotBuilt,
        _ => Outcome::Running,
    }
}
