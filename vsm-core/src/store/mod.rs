//! The record on disk: what a stream was told is still there tomorrow, and an auditor can see that it is unaltered.
//!
//! [`Store`] is the door. Behind it are the `Journal`, a file of the engine's own, and `Sqlite`, a database that other
//! programs can read while it grows; each comes with the cargo feature of its name. [`StoredStream`] puts a stream and
//! a store together, so that the stream holds nothing for long that the store has not.
//!
//! What is promised stands in the book, the documentation of the crate, under "Keeping the record".

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::model::{Event, Statement};
use crate::stream::{Refusal, ValueStream};

use self::loading::Loading;

mod loading;
mod stored;

#[cfg(any(feature = "journal", feature = "sqlite"))]
mod any;
#[cfg(any(feature = "journal", feature = "sqlite"))]
mod audit;
#[cfg(any(feature = "journal", feature = "sqlite"))]
mod chain;
#[cfg(feature = "journal")]
mod frame;
#[cfg(feature = "journal")]
mod journal;
#[cfg(any(feature = "journal", feature = "sqlite"))]
mod lock;
#[cfg(feature = "journal")]
mod pack;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(any(feature = "journal", feature = "sqlite"))]
pub use any::{AnyStream, STORE_CALLS, StoreFormat, StoreOptions};
#[cfg(feature = "journal")]
pub use journal::Journal;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
pub use stored::StoredStream;

/// A place that keeps events in the order in which they were accepted, numbered from 1.
///
/// A store knows nothing of what events mean; that an event is taken once only is seen to by [`StoredStream`].
pub trait Store {
    /// Adds events at the end. They are all kept, or none of them; how safe they are when this returns is said by the
    /// store's [`Durability`].
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) where they can't be written, or where the store was opened for reading. What was there before
    /// is untouched.
    fn append(&mut self, events: &[Event]) -> Result<()>;

    /// Returns when everything appended so far would outlive a loss of power.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage). A store whose system could not write what it had taken over refuses all further events,
    /// since nobody knows what is on the disk: open it again.
    fn sync(&mut self) -> Result<()>;

    /// Gives every event with a number above `after` to `each`, in order and with its number. Holds one at a time.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) where the store can't be read at all. Damage is no error: it is reported, and what is whole
    /// behind it is read.
    fn replay(&mut self, after: u64, each: &mut dyn FnMut(u64, Event)) -> Result<Recovery>;

    /// Applies every event with a number above `number` to a stream, in order, and moves `number` on with each. What is a
    /// duplicate and what is refused stands in the report; how the events are read is the store's own affair, so a
    /// store that stands before another one passes this on.
    ///
    /// # Errors
    /// As [`replay`](Store::replay).
    fn load(&mut self, stream: &mut ValueStream, number: &mut u64) -> Result<Recovery> {
        let after = *number;
        let mut loading = Loading::new(stream, number);
        let replayed = self.replay(after, &mut |given, mut event| {
            loading.take(given, Statement::of(&mut event).into_owned())
        });
        loading.done(replayed)
    }

    /// Does all hashes over. With a seal that was noted earlier, the record must still begin with what it stands for.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) where the store can't be read at all. What is wrong in it is listed in the audit.
    fn verify(&mut self, noted: Option<&Seal>) -> Result<Audit>;

    /// Writes the store anew in the form that is read fastest and needs least room. Events, numbers and hashes stay.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage); the store is then as it was.
    fn compact(&mut self) -> Result<()>;

    /// The number and the hash of the last event.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) where the store can't be read.
    fn seal(&mut self) -> Result<Seal>;
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        (**self).append(events)
    }

    fn sync(&mut self) -> Result<()> {
        (**self).sync()
    }

    fn replay(&mut self, after: u64, each: &mut dyn FnMut(u64, Event)) -> Result<Recovery> {
        (**self).replay(after, each)
    }

    fn load(&mut self, stream: &mut ValueStream, number: &mut u64) -> Result<Recovery> {
        (**self).load(stream, number)
    }

    fn verify(&mut self, noted: Option<&Seal>) -> Result<Audit> {
        (**self).verify(noted)
    }

    fn compact(&mut self) -> Result<()> {
        (**self).compact()
    }

    fn seal(&mut self) -> Result<Seal> {
        (**self).seal()
    }
}

/// When a store makes sure that events would outlive a loss of power. The end of the process never costs one.
///
/// A disk takes between a tenth of a millisecond and ten for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Before an append returns, for a batch once: what is acknowledged is safe.
    #[default]
    EachAppend,
    /// When at least so many events have gathered: a loss of power costs fewer than that.
    Every(NonZeroU64),
    /// When the host calls [`Store::sync`], and only then.
    ByHost,
}

impl Durability {
    /// Whether to make sure now, with so many events that are not yet safe.
    #[cfg(any(feature = "journal", feature = "sqlite"))]
    fn is_due(self, waiting: u64) -> bool {
        match self {
            Durability::EachAppend => waiting > 0,
            Durability::Every(count) => waiting >= count.get(),
            Durability::ByHost => false,
        }
    }
}

/// What stands for a whole record: how many events it has, and the last link of their hash chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The number of the last event, from 1; 0 for an empty record.
    pub number: u64,
    /// Its hash in hexadecimal digits.
    pub hash: String,
}

/// A place in a store where something is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// Where: "byte 120" or "event 7".
    pub position: String,
    /// The number of the last event before it.
    pub after: u64,
    /// How many events are missing here.
    pub lost: u64,
    /// What is wrong, in one sentence.
    pub reason: String,
}

/// No more places of damage are listed, however many there are.
#[cfg(any(feature = "journal", feature = "sqlite"))]
const LONGEST_LIST: usize = 100;

/// What was found when a store was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// Events that were read.
    pub events: u64,
    /// The number of the last event that is there; the next replay begins after it.
    pub number: u64,
    /// Events that are missing: they were written, and can't be read.
    pub lost: u64,
    /// Bytes at the end that were never written to their end. No event in them was acknowledged.
    pub torn_bytes: u64,
    /// Where something is damaged; the first hundred places.
    pub damage: Vec<Damage>,
    /// How many places there are.
    pub damaged: u64,
    /// Events that the stream had already.
    pub duplicates: u64,
    /// Events that were read and can't be applied, since they build on a lost one; the position is the event's number.
    pub refused: Vec<Refusal>,
}

impl Recovery {
    /// Whether everything that was acknowledged is there.
    pub fn is_whole(&self) -> bool {
        self.lost == 0 && self.damaged == 0 && self.refused.is_empty()
    }

    #[cfg(any(feature = "journal", feature = "sqlite"))]
    fn note(&mut self, damage: Damage) {
        self.lost += damage.lost;
        self.damaged += 1;
        if self.damage.len() < LONGEST_LIST {
            self.damage.push(damage);
        }
    }
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Events whose hash was done over.
    pub events: u64,
    /// The end of the chain: note it elsewhere, and give it to a later audit.
    pub seal: Seal,
    /// What is wrong; the first hundred places.
    pub faults: Vec<Damage>,
    /// How many places there are.
    pub faulty: u64,
}

impl Audit {
    /// Whether nothing was altered, taken out or added in between.
    pub fn is_whole(&self) -> bool {
        self.faulty == 0
    }
}

/// Where a store really lies: neither another working directory nor a link to it may make it another one.
#[cfg(any(feature = "journal", feature = "sqlite"))]
fn resolved(path: &std::path::Path) -> std::path::PathBuf {
    let there = |path: &std::path::Path| std::fs::canonicalize(path).ok();
    let folder = || match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => there(".".as_ref()),
        Some(folder) => there(folder),
        None => None,
    };
    let beside = || Some(folder()?.join(path.file_name()?));
    there(path).or_else(beside).unwrap_or_else(|| path.into())
}

#[cfg(any(feature = "journal", feature = "sqlite"))]
fn storage(path: &std::path::Path, position: Option<String>, reason: impl std::fmt::Display) -> crate::Error {
    crate::Error::Storage { path: path.display().to_string(), position, reason: reason.to_string() }
}
