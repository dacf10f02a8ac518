//! Which items a metric has to look at again after some events.

use std::ops::Range;

use super::live::LiveMetric;
use super::query::MetricEvent;
use crate::error::Result;
use crate::graph::Direction;
use crate::hash::HashSet;
use crate::model::LinkKind;
use crate::stream::ValueStream;

/// By which an item counts for another one.
const HOMES: [LinkKind; 3] = [LinkKind::BelongsTo, LinkKind::OwnedBy, LinkKind::ShipsIn];

/// The items whose contribution may not be what it was, by number.
///
/// # Errors
/// The item that is asked about is not there any more; nothing is changed then.
pub(super) fn items(live: &mut LiveMetric, stream: &ValueStream, events: Range<u32>) -> Result<Vec<u32>> {
    let rules = &live.plan.rules;
    let uses = |event: MetricEvent| rules.start_event == Some(event) || rules.end_event == Some(event);
    let (is_released, is_committed) = (uses(MetricEvent::Released), uses(MetricEvent::Committed));
    let follows_links = live.groups.follow_links() || is_released;
    let mut touched =
        Touched { stream, found: HashSet::default(), stack: Vec::new(), seen: HashSet::default() };
    let mut own: HashSet<u32> = HashSet::default();
    let mut is_regrouped = false;
    for event in events {
        own.extend(stream.item_of(event));
        for said in stream.said(event) {
            touched.found.extend([said.from, said.to]);
            if follows_links {
                touched.push(said.from);
            }
            is_regrouped |= said.kind == LinkKind::Parent || HOMES.contains(&said.kind);
        }
    }
    let is_other_kind = |live: &LiveMetric, item: u32| {
        live.items.get(item as usize).is_none_or(|given| given.kind != stream.kind(item))
    };
    // What lies under an item is a matter of links, and of the kind of that item.
    let within = match &live.query().within {
        None => None,
        Some(id) => {
            let root = stream.find(id)?;
            (is_regrouped || is_other_kind(live, root)).then(|| stream.under(root))
        }
    };
    for item in own {
        touched.found.insert(item);
        // An item counts by itself until it has parts that are not cancelled; and a change is its items' first commit.
        let others = stream.ever_touching(item, Direction::Outgoing).filter(|(_, kind, _)| match kind {
            LinkKind::Parent => true,
            LinkKind::Implements => is_committed,
            _ => false,
        });
        touched.found.extend(others.map(|(.., other)| other));
        let is_new_date = is_released && live.releases.renew(stream, item);
        if follows_links && (is_new_date || is_other_kind(live, item)) {
            touched.push(item);
            touched.homed(item);
        }
    }
    touched.descend();
    if let (Some(now), Some(before)) = (within, &mut live.within) {
        touched.found.extend(before.symmetric_difference(&now).copied());
        *before = now;
    }
    let mut items: Vec<u32> = touched.found.into_iter().collect();
    items.sort_unstable();
    Ok(items)
}

/// Whether some events make one item of several that were known before: what was said of each of them counts anew.
pub(super) fn unites(live: &LiveMetric, stream: &ValueStream, mut events: Range<u32>) -> bool {
    let known = live.items.len();
    events.any(|event| {
        let Some(item) = stream.item_of(event).filter(|_| stream.is_naming(event)) else { return false };
        let names = stream.other_names(item);
        let new = names.iter().filter(|name| **name as usize >= known).count();
        let before = live.items.get(item as usize).map_or(0, |given| given.names);
        names.len() - new != before
    })
}

struct Touched<'a> {
    stream: &'a ValueStream,
    found: HashSet<u32>,
    /// The items whose parts are still to be found, each once.
    stack: Vec<u32>,
    seen: HashSet<u32>,
}

impl Touched<'_> {
    fn push(&mut self, item: u32) {
        if self.seen.insert(item) {
            self.stack.push(item);
        }
    }

    /// Adds what belongs to an item, is owned by it, or ships in it.
    fn homed(&mut self, item: u32) {
        let stream = self.stream;
        let others = stream.ever_touching(item, Direction::Incoming);
        for (.., other) in others.filter(|(_, kind, _)| HOMES.contains(kind)) {
            self.found.insert(other);
            self.push(other);
        }
    }

    /// Adds the parts of all that is on the stack, and theirs.
    fn descend(&mut self) {
        while let Some(whole) = self.stack.pop() {
            let stream = self.stream;
            let others = stream.ever_touching(whole, Direction::Incoming);
            for (.., part) in others.filter(|(_, kind, _)| *kind == LinkKind::Parent) {
                self.found.insert(part);
                self.push(part);
            }
        }
    }
}
