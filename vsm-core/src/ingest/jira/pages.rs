//! Pages of changelogs, put together with the issues that they belong to.

use super::context::is_key;
use super::payload::{Changelog, History, Issue, Record};
use crate::error::Error;
use crate::hash::{HashMap, HashSet};
use crate::ingest::loose::{Object, Scalar, Text};
use crate::ingest::{Ingested, Reject};

/// An issue of nothing but a page of its changelog, where that is what the record is.
pub(super) fn page<'a>(record: &mut Record<'a>) -> Option<Issue<'a>> {
    let address = record.address.get()?;
    let (name, _) = address.split_once("/issue/")?.1.split_once("/changelog")?;
    let name = Text(Some(name.to_owned().into()));
    let values = record.values.take()?;
    let (start_at, total) = (std::mem::take(&mut record.start_at), std::mem::take(&mut record.total));
    let changelog = Object(Some(Changelog { start_at, total, values, ..Changelog::default() }));
    let (id, key) = if name.get().is_some_and(is_key) { (Text(None), name) } else { (name, Text(None)) };
    Some(Issue { id, key, changelog, ..Issue::default() })
}

/// Takes the records that are nothing but a page of a changelog out of the list, and gives their entries to the issue.
pub(super) fn join(issues: &mut Vec<(u64, Issue<'_>)>, ingested: &mut Ingested) {
    let is_page = |issue: &Issue<'_>| issue.fields.0.is_none() && issue.changelog.0.is_some();
    if !issues.iter().any(|(_, issue)| is_page(issue)) {
        return;
    }
    let (pages, wholes): (Vec<_>, Vec<_>) = issues.drain(..).partition(|(_, issue)| is_page(issue));
    *issues = wholes;
    let mut places: HashMap<String, usize> = HashMap::default();
    for (place, (_, issue)) in issues.iter().enumerate() {
        for name in [issue.key.owned(), issue.id.get().map(|id| format!("id/{id}"))].into_iter().flatten() {
            places.insert(name, place);
        }
    }
    let mut found: Vec<Vec<Changelog<'_>>> = issues.iter().map(|_| Vec::new()).collect();
    for (position, page) in pages {
        let place = page.key.get().and_then(|key| places.get(key));
        let by_id = || places.get(&format!("id/{}", page.id.get()?));
        match (place.or_else(by_id).and_then(|place| found.get_mut(*place)), page.changelog.0) {
            (Some(list), Some(log)) => list.push(log),
            _ => {
                let reason =
                    "is missing: a page of a changelog is read together with its issue, by key or id";
                let error = Error::invalid("fields", reason);
                ingested.rejects.push(Reject::new(position, page.key.get().or(page.id.get()), &error));
            }
        }
    }
    for ((_, issue), pages) in issues.iter_mut().zip(found).filter(|(_, pages)| !pages.is_empty()) {
        let own = std::mem::take(&mut issue.changelog).0;
        issue.changelog = Object(Some(merge(own.into_iter().chain(pages))));
    }
}

/// One changelog of several pages: each entry once, and as long as the pages say that it is.
fn merge<'a>(pages: impl Iterator<Item = Changelog<'a>>) -> Changelog<'a> {
    let mut whole = Changelog::default();
    let mut length = 0;
    let mut seen: HashSet<String> = HashSet::default();
    for mut page in pages {
        page.histories.0.append(&mut page.values.0);
        let start = page.start_at.int().unwrap_or(0);
        let count = i64::try_from(page.histories.0.len()).unwrap_or(i64::MAX);
        length = length.max(page.total.int().unwrap_or(0)).max(start.saturating_add(count));
        let id = |entry: &Object<History<'_>>| entry.0.as_ref().and_then(|entry| entry.id.owned());
        whole
            .histories
            .0
            .extend(page.histories.0.into_iter().filter(|e| id(e).is_none_or(|id| seen.insert(id))));
    }
    whole.total = Scalar::Int(length);
    whole
}
