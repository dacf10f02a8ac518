//! The passes over networks that one calendar counts throughout, in which nothing is special: on the line of its working
//! time they are plain sums, and only what comes out is looked up in the calendar, once for each date.

use super::clock::By;
use super::dates::{Dates, Late};
use super::network::{Network, Node};
use crate::calendar::WorkAxis;

/// A date on the line of working time: how much is done by it, times four, and which of the instants it is at which just that
/// is done. So dates that follow one another ascend.
type Place = i64;

/// The first instant: when work ends.
const END: i64 = 0;
/// One in between, when nobody works: a date that was given.
const GIVEN: i64 = 1;
/// The last one: when work starts.
const START: i64 = 2;

/// More work than any calendar has, so that sums of it stay within their numbers.
const MOST: i64 = 1 << 60;

fn place(work: i64, side: i64) -> Place {
    work * 4 + side
}

fn work_of(place: Place) -> i64 {
    place >> 2
}

fn side_of(place: Place) -> i64 {
    place & 3
}

/// Where a date that was given lies; none where nothing is done before it.
fn place_of(axis: &WorkAxis<'_>, at: i64) -> Option<Place> {
    let work = axis.done_by(at);
    let side = if axis.end_of(work)? == at {
        END
    } else if axis.start_after(work) == Some(at) {
        START
    } else {
        GIVEN
    };
    Some(place(work, side))
}

/// The date at a place; `given` is the only date that was given.
fn date(axis: &WorkAxis<'_>, place: Place, given: i64) -> Option<i64> {
    match side_of(place) {
        END => axis.end_of(work_of(place)),
        START => axis.start_after(work_of(place)),
        _ => Some(given),
    }
}

impl Network {
    /// Whether one calendar counts everything, and nothing is special about any activity or need.
    fn has_one_calendar(&self) -> bool {
        self.by != By::PLAIN && self.has_plain_ties()
    }

    /// When what needs nothing starts; nothing starts before.
    fn base(&self) -> i64 {
        self.floor().unwrap_or(self.start)
    }

    /// Early dates; none where they are for the general pass to find, which can say what it doesn't.
    pub(super) fn forward_shared(&self) -> Option<Dates> {
        if !self.has_one_calendar() {
            return None;
        }
        let calendar = self.clock.calendar(self.by)?;
        let given = self.base();
        let base = place(0, side_of(place_of(&calendar.axis(given, given, 0)?, given)?));
        // As if nothing were done before the base: which years are looked at depends on how much it comes to.
        let mut finishes: Vec<Place> = Vec::with_capacity(self.nodes.len());
        let mut first = 0;
        let mut last = base;
        for Node { duration, needs_end, .. } in &self.nodes {
            let needs = self.plain_needs(first, *needs_end);
            first = *needs_end;
            let ready = needs.iter().filter_map(|(need, _)| finishes.get(*need as usize)).max();
            let ready = ready.copied().unwrap_or(base);
            let finish = if *duration != 0 {
                let duration = u64::try_from(*duration).ok()?;
                let work = work_of(ready).checked_add_unsigned(duration).filter(|work| *work < MOST)?;
                place(work, END)
            } else if side_of(ready) == GIVEN && !self.rules.happens_any_time {
                place(work_of(ready), START)
            } else {
                ready
            };
            finishes.push(finish);
            last = last.max(finish);
        }
        let axis = calendar.axis(given, given, work_of(last))?;
        let before = place(axis.done_by(given), 0);
        let mut dates = Dates::default();
        dates.early_start.reserve_exact(self.nodes.len());
        dates.early_finish.reserve_exact(self.nodes.len());
        for (node, finish) in self.nodes.iter().zip(finishes) {
            let finish = before + finish;
            let end = date(&axis, finish, given)?;
            let starts = work_of(finish) - node.duration;
            dates.early_start.push(if node.duration > 0 { axis.start_after(starts)? } else { end });
            dates.early_finish.push(end);
        }
        Some(dates)
    }

    /// Late dates and free float, counted back from `end`; none where they are for the general pass to find.
    pub(super) fn backward_shared(&self, dates: &Dates, end: i64) -> Option<Vec<Late>> {
        if !self.has_one_calendar() {
            return None;
        }
        let last = dates.early_finish.iter().copied().fold(end, i64::max);
        let axis = self.clock.calendar(self.by)?.axis(self.base().min(end), last, 0)?;
        // Until it is their turn: the place of the late finish, and the first start of what needs them.
        let mut late = vec![Late { finish: place_of(&axis, end)?, free: i64::MAX }; self.nodes.len()];
        for (number, (node, first)) in self.nodes.iter().zip(self.needs_starts()).enumerate().rev() {
            let starts = axis.done_by(dates.early_start(number as u32));
            let own = late.get_mut(number)?;
            if own.free != i64::MAX {
                own.free -= axis.done_by(dates.early_finish(number as u32));
            }
            let finish = match node.duration == 0 && self.rules.happens_any_time {
                true => own.finish,
                false => place(work_of(own.finish), END),
            };
            own.finish = date(&axis, finish, end)?;
            let late_start = match node.duration {
                0 => finish,
                duration => place(work_of(finish) - duration, START),
            };
            for (need, _) in self.plain_needs(first, node.needs_end) {
                let late = late.get_mut(*need as usize)?;
                late.finish = late.finish.min(late_start);
                late.free = late.free.min(starts);
            }
        }
        Some(late)
    }
}
