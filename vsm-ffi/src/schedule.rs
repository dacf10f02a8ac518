//! Networks of activities that are given, without a stream.

use std::sync::{Arc, Mutex, MutexGuard};

use vsm_core::{CriticalPath, Instant, NetworkChange, NetworkQuery, ScheduleChanges};

use crate::error::VsmError;

/// The schedule of activities that are given: early and late dates, float, what drives what, and the trains they take.
#[uniffi::export]
fn schedule(network: &NetworkQuery) -> Result<CriticalPath, VsmError> {
    Ok(vsm_core::schedule(network)?)
}

/// A network with its schedule, kept up to date: after a change only what depends on it is looked at.
#[derive(uniffi::Object)]
pub struct LiveSchedule {
    live: Mutex<vsm_core::LiveSchedule>,
}

impl LiveSchedule {
    fn lock(&self) -> MutexGuard<'_, vsm_core::LiveSchedule> {
        self.live.lock().expect("an earlier call broke off: make another schedule of the network")
    }
}

#[uniffi::export]
impl LiveSchedule {
    /// Lays a network out and counts its dates; fails as `schedule` does.
    #[uniffi::constructor]
    pub fn new(network: NetworkQuery) -> Result<Arc<LiveSchedule>, VsmError> {
        Ok(Arc::new(LiveSchedule { live: Mutex::new(vsm_core::LiveSchedule::new(network)?) }))
    }

    /// Takes a change in, and says what it moves. It fails as `schedule` does for the changed network, and with
    /// `UnknownItem` for an activity that is removed and not known; the network is then as it was.
    pub fn change(&self, change: &NetworkChange) -> Result<ScheduleChanges, VsmError> {
        Ok(self.lock().change(change)?)
    }

    /// The whole answer, as `schedule` gives it.
    pub fn critical_path(&self) -> CriticalPath {
        self.lock().critical_path()
    }

    /// When everything is finished.
    pub fn finish(&self) -> Instant {
        self.lock().finish()
    }

    /// The network as it is now.
    pub fn network(&self) -> NetworkQuery {
        self.lock().network().clone()
    }
}
