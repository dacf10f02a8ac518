//! Which items a metric has to look at again after some events.

use std::ops::Range;

use super::live::LiveMetric;
use super::query::MetricEvent;
use crate::graph::Direction;
use crate::hash::HashSet;
use crate::model::LinkKind;
use crate::stream::ValueStream;

/// By which an item counts for another one.
const HOMES: [LinkKind; 3] = [LinkKind::BelongsTo, LinkKind::OwnedBy, LinkKind::ShipsIn];

/// The items whose contribution may not be what it was, by number.
pub(super) fn items(live: &mut LiveMetric, stream: &ValueStream, events: Range<u32>) -> Vec<u32> {
    let rules = &live.plan.rules;
    let uses = |event: MetricEvent| rules.start_event == Some(event) || rules.end_event == Some(event);
    let (is_released, is_committed) = (uses(MetricEvent::Released), uses(MetricEvent::Committed));
    let follows_links = live.groups.follow_links() || is_released;
    let mut touched = Touched { stream, found: HashSet::default(), stack: Vec::new() };
    let mut is_linked = false;
    for event in events {
        let Some(item) = stream.item_of(event) else { continue };
        touched.found.insert(item);
        for said in stream.said(event) {
            is_linked = true;
            touched.found.extend([said.from, said.to]);
            if follows_links {
                touched.stack.push(said.from);
            }
        }
        // An item counts by itself until it has parts that are not cancelled; and a change is its items' first commit.
        let others = stream.ever_touching(item, Direction::Outgoing).filter(|(_, kind, _)| match kind {
            LinkKind::Parent => true,
            LinkKind::Implements => is_committed,
            _ => false,
        });
        touched.found.extend(others.map(|(.., other)| other));
        let is_other_kind = live.items.get(item as usize).is_none_or(|given| given.kind != stream.kind(item));
        let is_new_date = is_released && live.releases.renew(stream, item);
        if follows_links && (is_other_kind || is_new_date) {
            touched.stack.push(item);
            touched.homed(item);
        }
        is_linked |= is_other_kind;
    }
    touched.descend();
    if is_linked && live.within.is_some() {
        // What lies under an item is a matter of links, and of the kind of that item.
        if let (Ok(Some(now)), Some(before)) =
            (stream.all_under(live.query().within.as_deref()), &mut live.within)
        {
            touched.found.extend(before.symmetric_difference(&now).copied());
            *before = now;
        }
    }
    let mut items: Vec<u32> = touched.found.into_iter().collect();
    items.sort_unstable();
    items
}

struct Touched<'a> {
    stream: &'a ValueStream,
    found: HashSet<u32>,
    /// The items whose parts are still to be found.
    stack: Vec<u32>,
}

impl Touched<'_> {
    /// Adds what belongs to an item, is owned by it, or ships in it.
    fn homed(&mut self, item: u32) {
        let stream = self.stream;
        let others = stream.ever_touching(item, Direction::Incoming);
        for (.., other) in others.filter(|(_, kind, _)| HOMES.contains(kind)) {
            self.found.insert(other);
            self.stack.push(other);
        }
    }

    /// Adds the parts of all that is on the stack, and theirs.
    fn descend(&mut self) {
        let mut seen: HashSet<u32> = HashSet::default();
        while let Some(whole) = self.stack.pop() {
            if !seen.insert(whole) {
                continue;
            }
            let others = self.stream.ever_touching(whole, Direction::Incoming);
            for (.., part) in others.filter(|(_, kind, _)| *kind == LinkKind::Parent) {
                self.found.insert(part);
                self.stack.push(part);
            }
        }
    }
}
