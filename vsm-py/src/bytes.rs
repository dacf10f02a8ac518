//! Text or bytes from Python, readable while other threads run.

use std::ops::Deref;

use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};

use crate::error::{invalid, wrong_type};

/// `bytes` and `str` are read where they are: they can't change. What can change is copied.
pub(crate) enum Bytes {
    Bytes(PyBackedBytes),
    Text(PyBackedStr),
}

impl Bytes {
    pub(crate) fn take(value: &Bound<'_, PyAny>, field: &str) -> PyResult<Bytes> {
        if let Ok(bytes) = value.cast::<PyBytes>() {
            Ok(Bytes::Bytes(bytes.clone().into()))
        } else if let Ok(text) = value.cast::<PyString>() {
            PyBackedStr::try_from(text.clone())
                .map(Bytes::Text)
                .map_err(|_| invalid(field, "holds a lone surrogate, which is no character"))
        } else if let Ok(bytes) = value.cast::<PyByteArray>() {
            Ok(Bytes::Bytes(bytes.clone().into()))
        } else if value.is_instance_of::<PyMemoryView>() {
            Ok(Bytes::Bytes(value.call_method0("tobytes")?.cast_into::<PyBytes>()?.into()))
        } else {
            Err(wrong_type(field, "bytes or str", value))
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Bytes(bytes) => bytes,
            Bytes::Text(text) => text.as_bytes(),
        }
    }
}
