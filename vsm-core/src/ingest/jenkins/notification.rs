//! Webhooks of the notification plugin: `{"name", "url", "build": {...}}`, sent when a build begins and ends.
//!
//! | field | event |
//! |---|---|
//! | path of `build.full_url`, else of `build.url`; else job by `url` or `name`, with `build.number` | item `jenkins:<job>#<number>`, kind build |
//! | `build.phase` STARTED | result running; `timestamp` is the start |
//! | `build.phase` COMPLETED | `build.status` is the result, as in `build.rs`; `timestamp` (ms) is `ends_at`, and `duration` before it `starts_at` |
//! | `build.phase` FINALIZED | the result; `timestamp` says when everything after the build was over, which is not its end |
//! | `build.phase` QUEUED, NONE and others | counted in `ignored` |
//! | `build.scm.commit` | `built_from` link |
//! | `build.scm.branch`, `build.full_url` | attributes `branch`, `url` |
//!
//! The status that comes with STARTED is that of an earlier build and not used. Old versions of the plugin write no
//! `timestamp`: then the option `recorded_at` says when the message came, and there are no times of the build.
//! A `test_summary` is counted in `ignored`: the results themselves tell more, and two runs of one suite would be counted.
//! Notifications do not tell what started a build: a deployment brings the run itself where it checked out a commit.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::git::{item, read_sha};
use super::super::id_part;
use super::super::loose::{Object, Scalar, Text};
use super::names::{RunId, instant, job_of_path};
use super::{Reader, Record};
use crate::error::{Error, Result};
use crate::model::{Event, Kind, Link, LinkKind, Outcome};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Notified<'a> {
    #[serde(borrow)]
    full_url: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    number: Scalar<'a>,
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    duration: Scalar<'a>,
    #[serde(borrow)]
    scm: Object<Scm<'a>>,
    test_summary: Object<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Scm<'a> {
    #[serde(borrow)]
    commit: Text<'a>,
    #[serde(borrow)]
    branch: Text<'a>,
}

impl Reader<'_> {
    pub(super) fn notification(&mut self, job: &Record<'_>, build: &Notified<'_>) -> Result<()> {
        let run = run_of(job, build)?;
        let phase = build.phase.get().ok_or_else(|| Error::invalid("build.phase", "is missing"))?;
        if !matches!(phase, "STARTED" | "COMPLETED" | "FINALIZED") {
            self.out.count(format!("phase: {}", id_part(phase)));
            return Ok(());
        }
        let stamp = match &build.timestamp {
            Scalar::Absent => None,
            stamp => Some(instant("build.timestamp", stamp.int())?),
        };
        let at = stamp.or(self.options.recorded_at).ok_or_else(|| {
            Error::invalid("build.timestamp", "is missing: say when the message came with \"recorded_at\"")
        })?;
        let id = format!("{}/notified/{}@{at}", run.key(), phase.to_ascii_lowercase());
        let mut event = Event::new("jenkins", id, at, run.item());
        event.kind = Some(Kind::Build);
        if phase == "STARTED" {
            event.set.result = Some(Outcome::Running);
            event.set.starts_at = stamp;
        } else {
            event.set.result = self.result(build.status.get());
        }
        if let (Some(end), "COMPLETED") = (stamp, phase) {
            event.set.ends_at = Some(end);
            let took = build.duration.int().filter(|took| *took > 0);
            event.set.starts_at =
                took.map(|took| instant("build.duration", end.millis().checked_sub(took))).transpose()?;
        }
        if build.test_summary.0.is_some() {
            self.out.count("test summary");
        }
        let scm = build.scm.0.as_ref();
        if let Some(commit) = scm.and_then(|scm| scm.commit.get()) {
            let commit = item(&read_sha("build.scm.commit", Some(commit))?);
            event.links.push(Link::new(LinkKind::BuiltFrom, commit));
        }
        let branch = scm.and_then(|scm| scm.branch.owned());
        let attributes = [("branch", branch), ("url", build.full_url.owned())];
        for (name, value) in attributes {
            event.set.attributes.extend(value.map(|value| (name.to_owned(), value)));
        }
        self.ran(&run, event, Vec::new());
        Ok(())
    }
}

fn run_of(job: &Record<'_>, build: &Notified<'_>) -> Result<RunId> {
    let of_path = |path: &Text<'_>| RunId::of_url("build.url", path.get()?).ok();
    if let Some(run) = of_path(&build.full_url).or_else(|| of_path(&build.url)) {
        return Ok(run);
    }
    let number = build
        .number
        .int()
        .filter(|number| *number >= 0)
        .ok_or_else(|| Error::invalid("build.number", "is missing or not a whole number"))?;
    let name = || job.name.get().map(|name| name.to_owned().into());
    let job = job.url.get().and_then(job_of_path).or_else(name);
    RunId::new(job.ok_or_else(|| Error::invalid("url", "names no job, and neither does name"))?, number)
}
