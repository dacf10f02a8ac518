//! What an item passes on to whatever needs it: the one rule that passes over everything and live verdicts share.

use super::evidence::Evidence;
use super::judge::{Fact, Judge};
use super::phases::{Rungs, asks_for_all};
use super::{Condition, Policy, Verdict};
use crate::analyze::Grounds;
use crate::model::{FlowState, Kind, LinkKind};
use crate::stream::ValueStream;
use crate::time::Instant;

/// Verdicts for up to eight stages, two bits each, so that the worst of two sets is one bitwise or: ready 0,
/// unknown 1, not ready 2 or 3.
pub(super) type Lanes = u16;

pub(super) fn lane(verdict: Verdict, rung: usize) -> Lanes {
    let bits: Lanes = match verdict {
        Verdict::Ready => 0,
        Verdict::Unknown => 1,
        Verdict::NotReady => 2,
    };
    bits << (2 * rung)
}

pub(super) fn read(lanes: Lanes, rung: usize) -> Verdict {
    match (lanes >> (2 * rung)) & 3 {
        0 => Verdict::Ready,
        1 => Verdict::Unknown,
        _ => Verdict::NotReady,
    }
}

/// All lanes of some rungs.
fn lanes_of(rungs: Rungs) -> Lanes {
    (0..8).filter(|rung| rungs >> rung & 1 == 1).map(|rung| 3 << (2 * rung)).sum()
}

/// The same verdict for every stage.
pub(super) fn all(verdict: Verdict) -> Lanes {
    match verdict {
        Verdict::Ready => 0,
        Verdict::Unknown => 0x5555,
        Verdict::NotReady => 0xaaaa,
    }
}

/// What is known of an item before anything that it needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Facts {
    pub(super) kind: Option<Kind>,
    pub(super) state: Option<FlowState>,
}

impl Facts {
    pub(super) fn of(stream: &ValueStream, item: u32) -> Facts {
        Facts { kind: stream.kind(item), state: stream.state_of(item) }
    }

    pub(super) fn is_release(self) -> bool {
        self.kind == Some(Kind::Release)
    }

    pub(super) fn is_cancelled(self) -> bool {
        self.state == Some(FlowState::Cancelled)
    }

    /// Whether it may be a leaf: what nobody has described is taken for work.
    pub(super) fn is_work(self) -> bool {
        self.kind.is_none_or(Kind::is_work)
    }

    /// Whether it leads a release, and so has a say in what its parts are asked for.
    pub(super) fn is_led(self) -> bool {
        matches!(self.kind, Some(Kind::Phase | Kind::Activity | Kind::Criterion | Kind::Evidence))
    }

    fn is_shipped(self) -> bool {
        self.is_release() && matches!(self.state, Some(FlowState::Done | FlowState::Cancelled))
    }

    /// Whether what it needs counts for it.
    pub(super) fn has_needs(self) -> bool {
        !self.is_shipped()
    }

    /// Whether a need of some kind passes anything on to it: work that is done is done, whatever it depended on.
    pub(super) fn heeds(self, kind: LinkKind) -> bool {
        kind != LinkKind::DependsOn || self.is_release()
    }
}

/// What items pass on, one or several put together: their verdicts, what their leaves can prove of builds and tests,
/// and whether they are parts of what needs them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Passed {
    pub(super) lanes: Lanes,
    pub(super) proof: Verdict,
    pub(super) is_part: bool,
}

impl Passed {
    pub(super) const NOTHING: Passed = Passed { lanes: 0, proof: Verdict::Ready, is_part: false };

    pub(super) fn add(&mut self, other: Passed) {
        self.lanes |= other.lanes;
        self.proof = self.proof.max(other.proof);
        self.is_part |= other.is_part;
    }
}

/// The own facts of an item, by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Own {
    pub(super) all: Lanes,
    /// Those of a release that are about the place to go to, which [`Judge::placed`] judges.
    pub(super) placed: Lanes,
}

fn is_of_place(condition: Condition) -> bool {
    use Condition::{EnvironmentBooked, EnvironmentVersion, NoBlackout, NoBookingConflict};
    matches!(condition, EnvironmentBooked | EnvironmentVersion | NoBlackout | NoBookingConflict)
}

/// A question for verdicts: when, by which policy, and for which stages.
pub(super) struct Lens<'a> {
    pub(super) judge: Judge<'a>,
    pub(super) rung: usize,
    /// The stages that can matter: the one asked about, and those that links between releases name.
    pub(super) rungs: &'a [usize],
    /// The kind that is asked about, if one is. Nothing else rests on the verdicts of builds.
    kind: Option<Kind>,
    /// Whether the policy asks for all conditions and has no rules, so that of work only its state counts.
    is_plain: bool,
}

/// The stages that can matter for a question about one of them.
pub(super) fn rungs(stream: &ValueStream, policy: &Policy, rung: usize) -> Vec<usize> {
    let is_named = |n: usize| policy.stages.get(n).is_some_and(|stage| stream.names_stage(stage));
    (0..policy.stages.len()).filter(|n| *n == rung || is_named(*n)).collect()
}

impl<'a> Lens<'a> {
    pub(super) fn new(
        stream: &'a ValueStream,
        policy: &'a Policy,
        at: Instant,
        rung: usize,
        rungs: &'a [usize],
        kind: Option<Kind>,
    ) -> Lens<'a> {
        Lens { judge: Judge::new(stream, policy, at), rung, rungs, kind, is_plain: policy.is_plain() }
    }

    /// Whether an item has facts of its own besides its state, so that they are judged.
    pub(super) fn judges(&self, facts: Facts) -> bool {
        match facts.kind {
            Some(Kind::Release) => !facts.is_shipped(),
            Some(Kind::Build) => self.kind == Some(Kind::Build),
            Some(Kind::Gate | Kind::Phase | Kind::Criterion | Kind::Activity) => true,
            _ => !self.is_plain && facts.is_work(),
        }
    }

    /// What an item gets of one that it needs by a link, given what that one passes on.
    #[inline]
    pub(super) fn given(
        &self,
        (item, facts): (u32, Facts),
        (kind, link, is_plain): (LinkKind, u32, bool),
        (part, needed): (u32, Facts),
        below: Passed,
    ) -> Option<Passed> {
        if needed.is_cancelled() || !facts.heeds(kind) {
            return None;
        }
        let is_part = kind == LinkKind::Parent && Kind::adds_up(needed.kind, facts.kind);
        let mut given = Passed { is_part, ..below };
        if !asks_for_all(facts.kind) {
            let asked = lanes_of(self.judge.asks(item, part));
            given.lanes &= asked;
            if read(asked, self.rung) == Verdict::Ready {
                given.proof = Verdict::Ready;
            }
        }
        if kind == LinkKind::DependsOn && !is_plain {
            given.lanes = self.at_level(link, given.lanes);
            given.proof = Verdict::Ready;
        }
        // What a release brings in is proved by its own build.
        if needed.is_release() {
            given.proof = Verdict::Ready;
        }
        Some(given)
    }

    /// A release depended on counts at the stage that the link names.
    fn at_level(&self, link: u32, below: Lanes) -> Lanes {
        let stage = self.judge.stream.detail(link).and_then(|detail| detail.stage.as_deref());
        match stage.and_then(|stage| self.judge.policy.stages.iter().position(|s| s == stage)) {
            Some(level) => all(read(below, level)),
            None => below,
        }
    }

    /// What an item passes on, given what it gets of all that it needs, how its own facts stand and what it can prove
    /// itself.
    #[inline]
    pub(super) fn passed(
        &self,
        facts: Facts,
        needs: Passed,
        own: impl FnOnce() -> Lanes,
        proof: impl FnOnce() -> Verdict,
    ) -> Passed {
        let mut passed = if facts.has_needs() { needs } else { Passed::NOTHING };
        let is_leaf = facts.is_work() && !passed.is_part;
        if self.judges(facts) {
            passed.lanes |= own();
        } else if is_leaf {
            // Most of a portfolio is leaves, and of these the state is all there is to know.
            passed.lanes |= match facts.state {
                Some(FlowState::Done | FlowState::Cancelled) => 0,
                Some(_) => all(Verdict::NotReady),
                None => all(Verdict::Unknown),
            };
        }
        if is_leaf {
            passed.proof = passed.proof.max(proof());
        }
        Passed { is_part: false, ..passed }
    }

    /// The verdict of an item by what it passes on; none for what has none.
    #[inline]
    pub(super) fn verdict(&self, kind: Option<Kind>, passed: Passed) -> Option<Verdict> {
        let own = read(passed.lanes, self.rung);
        match kind? {
            Kind::Release | Kind::Build => Some(own),
            kind if kind.is_work() => Some(own.max(passed.proof)),
            _ => None,
        }
    }

    /// The own facts of what is judged, by stage; `report` is given those that are unmet for a stage.
    pub(super) fn own(&self, item: u32, report: &mut dyn FnMut(usize, Fact)) -> Own {
        let mut lanes = Own::default();
        for rung in self.rungs.iter().copied() {
            // A defect of the scope counts there, so counting it here again changes nothing.
            let mut own = Vec::new();
            self.judge.own(item, rung, &mut Grounds::default(), &mut |fact| own.push(fact));
            for fact in self.judge.settled(item, rung, own) {
                lanes.all |= lane(fact.verdict, rung);
                if is_of_place(fact.condition) {
                    lanes.placed |= lane(fact.verdict, rung);
                }
                report(rung, fact);
            }
        }
        lanes
    }

    /// Those of [`own`](Lens::own) that are about the place to go to; none where a policy could ask for less or more.
    pub(super) fn placed(&self, item: u32, facts: Facts) -> Option<Lanes> {
        if !self.is_plain || !facts.is_release() || facts.is_shipped() {
            return None;
        }
        let candidates = self.judge.stream.candidates(item);
        let builds: Vec<u32> = candidates.into_iter().map(|(build, _)| build).collect();
        let mut lanes = 0;
        for rung in self.rungs.iter().copied() {
            self.judge.placed(item, rung, &builds, &mut Grounds::default(), &mut |fact| {
                lanes |= lane(fact.verdict, rung);
            });
        }
        Some(lanes)
    }

    /// What a leaf can prove of builds and tests.
    pub(super) fn proof(&self, item: u32, evidence: &Evidence) -> Verdict {
        self.judge.proof(item, self.rung, evidence)
    }
}
