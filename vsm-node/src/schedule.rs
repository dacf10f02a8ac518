//! Networks of activities that are given, without a stream: the function `schedule` and the class `LiveSchedule`.

use std::sync::{Arc, Mutex, MutexGuard};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result};
use napi_derive::napi;

use crate::date::Date;
use crate::error::{Fallible, throwing};
use crate::generated::{CriticalPath, NetworkQuery, ScheduleChanges};
use crate::js::Arg;
use crate::task::Job;

/// The schedule of activities that are given: early and late dates, float, what drives what, and the trains they take.
/// Throws `cycle` with its path, `invalid` naming the field, `unknown_zone` for a calendar, and `horizon` where a calendar
/// or train never gets there.
#[napi(catch_unwind)]
pub fn schedule(
    env: Env,
    #[napi(ts_arg_type = "NetworkQuery")] network: Arg<vsm_core::NetworkQuery>,
) -> Result<CriticalPath> {
    throwing(env, || Ok(vsm_core::schedule(&network.get("network")?)?.into()))
}

/// As `schedule`, off the event loop.
#[napi(catch_unwind, ts_return_type = "Promise<CriticalPath>")]
pub fn schedule_async(
    #[napi(ts_arg_type = "NetworkQuery")] network: Arg<vsm_core::NetworkQuery>,
) -> AsyncTask<Job<CriticalPath>> {
    Job::promise(move || Ok(vsm_core::schedule(&network.get("network")?)?.into()))
}

/// A network with its schedule, kept up to date: after a change only what depends on it is looked at.
#[napi]
pub struct LiveSchedule {
    live: Arc<Mutex<vsm_core::LiveSchedule>>,
}

impl From<vsm_core::LiveSchedule> for LiveSchedule {
    fn from(live: vsm_core::LiveSchedule) -> LiveSchedule {
        LiveSchedule { live: Arc::new(Mutex::new(live)) }
    }
}

fn lock(live: &Mutex<vsm_core::LiveSchedule>) -> Fallible<MutexGuard<'_, vsm_core::LiveSchedule>> {
    let reason = "an earlier call has failed inside the engine: make another schedule of the network";
    live.lock().map_err(|_| napi::Error::from_reason(reason).into())
}

#[napi]
impl LiveSchedule {
    /// Lays a network out and counts its dates. Throws what `schedule` throws.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        #[napi(ts_arg_type = "NetworkQuery")] network: Arg<vsm_core::NetworkQuery>,
    ) -> Result<LiveSchedule> {
        throwing(env, || Ok(vsm_core::LiveSchedule::new(network.get("network")?)?.into()))
    }

    /// As the constructor, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<LiveSchedule>")]
    pub fn create_async(
        #[napi(ts_arg_type = "NetworkQuery")] network: Arg<vsm_core::NetworkQuery>,
    ) -> AsyncTask<Job<vsm_core::LiveSchedule, LiveSchedule>> {
        Job::promise(move || Ok(vsm_core::LiveSchedule::new(network.get("network")?)?))
    }

    /// Takes a change in, and says what it moves. What `schedule` would refuse is refused, with `unknown_item` for an
    /// activity that is removed and not known; the network is then as it was.
    #[napi(catch_unwind)]
    pub fn change(
        &self,
        env: Env,
        #[napi(ts_arg_type = "NetworkChange")] change: Arg<vsm_core::NetworkChange>,
    ) -> Result<ScheduleChanges> {
        throwing(env, || Ok(lock(&self.live)?.change(&change.get("change")?)?.into()))
    }

    /// As `change`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<ScheduleChanges>")]
    pub fn change_async(
        &self,
        #[napi(ts_arg_type = "NetworkChange")] change: Arg<vsm_core::NetworkChange>,
    ) -> AsyncTask<Job<ScheduleChanges>> {
        let live = Arc::clone(&self.live);
        Job::promise(move || Ok(lock(&live)?.change(&change.get("change")?)?.into()))
    }

    /// The whole answer, as `schedule` gives it.
    #[napi(catch_unwind)]
    pub fn critical_path(&self, env: Env) -> Result<CriticalPath> {
        throwing(env, || Ok(lock(&self.live)?.critical_path().into()))
    }

    /// As `criticalPath`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<CriticalPath>")]
    pub fn critical_path_async(&self) -> AsyncTask<Job<CriticalPath>> {
        let live = Arc::clone(&self.live);
        Job::promise(move || Ok(lock(&live)?.critical_path().into()))
    }

    /// When everything is finished.
    #[napi(getter, catch_unwind)]
    pub fn finish(&self, env: Env) -> Result<Date> {
        throwing(env, || Ok(Date(lock(&self.live)?.finish())))
    }

    /// The network as it is now.
    #[napi(catch_unwind)]
    pub fn network(&self, env: Env) -> Result<NetworkQuery> {
        throwing(env, || Ok(lock(&self.live)?.network().clone().into()))
    }
}
