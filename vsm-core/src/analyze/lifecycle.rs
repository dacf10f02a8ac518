//! The life of a release: which steps it took, and which are allowed.

use serde::{Deserialize, Serialize};

use super::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::model::{Kind, ReleaseState, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, clip};

/// A step of a release that is allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// The state that it leads from.
    pub from: ReleaseState,
    /// The state that it leads to.
    pub to: ReleaseState,
}

/// A question for the life of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitionsQuery {
    /// The release.
    pub release: String,
    /// The steps that are allowed; absent = [`Transition::defaults`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// The life of a release so far, and where it may go from here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transitions {
    /// The release.
    pub release: String,
    /// Its name for people.
    pub title: String,
    /// Where it stands; absent where nobody says.
    pub state: Option<ReleaseState>,
    /// The states that it may go to next, in their order; all of them where it has none.
    pub allowed: Vec<ReleaseState>,
    /// The steps that it took, first to last. What is told again is no step.
    pub steps: Vec<LifecycleStep>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One step in the life of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LifecycleStep {
    /// When it was taken.
    pub at: Instant,
    /// The state before; absent for the first one that is known.
    pub from: Option<ReleaseState>,
    /// The state from then on.
    pub to: ReleaseState,
    /// Whether the step is allowed; the first one always is.
    pub allowed: bool,
    /// The event that says so, as `source:id`.
    pub evidence: String,
}

impl Transition {
    /// The steps that are allowed by default: from draft to completed by planning, work and review, where review may be
    /// left out; back by one; on hold and from there to where work goes on; and to cancelled from everywhere but the end.
    pub fn defaults() -> Vec<Transition> {
        use ReleaseState::*;
        [
            (Draft, Planned),
            (Draft, Cancelled),
            (Planned, Draft),
            (Planned, InProgress),
            (Planned, OnHold),
            (Planned, Cancelled),
            (InProgress, Planned),
            (InProgress, OnHold),
            (InProgress, Review),
            (InProgress, Completed),
            (InProgress, Cancelled),
            (OnHold, Planned),
            (OnHold, InProgress),
            (OnHold, Review),
            (OnHold, Cancelled),
            (Review, InProgress),
            (Review, OnHold),
            (Review, Completed),
            (Review, Cancelled),
        ]
        .map(|(from, to)| Transition { from, to })
        .into()
    }
}

impl TransitionsQuery {
    /// A question by the default steps.
    pub fn new(release: impl Into<String>) -> TransitionsQuery {
        TransitionsQuery { release: release.into(), transitions: None }
    }
}

/// Whether a step is one of those that are allowed.
pub(super) fn is_allowed(allowed: &[Transition], from: ReleaseState, to: ReleaseState) -> bool {
    allowed.contains(&Transition { from, to })
}

impl ValueStream {
    /// The steps that a release took, whether each was allowed, and those that it may take next.
    ///
    /// Nothing is refused for a step that is not allowed, since events come in any order; this and
    /// [`data_quality`](ValueStream::data_quality) tell of it. Takes the history of the release.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] for an item that is not a release.
    ///
    /// ```
    /// use vsm_core::{Event, Kind, ReleaseState, TransitionsQuery, ValueStream};
    /// let mut release = Event::new("plan", "1", "2026-03-02T09:00:00Z".parse()?, "plan:R1");
    /// release.kind = Some(Kind::Release);
    /// release.set.lifecycle = Some(ReleaseState::Review);
    /// let mut stream = ValueStream::new();
    /// stream.apply(release)?;
    /// let life = stream.transitions(&TransitionsQuery::new("plan:R1"))?;
    /// assert!(life.allowed.contains(&ReleaseState::Completed) && !life.allowed.contains(&ReleaseState::Draft));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn transitions(&self, query: &TransitionsQuery) -> Result<Transitions> {
        let release = self.find(&query.release)?;
        if self.kind(release) != Some(Kind::Release) {
            let reason = format!("\"{}\" is not a release", clip(&query.release));
            return Err(Error::invalid("release", reason));
        }
        let allowed = query.transitions.clone().unwrap_or_else(Transition::defaults);
        let mut grounds = Grounds::default();
        grounds.rule(if query.transitions.is_some() { "transitions:given" } else { "transitions:default" });
        let steps: Vec<LifecycleStep> = self
            .lifecycle_steps(release)
            .into_iter()
            .map(|(from, to, event)| {
                grounds.evidence.push(event);
                LifecycleStep {
                    at: self.occurred(event).unwrap_or(Instant::MIN),
                    from,
                    to,
                    allowed: from.is_none_or(|from| is_allowed(&allowed, from, to)),
                    evidence: self.key(event).to_owned(),
                }
            })
            .collect();
        let state = self.last(release, Set::lifecycle).map(|(state, _)| state);
        let may = |to: &ReleaseState| state.is_none_or(|from| is_allowed(&allowed, from, *to));
        grounds.n = steps.len() as u64;
        Ok(Transitions {
            release: self.id(release).to_owned(),
            title: self.title(release).to_owned(),
            state,
            allowed: ReleaseState::ALL.iter().copied().filter(may).collect(),
            steps,
            basis: grounds.finish(self),
        })
    }

    /// The changes of a release's lifecycle: the state before, the state after, and the event that says so.
    pub(super) fn lifecycle_steps(&self, release: u32) -> Vec<(Option<ReleaseState>, ReleaseState, u32)> {
        let mut steps = Vec::new();
        let mut last = None;
        for (number, event) in self.chronicle(release) {
            match event.sets.iter().rev().find_map(Set::lifecycle) {
                Some(Some(to)) if last != Some(*to) => {
                    steps.push((last, *to, number));
                    last = Some(*to);
                }
                Some(None) => last = None,
                _ => {}
            }
        }
        steps
    }
}
