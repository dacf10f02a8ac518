//! Object-centric event logs: OCEL 2.0 in its JSON form (`.jsonocel`, `.json`), and that of OCEL 1.0.
//!
//! A log that this engine wrote ([`to_ocel`](crate::ValueStream::to_ocel)) comes back event by event, because each of its
//! events carries its own JSON form in the attribute `vsm_event`. Of any other log:
//!
//! | OCEL | event |
//! |---|---|
//! | object `id` | item `ocel:<id>`; an id with a colon in it is an item's id as it stands |
//! | object `type` | kind: option `kinds` by type name, else the engine's own word; else none, and counted. Attribute `object_type` |
//! | object `attributes` | since their `time`: a field where the name is one and the value fits, else an attribute |
//! | object `relationships` | a link of the kind that the `qualifier` names, else `relates` |
//! | event with `time` | one event for each object that it is related to: `status` is the event's `type`, `state` is what the option `states` says of it |
//! | event `attributes` | the same way, for each of these objects |
//!
//! Ids: `object/<id>/<ms>` since the first event of the object (else its first attribute, else 1970),
//! `.../<link>/<to>` after that, `object/<id>/<ms>/<name>` an attribute, `event/<id>/<object>` an event. An event that is
//! related to no object says nothing here and is counted; so is an object that events name and the log doesn't have.
//! An event that would say more than a mebibyte of all its objects together is a reject.
//!
//! The position of a reject is the number of the object or event in its list.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::loose::{List, Object, Scalar, Text};
use super::timestamp::Stamps;
use super::{IngestOptions, Ingested, Reject, check_key, id_part, records};
use crate::document::{OCEL_EVENT, read_event};
use crate::error::{Error, Result};
use crate::hash::{HashMap, HashSet};
use crate::model::{Event, Fields, FlowState, Kind, Link, LinkKind};
use crate::time::Instant;

/// What the type and attributes of one event come to at most, in bytes, when each of its objects has them: long ones of
/// many objects would take memory out of proportion to the log.
const MOST_COPIED: usize = 1 << 20;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Log<'a> {
    #[serde(borrow)]
    objects: List<Object<OcelObject<'a>>>,
    #[serde(borrow)]
    events: List<Object<OcelEvent<'a>>>,
    #[serde(borrow, rename = "ocel:objects")]
    old_objects: Object<Pairs<'a, Object<OldObject<'a>>>>,
    #[serde(borrow, rename = "ocel:events")]
    old_events: Object<Pairs<'a, Object<OldEvent<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OcelObject<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, rename = "type")]
    object_type: Text<'a>,
    #[serde(borrow)]
    attributes: List<Object<Attribute<'a>>>,
    #[serde(borrow)]
    relationships: List<Object<Relationship<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OcelEvent<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, rename = "type")]
    event_type: Text<'a>,
    #[serde(borrow)]
    time: Scalar<'a>,
    #[serde(borrow)]
    attributes: List<Object<Attribute<'a>>>,
    #[serde(borrow)]
    relationships: List<Object<Relationship<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attribute<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    time: Scalar<'a>,
    #[serde(borrow)]
    value: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Relationship<'a> {
    #[serde(borrow)]
    object_id: Text<'a>,
    #[serde(borrow)]
    qualifier: Text<'a>,
}

/// An object of OCEL 1.0, under its id.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OldObject<'a> {
    #[serde(borrow, rename = "ocel:type")]
    object_type: Text<'a>,
    #[serde(borrow, rename = "ocel:ovmap")]
    attributes: Object<Pairs<'a, Scalar<'a>>>,
}

/// An event of OCEL 1.0, under its id.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OldEvent<'a> {
    #[serde(borrow, rename = "ocel:activity")]
    activity: Text<'a>,
    #[serde(borrow, rename = "ocel:timestamp")]
    time: Scalar<'a>,
    #[serde(borrow, rename = "ocel:omap")]
    objects: List<Text<'a>>,
    #[serde(borrow, rename = "ocel:vmap")]
    attributes: Object<Pairs<'a, Scalar<'a>>>,
}

/// The entries of an object in their order.
struct Pairs<'a, T>(Vec<(Text<'a>, T)>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Pairs<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Pairs<'a, T>, D::Error> {
        struct Visit<'a, T>(PhantomData<Pairs<'a, T>>);
        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Visit<'a, T> {
            type Value = Pairs<'a, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Pairs<'a, T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visit(PhantomData))
    }
}

impl<'a> Log<'a> {
    /// Brings OCEL 1.0 into the form of 2.0.
    fn modern(mut self) -> Log<'a> {
        let attributes = |pairs: Object<Pairs<'a, Scalar<'a>>>| {
            let pairs = pairs.0.into_iter().flat_map(|pairs| pairs.0);
            List(
                pairs
                    .map(|(name, value)| Object(Some(Attribute { name, time: Scalar::Absent, value })))
                    .collect(),
            )
        };
        for (id, object) in self.old_objects.0.take().into_iter().flat_map(|pairs| pairs.0) {
            let object = object.0.unwrap_or_default();
            self.objects.0.push(Object(Some(OcelObject {
                id,
                object_type: object.object_type,
                attributes: attributes(object.attributes),
                relationships: List::default(),
            })));
        }
        for (id, event) in self.old_events.0.take().into_iter().flat_map(|pairs| pairs.0) {
            let event = event.0.unwrap_or_default();
            let related = event.objects.0.into_iter();
            let related =
                related.map(|object_id| Object(Some(Relationship { object_id, qualifier: Text::default() })));
            self.events.0.push(Object(Some(OcelEvent {
                id,
                event_type: event.activity,
                time: event.time,
                attributes: attributes(event.attributes),
                relationships: List(related.collect()),
            })));
        }
        self
    }
}

pub(crate) fn read(text: &[u8], options: &IngestOptions) -> Ingested {
    let stamps = match Stamps::new(options) {
        Ok(stamps) => stamps,
        Err(error) => return Ingested::refused(&error),
    };
    let mut ingested = Ingested::default();
    for (_, log) in records::read::<Log<'_>>(text) {
        match log {
            Ok(log) => {
                let log = log.modern();
                Reader::new(options, stamps).read(&log, &mut ingested);
            }
            Err(reject) => ingested.rejects.push(reject),
        }
    }
    ingested
}

struct Reader<'i> {
    options: &'i IngestOptions,
    stamps: Stamps,
    /// Items of which events of our own tell everything.
    told: HashSet<String>,
    /// The first event of each object.
    first: HashMap<&'i str, Instant>,
}

impl<'i> Reader<'i> {
    fn new(options: &'i IngestOptions, stamps: Stamps) -> Reader<'i> {
        Reader { options, stamps, told: HashSet::default(), first: HashMap::default() }
    }

    fn read(mut self, log: &'i Log<'i>, ingested: &mut Ingested) {
        if log.objects.0.is_empty() && log.events.0.is_empty() {
            let error =
                Error::invalid("objects", "there are neither objects nor events: this is no OCEL log");
            ingested.rejects.push(Reject::new(1, None, &error));
        }
        let (mut events, mut own) = (Vec::new(), Vec::new());
        let mut missing = 0;
        let declared: HashSet<&str> = log.objects.0.iter().filter_map(|o| o.0.as_ref()?.id.get()).collect();
        for (event, position) in log.events.0.iter().zip(1..) {
            let id = event.0.as_ref().and_then(|event| event.id.get());
            match self.event(event.0.as_ref(), &mut events, &mut own, ingested) {
                Ok(at) => {
                    for object in event.0.iter().flat_map(objects) {
                        let first = self.first.entry(object).or_insert(at);
                        *first = at.min(*first);
                        missing += u64::from(!declared.contains(object));
                    }
                }
                Err(error) => ingested.rejects.push(Reject::new(position, id, &error)),
            }
        }
        if missing > 0 && self.told.is_empty() {
            *ingested.ignored.entry("object that the log does not have".into()).or_default() += missing;
        }
        for (object, position) in log.objects.0.iter().zip(1..) {
            let id = object.0.as_ref().and_then(|object| object.id.get());
            if let Err(error) = self.object(object.0.as_ref(), ingested) {
                ingested.rejects.push(Reject::new(position, id, &error));
            }
        }
        ingested.events.append(&mut events);
        for event in &mut ingested.events {
            event.recorded_at = self.options.recorded_at;
        }
        // These say themselves when they became known.
        ingested.events.append(&mut own);
    }

    fn object(&self, object: Option<&OcelObject<'_>>, ingested: &mut Ingested) -> Result<()> {
        let object =
            object.ok_or_else(|| Error::invalid("objects", "holds something that is not an object"))?;
        let id = object.id.get().unwrap_or_default();
        // Our own log has our own ids, which may be longer and need no colon.
        if self.told.contains(id) {
            return Ok(());
        }
        check_key("objects.id", object.id.get())?;
        let item = item(id);
        let mut dated = Vec::new();
        for attribute in object.attributes.0.iter().filter_map(|attribute| attribute.0.as_ref()) {
            let at = self.stamps.read("objects.attributes.time", &attribute.time)?;
            check_key("objects.attributes.name", attribute.name.get())?;
            dated.push((at, attribute));
        }
        let first = dated.iter().filter_map(|(at, _)| *at).min();
        let since = self.first.get(id).copied().or(first).or(Instant::from_millis(0)).unwrap_or(Instant::MIN);
        let base = format!("object/{id}/{}", since.millis());
        let mut events = Vec::new();
        let mut event = Event::new("ocel", &base, since, &item);
        if let Some(object_type) = object.object_type.get() {
            event.kind = kind(self.options, object_type);
            if event.kind.is_none() {
                ingested.count(format!("object type: {}", id_part(object_type)));
            }
            event.set.attributes.insert("object_type".into(), object_type.to_owned());
        }
        if let Some(application) =
            self.options.application.as_ref().filter(|application| **application != item)
        {
            event.links.push(Link::new(LinkKind::BelongsTo, application));
        }
        events.push(event);
        for (at, attribute) in dated {
            let at = at.unwrap_or(since);
            let name = attribute.name.get().unwrap_or_default();
            let mut event = Event::new("ocel", format!("object/{id}/{}/{name}", at.millis()), at, &item);
            if say(&mut event.set, name, &attribute.value) {
                events.push(event);
            }
        }
        for relationship in object.relationships.0.iter().filter_map(|relationship| relationship.0.as_ref()) {
            check_key("objects.relationships.objectId", relationship.object_id.get())?;
            let to = self::item(relationship.object_id.get().unwrap_or_default());
            if to == item {
                ingested.count("link of an item to itself");
                continue;
            }
            let qualifier = relationship.qualifier.get().unwrap_or_default();
            let kind = LinkKind::from_word(qualifier).unwrap_or(LinkKind::Relates);
            let mut event = Event::new("ocel", format!("{base}/{kind}/{to}"), since, &item);
            event.links.push(Link::new(kind, to));
            events.push(event);
        }
        ingested.events.append(&mut events);
        Ok(())
    }

    /// The events of one event, and when it was.
    fn event(
        &mut self,
        event: Option<&OcelEvent<'_>>,
        events: &mut Vec<Event>,
        told: &mut Vec<Event>,
        ingested: &mut Ingested,
    ) -> Result<Instant> {
        let event = event.ok_or_else(|| Error::invalid("events", "holds something that is not an object"))?;
        let attributes = || event.attributes.0.iter().filter_map(|attribute| attribute.0.as_ref());
        if let Some(own) = attributes().find(|attribute| attribute.name.get() == Some(OCEL_EVENT)) {
            let text = own.value.text().unwrap_or_default();
            let own = read_event(text.as_bytes(), &mut ingested.ignored)
                .map_err(|unreadable| Error::invalid("events.attributes.vsm_event", unreadable.reason))?;
            let at = own.occurred_at;
            self.told.insert(own.item.clone());
            self.told.extend(own.aliases.iter().cloned());
            self.told.extend(own.links.iter().chain(&own.unlinks).map(|link| link.to.clone()));
            told.push(own);
            return Ok(at);
        }
        check_key("events.id", event.id.get())?;
        let id = event.id.get().unwrap_or_default();
        let at = self.stamps.read("events.time", &event.time)?;
        let at = at.ok_or_else(|| Error::invalid("events.time", "is missing"))?;
        let mut set = Fields::default();
        let mut said = event.event_type.get().map_or(0, str::len);
        for attribute in attributes() {
            check_key("events.attributes.name", attribute.name.get())?;
            said += attribute.value.text().map_or(0, str::len);
            say(&mut set, attribute.name.get().unwrap_or_default(), &attribute.value);
        }
        if let Some(activity) = event.event_type.get() {
            set.status = Some(activity.to_owned());
            set.state = state(self.options, activity);
        }
        let mut seen = HashSet::default();
        for object in objects(event).filter(|object| seen.insert(*object)) {
            check_key("events.relationships.objectId", Some(object))?;
        }
        if said.saturating_mul(seen.len()) > MOST_COPIED {
            let reason = format!(
                "says {said} bytes of each of {} objects, more than {MOST_COPIED} in all",
                seen.len()
            );
            return Err(Error::invalid("events", reason));
        }
        if seen.is_empty() {
            ingested.count("event without an object");
        }
        let mut seen = HashSet::default();
        for object in objects(event).filter(|object| seen.insert(*object)) {
            let mut event = Event::new("ocel", format!("event/{id}/{object}"), at, item(object));
            event.set = set.clone();
            events.push(event);
        }
        Ok(at)
    }
}

fn objects<'l>(event: &'l OcelEvent<'_>) -> impl Iterator<Item = &'l str> {
    event.relationships.0.iter().filter_map(|relationship| relationship.0.as_ref()?.object_id.get())
}

/// The item of an object.
fn item(id: &str) -> String {
    if id.contains(':') { id.to_owned() } else { format!("ocel:{id}") }
}

/// The kind of a type of objects.
pub(super) fn kind(options: &IngestOptions, name: &str) -> Option<Kind> {
    let declared = options.kinds.iter().find(|(declared, _)| declared.eq_ignore_ascii_case(name));
    let word = || Kind::from_word(&name.to_lowercase().replace([' ', '-'], "_"));
    declared.map(|(_, kind)| *kind).or_else(word)
}

/// The state that an activity leads to: only who keeps the log knows.
pub(super) fn state(options: &IngestOptions, activity: &str) -> Option<FlowState> {
    let states = options.states.iter();
    states.clone().find(|(name, _)| name.eq_ignore_ascii_case(activity)).map(|(_, state)| *state)
}

/// Says a value: in a field where the name is one and the value fits, else in an attribute. Whether there is one.
pub(super) fn say(set: &mut Fields, name: &str, value: &Scalar<'_>) -> bool {
    let Some(text) = value.clone().into_text() else { return false };
    if Fields::NAMES.contains(&name) && field(set, name, value, &text) {
        return true;
    }
    set.attributes.insert(name.to_owned(), text.into_owned());
    true
}

fn field(set: &mut Fields, name: &str, value: &Scalar<'_>, text: &str) -> bool {
    let typed = match value {
        Scalar::Int(number) => Value::from(*number),
        Scalar::Float(number) => Value::from(*number),
        Scalar::Bool(flag) => Value::from(*flag),
        _ => Value::from(text),
    };
    // Most tools write numbers as texts.
    let flag = || text.parse::<bool>().ok().map(Value::from);
    let plain = text.parse::<f64>().ok().map(Value::from).or_else(flag);
    let nested = serde_json::from_str::<Map<String, Value>>(text).ok().map(Value::Object);
    let forms: [Option<Cow<'_, Value>>; 3] =
        [Some(Cow::Owned(typed)), plain.map(Cow::Owned), nested.map(Cow::Owned)];
    for form in forms.into_iter().flatten() {
        // Read by itself, so that it takes no longer the more was said before.
        let alone = Map::from_iter([(name.to_owned(), form.into_owned())]);
        let Ok(mut read) = serde_json::from_value::<Fields>(Value::Object(alone)) else { continue };
        let (starts_at, ends_at) = (read.starts_at.or(set.starts_at), read.ends_at.or(set.ends_at));
        let times = Fields { starts_at, ends_at, ..Fields::default() };
        if read.check().is_ok() && times.check().is_ok() {
            read.pack().sets.into_iter().for_each(|said| set.take(said));
            return true;
        }
    }
    false
}
