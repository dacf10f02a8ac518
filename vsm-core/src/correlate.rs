//! Links that no tool states, inferred by declared rules; each carries its rule and its confidence.
//!
//! Correlation reads a stream and returns events. Apply them and the links are part of the record like any other
//! statement, below all that a tool states. The ids of these events follow from what they link, so running the rules
//! again after more history has arrived adds what is new and repeats nothing.

mod chains;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{Event, Kind, Link, LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// The rules to go by, beside the built-in ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CorrelationRules {
    /// Project prefixes of issue keys beyond those of the issues already known.
    pub prefixes: Vec<String>,
    /// How the tags and release names of a product correspond.
    pub versions: Vec<VersionRule>,
}

/// How the tags and release names of one product correspond: `{version}` stands for digits and dots in both.
///
/// With the tag `v{version}` and the release `Mobile {version}`, the tag `v4.12.0` marks the release
/// `Mobile 4.12.0`. Everything else has to match to the letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionRule {
    /// The application whose tags and releases are meant; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Pattern of the tag.
    pub tag: String,
    /// Pattern of the release's title or version.
    pub release: String,
}

/// The source of inferred events.
const SOURCE: &str = "vsm";

/// How sure the built-in rules are. A key that a developer wrote into a commit is right with few exceptions; a tag
/// that fits a declared pattern is as good as stated.
const KEY_IN_SUBJECT: f64 = 0.95;
const KEY_IN_BODY: f64 = 0.8;
const TAG_NAME: f64 = 0.98;

impl VersionRule {
    /// The version that a tag names, if it fits.
    pub fn version_of_tag<'a>(&self, tag: &'a str) -> Option<&'a str> {
        version(&self.tag, tag)
    }

    /// The version that a release's title or version names, if it fits.
    pub fn version_of_release<'a>(&self, release: &'a str) -> Option<&'a str> {
        version(&self.release, release)
    }
}

/// What stands for `{version}` in a text that fits a pattern: groups of digits with single dots between them.
fn version<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    let (before, after) = pattern.split_once("{version}")?;
    let found = text.strip_prefix(before)?.strip_suffix(after)?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    found.split('.').all(is_number).then_some(found)
}

/// The issue keys in a text, in order, each once: a known project prefix, a hyphen and a number, not inside a word.
pub(crate) fn issue_keys<'a>(text: &'a str, prefixes: &BTreeSet<String>) -> Vec<&'a str> {
    let bytes = text.as_bytes();
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let mut keys: Vec<&str> = Vec::new();
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
        if digits > 0 && known && !is_word(bytes.get(end)) && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

impl ValueStream {
    /// Infers links by the rules, as events that are ready to be applied. Reads every item once.
    ///
    /// | rule | link | confidence |
    /// |---|---|---|
    /// | `issue_key_in_subject` | change `implements` issue | 0.95 |
    /// | `issue_key_in_body` | change `implements` issue | 0.8 |
    /// | `tag_name` | change `tags` release | 0.98 |
    /// | `event_link` | build `built_from` change, test run `tests` build, deployment `deploys` build, incident `caused_by` deployment, whose CDEvents name each other | 0.9 |
    /// | `event_chain` | the first three of these, within a chain of CDEvents that has only one such change or build | 0.7 |
    ///
    /// Keys count only with the prefix of a known issue or one that the rules name, so that `UTF-8` and `SHA-256` are
    /// no issues; the issue itself need not be known yet. A build is linked to its commit by the adapter that read
    /// it, since it states the commit's full hash.
    ///
    /// ```
    /// use vsm_core::{CorrelationRules, Event, Kind, ValueStream};
    /// let day = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// for (id, kind, title) in [("jira:CHK-7", Kind::Story, "Crop"), ("git:4f2c", Kind::Change, "CHK-7 Crop it")] {
    ///     let mut event = Event::new("doc", id.replace(':', "/"), day, id);
    ///     event.kind = Some(kind);
    ///     event.set.title = Some(title.into());
    ///     stream.apply(event)?;
    /// }
    /// let links = stream.infer_links(&CorrelationRules::default());
    /// assert_eq!(links[0].links[0].to, "jira:CHK-7");
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn infer_links(&self, rules: &CorrelationRules) -> Vec<Event> {
        let mut events = Vec::new();
        let prefixes = self.known_prefixes(rules);
        let releases = self.releases_by_version(rules);
        for change in self.all().filter(|item| self.kind(*item) == Some(Kind::Change)) {
            self.link_issues(change, &prefixes, &mut events);
            self.link_releases(change, rules, &releases, &mut events);
        }
        self.link_chains(&mut events);
        events.sort_by(|a, b| a.id.cmp(&b.id));
        events
    }

    /// The project prefixes of all work items, by source: `jira:CHK-7` gives `CHK`.
    fn known_prefixes(&self, rules: &CorrelationRules) -> BTreeSet<String> {
        let mut prefixes: BTreeSet<String> = rules.prefixes.iter().cloned().collect();
        for item in self.all().filter(|item| self.kind(*item).is_some_and(Kind::is_work)) {
            let parts = self.id(item).strip_prefix("jira:").and_then(|key| key.rsplit_once('-'));
            if let Some((prefix, number)) = parts
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && !prefixes.contains(prefix)
            {
                prefixes.insert(prefix.to_owned());
            }
        }
        prefixes
    }

    fn link_issues(&self, change: u32, prefixes: &BTreeSet<String>, events: &mut Vec<Event>) {
        let title = self.last(change, Set::title);
        let body = self.last(change, Set::description);
        let mut seen = BTreeSet::new();
        for (text, rule, confidence) in
            [(&title, "issue_key_in_subject", KEY_IN_SUBJECT), (&body, "issue_key_in_body", KEY_IN_BODY)]
        {
            let Some((text, event)) = text else { continue };
            for key in issue_keys(text, prefixes) {
                if seen.insert(key.to_owned()) {
                    let link = Link::inferred(LinkKind::Implements, format!("jira:{key}"), rule, confidence);
                    events.extend(self.inferred(change, link, *event));
                }
            }
        }
    }

    /// Releases by (rule, version), each once.
    fn releases_by_version(&self, rules: &CorrelationRules) -> BTreeMap<(usize, String), u32> {
        let mut found: BTreeMap<(usize, String), u32> = BTreeMap::new();
        let mut releases: Vec<u32> =
            self.all().filter(|item| self.kind(*item) == Some(Kind::Release)).collect();
        releases.sort_unstable_by_key(|release| self.id(*release));
        for release in releases {
            let version = self.last(release, Set::version);
            let title = self.title(release);
            for (number, rule) in
                rules.versions.iter().enumerate().filter(|(_, rule)| self.is_of(release, rule))
            {
                let names = version.iter().map(|(text, _)| &**text).chain([title]);
                if let Some(version) = names.into_iter().find_map(|name| rule.version_of_release(name)) {
                    found.entry((number, version.to_owned())).or_insert(release);
                }
            }
        }
        found
    }

    /// Whether a rule is for the application of an item; an item without one is for every rule.
    pub(crate) fn is_of(&self, item: u32, rule: &VersionRule) -> bool {
        let Some(wanted) = &rule.application else { return true };
        let mut applications = self.applications(item).peekable();
        applications.peek().is_none() || applications.any(|application| self.id(application) == wanted)
    }

    /// Every tag that a change was ever given, with the event that gave it.
    pub(crate) fn tags_of(&self, change: u32) -> Vec<(&str, u32)> {
        self.chronicle(change)
            .into_iter()
            .flat_map(|(number, event)| event.sets.iter().map(move |set| (set, number)))
            .filter_map(|(set, number)| match set {
                Set::Tag(tag) => Some((&**tag, number)),
                _ => None,
            })
            .collect()
    }

    fn link_releases(
        &self,
        change: u32,
        rules: &CorrelationRules,
        releases: &BTreeMap<(usize, String), u32>,
        events: &mut Vec<Event>,
    ) {
        for (tag, event) in self.tags_of(change) {
            for (number, rule) in
                rules.versions.iter().enumerate().filter(|(_, rule)| self.is_of(change, rule))
            {
                let release = rule.version_of_tag(tag).and_then(|v| releases.get(&(number, v.to_owned())));
                if let Some(release) = release {
                    let link = Link::inferred(LinkKind::Tags, self.id(*release), "tag_name", TAG_NAME);
                    events.extend(self.inferred(change, link, event));
                }
            }
        }
    }

    /// The event for an inferred link, known as soon as its evidence is; none where the link is there already.
    fn inferred(&self, from: u32, link: Link, evidence: u32) -> Option<Event> {
        let known = self.state.resolve(&link.to);
        if known.is_some_and(|to| self.to(from, link.kind).any(|(other, _)| other == to)) {
            return None;
        }
        let stored = self.state.record.get(evidence)?;
        let known_at: Instant = stored.known_at();
        let rule = link.rule.as_deref().unwrap_or_default();
        let id = format!("{rule}/{}/{}", self.id(from), link.to);
        let mut event = Event::new(SOURCE, id, stored.occurred, self.id(from));
        event.recorded_at = Some(known_at);
        event.links.push(link);
        Some(event)
    }
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
    }

    #[test]
    fn versions_fit_to_the_letter() {
        let rule =
            VersionRule { application: None, tag: "v{version}".into(), release: "Mobile {version}".into() };
        assert_eq!(rule.version_of_tag("v4.12.0"), Some("4.12.0"));
        assert_eq!(rule.version_of_tag("v4.12.0-rc1"), None);
        assert_eq!(rule.version_of_tag("4.12.0"), None);
        assert_eq!(rule.version_of_release("Mobile 4.12.0"), Some("4.12.0"));
        assert_eq!(rule.version_of_release("mobile 4.12.0"), None);
        assert_eq!(rule.version_of_release("Mobile .12"), None);
    }
}
