//! In which release did each item really ship, against the one it was planned for?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Basis, Grounds};
use crate::correlate::CorrelationRules;
use crate::graph::Direction;
use crate::hash::HashMap;
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;

/// Planned against shipped, for all work that any change names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shipping {
    /// One row for each item that a change implements, by id.
    pub items: Vec<ShippedItem>,
    /// Items that shipped in a release they were planned for.
    pub agree: u64,
    /// Items that were planned for a version and shipped in others only.
    pub differ: u64,
    /// Items without a plan, not shipped, or planned for what is no version.
    pub unknown: u64,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One item's way out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShippedItem {
    /// The item.
    pub item: String,
    /// The versions that its releases name, by the rules.
    pub planned: Vec<String>,
    /// For each of its changes the version of the first tag that holds it.
    pub shipped: Vec<String>,
    /// Whether the two have a version in common; absent where that can't be told.
    pub agrees: Option<bool>,
}

impl ValueStream {
    /// For every item that a change implements, the version of the first tag that holds the change, against the
    /// versions that the item was planned for.
    ///
    /// Tags that fit a version rule are taken in order of their versions, number by number, since tags are moved and
    /// made later more often than versions are given out of order; a commit belongs to the first that it can be
    /// reached from. Each commit is walked once.
    pub fn shipping(&self, rules: &CorrelationRules) -> Shipping {
        let mut grounds = Grounds::default();
        grounds.rule("first_tag_by_version");
        let mut tags: Vec<(Vec<u64>, String, u32)> = Vec::new();
        let mut work = BTreeSet::new();
        for change in self.all().filter(|item| self.kind(*item) == Some(Kind::Change)) {
            for (item, event) in self.to(change, LinkKind::Implements) {
                work.insert(item);
                grounds.evidence.push(event);
            }
            for (tag, event) in self.tags_of(change) {
                let mut rules = rules.versions.iter().filter(|rule| self.is_of(change, rule));
                if let Some(version) = rules.find_map(|rule| rule.version_of_tag(tag)) {
                    tags.push((numbers(version), version.to_owned(), change));
                    grounds.evidence.push(event);
                }
            }
        }
        tags.sort_unstable_by(|a, b| (&a.0, &a.1, self.id(a.2)).cmp(&(&b.0, &b.1, self.id(b.2))));
        let mut first: HashMap<u32, usize> = HashMap::default();
        for (number, (_, _, change)) in tags.iter().enumerate() {
            let mut stack = vec![*change];
            while let Some(at) = stack.pop() {
                if first.contains_key(&at) {
                    continue;
                }
                first.insert(at, number);
                let parents = self.linked(at, LinkKind::Follows, Direction::Outgoing);
                stack.extend(parents.map(|(_, parent)| parent));
            }
        }
        let (mut agree, mut differ, mut unknown) = (0, 0, 0);
        let mut items: Vec<ShippedItem> = work
            .into_iter()
            .map(|item| {
                let changes = self.changes_of(item);
                let version =
                    |change: &u32| tags.get(*first.get(change)?).map(|(_, version, _)| version.clone());
                let shipped: BTreeSet<String> = changes.iter().filter_map(version).collect();
                let mut planned = BTreeSet::new();
                let mut is_planned = false;
                for (release, event) in self.to(item, LinkKind::ShipsIn) {
                    is_planned = true;
                    grounds.evidence.push(event);
                    planned.extend(self.versions_of(release, rules));
                }
                let agrees = (!planned.is_empty() && !shipped.is_empty())
                    .then(|| planned.iter().any(|version| shipped.contains(version)));
                match agrees {
                    Some(true) => agree += 1,
                    Some(false) => differ += 1,
                    None => {
                        unknown += 1;
                        let reason = match (is_planned, planned.is_empty()) {
                            (false, _) => "without_plan",
                            (true, true) => "planned_for_no_version",
                            (true, false) => "not_shipped",
                        };
                        grounds.exclude(reason, self.id(item));
                    }
                }
                ShippedItem {
                    item: self.id(item).to_owned(),
                    planned: planned.into_iter().collect(),
                    shipped: shipped.into_iter().collect(),
                    agrees,
                }
            })
            .collect();
        items.sort_unstable_by(|a, b| a.item.cmp(&b.item));
        grounds.n = items.len() as u64;
        Shipping { items, agree, differ, unknown, basis: grounds.finish(self) }
    }

    fn versions_of(&self, release: u32, rules: &CorrelationRules) -> Vec<String> {
        let title = self.title(release);
        let rules = rules.versions.iter().filter(|rule| self.is_of(release, rule));
        rules.filter_map(|rule| rule.version_of_release(title)).map(Into::into).collect()
    }
}

/// The numbers of a version, for comparison; one that is too large for a number counts as the largest.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}
