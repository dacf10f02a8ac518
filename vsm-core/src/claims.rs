//! Links of which much was said, by rules too.
//!
//! What decides over a link is found by looking at all that was said of it, and of nearly every link that is one thing. A link
//! that rules have made and taken back a thousand times would be looked through a thousand times, and so would a link to a
//! parent that was taken back a thousand times where another parent is known; what was
//! said of it is also kept in order, so that the next statement costs the logarithm of how many there are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::hash::HashMap;
use crate::late::Place;

/// One thing that was said of a link.
pub(crate) struct Claim<'a> {
    /// None where it is stated.
    pub(crate) rule: Option<&'a str>,
    /// Where it counts among the others: of a rule by when it became known first, of all that is stated by when it was so.
    pub(crate) place: Place,
    pub(crate) on: bool,
    pub(crate) confidence: f64,
}

/// How sure a rule is that a link holds, the surest first, and then the alphabetically first.
type Rank = (Reverse<u64>, Box<str>);

#[derive(Clone, Debug, Default)]
struct Said {
    stated: BTreeSet<Place>,
    /// By rule; a place with the rank of what says that the link holds.
    inferred: BTreeMap<Box<str>, BTreeMap<Place, Option<Rank>>>,
    /// The last words of the rules that say that it holds.
    holding: BTreeMap<Rank, u32>,
    /// All that ever said that it holds, what is stated after what is inferred, each in the order in which it was so.
    on: BTreeSet<(bool, Place)>,
}

/// By link.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    links: HashMap<u32, Said>,
}

impl Claims {
    pub(crate) fn has(&self, link: u32) -> bool {
        self.links.contains_key(&link)
    }

    /// What decides over a link: what was stated last, else the surest rule. None inside where nothing does.
    pub(crate) fn deciding(&self, link: u32) -> Option<Option<u32>> {
        let said = self.links.get(&link)?;
        let stated = said.stated.last().map(|place| place.3);
        Some(stated.or_else(|| said.holding.values().next().copied()))
    }

    /// What said last that a link holds, whatever was said since; what is stated before what is inferred. None inside
    /// where nothing ever did.
    pub(crate) fn last_on(&self, link: u32) -> Option<Option<u32>> {
        Some(self.links.get(&link)?.on.last().map(|(_, place)| place.3))
    }

    pub(crate) fn add(&mut self, link: u32, claim: Claim<'_>) {
        let said = self.links.entry(link).or_default();
        if claim.on {
            said.on.insert(claim.in_time());
        }
        match claim.rule {
            None => {
                said.stated.insert(claim.place);
            }
            Some(rule) => said.change(rule, |places| {
                // A negative zero has the bits of a large number.
                let rank = || (Reverse((claim.confidence + 0.0).to_bits()), rule.into());
                places.insert(claim.place, claim.on.then(rank));
            }),
        }
    }

    /// Takes back what was added.
    pub(crate) fn remove(&mut self, link: u32, claim: &Claim<'_>) {
        let Some(said) = self.links.get_mut(&link) else { return };
        if claim.on {
            said.on.remove(&claim.in_time());
        }
        match claim.rule {
            None => {
                said.stated.remove(&claim.place);
            }
            Some(rule) => said.change(rule, |places| {
                places.remove(&claim.place);
            }),
        }
    }

    /// Leaves a link to be looked through again, and tells whether it was kept here.
    pub(crate) fn forget(&mut self, link: u32) -> bool {
        self.links.remove(&link).is_some()
    }

    /// Bytes held, about: a tree takes half as much again as what is in it.
    pub(crate) fn bytes(&self) -> usize {
        let place = |place: &Place| (size_of::<Place>() + size_of::<Option<Rank>>()) * 3 / 2 + place.2.len();
        let said = self.links.values().flat_map(|said| {
            let inferred = said.inferred.values().flat_map(|places| places.keys());
            said.stated.iter().chain(inferred).chain(said.on.iter().map(|(_, place)| place))
        });
        said.map(place).sum::<usize>() + self.links.allocation_size()
    }
}

impl Claim<'_> {
    /// Whether it is stated, and where it counts by when it was so.
    fn in_time(&self) -> (bool, Place) {
        let (first, second, key, number) = self.place.clone();
        match self.rule {
            None => (true, (first, second, key, number)),
            Some(_) => (false, (second, first, key, number)),
        }
    }
}

impl Said {
    /// Changes what a rule said; only its last word counts.
    fn change(&mut self, rule: &str, change: impl FnOnce(&mut BTreeMap<Place, Option<Rank>>)) {
        let places = self.inferred.entry(rule.into()).or_default();
        if let Some((_, Some(rank))) = places.last_key_value() {
            self.holding.remove(rank);
        }
        change(places);
        if let Some((place, Some(rank))) = places.last_key_value() {
            self.holding.insert(rank.clone(), place.3);
        }
        if places.is_empty() {
            self.inferred.remove(rule);
        }
    }
}
