//! Events in this engine's own form, as JSON Lines; see [`ValueStream::apply_json_lines`] for the short way in.
//!
//! [`ValueStream::apply_json_lines`]: crate::ValueStream::apply_json_lines

use super::{Ingested, Reject};
use crate::document::{lines, read_event};

pub(super) fn read(text: &[u8]) -> Ingested {
    let mut ingested = Ingested::default();
    for (position, line) in lines(text) {
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
