//! Instants and spans: aware `datetime` of any zone in, UTC out; `timedelta` both ways.
//!
//! pyo3's own conversion to chrono accepts only zones that it knows to be UTC, so Python's own arithmetic is used:
//! it knows every `tzinfo`, clock changes included, and is exact.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDateTime, PyDelta, PyDeltaAccess, PyTzInfo};
use vsm_core::{Instant, Span};

use crate::convert::{FromPython, ToPython};
use crate::error::{invalid, wrong_type};

const DAY: i64 = 86_400_000;

fn epoch(py: Python<'_>) -> PyResult<&Bound<'_, PyDateTime>> {
    static EPOCH: PyOnceLock<Py<PyDateTime>> = PyOnceLock::new();
    let make = || {
        let utc = PyTzInfo::utc(py)?;
        Ok(PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&*utc))?.unbind())
    };
    EPOCH.get_or_try_init(py, make).map(|epoch| epoch.bind(py))
}

/// Whole milliseconds; what is finer is cut off.
fn millis(delta: &Bound<'_, PyDelta>) -> i64 {
    // Python keeps a timedelta within 999,999,999 days, which is far within an i64 of milliseconds.
    i64::from(delta.get_days()) * DAY
        + i64::from(delta.get_seconds()) * 1000
        + i64::from(delta.get_microseconds()) / 1000
}

fn delta<'py>(py: Python<'py>, millis: i64) -> PyResult<Bound<'py, PyDelta>> {
    let rest = millis.rem_euclid(DAY);
    // Saturated days are out of Python's own range, so that it refuses them.
    let days = i32::try_from(millis.div_euclid(DAY)).unwrap_or(i32::MAX);
    PyDelta::new(py, days, (rest / 1000) as i32, (rest % 1000 * 1000) as i32, false)
}

impl ToPython for Instant {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        epoch(py)?.add(delta(py, self.millis())?)
    }

    fn show(&self, out: &mut String, _depth: u32) {
        out.push_str(&self.to_string());
    }
}

impl FromPython for Instant {
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<Instant> {
        let Ok(given) = value.cast::<PyDateTime>() else {
            return Err(wrong_type(field, "an aware datetime", value));
        };
        if given.call_method0("utcoffset")?.is_none() {
            let reason = "the datetime has no time zone; give it one, such as tzinfo=timezone.utc";
            return Err(invalid(field, reason));
        }
        let since = given.sub(epoch(value.py())?)?;
        Instant::from_millis(millis(since.cast::<PyDelta>()?))
            .ok_or_else(|| invalid(field, "the year must be between 1 and 9999 in UTC"))
    }
}

impl ToPython for Span {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(delta(py, self.millis())?.into_any())
    }

    fn show(&self, out: &mut String, _depth: u32) {
        out.push_str(&self.to_string());
    }
}

impl FromPython for Span {
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<Span> {
        let given = value.cast::<PyDelta>().map_err(|_| wrong_type(field, "timedelta", value))?;
        Ok(Span::from_millis(millis(given)))
    }
}
