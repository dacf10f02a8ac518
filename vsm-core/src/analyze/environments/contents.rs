//! Which build is in which environment?

use serde::{Deserialize, Serialize};

use super::places;
use crate::analyze::{Basis, Grounds, keys};
use crate::error::Result;
use crate::hash::HashSet;
use crate::model::{Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// A successful deployment of one build, or of the commit where a tool knows nothing else.
#[derive(Clone, Copy, Debug)]
pub(in crate::analyze) struct Deployed {
    pub(in crate::analyze) deployment: u32,
    pub(in crate::analyze) build: u32,
    pub(in crate::analyze) application: Option<u32>,
    pub(in crate::analyze) finished: Option<Instant>,
    /// The event that says what was deployed.
    pub(in crate::analyze) event: u32,
}

/// The successful deployments to an environment and to the groups around it, first to last by their end.
pub(in crate::analyze) fn deployments(stream: &ValueStream, environment: u32) -> Vec<Deployed> {
    let application = |item: u32| stream.to(item, LinkKind::BelongsTo).map(|(app, _)| app).next();
    // A commit may be of several applications; the deployment knows whose it is.
    let owner = |deployment: u32, build: u32| match stream.kind(build) {
        Some(Kind::Change) => application(deployment).or_else(|| application(build)),
        _ => application(build),
    };
    let line = places::line(stream, environment).into_iter();
    let mut found: Vec<Deployed> = line
        .flat_map(|place| stream.from(place, LinkKind::DeployedTo))
        .filter(|(deployment, _)| stream.outcome(*deployment) == Some(Outcome::Success))
        .flat_map(|(deployment, _)| {
            let finished = stream.finished_at(deployment);
            stream.to(deployment, LinkKind::Deploys).map(move |(build, event)| Deployed {
                deployment,
                build,
                application: owner(deployment, build),
                finished,
                event,
            })
        })
        .collect();
    found.sort_by_key(|one| (one.finished, stream.id(one.deployment), stream.id(one.build)));
    found
}

/// What an environment holds of one application.
pub(super) struct Held {
    pub(super) build: u32,
    pub(super) application: Option<u32>,
    pub(super) deployment: u32,
    pub(super) since: Option<Instant>,
    pub(super) events: Vec<u32>,
}

/// What an environment holds: of each application what its last successful deployment brought; by application and build.
pub(super) fn held(stream: &ValueStream, environment: u32, at: Instant) -> Vec<Held> {
    let mut all = deployments(stream, environment);
    all.retain(|one| one.finished.is_none_or(|finished| finished <= at));
    let mut seen = HashSet::default();
    let mut held: Vec<Held> = Vec::new();
    for last in all.iter().rev() {
        if !seen.insert(last.application) {
            continue;
        }
        let same = |one: &&Deployed| one.deployment == last.deployment && one.application == last.application;
        let mut brought: Vec<&Deployed> = all.iter().filter(same).collect();
        // The build says more than the commit that it is made from.
        if brought.iter().any(|one| stream.kind(one.build) != Some(Kind::Change)) {
            brought.retain(|one| stream.kind(one.build) != Some(Kind::Change));
        }
        for one in brought {
            // Deployed again is not changed: it has been there since the first of its deployments in a row.
            let mut first = one.deployment;
            let mut since = one.finished;
            let mut own = all.iter().rev().filter(|other| other.application == one.application).peekable();
            while let Some(deployment) = own.peek().map(|other| other.deployment) {
                let mut has_it = false;
                while let Some(other) = own.next_if(|other| other.deployment == deployment) {
                    if other.build == one.build {
                        (has_it, first, since) = (true, other.deployment, other.finished);
                    }
                }
                if !has_it {
                    break;
                }
            }
            let events = [Some(one.event), stream.last_event(one.deployment), stream.last_event(first)];
            held.push(Held {
                build: one.build,
                application: one.application,
                deployment: one.deployment,
                since,
                events: events.into_iter().flatten().collect(),
            });
        }
    }
    let id = |item: Option<u32>| item.map(|item| stream.id(item));
    held.sort_by_key(|held| (id(held.application), stream.id(held.build)));
    held
}

/// A question for what is in environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentContentsQuery {
    /// The time that is asked about; what happened later is left out.
    pub at: Instant,
    /// The environments, and groups with all that is in them; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
}

/// What is in environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentContents {
    /// The time that was asked about.
    pub at: Instant,
    /// One row for each environment and build in it, by environment, application and build.
    pub contents: Vec<EnvironmentContent>,
    /// What the answer rests on; `n` are the environments, and those where nothing is known to be are left out.
    pub basis: Basis,
}

/// A build in an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentContent {
    /// The environment.
    pub environment: String,
    /// Its stage, or that of its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The application; absent where nobody says whose build it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The build, or the commit where a tool knows nothing else.
    pub build: String,
    /// Its version, as the build says, else as the deployment does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The last successful deployment of the application.
    pub deployment: String,
    /// When the build came: the end of the first of its deployments in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// The events that say so, as `source:id`.
    pub evidence: Vec<String>,
}

impl ValueStream {
    /// What is in each environment: of every application the build that its last successful deployment brought.
    ///
    /// A deployment to a group is one to each environment in it. Failed ones change nothing. O(deployments).
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem).
    ///
    /// ```
    /// use vsm_core::{EnvironmentContentsQuery, Event, Kind, Link, LinkKind, Outcome, ValueStream};
    /// let noon = "2026-04-01T12:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// let mut uat = Event::new("doc", "uat", noon, "env:uat");
    /// uat.kind = Some(Kind::Environment);
    /// stream.apply(uat)?;
    /// let mut deployment = Event::new("doc", "1", noon, "deploy:1");
    /// deployment.kind = Some(Kind::Deployment);
    /// deployment.set.result = Some(Outcome::Success);
    /// deployment.links = vec![Link::new(LinkKind::Deploys, "ci:7"), Link::new(LinkKind::DeployedTo, "env:uat")];
    /// stream.apply(deployment)?;
    /// let answer = stream.environment_contents(&EnvironmentContentsQuery { at: noon, environments: None })?;
    /// assert_eq!((answer.contents[0].build.as_str(), answer.contents[0].since), ("ci:7", Some(noon)));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn environment_contents(&self, query: &EnvironmentContentsQuery) -> Result<EnvironmentContents> {
        let then = self.as_of(query.at, Instant::MAX);
        let environments = then.environments(query.environments.as_deref())?;
        let mut grounds = Grounds { n: environments.len() as u64, ..Grounds::default() };
        grounds.rule("last_successful_deployment");
        let mut contents = Vec::new();
        for environment in environments {
            let held = held(&then, environment, query.at);
            if held.is_empty() {
                grounds.exclude("nothing_deployed", then.id(environment));
            }
            for one in held {
                grounds.evidence.extend(&one.events);
                contents.push(then.content(environment, one));
            }
        }
        Ok(EnvironmentContents { at: query.at, contents, basis: grounds.finish(&then) })
    }

    /// Environments that are no groups, by id: those named with all that is in them, or all.
    pub(super) fn environments(&self, ids: Option<&[String]>) -> Result<Vec<u32>> {
        let mut all: Vec<u32> = match ids {
            Some(ids) => {
                let found = ids.iter().map(|id| self.find(id)).collect::<Result<Vec<u32>>>()?;
                found.into_iter().flat_map(|item| places::leaves(self, item)).collect()
            }
            None => {
                let is_place = |item: &u32| self.kind(*item) == Some(Kind::Environment);
                self.all().filter(is_place).filter(|item| places::is_leaf(self, *item)).collect()
            }
        };
        all.sort_unstable_by_key(|item| self.id(*item));
        all.dedup();
        Ok(all)
    }

    fn content(&self, environment: u32, held: Held) -> EnvironmentContent {
        EnvironmentContent {
            environment: self.id(environment).to_owned(),
            stage: places::stage(self, environment).map(Into::into),
            application: held.application.map(|item| self.id(item).to_owned()),
            build: self.id(held.build).to_owned(),
            version: version(self, &held),
            deployment: self.id(held.deployment).to_owned(),
            since: held.since,
            evidence: keys(self, held.events),
        }
    }
}

/// The version of what an environment holds.
pub(super) fn version(stream: &ValueStream, held: &Held) -> Option<String> {
    let own = stream.last(held.build, Set::version).or_else(|| stream.last(held.deployment, Set::version));
    own.map(|(version, _)| version.into())
}
