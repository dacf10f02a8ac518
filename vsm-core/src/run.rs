//! Long inputs: read as they arrive, with progress, and with a way to stop.

use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::hash::checksum;
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
    /// The path of the file, or what else the input was called.
    pub path: String,
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
    (name, reader): (&str, impl Read),
    options: &IngestOptions,
    apply: impl FnMut(Vec<Event>) -> Result<ApplyReport>,
    progress: impl FnMut(&IngestProgress) -> ControlFlow<()>,
) -> Result<IngestRun> {
    match Parts::new(adapter, options, false) {
        Ok(parts) => {
            let mut reading = Reading::new(parts, name, reader, apply, progress);
            reading.check()?;
            reading.read()
        }
        Err(refused) => Ok(IngestRun::refused(name, refused)),
    }
}

/// As [`ingest_reader`], from a file or whatever else can be read twice; see [`ValueStream::ingest_file`].
///
/// # Errors
/// As there.
pub fn ingest_file(
    adapter: Adapter,
    (name, mut file): (&str, impl Read + Seek),
    options: &IngestOptions,
    apply: impl FnMut(Vec<Event>) -> Result<ApplyReport>,
    progress: impl FnMut(&IngestProgress) -> ControlFlow<()>,
) -> Result<IngestRun> {
    // A pipe has a name, too, and comes once.
    let start = file.stream_position().ok();
    let parts = match Parts::new(adapter, options, start.is_some()) {
        Ok(parts) => parts,
        Err(refused) => return Ok(IngestRun::refused(name, refused)),
    };
    let is_learning = parts.is_learning();
    let mut reading = Reading::new(parts, name, file, apply, progress);
    reading.check()?;
    if let Some(start) = start.filter(|_| is_learning) {
        if reading.learn()?.is_break() {
            reading.run.cancelled = true;
            return Ok(reading.run);
        }
        let sought = reading.reader.seek(SeekFrom::Start(start));
        sought.map_err(|error| reading.failed(format!("can't be read again: {error}")))?;
        reading.at = 0;
    }
    reading.read()
}

/// An input on its way.
struct Reading<'o, R, A, P> {
    parts: Parts<'o>,
    name: &'o str,
    reader: R,
    apply: A,
    progress: P,
    chunk: Vec<u8>,
    /// Bytes that were read this time.
    at: u64,
    /// Of what comes twice: how long each chunk was the first time, and its checksum, the next one last.
    learnt: Option<Vec<(usize, u64)>>,
    run: IngestRun,
    events: u64,
}

impl<'o, R, A, P> Reading<'o, R, A, P>
where
    R: Read,
    A: FnMut(Vec<Event>) -> Result<ApplyReport>,
    P: FnMut(&IngestProgress) -> ControlFlow<()>,
{
    fn new(parts: Parts<'o>, name: &'o str, reader: R, apply: A, progress: P) -> Self {
        let run = IngestRun { path: name.to_owned(), ..IngestRun::default() };
        let chunk = vec![0; CHUNK];
        Reading { parts, name, reader, apply, progress, chunk, at: 0, learnt: None, run, events: 0 }
    }

    /// Whether anything would be taken at all: a stream that is closed says so of an empty input, too.
    fn check(&mut self) -> Result<()> {
        (self.apply)(Vec::new()).map(drop)
    }

    /// Gives the whole input to be learnt from.
    fn learn(&mut self) -> Result<ControlFlow<()>> {
        let mut learnt = Vec::new();
        loop {
            if (self.progress)(&self.run.progress()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let length = self.next(true)?;
            if length == 0 {
                self.parts.end();
                learnt.reverse();
                self.learnt = Some(learnt);
                return Ok(ControlFlow::Continue(()));
            }
            let chunk = self.chunk.get(..length).unwrap_or_default();
            learnt.push((length, checksum(chunk)));
            self.parts.push(chunk);
        }
    }

    /// The next bytes of what was learnt from: the same ones. What was added at the end meanwhile is for another time.
    fn again(&mut self) -> Result<usize> {
        let Some((length, sum)) = self.learnt.as_mut().and_then(Vec::pop) else { return Ok(0) };
        let read = self.next(true)?;
        if self.chunk.get(..length.min(read)).is_some_and(|chunk| read >= length && checksum(chunk) == sum) {
            return Ok(length);
        }
        self.at = self.run.bytes + if read < length { read as u64 } else { 0 };
        let how = if read < length { "was cut off" } else { "was changed from there on" };
        Err(self.failed(format!("{how} while it was read: read it again")))
    }

    fn read(mut self) -> Result<IngestRun> {
        loop {
            if (self.progress)(&self.run.progress()).is_break() {
                self.run.cancelled = true;
                break;
            }
            let length = if self.learnt.is_some() { self.again()? } else { self.next(false)? };
            self.run.bytes += length as u64;
            let read = match self.chunk.get(..length).filter(|bytes| !bytes.is_empty()) {
                Some(bytes) => self.parts.push(bytes),
                None => self.parts.end(),
            };
            self.run.report.add(read, &mut self.events, &mut self.apply)?;
            if length == 0 {
                // The last word: there is nothing left to cancel.
                let _ = (self.progress)(&self.run.progress());
                break;
            }
        }
        // What only the end can tell may be about the beginning.
        self.run.report.rejects.sort_by_key(|reject| reject.position);
        Ok(self.run)
    }

    /// How many bytes were read next: none at the end. Whether as many `as_fit`, or those that are there already.
    fn next(&mut self, as_fit: bool) -> Result<usize> {
        let mut length = 0;
        while let Some(free) = self.chunk.get_mut(length..).filter(|free| !free.is_empty()) {
            match self.reader.read(free) {
                Ok(0) => break,
                Ok(read) => {
                    length += read;
                    self.at += read as u64;
                    if !as_fit {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(format!("can't be read: {error}"))),
            }
        }
        Ok(length)
    }

    fn failed(&self, reason: String) -> Error {
        let position = Some(format!("byte {}", self.at));
        Error::Storage { path: self.name.to_owned(), position, reason }
    }
}

impl IngestRun {
    /// What there is when the options themselves are wrong: nothing was read then.
    fn refused(name: &str, read: Ingested) -> IngestRun {
        let report = IngestReport { rejects: read.rejects, ..IngestReport::default() };
        IngestRun { path: name.to_owned(), report, ..IngestRun::default() }
    }

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
    /// JSON Lines, lists of JSON and CSV are cut where a record ends, so that a few megabytes of an input are held at a
    /// time, of whatever length it is, with all adapters but these: `jira` and `bitbucket`, whose records explain one
    /// another, are held until the end ([`ingest_file`](ValueStream::ingest_file) reads them twice instead), and so are
    /// XML, `ocel` and `git_tags`. What is held so and is longer than [`LONGEST_DOCUMENT`](crate::LONGEST_DOCUMENT) is a reject.
    ///
    /// A record above [`LONGEST_LINE`](crate::LONGEST_LINE) is a reject as well, and is not held. An object as long as that
    /// is read as the answer page of an interface, where it is one and comes first: the records in its list, one by one;
    /// a record that holds a list of its own, such as an incident with its log, is no page.
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

    /// The same from a file or whatever else can be read twice. `jira` and `bitbucket` are: first to learn what all records
    /// together say, which takes memory for every issue's key and every commit's hash, and the pages of changelogs that
    /// stand by themselves; then to read them. Meanwhile `progress` is told that nothing was read yet. What is added at the
    /// end of such a file meanwhile is not read.
    ///
    /// # Errors
    /// As there. Also where such a file was changed or cut off between the two times: what was applied before that stays,
    /// nothing is applied from there on.
    pub fn ingest_file(
        &mut self,
        adapter: Adapter,
        input: (&str, impl Read + Seek),
        options: &IngestOptions,
        progress: impl FnMut(&IngestProgress) -> ControlFlow<()>,
    ) -> Result<IngestRun> {
        ingest_file(adapter, input, options, |events| Ok(self.apply_batch(events)), progress)
    }
}
