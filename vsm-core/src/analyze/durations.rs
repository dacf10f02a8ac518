//! How long the work on an item takes.

use super::critical_path::CriticalPathQuery;
use super::flow::{PercentileRule, percentile};
use super::pipeline;
use super::schedule::DurationSource;
use crate::hash::HashMap;
use crate::model::{FlowState, Kind, Outcome, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// Finds durations by what is known best: what is said to be left, an estimate, the plan, the history of the kind, and the
/// default of the question.
pub(super) struct Durations {
    history: Option<f64>,
    default: Option<Span>,
    /// By kind: the percentile of how long finished items took; none where none has finished.
    known: HashMap<Kind, Option<i64>>,
}

impl Durations {
    pub(super) fn new(query: &CriticalPathQuery) -> Durations {
        Durations {
            history: query.history_percentile,
            default: query.default_duration,
            known: HashMap::default(),
        }
    }

    /// The working time of an item, of `Remaining` what is left of it, else the whole. `between` counts working time.
    pub(super) fn of(
        &mut self,
        stream: &ValueStream,
        kind: Option<Kind>,
        said: &Said,
        between: impl Fn(Instant, Instant) -> i64,
    ) -> Option<(i64, DurationSource)> {
        if let Some(remaining) = said.remaining {
            return Some((remaining.millis(), DurationSource::Remaining));
        }
        if let Some(estimate) = said.estimate {
            return Some((estimate.millis(), DurationSource::Estimate));
        }
        if matches!(kind, Some(Kind::Criterion | Kind::Evidence)) {
            return None;
        }
        if let (Some(start), Some(end)) = (said.planned, said.ends.or(said.due))
            && start < end
        {
            return Some((between(start, end), DurationSource::Plan));
        }
        if let (Some(p), Some(kind)) = (self.history, kind) {
            let known = self.known.entry(kind).or_insert_with(|| history(stream, kind, p, &between));
            if let Some(span) = known {
                return Some((*span, DurationSource::History));
            }
        }
        let default = self.default.filter(|_| !matches!(kind, Some(Kind::Gate | Kind::Phase)))?;
        Some((default.millis().max(0), DurationSource::Default))
    }
}

/// A percentile of how long the finished items of a kind took from their first start to their last finish, by nearest
/// rank; of runs from their own start to their end, where they worked.
fn history(
    stream: &ValueStream,
    kind: Kind,
    p: f64,
    between: impl Fn(Instant, Instant) -> i64,
) -> Option<i64> {
    let is_run = pipeline::is_run(Some(kind));
    let mut sample: Vec<i64> = stream
        .all()
        .filter(|item| {
            let is_done = || stream.state_of(*item) == Some(FlowState::Done);
            stream.kind(*item) == Some(kind) && (is_run || is_done())
        })
        .filter_map(|item| {
            let said = Said::of(stream, item);
            // A run says itself when it began. Of one that failed or was stopped nobody knows how long it would have taken.
            let (start, end) = if is_run {
                let worked = [Some(Outcome::Success), Some(Outcome::Unstable)];
                let (end, _) = pipeline::over(stream, item)?;
                (said.planned.filter(|_| worked.contains(&stream.outcome(item)))?, end)
            } else {
                let (_, event) = stream.state_with_event(item)?;
                (said.started?, stream.occurred(event)?)
            };
            (start <= end).then(|| between(start, end))
        })
        .collect();
    sample.sort_unstable();
    (!sample.is_empty()).then(|| percentile(&sample, p, PercentileRule::NearestRank))
}

/// What the record says of the work on one item, gathered in one walk: schedules look at every item.
#[derive(Default)]
pub(super) struct Said {
    pub(super) started: Option<Instant>,
    pub(super) planned: Option<Instant>,
    /// When it should end: its end, else its target date.
    ends: Option<Instant>,
    due: Option<Instant>,
    remaining: Option<Span>,
    estimate: Option<Span>,
}

impl Said {
    pub(super) fn of(stream: &ValueStream, item: u32) -> Said {
        let mut said = Said::default();
        let (mut planned, mut remaining, mut estimate, mut ends, mut due) =
            (false, false, false, false, false);
        for (_, event) in stream.state.walk(item, stream.bounds) {
            for set in event.sets.iter().rev() {
                match set {
                    // Walking back, so the last one seen is the first.
                    Set::State(FlowState::Active | FlowState::Waiting) => said.started = Some(event.occurred),
                    Set::StartsAt(at) if !planned => (planned, said.planned) = (true, Some(*at)),
                    Set::EndsAt(at) if !ends => (ends, said.ends) = (true, Some(*at)),
                    Set::DueAt(at) if !due => (due, said.due) = (true, Some(*at)),
                    Set::Remaining(span) if !remaining => (remaining, said.remaining) = (true, Some(*span)),
                    Set::Estimate(span) if !estimate => (estimate, said.estimate) = (true, Some(*span)),
                    Set::Clear(name) => match &**name {
                        "starts_at" => planned = true,
                        "ends_at" => ends = true,
                        "due_at" => due = true,
                        "remaining" => remaining = true,
                        "estimate" => estimate = true,
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
        said
    }
}
