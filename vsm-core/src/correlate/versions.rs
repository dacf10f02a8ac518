//! Versions: which tags, builds, deployments and releases of other tools mean the same release.
//!
//! What a version is called differs from product to product, so it is declared. Without a rule only what is written
//! to the letter as a release's version counts, and only within one application or repository. What may mean the releases of
//! two applications means neither.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::findings::Findings;
use super::texts::Texts;
use super::{CorrelationRule, CorrelationRules};
use crate::hash::HashMap;
use crate::model::{Kind, LinkKind, Set};
use crate::stream::ValueStream;

/// How the tags and release names of one product correspond: `{version}` stands for digits and dots in both.
///
/// With the tag `v{version}` and the release `Mobile {version}`, the tag `v4.12.0` marks the release
/// `Mobile 4.12.0`. Everything else has to match to the letter, unless the rule says otherwise.
///
/// ```
/// use vsm_core::VersionRule;
/// let rule = VersionRule {
///     ignore_case: true,
///     ignore_zeros: true,
///     ignore_suffix: true,
///     ..VersionRule::new("mobile@{version}", "Mobile {version}")
/// };
/// assert_eq!(rule.version_of_tag("mobile@4.12.0-rc.1"), Some("4.12"));
/// assert_eq!(rule.version_of_release("MOBILE 4.12"), Some("4.12"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VersionRule {
    /// The application whose tags and releases are meant; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Pattern of the tag.
    pub tag: String,
    /// Pattern of the release's title or version.
    pub release: String,
    /// Whether upper and lower case are the same in what stands around the version.
    #[serde(default)]
    pub ignore_case: bool,
    /// Whether zeros at the end make no difference: `4.12.0` is `4.12`.
    #[serde(default)]
    pub ignore_zeros: bool,
    /// Whether a pre-release or build suffix makes no difference: `4.12.0-rc.1` and `4.12.0+7` are `4.12.0`.
    #[serde(default)]
    pub ignore_suffix: bool,
}

impl VersionRule {
    /// A rule for all applications that matches to the letter.
    pub fn new(tag: impl Into<String>, release: impl Into<String>) -> VersionRule {
        VersionRule { tag: tag.into(), release: release.into(), ..VersionRule::default() }
    }

    /// The version that a tag names, if it fits.
    pub fn version_of_tag<'a>(&self, tag: &'a str) -> Option<&'a str> {
        self.version(&self.tag, tag)
    }

    /// The version that a release's title or version names, if it fits.
    pub fn version_of_release<'a>(&self, release: &'a str) -> Option<&'a str> {
        self.version(&self.release, release)
    }

    /// The version that a build or deployment names: as a tag does, as a release does, or by itself.
    fn version_of_run<'a>(&self, version: &'a str) -> Option<&'a str> {
        let patterns = [&*self.tag, &*self.release, "{version}"];
        patterns.into_iter().find_map(|pattern| self.version(pattern, version))
    }

    /// What stands for `{version}` in a text that fits a pattern: groups of digits with single dots between them.
    fn version<'a>(&self, pattern: &str, text: &'a str) -> Option<&'a str> {
        let (before, after) = pattern.split_once("{version}")?;
        let is_same = |one: &str, other: &str| match self.ignore_case {
            true => one.eq_ignore_ascii_case(other),
            false => one == other,
        };
        let (head, rest) = text.split_at_checked(before.len())?;
        let (found, tail) = rest.split_at_checked(rest.len().checked_sub(after.len())?)?;
        if !is_same(head, before) || !is_same(tail, after) {
            return None;
        }
        let end = found.find(['-', '+']).filter(|_| self.ignore_suffix).unwrap_or(found.len());
        let mut found = found.get(..end)?;
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !found.split('.').all(is_number) {
            return None;
        }
        while let Some(shorter) = found.strip_suffix(".0").filter(|_| self.ignore_zeros) {
            found = shorter;
        }
        Some(found)
    }
}

/// The releases by what they are called, each list by id.
pub(super) struct Releases<'s> {
    /// By the number of the rule and the version.
    ruled: HashMap<(usize, &'s str), Named>,
    /// By the version to the letter.
    exact: HashMap<&'s str, Vec<u32>>,
    /// In which repository they are.
    repositories: HashMap<u32, &'s str>,
}

/// The releases of one version by one rule, each list by id: very many tags may ask for them.
#[derive(Default)]
struct Named {
    all: Vec<u32>,
    of: HashMap<u32, Vec<u32>>,
    of_none: Vec<u32>,
    /// What is meant where nobody says which application is.
    any: Option<Meant>,
}

/// The first of some releases by id, and the applications that all of them share which have any.
#[derive(Clone)]
struct Meant {
    first: u32,
    shared: Option<BTreeSet<u32>>,
}

impl Meant {
    /// The release, unless they are of different applications.
    fn one(&self) -> Option<u32> {
        self.shared.as_ref().is_none_or(|shared| !shared.is_empty()).then_some(self.first)
    }
}

impl ValueStream {
    pub(super) fn releases<'s>(&'s self, rules: &CorrelationRules) -> Releases<'s> {
        let mut releases: Vec<u32> =
            self.all().filter(|item| self.kind(*item) == Some(Kind::Release)).collect();
        releases.sort_unstable_by_key(|release| self.id(*release));
        let mut found = Releases {
            ruled: HashMap::default(),
            exact: HashMap::default(),
            repositories: HashMap::default(),
        };
        for release in releases {
            let texts = self.texts_of(release);
            let version = texts.get("version").map(|said| said.text);
            if let Some(version) = version.filter(|version| !version.is_empty()) {
                found.exact.entry(version).or_default().push(release);
            }
            if let Some(repository) = texts.get("repository") {
                found.repositories.insert(release, repository.text);
            }
            for (number, rule) in
                rules.versions.iter().enumerate().filter(|(_, rule)| self.is_of(release, rule))
            {
                let names = version.into_iter().chain([self.title(release)]);
                if let Some(version) = names.into_iter().find_map(|name| rule.version_of_release(name)) {
                    let named = found.ruled.entry((number, version)).or_default();
                    named.all.push(release);
                    let mut applications = self.applications(release).peekable();
                    if applications.peek().is_none() {
                        named.of_none.push(release);
                    }
                    for application in applications {
                        named.of.entry(application).or_default().push(release);
                    }
                }
            }
        }
        for named in found.ruled.values_mut() {
            named.any = self.meant(named.all.iter().copied());
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

    pub(super) fn link_tags<'s>(
        &'s self,
        change: u32,
        texts: &Texts<'s>,
        rules: &CorrelationRules,
        releases: &Releases<'_>,
        findings: &mut Findings<'s>,
    ) {
        for (tag, event) in self.tags_of(change) {
            for release in self.ruled(change, rules, releases, true, |rule| rule.version_of_tag(tag)) {
                let link = (change, LinkKind::Tags, release);
                findings.link(CorrelationRule::TagName, link, &[event], tag);
            }
            if let Some(release) = self.exactly(change, texts, tag, releases)
                && !self.is_stated(change, LinkKind::Tags, Some(Kind::Release))
            {
                findings.link(
                    CorrelationRule::TagIsVersion,
                    (change, LinkKind::Tags, release),
                    &[event],
                    tag,
                );
            }
        }
    }

    /// The releases that an item means by the declared rules, given the version that it names by each of them, in the
    /// order of the rules: of its own applications a tag means one for each rule, a build or deployment one for each
    /// application that the rules are for. Where it or the releases belong to none, a tag means the one that all rules
    /// together leave. Rules for one application come before those for all.
    fn ruled<'a>(
        &self,
        item: u32,
        rules: &CorrelationRules,
        releases: &Releases<'_>,
        is_tag: bool,
        version: impl Fn(&VersionRule) -> Option<&'a str>,
    ) -> Vec<u32> {
        let applications: Vec<u32> = self.applications(item).collect();
        for is_general in [false, true] {
            let (mut own, mut others) = (Vec::new(), Vec::new());
            let rules = rules.versions.iter().enumerate();
            for (number, rule) in
                rules.filter(|(_, rule)| rule.application.is_none() == is_general && self.is_of(item, rule))
            {
                let Some(named) = version(rule).and_then(|version| releases.ruled.get(&(number, version)))
                else {
                    continue;
                };
                let of_own = applications.iter().filter_map(|application| named.of.get(application));
                let one = self.meant(of_own.flatten().copied()).and_then(|meant| meant.one());
                own.extend(one.map(|release| (&rule.application, release)));
                if applications.is_empty() {
                    others.extend(named.any.clone());
                } else {
                    others.extend(named.of_none.first().map(|first| Meant { first: *first, shared: None }));
                }
            }
            if !is_tag {
                // A build is of one release of a product: the first rule that names one decides.
                own.sort_by_key(|(application, _)| *application);
                own.dedup_by_key(|(application, _)| *application);
            }
            let mut meant: Vec<u32> = own.into_iter().map(|(_, release)| release).collect();
            if meant.is_empty() && is_tag {
                meant.extend(self.together(others).and_then(|meant| meant.one()));
            }
            if !meant.is_empty() {
                return meant;
            }
        }
        Vec::new()
    }

    fn meant(&self, releases: impl Iterator<Item = u32>) -> Option<Meant> {
        self.together(releases.map(|first| {
            let applications: BTreeSet<u32> = self.applications(first).collect();
            Meant { first, shared: Some(applications).filter(|applications| !applications.is_empty()) }
        }))
    }

    fn together(&self, all: impl IntoIterator<Item = Meant>) -> Option<Meant> {
        all.into_iter().reduce(|one, other| Meant {
            first: if self.id(other.first) < self.id(one.first) { other.first } else { one.first },
            shared: match (one.shared, other.shared) {
                (Some(one), Some(other)) => Some(one.intersection(&other).copied().collect()),
                (one, other) => one.or(other),
            },
        })
    }

    /// Lets a build or deployment meet the release whose version it carries.
    pub(super) fn link_versions<'s>(
        &'s self,
        item: u32,
        texts: &Texts<'s>,
        rules: &CorrelationRules,
        releases: &Releases<'_>,
        findings: &mut Findings<'s>,
    ) {
        let (rule, kind) = match self.kind(item) {
            Some(Kind::Build) => (CorrelationRule::BuildVersion, LinkKind::Candidate),
            Some(Kind::Deployment) => (CorrelationRule::DeploymentVersion, LinkKind::Relates),
            _ => return,
        };
        let Some(said) = texts.get("version") else { return };
        let meant = self.ruled(item, rules, releases, false, |rule| rule.version_of_run(said.text));
        let exact = if meant.is_empty() { self.exactly(item, texts, said.text, releases) } else { None };
        if self.is_stated(item, kind, Some(Kind::Release)) {
            return;
        }
        for release in meant.into_iter().chain(exact) {
            findings.link(rule, (item, kind, release), &[said.event], said.text);
        }
    }

    /// Links the releases of several tools that mean the same: each with the first of them by id. They stay items of their
    /// own, for what is one can't be taken apart again when a rule turns out to be wrong.
    pub(super) fn link_same_versions<'s>(&'s self, releases: &Releases<'s>, findings: &mut Findings<'s>) {
        let exact = releases.exact.iter().map(|(version, named)| (*version, named, true));
        let ruled = releases.ruled.iter().map(|((_, version), named)| (*version, &named.all, false));
        for (version, named, is_exact) in exact.chain(ruled) {
            // By application: `1.0` of one has nothing to do with `1.0` of another.
            let mut groups: BTreeMap<Option<&str>, Vec<u32>> = BTreeMap::new();
            for release in named {
                let mut applications: Vec<&str> =
                    self.applications(*release).map(|application| self.id(application)).collect();
                applications.sort_unstable();
                if applications.is_empty() && !is_exact {
                    groups.entry(None).or_default().push(*release);
                }
                for application in applications {
                    groups.entry(Some(application)).or_default().push(*release);
                }
            }
            for group in groups.into_values() {
                let Some((first, others)) = group.split_first() else { continue };
                let Some(also) = self.version_event(*first) else { continue };
                let tool = |release: u32| self.id(release).split_once(':').map(|(tool, _)| tool);
                for other in others.iter().filter(|other| tool(**other) != tool(*first)) {
                    let Some(evidence) = self.version_event(*other) else { continue };
                    let link = (*other, LinkKind::Relates, *first);
                    findings.link(CorrelationRule::SameVersion, link, &[evidence, also], version);
                }
            }
        }
    }

    /// The event that says what a release is called.
    fn version_event(&self, release: u32) -> Option<u32> {
        let texts = self.texts_of(release);
        texts.all(&["version", "title"]).next().map(|said| said.event)
    }

    /// The one release whose version is a text to the letter, of the same application or repository.
    fn exactly(&self, item: u32, texts: &Texts<'_>, version: &str, releases: &Releases<'_>) -> Option<u32> {
        let repository = texts.get("repository").map(|said| said.text);
        let is_near = |release: &u32| {
            self.share_application(item, *release).unwrap_or_else(|| {
                repository.is_some() && releases.repositories.get(release).copied() == repository
            })
        };
        self.meant(releases.exact.get(version)?.iter().copied().filter(is_near))?.one()
    }

    /// Whether two items belong to the same application; none where one of them belongs to none.
    fn share_application(&self, one: u32, other: u32) -> Option<bool> {
        let mut of_one = self.applications(one).peekable();
        of_one.peek()?;
        let of_other: Vec<u32> = self.applications(other).collect();
        (!of_other.is_empty()).then(|| of_one.any(|application| of_other.contains(&application)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_fit_to_the_letter() {
        let rule = VersionRule::new("v{version}", "Mobile {version}");
        assert_eq!(rule.version_of_tag("v4.12.0"), Some("4.12.0"));
        assert_eq!(rule.version_of_tag("v4.12.0-rc1"), None);
        assert_eq!(rule.version_of_tag("4.12.0"), None);
        assert_eq!(rule.version_of_release("Mobile 4.12.0"), Some("4.12.0"));
        assert_eq!(rule.version_of_release("mobile 4.12.0"), None);
        assert_eq!(rule.version_of_release("Mobile .12"), None);
    }

    #[test]
    fn a_rule_may_ignore_case_zeros_and_suffix() {
        let strict = VersionRule::new("release-{version}-x", "{version}");
        assert_eq!(strict.version_of_tag("RELEASE-1.0-x"), None);
        let all = VersionRule { ignore_case: true, ignore_zeros: true, ignore_suffix: true, ..strict };
        assert_eq!(all.version_of_tag("Release-1.0.0-rc.1-X"), Some("1"));
        assert_eq!(all.version_of_tag("release-1.10-x"), Some("1.10"));
        assert_eq!(all.version_of_release("0.0"), Some("0"));
        assert_eq!(all.version_of_release("1.0é"), None);
        assert_eq!(all.version_of_release(""), None);
        assert_eq!(all.version_of_run("release-2-x"), Some("2"));
    }
}
