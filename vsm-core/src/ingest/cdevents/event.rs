//! One CDEvent as a value.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::payload::{DEEPEST, Record};
use crate::document::document;
use crate::error::{Error, Result};

/// One CDEvent with all that its sender wrote: for tools that look at events and hand them on.
///
/// What the specification requires can be asked for by name, in every version alike; everything else, known or not, is
/// there by its place. Nothing is lost on the way: members keep their order, numbers and texts their spelling. Only the
/// white space between them goes.
///
/// ```
/// use vsm_core::CdEvent;
/// let event = CdEvent::read(br#"{
///     "context": {"specversion": "0.5.1", "id": "7", "source": "/ci", "type": "dev.cdevents.build.finished.0.3.0",
///                 "timestamp": "2026-03-02T09:00:00.1234567Z"},
///     "subject": {"id": "build-7", "content": {"artifactId": "pkg:npm/shop@1.2.0", "cost": 1.50}}}"#)?;
/// assert_eq!((event.subject(), event.predicate()), ("build", "finished"));
/// assert_eq!(event.part("/subject/content/cost"), Some("1.50"));
/// assert_eq!(CdEvent::read(event.to_json().as_bytes())?, event);
/// # Ok::<(), vsm_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdEvent {
    json: Box<str>,
    version: Option<Box<str>>,
    id: Box<str>,
    source: Box<str>,
    kind: Box<str>,
    timestamp: Option<Box<str>>,
    chain: Option<Box<str>>,
    subject_id: Box<str>,
    subject_source: Box<str>,
}

impl CdEvent {
    /// Reads one CDEvent: bare, in a structured CloudEvent (`data` or `data_base64`), or in a CloudEvent in binary mode,
    /// handed over as `{"headers":…,"body":…}`. What it was packed in is no part of it: that says nothing of its own.
    ///
    /// # Errors
    /// [`Error::Document`] for what is not JSON, [`Error::Invalid`] where `id`, `source` or `type` of the context or the
    /// `id` of the subject is missing.
    pub fn read(text: &[u8]) -> Result<CdEvent> {
        let mut text = Cow::Borrowed(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
        for _ in 0..DEEPEST {
            let record: Record<'_> = serde_json::from_slice(&text).map_err(|error| document(&error))?;
            let inside = match record.inside() {
                None => return CdEvent::of(&record, &text),
                Some(inside) => inside?.into_owned(),
            };
            text = Cow::Owned(inside);
        }
        Err(Error::invalid("data", "is packed too often to be a CDEvent"))
    }

    fn of(record: &Record<'_>, text: &[u8]) -> Result<CdEvent> {
        let missing = |field: &str| Error::invalid(field, "is missing");
        let context = record.context.0.as_ref().ok_or_else(|| missing("context"))?;
        let subject = record.subject.0.as_ref().ok_or_else(|| missing("subject"))?;
        let required = |field: &str, text: Option<&str>| -> Result<Box<str>> {
            text.map(Box::from).ok_or_else(|| missing(field))
        };
        let source = required("context.source", context.source.get())?;
        Ok(CdEvent {
            version: context.specversion.get().or(context.version.get()).map(Box::from),
            id: required("context.id", context.id.get())?,
            kind: required("context.type", context.kind.get())?,
            timestamp: context.timestamp.text().map(Box::from),
            chain: context.chain_id.get().map(Box::from),
            subject_id: required("subject.id", subject.id.get())?,
            subject_source: subject.source.get().map_or_else(|| source.clone(), Box::from),
            source,
            json: compact(&String::from_utf8_lossy(text)),
        })
    }

    /// The event as one line of JSON, as it was written.
    pub fn to_json(&self) -> &str {
        &self.json
    }

    /// The version of the specification, by `specversion` or, up to 0.4, by `version`.
    pub fn spec_version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The id of the event, unique within its source.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where the event comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The whole type, such as `dev.cdevents.build.finished.0.3.0`.
    pub fn event_type(&self) -> &str {
        &self.kind
    }

    /// What the event is about by its type: `build`, or `mytool-resource` in an event of a tool's own.
    pub fn subject(&self) -> &str {
        words(&self.kind).map_or("", |(subject, _)| subject)
    }

    /// What became of it by the type: `finished`.
    pub fn predicate(&self) -> &str {
        words(&self.kind).map_or("", |(_, predicate)| predicate)
    }

    /// When it happened, as written.
    pub fn timestamp(&self) -> Option<&str> {
        self.timestamp.as_deref()
    }

    /// The chain that the event is a part of.
    pub fn chain_id(&self) -> Option<&str> {
        self.chain.as_deref()
    }

    /// The id of the subject, unique within its source.
    pub fn subject_id(&self) -> &str {
        &self.subject_id
    }

    /// Where the subject is from; where it doesn't say, where the event is from.
    pub fn subject_source(&self) -> &str {
        &self.subject_source
    }

    /// Any part of the event as JSON, by its JSON pointer (RFC 6901) such as `/subject/content/environment/id`.
    pub fn part(&self, pointer: &str) -> Option<&str> {
        let mut json: &str = &self.json;
        if pointer.is_empty() {
            return Some(json);
        }
        for step in pointer.strip_prefix('/')?.split('/') {
            let step = step.replace("~1", "/").replace("~0", "~");
            let inner: &RawValue = if json.starts_with('[') {
                let list: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                list.get(step.parse::<usize>().ok()?).copied()?
            } else {
                let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(json).ok()?;
                members.get(step.as_str()).copied()?
            };
            json = inner.get();
        }
        Some(json)
    }
}

/// Subject and predicate of `dev.cdevents.build.finished.0.3.0`, or of `dev.cdeventsx.tool-thing.created.0.1.0`.
pub(super) fn words(kind: &str) -> Option<(&str, &str)> {
    let rest = kind.strip_prefix("dev.cdevents.").or_else(|| kind.strip_prefix("dev.cdeventsx."))?;
    let (subject, rest) = rest.split_once('.')?;
    Some((subject, rest.split_once('.').map_or(rest, |(predicate, _)| predicate)))
}

/// JSON without the white space between its tokens.
fn compact(json: &str) -> Box<str> {
    let (mut in_text, mut escaped) = (false, false);
    let kept = json.chars().filter(|c| {
        if in_text {
            (in_text, escaped) = (escaped || *c != '"', *c == '\\' && !escaped);
            return true;
        }
        in_text = *c == '"';
        !c.is_ascii_whitespace()
    });
    kept.collect::<String>().into()
}
