//! The one object: a value stream behind a lock.
//!
//! A question takes a snapshot, which is free, and is answered without the lock: a change made meanwhile neither waits
//! for it nor shows in it. A panic of the engine would leave a change half made, so the lock stays poisoned after it
//! and every later call fails, as an internal error of the host's binding.

use std::sync::{Arc, Mutex, MutexGuard};

use vsm_core::{
    Adapter, AnyStream, Applied, ApplyReport, Audit, CorrelationRules, Coverage, Event, IngestOptions,
    IngestReport, IngestRun, Instant, Item, Kind, OutlookQuery, Recovery, Related, Seal, Shipping,
    StoreOptions, Trace,
};

use crate::error::VsmError;
use crate::run::{self, IngestListener};

/// A value stream: the record of all events, and the answers that follow from it.
///
/// It may be used from several threads at once. A question sees the stream as it was when the question was asked; a
/// change made meanwhile does not wait for the answer.
#[derive(uniffi::Object)]
pub struct ValueStream {
    stream: Mutex<AnyStream>,
}

impl ValueStream {
    fn wrap(stream: impl Into<AnyStream>) -> Arc<ValueStream> {
        Arc::new(ValueStream { stream: Mutex::new(stream.into()) })
    }

    fn lock(&self) -> MutexGuard<'_, AnyStream> {
        self.stream.lock().expect("an earlier change broke off: restore the stream from its last snapshot")
    }

    /// The stream as it is now; free.
    pub(crate) fn now(&self) -> vsm_core::ValueStream {
        self.lock().stream().clone()
    }
}

#[uniffi::export]
impl ValueStream {
    /// An empty stream.
    #[uniffi::constructor]
    pub fn new() -> Arc<ValueStream> {
        ValueStream::wrap(vsm_core::ValueStream::new())
    }

    /// Reads a snapshot. Nothing is read in part.
    #[uniffi::constructor]
    pub fn from_snapshot(data: Vec<u8>) -> Result<Arc<ValueStream>, VsmError> {
        Ok(ValueStream::wrap(vsm_core::ValueStream::from_snapshot(&data)?))
    }

    /// Opens a stream whose events are kept in a file, and reads what that has; an empty one is made where there is none.
    /// What a call has accepted outlives the process, however that ends, and a loss of power as the options say. There
    /// is one writer at a time; with `read_only` any number of others may read beside it.
    ///
    /// Damage is no error: look at `recovery`. The methods from there to `close_store` fail with `Invalid` for a stream
    /// that has no store, and with `Storage` once it is closed.
    #[uniffi::constructor(default(options))]
    pub fn open(path: &str, options: &StoreOptions) -> Result<Arc<ValueStream>, VsmError> {
        Ok(ValueStream::wrap(AnyStream::open(path, options)?))
    }

    /// What was found when the store was opened: whether anything is damaged or missing, and where.
    pub fn recovery(&self) -> Result<Recovery, VsmError> {
        Ok(self.lock().recovery()?)
    }

    /// Reads what another process has written since; for a store that is open with `read_only`.
    pub fn catch_up(&self) -> Result<Recovery, VsmError> {
        Ok(self.lock().catch_up()?)
    }

    /// Returns when everything accepted so far would outlive a loss of power.
    pub fn sync(&self) -> Result<(), VsmError> {
        Ok(self.lock().sync()?)
    }

    /// Does all hashes over: `faulty` is 0 where nothing was altered. With a seal that was noted earlier, the record
    /// must still begin with what it stands for.
    #[uniffi::method(default(seal = None))]
    pub fn verify(&self, seal: Option<Seal>) -> Result<Audit, VsmError> {
        Ok(self.lock().verify(seal.as_ref())?)
    }

    /// Writes the store anew in the form that is read fastest and needs least room.
    pub fn compact(&self) -> Result<(), VsmError> {
        Ok(self.lock().compact()?)
    }

    /// The number and the hash of the last event: what to write down, somewhere else, for a later `verify`.
    pub fn seal(&self) -> Result<Seal, VsmError> {
        Ok(self.lock().seal()?)
    }

    /// Makes everything safe and lets go of the file, so that another writer may open it. Questions are still answered,
    /// changes refused. Closing it again does nothing; the end of the object lets go of the file as well.
    pub fn close_store(&self) -> Result<(), VsmError> {
        Ok(self.lock().close()?)
    }

    /// All accepted events as a snapshot document: versioned JSON in UTF-8.
    pub fn snapshot(&self) -> Vec<u8> {
        self.now().to_snapshot().into_bytes()
    }

    /// The stream as an object-centric event log, OCEL 2.0 in JSON in UTF-8, for tools that mine processes; the adapter
    /// `ocel` reads it back.
    pub fn ocel(&self) -> Vec<u8> {
        self.now().to_ocel().into_bytes()
    }

    /// A stream of its own with the same record; free. Changes of one do not show in the other.
    pub fn copy(&self) -> Arc<ValueStream> {
        ValueStream::wrap(self.now())
    }

    /// The stream as it was at `occurred`, as it was known at `recorded`; free and read-only.
    pub fn as_of(&self, occurred: Instant, recorded: Instant) -> Arc<ValueStream> {
        ValueStream::wrap(self.now().as_of(occurred, recorded))
    }

    /// Applies one event, whole or not at all: true where it is part of the record now, false where it was already.
    /// Events may arrive in any order.
    pub fn apply(&self, event: Event) -> Result<bool, VsmError> {
        Ok(self.lock().change(|stream| stream.apply(event))?? == Applied::Accepted)
    }

    /// Applies events one by one; a refused one never keeps the others out. For many events `apply_json_lines` is
    /// faster.
    pub fn apply_batch(&self, events: Vec<Event>) -> Result<ApplyReport, VsmError> {
        Ok(self.lock().change(|stream| stream.apply_batch(events))?)
    }

    /// Applies JSON Lines, one event a line; what can't be read or applied is reported with its line.
    pub fn apply_json_lines(&self, data: Vec<u8>) -> Result<ApplyReport, VsmError> {
        Ok(self.lock().change(|stream| stream.apply_json_lines(&data))?)
    }

    /// Reads what a tool wrote and applies it.
    #[uniffi::method(default(options))]
    pub fn ingest(
        &self,
        adapter: Adapter,
        data: Vec<u8>,
        options: &IngestOptions,
    ) -> Result<IngestReport, VsmError> {
        Ok(self.lock().change(|stream| stream.ingest(adapter, &data, options))?)
    }

    /// Reads a file that a tool wrote and applies it as it is read; the report is that of `ingest`.
    ///
    /// JSON Lines, lists of JSON and CSV take a few megabytes of memory whatever the file's length; `jira` and `bitbucket`,
    /// whose records explain one another, are read twice for that, and the first time the listener is told that nothing
    /// was read yet. XML, `ocel` and `git_tags` are gathered before they are read, up to 1 GiB. What was
    /// applied stays, however it ends.
    #[uniffi::method(default(listener = None, options))]
    pub fn ingest_path(
        &self,
        adapter: Adapter,
        path: &str,
        options: &IngestOptions,
        listener: Option<Box<dyn IngestListener>>,
    ) -> Result<IngestRun, VsmError> {
        let apply = |events| self.lock().change(|stream| stream.apply_batch(events));
        run::read(adapter, path, options, listener, apply)
    }

    /// Infers links by the rules and applies them. Call it again whenever more has arrived.
    #[uniffi::method(default(rules))]
    pub fn correlate(&self, rules: &CorrelationRules) -> Result<ApplyReport, VsmError> {
        Ok(self.lock().change(|stream| stream.correlate(rules))?)
    }

    /// In which version each item shipped, against the versions it was planned for; changes nothing.
    #[uniffi::method(default(rules))]
    pub fn shipping(&self, rules: &CorrelationRules) -> Shipping {
        self.now().shipping(rules)
    }

    /// How many items are known.
    pub fn item_count(&self) -> u64 {
        self.now().item_count() as u64
    }

    /// How many events were accepted.
    pub fn event_count(&self) -> u64 {
        self.now().event_count() as u64
    }

    /// How many links hold.
    pub fn link_count(&self) -> u64 {
        self.now().link_count() as u64
    }

    /// An item as it is known, by its id or one of its aliases.
    pub fn item(&self, id: &str) -> Result<Item, VsmError> {
        Ok(self.now().item(id)?)
    }

    /// The ids of the items of a kind, of all without one.
    #[uniffi::method(default(kind = None))]
    pub fn items(&self, kind: Option<Kind>) -> Vec<String> {
        self.now().items(kind)
    }

    /// The links of an item that hold.
    pub fn links(&self, id: &str) -> Result<Vec<Related>, VsmError> {
        Ok(self.now().links(id)?)
    }

    /// The events of an item in the order in which they occurred.
    pub fn history(&self, id: &str) -> Result<Vec<Event>, VsmError> {
        Ok(self.now().history(id)?)
    }

    /// What an item serves, and what it led to.
    pub fn trace(&self, id: &str) -> Result<Trace, VsmError> {
        Ok(self.now().trace(id)?)
    }

    /// How much of the input could be linked.
    pub fn coverage(&self) -> Coverage {
        self.now().coverage()
    }

    /// The outlook as one page of text for people.
    pub fn outlook_text(&self, query: &OutlookQuery) -> Result<String, VsmError> {
        Ok(self.now().outlook(query)?.to_text())
    }

    /// Any call by its name, with its arguments as a JSON object and its answer as JSON.
    ///
    /// Names are those of the methods (`critical_path`), keys those of the queries' fields, instants are RFC 3339,
    /// spans milliseconds. What is done with a store has the names `catch_up`, `close`, `compact`, `recovery`, `seal`,
    /// `sync` and `verify`.
    pub fn call(&self, name: &str, args_json: &str) -> Result<String, VsmError> {
        if vsm_core::CHANGES.contains(&name) || vsm_core::STORE_CALLS.contains(&name) {
            return Ok(self.lock().call(name, args_json)?);
        }
        Ok(vsm_core::call(&mut self.now(), name, args_json)?)
    }
}
