//! From bytes to a linked record in one call: what hosts do with [`ingest`](crate::ingest) and
//! [`infer_links`](ValueStream::infer_links) anyway.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::correlate::CorrelationRules;
use crate::ingest::{Adapter, IngestOptions, Reject, ingest};
use crate::stream::{ApplyReport, ValueStream};

/// What became of one input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestReport {
    /// What became of the events that were read.
    pub applied: ApplyReport,
    /// The records that could not be read.
    pub rejects: Vec<Reject>,
    /// What was read and not used, with how often it occurred.
    pub ignored: BTreeMap<String, u64>,
}

/// Reading tools' own files.
impl ValueStream {
    /// Reads what a tool wrote and applies it.
    ///
    /// ```
    /// use vsm_core::{Adapter, IngestOptions, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let report = stream.ingest(Adapter::Git, b"not a commit", &IngestOptions::default());
    /// assert_eq!(report.rejects[0].position, 1);
    /// ```
    pub fn ingest(&mut self, adapter: Adapter, bytes: &[u8], options: &IngestOptions) -> IngestReport {
        let read = ingest(adapter, bytes, options);
        IngestReport { applied: self.apply_batch(read.events), rejects: read.rejects, ignored: read.ignored }
    }

    /// Infers by the rules which environments are one and which links there are, and applies it. Run it again whenever
    /// more has arrived: what no longer follows is taken back. The names come first in the report, then the links.
    pub fn correlate(&mut self, rules: &CorrelationRules) -> ApplyReport {
        // What is one item now may be found by the name of the other, so names come first.
        let names = self.infer_aliases(rules);
        let count = names.len() as u64;
        let mut report = self.apply_batch(names);
        report.append(self.apply_batch(self.infer_links(rules)), count);
        report
    }
}

#[cfg(test)]
mod tests {
    use crate::{CorrelationRules, EnvironmentNames, Event, Instant, Kind, Link, LinkKind, ValueStream};

    /// What the rules say is one batch, so each refusal has a place of its own in it.
    #[test]
    fn what_rules_say_is_counted_in_one_row() {
        let mut stream = ValueStream::new();
        let items = [
            ("env:production", Kind::Environment, ""),
            ("ci:PRD", Kind::Environment, ""),
            ("jira:CHK-7", Kind::Story, ""),
            ("git:4f2c", Kind::Change, "CHK-7"),
        ];
        for (n, (item, kind, title)) in items.into_iter().enumerate() {
            let mut event = Event::new("t", n.to_string(), Instant::MIN, item);
            event.kind = Some(kind);
            event.set.title = Some(title.into());
            stream.apply(event).unwrap();
        }
        // The id of the link to be, given to something else before.
        let mut tried = stream.clone();
        tried.correlate(&CorrelationRules::default());
        let link = tried.events().find(|event| event.source == "vsm").unwrap();
        stream.apply(Event::new("vsm", link.id, Instant::MIN, "jira:CHK-7")).unwrap();
        let mut linked = Event::new("t", "linked", Instant::MIN, "ci:PRD");
        linked.links.push(Link::new(LinkKind::Relates, "env:production"));
        stream.apply(linked).unwrap();
        let production = EnvironmentNames { environment: "env:production".into(), names: vec!["prd".into()] };
        let rules = CorrelationRules { environments: vec![production], ..CorrelationRules::default() };
        let refused = stream.correlate(&rules).refused;
        let refused: Vec<(u64, &str)> =
            refused.iter().map(|refusal| (refusal.position, refusal.code.as_str())).collect();
        assert_eq!(refused, [(1, "conflict"), (2, "conflict")]);
    }
}
