//! Opsgenie alerts: the webhooks of an integration, and the REST API (`/v2/alerts`, `/v2/alerts/{id}`), with its incidents
//! (`/v1/incidents`) too: one object, a page (`data`), a list, or JSON Lines of these.
//!
//! | field | event |
//! |---|---|
//! | `alertId`, else `id` | item `opsgenie:<id>`, kind incident |
//! | `message`; `description` | `title`; `description` |
//! | `status` | `status`; `state`: `open` new, or active with `acknowledged`; `resolved` and `closed` done; any other is counted |
//! | `createdAt` | `starts_at`, and the state new at that time |
//! | `report.ackTime`, `report.closeTime` (ms) | that long after `createdAt` the states active and done, and `ends_at` |
//! | `updatedAt` | when the other values were so; a closed alert without `report` ended then |
//! | `priority` | `priority`, `P1` to `P5`; a bare number gets its P |
//! | `owner` or `ownerTeam` | `assignee` |
//! | `entity`, `source`, `alias`, `tinyId`, `tags` | attributes of these names |
//! | `impactedServices`, `entity`, `responders`, `teams`, `tags`, `integration` | `belongs_to`: option `applications` by the first of them that it has, else `application` |
//!
//! A webhook is the alert as it was at `alert.updatedAt`, and its `action` says what became of it: `Create` new,
//! `Acknowledge` active, `UnAcknowledge` new, `Close` done, `Delete` cancelled. After other actions (notes, owners,
//! escalations, priorities) the values are read, and no state. A webhook without alert is counted by its action.
//!
//! Times are numbers there, milliseconds in one field and nanoseconds in another: their size says which
//! (`timestamp`, the rule `epoch by magnitude`). An alert that is deduplicated (`count`) stays one incident.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::elements::Pages;
use super::loose::{List, Object, Scalar, Text};
use super::pages::{InPages, read_pages};
use super::parts::Part;
use super::readers::Reader;
use super::told::{self, Incident, Teller, Telling};
use super::{IngestOptions, id_part};
use crate::error::{Error, Result};
use crate::model::{FlowState, Kind};
use crate::time::Instant;

/// An alert, an incident, or a webhook. What a webhook holds has no webhook in it: a type that held itself would let the
/// input decide over the depth of the stack.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a, A: Deserialize<'de> + Default"))]
struct Record<'a, A = IgnoredAny> {
    #[serde(borrow)]
    action: Text<'a>,
    alert: Object<A>,
    #[serde(borrow)]
    integration_name: Text<'a>,

    #[serde(borrow)]
    alert_id: Text<'a>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    tiny_id: Text<'a>,
    #[serde(borrow)]
    alias: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    description: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    acknowledged: Scalar<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
    #[serde(borrow)]
    updated_at: Scalar<'a>,
    #[serde(borrow)]
    report: Object<Report<'a>>,
    #[serde(borrow)]
    priority: Text<'a>,
    #[serde(borrow)]
    owner: Text<'a>,
    #[serde(borrow)]
    owner_team: Text<'a>,
    #[serde(borrow)]
    entity: Text<'a>,
    /// A text in an alert, an object in a webhook.
    #[serde(borrow)]
    source: Text<'a>,
    #[serde(borrow)]
    tags: List<Text<'a>>,
    #[serde(borrow)]
    impacted_services: List<Text<'a>>,
    #[serde(borrow)]
    teams: List<Text<'a>>,
    #[serde(borrow)]
    responders: List<Object<Named<'a>>>,
    #[serde(borrow)]
    integration: Object<Named<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Report<'a> {
    #[serde(borrow)]
    ack_time: Scalar<'a>,
    #[serde(borrow)]
    close_time: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

impl<A> InPages for Record<'_, A> {
    const PAGES: Pages = Pages { keys: &["data"], own: None };
}

pub(super) fn reader(options: &IngestOptions) -> Result<Box<dyn Reader + '_>> {
    Ok(Box::new(Telling::new(Teller::new("opsgenie", options)?, read, <Record<'_, Record<'_>>>::PAGES)))
}

fn read(teller: &mut Teller<'_>, part: Part<'_>) {
    for (position, record) in read_pages::<Record<'_, Record<'_>>>(part) {
        teller.position = position;
        match &record {
            Ok(record) => {
                if let Err(error) = record.tell(teller) {
                    let alert = record.alert.0.as_ref();
                    let name = record.id.get().or_else(|| alert?.alert_id.get());
                    teller.reject(name, &error);
                }
            }
            Err(reject) => teller.ingested.rejects.push(reject.clone()),
        }
    }
}

impl Record<'_, Record<'_>> {
    fn tell(&self, teller: &mut Teller<'_>) -> Result<()> {
        let Some(action) = self.action.get() else {
            let state = self.state(teller);
            return self.tell_alert(state, self.status.get(), None, teller);
        };
        let Some(alert) = &self.alert.0 else {
            teller.count(format!("action: {}", id_part(action)));
            return Ok(());
        };
        let (state, status) = match action {
            "Create" | "UnAcknowledge" => (Some(FlowState::New), Some("open")),
            "Acknowledge" => (Some(FlowState::Active), Some("acknowledged")),
            "Close" => (Some(FlowState::Done), Some("closed")),
            "Delete" => (Some(FlowState::Cancelled), Some("deleted")),
            _ => (None, None),
        };
        alert.tell_alert(state, status, self.integration_name.get(), teller)
    }
}

impl<A> Record<'_, A> {
    fn state(&self, teller: &mut Teller<'_>) -> Option<FlowState> {
        match self.status.get()? {
            "open" if self.acknowledged.flag() == Some(true) => Some(FlowState::Active),
            "open" => Some(FlowState::New),
            "resolved" | "closed" => Some(FlowState::Done),
            other => {
                teller.count(format!("status: {}", id_part(other)));
                None
            }
        }
    }

    fn tell_alert(
        &self,
        state: Option<FlowState>,
        status: Option<&str>,
        integration: Option<&str>,
        teller: &mut Teller<'_>,
    ) -> Result<()> {
        let id = self.alert_id.get().or(self.id.get());
        let id = id.ok_or_else(|| Error::invalid("id", "is missing, and so is alertId"))?;
        let opened = teller.stamps.read("createdAt", &self.created_at)?;
        let seen = teller.stamps.read("updatedAt", &self.updated_at)?;
        let report = self.report.0.as_ref();
        let after = |field: &str, span: Option<&Scalar<'_>>| match (opened, span.and_then(Scalar::int)) {
            (Some(opened), Some(millis)) if millis > 0 => opened
                .millis()
                .checked_add(millis)
                .and_then(Instant::from_millis)
                .map(Some)
                .ok_or_else(|| Error::invalid(field, "the year must be between 1 and 9999")),
            _ => Ok(None),
        };
        let acknowledged = after("report.ackTime", report.map(|report| &report.ack_time))?;
        let closed = after("report.closeTime", report.map(|report| &report.close_time))?;
        let priority = self.priority.get().map(|priority| match priority.parse::<u8>() {
            Ok(number) => format!("P{number}"),
            Err(_) => priority.to_owned(),
        });
        let tags: Vec<&str> = self.tags.0.iter().filter_map(Text::get).collect();
        let named = self.responders.0.iter().filter_map(|one| one.0.as_ref()).chain(&self.integration.0);
        let mut names: Vec<Option<&str>> = self.impacted_services.0.iter().map(Text::get).collect();
        names.push(self.entity.get());
        names.extend(named.flat_map(|named| [named.id.get(), named.name.get()]));
        names.extend(self.teams.0.iter().chain(&self.tags.0).map(Text::get));
        names.push(integration);
        let incident = Incident {
            key: told::key(&[id]),
            title: self.message.get(),
            description: self.description.get(),
            status,
            state,
            priority,
            assignee: self.owner.owned().or_else(|| self.owner_team.owned()),
            attributes: vec![
                ("entity", self.entity.owned()),
                ("source", self.source.owned()),
                ("alias", self.alias.owned()),
                ("tinyId", self.tiny_id.owned()),
                ("tags", Some(tags.join(", "))),
            ],
            names,
            opened,
            resolved: closed.or(seen),
            seen,
            ..Incident::default()
        };
        teller.incident(&incident)?;
        if let Some(at) = acknowledged {
            let mut event = teller.event(&incident.key, "acknowledged", at);
            event.kind = Some(Kind::Incident);
            event.set.state = Some(FlowState::Active);
            teller.tell(event);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> crate::Ingested {
        let applications = [("shop".to_owned(), "app:shop".to_owned())].into();
        crate::ingest(
            crate::Adapter::Opsgenie,
            text.as_bytes(),
            &IngestOptions { applications, ..IngestOptions::default() },
        )
    }

    fn webhook(action: &str, seconds: u32) -> String {
        format!(
            r#"{{"action":"{action}","alert":{{"alertId":"a-1","tinyId":"2","message":"Disk full","alias":"disk","entity":"db",
            "tags":["night","shop"],"createdAt":1772355600000,"updatedAt":{}000123,"priority":3,"source":"probe"}},
            "source":{{"name":"web","type":"API"}},"integrationName":"Webhook"}}"#,
            1_772_355_600_000_u64 + u64::from(seconds) * 1_000
        )
        .replace('\n', "")
    }

    #[test]
    fn webhooks_tell_what_became_of_an_alert() {
        let text =
            [webhook("Create", 0), webhook("AddNote", 30), webhook("Acknowledge", 60), webhook("Close", 600)];
        let read = read(&text.join("\n"));
        assert_eq!((read.rejects.len(), read.ignored.len()), (0, 0));
        let mut stream = crate::ValueStream::new();
        assert_eq!(stream.apply_batch(read.events).refused, []);
        let item = stream.item("opsgenie:a-1").unwrap();
        assert_eq!(item.kind, Some(Kind::Incident));
        assert_eq!(
            (item.fields.title.as_deref(), item.fields.priority.as_deref()),
            (Some("Disk full"), Some("P3"))
        );
        assert_eq!(
            (&*item.fields.attributes["source"], &*item.fields.attributes["tags"]),
            ("probe", "night, shop")
        );
        let states: Vec<(i64, FlowState)> = stream
            .history("opsgenie:a-1")
            .unwrap()
            .into_iter()
            .filter_map(|event| Some((event.occurred_at.millis() - 1_772_355_600_000, event.set.state?)))
            .collect();
        use FlowState::{Active, Done, New};
        assert_eq!(states, [(0, New), (0, New), (60_000, Active), (600_000, Done)]);
        assert_eq!(item.fields.ends_at.unwrap().millis(), 1_772_355_600_000 + 600_000);
        assert_eq!(stream.links("opsgenie:a-1").unwrap()[0].to, "app:shop");
    }

    #[test]
    fn an_alert_of_a_list_is_the_one_of_the_webhook() {
        let text = r#"{"data":[{"id":"a-1","tinyId":"2","alias":"disk","message":"Disk full","status":"closed","acknowledged":true,
            "tags":["shop"],"createdAt":"2026-03-01T09:00:00.000Z","updatedAt":"2026-03-01T12:00:00.5Z","source":"probe","owner":"ada",
            "priority":"P3","report":{"ackTime":60000,"closeTime":600000}}],"took":0.1,"paging":{}}"#;
        let mut stream = crate::ValueStream::new();
        let read = read(text);
        assert_eq!(read.rejects, []);
        assert_eq!(stream.apply_batch(read.events).refused, []);
        let fields = stream.item("opsgenie:a-1").unwrap().fields;
        assert_eq!((fields.state, fields.assignee.as_deref()), (Some(FlowState::Done), Some("ada")));
        assert_eq!(fields.ends_at.unwrap().to_string(), "2026-03-01T09:10:00.000Z");
        let history = stream.history("opsgenie:a-1").unwrap();
        assert!(history.iter().any(|event| event.set.state == Some(FlowState::Active)), "{history:?}");
        assert_eq!(stream.item_count(), 2);
    }

    #[test]
    fn incidents_are_read_and_odd_things_counted() {
        let read = read(
            r#"[{"id":"i-1","message":"Shop down","status":"open","priority":"P1","impactedServices":["x","shop"],"createdAt":"2026-03-01T09:00:00Z"},
            {"id":"i-2","status":"melting","createdAt":"2026-03-01T09:00:00Z"},{"action":"Test","source":{}}]"#,
        );
        assert_eq!(read.rejects, []);
        assert_eq!(read.events[1].links[0].to, "app:shop");
        assert_eq!(read.events[1].set.state, Some(FlowState::New));
        assert_eq!(read.ignored, [("action: Test".to_owned(), 1), ("status: melting".to_owned(), 1)].into());
    }

    #[test]
    fn what_cannot_be_right_is_rejected() {
        let table = [
            ("{}", "id: is missing"),
            (r#"{"id":"a-1"}"#, "created: is missing"),
            (r#"{"id":"a-1","createdAt":true}"#, "createdAt: "),
            (r#"{"action":"Create","alert":{"createdAt":1772355600000}}"#, "id: is missing"),
            (
                r#"{"id":"a-1","createdAt":"2026-03-01T09:00:00Z","report":{"closeTime":9223372036854775807}}"#,
                "report.closeTime: ",
            ),
            (r#"{"data":["a"]}"#, "not an object"),
            (r#"{"id":"a-1","#, "EOF"),
        ];
        for (text, reason) in table {
            let read = read(text);
            assert_eq!(read.events, [], "{text}");
            assert!(read.rejects[0].reason.contains(reason), "{text}: {}", read.rejects[0].reason);
        }
    }
}
