//! Which releases touch which environments and applications?

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::bookings::{Reader, for_release};
use super::{ALWAYS, places};
use crate::analyze::{Basis, EXAMPLES, Grounds, keys};
use crate::error::{Error, Result};
use crate::hash::HashMap;
use crate::model::{FlowState, Kind, LinkKind};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;

text_enum! {
    /// How a release touches an environment or application.
    pub enum ImpactRelation {
        /// The environment is booked for the release or one of its phases.
        Booked = "booked",
        /// A build of the release, or the commit that it is tagged at, was deployed there, whatever the outcome.
        Deployed = "deployed",
        /// A build of the release was tested there.
        Tested = "tested",
        /// The release belongs to the application.
        BelongsTo = "belongs_to",
        /// Work in the scope of the release belongs to the application.
        Scope = "scope",
        /// A change that does work of the scope belongs to the application.
        Changed = "changed",
        /// A build of the release belongs to the application.
        Built = "built",
    }
}

/// A question for the impact of releases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImpactQuery {
    /// The releases; absent = all that are neither done nor cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases: Option<Vec<String>>,
}

/// Two matrices as lists of their cells: what is not listed is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Impact {
    /// The releases that were looked at, by id, those with no cell included.
    pub releases: Vec<String>,
    /// Environments (rows) by releases (columns), by row, column and relation.
    pub environments: Vec<ImpactCell>,
    /// Releases (rows) by applications (columns), by row, column and relation.
    pub applications: Vec<ImpactCell>,
    /// What the answer rests on; `n` are the releases.
    pub basis: Basis,
}

/// One relation between a row and a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImpactCell {
    /// The environment, or the release.
    pub row: String,
    /// The release, or the application.
    pub column: String,
    /// How they are related.
    pub relation: ImpactRelation,
    /// How many bookings, deployments, test runs, builds, changes or work items relate them.
    pub count: u64,
    /// The first ten of them by id.
    pub through: Vec<String>,
    /// The last events of these, as `source:id`.
    pub evidence: Vec<String>,
}

/// What relates a row and a column, by number.
type Cells = BTreeMap<(u32, u32, ImpactRelation), BTreeSet<u32>>;

impl ValueStream {
    /// Which environments releases book, are deployed to and tested in, and which applications they touch.
    ///
    /// A group counts as the environments in it. Bookings count while they are pending or approved; of a release's builds
    /// those that are meant to become it now. O(what the releases are linked to).
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] for an item that is not a release.
    ///
    /// ```
    /// use vsm_core::{Event, ImpactQuery, ImpactRelation, Kind, Link, LinkKind, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let mut release = Event::new("plan", "1", "2026-03-02T00:00:00Z".parse()?, "plan:R1");
    /// release.kind = Some(Kind::Release);
    /// release.links.push(Link::new(LinkKind::BelongsTo, "app:mobile"));
    /// stream.apply(release)?;
    /// let cell = &stream.impact(&ImpactQuery::default())?.applications[0];
    /// assert_eq!((cell.row.as_str(), cell.column.as_str()), ("plan:R1", "app:mobile"));
    /// assert_eq!(cell.relation, ImpactRelation::BelongsTo);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn impact(&self, query: &ImpactQuery) -> Result<Impact> {
        let releases = self.impact_releases(query)?;
        let mut grounds = Grounds { n: releases.len() as u64, ..Grounds::default() };
        let mut reader = Reader::new(self);
        let (mut environments, mut applications) = (Cells::new(), Cells::new());
        // Looking for what is in an environment goes over all of its bookings: once is enough.
        let mut inside: HashMap<u32, Vec<u32>> = HashMap::default();
        for release in releases.iter().copied() {
            let mut at = |place: u32, relation, through| {
                let leaves = inside.entry(place).or_insert_with(|| places::leaves(self, place));
                for leaf in leaves.iter().copied() {
                    environments.entry((leaf, release, relation)).or_default().insert(through);
                }
            };
            for booking in for_release(self, release) {
                for slot in reader.slots(booking, ALWAYS, &mut |_| {}) {
                    at(slot.environment, ImpactRelation::Booked, booking);
                }
            }
            let builds: Vec<u32> = self.candidates(release).into_iter().map(|(build, _)| build).collect();
            let tagged = self.from(release, LinkKind::Tags).map(|(change, _)| change);
            for what in builds.iter().copied().chain(tagged) {
                for (deployment, _) in self.from(what, LinkKind::Deploys) {
                    for (place, _) in self.to(deployment, LinkKind::DeployedTo) {
                        at(place, ImpactRelation::Deployed, deployment);
                    }
                }
                for (run, _) in self.from(what, LinkKind::Tests) {
                    for (place, _) in self.to(run, LinkKind::RanIn) {
                        at(place, ImpactRelation::Tested, run);
                    }
                }
            }
            let mut of = |item: u32, relation, through| {
                for application in self.applications(item) {
                    applications.entry((release, application, relation)).or_default().insert(through);
                }
            };
            of(release, ImpactRelation::BelongsTo, release);
            builds.iter().for_each(|build| of(*build, ImpactRelation::Built, *build));
            for leaf in self.leaves(self.from(release, LinkKind::ShipsIn).map(|(item, _)| item)) {
                of(leaf, ImpactRelation::Scope, leaf);
                for change in self.changes_of(leaf) {
                    of(change, ImpactRelation::Changed, change);
                }
            }
        }
        let id = |item: &u32| self.id(*item).to_owned();
        Ok(Impact {
            releases: releases.iter().map(id).collect(),
            environments: self.cells(environments, &mut grounds),
            applications: self.cells(applications, &mut grounds),
            basis: grounds.finish(self),
        })
    }

    fn impact_releases(&self, query: &ImpactQuery) -> Result<Vec<u32>> {
        let mut releases: Vec<u32> = match &query.releases {
            Some(ids) => ids.iter().map(|id| self.find(id)).collect::<Result<_>>()?,
            None => {
                let is_open = |item: &u32| {
                    !matches!(self.state_of(*item), Some(FlowState::Done | FlowState::Cancelled))
                };
                self.all().filter(|item| self.kind(*item) == Some(Kind::Release)).filter(is_open).collect()
            }
        };
        if let Some(other) = releases.iter().find(|item| self.kind(**item) != Some(Kind::Release)) {
            return Err(Error::invalid("releases", format!("\"{}\" is not a release", self.id(*other))));
        }
        releases.sort_unstable_by_key(|item| self.id(*item));
        releases.dedup();
        Ok(releases)
    }

    fn cells(&self, cells: Cells, grounds: &mut Grounds) -> Vec<ImpactCell> {
        let mut cells: Vec<ImpactCell> = cells
            .into_iter()
            .map(|((row, column, relation), through)| {
                let count = through.len() as u64;
                let mut through: Vec<u32> = through.into_iter().collect();
                through.sort_unstable_by_key(|item| self.id(*item));
                through.truncate(EXAMPLES);
                let events: Vec<u32> = through.iter().filter_map(|item| self.last_event(*item)).collect();
                grounds.evidence.extend(&events);
                ImpactCell {
                    row: self.id(row).to_owned(),
                    column: self.id(column).to_owned(),
                    relation,
                    count,
                    through: through.into_iter().map(|item| self.id(item).to_owned()).collect(),
                    evidence: keys(self, events),
                }
            })
            .collect();
        cells.sort_by(|a, b| (&a.row, &a.column, a.relation).cmp(&(&b.row, &b.column, b.relation)));
        cells
    }
}
