//! Why, as a tree: what an item needs, what of that is not ready, and the facts at the ends.

use serde::{Deserialize, Serialize};

use super::judge::{Closure, Judge, Judged};
use super::{ReadinessQuery, Unmet, Verdict};
use crate::analyze::message::say;
use crate::analyze::{Basis, Message};
use crate::error::Result;
use crate::hash::HashMap;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::time::Instant;

/// Why an item is ready or not, as a tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// The stage.
    pub stage: String,
    /// The time it was asked at.
    pub at: Instant,
    /// The answer.
    pub verdict: Verdict,
    /// The tree, each node after the one above it: first the item itself, then what it needs and is not ready, one under
    /// the other, down to the items at fault.
    pub nodes: Vec<ExplanationNode>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One item of an explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplanationNode {
    /// The place of the node above in the list; absent for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<u32>,
    /// How many nodes are above.
    pub depth: u32,
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub kind: Option<Kind>,
    /// The stage that it is needed for.
    pub stage: String,
    /// The worst verdict of its own facts and of what it needs.
    pub verdict: Verdict,
    /// In how many ways it is needed; it is listed under the first one by id.
    pub ways: u32,
    /// Its own unmet facts.
    pub facts: Vec<Unmet>,
    /// The node as an English sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
}

impl Explanation {
    /// The tree as text, a line a node or fact, two spaces a level.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            let indent = "  ".repeat(node.depth as usize);
            text.push_str(&format!("{indent}{}\n", node.sentence));
            for fact in &node.facts {
                let mark = if fact.verdict == Verdict::Unknown { '?' } else { '!' };
                text.push_str(&format!("{indent}  {mark} {}", fact.sentence));
                if let Some(whom) = &fact.waits_for {
                    text.push_str(&format!(" Waits for {whom}."));
                }
                text.push('\n');
            }
        }
        text
    }
}

impl ValueStream {
    /// Why an item is ready or not for a stage, as a tree for programs and, by [`Explanation::to_text`], as sentences for
    /// people. Its facts are those of [`readiness`](ValueStream::readiness), each at the item that it was found at.
    ///
    /// Takes what `readiness` takes.
    ///
    /// # Errors
    /// Those of [`readiness`](ValueStream::readiness).
    ///
    /// ```
    /// use vsm_core::{Event, FlowState, Kind, Link, LinkKind, ReadinessQuery, ValueStream};
    /// let day = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// let mut release = Event::new("plan", "1", day, "plan:R1");
    /// release.kind = Some(Kind::Release);
    /// let mut story = Event::new("plan", "2", day, "plan:S1");
    /// (story.kind, story.set.state) = (Some(Kind::Story), Some(FlowState::Active));
    /// story.links.push(Link::new(LinkKind::ShipsIn, "plan:R1"));
    /// stream.apply(release)?;
    /// stream.apply(story)?;
    /// let text = stream.explain(&ReadinessQuery::new("plan:R1", day))?.to_text();
    /// assert!(text.starts_with("plan:R1 is not ready for production"));
    /// assert!(text.contains("    ! plan:S1 is being worked on and not done."));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn explain(&self, query: &ReadinessQuery) -> Result<Explanation> {
        let policy = query.policy.clone().unwrap_or_default();
        let rung = policy.rung(query.stage.as_deref())?;
        let target = self.find(&query.item)?;
        let mut judge = Judge::new(self, &policy, query.at);
        judge.assume(&query.assume)?;
        let Judged { readiness, needed, places } = judge.judged(target, rung)?;
        let mut facts: HashMap<(u32, usize), Vec<Unmet>> = HashMap::default();
        for (place, fact) in places.into_iter().zip(readiness.unmet) {
            facts.entry(place).or_default().push(fact);
        }
        let tree = Tree { judge: &judge, needed: &needed, worst: worst(&facts, &needed), facts };
        Ok(Explanation {
            nodes: tree.write((target, rung)),
            item: readiness.item,
            title: readiness.title,
            stage: readiness.stage,
            at: readiness.at,
            verdict: readiness.verdict,
            basis: readiness.basis,
        })
    }
}

/// The worst verdict of what is at or below each needed item.
fn worst(facts: &HashMap<(u32, usize), Vec<Unmet>>, needed: &Closure) -> HashMap<(u32, usize), Verdict> {
    let mut worst: HashMap<(u32, usize), Verdict> = HashMap::default();
    for verdict in [Verdict::NotReady, Verdict::Unknown] {
        let of_verdict = facts.iter().filter(|(_, facts)| facts.iter().any(|fact| fact.verdict == verdict));
        let mut stack: Vec<(u32, usize)> = of_verdict.map(|(place, _)| *place).collect();
        while let Some(place) = stack.pop() {
            if worst.contains_key(&place) {
                continue;
            }
            worst.insert(place, verdict);
            stack.extend(needed.get(&place).into_iter().flat_map(|need| need.needed_by.iter().copied()));
        }
    }
    worst
}

struct Tree<'a> {
    judge: &'a Judge<'a>,
    needed: &'a Closure,
    worst: HashMap<(u32, usize), Verdict>,
    facts: HashMap<(u32, usize), Vec<Unmet>>,
}

impl Tree<'_> {
    fn write(mut self, root: (u32, usize)) -> Vec<ExplanationNode> {
        let stream = self.judge.stream;
        let mut below: HashMap<(u32, usize), Vec<(u32, usize)>> = HashMap::default();
        for (place, need) in self.needed {
            // What was needed first brought it in; only what is not ready is shown.
            if *place != root
                && self.worst.contains_key(place)
                && let Some(first) = need.needed_by.first()
            {
                below.entry(*first).or_default().push(*place);
            }
        }
        for places in below.values_mut() {
            places.sort_unstable_by_key(|(item, rung)| std::cmp::Reverse((stream.id(*item), *rung)));
        }
        let mut nodes: Vec<ExplanationNode> = Vec::new();
        let mut stack = vec![(root, None::<u32>, 0_u32)];
        while let Some((place, above, depth)) = stack.pop() {
            let number = nodes.len() as u32;
            stack.extend(
                below.remove(&place).into_iter().flatten().map(|next| (next, Some(number), depth + 1)),
            );
            nodes.push(self.node(place, above, depth));
        }
        nodes
    }

    fn node(&mut self, place: (u32, usize), above: Option<u32>, depth: u32) -> ExplanationNode {
        let stream = self.judge.stream;
        let (item, rung) = place;
        let stage = self.judge.stage(rung).to_owned();
        let verdict = self.worst.get(&place).copied().unwrap_or(Verdict::Ready);
        let ways = self.needed.get(&place).map_or(0, |need| need.needed_by.len() as u32);
        let words = match verdict {
            Verdict::Ready => say::ready,
            Verdict::Unknown => say::not_known_ready,
            Verdict::NotReady => say::not_ready,
        };
        let (sentence, messages) = words(item, stage.clone().into()).tell(stream);
        ExplanationNode {
            above,
            depth,
            sentence,
            messages,
            item: stream.id(item).to_owned(),
            title: stream.title(item).to_owned(),
            kind: stream.kind(item),
            stage,
            verdict,
            ways,
            facts: self.facts.remove(&place).unwrap_or_default(),
        }
    }
}
