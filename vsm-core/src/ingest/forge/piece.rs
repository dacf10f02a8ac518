//! An issue, or a pull or merge request, in the form that the adapters bring it to.
//!
//! At one and the same instant events are taken in the order of their ids, which is why these begin as they do:
//! `created` before `seen`, the values of a moment, before `to`, what happened in it.

use super::{Forge, attribute, attribute_today, with_hash};
use crate::ingest::git::item;
use crate::model::{Event, Fields, FlowState, Kind, Link, LinkKind};
use crate::time::Instant;

pub(in crate::ingest) struct Piece {
    /// `owner/repo#5`.
    pub(in crate::ingest) key: String,
    pub(in crate::ingest) repository: String,
    /// The repository's number, where options may name it by that.
    pub(in crate::ingest) number: Option<String>,
    /// Change stands for a pull or merge request, anything else for an issue.
    pub(in crate::ingest) kind: Kind,
    pub(in crate::ingest) labels: Vec<String>,
    pub(in crate::ingest) created: Instant,
    pub(in crate::ingest) updated: Instant,
    /// The tool's word for what is open.
    pub(in crate::ingest) open: &'static str,
    pub(in crate::ingest) is_open: bool,
    pub(in crate::ingest) is_draft: bool,
    /// The values of the last update, but for state and status.
    pub(in crate::ingest) fields: Fields,
    /// The names of those that are known to be none.
    pub(in crate::ingest) unset: Vec<String>,
}

impl Piece {
    pub(in crate::ingest) fn is_change(&self) -> bool {
        self.kind == Kind::Change
    }

    /// An incident lasts from its beginning to its end; other issues wait and are worked on, which these don't tell.
    pub(in crate::ingest) fn lasting(mut self, closed: Option<Instant>) -> Piece {
        if self.kind == Kind::Incident {
            self.fields.starts_at = Some(self.created);
            self.fields.ends_at = closed.filter(|closed| !self.is_open && *closed >= self.created);
            if self.is_open {
                self.unset.push("ends_at".into());
            }
        }
        self
    }

    /// The beginning. The kind of an issue dates back to it unless the record is about something later, such as a
    /// label.
    pub(in crate::ingest) fn created(&self, forge: &Forge<'_>, knows_kind: bool) -> Event {
        let key = &self.key;
        let id = match knows_kind && !self.is_change() {
            true => format!("{key}/created/{}", self.kind),
            false => format!("{key}/created"),
        };
        let mut event = forge.event(id, self.created, key);
        event.kind = (knows_kind || self.is_change()).then_some(self.kind);
        if self.is_change() {
            event.set.state = Some(FlowState::Active);
            event.set.starts_at = Some(self.created);
        } else {
            event.set.state = forge.state(&[], self.open).or(Some(FlowState::New));
        }
        forge.belongs(&mut event, Some(&self.repository), self.number.as_deref());
        event
    }

    /// The values of the last update.
    pub(in crate::ingest) fn seen(&self, forge: &Forge<'_>) -> Event {
        let mut event = self.event(forge, "seen", self.updated);
        event.kind = Some(self.kind);
        event.set = self.fields.clone();
        event.clear = self.unset.clone();
        if event.set.assignee.is_none() {
            event.clear.push("assignee".into());
        }
        attribute_today(&mut event, "labels", Some(&self.labels.join(", ")));
        if self.is_open {
            self.open(forge, &mut event);
        }
        with_hash(event)
    }

    fn event(&self, forge: &Forge<'_>, what: &str, at: Instant) -> Event {
        forge.event(format!("{}/{what}/{}", self.key, at.millis()), at, &self.key)
    }

    fn open(&self, forge: &Forge<'_>, event: &mut Event) {
        if self.is_change() {
            event.set.status = Some(if self.is_draft { "draft" } else { self.open }.into());
            event.set.state = Some(FlowState::Active);
            event.clear.push("ends_at".into());
        } else {
            event.set.status = Some(self.open.into());
            event.set.state = forge.state(&self.labels, self.open).or(Some(FlowState::New));
        }
    }

    /// The end of an issue, or of a change that was not merged.
    pub(in crate::ingest) fn closed(&self, forge: &Forge<'_>, at: Instant, reason: Option<&str>) -> Event {
        let declared =
            || reason.and_then(|reason| forge.state(&[], reason)).or_else(|| forge.state(&[], "closed"));
        let state = match reason {
            _ if self.is_change() => FlowState::Cancelled,
            Some("not_planned" | "duplicate") => declared().unwrap_or(FlowState::Cancelled),
            _ => declared().unwrap_or(FlowState::Done),
        };
        let mut event = self.event(forge, "to/closed", at);
        event.id = format!("{}/{state}", event.id);
        event.set.state = Some(state);
        event.set.status = Some("closed".into());
        if self.is_change() {
            event.set.ends_at = Some(at);
        }
        event
    }

    pub(in crate::ingest) fn withdrawn(&self, forge: &Forge<'_>) -> Event {
        let mut event = self.event(forge, "to/withdrawn", self.updated);
        event.set.state = Some(FlowState::Cancelled);
        event.set.status = Some("deleted".into());
        event
    }

    pub(in crate::ingest) fn merged(&self, forge: &Forge<'_>, at: Instant) -> Event {
        let mut event = self.event(forge, "to/merged", at);
        event.kind = Some(Kind::Change);
        event.set.state = Some(FlowState::Done);
        event.set.status = Some("merged".into());
        event.set.ends_at = Some(at);
        event
    }

    /// The commit that a merge made comes after the change, and the change after its last commit: whoever has the
    /// merge has the work of the branch, squashed or not. Where the branch was only moved forward, its last
    /// commit is what arrived.
    pub(in crate::ingest) fn landed(
        &self,
        forge: &Forge<'_>,
        at: Instant,
        head: Option<String>,
        landed: Option<String>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(head) = head.filter(|head| landed.as_ref() != Some(head)) {
            let mut event = forge.event(format!("{}/to/merged/head/{head}", self.key), at, &self.key);
            event.links.push(Link::new(LinkKind::Follows, item(&head)));
            events.push(with_hash(event));
        }
        if let Some(landed) = landed {
            let id = format!("{}/to/merged/as/{landed}", self.key);
            let mut event = Event::new(forge.source, id, at, item(&landed));
            event.kind = Some(Kind::Change);
            event.links.push(Link::new(LinkKind::Follows, forge.item(&self.key)));
            events.push(with_hash(event));
        }
        events
    }

    /// What happened at a time, where it says something that the values of that time don't.
    pub(in crate::ingest) fn happened(&self, forge: &Forge<'_>, action: &str, at: Instant) -> Option<Event> {
        let mut event = self.event(forge, &format!("to/{action}"), at);
        match action {
            "reopened" => {
                self.open(forge, &mut event);
                return Some(with_hash(event));
            }
            "ready_for_review" | "review_requested" if self.is_change() => {
                attribute(&mut event.set, &format!("{action}_at"), Some(&at.to_string()));
                if action == "ready_for_review" {
                    event.set.status = Some(self.open.into());
                }
            }
            "converted_to_draft" if self.is_change() => {
                event.set.status = Some("draft".into());
                event.clear.push("ready_for_review_at".into());
            }
            _ => return None,
        }
        Some(event)
    }

    /// A review, or a comment that stands for one.
    pub(in crate::ingest) fn review(
        forge: &Forge<'_>,
        key: &str,
        id: &str,
        at: Instant,
        verdict: &str,
        by: Option<&str>,
    ) -> Event {
        let mut event = forge.event(format!("{key}/review/{id}"), at, key);
        event.kind = Some(Kind::Change);
        attribute(&mut event.set, "review", Some(verdict));
        attribute(&mut event.set, "reviewed_by", by);
        event
    }
}
