//! Hash maps and sets that need no randomness: the same input gives the same bytes in every run.

use std::hash::{BuildHasher, Hash};

pub(crate) use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// A hash map with a fixed seed.
pub(crate) type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// A hash set with a fixed seed.
pub(crate) type HashSet<T> = hashbrown::HashSet<T, FixedState>;

/// Half a hash is kept: with it a table of four thousand million numbers is told apart.
pub(crate) fn hash_of<T: Hash>(value: T) -> u32 {
    let hash = FixedState::default().hash_one(value);
    (hash ^ (hash >> 32)) as u32
}

/// Numbers, found by the hash of what they stand for. The hash stands beside the number, so that a table that grows
/// reads nothing but itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers(HashTable<(u32, u32)>);

impl Numbers {
    /// The number with this hash that is meant.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.0.find(wide(hash), |entry| entry.0 == hash && is(entry.1)).map(|entry| entry.1)
    }

    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        self.0.insert_unique(wide(hash), (hash, number), |entry| wide(entry.0));
    }

    pub(crate) fn remove(&mut self, hash: u32, number: u32) {
        if let Ok(entry) = self.0.find_entry(wide(hash), |entry| entry.1 == number) {
            entry.remove();
        }
    }

    pub(crate) fn reserve(&mut self, more: usize) {
        self.0.reserve(more, |entry| wide(entry.0));
    }

    /// Bytes held, capacity included.
    pub(crate) fn bytes(&self) -> usize {
        self.0.allocation_size()
    }
}

/// The table looks at the lowest and at the highest bits.
fn wide(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}
