//! Hash maps and sets that need no randomness: the same input gives the same bytes in every run.

use std::hash::{BuildHasher, Hash};

pub(crate) use foldhash::fast::FixedState;

use crate::texts::NONE;

/// A hash map with a fixed seed.
pub(crate) type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// A hash set with a fixed seed.
pub(crate) type HashSet<T> = hashbrown::HashSet<T, FixedState>;

/// Half a hash is kept: with it a table of four thousand million numbers is told apart.
pub(crate) fn hash_of<T: Hash>(value: T) -> u32 {
    let hash = FixedState::default().hash_one(value);
    (hash ^ (hash >> 32)) as u32
}

/// Tells two texts apart within one run of the program.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    FixedState::default().hash_one(bytes)
}

/// Stands for a text for ever, on every machine: 128 bits of FNV-1a (Fowler, Noll, Vo; RFC 9923).
pub(crate) fn digest(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0100_0000_0000_0000_0000_013b;
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// Numbers, found by the hash of what they stand for.
///
/// A slot is a hash and its number, and stands as near as can be after the place that the hash names (linear probing;
/// Knuth, "The Art of Computer Programming", volume 3, 6.4, with deletion by his algorithm R). A general table finds them too,
/// but keeps its marks apart from its entries: with a million texts each look costs two waits for memory instead of one,
/// and nobody can tell it to begin with many looks before finishing the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// As many as a power of two, a quarter of them free; none at all while the table is empty.
    slots: Vec<(u32, u32)>,
    len: usize,
}

const FREE: (u32, u32) = (0, NONE);

impl Numbers {
    /// Reads the place where a hash is looked for, and gives something that depends on it.
    pub(crate) fn touch(&self, hash: u32) -> u32 {
        self.slots.get(self.place(hash)).map_or(0, |slot| slot.0)
    }

    /// The number with this hash that is meant.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.place(hash);
        loop {
            let (other, number) = *self.slots.get(at)?;
            if number == NONE {
                return None;
            }
            if other == hash && is(number) {
                return Some(number);
            }
            at = self.place_after(at);
        }
    }

    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow(self.len + 1);
        }
        self.put(hash, number);
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, hash: u32, number: u32) {
        let mut at = self.place(hash);
        loop {
            match self.slots.get(at) {
                Some(slot) if slot.1 == number => break,
                Some(slot) if slot.1 != NONE => at = self.place_after(at),
                _ => return,
            }
        }
        // What follows without a gap moves up, unless it would come to stand before its own place.
        let mut free = at;
        loop {
            at = self.place_after(at);
            let Some(slot) = self.slots.get(at).copied().filter(|slot| slot.1 != NONE) else { break };
            let mask = self.slots.len() - 1;
            let from_home = at.wrapping_sub(self.place(slot.0)) & mask;
            if from_home >= (at.wrapping_sub(free) & mask) {
                self.set(free, slot);
                free = at;
            }
        }
        self.set(free, FREE);
        self.len -= 1;
    }

    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, more: usize) {
        let len = self.len.saturating_add(more);
        if len.saturating_mul(4) > self.slots.len().saturating_mul(3) {
            self.grow(len);
        }
    }

    /// Bytes held, capacity included.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(u32, u32)>()
    }

    fn grow(&mut self, len: usize) {
        let count = (len.saturating_mul(4) / 3 + 1).next_power_of_two().max(16);
        let old = std::mem::replace(&mut self.slots, vec![FREE; count]);
        old.into_iter().filter(|slot| slot.1 != NONE).for_each(|(hash, number)| self.put(hash, number));
    }

    /// There is a free slot.
    fn put(&mut self, hash: u32, number: u32) {
        let mut at = self.place(hash);
        while self.slots.get(at).is_some_and(|slot| slot.1 != NONE) {
            at = self.place_after(at);
        }
        self.set(at, (hash, number));
    }

    fn set(&mut self, at: usize, slot: (u32, u32)) {
        if let Some(place) = self.slots.get_mut(at) {
            *place = slot;
        }
    }

    fn place(&self, hash: u32) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    fn place_after(&self, at: usize) -> usize {
        (at + 1) & self.slots.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known values of the algorithm.
    #[test]
    fn a_digest_is_that_of_the_standard() {
        assert_eq!(digest(""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(digest("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(digest("foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn numbers_are_found_whatever_came_and_went() {
        let mut table = Numbers::default();
        let mut known: Vec<(u32, u32)> = Vec::new();
        let mut dice = 1u32;
        for number in 0..4000 {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Few hashes, at the end of the table too, so that many share a place and runs go round its end.
            let hash = if dice >> 31 == 0 { dice >> 26 } else { u32::MAX - (dice >> 27) };
            if dice.is_multiple_of(3) && !known.is_empty() {
                let (hash, number) = known.swap_remove(dice as usize % known.len());
                table.remove(hash, number);
                assert_eq!(table.find(hash, |n| n == number), None);
            }
            table.insert(hash, number);
            known.push((hash, number));
            let (hash, number) = known[dice as usize % known.len()];
            assert_eq!(table.find(hash, |n| n == number), Some(number));
        }
        assert!(known.iter().all(|(hash, number)| table.find(*hash, |n| n == *number) == Some(*number)));
        assert_eq!(table.len, known.len());
        table.remove(7, 4001);
        assert_eq!(table.len, known.len());
        let mut empty = Numbers::default();
        empty.remove(7, 7);
        assert_eq!(empty.find(7, |_| true), None);
    }
}
