//! Deployments of release pipelines, and the approvals that they wait for.
//!
//! A **deployment** is one attempt to bring a release to an environment, `…/deployment/<environment id>/<attempt>`; the
//! environment's id is of this release alone, and an attempt that nobody counts is the first.
//!
//! | field | event |
//! |---|---|
//! | `deploymentStatus`; in a hook else `environment.status` | `result`: `succeeded`, `failed` and `rejected`, `partiallySucceeded` unstable, `canceled` aborted, `notDeployed` not built; `inProgress`, `queued`, `scheduled`, `notStarted` running |
//! | `startedOn`, else `queuedOn` | `starts_at` |
//! | `completedOn`; in a hook of the end else `environment.modifiedOn`, else the hook's `createdDate` | `ends_at` |
//! | `releaseEnvironment`, `environment` | `deployed_to` the environment of that name |
//! | `release.name` | `version`; `title` with the environment |
//! | `release.artifacts[]` of the type Build | `deploys` the build of `definitionReference.version.id` |
//!
//! An **approval** is a gate, `…/approval/<id>`, that `gates` its deployment: `createdOn` is `asked_at`; `approver` is its
//! `approver`; `approved` and `rejected` are its `decision` at `modifiedOn`, and `approvedBy` is who `decided_by` and, since
//! the tool let them, an `approver` too. What is `skipped` or `canceled` is cancelled. Automatic approvals nobody decides:
//! they are counted.

use serde::Deserialize;

use super::payload::{Named, Person, Record};
use super::{Told, Top, outcome};
use crate::error::{Error, Result};
use crate::ingest::loose::{List, Object, Scalar, Text};
use crate::ingest::told::Teller;
use crate::ingest::{attribute, check_key, id_part};
use crate::model::{Decision, FlowState, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Release<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) release_definition: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) artifacts: List<Object<Artifact<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Artifact<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    definition_reference: Object<Reference<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference<'a> {
    #[serde(borrow)]
    version: Object<Named<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Environment<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    modified_on: Scalar<'a>,
    #[serde(borrow)]
    deploy_steps: List<Object<Step<'a>>>,
    #[serde(borrow)]
    pub(super) release: Object<Release<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Step<'a> {
    #[serde(borrow)]
    attempt: Scalar<'a>,
}

/// A deployment as hooks and lists tell it.
struct Deployment<'r> {
    environment: Option<&'r str>,
    place: Option<&'r str>,
    attempt: Option<i64>,
    status: Option<&'r str>,
    started: Option<Instant>,
    completed: Option<Instant>,
    seen: Option<Instant>,
    releases: [Option<&'r Release<'r>>; 3],
    url: Option<&'r str>,
    names: Vec<Option<&'r str>>,
}

/// A deployment's hook: its environment, and in later versions the deployment too.
pub(super) fn hook(record: &Top<'_>, told: &Told<'_>, teller: &mut Teller<'_>) -> Result<()> {
    let stamps = teller.stamps;
    let environment = record.environment.0.as_ref();
    let inner = record.deployment.0.as_ref();
    let place = inner.and_then(|inner| inner.release_environment.0.as_ref());
    let modified = match environment {
        Some(environment) => stamps.read("environment.modifiedOn", &environment.modified_on)?,
        None => None,
    };
    let (mut started, mut completed) = (None, None);
    if let Some(inner) = inner {
        started = inner.started(teller)?;
        completed = stamps.read("deployment.completedOn", &inner.completed_on)?;
    }
    let is_over = told.hook != Some("ms.vss-release.deployment-started-event");
    let steps = environment.map_or(&[][..], |environment| &environment.deploy_steps.0);
    let attempts = steps.iter().filter_map(|step| step.0.as_ref()?.attempt.int());
    let deployment = Deployment {
        environment: environment.and_then(|one| one.id.get()).or_else(|| place?.id.get()),
        place: environment.and_then(|one| one.name.get()).or_else(|| place?.name.get()),
        attempt: inner.and_then(|inner| inner.attempt.int()).or(attempts.max()),
        status: match is_over {
            true => {
                inner.and_then(|inner| inner.deployment_status.get()).or_else(|| environment?.status.get())
            }
            false => Some("inProgress"),
        },
        started: if is_over { started } else { started.or(modified).or(told.sent) },
        completed: completed.or(modified).or(told.sent).filter(|_| is_over),
        seen: told.sent,
        releases: [
            record.release.0.as_ref(),
            inner.and_then(|inner| inner.release.0.as_ref()),
            environment.and_then(|environment| environment.release.0.as_ref()),
        ],
        url: None,
        names: record.names(told),
    };
    deployment.tell(told, teller)
}

impl<R> Record<'_, R> {
    fn started(&self, teller: &Teller<'_>) -> Result<Option<Instant>> {
        let started = teller.stamps.read("startedOn", &self.started_on)?;
        Ok(started.or(teller.stamps.read("queuedOn", &self.queued_on)?))
    }

    /// A deployment of a list.
    pub(super) fn deployment(&self, told: &Told<'_>, teller: &mut Teller<'_>) -> Result<()> {
        let place = self.release_environment.0.as_ref();
        let deployment = Deployment {
            environment: place.and_then(|place| place.id.get()),
            place: place.and_then(|place| place.name.get()),
            attempt: self.attempt.int(),
            status: self.deployment_status.get(),
            started: self.started(teller)?,
            completed: teller.stamps.read("completedOn", &self.completed_on)?,
            seen: teller.stamps.read("lastModifiedOn", &self.last_modified_on)?,
            releases: [self.release.0.as_ref(), None, None],
            url: self.url.get(),
            names: self.names(told),
        };
        deployment.tell(told, teller)
    }

    pub(super) fn approval(
        &self,
        release: Option<&Release<'_>>,
        names: Vec<Option<&str>>,
        told: &Told<'_>,
        teller: &mut Teller<'_>,
    ) -> Result<()> {
        if self.is_automated.flag() == Some(true) {
            teller.count("automatic approval");
            return Ok(());
        }
        check_key("approval.id", self.id.get())?;
        // In a hook the addresses may be of the release alone.
        let organization = told.organization.clone().or_else(|| self.organization());
        let told = &Told { organization, ..*told };
        let key = told.key(&["approval", self.id.get().unwrap_or_default()]);
        let asked = teller.stamps.read("createdOn", &self.created_on)?;
        let modified = teller.stamps.read("modifiedOn", &self.modified_on)?;
        let (decision, state) = match self.status.get() {
            Some("approved") => (Some(Decision::Approved), None),
            Some("rejected") => (Some(Decision::Rejected), None),
            Some("skipped" | "canceled") => (None, Some(FlowState::Cancelled)),
            Some("pending" | "reassigned") => (None, None),
            other => {
                teller.count(format!("approval: {}", id_part(other.unwrap_or("none"))));
                (None, None)
            }
        };
        let at = modified.or(asked).or(told.sent);
        let at = at.ok_or_else(|| Error::invalid("modifiedOn", "is missing, and so is createdOn"))?;
        let place = self.release_environment.0.as_ref();
        let releases = [self.release.0.as_ref(), release];
        let name = releases.into_iter().flatten().find_map(|release| release.name.get());
        let kind = self.approval_type.get();
        let mut event = teller.event(&key, &format!("seen/{}", at.millis()), at);
        event.kind = Some(Kind::Gate);
        let what = match kind {
            Some("preDeploy") => "Approval to deploy",
            Some("postDeploy") => "Approval of the deployment of",
            _ => "Approval of",
        };
        let to = place.and_then(|place| place.name.get()).map_or_else(String::new, |to| format!(" to {to}"));
        event.set.title = name.map(|name| format!("{what} {name}{to}"));
        event.set.status = self.status.owned();
        event.set.state = state;
        event.set.asked_at = asked;
        event.set.decision = decision;
        attribute(&mut event.set, "type", kind);
        attribute(&mut event.set, "environment", place.and_then(|place| place.name.get()));
        let mut who = |person: &Person<'_>| {
            let key = told.key(&["user", person.id()?]);
            Some(teller.define(&key, Kind::Stakeholder, person.name()))
        };
        let asked_of = who(&self.approver);
        let decided_by = decision.and_then(|_| who(&self.approved_by));
        event.links.extend(decided_by.iter().map(|who| Link::new(LinkKind::DecidedBy, who)));
        let other = decided_by.filter(|who| asked_of.is_some() && asked_of.as_ref() != Some(who));
        event.links.extend(asked_of.into_iter().chain(other).map(|who| Link::new(LinkKind::Approver, who)));
        if let Some(id) = place.and_then(|place| place.id.get()) {
            let key = told.key(&["deployment", id, &attempt(self.attempt.int())]);
            event.links.push(Link::new(LinkKind::Gates, teller.item(&key)));
        }
        let names: Vec<Option<&str>> = names.into_iter().chain(self.names(told)).collect();
        teller.belong(&mut event, &names);
        teller.tell(event);
        Ok(())
    }
}

impl Deployment<'_> {
    fn tell(&self, told: &Told<'_>, teller: &mut Teller<'_>) -> Result<()> {
        check_key("releaseEnvironment.id", self.environment)?;
        let key = told.key(&["deployment", self.environment.unwrap_or_default(), &attempt(self.attempt)]);
        let result = outcome(self.status, teller);
        let is_running = result == Some(Outcome::Running);
        let completed = self.completed.filter(|_| !is_running);
        let at = completed.or(self.started).or(self.seen);
        let at = at.ok_or_else(|| Error::invalid("completedOn", "is missing, and so is startedOn"))?;
        let mut event = teller.event(&key, if is_running { "begun" } else { "finished" }, at);
        event.kind = Some(Kind::Deployment);
        event.set.result = result;
        teller.span(&mut event, self.started, completed);
        let release = self.releases.iter().flatten().find_map(|release| release.name.get());
        event.set.version = release.map(str::to_owned);
        event.set.title = match (release, self.place) {
            (Some(release), Some(place)) => Some(format!("{release} to {place}")),
            (release, place) => release.or(place).map(str::to_owned),
        };
        attribute(&mut event.set, "url", self.url);
        if let Some(place) = self.place {
            let environment =
                teller.define(&told.key(&["environment", place]), Kind::Environment, Some(place));
            event.links.push(Link::new(LinkKind::DeployedTo, environment));
        }
        let artifacts = self.releases.iter().flatten().flat_map(|release| &release.artifacts.0);
        for artifact in artifacts.filter_map(|artifact| artifact.0.as_ref()) {
            let version = artifact.definition_reference.0.as_ref().and_then(|all| all.version.0.as_ref());
            if let (Some("Build"), Some(id)) =
                (artifact.kind.get(), version.and_then(|version| version.id.get()))
            {
                let link = Link::new(LinkKind::Deploys, teller.item(&told.key(&["build", id])));
                if !event.links.contains(&link) {
                    event.links.push(link);
                }
            }
        }
        teller.belong(&mut event, &self.names);
        teller.tell(event);
        Ok(())
    }
}

fn attempt(number: Option<i64>) -> String {
    number.unwrap_or(1).max(1).to_string()
}
