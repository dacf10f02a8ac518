//! Is it ready, and if not, what exactly is missing?

mod bookings;
mod brought;
mod bulk;
mod changes;
mod criteria;
mod evidence;
mod explain;
mod gates;
mod judge;
mod lanes;
mod live;
mod phases;
mod policy;
mod release;
mod rules;
mod stakeholders;
mod waiting;
mod waivers;
mod work;

use serde::{Deserialize, Serialize};

pub use self::changes::{ReadinessChange, ReadinessChanges, ReadinessChangesQuery};
pub use self::explain::{Explanation, ExplanationNode};
pub use self::live::{ChangeReason, VerdictChange, VerdictChanges, Watch, WatchQuery};
pub use self::policy::{Measure, Policy, PolicyRule, Reach, RuleTest};
pub(in crate::analyze) use self::stakeholders::Ruling;
pub use self::waivers::Waiver;

use self::judge::Judge;
use super::{Basis, Message};
use crate::error::{Error, Result};
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// The answer to "is it ready?"; without evidence it is unknown, and unknown is never ready.
    pub enum Verdict {
        /// Everything that applies is met.
        Ready = "ready",
        /// Nothing is known to be missing, but something is not known.
        Unknown = "unknown",
        /// Something is missing.
        NotReady = "not_ready",
    }
}

text_enum! {
    /// A condition of being ready.
    pub enum Condition {
        /// The release is neither a draft nor on hold.
        ReleaseActive = "release_active",
        /// The release has a scope.
        HasScope = "has_scope",
        /// A work item is done.
        ScopeDone = "scope_done",
        /// An activity of a release or phase is done.
        ActivityDone = "activity_done",
        /// A phase that comes before the stage is over.
        PhaseDone = "phase_done",
        /// The release has a build that is meant to become it.
        HasBuild = "has_build",
        /// The build succeeded.
        BuildSucceeded = "build_succeeded",
        /// A work item is in the build.
        InBuild = "in_build",
        /// The build passed its tests in the environment of the stage before.
        TestsPassed = "tests_passed",
        /// No defect of blocking severity is open.
        NoBlockingDefect = "no_blocking_defect",
        /// A criterion of a gate or phase is met: proved, or decided by somebody entitled to.
        CriterionMet = "criterion_met",
        /// A gate is passed by somebody entitled to.
        GatePassed = "gate_passed",
        /// An environment of the stage is booked.
        EnvironmentBooked = "environment_booked",
        /// The booking is without conflict.
        NoBookingConflict = "no_booking_conflict",
        /// The environment holds the build.
        EnvironmentVersion = "environment_version",
        /// No blackout covers the time.
        NoBlackout = "no_blackout",
        /// A rule of the policy is met.
        RuleMet = "rule_met",
    }
}

/// A question about one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadinessQuery {
    /// The release, build or work item.
    pub item: String,
    /// The time it is asked at.
    pub at: Instant,
    /// The stage it should be ready for; absent = the last one of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// What counts as ready; absent = the default policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Facts that are taken for met, as the answer without them names them: is it ready then?
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assume: Vec<MetFact>,
}

/// An unmet fact that is taken for met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetFact {
    /// The condition.
    pub condition: Condition,
    /// The item that it is about.
    pub item: String,
    /// The rule, where the condition is `rule_met`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// Whether an item is ready for a stage, and what is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Readiness {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// The stage.
    pub stage: String,
    /// The time it was asked at.
    pub at: Instant,
    /// The answer.
    pub verdict: Verdict,
    /// The unmet facts, each with one root cause; meeting exactly these makes the item ready.
    pub unmet: Vec<Unmet>,
    /// The waivers that the answer rests on, by item: what they are for is met by exception.
    pub exceptions: Vec<Waiver>,
    /// Work items of the scope that are done.
    pub done: u32,
    /// Work items of the scope: its leaves, cancelled ones left out.
    pub scope: u32,
    /// The share of that work that is done, in percent: a by-product, which says nothing of what is missing. Absent where
    /// there is none.
    pub percent: Option<f64>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One fact that keeps an item from being ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unmet {
    /// The condition that is not met.
    pub condition: Condition,
    /// The rule of the policy that is not met; absent where it is one of the conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// `not_ready` where it is known to be unmet, `unknown` where nobody can tell.
    pub verdict: Verdict,
    /// The stage that asks for it.
    pub stage: String,
    /// The item at fault.
    pub item: String,
    /// The item at fault, by its name for people.
    pub title: String,
    /// The fact as an English sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
    /// Whom it waits for: of work those responsible, else assignee or owner; of decisions those accountable and approvers.
    pub waits_for: Option<String>,
    /// Since when it has been so.
    pub since: Option<Instant>,
    /// The earliest time that it could clear, where that can be told.
    pub earliest: Option<Instant>,
    /// The upstream release that brings it in; absent for the item's own.
    pub through: Option<String>,
    /// How many work items and releases of the closure wait for it.
    pub consequences: u32,
    /// How many open releases of the whole stream wait for it.
    pub releases: u32,
    /// The value of the work that waits: that of each item of these releases' scope, or of the nearest item that it is a part
    /// of and that has a value, each once. Where no release waits, of the work that does. Absent where none has a value.
    pub value: Option<f64>,
    /// The events behind it, as `source:id`.
    pub evidence: Vec<String>,
}

/// A question about all items at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictQuery {
    /// The time it is asked at.
    pub at: Instant,
    /// The stage; absent = the last one of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// What counts as ready; absent = the default policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The kind of the items that are counted and listed: work, releases or builds; absent = all work and releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The verdicts whose items are listed; absent = all of them, empty = none, for who wants the counts alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Vec<Verdict>>,
}

/// The verdicts of all items for one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdicts {
    /// The stage.
    pub stage: String,
    /// The time it was asked at.
    pub at: Instant,
    /// How many items are ready.
    pub ready: u64,
    /// How many may be or not: nobody knows.
    pub unknown: u64,
    /// How many are not ready.
    pub not_ready: u64,
    /// The items that were to be listed, by id.
    pub items: Vec<ItemVerdict>,
    /// What the answer rests on; its evidence are the last events of the first hundred items that are listed.
    pub basis: Basis,
}

/// The verdict of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemVerdict {
    /// The item.
    pub item: String,
    /// What it is.
    pub kind: Kind,
    /// The verdict.
    pub verdict: Verdict,
}

impl ReadinessQuery {
    /// A question with all defaults: for the last stage, by the default policy.
    pub fn new(item: impl Into<String>, at: Instant) -> ReadinessQuery {
        ReadinessQuery { item: item.into(), at, stage: None, policy: None, assume: Vec::new() }
    }
}

impl VerdictQuery {
    /// A question with all defaults: for the last stage, by the default policy.
    pub fn new(at: Instant) -> VerdictQuery {
        VerdictQuery { at, stage: None, policy: None, kind: None, list: None }
    }
}

impl ValueStream {
    /// Whether a release, build or work item is ready for a stage, and the minimal set of facts that keep it from it.
    ///
    /// A **work item** is ready when its leaves (itself, if it has no parts) are done and in a successful build that
    /// passed its tests in the environment of the stage before, and its gates of the stage are passed.
    ///
    /// A **release** is ready when it is neither a draft nor on hold; its scope is not empty and done; its candidate build succeeded, holds every leaf
    /// of the scope and passed its tests in the environment of the stage before; no defect of blocking severity that
    /// was found in it is open; its gates of the stage are passed by stakeholders entitled to; an environment of the
    /// stage is booked (where environments have a capacity) without conflict and, before the last stage, holds the
    /// build; the releases that it depends on are ready for the stage that the link names, or shipped; its parts are
    /// ready; and no blackout that stops deployments covers the time, of its own, its environment's or inherited. A release
    /// that has shipped is ready. What does not apply is listed under `excluded`. Bookings for its phases are its own, and
    /// one of a group is one of each environment in it (see [`booking_conflicts`](ValueStream::booking_conflicts)).
    ///
    /// A **build** is ready when it succeeded, passed its tests in the environment of the stage before, no defect of
    /// blocking severity that was found in it is open, and its gates of the stage are passed.
    ///
    /// A [`Policy`] may ask stages for fewer of these conditions, and for more by rules of its own.
    /// A **phase** of an earlier stage has to be over: its activities done, its criteria met, its gates passed. One of the
    /// stage itself has to be allowed to start: its entry criteria met, its entry gates passed. One without a stage has to be
    /// over for every stage.
    ///
    /// A **gate** of the stage, or one without a stage, is passed when its criteria are met and, where anybody is named who
    /// may decide, one of them or of the members of their groups approved. A gate with neither is unknown until it is decided.
    /// A waiver stands for all of it while it holds, and is listed under `exceptions`. A **criterion** is met when somebody
    /// entitled decided so, else when the last evidence, test run or build for it that is finished and has not expired was a
    /// success; a document proves by being there. A decision or evidence that is dated after the time asked about does not
    /// count yet.
    ///
    /// Putting an item with parts into a scope puts all of its leaves there. Work that is done is done, whatever it
    /// depended on. Takes time in proportion to what the item needs, and to the commits behind its builds.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] for a policy that does not [check](Policy::check), a stage that is not on
    /// the ladder, or an item that is neither work nor a release or build.
    ///
    /// ```
    /// use vsm_core::{Condition, Event, Kind, Link, LinkKind, ReadinessQuery, ValueStream, Verdict};
    /// let day = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// let mut release = Event::new("plan", "1", day, "plan:R1");
    /// release.kind = Some(Kind::Release);
    /// stream.apply(release)?;
    /// let answer = stream.readiness(&ReadinessQuery::new("plan:R1", day))?;
    /// assert_eq!(answer.verdict, Verdict::Unknown);
    /// assert_eq!(answer.unmet[0].condition, Condition::HasScope);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn readiness(&self, query: &ReadinessQuery) -> Result<Readiness> {
        let policy = query.policy.clone().unwrap_or_default();
        let rung = policy.rung(query.stage.as_deref())?;
        let item = self.find(&query.item)?;
        let mut judge = Judge::new(self, &policy, query.at);
        judge.assume(&query.assume)?;
        judge.judged(item, rung).map(|judged| judged.readiness)
    }

    /// The verdicts of all work items and releases for a stage in one pass; each is what
    /// [`readiness`](ValueStream::readiness) would say.
    ///
    /// Counting takes one look at every item and need, listing the time that it takes to write the list: ask for the
    /// kind and the verdicts that you want to see. What nobody has described has no verdict of its own and is listed
    /// under `excluded`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a policy that does not [check](Policy::check), a stage that is not on the ladder, or a kind
    /// that is neither work nor a release or build.
    ///
    /// ```
    /// use vsm_core::{Event, Kind, ValueStream, Verdict, VerdictQuery};
    /// let day = "2026-03-02T00:00:00Z".parse()?;
    /// let mut stream = ValueStream::new();
    /// for id in ["plan:R1", "plan:R2"] {
    ///     let mut release = Event::new("plan", id.replace(':', "/"), day, id);
    ///     release.kind = Some(Kind::Release);
    ///     stream.apply(release)?;
    /// }
    /// let query = VerdictQuery { list: Some(vec![Verdict::NotReady]), ..VerdictQuery::new(day) };
    /// let verdicts = stream.verdicts(&query)?;
    /// assert_eq!((verdicts.ready, verdicts.unknown, verdicts.items.len()), (0, 2, 0));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn verdicts(&self, query: &VerdictQuery) -> Result<Verdicts> {
        let policy = query.policy.clone().unwrap_or_default();
        let rung = policy.rung(query.stage.as_deref())?;
        check_kind(query.kind)?;
        bulk::verdicts(self, &policy, query, rung)
    }
}

/// Whether items of a kind can be ready.
fn has_verdict(kind: Kind) -> bool {
    kind.is_work() || matches!(kind, Kind::Release | Kind::Build)
}

/// Refuses a kind to restrict a question to that has no verdict.
fn check_kind(kind: Option<Kind>) -> Result<()> {
    match kind.filter(|kind| !has_verdict(*kind)) {
        None => Ok(()),
        Some(kind) => {
            let reason = format!("a {kind} has no verdict: ask for release, build or a kind of work");
            Err(Error::invalid("kind", reason))
        }
    }
}

/// Whether items of a kind are counted where one is asked for; without one, work and releases.
fn is_meant(wanted: Option<Kind>, kind: Kind) -> bool {
    wanted.map_or_else(|| kind.is_work() || kind == Kind::Release, |wanted| wanted == kind)
}
