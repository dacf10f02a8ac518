//! Why a verdict changed, in words.

use super::super::Verdict;
use super::super::judge::Fact;
use super::super::lanes::Lens;
use super::turn::Turn;
use super::{ChangeReason, EVIDENCE};
use crate::analyze::message::{Say, say};
use crate::analyze::{Grounds, keys};
use crate::model::{FlowState, Kind};
use crate::texts::NONE;

/// How many of the items between are named.
const BETWEEN: usize = 10;

/// What is so at an item now, with the events behind it.
struct Now {
    say: Say,
    evidence: Vec<u32>,
}

impl From<Fact> for Now {
    fn from(fact: Fact) -> Now {
        Now { say: fact.say, evidence: fact.evidence }
    }
}

impl Turn<'_> {
    /// Why the verdict of an item is another one now.
    pub(super) fn reason(
        &self,
        item: u32,
        from: Option<Verdict>,
        to: Option<Verdict>,
        grounds: &mut Grounds,
    ) -> ChangeReason {
        let stream = self.lens.judge.stream;
        let is_better = to < from;
        let mut through: Vec<String> = Vec::new();
        let mut root = item;
        // Each step leads to what is needed, so this ends.
        while let Some(note) = self.notes.notes.get(&root) {
            let next = if is_better { note.better } else { note.worse.0 };
            if next == NONE || next == root {
                break;
            }
            if root != item && through.len() < BETWEEN {
                through.push(stream.id(root).to_owned());
            }
            root = next;
        }
        let now = self.now(root, to.is_none() && root == item);
        let mut events = now.evidence;
        if events.is_empty() {
            events.extend(self.notes.notes.get(&root).into_iter().flat_map(|note| note.events()));
        }
        if grounds.evidence.len() < EVIDENCE {
            grounds.evidence.extend(&events);
        }
        let evidence = keys(stream, events);
        let (sentence, messages) = now.say.tell(stream);
        ChangeReason { item: stream.id(root).to_owned(), sentence, messages, through, evidence }
    }

    fn now(&self, item: u32, is_gone: bool) -> Now {
        let judge = &self.lens.judge;
        let only = |say: Say| Now { say, evidence: Vec::new() };
        let slot = self.held.slot(item);
        if is_gone {
            return only(say::verdict_gone(item));
        }
        if slot.facts.is_cancelled() {
            return only(say::cancelled(item));
        }
        let verdict = self.held.verdict(self.lens, item);
        match slot.facts.kind {
            Some(Kind::Release) if slot.facts.state == Some(FlowState::Done) => only(say::shipped(item)),
            Some(Kind::Release | Kind::Gate) => match self.facts.get(&item) {
                Some(fact) => Now { say: fact.say.clone(), evidence: fact.evidence.clone() },
                None if slot.facts.kind == Some(Kind::Gate) => only(say::gate_passed(item)),
                None => only(overall(item, verdict)),
            },
            _ if slot.facts.is_work() && judge.is_leaf(item) => {
                let unmet = judge.leaf(item).map(Now::from);
                let unproved = || judge.unproved(item, self.lens.rung, &self.held.evidence).map(Now::from);
                unmet.or_else(unproved).unwrap_or_else(|| only(say::work_complete(item)))
            }
            _ => only(overall(item, verdict)),
        }
    }
}

/// Why an item has the verdict that it has now, where it was judged anew together with everything else.
pub(super) fn of(lens: &Lens<'_>, item: u32, to: Option<Verdict>) -> Option<ChangeReason> {
    let judge = &lens.judge;
    let only = |say: Say| {
        let (sentence, messages) = say.tell(judge.stream);
        let item = judge.stream.id(item).to_owned();
        ChangeReason { item, sentence, messages, through: Vec::new(), evidence: Vec::new() }
    };
    if to.is_none() {
        return Some(only(say::verdict_gone(item)));
    }
    let unmet = judge.judged(item, lens.rung).ok()?.readiness.unmet;
    let Some(fact) = unmet.into_iter().max_by(|a, b| a.verdict.cmp(&b.verdict).then(b.item.cmp(&a.item)))
    else {
        return Some(only(overall(item, to)));
    };
    Some(ChangeReason {
        item: fact.item,
        sentence: fact.sentence,
        messages: fact.messages,
        through: fact.through.into_iter().collect(),
        evidence: fact.evidence,
    })
}

/// What is so of an item that is what its needs are.
fn overall(item: u32, verdict: Option<Verdict>) -> Say {
    match verdict {
        Some(Verdict::Ready) => say::needs_met(item),
        Some(Verdict::NotReady) => say::needs_not_ready(item),
        Some(Verdict::Unknown) | None => say::needs_unknown(item),
    }
}
