//! The first events in time: evidence that parts of a record can put together.

use serde::{Deserialize, Serialize};

use crate::analyze::EVIDENCE;
use crate::stream::ValueStream;
use crate::texts::NONE;
use crate::time::Instant;

/// An event behind a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MetricEvidence {
    /// When what it proves counts.
    pub at: Instant,
    /// The event, as `source:id`.
    pub event: String,
}

/// So many are looked at together: each by itself would cost a look at its key.
const MANY: usize = 4_096;

/// Keeps the first events in time out of many.
#[derive(Default)]
pub(super) struct Earliest {
    events: Vec<(Instant, u32)>,
    /// What is later is none of the first.
    last: Option<Instant>,
}

impl Earliest {
    pub(super) fn add(&mut self, stream: &ValueStream, at: Instant, event: u32) {
        if event == NONE || self.last.is_some_and(|last| at > last) {
            return;
        }
        self.events.push((at, event));
        if self.events.len() == MANY {
            self.thin(stream);
        }
    }

    fn thin(&mut self, stream: &ValueStream) {
        // Each event once, at its first time.
        self.events.sort_unstable_by_key(|(at, event)| (*event, *at));
        self.events.dedup_by_key(|(_, event)| *event);
        self.events.sort_unstable_by(|a, b| (a.0, stream.key(a.1)).cmp(&(b.0, stream.key(b.1))));
        self.events.truncate(EVIDENCE);
        self.last = self.events.get(EVIDENCE - 1).map(|(at, _)| *at);
    }

    pub(super) fn finish(mut self, stream: &ValueStream) -> Vec<MetricEvidence> {
        self.thin(stream);
        self.events
            .into_iter()
            .map(|(at, event)| MetricEvidence { at, event: stream.key(event).into() })
            .collect()
    }
}

/// The first events of two parts of a record.
pub(super) fn merge(one: &mut Vec<MetricEvidence>, other: &[MetricEvidence]) {
    one.extend(other.iter().cloned());
    // Each event once, at its first time.
    one.sort_unstable_by(|a, b| (&a.event, a.at).cmp(&(&b.event, b.at)));
    one.dedup_by(|later, first| later.event == first.event);
    one.sort_unstable();
    one.truncate(EVIDENCE);
}

/// In alphabetical order, as in every basis.
pub(super) fn keys(evidence: &[MetricEvidence]) -> Vec<String> {
    let mut keys: Vec<String> = evidence.iter().map(|evidence| evidence.event.clone()).collect();
    keys.sort_unstable();
    keys
}
