//! GitHub, as its webhooks and its REST API tell it: one webhook body, one object, a list or an answer page of the API
//! (`workflow_runs`, `check_runs`, `items`, ...), or JSON Lines of these, mixed as they come. Webhook bodies and objects
//! are told apart by their members, so nobody has to pass `X-GitHub-Event` on.
//!
//! | webhook | REST | item |
//! |---|---|---|
//! | `issues`, `sub_issues`, `issue_dependencies` | `repos/…/issues`, `…/issues/events`, `search/issues` | `github:<owner>/<repo>#<number>`, kind by type and labels |
//! | `pull_request`, `pull_request_review`, `issue_comment` and `pull_request_review_comment` of one | `…/pulls`, `…/pulls/<n>/reviews`, `…/issues/comments`, `…/pulls/comments` | `github:<owner>/<repo>#<number>`, change |
//! | `push` | `…/commits`, `…/pulls/<n>/commits` | `git:<sha>`, change |
//! | `workflow_run` | `…/actions/runs` | `github:run/<id>`, build |
//! | `workflow_job`, `check_run` | `…/runs/<id>/jobs`, `…/check-runs` | `github:check/<id>`, build: a job of Actions is the check run with its id |
//! | `check_suite` | `…/check-suites` | `github:suite/<id>`, build; that of a workflow run is an alias of the run |
//! | `deployment`, `deployment_status` | `…/deployments`, `…/deployments/<id>/statuses` | `github:deployment/<id>`, and `github:<owner>/<repo>/environment/<name>` |
//! | `deployment_review` | | `github:run/<id>/gate/<environment>`, gate |
//! | `release` | `…/releases` | `github:release/<id>`, release |
//!
//! The **repository** is that of the webhook, else the one in an object's addresses. It is the attribute
//! `repository`, and says the application: option `applications` by full name, else `application`.
//!
//! **Issues** (`<key>` is `<owner>/<repo>#<number>`)
//!
//! | field | event |
//! |---|---|
//! | `created_at` | `<key>/created[/<kind>]`: state new, the application; the kind, where the record is not about a later action |
//! | `updated_at` | `<key>/seen/<ms>/<hash>`: the values of that time; while it is open also the state |
//! | `closed_at`, `state_reason` | `<key>/to/closed/<ms>/<state>`: done; `not_planned` and `duplicate` are cancelled |
//! | action or issue event `reopened` | `<key>/to/reopened/<ms>` |
//! | action `transferred`, `deleted` | the new item is an alias; state cancelled |
//! | `type.name`, `labels` | kind: option `kinds` by name, then names such as `bug`, `type: bug`, `kind/bug`; else story, and counted |
//! | `parent_issue_url`; webhooks `sub_issues`, `issue_dependencies` | `parent`, `depends_on`, each as an event of its own: `<key>/[no_longer_]parent/<ms>/<other>` |
//! | `labels`, `state` | state: option `states` by label, then by `open`, `closed` or the reason; else new, done or cancelled |
//! | `title`, `assignee`, `labels`, `milestone.title`, `user`, `html_url` | `title`, `assignee`; attributes `labels`, `milestone`, `author`, `url` |
//!
//! An issue that is an incident also has `starts_at` and `ends_at`, from its creation to its end.
//!
//! **Pull requests** are the same, with state active while open. `status` is `draft`, `open`, `merged` or `closed`.
//!
//! | field | event |
//! |---|---|
//! | `created_at` | `starts_at` |
//! | action or issue event `ready_for_review`, `review_requested`, `reopened` | `<key>/to/<action>/<ms>`; the first two set attributes `<action>_at` |
//! | a review's `submitted_at`, a comment's `created_at` | `<key>/review/<id>/<state>`, `<key>/review/comment/<id>`: attributes `review` (`commented` for a comment) and `reviewed_by`. The first review is the first of these that is not by the `author`, who answers in the same way |
//! | `merged_at`; else `closed_at` | `<key>/to/merged/<ms>`: done, `ends_at`; else `<key>/to/closed/<ms>/cancelled` |
//! | `merge_commit_sha`, `head.sha` of a merged one | the merge commit `follows` the pull request, which `follows` its last commit: whoever has the merge commit has the work of the branch, squashed or not |
//! | `body`, `head.ref`, `base.ref`, `head.sha`, `merge_commit_sha` | `description`; attributes `branch`, `target_branch`, `head_sha`, `merge_sha` |
//!
//! **Runs, jobs and checks** are told as `…/begun` at their start and `…/ended/<ms>` at their end; a run again for every
//! attempt. A run is `built_from` its `head_sha`. A job or check has its run or suite as `parent`; neither is said to
//! be built from the commit, for it makes nothing: its commit is the attribute `commit`.
//! `conclusion`: `success`; `failure`, `timed_out`, `startup_failure` are failure; `cancelled`, `stale` aborted; `skipped`
//! not built; `neutral`, `action_required` and others set no result and are counted.
//!
//! **Deployments** `deploys` the commit `sha`, since GitHub doesn't know which build was taken, and the workflow run that
//! a webhook names, where it ran for this commit. They are running from `created_at`. A status (`…/begun|ended|other/<id>` at its `created_at`) `success` ends them, so do `failure` and `error`;
//! `inactive` only says that another one has taken the place. An asked-for **review** is a gate that `gates` the workflow run
//! (and the deployment, where a status says that it waits for it), with `asked_at`, the reviewers as `approver` and in
//! the end `decision` and `decided_by`.
//!
//! **Releases**: `tag_name` is the `version`, `published_at` is `released_at` and makes it done, unless it is a
//! pre-release. Which commit the tag names is for the push or the repository to say.
//!
//! **Pushes** give commits without parents: `commit/<sha>/pushed`, with message, author and time. The head `follows`
//! the commits of the push and the former head, unless it was forced. A pushed tag sets `tag`.
//!
//! **Ignored and counted**: comments on issues and commits, commit statuses (the checks and the tools behind them say more), milestones,
//! merge groups, created and deleted references, and every other webhook. A review of a deployment in REST form names
//! neither its run nor its time and is a reject.

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

/// The members that hold the entries of an answer page.
pub(super) const PAGES: &[&str] = &["workflow_runs", "jobs", "check_runs", "check_suites", "items"];

pub(super) fn read(text: Part<'_>, options: &IngestOptions) -> Ingested {
    Forge::read("github", text, options, PAGES, record)
}

fn record(forge: &mut Forge<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    if let Some(action) = node.text("action") {
        return webhook(forge, node, action);
    }
    let has = |names: &[&str]| names.iter().all(|name| node.has(name));
    if has(&["ref", "before", "after"]) {
        let is_forced = node.flag("forced") == Some(true);
        return forge.push(node, repository(node, node).as_deref(), None, is_forced);
    }
    if has(&["event", "issue", "created_at"]) {
        return work::issue_event(forge, node);
    }
    if has(&["state", "submitted_at"]) || has(&["state", "pull_request_url", "commit_id"]) {
        return work::review(forge, node, node, None);
    }
    if has(&["number", "open_issues"]) {
        return ignore(forge, "milestone");
    }
    if has(&["number", "state", "created_at"]) {
        return work::write(forge, node, node, None);
    }
    if has(&["head_sha", "workflow_id"]) {
        return runs::run(forge, node, node);
    }
    if has(&["head_sha", "run_id"]) || has(&["head_sha", "check_suite"]) {
        return runs::check(forge, node, node);
    }
    if has(&["head_sha", "app"]) {
        return runs::suite(forge, node, node);
    }
    if has(&["state", "deployment_url"]) {
        return deploy::status(forge, node, node, None);
    }
    if has(&["sha", "environment"]) {
        return deploy::deployment(forge, node, node);
    }
    if has(&["tag_name"]) {
        return deploy::release(forge, node, node, None);
    }
    if has(&["sha", "commit", "parents"]) {
        return commit(forge, node);
    }
    if has(&["sha", "context"]) || has(&["state", "context"]) {
        return ignore(forge, "commit status");
    }
    if has(&["body", "issue_url"]) || has(&["body", "pull_request_review_id"]) {
        return work::comment(forge, node, node);
    }
    if has(&["ref_type"]) {
        return ignore(forge, "created or deleted reference");
    }
    if has(&["zen"]) {
        return ignore(forge, "ping");
    }
    if has(&["sender"]) {
        return ignore(forge, "webhook: other");
    }
    Err(Error::invalid(
        "record",
        "is none of the webhooks and objects that are read: give webhook bodies or REST objects as GitHub sent them",
    ))
}

fn webhook(forge: &mut Forge<'_>, node: Node<'_>, action: &str) -> Result<Vec<Event>> {
    if node.has("thread") {
        return ignore(forge, "comment");
    }
    if let Some(comment) = node.object("comment") {
        return match action {
            "created" => work::comment(forge, node, comment),
            _ => ignore(forge, "comment"),
        };
    }
    if let Some(status) = node.object("deployment_status") {
        return deploy::status(forge, node, status, node.object("deployment"));
    }
    if let Some(deployment) = node.object("deployment") {
        return deploy::deployment(forge, node, deployment);
    }
    if node.has("since")
        && let Some(run) = node.object("workflow_run")
    {
        return deploy::review(forge, node, run, action);
    }
    if let Some(review) = node.object("review") {
        return work::review(forge, node, review, node.object("pull_request"));
    }
    if let Some(object) = node.object("pull_request").or(node.object("issue")) {
        return work::write(forge, node, object, Some(action));
    }
    if let Some(check) = node.object("check_run").or(node.object("workflow_job")) {
        return runs::check(forge, node, check);
    }
    if let Some(suite) = node.object("check_suite") {
        return runs::suite(forge, node, suite);
    }
    if let Some(run) = node.object("workflow_run") {
        return runs::run(forge, node, run);
    }
    if let Some(release) = node.object("release") {
        return deploy::release(forge, node, release, Some(action));
    }
    let holds = !action.ends_with("_removed");
    if let (Some(part), Some(whole)) = (node.object("sub_issue"), node.object("parent_issue")) {
        return work::related(forge, LinkKind::Parent, part, whole, holds);
    }
    if let (Some(blocked), Some(blocking)) = (node.object("blocked_issue"), node.object("blocking_issue")) {
        return work::related(forge, LinkKind::DependsOn, blocked, blocking, holds);
    }
    let other = ["milestone", "merge_group", "label", "client_payload", "member", "team", "package", "alert"];
    let name = other.into_iter().find(|name| node.has(name)).unwrap_or("other");
    ignore(forge, &format!("webhook: {name}"))
}

fn ignore(forge: &mut Forge<'_>, what: &str) -> Result<Vec<Event>> {
    forge.out.count(what);
    Ok(Vec::new())
}

/// A commit as the API gives it.
fn commit(forge: &mut Forge<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let sha = read_sha("sha", node.text("sha"))?;
    let commit = node.at("commit");
    let at = commit.at("committer").need_time(forge.stamps, "date")?;
    let mut event = Event::new(forge.source, format!("commit/{sha}"), at, item(&sha));
    event.kind = Some(Kind::Change);
    event.set.starts_at = commit.at("author").time(forge.stamps, "date")?;
    message(&mut event, commit.text("message"));
    attribute(&mut event.set, "author", commit.at("author").text("name"));
    for parent in node.each("parents") {
        let parent = read_sha("parents", parent.text("sha"))?;
        if parent == sha {
            return Err(Error::invalid("parents", "a commit can't be its own parent"));
        }
        event.links.push(Link::new(LinkKind::Follows, item(&parent)));
    }
    forge.belongs(&mut event, repository(node, node).as_deref(), None);
    Ok(vec![event])
}

/// The full name of the repository: what the webhook says, else what the object says itself, else what its addresses do.
fn repository(outer: Node<'_>, object: Node<'_>) -> Option<String> {
    let named = outer.at("repository").text("full_name");
    let own = || object.at("base").at("repo").text("full_name").or(object.at("repository").text("full_name"));
    let name = named.or_else(own).map(str::to_owned).or_else(|| {
        let addresses = ["repository_url", "url", "deployment_url", "pull_request_url", "html_url"];
        addresses.iter().find_map(|name| repository_of_address(object.text(name)?))
    })?;
    check_key("repository", Some(&name)).ok().map(|()| name)
}

fn need_repository(outer: Node<'_>, object: Node<'_>) -> Result<String> {
    repository(outer, object)
        .ok_or_else(|| Error::invalid("repository", "is missing, and no address in the record names it"))
}

/// `https://api.github.com/repos/o/r/issues/5` or `https://github.com/o/r/pull/5` → `o/r`.
fn repository_of_address(address: &str) -> Option<String> {
    let (_, path) = address.split_once("://")?;
    let path = match path.split_once("/repos/") {
        Some((_, path)) => path,
        None => path.split_once('/')?.1,
    };
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let name = format!("{}/{}", parts.next()?, parts.next()?);
    check_key("repository", Some(&name)).ok().map(|()| name)
}

/// What stands behind the last slash of an address.
fn last_of_address(address: Option<&str>) -> Option<String> {
    let last = address?.trim_end_matches('/').rsplit('/').next()?;
    (!last.is_empty()).then(|| id_part(last))
}
