//! How many bookings run at once, along time.

use super::bookings::Slot;
use super::places::Forest;
use crate::hash::HashMap;
use crate::model::Booking;
use crate::time::Instant;

/// The bookings that concern one environment or group: its own, and those of the groups around it.
pub(super) struct Queue {
    /// The own ones first.
    pub(super) slots: Vec<Slot>,
    pub(super) own: usize,
    /// What is looked at: all slots overlap it, and count within it alone.
    pub(super) window: (Instant, Instant),
}

/// A period in which more bookings run than there is room for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Crowd {
    pub(super) start: Instant,
    pub(super) end: Instant,
    /// The most that run at once in it.
    pub(super) peak: u32,
}

/// What of the load makes a crowd.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// More than this, at least one of them an own one.
    pub(super) capacity: u32,
    /// Whether at least one has to be pending.
    pub(super) needs_pending: bool,
}

#[derive(Default)]
struct Load {
    all: u32,
    own: u32,
    pending: u32,
}

impl Queue {
    /// The bookings of an environment or group, and those of the groups around it that may meet them.
    pub(super) fn of(
        forest: &Forest,
        booked: &HashMap<u32, Vec<Slot>>,
        place: u32,
        window: (Instant, Instant),
    ) -> Queue {
        let mut slots: Vec<Slot> = booked.get(&place).cloned().unwrap_or_default();
        let own = slots.len();
        let (first, last) = slots.iter().fold((Instant::MAX, Instant::MIN), |(first, last), slot| {
            (first.min(slot.start), last.max(slot.end))
        });
        for group in forest.groups(place) {
            let others = booked.get(&group).into_iter().flatten();
            slots.extend(others.filter(|slot| slot.start < last && first < slot.end));
        }
        Queue { slots, own, window }
    }

    /// The ends of all slots in order of time: (when, whether it starts, which). What ends makes room for what starts then.
    fn marks(&self) -> Vec<(Instant, bool, u32)> {
        let mut marks = Vec::with_capacity(2 * self.slots.len());
        for (number, slot) in (0..).zip(&self.slots) {
            marks.push((slot.start.max(self.window.0), true, number));
            marks.push((slot.end.min(self.window.1), false, number));
        }
        marks.sort_unstable();
        marks
    }

    /// The crowds in order of time, each given with the slots that run in it where `is_wanted` asks for them by number; and
    /// the most that run at once while an own one does. O(n log n), and what is asked for.
    pub(super) fn crowds(
        &self,
        rule: Option<Rule>,
        is_wanted: &dyn Fn(usize) -> bool,
        report: &mut dyn FnMut(Crowd, Vec<Slot>),
    ) -> u32 {
        let mut most = 0;
        let mut load = Load::default();
        let mut running = Running::new(self.slots.len());
        let mut open: Option<(Crowd, Vec<u32>, bool)> = None;
        let mut number = 0;
        for group in self.marks().chunk_by(|a, b| a.0 == b.0) {
            let Some((at, ..)) = group.first().copied() else { continue };
            for (_, starts, slot) in group {
                let Some(own) = self.slots.get(*slot as usize) else { continue };
                let is_own = (*slot as usize) < self.own;
                let change = |count: &mut u32, counts: bool| {
                    let by = u32::from(counts);
                    *count = if *starts { count.saturating_add(by) } else { count.saturating_sub(by) };
                };
                change(&mut load.all, true);
                change(&mut load.own, is_own);
                change(&mut load.pending, own.status == Booking::Pending);
                if *starts { running.add(*slot) } else { running.remove(*slot) }
            }
            if load.own > 0 {
                most = most.max(load.all);
            }
            let is_crowd = rule.is_some_and(|rule| {
                load.all > rule.capacity && load.own > 0 && (!rule.needs_pending || load.pending > 0)
            });
            match (&mut open, is_crowd) {
                (None, true) => {
                    let wanted = is_wanted(number);
                    number += 1;
                    let slots = if wanted { running.list.clone() } else { Vec::new() };
                    open = Some((Crowd { start: at, end: at, peak: load.all }, slots, wanted));
                }
                (Some((crowd, slots, wanted)), true) => {
                    crowd.peak = crowd.peak.max(load.all);
                    if *wanted {
                        slots.extend(group.iter().filter(|mark| mark.1).map(|mark| mark.2));
                    }
                }
                (Some(_), false) => {
                    if let Some((crowd, slots, _)) = open.take() {
                        let slots =
                            slots.into_iter().filter_map(|slot| self.slots.get(slot as usize).copied());
                        report(Crowd { end: at, ..crowd }, slots.collect());
                    }
                }
                (None, false) => {}
            }
        }
        most
    }
}

/// The slots that run, with the place of each in the list.
struct Running {
    list: Vec<u32>,
    places: Vec<u32>,
}

impl Running {
    fn new(slots: usize) -> Running {
        Running { list: Vec::new(), places: vec![0; slots] }
    }

    fn put(&mut self, slot: u32, place: usize) {
        if let Some(known) = self.places.get_mut(slot as usize) {
            *known = place as u32;
        }
    }

    fn add(&mut self, slot: u32) {
        self.put(slot, self.list.len());
        self.list.push(slot);
    }

    fn remove(&mut self, slot: u32) {
        let Some(place) = self.places.get(slot as usize).map(|place| *place as usize) else { return };
        if place < self.list.len() {
            self.list.swap_remove(place);
            if let Some(moved) = self.list.get(place).copied() {
                self.put(moved, place);
            }
        }
    }
}
