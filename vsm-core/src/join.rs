//! Two items that turn out to be one: an alias names an item that has been spoken of, or linked to, under its own id.

use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::stream::{Mark, State};
use crate::time::clip;

impl State {
    /// The items that aliases name so far, `item` itself left out.
    pub(crate) fn named_by(&self, aliases: &[String], item: u32) -> Vec<u32> {
        let mut named: Vec<u32> = aliases.iter().filter_map(|alias| self.resolve(alias)).collect();
        named.sort_unstable();
        named.dedup();
        named.retain(|other| *other != item);
        named
    }

    /// Whether some items can be the same as `item`; nothing is changed.
    pub(crate) fn check_join(&self, item: u32, others: &[u32]) -> Result<()> {
        let conflict = |other: u32, reason: String| {
            Err(Error::Conflict { id: clip(self.ids.get(other)).into(), reason })
        };
        let whole: Vec<u32> = others.iter().copied().chain([item]).collect();
        for other in others.iter().copied() {
            let kinds = [item, other].map(|one| self.kind_at(one, None));
            if let [Some(own), Some(its)] = kinds
                && own != its
                && !(own.is_work() && its.is_work())
            {
                let reason = format!(
                    "is a {its} and can't be the same as \"{}\", a {own}: take back the alias",
                    clip(self.ids.get(item))
                );
                return conflict(other, reason);
            }
            // Said or taken back, a link within would be one of an item to itself.
            let mut linked = [Direction::Outgoing, Direction::Incoming]
                .into_iter()
                .flat_map(|direction| self.graph.touching(other, direction))
                .filter(|(link, _, end, _)| whole.contains(end) && self.links.is_asserted(*link));
            if let Some((_, kind, end, _)) = linked.next() {
                let reason = format!(
                    "is linked with \"{}\" ({kind}), so the two can't be the same",
                    clip(self.ids.get(end))
                );
                return conflict(other, reason);
            }
        }
        match self.graph.cycle_through(&whole) {
            None => Ok(()),
            Some(path) => {
                Err(Error::Cycle { path: path.into_iter().map(|n| self.ids.get(n).to_owned()).collect() })
            }
        }
    }

    /// Makes `other` the same as `item`: its events and links become the item's, and its id leads there. The check has
    /// to come first.
    pub(crate) fn join(&mut self, item: u32, other: u32) {
        let mut moved = Vec::new();
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let links: Vec<u32> = self.graph.touching(other, direction).map(|found| found.0).collect();
            for link in links {
                let Some(rec) = self.links.get(link).copied().filter(|_| self.links.is_asserted(link)) else {
                    continue;
                };
                let renamed = |end: u32| if end == other { item } else { end };
                let (from, to) = (renamed(rec.from), renamed(rec.to));
                let (number, new) = self.links.intern(from, to, rec.kind);
                if new {
                    self.graph.add_link(from, to, rec.kind);
                }
                if !self.graph.is_plain(link) {
                    self.graph.mark_detailed(number);
                }
                self.graph.deactivate(link);
                self.links.hand_over(&self.record, link, number);
                moved.push(number);
            }
        }
        self.record.hand_over(&mut self.latest, other, item);
        self.joined.insert(other, item);
        for one in [item, other] {
            let (kind, state) = (self.kind_at(one, None), self.state_at(one, None));
            if let (Some(k), Some(s)) = (self.kinds.get_mut(one as usize), self.states.get_mut(one as usize))
            {
                (*k, *s) = (kind, state);
            }
        }
        for link in moved {
            // What held before can't close a cycle now: that was checked for the two together.
            let _ = self.settle(link, &mut Mark::default());
        }
    }
}
