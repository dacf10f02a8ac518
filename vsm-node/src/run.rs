//! Files that are read as they are applied, and who listens.

use std::fs::File;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use napi::bindgen_prelude::Unknown;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{JsValue, Status, ValueType};
use napi_derive::napi;
use vsm_core::{Adapter, ApplyReport, Error, Event, IngestOptions, IngestRun};

use crate::error::Fallible;
use crate::generated::IngestProgress;

/// A function that is told how far it has come, and answers whether to go on.
pub type Listener = ThreadsafeFunction<IngestProgress, Unknown<'static>, IngestProgress, Status, false, true>;

/// Whether Node is on its way out: it waits for its threads then, and nobody answers them any more.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// Tells whoever waits for an answer of JavaScript that none will come.
#[napi(skip_typescript, catch_unwind)]
pub fn leave() {
    LEAVING.store(true, Ordering::Relaxed);
}

/// How often to look whether Node is still there to answer.
const PATIENCE: Duration = Duration::from_millis(100);

pub(crate) fn read(
    adapter: Adapter,
    path: &str,
    options: &IngestOptions,
    listener: Option<Listener>,
    apply: impl FnMut(Vec<Event>) -> vsm_core::Result<ApplyReport>,
) -> Fallible<IngestRun> {
    let file = File::open(path).map_err(|error| {
        let reason = format!("can't be opened: {error}");
        Error::Storage { path: path.to_owned(), position: None, reason }
    })?;
    let mut thrown = None;
    let run = vsm_core::ingest_file(adapter, (path, file), options, apply, |now| {
        let Some(listener) = &listener else { return ControlFlow::Continue(()) };
        match tell(listener, now.clone()) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                thrown = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    match thrown {
        Some(error) => Err(error.into()),
        None => Ok(run?),
    }
}

/// Waits for the answer, with no stream locked: where JavaScript is busy, there is no progress to be told of.
fn tell(listener: &Listener, now: vsm_core::IngestProgress) -> napi::Result<bool> {
    let (answer, answered) = channel();
    let status = listener.call_with_return_value(
        now.into(),
        ThreadsafeFunctionCallMode::NonBlocking,
        move |told, _| {
            let is_false =
                |value: Unknown<'_>| Ok(value.get_type()? == ValueType::Boolean && !value.coerce_to_bool()?);
            // Nobody waits any more where Node is shutting down.
            let _ = answer.send(told.and_then(is_false).map(|stop| !stop));
            Ok(())
        },
    );
    if status != Status::Ok {
        return Ok(false);
    }
    loop {
        match answered.recv_timeout(PATIENCE) {
            Ok(told) => return told,
            Err(RecvTimeoutError::Timeout) if !listener.aborted() && !LEAVING.load(Ordering::Relaxed) => {}
            Err(_) => return Ok(false),
        }
    }
}
