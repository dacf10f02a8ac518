//! When an item waited, and when it was blocked while it was open.

use super::Traveller;
use crate::analyze::life::blocks;
use crate::model::FlowState;
use crate::time::Instant;

/// A time from its first instant to the first one after it.
pub(super) type Stretch = (Instant, Instant);

/// A time for which an open item was blocked.
pub(super) struct OpenBlock<'a> {
    pub(super) reason: &'a str,
    pub(super) since: Instant,
    /// The latest instant that there is while it lasts.
    pub(super) until: Instant,
    pub(super) event: u32,
}

impl<'a> Traveller<'a> {
    /// The times for which it was neither done nor cancelled; all time where no state is known.
    fn open(&self) -> Vec<Stretch> {
        let is_over = |state| matches!(state, FlowState::Done | FlowState::Cancelled);
        let first = self.life.changes.first().map_or(Instant::MAX, |(at, ..)| *at);
        let stays = self.life.stays().filter(|(_, _, state)| !is_over(*state));
        // A flag may be told before any state is.
        union([(Instant::MIN, first)].into_iter().chain(stays.map(|(since, until, _)| (since, until))))
    }

    /// The times for which it was open and blocked. A flag that nobody took from a done item blocks nothing.
    pub(super) fn blocks(&self) -> Vec<OpenBlock<'a>> {
        let blocks = blocks(&self.events);
        if blocks.is_empty() {
            return Vec::new();
        }
        let open = self.open();
        let mut found = Vec::new();
        for block in blocks {
            for (since, until) in common(&[(block.since, block.until.unwrap_or(Instant::MAX))], &open) {
                found.push(OpenBlock { reason: block.reason, since, until, event: block.event });
            }
        }
        found
    }

    /// The times for which it waited: its state said so, or it was open and blocked.
    pub(super) fn waits(&self) -> Vec<Stretch> {
        let said = self.life.stays().filter(|(_, _, state)| *state == FlowState::Waiting);
        let said = said.map(|(since, until, _)| (since, until));
        union(said.chain(self.blocks().iter().map(|block| (block.since, block.until))))
    }
}

/// The times in any of some stretches, in order and apart from one another.
pub(super) fn union(stretches: impl IntoIterator<Item = Stretch>) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = stretches.into_iter().filter(|(since, until)| since < until).collect();
    all.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::new();
    for (since, until) in all {
        match joined.last_mut() {
            Some(last) if since <= last.1 => last.1 = last.1.max(until),
            _ => joined.push((since, until)),
        }
    }
    joined
}

/// The times in both of two unions.
pub(super) fn common(one: &[Stretch], other: &[Stretch]) -> Vec<Stretch> {
    let mut found = Vec::new();
    let (mut ones, mut others) = (one.iter().peekable(), other.iter().peekable());
    while let (Some(a), Some(b)) = (ones.peek(), others.peek()) {
        let (since, until) = (a.0.max(b.0), a.1.min(b.1));
        if since < until {
            found.push((since, until));
        }
        if a.1 <= b.1 {
            ones.next();
        } else {
            others.next();
        }
    }
    found
}

/// The times of a union that are not in another one.
pub(super) fn without(all: &[Stretch], gone: &[Stretch]) -> Vec<Stretch> {
    let ends = gone.iter().map(|(_, until)| *until);
    let begins = gone.iter().map(|(since, _)| *since);
    let gaps = [Instant::MIN].into_iter().chain(ends).zip(begins.chain([Instant::MAX]));
    common(all, &gaps.filter(|(since, until)| since < until).collect::<Vec<_>>())
}

/// The milliseconds of a union.
pub(super) fn length(stretches: &[Stretch]) -> i64 {
    stretches.iter().map(|(since, until)| until.since(*since).millis()).fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(i64, i64)]) -> Vec<Stretch> {
        pairs.iter().map(|(a, b)| (Instant::clamped(*a), Instant::clamped(*b))).collect()
    }

    #[test]
    fn stretches_are_sets_of_instants() {
        let one = union(of(&[(5, 9), (0, 2), (1, 4), (9, 9), (8, 12)]));
        assert_eq!(one, of(&[(0, 4), (5, 12)]));
        let other = of(&[(3, 6), (7, 8), (11, 20)]);
        assert_eq!(common(&one, &other), of(&[(3, 4), (5, 6), (7, 8), (11, 12)]));
        assert_eq!(without(&one, &other), of(&[(0, 3), (6, 7), (8, 11)]));
        assert_eq!(without(&one, &[]), one);
        assert_eq!(length(&one), 11);
        assert_eq!(length(&common(&one, &other)) + length(&without(&one, &other)), 11);
    }
}
