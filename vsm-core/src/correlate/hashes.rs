//! Shortened hashes: `1.4.0+4f2c9a1`, `v1.4.0-3-g4f2c9a1`, or the commit alone.
//!
//! A word of at least seven hexadecimal digits, a letter among them, stands for the one known commit whose hash begins with
//! it. Full hashes are for the adapters to state. An item that names two commits says of neither that it is from it.

use std::collections::BTreeSet;

use super::CorrelationRule;
use super::findings::Findings;
use super::texts::{Texts, words};
use crate::graph::Direction;
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;

const SHORTEST: usize = 7;

/// Where a commit is named, if it is.
const PLACES: &[&str] =
    &["version", "commit", "sha", "revision", "head_sha", "ref", "tag", "image", "artifact", "title"];

/// The known commits by their hashes, in order.
pub(super) struct Commits<'s>(Vec<(&'s str, u32)>);

impl ValueStream {
    pub(super) fn commits(&self) -> Commits<'_> {
        let is_known =
            |item: &u32| self.exists(*item) && matches!(self.kind(*item), None | Some(Kind::Change));
        let names =
            self.all().filter(is_known).flat_map(|item| self.names_of(item).map(move |name| (name, item)));
        let mut commits: Vec<(&str, u32)> =
            names.filter_map(|(name, item)| Some((name.strip_prefix("git:")?, item))).collect();
        commits.sort_unstable();
        Commits(commits)
    }

    pub(super) fn link_hashes<'s>(
        &'s self,
        item: u32,
        texts: &Texts<'s>,
        commits: &Commits<'_>,
        findings: &mut Findings<'s>,
    ) {
        let (kind, is_from) = match self.kind(item) {
            Some(Kind::Build) => (LinkKind::BuiltFrom, true),
            Some(Kind::Deployment) => (LinkKind::Deploys, true),
            Some(Kind::Release) => (LinkKind::Tags, false),
            _ => return,
        };
        let link = |commit: u32| if is_from { (item, kind, commit) } else { (commit, kind, item) };
        let mut found = BTreeSet::new();
        let mut first = None;
        for said in texts.all(PLACES) {
            for word in words(said.text) {
                let mut alike = commits.find(word);
                let Some(commit) = alike.next() else { continue };
                // Where two commits begin alike nobody knows which one is meant.
                if alike.all(|other| other == commit) {
                    found.insert(commit);
                    first = first.or(Some((commit, said.event, word)));
                } else {
                    findings.unsure(CorrelationRule::ShortHash, commits.find(word).map(link));
                }
            }
        }
        if found.len() > 1 {
            findings.unsure(CorrelationRule::ShortHash, found.iter().copied().map(link));
        }
        let (Some((commit, event, word)), 1) = (first, found.len()) else { return };
        let is_stated = match is_from {
            true => self.is_stated(item, kind, Some(Kind::Change)),
            false => self.stated(item, Direction::Incoming).any(|(found, _)| found == kind),
        };
        if !is_stated {
            findings.link(CorrelationRule::ShortHash, link(commit), &[event], word);
        }
    }
}

impl Commits<'_> {
    /// The commits that a word may stand for, some of them twice.
    fn find(&self, word: &str) -> impl Iterator<Item = u32> {
        let is_short = |word: &str| {
            word.len() >= SHORTEST
                && word.bytes().all(|byte| byte.is_ascii_hexdigit())
                && word.bytes().any(|byte| byte.is_ascii_alphabetic())
        };
        // `git describe` puts a `g` before the hash.
        let word = [Some(word), word.strip_prefix('g')].into_iter().flatten().find(|word| is_short(word));
        let word = word.map(str::to_ascii_lowercase).unwrap_or_default();
        let start = match word.is_empty() {
            true => self.0.len(),
            false => self.0.partition_point(|(hash, _)| *hash < word.as_str()),
        };
        let alike = self.0.get(start..).unwrap_or_default();
        // Whole hashes are stated.
        let alike = alike.split_first().filter(|((hash, _), _)| *hash != word).map_or(&[][..], |_| alike);
        alike.iter().take_while(move |(hash, _)| hash.starts_with(&word)).map(|(_, commit)| *commit)
    }
}
