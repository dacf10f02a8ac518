//! Webhooks: what Jira sends by itself when something changes.

use super::changes::{Chronicle, Field};
use super::context::Context;
use super::issue::{Head, Writer};
use super::payload::{Changelog, Fields, History, Issue, IssueLinkHook, Record, Version};
use super::versions;
use super::words::{self, Relation};
use crate::error::{Error, Result};
use crate::ingest::loose::{List, Object, Scalar, Text};
use crate::ingest::{Ingested, Reject, check_key, id_part};
use crate::model::{Event, FlowState, Link, LinkKind};
use crate::time::Instant;

/// What a webhook tells of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Created,
    Updated,
    Deleted,
}

pub(super) struct Hook<'a> {
    name: Text<'a>,
    timestamp: Scalar<'a>,
    /// With the change that it tells as the only entry of its changelog.
    pub(super) issue: Option<Issue<'a>>,
    pub(super) version: Option<Version<'a>>,
    link: Option<IssueLinkHook<'a>>,
}

impl<'a> Hook<'a> {
    pub(super) fn new(record: Record<'a>) -> Hook<'a> {
        let mut issue = record.issue.0;
        if let (Some(issue), Some(change)) = (&mut issue, record.changelog.0) {
            let updated = issue.fields.0.as_ref().map(|fields: &Fields<'_>| fields.updated.clone());
            let created = updated.filter(|at| *at != Scalar::Absent).unwrap_or(record.timestamp.clone());
            let entry = History { id: change.id, created, items: change.items };
            let histories = List(vec![Object(Some(entry))]);
            issue.changelog = Object(Some(Changelog { histories, ..Changelog::default() }));
        }
        let (name, timestamp) = (record.webhook_event, record.timestamp);
        Hook { name, timestamp, issue, version: record.version.0, link: record.issue_link.0 }
    }

    fn name(&self) -> &str {
        self.name.get().unwrap_or_default()
    }

    fn told(&self) -> Option<Told> {
        Some(match self.name() {
            "jira:issue_created" => Told::Created,
            "jira:issue_updated" => Told::Updated,
            "jira:issue_deleted" => Told::Deleted,
            _ => return None,
        })
    }

    /// The issue, where the webhook is about one: others bring a part of one along.
    pub(super) fn own_issue(&self) -> Option<&Issue<'a>> {
        self.issue.as_ref().filter(|_| self.told().is_some())
    }

    /// The version, with the time of the webhook.
    pub(super) fn own_version(&self, context: &Context<'_>) -> Option<(&Version<'a>, Option<Instant>)> {
        let at = context.stamps.read("timestamp", &self.timestamp).ok().flatten();
        self.version
            .as_ref()
            .filter(|_| self.name().starts_with("jira:version_"))
            .map(|version| (version, at))
    }

    pub(super) fn write(&self, context: &Context<'_>, position: u64, ingested: &mut Ingested) {
        if let Err(error) = self.try_write(context, position, ingested) {
            let key = self.issue.as_ref().and_then(|issue| issue.key.get());
            ingested.rejects.push(Reject::new(position, key, &error));
        }
    }

    fn try_write(&self, context: &Context<'_>, position: u64, ingested: &mut Ingested) -> Result<()> {
        let at = context.stamps.read("timestamp", &self.timestamp)?;
        let dated = || at.ok_or_else(|| Error::invalid("timestamp", "is missing"));
        match self.name() {
            name if self.told().is_some() => {
                let missing = || Error::invalid("issue", format!("is missing from the webhook {name}"));
                let issue = self.issue.as_ref().ok_or_else(missing)?;
                let told = self.told().unwrap_or(Told::Updated);
                write_issue(context, issue, told, dated()?, position, ingested)
            }
            name if name.starts_with("jira:version_") => {
                let version = self.version.as_ref();
                let version =
                    version.ok_or_else(|| Error::invalid("version", "is missing from the webhook"))?;
                versions::told(context, version, name, dated()?, ingested)
            }
            name @ ("issuelink_created" | "issuelink_deleted") => {
                let holds = name == "issuelink_created";
                let link = self.link.as_ref();
                let link = link.ok_or_else(|| Error::invalid("issueLink", "is missing from the webhook"))?;
                self.link(link, holds, dated()?, ingested)
            }
            name => {
                ingested.count(format!("webhook {}", id_part(name)));
                Ok(())
            }
        }
    }

    /// A link, which names its issues by their ids: those are aliases of theirs.
    fn link(
        &self,
        link: &IssueLinkHook<'_>,
        holds: bool,
        at: Instant,
        ingested: &mut Ingested,
    ) -> Result<()> {
        let end = |field: &str, id: &Text<'_>| {
            check_key(field, id.get())?;
            Ok(format!("jira:id/{}", id.get().unwrap_or_default()))
        };
        let source = end("issueLink.sourceIssueId", &link.source_issue_id)?;
        let target = end("issueLink.destinationIssueId", &link.destination_issue_id)?;
        check_key("issueLink.id", link.id.get())?;
        let id = link.id.get().unwrap_or_default();
        let link_type = link.issue_link_type.0.as_ref();
        let text = |text: Option<&Text<'_>>| text.and_then(Text::get).unwrap_or_default().to_owned();
        let name = text(link_type.map(|of| &of.name));
        if link_type.is_some_and(|of| of.is_sub_task_link_type.flag() == Some(true)) || source == target {
            // The sub-task's own webhook says who its parent is.
            ingested.count(format!("link type: {}", id_part(&name)));
            return Ok(());
        }
        let (outward, inward) =
            (text(link_type.map(|of| &of.outward_name)), text(link_type.map(|of| &of.inward_name)));
        let relation = words::relation(&name, &outward, &inward);
        if relation == Relation::Unknown {
            ingested.count(format!("link type: {}", id_part(&name)));
        }
        let (item, to, kind) = match relation {
            Relation::DependsOn => (source, target, LinkKind::DependsOn),
            Relation::Blocks => (target, source, LinkKind::DependsOn),
            Relation::Relates | Relation::Unknown => (source, target, LinkKind::Relates),
        };
        let word = if holds { "created" } else { "deleted" };
        let mut event = Event::new("jira", format!("link/{}/{word}", id_part(id)), at, item);
        let links = if holds { &mut event.links } else { &mut event.unlinks };
        links.push(Link::new(kind, to));
        ingested.events.push(event);
        Ok(())
    }
}

/// Adds the events of a webhook about an issue.
fn write_issue(
    context: &Context<'_>,
    issue: &Issue<'_>,
    told: Told,
    at: Instant,
    position: u64,
    ingested: &mut Ingested,
) -> Result<()> {
    let head = Head::read(context, issue)?;
    let seen = head.updated.unwrap_or(at);
    let mut writer = Writer::new(context, &head);
    let mut with_status = true;
    let mut closing = head.resolved;
    if told == Told::Created {
        // Nothing has changed yet: its values of today are those that it was created with.
        let chronicle = Chronicle { complete: true, ..Chronicle::default() };
        writer.created(head.created.unwrap_or(seen), &chronicle, true, ingested);
        with_status = false;
    } else {
        let chronicle = head.chronicle(context, issue, position, ingested);
        // What the change means depends on what there was before; that itself was told when it came about.
        writer.created(seen, &chronicle, true, &mut Ingested::default());
        for step in &chronicle.steps {
            writer.step(step, ingested);
            with_status &= step.changes.iter().all(|(field, _)| *field != Field::Status);
        }
        closing = closing.filter(|resolved| Some(*resolved) >= chronicle.last(Field::Status));
        // Webhooks get lost, and this may be the first one: all values are said, whether or not they changed.
        writer.forget();
    }
    // Several webhooks may tell of the same instant, but only of one change each.
    let change = issue.changelog.0.as_ref().and_then(|log| log.histories.0.first()?.0.as_ref()?.id.get());
    let mut event = match change {
        Some(id) => writer.event(&format!("webhook/{}", id_part(id)), seen),
        None => writer.event_at("webhook", at),
    };
    event.occurred_at = seen;
    if told != Told::Created {
        writer.belongs(&mut event);
    }
    writer.finish(event, with_status, closing, ingested);
    if told == Told::Deleted {
        let mut event = writer.event_at("deleted", at);
        event.set.state = Some(FlowState::Cancelled);
        event.set.attributes.insert("reason".into(), "deleted in Jira".into());
        ingested.events.push(event);
    }
    writer.names(&head, issue, seen, ingested);
    Ok(())
}
