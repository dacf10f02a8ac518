//! The stages of a flow: the flow states, or a tool's own statuses in a given order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Traveller;
use super::waits::Stretch;
use crate::analyze::life::stays_by_status;
use crate::error::{Error, Result};
use crate::model::FlowState;
use crate::time::{Instant, clip};

/// A stage of a flow in the words of a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowStage {
    /// What it is called in the answer.
    pub name: String,
    /// The statuses that belong to it, by name or by the tool's id; absent = the one of the stage's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<String>>,
}

/// More stages than anybody can look at.
const MOST_STAGES: usize = 200;

impl FlowStage {
    /// The stage of one status.
    pub fn new(name: impl Into<String>) -> FlowStage {
        FlowStage { name: name.into(), statuses: None }
    }
}

/// The stages in their order.
pub(super) struct Ladder {
    pub(super) names: Vec<String>,
    /// How far a stage is. Work goes to and fro between active and waiting, so these are equally far.
    ranks: Vec<usize>,
    /// The stage of a status; none where the stages are the flow states.
    by_status: Option<BTreeMap<String, usize>>,
}

/// An item coming to a stage; it is there until the next one.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    /// None where it is in no stage.
    pub(super) stage: Option<usize>,
    pub(super) since: Instant,
    pub(super) event: u32,
}

/// Where an item was, first to last; consecutive visits differ in their stage.
pub(super) struct Path {
    pub(super) visits: Vec<Visit>,
    /// Whether it was in a status that belongs to no stage: it is taken to have stayed where it was.
    pub(super) has_unmapped: bool,
}

impl Ladder {
    /// The flow states new, waiting, active and done where no stages are given.
    pub(super) fn new(stages: Option<&[FlowStage]>) -> Result<Ladder> {
        let Some(stages) = stages else {
            let states = [FlowState::New, FlowState::Waiting, FlowState::Active, FlowState::Done];
            let names = states.iter().map(|state| state.as_str().to_owned()).collect();
            return Ok(Ladder { names, ranks: vec![0, 1, 1, 2], by_status: None });
        };
        if stages.len() < 2 || stages.len() > MOST_STAGES {
            return Err(Error::invalid("stages", format!("there must be from 2 to {MOST_STAGES} stages")));
        }
        let mut by_status = BTreeMap::new();
        let mut names: Vec<String> = Vec::new();
        for (number, stage) in stages.iter().enumerate() {
            if names.contains(&stage.name) {
                let reason = format!("there are two stages \"{}\"", clip(&stage.name));
                return Err(Error::invalid("stages", reason));
            }
            names.push(stage.name.clone());
            let own = std::slice::from_ref(&stage.name);
            for status in stage.statuses.as_deref().unwrap_or(own) {
                if by_status.insert(status.clone(), number).is_some_and(|other| other != number) {
                    let reason = format!("the status \"{}\" belongs to two stages", clip(status));
                    return Err(Error::invalid("stages", reason));
                }
            }
        }
        Ok(Ladder { ranks: (0..names.len()).collect(), names, by_status: Some(by_status) })
    }

    /// The stage of a name, or the one by default.
    pub(super) fn named(&self, field: &str, name: Option<&str>, default: usize) -> Result<usize> {
        let Some(name) = name else { return Ok(default) };
        self.names.iter().position(|stage| stage == name).ok_or_else(|| {
            let reason = format!("\"{}\" is not one of {}", clip(name), clip(&self.names.join(", ")));
            Error::invalid(field, reason)
        })
    }

    /// The stages between which work is in progress: by default from the second to the last.
    pub(super) fn ends(&self, start: Option<&str>, end: Option<&str>) -> Result<(usize, usize)> {
        let from = self.named("start_stage", start, 1)?;
        let to = self.named("end_stage", end, self.names.len() - 1)?;
        if to <= from {
            return Err(Error::invalid("end_stage", "must come after the stage that work starts in"));
        }
        Ok((from, to))
    }

    pub(super) fn name(&self, stage: usize) -> String {
        self.names.get(stage).cloned().unwrap_or_default()
    }

    pub(super) fn rank(&self, stage: usize) -> usize {
        self.ranks.get(stage).copied().unwrap_or(stage)
    }

    /// The rule by which stages are told.
    pub(super) fn rule(&self) -> &'static str {
        if self.by_status.is_some() { "stages:statuses" } else { "stages:flow_states" }
    }

    pub(super) fn path(&self, traveller: &Traveller<'_>) -> Path {
        let mut path = Path { visits: Vec::new(), has_unmapped: false };
        match &self.by_status {
            None => {
                for (since, state, event) in traveller.life.changes.iter() {
                    let stage = match state {
                        FlowState::New => Some(0),
                        FlowState::Waiting => Some(1),
                        FlowState::Active => Some(2),
                        FlowState::Done => Some(3),
                        FlowState::Cancelled => None,
                    };
                    path.visits.push(Visit { stage, since: *since, event: *event });
                }
            }
            Some(by_status) => {
                for stay in stays_by_status(&traveller.events) {
                    let by_id = stay.status_id.and_then(|id| by_status.get(id));
                    let Some(stage) = by_id.or_else(|| by_status.get(stay.status)).copied() else {
                        path.has_unmapped = true;
                        continue;
                    };
                    if path.visits.last().is_none_or(|last| last.stage != Some(stage)) {
                        path.visits.push(Visit { stage: Some(stage), since: stay.since, event: stay.event });
                    }
                }
            }
        }
        path
    }
}

impl Path {
    /// (since, until, stage); the last one open.
    pub(super) fn stays(&self) -> impl Iterator<Item = (Instant, Instant, usize)> {
        let ends = self.visits.iter().skip(1).map(|visit| visit.since).chain([Instant::MAX]);
        let stays = self.visits.iter().zip(ends);
        stays.filter_map(|(visit, end)| Some((visit.since, end, visit.stage?)))
    }

    /// When it first was in a stage or a later one, and the event.
    pub(super) fn first_entry(&self, stage: usize) -> Option<(Instant, u32)> {
        let found = self.visits.iter().find(|visit| visit.stage.is_some_and(|at| at >= stage))?;
        Some((found.since, found.event))
    }

    /// Since when it is in a stage or a later one without having gone back, and the event.
    pub(super) fn last_entry(&self, stage: usize) -> Option<(Instant, u32)> {
        let is_there = |visit: &&Visit| visit.stage.is_some_and(|at| at >= stage);
        let found = self.visits.iter().rev().take_while(is_there).last()?;
        Some((found.since, found.event))
    }

    /// When it first was in one of the stages between which work is in progress.
    pub(super) fn started(&self, from: usize, to: usize) -> Option<Instant> {
        let is_in = |visit: &&Visit| visit.stage.is_some_and(|stage| (from..to).contains(&stage));
        self.visits.iter().find(is_in).map(|visit| visit.since)
    }

    /// The moves back, each with the stage that it leads from and the visit that it leads to.
    pub(super) fn moves_back(&self, ladder: &Ladder) -> Vec<(usize, Visit)> {
        let visits: Vec<(usize, Visit)> =
            self.visits.iter().filter_map(|visit| Some((visit.stage?, *visit))).collect();
        let pairs = visits.iter().zip(visits.iter().skip(1));
        let back = pairs.filter(|((before, _), (after, _))| ladder.rank(*after) < ladder.rank(*before));
        back.map(|((before, _), (_, visit))| (*before, *visit)).collect()
    }

    /// The times after a move back until it is again as far as it had been, in order.
    pub(super) fn behind(&self, ladder: &Ladder) -> Vec<Stretch> {
        let mut furthest = 0;
        let mut found = Vec::new();
        for (since, until, stage) in self.stays() {
            let rank = ladder.rank(stage);
            if rank < furthest {
                found.push((since, until));
            }
            furthest = furthest.max(rank);
        }
        found
    }

    /// Where it is now.
    pub(super) fn current(&self) -> Option<usize> {
        self.visits.last()?.stage
    }
}
