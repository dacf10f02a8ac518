//! The record as an object-centric event log, for tools that mine processes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::document::{OCEL_EVENT, event_to_json};
use crate::model::{Event, Kind};
use crate::stream::ValueStream;
use crate::time::Instant;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    object_types: Vec<Type>,
    event_types: Vec<Type>,
    objects: Vec<Object>,
    events: Vec<OcelEvent>,
}

#[derive(Serialize)]
struct Type {
    name: String,
    attributes: Vec<Declared>,
}

#[derive(Serialize)]
struct Declared {
    name: String,
    #[serde(rename = "type")]
    value_type: &'static str,
}

#[derive(Serialize)]
struct Object {
    id: String,
    #[serde(rename = "type")]
    object_type: String,
    attributes: Vec<Attribute>,
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct OcelEvent {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    time: Instant,
    attributes: Vec<Attribute>,
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct Attribute {
    name: String,
    /// Since when; events have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Instant>,
    value: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    object_id: String,
    qualifier: String,
}

/// The form that other tools read.
impl ValueStream {
    /// The stream as an object-centric event log: OCEL 2.0 in its JSON form, which process-mining tools read.
    ///
    /// | OCEL | is |
    /// |---|---|
    /// | objects | all items, by their ids; the type is the kind, `unknown` where nobody has said |
    /// | attributes of objects | all that was said of the fields, each value since when it held |
    /// | relationships of objects | the links that hold now, with their kind as the qualifier |
    /// | events | all events, as `event:<source>:<id>`; the type says what they are about: `feature active`, `build failure` |
    /// | relationships of events | the item (`item`), and where links begin or end (`ships_in`, `no_longer_ships_in`) |
    ///
    /// Each event also carries its own JSON form in the attribute `vsm_event`, so that the adapter
    /// [`Ocel`](crate::Adapter::Ocel) reads the same events back. Objects are in the order of their ids, events in that of
    /// their arrival.
    ///
    /// ```
    /// use vsm_core::{Adapter, Event, IngestOptions, Kind, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let mut event = Event::new("plan", "1", "2026-03-01T09:00:00Z".parse()?, "plan:R1");
    /// event.kind = Some(Kind::Release);
    /// stream.apply(event)?;
    /// let log = stream.to_ocel();
    /// assert!(log.contains(r#""id":"plan:R1","type":"release""#));
    /// let mut again = ValueStream::new();
    /// again.ingest(Adapter::Ocel, log.as_bytes(), &IngestOptions::default());
    /// assert_eq!(again.to_snapshot(), stream.to_snapshot());
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn to_ocel(&self) -> String {
        let kinds: BTreeMap<String, String> = self
            .items(None)
            .into_iter()
            .map(|id| {
                let kind = self.item(&id).ok().and_then(|item| item.kind);
                (id, kind.map_or("unknown", Kind::as_str).to_owned())
            })
            .collect();
        let mut said: BTreeMap<String, Vec<Attribute>> = BTreeMap::new();
        let mut events = Vec::new();
        // Events keep the names that they were said by; an object goes by one of them only, and what a rule named and took
        // back is none.
        let own = |name: &str| self.find(name).ok().map(|item| self.id(item).to_owned());
        for event in self.events() {
            let Some(item) = own(&event.item) else { continue };
            let kind = kinds.get(&item).map_or("unknown", String::as_str);
            let attributes = attributes(&event);
            events.push(ocel_event(&event, kind, own));
            said.entry(item).or_default().extend(attributes);
        }
        let mut object_types: BTreeMap<String, BTreeMap<String, &'static str>> = BTreeMap::new();
        let mut objects = Vec::new();
        for (id, object_type) in kinds {
            let mut attributes = said.remove(&id).unwrap_or_default();
            attributes.sort_by(|a, b| (a.time, &a.name).cmp(&(b.time, &b.name)));
            let declared = object_types.entry(object_type.clone()).or_default();
            for attribute in &attributes {
                declare(declared, attribute);
            }
            let links = self.links(&id).unwrap_or_default().into_iter().filter(|link| link.from == id);
            let relationships =
                links.map(|link| Relationship { object_id: link.to, qualifier: link.kind.to_string() });
            objects.push(Object { relationships: relationships.collect(), id, object_type, attributes });
        }
        let event_types: BTreeSet<&String> = events.iter().map(|event| &event.event_type).collect();
        let own = || BTreeMap::from([(OCEL_EVENT.to_owned(), "string")]);
        let log = Log {
            event_types: event_types.into_iter().map(|name| of_type(name.clone(), own())).collect(),
            object_types: object_types.into_iter().map(|(name, all)| of_type(name, all)).collect(),
            objects,
            events,
        };
        // Strings, numbers and lists have a JSON form whatever they hold.
        serde_json::to_string(&log).unwrap_or_default()
    }
}

fn of_type(name: String, attributes: BTreeMap<String, &'static str>) -> Type {
    let declared = attributes.into_iter().map(|(name, value_type)| Declared { name, value_type });
    Type { name, attributes: declared.collect() }
}

/// An attribute whose values are of several types is one of texts.
fn declare(declared: &mut BTreeMap<String, &'static str>, attribute: &Attribute) {
    let is_time = attribute.name.ends_with("_at") || attribute.name == "needed_by";
    let value_type = match &attribute.value {
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::Bool(_) => "boolean",
        Value::String(text) if is_time && text.parse::<Instant>().is_ok() => "time",
        _ => "string",
    };
    let known = declared.entry(attribute.name.clone()).or_insert(value_type);
    if *known != value_type {
        *known = "string";
    }
}

/// What an event says of its item's fields, since when it was so.
fn attributes(event: &Event) -> Vec<Attribute> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(&event.set) else { return Vec::new() };
    let own = fields.remove("attributes");
    let own = own.and_then(|own| if let Value::Object(own) = own { Some(own) } else { None });
    let all = fields.into_iter().chain(own.into_iter().flatten());
    let flat = |value: Value| if value.is_object() { Value::String(value.to_string()) } else { value };
    all.map(|(name, value)| Attribute { name, time: Some(event.occurred_at), value: flat(value) }).collect()
}

/// `id` gives the id that an object goes by, whatever an event calls it; none of what is no object.
fn ocel_event(event: &Event, kind: &str, id: impl Fn(&str) -> Option<String>) -> OcelEvent {
    let own = Attribute { name: OCEL_EVENT.into(), time: None, value: Value::String(event_to_json(event)) };
    let begin = event.links.iter().map(|link| (link, ""));
    let links = begin.chain(event.unlinks.iter().map(|link| (link, "no_longer_")));
    let links = links.map(|(link, no)| (&link.to, format!("{no}{}", link.kind)));
    let all = std::iter::once((&event.item, "item".into())).chain(links);
    let relationships =
        all.filter_map(|(name, qualifier)| Some(Relationship { object_id: id(name)?, qualifier }));
    OcelEvent {
        id: format!("event:{}", event.key()),
        event_type: format!("{kind} {}", activity(event)),
        time: event.occurred_at,
        attributes: vec![own],
        relationships: relationships.collect(),
    }
}

/// What an event is about, in a word.
fn activity(event: &Event) -> &'static str {
    let set = &event.set;
    let word = (set.lifecycle.map(|state| state.as_str()))
        .or(set.state.map(|state| state.as_str()))
        .or(set.result.map(|result| result.as_str()))
        .or(set.decision.map(|decision| decision.as_str()))
        .or(set.booking.map(|booking| booking.as_str()));
    match word {
        Some(word) => word,
        None if set.tag.is_some() => "tagged",
        None if event.kind.is_some() => "declared",
        None if !event.links.is_empty() => "linked",
        None if !event.unlinks.is_empty() => "unlinked",
        None => "changed",
    }
}
