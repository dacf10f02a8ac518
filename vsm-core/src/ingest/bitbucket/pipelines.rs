//! Commit statuses, pipelines and deployments.
//!
//! | field | event |
//! |---|---|
//! | pipeline `uuid` | item `bitbucket:pipeline/<uuid>`, kind build; `title` is the repository and `build_number` |
//! | `state.result.name`, else `state.name` | `result`: `SUCCESSFUL`; `FAILED` and `ERROR` failure; `STOPPED` aborted; `EXPIRED` not built; `IN_PROGRESS`, `PENDING`, `PARSING`, `PAUSED`, `HALTED` running; any other is counted |
//! | `target.commit.hash` | `built_from` |
//! | `target.ref_name` | attribute `branch`, or `tag` by `target.ref_type` |
//! | `created_on`, `completed_on` | `starts_at`, `ends_at` |
//!
//! A **commit status** is what some build system says of a commit, and so a build: `key` is in its id, `name` its `title`,
//! `state` its `result` (`INPROGRESS` running), `created_on` and `updated_on` its two ends, `commit.hash` what it is
//! `built_from`; `refname` and `url` are attributes.
//!
//! A **deployment**: `state.status.name`, else `state.name` is its `result` (`UNDEPLOYED` not built), `state.started_on` and
//! `state.completed_on` are its two ends; it `deploys` the pipeline of its `release` or `deployable`, and is
//! `deployed_to` its `environment`. `release.name` is its `version`. An **environment** has a `name`, and its
//! `environment_type` as the attributes `type` and `production` (`true` or `false`); which stage of the policy that is, the
//! tool doesn't say.

use serde::Deserialize;

use super::Place;
use super::payload::{Hash, Named, Record, Repository};
use crate::error::{Error, Result};
use crate::ingest::loose::{Either, Object, Scalar, Text};
use crate::ingest::told::{self, Teller, full_sha};
use crate::ingest::{attribute, check_key, git, id_part};
use crate::model::{Event, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct State<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    result: Object<Named<'a>>,
    #[serde(borrow)]
    status: Object<Named<'a>>,
    #[serde(borrow)]
    started_on: Scalar<'a>,
    #[serde(borrow)]
    completed_on: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Target<'a> {
    #[serde(borrow)]
    ref_name: Text<'a>,
    #[serde(borrow)]
    ref_type: Text<'a>,
    #[serde(borrow)]
    commit: Object<Hash<'a>>,
}

/// What is deployed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Deployable<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    pipeline: Object<Named<'a>>,
    #[serde(borrow)]
    commit: Object<Hash<'a>>,
}

impl<R> Record<'_, R> {
    pub(super) fn pipeline(&self, place: Option<&Place<'_>>, teller: &mut Teller<'_>) -> Result<()> {
        check_key("uuid", self.uuid.get())?;
        let result = self.result(teller);
        let start = teller.stamps.read("created_on", &self.created_on)?;
        let end = teller.stamps.read("completed_on", &self.completed_on)?;
        let mut event = self.run("pipeline", result, start, end, Kind::Build, teller)?;
        if let (Some(place), Some(number)) = (place, self.build_number.get()) {
            event.set.title = Some(format!("{} #{number}", place.key));
        }
        if let Some(target) = &self.target.0 {
            let name = if target.ref_type.get() == Some("tag") { "tag" } else { "branch" };
            attribute(&mut event.set, name, target.ref_name.get());
        }
        attribute(&mut event.set, "url", self.address());
        match full_sha(self.built()) {
            Some(sha) => event.links.push(Link::new(LinkKind::BuiltFrom, git::item(&sha))),
            None => teller.count("build without commit"),
        }
        belong(&mut event, place, teller);
        teller.tell(event);
        Ok(())
    }

    /// The commit that a pipeline ran on.
    pub(super) fn built(&self) -> Option<&str> {
        self.target.0.as_ref().and_then(|target| target.commit.0.as_ref()?.get())
    }

    pub(super) fn status(&self, place: Option<&Place<'_>>, teller: &mut Teller<'_>) -> Result<()> {
        let own = self.repository.0.as_ref().and_then(Repository::place);
        let place = own.as_ref().or(place);
        let repository =
            place.ok_or_else(|| Error::invalid("repository", "is not named: a status is known by it"))?;
        let sha = full_sha(self.commit.0.as_ref().and_then(Hash::get))
            .ok_or_else(|| Error::invalid("commit.hash", "is no full hash of a commit"))?;
        check_key("key", self.key.get())?;
        let key = told::key(&[&repository.key, "status", &sha, self.key.get().unwrap_or_default()]);
        let result = self.result(teller);
        let start = teller.stamps.read("created_on", &self.created_on)?;
        let updated = teller.stamps.read("updated_on", &self.updated_on)?;
        let mut event = finished(&key, result, start, updated, Kind::Build, teller)?;
        event.set.title = self.name.owned().or_else(|| self.key.owned());
        attribute(&mut event.set, "branch", self.refname.get());
        attribute(&mut event.set, "url", self.url.get());
        event.links.push(Link::new(LinkKind::BuiltFrom, git::item(&sha)));
        belong(&mut event, place, teller);
        teller.tell(event);
        Ok(())
    }

    pub(super) fn deployment(&self, place: Option<&Place<'_>>, teller: &mut Teller<'_>) -> Result<()> {
        check_key("uuid", self.uuid.get())?;
        let result = self.result(teller);
        let stamps = teller.stamps;
        let (mut start, mut end) = (None, None);
        if let Either::Object(state) = &self.state {
            start = stamps.read("state.started_on", &state.started_on)?;
            end = stamps.read("state.completed_on", &state.completed_on)?;
        }
        let updated = stamps.read("last_update_time", &self.last_update_time)?;
        let created = stamps.read("created_on", &self.created_on)?;
        let mut event = match (start, end) {
            (None, None) => {
                self.run("deployment", result, None, updated.or(created), Kind::Deployment, teller)?
            }
            _ => self.run("deployment", result, start, end, Kind::Deployment, teller)?,
        };
        let brought = [self.deployable.0.as_ref(), self.release.0.as_ref()];
        let first =
            |of: fn(&Deployable<'_>) -> Option<String>| brought.iter().flatten().find_map(|one| of(one));
        event.set.version = first(|one| one.name.owned());
        event.set.title.clone_from(&event.set.version);
        attribute(&mut event.set, "url", first(|one| one.url.owned()).as_deref());
        attribute(&mut event.set, "commit", first(|one| full_sha(one.commit.0.as_ref()?.get())).as_deref());
        match first(|one| one.pipeline.0.as_ref()?.uuid.get().map(bare)) {
            Some(pipeline) => {
                event
                    .links
                    .push(Link::new(LinkKind::Deploys, teller.item(&told::key(&["pipeline", &pipeline]))));
            }
            None => teller.count("deployment without pipeline"),
        }
        if let Some(environment) = self.environment.0.as_ref().filter(|one| one.uuid.get().is_some()) {
            let environment = define(environment.uuid.get(), environment.name.get(), teller);
            event.links.push(Link::new(LinkKind::DeployedTo, environment));
        }
        belong(&mut event, place, teller);
        teller.tell(event);
        Ok(())
    }

    /// Tells of the environment that the record is.
    pub(super) fn place(&self, teller: &mut Teller<'_>) {
        let kind = self.environment_type.0.as_ref().and_then(|kind| kind.name.get());
        let production = kind.map(|kind| if kind == "Production" { "true" } else { "false" });
        let attributes = [("type", kind), ("production", production)];
        let key = told::key(&["environment", &bare(self.uuid.get().unwrap_or_default())]);
        teller.define_with(&key, Kind::Environment, self.name.get(), &attributes);
    }

    fn run(
        &self,
        what: &str,
        result: Option<Outcome>,
        start: Option<Instant>,
        end: Option<Instant>,
        kind: Kind,
        teller: &mut Teller<'_>,
    ) -> Result<Event> {
        let key = told::key(&[what, &bare(self.uuid.get().unwrap_or_default())]);
        finished(&key, result, start, end, kind, teller)
    }

    fn result(&self, teller: &mut Teller<'_>) -> Option<Outcome> {
        let word = match &self.state {
            Either::Text(state) => state.get(),
            Either::Object(state) => {
                let said = state.result.0.as_ref().or(state.status.0.as_ref());
                said.and_then(|said| said.name.get()).or(state.name.get())
            }
        };
        Some(match word.unwrap_or("none") {
            "SUCCESSFUL" => Outcome::Success,
            "FAILED" | "ERROR" => Outcome::Failure,
            "STOPPED" => Outcome::Aborted,
            "EXPIRED" | "UNDEPLOYED" => Outcome::NotBuilt,
            "INPROGRESS" | "IN_PROGRESS" | "PENDING" | "PARSING" | "PAUSED" | "HALTED" => Outcome::Running,
            other => {
                teller.count(format!("state: {}", id_part(other)));
                return None;
            }
        })
    }
}

/// The event of a run that goes on, or is over.
fn finished(
    key: &str,
    result: Option<Outcome>,
    start: Option<Instant>,
    end: Option<Instant>,
    kind: Kind,
    teller: &mut Teller<'_>,
) -> Result<Event> {
    check_key("id", Some(key))?;
    let is_running = result == Some(Outcome::Running);
    let ends = end.filter(|_| !is_running);
    let at = ends.or(start).or(end);
    let at = at.ok_or_else(|| Error::invalid("created_on", "is missing: nothing says when this was so"))?;
    let mut event = teller.event(key, if is_running { "begun" } else { "finished" }, at);
    event.kind = Some(kind);
    event.set.result = result;
    teller.span(&mut event, start, ends);
    Ok(event)
}

fn belong(event: &mut Event, place: Option<&Place<'_>>, teller: &Teller<'_>) {
    let names = place.map_or_else(Vec::new, Place::names);
    teller.belong(event, &names);
}

fn define(uuid: Option<&str>, name: Option<&str>, teller: &mut Teller<'_>) -> String {
    let key = told::key(&["environment", &bare(uuid.unwrap_or_default())]);
    teller.define(&key, Kind::Environment, name)
}

/// A UUID without its braces.
fn bare(uuid: &str) -> String {
    uuid.trim_matches(['{', '}']).to_owned()
}
