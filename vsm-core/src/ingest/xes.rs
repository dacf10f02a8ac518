//! Process logs in XES (IEEE 1849), unpacked: one `log` of `trace`s of `event`s.
//!
//! | XES | event |
//! |---|---|
//! | `trace` with `concept:name`, else `identity:id` | item `xes:<name>`, kind story (option `kinds` by the name `trace`); a trace without a name is a reject |
//! | other attributes of a trace | fields where the name is one and the value fits, else attributes; since its first event |
//! | `event` | one event of that item, at `time:timestamp`; without one it is a reject |
//! | `concept:name` of an event | `status`; `state` is what the option `states` says of it |
//! | `org:resource` | `assignee` |
//! | other attributes of an event | as those of a trace |
//!
//! Ids: `<trace>/<identity:id>`, else `<trace>/<ms>/<concept:name>/<lifecycle:transition>`, with a number from the second
//! event on that is the same so far; `<trace>/trace/<ms>` what the trace says, where `ms` is that of its first event.
//!
//! `global`, `extension`, `classifier` and the attributes of the log describe other logs as well as this one and are not
//! read; lists, containers and attributes inside attributes are counted. A time without zone needs the option `zone`.
//! The position of a reject is the number of the trace. A text that is malformed, or holds a DTD or an entity that is
//! not XML's own, is a reject with its line, and nothing of it is used.

use quick_xml::events::BytesStart;

use super::loose::Scalar;
use super::timestamp::Stamps;
use super::xml::{self, Format, Malformed, Problem};
use super::{IngestOptions, Ingested, Reject, check_key, id_part, ocel};
use crate::error::{Error, Result};
use crate::hash::HashMap;
use crate::model::{Event, Kind, Link, LinkKind};
use crate::time::Instant;

pub(crate) fn read(text: &[u8], options: &IngestOptions) -> Ingested {
    let stamps = match Stamps::new(options) {
        Ok(stamps) => stamps,
        Err(error) => return Ingested::refused(&error),
    };
    let mut ingested = Ingested::default();
    let mut log = Log::default();
    match xml::walk(text, &mut log) {
        Ok(()) => {
            for (trace, position) in log.traces.iter().zip(1..) {
                if let Err(error) = write(trace, position, stamps, options, &mut ingested) {
                    ingested.rejects.push(Reject::new(position, trace.name(), &error));
                }
            }
            if log.nested > 0 {
                ingested.ignored.insert("attribute inside an attribute, or a list".into(), log.nested);
            }
        }
        Err(Malformed { line, code, reason }) => {
            ingested.rejects.push(Reject { position: line, record: None, code: code.into(), reason });
        }
    }
    ingested.recorded(options.recorded_at)
}

/// The attributes of a trace or an event.
#[derive(Default)]
struct Record {
    attributes: Vec<(String, String)>,
}

impl Record {
    fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
    }
}

#[derive(Default)]
struct Trace {
    own: Record,
    events: Vec<Record>,
}

impl Trace {
    fn name(&self) -> Option<&str> {
        self.own.get("concept:name").or_else(|| self.own.get("identity:id"))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Frame {
    Log,
    Trace,
    Event,
    Attribute,
    Other,
}

#[derive(Default)]
struct Log {
    open: Vec<Frame>,
    traces: Vec<Trace>,
    nested: u64,
}

impl Format for Log {
    const ROOTS: &'static [&'static str] = &["log"];
    const NAME: &'static str = "XES";

    fn open(&mut self, element: &BytesStart<'_>, name: &[u8]) -> std::result::Result<(), Problem> {
        let frame = match (self.open.last(), name) {
            (None, _) => Frame::Log,
            (Some(Frame::Log), b"trace") => {
                self.traces.push(Trace::default());
                Frame::Trace
            }
            (Some(Frame::Trace), b"event") => {
                if let Some(trace) = self.traces.last_mut() {
                    trace.events.push(Record::default());
                }
                Frame::Event
            }
            (Some(Frame::Trace | Frame::Event), b"list" | b"container") => {
                self.nested += 1;
                Frame::Other
            }
            (Some(frame @ (Frame::Trace | Frame::Event)), _) => {
                let frame = *frame;
                self.attribute(frame, element)?;
                Frame::Attribute
            }
            (Some(Frame::Attribute), _) => {
                self.nested += 1;
                Frame::Other
            }
            _ => Frame::Other,
        };
        self.open.push(frame);
        Ok(())
    }

    fn close(&mut self) {
        self.open.pop();
    }
}

impl Log {
    fn attribute(&mut self, frame: Frame, element: &BytesStart<'_>) -> std::result::Result<(), Problem> {
        let (mut key, mut value) = (None, None);
        xml::attributes(element, |name, text| match name {
            b"key" => key = Some(text.into_owned()),
            b"value" => value = Some(text.into_owned()),
            _ => {}
        })?;
        let trace = self.traces.last_mut();
        let record = trace.and_then(|trace| match frame {
            Frame::Event => trace.events.last_mut(),
            _ => Some(&mut trace.own),
        });
        if let (Some(record), Some(key), Some(value)) = (record, key, value) {
            record.attributes.push((key, value));
        }
        Ok(())
    }
}

fn write(
    trace: &Trace,
    position: u64,
    stamps: Stamps,
    options: &IngestOptions,
    ingested: &mut Ingested,
) -> Result<()> {
    let name = trace.name();
    check_key("concept:name", name)?;
    let name = name.unwrap_or_default();
    let item = format!("xes:{name}");
    let mut events = Vec::new();
    let mut seen: HashMap<String, u32> = HashMap::default();
    let mut first: Option<Instant> = None;
    for (n, record) in trace.events.iter().enumerate() {
        match event(record, n, name, &item, stamps, options) {
            Ok(mut event) => {
                first = Some(first.map_or(event.occurred_at, |first| first.min(event.occurred_at)));
                let count = seen.entry(event.id.clone()).or_default();
                *count += 1;
                if *count > 1 {
                    event.id = format!("{}/{count}", event.id);
                }
                events.push(event);
            }
            Err(error) => ingested.rejects.push(Reject::new(position, Some(name), &error)),
        }
    }
    let Some(first) = first else {
        if trace.events.is_empty() {
            ingested.count("trace without an event");
        }
        return Ok(());
    };
    let mut event = Event::new("xes", format!("{name}/trace/{}", first.millis()), first, &item);
    event.kind = options.kinds.get("trace").copied().or(Some(Kind::Story));
    event.set.title = Some(name.to_owned());
    say(&mut event, &trace.own)?;
    if let Some(application) = options.application.as_ref().filter(|application| **application != item) {
        event.links.push(Link::new(LinkKind::BelongsTo, application));
    }
    ingested.events.push(event);
    ingested.events.append(&mut events);
    Ok(())
}

fn event(
    record: &Record,
    n: usize,
    trace: &str,
    item: &str,
    stamps: Stamps,
    options: &IngestOptions,
) -> Result<Event> {
    let field = format!("event[{n}].time:timestamp");
    let time = record.get("time:timestamp").ok_or_else(|| Error::invalid(&field, "is missing"))?;
    let at = stamps.text(&field, time)?;
    let part = |key: &str| id_part(record.get(key).unwrap_or("-"));
    let id = match record.get("identity:id") {
        Some(id) => format!("{trace}/{}", id_part(id)),
        None => {
            let (activity, lifecycle) = (part("concept:name"), part("lifecycle:transition"));
            format!("{trace}/{}/{activity}/{lifecycle}", at.millis())
        }
    };
    let mut event = Event::new("xes", id, at, item);
    if let Some(activity) = record.get("concept:name") {
        event.set.status = Some(activity.to_owned());
        event.set.state = ocel::state(options, activity);
    }
    event.set.assignee = record.get("org:resource").map(str::to_owned);
    say(&mut event, record)?;
    Ok(event)
}

/// Says the attributes that have no place of their own.
fn say(event: &mut Event, record: &Record) -> Result<()> {
    for (key, value) in &record.attributes {
        let placed =
            matches!(key.as_str(), "concept:name" | "identity:id" | "time:timestamp" | "org:resource");
        if !placed {
            check_key("key", Some(key))?;
            ocel::say(&mut event.set, key, &Scalar::Text(value.as_str().into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Adapter, ingest};
    use super::*;
    use crate::ValueStream;
    use crate::model::FlowState;

    fn read(text: &str, options: &IngestOptions) -> Ingested {
        ingest(Adapter::Xes, text.as_bytes(), options)
    }

    const LOG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="UNKNOWN"/></global>
  <classifier name="Activity" keys="concept:name"/>
  <string key="source" value="somewhere"/>
  <trace>
    <string key="concept:name" value="case &amp; 1"/>
    <float key="value" value="12.5"/>
    <event>
      <string key="concept:name" value="register"/>
      <date key="time:timestamp" value="2026-03-01T10:00:00.000+01:00"/>
      <string key="org:resource" value="Ada"/>
      <string key="lifecycle:transition" value="complete"/>
      <int key="cost" value="5"><string key="currency" value="CHF"/></int>
      <list key="l"><string key="x" value="y"/></list>
    </event>
    <event><string key="concept:name" value="pay"/><date key="time:timestamp" value="2026-03-02T09:00:00Z"/></event>
    <event><string key="concept:name" value="pay"/><date key="time:timestamp" value="2026-03-02T09:00:00Z"/></event>
    <event><string key="concept:name" value="lost"/></event>
  </trace>
  <trace><event/></trace>
  <trace><id key="identity:id" value="2"/></trace>
</log>"#;

    #[test]
    fn a_log_with_everything() {
        let options = IngestOptions {
            states: [("Register".into(), FlowState::Active), ("pay".into(), FlowState::Done)].into(),
            kinds: [("trace".into(), Kind::Feature)].into(),
            application: Some("app:a".into()),
            ..IngestOptions::default()
        };
        let read = read(LOG, &options);
        let rejects: Vec<(u64, &str, Option<&str>)> =
            read.rejects.iter().map(|r| (r.position, r.reason.as_str(), r.record.as_deref())).collect();
        let expected = [
            (1, "event[3].time:timestamp: is missing", Some("case & 1")),
            (2, "concept:name: is missing", None),
        ];
        assert_eq!(rejects, expected);
        let ignored = [
            ("attribute inside an attribute, or a list".to_owned(), 2),
            ("trace without an event".to_owned(), 1),
        ];
        assert_eq!(read.ignored, ignored.into());
        let ids: Vec<&str> = read.events.iter().map(|event| event.id.as_str()).collect();
        let expected = [
            "case & 1/trace/1772355600000",
            "case & 1/1772355600000/register/complete",
            "case & 1/1772442000000/pay/-",
            "case & 1/1772442000000/pay/-/2",
        ];
        assert_eq!(ids, expected);
        let mut stream = ValueStream::new();
        assert_eq!(stream.apply_batch(read.events).refused, []);
        let item = stream.item("xes:case & 1").unwrap();
        assert_eq!((item.kind, item.fields.state), (Some(Kind::Feature), Some(FlowState::Done)));
        assert_eq!((item.fields.value, item.fields.assignee.as_deref()), (Some(12.5), Some("Ada")));
        assert_eq!(item.fields.attributes["cost"], "5");
        assert_eq!(item.fields.status.as_deref(), Some("pay"));
    }

    #[test]
    fn times_without_zone_need_one() {
        let text = "<log><trace><string key='concept:name' value='1'/><event><date key='time:timestamp' value='2026-03-01T09:00:00'/></event></trace></log>";
        assert!(read(text, &IngestOptions::default()).rejects[0].reason.contains("declare the zone"));
        let options = IngestOptions { zone: Some("UTC".into()), ..IngestOptions::default() };
        assert_eq!(read(text, &options).events.len(), 2);
    }

    #[test]
    fn what_is_not_well_formed_or_not_xes_is_rejected_with_its_line() {
        let deep = format!("<log>{}", "<trace>".repeat(100_000));
        let table = [
            ("", "document", 1),
            ("<log>\n<trace>\n", "document", 3),
            ("<log>\n<trace></log>", "document", 2),
            ("<log/>\n<log/>", "document", 2),
            ("\n<testsuite/>", "invalid", 2),
            ("<!DOCTYPE x [<!ENTITY a \"aaaa\">]>\n<log/>", "document", 1),
            ("<log>\n<trace><string key='a' value='&b;'/></trace></log>", "document", 2),
            ("<log><trace><string key='a' key='b'/></trace></log>", "document", 1),
            (deep.as_str(), "document", 1),
        ];
        for (text, code, line) in table {
            let read = read(text, &IngestOptions::default());
            let shown = text.get(..60).unwrap_or(text);
            assert_eq!((read.events.len(), read.rejects.len()), (0, 1), "{shown}");
            let reject = &read.rejects[0];
            assert_eq!((reject.code.as_str(), reject.position), (code, line), "{shown}: {}", reject.reason);
        }
        assert_eq!(read("<log/>", &IngestOptions::default()), Ingested::default());
    }
}
