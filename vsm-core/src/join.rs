//! Two items that turn out to be one. Events and links keep the names that they were said by, so that a replay goes the
//! same way again; only their places in time, and the graph, become those of the one item.

use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::model::{Kind, tells_calendar};
use crate::stream::{Mark, State};
use crate::time::clip;

/// How many names an item can have: each new one may cost as much as all that is known of the item.
const MOST_NAMES: usize = 100;

impl State {
    /// Whether an item and the items that some names stand for so far can be the same; nothing is changed.
    pub(crate) fn check_join(&self, item: u32, names: &[u32]) -> Result<()> {
        let mut whole = vec![item];
        for name in names {
            let other = self.names.item(*name);
            if !whole.contains(&other) {
                whole.push(other);
            }
            let count: usize = whole.iter().map(|one| 1 + self.names.others(*one).len()).sum();
            if count > MOST_NAMES {
                let reason = format!("an item can have {MOST_NAMES} names and no more");
                return Err(Error::invalid("aliases", reason));
            }
        }
        for other in whole.iter().skip(1) {
            // Said or taken back, a link within would be one of an item to itself. What a rule made of the two names is
            // no reason: it did not know that they are one.
            let mut within = [Direction::Outgoing, Direction::Incoming]
                .into_iter()
                .flat_map(|direction| self.graph.touching(*other, direction))
                .filter(|(link, _, end, _)| whole.contains(end) && self.links.is_ever_stated(*link));
            if let Some((_, kind, end, _)) = within.next() {
                let end = clip(self.ids.get(end));
                let reason = format!("is linked with \"{end}\" ({kind}), so the two can't be the same");
                return Err(Error::Conflict { id: clip(self.ids.get(*other)).into(), reason });
            }
        }
        match self.graph.cycle_through(&whole) {
            None => Ok(()),
            Some(path) => Err(self.cycle(path)),
        }
    }

    /// Makes an item and the items that some names stand for one; `said` is the name that they are aliases of. The
    /// check has to come first.
    pub(crate) fn join(&mut self, said: u32, names: &[u32]) {
        let (item, given_up) = self.names.unite(&self.ids, said, names);
        for other in given_up {
            self.move_all(other, item);
        }
    }

    /// Gives the events and links of one item to another one.
    fn move_all(&mut self, from: u32, to: u32) {
        let mut moved = Vec::new();
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let links: Vec<u32> = self.graph.touching(from, direction).map(|found| found.0).collect();
            for link in links {
                let Some(rec) = self.links.get(link).copied().filter(|_| self.links.is_asserted(link)) else {
                    continue;
                };
                let renamed = |end: u32| if end == from { to } else { end };
                let number = self.draw(renamed(rec.from), renamed(rec.to), rec.kind);
                if !self.graph.is_plain(link) {
                    self.graph.mark_detailed(number);
                }
                self.graph.deactivate(link);
                self.links.hand_over(&self.record, link, number);
                moved.push(number);
            }
        }
        self.record.hand_over(&mut self.latest, from, to);
        self.look_back(from);
        self.look_back(to);
        if self.walk(to, None).any(|(_, event)| event.kind == Some(Kind::Build)) {
            self.builds.push(to);
        }
        if self.walk(to, None).any(|(_, event)| tells_calendar(&event.sets)) {
            self.calendars.push(to);
        }
        for link in moved {
            // What held before can't close a cycle now: that was checked for all of them together.
            let _ = self.settle(link, &mut Mark::default());
        }
    }
}
