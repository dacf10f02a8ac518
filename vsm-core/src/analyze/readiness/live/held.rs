//! What is held of every item and every need, so that a change costs as much as it changes.
//!
//! Of each need it is held what it gives to the item that needs, and of each item how many of its needs give which verdict.
//! So when one of a million needs changes, the verdict of what needs them is known without a look at the others.

use super::super::Verdict;
use super::super::evidence::Evidence;
use super::super::lanes::{Facts, Lanes, Lens, Own, Passed, lane, read};
use crate::error::Result;
use crate::hash::HashMap;
use crate::model::LinkKind;
use crate::stream::ValueStream;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slot {
    pub(super) facts: Facts,
    /// What a release or gate itself is, by stage; nothing for others.
    pub(super) own: Lanes,
    /// What it could prove as a leaf; of work only.
    pub(super) proof: Verdict,
    pub(super) passed: Passed,
}

const EMPTY: Slot = Slot {
    facts: Facts { kind: None, state: None },
    own: 0,
    proof: Verdict::Unknown,
    passed: Passed::NOTHING,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// By item.
    slots: Vec<Slot>,
    /// By link: what a need that holds gives.
    given: Vec<Option<Passed>>,
    /// By item: of how many needs each stage is unknown and not ready, the same for their proof, and how many are
    /// parts.
    counts: Vec<u32>,
    /// What of a release's own facts is about the place to go to, where anything is unmet.
    placed: HashMap<u32, Lanes>,
    pub(super) evidence: Evidence,
}

/// How many counts an item has.
fn width(rungs: &[usize]) -> usize {
    2 * rungs.len() + 3
}

/// By what is passed on, not by the way in which builds and commits were found.
impl PartialEq for Held {
    fn eq(&self, other: &Held) -> bool {
        (&self.slots, &self.given, &self.counts, &self.placed)
            == (&other.slots, &other.given, &other.counts, &other.placed)
    }
}

impl Held {
    /// Judges everything in one pass.
    pub(super) fn fill(lens: &Lens<'_>, stage: Option<&str>) -> Result<Held> {
        let stream = lens.judge.stream;
        let frozen = stream.frozen()?;
        let mut held = Held { evidence: Evidence::gather(stream, stage), ..Held::default() };
        held.extend(stream, lens.rungs);
        for rank in 0..frozen.len() as u32 {
            let item = frozen.item(rank);
            let facts = Facts::of(stream, item);
            for need in frozen.needs(rank) {
                let below = held.slot(frozen.item(need.rank));
                let link = (need.kind, need.link, need.is_plain);
                let part = (frozen.item(need.rank), below.facts);
                let given = lens.given((item, facts), link, part, below.passed);
                held.give(lens.rungs, need.link, item, given);
            }
            let own = if lens.judges(facts) { lens.own(item, &mut |_, _| {}) } else { Own::default() };
            let proof = if facts.is_work() { lens.proof(item, &held.evidence) } else { Verdict::Ready };
            let passed = lens.passed(facts, held.needs(lens.rungs, item), || own.all, || proof);
            held.set(item, Slot { facts, own: own.all, proof, passed });
            held.place(item, own.placed);
        }
        Ok(held)
    }

    /// Makes room for all items and links that there are.
    pub(super) fn extend(&mut self, stream: &ValueStream, rungs: &[usize]) {
        let (_, items, links, _) = stream.extent();
        self.slots.resize(items as usize, EMPTY);
        self.given.resize(links as usize, None);
        self.counts.resize(items as usize * width(rungs), 0);
    }

    pub(super) fn items(&self) -> u32 {
        self.slots.len() as u32
    }

    pub(super) fn slot(&self, item: u32) -> Slot {
        self.slots.get(item as usize).copied().unwrap_or(EMPTY)
    }

    pub(super) fn set(&mut self, item: u32, slot: Slot) {
        if let Some(old) = self.slots.get_mut(item as usize) {
            *old = slot;
        }
    }

    /// What is held of an item's place.
    pub(super) fn placed(&self, item: u32) -> Lanes {
        self.placed.get(&item).copied().unwrap_or(0)
    }

    pub(super) fn place(&mut self, item: u32, lanes: Lanes) {
        if lanes == 0 {
            self.placed.remove(&item);
        } else {
            self.placed.insert(item, lanes);
        }
    }

    pub(super) fn verdict(&self, lens: &Lens<'_>, item: u32) -> Option<Verdict> {
        let slot = self.slot(item);
        lens.verdict(slot.facts.kind, slot.passed)
    }

    /// What a link gives now to what needs, by what is held of what is needed.
    pub(super) fn gives(
        &self,
        lens: &Lens<'_>,
        link: u32,
        kind: LinkKind,
        needed: u32,
        needing: u32,
    ) -> Option<Passed> {
        let below = self.slot(needed);
        let facts = self.slot(needing).facts;
        // What of it is said is looked up only where it can matter.
        let is_plain =
            kind != LinkKind::DependsOn || !facts.is_release() || !lens.judge.stream.is_detailed(link);
        lens.given((needing, facts), (kind, link, is_plain), (needed, below.facts), below.passed)
    }

    /// Takes down what a need gives to an item; what it gave before.
    pub(super) fn give(
        &mut self,
        rungs: &[usize],
        link: u32,
        needing: u32,
        given: Option<Passed>,
    ) -> Option<Passed> {
        let Some(slot) = self.given.get_mut(link as usize) else { return given };
        let before = std::mem::replace(slot, given);
        if before != given {
            self.count(rungs, needing, before, u32::wrapping_sub);
            self.count(rungs, needing, given, u32::wrapping_add);
        }
        before
    }

    fn count(&mut self, rungs: &[usize], item: u32, given: Option<Passed>, add: fn(u32, u32) -> u32) {
        let Some(given) = given else { return };
        let start = item as usize * width(rungs);
        let Some(counts) = self.counts.get_mut(start..start + width(rungs)) else { return };
        let verdicts = rungs.iter().map(|rung| read(given.lanes, *rung)).chain([given.proof]);
        for (pair, verdict) in counts.chunks_exact_mut(2).zip(verdicts) {
            match (verdict, pair) {
                (Verdict::Unknown, [count, _]) | (Verdict::NotReady, [_, count]) => *count = add(*count, 1),
                _ => {}
            }
        }
        if let (true, Some(parts)) = (given.is_part, counts.last_mut()) {
            *parts = add(*parts, 1);
        }
    }

    /// What all needs of an item give together.
    pub(super) fn needs(&self, rungs: &[usize], item: u32) -> Passed {
        let start = item as usize * width(rungs);
        let Some(counts) = self.counts.get(start..start + width(rungs)) else { return Passed::NOTHING };
        let mut verdicts = counts.chunks_exact(2).map(|pair| match pair {
            [_, not_ready] if *not_ready > 0 => Verdict::NotReady,
            [unknown, _] if *unknown > 0 => Verdict::Unknown,
            _ => Verdict::Ready,
        });
        let lanes = rungs.iter().zip(verdicts.by_ref()).map(|(rung, verdict)| lane(verdict, *rung)).sum();
        let proof = verdicts.next().unwrap_or(Verdict::Ready);
        Passed { lanes, proof, is_part: counts.last().is_some_and(|parts| *parts > 0) }
    }
}
