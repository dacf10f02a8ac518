//! The events of one issue.

use super::changes::{Chronicle, Field, Step, Value};
use super::context::Context;
use super::links::Need;
use super::payload::{Fields, Issue, Named, Version};
use super::{links, words};
use crate::error::{Error, Result};
use crate::ingest::loose::{List, Object};
use crate::ingest::{Ingested, Reject, check_key, id_part};
use crate::model::{Event, FlowState, Kind, Link, LinkKind, Severity};
use crate::time::{Instant, Span};

/// The attribute that says why an issue is blocked.
const BLOCKED: &str = "blocked";

/// What has been said of the issue so far, as its history goes on.
#[derive(Default)]
struct Track<'v> {
    kind: Option<Kind>,
    status: Value<'v>,
    state: Option<FlowState>,
    resolution: Option<&'v str>,
    priority: Option<&'v str>,
    severity: Option<Severity>,
    parent: Option<&'v str>,
    fix_versions: Vec<&'v str>,
    affects_versions: Vec<&'v str>,
    needs: Vec<Need<'v>>,
    /// Fields that are known to have no value.
    blank: Vec<&'static str>,
}

pub(super) struct Writer<'v, 'a> {
    context: &'v Context<'v>,
    fields: &'v Fields<'a>,
    key: &'v str,
    track: Track<'v>,
}

/// Adds the events of an issue, or the reject that stands for it.
pub(super) fn write(context: &Context<'_>, issue: &Issue<'_>, position: u64, ingested: &mut Ingested) {
    if let Err(error) = try_write(context, issue, position, ingested) {
        ingested.rejects.push(Reject::new(position, issue.key.get(), &error));
    }
}

fn try_write(context: &Context<'_>, issue: &Issue<'_>, position: u64, ingested: &mut Ingested) -> Result<()> {
    let head = Head::read(context, issue)?;
    let seen = head.updated.or(head.resolved).or(head.created);
    let seen = seen.ok_or_else(|| Error::invalid("fields.updated", "is missing, and so is created"))?;
    let chronicle = head.chronicle(context, issue, position, ingested);
    let mut writer = Writer::new(context, &head);

    let dated = writer.status_is_dated(&chronicle, head.created, head.resolved);
    if let Some(created) = head.created {
        writer.created(created, &chronicle, dated, ingested);
    }
    for step in &chronicle.steps {
        writer.step(step, ingested);
    }
    // Jira's own clean-ups change issues without moving `updated`.
    let seen = chronicle.steps.last().map_or(seen, |last| last.at.max(seen));
    let mut event = writer.event_at("snapshot", seen);
    if head.created.is_none() {
        writer.belongs(&mut event);
    }
    let with_status = !(dated && writer.is_current_status());
    let closing = head.resolved.filter(|resolved| Some(*resolved) >= chronicle.last(Field::Status));
    writer.finish(event, with_status, closing, ingested);
    writer.names(&head, issue, seen, ingested);
    Ok(())
}

/// What every issue begins with.
pub(super) struct Head<'v, 'a> {
    /// The key of today.
    today: &'v str,
    fields: &'v Fields<'a>,
    pub(super) created: Option<Instant>,
    pub(super) updated: Option<Instant>,
    pub(super) resolved: Option<Instant>,
}

impl<'v, 'a> Head<'v, 'a> {
    pub(super) fn read(context: &Context<'_>, issue: &'v Issue<'a>) -> Result<Head<'v, 'a>> {
        let today = issue.key.get();
        check_key("key", today)?;
        let fields = issue.fields.0.as_ref().ok_or_else(|| Error::invalid("fields", "is missing"))?;
        let stamps = context.stamps;
        Ok(Head {
            today: today.unwrap_or_default(),
            fields,
            created: stamps.read("fields.created", &fields.created)?,
            updated: stamps.read("fields.updated", &fields.updated)?,
            resolved: stamps.read("fields.resolutiondate", &fields.resolutiondate)?,
        })
    }

    pub(super) fn chronicle(
        &self,
        context: &Context<'_>,
        issue: &'v Issue<'a>,
        position: u64,
        ingested: &mut Ingested,
    ) -> Chronicle<'v, 'a> {
        Chronicle::read(issue, context.stamps, ingested, |ingested, error| {
            ingested.rejects.push(Reject::new(position, Some(self.today), error));
        })
    }
}

impl<'v, 'a> Writer<'v, 'a> {
    pub(super) fn new(context: &'v Context<'v>, head: &Head<'v, 'a>) -> Writer<'v, 'a> {
        let key = context.item_key(head.today);
        Writer { context, fields: head.fields, key, track: Track::default() }
    }

    /// The values of today in an event; a state that a resolution dates in one of its own.
    pub(super) fn finish(
        &mut self,
        mut event: Event,
        with_status: bool,
        resolved: Option<Instant>,
        ingested: &mut Ingested,
    ) {
        self.today(&mut event, with_status, ingested);
        if let (Some(FlowState::Done | FlowState::Cancelled), Some(resolved)) = (event.set.state, resolved) {
            let mut closing = self.event_at("resolved", resolved);
            closing.set.state = event.set.state.take();
            ingested.events.push(closing);
        }
        let needs = links::relate(self.context, self.fields, self.key, &mut event, ingested);
        let own = format!("{}/", self.key);
        let (id, at) = (event.id.strip_prefix(&own).unwrap_or_default().to_owned(), event.occurred_at);
        ingested.events.push(event);
        let undated = needs.into_iter().filter(|need| !self.track.needs.contains(need));
        ingested.events.extend(undated.map(|need| need.event(self.key, &id, at, true)));
    }

    /// Forgets what was said, but for what it needs: then everything is said anew.
    pub(super) fn forget(&mut self) {
        let needs = std::mem::take(&mut self.track.needs);
        self.track = Track { needs, ..Track::default() };
    }

    /// The other names of the issue, each in an event of its own: one that can't be the issue's must not cost the issue
    /// its values.
    pub(super) fn names(
        &self,
        head: &Head<'_, '_>,
        issue: &Issue<'_>,
        seen: Instant,
        ingested: &mut Ingested,
    ) {
        let id = issue.id.get().map(|id| format!("jira:id/{}", id_part(id)));
        let moved = (self.key != head.today).then(|| format!("jira:{}", head.today));
        for alias in id.into_iter().chain(moved) {
            let mut event = self.event(&format!("known_as/{alias}"), head.created.unwrap_or(seen));
            event.aliases.push(alias);
            ingested.events.push(event);
        }
    }

    pub(super) fn event(&self, id: &str, at: Instant) -> Event {
        Event::new("jira", [self.key, "/", id].concat(), at, ["jira:", self.key].concat())
    }

    /// An event that there may be again at another time.
    pub(super) fn event_at(&self, what: &str, at: Instant) -> Event {
        self.event(&format!("{what}/{}", at.millis()), at)
    }

    /// Whether the changelog says since when the issue has the status of today.
    ///
    /// An issue that was closed without a change of status was brought in from elsewhere: then the date of its
    /// resolution says more than the date of its creation.
    fn status_is_dated(
        &self,
        chronicle: &Chronicle<'v, 'a>,
        created: Option<Instant>,
        resolved: Option<Instant>,
    ) -> bool {
        if chronicle.first(Field::Status).is_some() {
            return true;
        }
        let status = current_status(self.fields);
        let closed = || {
            let state = self.context.state(self.fields, status.id, status.name);
            matches!(state, Some(FlowState::Done | FlowState::Cancelled))
        };
        chronicle.complete && !(resolved > created && resolved.is_some() && closed())
    }

    fn is_current_status(&self) -> bool {
        let (said, now) = (self.track.status, current_status(self.fields));
        match (said.id, now.id) {
            (Some(said), Some(now)) => said == now,
            _ => said.name == now.name,
        }
    }

    /// The issue as it was created: with all its values where the changelog tells them, else with its kind.
    pub(super) fn created(
        &mut self,
        at: Instant,
        chronicle: &Chronicle<'v, 'a>,
        dated: bool,
        ingested: &mut Ingested,
    ) {
        let mut event = self.event("created", at);
        self.belongs(&mut event);
        for (field, now) in self.values_of_today() {
            let known = field == Field::Type || (chronicle.complete && (field != Field::Status || dated));
            if known {
                let value = chronicle.first(field).map_or(now, Value::before);
                self.say(field, value, &mut event, ingested);
            }
        }
        if chronicle.complete {
            let fields = self.fields;
            for id in chronicle.opening_list(Field::FixVersion, version_ids(&fields.fix_versions.0)) {
                self.join(Field::FixVersion, id, &mut event);
            }
            for id in chronicle.opening_list(Field::AffectsVersion, version_ids(&fields.versions.0)) {
                self.join(Field::AffectsVersion, id, &mut event);
            }
        }
        self.settle(&mut event, ingested);
        // A new item has nothing to clear.
        event.clear.clear();
        ingested.events.push(event);
    }

    /// One entry of the changelog.
    pub(super) fn step(&mut self, step: &Step<'v, 'a>, ingested: &mut Ingested) {
        let id = format!("history/{}", step.id);
        let mut event = self.event(&id, step.at);
        let mut needs = Vec::new();
        for (field, change) in &step.changes {
            match field {
                Field::Link => {
                    for (holds, value) in [(false, Value::before(change)), (true, Value::after(change))] {
                        let need = links::changed(self.context, value, self.key, &mut event, holds, ingested);
                        needs.extend(need.map(|need| (need, holds)));
                    }
                }
                Field::FixVersion | Field::AffectsVersion => {
                    if let Some(id) = change.from.get() {
                        self.leave(*field, id, &mut event);
                    }
                    if let Some(id) = change.to.get() {
                        self.join(*field, id, &mut event);
                    }
                }
                _ => self.say(*field, Value::after(change), &mut event, ingested),
            }
        }
        self.settle(&mut event, ingested);
        if says_something(&event) {
            ingested.events.push(event);
        }
        for (need, holds) in needs {
            self.track.needs.retain(|known| *known != need);
            if holds {
                self.track.needs.push(need);
            }
            ingested.events.push(need.event(self.key, &id, step.at, holds));
        }
    }

    /// The issue as it is now; its status only where the changelog doesn't date it.
    fn today(&mut self, event: &mut Event, with_status: bool, ingested: &mut Ingested) {
        let fields = self.fields;
        for (field, value) in self.values_of_today() {
            let nobody = (field == Field::Assignee && fields.assignee.is_some())
                || (field == Field::Due && fields.duedate.is_some());
            if (value.text().is_some() || nobody) && (with_status || field != Field::Status) {
                self.say(field, value, event, ingested);
            }
        }
        self.versions_today(Field::FixVersion, &fields.fix_versions, event);
        self.versions_today(Field::AffectsVersion, &fields.versions, event);
        self.settle(event, ingested);
        event.set.size = self.context.size(fields);
        let labels: Vec<&str> = fields.labels.0.iter().filter_map(|label| label.get()).collect();
        let sprints = fields.closed_sprints.0.iter().chain([&fields.sprint]);
        let sprints: Vec<&str> = sprints.filter_map(|sprint| sprint.0.as_ref()?.name.get()).collect();
        for (name, list, glue) in [("labels", labels, ","), ("sprint", sprints, ", ")] {
            if !list.is_empty() {
                event.set.attributes.insert(name.into(), list.join(glue));
            }
        }
        for subtask in fields.subtasks.0.iter().filter_map(|subtask| subtask.0.as_ref()?.key.get()) {
            if !self.context.keys.contains(subtask) {
                ingested.count("sub-task that the input does not have");
            }
        }
    }

    fn versions_today(&mut self, field: Field, list: &'v List<Object<Version<'a>>>, event: &mut Event) {
        let before = self.version_list(field).1.clone();
        for id in version_ids(&list.0) {
            self.join(field, id, event);
        }
        for id in before.into_iter().filter(|id| version_ids(&list.0).all(|now| now != *id)) {
            self.leave(field, id, event);
        }
    }

    fn values_of_today(&self) -> [(Field, Value<'v>); 11] {
        let fields = self.fields;
        let user = fields.assignee.as_ref().and_then(|user| user.0.as_ref());
        let user =
            user.and_then(|user| user.display_name.get().or(user.name.get()).or(user.account_id.get()));
        let named =
            |named: &'v Object<Named<'a>>| Value::named(named.0.as_ref().and_then(|named| named.name.get()));
        [
            (Field::Type, current_type(fields)),
            (Field::Status, current_status(fields)),
            (Field::Resolution, named(&fields.resolution)),
            (Field::Priority, named(&fields.priority)),
            (Field::Summary, Value::named(fields.summary.get())),
            (Field::Assignee, Value::named(user)),
            (Field::Due, Value::named(fields.duedate.as_ref().and_then(|due| due.get()))),
            (Field::Estimate, Value::named(fields.timeoriginalestimate.get())),
            (Field::Remaining, Value::named(fields.timeestimate.get())),
            (Field::Parent, Value::named(self.context.parent(fields))),
            // A list in a custom field of no fixed name: its history is told, not what it holds today.
            (Field::Flagged, Value::default()),
        ]
    }

    /// Puts the value of a field into an event.
    fn say(&mut self, field: Field, value: Value<'v>, event: &mut Event, ingested: &mut Ingested) {
        let text = || value.text().map(str::to_owned);
        match field {
            Field::Type => {
                let current = self.fields.issuetype.0.as_ref();
                let kind = self.context.kind(current, value.id, value.name, ingested);
                if kind.is_some() && kind != self.track.kind {
                    (event.kind, self.track.kind) = (kind, kind);
                }
            }
            Field::Status => {
                event.set.status = text();
                event.set.status_id = value.id.map(str::to_owned);
                self.track.status = value;
            }
            Field::Resolution => {
                self.track.resolution = value.text();
                match text() {
                    Some(resolution) => {
                        self.known("resolution");
                        event.set.attributes.insert("resolution".into(), resolution);
                    }
                    None => self.blank("resolution", event),
                }
            }
            Field::Priority => {
                self.track.priority = value.text();
                event.set.priority = self.or_blank("priority", text(), event);
            }
            Field::Summary => event.set.title = self.or_blank("title", text(), event),
            Field::Assignee => event.set.assignee = self.or_blank("assignee", text(), event),
            Field::Due => {
                let due = value.raw().map(|day| self.context.stamps.day_end("duedate", day));
                if let Some(Err(_)) = due {
                    ingested.count("due date that is not a date");
                }
                event.set.due_at = self.or_blank("due_at", due.and_then(Result::ok), event);
            }
            Field::Estimate => {
                event.set.estimate = self.or_blank("estimate", seconds(value, ingested), event)
            }
            Field::Remaining => {
                event.set.remaining = self.or_blank("remaining", seconds(value, ingested), event)
            }
            Field::Parent => {
                let parent = self.context.key_of(value.id, value.name).map(|key| self.context.item_key(key));
                if parent.is_none() && value.text().is_some() {
                    ingested.count("parent that is not an issue of the input");
                }
                let parent = parent.filter(|parent| *parent != self.key);
                if parent != self.track.parent {
                    let link = |key: &str| Link::new(LinkKind::Parent, format!("jira:{key}"));
                    event.unlinks.extend(self.track.parent.map(link));
                    event.links.extend(parent.map(link));
                    self.track.parent = parent;
                }
            }
            Field::Flagged => match text().filter(|flag| !flag.trim().is_empty()) {
                Some(flag) => {
                    self.known(BLOCKED);
                    event.set.attributes.insert(BLOCKED.into(), flag);
                }
                None => self.blank(BLOCKED, event),
            },
            Field::FixVersion | Field::AffectsVersion | Field::Link => {}
        }
    }

    fn known(&mut self, name: &'static str) {
        self.track.blank.retain(|blank| *blank != name);
    }

    /// Clears a field, unless it is known to be blank already.
    fn blank(&mut self, name: &'static str, event: &mut Event) {
        if !self.track.blank.contains(&name) {
            self.track.blank.push(name);
            event.clear.push(name.to_owned());
        }
    }

    fn or_blank<T>(&mut self, name: &'static str, value: Option<T>, event: &mut Event) -> Option<T> {
        match value {
            Some(_) => self.known(name),
            None => self.blank(name, event),
        }
        value
    }

    /// Draws from an event's status, resolution, kind and priority what they mean together.
    fn settle(&mut self, event: &mut Event, ingested: &mut Ingested) {
        let status = self.track.status;
        let spoken = event.set.status.is_some();
        let resolution = "resolution";
        let again = event.set.attributes.contains_key(resolution)
            || event.clear.iter().any(|name| name == resolution);
        if spoken || (again && status.text().is_some()) {
            let mut state = self.context.state(self.fields, status.id, status.name);
            if let (None, true, Some(status)) = (state, spoken, status.text()) {
                ingested.count(format!("status: {}", id_part(status)));
            }
            if state == Some(FlowState::Done) && self.track.resolution.is_some_and(words::gives_up) {
                state = Some(FlowState::Cancelled);
            }
            if state.is_some() && (spoken || state != self.track.state) {
                (event.set.state, self.track.state) = (state, state);
            }
        }
        let priority = self.track.priority.filter(|_| self.track.kind == Some(Kind::Defect));
        let severity = priority.and_then(words::severity);
        if let (Some(priority), None, true) = (priority, severity, event.set.priority.is_some()) {
            ingested.count(format!("priority: {}", id_part(priority)));
        }
        if severity != self.track.severity {
            event.set.severity = severity;
            if severity.is_none() {
                event.clear.push("severity".into());
            }
            self.track.severity = severity;
        }
    }

    fn version_list(&mut self, field: Field) -> (LinkKind, &mut Vec<&'v str>) {
        match field {
            Field::AffectsVersion => (LinkKind::FoundIn, &mut self.track.affects_versions),
            _ => (LinkKind::ShipsIn, &mut self.track.fix_versions),
        }
    }

    fn join(&mut self, field: Field, id: &'v str, event: &mut Event) {
        let (kind, list) = self.version_list(field);
        if !list.contains(&id) {
            list.push(id);
            event.links.push(Link::new(kind, super::versions::item(id)));
        }
    }

    fn leave(&mut self, field: Field, id: &str, event: &mut Event) {
        let (kind, list) = self.version_list(field);
        list.retain(|other| *other != id);
        event.unlinks.push(Link::new(kind, super::versions::item(id)));
    }

    pub(super) fn belongs(&self, event: &mut Event) {
        if let Some(application) = self.context.application(self.key, self.fields) {
            event.links.push(Link::new(LinkKind::BelongsTo, application));
        }
    }
}

fn current_type<'v>(fields: &'v Fields<'_>) -> Value<'v> {
    fields
        .issuetype
        .0
        .as_ref()
        .map_or(Value::default(), |kind| Value { id: kind.id.get(), name: kind.name.get() })
}

fn current_status<'v>(fields: &'v Fields<'_>) -> Value<'v> {
    fields
        .status
        .0
        .as_ref()
        .map_or(Value::default(), |status| Value { id: status.id.get(), name: status.name.get() })
}

fn version_ids<'v, 'a>(list: &'v [Object<Version<'a>>]) -> impl Iterator<Item = &'v str> + use<'v, 'a> {
    list.iter().filter_map(|version| version.0.as_ref()?.id.get())
}

fn seconds(value: Value<'_>, ingested: &mut Ingested) -> Option<Span> {
    let seconds: i64 = value.raw()?.parse().ok()?;
    if seconds < 0 {
        ingested.count("negative estimate");
        return None;
    }
    Some(Span::from_millis(seconds.saturating_mul(1_000)))
}

fn says_something(event: &Event) -> bool {
    let blank = Event::new("", "", event.occurred_at, "");
    event.kind.is_some()
        || event.set != blank.set
        || !(event.clear.is_empty() && event.links.is_empty() && event.unlinks.is_empty())
}
