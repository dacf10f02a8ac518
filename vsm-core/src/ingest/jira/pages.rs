//! Pages of changelogs, put together with the issues that they belong to.

use super::context::is_key;
use super::payload::{Changelog, History, Issue, Record};
use super::{ISSUES, Told, records};
use crate::error::Error;
use crate::hash::{HashMap, HashSet};
use crate::ingest::Reject;
use crate::ingest::elements::Elements;
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
    /// The pages of an issue, once all are known.
    of_issue: HashMap<u64, Vec<usize>>,
    is_settled: bool,
}

struct Held {
    text: Vec<u8>,
    /// Where it stands, and what it says of its issue.
    position: u64,
    names: Vec<String>,
}

impl Pages {
    pub(super) fn expect(&mut self, issue: &Issue<'_>) {
        for name in names(issue) {
            self.issues.insert(name, self.expected);
        }
        self.expected += 1;
    }

    /// Holds the pages in a text, each by itself: they are asked for one by one. Given where each stands.
    pub(super) fn hold(&mut self, text: &[u8], pages: Vec<(u64, Vec<String>)>) {
        let mut rest = vec![(text, pages)];
        while let Some((text, mut pages)) = rest.pop() {
            if pages.len() > 1 {
                let mut elements = match text.trim_ascii_start().first() {
                    Some(b'[') => Elements::of_lists(text.len()),
                    _ => Elements::of_object(ISSUES, text.len()),
                };
                let (mut found, mut parts) = (Vec::new(), Vec::new());
                elements.pass(text, 0, &mut found);
                for element in found.iter().filter_map(|element| text.get(element.range.clone())) {
                    let told = records(Piece::of(element), &mut Vec::new());
                    let count = told.iter().filter(|(_, told)| matches!(told, Told::Page(_))).count();
                    parts.push((element, pages.drain(..count.min(pages.len())).collect()));
                }
                // They are held in the order in which they stand.
                rest.extend(parts.into_iter().rev());
            }
            let one = |(position, names)| Held { text: text.to_vec(), position, names };
            self.held.extend(pages.into_iter().map(one));
        }
    }

    fn issue_of(&self, names: &[String]) -> Option<u64> {
        names.iter().find_map(|name| self.issues.get(name)).copied()
    }

    /// All issues are known by now, before the first of them is read.
    pub(super) fn settle(&mut self) {
        if self.is_settled {
            return;
        }
        self.is_settled = true;
        let mut of_issue: HashMap<u64, Vec<usize>> = HashMap::default();
        for (at, held) in self.held.iter().enumerate() {
            if let Some(issue) = self.issue_of(&held.names) {
                of_issue.entry(issue).or_default().push(at);
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
            for (_, told) in records(Piece::of(&held.text), &mut Vec::new()) {
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
        let left = self.held.iter().filter(|held| self.issue_of(&held.names).is_none());
        let reason = "is missing: a page of a changelog is read together with its issue, by key or id";
        let error = Error::invalid("fields", reason);
        left.map(|held| {
            let name = held.names.first().map(|name| name.strip_prefix("id/").unwrap_or(name));
            Reject::new(held.position, name, &error)
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
