//! What a C host holds by a number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use vsm_core::Error;

use super::invalid;

/// Things of one sort, each by a number that is never used twice.
pub(super) struct Registry<T> {
    /// What such a number is called, and what to do where a call on one broke off.
    pub(super) name: &'static str,
    remedy: &'static str,
    numbered: Mutex<Numbered<T>>,
}

struct Numbered<T> {
    last: u64,
    open: BTreeMap<u64, Arc<Mutex<T>>>,
}

impl<T> Registry<T> {
    pub(super) const fn new(name: &'static str, remedy: &'static str) -> Registry<T> {
        Registry { name, remedy, numbered: Mutex::new(Numbered { last: 0, open: BTreeMap::new() }) }
    }

    /// Nothing in here panics, so a poisoned lock still guards sound data.
    fn locked<R>(&self, use_it: impl FnOnce(&mut Numbered<T>) -> R) -> R {
        use_it(&mut self.numbered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn open(&self, thing: T) -> u64 {
        self.locked(|numbered| {
            numbered.last += 1;
            numbered.open.insert(numbered.last, Arc::new(Mutex::new(thing)));
            numbered.last
        })
    }

    /// Whether there was one. It is dropped after the lock is given back: that of a large one takes a while.
    pub(super) fn close(&self, number: u64) -> bool {
        self.locked(|numbered| numbered.open.remove(&number)).is_some()
    }

    pub(super) fn with<R>(
        &self,
        number: u64,
        use_it: impl FnOnce(&mut T) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let found = self.locked(|numbered| numbered.open.get(&number).cloned()).ok_or_else(|| {
            invalid(self.name, "there is none of this number: it was never opened, or it is ended already")
        })?;
        let mut locked = found
            .lock()
            .map_err(|_| invalid(self.name, &format!("an earlier call on it broke off: {}", self.remedy)))?;
        use_it(&mut locked)
    }
}
