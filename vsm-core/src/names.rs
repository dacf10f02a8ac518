//! Names: every id that an event uses is one, and those that aliases say are the same stand for one item.
//!
//! The item goes by the name that no alias leads away from; where several qualify, or none, by the alphabetically first
//! of them. So it does not matter in which order the names became known.

use crate::hash::{HashMap, HashSet};
use crate::texts::Texts;

#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// The item of each name that is not an item's own.
    items: HashMap<u32, u32>,
    /// The other names of each item that has any.
    others: HashMap<u32, Vec<u32>>,
    /// The names that are aliases of another one.
    aliases: HashSet<u32>,
}

impl Names {
    /// The item that a name stands for.
    pub(crate) fn item(&self, name: u32) -> u32 {
        self.items.get(&name).copied().unwrap_or(name)
    }

    /// The other names of an item.
    pub(crate) fn others(&self, item: u32) -> &[u32] {
        self.others.get(&item).map_or(&[], Vec::as_slice)
    }

    /// Lets some names stand for the same item as `said`, whose aliases they are. Gives that item, and those that are
    /// none any more.
    pub(crate) fn unite(&mut self, texts: &Texts, said: u32, names: &[u32]) -> (u32, Vec<u32>) {
        let mut items = vec![self.item(said)];
        for name in names.iter().copied().filter(|name| *name != said) {
            self.aliases.insert(name);
            let item = self.item(name);
            if !items.contains(&item) {
                items.push(item);
            }
        }
        let mut all = items.clone();
        for item in &items {
            all.extend(self.others.remove(item).into_iter().flatten());
        }
        let rank = |name: u32| (self.aliases.contains(&name), texts.get(name));
        let own = all.iter().copied().min_by(|a, b| rank(*a).cmp(&rank(*b))).unwrap_or(said);
        self.items.remove(&own);
        all.retain(|name| *name != own);
        self.items.extend(all.iter().map(|name| (*name, own)));
        if !all.is_empty() {
            self.others.insert(own, all);
        }
        items.retain(|item| *item != own);
        (own, items)
    }

    /// Bytes held, capacity included.
    pub(crate) fn bytes(&self) -> usize {
        self.items.allocation_size()
            + self.others.allocation_size()
            + self.others.values().map(|names| names.capacity() * size_of::<u32>()).sum::<usize>()
            + self.aliases.allocation_size()
    }
}
