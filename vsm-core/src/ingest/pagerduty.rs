//! PagerDuty incidents: webhooks V3, and the REST API v2 (`/incidents`, `/incidents/{id}`, `/log_entries`,
//! `/incidents/{id}/log_entries`): one object, a page, a list, or JSON Lines of these, in an Airbyte stream too.
//!
//! | field | event |
//! |---|---|
//! | `id` | item `pagerduty:<id>`, kind incident |
//! | `title`, else `summary`; `description` | `title`; `description` where it says something else |
//! | `status` | `status` and `state`: `triggered` new, `acknowledged` active, `resolved` done; any other is counted |
//! | `created_at` | `starts_at`, and the state new at that time |
//! | `resolved_at`; with status resolved else `last_status_change_at` | `ends_at`, and the state done at that time |
//! | `updated_at`, else `last_status_change_at` | when the other values were so |
//! | `priority.summary`, else `urgency` | `priority`; attribute `urgency` |
//! | `assignments[].assignee`, `assignees` | `assignee`: names joined by commas |
//! | `service` | attribute `service`; `belongs_to`: option `applications` by the id or name of the service, else `application` |
//! | `incident_number` or `number`, `html_url` | attributes `number`, `url` |
//! | `log_entries[]`, and log entries by themselves | the state at `created_at`: `trigger_…` and `unacknowledge_…` new, `acknowledge_…` active, `resolve_…` done; others are counted |
//!
//! A webhook is the incident in `event.data` as it was at `event.occurred_at`; where that resolves it, it ends then, and
//! where it is triggered or reopened, it has no end. Events about something else (notes, services, the ping) are counted
//! in `ignored` by their type, as are users, teams, services and priorities in lists.
//!
//! Which deployment caused an incident PagerDuty doesn't say. The acknowledgements of a list have no use here: it forgets
//! them when they time out; log entries keep them.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::elements::Pages;
use super::loose::{List, Object, Scalar, Text};
use super::pages::{InPages, read_pages};
use super::parts::Part;
use super::readers::Reader;
use super::told::{self, Incident, Teller, Telling};
use super::{IngestOptions, check_key, id_part};
use crate::error::{Error, Result};
use crate::model::{FlowState, Kind};
use crate::time::Instant;

/// An incident, a log entry, a webhook, or whatever else there is in lists. What a webhook holds has no webhook in it: a
/// type that held itself would let the input decide over the depth of the stack.
#[derive(Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a, W: Deserialize<'de>"))]
struct Record<'a, W = IgnoredAny> {
    event: Object<W>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    incident_number: Text<'a>,
    #[serde(borrow)]
    number: Text<'a>,
    #[serde(borrow)]
    title: Text<'a>,
    #[serde(borrow)]
    summary: Text<'a>,
    #[serde(borrow)]
    description: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
    #[serde(borrow)]
    updated_at: Scalar<'a>,
    #[serde(borrow)]
    resolved_at: Scalar<'a>,
    #[serde(borrow)]
    last_status_change_at: Scalar<'a>,
    #[serde(borrow)]
    urgency: Text<'a>,
    #[serde(borrow)]
    priority: Object<Named<'a>>,
    #[serde(borrow)]
    service: Object<Named<'a>>,
    #[serde(borrow)]
    assignments: List<Object<Assignment<'a>>>,
    #[serde(borrow)]
    assignees: List<Object<Named<'a>>>,
    #[serde(borrow)]
    html_url: Text<'a>,
    #[serde(borrow)]
    log_entries: List<Object<Entry<'a>>>,
    #[serde(borrow)]
    incident: Object<Named<'a>>,
    /// The same two of a record that is not in a page: there they have the keys of pages, as have its teams.
    #[serde(skip)]
    parts: Vec<Object<Record<'a, W>>>,
}

impl<W> Default for Record<'_, W> {
    fn default() -> Self {
        Record {
            event: Object::default(),
            id: Text::default(),
            kind: Text::default(),
            incident_number: Text::default(),
            number: Text::default(),
            title: Text::default(),
            summary: Text::default(),
            description: Text::default(),
            status: Text::default(),
            created_at: Scalar::default(),
            updated_at: Scalar::default(),
            resolved_at: Scalar::default(),
            last_status_change_at: Scalar::default(),
            urgency: Text::default(),
            priority: Object::default(),
            service: Object::default(),
            assignments: List::default(),
            assignees: List::default(),
            html_url: Text::default(),
            log_entries: List::default(),
            incident: Object::default(),
            parts: Vec::new(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Webhook<'a> {
    #[serde(borrow)]
    event_type: Text<'a>,
    #[serde(borrow)]
    occurred_at: Scalar<'a>,
    #[serde(borrow)]
    data: Object<Record<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Assignment<'a> {
    #[serde(borrow)]
    assignee: Object<Named<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    summary: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

impl Named<'_> {
    fn name(&self) -> Option<&str> {
        self.summary.get().or(self.name.get())
    }
}

impl<W> InPages for Record<'_, W> {
    const PAGES: Pages = Pages {
        keys: &["incidents", "incident", "log_entries", "users", "services", "teams", "priorities"],
        own: Some("id"),
    };

    /// What has an id is no page: an incident with its log entries, a log entry with its incident.
    fn keep(&mut self, page: Vec<Object<Self>>) -> Option<Vec<Object<Self>>> {
        if self.id.get().is_none() {
            return Some(page);
        }
        self.parts = page;
        None
    }
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    Ok(Box::new(Telling::new(Teller::new("pagerduty", options)?, read, <Record<'_, Webhook<'_>>>::PAGES)))
}

fn read(teller: &mut Teller<'_>, part: Part<'_>) {
    for (position, record) in read_pages::<Record<'_, Webhook<'_>>>(part) {
        teller.position = position;
        let (name, told) = match &record {
            Ok(record) => (record.name(), record.tell(teller)),
            Err(reject) => {
                teller.ingested.rejects.push(reject.clone());
                continue;
            }
        };
        if let Err(error) = told {
            teller.reject(name, &error);
        }
    }
}

impl Record<'_, Webhook<'_>> {
    fn name(&self) -> Option<&str> {
        let data = self.event.0.as_ref().and_then(|event| event.data.0.as_ref());
        self.id.get().or_else(|| data?.id.get())
    }

    fn tell(&self, teller: &mut Teller<'_>) -> Result<()> {
        if let Some(webhook) = &self.event.0 {
            return webhook.tell(teller);
        }
        let kind = self.kind.get().unwrap_or_default();
        if self.is_entry() {
            let part = self.parts.iter().filter_map(|part| part.0.as_ref()).find(|part| !part.is_entry());
            let incident =
                self.incident.0.as_ref().map(|incident| &incident.id).or(part.map(|part| &part.id));
            let at = Some(&self.created_at);
            return transition(&self.kind, &self.id, at, incident.and_then(Text::get), teller);
        }
        if !matches!(kind, "incident" | "") {
            teller.count(format!("type: {}", id_part(kind)));
            return Ok(());
        }
        let stamps = teller.stamps;
        let status = self.status.get();
        let changed = stamps.read("last_status_change_at", &self.last_status_change_at)?;
        let resolved = stamps.read("resolved_at", &self.resolved_at)?;
        let mut incident = self.incident(teller)?;
        incident.opened = stamps.read("created_at", &self.created_at)?;
        incident.resolved = resolved.or(changed.filter(|_| status == Some("resolved")));
        incident.seen = stamps.read("updated_at", &self.updated_at)?.or(changed);
        teller.incident(&incident)?;
        let parts = self.parts.iter().filter_map(|part| part.0.as_ref()).filter(|part| part.is_entry());
        let parts = parts.map(|part| (&part.kind, &part.id, &part.created_at));
        let entries = self.log_entries.0.iter().filter_map(|entry| entry.0.as_ref());
        let entries = entries.map(|entry| (&entry.kind, &entry.id, &entry.created_at));
        for (kind, id, at) in parts.chain(entries) {
            // What is but referred to has no time.
            let at = Some(at).filter(|at| **at != Scalar::Absent);
            transition(kind, id, at, self.id.get(), teller)?;
        }
        Ok(())
    }
}

impl<W> Record<'_, W> {
    fn is_entry(&self) -> bool {
        let kind = self.kind.get().unwrap_or_default();
        kind.ends_with("_log_entry") || kind.ends_with("_log_entry_reference")
    }

    /// The values of an incident, but for its times.
    fn incident(&self, teller: &mut Teller<'_>) -> Result<Incident<'_>> {
        let title = self.title.get().or(self.summary.get());
        let state = match self.status.get() {
            Some("triggered") => Some(FlowState::New),
            Some("acknowledged") => Some(FlowState::Active),
            Some("resolved") => Some(FlowState::Done),
            None => None,
            Some(other) => {
                teller.count(format!("status: {}", id_part(other)));
                None
            }
        };
        check_key("id", self.id.get())?;
        let service = self.service.0.as_ref();
        let priority = self.priority.0.as_ref().and_then(Named::name);
        Ok(Incident {
            key: self.id.owned().unwrap_or_default(),
            title,
            description: self.description.get().filter(|text| Some(*text) != title),
            status: self.status.get(),
            state,
            priority: priority.or(self.urgency.get()).map(str::to_owned),
            assignee: self.assignee(),
            attributes: vec![
                ("service", service.and_then(Named::name).map(str::to_owned)),
                ("urgency", self.urgency.owned()),
                ("number", self.incident_number.owned().or_else(|| self.number.owned())),
                ("url", self.html_url.owned()),
            ],
            names: service.map_or_else(Vec::new, |service| vec![service.id.get(), service.name()]),
            ..Incident::default()
        })
    }

    fn assignee(&self) -> Option<String> {
        let assigned = self.assignments.0.iter().filter_map(|one| one.0.as_ref()?.assignee.0.as_ref());
        let assignees = self.assignees.0.iter().filter_map(|one| one.0.as_ref());
        let mut names: Vec<&str> = Vec::new();
        for name in assigned.chain(assignees).filter_map(|named| named.name()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// The state that a log entry says its incident came to.
fn transition(
    kind: &Text<'_>,
    id: &Text<'_>,
    at: Option<&Scalar<'_>>,
    incident: Option<&str>,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let kind = kind.get().unwrap_or_default();
    let kind = kind.strip_suffix("_reference").unwrap_or(kind);
    let (status, state) = match kind.strip_suffix("_log_entry") {
        Some("trigger" | "unacknowledge") => ("triggered", FlowState::New),
        Some("acknowledge") => ("acknowledged", FlowState::Active),
        Some("resolve") => ("resolved", FlowState::Done),
        _ => {
            teller.count(format!("log entry: {}", id_part(kind)));
            return Ok(());
        }
    };
    let Some(at) = at else { return Ok(()) };
    check_key("incident.id", incident)?;
    let at = teller.stamps.read("created_at", at)?;
    let at = at.ok_or_else(|| Error::invalid("created_at", "is missing"))?;
    let what = told::key(&["log", id.get().unwrap_or(status)]);
    let mut event = teller.event(&told::key(&[incident.unwrap_or_default()]), &what, at);
    event.kind = Some(Kind::Incident);
    event.set.status = Some(status.into());
    event.set.state = Some(state);
    event.set.ends_at = (state == FlowState::Done).then_some(at);
    teller.tell(event);
    Ok(())
}

impl Webhook<'_> {
    fn tell(&self, teller: &mut Teller<'_>) -> Result<()> {
        let what = self.event_type.get().unwrap_or_default();
        let data = self.data.0.as_ref().filter(|data| data.kind.get() == Some("incident"));
        let Some(data) = data.filter(|_| what.starts_with("incident.")) else {
            teller.count(format!("event: {}", id_part(what)));
            return Ok(());
        };
        let at: Instant = teller
            .stamps
            .read("occurred_at", &self.occurred_at)?
            .ok_or_else(|| Error::invalid("occurred_at", "is missing"))?;
        let mut incident = data.incident(teller)?;
        incident.opened = teller.stamps.read("created_at", &data.created_at)?;
        match what {
            "incident.triggered" => incident.opened = incident.opened.or(Some(at)),
            "incident.resolved" => incident.resolved = Some(at),
            "incident.reopened" => incident.reopened = true,
            _ => {}
        }
        incident.seen = Some(at);
        teller.incident(&incident)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LinkKind;

    fn read(text: &str) -> crate::Ingested {
        let applications = [("S1".to_owned(), "app:pay".to_owned())].into();
        crate::ingest(
            crate::Adapter::Pagerduty,
            text.as_bytes(),
            &IngestOptions { applications, ..IngestOptions::default() },
        )
    }

    fn stream(text: &str) -> crate::ValueStream {
        let read = read(text);
        assert_eq!(read.rejects, [], "{text}");
        let mut stream = crate::ValueStream::new();
        assert_eq!(stream.apply_batch(read.events).refused, []);
        stream
    }

    const LISTED: &str = r#"{"incidents":[{"id":"P1","type":"incident","incident_number":7,"title":"Payments time out",
        "description":"Payments time out","status":"resolved","urgency":"high","created_at":"2026-03-01T09:00:00Z",
        "updated_at":"2026-03-01T11:00:00Z","last_status_change_at":"2026-03-01T10:30:00Z","resolved_at":null,
        "service":{"id":"S1","summary":"Payments"},"assignments":[{"assignee":{"summary":"Ada"}},{"assignee":{"summary":"Bo"}},3],
        "first_trigger_log_entry":{"id":"L0"},"log_entries":[{"id":"L1","type":"acknowledge_log_entry","created_at":"2026-03-01T09:05:00Z"},
        {"id":"L2","type":"notify_log_entry","created_at":"2026-03-01T09:04:00Z"}]}],"limit":25,"more":false}"#;

    #[test]
    fn an_incident_of_a_list() {
        let stream = stream(LISTED);
        let item = stream.item("pagerduty:P1").unwrap();
        assert_eq!(item.kind, Some(Kind::Incident));
        let fields = item.fields;
        assert_eq!(fields.title.as_deref(), Some("Payments time out"));
        assert_eq!((fields.description, fields.state), (None, Some(FlowState::Done)));
        assert_eq!(fields.status.as_deref(), Some("resolved"));
        assert_eq!(fields.priority.as_deref(), Some("high"));
        assert_eq!(fields.assignee.as_deref(), Some("Ada, Bo"));
        assert_eq!(fields.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
        assert_eq!(fields.ends_at.unwrap().to_string(), "2026-03-01T10:30:00.000Z");
        assert_eq!((&*fields.attributes["service"], &*fields.attributes["number"]), ("Payments", "7"));
        let links = stream.links("pagerduty:P1").unwrap();
        assert_eq!((links[0].kind, links[0].to.as_str()), (LinkKind::BelongsTo, "app:pay"));
        let states: Vec<(String, FlowState)> = stream
            .history("pagerduty:P1")
            .unwrap()
            .into_iter()
            .filter_map(|event| Some((event.occurred_at.to_string(), event.set.state?)))
            .collect();
        let expected = [
            ("2026-03-01T09:00:00.000Z", FlowState::New),
            ("2026-03-01T09:05:00.000Z", FlowState::Active),
            ("2026-03-01T10:30:00.000Z", FlowState::Done),
        ];
        assert_eq!(states, expected.map(|(at, state)| (at.to_owned(), state)));
        assert_eq!(read(LISTED).ignored, [("log entry: notify_log_entry".to_owned(), 1)].into());
    }

    fn webhook(what: &str, status: &str, at: &str) -> String {
        format!(
            r#"{{"event":{{"id":"E","event_type":"incident.{what}","resource_type":"incident","occurred_at":"2026-03-01T{at}Z",
            "data":{{"id":"P1","type":"incident","number":7,"status":"{status}","title":"Payments time out","urgency":"low",
            "priority":{{"summary":"P2"}},"service":{{"id":"S9","summary":"S1"}},"assignees":[{{"summary":"Ada"}}]}}}}}}"#
        )
        .replace('\n', "")
    }

    #[test]
    fn webhooks_tell_the_transitions() {
        let triggered = webhook("triggered", "triggered", "09:00:00");
        let resolved = webhook("resolved", "resolved", "10:00:00");
        let text = [&triggered, &webhook("acknowledged", "acknowledged", "09:10:00"), &resolved, &triggered]
            .map(|line| &**line)
            .join("\n");
        let mut stream = crate::ValueStream::new();
        let report = stream.apply_batch(read(&text).events);
        assert_eq!((report.accepted, report.duplicates), (5, 2));
        let item = stream.item("pagerduty:P1").unwrap();
        assert_eq!((item.fields.state, item.fields.priority.as_deref()), (Some(FlowState::Done), Some("P2")));
        assert_eq!(item.fields.starts_at.unwrap().to_string(), "2026-03-01T09:00:00.000Z");
        assert_eq!(item.fields.ends_at.unwrap().to_string(), "2026-03-01T10:00:00.000Z");
        assert_eq!(
            stream.links("pagerduty:P1").unwrap()[0].to,
            "app:pay",
            "known by the name of its service"
        );
        stream.apply_batch(read(&webhook("reopened", "triggered", "11:00:00")).events);
        let fields = stream.item("pagerduty:P1").unwrap().fields;
        assert_eq!((fields.state, fields.ends_at), (Some(FlowState::New), None));
    }

    #[test]
    fn log_entries_stand_by_themselves() {
        let stream = stream(
            r#"{"log_entries":[{"id":"L3","type":"resolve_log_entry","created_at":"2026-03-01T09:30:00Z","incident":{"id":"P1"}}]}"#,
        );
        let fields = stream.item("pagerduty:P1").unwrap().fields;
        assert_eq!(
            (fields.state, fields.ends_at.unwrap().to_string()),
            (Some(FlowState::Done), "2026-03-01T09:30:00.000Z".into())
        );
    }

    #[test]
    fn what_is_of_no_use_is_counted() {
        let read = read(
            r#"[{"event":{"event_type":"pagey.ping","data":{"type":"ping"}}},
            {"event":{"event_type":"incident.annotated","data":{"id":"P1","type":"incident_note"}}},
            {"id":"U1","type":"user","name":"Ada"},{"id":"P1","status":"odd","created_at":"2026-03-01T09:00:00Z"}]"#,
        );
        let ignored: Vec<(&str, u64)> = read.ignored.iter().map(|(what, n)| (what.as_str(), *n)).collect();
        let expected = [
            ("event: incident.annotated", 1),
            ("event: pagey.ping", 1),
            ("status: odd", 1),
            ("type: user", 1),
        ];
        assert_eq!(ignored, expected);
        assert_eq!(read.rejects, []);
    }

    #[test]
    fn what_cannot_be_right_is_rejected() {
        let table = [
            ("{}", "id: is missing"),
            (r#"{"id":"P1"}"#, "created: is missing"),
            (r#"{"id":"P1","created_at":"soon"}"#, "created_at: "),
            (r#"{"id":"P1","created_at":"9999-12-31T23:59:59-23:00"}"#, "created_at: the year"),
            (r#"{"id":"\u0000","created_at":"2026-03-01T09:00:00Z"}"#, "id: must not"),
            (
                r#"{"event":{"event_type":"incident.triggered","data":{"id":"P1","type":"incident"}}}"#,
                "occurred_at: is missing",
            ),
            (r#"{"id":"L1","type":"resolve_log_entry","incident":{"id":"P1"}}"#, "created_at: is missing"),
            (
                r#"{"id":"L1","type":"resolve_log_entry","created_at":"2026-03-01T09:30:00Z"}"#,
                "incident.id: is missing",
            ),
            (r#"{"incidents":[4]}"#, "the record is not an object"),
            (r#"{"id":"P1","created_at":"#, "EOF"),
        ];
        for (text, reason) in table {
            let read = read(text);
            assert_eq!(read.events, [], "{text}");
            assert!(read.rejects[0].reason.contains(reason), "{text}: {}", read.rejects[0].reason);
        }
    }
}
