mod build;
mod deployment;
mod notification;
mod wfapi;

use crate::ingest::{IngestOptions, Ingested};
use crate::model::{Event, Link, LinkKind};

fn table(rows: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    rows.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn read_with(text: &str, options: &IngestOptions) -> Ingested {
    let read = crate::ingest(crate::Adapter::Jenkins, text.as_bytes(), options);
    // What is delivered again says nothing new.
    let mut stream = crate::ValueStream::new();
    assert_eq!(stream.apply_batch(read.events.clone()).refused, [], "{text}");
    let again = stream.apply_batch(read.events.clone());
    assert_eq!((again.accepted, again.refused), (0, Vec::new()), "{text}");
    read
}

fn read(text: &str) -> Ingested {
    read_with(text, &IngestOptions::default())
}

/// The links of an event as `kind other`, in order.
fn links(event: &Event) -> Vec<String> {
    let word = |Link { kind, to, .. }: &Link| format!("{} {to}", LinkKind::as_str(*kind));
    event.links.iter().map(word).collect()
}

/// The event of an item; the last one where there are several.
fn of<'r>(read: &'r Ingested, item: &str) -> &'r Event {
    let found = read.events.iter().rev().find(|event| event.item == item);
    found.unwrap_or_else(|| panic!("{item} is not in {read:?}"))
}
