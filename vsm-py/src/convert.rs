//! Values that cross the border, both ways. Records and enums have theirs in `generated.rs`.

use std::collections::BTreeMap;
use std::fmt::Write;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString};

use crate::error::{invalid, wrong_type};

/// A value of the core, for Python.
pub(crate) trait ToPython {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;

    /// Writes the value as `repr` shows it; `depth` is how many records it stands in.
    fn show(&self, out: &mut String, depth: u32);

    /// Whether there is nothing to show.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A value from Python, for the core.
pub(crate) trait FromPython: Sized {
    /// `field` is the name to complain by.
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<Self>;
}

/// An argument that may be left out or None.
pub(crate) fn optional<T: FromPython>(value: Option<&Bound<'_, PyAny>>, field: &str) -> PyResult<Option<T>> {
    value.filter(|value| !value.is_none()).map(|value| T::from_python(value, field)).transpose()
}

/// An argument that has a default.
pub(crate) fn taken<T: FromPython>(value: Option<Bound<'_, PyAny>>, field: &str, default: T) -> PyResult<T> {
    Ok(optional(value.as_ref(), field)?.unwrap_or(default))
}

impl ToPython for String {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.into_bound_py_any(py)
    }

    fn show(&self, out: &mut String, _depth: u32) {
        show_text(self, out);
    }
}

impl FromPython for String {
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<String> {
        text(value, field, "str")
    }
}

/// The text of a `str`; `expected` is what to ask for instead of anything else.
pub(crate) fn text(value: &Bound<'_, PyAny>, field: &str, expected: &str) -> PyResult<String> {
    let text = value.cast::<PyString>().map_err(|_| wrong_type(field, expected, value))?;
    let text = text.to_str().map_err(|_| invalid(field, "holds a lone surrogate, which is no character"))?;
    Ok(text.to_owned())
}

impl ToPython for bool {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.into_bound_py_any(py)
    }

    fn show(&self, out: &mut String, _depth: u32) {
        out.push_str(if *self { "True" } else { "False" });
    }
}

impl FromPython for bool {
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<bool> {
        value.cast::<PyBool>().map(|value| value.is_true()).map_err(|_| wrong_type(field, "bool", value))
    }
}

macro_rules! integers {
    ($($integer:ty),+) => {
        $(
            impl ToPython for $integer {
                fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                    self.into_bound_py_any(py)
                }

                fn show(&self, out: &mut String, _depth: u32) {
                    out.push_str(&self.to_string());
                }
            }

            impl FromPython for $integer {
                fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<$integer> {
                    if !value.is_instance_of::<PyInt>() {
                        return Err(wrong_type(field, "int", value));
                    }
                    value
                        .extract()
                        .map_err(|_| invalid(field, format!("must lie between {} and {}", <$integer>::MIN, <$integer>::MAX)))
                }
            }
        )+
    };
}

integers!(u32, u64, i64);

impl ToPython for f64 {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.into_bound_py_any(py)
    }

    fn show(&self, out: &mut String, _depth: u32) {
        // Writing to a String does not fail.
        let _ = write!(out, "{self:?}");
    }
}

impl FromPython for f64 {
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<f64> {
        if !value.is_instance_of::<PyFloat>() && !value.is_instance_of::<PyInt>() {
            return Err(wrong_type(field, "float", value));
        }
        let number: f64 = value.extract().map_err(|_| invalid(field, "is too large for a float"))?;
        if number.is_finite() { Ok(number) } else { Err(invalid(field, "must be a finite number")) }
    }
}

impl<T: ToPython> ToPython for Option<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Some(value) => value.to_python(py),
            None => Ok(py.None().into_bound(py)),
        }
    }

    fn show(&self, out: &mut String, depth: u32) {
        match self {
            Some(value) => value.show(out, depth),
            None => out.push_str("None"),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: FromPython> FromPython for Option<T> {
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<Option<T>> {
        optional(Some(value), field)
    }
}

/// How many elements of a list, and how many characters of a text, `repr` shows.
const SHOWN: usize = 3;
const SHOWN_TEXT: usize = 120;

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let list = PyList::empty(py);
        for value in self {
            list.append(value.to_python(py)?)?;
        }
        Ok(list.into_any())
    }

    fn show(&self, out: &mut String, depth: u32) {
        out.push('[');
        for (n, value) in self.iter().take(SHOWN).enumerate() {
            out.push_str(if n > 0 { ", " } else { "" });
            value.show(out, depth);
        }
        show_rest(self.len(), out);
        out.push(']');
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: FromPython> FromPython for Vec<T> {
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<Vec<T>> {
        // Texts, bytes and mappings can be iterated over too, but nobody means that here.
        let is_other = value.is_instance_of::<PyString>()
            || value.is_instance_of::<PyBytes>()
            || value.is_instance_of::<PyByteArray>()
            || value.is_instance_of::<PyDict>();
        let elements = value.try_iter().ok().filter(|_| !is_other);
        let elements = elements.ok_or_else(|| wrong_type(field, "a list", value))?;
        elements.enumerate().map(|(n, element)| T::from_python(&element?, &format!("{field}[{n}]"))).collect()
    }
}

impl<T: ToPython> ToPython for BTreeMap<String, T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let dict = PyDict::new(py);
        for (key, value) in self {
            dict.set_item(key, value.to_python(py)?)?;
        }
        Ok(dict.into_any())
    }

    fn show(&self, out: &mut String, depth: u32) {
        out.push('{');
        for (n, (key, value)) in self.iter().take(SHOWN).enumerate() {
            out.push_str(if n > 0 { ", " } else { "" });
            show_text(key, out);
            out.push_str(": ");
            value.show(out, depth);
        }
        show_rest(self.len(), out);
        out.push('}');
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: FromPython> FromPython for BTreeMap<String, T> {
    fn from_python(value: &Bound<'_, PyAny>, field: &str) -> PyResult<BTreeMap<String, T>> {
        let mapping = value.cast::<PyMapping>().map_err(|_| wrong_type(field, "a mapping", value))?;
        let mut map = BTreeMap::new();
        for pair in mapping.items()?.iter() {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            let key = text(&key, field, "str as a key")?;
            let value = T::from_python(&value, &format!("{field}[{key:?}]"))?;
            map.insert(key, value);
        }
        Ok(map)
    }
}

fn show_rest(count: usize, out: &mut String) {
    if count > SHOWN {
        let _ = write!(out, ", … {} more", count - SHOWN);
    }
}

/// As Python writes a text, clipped, and with characters that would disturb a terminal written out.
fn show_text(text: &str, out: &mut String) {
    out.push('\'');
    for character in text.chars().take(SHOWN_TEXT) {
        match character {
            '\'' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            // The marks and overrides that change the direction of what follows.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "\\u{:04x}", character as u32);
            }
            control if control.is_control() => {
                let _ = write!(out, "\\x{:02x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push_str(if text.chars().nth(SHOWN_TEXT).is_some() { "…'" } else { "'" });
}
