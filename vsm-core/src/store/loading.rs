//! Events on their way from a store into a stream.

use std::mem::replace;

use super::Recovery;
use crate::error::Result;
use crate::model::Statement;
use crate::stream::{ApplyReport, GROUP, ValueStream};

/// Applies what a store gives, some events at a time.
pub(super) struct Loading<'s> {
    stream: &'s mut ValueStream,
    number: &'s mut u64,
    group: Vec<(u64, Statement<'static>)>,
    report: ApplyReport,
}

impl<'s> Loading<'s> {
    /// Moves `number` on with each event.
    pub(super) fn new(stream: &'s mut ValueStream, number: &'s mut u64) -> Loading<'s> {
        Loading { stream, number, group: Vec::with_capacity(GROUP), report: ApplyReport::default() }
    }

    pub(super) fn take(&mut self, number: u64, said: Statement<'static>) {
        *self.number = number;
        self.group.push((number, said));
        if self.group.len() == GROUP {
            let group = replace(&mut self.group, Vec::with_capacity(GROUP));
            self.stream.absorb_all(group, &mut self.report);
        }
    }

    /// What was read before a store failed is in the stream all the same.
    pub(super) fn done(self, replayed: Result<Recovery>) -> Result<Recovery> {
        let Loading { stream, group, mut report, .. } = self;
        stream.absorb_all(group, &mut report);
        let mut recovery = replayed?;
        (recovery.duplicates, recovery.refused) = (report.duplicates, report.refused);
        Ok(recovery)
    }
}
