//! Hash maps and sets that need no randomness: the same input gives the same bytes in every run.

use std::hash::{BuildHasher, Hash};

pub(crate) use foldhash::fast::FixedState;

/// A hash map with a fixed seed.
pub(crate) type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// A hash set with a fixed seed.
pub(crate) type HashSet<T> = hashbrown::HashSet<T, FixedState>;

pub(crate) fn hash_of<T: Hash>(value: T) -> u64 {
    FixedState::default().hash_one(value)
}
