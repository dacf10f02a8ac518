//! Verdicts and metrics that are kept up to date beside a stream.

use std::sync::{Arc, Mutex, MutexGuard};

use vsm_core::{
    Instant, MetricChanges, MetricQuery, MetricState, MetricTable, Verdict, VerdictChanges, WatchQuery,
};

use crate::error::VsmError;
use crate::stream::ValueStream;

/// Verdicts that are kept up to date: `watch` of a stream makes one. It belongs to that stream and to those that go on
/// from there.
#[derive(uniffi::Object)]
pub struct Watch {
    watch: Mutex<vsm_core::Watch>,
}

/// Calls take turns; whoever has his turn sees the stream as it is then, so that nobody who waited longer knows less of it.
fn lock<T>(live: &Mutex<T>) -> MutexGuard<'_, T> {
    live.lock().expect("an earlier call broke off: make another of the stream")
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
        lock(&self.watch).at()
    }

    /// Takes in what the stream got since the last time, and tells which verdicts changed, why, and by which events.
    pub fn update(&self, stream: &ValueStream) -> Result<VerdictChanges, VsmError> {
        Ok(lock(&self.watch).update(&stream.now())?)
    }

    /// Moves the time that verdicts are for, forwards or back, takes in what the stream got, and tells which verdicts
    /// changed: blackouts begin and end, waivers expire, bookings are over.
    pub fn advance(&self, stream: &ValueStream, at: Instant) -> Result<VerdictChanges, VsmError> {
        Ok(lock(&self.watch).advance(&stream.now(), at)?)
    }

    /// The verdict of an item as of the last update; none for what has none.
    pub fn verdict(&self, stream: &ValueStream, item: &str) -> Result<Option<Verdict>, VsmError> {
        Ok(lock(&self.watch).verdict(&stream.now(), item)?)
    }
}

/// A metric that is kept up to date: `live_metric` of a stream makes one. It belongs to that stream and to those that go on
/// from there.
#[derive(uniffi::Object)]
pub struct LiveMetric {
    live: Mutex<vsm_core::LiveMetric>,
}

#[uniffi::export]
impl ValueStream {
    /// Counts a metric, and holds what each item contributes so that `update` can tell which rows change.
    pub fn live_metric(&self, query: &MetricQuery) -> Result<Arc<LiveMetric>, VsmError> {
        Ok(Arc::new(LiveMetric { live: Mutex::new(self.now().live_metric(query)?) }))
    }
}

#[uniffi::export]
impl LiveMetric {
    /// The question.
    pub fn query(&self) -> MetricQuery {
        lock(&self.live).query().clone()
    }

    /// Takes in what the stream got since the last time, and tells the rows that changed since they were told last.
    pub fn update(&self, stream: &ValueStream) -> Result<MetricChanges, VsmError> {
        Ok(lock(&self.live).update(&stream.now())?)
    }

    /// Takes in what the stream got since the last time, and leaves it to the next `update` to tell the rows. Gives the
    /// number of events.
    pub fn follow(&self, stream: &ValueStream) -> Result<u64, VsmError> {
        Ok(lock(&self.live).follow(&stream.now())?)
    }

    /// The metric as of the last update, as `metric` of the stream gives it.
    pub fn table(&self, stream: &ValueStream) -> Result<MetricTable, VsmError> {
        Ok(lock(&self.live).table(&stream.now())?)
    }

    /// The metric before its last step as of the last update, as `metric_state` of the stream gives it.
    pub fn state(&self, stream: &ValueStream) -> Result<MetricState, VsmError> {
        Ok(lock(&self.live).state(&stream.now())?)
    }
}
