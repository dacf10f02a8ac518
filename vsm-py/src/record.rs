//! What all records can do. `generated.rs` has one class for each and leaves the work to these functions.

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bytes::Bytes;
use crate::convert::ToPython;
use crate::error::document;

/// How many records deep `repr` goes.
const DEEPEST: u32 = 2;

/// Writes a record as `repr` shows it, without what is absent.
pub(crate) struct Shower<'a> {
    out: &'a mut String,
    depth: u32,
    glue: &'static str,
}

impl<'a> Shower<'a> {
    pub(crate) fn new(name: &str, out: &'a mut String, depth: u32) -> Shower<'a> {
        out.push_str(name);
        out.push('(');
        if depth == DEEPEST {
            out.push('…');
        }
        Shower { out, depth, glue: "" }
    }

    pub(crate) fn field(&mut self, name: &str, value: &dyn ToPython) -> &mut Shower<'a> {
        if self.depth < DEEPEST && !value.is_absent() {
            self.out.push_str(self.glue);
            self.out.push_str(name);
            self.out.push('=');
            value.show(self.out, self.depth + 1);
            self.glue = ", ";
        }
        self
    }

    pub(crate) fn end(&mut self) {
        self.out.push(')');
    }
}

pub(crate) fn repr(record: &impl ToPython) -> String {
    let mut out = String::new();
    record.show(&mut out, 0);
    out
}

pub(crate) fn to_json(record: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(record).map_err(|error| document(&error))
}

pub(crate) fn to_dict<'py>(py: Python<'py>, record: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (to_json(record)?,))
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &Bound<'_, PyAny>) -> PyResult<T> {
    serde_json::from_slice(&Bytes::take(text, "text")?).map_err(|error| document(&error))
}

/// For pickle and copy: the class reads back its own JSON.
pub(crate) fn reduce<'py, C: PyTypeInfo>(
    py: Python<'py>,
    record: &impl Serialize,
) -> PyResult<(Bound<'py, PyAny>, (String,))> {
    Ok((C::type_object(py).getattr("from_json")?, (to_json(record)?,)))
}
