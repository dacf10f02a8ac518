//! Environments: who holds them when, what is in them, and which releases they matter to.
//!
//! `places` knows groups, `closings` blackouts, `bookings` what a booking holds; these three are the only ones that read
//! bookings, for readiness too. Each other file answers one question.

mod bookings;
mod closings;
mod conflicts;
mod contents;
mod drift;
mod impact;
mod next_slot;
mod openings;
mod places;
mod sweep;

use crate::time::{DAY, Instant};

pub use bookings::BookingBlackout;
pub use conflicts::{
    BookingConflict, BookingConflicts, BookingConflictsQuery, BookingSide, ConflictMode, EnvironmentLoad,
};

pub use contents::{EnvironmentContent, EnvironmentContents, EnvironmentContentsQuery};
pub use drift::{Drift, DriftQuery, DriftRelation, DriftRow};
pub use impact::{Impact, ImpactCell, ImpactQuery, ImpactRelation};
pub use next_slot::{FreeSlot, NextSlot, NextSlotQuery, SlotBlock, SlotCause};

pub(super) use bookings::{Reader, Slot, Told, for_release};
pub(super) use closings::{Closing, Closings};
pub(super) use contents::deployments;
pub(super) use places::{answers_for, capacity, leaves, line, stage};

/// All of time.
pub(super) const ALWAYS: (Instant, Instant) = (Instant::MIN, Instant::MAX);

/// A time as sentences give it: the day alone at its beginning, in UTC like everything without a zone.
fn moment(at: Instant) -> (String, Instant) {
    let text = at.to_string();
    let cut = if at.millis().rem_euclid(DAY) == 0 { 10 } else { 16 };
    let short: String = text.chars().take(cut).collect();
    (if cut == 10 { short } else { short.replace('T', " ") + "Z" }, at)
}

/// The first of some texts, and how many more there are.
fn listed<T: AsRef<str>>(texts: impl ExactSizeIterator<Item = T>) -> String {
    const SHOWN: usize = 4;
    let more = texts.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = texts.take(SHOWN).map(|text| text.as_ref().to_owned()).collect();
    match more {
        0 => {
            let last = shown.pop().unwrap_or_default();
            if shown.is_empty() { last } else { format!("{} and {last}", shown.join(", ")) }
        }
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
