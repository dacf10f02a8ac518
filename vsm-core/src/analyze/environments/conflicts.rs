//! Which bookings are in each other's way?

use serde::{Deserialize, Serialize};

use super::bookings::{BookingBlackout, Reader, Slot, Told, ends};
use super::places::{self, Forest};
use super::sweep::{Crowd, Queue, Rule};
use super::{ALWAYS, listed, moment};
use crate::analyze::message::say;
use crate::analyze::{Basis, EVIDENCE, Grounds, Message, name, whom};
use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{Booking, Kind, LinkKind};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// Which bookings show a conflict.
    pub enum ConflictMode {
        /// All of them: where approved ones overlap beyond the capacity, the environment is double-booked.
        Strict = "strict",
        /// Pending ones alone, as some tools have it: what is approved shows no conflict any more.
        PendingOnly = "pending_only",
    }
}

/// A question for conflicts of bookings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BookingConflictsQuery {
    /// Nothing before it is looked at; absent = from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// Nothing from here on is looked at; absent = to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// The environments, and groups with all that is in them; absent = all that are booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// Which bookings show a conflict; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ConflictMode>,
    /// At most so many conflicts are listed, the first in time; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Bookings that are in each other's way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BookingConflicts {
    /// The mode that was applied.
    pub mode: ConflictMode,
    /// The conflicts by start, then by environment.
    pub conflicts: Vec<BookingConflict>,
    /// How many there are, listed or not.
    pub count: u64,
    /// What is booked, by id, with its peak against its capacity.
    pub loads: Vec<EnvironmentLoad>,
    /// Bookings that overlap a blackout which refuses bookings: those that are refused, and those that stand although.
    pub blackouts: Vec<BookingBlackout>,
    /// What the answer rests on; `n` are the bookings that count.
    pub basis: Basis,
}

/// A period `[start, end)` in which more bookings of an environment run at once than it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BookingConflict {
    /// The environment, or the group where all bookings concerned are of it or of groups around it.
    pub environment: String,
    /// Its name for people.
    pub title: String,
    /// First instant with too many, within the time that is looked at.
    pub start: Instant,
    /// First instant after them.
    pub end: Instant,
    /// The most that run at once.
    pub peak: u32,
    /// How many may.
    pub capacity: u32,
    /// The environment whose capacity it is: the one in a group that takes the fewest.
    pub limited_by: String,
    /// Every booking that runs at any time of the period, by start and id.
    pub sides: Vec<BookingSide>,
    /// Who decides: whoever answers for the environment, or for its nearest group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// The conflict as an English sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
}

/// One booking of a conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BookingSide {
    /// The booking.
    pub booking: String,
    /// Its name for people.
    pub title: String,
    /// Where it stands for this time: a granted booking that asks to be moved is approved where it was granted, and pending
    /// where it asks.
    pub status: Booking,
    /// What it books: the environment, or a group that it is in.
    pub environment: String,
    /// Its first instant.
    pub start: Instant,
    /// The first instant after it.
    pub end: Instant,
    /// The releases and phases that it is for, by id.
    pub booked_for: Vec<String>,
    /// Whether it is one of those that have to give way: the pending ones, else all.
    pub must_act: bool,
    /// Who can move it: its assignee or owner, else that of what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}

/// What is booked, and how much of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentLoad {
    /// The environment or group.
    pub environment: String,
    /// How many bookings of its own count.
    pub bookings: u32,
    /// The most bookings that run at once while one of these does, those of groups around it included.
    pub peak: u32,
    /// How many may: the least that an environment in it takes; absent where any number may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
}

impl ValueStream {
    /// Where more bookings of an environment overlap than it takes at once.
    ///
    /// A booking counts while it is pending or approved, for `[start, end)`; of a group it counts in each environment in it.
    /// A conflict is a whole period of too many, with all that run in it. Where all of them book the same group, it is
    /// one conflict of the group and not one of each environment. An environment takes what it says itself, else what
    /// its nearest group says, else any number. A booking that overlaps a blackout for `environment booking` is refused unless
    /// it is overridden (see [`Blackout`](crate::Blackout)): a blackout of the environment or of what the booking is for, or
    /// of anything that these are parts of or belong to; an environment that is `shared` takes none from its applications.
    ///
    /// O(n log n) in the bookings; those of a group are looked at again for each environment in it that is booked by itself.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] where the window ends before it starts.
    ///
    /// ```
    /// use vsm_core::{Booking, BookingConflictsQuery, Event, Kind, Link, LinkKind, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let day = |n: u32| format!("2026-04-{n:02}T00:00:00Z").parse::<vsm_core::Instant>();
    /// let mut uat = Event::new("doc", "uat", day(1)?, "env:uat");
    /// uat.kind = Some(Kind::Environment);
    /// uat.set.capacity = Some(1);
    /// stream.apply(uat)?;
    /// for (id, status, start, end) in [("B1", Booking::Approved, 1, 5), ("B2", Booking::Pending, 4, 8)] {
    ///     let mut booking = Event::new("doc", id, day(1)?, format!("booking:{id}"));
    ///     booking.kind = Some(Kind::Booking);
    ///     booking.set.booking = Some(status);
    ///     (booking.set.starts_at, booking.set.ends_at) = (Some(day(start)?), Some(day(end)?));
    ///     booking.links.push(Link::new(LinkKind::Books, "env:uat"));
    ///     stream.apply(booking)?;
    /// }
    /// let answer = stream.booking_conflicts(&BookingConflictsQuery::default())?;
    /// let conflict = &answer.conflicts[0];
    /// assert_eq!((conflict.start, conflict.end, conflict.peak, conflict.capacity), (day(4)?, day(5)?, 2, 1));
    /// assert!(!conflict.sides[0].must_act && conflict.sides[1].must_act);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn booking_conflicts(&self, query: &BookingConflictsQuery) -> Result<BookingConflicts> {
        let mode = query.mode.unwrap_or(ConflictMode::Strict);
        let window = (query.start.unwrap_or(ALWAYS.0), query.end.unwrap_or(ALWAYS.1));
        if window.1 < window.0 {
            return Err(Error::invalid("end", "must not be before start"));
        }
        let mut grounds = Grounds::default();
        grounds.rule(format!("conflicts:{mode}"));
        let asked = match &query.environments {
            Some(ids) => Some(ids.iter().map(|id| self.find(id)).collect::<Result<Vec<u32>>>()?),
            None => None,
        };
        let asked = asked.map(|items| Forest::around(self, items));
        let mut blackouts = Vec::new();
        let booked = self.booked(asked.as_ref(), window, &mut grounds, &mut blackouts);
        let forest = asked.unwrap_or_else(|| Forest::around(self, booked.keys().copied()));
        let places: Vec<u32> =
            forest.by_id(self).into_iter().filter(|place| booked.contains_key(place)).collect();
        let needs_pending = mode == ConflictMode::PendingOnly;
        let rule = |place: u32| forest.least(place).map(|(capacity, _)| Rule { capacity, needs_pending });
        let mut found: Vec<(Crowd, u32, usize)> = Vec::new();
        let mut loads = Vec::with_capacity(places.len());
        for place in &places {
            let queue = Queue::of(&forest, &booked, *place, window);
            let mut number = 0;
            let peak = queue.crowds(rule(*place), &|_| false, &mut |crowd, _| {
                found.push((crowd, *place, number));
                number += 1;
            });
            loads.push(EnvironmentLoad {
                environment: self.id(*place).to_owned(),
                bookings: queue.own as u32,
                peak,
                capacity: forest.least(*place).map(|(capacity, _)| capacity),
            });
        }
        found.sort_unstable_by_key(|(crowd, place, _)| (crowd.start, self.id(*place)));
        let count = found.len() as u64;
        found.truncate(query.limit.map_or(usize::MAX, |limit| limit as usize));
        let mut wanted: HashMap<u32, HashSet<usize>> = HashMap::default();
        for (_, place, number) in &found {
            wanted.entry(*place).or_default().insert(*number);
        }
        let mut conflicts = Vec::with_capacity(found.len());
        for place in &places {
            let (Some(wanted), Some((capacity, leaf))) = (wanted.get(place), forest.least(*place)) else {
                continue;
            };
            let queue = Queue::of(&forest, &booked, *place, window);
            let waits_for = places::answers_for(self, *place);
            let mut number = 0;
            queue.crowds(rule(*place), &|number| wanted.contains(&number), &mut |crowd, slots| {
                if wanted.contains(&number) {
                    let events = slots.iter().filter_map(|slot| self.last_event(slot.booking));
                    let room = EVIDENCE.saturating_mul(10).saturating_sub(grounds.evidence.len());
                    grounds.evidence.extend(events.take(room));
                    let conflict = self.conflict(*place, crowd, (capacity, leaf), slots);
                    conflicts.push(BookingConflict { waits_for: waits_for.clone(), ..conflict });
                }
                number += 1;
            });
        }
        conflicts.sort_by(|a, b| (a.start, &a.environment).cmp(&(b.start, &b.environment)));
        blackouts.sort_by(|a, b| {
            (&a.booking, &a.environment, a.start).cmp(&(&b.booking, &b.environment, b.start))
        });
        Ok(BookingConflicts { mode, conflicts, count, loads, blackouts, basis: grounds.finish(self) })
    }

    /// What is held of each environment and group, in no order within one; of those in a forest, or of all.
    fn booked(
        &self,
        asked: Option<&Forest>,
        window: (Instant, Instant),
        grounds: &mut Grounds,
        blackouts: &mut Vec<BookingBlackout>,
    ) -> HashMap<u32, Vec<Slot>> {
        let mut bookings: Vec<u32> = match asked {
            None => self.all().filter(|item| self.may_be_booking(*item)).collect(),
            Some(forest) => {
                let places = forest.by_id(self).into_iter();
                let links = places.flat_map(|place| self.linked(place, LinkKind::Books, Direction::Incoming));
                links.map(|(_, booking)| booking).collect()
            }
        };
        bookings.sort_unstable();
        bookings.dedup();
        let mut reader = Reader::new(self);
        let mut booked: HashMap<u32, Vec<Slot>> = HashMap::default();
        let mut slots = Vec::new();
        for booking in bookings {
            slots.clear();
            reader.read(booking, window, &mut slots, &mut |told| match told {
                Told::Left(reason) => grounds.exclude(reason, self.id(booking)),
                Told::Blackout(_, blackout) => {
                    if blackout.refused {
                        grounds.exclude("booking_in_blackout", self.id(booking));
                    }
                    blackouts.push(*blackout);
                }
            });
            grounds.n += u64::from(!slots.is_empty());
            for slot in &slots {
                booked.entry(slot.environment).or_default().push(*slot);
            }
        }
        booked
    }

    /// What nobody has described may be a booking, if it books something.
    fn may_be_booking(&self, item: u32) -> bool {
        match self.kind(item) {
            Some(kind) => kind == Kind::Booking,
            None => ends(self, item, LinkKind::Books).next().is_some(),
        }
    }

    /// A conflict, but for who decides.
    fn conflict(
        &self,
        place: u32,
        crowd: Crowd,
        (capacity, leaf): (u32, u32),
        mut slots: Vec<Slot>,
    ) -> BookingConflict {
        slots.sort_unstable_by_key(|slot| (slot.start, self.id(slot.booking)));
        let has_pending = slots.iter().any(|slot| slot.status == Booking::Pending);
        let sides: Vec<BookingSide> = slots
            .iter()
            .map(|slot| self.side(*slot, !has_pending || slot.status == Booking::Pending))
            .collect();
        let wishes: Vec<String> =
            slots.iter().zip(&sides).map(|(slot, side)| wish(self, slot.booking, side)).collect();
        let wishes = (listed(wishes.iter()), sides.iter().map(|side| side.booking.clone()).collect());
        let (from, to) = (moment(crowd.start), moment(crowd.end));
        let (peak, possible) = (crowd.peak.into(), capacity.into());
        let said = if has_pending {
            let sides = sides.iter().filter(|side| side.must_act);
            let to_move: Vec<String> = sides.map(|side| side.booking.clone()).collect();
            say::conflict_pending(place, wishes, from, to, peak, possible, (listed(to_move.iter()), to_move))
        } else {
            say::conflict_approved(place, wishes, from, to, peak, possible)
        };
        let (sentence, messages) = said.tell(self);
        BookingConflict {
            environment: self.id(place).to_owned(),
            title: self.title(place).to_owned(),
            start: crowd.start,
            end: crowd.end,
            peak: crowd.peak,
            capacity,
            limited_by: self.id(leaf).to_owned(),
            sides,
            waits_for: None,
            sentence,
            messages,
        }
    }

    fn side(&self, slot: Slot, must_act: bool) -> BookingSide {
        let mut targets: Vec<u32> = ends(self, slot.booking, LinkKind::BookedFor).collect();
        targets.sort_unstable_by_key(|item| self.id(*item));
        let whom = whom(self, slot.booking).or_else(|| targets.iter().find_map(|target| whom(self, *target)));
        BookingSide {
            booking: self.id(slot.booking).to_owned(),
            title: self.title(slot.booking).to_owned(),
            status: slot.status,
            environment: self.id(slot.environment).to_owned(),
            start: slot.start,
            end: slot.end,
            booked_for: targets.into_iter().map(|item| self.id(item).to_owned()).collect(),
            must_act,
            waits_for: whom,
        }
    }
}

/// A side in the words of a sentence.
fn wish(stream: &ValueStream, booking: u32, side: &BookingSide) -> String {
    let what = name(stream, booking);
    match side.booked_for.first() {
        Some(first) => format!("{what} for {first} ({})", side.status),
        None => format!("{what} ({})", side.status),
    }
}
