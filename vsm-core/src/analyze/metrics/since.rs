//! What changed of a metric that is kept up to date, until it is told.

use serde::{Deserialize, Serialize};

use super::catalogue::Measure;
use super::live::LiveMetric;
use super::state::MetricCell;
use super::table::{MetricRow, row};
use crate::hash::HashSet;

/// The rows of a metric that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricChanges {
    /// The rows that may not be as they were when rows were told last, as they are now, by group and part of the window: those
    /// that something was added to or taken from, all of a group that is new, and those that are a part of another whole.
    pub rows: Vec<MetricRow>,
    /// The groups that have no rows any more.
    pub gone: Vec<Vec<String>>,
    /// How many events were taken in since rows were told last.
    pub events: u64,
    /// How many items were looked at again, once for each time.
    pub items: u64,
    /// Whether everything was counted anew: in views of the past, and when items turn out to be one.
    pub recomputed_all: bool,
}

/// What came since rows were told last.
#[derive(Clone, Debug, Default)]
pub(super) struct Since {
    /// The groups that had rows then, by number.
    pub(super) shown: HashSet<u32>,
    /// Where something changed.
    pub(super) changed: HashSet<(u32, usize)>,
    /// Whether there are waits now and were none then, or the other way round.
    pub(super) is_new_wait: bool,
    pub(super) events: u64,
    pub(super) items: u64,
    pub(super) recomputed_all: bool,
}

impl LiveMetric {
    /// The rows that changed; from now on they have been told.
    pub(super) fn tell(&mut self) -> MetricChanges {
        let Since { mut shown, mut changed, is_new_wait, events, items, recomputed_all } =
            std::mem::take(&mut self.since);
        let parts = self.plan.buckets.len();
        changed.iter().for_each(|(group, bucket)| self.cells.settle(*group, *bucket));
        let groups: HashSet<u32> = changed.iter().map(|(group, _)| *group).collect();
        let buckets: HashSet<usize> = changed.iter().map(|(_, bucket)| *bucket).collect();
        let mut gone: Vec<Vec<String>> = Vec::new();
        for group in groups {
            let is_there = self.query.group_by.is_empty()
                || (0..parts)
                    .any(|bucket| self.cells.get(group, bucket).is_some_and(|cell| !cell.is_empty()));
            if is_there && shown.insert(group) {
                changed.extend((0..parts).map(|bucket| (group, bucket)));
            }
            if !is_there && shown.remove(&group) {
                gone.push(self.groups.name(group).to_vec());
            }
        }
        gone.sort_unstable();
        let mut wholes = vec![0_i64; parts];
        let every = |group: &u32| (0..parts).map(|bucket| (*group, bucket)).collect::<Vec<_>>();
        match self.plan.measure() {
            Measure::Efficiency if is_new_wait => changed.extend(shown.iter().flat_map(every)),
            // A share is one of all groups in the same part of the window.
            Measure::Share => {
                changed.extend(shown.iter().flat_map(every).filter(|(_, bucket)| buckets.contains(bucket)));
                for (_, bucket, cell) in self.cells.all() {
                    if let Some(whole) = wholes.get_mut(bucket) {
                        *whole = whole.saturating_add(cell.part);
                    }
                }
            }
            _ => {}
        }
        changed.retain(|(group, _)| shown.contains(group));
        let mut changed: Vec<(u32, usize)> = changed.into_iter().collect();
        changed.sort_unstable_by_key(|(group, bucket)| (self.groups.name(*group), *bucket));
        let empty = MetricCell::default();
        let tell = |(group, bucket): (u32, usize)| {
            let cell = self.cells.get(group, bucket).unwrap_or(&empty);
            let whole = wholes.get(bucket).copied().unwrap_or(0);
            row(&self.plan, self.waiting > 0, self.groups.name(group), bucket, cell, whole)
        };
        let rows = changed.into_iter().map(tell).collect();
        self.since.shown = shown;
        MetricChanges { rows, gone, events, items, recomputed_all }
    }
}
