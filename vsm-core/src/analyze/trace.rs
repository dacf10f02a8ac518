//! From an item up to theme and strategy, and down to build, test, environment and deployment.

use serde::{Deserialize, Serialize};

use super::{Basis, Grounds};
use crate::error::Result;
use crate::graph::Direction;
use crate::hash::HashMap;
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;

/// Where an item comes from and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// What it serves: parents, epics, themes, strategy. By depth, then by id.
    pub up: Vec<TraceStep>,
    /// What it led to: children, changes, builds, test runs, deployments, environments, releases. By depth, then by
    /// id.
    pub down: Vec<TraceStep>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One item of a trace, reached over its shortest way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceStep {
    /// How many links away it is, from 1.
    pub depth: u32,
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub kind: Option<Kind>,
    /// The item one step nearer.
    pub from: String,
    /// The link between the two.
    pub link: LinkKind,
    /// The rule that inferred this link; absent = stated.
    pub rule: Option<String>,
    /// How sure the whole way is: the product of the confidences along it.
    pub confidence: f64,
    /// The event that says so, as `source:id`.
    pub evidence: String,
}

/// Which links lead up, towards theme and strategy, and in which direction they are drawn. Down is the reverse.
fn leads_up(kind: LinkKind) -> Option<Direction> {
    match kind {
        LinkKind::Parent
        | LinkKind::Implements
        | LinkKind::BuiltFrom
        | LinkKind::Contains
        | LinkKind::Tests
        | LinkKind::Deploys
        | LinkKind::CausedBy => Some(Direction::Outgoing),
        // A release comes after its scope and before its builds.
        LinkKind::ShipsIn => Some(Direction::Incoming),
        LinkKind::Candidate => Some(Direction::Outgoing),
        LinkKind::Tags => Some(Direction::Incoming),
        // A test run or deployment is above the place that it ran in.
        LinkKind::RanIn | LinkKind::DeployedTo => Some(Direction::Incoming),
        _ => None,
    }
}

impl ValueStream {
    /// Follows an item up to theme and strategy and down to build, test, environment and deployment.
    ///
    /// A build brings a change if it is made from it or from a change that follows it; of these only the first one,
    /// by time, is on the way down. Each item appears once, over its shortest way; ties are broken by id. Takes time
    /// in proportion to what is found, and to the later commits where the way leads through a change.
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem).
    pub fn trace(&self, id: &str) -> Result<Trace> {
        let item = self.find(id)?;
        let mut grounds = Grounds::default();
        grounds.rule("shortest_way");
        grounds.rule("first_build_that_brings_a_change");
        let up = self.follow(item, true, &mut grounds);
        let down = self.follow(item, false, &mut grounds);
        grounds.n = (up.len() + down.len()) as u64;
        Ok(Trace {
            item: self.id(item).to_owned(),
            title: self.title(item).to_owned(),
            up,
            down,
            basis: grounds.finish(self),
        })
    }

    fn follow(&self, start: u32, up: bool, grounds: &mut Grounds) -> Vec<TraceStep> {
        let mut found = HashMap::from_iter([(start, 1.0)]);
        let mut steps = Vec::new();
        let mut level = vec![start];
        let mut depth = 0;
        while !level.is_empty() {
            depth += 1;
            let mut reached: Vec<(u32, u32, u32, LinkKind)> = Vec::new();
            for from in level.drain(..) {
                for direction in [Direction::Outgoing, Direction::Incoming] {
                    for (link, kind, other) in self.touching(from, direction) {
                        let wanted = leads_up(kind).is_some_and(|d| (d == direction) == up);
                        // Down from a change, its builds are found through the commits that follow.
                        if wanted && (up || kind != LinkKind::BuiltFrom) && !found.contains_key(&other) {
                            reached.push((other, from, link, kind));
                        }
                    }
                }
                if !up
                    && self.kind(from) == Some(Kind::Change)
                    && let Some((build, link)) = self.first_build(from)
                    && !found.contains_key(&build)
                {
                    reached.push((build, from, link, LinkKind::BuiltFrom));
                }
            }
            reached.sort_by(|a, b| (self.id(a.0), self.id(a.1), a.3).cmp(&(self.id(b.0), self.id(b.1), b.3)));
            for (item, from, link, kind) in reached {
                if found.contains_key(&item) {
                    continue;
                }
                let detail = self.detail(link);
                let before = found.get(&from).copied().unwrap_or(1.0);
                let confidence = before * detail.and_then(|d| d.confidence).unwrap_or(1.0);
                found.insert(item, confidence);
                level.push(item);
                let event = self.evidence(link);
                grounds.evidence.push(event);
                steps.push(TraceStep {
                    depth,
                    item: self.id(item).to_owned(),
                    title: self.title(item).to_owned(),
                    kind: self.kind(item),
                    from: self.id(from).to_owned(),
                    link: kind,
                    rule: detail.and_then(|d| d.rule.as_deref()).map(Into::into),
                    confidence,
                    evidence: self.key(event).to_owned(),
                });
            }
        }
        steps
    }
}
