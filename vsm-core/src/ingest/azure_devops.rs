//! Azure DevOps: service hooks, and the REST API's lists and objects of the same things: one object, a page (`value`), a
//! list, or JSON Lines of these. What a record is follows from its fields.
//!
//! | service hook | REST | becomes |
//! |---|---|---|
//! | `build.complete` | `_apis/build/builds` | a build |
//! | `git.pullrequest.created`, `.updated`, `.merged` | `_apis/git/…/pullrequests` | a change |
//! | `git.push` | `_apis/git/…/pushes`, `…/commits` | commits |
//! | `workitem.created`, `.updated`, `.restored`, `.commented`, `.deleted` | `_apis/wit/workitems`, `…/updates` | work |
//! | `ms.vss-release.deployment-started-event`, `…-completed-event` | `_apis/release/deployments` | a deployment |
//! | `ms.vss-release.deployment-approval-pending-event`, `…-completed-event` | `_apis/release/approvals` | a gate |
//! | `ms.vss-pipelines.run-state-changed-event` | | a build |
//! | `ms.vss-pipelinechecks-events.approval-pending`, `…-completed` | `_apis/pipelines/approvals` | a gate |
//!
//! Other hooks are counted in `ignored` by their type.
//!
//! **Ids** are numbers of an organization: `azure_devops:<organization>/build/<id>`, `…/pull/<id>`, `…/workitem/<id>`,
//! `…/deployment/<environment id>/<attempt>`, `…/approval/<id>`, `…/environment/<name>`. The organization is that of the
//! record's addresses (`dev.azure.com/<organization>`, `<organization>.visualstudio.com`), in lower case; where they say
//! none, as those of a server do, it is left out. Events of all ids end in a digest of what they say.
//!
//! **Builds.** `buildNumber` is `title` and `version`; `startTime`, `finishTime` are `starts_at`, `ends_at`; `sourceVersion`,
//! else the end of `sourceGetVersion`, is `built_from`, where it is a commit's full hash. `result`, else `status`:
//! `succeeded`, `failed`, `partiallySucceeded` unstable, `canceled` and `stopped` aborted; `inProgress`, `notStarted`,
//! `postponed`, `cancelling` running. Attributes: `definition`, `branch`, `repository`, `url`.
//!
//! **Pull requests.** `status`: `active`, `completed` done, `abandoned` cancelled. It `follows`
//! `lastMergeSourceCommit` and `commits`; where it is completed, `lastMergeCommit` `follows` it. `creationDate`,
//! `closedDate` are `starts_at`, `ends_at`. An update that is told by a hook was so at the hook's `createdDate`.
//!
//! **Commits** are items `git:<commitId>`: `comment` is `title` and `description`, `author.date` is `starts_at`,
//! `committer.date` when it was so, `parents` are `follows` links where they are given (hooks don't). Reference updates of
//! tags are counted: they may name an annotated tag's own hash instead of a commit.
//!
//! Work items are described in `work_items`, deployments and approvals of releases in `releases`, runs and approvals of
//! pipelines in YAML in `runs`.
//!
//! **Applications.** `belongs_to` is the option `applications` by the first of these names that it has: the repository, the
//! definition, the project (each by name or id), else `application`.

mod payload;
mod releases;
mod runs;
mod work_items;

use self::payload::{Commit, Record, Signature};
use super::git::message;
use super::loose::{List, Object, Text};
use super::pages::{InPages, read_pages};
use super::parts::Part;
use super::readers::Reader;
use super::told::{self, Pull, Teller, Telling, full_sha};
use super::{IngestOptions, attribute, check_key, git, id_part};
use crate::error::{Error, Result};
use crate::model::{FlowState, Kind, Link, LinkKind, Outcome};
use crate::time::Instant;

/// A hook's record.
type Top<'a> = Record<'a, Record<'a>>;

/// What a record is told with: by itself, or by the hook that it came in.
struct Told<'r> {
    organization: Option<String>,
    /// The hook's type, and when it was sent.
    hook: Option<&'r str>,
    sent: Option<Instant>,
    /// The project that the hook names.
    project: Option<&'r str>,
}

impl Told<'_> {
    fn key(&self, parts: &[&str]) -> String {
        let all: Vec<&str> = self.organization.as_deref().into_iter().chain(parts.iter().copied()).collect();
        told::key(&all)
    }
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    Ok(Box::new(Telling::new(Teller::new("azure_devops", options)?, read, <Top<'_>>::PAGES)))
}

fn read(teller: &mut Teller<'_>, part: Part<'_>) {
    for (position, record) in read_pages::<Top<'_>>(part) {
        teller.position = position;
        let record = match record {
            Ok(record) => record,
            Err(reject) => {
                teller.ingested.rejects.push(reject);
                continue;
            }
        };
        if let Err(error) = record.tell(teller) {
            let inner = record.parts.first().and_then(|part| part.0.as_ref()).unwrap_or(&record);
            let ids = [&inner.pull_request_id, &inner.work_item_id, &inner.commit_id, &inner.id, &record.id];
            let name = ids.into_iter().find_map(Text::get);
            teller.reject(name, &error);
        }
    }
}

impl<'a> Top<'a> {
    fn tell(&self, teller: &mut Teller<'_>) -> Result<()> {
        let Some(hook) = self.event_type.get() else {
            let told = Told { organization: self.organization(), hook: None, sent: None, project: None };
            return self.tell_resource(&told, teller);
        };
        let known = matches!(
            hook,
            "build.complete"
                | "git.push"
                | "ms.vss-release.deployment-started-event"
                | "ms.vss-release.deployment-completed-event"
                | "ms.vss-release.deployment-approval-pending-event"
                | "ms.vss-release.deployment-approval-completed-event"
                | "ms.vss-pipelines.run-state-changed-event"
                | "ms.vss-pipelinechecks-events.approval-pending"
                | "ms.vss-pipelinechecks-events.approval-completed"
        ) || hook.starts_with("git.pullrequest.")
            || hook.starts_with("workitem.");
        if !known {
            teller.count(format!("event: {}", id_part(hook)));
            return Ok(());
        }
        let resource = self.parts.first().and_then(|part| part.0.as_ref());
        let resource = resource.ok_or_else(|| Error::invalid("resource", "is missing"))?;
        let containers = self.resource_containers.0.as_ref();
        let base = containers.and_then(|all| all.collection.0.as_ref()?.base_url.get());
        let told = Told {
            organization: resource.organization().or_else(|| base.and_then(organization)),
            hook: Some(hook),
            sent: teller.stamps.read("createdDate", &self.created_date)?,
            project: containers.and_then(|all| all.project.0.as_ref()?.id.get()),
        };
        resource.tell_resource(&told, teller)
    }

    fn tell_resource(&self, told: &Told<'_>, teller: &mut Teller<'_>) -> Result<()> {
        let run = self.run.0.as_ref();
        if let Some(approval) = &self.approval.0 {
            if !approval.steps.0.is_empty() || run.is_some() {
                return approval.check(run, self.stage_name.get(), told, teller);
            }
            let names = self.names(told);
            return approval.approval(self.release.0.as_ref(), names, told, teller);
        }
        if let Some(run) = run {
            return run.tell(told, teller);
        }
        if self.environment.0.is_some() || self.deployment.0.is_some() {
            return releases::hook(self, told, teller);
        }
        if self.approval_type.get().is_some() {
            self.approval(None, Vec::new(), told, teller)
        } else if !self.steps.0.is_empty() {
            self.check(None, None, told, teller)
        } else if self.deployment_status.get().is_some() {
            self.deployment(told, teller)
        } else if self.pull_request_id.get().is_some() {
            self.pull(told, teller)
        } else if self.push_id.get().is_some() || !self.ref_updates.0.is_empty() {
            self.push(teller)
        } else if self.commit_id.get().is_some() {
            let commit = (&self.commit_id, &self.comment, &self.author, &self.committer, &self.parents);
            let names = self.names(told);
            tell_commit(commit, None, &names, teller)
        } else if self.fields.0.is_some() || self.work_item_id.get().is_some() {
            work_items::tell(self, told, teller)
        } else if self.build_number.get().is_some() || self.definition.0.is_some() {
            self.build(told, teller)
        } else if told.hook.is_some() {
            Err(Error::invalid(
                "resource",
                "has none of the fields by which it is known: send the hook with all details",
            ))
        } else if self.id.get().is_some() {
            teller.count("record of another kind");
            Ok(())
        } else {
            Err(Error::invalid("id", "is missing, and so is all else by which a record is known"))
        }
    }
}

impl<R> Record<'_, R> {
    /// The organization that the record's addresses name.
    fn organization(&self) -> Option<String> {
        let release = self.release.0.as_ref();
        let environment = self.environment.0.as_ref();
        let urls = [
            self.url.get(),
            self.repository.0.as_ref().and_then(|repository| repository.url.get()),
            self.release_definition.0.as_ref().and_then(|definition| definition.url.get()),
            release.and_then(|release| release.url.get()),
            release.and_then(|release| release.release_definition.0.as_ref()?.url.get()),
            environment.and_then(|environment| environment.release.0.as_ref()?.url.get()),
            self.run.0.as_ref().and_then(|run| run.pipeline.0.as_ref()?.url.get()),
        ];
        urls.into_iter().flatten().find_map(organization)
    }

    /// What the options may know the application by.
    fn names<'r>(&'r self, told: &Told<'r>) -> Vec<Option<&'r str>> {
        let repository = self.repository.0.as_ref();
        let mut names: Vec<Option<&str>> = Vec::new();
        if let Some(repository) = repository {
            names.extend([repository.name.get(), repository.id.get()]);
        }
        let release = self.release.0.as_ref();
        let named = [
            self.definition.0.as_ref(),
            self.release_definition.0.as_ref(),
            release.and_then(|release| release.release_definition.0.as_ref()),
            self.project.0.as_ref(),
            self.project_reference.0.as_ref(),
            repository.and_then(|repository| repository.project.0.as_ref()),
        ];
        names.extend(named.into_iter().flatten().flat_map(|named| [named.name.get(), named.id.get()]));
        names.push(told.project);
        names
    }

    fn build(&self, told: &Told<'_>, teller: &mut Teller<'_>) -> Result<()> {
        check_key("id", self.id.get())?;
        let key = told.key(&["build", self.id.get().unwrap_or_default()]);
        let stamps = teller.stamps;
        let start = stamps.read("startTime", &self.start_time)?;
        let finish = stamps.read("finishTime", &self.finish_time)?;
        let queued = stamps.read("queueTime", &self.queue_time)?;
        let at = finish.or(start).or(queued).or(told.sent);
        let at =
            at.ok_or_else(|| Error::invalid("finishTime", "is missing, and so are startTime and queueTime"))?;
        let word = self.result.get().filter(|result| *result != "none").or(self.status.get());
        let result = outcome(word, teller);
        let is_running = result == Some(Outcome::Running);
        let what = if is_running { "begun" } else { "finished" };
        let mut event = teller.event(&key, what, at);
        event.kind = Some(Kind::Build);
        event.set.title = self.build_number.owned();
        event.set.version = self.build_number.owned();
        event.set.result = result;
        teller.span(&mut event, start, finish.filter(|_| !is_running));
        attribute(
            &mut event.set,
            "definition",
            self.definition.0.as_ref().and_then(|definition| definition.name.get()),
        );
        attribute(
            &mut event.set,
            "repository",
            self.repository.0.as_ref().and_then(|repository| repository.name.get()),
        );
        attribute(&mut event.set, "branch", self.source_branch.get().map(branch));
        attribute(&mut event.set, "url", self.url.get());
        let got = self.source_get_version.get().and_then(|version| version.rsplit(':').next());
        match full_sha(self.source_version.get().or(got)) {
            Some(sha) => event.links.push(Link::new(LinkKind::BuiltFrom, git::item(&sha))),
            None => teller.count("build without commit"),
        }
        teller.belong(&mut event, &self.names(told));
        teller.tell(event);
        Ok(())
    }

    fn pull(&self, told: &Told<'_>, teller: &mut Teller<'_>) -> Result<()> {
        let stamps = teller.stamps;
        let state = match self.status.get() {
            Some("active") => Some(FlowState::Active),
            Some("completed") => Some(FlowState::Done),
            Some("abandoned") => Some(FlowState::Cancelled),
            None => None,
            Some(other) => {
                teller.count(format!("status: {}", id_part(other)));
                None
            }
        };
        let commit = |commit: &Object<Commit<'_>>| full_sha(commit.0.as_ref()?.commit_id.get());
        let head = commit(&self.last_merge_source_commit);
        let pull = Pull {
            key: told.key(&["pull", self.pull_request_id.get().unwrap_or_default()]),
            title: self.title.get(),
            description: self.description.get(),
            status: self.status.get(),
            state,
            author: self.created_by.name(),
            repository: self.repository.0.as_ref().and_then(|repository| repository.name.get()),
            branch: self.source_ref_name.get().map(branch),
            target: self.target_ref_name.get().map(branch),
            url: self.url.get(),
            names: self.names(told),
            commits: head.into_iter().chain(self.commits.0.iter().filter_map(commit)).collect(),
            merge: commit(&self.last_merge_commit),
            created: stamps.read("creationDate", &self.creation_date)?,
            closed: stamps.read("closedDate", &self.closed_date)?,
            // A new one was so when it was made, however late that is sent.
            seen: told.sent.filter(|_| told.hook != Some("git.pullrequest.created")),
            ..Pull::default()
        };
        teller.pull(&pull)
    }

    fn push(&self, teller: &mut Teller<'_>) -> Result<()> {
        let date = teller.stamps.read("date", &self.date)?;
        let updates = self.ref_updates.0.iter().filter_map(|update| update.0.as_ref()?.name.get());
        for name in updates.filter(|name| name.starts_with("refs/tags/")) {
            let _ = name;
            teller.count("tag");
        }
        if self.commits.0.is_empty() {
            teller.count("push without commits");
        }
        let names = match self.repository.0.as_ref() {
            Some(repository) => vec![repository.name.get(), repository.id.get()],
            None => Vec::new(),
        };
        for commit in self.commits.0.iter().filter_map(|commit| commit.0.as_ref()) {
            let fields =
                (&commit.commit_id, &commit.comment, &commit.author, &commit.committer, &commit.parents);
            if let Err(error) = tell_commit(fields, date, &names, teller) {
                teller.reject(commit.commit_id.get(), &error);
            }
        }
        Ok(())
    }
}

type CommitFields<'r, 'a> =
    (&'r Text<'a>, &'r Text<'a>, &'r Object<Signature<'a>>, &'r Object<Signature<'a>>, &'r List<Text<'a>>);

fn tell_commit(
    (id, comment, author, committer, parents): CommitFields<'_, '_>,
    pushed: Option<Instant>,
    names: &[Option<&str>],
    teller: &mut Teller<'_>,
) -> Result<()> {
    let sha = full_sha(id.get()).ok_or_else(|| Error::invalid("commitId", "is no full hash of a commit"))?;
    let (author, committer) = (author.0.as_ref(), committer.0.as_ref());
    let date = |field: &str, signature: Option<&Signature<'_>>| match signature {
        Some(signature) => teller.stamps.read(field, &signature.date),
        None => Ok(None),
    };
    let authored = date("author.date", author)?;
    let committed = date("committer.date", committer)?.or(authored).or(pushed);
    let at =
        committed.ok_or_else(|| Error::invalid("committer.date", "is missing, and so is author.date"))?;
    let mut event = teller.commit(&sha, "commit", at);
    event.set.starts_at = authored;
    message(&mut event, comment.get());
    attribute(&mut event.set, "author", author.and_then(|author| author.name.get()));
    for parent in parents.0.iter().filter_map(|parent| full_sha(parent.get())).filter(|parent| *parent != sha)
    {
        event.links.push(Link::new(LinkKind::Follows, git::item(&parent)));
    }
    teller.belong(&mut event, names);
    teller.tell(event);
    Ok(())
}

/// How a build or deployment went.
fn outcome(word: Option<&str>, teller: &mut Teller<'_>) -> Option<Outcome> {
    Some(match word.unwrap_or("none") {
        "succeeded" => Outcome::Success,
        "failed" | "rejected" => Outcome::Failure,
        "partiallySucceeded" => Outcome::Unstable,
        "canceled" | "stopped" => Outcome::Aborted,
        "notDeployed" => Outcome::NotBuilt,
        "inProgress" | "notStarted" | "postponed" | "cancelling" | "queued" | "scheduled" => Outcome::Running,
        other => {
            teller.count(format!("result: {}", id_part(other)));
            return None;
        }
    })
}

/// The name of a branch.
fn branch(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}

/// `https://dev.azure.com/<organization>/…`, `https://<organization>.visualstudio.com/…`, in lower case.
fn organization(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let name = match host.strip_suffix(".visualstudio.com") {
        Some(labels) => labels.split('.').next()?,
        None if host == "dev.azure.com" || host.ends_with(".dev.azure.com") => path.split('/').next()?,
        None => return None,
    };
    Some(name.to_lowercase()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;
