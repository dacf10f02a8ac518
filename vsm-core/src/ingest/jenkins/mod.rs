//! Jenkins: builds, pipeline runs with their stages and inputs, and notifications; one record, a list, or JSON Lines,
//! in any mixture. What a record is shows by what it holds.
//!
//! | record | where from | file |
//! |---|---|---|
//! | a build, or a job with `builds` or `allBuilds` | `<job>/<number>/api/json`, `<job>/api/json?tree=fullName,allBuilds[...]` | `build.rs` |
//! | a pipeline run with its `stages` | `<run>/wfapi/describe`, `<job>/wfapi/runs` | `wfapi.rs` |
//! | a stage | `<run>/execution/node/<id>/wfapi/describe` | `wfapi.rs` |
//! | an input that is waited for | `<run>/wfapi/pendingInputActions` | `wfapi.rs` |
//! | a message with `build.phase` | webhooks of the notification plugin | `notification.rs` |
//!
//! All of them speak of the same items:
//!
//! | item | what it is |
//! |---|---|
//! | `jenkins:<job>#<number>` | a build: each run of a job, whoever tells of it |
//! | `jenkins:<job>#<number>/deployment` | the deployment that a run is, by the option `deploy_jobs` |
//! | `jenkins:<job>#<number>/stage/<id>` | the deployment that a stage is, by the option `deploy_stages` |
//! | `jenkins:<job>#<number>/gate/<id>` | the gate that a stage waits or waited at |
//! | `jenkins:<job>#<number>/input/<id>` | the same gate by the id of its input |
//!
//! The **job** is its full name with folders, `folder/job`, as in the path of a run (`…/job/folder/job/job/31/`): the path
//! names the job whatever it is displayed as.
//!
//! **Deployments** are what the caller says by rules of names, for Jenkins knows no such thing. `deploy_jobs` names the
//! jobs, `deploy_stages` the stages of pipelines, each as a pattern with the environment that it deploys to:
//! `deploy-{application}-{environment}` = `env:{environment}`, or `Mobile/ship` = `env:store` for a single one. The
//! patterns are described in `rules.rs`. What stands for `{application}` is looked up in the option `applications`; an
//! application that is not there has the id `app:<name>`. A deployment has times and result of its run or stage. A
//! stage brings the build that it is a stage of. A run brings the builds that started it (`upstreamBuild` of its
//! causes), else itself where it checked out commits; where neither is told, nobody knows what was deployed, and no
//! link says so. One job belongs in one of the two tables: in both it would deploy twice.
//!
//! **Gates.** A pipeline that waits for an input waits at a gate. The gate hangs on the build, and by the option `gates`
//! (job pattern = release or item) on what can't be ready before it is passed.
//!
//! What is counted in `ignored` and not used: a job's page without builds, steps, logs, artifacts and change sets of
//! `wfapi`, stages that did not run, and notifications that a build is queued.

mod build;
mod names;
mod notification;
mod wfapi;

use serde::Deserialize;
use serde::de::IgnoredAny;

use self::build::{Action, Build};
use self::names::RunId;
use self::notification::Notified;
use self::wfapi::{Asked, Failed, Links, Pending, Stage, Step};
use super::loose::{List, Object, Scalar, Text};
use super::parts::Part;
use super::records::pieces;
use super::rules::Rules;
use super::{IngestOptions, Ingested, Reject, readers};
use crate::error::{Error, Result};
use crate::model::{Event, Kind, Link, LinkKind};

/// Any record: the APIs tell them apart by what they hold.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,

    // A job.
    #[serde(borrow)]
    full_name: Text<'a>,
    #[serde(borrow)]
    builds: Option<List<Object<Build<'a>>>>,
    #[serde(borrow)]
    all_builds: Option<List<Object<Build<'a>>>>,

    // A build; the same as in a job.
    #[serde(borrow)]
    number: Scalar<'a>,
    #[serde(borrow)]
    display_name: Text<'a>,
    #[serde(borrow)]
    full_display_name: Text<'a>,
    #[serde(borrow)]
    result: Text<'a>,
    #[serde(borrow)]
    building: Scalar<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    duration: Scalar<'a>,
    #[serde(borrow)]
    actions: List<Object<Action<'a>>>,

    // A run or a stage of `wfapi`.
    #[serde(borrow, rename = "_links")]
    links: Object<Links<'a>>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    start_time_millis: Scalar<'a>,
    #[serde(borrow)]
    end_time_millis: Scalar<'a>,
    #[serde(borrow)]
    duration_millis: Scalar<'a>,
    #[serde(borrow)]
    pause_duration_millis: Scalar<'a>,
    #[serde(borrow)]
    error: Object<Failed<'a>>,
    #[serde(borrow)]
    stages: List<Object<Stage<'a>>>,
    #[serde(borrow)]
    stage_flow_nodes: List<Object<Step<'a>>>,

    // An input that is waited for.
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    proceed_url: Text<'a>,
    #[serde(borrow)]
    abort_url: Text<'a>,

    // A notification.
    #[serde(borrow)]
    build: Object<Notified<'a>>,

    // What else `wfapi` gives.
    parent_nodes: Option<List<IgnoredAny>>,
    #[serde(borrow)]
    node_status: Text<'a>,
    #[serde(borrow)]
    commit_count: Scalar<'a>,
    #[serde(borrow)]
    path: Text<'a>,
    #[serde(borrow)]
    size: Scalar<'a>,
}

/// Where the events are gathered.
struct Reader<'o> {
    options: &'o IngestOptions,
    deploy_jobs: Rules,
    deploy_stages: Rules,
    gates: Rules,
    out: Ingested,
    /// Gates that are waited at, and inputs that are waited for: those of one run are brought together in the end.
    asked: Vec<Asked>,
    pending: Vec<Pending>,
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn readers::Reader + '_>> {
    Ok(Box::new(Reader {
        options,
        deploy_jobs: Rules::new("deploy_jobs", &options.deploy_jobs)?,
        deploy_stages: Rules::new("deploy_stages", &options.deploy_stages)?,
        gates: Rules::new("gates", &options.gates)?,
        out: Ingested::default(),
        asked: Vec::new(),
        pending: Vec::new(),
    }))
}

impl readers::Reader for Reader<'_> {
    fn read(&mut self, part: Part<'_>) -> Ingested {
        for piece in pieces(part) {
            let place = piece.position;
            for (position, record) in piece.read::<Record<'_>>() {
                match record {
                    Ok(record) => self.record(record, position, place),
                    Err(reject) => self.out.rejects.push(reject),
                }
            }
        }
        std::mem::take(&mut self.out).recorded(self.options.recorded_at)
    }

    fn end(&mut self) -> Ingested {
        self.inputs();
        std::mem::take(&mut self.out).recorded(self.options.recorded_at)
    }
}

impl Reader<'_> {
    /// Takes a record; `place` is what the builds of a job are known by, where it is not their number.
    fn record(&mut self, record: Record<'_>, position: u64, place: Option<u64>) {
        let job = record.full_name.get().or(record.name.get());
        if let Some(builds) = record.all_builds.as_ref().or(record.builds.as_ref()) {
            for (build, number) in builds.0.iter().zip(1..) {
                let read = match &build.0 {
                    Some(build) => self.build(build, job),
                    None => Err(Error::invalid("builds", "holds something that is not an object")),
                };
                if let Err(error) = read {
                    let record = build.0.as_ref().and_then(Build::name).or(job);
                    self.out.rejects.push(Reject::new(place.unwrap_or(number), record, &error));
                }
            }
            return;
        }
        let href = record.links.0.as_ref().and_then(|links| links.own.0.as_ref()?.href.get());
        let read = if let Some(build) = &record.build.0 {
            self.notification(&record, build)
        } else if record.abort_url.get().is_some() || record.proceed_url.get().is_some() {
            self.pending(&record, position)
        } else if let Some(unused) = record.unused() {
            self.out.count(unused);
            Ok(())
        } else if let Some(href) = href {
            self.described(&record, href, position)
        } else if record.start_time_millis != Scalar::Absent {
            Err(Error::invalid("_links.self.href", "is missing, and nothing else says which run this is of"))
        } else {
            let build = record.into_build();
            if let Err(error) = self.build(&build, None) {
                self.out.rejects.push(Reject::new(position, build.name(), &error));
            }
            return;
        };
        if let Err(error) = read {
            self.out.rejects.push(Reject::new(position, href.or(record.url.get()).or(job), &error));
        }
    }

    /// The application of a run or stage: what stands for `{application}` in its name, else the option.
    fn application(&self, job: &str, captured: Option<String>) -> Option<String> {
        let Some(name) = captured.or_else(|| self.deploy_jobs.say(job)?.application) else {
            return self.options.application.clone();
        };
        Some(self.options.applications.get(&name).cloned().unwrap_or_else(|| format!("app:{name}")))
    }

    /// Takes what is said of a run as a build, and of the deployment that it is by its job's name. What started it is
    /// what it brings.
    fn ran(&mut self, run: &RunId, mut event: Event, started_by: Vec<String>) {
        let said = self.deploy_jobs.say(&run.job);
        let captured = said.as_ref().and_then(|said| said.application.clone());
        let application = self.application(&run.job, captured);
        let belongs = application.map(|application| Link::new(LinkKind::BelongsTo, application));
        let checked_out = event.links.iter().any(|link| link.kind == LinkKind::BuiltFrom);
        event.links.extend(belongs.clone());
        let deployment = said.map(|said| {
            let item = format!("{}/deployment", run.item());
            let mut deployment =
                Event::new("jenkins", format!("{}/deployment", event.id), event.occurred_at, item);
            deployment.kind = Some(Kind::Deployment);
            deployment.set.title = event.set.title.clone();
            deployment.set.starts_at = event.set.starts_at;
            deployment.set.ends_at = event.set.ends_at;
            deployment.set.result = event.set.result;
            let brings = if started_by.is_empty() && checked_out { vec![run.item()] } else { started_by };
            let brings = brings.into_iter().map(|build| Link::new(LinkKind::Deploys, build));
            deployment.links.extend(brings.chain([Link::new(LinkKind::DeployedTo, said.value)]));
            deployment.links.extend(belongs);
            deployment
        });
        self.out.events.push(event);
        self.out.events.extend(deployment);
    }
}

impl<'a> Record<'a> {
    fn into_build(self) -> Build<'a> {
        let Record { number, url, display_name, full_display_name, result, building, .. } = self;
        let Record { timestamp, duration, actions, .. } = self;
        Build { number, url, display_name, full_display_name, result, building, timestamp, duration, actions }
    }

    /// What a record is that is known and of no use.
    fn unused(&self) -> Option<&'static str> {
        if self.parent_nodes.is_some() {
            Some("step of a stage")
        } else if self.node_status.get().is_some() {
            Some("log of a step")
        } else if self.commit_count != Scalar::Absent {
            Some("change set")
        } else if self.path.get().is_some() && self.size != Scalar::Absent {
            Some("artifact")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
