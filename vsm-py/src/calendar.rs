//! The functions about working time and trains.

use pyo3::prelude::*;
use vsm_core as core;

use crate::convert::{FromPython, ToPython};
use crate::error::raise;

/// The end of a span of working time that begins at ``start``; a negative span leads back.
#[pyfunction]
#[pyo3(signature = (calendar: "Calendar", start: "datetime", span: "timedelta") -> "datetime")]
pub(crate) fn add_working_time<'py>(
    py: Python<'py>,
    calendar: &Bound<'py, PyAny>,
    start: &Bound<'py, PyAny>,
    span: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let calendar = core::Calendar::from_python(calendar, "calendar")?;
    let start = core::Instant::from_python(start, "start")?;
    let span = core::Span::from_python(span, "span")?;
    core::add_working_time(&calendar, start, span).map_err(raise)?.to_python(py)
}

/// The working time from ``start`` to ``end``; negative where ``end`` is earlier.
#[pyfunction]
#[pyo3(signature = (calendar: "Calendar", start: "datetime", end: "datetime") -> "timedelta")]
pub(crate) fn working_time_between<'py>(
    py: Python<'py>,
    calendar: &Bound<'py, PyAny>,
    start: &Bound<'py, PyAny>,
    end: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let calendar = core::Calendar::from_python(calendar, "calendar")?;
    let start = core::Instant::from_python(start, "start")?;
    let end = core::Instant::from_python(end, "end")?;
    core::working_time_between(&calendar, start, end).map_err(raise)?.to_python(py)
}

/// The first departure whose cut-off is not before ``ready``; None after the last one.
///
/// >>> from datetime import datetime, timezone
/// >>> train = Cadence(departure=datetime(2026, 1, 6, tzinfo=timezone.utc), every_days=14)
/// >>> next_departure(train, datetime(2026, 3, 4, tzinfo=timezone.utc)).date()
/// datetime.date(2026, 3, 17)
#[pyfunction]
#[pyo3(signature = (cadence: "Cadence", ready: "datetime") -> "datetime | None")]
pub(crate) fn next_departure<'py>(
    py: Python<'py>,
    cadence: &Bound<'py, PyAny>,
    ready: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let cadence = core::Cadence::from_python(cadence, "cadence")?;
    let ready = core::Instant::from_python(ready, "ready")?;
    core::next_departure(&cadence, ready).map_err(raise)?.to_python(py)
}
