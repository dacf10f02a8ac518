//! The builds, test runs and deployments that have to come before a release ships.
//!
//! Nothing states that a release waits for its build, or a build for the work that it is to contain: what leads from one to
//! the other (`candidate`, `tests`, `deploys`) says what came of what. For those that are still to come it also says in
//! which order. The rules stand in the book under "Schedules".

use std::collections::{BTreeMap, BTreeSet};

use super::environments;
use super::readiness::{Condition, Policy};
use crate::hash::HashSet;
use crate::model::{FlowState, Kind, LinkKind, Outcome, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// Whether an item is a run of something: it is over when it has a result.
pub(super) fn is_run(kind: Option<Kind>) -> bool {
    matches!(kind, Some(Kind::Build | Kind::TestRun | Kind::Deployment))
}

/// When a run was over, if it is, and the event that says so. What failed is over too: another one has to come.
pub(super) fn over(stream: &ValueStream, run: u32) -> Option<(Instant, u32)> {
    match stream.outcome(run) {
        None | Some(Outcome::Running) if stream.state_of(run) != Some(FlowState::Done) => None,
        _ => stream.finished_with_event(run),
    }
}

/// When a run that is not over began, if somebody says that it did: a time that it is planned for is no beginning.
pub(super) fn begun(stream: &ValueStream, run: u32, at: Instant) -> Option<Instant> {
    let running = || {
        let since = stream.result_since(run, |one, other| one == other);
        since.filter(|_| stream.outcome(run) == Some(Outcome::Running)).map(|(since, _)| since)
    };
    let working = || match stream.state_with_event(run) {
        Some((FlowState::Active | FlowState::Waiting, event)) => stream.occurred(event),
        _ => None,
    };
    let said = running().or_else(working)?;
    let stated = stream.last(run, Set::starts_at).map(|(start, _)| start);
    Some(stated.unwrap_or(said)).filter(|start| *start <= at)
}

/// The runs of releases.
pub(super) struct Pipeline<'a> {
    stream: &'a ValueStream,
    policy: Policy,
    at: Instant,
}

/// Where the environments of a run stand on the ladder.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// It names none, or none with a stage.
    Nowhere,
    Rung(usize),
    /// A stage that is not on the ladder.
    Beside,
}

impl<'a> Pipeline<'a> {
    /// None where no release can have any: nothing was ever said to be a candidate, a tag or in a build.
    pub(super) fn new(stream: &'a ValueStream, policy: Option<&Policy>, at: Instant) -> Option<Pipeline<'a>> {
        let is_any = [LinkKind::Candidate, LinkKind::Tags, LinkKind::Contains]
            .into_iter()
            .any(|kind| stream.knows_links(kind));
        is_any.then(|| Pipeline { stream, policy: policy.cloned().unwrap_or_default(), at })
    }

    /// What an open release or run waits for beside what is stated, by id. `leave_out` is told which runs are not waited
    /// for, and why.
    pub(super) fn needs(&self, item: u32, leave_out: impl FnMut(&'static str, u32)) -> Vec<u32> {
        let kind = self.stream.kind(item);
        let mut needs = match kind {
            Some(Kind::Release) => self.of_release(item, leave_out),
            // What it is about was there when it began.
            _ if !is_run(kind) || begun(self.stream, item, self.at).is_some() => return Vec::new(),
            Some(Kind::Build) => self.of_build(item),
            Some(Kind::TestRun) => self.of_test_run(item),
            _ => self.of_deployment(item),
        };
        needs.retain(|other| *other != item && self.stream.state_of(*other) != Some(FlowState::Cancelled));
        needs.sort_unstable_by_key(|other| self.stream.id(*other));
        needs.dedup();
        needs
    }

    /// The open builds of a release, and the open test runs and deployments of its builds.
    fn of_release(&self, release: u32, mut leave_out: impl FnMut(&'static str, u32)) -> Vec<u32> {
        let stream = self.stream;
        let mut builds: Vec<u32> =
            stream.from(release, LinkKind::Candidate).map(|(build, _)| build).collect();
        if builds.is_empty() {
            builds.extend(stream.candidates(release).into_iter().map(|(build, _)| build));
        }
        if stream.knows_links(LinkKind::Contains) {
            for (item, _) in stream.from(release, LinkKind::ShipsIn) {
                builds.extend(stream.from(item, LinkKind::Contains).map(|(build, _)| build));
            }
        }
        builds.sort_unstable();
        builds.dedup();
        builds.retain(|build| stream.kind(*build) == Some(Kind::Build));
        let builds = self.current(builds, |build| stream.to(build, LinkKind::BelongsTo).next());
        let has_train =
            stream.applications(release).any(|application| stream.last(application, Set::cadence).is_some());
        let last_rung = Place::Rung(self.policy.stages.len().saturating_sub(1));
        let mut runs: Vec<u32> = builds.iter().copied().filter(|build| self.is_open(*build)).collect();
        for build in builds {
            for run in self.tests(build) {
                if self.is_asked(self.place(run)) {
                    runs.push(run);
                } else {
                    leave_out("test_run_that_no_stage_asks_for", run);
                }
            }
            for run in self.deployments(build) {
                match self.place(run) {
                    Place::Beside => leave_out("deployment_beside_the_ladder", run),
                    // The train is what brings it there.
                    place if has_train && place == last_rung => leave_out("deployment_is_the_departure", run),
                    _ => runs.push(run),
                }
            }
        }
        runs
    }

    /// The work that a build is to contain: what it states, else the scope of the releases that it is meant to become. Of
    /// that the work of other applications is left out.
    fn of_build(&self, build: u32) -> Vec<u32> {
        let stream = self.stream;
        let stated: Vec<u32> = stream.to(build, LinkKind::Contains).map(|(item, _)| item).collect();
        if !stated.is_empty() {
            return stated;
        }
        let own: HashSet<u32> = stream.applications(build).collect();
        let is_elsewhere = |item: &u32| {
            let mut applications = stream.applications(*item).peekable();
            !own.is_empty()
                && applications.peek().is_some()
                && !applications.any(|other| own.contains(&other))
        };
        let releases = self.releases(build);
        let scope = releases.into_iter().flat_map(|release| stream.from(release, LinkKind::ShipsIn));
        scope
            .map(|(item, _)| item)
            .filter(|item| !is_run(stream.kind(*item)) && !is_elsewhere(item))
            .collect()
    }

    /// The builds that a test run tests, and their deployments to the place that it runs in.
    fn of_test_run(&self, run: u32) -> Vec<u32> {
        let builds = self.builds(run, LinkKind::Tests);
        let places = self.environments(run, LinkKind::RanIn);
        let is_here =
            |deployment: &u32| !places.is_disjoint(&self.environments(*deployment, LinkKind::DeployedTo));
        let mut needs: Vec<u32> =
            builds.iter().flat_map(|build| self.deployments(*build)).filter(is_here).collect();
        needs.extend(builds);
        needs
    }

    /// The builds that a deployment brings; what its stage asks for of the stages below, their tests and deployments; and
    /// the gates of both.
    fn of_deployment(&self, run: u32) -> Vec<u32> {
        let stream = self.stream;
        let builds = self.builds(run, LinkKind::Deploys);
        let mut needs = builds.clone();
        let place = self.place(run);
        let here = self.environments(run, LinkKind::DeployedTo);
        let is_below =
            |other: Place| matches!((other, place), (Place::Rung(other), Place::Rung(own)) if other < own);
        for build in &builds {
            let tests = self.tests(*build).into_iter();
            needs.extend(tests.filter(|test| {
                let other = self.place(*test);
                let is_before = is_below(other) || (other == Place::Nowhere && place != Place::Beside);
                // What runs in the very place comes after the deployment to it.
                is_before
                    && self.is_asked(other)
                    && here.is_disjoint(&self.environments(*test, LinkKind::RanIn))
            }));
            let others = self.deployments(*build).into_iter();
            needs.extend(others.filter(|other| is_below(self.place(*other))));
            let Place::Rung(own) = place else { continue };
            for release in self.releases(*build) {
                let gates = stream.from(release, LinkKind::Gates).map(|(gate, _)| gate);
                needs.extend(
                    gates.filter(|gate| stream.kind(*gate) == Some(Kind::Gate) && self.guards(*gate, own)),
                );
            }
        }
        needs
    }

    /// Whether a gate has to be passed before a rung is reached; one without a stage is asked for by all.
    fn guards(&self, gate: u32, rung: usize) -> bool {
        let stage = self.stream.last(gate, Set::stage).map(|(stage, _)| stage);
        let own = stage.map(|stage| self.rung(&stage));
        let asks = |rung: usize| {
            let stage = self.policy.stages.get(rung);
            stage.is_some_and(|stage| self.policy.asks(stage, Condition::GatePassed))
        };
        match own {
            None => asks(rung),
            Some(None) => false,
            Some(Some(own)) => own <= rung && asks(own),
        }
    }

    fn rung(&self, stage: &str) -> Option<usize> {
        self.policy.stages.iter().position(|other| other == stage)
    }

    /// Whether some stage asks for tests that run at a place: each does for those of the stage below it, the first for
    /// those that name no place.
    fn is_asked(&self, place: Place) -> bool {
        let by = match place {
            Place::Nowhere => 0,
            Place::Rung(rung) => rung + 1,
            Place::Beside => return false,
        };
        let stage = self.policy.stages.get(by);
        stage.is_some_and(|stage| self.policy.asks(stage, Condition::TestsPassed))
    }

    fn place(&self, run: u32) -> Place {
        let kind =
            if self.stream.kind(run) == Some(Kind::TestRun) { LinkKind::RanIn } else { LinkKind::DeployedTo };
        let mut stages =
            self.stream.to(run, kind).filter_map(|(place, _)| environments::stage(self.stream, place));
        match stages.next() {
            None => Place::Nowhere,
            Some(stage) => self.rung(&stage).map_or(Place::Beside, Place::Rung),
        }
    }

    /// The environments of a run, those in a group for the group.
    fn environments(&self, run: u32, kind: LinkKind) -> BTreeSet<u32> {
        self.stream.to(run, kind).flat_map(|(place, _)| environments::leaves(self.stream, place)).collect()
    }

    fn builds(&self, run: u32, kind: LinkKind) -> Vec<u32> {
        let builds = self.stream.to(run, kind).map(|(build, _)| build);
        builds.filter(|build| self.stream.kind(*build) == Some(Kind::Build)).collect()
    }

    /// The open releases that a build is meant to become, or those of the work that it is stated to contain.
    fn releases(&self, build: u32) -> Vec<u32> {
        let stream = self.stream;
        let mut found: Vec<u32> = stream.to(build, LinkKind::Candidate).map(|(release, _)| release).collect();
        for change in stream.heads(build) {
            let tagged = stream.to(change, LinkKind::Tags).map(|(release, _)| release);
            found
                .extend(tagged.filter(|release| stream.from(*release, LinkKind::Candidate).next().is_none()));
        }
        if found.is_empty() {
            let work = stream.to(build, LinkKind::Contains);
            found.extend(
                work.flat_map(|(item, _)| stream.to(item, LinkKind::ShipsIn)).map(|(release, _)| release),
            );
        }
        found.retain(|release| {
            let is_over = matches!(stream.state_of(*release), Some(FlowState::Done | FlowState::Cancelled));
            stream.kind(*release) == Some(Kind::Release) && !is_over
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The open test runs of a build.
    fn tests(&self, build: u32) -> Vec<u32> {
        let mut runs = self.runs(build, LinkKind::Tests, Kind::TestRun);
        let key = |run: u32| (self.stream.title(run), self.environments(run, LinkKind::RanIn));
        runs = self.current(runs, key);
        runs.retain(|run| self.is_open(*run));
        runs
    }

    /// The open deployments of a build.
    fn deployments(&self, build: u32) -> Vec<u32> {
        let mut runs = self.runs(build, LinkKind::Deploys, Kind::Deployment);
        runs = self.current(runs, |run| self.environments(run, LinkKind::DeployedTo));
        runs.retain(|run| self.is_open(*run));
        runs
    }

    fn runs(&self, build: u32, link: LinkKind, kind: Kind) -> Vec<u32> {
        let runs = self.stream.from(build, link).map(|(run, _)| run);
        runs.filter(|run| self.stream.kind(*run) == Some(kind)).collect()
    }

    /// What is left of some runs without those that are out of date: a later one of the same sort is over, and nobody says
    /// that they are still to come.
    fn current<K: Ord>(&self, mut runs: Vec<u32>, sort: impl Fn(u32) -> K) -> Vec<u32> {
        let stream = self.stream;
        runs.retain(|run| stream.state_of(*run) != Some(FlowState::Cancelled));
        if runs.iter().all(|run| over(stream, *run).is_none()) {
            return runs;
        }
        let time = |run: u32| (stream.finished_at(run), stream.id(run));
        let mut last: BTreeMap<K, (Option<Instant>, &str)> = BTreeMap::new();
        for run in runs.iter().copied().filter(|run| over(stream, *run).is_some()) {
            let slot = last.entry(sort(run)).or_insert_with(|| time(run));
            *slot = (*slot).max(time(run));
        }
        runs.retain(|run| {
            let is_to_come = || self.is_open(*run) && self.is_to_come(*run);
            last.get(&sort(*run)).is_none_or(|last| *last <= time(*run)) || is_to_come()
        });
        runs
    }

    fn is_open(&self, run: u32) -> bool {
        self.stream.state_of(run) != Some(FlowState::Cancelled) && over(self.stream, run).is_none()
    }

    /// Whether somebody says that a run is still to come or to end: by its state, or by a date after now.
    fn is_to_come(&self, run: u32) -> bool {
        let stream = self.stream;
        let is_later = |read: fn(&Set) -> Option<Option<&Instant>>| {
            stream.last(run, read).is_some_and(|(date, _)| date > self.at)
        };
        stream.state_of(run) == Some(FlowState::New)
            || is_later(Set::starts_at)
            || is_later(Set::ends_at)
            || is_later(Set::due_at)
    }
}
