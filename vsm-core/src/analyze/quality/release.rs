//! Releases that went a way that is not allowed, and waivers that never end.

use super::FindingGroup::{Contradiction, Incomplete};
use super::found::{Findings, Hit};
use crate::analyze::lifecycle::{Transition, is_allowed};
use crate::analyze::message::say;
use crate::model::{Decision, Kind, ReleaseState, Set};
use crate::time::Instant;

pub(super) fn check(found: &mut Findings<'_>, item: u32, kind: Kind, allowed: &[Transition]) {
    match kind {
        Kind::Release => steps(found, item, allowed),
        Kind::Gate | Kind::Criterion => waiver(found, item),
        _ => {}
    }
}

fn steps(found: &mut Findings<'_>, release: u32, allowed: &[Transition]) {
    for (from, to, event) in found.stream.lifecycle_steps(release) {
        let Some(from) = from.filter(|from| !is_allowed(allowed, *from, to)) else { continue };
        let hit = Hit::new(release).event(Some(event)).figures(from as i64, to as i64);
        found.note(Contradiction, "transition_not_allowed", "", hit, |shown| {
            let state = |nth| {
                let place = usize::try_from(shown.figure(nth)).ok();
                place.and_then(|place| ReleaseState::ALL.get(place)).map_or("", |state| state.as_str())
            };
            let (item, from, to) = (shown.item(0), state(0).into(), state(1).into());
            let at = shown.stream.occurred(shown.event(0)).unwrap_or(Instant::MIN);
            say::transition_not_allowed(item, from, to, at)
        });
    }
}

fn waiver(found: &mut Findings<'_>, item: u32) {
    let stream = found.stream;
    if let Some((Decision::Waived, event)) = stream.last(item, Set::decision)
        && stream.last(item, Set::expires_at).is_none()
    {
        let hit = Hit::new(item).event(Some(event));
        found.note(Incomplete, "waiver_without_expiry", "", hit, |shown| {
            say::waiver_without_expiry(shown.item(0))
        });
    }
}
