//! Enums: in Python they are subclasses of `str`, defined in `vsm/_words.py`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The members of one enum, in the order of its declaration.
pub(crate) type Members = PyOnceLock<Vec<Py<PyAny>>>;

pub(crate) fn members<'a>(
    py: Python<'_>,
    cache: &'a Members,
    name: &str,
    words: impl Iterator<Item = &'static str>,
) -> PyResult<&'a [Py<PyAny>]> {
    let load = || {
        let class = py.import("vsm._words")?.getattr(name)?;
        words.map(|word| class.call1((word,)).map(Bound::unbind)).collect::<PyResult<Vec<_>>>()
    };
    cache.get_or_try_init(py, load).map(Vec::as_slice)
}

/// Both directions for one enum of the core.
macro_rules! word {
    ($name:ident) => {
        impl crate::convert::ToPython for vsm_core::$name {
            fn to_python<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                static MEMBERS: crate::words::Members = crate::words::Members::new();
                let words = vsm_core::$name::ALL.iter().map(|word| word.as_str());
                let members = crate::words::members(py, &MEMBERS, stringify!($name), words)?;
                // `ALL` has every value at the place of its discriminant.
                Ok(members[*self as usize].bind(py).clone())
            }

            fn show(&self, out: &mut String, _depth: u32) {
                out.push_str(&format!("{}.{self:?}", stringify!($name)));
            }
        }

        impl crate::convert::FromPython for vsm_core::$name {
            fn from_python(value: &pyo3::Bound<'_, pyo3::PyAny>, field: &str) -> pyo3::PyResult<Self> {
                let word = crate::convert::text(value, field, concat!(stringify!($name), " or str"))?;
                vsm_core::$name::from_word(&word).ok_or_else(|| {
                    let words: Vec<&str> = vsm_core::$name::ALL.iter().map(|word| word.as_str()).collect();
                    let word: String = word.chars().take(40).collect();
                    crate::error::invalid(field, format!("{word:?} is none of {}", words.join(", ")))
                })
            }
        }
    };
}

pub(crate) use word;
