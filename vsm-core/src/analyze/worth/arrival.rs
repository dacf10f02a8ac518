//! When work came to its users.

use crate::analyze::environments::stage;
use crate::graph::Direction::{Incoming, Outgoing};
use crate::hash::HashMap;
use crate::model::{FlowState, Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// How it is known that work came to its users.
    pub enum ArrivalSource {
        /// The first successful deployment to an environment of the stage `production` that brings it.
        Deployment = "deployment",
        /// The first of its releases that shipped, where no such deployment is known.
        Release = "release",
        /// It was done.
        Done = "done",
    }
}

/// When something arrived: its first part, and all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::analyze) struct Arrival {
    pub(in crate::analyze) first: Instant,
    pub(in crate::analyze) whole: Option<Instant>,
    pub(in crate::analyze) by: ArrivalSource,
}

/// What is in production since when.
pub(in crate::analyze) struct Arrivals<'a> {
    stream: &'a ValueStream,
    until: Instant,
    /// By build or change: the end of the first successful deployment to production that brings it.
    deployed: HashMap<u32, Instant>,
}

impl<'a> Arrivals<'a> {
    /// Looks at every item, and walks each change behind a deployment to production once.
    pub(in crate::analyze) fn new(stream: &'a ValueStream, until: Instant) -> Arrivals<'a> {
        let is_in_production = |deployment: u32| {
            let mut places = stream.linked(deployment, LinkKind::DeployedTo, Outgoing);
            places.any(|(_, place)| stage(stream, place).as_deref() == Some("production"))
        };
        let mut deployments: Vec<(Instant, u32)> = stream
            .all()
            .filter(|item| stream.kind(*item) == Some(Kind::Deployment))
            .filter(|item| stream.outcome(*item) == Some(Outcome::Success) && is_in_production(*item))
            .filter_map(|item| Some((stream.finished_at(item)?, item)))
            .filter(|(at, _)| *at <= until)
            .collect();
        deployments.sort_unstable();
        let mut deployed: HashMap<u32, Instant> = HashMap::default();
        for (at, deployment) in deployments {
            let mut stack: Vec<u32> = Vec::new();
            for (_, brought) in stream.linked(deployment, LinkKind::Deploys, Outgoing) {
                stack.push(brought);
                stack.extend(stream.linked(brought, LinkKind::BuiltFrom, Outgoing).map(|(_, head)| head));
            }
            // What an earlier deployment brought has been there with all that it follows.
            while let Some(item) = stack.pop() {
                if !deployed.contains_key(&item) {
                    deployed.insert(item, at);
                    stack.extend(stream.linked(item, LinkKind::Follows, Outgoing).map(|(_, parent)| parent));
                }
            }
        }
        Arrivals { stream, until, deployed }
    }

    /// When a release shipped: as its tool says, or else by the first of its builds that went to production, or else when it
    /// was done.
    pub(in crate::analyze) fn release(&self, release: u32) -> Option<Instant> {
        let stated = self.stream.last(release, Set::released_at).map(|(at, _)| at);
        let deployed = || {
            let builds = self.stream.candidates(release);
            builds.iter().filter_map(|(build, _)| self.deployed.get(build)).min().copied()
        };
        let done = || self.stream.done_at(release).map(|(at, _)| at);
        stated.or_else(deployed).or_else(done).filter(|at| *at <= self.until)
    }

    /// When a release shipped, or a build or change came to production.
    pub(in crate::analyze) fn any(&self, item: u32) -> Option<Instant> {
        match self.stream.kind(item) {
            Some(Kind::Release) => self.release(item),
            _ => self.deployed.get(&item).copied(),
        }
    }

    /// When an item arrived: by its leaves, or where none of them did, by itself.
    pub(in crate::analyze) fn of(&self, item: u32) -> Option<Arrival> {
        let leaves = self.stream.leaves([item]);
        let arrivals: Vec<Option<Arrival>> = leaves.iter().map(|leaf| self.alone(*leaf)).collect();
        let known = || arrivals.iter().flatten();
        let Some(first) = known().map(|arrival| arrival.first).min() else { return self.alone(item) };
        let wholes: Option<Vec<Instant>> =
            arrivals.iter().map(|arrival| arrival.and_then(|arrival| arrival.whole)).collect();
        Some(Arrival {
            first,
            whole: wholes.and_then(|wholes| wholes.into_iter().max()),
            by: known().map(|arrival| arrival.by).min()?,
        })
    }

    /// When an item was done, for hosts that know no production.
    pub(in crate::analyze) fn done(&self, item: u32) -> Option<Arrival> {
        if self.stream.state_of(item) != Some(FlowState::Done) {
            return None;
        }
        let (at, _) = self.stream.done_at(item)?;
        Some(Arrival { first: at, whole: Some(at), by: ArrivalSource::Done })
    }

    fn alone(&self, item: u32) -> Option<Arrival> {
        let deployed = |kind| {
            let others = self.stream.linked(item, kind, Incoming);
            others.map(|(_, other)| self.deployed.get(&other).copied()).collect::<Vec<_>>()
        };
        // A build that is said to contain the item has all of it.
        let stated = deployed(LinkKind::Contains).into_iter().flatten().min();
        let changes = deployed(LinkKind::Implements);
        let first = changes.iter().flatten().chain(&stated).min().copied();
        let shipped = || {
            let releases = self.stream.linked(item, LinkKind::ShipsIn, Outgoing);
            releases.filter_map(|(_, release)| self.release(release)).min()
        };
        if let Some(first) = first {
            let all: Option<Vec<Instant>> = changes.iter().copied().collect();
            let whole = stated.or_else(|| all.and_then(|all| all.into_iter().max())).or_else(shipped);
            return Some(Arrival { first, whole, by: ArrivalSource::Deployment });
        }
        let at = shipped()?;
        Some(Arrival { first: at, whole: Some(at), by: ArrivalSource::Release })
    }
}
