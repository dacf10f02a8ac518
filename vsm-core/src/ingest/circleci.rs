//! CircleCI: the webhooks `workflow-completed` and `job-completed`, and of the API v2 pipelines (`/pipeline`,
//! `/project/{slug}/pipeline`, `/pipeline/{id}`) and workflows (`/pipeline/{id}/workflow`, `/workflow/{id}`): one object, a
//! page (`items`), a list, or JSON Lines of these.
//!
//! A run of a **workflow** is a build:
//!
//! | field | event |
//! |---|---|
//! | `id` (webhook: `workflow.id`) | item `circleci:workflow/<id>`, kind build |
//! | `name` | `title` |
//! | `created_at`, `stopped_at` | `starts_at`, `ends_at` |
//! | `status` | `result`: `success`; `failed`, `error` failure; `canceled` aborted; `unauthorized`, `not_run` not built; `running`, `failing`, `on_hold` running; any other is counted |
//! | `pipeline.vcs.revision` | `built_from` the commit |
//! | `pipeline_id` | `built_from` `circleci:pipeline/<id>`, which is another name of that commit: see below |
//! | `pipeline.vcs.branch`, `pipeline.vcs.tag`, `workflow.url`, `pipeline_number` | attributes `branch`, `tag`, `url`, `pipeline` |
//! | `project.slug`, `project_slug` | attribute `project`; `belongs_to`: option `applications` by the slug, else `application` |
//!
//! A workflow is told as it starts (`begun`) and as it is over (`finished`); ids end in a digest of what is said.
//!
//! A **pipeline** says which commit its workflows run on, and in the API the workflows themselves don't. So
//! `circleci:pipeline/<id>` is an alias of the commit, and a workflow finds its commit whichever of the two is read
//! first; webhooks tell the alias too. `vcs.tag` becomes the commit's `tag`. A pipeline without revision is counted.
//!
//! A **job** is a part of a workflow and no build by itself: of its webhook is used that the workflow was running, and the
//! job is counted, as are jobs of the API. Tests, approvals and deployments are not in these payloads.

use serde::Deserialize;

use super::elements::Pages;
use super::loose::{Object, Scalar, Text};
use super::pages::{InPages, read_pages};
use super::parts::Part;
use super::readers::Reader;
use super::told::{self, Teller, Telling, full_sha};
use super::{IngestOptions, attribute, check_key, id_part};
use crate::error::{Error, Result};
use crate::model::{Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

/// A webhook, a pipeline or a workflow: they are told apart by what they hold.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Record<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
    #[serde(borrow)]
    stopped_at: Scalar<'a>,
    #[serde(borrow)]
    pipeline_id: Text<'a>,
    #[serde(borrow)]
    pipeline_number: Text<'a>,
    #[serde(borrow)]
    project_slug: Text<'a>,
    #[serde(borrow)]
    vcs: Object<Vcs<'a>>,
    /// What tells a pipeline and a job.
    #[serde(borrow)]
    number: Text<'a>,
    #[serde(borrow)]
    job_number: Text<'a>,

    #[serde(borrow)]
    workflow: Object<Workflow<'a>>,
    #[serde(borrow)]
    pipeline: Object<Pipeline<'a>>,
    #[serde(borrow)]
    project: Object<Project<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Workflow<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
    #[serde(borrow)]
    stopped_at: Scalar<'a>,
    #[serde(borrow)]
    url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pipeline<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    number: Text<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
    #[serde(borrow)]
    vcs: Object<Vcs<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vcs<'a> {
    #[serde(borrow)]
    revision: Text<'a>,
    #[serde(borrow)]
    branch: Text<'a>,
    #[serde(borrow)]
    tag: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Project<'a> {
    #[serde(borrow)]
    slug: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

impl InPages for Record<'_> {
    const PAGES: Pages = Pages { keys: &["items"], own: None };
}

/// A workflow as both sources tell it.
#[derive(Default)]
struct Run<'r> {
    id: Option<&'r str>,
    name: Option<&'r str>,
    status: Option<&'r str>,
    created: Option<Instant>,
    stopped: Option<Instant>,
    url: Option<&'r str>,
    pipeline: Option<&'r str>,
    number: Option<&'r str>,
    vcs: Option<&'r Vcs<'r>>,
    project: Option<&'r str>,
    names: Vec<Option<&'r str>>,
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    Ok(Box::new(Telling::new(Teller::new("circleci", options)?, read, <Record<'_>>::PAGES)))
}

fn read(teller: &mut Teller<'_>, part: Part<'_>) {
    for (position, record) in read_pages::<Record<'_>>(part) {
        teller.position = position;
        match &record {
            Ok(record) => {
                if let Err(error) = record.tell(teller) {
                    let workflow = record.workflow.0.as_ref();
                    let name = workflow.and_then(|workflow| workflow.id.get()).or(record.id.get());
                    teller.reject(name, &error);
                }
            }
            Err(reject) => teller.ingested.rejects.push(reject.clone()),
        }
    }
}

impl Record<'_> {
    fn tell(&self, teller: &mut Teller<'_>) -> Result<()> {
        match self.kind.get() {
            Some("workflow-completed") => self.webhook(true, teller),
            Some("job-completed") => {
                teller.count("job");
                self.webhook(false, teller)
            }
            _ if self.pipeline_id.get().is_some() => self.workflow(teller),
            _ if self.job_number.get().is_some() || matches!(self.kind.get(), Some("build" | "approval")) => {
                teller.count("job");
                Ok(())
            }
            None if self.number.get().is_some() || self.vcs.0.is_some() => {
                let created = teller.stamps.read("created_at", &self.created_at)?;
                check_key("id", self.id.get())?;
                if !commit(self.id.get(), created, self.vcs.0.as_ref(), teller)? {
                    teller.count("pipeline without revision");
                }
                Ok(())
            }
            Some(other) => {
                teller.count(format!("type: {}", id_part(other)));
                Ok(())
            }
            None => {
                Err(Error::invalid("id", "is of no webhook, pipeline or workflow: their fields are missing"))
            }
        }
    }

    fn webhook(&self, is_over: bool, teller: &mut Teller<'_>) -> Result<()> {
        let stamps = teller.stamps;
        let workflow = self.workflow.0.as_ref().ok_or_else(|| Error::invalid("workflow", "is missing"))?;
        let pipeline = self.pipeline.0.as_ref();
        let project = self.project.0.as_ref();
        let vcs = pipeline.and_then(|pipeline| pipeline.vcs.0.as_ref());
        let run = Run {
            id: workflow.id.get(),
            name: workflow.name.get(),
            status: if is_over { workflow.status.get() } else { Some("running") },
            created: stamps.read("workflow.created_at", &workflow.created_at)?,
            stopped: stamps.read("workflow.stopped_at", &workflow.stopped_at)?.filter(|_| is_over),
            url: workflow.url.get(),
            pipeline: None,
            number: pipeline.and_then(|pipeline| pipeline.number.get()),
            vcs,
            project: project.and_then(|project| project.slug.get()),
            names: project.map_or_else(Vec::new, |project| vec![project.slug.get(), project.name.get()]),
        };
        run.tell(teller)?;
        if let Some(pipeline) = pipeline {
            let created = stamps.read("pipeline.created_at", &pipeline.created_at)?.or(run.created);
            commit(pipeline.id.get(), created, vcs, teller)?;
        }
        Ok(())
    }

    fn workflow(&self, teller: &mut Teller<'_>) -> Result<()> {
        let run = Run {
            id: self.id.get(),
            name: self.name.get(),
            status: self.status.get(),
            created: teller.stamps.read("created_at", &self.created_at)?,
            stopped: teller.stamps.read("stopped_at", &self.stopped_at)?,
            pipeline: self.pipeline_id.get(),
            number: self.pipeline_number.get(),
            project: self.project_slug.get(),
            names: vec![self.project_slug.get()],
            ..Run::default()
        };
        run.tell(teller)
    }
}

impl Run<'_> {
    fn tell(&self, teller: &mut Teller<'_>) -> Result<()> {
        check_key("id", self.id)?;
        let key = told::key(&["workflow", self.id.unwrap_or_default()]);
        let result = match self.status {
            Some("success") => Some(Outcome::Success),
            Some("failed" | "error") => Some(Outcome::Failure),
            Some("canceled" | "cancelled") => Some(Outcome::Aborted),
            Some("unauthorized" | "not_run") => Some(Outcome::NotBuilt),
            Some("running" | "failing" | "on_hold") => Some(Outcome::Running),
            other => {
                teller.count(format!("status: {}", id_part(other.unwrap_or("none"))));
                None
            }
        };
        let is_over = result != Some(Outcome::Running);
        let stopped = self.stopped.filter(|_| is_over);
        let at = stopped.or(self.created);
        let at = at.ok_or_else(|| Error::invalid("created_at", "is missing, and so is stopped_at"))?;
        let mut event = teller.event(&key, if is_over { "finished" } else { "begun" }, at);
        event.kind = Some(Kind::Build);
        event.set.title = self.name.map(str::to_owned);
        event.set.result = result;
        teller.span(&mut event, self.created, stopped);
        attribute(&mut event.set, "url", self.url);
        attribute(&mut event.set, "pipeline", self.number);
        attribute(&mut event.set, "project", self.project);
        if let Some(vcs) = self.vcs {
            attribute(&mut event.set, "branch", vcs.branch.get());
            attribute(&mut event.set, "tag", vcs.tag.get());
        }
        let revision = self.vcs.and_then(|vcs| full_sha(vcs.revision.get()));
        match (revision, self.pipeline) {
            (Some(sha), _) => event.links.push(Link::new(LinkKind::BuiltFrom, super::git::item(&sha))),
            (None, Some(id)) => {
                let commit = teller.item(&told::key(&["pipeline", id]));
                event.links.push(Link::new(LinkKind::BuiltFrom, commit));
            }
            (None, None) => teller.count("workflow without revision"),
        }
        teller.belong(&mut event, &self.names);
        teller.tell(event);
        Ok(())
    }
}

/// Tells the commit of a pipeline; whether there was one.
fn commit(
    pipeline: Option<&str>,
    created: Option<Instant>,
    vcs: Option<&Vcs<'_>>,
    teller: &mut Teller<'_>,
) -> Result<bool> {
    let Some((vcs, sha)) = vcs.and_then(|vcs| Some((vcs, full_sha(vcs.revision.get())?))) else {
        return Ok(false);
    };
    let (Some(pipeline), Some(at)) = (pipeline, created) else {
        return Err(Error::invalid("pipeline", "has no id or no created_at"));
    };
    let key = told::key(&["pipeline", pipeline]);
    let mut event = teller.commit(&sha, &key, at);
    event.aliases.push(teller.item(&key));
    event.set.tag = vcs.tag.owned();
    teller.tell(event);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> crate::Ingested {
        let applications = [("gh/acme/shop".to_owned(), "app:shop".to_owned())].into();
        crate::ingest(
            crate::Adapter::Circleci,
            text.as_bytes(),
            &IngestOptions { applications, ..IngestOptions::default() },
        )
    }

    fn sha() -> String {
        "1d".repeat(20)
    }

    fn webhook(kind: &str, status: &str) -> String {
        format!(
            r#"{{"id":"w1","type":"{kind}","happened_at":"2026-03-01T09:10:01Z","webhook":{{"id":"h","name":"n"}},
            "project":{{"id":"p","name":"shop","slug":"gh/acme/shop"}},"organization":{{"id":"o","name":"acme"}},
            "workflow":{{"id":"f1","name":"build-deploy","created_at":"2026-03-01T09:00:00.5Z","stopped_at":"2026-03-01T09:10:00Z",
            "status":"{status}","url":"https://ci/f1"}},"job":{{"id":"j","status":"success"}},
            "pipeline":{{"id":"q1","number":13,"created_at":"2026-03-01T08:59:59Z","vcs":{{"revision":"{}","branch":"main"}}}}}}"#,
            sha()
        )
        .replace('\n', "")
    }

    #[test]
    fn a_workflow_that_is_over() {
        let mut stream = crate::ValueStream::new();
        let text = [webhook("job-completed", "success"), webhook("workflow-completed", "failed")].join("\n");
        let read = read(&text);
        assert_eq!((read.rejects.len(), &read.ignored), (0, &[("job".to_owned(), 1)].into()));
        let report = stream.apply_batch(read.events);
        // Both tell of the same pipeline.
        assert_eq!((report.accepted, report.duplicates, report.refused), (3, 1, vec![]));
        let item = stream.item("circleci:workflow/f1").unwrap();
        assert_eq!((item.kind, item.fields.result), (Some(Kind::Build), Some(Outcome::Failure)));
        assert_eq!(item.fields.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.500Z");
        assert_eq!(item.fields.ends_at.unwrap().to_string(), "2026-03-01T09:10:00.000Z");
        assert_eq!(
            (&*item.fields.attributes["branch"], &*item.fields.attributes["pipeline"]),
            ("main", "13")
        );
        let links: Vec<String> =
            stream.links("circleci:workflow/f1").unwrap().into_iter().map(|link| link.to).collect();
        assert!(
            links.contains(&format!("git:{}", sha())) && links.contains(&"app:shop".to_owned()),
            "{links:?}"
        );
    }

    #[test]
    fn a_workflow_of_the_api_finds_its_commit() {
        let workflow = r#"{"items":[{"id":"f2","pipeline_id":"q2","pipeline_number":14,"name":"build","project_slug":"gh/acme/shop",
            "status":"success","created_at":"2026-03-02T09:00:00Z","stopped_at":"2026-03-02T09:05:00Z"},
            {"id":"f3","pipeline_id":"q2","name":"hold","status":"on_hold","created_at":"2026-03-02T09:00:00Z"}],"next_page_token":null}"#
            .replace('\n', "");
        let pipeline = format!(
            r#"{{"items":[{{"id":"q2","number":14,"project_slug":"gh/acme/shop","state":"created","created_at":"2026-03-02T08:59:00Z",
            "vcs":{{"revision":"{}","tag":"v1.2"}}}}]}}"#,
            sha()
        )
        .replace('\n', "");
        for text in [format!("{workflow}\n{pipeline}"), format!("{pipeline}\n{workflow}")] {
            let read = read(&text);
            assert_eq!((read.rejects.len(), read.ignored.len()), (0, 0));
            let mut stream = crate::ValueStream::new();
            assert_eq!(stream.apply_batch(read.events).refused, []);
            let commit = stream.item(&format!("git:{}", sha())).unwrap();
            assert_eq!(commit.fields.tag.as_deref(), Some("v1.2"));
            let links = stream.links("circleci:workflow/f2").unwrap();
            assert!(
                links
                    .iter()
                    .any(|link| link.kind == LinkKind::BuiltFrom
                        && stream.item(&link.to).unwrap().id == commit.id),
                "{links:?}"
            );
            assert_eq!(stream.item("circleci:workflow/f3").unwrap().fields.result, Some(Outcome::Running));
        }
    }

    #[test]
    fn what_is_of_no_use_is_counted() {
        let read = read(
            r#"[{"id":"x","type":"ping"},{"id":"q","number":1,"created_at":"2026-03-02T08:59:00Z","vcs":{"revision":"abc"}},
            {"id":"j","job_number":3,"status":"success"},
            {"id":"f","pipeline_id":"q","status":"odd","created_at":"2026-03-02T08:59:00Z"}]"#,
        );
        let ignored: Vec<&str> = read.ignored.keys().map(String::as_str).collect();
        assert_eq!(ignored, ["job", "pipeline without revision", "status: odd", "type: ping"]);
        assert_eq!((read.events.len(), read.rejects.len()), (1, 0));
    }

    #[test]
    fn what_cannot_be_right_is_rejected() {
        let table = [
            ("{}", "id: is of no webhook"),
            (r#"{"type":"workflow-completed"}"#, "workflow: is missing"),
            (r#"{"type":"workflow-completed","workflow":{"status":"success"}}"#, "id: is missing"),
            (
                r#"{"type":"workflow-completed","workflow":{"id":"f","status":"success"},"pipeline":{"vcs":{"revision":"1d1d"}}}"#,
                "created_at: is missing",
            ),
            (
                r#"{"id":"f","pipeline_id":"q","status":"success","created_at":"2026-03-32T00:00:00Z"}"#,
                "created_at: ",
            ),
            (r#"{"id":"q","number":1,"created_at":"10000-01-01T00:00:00Z"}"#, "created_at: "),
            (r#"{"items":[null]}"#, "not an object"),
            (r#"{"items":[{"id":"q""#, "EOF"),
        ];
        for (text, reason) in table {
            let read = read(text);
            assert_eq!(read.events, [], "{text}");
            assert!(read.rejects[0].reason.contains(reason), "{text}: {}", read.rejects[0].reason);
        }
        let read = read(
            r#"{"id":"f","pipeline_id":"q","status":"success","created_at":"2026-03-02T09:00:00Z","stopped_at":"2026-03-02T08:00:00Z"}"#,
        );
        assert_eq!(read.ignored, [("end before the start".to_owned(), 1)].into());
    }
}
