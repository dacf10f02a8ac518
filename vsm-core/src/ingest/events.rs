//! Events in this engine's own form, as JSON Lines; see [`ValueStream::apply_json_lines`] for the short way in.
//!
//! [`ValueStream::apply_json_lines`]: crate::ValueStream::apply_json_lines

use super::parts::Part;
use super::{Ingested, Reject};
use crate::document::{BOM, lines_from, read_event};

pub(super) fn read(text: Part<'_>) -> Ingested {
    let mut ingested = Ingested::default();
    let (bytes, first) = match text.place {
        Some(place) => (text.bytes, place.line),
        None => (text.bytes.strip_prefix(BOM).unwrap_or(text.bytes), 1),
    };
    for (position, line) in lines_from(bytes, first, text.longest) {
        match line.and_then(|line| read_event(line, &mut ingested.ignored)) {
            Ok(event) => ingested.events.push(event),
            Err(unreadable) => {
                ingested.rejects.push(Reject {
                    position,
                    record: None,
                    code: unreadable.code.into(),
                    reason: unreadable.reason,
                });
            }
        }
    }
    ingested
}
