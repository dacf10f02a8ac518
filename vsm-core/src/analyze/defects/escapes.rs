//! Which defects were found too late.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::case::{Case, PRODUCTION};
use crate::analyze::Grounds;
use crate::analyze::worth::Arrivals;
use crate::graph::Direction::Outgoing;
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;
use crate::time::{Instant, Span};

/// Defects that were found in a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefectStage {
    /// The stage.
    pub stage: String,
    /// Whether what is found there has escaped.
    pub is_production: bool,
    /// How many.
    pub found: u32,
    /// Their part of all whose stage is known, from 0 to 1.
    pub share: f64,
}

/// The defects that were found in a release, before and after it shipped, whenever that was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseEscapes {
    /// The release.
    pub release: String,
    /// When it shipped; absent = not yet.
    pub shipped_at: Option<Instant>,
    /// How long it has been in use: what shows up later is not counted yet, and a rate of a shorter time is not that of a
    /// longer one.
    pub observed: Option<Span>,
    /// Found before it shipped.
    pub before: u32,
    /// Found since.
    pub after: u32,
    /// Found since over all; absent while it has not shipped.
    pub escape_rate: Option<f64>,
}

/// The stages of some defects, by name, and the part that was found in production.
pub(super) fn stages(
    stream: &ValueStream,
    cases: &[&Case],
    attribute: Option<&str>,
    production: &[String],
    arrivals: &Arrivals<'_>,
    grounds: &mut Grounds,
) -> (Vec<DefectStage>, Option<f64>) {
    let attribute = attribute.unwrap_or("stage_found");
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    for case in cases {
        match case.stage(stream, attribute, arrivals) {
            Some(stage) => *found.entry(stage).or_default() += 1,
            None => grounds.exclude("stage_found_not_known", stream.id(case.item)),
        }
    }
    let total: u32 = found.values().sum();
    let share = |n: u32| f64::from(n) / f64::from(total.max(1));
    let is_production = |stage: &str| {
        if production.is_empty() { stage == PRODUCTION } else { production.iter().any(|one| one == stage) }
    };
    let escaped: u32 = found.iter().filter(|(stage, _)| is_production(stage)).map(|(_, n)| *n).sum();
    let rows = found
        .into_iter()
        .map(|(stage, found)| DefectStage {
            is_production: is_production(&stage),
            found,
            share: share(found),
            stage,
        })
        .collect();
    (rows, (total > 0).then(|| share(escaped)))
}

/// Of each release that a defect was found in how many came before and after it shipped, by id.
pub(super) fn releases(
    stream: &ValueStream,
    cases: &[Case],
    arrivals: &Arrivals<'_>,
    at: Instant,
) -> Vec<ReleaseEscapes> {
    let mut rows: BTreeMap<&str, ReleaseEscapes> = BTreeMap::new();
    for case in cases {
        let found_in = stream.linked(case.item, LinkKind::FoundIn, Outgoing).map(|(_, other)| other);
        for release in found_in.filter(|other| stream.kind(*other) == Some(Kind::Release)) {
            let row = rows.entry(stream.id(release)).or_insert_with(|| {
                let shipped_at = arrivals.release(release);
                ReleaseEscapes {
                    release: stream.id(release).to_owned(),
                    shipped_at,
                    observed: shipped_at.map(|shipped| at.since(shipped)),
                    before: 0,
                    after: 0,
                    escape_rate: None,
                }
            });
            if row.shipped_at.is_some_and(|shipped| shipped <= case.opened) {
                row.after += 1;
            } else {
                row.before += 1;
            }
        }
    }
    for row in rows.values_mut().filter(|row| row.shipped_at.is_some()) {
        row.escape_rate = Some(f64::from(row.after) / f64::from(row.after + row.before));
    }
    rows.into_values().collect()
}
