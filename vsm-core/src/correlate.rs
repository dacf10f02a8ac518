//! Links that no tool states, inferred by declared rules; each carries its rule, its confidence and what it rests on.
//!
//! Correlation reads a stream and returns events. Apply them and the links are part of the record like any other
//! statement, below all that a tool states. The ids of these events follow from what they link, so running the rules
//! again after more history has arrived adds what is new, takes back what no longer follows, and repeats nothing.

mod artifacts;
mod chains;
mod environments;
mod findings;
mod hashes;
mod issues;
mod latest;
mod references;
mod rule;
mod runs;
mod texts;
mod tickets;
mod versions;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::environments::EnvironmentNames;
use self::findings::Findings;
pub use self::rule::CorrelationRule;
pub use self::versions::VersionRule;
use crate::model::{Event, Kind};
use crate::stream::ValueStream;

/// The rules to go by, beside the built-in ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CorrelationRules {
    /// Project prefixes of issue keys beyond those of the issues already known.
    pub prefixes: Vec<String>,
    /// How the tags and release names of a product correspond.
    pub versions: Vec<VersionRule>,
    /// What tools call the environments.
    pub environments: Vec<EnvironmentNames>,
    /// Rules that are not to be used; what they inferred before is taken back.
    pub without: Vec<CorrelationRule>,
    /// Rules that are used only where they are asked for: `latest_build`.
    pub also: Vec<CorrelationRule>,
}

/// Items by something that they are known by.
type Index<'s> = BTreeMap<Cow<'s, str>, BTreeSet<u32>>;

impl ValueStream {
    /// Infers links by the rules, as events that are ready to be applied. Each rule reads each item once.
    ///
    /// | rule | link | confidence |
    /// |---|---|---|
    /// | `issue_key_in_trailer` | change `implements` issue: `Refs: CHK-7` at the end of a message or description | 0.98 |
    /// | `issue_key_in_subject`, `issue_key_in_title` | the same by the first line of a commit, by the title of a pull or merge request | 0.95 |
    /// | `issue_key_in_branch` | the same by the branch of a pull or merge request, in any case | 0.85 |
    /// | `issue_key_in_body` | the same by the rest of a message or description | 0.8 |
    /// | `reference_in_trailer`, `reference_in_subject`, `reference_in_title` | change `implements` issue by `#12`, `acme/shop#12`, `!34`, `AB#12` or `GH-12`; change `relates` change or incident | 0.9 |
    /// | `reference_in_branch`; `reference_in_body` | the same by the branch (`fix#12`); by the rest | 0.8; 0.7 |
    /// | `short_hash` | build `built_from` commit, deployment `deploys` commit, commit `tags` release: seven digits or more that only one known commit begins with | 0.9 |
    /// | `artifact_digest`; `package_url` | test run `tests` build, deployment `deploys` build that is or made the artifact | 0.98; 0.9 |
    /// | `build_url`; `job_and_number` | the same by the address of the run or of a page below it; by `job#31`. Gate `relates` build | 0.95; 0.9 |
    /// | `tag_name` | change `tags` release, by a declared [`VersionRule`] | 0.98 |
    /// | `tag_is_version` | the same where the tag is the release's version to the letter, in one application or repository | 0.9 |
    /// | `build_version`; `deployment_version` | build is `candidate` of, deployment `relates` to the release of its application whose version it carries, by a [`VersionRule`] or to the letter | 0.9; 0.85 |
    /// | `same_version` | release `relates` release of another tool, with the same version of the same application | 0.9 |
    /// | `ticket_id` | change, build, deployment, release or incident `relates` to the known gate or incident whose id (`CHG0030001`) it names | 0.8 |
    /// | `event_link` | build `built_from` change, test run `tests` build, deployment `deploys` build, incident `caused_by` deployment, whose CDEvents name each other | 0.9 |
    /// | `event_chain` | the first three of these, within a chain of CDEvents that has only one such change or build | 0.7 |
    /// | `latest_deployment` | incident `caused_by` the latest successful production deployment of its application strictly before it, where no other rule and no tool names a cause | 0.5 |
    /// | `latest_build` | test run `tests`, deployment `deploys` the latest successful build of its application strictly before it, where nothing else names one; only where [`also`](CorrelationRules::also) asks for it | 0.3 |
    ///
    /// Keys count only with the prefix of a known issue or one that the rules name, so that `UTF-8` and `SHA-256` are
    /// no issues; the issue itself need not be known yet. All that is found by a number, an id, a hash or an address has
    /// to be known, and to be the only one of its name; a version that may mean releases of several applications means none
    /// of them, unless the item belongs to one or a [`VersionRule`] for one application decides. A commit that is named by its full hash is linked by the
    /// adapter that read it.
    ///
    /// **What is not inferred:** that a build, deployment or tag brings what its commit follows. History says so by itself, and the
    /// answers that need it reckon it anew ([`shipping`](ValueStream::shipping), [`scope`](ValueStream::scope),
    /// [`readiness`](ValueStream::readiness), [`trace`](ValueStream::trace)): as links it would be every build times every commit.
    ///
    /// **Strength.** What a tool states wins, also that something is not so. Of several rules with the same link the one
    /// with the highest confidence holds, then the alphabetically first. A link's
    /// [`premise`](crate::Related::premise) is the event that it was read from, the first of those that said the same, and
    /// [`matched`](crate::Related::matched) what stood there.
    ///
    /// **Run again** with more history, or other rules, the events take back what no longer follows: an unlink that
    /// names the rule. The links that hold in the end are those of a single run at the end, with their premises, in whatever
    /// order things arrived.
    ///
    /// **As of.** A link is so, and is known, as soon as all that it rests on is: what was read, and both items; only a key
    /// names its issue by itself. Which application an item belongs to is taken as it is now. A link is taken back as of
    /// when the reason became known: that the item no longer says what was read, or that it may mean another item by
    /// now; where the reason is none of these, as of what became known last since the link was
    /// said, a few events aside that are more than a year ahead of all others. Views of
    /// the past keep what was inferred from what was known then.
    ///
    /// **Ids.** An event's id is `<rule>/<from>/<to>`, with `/<number>` where the rule has spoken of the two before; a slash
    /// within an item's id is written `%2F` there, and a percent sign `%25`. One that would be too long is cut and ends in `%~` and a hash
    /// of the whole (128 bits of FNV-1a), before the number.
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
    /// assert_eq!(links[0].links[0].matched.as_deref(), Some("CHK-7"));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn infer_links(&self, rules: &CorrelationRules) -> Vec<Event> {
        let mut findings = Findings::new(self, rules);
        let issues = self.issues(rules);
        let commits = self.commits();
        let artifacts = self.artifacts();
        let runs = self.runs();
        let releases = self.releases(rules);
        let tickets = self.tickets();
        for item in self.all() {
            let Some(kind) = self.kind(item) else { continue };
            let texts = match kind {
                Kind::Change
                | Kind::Build
                | Kind::TestRun
                | Kind::Deployment
                | Kind::Release
                | Kind::Gate
                | Kind::Incident => self.texts_of(item),
                _ => continue,
            };
            if kind == Kind::Change {
                self.link_issues(item, &texts, &issues, &mut findings);
                self.link_tags(item, &texts, rules, &releases, &mut findings);
            }
            self.link_hashes(item, &texts, &commits, &mut findings);
            self.link_artifacts(item, &texts, &artifacts, &mut findings);
            self.link_runs(item, &texts, &runs, &mut findings);
            self.link_versions(item, &texts, rules, &releases, &mut findings);
            self.link_tickets(item, &texts, &tickets, &mut findings);
        }
        self.link_same_versions(&releases, &mut findings);
        self.link_chains(&mut findings);
        // Time comes last: it is asked only where nothing else has an answer.
        self.link_latest(&mut findings);
        findings.events()
    }
}
