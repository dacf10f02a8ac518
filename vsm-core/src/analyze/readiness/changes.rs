//! What became ready between two times, what regressed, and because of which events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Condition, Policy, Readiness, ReadinessQuery, Unmet, Verdict, VerdictQuery, has_verdict};
use crate::analyze::message::{english, say};
use crate::analyze::{Basis, EVIDENCE, Grounds, Message};
use crate::error::{Error, Result};
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::time::Instant;

/// How many changes are explained where the question does not say.
const EXPLAINED: u32 = 100;

/// A question for the difference between two times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadinessChangesQuery {
    /// The earlier time: what was so then, as it was known then.
    pub from: Instant,
    /// The later time.
    pub to: Instant,
    /// The stage; absent = the last one of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// What counts as ready; absent = the default policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// One release, build or work item; absent = all of `kind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The kind of items; absent = releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// How many changes are explained, first by what they changed to, then by id; absent = 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// How verdicts differ between two times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadinessChanges {
    /// The stage.
    pub stage: String,
    /// The earlier time.
    pub from: Instant,
    /// The later time.
    pub to: Instant,
    /// How many became ready.
    pub became_ready: u64,
    /// How many are further from it: from ready to anything else, or from unknown to not ready.
    pub regressed: u64,
    /// How many are nearer without being ready: from not ready to unknown.
    pub nearer: u64,
    /// How many were not there at the earlier time.
    pub appeared: u64,
    /// The changes: regressed ones first, then those that became ready, those that are nearer, and new ones; each group by
    /// id. An item is listed as well where its verdict is the same and other facts stand in its way, if it was asked for
    /// by itself.
    pub changes: Vec<ReadinessChange>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// How one item's verdict differs between two times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadinessChange {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub kind: Kind,
    /// The verdict at the earlier time; absent where the item was not there.
    pub before: Option<Verdict>,
    /// The verdict at the later time.
    pub after: Verdict,
    /// The facts that stood in its way and no longer do.
    pub cleared: Vec<Unmet>,
    /// The facts that stand in its way since.
    pub appeared: Vec<Unmet>,
    /// The events between the two times that did it, as `source:id`: those that the facts rest on, and those about the
    /// items that they are about.
    pub because: Vec<String>,
    /// The change as an English sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
}

impl ReadinessChangesQuery {
    /// A question with all defaults.
    pub fn new(from: Instant, to: Instant) -> ReadinessChangesQuery {
        ReadinessChangesQuery { from, to, stage: None, policy: None, item: None, kind: None, limit: None }
    }

    /// Whether one item is ready at one of the two times.
    fn ask(&self, view: &ValueStream, item: &str, at: Instant) -> Result<Readiness> {
        view.readiness(&ReadinessQuery {
            stage: self.stage.clone(),
            policy: self.policy.clone(),
            ..ReadinessQuery::new(item, at)
        })
    }
}

impl ValueStream {
    /// What became ready between two times and what regressed, for a stage; each change with the facts that came and
    /// went, and the events that did it.
    ///
    /// Either time is asked as it was known then: an event that is recorded later than the second time does not show.
    /// Takes two passes over everything and an explanation for each change that is listed.
    ///
    /// # Errors
    /// Those of [`readiness`](ValueStream::readiness); [`Error::Invalid`] where `to` is before `from`.
    ///
    /// ```
    /// use vsm_core::{Event, FlowState, Kind, ReadinessChangesQuery, ValueStream, Verdict};
    /// let (monday, friday) = ("2026-03-02T00:00:00Z".parse()?, "2026-03-06T00:00:00Z".parse()?);
    /// let mut stream = ValueStream::new();
    /// let mut build = Event::new("ci", "1", monday, "ci:app#1");
    /// build.kind = Some(Kind::Build);
    /// stream.apply(build)?;
    /// let query = ReadinessChangesQuery { kind: Some(Kind::Build), ..ReadinessChangesQuery::new(monday, friday) };
    /// assert!(stream.readiness_changes(&query)?.changes.is_empty());
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn readiness_changes(&self, query: &ReadinessChangesQuery) -> Result<ReadinessChanges> {
        if query.to < query.from {
            return Err(Error::invalid("to", "must not be before from"));
        }
        let policy = query.policy.clone().unwrap_or_default();
        let stage = policy.rung(query.stage.as_deref())?;
        let mut answer = ReadinessChanges {
            stage: policy.stages.get(stage).cloned().unwrap_or_default(),
            from: query.from,
            to: query.to,
            became_ready: 0,
            regressed: 0,
            nearer: 0,
            appeared: 0,
            changes: Vec::new(),
            basis: Basis::default(),
        };
        let times = [query.from, query.to].map(|at| (self.as_of(at, at), at));
        let [before, after] = &times;
        let mut listed = self.differing(query, &policy, before, after)?;
        for found in &listed {
            match found.how {
                How::BecameReady => answer.became_ready += 1,
                How::Regressed => answer.regressed += 1,
                How::Nearer => answer.nearer += 1,
                How::Appeared => answer.appeared += 1,
                How::Same => {}
            }
        }
        let mut grounds = Grounds { n: listed.len() as u64, ..Grounds::default() };
        grounds.rule("as_it_was_known_then");
        listed.sort_by(|a, b| (a.how, &a.item).cmp(&(b.how, &b.item)));
        listed.truncate(query.limit.unwrap_or(EXPLAINED) as usize);
        for found in listed {
            answer.changes.push(self.change(query, found, before, after)?);
        }
        let mut evidence: Vec<String> =
            answer.changes.iter().flat_map(|change| change.because.iter().cloned()).collect();
        evidence.sort_unstable();
        evidence.dedup();
        evidence.truncate(EVIDENCE);
        answer.basis = Basis { evidence, ..grounds.finish(self) };
        Ok(answer)
    }

    /// The items whose verdicts differ, or the one that was asked for.
    fn differing(
        &self,
        query: &ReadinessChangesQuery,
        policy: &Policy,
        (before, from): &(ValueStream, Instant),
        (after, to): &(ValueStream, Instant),
    ) -> Result<Vec<Differing>> {
        if let Some(item) = &query.item {
            let number = after.find(item)?;
            let id = after.id(number).to_owned();
            let now = query.ask(after, &id, *to)?.verdict;
            let then = if before.find(&id).is_ok_and(|n| before.kind(n).is_some_and(has_verdict)) {
                Some(query.ask(before, &id, *from)?.verdict)
            } else {
                None
            };
            return Ok(vec![Differing { item: id, how: how(then, now), then, now }]);
        }
        let all = |view: &ValueStream, at: Instant| {
            view.verdicts(&VerdictQuery {
                at,
                stage: query.stage.clone(),
                policy: Some(policy.clone()),
                kind: Some(query.kind.unwrap_or(Kind::Release)),
                list: None,
            })
        };
        let then: BTreeMap<String, Verdict> =
            all(before, *from)?.items.into_iter().map(|item| (item.item, item.verdict)).collect();
        let mut found = Vec::new();
        for item in all(after, *to)?.items {
            let then = then.get(&item.item).copied();
            if then != Some(item.verdict) {
                found.push(Differing {
                    how: how(then, item.verdict),
                    item: item.item,
                    then,
                    now: item.verdict,
                });
            }
        }
        Ok(found)
    }

    fn change(
        &self,
        query: &ReadinessChangesQuery,
        found: Differing,
        (before, from): &(ValueStream, Instant),
        (after, to): &(ValueStream, Instant),
    ) -> Result<ReadinessChange> {
        let then = match found.then {
            Some(_) => query.ask(before, &found.item, *from)?.unmet,
            None => Vec::new(),
        };
        let now = query.ask(after, &found.item, *to)?.unmet;
        let (cleared, appeared) = (only(&then, &now), only(&now, &then));
        let mut because: Vec<String> = Vec::new();
        for fact in cleared.iter().chain(&appeared) {
            let Ok(number) = after.find(&fact.item) else { continue };
            let about = after.chronicle(number).into_iter().map(|(event, _)| event);
            // A fact that came may rest on what others say; one that went has left no event of its own.
            let fresh = about.filter(|event| is_between(after, *event, *from));
            because.extend(fresh.map(|event| after.key(event).to_owned()));
            because.extend(fact.evidence.iter().filter(|key| after.is_fresh(key, *from)).cloned());
        }
        because.sort_unstable();
        because.dedup();
        let number = after.find(&found.item)?;
        let kind = after.kind(number).unwrap_or(Kind::Release);
        let reason = match found.how {
            How::BecameReady | How::Nearer => cleared.first(),
            _ => appeared.first().or(cleared.first()),
        };
        let what = match (found.then, found.now) {
            (None, now) => say::verdict_new(number, now),
            (Some(then), now) if then == now => say::verdict_same(number, now),
            (Some(then), now) => say::verdict_changed(number, then, now),
        };
        let why = reason.map(|fact| match cleared.contains(fact) {
            true => say::and_gone(),
            false => say::and_because(),
        });
        let mut messages = what.and(why).messages(after);
        messages.extend(reason.into_iter().flat_map(|fact| fact.messages.iter().cloned()));
        Ok(ReadinessChange {
            title: after.title(number).to_owned(),
            item: found.item,
            kind,
            before: found.then,
            after: found.now,
            cleared,
            appeared,
            because,
            sentence: english(&messages),
            messages,
        })
    }

    /// Whether an event became known, or happened, after a time.
    fn is_fresh(&self, key: &str, from: Instant) -> bool {
        self.state.record.keys.find(key).is_some_and(|event| is_between(self, event, from))
    }
}

fn is_between(view: &ValueStream, event: u32, from: Instant) -> bool {
    view.state.record.get(event).is_some_and(|event| event.occurred > from || event.known_at() > from)
}

struct Differing {
    item: String,
    how: How,
    then: Option<Verdict>,
    now: Verdict,
}

/// The facts that are among these and not among those.
fn only(these: &[Unmet], those: &[Unmet]) -> Vec<Unmet> {
    fn root(fact: &Unmet) -> (Condition, &str, Option<&str>, Verdict) {
        (fact.condition, &fact.item, fact.rule.as_deref(), fact.verdict)
    }
    let those: BTreeSet<_> = those.iter().map(root).collect();
    these.iter().filter(|fact| !those.contains(&root(fact))).cloned().collect()
}

/// In which way a verdict changed, in the order of the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Regressed,
    BecameReady,
    Nearer,
    Appeared,
    Same,
}

fn how(then: Option<Verdict>, now: Verdict) -> How {
    match then {
        None => How::Appeared,
        Some(then) if then == now => How::Same,
        Some(_) if now == Verdict::Ready => How::BecameReady,
        Some(then) if now > then => How::Regressed,
        Some(_) => How::Nearer,
    }
}
