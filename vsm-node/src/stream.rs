//! The class `ValueStream`.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName};
use napi::{Env, Result};
use napi_derive::napi;
use vsm_core::{
    Adapter, AnyStream, Applied, CorrelationRules, Event, IngestOptions, Instant, Kind, OutlookQuery,
};

use crate::batch::Batch;
use crate::error::{Fallible, throwing};
use crate::generated::{ApplyReport, Coverage, IngestReport, Item, Related, Shipping, Trace};
use crate::js::{Arg, Data};
use crate::task::Job;

/// A value stream: the record of all events, and the answers that follow from it.
///
/// Each method that may take longer than a millisecond has a twin that ends in `Async`, returns a promise and works
/// off the event loop. A twin that answers sees the stream as it was when it was called, whatever is applied
/// meanwhile. A twin that takes events holds the stream while it applies them: a synchronous call made in that time
/// waits for it; calls that return promises do not, and see the stream as it is before or after. Two that take events
/// may do so in either order: await the first where the order matters.
#[napi]
pub struct ValueStream {
    pub(crate) stream: Shared,
}

pub(crate) type Shared = Arc<Mutex<AnyStream>>;

pub(crate) fn lock(stream: &Shared) -> Fallible<MutexGuard<'_, AnyStream>> {
    // Only a defect of the core gets here: it may have applied half an event.
    stream.lock().map_err(|_| {
        let reason = "an earlier call has failed inside the engine: build the stream again from its events";
        napi::Error::from_reason(reason).into()
    })
}

/// A stream as it is now; free, and nothing done later changes it.
pub(crate) fn now(stream: &Shared) -> Fallible<vsm_core::ValueStream> {
    Ok(lock(stream)?.stream().clone())
}

impl From<AnyStream> for ValueStream {
    fn from(stream: AnyStream) -> ValueStream {
        ValueStream { stream: Arc::new(Mutex::new(stream)) }
    }
}

impl From<vsm_core::ValueStream> for ValueStream {
    fn from(stream: vsm_core::ValueStream) -> ValueStream {
        AnyStream::from(stream).into()
    }
}

impl ValueStream {
    /// The stream as it is now; free, and nothing done later changes it.
    pub(crate) fn now(&self) -> Fallible<vsm_core::ValueStream> {
        now(&self.stream)
    }

    /// The stream as it is now, for work that starts later; where events are just being applied, as it is after them.
    pub(crate) fn view(&self) -> impl FnOnce() -> Fallible<vsm_core::ValueStream> + Send + use<> {
        let seen = match self.stream.try_lock() {
            Ok(stream) => Some(stream.stream().clone()),
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => None,
        };
        let later = Arc::clone(&self.stream);
        move || match seen {
            Some(stream) => Ok(stream),
            None => now(&later),
        }
    }

    pub(crate) fn answer<Q, A, J: From<A>>(
        &self,
        env: Env,
        (name, query): (&str, Arg<Q>),
        ask: fn(&vsm_core::ValueStream, &Q) -> vsm_core::Result<A>,
    ) -> Result<J> {
        throwing(env, || Ok(ask(&self.now()?, &query.get(name)?)?.into()))
    }

    pub(crate) fn promise<Q, A, J>(
        &self,
        (name, query): (&'static str, Arg<Q>),
        ask: fn(&vsm_core::ValueStream, &Q) -> vsm_core::Result<A>,
    ) -> AsyncTask<Job<J>>
    where
        Q: Send + 'static,
        A: 'static,
        J: From<A> + Send + 'static + ToNapiValue + TypeName,
    {
        let view = self.view();
        Job::promise(move || Ok(ask(&view()?, &query.get(name)?)?.into()))
    }

    fn change<A, J: From<A>>(
        &self,
        env: Env,
        change: impl FnOnce(&mut vsm_core::ValueStream) -> Fallible<A>,
    ) -> Result<J> {
        throwing(env, || lock(&self.stream)?.change(change)?.map(J::from))
    }

    fn change_later<P, A, J>(
        &self,
        prepare: impl FnOnce() -> Fallible<P> + Send + 'static,
        change: impl FnOnce(&mut vsm_core::ValueStream, P) -> A + Send + 'static,
    ) -> AsyncTask<Job<J>>
    where
        J: From<A> + Send + 'static + ToNapiValue + TypeName,
    {
        let stream = Arc::clone(&self.stream);
        Job::promise(move || {
            let prepared = prepare()?;
            Ok(lock(&stream)?.change(|stream| change(stream, prepared))?.into())
        })
    }

    /// Does something with the store.
    pub(crate) fn keep<A, J>(
        &self,
        work: impl FnOnce(&mut AnyStream) -> Fallible<A> + Send + 'static,
    ) -> AsyncTask<Job<J>>
    where
        J: From<A> + Send + 'static + ToNapiValue + TypeName,
    {
        let stream = Arc::clone(&self.stream);
        Job::promise(move || work(&mut *lock(&stream)?).map(J::from))
    }
}

/// How it comes to be, and how it is kept.
#[napi]
impl ValueStream {
    /// An empty stream.
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default, reason = "JavaScript knows no defaults")]
    pub fn new() -> ValueStream {
        vsm_core::ValueStream::new().into()
    }

    /// Reads a snapshot. Throws `document` where it is none, is cut off or of a newer version; nothing is read in part.
    #[napi(catch_unwind)]
    pub fn from_snapshot(
        env: Env,
        #[napi(ts_arg_type = "Uint8Array | string")] data: Arg<Data>,
    ) -> Result<ValueStream> {
        throwing(env, || read_snapshot(data).map(ValueStream::from))
    }

    /// As `fromSnapshot`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<ValueStream>")]
    pub fn from_snapshot_async(
        #[napi(ts_arg_type = "Uint8Array | string")] data: Arg<Data>,
    ) -> AsyncTask<Job<vsm_core::ValueStream, ValueStream>> {
        Job::promise(move || read_snapshot(data))
    }

    /// All accepted events as a snapshot document: versioned JSON in UTF-8. It is a `Buffer` because a string can't be
    /// as long as a stream can be large.
    #[napi(catch_unwind)]
    pub fn snapshot(&self, env: Env) -> Result<Buffer> {
        throwing(env, || Ok(self.now()?.to_snapshot().into_bytes().into()))
    }

    /// As `snapshot`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
    pub fn snapshot_async(&self) -> AsyncTask<Job<Vec<u8>, Buffer>> {
        let view = self.view();
        Job::promise(move || Ok(view()?.to_snapshot().into_bytes()))
    }

    /// The stream as an object-centric event log, OCEL 2.0 in JSON in UTF-8, for tools that mine processes; the adapter
    /// `ocel` reads it back.
    #[napi(catch_unwind)]
    pub fn ocel(&self, env: Env) -> Result<Buffer> {
        throwing(env, || Ok(self.now()?.to_ocel().into_bytes().into()))
    }

    /// As `ocel`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
    pub fn ocel_async(&self) -> AsyncTask<Job<Vec<u8>, Buffer>> {
        let view = self.view();
        Job::promise(move || Ok(view()?.to_ocel().into_bytes()))
    }

    /// A stream of its own with the same record; free. What is applied to one does not show in the other.
    #[napi(catch_unwind)]
    pub fn copy(&self, env: Env) -> Result<ValueStream> {
        throwing(env, || Ok(self.now()?.into()))
    }

    /// The stream as it was at `occurred`, as it was known at `recorded`. Takes no time; the view is read-only.
    #[napi(catch_unwind)]
    pub fn as_of(
        &self,
        env: Env,
        #[napi(ts_arg_type = "Date")] occurred: Arg<Instant>,
        #[napi(ts_arg_type = "Date")] recorded: Arg<Instant>,
    ) -> Result<ValueStream> {
        throwing(env, || Ok(self.now()?.as_of(occurred.get("occurred")?, recorded.get("recorded")?).into()))
    }
}

fn read_snapshot(data: Arg<Data>) -> Fallible<vsm_core::ValueStream> {
    Ok(vsm_core::ValueStream::from_snapshot(&data.get("data")?.0)?)
}

/// What goes in.
#[napi]
impl ValueStream {
    /// Applies one event, whole or not at all: true where it is part of the record now, false where it was already.
    ///
    /// Events may arrive in any order. Throws `invalid`, `cycle` with its path, `conflict`, or on a view `read_only`.
    #[napi(catch_unwind)]
    pub fn apply(&self, env: Env, #[napi(ts_arg_type = "Event")] event: Arg<Event>) -> Result<bool> {
        self.change(env, |stream| Ok(stream.apply(event.get("event")?)? == Applied::Accepted))
    }

    /// As `apply`, off the event loop: a store may take a moment to make the event safe.
    #[napi(catch_unwind, ts_return_type = "Promise<boolean>")]
    pub fn apply_async(&self, #[napi(ts_arg_type = "Event")] event: Arg<Event>) -> AsyncTask<Job<bool>> {
        self.keep(|stream| {
            let event = event.get("event")?;
            Ok(stream.change(|stream| stream.apply(event))?? == Applied::Accepted)
        })
    }

    /// Applies events one by one; what can't be applied, or is no event, is in the report and keeps nothing else out.
    #[napi(catch_unwind)]
    pub fn apply_batch(
        &self,
        env: Env,
        #[napi(ts_arg_type = "Array<Event>")] events: Arg<Batch>,
    ) -> Result<ApplyReport> {
        self.change(env, |stream| Ok(events.get("events")?.apply(stream)))
    }

    /// As `applyBatch`; the objects are read at once, the events applied off the event loop. JSON Lines are several
    /// times faster.
    #[napi(catch_unwind, ts_return_type = "Promise<ApplyReport>")]
    pub fn apply_batch_async(
        &self,
        #[napi(ts_arg_type = "Array<Event>")] events: Arg<Batch>,
    ) -> AsyncTask<Job<ApplyReport>> {
        self.change_later(|| events.get("events"), |stream, events| events.apply(stream))
    }

    /// Applies JSON Lines, one event a line with its fields named as in JSON (`occurred_at`); what can't be read or
    /// applied is in the report with its line.
    #[napi(catch_unwind)]
    pub fn apply_json_lines(
        &self,
        env: Env,
        #[napi(ts_arg_type = "Uint8Array | string")] data: Arg<Data>,
    ) -> Result<ApplyReport> {
        self.change(env, |stream| Ok(stream.apply_json_lines(&data.get("data")?.0)))
    }

    /// As `applyJsonLines`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<ApplyReport>")]
    pub fn apply_json_lines_async(
        &self,
        #[napi(ts_arg_type = "Uint8Array | string")] data: Arg<Data>,
    ) -> AsyncTask<Job<ApplyReport>> {
        self.change_later(|| data.get("data"), |stream, data| stream.apply_json_lines(&data.0))
    }

    /// Reads what a tool wrote and applies it. It never fails as a whole: the report has what could not be read, with
    /// its place and the reason, and what could not be applied.
    #[napi(catch_unwind)]
    pub fn ingest(
        &self,
        env: Env,
        #[napi(ts_arg_type = "Adapter")] adapter: Arg<Adapter>,
        #[napi(ts_arg_type = "Uint8Array | string")] data: Arg<Data>,
        #[napi(ts_arg_type = "IngestOptions | undefined | null")] options: Option<Arg<IngestOptions>>,
    ) -> Result<IngestReport> {
        self.change(env, |stream| {
            let (adapter, data) = (adapter.get("adapter")?, data.get("data")?);
            Ok(stream.ingest(adapter, &data.0, &or_default(options, "options")?))
        })
    }

    /// As `ingest`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<IngestReport>")]
    pub fn ingest_async(
        &self,
        #[napi(ts_arg_type = "Adapter")] adapter: Arg<Adapter>,
        #[napi(ts_arg_type = "Uint8Array | string")] data: Arg<Data>,
        #[napi(ts_arg_type = "IngestOptions | undefined | null")] options: Option<Arg<IngestOptions>>,
    ) -> AsyncTask<Job<IngestReport>> {
        let read = || {
            let (adapter, data) = (adapter.get("adapter")?, data.get("data")?);
            Ok(vsm_core::ingest(adapter, &data.0, &or_default(options, "options")?))
        };
        self.change_later(read, |stream, read| vsm_core::IngestReport {
            applied: stream.apply_batch(read.events),
            rejects: read.rejects,
            ignored: read.ignored,
        })
    }

    /// Infers links that no tool states, by the built-in rules and these, and applies them; each carries its rule and
    /// its confidence. Run it again whenever more has arrived: it repeats nothing that it found before.
    #[napi(catch_unwind)]
    pub fn correlate(
        &self,
        env: Env,
        #[napi(ts_arg_type = "CorrelationRules | undefined | null")] rules: Option<Arg<CorrelationRules>>,
    ) -> Result<ApplyReport> {
        self.change(env, |stream| Ok(stream.correlate(&or_default(rules, "rules")?)))
    }

    /// As `correlate`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<ApplyReport>")]
    pub fn correlate_async(
        &self,
        #[napi(ts_arg_type = "CorrelationRules | undefined | null")] rules: Option<Arg<CorrelationRules>>,
    ) -> AsyncTask<Job<ApplyReport>> {
        let view = self.view();
        // The view is let go of before the events are applied, or applying them would copy the stream.
        let infer = move || Ok(view()?.infer_links(&or_default(rules, "rules")?));
        self.change_later(infer, |stream, events| stream.apply_batch(events))
    }
}

pub(crate) fn or_default<T: Default>(argument: Option<Arg<T>>, name: &str) -> Fallible<T> {
    argument.map_or_else(|| Ok(T::default()), |argument| argument.get(name))
}

/// What is in it.
#[napi]
impl ValueStream {
    /// How many items are known.
    #[napi(getter, catch_unwind)]
    pub fn item_count(&self, env: Env) -> Result<f64> {
        self.count(env, vsm_core::ValueStream::item_count)
    }

    /// How many events are part of the record.
    #[napi(getter, catch_unwind)]
    pub fn event_count(&self, env: Env) -> Result<f64> {
        self.count(env, vsm_core::ValueStream::event_count)
    }

    /// How many links hold.
    #[napi(getter, catch_unwind)]
    pub fn link_count(&self, env: Env) -> Result<f64> {
        self.count(env, vsm_core::ValueStream::link_count)
    }

    /// An item as it is known, by its id or an alias.
    #[napi(catch_unwind)]
    pub fn item(&self, env: Env, #[napi(ts_arg_type = "string")] id: Arg<String>) -> Result<Item> {
        self.answer(env, ("id", id), |stream, id| stream.item(id))
    }

    /// The ids of all items, or of those of a kind, in alphabetical order.
    #[napi(catch_unwind)]
    pub fn items(
        &self,
        env: Env,
        #[napi(ts_arg_type = "Kind | undefined | null")] kind: Option<Arg<Kind>>,
    ) -> Result<Vec<String>> {
        throwing(env, || Ok(self.now()?.items(kind.map(|kind| kind.get("kind")).transpose()?)))
    }

    /// As `items`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<string>>")]
    pub fn items_async(
        &self,
        #[napi(ts_arg_type = "Kind | undefined | null")] kind: Option<Arg<Kind>>,
    ) -> AsyncTask<Job<Vec<String>>> {
        let view = self.view();
        Job::promise(move || Ok(view()?.items(kind.map(|kind| kind.get("kind")).transpose()?)))
    }

    /// The links that start from an item or lead to it.
    #[napi(catch_unwind)]
    pub fn links(&self, env: Env, #[napi(ts_arg_type = "string")] id: Arg<String>) -> Result<Vec<Related>> {
        self.answer(env, ("id", id), |stream, id| stream.links(id).map(all))
    }

    /// As `links`, off the event loop: an application may have as many as there are items.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<Related>>")]
    pub fn links_async(
        &self,
        #[napi(ts_arg_type = "string")] id: Arg<String>,
    ) -> AsyncTask<Job<Vec<Related>>> {
        self.promise(("id", id), |stream, id| stream.links(id).map(all))
    }

    /// The events about an item, in the order they occurred.
    #[napi(catch_unwind)]
    pub fn history(
        &self,
        env: Env,
        #[napi(ts_arg_type = "string")] id: Arg<String>,
    ) -> Result<Vec<crate::generated::Event>> {
        self.answer(env, ("id", id), |stream, id| stream.history(id).map(all))
    }

    /// As `history`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<Event>>")]
    pub fn history_async(
        &self,
        #[napi(ts_arg_type = "string")] id: Arg<String>,
    ) -> AsyncTask<Job<Vec<crate::generated::Event>>> {
        self.promise(("id", id), |stream, id| stream.history(id).map(all))
    }

    fn count(&self, env: Env, count: fn(&vsm_core::ValueStream) -> usize) -> Result<f64> {
        throwing(env, || Ok(count(&self.now()?) as f64))
    }
}

/// The questions that have no query; the others follow from the core.
#[napi]
impl ValueStream {
    /// Where an item comes from, up to theme and strategy, and what became of it, down to deployments.
    #[napi(catch_unwind)]
    pub fn trace(&self, env: Env, #[napi(ts_arg_type = "string")] id: Arg<String>) -> Result<Trace> {
        self.answer(env, ("id", id), |stream, id| stream.trace(id))
    }

    /// As `trace`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<Trace>")]
    pub fn trace_async(&self, #[napi(ts_arg_type = "string")] id: Arg<String>) -> AsyncTask<Job<Trace>> {
        self.promise(("id", id), |stream, id| stream.trace(id))
    }

    /// How much of the input could be linked, and what could not.
    #[napi(catch_unwind)]
    pub fn coverage(&self, env: Env) -> Result<Coverage> {
        throwing(env, || Ok(self.now()?.coverage().into()))
    }

    /// As `coverage`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<Coverage>")]
    pub fn coverage_async(&self) -> AsyncTask<Job<Coverage>> {
        let view = self.view();
        Job::promise(move || Ok(view()?.coverage().into()))
    }

    /// For every item that a change implements, the version of the first tag that holds the change, against the
    /// versions that the item was planned for.
    #[napi(catch_unwind)]
    pub fn shipping(
        &self,
        env: Env,
        #[napi(ts_arg_type = "CorrelationRules | undefined | null")] rules: Option<Arg<CorrelationRules>>,
    ) -> Result<Shipping> {
        throwing(env, || Ok(self.now()?.shipping(&or_default(rules, "rules")?).into()))
    }

    /// As `shipping`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<Shipping>")]
    pub fn shipping_async(
        &self,
        #[napi(ts_arg_type = "CorrelationRules | undefined | null")] rules: Option<Arg<CorrelationRules>>,
    ) -> AsyncTask<Job<Shipping>> {
        let view = self.view();
        Job::promise(move || Ok(view()?.shipping(&or_default(rules, "rules")?).into()))
    }

    /// The outlook as a page to read: the first screen answers, the rest explains.
    #[napi(catch_unwind)]
    pub fn outlook_text(
        &self,
        env: Env,
        #[napi(ts_arg_type = "OutlookQuery")] query: Arg<OutlookQuery>,
    ) -> Result<String> {
        self.answer(env, ("query", query), |stream, query| Ok(stream.outlook(query)?.to_text()))
    }

    /// As `outlookText`, off the event loop.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn outlook_text_async(
        &self,
        #[napi(ts_arg_type = "OutlookQuery")] query: Arg<OutlookQuery>,
    ) -> AsyncTask<Job<String>> {
        self.promise(("query", query), |stream, query| Ok(stream.outlook(query)?.to_text()))
    }
}

fn all<A, J: From<A>>(list: Vec<A>) -> Vec<J> {
    list.into_iter().map(J::from).collect()
}
