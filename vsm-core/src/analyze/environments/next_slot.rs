//! When is the first time that some environments are free together for so long?

use serde::{Deserialize, Serialize};

use super::bookings::{Reader, Slot, ends, for_release};
use super::openings::{Closed, closed_by, fits, full, left_of};
use super::{moment, places};
use crate::analyze::message::{Say, say};
use crate::analyze::{Basis, Grounds, Message, name};
use crate::calendar::{Calendar, WorkingTime};
use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{LinkKind, Set};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Span};

/// The longest window, in milliseconds: forty years, as far as a calendar reaches.
const LONGEST: i64 = 40 * 366 * crate::time::DAY;
const MOST: u32 = 1_000;

text_enum! {
    /// Why an environment is not free.
    pub enum SlotCause {
        /// As many bookings run as it takes.
        Booking = "booking",
        /// It is closed, or what the booking would be for is.
        Blackout = "blackout",
    }
}

/// A question for a time at which environments can be booked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NextSlotQuery {
    /// The environments; of a group, all that is in it.
    pub environments: Vec<String>,
    /// How long they are needed, as time elapses.
    pub length: Span,
    /// The slot may not begin before it.
    pub start: Instant,
    /// The slot must have ended by then; at most forty years after `start`.
    pub end: Instant,
    /// How many alternatives to the first slot are wanted; absent = 3, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternatives: Option<u32>,
    /// The release that it is for: what is booked for it or its phases is not in its way, and the blackouts that keep its
    /// bookings out count; absent = for nothing in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Whether the slot has to begin in the working time of every environment, by the nearest calendar; absent = no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_working_time: Option<bool>,
}

/// The first time at which environments are free together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NextSlot {
    /// The first slot; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<FreeSlot>,
    /// The next ones, each the first of a later opening.
    pub alternatives: Vec<FreeSlot>,
    /// The longest time that all are free within the window; absent where there is none at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<Span>,
    /// When that begins, the first of several as long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_from: Option<Instant>,
    /// The environments that are never free for so long, even alone; only looked for where there is no slot.
    pub never_free: Vec<String>,
    /// The answer as an English sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
    /// What the answer rests on; `n` are the bookings in the window.
    pub basis: Basis,
}

/// A time at which all environments are free.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FreeSlot {
    /// Its first instant.
    pub start: Instant,
    /// The first instant after it, as long after its start as was asked for.
    pub end: Instant,
    /// Until when all stay free, the end of the window at most.
    pub free_until: Instant,
    /// What had to end at its start; nothing where all are free when the window begins, or when work does.
    pub after: Vec<SlotBlock>,
}

/// What is in the way of a slot until it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlotBlock {
    /// The environment that is not free; absent for a blackout of the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Why not.
    pub cause: SlotCause,
    /// The booking, or the item in whose calendar the blackout stands.
    pub item: String,
    /// The releases and phases that the booking is for.
    pub booked_for: Vec<String>,
    /// The first instant after it.
    pub ends_at: Instant,
}

/// An environment that takes a limited number of bookings, with what it holds.
struct Place {
    environment: u32,
    slots: Vec<Slot>,
    /// When it is full, in order of time.
    full: Vec<(Instant, Instant)>,
}

impl ValueStream {
    /// The first time within a window at which all of some environments are free for so long, and the next ones.
    ///
    /// An environment is free while fewer bookings run than it takes, pending ones included, and no blackout closes it:
    /// one without category, for `environment booking` or for `maintenance` (see [`Blackout`](crate::Blackout)), inherited as
    /// [`booking_conflicts`](ValueStream::booking_conflicts) says. O(n log n) in the bookings of these environments and of
    /// the groups around them, and in the occurrences of their blackouts within the window.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] without environments, for a length that is not positive, and for a window
    /// that ends before it starts or is longer than forty years; [`Error::UnknownZone`].
    ///
    /// ```
    /// use vsm_core::{Event, Kind, NextSlotQuery, Span, ValueStream};
    /// let monday: vsm_core::Instant = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// let mut uat = Event::new("doc", "uat", monday, "env:uat");
    /// uat.kind = Some(Kind::Environment);
    /// stream.apply(uat)?;
    /// let query = NextSlotQuery::new(["env:uat"], Span::from_days(5), monday, "2026-04-01T00:00:00Z".parse()?);
    /// assert_eq!(stream.next_slot(&query)?.slot.map(|slot| slot.start), Some(monday));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn next_slot(&self, query: &NextSlotQuery) -> Result<NextSlot> {
        query.check()?;
        let window = (query.start, query.end);
        let environments = self.environments(Some(&query.environments))?;
        let release = query.release.as_ref().map(|id| self.find(id)).transpose()?;
        let own: HashSet<u32> = release.into_iter().flat_map(|release| for_release(self, release)).collect();
        let mut reader = Reader::new(self);
        let mut grounds = Grounds::default();
        let places = self.full_places(&environments, &own, window, &mut reader);
        let mut counted: Vec<u32> =
            places.iter().flat_map(|place| place.slots.iter().map(|slot| slot.booking)).collect();
        counted.sort_unstable();
        counted.dedup();
        grounds.n = counted.len() as u64;
        let closed = closed_by(&mut reader, &environments, release, window);
        let full = places.iter().flat_map(|place| place.full.iter().copied());
        let taken: Vec<(Instant, Instant)> = full.chain(closed.iter().map(|closed| closed.span)).collect();
        let openings = left_of(taken, window);
        let hours = match query.in_working_time {
            Some(true) => self.working_times(&environments, query.start)?,
            _ => Vec::new(),
        };
        let wanted = query.alternatives.unwrap_or(3).min(MOST) as usize + 1;
        let mut slots: Vec<FreeSlot> = Vec::new();
        for (from, until) in &openings {
            if slots.len() == wanted {
                break;
            }
            let Some((start, end)) = fits(&hours, *from, *until, query.length) else { continue };
            let mut after = Vec::new();
            if start == *from && start > query.start {
                after = self.ended(&places, &closed, start, &mut grounds);
            }
            slots.push(FreeSlot { start, end, free_until: *until, after });
        }
        let longest = openings.iter().rev().max_by_key(|(from, until)| until.since(*from)).copied();
        let never_free: Vec<u32> = if slots.is_empty() {
            let is_short = |environment: &u32| {
                let full = places.iter().filter(|place| place.environment == *environment);
                let full = full.flat_map(|place| place.full.iter().copied());
                let alone = closed_by(&mut reader, &[*environment], None, window);
                let taken = full.chain(alone.iter().map(|closed| closed.span)).collect();
                !left_of(taken, window).iter().any(|(from, to)| to.since(*from) >= query.length)
            };
            environments.iter().copied().filter(is_short).collect()
        } else {
            Vec::new()
        };
        let (sentence, messages) =
            self.slot_sentence(query, &environments, slots.first(), longest).tell(self);
        let mut slots = slots.into_iter();
        grounds.rule("slot:pending_and_approved");
        if !hours.is_empty() {
            grounds.rule("slot:in_working_time");
        }
        Ok(NextSlot {
            slot: slots.next(),
            alternatives: slots.collect(),
            longest: longest.map(|(from, until)| until.since(from)),
            longest_from: longest.map(|(from, _)| from),
            never_free: never_free.into_iter().map(|item| self.id(item).to_owned()).collect(),
            sentence,
            messages,
            basis: grounds.finish(self),
        })
    }

    /// The environments whose number of bookings is limited, with what they hold in the window.
    fn full_places(
        &self,
        environments: &[u32],
        own: &HashSet<u32>,
        window: (Instant, Instant),
        reader: &mut Reader<'_>,
    ) -> Vec<Place> {
        let mut held: HashMap<u32, Vec<Slot>> = HashMap::default();
        let mut places = Vec::new();
        for environment in environments.iter().copied() {
            let Some(capacity) = places::capacity(self, environment) else { continue };
            let mut slots: Vec<Slot> = Vec::new();
            for place in places::line(self, environment) {
                let read = || {
                    let mut slots = Vec::new();
                    let booked = self.linked(place, LinkKind::Books, Direction::Incoming);
                    let others = booked.map(|(_, booking)| booking).filter(|one| !own.contains(one));
                    others.for_each(|booking| reader.read(booking, window, &mut slots, &mut |_| {}));
                    slots.retain(|slot| slot.environment == place);
                    slots
                };
                slots.extend(held.entry(place).or_insert_with(read).iter());
            }
            let full = full(&slots, capacity);
            places.push(Place { environment, slots, full });
        }
        places
    }

    /// What ends when a slot begins.
    fn ended(
        &self,
        places: &[Place],
        closed: &[Closed],
        at: Instant,
        grounds: &mut Grounds,
    ) -> Vec<SlotBlock> {
        let mut blocks = Vec::new();
        for place in places {
            if !place.full.iter().any(|(_, end)| *end == at) {
                continue;
            }
            for slot in place.slots.iter().filter(|slot| slot.end == at) {
                grounds.evidence.extend(self.last_event(slot.booking));
                let mut targets: Vec<String> = ends(self, slot.booking, LinkKind::BookedFor)
                    .map(|item| self.id(item).to_owned())
                    .collect();
                targets.sort_unstable();
                blocks.push(SlotBlock {
                    environment: Some(self.id(place.environment).to_owned()),
                    cause: SlotCause::Booking,
                    item: self.id(slot.booking).to_owned(),
                    booked_for: targets,
                    ends_at: at,
                });
            }
        }
        for closed in closed.iter().filter(|closed| closed.span.1 == at) {
            grounds.evidence.push(closed.event);
            blocks.push(SlotBlock {
                environment: closed.environment.map(|item| self.id(item).to_owned()),
                cause: SlotCause::Blackout,
                item: self.id(closed.of).to_owned(),
                booked_for: Vec::new(),
                ends_at: at,
            });
        }
        blocks.sort_by(|a, b| (a.cause, &a.environment, &a.item).cmp(&(b.cause, &b.environment, &b.item)));
        blocks.dedup();
        blocks
    }

    /// The working time of each environment that has a calendar: its own, that of its group, or of what these belong to.
    fn working_times(&self, environments: &[u32], around: Instant) -> Result<Vec<WorkingTime>> {
        let mut calendars: Vec<(u32, Calendar)> = Vec::new();
        for environment in environments {
            let Some(item) = super::closings::nearest_calendar(self, *environment) else { continue };
            if calendars.iter().all(|(known, _)| *known != item)
                && let Some((calendar, _)) = self.last(item, Set::calendar)
            {
                calendars.push((item, *calendar));
            }
        }
        calendars.iter().map(|(_, calendar)| WorkingTime::new(calendar, around)).collect()
    }

    fn slot_sentence(
        &self,
        query: &NextSlotQuery,
        environments: &[u32],
        slot: Option<&FreeSlot>,
        longest: Option<(Instant, Instant)>,
    ) -> Say {
        let named: Vec<String> = environments.iter().map(|item| name(self, *item)).collect();
        let ids = environments.iter().map(|item| self.id(*item).to_owned()).collect();
        let (items, is_one) = ((super::listed(named.iter()), ids), environments.len() == 1);
        let (start, end) = (moment(query.start), moment(query.end));
        match (slot, longest) {
            (Some(slot), _) => {
                let free = if is_one { say::slot_free } else { say::slot_free_together };
                free(items, moment(slot.start), moment(slot.end))
            }
            (None, Some((from, until))) => {
                let short = if is_one { say::slot_too_short } else { say::slot_too_short_together };
                short(items, query.length, start, end, until.since(from), moment(from))
            }
            (None, None) => {
                let never = if is_one { say::slot_none } else { say::slot_none_together };
                never(items, start, end)
            }
        }
    }
}

impl NextSlotQuery {
    /// A question with all defaults: for nothing in particular, at any hour.
    pub fn new(
        environments: impl IntoIterator<Item = impl Into<String>>,
        length: Span,
        start: Instant,
        end: Instant,
    ) -> NextSlotQuery {
        let environments = environments.into_iter().map(Into::into).collect();
        NextSlotQuery {
            environments,
            length,
            start,
            end,
            alternatives: None,
            release: None,
            in_working_time: None,
        }
    }

    fn check(&self) -> Result<()> {
        if self.environments.is_empty() {
            return Err(Error::invalid("environments", "name at least one"));
        }
        if self.length <= Span::ZERO {
            return Err(Error::invalid("length", "must be positive"));
        }
        if self.end < self.start {
            return Err(Error::invalid("end", "must not be before start"));
        }
        if self.end.since(self.start).millis() > LONGEST {
            return Err(Error::invalid("end", "must not be more than forty years after start"));
        }
        Ok(())
    }
}
