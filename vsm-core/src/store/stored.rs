//! A stream and its store together.

use std::io::{Read, Seek};
use std::ops::{ControlFlow, Deref};

use super::{Audit, Recovery, Seal, Store};
use crate::correlate::CorrelationRules;
use crate::error::Result;
use crate::ingest::{Adapter, IngestOptions};
use crate::intake::IngestReport;
use crate::model::Event;
use crate::run::{IngestProgress, IngestRun, ingest_file, ingest_reader};
use crate::stream::{Applied, ApplyReport, ValueStream};

/// So many events are given to the store at once.
const BATCH: usize = 4096;

/// A [`ValueStream`] whose events are kept by a [`Store`].
///
/// It answers every question as the stream does. What changes it goes through the methods below: an event is checked
/// and applied in memory, then appended to the store, and acknowledged, by returning `Ok`, when the store has it.
///
/// Where the store fails, the method fails with [`Error::Storage`](crate::Error::Storage); the event is in the stream then, and not
/// acknowledged. The next call, whichever, gives the store what it lacks first and fails as long as that fails, so that
/// never more than one call's events are without a home. [`save`](StoredStream::save) tries again and nothing else.
#[derive(Debug)]
pub struct StoredStream<S> {
    stream: ValueStream,
    store: S,
    /// How many events of the stream's record the store has.
    kept: u32,
    /// The number of the last event that was read from the store or written to it.
    number: u64,
}

impl<S: Store> StoredStream<S> {
    /// Reads everything that a store has, and goes on from there. Look at [`Recovery::is_whole`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) where the store can't be read at all.
    pub fn open(store: S) -> Result<(StoredStream<S>, Recovery)> {
        let mut stored = StoredStream { stream: ValueStream::new(), store, kept: 0, number: 0 };
        let recovery = stored.catch_up()?;
        Ok((stored, recovery))
    }

    /// Reads what another process has written since; for a store that is open for reading.
    ///
    /// # Errors
    /// As [`open`](StoredStream::open).
    pub fn catch_up(&mut self) -> Result<Recovery> {
        self.save()?;
        let loaded = self.store.load(&mut self.stream, &mut self.number);
        // What was read before it failed is in the store all the same.
        self.kept = self.count();
        let recovery = loaded?;
        self.number = recovery.number;
        Ok(recovery)
    }

    /// The stream, for questions; a clone of it is a snapshot for another thread.
    pub fn stream(&self) -> &ValueStream {
        &self.stream
    }

    /// As [`ValueStream::apply`].
    ///
    /// # Errors
    /// As there, and [`Error::Storage`](crate::Error::Storage).
    pub fn apply(&mut self, event: Event) -> Result<Applied> {
        self.change(|stream| stream.apply(event))?
    }

    /// As [`ValueStream::apply_batch`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn apply_batch(&mut self, events: impl IntoIterator<Item = Event>) -> Result<ApplyReport> {
        self.change(|stream| stream.apply_batch(events))
    }

    /// As [`ValueStream::apply_json_lines`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn apply_json_lines(&mut self, text: &[u8]) -> Result<ApplyReport> {
        self.change(|stream| stream.apply_json_lines(text))
    }

    /// As [`ValueStream::ingest`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn ingest(
        &mut self,
        adapter: Adapter,
        bytes: &[u8],
        options: &IngestOptions,
    ) -> Result<IngestReport> {
        self.change(|stream| stream.ingest(adapter, bytes, options))
    }

    /// As [`ValueStream::ingest_reader`]; the store is given the events part by part.
    ///
    /// # Errors
    /// As there, and [`Error::Storage`](crate::Error::Storage).
    pub fn ingest_reader(
        &mut self,
        adapter: Adapter,
        input: (&str, impl Read),
        options: &IngestOptions,
        progress: impl FnMut(&IngestProgress) -> ControlFlow<()>,
    ) -> Result<IngestRun> {
        ingest_reader(adapter, input, options, |events| self.apply_batch(events), progress)
    }

    /// As [`ValueStream::ingest_file`]; the store is given the events part by part.
    ///
    /// # Errors
    /// As there, and [`Error::Storage`](crate::Error::Storage).
    pub fn ingest_file(
        &mut self,
        adapter: Adapter,
        input: (&str, impl Read + Seek),
        options: &IngestOptions,
        progress: impl FnMut(&IngestProgress) -> ControlFlow<()>,
    ) -> Result<IngestRun> {
        ingest_file(adapter, input, options, |events| self.apply_batch(events), progress)
    }

    /// As [`ValueStream::correlate`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn correlate(&mut self, rules: &CorrelationRules) -> Result<ApplyReport> {
        self.change(|stream| stream.correlate(rules))
    }

    /// As [`call`](crate::call).
    ///
    /// # Errors
    /// As there, and [`Error::Storage`](crate::Error::Storage).
    pub fn call(&mut self, name: &str, arguments: &str) -> Result<String> {
        if crate::call::CHANGES.contains(&name) {
            self.change(|stream| crate::call::call(stream, name, arguments))?
        } else {
            crate::call::call(&mut self.stream, name, arguments)
        }
    }

    /// Gives the store what it lacks; nothing to do unless an earlier call has failed.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn save(&mut self) -> Result<()> {
        while self.kept < self.count() {
            let end = self.count().min(self.kept.saturating_add(BATCH as u32));
            let events: Vec<Event> = (self.kept..end).filter_map(|n| self.stream.state.unpack(n)).collect();
            self.store.append(&events)?;
            self.kept = end;
            self.number += events.len() as u64;
        }
        Ok(())
    }

    /// As [`Store::sync`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn sync(&mut self) -> Result<()> {
        self.save()?;
        self.store.sync()
    }

    /// As [`Store::verify`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn verify(&mut self, noted: Option<&Seal>) -> Result<Audit> {
        self.store.verify(noted)
    }

    /// As [`Store::compact`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn compact(&mut self) -> Result<()> {
        self.save()?;
        self.store.compact()
    }

    /// As [`Store::seal`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage).
    pub fn seal(&mut self) -> Result<Seal> {
        self.save()?;
        self.store.seal()
    }

    fn count(&self) -> u32 {
        self.stream.state.record.events.len() as u32
    }

    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut ValueStream) -> T) -> Result<T> {
        self.save()?;
        let outcome = change(&mut self.stream);
        self.save()?;
        Ok(outcome)
    }
}

impl<S> Deref for StoredStream<S> {
    type Target = ValueStream;

    fn deref(&self) -> &ValueStream {
        &self.stream
    }
}

#[cfg(test)]
mod tests;
