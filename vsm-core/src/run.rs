//! Long inputs: read as they arrive, with progress, and with a way to stop.

use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::ingest::{Adapter, IngestOptions, Ingested, Parts};
use crate::intake::IngestReport;
use crate::model::Event;
use crate::stream::{ApplyReport, ValueStream};

/// So much is read at once, in bytes.
const CHUNK: usize = 1 << 20;

/// How far the reading of an input has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestProgress {
    /// Bytes that were read of the input.
    pub bytes: u64,
    /// Events that are part of the record now.
    pub accepted: u64,
    /// Events that were part of it already.
    pub duplicates: u64,
    /// Events that were refused.
    pub refused: u64,
    /// Records that could not be read.
    pub rejects: u64,
}

/// What became of an input that was read as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestRun {
    /// The same as if the input had been read at once; where it was cancelled, of what was read so far.
    pub report: IngestReport,
    /// Bytes that were read of the input.
    pub bytes: u64,
    /// Whether it was cancelled. What was applied stays; reading the input again later changes nothing but what is
    /// missing, since an event that is there already is a duplicate.
    pub cancelled: bool,
}

/// Reads what a tool wrote from a reader and gives the events to `apply` as they come; for hosts that hold the stream
/// behind a lock and want to let go of it in between. Others use [`ValueStream::ingest_reader`], where the rest is said.
///
/// # Errors
/// [`Error::Storage`] where the reader fails, with `name` as its path; and what `apply` fails with. What was applied
/// before stays.
pub fn ingest_reader(
    adapter: Adapter,
    (name, mut reader): (&str, impl Read),
    options: &IngestOptions,
    mut apply: impl FnMut(Vec<Event>) -> Result<ApplyReport>,
    mut progress: impl FnMut(&IngestProgress) -> ControlFlow<()>,
) -> Result<IngestRun> {
    let mut parts = Parts::new(adapter, options);
    let mut run = IngestRun::default();
    let mut events = 0;
    let mut chunk = vec![0; CHUNK];
    loop {
        if progress(&run.progress()).is_break() {
            run.cancelled = true;
            return Ok(run);
        }
        let length = match reader.read(&mut chunk) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                let (path, position) = (name.to_owned(), Some(format!("byte {}", run.bytes)));
                return Err(Error::Storage { path, position, reason: format!("can't be read: {error}") });
            }
        };
        let Some(bytes) = chunk.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
        run.bytes += length as u64;
        run.report.add(parts.push(bytes), &mut events, &mut apply)?;
    }
    run.report.add(parts.end(), &mut events, &mut apply)?;
    // The last word: there is nothing left to cancel.
    let _ = progress(&run.progress());
    Ok(run)
}

impl IngestRun {
    fn progress(&self) -> IngestProgress {
        let IngestReport { applied, rejects, .. } = &self.report;
        IngestProgress {
            bytes: self.bytes,
            accepted: applied.accepted,
            duplicates: applied.duplicates,
            refused: applied.refused.len() as u64,
            rejects: rejects.len() as u64,
        }
    }
}

impl IngestReport {
    /// Applies what was read next, and reports on it as if it had all been one batch; `before` counts its events.
    fn add(
        &mut self,
        read: Ingested,
        before: &mut u64,
        apply: &mut impl FnMut(Vec<Event>) -> Result<ApplyReport>,
    ) -> Result<()> {
        let Ingested { events, rejects, ignored } = read;
        let count = events.len() as u64;
        if count > 0 {
            self.applied.append(apply(events)?, *before);
        }
        *before += count;
        self.rejects.extend(rejects);
        for (what, count) in ignored {
            *self.ignored.entry(what).or_default() += count;
        }
        Ok(())
    }
}

/// Reading what does not fit into memory at once.
impl ValueStream {
    /// Reads what a tool wrote from a reader, as it arrives, and applies it; what comes of it is exactly what
    /// [`ingest`](ValueStream::ingest) makes of the whole input, positions included. `name` is what to call the reader
    /// in an error: a path, say.
    ///
    /// `progress` is told at the beginning, after each megabyte and at the end how far it has come; where it breaks, reading ends and
    /// what was applied stays.
    ///
    /// JSON Lines and CSV are cut where a line or row ends, so that a few megabytes of an input are held at a time, of
    /// whatever length it is: with `events` and with `mapping` of CSV, and with `git`, `cdevents`, `github` and `gitlab` where
    /// the first line is a JSON object or list and not the only one. A line above [`LONGEST_LINE`](crate::LONGEST_LINE)
    /// is a reject and is not held. Everything else is gathered and read at its end: a single document of JSON or XML,
    /// of which nothing counts if it turns out to be cut off, and the formats of the other adapters, whose records explain
    /// one another.
    ///
    /// # Errors
    /// [`Error::Storage`] where the reader fails; what was applied before stays.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use vsm_core::{Adapter, IngestOptions, ValueStream};
    /// let commits = "{\"sha\":\"4f2c\",\"committed\":\"2026-03-01T09:00:00Z\"}\nnot a commit\n";
    /// let mut stream = ValueStream::new();
    /// let mut bytes = 0;
    /// let run = stream.ingest_reader(Adapter::Git, ("git.jsonl", commits.as_bytes()), &IngestOptions::default(), |now| {
    ///     bytes = now.bytes;
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!((run.report.applied.accepted, run.report.rejects[0].position), (1, 2));
    /// assert_eq!((run.bytes, bytes, run.cancelled), (commits.len() as u64, run.bytes, false));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn ingest_reader(
        &mut self,
        adapter: Adapter,
        input: (&str, impl Read),
        options: &IngestOptions,
        progress: impl FnMut(&IngestProgress) -> ControlFlow<()>,
    ) -> Result<IngestRun> {
        ingest_reader(adapter, input, options, |events| Ok(self.apply_batch(events)), progress)
    }
}
