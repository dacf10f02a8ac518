//! Which departures have room: trains that take so many and no more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::change::{Before, Followers};
use super::dates::Dates;
use super::names::Names;
use super::network::Network;
use crate::calendar::Cadence;
use crate::hash::HashMap;
use crate::time::Instant;

/// What one activity has on one of its trains.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::analyze) enum Seat {
    /// The train takes whatever comes.
    #[default]
    Any,
    /// Room on this departure.
    On(i64),
    /// All departures that it could take are full.
    None,
}

/// Who has taken what: how many leave with each departure of each line.
#[derive(Clone, Debug, Default)]
pub(in crate::analyze) struct Taken {
    counts: HashMap<(u32, i64), u32>,
    /// For a full departure, one after it that may have room.
    later: HashMap<(u32, i64), i64>,
}

impl Taken {
    /// How many leave with a departure of a line.
    pub(in crate::analyze) fn on(&self, line: u32, departure: i64) -> u32 {
        self.counts.get(&(line, departure)).copied().unwrap_or(0)
    }

    /// Takes room on the first departure that has any for what is ready; in all, about as many steps as there are takers.
    fn take(&mut self, line: u32, train: &Cadence, capacity: u32, ready: i64) -> Seat {
        let Some(first) = train.next(Instant::clamped(ready)).map(Instant::millis) else { return Seat::None };
        let mut at = first;
        let mut full = Vec::new();
        while self.on(line, at) >= capacity {
            full.push(at);
            let next = self.later.get(&(line, at)).copied();
            let next = next.or_else(|| train.after(Instant::clamped(at)).map(Instant::millis));
            let Some(next) = next else { return Seat::None };
            at = next;
        }
        for full in full {
            self.later.insert((line, full), at);
        }
        *self.counts.entry((line, at)).or_default() += 1;
        Seat::On(at)
    }
}

impl Network {
    /// Whether any train takes but so many.
    pub(in crate::analyze) fn has_limited_trains(&self) -> bool {
        self.trains.iter().any(|train| train.capacity.is_some())
    }

    /// Whether something that is not finished takes such a train.
    pub(in crate::analyze) fn is_limited(&self, number: u32) -> bool {
        let range = self.train_range(number);
        let trains = self.trains.get(range.start as usize..range.end as usize).unwrap_or(&[]);
        !self.is_finished(number) && trains.iter().any(|train| train.capacity.is_some())
    }

    /// The departure on which a node has room, of a line with limited room.
    pub(in crate::analyze) fn seat(&self, number: u32, line: u32) -> Option<i64> {
        self.train_range(number).map(|place| place as usize).find_map(|place| {
            match (self.lines.get(place), self.seats.get(place)) {
                (Some(own), Some(Seat::On(departure))) if *own == line => Some(*departure),
                _ => None,
            }
        })
    }

    /// Gives a node the room that it has in another network, where it takes the same trains.
    pub(in crate::analyze) fn copy_seats(&mut self, number: u32, other: &Network, there: u32) {
        for (own, theirs) in self.train_range(number).zip(other.train_range(there)) {
            let seat = other.seats.get(theirs as usize);
            if let (Some(slot), Some(seat)) = (self.seats.get_mut(own as usize), seat) {
                *slot = *seat;
            }
        }
    }

    /// Gives everything that takes a train with limited room its departure: first those that are ready first, ties by id. What
    /// waits for something that takes a train itself comes after that.
    ///
    /// O(n + m), and the logarithm of their number for each that takes a train. What no calendar or train ever reaches takes
    /// no room, nor does what waits for it.
    pub(in crate::analyze) fn take_seats(&mut self, names: &impl Names) -> Taken {
        let mut taken = Taken::default();
        if !self.has_limited_trains() {
            return taken;
        }
        let nodes = self.len();
        let followers = Followers::new(self);
        let mut open: Vec<usize> = (0..nodes).map(|number| self.raw_needs(number).len()).collect();
        let mut free: Vec<u32> = (0..nodes).filter(|number| self.raw_needs(*number).is_empty()).collect();
        let mut dates = Dates::blank(nodes as usize, self.special_count());
        let mut waiting: BinaryHeap<Reverse<(i64, &str, u32)>> = BinaryHeap::new();
        loop {
            let number = if let Some(number) = free.pop() {
                if self.is_limited(number) {
                    let early = self.early_alone(&dates, number).ok();
                    waiting.extend(early.map(|(_, own)| Reverse((own.ready, names.id(number), number))));
                    continue;
                }
                number
            } else {
                // Whatever becomes ready after the first of those that wait can't take its place.
                let Some(Reverse((ready, _, number))) = waiting.pop() else { return taken };
                self.board(number, ready, &mut taken);
                number
            };
            let Ok((early_start, own)) = self.early(&dates, number) else { continue };
            let own = Before { node: number, early_start, early_finish: own.finish, ready: own.ready };
            self.put(&mut dates, own);
            for next in followers.of(number) {
                let Some(count) = open.get_mut(next as usize) else { continue };
                *count = count.saturating_sub(1);
                if *count == 0 {
                    free.push(next);
                }
            }
        }
    }

    /// Gives one activity that is ready its departures.
    fn board(&mut self, number: u32, ready: i64, taken: &mut Taken) {
        for place in self.train_range(number) {
            let place = place as usize;
            let (Some(train), Some(line)) = (self.trains.get(place), self.lines.get(place)) else { continue };
            let Some(capacity) = train.capacity else { continue };
            let seat = taken.take(*line, train, capacity, ready);
            if let Some(slot) = self.seats.get_mut(place) {
                *slot = seat;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::analyze::schedule::{NetworkActivity, NetworkDependency, NetworkQuery, schedule};
    use crate::calendar::Cadence;
    use crate::time::{Instant, Span};

    const DAY: i64 = 86_400_000;

    /// Five hundred activities for a train a week that takes three; each tenth waits for the departure of one before.
    fn network() -> NetworkQuery {
        let start = Instant::from_millis(0).unwrap();
        let train = Cadence { departure: start, every_days: Some(7), cutoff: None, capacity: Some(3) };
        let activities = (0..500i64).map(|n| NetworkActivity {
            id: format!("a{n:03}"),
            duration: Span::from_days(n * 37 % 101),
            trains: vec![train.clone()],
            ..NetworkActivity::default()
        });
        let link = |n: i64| NetworkDependency {
            from: format!("a{:03}", n / 2),
            to: format!("a{n:03}"),
            ..NetworkDependency::default()
        };
        NetworkQuery::new(start, activities.collect(), (10..500).step_by(10).map(link).collect())
    }

    #[test]
    fn each_leaves_with_the_first_departure_that_those_who_were_ready_before_leave_room_on() {
        let path = schedule(&network()).unwrap();
        let ready =
            |n: usize| path.activities[n].early_finish.millis() - path.activities[n].cadence_wait.millis();
        let mut order: Vec<usize> = (0..path.activities.len()).collect();
        order.sort_by_key(|n| (ready(*n), &path.activities[*n].item));
        let mut taken: BTreeMap<i64, u32> = BTreeMap::new();
        for n in order {
            let first = ready(n).div_euclid(7 * DAY) + i64::from(ready(n).rem_euclid(7 * DAY) > 0);
            let week = (first..).find(|week| taken.get(week).is_none_or(|count| *count < 3)).unwrap();
            *taken.entry(week).or_default() += 1;
            assert_eq!(
                path.activities[n].early_finish.millis(),
                week * 7 * DAY,
                "{}",
                path.activities[n].item
            );
        }
        assert!(taken.len() > 150, "{}", taken.len());
    }

    #[test]
    fn the_order_in_which_they_are_given_does_not_matter() {
        let mut query = network();
        let one = schedule(&query).unwrap();
        query.activities.reverse();
        query.dependencies.reverse();
        assert_eq!(schedule(&query).unwrap(), one);
    }
}
