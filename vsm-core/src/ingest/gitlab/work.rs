//! Issues and merge requests.

use super::Place;
use crate::error::{Error, Result};
use crate::ingest::attribute;
use crate::ingest::forge::{Forge, Node, Piece};
use crate::ingest::git::read_sha;
use crate::ingest::id_part;
use crate::model::{Event, Fields, Kind, Severity};
use crate::time::{Instant, Span};

/// All that an object says of itself, and what the action of its webhook adds.
pub(super) fn write(
    forge: &mut Forge<'_>,
    outer: Node<'_>,
    node: Node<'_>,
    is_change: bool,
) -> Result<Vec<Event>> {
    let piece = piece(forge, outer, node, is_change)?;
    let action = node.text("action");
    let mut events =
        vec![piece.created(forge, action.is_none_or(|action| action == "open")), piece.seen(forge)];
    let state = node.text("state").unwrap_or_default();
    if state == "merged" && is_change {
        let (at, is_known) = end(forge, node, &piece, "merged_at", "merge")?;
        events.push(ended(piece.merged(forge, at), is_known));
        let sha = |name: &str| node.text(name).map(|sha| read_sha(name, Some(sha))).transpose();
        let head = head(node).map(|head| read_sha("sha", Some(head))).transpose()?;
        let landed = sha("merge_commit_sha")?.or(sha("squash_commit_sha")?).or_else(|| head.clone());
        events.extend(piece.landed(forge, at, head, landed));
    } else if !piece.is_open {
        let (at, is_known) = end(forge, node, &piece, "closed_at", "close")?;
        events.push(ended(piece.closed(forge, at, None), is_known));
    }
    if let Some(action) = action {
        happened(forge, outer, &piece, action, &mut events);
    }
    Ok(events)
}

/// When it ended. Webhooks leave the time out; there the action of ending it is an update like any other, and whatever
/// comes later only shows that it has ended before.
fn end(
    forge: &Forge<'_>,
    node: Node<'_>,
    piece: &Piece,
    field: &str,
    action: &str,
) -> Result<(Instant, bool)> {
    Ok(match node.time(forge.stamps, field)? {
        Some(at) => (at, true),
        None => (piece.updated, node.text("action").is_none_or(|said| said == action)),
    })
}

fn ended(mut event: Event, is_known: bool) -> Event {
    if !is_known {
        event.id.push_str("/before");
        event.set.ends_at = None;
    }
    event
}

/// The last commit of a merge request: REST has it as `sha`, webhooks as an object.
fn head(node: Node<'_>) -> Option<&str> {
    node.text("sha").or(node.at("last_commit").text("id"))
}

fn piece(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>, is_change: bool) -> Result<Piece> {
    let place = Place::of(outer, node);
    let repository = place.need()?.to_owned();
    let key = format!("{repository}{}{}", if is_change { '!' } else { '#' }, node.need_id("iid")?);
    let created = node.need_time(forge.stamps, "created_at")?;
    let updated = node.time(forge.stamps, "updated_at")?.unwrap_or(created);
    let is_open = match node.text("state") {
        // A merge request is locked while it is being merged.
        Some("opened" | "reopened" | "locked") => true,
        Some("closed" | "merged") => false,
        _ => return Err(Error::invalid("state", "must be opened, closed or merged")),
    };
    let label = |label: Node<'_>| label.text("title").or(label.as_text()).map(str::to_owned);
    let mut labels: Vec<String> = node.each("labels").filter_map(label).collect();
    if labels.is_empty() {
        labels = outer.each("labels").filter_map(label).collect();
    }
    let kind = match is_change {
        true => Kind::Change,
        false => forge.kind(node.text("issue_type").or(node.text("type")), &labels),
    };

    let assignee = [node.at("assignee"), outer.at("assignee")].into_iter();
    let assignees = node.each("assignees").chain(outer.each("assignees"));
    let mut fields = Fields {
        title: node.owned("title"),
        assignee: assignees.chain(assignee).find_map(|user| user.owned("username")),
        ..Fields::default()
    };
    let opener = outer.at("user").text("username").filter(|_| node.text("action") == Some("open"));
    attribute(&mut fields, "author", node.at("author").text("username").or(opener));
    attribute(&mut fields, "url", node.text("web_url").or(node.text("url")));
    attribute(&mut fields, "milestone", node.at("milestone").text("title"));
    // Webhooks name a milestone by number alone.
    let is_none = if node.has("milestone") {
        node.object("milestone").is_none()
    } else {
        node.has("milestone_id") && node.id("milestone_id").is_none()
    };
    let unset = if is_none { vec!["milestone".to_owned()] } else { Vec::new() };
    if is_change {
        fields.description = node.owned("description");
        attribute(&mut fields, "branch", node.text("source_branch"));
        attribute(&mut fields, "target_branch", node.text("target_branch"));
        attribute(&mut fields, "head_sha", head(node));
        attribute(&mut fields, "merge_sha", node.text("merge_commit_sha"));
        let merger = node.at("merge_user").text("username").or(node.at("merged_by").text("username"));
        attribute(&mut fields, "merged_by", merger);
    } else {
        fields.size = node.number("weight").filter(|weight| weight.is_finite());
        if let Some(due) = node.text("due_date") {
            fields.due_at = Some(forge.stamps.day_end("due_date", due)?);
        }
        let estimate = node.number("time_estimate").or(node.at("time_stats").number("time_estimate"));
        fields.estimate = estimate
            .filter(|seconds| (1.0..1e9).contains(seconds))
            .map(|s| Span::from_millis((s * 1e3) as i64));
        if matches!(kind, Kind::Incident | Kind::Defect) {
            fields.severity = severity(node.text("severity").unwrap_or_default());
        }
    }
    let is_draft = node.flag("draft").or(node.flag("work_in_progress")) == Some(true);
    let (open, number) = ("opened", place.number);
    let piece = Piece {
        key,
        repository,
        number,
        kind,
        labels,
        created,
        updated,
        open,
        is_open,
        is_draft,
        fields,
        unset,
    };
    let (closed, is_known) = end(forge, node, &piece, "closed_at", "close")?;
    Ok(piece.lasting(Some(closed).filter(|_| is_known)))
}

fn severity(word: &str) -> Option<Severity> {
    Some(match word.to_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" => Severity::Major,
        "medium" => Severity::Minor,
        "low" => Severity::Trivial,
        _ => return None,
    })
}

/// What the action of a webhook and its list of changes add; all of it happened at the update.
fn happened(forge: &Forge<'_>, outer: Node<'_>, piece: &Piece, action: &str, events: &mut Vec<Event>) {
    let at = piece.updated;
    let by = outer.at("user").text("username");
    let mut review = |verdict: &str| {
        let id = format!("{}/{verdict}/{}", id_part(by.unwrap_or("somebody")), at.millis());
        events.push(Piece::review(forge, &piece.key, &id, at, verdict, by));
    };
    match action {
        "approved" | "approval" if piece.is_change() => review("approved"),
        "unapproved" | "unapproval" if piece.is_change() => review("dismissed"),
        "reopen" => events.extend(piece.happened(forge, "reopened", at)),
        _ => {}
    }
    let changes = outer.at("changes");
    match changes.at("draft").flag("current") {
        Some(true) => events.extend(piece.happened(forge, "converted_to_draft", at)),
        Some(false) => events.extend(piece.happened(forge, "ready_for_review", at)),
        None => {}
    }
    if changes.at("reviewers").each("current").next().is_some() {
        events.extend(piece.happened(forge, "review_requested", at));
    }
}

/// A note on a merge request is a look at it, as far as anybody can tell; the system's own notes are not.
pub(super) fn note(
    forge: &mut Forge<'_>,
    outer: Node<'_>,
    node: Node<'_>,
    change: Node<'_>,
) -> Result<Vec<Event>> {
    if node.flag("system") == Some(true) {
        forge.out.count("comment");
        return Ok(Vec::new());
    }
    let key = format!("{}!{}", Place::of(outer, change).need()?, change.need_id("iid")?);
    let at = node.need_time(forge.stamps, "created_at")?;
    let id = format!("comment/{}", node.need_id("id")?);
    Ok(vec![Piece::review(forge, &key, &id, at, "commented", outer.at("user").text("username"))])
}
