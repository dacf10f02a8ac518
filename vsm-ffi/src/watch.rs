//! Verdicts that are kept up to date beside a stream.

use std::sync::{Arc, Mutex, MutexGuard};

use vsm_core::{Instant, Verdict, VerdictChanges, WatchQuery};

use crate::error::VsmError;
use crate::stream::ValueStream;

/// Verdicts that are kept up to date: `watch` of a stream makes one. It belongs to that stream and to those that go on
/// from there.
#[derive(uniffi::Object)]
pub struct Watch {
    watch: Mutex<vsm_core::Watch>,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, vsm_core::Watch> {
        self.watch.lock().expect("an earlier call broke off: make another watch of the stream")
    }
}

#[uniffi::export]
impl ValueStream {
    /// Judges everything, and holds the verdicts so that `update` can tell which of them change.
    pub fn watch(&self, query: &WatchQuery) -> Result<Arc<Watch>, VsmError> {
        Ok(Arc::new(Watch { watch: Mutex::new(self.now().watch(query)?) }))
    }
}

#[uniffi::export]
impl Watch {
    /// The time that verdicts are for.
    pub fn at(&self) -> Instant {
        self.lock().at()
    }

    /// Takes in what the stream got since the last time, and tells which verdicts changed, why, and by which events.
    pub fn update(&self, stream: &ValueStream) -> Result<VerdictChanges, VsmError> {
        let now = stream.now();
        Ok(self.lock().update(&now)?)
    }

    /// Moves the time that verdicts are for, forwards or back, takes in what the stream got, and tells which verdicts
    /// changed: blackouts begin and end, waivers expire, bookings are over.
    pub fn advance(&self, stream: &ValueStream, at: Instant) -> Result<VerdictChanges, VsmError> {
        let now = stream.now();
        Ok(self.lock().advance(&now, at)?)
    }

    /// The verdict of an item as of the last update; none for what has none.
    pub fn verdict(&self, stream: &ValueStream, item: &str) -> Result<Option<Verdict>, VsmError> {
        let now = stream.now();
        Ok(self.lock().verdict(&now, item)?)
    }
}
