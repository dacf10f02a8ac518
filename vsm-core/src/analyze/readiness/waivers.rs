//! The waivers that a verdict rests on.

use serde::{Deserialize, Serialize};

use super::super::message::say;
use super::super::{Message, keys};
use super::judge::Judge;
use super::stakeholders::Ruling;
use crate::model::{Kind, Set};
use crate::time::Instant;

/// A waiver that a verdict rests on: it complies with the policy by exception.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiver {
    /// The gate or criterion that is waived.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// The waiver as an English sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
    /// Why, as its event or a later one says.
    pub reason: Option<String>,
    /// Who granted it, by name.
    pub by: Option<String>,
    /// When it was granted.
    pub since: Option<Instant>,
    /// When it ends; absent where nobody says, and it holds for ever.
    pub ends_at: Option<Instant>,
    /// Whether it ends before the target date of what was asked about: the verdict will turn before that. Absent where
    /// either date is.
    pub ends_before_due: Option<bool>,
    /// The events behind it, as `source:id`.
    pub evidence: Vec<String>,
}

impl Judge<'_> {
    /// The waiver of a gate or criterion that holds, if there is one.
    pub(super) fn waiver(&self, target: u32, item: u32) -> Option<Waiver> {
        let stream = self.stream;
        if !matches!(stream.kind(item), Some(Kind::Gate | Kind::Criterion)) {
            return None;
        }
        let Ruling::Waived { event, until } = stream.ruling(item, self.at) else { return None };
        let since = stream.occurred(event);
        let reason = stream.last(item, Set::reason).filter(|(_, said)| stream.occurred(*said) >= since);
        let by = stream.names(&stream.deciders(item, event), " and ");
        let due = stream.last(target, Set::due_at).map(|(due, _)| due);
        let ends_before_due = until.zip(due).map(|(until, due)| until < due);
        let waived = match (by.clone(), until) {
            (None, None) => say::waived(item),
            (None, Some(until)) => say::waived_until(item, until),
            (Some(by), None) => say::waived_by(item, by),
            (Some(by), Some(until)) => say::waived_by_until(item, by, until),
        };
        let why = reason.as_ref().map(|(why, _)| say::and_reason(why.to_string()));
        let ends = due.filter(|_| ends_before_due == Some(true)).map(say::and_ends_before);
        let (sentence, messages) = waived.and(why).and(ends).tell(stream);
        let expiry = stream.last(item, Set::expires_at).map(|(_, event)| event);
        let events = [Some(event), expiry, reason.as_ref().map(|(_, event)| *event)];
        Some(Waiver {
            item: stream.id(item).to_owned(),
            title: stream.title(item).to_owned(),
            sentence,
            messages,
            reason: reason.map(|(reason, _)| reason.into()),
            by,
            since,
            ends_at: until,
            ends_before_due,
            evidence: keys(stream, events.into_iter().flatten()),
        })
    }
}
