//! The versioned JSON form of events and snapshots.
//!
//! **Events** travel as JSON Lines: one event a line, empty lines ignored. **Snapshots** are one JSON object,
//! `{"format":"vsm.snapshot","version":1,"events":[...]}`, with the accepted events in order of arrival. State is a
//! fold over events, so a snapshot holds all there is to know; it is read back by replaying it.
//!
//! What this crate writes it reads, and writes again byte for byte the same. Fields that a reader does not know are
//! left out and counted; a snapshot of a newer version is refused.

use std::collections::BTreeMap;

use memchr::memchr_iter;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{Event, Statement};
use crate::stream::{ApplyReport, GROUP, Refusal, ValueStream};

/// The longest line that is read, in bytes: one event, whatever a tool has put into it, is shorter.
pub const LONGEST_LINE: usize = 16 << 20;

/// The same as it is applied: fuzzers would never come to a line of megabytes.
pub(crate) const LINE_LIMIT: usize = if cfg!(fuzzing) { 100 } else { LONGEST_LINE };

/// The attribute of an OCEL event that holds the event in our own form.
pub(crate) const OCEL_EVENT: &str = "vsm_event";

/// No event is shorter, in bytes.
const SHORTEST_EVENT: usize = 60;

const FORMAT: &str = "vsm.snapshot";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Snapshot<E> {
    format: String,
    version: u32,
    events: E,
}

/// What every version of a snapshot begins with.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

impl Head {
    fn check(&self) -> Result<()> {
        let refuse =
            |position: &str, reason: String| Err(Error::Document { position: position.into(), reason });
        if self.format != FORMAT {
            return refuse("format", format!("this is not a snapshot: its format should be \"{FORMAT}\""));
        }
        if self.version != VERSION {
            let whose = if self.version > VERSION { "a newer" } else { "no" };
            let found = self.version;
            return refuse(
                "version",
                format!("version {found} is that of {whose} engine; this one reads {VERSION}"),
            );
        }
        Ok(())
    }
}

/// The JSON form.
impl ValueStream {
    /// Applies JSON Lines, one event a line; what can't be read or applied is reported with its line.
    ///
    /// Keeping events takes several times what reading them does; holds a few at a time.
    ///
    /// ```
    /// let mut stream = vsm_core::ValueStream::new();
    /// let report = stream.apply_json_lines(
    ///     br#"{"source":"jira","id":"1","occurred_at":"2026-03-01T09:00:00Z","item":"jira:CHK-1","kind":"epic"}
    /// {"source":"jira","id":"2"}"#,
    /// );
    /// assert_eq!(report.accepted, 1);
    /// assert_eq!(report.refused[0].position, 2);
    /// ```
    pub fn apply_json_lines(&mut self, text: &[u8]) -> ApplyReport {
        let mut report = ApplyReport::default();
        // Lines that are too short to be events make no room.
        self.expect(memchr_iter(b'\n', text).count().min(text.len() / SHORTEST_EVENT));
        let mut lines = lines(text, LINE_LIMIT).peekable();
        while lines.peek().is_some() {
            let mut group = Vec::with_capacity(GROUP);
            for (number, line) in lines.by_ref().take(GROUP) {
                match line.and_then(|line| read(line, &mut report.unknown_fields)) {
                    Ok(statement) => group.push((number, statement)),
                    Err(unreadable) => report.refused.push(Refusal {
                        position: number,
                        event: None,
                        code: unreadable.code.into(),
                        reason: unreadable.reason,
                    }),
                }
            }
            self.absorb_all(group, &mut report);
        }
        // Of a group, what could not be read is noted first.
        report.refused.sort_by_key(|refusal| refusal.position);
        report
    }

    /// All accepted events as a snapshot document.
    pub fn to_snapshot(&self) -> String {
        let events: Vec<Event> = self.events().collect();
        // Strings, numbers and lists have a JSON form whatever they hold.
        serde_json::to_string(&Snapshot { format: FORMAT.into(), version: VERSION, events })
            .unwrap_or_default()
    }

    /// Reads a snapshot document.
    ///
    /// # Errors
    /// [`Error::Document`] with line and column where it is not such a document, is cut off, is of a newer version,
    /// or holds an event that can't be applied. Nothing is read in part.
    pub fn from_snapshot(text: &[u8]) -> Result<ValueStream> {
        let snapshot: Snapshot<Vec<Event>> = serde_json::from_slice(text).map_err(|error| {
            // Another version may hold its events in another shape; then its version is what to speak of.
            match serde_json::from_slice::<Head>(text) {
                Ok(head) => head.check().err().unwrap_or_else(|| document(&error)),
                Err(_) => document(&error),
            }
        })?;
        Head { format: snapshot.format, version: snapshot.version }.check()?;
        let mut stream = ValueStream::new();
        let report = stream.apply_batch(snapshot.events);
        match report.refused.into_iter().next() {
            None => Ok(stream),
            Some(refusal) => Err(Error::Document {
                position: format!("events[{}]", refusal.position - 1),
                reason: refusal.reason,
            }),
        }
    }
}

/// One event as a line of JSON, without the line end.
pub fn event_to_json(event: &Event) -> String {
    serde_json::to_string(event).unwrap_or_default()
}

/// Why a line is not an event.
pub(crate) struct Unreadable {
    /// As in [`Error::code`].
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

/// One event of a line, with the fields that nobody knows counted.
pub(crate) fn read_event(
    line: &[u8],
    unknown: &mut BTreeMap<String, u64>,
) -> std::result::Result<Event, Unreadable> {
    read(line, unknown).map(Statement::into_event)
}

fn read<'a>(
    line: &'a [u8],
    unknown: &mut BTreeMap<String, u64>,
) -> std::result::Result<Statement<'a>, Unreadable> {
    // A line that is UTF-8 all through needs no further look at each of its texts.
    let said = match std::str::from_utf8(line) {
        Ok(line) => Statement::from_json(line),
        Err(_) => serde_json::from_slice(line),
    };
    let said = said.map_err(|error| {
        use serde_json::error::Category;
        let code = if error.classify() == Category::Data { "invalid" } else { "document" };
        Unreadable { code, reason: error.to_string() }
    })?;
    if said.has_more() {
        // It can be read, so what comes of it does not matter.
        let _ = serde_ignored::deserialize::<_, _, Statement<'_>>(
            &mut serde_json::Deserializer::from_slice(line),
            |path| *unknown.entry(path.to_string()).or_default() += 1,
        );
    }
    Ok(said)
}

/// The mark that some editors put at the beginning of a text in UTF-8.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// The lines of a text with their numbers from 1; empty ones are left out, those above `longest` bytes are errors.
pub(crate) fn lines(
    text: &[u8],
    longest: usize,
) -> impl Iterator<Item = (u64, std::result::Result<&[u8], Unreadable>)> {
    lines_from(text.strip_prefix(BOM).unwrap_or(text), 1, longest)
}

/// The same for a part of a text that begins with the line of this number.
pub(crate) fn lines_from(
    text: &[u8],
    first: u64,
    longest: usize,
) -> impl Iterator<Item = (u64, std::result::Result<&[u8], Unreadable>)> {
    let mut start = 0;
    let ends = memchr_iter(b'\n', text).chain([text.len()]);
    ends.zip(first..).filter_map(move |(end, number)| {
        let line = text.get(start..end).unwrap_or_default().trim_ascii();
        start = end + 1;
        if line.is_empty() {
            return None;
        }
        if line.len() > longest {
            return Some((number, Err(overlong(line.len() as u64, longest))));
        }
        Some((number, Ok(line)))
    })
}

/// What is said of a line that is too long to be read.
pub(crate) fn overlong(length: u64, longest: usize) -> Unreadable {
    let reason = format!("the line is {length} bytes long, more than {longest}");
    Unreadable { code: "document", reason }
}

pub(crate) fn document(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    Error::Document {
        position: format!("line {}, column {}", error.line(), error.column()),
        reason: reason.to_owned(),
    }
}
