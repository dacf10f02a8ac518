//! `schedule` and `LiveSchedule`: networks of activities that are given, without a stream.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use vsm_core as core;

use crate::convert::{FromPython, ToPython};
use crate::error::raise;
use crate::generated::{CriticalPath, NetworkQuery, ScheduleChanges};

/// The schedule of activities that are given: early and late dates, float, what drives what, and the trains they take.
///
/// Raises ``CycleError`` with its path, ``InvalidError`` naming the field, ``UnknownZone`` for a calendar, and
/// ``HorizonError`` where a calendar or train never gets there. Other threads run meanwhile.
///
/// >>> from datetime import datetime, timedelta, timezone
/// >>> network = NetworkQuery(
/// ...     start=datetime(2026, 3, 2, tzinfo=timezone.utc),
/// ...     activities=[NetworkActivity(id="build", duration=timedelta(days=2)),
/// ...                 NetworkActivity(id="test", duration=timedelta(days=3))],
/// ...     dependencies=[NetworkDependency(from_="build", to="test")])
/// >>> schedule(network).path
/// ['build', 'test']
#[pyfunction]
#[pyo3(signature = (network: "NetworkQuery") -> "CriticalPath")]
pub(crate) fn schedule(py: Python<'_>, network: &Bound<'_, PyAny>) -> PyResult<CriticalPath> {
    let network = core::NetworkQuery::from_python(network, "network")?;
    py.detach(|| core::schedule(&network)).map(CriticalPath).map_err(raise)
}

/// A network with its schedule, kept up to date: after a change only what depends on it is looked at.
///
/// ``network`` is laid out at first; it raises what ``schedule`` raises. Threads may share one; changes take turns.
///
/// >>> from datetime import datetime, timedelta, timezone
/// >>> live = LiveSchedule(NetworkQuery(
/// ...     start=datetime(2026, 3, 2, tzinfo=timezone.utc),
/// ...     activities=[NetworkActivity(id="build", duration=timedelta(days=2))]))
/// >>> longer = NetworkActivity(id="build", duration=timedelta(days=4))
/// >>> live.change(NetworkChange(activities=[longer])).moved_by
/// datetime.timedelta(days=2)
#[pyclass(frozen, module = "vsm")]
pub(crate) struct LiveSchedule(Mutex<core::LiveSchedule>);

impl LiveSchedule {
    /// Never called while attached to the interpreter.
    fn lock(&self) -> MutexGuard<'_, core::LiveSchedule> {
        // The core takes a change in whole or leaves the schedule as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl LiveSchedule {
    #[new]
    #[pyo3(signature = (network: "NetworkQuery"))]
    fn new(py: Python<'_>, network: &Bound<'_, PyAny>) -> PyResult<LiveSchedule> {
        let network = core::NetworkQuery::from_python(network, "network")?;
        let live = py.detach(|| core::LiveSchedule::new(network)).map_err(raise)?;
        Ok(LiveSchedule(Mutex::new(live)))
    }

    /// Takes a change in, and says what it moves. What ``schedule`` would refuse is refused, ``UnknownItem`` is raised for
    /// an activity that is removed and not known; the network is then as it was.
    #[pyo3(signature = (change: "NetworkChange") -> "ScheduleChanges")]
    fn change(&self, py: Python<'_>, change: &Bound<'_, PyAny>) -> PyResult<ScheduleChanges> {
        let change = core::NetworkChange::from_python(change, "change")?;
        py.detach(|| self.lock().change(&change)).map(ScheduleChanges).map_err(raise)
    }

    /// The whole answer, as ``schedule`` gives it.
    #[pyo3(signature = () -> "CriticalPath")]
    fn critical_path(&self, py: Python<'_>) -> CriticalPath {
        CriticalPath(py.detach(|| self.lock().critical_path()))
    }

    /// When everything is finished.
    #[pyo3(signature = () -> "datetime")]
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.detach(|| self.lock().finish()).to_python(py)
    }

    /// The network as it is now.
    #[pyo3(signature = () -> "NetworkQuery")]
    fn network(&self, py: Python<'_>) -> NetworkQuery {
        NetworkQuery(py.detach(|| self.lock().network().clone()))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("LiveSchedule(finish={})", py.detach(|| self.lock().finish()))
    }
}
