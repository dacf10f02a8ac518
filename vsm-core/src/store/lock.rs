//! One writer at a time.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use super::storage;
use crate::error::Result;

/// Held as long as a store is open for writing. The system lets go of it when the process ends, however it ends, so
/// that nobody has to clear away what a dead writer left behind; the file itself stays and means nothing.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    /// The process that took it: a fork of it has the file too, and must not let go.
    process: u32,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file ends the lock too, but not while a process that the host is about to start has it open.
        if self.process == std::process::id() {
            let _ = FileExt::unlock(&self.file);
        }
    }
}

impl Lock {
    /// Takes the lock of a store.
    pub(super) fn take(store: &Path) -> Result<Lock> {
        let path = beside(store, "lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| storage(&path, None, format!("the lock can't be made: {error}")))?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Lock { file, process: std::process::id() }),
            Err(TryLockError::WouldBlock) => Err(storage(
                store,
                None,
                "another writer has it open: end that one first, or open it for reading",
            )),
            Err(TryLockError::Error(error)) => {
                Err(storage(&path, None, format!("the file system gives no lock: {error}")))
            }
        }
    }
}

/// The path of a file that belongs to a store: `portfolio.vsm` has `portfolio.vsm.lock` beside it.
pub(super) fn beside(store: &Path, what: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}
