//! Interned texts: each is stored once and known by a small number, in order of first appearance.

use crate::hash::{Numbers, hash_of};

/// The number that stands for "no text", "no event" or "no link".
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
    table: Numbers,
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, number: u32) -> &str {
        slice(&self.text, &self.ends, number)
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.table.find(hash_of(text), |n| self.get(n) == text)
    }

    /// Reads where a text with this hash is looked for, and gives something that depends on it.
    pub(crate) fn touch(&self, hash: u32) -> u32 {
        self.table.touch(hash)
    }

    /// The first number whose text has this hash; most often it is the one that is meant.
    pub(crate) fn guess(&self, hash: u32) -> Option<u32> {
        self.table.find(hash, |_| true)
    }

    /// The number of a text, and whether it is new.
    pub(crate) fn intern(&mut self, text: &str) -> (u32, bool) {
        let hash = hash_of(text);
        match self.table.find(hash, |n| self.get(n) == text) {
            Some(number) => (number, false),
            None => {
                self.text.push_str(text);
                (self.add(hash), true)
            }
        }
    }

    /// The number of the text that some parts make together, and whether it is new.
    pub(crate) fn intern_parts(&mut self, parts: &[&str]) -> (u32, bool) {
        let start = self.text.len();
        parts.iter().for_each(|part| self.text.push_str(part));
        let whole = self.text.get(start..).unwrap_or("");
        let hash = hash_of(whole);
        match self.table.find(hash, |n| self.get(n) == whole) {
            Some(number) => {
                self.text.truncate(start);
                (number, false)
            }
            None => (self.add(hash), true),
        }
    }

    /// Gives the text at the end a number.
    fn add(&mut self, hash: u32) -> u32 {
        let number = self.ends.len() as u32;
        self.ends.push(self.text.len());
        self.table.insert(hash, number);
        number
    }

    /// Makes room for so many more texts.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.ends.reserve(more);
        self.table.reserve(more);
    }

    /// Forgets the texts that were interned last, until `len` are left.
    pub(crate) fn truncate(&mut self, len: usize) {
        while self.ends.len() > len {
            let last = (self.ends.len() - 1) as u32;
            self.table.remove(hash_of(self.get(last)), last);
            self.ends.pop();
            self.text.truncate(self.ends.last().copied().unwrap_or(0));
        }
    }

    /// All numbers in the alphabetical order of their texts.
    pub(crate) fn alphabetical(&self) -> Vec<u32> {
        let first = self.get(0).as_bytes();
        let shared = (0..self.len() as u32).fold(first.len(), |shared, n| {
            let pairs = first.iter().take(shared).zip(self.get(n).as_bytes());
            pairs.take_while(|(a, b)| a == b).count()
        });
        // The eight bytes after what all share decide nearly always, so that texts are hardly ever looked at.
        let lead = |n: u32| {
            let bytes = self.get(n).bytes().skip(shared).chain(std::iter::repeat(0)).take(8);
            bytes.fold(0u64, |lead, byte| lead << 8 | u64::from(byte))
        };
        let mut order: Vec<(u64, u32)> = (0..self.len() as u32).map(|n| (lead(n), n)).collect();
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| self.get(a.1).cmp(self.get(b.1))));
        order.into_iter().map(|(_, n)| n).collect()
    }

    /// Bytes held, capacity included.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<usize>() + self.table.bytes()
    }
}

fn slice<'a>(text: &'a str, ends: &[usize], number: u32) -> &'a str {
    let number = number as usize;
    let start = number.checked_sub(1).and_then(|n| ends.get(n)).copied().unwrap_or(0);
    ends.get(number).and_then(|end| text.get(start..*end)).unwrap_or("")
}
