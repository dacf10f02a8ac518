//! The events of versions: Jira tells them only inside the issues that name them.

use std::collections::BTreeMap;

use super::context::Context;
use super::payload::{Change, Issue, Version};
use crate::error::Result;
use crate::ingest::{Ingested, check_key, id_part};
use crate::model::{Event, FlowState, Kind, Link, LinkKind};
use crate::time::Instant;

/// When a version's definition holds from: Jira doesn't say when a version was created, so "always".
const ALWAYS: Option<Instant> = Instant::from_millis(0);

/// What is said of a version; the same from however many issues counts once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    id: String,
    name: String,
    starts: String,
    ships: String,
    released: bool,
}

#[derive(Debug, Default)]
struct Seen {
    application: Option<String>,
    /// The last change of an issue that names the version.
    latest: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct Versions {
    said: BTreeMap<Said, Seen>,
    /// Names of versions that only changelogs mention, by id.
    mentioned: BTreeMap<String, String>,
}

/// The item of a version.
pub(super) fn item(id: &str) -> String {
    format!("jira:version/{}", id_part(id))
}

impl Versions {
    pub(super) fn collect(&mut self, issue: &Issue<'_>, context: &Context<'_>) {
        let Some(fields) = &issue.fields.0 else { return };
        let updated = context.stamps.read("fields.updated", &fields.updated).ok().flatten();
        let application = issue.key.get().and_then(|key| context.application(key, fields));
        for version in fields.fix_versions.0.iter().chain(&fields.versions.0).filter_map(|v| v.0.as_ref()) {
            if let Some(said) = said(version) {
                let seen = self.said.entry(said).or_default();
                if seen.application.is_none() {
                    seen.application = application.map(str::to_owned);
                }
                seen.latest = seen.latest.max(updated);
            }
        }
        let entries = issue.changelog.0.iter().flat_map(|log| log.histories.0.iter().chain(&log.values.0));
        for change in entries.filter_map(|entry| entry.0.as_ref()).flat_map(|entry| &entry.items.0) {
            if let Some(change) = &change.0 {
                self.mention(change);
            }
        }
    }

    /// A version that a webhook is about.
    pub(super) fn note(&mut self, version: &Version<'_>, at: Option<Instant>, context: &Context<'_>) {
        if let Some(said) = said(version) {
            let seen = self.said.entry(said).or_default();
            if seen.application.is_none() {
                seen.application.clone_from(&context.options.application);
            }
            seen.latest = seen.latest.max(at);
        }
    }

    fn mention(&mut self, change: &Change<'_>) {
        let field = change.field_id.get().or(change.field.get());
        if matches!(field, Some("fixVersions" | "versions" | "Fix Version" | "Version")) {
            for (id, name) in [(&change.from, &change.from_string), (&change.to, &change.to_string)] {
                if let (Some(id), Some(name)) = (id.get(), name.get())
                    && !self.mentioned.contains_key(id)
                {
                    self.mentioned.insert(id.to_owned(), name.to_owned());
                }
            }
        }
    }

    pub(super) fn write(self, context: &Context<'_>, ingested: &mut Ingested) {
        let Some(always) = ALWAYS else { return };
        for (id, name) in self.mentioned {
            if self.said.keys().all(|said| said.id != id) && check_key("id", Some(&id)).is_ok() {
                let mut event =
                    Event::new("jira", format!("{}/named/{}", part(&id), id_part(&name)), always, item(&id));
                event.kind = Some(Kind::Release);
                event.set.title = Some(name.clone());
                event.set.version = Some(name);
                ingested.events.push(event);
            }
        }
        for (said, seen) in self.said {
            let mut day = |field: &str, text: &str| {
                let day = (!text.is_empty()).then(|| context.stamps.day(field, text))?;
                if day.is_err() {
                    ingested.count(format!("version with a {field} that is not a date"));
                }
                day.ok()
            };
            let (starts, ships) = (day("startDate", &said.starts), day("releaseDate", &said.ships));
            let known = if said.released { "released" } else { "planned" };
            let or_none = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
            let dates = format!("{}/{}", or_none(&said.starts), or_none(&said.ships));
            let name = id_part(&said.name);
            let id = format!("{}/{known}/{}/{name}", part(&said.id), id_part(&dates));
            let mut event = Event::new("jira", id, always, item(&said.id));
            event.kind = Some(Kind::Release);
            event.set.title = Some(said.name.clone());
            event.set.version = Some(said.name.clone());
            event.set.state = Some(FlowState::New);
            event.set.starts_at = starts;
            // The date of a released version is when it shipped, no longer when it should.
            event.set.due_at = (!said.released && ships.is_some())
                .then(|| context.stamps.day_end("releaseDate", &said.ships).ok())
                .flatten();
            if let Some(application) = seen.application {
                event.links.push(Link::new(LinkKind::BelongsTo, application));
            }
            ingested.events.push(event);
            if let (true, Some(at)) = (said.released, ships.or(seen.latest)) {
                let shipped = if ships.is_some() { "shipped" } else { "shipped_by" };
                let id = format!("{}/{shipped}/{}", part(&said.id), at.millis());
                let mut event = Event::new("jira", id, at, item(&said.id));
                event.set.state = Some(FlowState::Done);
                event.set.released_at = ships;
                ingested.events.push(event);
            }
        }
    }
}

/// What a webhook tells of a version beside its definition: its values since then.
pub(super) fn told(
    context: &Context<'_>,
    version: &Version<'_>,
    name: &str,
    at: Instant,
    ingested: &mut Ingested,
) -> Result<()> {
    check_key("version.id", version.id.get())?;
    let Some(said) = said(version) else { return Ok(()) };
    // Shipping a version is an update of it as well, told at the same time.
    let what = name.strip_prefix("jira:version_").unwrap_or(name);
    let id = format!("{}/webhook/{}/{}", part(&said.id), at.millis(), id_part(what));
    let mut event = Event::new("jira", id, at, item(&said.id));
    event.set.title = Some(said.name.clone());
    event.set.version = Some(said.name);
    let due = (!said.ships.is_empty()).then(|| context.stamps.day_end("version.releaseDate", &said.ships));
    match due.transpose()? {
        Some(due) if !said.released => event.set.due_at = Some(due),
        None if !said.released => event.clear.push("due_at".into()),
        _ => {}
    }
    match name {
        "jira:version_deleted" => {
            event.set.state = Some(FlowState::Cancelled);
            event.set.attributes.insert("reason".into(), "deleted in Jira".into());
        }
        "jira:version_unreleased" => {
            event.set.state = Some(FlowState::New);
            event.clear.push("released_at".into());
        }
        _ => {}
    }
    ingested.events.push(event);
    Ok(())
}

fn part(id: &str) -> String {
    format!("version/{}", id_part(id))
}

fn said(version: &Version<'_>) -> Option<Said> {
    let id = version.id.get()?;
    check_key("id", Some(id)).ok()?;
    Some(Said {
        id: id.to_owned(),
        name: version.name.get().unwrap_or(id).to_owned(),
        starts: version.start_date.get().unwrap_or_default().to_owned(),
        ships: version.release_date.get().unwrap_or_default().to_owned(),
        released: version.released.flag() == Some(true),
    })
}
