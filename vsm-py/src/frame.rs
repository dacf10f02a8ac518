//! Rows as columns, which every library of data frames takes as they are.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use vsm_core::Reject;

/// One list for each field, so that no object is made for a row.
pub(crate) fn rejects<'py>(py: Python<'py>, rejects: &[Reject]) -> PyResult<Bound<'py, PyAny>> {
    let columns = PyDict::new(py);
    add(&columns, rejects)?;
    Ok(columns.into_any())
}

/// The same of a file, so that the frames of several may be put below each other.
pub(crate) fn rejects_of<'py>(
    py: Python<'py>,
    path: &str,
    rejects: &[Reject],
) -> PyResult<Bound<'py, PyAny>> {
    let columns = PyDict::new(py);
    columns.set_item("path", PyList::new(py, rejects.iter().map(|_| path))?)?;
    add(&columns, rejects)?;
    Ok(columns.into_any())
}

fn add(columns: &Bound<'_, PyDict>, rejects: &[Reject]) -> PyResult<()> {
    let py = columns.py();
    columns.set_item("position", PyList::new(py, rejects.iter().map(|reject| reject.position))?)?;
    columns.set_item("record", PyList::new(py, rejects.iter().map(|reject| reject.record.as_deref()))?)?;
    columns.set_item("code", PyList::new(py, rejects.iter().map(|reject| &*reject.code))?)?;
    columns.set_item("reason", PyList::new(py, rejects.iter().map(|reject| &*reject.reason))?)
}
