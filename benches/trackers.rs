//! Events as trackers give them.

#[path = "dice.rs"]
mod dice;

use dice::Dice;
use vsm_core::{Event, FlowState, Instant, Kind, Link, LinkKind};

/// 2026-03-02T00:00:00Z, a Monday.
const MONDAY: i64 = 1_772_409_600_000;
const HOUR: i64 = 3_600_000;

/// What trackers say: work items, each with its links once, and a few changes of state, all mixed.
pub fn trackers(count: u64) -> Vec<Event> {
    let items = (count / 5).max(1);
    let mut dice = Dice(count);
    (0..count)
        .map(|n| {
            let item = if n < items { n } else { dice.below(items) };
            let at = Instant::from_millis(MONDAY + n as i64 / 100 * HOUR).unwrap();
            let mut event = Event::new("jira", n.to_string(), at, format!("jira:APP-{item}"));
            event.set.state = Some(FlowState::ALL[dice.below(4) as usize]);
            event.set.status = Some("In progress".into());
            if n < items {
                event.kind = Some(Kind::Story);
                event.set.title = Some(format!("Let the customer do the thing with number {item}"));
                event.links.push(Link::new(LinkKind::ShipsIn, format!("plan:R{}", item / 500)));
            } else {
                event.set.assignee = Some(format!("person {}", dice.below(300)));
            }
            event
        })
        .collect()
}
