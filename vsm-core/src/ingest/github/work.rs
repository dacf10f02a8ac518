//! Issues and pull requests, which share their numbers, and reviews.

use super::{last_of_address, need_repository, repository_of_address};
use crate::error::{Error, Result};
use crate::ingest::attribute;
use crate::ingest::forge::{Forge, Node, Piece};
use crate::ingest::git::read_sha;
use crate::ingest::id_part;
use crate::model::{Event, Fields, Kind, Link, LinkKind};
use crate::time::Instant;

/// All that an object says of itself, and what the action of its webhook adds.
pub(super) fn write(
    forge: &mut Forge<'_>,
    outer: Node<'_>,
    node: Node<'_>,
    action: Option<&str>,
) -> Result<Vec<Event>> {
    let piece = piece(forge, outer, node)?;
    let mut events = whole(forge, node, &piece, action.is_none_or(|action| action == "opened"))?;
    match action {
        Some("deleted") => events.push(piece.withdrawn(forge)),
        Some("transferred") => events.extend(transferred(forge, outer, &piece)),
        Some(action) => events.extend(piece.happened(forge, action, piece.updated)),
        None => {}
    }
    Ok(events)
}

fn whole(forge: &mut Forge<'_>, node: Node<'_>, piece: &Piece, knows_kind: bool) -> Result<Vec<Event>> {
    let mut events = vec![piece.created(forge, knows_kind), piece.seen(forge)];
    if !piece.is_open {
        closed(forge, node, piece, &mut events)?;
    }
    let parent = node.text("parent_issue_url");
    if let (Some(repository), Some(number)) =
        (parent.and_then(repository_of_address), last_of_address(parent))
    {
        let parent = format!("{repository}#{number}");
        events.extend(relation(forge, LinkKind::Parent, &piece.key, &parent, piece.updated, true));
    }
    Ok(events)
}

fn piece(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>) -> Result<Piece> {
    let repository = need_repository(outer, node)?;
    let key = format!("{repository}#{}", node.need_id("number")?);
    let created = node.need_time(forge.stamps, "created_at")?;
    let updated = node.time(forge.stamps, "updated_at")?.unwrap_or(created);
    let is_open = match node.text("state") {
        Some("open") => true,
        Some("closed") => false,
        // Some webhooks leave it out; the time says the same.
        None if node.has("closed_at") => node.text("closed_at").is_none(),
        _ => return Err(Error::invalid("state", "must be open or closed")),
    };
    let label = |label: Node<'_>| label.text("name").or(label.as_text()).map(str::to_owned);
    let labels: Vec<String> = node.each("labels").filter_map(label).collect();
    // A pull request is an issue too, for the interfaces of issues; there it has a member that says so.
    let is_change = is_full(node) || node.object("pull_request").is_some();
    let kind = match is_change {
        true => Kind::Change,
        false => forge.kind(node.at("type").text("name"), &labels),
    };

    let mut fields = Fields {
        title: node.owned("title"),
        assignee: node.at("assignee").owned("login"),
        ..Fields::default()
    };
    attribute(&mut fields, "author", node.at("user").text("login"));
    attribute(&mut fields, "url", node.text("html_url"));
    attribute(&mut fields, "milestone", node.at("milestone").text("title"));
    let unset = if node.object("milestone").is_none() { vec!["milestone".to_owned()] } else { Vec::new() };
    if is_change {
        fields.description = node.owned("body");
    }
    if is_full(node) {
        let head = node.at("head");
        attribute(&mut fields, "branch", head.text("ref"));
        attribute(&mut fields, "head_sha", head.text("sha"));
        attribute(&mut fields, "target_branch", node.at("base").text("ref"));
        attribute(&mut fields, "merged_by", node.at("merged_by").text("login"));
        // Before the merge it is the commit of a trial.
        let merge = node.text("merge_commit_sha").filter(|_| node.text("merged_at").is_some());
        attribute(&mut fields, "merge_sha", merge);
    }
    let is_draft = node.flag("draft") == Some(true);
    let open = "open";
    let number = None;
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
    Ok(piece.lasting(node.time(forge.stamps, "closed_at")?))
}

/// Whether this is a pull request with its branches.
fn is_full(node: Node<'_>) -> bool {
    node.object("head").is_some() && node.object("base").is_some()
}

fn closed(forge: &mut Forge<'_>, node: Node<'_>, piece: &Piece, events: &mut Vec<Event>) -> Result<()> {
    let closed = node.time(forge.stamps, "closed_at")?.unwrap_or(piece.updated);
    let short = node.at("pull_request");
    let merged = match node.time(forge.stamps, "merged_at")? {
        Some(merged) => Some(merged),
        None => short.time(forge.stamps, "merged_at")?,
    };
    match merged.filter(|_| piece.is_change()) {
        Some(merged) => {
            events.push(piece.merged(forge, merged));
            if is_full(node) {
                let sha =
                    |field: &str, sha: Option<&str>| sha.map(|sha| read_sha(field, Some(sha))).transpose();
                let head = sha("head.sha", node.at("head").text("sha"))?;
                let landed = sha("merge_commit_sha", node.text("merge_commit_sha"))?;
                events.extend(piece.landed(forge, merged, head, landed));
            }
        }
        None if !piece.is_change() || is_full(node) || short.has("merged_at") => {
            events.push(piece.closed(forge, closed, node.text("state_reason")));
        }
        None => forge.out.count("closed pull request that doesn't say whether it was merged"),
    }
    Ok(())
}

/// A relation of two issues, which ends where `holds` is false. It is an event of its own: one that would close a circle
/// is refused alone.
pub(super) fn related(
    forge: &mut Forge<'_>,
    kind: LinkKind,
    from: Node<'_>,
    to: Node<'_>,
    holds: bool,
) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for issue in [from, to] {
        // Each names its own repository; that of the webhook may be either.
        events.extend(write(forge, issue, issue, Some("related"))?);
    }
    let key = |node: Node<'_>| Ok(format!("{}#{}", need_repository(node, node)?, node.need_id("number")?));
    let at = from.need_time(forge.stamps, "updated_at")?;
    events.extend(relation(forge, kind, &key(from)?, &key(to)?, at, holds));
    Ok(events)
}

fn relation(
    forge: &Forge<'_>,
    kind: LinkKind,
    from: &str,
    to: &str,
    at: Instant,
    holds: bool,
) -> Option<Event> {
    let end = if holds { "" } else { "no_longer_" };
    let mut event = forge.event(format!("{from}/{end}{kind}/{}/{to}", at.millis()), at, from);
    let links = if holds { &mut event.links } else { &mut event.unlinks };
    links.push(Link::new(kind, forge.item(to)));
    (from != to).then_some(event)
}

/// The issue has become another one, which is known by both names from now on.
fn transferred(forge: &Forge<'_>, outer: Node<'_>, piece: &Piece) -> Option<Event> {
    let changes = outer.at("changes");
    let repository = changes.at("new_repository").id("full_name")?;
    let alias = format!("{repository}#{}", changes.at("new_issue").id("number")?);
    let at = piece.updated;
    let mut event = forge.event(format!("{}/to/transferred/{}", piece.key, at.millis()), at, &piece.key);
    event.aliases.push(forge.item(&alias));
    (alias != piece.key).then_some(event)
}

/// An entry of a repository's list of issue events; the issue stands in it as it is today.
pub(super) fn issue_event(forge: &mut Forge<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let issue = node.object("issue").ok_or_else(|| Error::invalid("issue", "is not an object"))?;
    let at = node.need_time(forge.stamps, "created_at")?;
    let name = node.text("event").unwrap_or("none");
    let mut piece = piece(forge, node, issue)?;
    let mut events = whole(forge, issue, &piece, true)?;
    // Those of today.
    piece.labels.clear();
    let event = match name {
        "closed" if !piece.is_change() => Some(piece.closed(forge, at, node.text("state_reason"))),
        "merged" if piece.is_change() => Some(piece.merged(forge, at)),
        "convert_to_draft" => piece.happened(forge, "converted_to_draft", at),
        name => piece.happened(forge, name, at),
    };
    match event {
        Some(event) => events.push(event),
        None => forge.out.count(format!("issue event: {}", id_part(name))),
    }
    Ok(events)
}

/// A review of a pull request, from the webhook or from the list of reviews.
pub(super) fn review(
    forge: &mut Forge<'_>,
    outer: Node<'_>,
    node: Node<'_>,
    pull: Option<Node<'_>>,
) -> Result<Vec<Event>> {
    let repository = need_repository(outer, node)?;
    let number = match pull {
        Some(pull) => Some(pull.need_id("number")?),
        None => last_of_address(node.text("pull_request_url")),
    };
    let number =
        number.ok_or_else(|| Error::invalid("pull_request_url", "is missing: it names the pull request"))?;
    let key = format!("{repository}#{number}");
    let id = node.need_id("id")?;
    let state = node.text("state").ok_or_else(|| Error::invalid("state", "is missing"))?.to_lowercase();
    if state == "pending" {
        forge.out.count("review that is not submitted");
        return Ok(Vec::new());
    }
    let at = node.need_time(forge.stamps, "submitted_at")?;
    let id = format!("{id}/{}", id_part(&state));
    let review = Piece::review(forge, &key, &id, at, &state, node.at("user").text("login"));
    let mut events = match pull {
        Some(pull) => write(forge, outer, pull, None)?,
        None => Vec::new(),
    };
    events.push(review);
    Ok(events)
}

/// A comment on a pull request is a look at it, as far as anybody can tell; one on an issue is nothing that is used.
pub(super) fn comment(forge: &mut Forge<'_>, outer: Node<'_>, node: Node<'_>) -> Result<Vec<Event>> {
    let issue = outer.object("issue").filter(|issue| issue.object("pull_request").is_some());
    let number = issue.or(outer.object("pull_request")).and_then(|pull| pull.id("number"));
    let Some(number) = number.or_else(|| last_of_address(node.text("pull_request_url"))).or_else(|| {
        // `https://github.com/o/r/pull/5#issuecomment-7`
        let (_, after) = node.text("html_url")?.split_once("/pull/")?;
        after.split(['#', '/']).next().map(id_part)
    }) else {
        forge.out.count("comment");
        return Ok(Vec::new());
    };
    let key = format!("{}#{number}", need_repository(outer, node)?);
    let at = node.need_time(forge.stamps, "created_at")?;
    let id = format!("comment/{}", node.need_id("id")?);
    Ok(vec![Piece::review(forge, &key, &id, at, "commented", node.at("user").text("login"))])
}
