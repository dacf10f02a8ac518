//! Pages of changelogs, put together with the issues that they belong to.

use super::context::is_key;
use super::payload::{Changelog, History, Issue, Record};
use super::{Told, records};
use crate::error::Error;
use crate::hash::{HashMap, HashSet};
use crate::ingest::Reject;
use crate::ingest::loose::{Object, Scalar, Text};
use crate::ingest::records::Piece;

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

/// Whether a record is nothing but a page of a changelog.
pub(super) fn is_page(issue: &Issue<'_>) -> bool {
    issue.fields.0.is_none() && issue.changelog.0.is_some()
}

/// What a page says of its issue: the key, and the id.
pub(super) fn names(issue: &Issue<'_>) -> Vec<String> {
    let id = issue.id.get().map(|id| format!("id/{id}"));
    issue.key.owned().into_iter().chain(id).collect()
}

/// The pages of an input, held as texts until the issue is read that they belong to.
#[derive(Default)]
pub(super) struct Pages {
    held: Vec<Held>,
    /// Which of the input's issues has a name: the last one of those that have it.
    issues: HashMap<String, u64>,
    /// How many issues there are, and how many were read.
    expected: u64,
    read: u64,
    /// The texts that hold pages of an issue, once all are known.
    of_issue: HashMap<u64, Vec<usize>>,
}

struct Held {
    text: Vec<u8>,
    place: Option<u64>,
    /// The pages in it: where they stand, and what they say of their issues.
    pages: Vec<(u64, Vec<String>)>,
}

impl Pages {
    pub(super) fn expect(&mut self, issue: &Issue<'_>) {
        for name in names(issue) {
            self.issues.insert(name, self.expected);
        }
        self.expected += 1;
    }

    pub(super) fn hold(&mut self, text: &[u8], place: Option<u64>, pages: Vec<(u64, Vec<String>)>) {
        if !pages.is_empty() {
            self.held.push(Held { text: text.to_vec(), place, pages });
        }
    }

    fn issue_of(&self, names: &[String]) -> Option<u64> {
        names.iter().find_map(|name| self.issues.get(name)).copied()
    }

    /// All issues are known by now, before the first of them is read.
    pub(super) fn settle(&mut self) {
        if self.read > 0 || self.held.is_empty() {
            return;
        }
        let mut of_issue: HashMap<u64, Vec<usize>> = HashMap::default();
        for (at, held) in self.held.iter().enumerate() {
            for issue in held.pages.iter().filter_map(|(_, names)| self.issue_of(names)) {
                let texts = of_issue.entry(issue).or_default();
                if texts.last() != Some(&at) {
                    texts.push(at);
                }
            }
        }
        self.of_issue = of_issue;
    }

    /// The next issue, with the pages of its changelog put together.
    pub(super) fn with<'a>(&'a mut self, mut issue: Issue<'a>, write: impl FnOnce(&Issue<'_>)) {
        let number = self.read;
        self.read += 1;
        let this: &'a Pages = self;
        let Some(texts) = this.of_issue.get(&number) else { return write(&issue) };
        let mut pages = Vec::new();
        for held in texts.iter().filter_map(|at| this.held.get(*at)) {
            for (_, told) in records(Piece::of(&held.text, held.place), &mut Vec::new()) {
                if let Told::Page(page) = told
                    && this.issue_of(&names(&page)) == Some(number)
                {
                    pages.extend(page.changelog.0);
                }
            }
        }
        let own = std::mem::take(&mut issue.changelog).0;
        issue.changelog = Object(Some(merge(own.into_iter().chain(pages))));
        write(&issue);
    }

    /// The pages whose issue the input does not have.
    pub(super) fn left(&self) -> Vec<Reject> {
        let pages = self.held.iter().flat_map(|held| &held.pages);
        let left = pages.filter(|(_, names)| self.issue_of(names).is_none());
        let reason = "is missing: a page of a changelog is read together with its issue, by key or id";
        let error = Error::invalid("fields", reason);
        left.map(|(position, names)| {
            let name = names.first().map(|name| name.strip_prefix("id/").unwrap_or(name));
            Reject::new(*position, name, &error)
        })
        .collect()
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
