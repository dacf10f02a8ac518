//! Errors of the core as exceptions. The classes are defined in Python (`vsm/_errors.py`), so that what a type
//! checker reads and what is raised are the same thing.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use vsm_core::Error;

/// The exception for an error of the core, with its details as attributes.
pub(crate) fn raise(error: Error) -> PyErr {
    Python::attach(|py| exception(py, &error).unwrap_or_else(|failure| failure))
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let class = py.import("vsm._errors")?.getattr("BY_CODE")?.get_item(error.code())?;
    let details = PyDict::new(py);
    match error {
        Error::UnknownItem { id } | Error::Conflict { id, .. } => details.set_item("id", id)?,
        Error::Cycle { path } => details.set_item("path", path)?,
        Error::Invalid { field, .. } => details.set_item("field", field)?,
        Error::UnknownZone { zone } => details.set_item("zone", zone)?,
        Error::Document { position, .. } => details.set_item("position", position)?,
        Error::Storage { path, position, .. } => {
            details.set_item("path", path)?;
            details.set_item("position", position)?;
        }
        // The others say all in their message, and the core may gain kinds that this match does not know.
        _ => {}
    }
    Ok(PyErr::from_value(class.call((error.to_string(),), Some(&details))?))
}

/// A value of the right type that is no good; `field` says where.
pub(crate) fn invalid(field: &str, reason: impl Into<String>) -> PyErr {
    raise(Error::Invalid { field: field.into(), reason: reason.into() })
}

/// A value of the wrong type; `field` says where.
pub(crate) fn wrong_type(field: &str, expected: &str, found: &Bound<'_, PyAny>) -> PyErr {
    match found.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("{field}: expected {expected}, got {name}")),
        Err(failure) => failure,
    }
}

/// JSON that is not what it should be.
pub(crate) fn document(error: &serde_json::Error) -> PyErr {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    let position = format!("line {}, column {}", error.line(), error.column());
    raise(Error::Document { position, reason: reason.into() })
}
