//! The classes `Watch` and `LiveMetric`: verdicts and metrics that are kept up to date beside a stream.

use std::sync::{Arc, Mutex, MutexGuard};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result};
use napi_derive::napi;
use vsm_core::{Instant, WatchQuery};

use crate::date::Date;
use crate::error::{Fallible, throwing};
use crate::generated::{MetricChanges, MetricQuery, MetricState, MetricTable, Verdict, VerdictChanges};
use crate::js::Arg;
use crate::stream::{ValueStream, now};
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

/// Calls take turns; whoever has his turn sees the stream as it is then, so that nobody who waited longer knows less of it.
fn lock<T>(live: &Mutex<T>) -> Fallible<MutexGuard<'_, T>> {
    let reason = "an earlier call has failed inside the engine: make another of the stream";
    live.lock().map_err(|_| napi::Error::from_reason(reason).into())
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
        let (stream, watch) = (Arc::clone(&stream.stream), Arc::clone(&self.watch));
        Job::promise(move || Ok(lock(&watch)?.update(&now(&stream)?)?.into()))
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
        let (stream, watch) = (Arc::clone(&stream.stream), Arc::clone(&self.watch));
        Job::promise(move || Ok(lock(&watch)?.advance(&now(&stream)?, at.get("at")?)?.into()))
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

/// A metric that is kept up to date: `ValueStream.liveMetric` makes one. It belongs to the stream that it was made of and to
/// those that go on from there.
#[napi]
pub struct LiveMetric {
    live: Arc<Mutex<vsm_core::LiveMetric>>,
}

impl From<vsm_core::LiveMetric> for LiveMetric {
    fn from(live: vsm_core::LiveMetric) -> LiveMetric {
        LiveMetric { live: Arc::new(Mutex::new(live)) }
    }
}

#[napi]
impl ValueStream {
    /// Counts a metric, and holds what each item contributes so that `LiveMetric.update` can tell which rows change.
    #[napi(catch_unwind)]
    pub fn live_metric(
        &self,
        env: Env,
        #[napi(ts_arg_type = "MetricQuery")] query: Arg<vsm_core::MetricQuery>,
    ) -> Result<LiveMetric> {
        self.answer(env, ("query", query), vsm_core::ValueStream::live_metric)
    }

    /// As `liveMetric`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<LiveMetric>")]
    pub fn live_metric_async(
        &self,
        #[napi(ts_arg_type = "MetricQuery")] query: Arg<vsm_core::MetricQuery>,
    ) -> AsyncTask<Job<vsm_core::LiveMetric, LiveMetric>> {
        let view = self.view();
        Job::promise(move || Ok(view()?.live_metric(&query.get("query")?)?))
    }
}

#[napi]
impl LiveMetric {
    /// The question.
    #[napi(getter, catch_unwind)]
    pub fn query(&self, env: Env) -> Result<MetricQuery> {
        throwing(env, || Ok(lock(&self.live)?.query().clone().into()))
    }

    /// Takes in what the stream got since the last time, and tells the rows that changed since they were told last.
    #[napi(catch_unwind)]
    pub fn update(&self, env: Env, stream: &ValueStream) -> Result<MetricChanges> {
        throwing(env, || Ok(lock(&self.live)?.update(&stream.now()?)?.into()))
    }

    /// As `update`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<MetricChanges>")]
    pub fn update_async(&self, stream: &ValueStream) -> AsyncTask<Job<MetricChanges>> {
        let (stream, live) = (Arc::clone(&stream.stream), Arc::clone(&self.live));
        Job::promise(move || Ok(lock(&live)?.update(&now(&stream)?)?.into()))
    }

    /// Takes in what the stream got since the last time, and leaves it to the next `update` to tell the rows. Gives the
    /// number of events.
    #[napi(catch_unwind)]
    pub fn follow(&self, env: Env, stream: &ValueStream) -> Result<f64> {
        throwing(env, || Ok(lock(&self.live)?.follow(&stream.now()?)? as f64))
    }

    /// As `follow`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<number>")]
    pub fn follow_async(&self, stream: &ValueStream) -> AsyncTask<Job<f64>> {
        let (stream, live) = (Arc::clone(&stream.stream), Arc::clone(&self.live));
        Job::promise(move || Ok(lock(&live)?.follow(&now(&stream)?)? as f64))
    }

    /// The metric as of the last update, as `ValueStream.metric` gives it.
    #[napi(catch_unwind)]
    pub fn table(&self, env: Env, stream: &ValueStream) -> Result<MetricTable> {
        throwing(env, || Ok(lock(&self.live)?.table(&stream.now()?)?.into()))
    }

    /// As `table`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<MetricTable>")]
    pub fn table_async(&self, stream: &ValueStream) -> AsyncTask<Job<MetricTable>> {
        let (stream, live) = (Arc::clone(&stream.stream), Arc::clone(&self.live));
        Job::promise(move || Ok(lock(&live)?.table(&now(&stream)?)?.into()))
    }

    /// The metric before its last step as of the last update, as `ValueStream.metricState` gives it.
    #[napi(catch_unwind)]
    pub fn state(&self, env: Env, stream: &ValueStream) -> Result<MetricState> {
        throwing(env, || Ok(lock(&self.live)?.state(&stream.now()?)?.into()))
    }

    /// As `state`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<MetricState>")]
    pub fn state_async(&self, stream: &ValueStream) -> AsyncTask<Job<MetricState>> {
        let (stream, live) = (Arc::clone(&stream.stream), Arc::clone(&self.live));
        Job::promise(move || Ok(lock(&live)?.state(&now(&stream)?)?.into()))
    }
}
