//! What each deployment brings: every commit is walked once for each application and environment.

use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

use super::deployments::Index;
use super::rules::FirstDeploymentRule;

/// The first successful deployment of an application that contains a change.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) change: u32,
    pub(super) placement: usize,
    /// When the deployment ended.
    pub(super) at: Instant,
    /// Whether there was a deployment before it to compare with; otherwise the change may be of any age.
    pub(super) is_compared: bool,
}

/// Whether a change is a pull request, and its commits are changes of their own: commits have no state. Where a tool
/// knows nothing but pull requests, they are the changes.
pub(super) fn is_pull_request(stream: &ValueStream, change: u32) -> bool {
    let has = |kind, direction| stream.linked(change, kind, direction).next().is_some();
    stream.state_of(change).is_some()
        && (has(LinkKind::Follows, Direction::Outgoing)
            || has(LinkKind::Follows, Direction::Incoming)
            || has(LinkKind::Parent, Direction::Incoming))
}

/// When a change was made: its `starts_at`, else when it was first spoken of.
pub(super) fn authored(stream: &ValueStream, change: u32) -> Option<Instant> {
    let said = stream.last(change, Set::starts_at).or_else(|| stream.first_seen(change));
    said.map(|(at, _)| at)
}

/// Follows the deployments of each scope in their order, and notes what each of them is the first to bring; of several
/// environments of an application the earliest counts.
pub(super) fn arrivals(
    stream: &ValueStream,
    index: &mut Index,
    fixes: &HashSet<u32>,
    rule: FirstDeploymentRule,
) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    let mut first: HashMap<u32, Arrival> = HashMap::default();
    let mut application = None;
    for scope in index.scopes() {
        let own = index.placements.get(scope.start).map(|place| place.application);
        if application != own {
            arrivals.extend(first.drain().map(|(_, arrival)| arrival));
            application = own;
        }
        let mut seen = HashSet::default();
        let mut previous = None;
        for n in scope {
            let Some(place) = index.placements.get(n).filter(|place| place.succeeded) else { continue };
            let at = index.runs.get(place.run).map_or(place.finished, |run| run.finished);
            let is_compared = !seen.is_empty();
            let heads = heads(stream, place.deployment, place.application);
            let is_known = !heads.is_empty();
            let new = walk(stream, heads, &mut seen);
            let commits = new.iter().filter(|change| !is_pull_request(stream, **change)).count();
            let mends = is_compared && new.iter().any(|change| fixes.contains(change));
            let is_earlier = |old: &Arrival| {
                let id = |n: usize| index.placements.get(n).map(|place| stream.id(place.deployment));
                (at, id(n)) < (old.at, id(old.placement))
            };
            if is_compared || rule != FirstDeploymentRule::PassedOver {
                for change in new {
                    let arrival = Arrival { change, placement: n, at, is_compared };
                    let known = first.entry(change).or_insert(arrival);
                    if is_earlier(known) {
                        *known = arrival;
                    }
                }
            }
            if let Some(place) = index.placements.get_mut(n) {
                place.previous = previous;
                place.brought = (is_compared && is_known).then_some(commits as u64);
                place.mends = mends;
            }
            previous = Some(n);
        }
    }
    arrivals.extend(first.into_values());
    arrivals
}

/// The commits at the top of what a deployment brings of an application.
fn heads(stream: &ValueStream, deployment: u32, application: Option<u32>) -> Vec<u32> {
    let mut heads = Vec::new();
    for (_, item) in stream.linked(deployment, LinkKind::Deploys, Direction::Outgoing) {
        let mut whose = stream.applications(item).peekable();
        if let Some(application) = application
            && whose.peek().is_some()
            && !whose.any(|other| other == application)
        {
            continue;
        }
        match stream.kind(item) {
            Some(Kind::Change) => heads.push(item),
            _ => {
                let built = stream.linked(item, LinkKind::BuiltFrom, Direction::Outgoing);
                heads.extend(built.map(|(_, change)| change));
            }
        }
    }
    heads
}

/// Everything behind some changes that was not seen yet.
pub(super) fn walk(stream: &ValueStream, heads: Vec<u32>, seen: &mut HashSet<u32>) -> Vec<u32> {
    let mut new: Vec<u32> = heads.into_iter().filter(|change| seen.insert(*change)).collect();
    let mut next = 0;
    while let Some(change) = new.get(next).copied() {
        next += 1;
        let parents = stream.linked(change, LinkKind::Follows, Direction::Outgoing);
        new.extend(parents.map(|(_, parent)| parent).filter(|parent| seen.insert(*parent)));
    }
    new
}

/// The changes that mend incidents: those that do the work of an incident, or of a piece of work that is related to one.
pub(super) fn fixes(stream: &ValueStream, incidents: impl Iterator<Item = u32>) -> HashSet<u32> {
    let mut fixes = HashSet::default();
    for incident in incidents {
        let work = [Direction::Incoming, Direction::Outgoing]
            .into_iter()
            .flat_map(|direction| stream.linked(incident, LinkKind::Relates, direction))
            .map(|(_, other)| other)
            .filter(|other| stream.kind(*other).is_some_and(Kind::is_work));
        for item in work.chain([incident]) {
            let changes = stream.linked(item, LinkKind::Implements, Direction::Incoming);
            fixes.extend(changes.map(|(_, change)| change));
        }
    }
    fixes
}
