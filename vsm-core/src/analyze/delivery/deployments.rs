//! The deployments to production, each once, in order: one pass over what was deployed to each environment.

use crate::analyze::environments::{leaves, line, stage};
use crate::error::Result;
use crate::graph::Direction;
use crate::hash::HashMap;
use crate::model::{Kind, LinkKind, Outcome};
use crate::stream::ValueStream;
use crate::time::Instant;

use super::attribute;

/// A deployment of one application to one environment.
pub(super) struct Placement {
    pub(super) deployment: u32,
    /// The number of its run.
    pub(super) run: usize,
    pub(super) application: Option<u32>,
    pub(super) environment: u32,
    pub(super) finished: Instant,
    pub(super) succeeded: bool,
    pub(super) event: u32,
    /// The successful one of the application to the environment before it.
    pub(super) previous: Option<usize>,
    /// How many commits it brings, where there is something to compare with.
    pub(super) brought: Option<u64>,
    /// Whether one of its changes mends an incident.
    pub(super) mends: bool,
}

/// A deployment as it is counted: the jobs of one pipeline run for one application. It succeeded if one of them did, and
/// ended with the last of these.
pub(super) struct Run {
    /// The item that stands for the run: what its jobs are parts of, else the deployment itself.
    pub(super) key: u32,
    pub(super) application: Option<u32>,
    pub(super) finished: Instant,
    pub(super) succeeded: bool,
    pub(super) placements: Vec<usize>,
    /// The failures that are attributed to it, by number.
    pub(super) failures: Vec<usize>,
    pub(super) rework: bool,
}

impl Run {
    /// The most that it brings to one environment.
    pub(super) fn batch(&self, placements: &[Placement]) -> Option<u64> {
        self.placements.iter().filter_map(|place| placements.get(*place)?.brought).max()
    }
}

/// What is known of the deployments to some environments.
pub(super) struct Index {
    /// By application, environment, end and id.
    pub(super) placements: Vec<Placement>,
    pub(super) runs: Vec<Run>,
    /// The runs of each deployment and of each item that stands for a run.
    pub(super) of_item: HashMap<u32, Vec<usize>>,
    /// The successful runs of each application, by end and id.
    pub(super) lines: HashMap<Option<u32>, Vec<(Instant, usize)>>,
    /// Deployments that count in nothing, with the reason.
    pub(super) left_out: Vec<(&'static str, u32)>,
}

/// What one deployment says, asked once.
struct Told {
    run: u32,
    owners: Vec<Option<u32>>,
    ended: Option<(Instant, bool, u32)>,
}

impl Index {
    pub(super) fn new(stream: &ValueStream, environments: &[u32]) -> Index {
        let mut index = Index {
            placements: Vec::new(),
            runs: Vec::new(),
            of_item: HashMap::default(),
            lines: HashMap::default(),
            left_out: Vec::new(),
        };
        index.place(stream, environments);
        index.run(stream);
        index
    }

    fn place(&mut self, stream: &ValueStream, environments: &[u32]) {
        let mut told: HashMap<u32, Told> = HashMap::default();
        let mut named: HashMap<&str, u32> = HashMap::default();
        for environment in environments {
            for place in line(stream, *environment) {
                for (_, deployment) in stream.linked(place, LinkKind::DeployedTo, Direction::Incoming) {
                    let told = told.entry(deployment).or_insert_with(|| self.told(stream, deployment));
                    let Some((finished, succeeded, event)) = told.ended else { continue };
                    if let Some(name) = attribute(stream, deployment, "run") {
                        // Of its parts the first by id stands for the run, whatever came first.
                        let first = named.entry(name).or_insert(deployment);
                        if stream.id(deployment) < stream.id(*first) {
                            *first = deployment;
                        }
                    }
                    self.placements.extend(told.owners.iter().map(|application| Placement {
                        deployment,
                        run: told.run as usize,
                        application: *application,
                        environment: *environment,
                        finished,
                        succeeded,
                        event,
                        previous: None,
                        brought: None,
                        mends: false,
                    }));
                }
            }
        }
        if !named.is_empty() {
            for place in &mut self.placements {
                let first = attribute(stream, place.deployment, "run").and_then(|name| named.get(name));
                place.run = first.map_or(place.run, |first| *first as usize);
            }
        }
        let scope = |place: &Placement| (place.application, place.environment);
        self.placements.sort_unstable_by(|a, b| {
            (scope(a), a.finished)
                .cmp(&(scope(b), b.finished))
                .then_with(|| stream.id(a.deployment).cmp(stream.id(b.deployment)))
        });
        // One that goes to a group and to an environment in it goes there once.
        self.placements.dedup_by(|a, b| scope(a) == scope(b) && a.deployment == b.deployment);
    }

    fn told(&mut self, stream: &ValueStream, deployment: u32) -> Told {
        let mut ended = None;
        match stream.outcome(deployment) {
            Some(outcome @ (Outcome::Success | Outcome::Failure)) => {
                let finished = stream.finished_with_event(deployment);
                ended = finished.map(|(at, event)| (at, outcome == Outcome::Success, event));
            }
            None => self.left_out.push(("no_result", deployment)),
            Some(Outcome::Running) => self.left_out.push(("running", deployment)),
            Some(_) => self.left_out.push(("neither_succeeded_nor_failed", deployment)),
        }
        let is_run = |kind| matches!(kind, Some(Kind::Deployment | Kind::Build));
        let whole = stream.linked(deployment, LinkKind::Parent, Direction::Outgoing).map(|(_, whole)| whole);
        let run = whole.filter(|whole| is_run(stream.kind(*whole))).last().unwrap_or(deployment);
        Told { run, owners: owners(stream, deployment), ended }
    }

    /// Puts the jobs of runs together.
    fn run(&mut self, stream: &ValueStream) {
        let mut known: HashMap<(usize, Option<u32>), usize> = HashMap::default();
        for (n, place) in self.placements.iter_mut().enumerate() {
            let number = *known.entry((place.run, place.application)).or_insert_with(|| {
                self.runs.push(Run {
                    key: place.run as u32,
                    application: place.application,
                    finished: place.finished,
                    succeeded: place.succeeded,
                    placements: Vec::new(),
                    failures: Vec::new(),
                    rework: false,
                });
                self.runs.len() - 1
            });
            place.run = number;
            let Some(run) = self.runs.get_mut(number) else { continue };
            run.placements.push(n);
            match (run.succeeded, place.succeeded) {
                (true, false) => {}
                (false, true) => (run.succeeded, run.finished) = (true, place.finished),
                _ => run.finished = run.finished.max(place.finished),
            }
        }
        for (n, run) in self.runs.iter().enumerate() {
            let items = run.placements.iter().filter_map(|place| self.placements.get(*place));
            let mut items: Vec<u32> = items.map(|place| place.deployment).chain([run.key]).collect();
            items.sort_unstable();
            items.dedup();
            items.into_iter().for_each(|item| self.of_item.entry(item).or_default().push(n));
            if run.succeeded {
                self.lines.entry(run.application).or_default().push((run.finished, n));
            }
        }
        let key = |n: usize| self.runs.get(n).map_or("", |run| stream.id(run.key));
        for line in self.lines.values_mut() {
            line.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))));
        }
    }

    /// The placements in groups of one application and environment, each in order of time.
    pub(super) fn scopes(&self) -> Vec<std::ops::Range<usize>> {
        let mut scopes: Vec<std::ops::Range<usize>> = Vec::new();
        let mut last = None;
        for (n, place) in self.placements.iter().enumerate() {
            let scope = Some((place.application, place.environment));
            match scopes.last_mut().filter(|_| scope == last) {
                Some(range) => range.end = n + 1,
                None => scopes.push(n..n + 1),
            }
            last = scope;
        }
        scopes
    }
}

/// Whose deployment it is: as it says itself, else as what it brings does, else as the commits behind that do.
fn owners(stream: &ValueStream, deployment: u32) -> Vec<Option<u32>> {
    let brought: Vec<u32> =
        stream.linked(deployment, LinkKind::Deploys, Direction::Outgoing).map(|(_, item)| item).collect();
    let heads =
        || brought.iter().flat_map(|build| stream.linked(*build, LinkKind::BuiltFrom, Direction::Outgoing));
    let mut found: Vec<u32> = stream.applications(deployment).collect();
    if found.is_empty() {
        found.extend(brought.iter().flat_map(|item| stream.applications(*item)));
    }
    if found.is_empty() {
        found.extend(heads().flat_map(|(_, change)| stream.applications(change)));
    }
    found.sort_unstable();
    found.dedup();
    if found.is_empty() { vec![None] } else { found.into_iter().map(Some).collect() }
}

/// The environments that count, by id, none of them a group.
pub(super) fn environments(stream: &ValueStream, named: &[String], wanted: &str) -> Result<Vec<u32>> {
    let mut found: Vec<u32> = if named.is_empty() {
        let all = stream.all().filter(|item| stream.kind(*item) == Some(Kind::Environment));
        all.filter(|item| is_of_stage(stream, *item, wanted)).flat_map(|item| leaves(stream, item)).collect()
    } else {
        let found = named.iter().map(|id| stream.find(id)).collect::<Result<Vec<u32>>>()?;
        found.into_iter().flat_map(|item| leaves(stream, item)).collect()
    };
    found.sort_unstable_by_key(|item| stream.id(*item));
    found.dedup();
    if named.is_empty() {
        // A group takes nothing away from what one of its own says of its stage.
        found.retain(|item| is_of_stage(stream, *item, wanted));
    }
    Ok(found)
}

fn is_of_stage(stream: &ValueStream, environment: u32, wanted: &str) -> bool {
    if let Some(stage) = stage(stream, environment) {
        return &*stage == wanted;
    }
    if wanted != super::PRODUCTION {
        return false;
    }
    let says = |name| attribute(stream, environment, name);
    if let Some(word) = says("tier").or_else(|| says("production")) {
        return matches!(word, "production" | "true");
    }
    let id = stream.id(environment);
    let last = id.rsplit(['/', ':']).next().unwrap_or(id);
    let is_known = |name: &str| ["production", "prod"].iter().any(|known| name.eq_ignore_ascii_case(known));
    is_known(last) || is_known(stream.title(environment))
}
