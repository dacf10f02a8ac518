//! How much of the input could be linked, and what could not.

use serde::{Deserialize, Serialize};

use super::{Basis, EXAMPLES, Grounds};
use crate::graph::Direction::{self, Incoming, Outgoing};
use crate::hash::HashMap;
use crate::model::{FlowState, Kind, LinkKind};
use crate::stream::ValueStream;

/// What is linked and what is not, by kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// One row for each expectation, those with most unlinked items first.
    pub rows: Vec<CoverageRow>,
    /// Items that others link to but nobody has described.
    pub undescribed: u64,
    /// Items for which none of the expectations that apply to them holds.
    pub unlinked: u64,
    /// Items that any expectation applies to.
    pub expected: u64,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One expectation, and how far it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// The kind of item.
    pub kind: Kind,
    /// What each should have: `parent`, `change`, `release`, `work_item`, `commit`, `build`, `scope`, `environment`,
    /// `criterion`.
    pub expects: String,
    /// How many items of the kind there are.
    pub total: u64,
    /// How many have it by a stated link.
    pub stated: u64,
    /// How many have it by an inferred link only.
    pub inferred: u64,
    /// How many do not have it.
    pub unlinked: u64,
    /// The first of these in alphabetical order; at most ten.
    pub examples: Vec<String>,
}

/// What an item of a kind should be linked to: (kind, name, link, direction).
const EXPECTATIONS: &[(Kind, &str, LinkKind, Direction)] = &[
    (Kind::Feature, "parent", LinkKind::Parent, Outgoing),
    (Kind::Feature, "change", LinkKind::Implements, Incoming),
    (Kind::Feature, "release", LinkKind::ShipsIn, Outgoing),
    (Kind::Story, "parent", LinkKind::Parent, Outgoing),
    (Kind::Story, "change", LinkKind::Implements, Incoming),
    (Kind::Story, "release", LinkKind::ShipsIn, Outgoing),
    (Kind::Defect, "change", LinkKind::Implements, Incoming),
    (Kind::Defect, "release", LinkKind::ShipsIn, Outgoing),
    (Kind::Change, "work_item", LinkKind::Implements, Outgoing),
    (Kind::Build, "commit", LinkKind::BuiltFrom, Outgoing),
    (Kind::TestRun, "build", LinkKind::Tests, Outgoing),
    (Kind::TestRun, "environment", LinkKind::RanIn, Outgoing),
    (Kind::Deployment, "build", LinkKind::Deploys, Outgoing),
    (Kind::Deployment, "environment", LinkKind::DeployedTo, Outgoing),
    (Kind::Phase, "parent", LinkKind::Parent, Outgoing),
    (Kind::Activity, "parent", LinkKind::Parent, Outgoing),
    (Kind::Criterion, "parent", LinkKind::Parent, Outgoing),
    (Kind::Evidence, "criterion", LinkKind::Satisfies, Outgoing),
    (Kind::Release, "scope", LinkKind::ShipsIn, Incoming),
    (Kind::Release, "build", LinkKind::Candidate, Incoming),
];

impl ValueStream {
    /// What is linked by a statement, what by inference, and what not at all. Work is expected to have changes from the
    /// time that it is begun; cancelled work is not looked at. One look at every item.
    pub fn coverage(&self) -> Coverage {
        let mut rows: Vec<CoverageRow> = EXPECTATIONS
            .iter()
            .map(|(kind, expects, ..)| CoverageRow {
                kind: *kind,
                expects: (*expects).into(),
                total: 0,
                stated: 0,
                inferred: 0,
                unlinked: 0,
                examples: Vec::new(),
            })
            .collect();
        let by_kind: HashMap<Kind, Vec<usize>> =
            EXPECTATIONS.iter().enumerate().fold(HashMap::default(), |mut map, (n, (kind, ..))| {
                map.entry(*kind).or_insert_with(Vec::new).push(n);
                map
            });
        let mut grounds = Grounds::default();
        let (mut undescribed, mut unlinked, mut expected) = (0, 0, 0);
        for item in self.all() {
            let Some(kind) = self.kind(item) else {
                undescribed += u64::from(self.touching(item, Incoming).next().is_some());
                continue;
            };
            let state = self.state_of(item);
            let Some(numbers) = by_kind.get(&kind) else { continue };
            if state == Some(FlowState::Cancelled) {
                grounds.exclude("cancelled", self.id(item));
                continue;
            }
            let is_begun = !matches!(state, None | Some(FlowState::New));
            expected += 1;
            let mut any = false;
            for number in numbers {
                let (Some(row), Some((_, _, link, direction))) =
                    (rows.get_mut(*number), EXPECTATIONS.get(*number))
                else {
                    continue;
                };
                if *link == LinkKind::Implements && kind.is_work() && !is_begun {
                    continue;
                }
                row.total += 1;
                match self.linked_by(item, *link, *direction) {
                    Some((is_stated, event)) => {
                        *(if is_stated { &mut row.stated } else { &mut row.inferred }) += 1;
                        grounds.evidence.push(event);
                    }
                    None => {
                        row.unlinked += 1;
                        row.examples.push(self.id(item).to_owned());
                        continue;
                    }
                }
                any = true;
            }
            unlinked += u64::from(!any);
        }
        rows.retain(|row| row.total > 0);
        for row in &mut rows {
            row.examples.sort_unstable();
            row.examples.truncate(EXAMPLES);
        }
        rows.sort_by(|a, b| (b.unlinked, a.kind, &a.expects).cmp(&(a.unlinked, b.kind, &b.expects)));
        grounds.n = expected;
        grounds.rule("stated_beats_inferred");
        Coverage { rows, undescribed, unlinked, expected, basis: grounds.finish(self) }
    }

    /// The event behind an item's link, with whether it states or only infers it; of several stated ones the first by
    /// key. A tag makes up for a candidate build.
    fn linked_by(&self, item: u32, link: LinkKind, direction: Direction) -> Option<(bool, u32)> {
        let matches = |kind: LinkKind| match link {
            LinkKind::Candidate => matches!(kind, LinkKind::Candidate | LinkKind::Tags),
            // A job is a part of a build, which knows the commit.
            LinkKind::BuiltFrom => matches!(kind, LinkKind::BuiltFrom | LinkKind::Parent),
            link => kind == link,
        };
        self.touching(item, direction)
            .filter(|(_, kind, _)| matches(*kind))
            .map(|(number, _, _)| {
                (self.detail(number).is_none_or(|detail| detail.rule.is_none()), self.evidence(number))
            })
            .max_by(|a, b| a.0.cmp(&b.0).then_with(|| self.key(b.1).cmp(self.key(a.1))))
    }
}
