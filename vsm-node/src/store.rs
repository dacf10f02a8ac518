//! What the class `ValueStream` does with files: the store that it is kept in, and those that tools wrote.

use std::sync::Arc;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result};
use napi_derive::napi;
use vsm_core::{Adapter, AnyStream, IngestOptions, StoreOptions};

use crate::error::throwing;
use crate::generated::{Audit, IngestRun, Recovery, Seal};
use crate::js::Arg;
use crate::run::{self, Listener};
use crate::stream::{ValueStream, lock, or_default};
use crate::task::Job;

/// How it is kept on disk.
#[napi]
impl ValueStream {
    /// Opens a stream whose events are kept in a file, and reads what that has; an empty one is made where there is
    /// none. What a call has accepted outlives the process, however that ends, and a loss of power as `syncEvery` says.
    /// There is one writer at a time; with `readOnly` any number of others may read beside it.
    ///
    /// Damage rejects nothing: look at `recovery()`. Rejects with `storage` where the file can't be opened or is of
    /// another kind, and where another writer has it open. The methods without twin that follow reject with `invalid`
    /// for a stream that has no store, and with `storage` once it is closed.
    #[napi(catch_unwind, ts_return_type = "Promise<ValueStream>")]
    pub fn open(
        #[napi(ts_arg_type = "string")] path: Arg<String>,
        #[napi(ts_arg_type = "StoreOptions | undefined | null")] options: Option<Arg<StoreOptions>>,
    ) -> AsyncTask<Job<AnyStream, ValueStream>> {
        Job::promise(move || Ok(AnyStream::open(path.get("path")?, &or_default(options, "options")?)?))
    }

    /// What was found when the store was opened: whether anything is damaged or missing, and where.
    #[napi(catch_unwind)]
    pub fn recovery(&self, env: Env) -> Result<Recovery> {
        throwing(env, || Ok(lock(&self.stream)?.recovery()?.into()))
    }

    /// Reads what another process has written since; for a store that is open with `readOnly`.
    #[napi(catch_unwind, ts_return_type = "Promise<Recovery>")]
    pub fn catch_up(&self) -> AsyncTask<Job<Recovery>> {
        self.keep(|stream| Ok(stream.catch_up()?))
    }

    /// Resolves when everything accepted so far would outlive a loss of power.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn sync(&self) -> AsyncTask<Job<()>> {
        self.keep(|stream| Ok(stream.sync()?))
    }

    /// Does all hashes over: `faulty` is 0 where nothing was altered. With a seal that was noted earlier, the record must
    /// still begin with what it stands for. It holds the stream for that long: a synchronous call made meanwhile waits for
    /// it, so use the twins that return promises.
    #[napi(catch_unwind, ts_return_type = "Promise<Audit>")]
    pub fn verify(
        &self,
        #[napi(ts_arg_type = "Seal | undefined | null")] seal: Option<Arg<vsm_core::Seal>>,
    ) -> AsyncTask<Job<Audit>> {
        self.keep(|stream| {
            let seal = seal.map(|seal| seal.get("seal")).transpose()?;
            Ok(stream.verify(seal.as_ref())?)
        })
    }

    /// Writes the store anew in the form that is read fastest and needs least room. It holds the stream as `verify` does.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn compact(&self) -> AsyncTask<Job<()>> {
        self.keep(|stream| Ok(stream.compact()?))
    }

    /// The number and the hash of the last event: what to write down, somewhere else, for a later `verify()`.
    #[napi(catch_unwind, ts_return_type = "Promise<Seal>")]
    pub fn seal(&self) -> AsyncTask<Job<Seal>> {
        self.keep(|stream| Ok(stream.seal()?))
    }

    /// Makes everything safe and lets go of the file, so that another writer may open it. Questions are still answered,
    /// changes refused. Closing it again does nothing; `await using` does it by itself.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close(&self) -> AsyncTask<Job<()>> {
        self.keep(|stream| Ok(stream.close()?))
    }

    /// Reads a file that a tool wrote and applies it as it is read, off the event loop; the report is that of `ingest`.
    ///
    /// `onProgress` is told at the beginning, after each megabyte and at the end how far it has come. Where `signal`
    /// aborts, reading ends there and the result says `cancelled`; what `onProgress` throws is what the promise rejects
    /// with. What was applied stays.
    ///
    /// JSON Lines, lists of JSON and CSV take a few megabytes of memory whatever the file's length; `jira` and `bitbucket`,
    /// whose records explain one another, are read twice for that, and the first time `onProgress` is told that nothing
    /// was read yet. XML, `ocel` and `git_tags` are gathered before they are read, up to 1 GiB.
    #[napi(
        catch_unwind,
        ts_args_type = "adapter: Adapter, path: string, how?: { options?: IngestOptions | undefined | null, signal?: AbortSignal | undefined | null, onProgress?: ((now: IngestProgress) => unknown) | undefined | null } | undefined | null",
        ts_return_type = "Promise<IngestRun>"
    )]
    pub fn ingest_path(
        &self,
        adapter: Arg<Adapter>,
        path: Arg<String>,
        options: Option<Arg<IngestOptions>>,
        listener: Option<Listener>,
    ) -> AsyncTask<Job<vsm_core::IngestRun, IngestRun>> {
        let stream = Arc::clone(&self.stream);
        Job::promise(move || {
            let (adapter, path) = (adapter.get("adapter")?, path.get("path")?);
            let options = or_default(options, "options")?;
            drop(lock(&stream)?);
            run::read(adapter, &path, &options, listener, |events| {
                let mut stream = stream.lock().expect("a stream that another call has broken");
                stream.change(|stream| stream.apply_batch(events))
            })
        })
    }
}
