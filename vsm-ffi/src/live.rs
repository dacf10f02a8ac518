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

/// A metric that is kept up to date: `live_metric` of a stream makes one. It belongs to that stream and to those that go on
/// from there.
#[derive(uniffi::Object)]
pub struct LiveMetric {
    live: Mutex<vsm_core::LiveMetric>,
}

impl LiveMetric {
    fn lock(&self) -> MutexGuard<'_, vsm_core::LiveMetric> {
        self.live.lock().expect("an earlier call broke off: make another live metric of the stream")
    }
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
        self.lock().query().clone()
    }

    /// Takes in what the stream got since the last time, and tells the rows that changed since they were told last.
    pub fn update(&self, stream: &ValueStream) -> Result<MetricChanges, VsmError> {
        let now = stream.now();
        Ok(self.lock().update(&now)?)
    }

    /// Takes in what the stream got since the last time, and leaves it to the next `update` to tell the rows. Gives the
    /// number of events.
    pub fn follow(&self, stream: &ValueStream) -> Result<u64, VsmError> {
        let now = stream.now();
        Ok(self.lock().follow(&now)?)
    }

    /// The metric as of the last update, as `metric` of the stream gives it.
    pub fn table(&self, stream: &ValueStream) -> Result<MetricTable, VsmError> {
        let now = stream.now();
        Ok(self.lock().table(&now)?)
    }

    /// The metric before its last step as of the last update, as `metric_state` of the stream gives it.
    pub fn state(&self, stream: &ValueStream) -> Result<MetricState, VsmError> {
        let now = stream.now();
        Ok(self.lock().state(&now)?)
    }
}
