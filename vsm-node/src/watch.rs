//! The class `Watch`: verdicts that are kept up to date beside a stream.

use std::sync::{Arc, Mutex, MutexGuard};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result};
use napi_derive::napi;
use vsm_core::{Instant, WatchQuery};

use crate::date::Date;
use crate::error::{Fallible, throwing};
use crate::generated::{Verdict, VerdictChanges};
use crate::js::Arg;
use crate::stream::ValueStream;
use crate::task::Job;

/// Verdicts that are kept up to date: `ValueStream.watch` makes one. It belongs to the stream that it was made of and to
/// those that go on from there.
#[napi]
pub struct Watch {
    watch: Arc<Mutex<vsm_core::Watch>>,
}

impl From<vsm_core::Watch> for Watch {
    fn from(watch: vsm_core::Watch) -> Watch {
        Watch { watch: Arc::new(Mutex::new(watch)) }
    }
}

fn lock(watch: &Mutex<vsm_core::Watch>) -> Fallible<MutexGuard<'_, vsm_core::Watch>> {
    let reason = "an earlier call has failed inside the engine: make another watch of the stream";
    watch.lock().map_err(|_| napi::Error::from_reason(reason).into())
}

#[napi]
impl ValueStream {
    /// Judges everything, and holds the verdicts so that `Watch.update` can tell which of them change.
    #[napi(catch_unwind)]
    pub fn watch(
        &self,
        env: Env,
        #[napi(ts_arg_type = "WatchQuery")] query: Arg<WatchQuery>,
    ) -> Result<Watch> {
        self.answer(env, ("query", query), vsm_core::ValueStream::watch)
    }

    /// As `watch`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<Watch>")]
    pub fn watch_async(
        &self,
        #[napi(ts_arg_type = "WatchQuery")] query: Arg<WatchQuery>,
    ) -> AsyncTask<Job<vsm_core::Watch, Watch>> {
        let view = self.view();
        Job::promise(move || Ok(view()?.watch(&query.get("query")?)?))
    }
}

#[napi]
impl Watch {
    /// The time that verdicts are for.
    #[napi(getter, catch_unwind)]
    pub fn at(&self, env: Env) -> Result<Date> {
        throwing(env, || Ok(Date(lock(&self.watch)?.at())))
    }

    /// Takes in what the stream got since the last time, and tells which verdicts changed, why, and by which events.
    #[napi(catch_unwind)]
    pub fn update(&self, env: Env, stream: &ValueStream) -> Result<VerdictChanges> {
        throwing(env, || Ok(lock(&self.watch)?.update(&stream.now()?)?.into()))
    }

    /// As `update`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<VerdictChanges>")]
    pub fn update_async(&self, stream: &ValueStream) -> AsyncTask<Job<VerdictChanges>> {
        let (view, watch) = (stream.view(), Arc::clone(&self.watch));
        Job::promise(move || Ok(lock(&watch)?.update(&view()?)?.into()))
    }

    /// Moves the time that verdicts are for, forwards or back, takes in what the stream got, and tells which verdicts
    /// changed: blackouts begin and end, waivers expire, bookings are over.
    #[napi(catch_unwind)]
    pub fn advance(
        &self,
        env: Env,
        stream: &ValueStream,
        #[napi(ts_arg_type = "Date")] at: Arg<Instant>,
    ) -> Result<VerdictChanges> {
        throwing(env, || Ok(lock(&self.watch)?.advance(&stream.now()?, at.get("at")?)?.into()))
    }

    /// As `advance`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<VerdictChanges>")]
    pub fn advance_async(
        &self,
        stream: &ValueStream,
        #[napi(ts_arg_type = "Date")] at: Arg<Instant>,
    ) -> AsyncTask<Job<VerdictChanges>> {
        let (view, watch) = (stream.view(), Arc::clone(&self.watch));
        Job::promise(move || Ok(lock(&watch)?.advance(&view()?, at.get("at")?)?.into()))
    }

    /// The verdict of an item as of the last update; `null` for what has none.
    #[napi(catch_unwind)]
    pub fn verdict(
        &self,
        env: Env,
        stream: &ValueStream,
        #[napi(ts_arg_type = "string")] item: Arg<String>,
    ) -> Result<Option<Verdict>> {
        throwing(env, || {
            let verdict = lock(&self.watch)?.verdict(&stream.now()?, &item.get("item")?)?;
            Ok(verdict.map(Verdict::from))
        })
    }
}
