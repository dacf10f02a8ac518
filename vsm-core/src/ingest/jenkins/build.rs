//! Builds as the remote access API gives them. Freestyle, pipeline and multibranch builds have the same fields here.
//!
//! | field | event |
//! |---|---|
//! | job and `number` | item `jenkins:<job>#<number>`, kind build |
//! | `fullDisplayName` | `title` |
//! | `timestamp` (ms), `duration` (ms) | `starts_at`; `ends_at` = their sum, which is also `occurred_at` |
//! | `result` | `SUCCESS`, `FAILURE`, `UNSTABLE`, `ABORTED`, `NOT_BUILT`; any other is counted in `ignored` |
//! | `building`: true, or no `result` yet | result running; `occurred_at` is the start, there is no end |
//! | `actions[].lastBuiltRevision.SHA1` | `built_from` links, one per commit: a build may check out several repositories |
//! | `actions[].lastBuiltRevision.branch[].name` | attribute `branch` |
//! | `actions[].causes[]` with `upstreamBuild` | what a deployment brings |
//! | `url` | attribute `url` |
//!
//! The job is taken from `url`, else from the job's own `fullName` or `name`, else from `fullDisplayName`
//! (`folder » job #31`).
//!
//! A build is told twice, as `<job>#<number>/running` and as `<job>#<number>/finished`, so that the first report
//! doesn't stand in the way of the second.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::git::{item, read_sha};
use super::super::id_part;
use super::super::loose::{List, Object, Scalar, Text};
use super::Reader;
use super::names::{RunId, instant, job_of_path, job_of_url};
use crate::error::{Error, Result};
use crate::model::{Event, Kind, Link, LinkKind, Outcome};

/// What is inside a build's own `builds` is nobody's business; a type that held itself would let the input decide over
/// the depth of the stack.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Build<'a> {
    #[serde(borrow)]
    pub(super) number: Scalar<'a>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) display_name: Text<'a>,
    #[serde(borrow)]
    pub(super) full_display_name: Text<'a>,
    #[serde(borrow)]
    pub(super) result: Text<'a>,
    #[serde(borrow)]
    pub(super) building: Scalar<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub(super) duration: Scalar<'a>,
    #[serde(borrow)]
    pub(super) actions: List<Object<Action<'a>>>,
}

impl Build<'_> {
    /// Its own name for itself.
    pub(super) fn name(&self) -> Option<&str> {
        self.full_display_name.get().or(self.url.get())
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Action<'a> {
    #[serde(borrow)]
    last_built_revision: Object<Revision<'a>>,
    #[serde(borrow)]
    causes: List<Object<Cause<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Revision<'a> {
    #[serde(borrow, rename = "SHA1")]
    sha1: Text<'a>,
    #[serde(borrow)]
    branch: List<Object<Branch<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Branch<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

/// Who or what started a build; here only where it is another build.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Cause<'a> {
    #[serde(borrow)]
    upstream_project: Text<'a>,
    #[serde(borrow)]
    upstream_build: Scalar<'a>,
    #[serde(borrow)]
    upstream_url: Text<'a>,
}

impl Reader<'_> {
    pub(super) fn build(&mut self, build: &Build<'_>, job: Option<&str>) -> Result<()> {
        let run = run_of(build, job)?;
        let id = run.key();
        let start =
            build.timestamp.int().ok_or_else(|| Error::invalid("timestamp", "is missing or not a number"))?;
        let starts_at = instant("timestamp", Some(start))?;
        let running = build.building.flag().unwrap_or(build.result.get().is_none());
        let ends_at = match build.duration.int() {
            _ if running => None,
            Some(duration) if duration < 0 => {
                self.out.count("negative duration");
                None
            }
            duration => Some(instant("duration", start.checked_add(duration.unwrap_or_default()))?),
        };
        let stage = if running { "running" } else { "finished" };
        let mut event =
            Event::new("jenkins", format!("{id}/{stage}"), ends_at.unwrap_or(starts_at), run.item());
        event.kind = Some(Kind::Build);
        event.set.title = build.full_display_name.owned();
        event.set.starts_at = Some(starts_at);
        event.set.ends_at = ends_at;
        event.set.result = if running { Some(Outcome::Running) } else { self.result(build.result.get()) };
        revisions(build, &mut event)?;
        if let Some(url) = build.url.owned() {
            event.set.attributes.insert("url".into(), url);
        }
        self.ran(&run, event, started_by(build));
        Ok(())
    }

    /// The result of a build that is over; a word that is not Jenkins' own is counted.
    pub(super) fn result(&mut self, word: Option<&str>) -> Option<Outcome> {
        match word {
            Some("SUCCESS") => Some(Outcome::Success),
            Some("FAILURE") => Some(Outcome::Failure),
            Some("UNSTABLE") => Some(Outcome::Unstable),
            Some("ABORTED") => Some(Outcome::Aborted),
            Some("NOT_BUILT") => Some(Outcome::NotBuilt),
            other => {
                self.out.count(format!("result: {}", id_part(other.unwrap_or("none"))));
                None
            }
        }
    }
}

fn run_of(build: &Build<'_>, job: Option<&str>) -> Result<RunId> {
    let number = build
        .number
        .int()
        .filter(|number| *number >= 0)
        .ok_or_else(|| Error::invalid("number", "is missing or not a whole number"))?;
    let job = build
        .url
        .get()
        .and_then(|url| job_of_url(url, number))
        .or_else(|| job.map(Cow::Borrowed))
        .or_else(|| job_of_name(build, number))
        .ok_or_else(|| Error::invalid("url", "names no job, and neither does fullDisplayName"))?;
    RunId::new(job, number)
}

fn revisions(build: &Build<'_>, event: &mut Event) -> Result<()> {
    let mut branches: Vec<&str> = Vec::new();
    let revisions =
        build.actions.0.iter().filter_map(|action| action.0.as_ref()?.last_built_revision.0.as_ref());
    for revision in revisions.filter(|revision| revision.sha1.get().is_some()) {
        let commit = item(&read_sha("lastBuiltRevision.SHA1", revision.sha1.get())?);
        if event.links.iter().all(|link| link.to != commit) {
            event.links.push(Link::new(LinkKind::BuiltFrom, commit));
        }
        for name in revision.branch.0.iter().filter_map(|branch| branch.0.as_ref()?.name.get()) {
            if !branches.contains(&name) {
                branches.push(name);
            }
        }
    }
    if !branches.is_empty() {
        event.set.attributes.insert("branch".into(), branches.join(", "));
    }
    Ok(())
}

/// The builds that started a build, each once.
fn started_by(build: &Build<'_>) -> Vec<String> {
    let mut builds = Vec::new();
    let causes = build.actions.0.iter().filter_map(|action| action.0.as_ref());
    for cause in causes.flat_map(|action| &action.causes.0).filter_map(|cause| cause.0.as_ref()) {
        let path = cause.upstream_url.get().and_then(job_of_path);
        let job = path.or_else(|| cause.upstream_project.get().map(Cow::Borrowed));
        let number = cause.upstream_build.int().filter(|number| *number >= 0);
        if let (Some(job), Some(number)) = (job, number)
            && let Ok(run) = RunId::new(job, number)
            && !builds.contains(&run.item())
        {
            builds.push(run.item());
        }
    }
    builds
}

/// `folder » name #31` → `folder/name`; a build may have a display name of its own instead of `#31`.
fn job_of_name<'a>(build: &'a Build<'_>, number: i64) -> Option<Cow<'a, str>> {
    let full = build.full_display_name.get()?;
    let own = build.display_name.get().and_then(|own| full.strip_suffix(own));
    let job = own.or_else(|| full.strip_suffix(&format!("#{number}")))?.trim_end();
    Some(job.replace(" » ", "/").into())
}
