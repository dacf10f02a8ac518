//! How long did releases take, and what did what was done wait for until it was out?

use serde::{Deserialize, Serialize};

use super::answer::{DeliveryTime, NoFigure};
use super::figures::time;
use super::rules::{DeliveryRules, Rules};
use crate::analyze::life::Life;
use crate::analyze::{Basis, Durations, Grounds, PercentileRule};
use crate::error::{Error, Result};
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// A question for the times of the releases that came out in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseTimesQuery {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// Only releases of this application or team, or this release; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// How percentiles are read; absent = nearest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<PercentileRule>,
}

impl ReleaseTimesQuery {
    /// A question with all defaults.
    pub fn new(start: Instant, end: Instant) -> ReleaseTimesQuery {
        ReleaseTimesQuery { start, end, within: None, percentiles: None }
    }
}

/// The times of the releases that came out in a window. What is not known has no value, and is in no sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseTimes {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// One row for each release, by when it came out, then by id.
    pub releases: Vec<ReleaseTime>,
    /// From the first work on a release until it was out.
    pub lead_time: DeliveryTime,
    /// From an item being done until its release was out, over the items of all releases.
    pub done_to_released: DeliveryTime,
    /// Waiting for gates while there was work to do.
    pub gate_wait_before_ready: DeliveryTime,
    /// Waiting for gates after all work was done.
    pub gate_wait_after_ready: DeliveryTime,
    /// Waiting for the train.
    pub cadence_wait: DeliveryTime,
    /// What the answer rests on; `n` are the releases.
    pub basis: Basis,
}

/// The times of one release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseTime {
    /// The release.
    pub release: String,
    /// How many items were in its scope and done when it came out: leaves, cancelled ones left out.
    pub items: u64,
    /// When the first of its scope was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Instant>,
    /// When the last of its scope was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<Instant>,
    /// When it came out.
    pub released_at: Instant,
    /// From the first work on it until it was out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_time: Option<Span>,
    /// From each item being done until it was out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_to_released: Option<Durations>,
    /// How much of the time until it was ready at least one of its gates had been asked for and was not passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_wait_before_ready: Option<Span>,
    /// The same from then until it was out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_wait_after_ready: Option<Span>,
    /// From being ready and through all gates to the departure of the train that it could take; absent where no train is
    /// known, or it left before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cadence_wait: Option<Span>,
    /// That departure; the later one where it is of several applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departure: Option<Instant>,
}

impl ValueStream {
    /// How long the releases of a window took, and what they waited for when their work was done.
    ///
    /// A release counts when it came out in the window: by its `released_at`, else when it was last done. It is ready when
    /// the last item of its scope is done; items that were not are listed. A gate waits from its `asked_at` until somebody
    /// entitled passes it, at most until the release is out; several at once wait once. The train is that of the release's
    /// applications. Takes the scopes of these releases and the history of what is in them.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] for `within`; [`Error::Invalid`] for a window that ends before it starts.
    ///
    /// ```
    /// use vsm_core::{
    ///     Event, FlowState, Instant, Kind, Link, LinkKind, ReleaseTimesQuery, Span, ValueStream,
    /// };
    /// let mut stream = ValueStream::new();
    /// let mut number = 0;
    /// let mut say = |day: u32, item: &str, kind, state, release: Option<&str>| {
    ///     number += 1;
    ///     let at: Instant = format!("2026-03-{day:02}T00:00:00Z").parse()?;
    ///     let mut event = Event::new("doc", format!("{number}"), at, item);
    ///     event.kind = Some(kind);
    ///     event.set.state = Some(state);
    ///     event.links.extend(release.map(|release| Link::new(LinkKind::ShipsIn, release)));
    ///     stream.apply(event)
    /// };
    /// say(2, "jira:CHK-1", Kind::Story, FlowState::Active, Some("plan:R1"))?;
    /// say(5, "jira:CHK-1", Kind::Story, FlowState::Done, None)?;
    /// say(9, "plan:R1", Kind::Release, FlowState::Done, None)?;
    /// let march = ReleaseTimesQuery::new("2026-03-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?);
    /// let times = stream.release_times(&march)?;
    /// assert_eq!(times.lead_time.value, Some(Span::from_days(7)));
    /// assert_eq!(times.done_to_released.value, Some(Span::from_days(4)));
    /// assert_eq!(times.cadence_wait.value, None);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn release_times(&self, query: &ReleaseTimesQuery) -> Result<ReleaseTimes> {
        if query.end < query.start {
            return Err(Error::invalid("end", "the window must not end before it starts"));
        }
        let rules = DeliveryRules { percentiles: query.percentiles, ..DeliveryRules::default() };
        let rules = rules.resolve(&DeliveryRules::default())?;
        let within = query.within.as_deref().map(|id| self.find(id)).transpose()?;
        let within = within.map(|item| self.under(item));
        let mut grounds = Grounds::default();
        for rule in ["reopen:last_done", "scope:leaves", "gates:union"] {
            grounds.rule(rule);
        }
        grounds.rule(format!("percentile:{}", rules.percentiles));
        let mut found: Vec<(Instant, u32, u32)> = self
            .all()
            .filter(|item| self.kind(*item) == Some(Kind::Release))
            .filter(|item| within.as_ref().is_none_or(|set| set.contains(item)))
            .filter_map(|item| self.released(item).map(|(at, event)| (at, item, event)))
            .filter(|(at, ..)| query.start <= *at && *at < query.end)
            .collect();
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| self.id(a.1).cmp(self.id(b.1))));
        grounds.n = found.len() as u64;
        let mut lags = Vec::new();
        let mut releases = Vec::new();
        for (at, release, event) in found {
            grounds.evidence.push(event);
            releases.push(self.release_time(release, at, &rules, &mut lags, &mut grounds));
        }
        let figure = |read: fn(&ReleaseTime) -> Option<Span>| {
            let times = releases.iter().filter_map(read).map(Span::millis).collect();
            time(times, 0, NoFigure::NoReleases, &rules)
        };
        Ok(ReleaseTimes {
            start: query.start,
            end: query.end,
            lead_time: figure(|release| release.lead_time),
            done_to_released: time(lags, 0, NoFigure::NoReleases, &rules),
            gate_wait_before_ready: figure(|release| release.gate_wait_before_ready),
            gate_wait_after_ready: figure(|release| release.gate_wait_after_ready),
            cadence_wait: figure(|release| release.cadence_wait),
            releases,
            basis: grounds.finish(self),
        })
    }

    /// When a release came out, if it did, with the event that says so.
    fn released(&self, release: u32) -> Option<(Instant, u32)> {
        if self.state_of(release) == Some(FlowState::Cancelled) {
            return None;
        }
        self.last(release, Set::released_at).or_else(|| self.done_at(release))
    }

    fn release_time(
        &self,
        release: u32,
        released: Instant,
        rules: &Rules,
        lags: &mut Vec<i64>,
        grounds: &mut Grounds,
    ) -> ReleaseTime {
        let mut started: Option<Instant> = None;
        let mut ready: Option<Instant> = None;
        let mut own = Vec::new();
        for item in self.leaves(self.from(release, LinkKind::ShipsIn).map(|(item, _)| item)) {
            let life = Life::of(&self.chronicle(item));
            started = life.started().into_iter().chain(started).min();
            match life.done.filter(|(done, _)| *done <= released) {
                Some((done, event)) => {
                    ready = ready.max(Some(done));
                    own.push(released.since(done).millis());
                    grounds.evidence.push(event);
                }
                None => grounds.exclude("not_done_when_released", self.id(item)),
            }
        }
        lags.extend(&own);
        if started.is_none() {
            grounds.exclude("never_started", self.id(release));
        }
        let waits = self.gate_waits(release, released, grounds);
        let cut = |from: Instant, to: Instant| {
            let parts =
                waits.iter().map(|(start, end)| (*end).min(to).millis() - (*start).max(from).millis());
            Span::from_millis(parts.filter(|part| *part > 0).sum())
        };
        let known = ready.filter(|_| !waits.is_empty());
        let clear = ready.map(|ready| waits.iter().map(|(_, end)| *end).fold(ready, Instant::max));
        let departure = clear.and_then(|clear| self.departure(release, clear));
        if departure.is_some_and(|departure| released < departure) {
            grounds.exclude("left_before_its_train", self.id(release));
        }
        let departure = departure.filter(|departure| *departure <= released);
        ReleaseTime {
            release: self.id(release).to_owned(),
            items: own.len() as u64,
            started_at: started,
            ready_at: ready,
            released_at: released,
            lead_time: started.filter(|started| *started <= released).map(|at| released.since(at)),
            done_to_released: Durations::of(own, rules.percentiles),
            gate_wait_before_ready: known.map(|ready| cut(Instant::MIN, ready)),
            gate_wait_after_ready: known.map(|ready| cut(ready, released)),
            cadence_wait: clear.zip(departure).map(|(clear, departure)| departure.since(clear)),
            departure,
        }
    }

    /// The times in which gates of a release, or of its phases, had been asked for and were not passed; apart and in order.
    fn gate_waits(&self, release: u32, released: Instant, grounds: &mut Grounds) -> Vec<(Instant, Instant)> {
        let mut parts = vec![release];
        let mut seen = HashSet::from_iter([release]);
        let mut gates = Vec::new();
        while let Some(part) = parts.pop() {
            gates.extend(self.from(part, LinkKind::Gates).map(|(gate, _)| gate));
            let phases = self.from(part, LinkKind::Parent).map(|(phase, _)| phase);
            parts
                .extend(phases.filter(|phase| self.kind(*phase) == Some(Kind::Phase) && seen.insert(*phase)));
        }
        gates.sort_unstable();
        gates.dedup();
        let mut waits = Vec::new();
        for gate in gates.into_iter().filter(|gate| self.state_of(*gate) != Some(FlowState::Cancelled)) {
            let Some((asked, event)) = self.last(gate, Set::asked_at) else {
                grounds.exclude("gate_never_asked_for", self.id(gate));
                continue;
            };
            grounds.evidence.push(event);
            let passed = self.passed(gate, released).and_then(|event| self.occurred(event));
            let end = passed.unwrap_or(released).min(released);
            if asked <= end {
                waits.push((asked, end));
            } else {
                grounds.exclude("negative_time", self.id(gate));
            }
        }
        waits.sort_unstable();
        let mut union: Vec<(Instant, Instant)> = Vec::new();
        for (start, end) in waits {
            match union.last_mut() {
                Some((_, last)) if start <= *last => *last = (*last).max(end),
                _ => union.push((start, end)),
            }
        }
        union
    }

    /// The first departure of the release's trains that it can take, the last of them where there are several trains.
    fn departure(&self, release: u32, clear: Instant) -> Option<Instant> {
        let trains = self.applications(release).filter_map(|item| self.last(item, Set::cadence));
        trains.filter_map(|(cadence, _)| cadence.next(clear)).max()
    }
}
