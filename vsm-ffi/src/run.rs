//! Files that are read as they are applied, and who listens.

use std::fs::File;
use std::ops::ControlFlow;

use vsm_core::{Adapter, ApplyReport, Error, Event, IngestOptions, IngestProgress, IngestRun};

use crate::error::VsmError;

/// What is told how far the reading of a file has come.
#[uniffi::export(callback_interface)]
pub trait IngestListener: Send + Sync {
    /// Called at the beginning, after each megabyte and at the end; false ends the reading there, and what is thrown
    /// does too.
    fn on_progress(&self, now: IngestProgress) -> Result<bool, VsmError>;
}

pub(crate) fn read(
    adapter: Adapter,
    path: &str,
    options: &IngestOptions,
    listener: Option<Box<dyn IngestListener>>,
    apply: impl FnMut(Vec<Event>) -> vsm_core::Result<ApplyReport>,
) -> Result<IngestRun, VsmError> {
    let mut thrown = None;
    let run = vsm_core::ingest_file(adapter, (path, open(path)?), options, apply, |now| {
        match listener.as_ref().map_or(Ok(true), |listener| listener.on_progress(now.clone())) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                thrown = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    match thrown {
        Some(error) => Err(error),
        None => Ok(run?),
    }
}

pub(crate) fn open(path: &str) -> Result<File, Error> {
    File::open(path).map_err(|error| {
        let reason = format!("can't be opened: {error}");
        Error::Storage { path: path.to_owned(), position: None, reason }
    })
}
