//! What a release was to bring, and what it brings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// A question for the scope of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScopeQuery {
    /// The release.
    pub release: String,
    /// The time it is asked at; what happened later is left out.
    pub at: Instant,
}

/// The scope of a release against its baseline, and against what its build or tag holds. Lists are in alphabetical
/// order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// The release.
    pub release: String,
    /// When its scope was agreed on; absent where nobody said, then the scope now is the baseline.
    pub baseline_at: Option<Instant>,
    /// The scope at that time: leaves, cancelled ones left out.
    pub baseline: Vec<String>,
    /// The scope now.
    pub current: Vec<String>,
    /// In the scope now, not in the baseline.
    pub added: Vec<String>,
    /// In the baseline, no longer in the scope.
    pub removed: Vec<String>,
    /// In the scope now and done.
    pub delivered: Vec<String>,
    /// Part of the baseline that is delivered; absent without a baseline of at least one item.
    pub commitment_kept: Option<f64>,
    /// Delivered over baseline.
    pub delivered_ratio: Option<f64>,
    /// Added over baseline.
    pub added_ratio: Option<f64>,
    /// Removed over baseline.
    pub removed_ratio: Option<f64>,
    /// Items whose changes are in the release's build or tag and in no earlier release of its application; absent
    /// where neither is known.
    pub shipped: Option<Vec<String>>,
    /// Shipped without being in the scope.
    pub unplanned: Vec<String>,
    /// In the scope, done, and not shipped with this release.
    pub missing: Vec<String>,
    /// What the answer rests on.
    pub basis: Basis,
}

impl ValueStream {
    /// The scope of a release: agreed, added, removed, delivered, and what its build or tag really holds.
    ///
    /// What ships are the changes behind the commit that the release was tagged at, or behind its candidate builds, less
    /// those behind earlier releases of the same application, by the time of their commits; releases that belong to no
    /// application are taken for one family.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] for an item that is not a release.
    pub fn scope(&self, query: &ScopeQuery) -> Result<Scope> {
        self.as_of(query.at, Instant::MAX).scope_then(query)
    }

    fn scope_then(&self, query: &ScopeQuery) -> Result<Scope> {
        let release = self.find(&query.release)?;
        if self.kind(release) != Some(Kind::Release) {
            return Err(Error::invalid("release", format!("\"{}\" is not a release", query.release)));
        }
        let mut grounds = Grounds::default();
        let baseline_at = self.last(release, Set::baseline_at);
        let current = self.scope_of(release);
        let baseline = match baseline_at {
            Some((at, event)) => {
                grounds.rule("baseline:as_of");
                grounds.evidence.push(event);
                self.as_of(at, Instant::MAX).scope_of(release)
            }
            None => {
                grounds.rule("baseline:current_scope");
                current.clone()
            }
        };
        let delivered: BTreeSet<u32> =
            current.iter().copied().filter(|item| self.state_of(*item) == Some(FlowState::Done)).collect();
        let kept = baseline.intersection(&delivered).count();
        let added: BTreeSet<u32> = current.difference(&baseline).copied().collect();
        let removed: BTreeSet<u32> = baseline.difference(&current).copied().collect();
        let ratio = |n: usize| (!baseline.is_empty()).then(|| n as f64 / baseline.len() as f64);
        let shipped = self.shipped(release);
        let (mut unplanned, mut missing) = (BTreeSet::new(), BTreeSet::new());
        if let Some((items, changes)) = &shipped {
            unplanned.extend(items.difference(&current));
            for item in delivered.difference(items) {
                let own = self.changes_of(*item);
                if own.is_empty() {
                    grounds.exclude("no_change_is_linked", self.id(*item));
                } else if own.iter().any(|change| !changes.contains(change)) {
                    missing.insert(*item);
                }
            }
        }
        grounds.n = current.len() as u64;
        let names = |items: &BTreeSet<u32>| {
            let mut names: Vec<String> = items.iter().map(|item| self.id(*item).to_owned()).collect();
            names.sort_unstable();
            names
        };
        Ok(Scope {
            release: self.id(release).to_owned(),
            baseline_at: baseline_at.map(|(at, _)| at),
            commitment_kept: ratio(kept),
            delivered_ratio: ratio(delivered.len()),
            added_ratio: ratio(added.len()),
            removed_ratio: ratio(removed.len()),
            baseline: names(&baseline),
            current: names(&current),
            added: names(&added),
            removed: names(&removed),
            delivered: names(&delivered),
            shipped: shipped.as_ref().map(|(items, _)| names(items)),
            unplanned: names(&unplanned),
            missing: names(&missing),
            basis: grounds.finish(self),
        })
    }

    fn scope_of(&self, release: u32) -> BTreeSet<u32> {
        self.leaves(self.from(release, LinkKind::ShipsIn).map(|(item, _)| item)).into_iter().collect()
    }

    /// The work that a release's build or tag brings first, and all changes behind it.
    fn shipped(&self, release: u32) -> Option<(BTreeSet<u32>, HashSet<u32>)> {
        let heads = self.release_heads(release);
        let own_time = heads.iter().filter_map(|head| self.first_seen(*head)).map(|(at, _)| at).max()?;
        let mut earlier = HashSet::default();
        for other in self.siblings(release) {
            let others = self.release_heads(other);
            let time = others.iter().filter_map(|head| self.first_seen(*head)).map(|(at, _)| at).max();
            if time.is_some_and(|time| (time, self.id(other)) < (own_time, self.id(release))) {
                self.bring(others, &mut earlier);
            }
        }
        let mut all = earlier.clone();
        self.bring(heads, &mut all);
        let items = all
            .difference(&earlier)
            .flat_map(|change| self.to(*change, LinkKind::Implements))
            .map(|(item, _)| item)
            .filter(|item| self.kind(*item).is_some_and(Kind::is_work))
            .collect();
        Some((items, all))
    }

    /// The other releases of a release's applications; of one that belongs to none, those that belong to none either.
    fn siblings(&self, release: u32) -> Vec<u32> {
        let applications: Vec<u32> = self.to(release, LinkKind::BelongsTo).map(|(item, _)| item).collect();
        let is_sibling = |other: &u32| *other != release && self.kind(*other) == Some(Kind::Release);
        if applications.is_empty() {
            let is_alone = |other: &u32| self.to(*other, LinkKind::BelongsTo).next().is_none();
            return self.all().filter(is_sibling).filter(is_alone).collect();
        }
        let theirs = applications
            .into_iter()
            .flat_map(|item| self.linked(item, LinkKind::BelongsTo, Direction::Incoming));
        theirs.map(|(_, item)| item).filter(is_sibling).collect()
    }

    /// The commits at the top of a release: those of its candidate builds, else those it was tagged at.
    fn release_heads(&self, release: u32) -> Vec<u32> {
        let tags: Vec<u32> = self.from(release, LinkKind::Tags).map(|(change, _)| change).collect();
        if tags.is_empty() {
            self.candidates(release).into_iter().flat_map(|(build, _)| self.heads(build)).collect()
        } else {
            tags
        }
    }
}
