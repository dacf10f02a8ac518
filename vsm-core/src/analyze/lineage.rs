//! Everything that an item needs, and everything that needs it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Basis, EVIDENCE, Grounds};
use crate::error::Result;
use crate::graph::Frozen;
use crate::hash::HashSet;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;

/// A walk that has found one in so many items goes over to a pass over all of them, which looks at each need once and in
/// order: that is faster from there on.
const MANY: usize = 16;

/// Up to one in so many items a table tells what was found already; a bit for each item, all of which have to be set to
/// nothing first, costs less from there on.
const FEW: usize = 4_096;

text_enum! {
    /// Which way to go along what items need of each other.
    pub enum LineageSide {
        /// What it needs: scope, parts, gates and what they depend on.
        Needs = "needs",
        /// What needs it: wholes, releases, what depends on them.
        NeededBy = "needed_by",
    }
}

/// A question for all that an item needs, or for all that needs it, directly or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineageQuery {
    /// The item.
    pub item: String,
    /// Which way to go.
    pub side: LineageSide,
    /// The kind of the items that are counted and listed; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Whether to list them; absent = yes. Counting alone saves a text for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<bool>,
}

impl LineageQuery {
    /// Everything on one side of an item, listed.
    pub fn new(item: impl Into<String>, side: LineageSide) -> LineageQuery {
        LineageQuery { item: item.into(), side, kind: None, list: None }
    }
}

/// All that an item needs, or all that needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// The item.
    pub item: String,
    /// Which way was gone.
    pub side: LineageSide,
    /// How many items were found, itself left out.
    pub count: u64,
    /// How many of each kind; what nobody has described is called `unknown`.
    pub kinds: BTreeMap<String, u64>,
    /// The items, by id.
    pub items: Vec<String>,
    /// What the answer rests on; its evidence are the last events of the first hundred items that are listed.
    pub basis: Basis,
}

impl ValueStream {
    /// Everything that an item needs, or everything that needs it, over `parent`, `ships_in`, `gates` and `depends_on`,
    /// each item once. It is about structure: finished and cancelled items are there, too.
    ///
    /// Takes what is found, with its links; where that is a good part of everything, one pass over everything at most.
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem).
    ///
    /// ```
    /// use vsm_core::{Event, LineageQuery, LineageSide, Link, LinkKind, ValueStream};
    /// let day = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// for (part, whole) in [("jira:S", "jira:F"), ("jira:F", "jira:E")] {
    ///     let mut event = Event::new("jira", part, day, part);
    ///     event.links.push(Link::new(LinkKind::Parent, whole));
    ///     stream.apply(event)?;
    /// }
    /// let lineage = stream.lineage(&LineageQuery::new("jira:S", LineageSide::NeededBy))?;
    /// assert_eq!(lineage.items, ["jira:E", "jira:F"]);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn lineage(&self, query: &LineageQuery) -> Result<Lineage> {
        let start = self.find(&query.item)?;
        let mut found = match self.walk_needs(start, query.side) {
            Some(found) => found,
            None => sweep(&*self.frozen()?, start, query.side),
        };
        let mut grounds = Grounds::default();
        grounds.rule("needs");
        if let Some(kind) = query.kind {
            found.retain(|item| self.kind(*item) == Some(kind));
        }
        let mut by_kind = [0u64; Kind::ALL.len() + 1];
        for item in &found {
            let place = self.kind(*item).map_or(Kind::ALL.len(), |kind| kind as usize);
            by_kind.get_mut(place).into_iter().for_each(|count| *count += 1);
        }
        let names = Kind::ALL.iter().map(|kind| kind.as_str()).chain(["unknown"]);
        let kinds = names.zip(by_kind).filter(|(_, count)| *count > 0);
        grounds.n = found.len() as u64;
        let items = if query.list == Some(false) {
            Vec::new()
        } else {
            // The ids are looked up once and not for each comparison.
            let mut named: Vec<(&str, u32)> = found.iter().map(|item| (self.id(*item), *item)).collect();
            named.sort_unstable();
            let first = named.iter().take(EVIDENCE);
            grounds.evidence.extend(first.filter_map(|(_, item)| self.last_event(*item)));
            named.into_iter().map(|(id, _)| id.to_owned()).collect()
        };
        Ok(Lineage {
            item: self.id(start).to_owned(),
            side: query.side,
            count: grounds.n,
            kinds: kinds.map(|(kind, count)| (kind.to_owned(), count)).collect(),
            items,
            basis: grounds.finish(self),
        })
    }

    /// Walks from an item on; none where so much is found that a pass over everything is the shorter way.
    fn walk_needs(&self, start: u32, side: LineageSide) -> Option<Vec<u32>> {
        let count = self.all().len();
        // What one item needs lies together in the layout, so that it is used where it was made already.
        if let (Some(frozen), LineageSide::Needs) = (self.laid_out(), side) {
            let mut found =
                walk(frozen.rank(start), count, |rank| frozen.needs(rank).iter().map(|need| need.rank))?;
            found.iter_mut().for_each(|rank| *rank = frozen.item(*rank));
            return Some(found);
        }
        let ahead = side == LineageSide::NeededBy;
        match self.past() {
            None => walk(start, count, |item| self.needs_now(item, ahead)),
            Some(_) => walk(start, count, |item| self.needs_at(item, ahead)),
        }
    }
}

/// All that can be reached from one of so many numbers, itself left out; none where it is one in [`MANY`].
fn walk<I: Iterator<Item = u32>>(start: u32, count: usize, next: impl Fn(u32) -> I) -> Option<Vec<u32>> {
    // What was found is what is to be looked at, in the same order.
    let mut found = vec![start];
    let mut seen = HashSet::from_iter([start]);
    let few = count / FEW;
    let at = follow(&mut found, 0, few, &next, |number| seen.insert(number));
    if at < found.len() {
        let mut bits = vec![0u64; count / 64 + 1];
        let mut is_new = |number: u32| {
            let bit = 1u64 << (number % 64);
            bits.get_mut(number as usize / 64).is_some_and(|word| {
                let is_new = *word & bit == 0;
                *word |= bit;
                is_new
            })
        };
        found.iter().for_each(|number| {
            is_new(*number);
        });
        let most = (count / MANY).max(MANY);
        if follow(&mut found, at, most, &next, is_new) < found.len() {
            return None;
        }
    }
    found.swap_remove(0);
    Some(found)
}

/// Goes on from what was found, beginning at a place, until all of it was looked at or more than so much is found; the
/// place that it came to.
fn follow<I: Iterator<Item = u32>>(
    found: &mut Vec<u32>,
    mut at: usize,
    most: usize,
    next: &impl Fn(u32) -> I,
    mut is_new: impl FnMut(u32) -> bool,
) -> usize {
    while let Some(number) = found.get(at).copied().filter(|_| found.len() <= most) {
        at += 1;
        found.extend(next(number).filter(|other| is_new(*other)));
    }
    at
}

/// Everything on one side of an item by one pass in the order of needs.
fn sweep(frozen: &Frozen, start: u32, side: LineageSide) -> Vec<u32> {
    let first = frozen.rank(start);
    let mut is_found = vec![false; frozen.len()];
    let mark = |is_found: &mut Vec<bool>, rank: u32| {
        is_found.get_mut(rank as usize).into_iter().for_each(|slot| *slot = true);
    };
    mark(&mut is_found, first);
    let has = |is_found: &[bool], rank: u32| is_found.get(rank as usize).copied().unwrap_or(false);
    match side {
        LineageSide::Needs => {
            for rank in (0..=first).rev() {
                if has(&is_found, rank) {
                    frozen.needs(rank).iter().for_each(|need| mark(&mut is_found, need.rank));
                }
            }
        }
        LineageSide::NeededBy => {
            for rank in first..frozen.len() as u32 {
                if frozen.needs(rank).iter().any(|need| has(&is_found, need.rank)) {
                    mark(&mut is_found, rank);
                }
            }
        }
    }
    let ranks = (0u32..).zip(is_found).filter(|(rank, is_found)| *is_found && *rank != first);
    ranks.map(|(rank, _)| frozen.item(rank)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, Link, LinkKind};
    use crate::time::Instant;

    /// A table for a few, bits for more, and beyond them a pass: each number leads to two others, so that most are met more
    /// than once.
    #[test]
    fn a_walk_finds_the_same_however_it_is_remembered() {
        let count = 300_000;
        let few = (count / FEW) as u32;
        for size in [1, 2, few - 1, few, few + 1, few + 2, 4 * few, (count / MANY) as u32] {
            let next =
                |number: u32| [(2 * number + 1) % size, (2 * number + 2) % size, number / 2].into_iter();
            let mut found = walk(0, count, next).unwrap();
            found.sort_unstable();
            assert_eq!(found, (1..size).collect::<Vec<u32>>());
        }
        let size = (2 * count / MANY) as u32;
        assert_eq!(walk(0, count, |n: u32| [(2 * n + 1) % size, (2 * n + 2) % size].into_iter()), None);
    }

    /// A walk and a pass come to the same, on both sides, for few and for many.
    #[test]
    fn a_pass_finds_what_a_walk_finds() {
        let mut stream = ValueStream::new();
        let mut dice = 7u32;
        for n in 0..6_000_u32 {
            let mut event = Event::new("t", n.to_string(), Instant::MIN, format!("t:{n}"));
            for _ in 0..n.min(2) {
                dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Groups of a hundred, and few needs from one to another.
                let before = if dice.is_multiple_of(13) {
                    dice / 97 % n
                } else {
                    n - n % 100 + (dice / 97) % (n % 100).max(1)
                };
                if before < n {
                    event.links.push(Link::new(LinkKind::DependsOn, format!("t:{before}")));
                }
            }
            stream.apply(event).unwrap();
        }
        let (mut walked, mut swept) = (0, 0);
        for n in (0..6_000).step_by(53) {
            let start = stream.find(&format!("t:{n}")).unwrap();
            for side in LineageSide::ALL {
                let mut pass = sweep(&stream.frozen().unwrap(), start, *side);
                let mut seen = HashSet::from_iter([start]);
                let mut walk = vec![start];
                let mut at = 0;
                while let Some(item) = walk.get(at).copied() {
                    at += 1;
                    let next = stream.needs_at(item, *side == LineageSide::NeededBy);
                    walk.extend(next.filter(|other| seen.insert(*other)));
                }
                walk.remove(0);
                walk.sort_unstable();
                pass.sort_unstable();
                assert_eq!(pass, walk);
                match stream.walk_needs(start, *side) {
                    Some(mut found) => {
                        found.sort_unstable();
                        assert_eq!(found, walk);
                        walked += 1;
                    }
                    None => swept += 1,
                }
                let view = stream.as_of(Instant::MAX, Instant::MAX);
                let query = LineageQuery::new(format!("t:{n}"), *side);
                let (now, then) = (stream.lineage(&query).unwrap(), view.lineage(&query).unwrap());
                assert_eq!((now.count, &now), (walk.len() as u64, &then));
            }
        }
        assert!(walked > 100 && swept > 2, "both ways are tried: {walked} {swept}");
    }
}
