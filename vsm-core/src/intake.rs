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
    /// more has arrived: what no longer follows is taken back.
    pub fn correlate(&mut self, rules: &CorrelationRules) -> ApplyReport {
        // What is one item now may be found by the name of the other, so names come first.
        let mut report = self.apply_batch(self.infer_aliases(rules));
        report.append(self.apply_batch(self.infer_links(rules)), 0);
        report
    }
}
