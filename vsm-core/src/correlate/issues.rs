//! Issues that changes name, by keys (`CHK-7`) and by the references of forges (`#12`, `acme/shop#12`, `!34`, `AB#12`,
//! `GH-12`).
//!
//! A key counts only with a known prefix, and its issue need not be known. A reference is but a number, so what it
//! stands for has to be known: within the repository that the change is of, unless it names another one.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::references::{MOST_DIGITS, Reference, Sign, references};
use super::texts::Texts;
use super::{CorrelationRule, CorrelationRules};
use crate::hash::HashMap;
use crate::model::{Kind, LONGEST_ID, LinkKind};
use crate::stream::ValueStream;

/// Words that begin a trailer which names an issue.
const TRAILERS: &[&str] = &[
    "bug",
    "close",
    "closed",
    "closes",
    "fix",
    "fixed",
    "fixes",
    "implements",
    "issue",
    "issues",
    "jira",
    "part-of",
    "ref",
    "references",
    "refs",
    "related",
    "related-to",
    "relates-to",
    "resolve",
    "resolved",
    "resolves",
    "see",
    "story",
    "task",
    "ticket",
    "work-item",
];

/// What texts are read against.
pub(super) struct Issues<'s> {
    prefixes: BTreeSet<String>,
    /// The work items of Azure DevOps by number, which may be taken in several organizations.
    boards: HashMap<&'s str, Vec<u32>>,
}

/// A place in a change where issues are named.
struct Place<'s> {
    text: &'s str,
    event: u32,
    keys: CorrelationRule,
    references: CorrelationRule,
    is_branch: bool,
}

impl ValueStream {
    pub(super) fn issues(&self, rules: &CorrelationRules) -> Issues<'_> {
        let mut issues =
            Issues { prefixes: rules.prefixes.iter().cloned().collect(), boards: HashMap::default() };
        for item in self.all().filter(|item| self.kind(*item).is_some_and(Kind::is_work)) {
            for name in self.names_of(item) {
                let key = name.strip_prefix("jira:").and_then(|key| key.rsplit_once('-'));
                if let Some((prefix, number)) = key
                    && number.bytes().all(|byte| byte.is_ascii_digit())
                    && !issues.prefixes.contains(prefix)
                {
                    issues.prefixes.insert(prefix.to_owned());
                }
                let board = name.strip_prefix("azure_devops:").and_then(|key| key.rsplit_once("workitem/"));
                if let Some((_, number)) = board {
                    issues.boards.entry(number).or_default().push(item);
                }
            }
        }
        issues
    }

    pub(super) fn link_issues<'s>(
        &'s self,
        change: u32,
        texts: &Texts<'s>,
        issues: &Issues<'_>,
        findings: &mut Findings<'s>,
    ) {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut met: BTreeSet<u32> = BTreeSet::new();
        for place in self.places(change, texts) {
            // Branches are written in lower case, and joined by what would be a part of a word elsewhere.
            let text = match place.is_branch {
                true => place.text.to_ascii_uppercase().replace('_', " "),
                false => place.text.to_owned(),
            };
            for key in issue_keys(&text, &issues.prefixes) {
                if !seen.contains(key) {
                    let link = (change, LinkKind::Implements, &*format!("jira:{key}"));
                    if findings.link_name(place.keys, link, place.event, key) {
                        seen.insert(key.to_owned());
                    }
                }
            }
            for reference in references(place.text, place.is_branch) {
                let referred = self.referred(change, texts, &reference, issues);
                if referred.len() > 1 {
                    let meant = referred.iter();
                    let meant =
                        meant.filter_map(|item| Some((change, self.relation_to(change, *item)?, *item)));
                    findings.unsure(place.references, meant);
                }
                if let (Some(item), 1) = (referred.first().copied(), referred.len())
                    && !met.contains(&item)
                    && let Some(kind) = self.relation_to(change, item)
                    && findings.link(place.references, (change, kind, item), &[place.event], reference.text)
                {
                    met.insert(item);
                }
            }
        }
    }

    /// Where a change names issues, surest first.
    fn places<'s>(&'s self, change: u32, texts: &Texts<'s>) -> Vec<Place<'s>> {
        use CorrelationRule::*;
        let mut places = Vec::new();
        let mut add = |text: &'s str, event: u32, keys: CorrelationRule, references: CorrelationRule| {
            let is_branch = keys == IssueKeyInBranch;
            places.push(Place { text, event, keys, references, is_branch });
        };
        let body = texts.get("description");
        for trailer in body.iter().flat_map(|body| trailers(body.text).map(|text| (text, body.event))) {
            add(trailer.0, trailer.1, IssueKeyInTrailer, ReferenceInTrailer);
        }
        let is_commit = self.id(change).starts_with("git:");
        if let Some(title) = texts.get("title") {
            let (keys, references) = match is_commit {
                true => (IssueKeyInSubject, ReferenceInSubject),
                false => (IssueKeyInTitle, ReferenceInTitle),
            };
            add(title.text, title.event, keys, references);
        }
        // The branch of a commit is where it was pushed to, which says little of it.
        if let Some(branch) = texts.get("branch").filter(|_| !is_commit) {
            add(branch.text, branch.event, IssueKeyInBranch, ReferenceInBranch);
        }
        if let Some(body) = body {
            add(body.text, body.event, IssueKeyInBody, ReferenceInBody);
        }
        places
    }

    /// The known items that a reference may stand for.
    fn referred(
        &self,
        change: u32,
        texts: &Texts<'_>,
        reference: &Reference<'_>,
        issues: &Issues<'_>,
    ) -> BTreeSet<u32> {
        let (id, number) = (self.id(change), reference.number);
        let mut found: BTreeSet<u32> = BTreeSet::new();
        // `azure_devops:<organization>/pull/7`, where a server has no organization.
        let boards = id.strip_prefix("azure_devops:").and_then(|key| key.rsplit_once("pull/"));
        if let (Some((organization, _)), None) = (boards, reference.repository) {
            let what = if reference.sign == Sign::Bang { "pull" } else { "workitem" };
            found.extend(self.state.resolve(&format!("azure_devops:{organization}{what}/{number}")));
        } else if reference.sign == Sign::Boards {
            found.extend(issues.boards.get(number).into_iter().flatten());
        } else {
            let own = || texts.get("repository").map(|said| said.text).or_else(|| repository_of(id));
            let Some(repository) = reference.repository.or_else(own) else { return found };
            let of = |forge: &str| id.starts_with("git:") || id.starts_with(forge);
            let forges: &[(&str, &str)] = match reference.sign {
                Sign::Hash => &[("github:", "#"), ("gitlab:", "#"), ("bitbucket:", "/pull/")],
                Sign::Bang => &[("gitlab:", "!")],
                Sign::GitHub | Sign::Boards => &[("github:", "#")],
            };
            let known = forges.iter().filter(|(forge, _)| of(forge));
            let known = known.filter_map(|(forge, sign)| {
                self.state.resolve(&format!("{forge}{repository}{sign}{number}"))
            });
            found.extend(known);
        }
        found
    }

    /// How a change that names an item is related to it: it does the work of an issue, and has to do with another
    /// change or an incident, unless history says already how the two belong together.
    fn relation_to(&self, change: u32, item: u32) -> Option<LinkKind> {
        let kind = self.kind(item)?;
        if kind.is_work() {
            return Some(LinkKind::Implements);
        }
        let follows = |from, to| self.to(from, LinkKind::Follows).any(|(other, _)| other == to);
        let is_meant = matches!(kind, Kind::Change | Kind::Incident);
        (is_meant && item != change && !follows(change, item) && !follows(item, change))
            .then_some(LinkKind::Relates)
    }

    /// The names of an item: its id first, then its aliases.
    pub(super) fn names_of(&self, item: u32) -> impl Iterator<Item = &str> {
        let others = self.state.names.others(item).iter().copied();
        std::iter::once(item).chain(others).map(|name| self.id(name))
    }
}

/// The repository that is a part of an item's id.
fn repository_of(id: &str) -> Option<&str> {
    let key = id.split_once(':')?.1;
    key.rsplit_once(['#', '!']).or_else(|| key.rsplit_once("/pull/")).map(|(repository, _)| repository)
}

/// The values of those trailers of a message that name issues: lines of its last paragraph, `Refs: CHK-7`.
fn trailers(body: &str) -> impl Iterator<Item = &str> {
    let lines = body.trim_end().lines().rev().take_while(|line| !line.trim().is_empty());
    lines.filter_map(|line| {
        let (token, value) = line.split_once(':')?;
        TRAILERS.iter().any(|known| known.eq_ignore_ascii_case(token.trim())).then_some(value)
    })
}

/// The issue keys in a text, in order, each once: a known project prefix, a hyphen and a number, not inside a word, and not
/// too long for an id.
fn issue_keys<'a>(text: &'a str, prefixes: &BTreeSet<String>) -> Vec<&'a str> {
    let bytes = text.as_bytes();
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let (mut keys, mut seen) = (Vec::new(), BTreeSet::new());
    for (hyphen, _) in text.match_indices('-') {
        let start = text
            .get(..hyphen)
            .and_then(|head| head.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
            .map_or(0, |last| {
                last + text.get(last..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8)
            });
        let digits =
            text.get(hyphen + 1..).map_or(0, |tail| tail.bytes().take_while(u8::is_ascii_digit).count());
        let end = hyphen + 1 + digits;
        let (Some(prefix), Some(key)) = (text.get(start..hyphen), text.get(start..end)) else { continue };
        let known = prefixes.contains(prefix);
        let is_id = (1..=MOST_DIGITS).contains(&digits) && key.len() <= LONGEST_ID - "jira:".len();
        if is_id && known && !is_word(bytes.get(end)) && seen.insert(key) {
            keys.push(key);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_need_a_known_prefix_and_word_bounds() {
        let prefixes = BTreeSet::from(["CHK".to_owned(), "A1_B".to_owned()]);
        let found = |text| issue_keys(text, &prefixes);
        assert_eq!(found("CHK-7: read UTF-8, see CHK-12, CHK-7"), ["CHK-7", "CHK-12"]);
        assert_eq!(found("[CHK-7][A1_B-3] CHK-7a XCHK-7 chk-7 CHK- -7"), ["CHK-7", "A1_B-3"]);
        assert_eq!(found("é CHK-1é"), ["CHK-1"]);
        assert_eq!(found("CHK-1-2"), ["CHK-1"]);
        assert_eq!(found(&format!("CHK-{} CHK-1234567890", "1".repeat(1_100))), ["CHK-1234567890"]);
    }

    #[test]
    fn trailers_stand_in_the_last_paragraph() {
        let found = |text| trailers(text).collect::<Vec<_>>();
        assert_eq!(
            found("Refs: CHK-1\n\nSee it.\n\nFixes: CHK-2\nSigned-off-by: CHK-3\nREFS:CHK-4\n"),
            ["CHK-4", " CHK-2"]
        );
        assert_eq!(found("no trailer"), [""; 0]);
    }
}
