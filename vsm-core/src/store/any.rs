//! One type for streams with a store and without, for hosts that decide at run time: the bindings' door to this room.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Audit, Durability, Recovery, Seal, Store, StoredStream, storage};
use crate::call::{CHANGES, call, only, optional, parse, text};
use crate::error::{Error, Result};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;

text_enum! {
    /// How a record is kept on disk.
    pub enum StoreFormat {
        /// A file of the engine's own: the fastest.
        Journal = "journal",
        /// A SQLite database, which other programs can read while it grows.
        Sqlite = "sqlite",
    }
}

/// How to open a store. Everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreOptions {
    /// Absent = a journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<StoreFormat>,
    /// When events are made safe against a loss of power: when so many have gathered, which costs fewer than that if it
    /// happens; 0 = when `sync` is called, and only then; absent = before they are acknowledged. The end of the process
    /// never costs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_every: Option<u64>,
    /// Whether to read only: beside the one process that writes, and without keeping it out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// The names of what [`AnyStream::call`] does with the store.
pub const STORE_CALLS: &[&str] = &["catch_up", "close", "compact", "recovery", "seal", "sync", "verify"];

/// A stream with the store that it was opened with, or with none.
///
/// Questions are those of [`stream`](AnyStream::stream); changes go through [`change`](AnyStream::change).
pub struct AnyStream(Kept);

enum Kept {
    Nowhere(ValueStream),
    There(Box<There>),
    /// Where it was kept.
    Closed(ValueStream, String),
}

struct There {
    stored: StoredStream<Box<dyn Store + Send>>,
    path: String,
    read_only: bool,
    recovery: Recovery,
}

impl From<ValueStream> for AnyStream {
    fn from(stream: ValueStream) -> AnyStream {
        AnyStream(Kept::Nowhere(stream))
    }
}

impl AnyStream {
    /// Opens a store and reads what it has; without `read_only` an empty one is made where there is none.
    ///
    /// # Errors
    /// [`Error::Storage`] where it can't be opened or read, where another writer has it open, where it is of a newer
    /// version or of another format. Damage is no error: see [`recovery`](AnyStream::recovery). [`Error::Invalid`] for a
    /// format that this engine was built without.
    pub fn open(path: impl AsRef<Path>, options: &StoreOptions) -> Result<AnyStream> {
        let path = path.as_ref();
        let (stored, recovery) = StoredStream::open(open(path, options)?)?;
        let (path, read_only) = (path.display().to_string(), options.read_only);
        Ok(AnyStream(Kept::There(Box::new(There { stored, path, read_only, recovery }))))
    }

    /// The stream, for questions; a clone of it is a snapshot for another thread.
    pub fn stream(&self) -> &ValueStream {
        match &self.0 {
            Kept::Nowhere(stream) | Kept::Closed(stream, _) => stream,
            Kept::There(there) => there.stored.stream(),
        }
    }

    /// Changes the stream by one of its own methods, and has the store keep what came of it. No other stream may be put
    /// in its place.
    ///
    /// # Errors
    /// [`Error::Storage`] as [`StoredStream`] says, and where the store is open for reading or closed; nothing is changed
    /// then.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut ValueStream) -> T) -> Result<T> {
        match &mut self.0 {
            Kept::Nowhere(stream) => Ok(change(stream)),
            Kept::There(there) if !there.read_only => there.stored.change(change),
            Kept::There(there) => Err(storage(
                Path::new(&there.path),
                None,
                "it is open for reading only: open it without read_only to change it",
            )),
            Kept::Closed(_, path) => Err(closed(path)),
        }
    }

    /// What was found when the store was opened.
    ///
    /// # Errors
    /// Here as below: [`Error::Invalid`] for the field `store` where the stream has none, [`Error::Storage`] where it is
    /// closed.
    pub fn recovery(&self) -> Result<Recovery> {
        match &self.0 {
            Kept::Nowhere(_) => Err(no_store()),
            Kept::There(there) => Ok(there.recovery.clone()),
            Kept::Closed(_, path) => Err(closed(path)),
        }
    }

    /// As [`StoredStream::catch_up`].
    ///
    /// # Errors
    /// As there.
    pub fn catch_up(&mut self) -> Result<Recovery> {
        self.stored()?.catch_up()
    }

    /// As [`StoredStream::sync`].
    ///
    /// # Errors
    /// As there.
    pub fn sync(&mut self) -> Result<()> {
        self.stored()?.sync()
    }

    /// As [`StoredStream::verify`].
    ///
    /// # Errors
    /// As there.
    pub fn verify(&mut self, noted: Option<&Seal>) -> Result<Audit> {
        self.stored()?.verify(noted)
    }

    /// As [`StoredStream::compact`].
    ///
    /// # Errors
    /// As there.
    pub fn compact(&mut self) -> Result<()> {
        self.stored()?.compact()
    }

    /// As [`StoredStream::seal`].
    ///
    /// # Errors
    /// As there.
    pub fn seal(&mut self) -> Result<Seal> {
        self.stored()?.seal()
    }

    /// Makes everything safe and lets go of the store, so that another writer may open it. Questions are still answered,
    /// changes refused. Closing it again does nothing.
    ///
    /// # Errors
    /// As [`StoredStream::sync`]; the store is let go of all the same.
    pub fn close(&mut self) -> Result<()> {
        let there = match &mut self.0 {
            Kept::Nowhere(_) => return Err(no_store()),
            Kept::Closed(..) => return Ok(()),
            Kept::There(there) => there,
        };
        let synced = if there.read_only { Ok(()) } else { there.stored.sync() };
        self.0 = Kept::Closed(there.stored.stream().clone(), there.path.clone());
        synced
    }

    /// As [`call`](crate::call), and by name also what is done with the store: [`STORE_CALLS`]. `verify` takes `seal`; those
    /// that give nothing answer `null`. A host that holds this behind a lock asks questions of a clone of
    /// [`stream`](AnyStream::stream) instead.
    ///
    /// # Errors
    /// As there, and those of the methods above.
    pub fn call(&mut self, name: &str, arguments: &str) -> Result<String> {
        let takes: &[&str] = if name == "verify" { &["seal"] } else { &[] };
        let read = || parse(arguments).and_then(|args| only(&args, takes).map(|()| args));
        match name {
            "catch_up" => read().and_then(|_| text(&self.catch_up()?)),
            "close" => read().and_then(|_| text(&self.close()?)),
            "compact" => read().and_then(|_| text(&self.compact()?)),
            "recovery" => read().and_then(|_| text(&self.recovery()?)),
            "seal" => read().and_then(|_| text(&self.seal()?)),
            "sync" => read().and_then(|_| text(&self.sync()?)),
            "verify" => read().and_then(|args| text(&self.verify(optional(&args, "seal")?.as_ref())?)),
            _ if CHANGES.contains(&name) => self.change(|stream| call(stream, name, arguments))?,
            _ => call(&mut self.stream().clone(), name, arguments),
        }
    }

    fn stored(&mut self) -> Result<&mut StoredStream<Box<dyn Store + Send>>> {
        match &mut self.0 {
            Kept::Nowhere(_) => Err(no_store()),
            Kept::There(there) => Ok(&mut there.stored),
            Kept::Closed(_, path) => Err(closed(path)),
        }
    }
}

fn open(path: &Path, options: &StoreOptions) -> Result<Box<dyn Store + Send>> {
    let durability = match options.sync_every.map(std::num::NonZeroU64::new) {
        None => Durability::EachAppend,
        Some(None) => Durability::ByHost,
        Some(Some(count)) => Durability::Every(count),
    };
    let format = options.format.unwrap_or(StoreFormat::Journal);
    match (format, options.read_only) {
        #[cfg(feature = "journal")]
        (StoreFormat::Journal, false) => Ok(Box::new(super::Journal::open(path, durability)?)),
        #[cfg(feature = "journal")]
        (StoreFormat::Journal, true) => Ok(Box::new(super::Journal::open_to_read(path)?)),
        #[cfg(feature = "sqlite")]
        (StoreFormat::Sqlite, false) => Ok(Box::new(super::Sqlite::open(path, durability)?)),
        #[cfg(feature = "sqlite")]
        (StoreFormat::Sqlite, true) => Ok(Box::new(super::Sqlite::open_to_read(path)?)),
        #[allow(unreachable_patterns, reason = "with all features there is nothing left")]
        (format, _) => {
            Err(Error::invalid("format", format!("the engine was built without the feature {format}")))
        }
    }
}

fn no_store() -> Error {
    Error::invalid("store", "this stream is kept in memory only: open one by the path of its store")
}

fn closed(path: &str) -> Error {
    storage(Path::new(path), None, "it is closed: open it again")
}
