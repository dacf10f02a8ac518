//! How often work goes back, and how much of it goes through at the first time.

use serde::{Deserialize, Serialize};

use super::stages::{FlowStage, Ladder, Path};
use super::waits::{common, length, union};
use super::{Who, check_window, ratio, span};
use crate::analyze::{Basis, Grounds};
use crate::error::Result;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// A question for the rework in what was finished in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReworkQuery {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Only items of these kinds; absent = all flow items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// The stages in their order, made of the tool's own statuses; absent = new, waiting, active and done, where going to and
    /// fro between waiting and active is no rework.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<FlowStage>>,
    /// The stage in which work begins; absent = the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_stage: Option<String>,
    /// The stage in which work is over: an item belongs to the window of its last entry there; absent = the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_stage: Option<String>,
}

/// The rework in what was finished in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rework {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// How many items were finished in it.
    pub finished: u64,
    /// How many of them never went back.
    pub first_pass: u64,
    /// Their share, from 0 to 1; absent where nothing was finished.
    pub first_pass_yield: Option<f64>,
    /// The yields of the stages of work multiplied: the share that would go through all of them at the first time, if the
    /// stages were independent. Absent where nothing was finished.
    pub rolled_yield: Option<f64>,
    /// Moves to a stage that is less far, re-openings included.
    pub moves_back: u64,
    /// Moves back from the stage in which work is over.
    pub reopenings: u64,
    /// Entries to a stage in which the item had been before, after whatever move.
    pub repeats: u64,
    /// Time after a move back until the item was again as far as it had been.
    pub rework_time: Span,
    /// That over the time from start to finish of all items; absent where there is none.
    pub rework_share: Option<f64>,
    /// The stages of work, in their order.
    pub stages: Vec<StageYield>,
    /// The items that went back or repeated a stage, by id.
    pub items: Vec<ItemRework>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// How work goes through one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageYield {
    /// The stage.
    pub stage: String,
    /// How many items were in it.
    pub items: u64,
    /// How many came back to it after a move back.
    pub returned: u64,
    /// How many did not, as a share from 0 to 1; absent where no item was in it.
    pub first_pass_yield: Option<f64>,
    /// How many moves back started from it.
    pub sent_back: u64,
}

/// The rework in one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemRework {
    /// The item.
    pub item: String,
    /// Moves to a stage that is less far, re-openings included.
    pub moves_back: u64,
    /// Moves back from the stage in which work is over.
    pub reopenings: u64,
    /// Entries to a stage in which it had been before.
    pub repeats: u64,
    /// Time after a move back until it was again as far as it had been.
    pub rework_time: Span,
}

impl ReworkQuery {
    /// A question with all defaults.
    pub fn new(start: Instant, end: Instant) -> ReworkQuery {
        ReworkQuery {
            start,
            end,
            within: None,
            kinds: None,
            stages: None,
            start_stage: None,
            end_stage: None,
        }
    }
}

impl ValueStream {
    /// How often what was finished in a window had gone back, and which share went through at the first time (first-pass
    /// and rolled throughput yield, as in Six Sigma).
    ///
    /// An item that is open again counts in nothing until it is finished again. One pass over the history of every item.
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem) for `within`, [`Error::Invalid`](crate::Error::Invalid) for a
    /// window that ends before it starts or spans more than a hundred years, for a status in two stages and for a stage that
    /// is not there.
    ///
    /// ```
    /// use vsm_core::{Event, FlowState, Kind, ReworkQuery, Span, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let days = [(1, FlowState::Active), (3, FlowState::Done), (4, FlowState::Active), (6, FlowState::Done)];
    /// for (day, state) in days {
    ///     let at = format!("2026-07-0{day}T09:00:00Z").parse()?;
    ///     let mut event = Event::new("jira", format!("{day}"), at, "jira:CHK-1");
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(state);
    ///     stream.apply(event)?;
    /// }
    /// let july = ReworkQuery::new("2026-07-01T00:00:00Z".parse()?, "2026-08-01T00:00:00Z".parse()?);
    /// let rework = stream.rework(&july)?;
    /// assert_eq!((rework.finished, rework.first_pass, rework.reopenings), (1, 0, 1));
    /// assert_eq!((rework.rework_time, rework.rework_share), (Span::from_days(2), Some(0.4)));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn rework(&self, query: &ReworkQuery) -> Result<Rework> {
        check_window(query.start, query.end)?;
        let mut who = Who::new(self, query.within.as_deref(), query.kinds.as_deref())?;
        who.needs_state = query.stages.is_none();
        let ladder = Ladder::new(query.stages.as_deref())?;
        let (from, to) = ladder.ends(query.start_stage.as_deref(), query.end_stage.as_deref())?;
        let mut grounds = Grounds::default();
        let mut sums = Sums { stages: vec![StageSum::default(); ladder.names.len()], ..Sums::default() };
        self.travellers(&who, &mut grounds, |grounds, traveller| {
            let path = ladder.path(&traveller);
            if path.has_unmapped {
                grounds.exclude("status_of_no_stage", self.id(traveller.item));
            }
            let done = path.last_entry(to).filter(|(at, _)| query.start <= *at && *at < query.end);
            let Some((done, event)) = done else { return };
            grounds.n += 1;
            grounds.evidence.push(event);
            let started = path.started(from, to);
            if started.is_none() {
                grounds.exclude("never_started", self.id(traveller.item));
            }
            sums.add(&path, &ladder, to, (started.unwrap_or(done), done), self.id(traveller.item));
        });
        for rule in ["items:leaves", "reopen:last_done", ladder.rule()] {
            grounds.rule(rule);
        }
        let stages = sums.stages.iter().enumerate().take(to).skip(from);
        let stages = stages.map(|(stage, sum)| StageYield {
            stage: ladder.name(stage),
            items: sum.items,
            returned: sum.returned,
            first_pass_yield: ratio(i128::from(sum.items - sum.returned), i128::from(sum.items)),
            sent_back: sum.sent_back,
        });
        let stages: Vec<StageYield> = stages.collect();
        let yields: Vec<f64> = stages.iter().filter_map(|stage| stage.first_pass_yield).collect();
        let first_pass = sums.finished - sums.went_back;
        Ok(Rework {
            start: query.start,
            end: query.end,
            finished: sums.finished,
            first_pass,
            first_pass_yield: ratio(i128::from(first_pass), i128::from(sums.finished)),
            rolled_yield: (!yields.is_empty()).then(|| yields.iter().product()),
            moves_back: sums.items.iter().map(|item| item.moves_back).sum(),
            reopenings: sums.items.iter().map(|item| item.reopenings).sum(),
            repeats: sums.items.iter().map(|item| item.repeats).sum(),
            rework_time: span(sums.rework),
            rework_share: ratio(sums.rework, sums.time),
            stages,
            items: sums.items,
            basis: grounds.finish(self),
        })
    }
}

#[derive(Clone, Default)]
struct StageSum {
    items: u64,
    returned: u64,
    sent_back: u64,
}

#[derive(Default)]
struct Sums {
    finished: u64,
    went_back: u64,
    rework: i128,
    time: i128,
    stages: Vec<StageSum>,
    items: Vec<ItemRework>,
}

impl Sums {
    fn add(&mut self, path: &Path, ladder: &Ladder, to: usize, (start, done): (Instant, Instant), id: &str) {
        self.finished += 1;
        let back = path.moves_back(ladder);
        self.went_back += u64::from(!back.is_empty());
        for (from, _) in &back {
            if let Some(stage) = self.stages.get_mut(*from) {
                stage.sent_back += 1;
            }
        }
        let mut repeats = 0;
        for (number, stage) in self.stages.iter_mut().enumerate() {
            let mut entries = path.visits.iter().filter(|visit| visit.stage == Some(number));
            let Some(first) = entries.next() else { continue };
            stage.items += 1;
            let again: Vec<Instant> = entries.map(|visit| visit.since).collect();
            repeats += again.len() as u64;
            let is_return = |at: &Instant| {
                back.iter().any(|(_, move_to)| first.since < move_to.since && move_to.since <= *at)
            };
            stage.returned += u64::from(again.iter().any(is_return));
        }
        let behind = union(path.behind(ladder));
        let rework = length(&common(&behind, &union([(start, done)])));
        self.rework += i128::from(rework);
        self.time += i128::from(done.since(start).millis().max(0));
        if !back.is_empty() || repeats > 0 {
            self.items.push(ItemRework {
                item: id.to_owned(),
                moves_back: back.len() as u64,
                reopenings: back.iter().filter(|(from, _)| *from >= to).count() as u64,
                repeats,
                rework_time: Span::from_millis(rework),
            });
        }
    }
}
