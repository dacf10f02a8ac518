//! Every target date that was ever said of an item, and when.

use serde::{Deserialize, Serialize};

use crate::model::Set;
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// The target dates of an item, first to last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetDates {
    /// The item.
    pub item: String,
    /// What was said; a date that is said again is not listed again.
    pub dates: Vec<TargetDate>,
    /// How often a date became another one.
    pub moves: u32,
    /// From the first date to the last; negative where it was moved forward.
    pub moved_by: Span,
}

/// A target date as it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetDate {
    /// The date; absent where it was taken away.
    pub due_at: Option<Instant>,
    /// Since when it was so.
    pub said_at: Instant,
    /// When that became known.
    pub known_at: Instant,
    /// The event that says so, as `source:id`.
    pub event: String,
}

impl TargetDates {
    /// Of an item that has, or had, a target date.
    pub(super) fn of(stream: &ValueStream, item: u32) -> Option<TargetDates> {
        let mut dates: Vec<TargetDate> = Vec::new();
        for (number, stored) in stream.chronicle(item) {
            let Some(said) = stored.sets.iter().rev().find_map(Set::due_at) else { continue };
            let due_at = said.copied();
            if dates.last().map_or(due_at.is_none(), |last| last.due_at == due_at) {
                continue;
            }
            let event = stream.key(number).to_owned();
            dates.push(TargetDate { due_at, said_at: stored.occurred, known_at: stored.known_at(), event });
        }
        let mut known = dates.iter().filter_map(|date| date.due_at);
        let first = known.next()?;
        let (mut last, mut moves) = (first, 0);
        for due_at in known {
            moves += u32::from(due_at != last);
            last = due_at;
        }
        Some(TargetDates { item: stream.id(item).to_owned(), dates, moves, moved_by: last.since(first) })
    }
}
