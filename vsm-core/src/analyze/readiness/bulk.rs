//! The verdicts of everything in one pass over the graph in topological order.

use super::evidence::{Evidence, Standing};
use super::judge::RULES;
use super::lanes::{Facts, Lens, Passed, rungs};
use super::{ItemVerdict, Policy, Verdict, VerdictQuery, Verdicts, is_meant};
use crate::analyze::{EVIDENCE, Grounds};
use crate::error::Result;
use crate::model::Kind;
use crate::stream::ValueStream;

pub(super) fn verdicts(
    stream: &ValueStream,
    policy: &Policy,
    query: &VerdictQuery,
    rung: usize,
) -> Result<Verdicts> {
    let rungs = rungs(stream, policy, rung);
    let lens = Lens::new(stream, policy, query.at, rung, &rungs, query.kind);
    let judge = &lens.judge;
    let frozen = stream.frozen()?;
    let evidence = Evidence::gather(stream, judge.required_stage(rung));
    // Where no work is linked to anything that could prove it, the same is so of all.
    let unproved = evidence.is_silent(stream).then(|| judge.worth(Standing::Unlinked, rung, &evidence));
    let mut grounds = Grounds::default();
    grounds.rules.extend(RULES.map(String::from));
    let mut counts = [0u64; Verdict::ALL.len()];
    // By rank; what an item needs is looked up in one place.
    let mut passed: Vec<(Passed, Facts)> = Vec::with_capacity(frozen.len());
    for rank in 0..frozen.len() as u32 {
        let item = frozen.item(rank);
        let facts = Facts::of(stream, item);
        let mut needs = Passed::NOTHING;
        if facts.has_needs() {
            // Most needs are of work on other work and pass nothing on: what is needed is not even looked up.
            for need in frozen.needs(rank).iter().filter(|need| facts.heeds(need.kind)) {
                let Some((below, needed)) = passed.get(need.rank as usize) else { continue };
                let link = (need.kind, need.link, need.is_plain);
                let part = frozen.item(need.rank);
                if let Some(given) = lens.given((item, facts), link, (part, *needed), *below) {
                    needs.add(given);
                }
            }
        }
        let own = || lens.own(item, &mut |_, _| {}).all;
        let proof = || unproved.unwrap_or_else(|| lens.proof(item, &evidence));
        let given = lens.passed(facts, needs, own, proof);
        passed.push((given, facts));
        match facts.kind {
            Some(kind) if is_meant(query.kind, kind) => {
                let verdict = lens.verdict(Some(kind), given).unwrap_or(Verdict::Unknown);
                counts.get_mut(verdict as usize).into_iter().for_each(|count| *count += 1);
            }
            None if query.kind.is_none() && stream.exists(item) => {
                grounds.exclude("not_described", stream.id(item));
            }
            _ => {}
        }
    }
    let [ready, unknown, not_ready] = counts;
    let verdict = |item: u32, kind: Kind| {
        let passed = passed.get(frozen.rank(item) as usize).map_or(Passed::NOTHING, |(passed, _)| *passed);
        lens.verdict(Some(kind), passed).unwrap_or(Verdict::Unknown)
    };
    let mut answer = Verdicts {
        stage: judge.stage(rung).to_owned(),
        at: query.at,
        ready,
        unknown,
        not_ready,
        items: Vec::new(),
        basis: super::Basis::default(),
    };
    grounds.n = ready + unknown + not_ready;
    if query.list.as_ref().is_none_or(|wanted| !wanted.is_empty()) {
        let is_listed = |verdict: &Verdict| query.list.as_ref().is_none_or(|list| list.contains(verdict));
        for item in stream.alphabetical() {
            let Some(kind) = stream.kind(item).filter(|kind| is_meant(query.kind, *kind)) else { continue };
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
