//! What the tests of this adapter share.

mod fields;
mod history;
mod hooks;

use super::*;
use crate::model::{Event, FlowState, Kind, LinkKind, Severity};
use crate::{Instant, ValueStream};

fn jira(text: &[u8], options: &IngestOptions) -> Ingested {
    crate::ingest(crate::Adapter::Jira, text, options)
}

fn ingest(text: &str) -> Ingested {
    jira(text.as_bytes(), &IngestOptions::default())
}

/// What an id has before the digest.
fn id(event: &Event) -> &str {
    event.id.rsplit_once('/').unwrap().0
}

fn ids(read: &Ingested) -> Vec<&str> {
    read.events.iter().map(id).collect()
}

fn find<'e>(read: &'e Ingested, wanted: &str) -> &'e Event {
    let found = read.events.iter().find(|event| id(event) == wanted);
    found.unwrap_or_else(|| panic!("no {wanted} among {:?}", ids(read)))
}

fn applied(read: Ingested) -> ValueStream {
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events).refused, []);
    stream
}

fn links(stream: &ValueStream, item: &str, kind: LinkKind) -> Vec<String> {
    let links = stream.links(item).unwrap();
    links.into_iter().filter(|link| link.kind == kind && link.from == item).map(|link| link.to).collect()
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn status(id: u32, name: &str, category: &str) -> String {
    format!(r#"{{"id":"{id}","name":"{name}","statusCategory":{{"key":"{category}"}}}}"#)
}

/// An issue created on 1 March, with some more fields and entries of its changelog.
fn issue(key: &str, fields: &str, changelog: Option<&[&str]>) -> String {
    let changelog = changelog.map_or(String::new(), |entries| {
        format!(
            r#","changelog":{{"startAt":0,"total":{},"histories":[{}]}}"#,
            entries.len(),
            entries.join(",")
        )
    });
    format!(
        r#"{{"id":"10{}","key":"{key}","fields":{{"created":"2026-03-01T09:00:00.000+0000","project":{{"key":"CHK"}},
        {fields}}}{changelog}}}"#,
        key.rsplit_once('-').unwrap().1
    )
}

fn entry(id: u32, created: &str, items: &[&str]) -> String {
    format!(r#"{{"id":"{id}","created":"{created}","items":[{}]}}"#, items.join(","))
}

fn change(field: &str, from: (&str, &str), to: (&str, &str)) -> String {
    let text = |text: &str| if text.is_empty() { "null".to_owned() } else { format!("\"{text}\"") };
    format!(
        r#"{{"field":"{field}","from":{},"fromString":{},"to":{},"toString":{}}}"#,
        text(from.0),
        text(from.1),
        text(to.0),
        text(to.1)
    )
}

const UPDATED: &str = r#""updated":"2026-03-20T09:00:00.000+0000""#;
