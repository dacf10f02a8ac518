//! `ValueStream`: each method takes its arguments apart, asks the core with the interpreter released, and wraps the
//! answer. The annotations in the signatures are what the type stub is written from.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};
use vsm_core as core;

use crate::bytes::Bytes;
use crate::convert::{FromPython, optional};
use crate::error::raise;
use crate::generated::{
    ApplyReport, Audit, Coverage, Event, IngestReport, IngestRun, Item, Recovery, Related, Seal, Shipping,
    Trace,
};
use crate::run::{Listener, open};
use crate::table::batches;

/// The record of all events and the graph that follows from it.
///
/// Any number of threads may use one stream. A question sees the stream as it was when it was asked, and other
/// Python threads go on while it is answered. ``copy.copy(stream)`` costs nothing and gives a snapshot that stays as
/// it is; pickling goes through ``snapshot()``.
///
/// >>> from datetime import datetime, timezone
/// >>> stream = ValueStream()
/// >>> stream.apply(Event(source="jira", id="1", occurred_at=datetime(2026, 3, 1, tzinfo=timezone.utc),
/// ...                    item="jira:CHK-1", kind="feature"))
/// True
/// >>> stream.item("jira:CHK-1").kind
/// Kind.Feature
#[pyclass(frozen, module = "vsm")]
pub(crate) struct ValueStream(Mutex<core::AnyStream>);

impl ValueStream {
    fn new(stream: core::ValueStream) -> ValueStream {
        ValueStream(Mutex::new(stream.into()))
    }

    /// Never called while attached to the interpreter: a thread that waits here must not keep others out.
    fn lock(&self) -> MutexGuard<'_, core::AnyStream> {
        // The core takes an event whole or leaves the stream as it was, so there is nothing to distrust.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers from the stream as it is now; edits go on meanwhile.
    pub(crate) fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&core::ValueStream) -> T + Send,
    ) -> T {
        py.detach(|| question(&self.now()))
    }

    /// The stream as it is now; free. Never called while attached to the interpreter.
    pub(crate) fn now(&self) -> core::ValueStream {
        self.lock().stream().clone()
    }

    fn change<T: Send>(
        &self,
        py: Python<'_>,
        edit: impl FnOnce(&mut core::ValueStream) -> T + Send,
    ) -> PyResult<T> {
        py.detach(|| self.lock().change(edit)).map_err(raise)
    }

    /// Does something with the store.
    fn keep<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut core::AnyStream) -> core::Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| work(&mut self.lock())).map_err(raise)
    }
}

#[pymethods]
impl ValueStream {
    /// An empty stream.
    #[new]
    fn empty() -> ValueStream {
        ValueStream::new(core::ValueStream::new())
    }

    /// Reads a snapshot document. Raises ``DocumentError`` where it is none; nothing is read in part.
    #[staticmethod]
    #[pyo3(signature = (data: "_Data") -> "ValueStream")]
    fn from_snapshot(py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<ValueStream> {
        let data = Bytes::take(data, "data")?;
        py.detach(|| core::ValueStream::from_snapshot(&data)).map(ValueStream::new).map_err(raise)
    }

    /// Opens a stream whose events are kept in a file, and reads what that has; an empty one is made where there is none.
    ///
    /// ``format`` is ``"journal"``, a file of the engine's own, or ``"sqlite"``. What a call has accepted outlives the
    /// process, however that ends; a loss of power as well, unless ``sync_every`` says to make events safe only when so
    /// many have gathered, or with 0 only when ``sync()`` is called. There is one writer at a time; with ``read_only`` any
    /// number of others may read beside it, and ``catch_up()``.
    ///
    /// Damage raises nothing: look at ``recovery()``. Raises ``StorageError`` where the file can't be opened or is of
    /// another kind, and where another writer has it open.
    ///
    /// >>> import os, tempfile
    /// >>> file = os.path.join(tempfile.mkdtemp(), "portfolio.vsm")
    /// >>> line = '{"source":"plan","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"plan:R1","kind":"release"}'
    /// >>> with ValueStream.open(file) as stream:
    /// ...     stream.apply_json_lines(line).accepted
    /// 1
    /// >>> with ValueStream.open(file) as stream:
    /// ...     stream.recovery().events, stream.items()
    /// (1, ['plan:R1'])
    #[staticmethod]
    #[pyo3(signature = (
        path: "str | PathLike[str]",
        *,
        format: "StoreFormat | str | None" = None,
        sync_every: "int | None" = None,
        read_only: "bool" = false,
    ) -> "ValueStream")]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        format: Option<&Bound<'_, PyAny>>,
        sync_every: Option<&Bound<'_, PyAny>>,
        read_only: bool,
    ) -> PyResult<ValueStream> {
        let options = core::StoreOptions {
            format: optional(format, "format")?,
            sync_every: optional(sync_every, "sync_every")?,
            read_only,
        };
        let stream = py.detach(|| core::AnyStream::open(path, &options)).map_err(raise)?;
        Ok(ValueStream(Mutex::new(stream)))
    }

    /// What was found when the store was opened: whether anything is damaged or missing, and where.
    ///
    /// This and what follows down to ``close()`` raises ``InvalidError`` for a stream that has no store, and
    /// ``StorageError`` once it is closed.
    #[pyo3(signature = () -> "Recovery")]
    fn recovery(&self, py: Python<'_>) -> PyResult<Recovery> {
        self.keep(py, |stream| stream.recovery()).map(Recovery)
    }

    /// Reads what another process has written since; for a store that is open with ``read_only``.
    #[pyo3(signature = () -> "Recovery")]
    fn catch_up(&self, py: Python<'_>) -> PyResult<Recovery> {
        self.keep(py, core::AnyStream::catch_up).map(Recovery)
    }

    /// Returns when everything accepted so far would outlive a loss of power.
    #[pyo3(signature = () -> "None")]
    fn sync(&self, py: Python<'_>) -> PyResult<()> {
        self.keep(py, core::AnyStream::sync)
    }

    /// Does all hashes over: ``faulty`` is 0 where nothing was altered. With a seal that was noted earlier, the record
    /// must still begin with what it stands for.
    #[pyo3(signature = (seal: "Seal | None" = None) -> "Audit")]
    fn verify(&self, py: Python<'_>, seal: Option<&Bound<'_, PyAny>>) -> PyResult<Audit> {
        let seal: Option<core::Seal> = optional(seal, "seal")?;
        self.keep(py, |stream| stream.verify(seal.as_ref())).map(Audit)
    }

    /// Writes the store anew in the form that is read fastest and needs least room.
    #[pyo3(signature = () -> "None")]
    fn compact(&self, py: Python<'_>) -> PyResult<()> {
        self.keep(py, core::AnyStream::compact)
    }

    /// The number and the hash of the last event: what to write down, somewhere else, for a later ``verify()``.
    #[pyo3(signature = () -> "Seal")]
    fn seal(&self, py: Python<'_>) -> PyResult<Seal> {
        self.keep(py, core::AnyStream::seal).map(Seal)
    }

    /// Makes everything safe and lets go of the file, so that another writer may open it. Questions are still answered,
    /// changes raise ``StorageError``. Closing it again does nothing; the end of a ``with`` block closes it.
    #[pyo3(signature = () -> "None")]
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.keep(py, core::AnyStream::close)
    }

    #[pyo3(signature = () -> "ValueStream")]
    fn __enter__(slf: Bound<'_, ValueStream>) -> PyResult<Bound<'_, ValueStream>> {
        // A stream without a store says so here, and not when all is done.
        slf.get().recovery(slf.py())?;
        Ok(slf)
    }

    #[pyo3(signature = (*_error: "object") -> "None")]
    fn __exit__(&self, py: Python<'_>, _error: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)
    }

    /// All accepted events as a snapshot document in JSON.
    #[pyo3(signature = () -> "str")]
    fn snapshot(&self, py: Python<'_>) -> String {
        self.ask(py, core::ValueStream::to_snapshot)
    }

    /// The stream as an object-centric event log, OCEL 2.0 in JSON, for tools that mine processes; the adapter ``ocel``
    /// reads it back.
    #[pyo3(signature = () -> "str")]
    fn ocel(&self, py: Python<'_>) -> String {
        self.ask(py, core::ValueStream::to_ocel)
    }

    /// Applies one event: True if it is new, False if it was applied before.
    ///
    /// Raises the reason why the event is refused; the stream is then as it was.
    #[pyo3(signature = (event: "Event") -> "bool")]
    fn apply(&self, py: Python<'_>, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        let event = core::Event::from_python(event, "event")?;
        let applied = self.change(py, |stream| stream.apply(event))?.map_err(raise)?;
        Ok(applied == core::Applied::Accepted)
    }

    /// Applies events one by one; a refused one never keeps the others out.
    #[pyo3(signature = (events: "Iterable[Event]") -> "ApplyReport")]
    fn apply_batch(&self, py: Python<'_>, events: &Bound<'_, PyAny>) -> PyResult<ApplyReport> {
        let events = Vec::<core::Event>::from_python(events, "events")?;
        self.change(py, |stream| stream.apply_batch(events)).map(ApplyReport)
    }

    /// Applies JSON Lines, one event a line; what can't be read or applied is reported with its line.
    #[pyo3(signature = (data: "_Data") -> "ApplyReport")]
    fn apply_json_lines(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<ApplyReport> {
        let data = Bytes::take(data, "data")?;
        self.change(py, |stream| stream.apply_json_lines(&data)).map(ApplyReport)
    }

    /// Reads what a tool wrote and applies it.
    ///
    /// >>> report = ValueStream().ingest("git", b"not a commit")
    /// >>> report.rejects[0].position
    /// 1
    #[pyo3(signature = (adapter: "Adapter | str", data: "_Data", options: "IngestOptions | None" = None) -> "IngestReport")]
    fn ingest(
        &self,
        py: Python<'_>,
        adapter: &Bound<'_, PyAny>,
        data: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<IngestReport> {
        let adapter = core::Adapter::from_python(adapter, "adapter")?;
        let data = Bytes::take(data, "data")?;
        let options: core::IngestOptions = optional(options, "options")?.unwrap_or_default();
        self.change(py, |stream| stream.ingest(adapter, &data, &options)).map(IngestReport)
    }

    /// Reads the rows of a data frame and applies them. ``table`` is whatever speaks the Arrow PyCapsule interface: a frame of
    /// polars, pandas, pyarrow or DuckDB, which is shared and not copied. The option ``mapping`` says what the columns mean;
    /// the positions of rejects are the numbers of rows, from 1.
    ///
    /// >>> from datetime import datetime, timezone
    /// >>> january, february = (datetime(2026, month, 1, tzinfo=timezone.utc) for month in (1, 2))
    /// >>> weeks = ValueStream().metric(metric="throughput", start=january, end=february, zone="UTC", bucket="week")
    /// >>> mapping = TableMapping(source="goals", id="plan:{bucket}", kind="feature", occurred_at="{start}")
    /// >>> ValueStream().ingest_arrow(weeks, IngestOptions(mapping=mapping)).applied.accepted
    /// 5
    #[pyo3(signature = (table: "_ArrowStream", options: "IngestOptions") -> "IngestReport")]
    fn ingest_arrow(
        &self,
        py: Python<'_>,
        table: &Bound<'_, PyAny>,
        options: &Bound<'_, PyAny>,
    ) -> PyResult<IngestReport> {
        let options = core::IngestOptions::from_python(options, "options")?;
        let batches = batches(table)?;
        self.change(py, |stream| stream.ingest_arrow(batches, &options)).map(IngestReport)
    }

    /// Reads a file that a tool wrote and applies it, as it is read; the report is that of ``ingest``.
    ///
    /// ``progress`` is called with an ``IngestProgress`` at the beginning, after each megabyte and at the end. Where it
    /// returns False reading ends, and the result says ``cancelled``; where it or Ctrl-C raises, that is raised. What was
    /// applied stays.
    ///
    /// JSON Lines, lists of JSON and CSV take a few megabytes of memory whatever the file's length; ``jira`` and
    /// ``bitbucket``, whose records explain one another, are read twice for that, and the first time ``progress`` is told
    /// that nothing was read yet. XML, ``ocel`` and ``git_tags`` are gathered before they are read, up to 1 GiB.
    /// Raises ``StorageError`` where the file can't be read.
    #[pyo3(signature = (
        adapter: "Adapter | str",
        path: "str | PathLike[str]",
        *,
        options: "IngestOptions | None" = None,
        progress: "Callable[[IngestProgress], object] | None" = None,
    ) -> "IngestRun")]
    fn ingest_path(
        &self,
        py: Python<'_>,
        adapter: &Bound<'_, PyAny>,
        path: PathBuf,
        options: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<IngestRun> {
        let adapter = core::Adapter::from_python(adapter, "adapter")?;
        let options: core::IngestOptions = optional(options, "options")?.unwrap_or_default();
        let mut listener = Listener::new(progress)?;
        let run = py.detach(|| {
            let (name, file) = open(&path)?;
            let apply = |events| self.lock().change(|stream| stream.apply_batch(events));
            core::ingest_file(adapter, (&name, file), &options, apply, |now| listener.tell(now))
        });
        listener.end(run).map(IngestRun)
    }

    /// Infers links by the rules and applies them. Call it again whenever more has arrived.
    #[pyo3(signature = (rules: "CorrelationRules | None" = None) -> "ApplyReport")]
    fn correlate(&self, py: Python<'_>, rules: Option<&Bound<'_, PyAny>>) -> PyResult<ApplyReport> {
        let rules: core::CorrelationRules = optional(rules, "rules")?.unwrap_or_default();
        self.change(py, |stream| stream.correlate(&rules)).map(ApplyReport)
    }

    /// The stream as it was at ``occurred``, as it was known at ``recorded``. Takes no time; the view is read-only.
    #[pyo3(signature = (occurred: "datetime", recorded: "datetime") -> "ValueStream")]
    fn as_of(
        &self,
        py: Python<'_>,
        occurred: &Bound<'_, PyAny>,
        recorded: &Bound<'_, PyAny>,
    ) -> PyResult<ValueStream> {
        let occurred = core::Instant::from_python(occurred, "occurred")?;
        let recorded = core::Instant::from_python(recorded, "recorded")?;
        Ok(ValueStream::new(self.ask(py, |stream| stream.as_of(occurred, recorded))))
    }

    /// How many items are known, placeholders that only links name included.
    #[pyo3(signature = () -> "int")]
    fn item_count(&self, py: Python<'_>) -> usize {
        self.ask(py, core::ValueStream::item_count)
    }

    /// How many events have been accepted.
    #[pyo3(signature = () -> "int")]
    fn event_count(&self, py: Python<'_>) -> usize {
        self.ask(py, core::ValueStream::event_count)
    }

    /// How many links hold.
    #[pyo3(signature = () -> "int")]
    fn link_count(&self, py: Python<'_>) -> usize {
        self.ask(py, core::ValueStream::link_count)
    }

    /// One item. Raises ``UnknownItem``.
    #[pyo3(signature = (id: "str") -> "Item")]
    fn item(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Item> {
        let id = String::from_python(id, "id")?;
        self.ask(py, |stream| stream.item(&id)).map(Item).map_err(raise)
    }

    /// The ids of all items of a kind, or of all items, in alphabetical order.
    #[pyo3(signature = (kind: "Kind | str | None" = None) -> "list[str]")]
    fn items(&self, py: Python<'_>, kind: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
        let kind = optional(kind, "kind")?;
        Ok(self.ask(py, |stream| stream.items(kind)))
    }

    /// The links that hold at an item, those that start from it first. Raises ``UnknownItem``.
    #[pyo3(signature = (id: "str") -> "list[Related]")]
    fn links(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Vec<Related>> {
        let id = String::from_python(id, "id")?;
        let links = self.ask(py, |stream| stream.links(&id)).map_err(raise)?;
        Ok(links.into_iter().map(Related).collect())
    }

    /// The events about an item, in the order in which they count. Raises ``UnknownItem``.
    #[pyo3(signature = (id: "str") -> "list[Event]")]
    fn history(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Vec<Event>> {
        let id = String::from_python(id, "id")?;
        let events = self.ask(py, |stream| stream.history(&id)).map_err(raise)?;
        Ok(events.into_iter().map(Event).collect())
    }

    /// From an item up to theme and strategy, and down to build, test, environment and deployment.
    #[pyo3(signature = (id: "str") -> "Trace")]
    fn trace(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Trace> {
        let id = String::from_python(id, "id")?;
        self.ask(py, |stream| stream.trace(&id)).map(Trace).map_err(raise)
    }

    /// What every release shipped, by its tag, against what was planned for it.
    #[pyo3(signature = (rules: "CorrelationRules | None" = None) -> "Shipping")]
    fn shipping(&self, py: Python<'_>, rules: Option<&Bound<'_, PyAny>>) -> PyResult<Shipping> {
        let rules: core::CorrelationRules = optional(rules, "rules")?.unwrap_or_default();
        Ok(Shipping(self.ask(py, |stream| stream.shipping(&rules))))
    }

    /// How much of the input could be linked, and what could not.
    #[pyo3(signature = () -> "Coverage")]
    fn coverage(&self, py: Python<'_>) -> Coverage {
        Coverage(self.ask(py, core::ValueStream::coverage))
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.item_count(py)
    }

    fn __contains__(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> bool {
        String::from_python(id, "id").is_ok_and(|id| self.ask(py, |stream| stream.item(&id)).is_ok())
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let counts =
            |stream: &core::ValueStream| (stream.item_count(), stream.event_count(), stream.link_count());
        let (items, events, links) = self.ask(py, counts);
        format!("<ValueStream: {items} items, {events} events, {links} links>")
    }

    #[pyo3(signature = () -> "ValueStream")]
    fn __copy__(&self, py: Python<'_>) -> ValueStream {
        ValueStream::new(self.ask(py, core::ValueStream::clone))
    }

    #[pyo3(signature = (_memo: "object") -> "ValueStream")]
    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> ValueStream {
        self.__copy__(py)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        let class: Bound<'py, PyType> = ValueStream::type_object(py);
        Ok((class.getattr("from_snapshot")?, (self.snapshot(py),)))
    }
}
