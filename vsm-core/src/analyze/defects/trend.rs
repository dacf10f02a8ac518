//! Open defects over time.

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::query::DefectsQuery;
use crate::analyze::MetricQuery;
use crate::analyze::metrics::{Bucket, Buckets, Groups};
use crate::error::{Error, Result};
use crate::hash::HashMap;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Zone};

text_enum! {
    /// When a defect counts as open in a part of the window.
    pub enum OpenRule {
        /// If it is open at the end of it; the default. From one part to the next the number grows by what was opened and
        /// falls by what was closed.
        EndOfBucket = "end_of_bucket",
        /// If it was open at any time in it, as jira-agile-metrics counts.
        AnyTime = "any_time",
    }
}

/// The defects of a group in a part of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefectTrend {
    /// The part, as `2026-04` or `2026-04-30`.
    pub bucket: String,
    /// Its first instant.
    pub start: Instant,
    /// The first instant after it.
    pub end: Instant,
    /// What the group has in common, in the order of the question; empty text where an item says nothing.
    pub group: Vec<String>,
    /// Defects that are open by the rule.
    pub open: u32,
    /// How often one was opened in it, re-opened, or became a defect.
    pub opened: u32,
    /// How often one was closed in it, or ceased to be a defect.
    pub closed: u32,
}

/// The trend of some defects, by part of the window and then by group; every group is in every part.
pub(super) fn trend(stream: &ValueStream, query: &DefectsQuery, cases: &[Case]) -> Result<Vec<DefectTrend>> {
    let zone = Zone::named(&query.zone)?;
    if query.bucket == Some(Bucket::Custom) {
        return Err(Error::invalid("bucket", "must be a part of the calendar"));
    }
    let metric = MetricQuery {
        bucket: Some(query.bucket.unwrap_or(Bucket::Month)),
        group_by: query.group_by.clone(),
        ..MetricQuery::new("defects", query.start, query.at, &query.zone)
    };
    let buckets = Buckets::of(&metric, zone)?;
    let mut groups = Groups::of(&metric)?;
    let mut counts: HashMap<(usize, u32), [u32; 3]> = HashMap::default();
    let mut found = Vec::new();
    let mut names: Vec<u32> = Vec::new();
    let mut count = |item: u32, bucket: usize, at: Instant, what: usize| {
        groups.find(stream, item, Some(Kind::Defect), at, &mut found);
        for group in &found {
            let slot = counts.entry((bucket, *group)).or_default();
            slot.get_mut(what).into_iter().for_each(|slot| *slot = slot.saturating_add(1));
            names.push(*group);
        }
        names.sort_unstable();
        names.dedup();
    };
    let after = |at: Instant| Instant::clamped(at.millis() + 1);
    for case in cases {
        let mut counted = 0;
        for (from, to) in &case.spans {
            let open = match query.open_rule.unwrap_or(OpenRule::EndOfBucket) {
                OpenRule::EndOfBucket => buckets.ending(*from, *to),
                OpenRule::AnyTime => buckets.overlapping(*from, (*to).max(after(*from))),
            };
            // Re-opened in the same part is open once.
            for bucket in open.start.max(counted)..open.end {
                let last = Instant::clamped(buckets.end(bucket).min(*to).millis() - 1).max(*from);
                count(case.item, bucket, last, 0);
            }
            counted = counted.max(open.end);
            if let Some(bucket) = buckets.at(*from) {
                count(case.item, bucket, *from, 1);
            }
            if let Some(bucket) = buckets.at(*to) {
                count(case.item, bucket, *to, 2);
            }
        }
    }
    let mut names: Vec<(Vec<String>, u32)> =
        names.iter().map(|group| (groups.name(*group).to_vec(), *group)).collect();
    if query.group_by.is_empty() && names.is_empty() {
        names.push((Vec::new(), 0));
    }
    names.sort_unstable();
    buckets.check_rows(names.len())?;
    let mut rows = Vec::with_capacity(names.len() * buckets.len());
    for bucket in 0..buckets.len() {
        for (name, group) in &names {
            let [open, opened, closed] = counts.get(&(bucket, *group)).copied().unwrap_or_default();
            rows.push(DefectTrend {
                bucket: buckets.key(bucket).unwrap_or_default().to_owned(),
                start: buckets.start(bucket),
                end: buckets.end(bucket),
                group: name.clone(),
                open,
                opened,
                closed,
            });
        }
    }
    Ok(rows)
}
