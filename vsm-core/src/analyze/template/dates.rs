//! The dates of a template's parts, counted from the target date of a release.

use super::{ReleaseTemplate, TemplatePhase};
use crate::time::{Instant, Span};

/// When a phase starts and ends, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Period {
    pub(super) start: Option<Instant>,
    pub(super) end: Option<Instant>,
}

/// Whether a template has anything that would get a date.
pub(super) fn has_dates(template: &ReleaseTemplate) -> bool {
    let in_phase = |phase: &TemplatePhase| {
        phase.offset.is_some()
            || phase.duration.is_some()
            || phase.activities.iter().any(|activity| activity.offset.is_some())
    };
    template.phases.iter().any(in_phase) || template.gates.iter().any(|gate| gate.offset.is_some())
}

/// A date so long after another one, before it where negative; none where no instant is.
pub(super) fn shift(date: Instant, by: Span) -> Option<Instant> {
    Instant::from_millis(date.millis().checked_add(by.millis())?)
}

/// The periods of all phases, backwards from the target date.
pub(super) fn periods(phases: &[TemplatePhase], due: Instant) -> Vec<Period> {
    let mut next = Some(due);
    let mut periods: Vec<Period> = phases
        .iter()
        .rev()
        .map(|phase| {
            let end = match (phase.offset, phase.duration) {
                (Some(offset), _) => shift(due, offset),
                (None, Some(_)) => next,
                // Nothing is said of it, so it takes no part in the chain.
                (None, None) => return Period::default(),
            };
            let back = phase.duration.map(|duration| Span::from_millis(-duration.millis()));
            let start = end.zip(back).and_then(|(end, back)| shift(end, back));
            next = start;
            Period { start, end }
        })
        .collect();
    periods.reverse();
    periods
}
