//! From bytes to a linked record in one call: what hosts do with [`ingest`](crate::ingest) and
//! [`infer_links`](ValueStream::infer_links) anyway.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::correlate::CorrelationRules;
#[cfg(feature = "arrow")]
use crate::ingest::Batches;
use crate::ingest::{Adapter, IngestOptions, Reject, ingest};
use crate::stream::{ApplyReport, ValueStream};

/// How many rows of a batch are made events at a time: as many as stay in the cache until they are applied.
#[cfg(feature = "arrow")]
const ROWS: usize = 512;

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

    /// Reads a table that comes in batches of Arrow, as data frames hand it over, and applies it. The option `mapping` says
    /// what its columns mean, whatever it says of the form that rows are written in; positions are the numbers of rows, from
    /// 1. A batch that is an error ends the table. No more than a few hundred rows are held as events at a time.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::{ArrayRef, RecordBatch, StringArray};
    /// use vsm_core::{IngestOptions, ValueStream};
    /// let keys: ArrayRef = Arc::new(StringArray::from(vec!["CHK-1", "CHK-2"]));
    /// let batch = RecordBatch::try_from_iter([("Key", keys)])?;
    /// let options: IngestOptions = serde_json::from_str(
    ///     r#"{"recorded_at":"2026-03-01T00:00:00Z","mapping":{"source":"sheet","id":"plan:{Key}","kind":"feature"}}"#,
    /// )?;
    /// let mut stream = ValueStream::new();
    /// assert_eq!(stream.ingest_arrow([Ok(batch)], &options).applied.accepted, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "arrow")]
    pub fn ingest_arrow(
        &mut self,
        batches: impl IntoIterator<Item = std::result::Result<arrow_array::RecordBatch, arrow_schema::ArrowError>>,
        options: &IngestOptions,
    ) -> IngestReport {
        let mut report = IngestReport::default();
        let mut table = match Batches::new(options) {
            Ok(table) => table,
            Err(refused) => return IngestReport { rejects: refused.rejects, ..report },
        };
        let mut events = 0;
        for batch in batches {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    report.rejects.push(table.broken(&error));
                    break;
                }
            };
            for start in (0..batch.num_rows()).step_by(ROWS) {
                let read = table.read(&batch.slice(start, ROWS.min(batch.num_rows() - start)));
                let is_refused = read.rejects.first().is_some_and(|reject| reject.position == 0);
                let count = read.events.len() as u64;
                report.applied.append(self.apply_batch(read.events), events);
                events += count;
                report.rejects.extend(read.rejects);
                for (what, times) in read.ignored {
                    *report.ignored.entry(what).or_default() += times;
                }
                if is_refused {
                    return report;
                }
            }
        }
        report
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
