//! Why a verdict changed, in words.

use super::super::Verdict;
use super::super::judge::Fact;
use super::super::lanes::Lens;
use super::turn::Turn;
use super::{ChangeReason, EVIDENCE};
use crate::analyze::{Grounds, keys};
use crate::model::{FlowState, Kind};
use crate::texts::NONE;

/// How many of the items between are named.
const BETWEEN: usize = 10;

/// What is so at an item now, with the events behind it.
struct Now {
    sentence: String,
    evidence: Vec<u32>,
}

impl From<Fact> for Now {
    fn from(fact: Fact) -> Now {
        Now { sentence: fact.sentence, evidence: fact.evidence }
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
        ChangeReason { item: stream.id(root).to_owned(), sentence: now.sentence, through, evidence }
    }

    fn now(&self, item: u32, is_gone: bool) -> Now {
        let judge = &self.lens.judge;
        let name = judge.name(item);
        let say = |sentence: String| Now { sentence, evidence: Vec::new() };
        let slot = self.held.slot(item);
        if is_gone {
            return say(format!("{name} has no verdict any more."));
        }
        if slot.facts.is_cancelled() {
            return say(format!("{name} is cancelled."));
        }
        let verdict = self.held.verdict(self.lens, item);
        match slot.facts.kind {
            Some(Kind::Release) if slot.facts.state == Some(FlowState::Done) => {
                say(format!("{name} is shipped."))
            }
            Some(Kind::Release | Kind::Gate) => match self.facts.get(&item) {
                Some(fact) => Now { sentence: fact.sentence.clone(), evidence: fact.evidence.clone() },
                None if slot.facts.kind == Some(Kind::Gate) => {
                    say(format!("{name} is passed, or not asked for."))
                }
                None => overall(&name, verdict),
            },
            _ if slot.facts.is_work() && judge.is_leaf(item) => {
                let unmet = judge.leaf(item).map(Now::from);
                let unproved = || judge.unproved(item, self.lens.rung, &self.held.evidence).map(Now::from);
                unmet.or_else(unproved).unwrap_or_else(|| say(format!("{name} is done, built and tested.")))
            }
            _ => overall(&name, verdict),
        }
    }
}

/// Why an item has the verdict that it has now, where it was judged anew together with everything else.
pub(super) fn of(lens: &Lens<'_>, item: u32, to: Option<Verdict>) -> Option<ChangeReason> {
    let judge = &lens.judge;
    let name = judge.name(item);
    let id = judge.stream.id(item).to_owned();
    let say =
        |sentence| ChangeReason { item: id.clone(), sentence, through: Vec::new(), evidence: Vec::new() };
    if to.is_none() {
        return Some(say(format!("{name} has no verdict any more.")));
    }
    let unmet = judge.judged(item, lens.rung).ok()?.readiness.unmet;
    let Some(fact) = unmet.into_iter().max_by(|a, b| a.verdict.cmp(&b.verdict).then(b.item.cmp(&a.item)))
    else {
        return Some(say(overall(&name, to).sentence));
    };
    Some(ChangeReason {
        item: fact.item,
        sentence: fact.sentence,
        through: fact.through.into_iter().collect(),
        evidence: fact.evidence,
    })
}

/// What is so of an item that is what its needs are.
fn overall(name: &str, verdict: Option<Verdict>) -> Now {
    let sentence = match verdict {
        Some(Verdict::Ready) => format!("{name} has all that it needs."),
        Some(Verdict::NotReady) => format!("{name} still needs what is not ready."),
        Some(Verdict::Unknown) | None => {
            format!("{name} needs something of which nobody knows whether it is ready.")
        }
    };
    Now { sentence, evidence: Vec::new() }
}
