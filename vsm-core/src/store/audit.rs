//! Doing a hash chain over.

use std::fmt::Display;

use super::chain::{self, Hash};
use super::{Audit, Damage, LONGEST_LIST, Seal};

/// Does a chain over, event by event.
pub(super) struct Auditor<'a> {
    audit: Audit,
    noted: Option<&'a Seal>,
    number: u64,
    /// The hash of the event of that number, as the store has it; absent where that is lost.
    hash: Option<Hash>,
}

impl<'a> Auditor<'a> {
    pub(super) fn new(noted: Option<&'a Seal>) -> Auditor<'a> {
        Auditor { audit: Audit::default(), noted, number: 0, hash: Some(chain::START) }
    }

    pub(super) fn fault(&mut self, position: impl Into<String>, lost: u64, reason: impl Into<String>) {
        self.audit.faulty += 1;
        if self.audit.faults.len() < LONGEST_LIST {
            let (position, reason) = (position.into(), reason.into());
            self.audit.faults.push(Damage { position, after: self.number, lost, reason });
        }
    }

    /// The next event, with the hash that the store has for it.
    pub(super) fn event(&mut self, position: impl Display, number: u64, hash: Hash, line: &[u8]) {
        self.pass(&position, number);
        if let Some(previous) = self.hash
            && chain::next(&previous, line) != hash
        {
            self.fault(position.to_string(), 0, format!("event {number} is not what was written"));
        }
        self.audit.events += 1;
        self.reached(&position, number, hash);
    }

    /// An event that can't be read, but whose hash is known.
    #[cfg(feature = "journal")]
    pub(super) fn unreadable(&mut self, position: impl Display, number: u64, hash: Hash, reason: &str) {
        self.pass(&position, number);
        self.fault(position.to_string(), 1, reason);
        self.reached(&position, number, hash);
    }

    /// An event that can't be read, and neither can its hash.
    #[cfg(feature = "sqlite")]
    pub(super) fn lost(&mut self, position: impl Display, number: u64) {
        self.pass(&position, number);
        self.fault(position.to_string(), 1, "it can't be read");
        (self.number, self.hash) = (number, None);
    }

    fn pass(&mut self, position: &impl Display, number: u64) {
        let expected = self.number + 1;
        if number > expected {
            self.fault(
                position.to_string(),
                number - expected,
                format!("{} missing", range(expected, number - 1)),
            );
            self.hash = None;
        } else if number < expected {
            self.fault(position.to_string(), 0, format!("event {number} stands here a second time"));
            self.hash = None;
        }
    }

    fn reached(&mut self, position: &impl Display, number: u64, hash: Hash) {
        (self.number, self.hash) = (number, Some(hash));
        if let Some(noted) = self.noted
            && noted.number == number
            && noted.hash != chain::hex(&hash)
        {
            let reason = format!("the record up to event {number} is not the one whose seal was noted");
            self.fault(position.to_string(), 0, reason);
        }
    }

    pub(super) fn finish(mut self) -> Audit {
        if let Some(noted) = self.noted
            && noted.number > self.number
        {
            let lost = noted.number - self.number;
            let reason = format!("{} missing at the end", range(self.number + 1, noted.number));
            self.fault("the end", lost, reason);
        }
        if let Some(hash) = self.hash {
            self.audit.seal = Seal { number: self.number, hash: chain::hex(&hash) };
        }
        self.audit
    }
}

/// "event 7 is" or "events 7 to 9 are".
pub(super) fn range(first: u64, last: u64) -> String {
    if first == last { format!("event {first} is") } else { format!("events {first} to {last} are") }
}
