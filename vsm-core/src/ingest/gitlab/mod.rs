//! GitLab, as its webhooks and its REST API (`/api/v4`) tell it: one webhook body, one object, a list, or JSON Lines of
//! these, mixed as they come. A webhook says what it is by `object_kind`, an object by its members; `X-Gitlab-Event` is not
//! needed.
//!
//! | webhook | REST | item |
//! |---|---|---|
//! | `issue`, `work_item` | `projects/…/issues` | `gitlab:<project>#<iid>`, kind by type and labels |
//! | `merge_request`, `note` on one | `…/merge_requests` | `gitlab:<project>!<iid>`, change |
//! | `push`, `tag_push` | `…/repository/commits` | `git:<sha>`, change |
//! | `pipeline` | `…/pipelines`, `…/pipelines/<id>` | `gitlab:pipeline/<id>`, build |
//! | `build`, and the `builds` of a pipeline | `…/jobs` | `gitlab:job/<id>`, build |
//! | `deployment` | `…/deployments` | `gitlab:deployment/<id>`, and `gitlab:<project>/environment/<name>` |
//! | | `approvals` of a deployment, status `blocked` | `gitlab:deployment/<id>/gate`, gate |
//! | `release` | `…/releases` | `gitlab:<project>/release/<tag>`, release |
//!
//! The **project** is its path with namespace: that of the webhook, else of `references.full`, else of the object's
//! address. It is the attribute `repository`, and says the application: option `applications` by path or by number, else
//! `application`.
//!
//! **Issues** (`<key>` is `<project>#<iid>`)
//!
//! | field | event |
//! |---|---|
//! | `created_at` | `<key>/created[/<kind>]`: state new, the application; the kind, where the record is not about a later action |
//! | `updated_at` | `<key>/seen/<ms>/<hash>`: the values of that time; while it is open also the state |
//! | `closed_at`, in webhooks `updated_at` of the action `close` | `<key>/to/closed/<ms>/<state>`: done |
//! | action `reopen` | `<key>/to/reopened/<ms>` |
//! | `issue_type` or `type`, `labels` | kind: option `kinds` by name, then names such as `incident`, `bug`, `type::bug`; else story, and counted |
//! | `labels`, `state` | state: option `states` by label, then by `opened` or `closed`; else new or done |
//! | `weight`, `due_date`, `time_estimate` (s) | `size`, `due_at` (the end of that day), `estimate` |
//! | `severity` of an incident or defect | `critical`, `high` as major, `medium` as minor, `low` as trivial |
//! | `title`, `assignees`, `milestone.title`, `web_url` | `title`, `assignee`; attributes `labels`, `milestone`, `author`, `url` |
//!
//! An issue that is an incident also has `starts_at` and `ends_at`, from its creation to its end.
//!
//! **Merge requests** are the same, with state active while open. `status` is `draft`, `opened`, `merged` or `closed`.
//!
//! | field | event |
//! |---|---|
//! | `created_at` | `starts_at` |
//! | `changes.draft` to false, `changes.reviewers` | `<key>/to/ready_for_review/<ms>`, `…/review_requested/…`: attributes `<action>_at` |
//! | actions `approved`, `approval`; a `note` | `<key>/review/…`: attributes `review` (`commented` for a note) and `reviewed_by`. The first review is the first of these that is not by the `author`, who answers in the same way |
//! | `merged_at`, in webhooks `updated_at` of the action `merge` | `<key>/to/merged/<ms>`: done, `ends_at`; a closed one `<key>/to/closed/<ms>/cancelled` |
//! | `merge_commit_sha`, else `squash_commit_sha`, else the last commit; the last commit | what arrived `follows` the merge request, which `follows` its last commit: whoever has the merge has the work of the branch, squashed or not |
//! | `description`, `source_branch`, `target_branch`, the last commit | `description`; attributes `branch`, `target_branch`, `head_sha`, `merge_sha` |
//!
//! **Pipelines and jobs** have `…/created/<hash>` at `created_at`, and `…/begun|ended/<status>/<ms>/<hash>` for the status
//! that they are in:
//! `success`; `failed`; `canceled` aborted; `skipped` not built; all others running. `started_at` and `finished_at` are
//! `starts_at` and `ends_at`; a list of pipelines has neither, and then the last update says when the status came. A pipeline is
//! `built_from` its `sha`; a job has its pipeline as `parent` and makes nothing of its own: its commit is the attribute
//! `commit`, its stage the attribute `ci_stage`.
//!
//! **Deployments** `deploys` their commit, since GitLab doesn't know which build was taken, and the pipeline (in webhooks:
//! the job) that they are the work of; the events are as above. An environment is also known as `gitlab:environment/<id>`. One that is `blocked` is asked for at a gate; who approved or rejected is told by the single object of the API
//! alone, not by webhooks.
//!
//! **Releases**: `tag_name` is the `version`, and its commit `tags` the release; done from `released_at`.
//!
//! **Pushes** give commits without parents: `commit/<sha>/pushed`, with message, author and time. The head `follows` the
//! commits of the push and the former head: GitLab doesn't tell whether it was forced. Of a long push GitLab lists twenty
//! commits; what is missing is counted.
//!
//! A later webhook about something that has ended says so in an event `…/before`, without a time of the end.
//!
//! **Ignored and counted**: milestones, other comments, notes of the API (they don't name their project), wiki pages, approvals without a time, and every other webhook.

mod deploy;
mod runs;
mod work;

#[cfg(test)]
mod tests;

use super::forge::{Forge, Node};
use super::git::message;
use super::git::{item, read_sha};
use super::parts::Part;
use super::{IngestOptions, Ingested, attribute, check_key, id_part};
use crate::error::{Error, Result};
use crate::model::{Event, Kind, Link, LinkKind};

pub(super) fn read(text: Part<'_>, options: &IngestOptions) -> Ingested {
    Forge::read("gitlab", text, options, &[], record)
}

fn record(forge: &mut Forge<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    if let Some(kind) = node.text("object_kind") {
        return webhook(forge, node, kind);
    }
    let has = |names: &[&str]| names.iter().all(|name| node.has(name));
    if has(&["event_name"]) {
        return ignore(forge, "system hook");
    }
    if has(&["body", "noteable_type"]) {
        return ignore(forge, "comment");
    }
    if has(&["approved_by"]) {
        return ignore(forge, "approvals of a merge request");
    }
    if has(&["iid", "title", "expired"]) {
        return ignore(forge, "milestone");
    }
    if has(&["iid", "title", "state"]) {
        return work::write(forge, node, node, node.has("source_branch"));
    }
    if has(&["status", "environment", "sha"]) && node.object("environment").is_some() {
        return deploy::deployment(forge, node);
    }
    if has(&["status", "stage", "name"]) {
        return runs::job(forge, node, node, None);
    }
    if has(&["status", "sha", "ref"]) {
        return runs::pipeline(forge, node, node);
    }
    if has(&["tag_name"]) {
        return deploy::release(forge, node, node.text("tag_name"));
    }
    if has(&["id", "message", "parent_ids"]) {
        return commit(forge, node);
    }
    Err(Error::invalid(
        "record",
        "is none of the webhooks and objects that are read: give webhook bodies or REST objects as GitLab sent them",
    ))
}

fn webhook(forge: &mut Forge<'_>, node: Node<'_>, kind: &str) -> Result<Vec<Event>> {
    let object = node.object("object_attributes");
    let need = || object.ok_or_else(|| Error::invalid("object_attributes", "is missing"));
    match kind {
        "push" | "tag_push" => {
            let place = Place::of(node, node);
            let total = node.number("total_commits_count").unwrap_or_default();
            if total > node.each("commits").count() as f64 {
                forge.out.count("commits that a push has and does not list");
            }
            forge.push(node, place.path.as_deref(), place.number.as_deref(), false)
        }
        "issue" | "work_item" => work::write(forge, node, need()?, false),
        "merge_request" => work::write(forge, node, need()?, true),
        "pipeline" => runs::pipeline_hook(forge, node, need()?),
        "build" => runs::job_hook(forge, node),
        "deployment" => deploy::deployment_hook(forge, node),
        "release" => deploy::release(forge, node, node.text("tag")),
        "note" => match node.object("merge_request") {
            Some(change) => work::note(forge, node, need()?, change),
            None => ignore(forge, "comment"),
        },
        other => ignore(forge, &format!("webhook: {}", id_part(other))),
    }
}

fn ignore(forge: &mut Forge<'_>, what: &str) -> Result<Vec<Event>> {
    forge.out.count(what);
    Ok(Vec::new())
}

/// A commit as the API gives it.
fn commit(forge: &mut Forge<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let sha = read_sha("id", node.text("id"))?;
    let at = node.need_time(forge.stamps, "committed_date")?;
    let mut event = Event::new(forge.source, format!("commit/{sha}"), at, item(&sha));
    event.kind = Some(Kind::Change);
    event.set.starts_at = node.time(forge.stamps, "authored_date")?;
    message(&mut event, node.text("message"));
    attribute(&mut event.set, "author", node.text("author_name"));
    for parent in node.each("parent_ids") {
        let parent = read_sha("parent_ids", parent.as_text())?;
        if parent == sha {
            return Err(Error::invalid("parent_ids", "a commit can't be its own parent"));
        }
        event.links.push(Link::new(LinkKind::Follows, item(&parent)));
    }
    Place::of(node, node).mark(forge, &mut event);
    Ok(vec![event])
}

/// The project of a record.
struct Place {
    /// Its path with namespace.
    path: Option<String>,
    number: Option<String>,
}

impl Place {
    fn of(outer: Node<'_>, object: Node<'_>) -> Place {
        let project = outer.at("project");
        let full = object.at("references").text("full").and_then(|full| full.rsplit_once(['!', '#']));
        let own = object.at("target").text("path_with_namespace");
        let path =
            project.text("path_with_namespace").or(full.map(|(path, _)| path)).or(own).map(str::to_owned);
        let path = path.or_else(|| {
            let addresses = ["web_url", "url", "deployable_url", "commit_url"];
            let job = object.at("deployable");
            let linked = [job, job.at("pipeline"), object.at("pipeline"), object.at("commit")];
            let links = linked.iter().filter_map(|node| node.text("web_url"));
            let own = object.at("_links").text("self");
            let mut links = addresses.iter().filter_map(|name| object.text(name)).chain(links).chain(own);
            links.find_map(project_of_address).or_else(|| {
                // Job webhooks give the address of the project itself.
                let path = path_of_address(outer.at("repository").text("homepage")?)?;
                Some(path.to_owned())
            })
        });
        let number = project.id("id").or_else(|| outer.id("project_id")).or_else(|| object.id("project_id"));
        let path =
            path.filter(|path| path.len() <= super::LONGEST_PART && check_key("project", Some(path)).is_ok());
        Place { path, number }
    }

    fn need(&self) -> Result<&str> {
        let missing = || Error::invalid("project", "is missing, and no address in the record names it");
        self.path.as_deref().ok_or_else(missing)
    }

    fn mark(&self, forge: &Forge<'_>, event: &mut Event) {
        forge.belongs(event, self.path.as_deref(), self.number.as_deref());
    }
}

fn path_of_address(address: &str) -> Option<&str> {
    let (_, path) = address.split_once("://")?;
    let path = path.split_once('/')?.1.trim_end_matches('/');
    (!path.is_empty()).then_some(path)
}

/// `https://host/group/project/-/jobs/5`, or without the hyphen as older versions write it → `group/project`.
fn project_of_address(address: &str) -> Option<String> {
    let path = path_of_address(address)?;
    let marks = ["/-/", "/merge_requests/", "/issues/", "/pipelines/", "/builds/", "/jobs/", "/commit/"];
    let (project, _) = marks.iter().find_map(|mark| path.split_once(mark))?;
    (!project.is_empty()).then(|| project.to_owned())
}
