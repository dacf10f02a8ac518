//! Numbers that are left out.

use std::collections::BTreeMap;

use super::FindingGroup::Numbering;
use super::found::{Findings, Hit};
use crate::analyze::message::say;
use crate::model::{Kind, Set};

/// The numbers of one series.
#[derive(Default)]
struct Series {
    /// What is counted: nothing where no item of it is of a kind that is numbered.
    kind: Option<&'static str>,
    numbers: Vec<Numbered>,
}

#[derive(Clone, Copy)]
struct Numbered {
    number: u64,
    /// The name that has it, which is the item's own or another one.
    name: u32,
    item: u32,
}

/// What items of a kind are counted as. Stories and defects share their numbers.
fn counted_as(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Build => Some("build"),
        Kind::Incident => Some("incident"),
        kind if kind.is_work() => Some("work"),
        _ => None,
    }
}

pub(super) fn check(found: &mut Findings<'_>) {
    let stream = found.stream;
    let mut by_id: BTreeMap<&str, Series> = BTreeMap::new();
    let mut by_version: BTreeMap<(Vec<&str>, String), Series> = BTreeMap::new();
    for item in stream.all().filter(|item| stream.exists(*item)) {
        let kind = stream.kind(item);
        if kind == Some(Kind::Release) {
            let version = stream.last(item, Set::version);
            let name = version.as_ref().map_or_else(|| stream.title(item), |(version, _)| version);
            if let Some((series, number)) = numbered_version(name) {
                let mut of: Vec<&str> = stream.applications(item).map(|of| stream.id(of)).collect();
                of.sort_unstable();
                let series = by_version.entry((of, series.to_owned())).or_default();
                series.kind = Some("release");
                series.numbers.push(Numbered { number, name: item, item });
            }
            continue;
        }
        if let Some((series, number)) = numbered_id(stream.id(item)) {
            let series = by_id.entry(series).or_default();
            series.kind = series.kind.max(kind.and_then(counted_as));
            series.numbers.push(Numbered { number, name: item, item });
        }
        for name in stream.state.names.others(item).iter().copied() {
            if let Some((series, number)) = numbered_id(stream.id(name)) {
                by_id.entry(series).or_default().numbers.push(Numbered { number, name, item });
            }
        }
    }
    for series in by_id.into_values().chain(by_version.into_values()) {
        if let Some(kind) = series.kind {
            look_for_gaps(found, kind, series.numbers);
        }
    }
}

fn look_for_gaps(found: &mut Findings<'_>, kind: &'static str, mut numbers: Vec<Numbered>) {
    let stream = found.stream;
    // A key that somebody mistyped in a commit, or that an issue had before, must not stretch the series.
    let is_told = |one: &&Numbered| one.name == one.item && stream.kind(one.item).is_some();
    let told = || numbers.iter().filter(is_told).map(|one| one.number);
    let (Some(first), Some(last)) = (told().min(), told().max()) else { return };
    numbers.retain(|one| (first..=last).contains(&one.number));
    numbers.sort_unstable_by(|a, b| {
        a.number.cmp(&b.number).then_with(|| stream.id(a.name).cmp(stream.id(b.name)))
    });
    numbers.dedup_by_key(|one| one.number);
    let range = last.saturating_sub(first).saturating_add(1);
    if (numbers.len() as u64).saturating_mul(2) < range {
        return;
    }
    for (one, two) in numbers.iter().zip(numbers.iter().skip(1)) {
        let (before, after) = (one.number, two.number);
        let missing = after.saturating_sub(before).saturating_sub(1);
        if missing == 0 {
            continue;
        }
        let (from, to) = (before.saturating_add(1) as i64, after.saturating_sub(1) as i64);
        let hit = Hit::new(one.name).and(two.name);
        let hit = hit.event(stream.last_event(one.item)).event(stream.last_event(two.item));
        let hit = hit.figures(from, to).weight(missing as i64);
        found.note_many(Numbering, "numbering_gap", kind, missing, hit, |shown| {
            let (from, to) = (shown.figure(0).unsigned_abs(), shown.figure(1).unsigned_abs());
            let (one, two) = (shown.item(0), shown.item(1));
            if from == to {
                say::numbering_gap(one, two, from)
            } else {
                say::numbering_gaps(one, two, from, to)
            }
        });
    }
}

/// What stands before the number at the end of a text, and the number.
fn numbered(text: &str) -> Option<(&str, u64)> {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (series, number) = text.split_at_checked(text.len() - digits)?;
    // More digits than eighteen are no count of anything.
    (1..=18).contains(&digits).then(|| number.parse().ok()).flatten().map(|number| (series, number))
}

/// The series and number of an id: the number stands behind a mark, so that a hash that ends in digits has none.
fn numbered_id(id: &str) -> Option<(&str, u64)> {
    numbered(id).filter(|(series, _)| series.ends_with(['-', '/', '#', '_', ':']))
}

/// The series and number of a version: 4.12 is one of 4.x, and so is 4.12.0.
fn numbered_version(version: &str) -> Option<(&str, u64)> {
    let mut version = version;
    while let Some(shorter) = version.strip_suffix(".0").filter(|shorter| shorter.contains('.')) {
        version = shorter;
    }
    numbered(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_told_from_hashes_and_words() {
        assert_eq!(numbered_id("jira:CHK-17"), Some(("jira:CHK-", 17)));
        assert_eq!(numbered_id("jenkins:shop/build/7"), Some(("jenkins:shop/build/", 7)));
        for id in ["git:4f2c01", "jira:CHK-", "", "plan:R", "ci:1234567890123456789", "7"] {
            assert_eq!(numbered_id(id), None, "{id}");
        }
    }

    #[test]
    fn versions_are_numbered_by_their_last_number_that_counts() {
        assert_eq!(numbered_version("4.12"), Some(("4.", 12)));
        assert_eq!(numbered_version("4.12.0"), Some(("4.", 12)));
        assert_eq!(numbered_version("4.0.0"), Some(("4.", 0)));
        assert_eq!(numbered_version("Mobile 4.12.3"), Some(("Mobile 4.12.", 3)));
        assert_eq!(numbered_version("Next"), None);
    }
}
