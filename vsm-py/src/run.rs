//! Files that are read as they are applied, and who listens.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBool;
use vsm_core as core;

use crate::error::raise;
use crate::generated::IngestProgress;

/// A file, with what it is called in errors.
pub(crate) fn open(path: &Path) -> core::Result<(String, File)> {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Ok((name, file)),
        Err(error) => {
            let reason = format!("can't be opened: {error}");
            Err(core::Error::Storage { path: name, position: None, reason })
        }
    }
}

/// What is told how far it has come, and what it has raised.
pub(crate) struct Listener {
    call: Option<Py<PyAny>>,
    raised: Option<PyErr>,
}

impl Listener {
    pub(crate) fn new(call: Option<&Bound<'_, PyAny>>) -> PyResult<Listener> {
        let call = call.filter(|call| !call.is_none());
        if call.is_some_and(|call| !call.is_callable()) {
            return Err(PyTypeError::new_err("progress: expected something that can be called"));
        }
        Ok(Listener { call: call.map(|call| call.clone().unbind()), raised: None })
    }

    pub(crate) fn tell(&mut self, now: &core::IngestProgress) -> ControlFlow<()> {
        let told = Python::attach(|py| {
            // Ctrl-C waits for its turn: nothing of Python runs meanwhile that would see it.
            py.check_signals()?;
            let Some(call) = &self.call else { return Ok(true) };
            let answer = call.bind(py).call1((IngestProgress(now.clone()),))?;
            Ok(answer.cast::<PyBool>().map_or(true, |answer| answer.is_true()))
        });
        match told {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(raised) => {
                self.raised = Some(raised);
                ControlFlow::Break(())
            }
        }
    }

    /// The outcome, unless something else was raised.
    pub(crate) fn end<T>(self, run: core::Result<T>) -> PyResult<T> {
        match self.raised {
            Some(raised) => Err(raised),
            None => run.map_err(raise),
        }
    }
}
