//! What is left of a window when everything is taken out of it that keeps a booking out.

use super::bookings::{Reader, Slot};
use super::closings::Closing;
use crate::calendar::WorkingTime;
use crate::hash::HashSet;
use crate::time::{Instant, Span};

/// An occurrence of a blackout.
pub(super) struct Closed {
    pub(super) environment: Option<u32>,
    pub(super) of: u32,
    pub(super) event: u32,
    pub(super) span: (Instant, Instant),
}

/// When as many bookings run as there is room for.
pub(super) fn full(slots: &[Slot], capacity: u32) -> Vec<(Instant, Instant)> {
    // What ends makes room for what starts at the same time.
    let mut marks: Vec<(Instant, bool)> =
        slots.iter().flat_map(|slot| [(slot.start, true), (slot.end, false)]).collect();
    marks.sort_unstable();
    let mut full: Vec<(Instant, Instant)> = Vec::new();
    let mut load = 0u32;
    for (at, starts) in marks {
        if starts {
            load = load.saturating_add(1);
            if load == capacity {
                full.push((at, at));
            }
        } else {
            if load == capacity
                && let Some(last) = full.last_mut()
            {
                last.1 = at;
            }
            load = load.saturating_sub(1);
        }
    }
    full
}

/// Every occurrence within the window of a blackout that keeps a booking out.
pub(super) fn closed_by(
    reader: &mut Reader<'_>,
    environments: &[u32],
    release: Option<u32>,
    window: (Instant, Instant),
) -> Vec<Closed> {
    let mut closed = Vec::new();
    let mut seen: HashSet<u32> = HashSet::default();
    let mut add = |environment: Option<u32>, closings: &[Closing]| {
        for Closing { blackout, when, of, event } in closings.iter() {
            let counts = match environment {
                Some(_) => blackout.closes_environment(),
                None => blackout.stops_bookings(),
            };
            if counts {
                let (from, to) = (window.0.millis(), window.1.millis());
                let spans =
                    when.between(from, to).map(|(from, to)| (Instant::clamped(from), Instant::clamped(to)));
                closed.extend(spans.map(|span| Closed { environment, of: *of, event: *event, span }));
            }
        }
    };
    for environment in environments {
        // A calendar that several inherit closes them all: it counts once, for the first of them.
        let all = reader.closings().of(*environment);
        let new: Vec<Closing> = all.iter().filter(|closing| !seen.contains(&closing.of)).cloned().collect();
        seen.extend(new.iter().map(|closing| closing.of));
        add(Some(*environment), &new);
    }
    if let Some(release) = release {
        add(None, &reader.closings().of(release));
    }
    closed
}

/// What is left of a window, in order of time.
pub(super) fn left_of(
    mut taken: Vec<(Instant, Instant)>,
    window: (Instant, Instant),
) -> Vec<(Instant, Instant)> {
    taken.sort_unstable();
    let mut openings = Vec::new();
    let mut at = window.0;
    for (start, end) in taken {
        if at < start.min(window.1) {
            openings.push((at, start.min(window.1)));
        }
        at = at.max(end);
    }
    if at < window.1 {
        openings.push((at, window.1));
    }
    openings
}

/// The first slot of a length in an opening that begins when all work.
pub(super) fn fits(
    hours: &[WorkingTime],
    from: Instant,
    until: Instant,
    length: Span,
) -> Option<(Instant, Instant)> {
    let mut start = from;
    loop {
        let end = Instant::from_millis(start.millis().checked_add(length.millis())?)?;
        if end > until {
            return None;
        }
        let mut latest = start;
        for work in hours {
            latest = latest.max(work.next_working(start)?);
        }
        if latest == start {
            return Some((start, end));
        }
        start = latest;
    }
}
