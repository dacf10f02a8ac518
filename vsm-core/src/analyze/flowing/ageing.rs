//! How old what is open is, against what finished items were like in the same stage.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::Who;
use super::stages::{FlowStage, Ladder, Path};
use crate::analyze::flow::{Durations, PercentileRule};
use crate::analyze::{Basis, ConditionalCompletion, Grounds, SurvivalQuery, SurvivalSummary};
use crate::error::Result;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Span};

text_enum! {
    /// How an age compares with a sample of finished items.
    pub enum AgeBand {
        /// Not older than their median.
        WithinP50 = "within_p50",
        /// Older than their median.
        OverP50 = "over_p50",
        /// Older than their 85th percentile.
        OverP85 = "over_p85",
        /// Older than their 95th percentile.
        OverP95 = "over_p95",
    }
}

/// A question for the age of what is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgeingQuery {
    /// The time that it is asked for; what happened later does not count.
    pub at: Instant,
    /// Only items that were done from then on are compared with; absent = all that were done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_since: Option<Instant>,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Only items of these kinds; absent = all flow items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// The stages in their order, made of the tool's own statuses; absent = new, waiting, active and done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<FlowStage>>,
    /// The stage in which work begins; absent = the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_stage: Option<String>,
    /// The stage in which work is over; absent = the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_stage: Option<String>,
    /// How percentiles are read; absent = nearest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<PercentileRule>,
    /// How likely each open item, as old as it is, is over within each of these further times; empty = not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub horizons: Vec<Span>,
}

/// The age of what is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ageing {
    /// The time that it was asked for.
    pub at: Instant,
    /// The stages in which work is in progress, in their order.
    pub stages: Vec<StageAge>,
    /// The open items that have been started, the oldest first.
    pub items: Vec<AgeingItem>,
    /// How many finished items they are compared with.
    pub finished: u64,
    /// How old items are when they are over, in days, what is open counted as lasting at least as long as it has; absent where
    /// there is nothing.
    pub survival: Option<SurvivalSummary>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// What finished items were like in one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageAge {
    /// The stage.
    pub stage: String,
    /// How many open items are in it.
    pub open: u64,
    /// How old finished items were when they left it for good: from their start to their last entry to a later stage. Those
    /// that skipped it are left out.
    pub age_at_exit: Option<Durations>,
    /// The same in days, with what is in the stage now counted as leaving it no younger than it is; absent where there is
    /// nothing. The percentiles of finished items alone are too low where old items are stuck.
    pub survival: Option<SurvivalSummary>,
    /// How long finished items were in it, all stays together.
    pub time_in_stage: Option<Durations>,
}

/// An open item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgeingItem {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub kind: Option<Kind>,
    /// The stage that it is in.
    pub stage: String,
    /// When it was started: when it was first in a stage in which work is in progress.
    pub started: Instant,
    /// How long ago that was.
    pub age: Span,
    /// Since when it has been in its stage.
    pub in_stage_since: Instant,
    /// How long it has been in its stage, earlier stays included.
    pub time_in_stage: Span,
    /// Its age against the age at which finished items left the stage; absent where there are none.
    pub age_band: Option<AgeBand>,
    /// Its time in the stage against theirs; absent where there are none.
    pub stage_band: Option<AgeBand>,
    /// Why it is blocked now, if it is.
    pub blocked: Option<String>,
    /// How likely it is over within each of the horizons, in days; see [`survival`](crate::survival).
    pub completion: Vec<ConditionalCompletion>,
}

impl AgeingQuery {
    /// A question with all defaults.
    pub fn new(at: Instant) -> AgeingQuery {
        AgeingQuery {
            at,
            finished_since: None,
            within: None,
            kinds: None,
            stages: None,
            start_stage: None,
            end_stage: None,
            percentiles: None,
            horizons: Vec::new(),
        }
    }
}

impl ValueStream {
    /// How old open items are, in which stage and for how long, against what finished items were like when they left that
    /// stage (the chart of ageing work in progress: D. Vacanti, "Actionable Agile Metrics for Predictability", 2015).
    ///
    /// Open is what is in a stage from the one in which work begins to the one before the end; what was put back before the
    /// start is left out and listed. The age runs from the first start; ages at exit are those of finished items alone, and
    /// so on the young side; `survival` beside them counts what is open as well (Kaplan and Meier), and so does the chance of
    /// an item to be over within the `horizons`, given its age. One pass over the history of every item.
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem) for `within`, [`Error::Invalid`](crate::Error::Invalid) for a
    /// status in two stages, for a stage that is not there and for a negative horizon.
    ///
    /// ```
    /// use vsm_core::{AgeBand, AgeingQuery, Event, FlowState, Kind, Span, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let said = [("A", 1, FlowState::Active), ("A", 4, FlowState::Done), ("B", 2, FlowState::Active)];
    /// for (number, (item, day, state)) in said.into_iter().enumerate() {
    ///     let at = format!("2026-07-0{day}T09:00:00Z").parse()?;
    ///     let mut event = Event::new("jira", number.to_string(), at, format!("jira:{item}"));
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(state);
    ///     stream.apply(event)?;
    /// }
    /// let ageing = stream.ageing(&AgeingQuery::new("2026-07-06T09:00:00Z".parse()?))?;
    /// let item = &ageing.items[0];
    /// assert_eq!((item.item.as_str(), item.stage.as_str(), item.age), ("jira:B", "active", Span::from_days(4)));
    /// // The one item that is done left the stage when it was three days old.
    /// assert_eq!(item.age_band, Some(AgeBand::OverP95));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn ageing(&self, query: &AgeingQuery) -> Result<Ageing> {
        self.as_of(query.at, Instant::MAX).ageing_then(query)
    }

    fn ageing_then(&self, query: &AgeingQuery) -> Result<Ageing> {
        let mut who = Who::new(self, query.within.as_deref(), query.kinds.as_deref())?;
        who.needs_state = query.stages.is_none();
        let ladder = Ladder::new(query.stages.as_deref())?;
        let (from, to) = ladder.ends(query.start_stage.as_deref(), query.end_stage.as_deref())?;
        let percentiles = query.percentiles.unwrap_or(PercentileRule::NearestRank);
        let mut grounds = Grounds::default();
        let mut samples = vec![(Vec::new(), Vec::new()); ladder.names.len()];
        let mut finished: Vec<i64> = Vec::new();
        let mut open: Vec<(usize, AgeingItem)> = Vec::new();
        self.travellers(&who, &mut grounds, |grounds, traveller| {
            let id = self.id(traveller.item);
            let path = ladder.path(&traveller);
            if path.has_unmapped {
                grounds.exclude("status_of_no_stage", id);
            }
            let (Some(stage), Some(last)) = (path.current(), path.visits.last()) else { return };
            let Some(started) = path.started(from, to) else {
                grounds.exclude(if stage >= to { "never_started" } else { "not_started" }, id);
                return;
            };
            if stage >= to {
                let done = path.last_entry(to).map_or(last.since, |(at, _)| at);
                if query.finished_since.is_none_or(|since| since <= done) {
                    finished.push(done.since(started).millis().max(0));
                    grounds.evidence.push(last.event);
                    sample(&path, started, (from, to), &mut samples);
                }
                return;
            }
            if stage < from {
                grounds.exclude("put_back", id);
                return;
            }
            grounds.n += 1;
            grounds.evidence.push(last.event);
            let blocks = traveller.blocks();
            let blocked = blocks.iter().find(|block| block.since <= query.at && query.at < block.until);
            let item = AgeingItem {
                item: id.to_owned(),
                title: self.title(traveller.item).to_owned(),
                kind: self.kind(traveller.item),
                stage: ladder.name(stage),
                started,
                age: query.at.since(started),
                in_stage_since: last.since,
                time_in_stage: Span::from_millis(time_in(&path, stage, query.at)),
                age_band: None,
                stage_band: None,
                blocked: blocked.map(|block| block.reason.to_owned()),
                completion: Vec::new(),
            };
            open.push((stage, item));
        });
        let mut stages: Vec<StageAge> = Vec::new();
        for (stage, (ages, times)) in samples.into_iter().enumerate().take(to).skip(from) {
            let inside = open.iter().filter(|(at, _)| *at == stage).map(|(_, item)| item.age.millis());
            let (left, inside) = (days(ages.iter().copied()), days(inside));
            stages.push(StageAge {
                stage: ladder.name(stage),
                open: inside.len() as u64,
                age_at_exit: Durations::of(ages, percentiles),
                survival: SurvivalSummary::of(&left, &inside),
                time_in_stage: Durations::of(times, percentiles),
            });
        }
        for (stage, item) in &mut open {
            let Some(own) = stage.checked_sub(from).and_then(|place| stages.get(place)) else { continue };
            item.age_band = own.age_at_exit.as_ref().map(|ages| band(item.age, ages));
            item.stage_band = own.time_in_stage.as_ref().map(|times| band(item.time_in_stage, times));
        }
        let survival = self::survival(&finished, &mut open, &query.horizons)?;
        open.sort_by(|(_, a), (_, b)| (Reverse(a.age), &a.item).cmp(&(Reverse(b.age), &b.item)));
        for rule in ["age:from_first_start", "day_count:elapsed", "items:leaves", "re_entry:cumulative"] {
            grounds.rule(rule);
        }
        grounds.rule(ladder.rule());
        grounds.rule(format!("percentile:{percentiles}"));
        Ok(Ageing {
            at: query.at,
            stages,
            items: open.into_iter().map(|(_, item)| item).collect(),
            finished: finished.len() as u64,
            survival,
            basis: grounds.finish(self),
        })
    }
}

/// Days, ascending.
fn days(millis: impl Iterator<Item = i64>) -> Vec<f64> {
    let mut days: Vec<f64> = millis.map(|millis| Span::from_millis(millis).days()).collect();
    days.sort_unstable_by(f64::total_cmp);
    days
}

/// How old items are when they are over; the open ones learn how likely they are within each of the horizons.
fn survival(
    finished: &[i64],
    open: &mut [(usize, AgeingItem)],
    horizons: &[Span],
) -> Result<Option<SurvivalSummary>> {
    let over = days(finished.iter().copied());
    if !horizons.is_empty() {
        let ages: Vec<f64> = open.iter().map(|(_, item)| item.age.days()).collect();
        let answer = crate::analyze::survival(&SurvivalQuery {
            observed: (0..over.len() + ages.len()).map(|place| place < over.len()).collect(),
            durations: over.iter().chain(&ages).copied().collect(),
            ages,
            horizons: horizons.iter().map(|horizon| horizon.days()).collect(),
            ..SurvivalQuery::default()
        })?;
        let chances = answer.conditional.chunks(horizons.len());
        open.iter_mut().zip(chances).for_each(|((_, item), chances)| item.completion = chances.to_vec());
    }
    let open = days(open.iter().map(|(_, item)| item.age.millis()));
    Ok(SurvivalSummary::of(&over, &open))
}

/// Adds a finished item to the samples of the stages that it was in: its age when it left the stage, its time in it.
fn sample(path: &Path, started: Instant, (from, to): (usize, usize), samples: &mut [(Vec<i64>, Vec<i64>)]) {
    for (stage, (ages, times)) in samples.iter_mut().enumerate().take(to).skip(from) {
        if path.visits.iter().all(|visit| visit.stage != Some(stage)) {
            continue;
        }
        if let Some((left, _)) = path.last_entry(stage + 1) {
            ages.push(left.since(started).millis().max(0));
            times.push(time_in(path, stage, left));
        }
    }
}

/// The milliseconds in a stage until an instant.
fn time_in(path: &Path, stage: usize, until: Instant) -> i64 {
    let stays = path.stays().filter(|(.., at)| *at == stage);
    stays.map(|(since, end, _)| (end.min(until).millis() - since.millis()).max(0)).sum()
}

fn band(age: Span, sample: &Durations) -> AgeBand {
    let over =
        [(sample.p95, AgeBand::OverP95), (sample.p85, AgeBand::OverP85), (sample.median, AgeBand::OverP50)];
    over.into_iter().find(|(limit, _)| age > *limit).map_or(AgeBand::WithinP50, |(_, band)| band)
}
