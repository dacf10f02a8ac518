//! The passes over networks in which nothing is special: plain time, and every need from finish to start without lag. That
//! is what large networks are, and a pass that asks nothing of each activity takes half as long.

use super::dates::{Dates, Late};
use super::network::{Network, Node};
use crate::time::Instant;

impl Network {
    /// Early dates; none where they lie beyond the years that there are, so that the general pass can say whose.
    pub(super) fn forward_plain(&self) -> Option<Dates> {
        let mut dates = Dates::default();
        dates.early_start.reserve_exact(self.nodes.len());
        dates.early_finish.reserve_exact(self.nodes.len());
        let floor = self.floor();
        let mut first = 0;
        let mut end = i64::MIN;
        for Node { duration, needs_end, .. } in &self.nodes {
            let needs = self.plain_needs(first, *needs_end);
            first = *needs_end;
            let finish_of = |(need, _): &(u32, u32)| dates.early_finish(*need);
            let start = needs.iter().map(finish_of).max().unwrap_or(self.start);
            let start = floor.map_or(start, |floor| start.max(floor));
            let finish = start.saturating_add(*duration);
            dates.early_start.push(start);
            dates.early_finish.push(finish);
            end = end.max(finish);
        }
        (end <= Instant::MAX.millis()).then_some(dates)
    }

    /// Late dates and free float, counted back from `end`.
    pub(super) fn backward_plain(&self, dates: &mut Dates, end: i64) {
        let mut late = std::mem::take(&mut dates.late);
        late.clear();
        late.resize(self.nodes.len(), Late { finish: end, free: i64::MAX });
        for (number, (node, first)) in self.nodes.iter().zip(self.needs_starts()).enumerate().rev() {
            let (early_start, early_finish) =
                (dates.early_start(number as u32), dates.early_finish(number as u32));
            let Some(own) = late.get_mut(number) else { continue };
            // Until here it is the first start of what needs the node: read where it lies, and not where it is needed.
            if own.free != i64::MAX {
                own.free = own.free.saturating_sub(early_finish);
            }
            let late_start = own.finish.saturating_sub(node.duration);
            for (need, _) in self.plain_needs(first, node.needs_end) {
                if let Some(late) = late.get_mut(*need as usize) {
                    late.finish = late.finish.min(late_start);
                    late.free = late.free.min(early_start);
                }
            }
        }
        dates.late = late;
    }
}
