//! How do environments differ in what they hold?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::contents::{Held, held, version};
use super::places;
use crate::analyze::{Basis, Grounds, Policy, keys};
use crate::error::{Error, Result};
use crate::hash::HashSet;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// How what one environment holds relates to what another one holds.
    pub enum DriftRelation {
        /// The same build, or one of the same commits or version.
        Same = "same",
        /// The first holds less than the second.
        Older = "older",
        /// The first holds more than the second.
        Newer = "newer",
        /// Each holds something that the other does not, or nobody knows the order.
        Different = "different",
        /// Only the first holds the application.
        OnlyHere = "only_here",
        /// Only the second holds the application.
        OnlyThere = "only_there",
    }
}

/// A question for differences between environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftQuery {
    /// The time that is asked about; what happened later is left out.
    pub at: Instant,
    /// The environments, each compared with the one after it; absent = those of each stage with those of the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
    /// The ladder of stages, where no environments are named; absent = that of the default [`Policy`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<String>>,
    /// The application; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}

/// Differences between environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The time that was asked about.
    pub at: Instant,
    /// One row for each application and pair of environments that are compared, in the order of the pairs, then by
    /// application.
    pub rows: Vec<DriftRow>,
    /// How many of them differ.
    pub differing: u64,
    /// What the answer rests on; `n` are the pairs of environments.
    pub basis: Basis,
}

/// One application in two environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftRow {
    /// The application; absent for builds of which nobody says whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The first environment.
    pub here: String,
    /// The second one.
    pub there: String,
    /// How what is here relates to what is there.
    pub relation: DriftRelation,
    /// What is here; the first by id where one deployment brought several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_here: Option<String>,
    /// What is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_there: Option<String>,
    /// The version that is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_here: Option<String>,
    /// The version that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_there: Option<String>,
    /// Since when it has been here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_here: Option<Instant>,
    /// Since when it has been there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_there: Option<Instant>,
    /// The events that say so, as `source:id`.
    pub evidence: Vec<String>,
}

/// What environments hold, by application.
type Contents = BTreeMap<Option<String>, Vec<Held>>;

impl ValueStream {
    /// Which applications are the same, older or newer in one environment than in another: of two that are named, or along
    /// the ladder of stages.
    ///
    /// What is newer is told by the commits: a build is newer than another if it brings everything that the other brings
    /// and more. Where no commits are known, the one that was finished later is newer. Builds of the same commits, or
    /// without commits but of the same version, are the same. O(deployments), and the commits behind each pair of
    /// different builds.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] for fewer than two environments, for a group among those that are named,
    /// and for environments together with stages.
    pub fn drift(&self, query: &DriftQuery) -> Result<Drift> {
        let then = self.as_of(query.at, Instant::MAX);
        let pairs = then.pairs(query)?;
        let application = query.application.as_ref().map(|id| then.find(id)).transpose()?;
        let mut grounds = Grounds { n: pairs.len() as u64, ..Grounds::default() };
        grounds.rule("last_successful_deployment");
        let mut known: BTreeMap<u32, Contents> = BTreeMap::new();
        for place in pairs.iter().flat_map(|(here, there)| [*here, *there]) {
            known.entry(place).or_insert_with(|| {
                let mut contents = Contents::new();
                for held in held(&then, place, query.at) {
                    if application.is_none() || held.application == application {
                        let owner = held.application.map(|item| then.id(item).to_owned());
                        contents.entry(owner).or_default().push(held);
                    }
                }
                contents
            });
        }
        let mut rows = Vec::new();
        for (here, there) in pairs {
            let (Some(left), Some(right)) = (known.get(&here), known.get(&there)) else { continue };
            let mut owners: Vec<&Option<String>> = left.keys().chain(right.keys()).collect();
            owners.sort_unstable();
            owners.dedup();
            for owner in owners {
                let (left, right) = (left.get(owner), right.get(owner));
                let events = [left, right].into_iter().flatten().flatten().flat_map(|held| &held.events);
                let events: Vec<u32> = events.copied().collect();
                let relation = match (left, right) {
                    (Some(left), Some(right)) => then.compare(left, right, &mut grounds),
                    (Some(_), None) => DriftRelation::OnlyHere,
                    _ => DriftRelation::OnlyThere,
                };
                let build = |held: Option<&Held>| held.map(|held| then.id(held.build).to_owned());
                let (left, right) = (left.and_then(|held| held.first()), right.and_then(|held| held.first()));
                rows.push(DriftRow {
                    application: owner.clone(),
                    here: then.id(here).to_owned(),
                    there: then.id(there).to_owned(),
                    relation,
                    build_here: build(left),
                    build_there: build(right),
                    version_here: left.and_then(|held| version(&then, held)),
                    version_there: right.and_then(|held| version(&then, held)),
                    since_here: left.and_then(|held| held.since),
                    since_there: right.and_then(|held| held.since),
                    evidence: keys(&then, events.iter().copied()),
                });
                grounds.evidence.extend(events);
            }
        }
        let differing = rows.iter().filter(|row| row.relation != DriftRelation::Same).count() as u64;
        Ok(Drift { at: query.at, rows, differing, basis: grounds.finish(&then) })
    }

    /// The environments to be compared.
    fn pairs(&self, query: &DriftQuery) -> Result<Vec<(u32, u32)>> {
        if let Some(ids) = &query.environments {
            if query.stages.is_some() {
                return Err(Error::invalid("stages", "leave them out where environments are named"));
            }
            if ids.len() < 2 {
                return Err(Error::invalid("environments", "name at least two"));
            }
            let items = ids.iter().map(|id| self.find(id)).collect::<Result<Vec<u32>>>()?;
            if let Some(group) = items.iter().find(|item| !places::is_leaf(self, **item)) {
                let reason = format!("\"{}\" is a group: name what is in it", self.id(*group));
                return Err(Error::invalid("environments", reason));
            }
            return Ok(items.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?))).collect());
        }
        let stages = query.stages.clone().unwrap_or_else(|| Policy::default().stages);
        let mut rungs: Vec<Vec<u32>> = vec![Vec::new(); stages.len()];
        for environment in self.environments(None)? {
            let stage = places::stage(self, environment);
            let rung = stages.iter().position(|name| stage.as_deref() == Some(name));
            rung.and_then(|rung| rungs.get_mut(rung)).into_iter().for_each(|rung| rung.push(environment));
        }
        rungs.retain(|rung| !rung.is_empty());
        // An environment of one application is no step before that of another.
        let holds: BTreeMap<u32, HashSet<Option<u32>>> = rungs
            .iter()
            .flatten()
            .map(|place| (*place, held(self, *place, query.at).iter().map(|held| held.application).collect()))
            .collect();
        let is_related = |here: u32, there: u32| match (holds.get(&here), holds.get(&there)) {
            (Some(left), Some(right)) => left.iter().any(|owner| right.contains(owner)),
            _ => false,
        };
        let mut pairs = Vec::new();
        for step in rungs.windows(2) {
            let (Some(lower), Some(upper)) = (step.first(), step.last()) else { continue };
            let all = lower.iter().flat_map(|here| upper.iter().map(move |there| (*here, *there)));
            pairs.extend(all.filter(|(here, there)| is_related(*here, *there)));
        }
        Ok(pairs)
    }

    fn compare(&self, here: &[Held], there: &[Held], grounds: &mut Grounds) -> DriftRelation {
        let builds = |held: &[Held]| held.iter().map(|held| held.build).collect::<Vec<u32>>();
        let (left, right) = (builds(here), builds(there));
        if left == right {
            return DriftRelation::Same;
        }
        let heads = |builds: &[u32]| -> HashSet<u32> {
            let heads = builds.iter().flat_map(|build| {
                // Where a tool knows nothing but a commit, that is the head.
                let made: Vec<u32> = self.heads(*build).collect();
                if made.is_empty() && self.is_commit(*build) { vec![*build] } else { made }
            });
            heads.collect()
        };
        let (left_heads, right_heads) = (heads(&left), heads(&right));
        if left_heads.is_empty() || right_heads.is_empty() {
            return self.compare_times(here, there, grounds);
        }
        grounds.rule("order:commits");
        if left_heads == right_heads {
            return DriftRelation::Same;
        }
        let brings = |heads: &HashSet<u32>| {
            let mut found = HashSet::default();
            self.bring(heads.iter().copied(), &mut found);
            found
        };
        let (left_all, right_all) = (brings(&left_heads), brings(&right_heads));
        let holds = |all: &HashSet<u32>, heads: &HashSet<u32>| heads.iter().all(|head| all.contains(head));
        match (holds(&right_all, &left_heads), holds(&left_all, &right_heads)) {
            (true, true) => DriftRelation::Same,
            (true, false) => DriftRelation::Older,
            (false, true) => DriftRelation::Newer,
            (false, false) => DriftRelation::Different,
        }
    }

    fn compare_times(&self, here: &[Held], there: &[Held], grounds: &mut Grounds) -> DriftRelation {
        let versions = |held: &[Held]| held.iter().map(|held| version(self, held)).collect::<Vec<_>>();
        let (left, right) = (versions(here), versions(there));
        if left == right && left.iter().all(Option::is_some) {
            grounds.rule("same:version");
            return DriftRelation::Same;
        }
        let finished = |held: &[Held]| held.iter().filter_map(|held| self.finished_at(held.build)).max();
        grounds.rule("order:build_time");
        match (finished(here), finished(there)) {
            (Some(left), Some(right)) if left < right => DriftRelation::Older,
            (Some(left), Some(right)) if left > right => DriftRelation::Newer,
            _ => DriftRelation::Different,
        }
    }

    fn is_commit(&self, item: u32) -> bool {
        self.kind(item) == Some(crate::model::Kind::Change)
    }
}
