//! What bookings hold: the one reader that every question about bookings goes by.

use std::mem::take;

use serde::{Deserialize, Serialize};

use super::closings::{Closing, Closings};
use super::places;
use crate::analyze::keys;
use crate::graph::Direction;
use crate::hash::HashSet;
use crate::model::{Booking, Kind, LinkKind, Set};
use crate::record::Stored;
use crate::stream::ValueStream;
use crate::time::Instant;

/// What a booking holds of one environment or group in `[start, end)`.
#[derive(Clone, Copy, Debug)]
pub(in crate::analyze) struct Slot {
    pub(in crate::analyze) booking: u32,
    /// What is booked; a group stands for all that is in it.
    pub(in crate::analyze) environment: u32,
    pub(in crate::analyze) status: Booking,
    pub(in crate::analyze) start: Instant,
    pub(in crate::analyze) end: Instant,
}

/// A booking that overlaps a blackout which refuses bookings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BookingBlackout {
    /// The booking.
    pub booking: String,
    /// What it books.
    pub environment: String,
    /// The item in whose calendar the blackout stands: the environment, a group, an application, a release or what they are
    /// parts of.
    pub calendar_of: String,
    /// First instant of the blackout that the booking overlaps first.
    pub start: Instant,
    /// First instant after it.
    pub end: Instant,
    /// Why it is closed, as the calendar says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the booking is refused, and counts nowhere; it is not where somebody overrides the blackout.
    pub refused: bool,
    /// Who overrides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden_by: Option<String>,
    /// Why it is overridden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_reason: Option<String>,
    /// The events that the blackout and the override rest on, as `source:id`.
    pub evidence: Vec<String>,
}

/// What a reader tells of bookings that hold nothing, or nothing without an override.
pub(in crate::analyze) enum Told {
    /// Why a booking holds nothing.
    Left(&'static str),
    /// What a booking would hold, and what is in its way.
    Blackout(Slot, Box<BookingBlackout>),
}

/// A part of the time with its status.
type Period = (Booking, Instant, Instant);

/// Reads bookings, each calendar once.
pub(in crate::analyze) struct Reader<'a> {
    stream: &'a ValueStream,
    closings: Closings<'a>,
    /// What one booking is read into: its events, and what it books.
    events: Vec<&'a Stored>,
    booked: Vec<u32>,
}

impl<'a> Reader<'a> {
    pub(in crate::analyze) fn new(stream: &'a ValueStream) -> Reader<'a> {
        Reader { stream, closings: Closings::new(stream), events: Vec::new(), booked: Vec::new() }
    }

    pub(in crate::analyze) fn closings(&mut self) -> &mut Closings<'a> {
        &mut self.closings
    }

    /// What a booking holds within `[window.0, window.1)`; parts of different times never overlap, so that no booking is
    /// ever in its own way.
    pub(in crate::analyze) fn slots(
        &mut self,
        booking: u32,
        window: (Instant, Instant),
        tell: &mut dyn FnMut(Told),
    ) -> Vec<Slot> {
        let mut slots = Vec::new();
        self.read(booking, window, &mut slots, tell);
        slots
    }

    /// As [`slots`](Reader::slots), added to a list: whoever reads all bookings has one for them.
    pub(super) fn read(
        &mut self,
        booking: u32,
        window: (Instant, Instant),
        slots: &mut Vec<Slot>,
        tell: &mut dyn FnMut(Told),
    ) {
        self.events.clear();
        self.events.extend(self.stream.backwards(booking).map(|(_, event)| event));
        let periods = match periods(self.events.iter().rev().copied()) {
            Ok(periods) => periods,
            Err(reason) => return tell(Told::Left(reason)),
        };
        let is_near = |period: &Period| period.1 < window.1 && window.0 < period.2;
        if !periods.iter().flatten().any(is_near) {
            return;
        }
        let mut booked = take(&mut self.booked);
        self.find_booked(booking, &mut booked);
        if booked.is_empty() {
            tell(Told::Left("booking_of_nothing"));
        }
        for environment in booked.iter().copied() {
            for (status, start, end) in periods.into_iter().flatten().filter(is_near) {
                let slot = Slot { booking, environment, status, start, end };
                let blackout = self.blackout(&slot);
                let is_refused = blackout.as_ref().is_some_and(|blackout| blackout.refused);
                blackout.into_iter().for_each(|blackout| tell(Told::Blackout(slot, Box::new(blackout))));
                if !is_refused {
                    slots.push(slot);
                }
            }
        }
        self.booked = booked;
    }

    /// What a booking books, by id; what is in a group that it books too goes with the group.
    fn find_booked(&self, booking: u32, booked: &mut Vec<u32>) {
        let stream = self.stream;
        booked.clear();
        booked.extend(ends(stream, booking, LinkKind::Books));
        if booked.len() > 1 {
            let all: HashSet<u32> = booked.iter().copied().collect();
            booked
                .retain(|item| !places::line(stream, *item).iter().skip(1).any(|group| all.contains(group)));
            booked.sort_unstable_by_key(|item| stream.id(*item));
        }
    }

    /// The blackout that a booking overlaps first: of its environment or of what it is for, whatever they inherit.
    fn blackout(&mut self, slot: &Slot) -> Option<BookingBlackout> {
        let stream = self.stream;
        let places = std::iter::once(slot.environment).chain(ends(stream, slot.booking, LinkKind::BookedFor));
        let mut first: Option<((Instant, Instant), Closing)> = None;
        for place in places {
            for closing in self.closings.of(place).iter().filter(|closing| closing.blackout.stops_bookings())
            {
                let Some(span) = closing.when.overlapping(slot.start, slot.end) else { continue };
                let key = (span, stream.id(closing.of));
                if first.as_ref().is_none_or(|(span, other)| key < (*span, stream.id(other.of))) {
                    first = Some((span, closing.clone()));
                }
            }
        }
        let ((start, end), closing) = first?;
        let by = stream.last(slot.booking, Set::overridden_by);
        let why = stream.last(slot.booking, Set::override_reason);
        let events = [Some(closing.event), by.as_ref().map(|(_, e)| *e), why.as_ref().map(|(_, e)| *e)];
        Some(BookingBlackout {
            booking: stream.id(slot.booking).to_owned(),
            environment: stream.id(slot.environment).to_owned(),
            calendar_of: stream.id(closing.of).to_owned(),
            start,
            end,
            reason: closing.blackout.reason,
            refused: by.is_none() && why.is_none(),
            overridden_by: by.map(|(who, _)| who.into()),
            override_reason: why.map(|(why, _)| why.into()),
            evidence: keys(stream, events.into_iter().flatten()),
        })
    }
}

/// The other ends of links of one kind that start from an item, in no order and without the event that says so: bookings are
/// read by the hundred thousand.
pub(super) fn ends(stream: &ValueStream, item: u32, kind: LinkKind) -> impl Iterator<Item = u32> {
    stream.linked(item, kind, Direction::Outgoing).map(|(_, other)| other)
}

/// The bookings for a release: its own, and those for its phases or whatever else is a part of it without being work or a
/// release.
pub(in crate::analyze) fn for_release(stream: &ValueStream, release: u32) -> Vec<u32> {
    let is_phase = |kind: Kind| !kind.is_work() && kind != Kind::Release;
    let parts = stream.from(release, LinkKind::Parent).map(|(part, _)| part);
    let phases = parts.filter(|part| stream.kind(*part).is_some_and(is_phase));
    let mut bookings: Vec<u32> = std::iter::once(release)
        .chain(phases)
        .flat_map(|item| stream.from(item, LinkKind::BookedFor))
        .map(|(booking, _)| booking)
        .collect();
    bookings.sort_unstable_by_key(|booking| stream.id(*booking));
    bookings.dedup();
    bookings
}

/// The times that a booking holds by its events, at most three: what it was granted, and what it asks for before and after
/// that.
///
/// An event that moves a granted booking and says `pending` asks for a change. Until that is decided the booking holds
/// both; if it is rejected, it holds what it held before. Without a move, `pending` takes the grant back, as `rejected` and
/// `cancelled` do.
fn periods<'a>(events: impl Iterator<Item = &'a Stored>) -> Result<[Option<Period>; 3], &'static str> {
    let (mut status, mut start, mut end) = (None, None, None);
    let mut granted: Option<(Instant, Instant)> = None;
    for event in events {
        let before = status;
        for set in &event.sets {
            if let Some(said) = set.booking() {
                status = said.copied();
            } else if let Some(said) = set.starts_at() {
                start = said.copied();
            } else if let Some(said) = set.ends_at() {
                end = said.copied();
            }
        }
        let asked = start.zip(end);
        granted = match status {
            Some(Booking::Approved) => asked,
            Some(Booking::Pending) => granted.filter(|granted| asked != Some(*granted)),
            Some(Booking::Rejected) => granted.filter(|_| before != Some(Booking::Approved)),
            Some(Booking::Cancelled) | None => None,
        };
    }
    let is_real = |(start, end): &(Instant, Instant)| start < end;
    let held = granted.filter(is_real);
    let hold = |(start, end): (Instant, Instant)| (Booking::Approved, start, end);
    let ask = |(start, end): (Instant, Instant)| (Booking::Pending, start, end);
    match (status, start.zip(end)) {
        (None, _) => Err("booking_without_status"),
        (Some(Booking::Cancelled), _) => Err("booking_cancelled"),
        (Some(Booking::Rejected), _) if held.is_none() => Err("booking_rejected"),
        (Some(Booking::Rejected), _) => Ok([held.map(hold), None, None]),
        (_, None) => Err("booking_without_times"),
        (_, Some(asked)) if !is_real(&asked) && held.is_none() => Err("booking_of_no_time"),
        (Some(Booking::Approved), _) => Ok([held.map(hold), None, None]),
        (Some(Booking::Pending), Some(asked)) => {
            let Some(held) = held else { return Ok([Some(ask(asked)), None, None]) };
            let before = (asked.0, asked.1.min(held.0));
            let after = (asked.0.max(held.1), asked.1);
            let rest = |part| Some(part).filter(is_real).map(ask);
            Ok([Some(hold(held)), rest(before), rest(after)])
        }
    }
}
