//! The verdicts of everything in one pass over the graph in topological order.

use super::evidence::Evidence;
use super::judge::{Judge, RULES};
use super::phases::{Rungs, asks_for_all};
use super::{ItemVerdict, Policy, Verdict, VerdictQuery, Verdicts};
use crate::analyze::{EVIDENCE, Grounds};
use crate::error::Result;
use crate::model::{FlowState, Kind, LinkKind};
use crate::stream::ValueStream;

/// Verdicts for up to eight stages, two bits each, so that the worst of two sets is one bitwise or: ready 0,
/// unknown 1, not ready 2 or 3.
type Lanes = u16;

fn lane(verdict: Verdict, rung: usize) -> Lanes {
    let bits: Lanes = match verdict {
        Verdict::Ready => 0,
        Verdict::Unknown => 1,
        Verdict::NotReady => 2,
    };
    bits << (2 * rung)
}

fn read(lanes: Lanes, rung: usize) -> Verdict {
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
fn all(verdict: Verdict) -> Lanes {
    (0..8).map(|rung| lane(verdict, rung)).sum()
}

pub(super) fn verdicts(
    stream: &ValueStream,
    policy: &Policy,
    query: &VerdictQuery,
    rung: usize,
) -> Result<Verdicts> {
    let judge = Judge::new(stream, policy, query.at);
    let frozen = stream.frozen()?;
    let evidence = Evidence::gather(stream, judge.required_stage(rung));
    // The stages that can matter: the one asked about, and those that links between releases name.
    let rungs: Vec<usize> = (0..policy.stages.len())
        .filter(|n| *n == rung || stream.names_stage(policy.stages.get(*n).map_or("", String::as_str)))
        .collect();
    // What an item passes on to whatever needs it, and what its leaves can prove of builds and tests. The second
    // concerns work items only: a release is judged by its own build.
    let mut passed: Vec<Lanes> = Vec::with_capacity(frozen.len());
    let mut proved: Vec<Verdict> = Vec::with_capacity(frozen.len());
    let is_plain = policy.conditions.is_empty() && policy.rules.is_empty();
    for rank in 0..frozen.len() as u32 {
        let item = frozen.item(rank);
        let kind = stream.kind(item);
        let is_release = kind == Some(Kind::Release);
        let is_shipped =
            is_release && matches!(stream.state_of(item), Some(FlowState::Done | FlowState::Cancelled));
        let mut lanes = 0;
        let mut proof = Verdict::Ready;
        let mut has_parts = false;
        let for_all = asks_for_all(kind);
        if !is_shipped {
            for need in frozen.needs(rank) {
                let part = frozen.item(need.rank);
                if stream.state_of(part) == Some(FlowState::Cancelled) {
                    continue;
                }
                let asked = if for_all { Lanes::MAX } else { lanes_of(judge.asks(item, part)) };
                let below = passed.get(need.rank as usize).copied().unwrap_or(0) & asked;
                match need.kind {
                    LinkKind::DependsOn if is_release && !need.is_plain => {
                        lanes |= at_level(stream, policy, need.link, below);
                    }
                    LinkKind::DependsOn if !is_release => {}
                    _ => {
                        let sort = stream.kind(part);
                        has_parts |= need.kind == LinkKind::Parent && Kind::adds_up(sort, kind);
                        lanes |= below;
                        // What a release brings in is proved by its own build.
                        if sort != Some(Kind::Release) && asked >> (2 * rung) & 3 != 0 {
                            let own = proved.get(need.rank as usize).copied();
                            proof = proof.max(own.unwrap_or(Verdict::Ready));
                        }
                    }
                }
            }
        }
        let is_leaf = !has_parts && kind.is_none_or(Kind::is_work);
        lanes |= match kind {
            Some(Kind::Release) if is_shipped => 0,
            // Most of a portfolio is leaves, and of these the state is all there is to know.
            _ if is_leaf && is_plain => match stream.state_of(item) {
                Some(FlowState::Done | FlowState::Cancelled) => 0,
                Some(_) => all(Verdict::NotReady),
                None => all(Verdict::Unknown),
            },
            Some(Kind::Build) if query.kind != Some(Kind::Build) => 0,
            _ if is_plain && !is_judged(kind) => 0,
            _ => local(&judge, &rungs, item),
        };
        if is_leaf {
            proof = proof.max(judge.proof(item, rung, &evidence));
        }
        passed.push(lanes);
        proved.push(proof);
    }
    let mut grounds = Grounds::default();
    grounds.rules.extend(RULES.map(String::from));
    let verdict = |item: u32, kind: Kind| {
        let rank = frozen.rank(item) as usize;
        let own = read(passed.get(rank).copied().unwrap_or(0), rung);
        if !kind.is_work() { own } else { own.max(proved.get(rank).copied().unwrap_or(own)) }
    };
    let by_default = |kind: Kind| kind.is_work() || kind == Kind::Release;
    let is_meant = |kind: Kind| query.kind.map_or_else(|| by_default(kind), |wanted| wanted == kind);
    let mut answer = Verdicts {
        stage: judge.stage(rung).to_owned(),
        at: query.at,
        ready: 0,
        unknown: 0,
        not_ready: 0,
        items: Vec::new(),
        basis: super::Basis::default(),
    };
    for item in stream.all() {
        match stream.kind(item) {
            Some(kind) if is_meant(kind) => match verdict(item, kind) {
                Verdict::Ready => answer.ready += 1,
                Verdict::Unknown => answer.unknown += 1,
                Verdict::NotReady => answer.not_ready += 1,
            },
            None if query.kind.is_none() && stream.exists(item) => {
                grounds.exclude("not_described", stream.id(item));
            }
            _ => {}
        }
    }
    grounds.n = answer.ready + answer.unknown + answer.not_ready;
    if query.list.as_ref().is_none_or(|wanted| !wanted.is_empty()) {
        let is_listed = |verdict: &Verdict| query.list.as_ref().is_none_or(|list| list.contains(verdict));
        for item in stream.alphabetical() {
            let Some(kind) = stream.kind(item).filter(|kind| is_meant(*kind)) else { continue };
            let verdict = verdict(item, kind);
            if is_listed(&verdict) {
                if answer.items.len() < EVIDENCE {
                    grounds.evidence.extend(stream.last_event(item));
                }
                answer.items.push(ItemVerdict { item: stream.id(item).to_owned(), kind, verdict });
            }
        }
    }
    answer.basis = grounds.finish(stream);
    Ok(answer)
}

/// A release depended on counts at the stage that the link names.
fn at_level(stream: &ValueStream, policy: &Policy, link: u32, below: Lanes) -> Lanes {
    let stage = stream.detail(link).and_then(|detail| detail.stage.as_deref());
    match stage.and_then(|stage| policy.stages.iter().position(|s| s == stage)) {
        Some(level) => all(read(below, level)),
        None => below,
    }
}

/// Whether items of a kind that are no leaves have conditions of their own.
fn is_judged(kind: Option<Kind>) -> bool {
    matches!(
        kind,
        Some(Kind::Release | Kind::Build | Kind::Gate | Kind::Phase | Kind::Criterion | Kind::Activity)
    )
}

/// An item's own facts, by stage.
fn local(judge: &Judge<'_>, rungs: &[usize], item: u32) -> Lanes {
    let mut lanes = 0;
    for rung in rungs.iter().copied() {
        // A defect of the scope counts there, so counting it here again changes nothing.
        let mut own = Vec::new();
        judge.own(item, rung, &mut Grounds::default(), &mut |fact| own.push(fact));
        let worst = judge.settled(item, rung, own).into_iter().map(|fact| fact.verdict).max();
        lanes |= lane(worst.unwrap_or(Verdict::Ready), rung);
    }
    lanes
}
