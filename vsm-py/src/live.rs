//! What is kept up to date beside a stream: `Watch` for verdicts, `LiveMetric` for a metric.

use std::sync::{Mutex, MutexGuard};

use pyo3::prelude::*;
use vsm_core as core;

use crate::convert::{FromPython, ToPython};
use crate::error::raise;
use crate::generated::{MetricChanges, MetricQuery, MetricState, MetricTable, VerdictChanges};
use crate::stream::ValueStream;

/// What is kept up to date; calls take turns.
struct Live<T>(Mutex<T>);

impl<T: Send> Live<T> {
    /// Never called while attached to the interpreter.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect("an earlier call broke off: make another of the stream")
    }

    /// Asks with the stream as it is when its turn comes, so that nobody who waited longer knows less of it.
    fn ask<R: Send>(
        &self,
        py: Python<'_>,
        stream: &Bound<'_, ValueStream>,
        question: impl FnOnce(&mut T, &core::ValueStream) -> R + Send,
    ) -> R {
        let stream = stream.get();
        py.detach(|| {
            let mut live = self.lock();
            question(&mut live, &stream.now())
        })
    }
}

/// Verdicts that are kept up to date: ``ValueStream.watch`` makes one.
///
/// It belongs to the stream that it was made of and to those that go on from there, such as copies.
#[pyclass(frozen, module = "vsm")]
pub(crate) struct Watch(Live<core::Watch>);

impl Watch {
    pub(crate) fn new(watch: core::Watch) -> Watch {
        Watch(Live(Mutex::new(watch)))
    }
}

#[pymethods]
impl Watch {
    /// The time that verdicts are for.
    #[pyo3(signature = () -> "datetime")]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.detach(|| self.0.lock().at()).to_python(py)
    }

    /// Takes in what the stream got since the last time, and tells which verdicts changed, why, and by which events.
    #[pyo3(signature = (stream: "ValueStream") -> "VerdictChanges")]
    fn update(&self, py: Python<'_>, stream: &Bound<'_, ValueStream>) -> PyResult<VerdictChanges> {
        let changes = self.0.ask(py, stream, |live, now| live.update(now));
        changes.map(VerdictChanges).map_err(raise)
    }

    /// Moves the time that verdicts are for, forwards or back, takes in what the stream got, and tells which verdicts
    /// changed: blackouts begin and end, waivers expire, bookings are over.
    #[pyo3(signature = (stream: "ValueStream", at: "datetime") -> "VerdictChanges")]
    fn advance(
        &self,
        py: Python<'_>,
        stream: &Bound<'_, ValueStream>,
        at: &Bound<'_, PyAny>,
    ) -> PyResult<VerdictChanges> {
        let at = core::Instant::from_python(at, "at")?;
        let changes = self.0.ask(py, stream, |live, now| live.advance(now, at));
        changes.map(VerdictChanges).map_err(raise)
    }

    /// The verdict of an item as of the last update; None for what has none.
    #[pyo3(signature = (stream: "ValueStream", item: "str") -> "Verdict | None")]
    fn verdict<'py>(
        &self,
        py: Python<'py>,
        stream: &Bound<'_, ValueStream>,
        item: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let item = String::from_python(item, "item")?;
        let verdict = self.0.ask(py, stream, |live, now| live.verdict(now, &item));
        verdict.map_err(raise)?.to_python(py)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Watch(at={})", py.detach(|| self.0.lock().at()))
    }
}

/// A metric that is kept up to date: ``ValueStream.live_metric`` makes one.
///
/// It belongs to the stream that it was made of and to those that go on from there, such as copies.
///
/// >>> from datetime import datetime, timezone
/// >>> start, end = (datetime(2026, month, 1, tzinfo=timezone.utc) for month in (3, 4))
/// >>> stream = ValueStream()
/// >>> live = stream.live_metric(metric="throughput", start=start, end=end, zone="UTC")
/// >>> stream.apply(Event(source="jira", id="1", occurred_at=start, item="jira:CHK-1", kind="story",
/// ...                    set=Fields(state="done")))
/// True
/// >>> [row.value for row in live.update(stream).rows]
/// [1.0]
#[pyclass(frozen, module = "vsm")]
pub(crate) struct LiveMetric(Live<core::LiveMetric>);

impl LiveMetric {
    pub(crate) fn new(live: core::LiveMetric) -> LiveMetric {
        LiveMetric(Live(Mutex::new(live)))
    }
}

#[pymethods]
impl LiveMetric {
    /// The question.
    #[pyo3(signature = () -> "MetricQuery")]
    fn query(&self, py: Python<'_>) -> MetricQuery {
        MetricQuery(py.detach(|| self.0.lock().query().clone()))
    }

    /// Takes in what the stream got since the last time, and tells the rows that changed since they were told last.
    ///
    /// Raises ``InvalidError`` for a stream that does not go on from the one that this was made of, and ``UnknownItem`` where
    /// the item of ``within`` is not there any more.
    #[pyo3(signature = (stream: "ValueStream") -> "MetricChanges")]
    fn update(&self, py: Python<'_>, stream: &Bound<'_, ValueStream>) -> PyResult<MetricChanges> {
        let changes = self.0.ask(py, stream, |live, now| live.update(now));
        changes.map(MetricChanges).map_err(raise)
    }

    /// Takes in what the stream got since the last time, and leaves it to the next ``update`` to tell the rows. Gives the
    /// number of events.
    #[pyo3(signature = (stream: "ValueStream") -> "int")]
    fn follow(&self, py: Python<'_>, stream: &Bound<'_, ValueStream>) -> PyResult<u64> {
        self.0.ask(py, stream, |live, now| live.follow(now)).map_err(raise)
    }

    /// The metric as of the last update, as ``ValueStream.metric`` gives it.
    #[pyo3(signature = (stream: "ValueStream") -> "MetricTable")]
    fn table(&self, py: Python<'_>, stream: &Bound<'_, ValueStream>) -> PyResult<MetricTable> {
        self.0.ask(py, stream, |live, now| live.table(now)).map(MetricTable).map_err(raise)
    }

    /// The metric before its last step as of the last update, as ``ValueStream.metric_state`` gives it.
    #[pyo3(signature = (stream: "ValueStream") -> "MetricState")]
    fn state(&self, py: Python<'_>, stream: &Bound<'_, ValueStream>) -> PyResult<MetricState> {
        self.0.ask(py, stream, |live, now| live.state(now)).map(MetricState).map_err(raise)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        py.detach(|| format!("LiveMetric(metric={:?})", self.0.lock().query().metric))
    }
}
