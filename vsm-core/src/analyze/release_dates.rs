//! When does each release ship, and what does its date rest on? All of them at once.

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::schedule::{DriverMemo, ProgressRule};
use super::{Basis, CriticalPathQuery, Policy};
use crate::calendar::Calendar;
use crate::error::{Error, Result};
use crate::model::{FlowState, Kind, Set};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// A question for the dates of releases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseDatesQuery {
    /// The status date: open work starts no earlier.
    pub at: Instant,
    /// The releases; none = all that are neither shipped nor cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<String>,
    /// As in [`CriticalPathQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// As in [`CriticalPathQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_percentile: Option<f64>,
    /// As in [`CriticalPathQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_duration: Option<Span>,
    /// As in [`CriticalPathQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressRule>,
    /// As in [`CriticalPathQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// The dates of releases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseDates {
    /// The status date.
    pub at: Instant,
    /// One row for each release, by the time it ships, then by id.
    pub releases: Vec<ReleaseDate>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// When one release ships.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseDate {
    /// The release.
    pub release: String,
    /// Its name for people.
    pub title: String,
    /// When everything that it needs is finished.
    pub ready_at: Instant,
    /// When it ships: the departure of its train, or when it is ready.
    pub ships_at: Instant,
    /// The target date, where one is set.
    pub due_at: Option<Instant>,
    /// How much later than the target date it ships; negative where it is earlier.
    pub late_by: Option<Span>,
    /// How much of the time until then is waiting for trains, along the chain.
    pub cadence_wait: Span,
    /// The driving chain, first to last; the alphabetically first where there are several.
    pub path: Vec<String>,
}

impl ReleaseDatesQuery {
    /// A question with all defaults.
    pub fn new(at: Instant) -> ReleaseDatesQuery {
        ReleaseDatesQuery {
            at,
            releases: Vec::new(),
            calendar: None,
            history_percentile: None,
            default_duration: None,
            progress: None,
            policy: None,
        }
    }
}

impl ValueStream {
    /// When releases ship and what drives each, in one forward pass over everything: O(*N* + *M*), and the length of the
    /// chains. Each row is what [`critical_path`](ValueStream::critical_path) says of the release, whichever are asked for:
    /// on trains with a `capacity` all open releases count.
    ///
    /// # Errors
    /// As `critical_path`; [`Error::Invalid`] for an item that is not a release.
    ///
    /// ```
    /// use vsm_core::{Event, Kind, Link, LinkKind, ReleaseDatesQuery, Span, ValueStream};
    /// let monday = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// let mut story = Event::new("plan", "1", monday, "plan:S1");
    /// story.kind = Some(Kind::Story);
    /// story.set.estimate = Some(Span::from_days(3));
    /// story.links.push(Link::new(LinkKind::ShipsIn, "plan:R1"));
    /// let mut release = Event::new("plan", "2", monday, "plan:R1");
    /// release.kind = Some(Kind::Release);
    /// stream.apply_batch([story, release]);
    /// let dates = stream.release_dates(&ReleaseDatesQuery::new(monday))?;
    /// assert_eq!(dates.releases[0].ships_at, "2026-03-05T00:00:00Z".parse()?);
    /// assert_eq!(dates.releases[0].path, ["plan:S1", "plan:R1"]);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn release_dates(&self, query: &ReleaseDatesQuery) -> Result<ReleaseDates> {
        let releases = self.open_releases(&query.releases)?;
        let path_query = CriticalPathQuery {
            item: None,
            calendar: query.calendar.clone(),
            history_percentile: query.history_percentile,
            default_duration: query.default_duration,
            progress: query.progress,
            policy: query.policy.clone(),
            ..CriticalPathQuery::new("", query.at)
        };
        let frozen = self.frozen()?;
        let mut plan = Plan::new(self, &frozen, &path_query)?;
        plan.lay_out(None)?;
        let dates = plan.network.forward().map_err(|error| plan.explain(&error))?;
        let mut grounds = std::mem::take(&mut plan.grounds);
        let numbers: Vec<Option<u32>> = releases.iter().map(|release| plan.number(*release)).collect();
        let (network, names, _) = plan.parted();
        let mut memo = DriverMemo::new(network.len());
        let mut rows = Vec::with_capacity(releases.len());
        for (release, number) in releases.into_iter().zip(numbers) {
            let Some(number) = number else { continue };
            let chain = network.chain(&dates, number, &names, &mut memo);
            let ships_at = Instant::clamped(dates.early_finish(number));
            let due_at = self.last(release, Set::due_at).map(|(due, _)| due);
            grounds.evidence.extend(self.last_event(release));
            rows.push(ReleaseDate {
                release: self.id(release).to_owned(),
                title: self.title(release).to_owned(),
                ready_at: Instant::clamped(network.ready(&dates, number)),
                ships_at,
                due_at,
                late_by: due_at.map(|due| ships_at.since(due)),
                cadence_wait: Span::from_millis(
                    chain.iter().map(|number| network.wait(&dates, *number)).sum(),
                ),
                path: chain.into_iter().map(|number| self.id(names.item(number)).to_owned()).collect(),
            });
        }
        rows.sort_by(|a, b| (a.ships_at, &a.release).cmp(&(b.ships_at, &b.release)));
        grounds.n = rows.len() as u64;
        Ok(ReleaseDates { at: query.at, releases: rows, basis: grounds.finish(self) })
    }

    /// The releases that are named, or all that are open.
    fn open_releases(&self, named: &[String]) -> Result<Vec<u32>> {
        if named.is_empty() {
            let is_open = |item: &u32| {
                self.kind(*item) == Some(Kind::Release)
                    && !matches!(self.state_of(*item), Some(FlowState::Done | FlowState::Cancelled))
            };
            return Ok(self.all().filter(is_open).collect());
        }
        named
            .iter()
            .map(|id| {
                let item = self.find(id)?;
                if self.kind(item) == Some(Kind::Release) {
                    return Ok(item);
                }
                Err(Error::invalid("releases", format!("\"{}\" is not a release", crate::time::clip(id))))
            })
            .collect()
    }
}
