//! Verdicts that are kept up to date: after events were applied, which of them changed, and why.
//!
//! [`Touched`](touched::Touched) says which own facts may rest on an event, [`Turn`] judges these again by the rules of the
//! pass over everything and passes on what changed along the needs, in their order, and [`reasons`] finds the words.

mod held;
mod notes;
mod reasons;
mod touched;
mod turn;

use std::mem::take;

use serde::{Deserialize, Serialize};

use self::held::Held;
use self::turn::Turn;
use super::judge::{Judge, RULES};
use super::lanes::{Facts, Lens, rungs};
use super::{Basis, Policy, Verdict, check_kind, is_meant};
use crate::analyze::{EVIDENCE, Grounds, Message};
use crate::error::Result;
use crate::hash::HashSet;
use crate::model::Kind;
use crate::news::Seen;
use crate::stream::ValueStream;
use crate::time::Instant;

/// How many changes are given a reason where everything was judged anew.
const EXPLAINED: usize = 1_000;

/// Which verdicts to keep up to date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WatchQuery {
    /// The time that verdicts are for; [`Watch::advance`] moves it.
    pub at: Instant,
    /// The stage; absent = the last one of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// What counts as ready; absent = the default policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The kind of the items that are counted and reported; absent = all work and releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The only items that are reported, by any of their names; they need not be known yet. Absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<String>>,
}

impl WatchQuery {
    /// Everything, for the last stage of the default policy.
    pub fn new(at: Instant) -> WatchQuery {
        WatchQuery { at, stage: None, policy: None, kind: None, items: None }
    }
}

/// Which verdicts changed since the last time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictChanges {
    /// The stage.
    pub stage: String,
    /// The time that verdicts are for.
    pub at: Instant,
    /// What changed, by id.
    pub changed: Vec<VerdictChange>,
    /// How many items of the kinds that are watched are ready now.
    pub ready: u64,
    /// Of how many nobody knows.
    pub unknown: u64,
    /// How many are not ready.
    pub not_ready: u64,
    /// How many events came since the last time.
    pub events: u64,
    /// How many times an item was judged again or put together again.
    pub judged: u64,
    /// Whether everything was judged anew, because what changed could not be told: in views of the past, and when a link
    /// names a stage that none has named before. Changes have no reasons then.
    pub recomputed_all: bool,
    /// What the answer rests on: `n` counts all items that are watched, the evidence are the events behind the reasons.
    pub basis: Basis,
}

/// A verdict that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictChange {
    /// The item.
    pub item: String,
    /// What it is; absent where it is nothing that has a verdict any more.
    pub kind: Option<Kind>,
    /// Its verdict before; absent where it had none, because it is new, say.
    pub from: Option<Verdict>,
    /// Its verdict now; absent where it has none any more, because it is known as another kind or by another name.
    pub to: Option<Verdict>,
    /// Why.
    pub reason: Option<ChangeReason>,
}

/// Why a verdict changed. Of several reasons the worst, or where it got better, one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeReason {
    /// Where it began: the item whose own facts changed, or that is needed since.
    pub item: String,
    /// What is so there now, as an English sentence.
    pub sentence: String,
    /// The sentence by codes and arguments, for other languages.
    pub messages: Vec<Message>,
    /// The items between, from the one that changed to where it began, both left out: each needs the next. At most
    /// ten of them.
    pub through: Vec<String>,
    /// The events behind it as `source:id`: those behind the fact that is unmet now, else the first ones that touched the
    /// item.
    pub evidence: Vec<String>,
}

/// The verdicts of everything, kept up to date.
///
/// It is made once by [`ValueStream::watch`] and holds, for each item and need, what it passes on. It stands beside the
/// stream and is told by nobody: [`update`](Watch::update) reads what the record got since the last time, however it got
/// there: one event, a batch, what correlation found, late arrivals, other names. What was refused is not in the record.
/// What it says is always what judging everything anew would say.
///
/// | what | takes |
/// |---|---|
/// | making it | one pass, as [`verdicts`](ValueStream::verdicts); 30 bytes an item and 4 a link, and 8 more an item for each further stage that links name |
/// | a state, a need | O(1), and O(1) for each need of others on an item whose verdict for some stage changes |
/// | what a release reads for itself | judging the releases again that may read it: a release's scope, builds and the commits behind them |
/// | a deployment, a booking | judging the place of the releases that may use the environment, and those again as a whole for which it is another one |
/// | a build or test run | the same, and the commits that come or go by it with the work that they do |
/// | another name for an item | all that was ever said of it and of its other names |
/// | [`advance`](Watch::advance) | judging all releases and gates |
///
/// ```
/// use vsm_core::{Event, FlowState, Kind, ValueStream, Verdict, WatchQuery};
/// let day = "2026-03-02T00:00:00Z".parse()?;
/// let mut stream = ValueStream::new();
/// let mut epic = Event::new("jira", "1", day, "jira:CHK-1");
/// epic.kind = Some(Kind::Epic);
/// epic.set.state = Some(FlowState::Done);
/// stream.apply(epic)?;
/// let mut watch = stream.watch(&WatchQuery::new(day))?;
///
/// let mut story = Event::new("jira", "2", day, "jira:CHK-2");
/// story.kind = Some(Kind::Story);
/// story.set.state = Some(FlowState::New);
/// story.links.push(vsm_core::Link::new(vsm_core::LinkKind::Parent, "jira:CHK-1"));
/// stream.apply(story)?;
/// let changes = watch.update(&stream)?;
/// let epic = &changes.changed[0];
/// assert_eq!((epic.from, epic.to), (Some(Verdict::Unknown), Some(Verdict::NotReady)));
/// let reason = epic.reason.as_ref().unwrap();
/// assert_eq!(reason.sentence, "jira:CHK-2 has not been started.");
/// assert_eq!(reason.evidence, ["jira:2"]);
/// # Ok::<(), vsm_core::Error>(())
/// ```
///
/// Two watches are equal where they answer the same question of the same events, and hold the same of every item and need.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    policy: Policy,
    rung: usize,
    rungs: Vec<usize>,
    at: Instant,
    kind: Option<Kind>,
    items: Option<Vec<String>>,
    held: Held,
    /// What is taken in.
    seen: Seen,
    /// Whether a change may reach further than links between items tell: phases, criteria and rules of a policy say what is
    /// asked for at all, so everything is judged anew.
    is_whole: bool,
    counts: [u64; 3],
}

impl ValueStream {
    /// Judges everything, and holds the verdicts so that [`Watch::update`] can tell which of them change.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a stage that is not on the ladder, or a kind that is neither work nor a
    /// release or build; [`Error::Cycle`](crate::Error::Cycle) for a view of a past in which needs form one.
    pub fn watch(&self, query: &WatchQuery) -> Result<Watch> {
        let policy = query.policy.clone().unwrap_or_default();
        let rung = policy.rung(query.stage.as_deref())?;
        check_kind(query.kind)?;
        let mut watch = Watch {
            policy,
            rung,
            rungs: Vec::new(),
            at: query.at,
            kind: query.kind,
            items: query.items.clone(),
            held: Held::default(),
            seen: Seen::default(),
            is_whole: false,
            counts: [0; 3],
        };
        watch.fill(self)?;
        Ok(watch)
    }
}

impl Watch {
    /// The time that verdicts are for.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// The verdict of an item as of the last update; none for what has none. O(1).
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem).
    pub fn verdict(&self, stream: &ValueStream, item: &str) -> Result<Option<Verdict>> {
        let item = stream.find(item)?;
        Ok(self.held.verdict(&self.lens(stream), item))
    }

    /// Takes in what the stream got since the last time, and tells which verdicts changed.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a stream that does not go on from the one that was watched;
    /// [`Error::Cycle`](crate::Error::Cycle) for a view of a past in which needs form one. What is held is then as it was.
    pub fn update(&mut self, stream: &ValueStream) -> Result<VerdictChanges> {
        self.turn(stream, false)
    }

    /// Moves the time that verdicts are for, forwards or back, takes in what the stream got, and tells which verdicts
    /// changed: blackouts begin and end, waivers expire, bookings are over. Judges all releases and gates again.
    ///
    /// # Errors
    /// As [`update`](Watch::update).
    pub fn advance(&mut self, stream: &ValueStream, at: Instant) -> Result<VerdictChanges> {
        let before = std::mem::replace(&mut self.at, at);
        let changes = self.turn(stream, true);
        if changes.is_err() {
            self.at = before;
        }
        changes
    }

    fn lens<'a>(&'a self, stream: &'a ValueStream) -> Lens<'a> {
        Lens::new(stream, &self.policy, self.at, self.rung, &self.rungs, self.kind)
    }

    fn is_meant(&self, kind: Kind) -> bool {
        is_meant(self.kind, kind)
    }

    /// Judges everything.
    fn fill(&mut self, stream: &ValueStream) -> Result<()> {
        let rungs = rungs(stream, &self.policy, self.rung);
        let lens = Lens::new(stream, &self.policy, self.at, self.rung, &rungs, self.kind);
        let held = Held::fill(&lens, lens.judge.required_stage(self.rung))?;
        let mut counts = [0; 3];
        for item in 0..held.items() {
            let is_meant = held.slot(item).facts.kind.is_some_and(|kind| self.is_meant(kind));
            if let Some(verdict) = held.verdict(&lens, item).filter(|_| is_meant) {
                count(&mut counts, verdict, u64::wrapping_add);
            }
        }
        let is_led = (0..held.items()).any(|item| held.slot(item).facts.is_led());
        drop(lens);
        self.is_whole = is_led || !self.policy.is_plain() || self.kind == Some(Kind::Build);
        (self.held, self.rungs, self.counts) = (held, rungs, counts);
        self.seen = Seen::of(stream);
        Ok(())
    }

    fn turn(&mut self, stream: &ValueStream, has_time_passed: bool) -> Result<VerdictChanges> {
        let events = self.seen.since(stream)?;
        let names_stage = |rung: &usize| {
            let stage = self.policy.stages.get(*rung).map_or("", String::as_str);
            self.seen.names_stage_since(stream, stage)
        };
        let is_new_stage = |rung: usize| !self.rungs.contains(&rung) && names_stage(&rung);
        let is_led = |event: u32| stream.item_of(event).is_some_and(|item| Facts::of(stream, item).is_led());
        let is_whole = self.is_whole || events.clone().any(is_led);
        if is_whole || self.seen.is_past(stream) || (0..self.policy.stages.len()).any(is_new_stage) {
            return self.anew(stream, events.len());
        }
        let mut held = take(&mut self.held);
        let lens = self.lens(stream);
        let stage = lens.judge.required_stage(self.rung);
        let mut turn = Turn::new(&lens, &mut held);
        turn.events(events.clone(), stage);
        if has_time_passed {
            turn.time();
        }
        let watched = self.watched(stream);
        let mut found: Vec<(u32, Option<Verdict>, Option<Verdict>)> = Vec::new();
        let mut counts = self.counts;
        for (item, note) in turn.changed() {
            let is_meant = |kind: Option<Kind>| kind.is_some_and(|kind| self.is_meant(kind));
            let was = lens.verdict(note.before.facts.kind, note.before.passed);
            let from = was.filter(|_| is_meant(note.before.facts.kind));
            let to = turn.held.verdict(&lens, item).filter(|_| is_meant(turn.held.slot(item).facts.kind));
            from.into_iter().for_each(|verdict| count(&mut counts, verdict, u64::wrapping_sub));
            to.into_iter().for_each(|verdict| count(&mut counts, verdict, u64::wrapping_add));
            if from != to && watched.as_ref().is_none_or(|items| items.contains(&item)) {
                found.push((item, from, to));
            }
        }
        found.sort_unstable_by_key(|(item, ..)| stream.id(*item));
        let mut grounds = Grounds::default();
        let changed = found
            .into_iter()
            .map(|(item, from, to)| VerdictChange {
                item: stream.id(item).to_owned(),
                kind: turn.held.slot(item).facts.kind,
                from,
                to,
                reason: Some(turn.reason(item, from, to, &mut grounds)),
            })
            .collect();
        let answer = Self::answer(&lens, changed, counts, (events.len(), turn.judged), grounds);
        drop(turn);
        drop(lens);
        (self.held, self.counts) = (held, counts);
        self.seen = Seen::of(stream);
        Ok(answer)
    }

    /// Judges everything anew and compares.
    fn anew(&mut self, stream: &ValueStream, events: usize) -> Result<VerdictChanges> {
        let before = self.clone();
        self.fill(stream)?;
        let (old, new) = (before.lens(stream), self.lens(stream));
        let watched = self.watched(stream);
        let verdict = |held: &Held, lens: &Lens<'_>, item: u32| {
            let is_meant = held.slot(item).facts.kind.is_some_and(|kind| self.is_meant(kind));
            held.verdict(lens, item).filter(|_| is_meant)
        };
        let mut changed: Vec<(u32, VerdictChange)> = (0..self.held.items())
            .filter(|item| watched.as_ref().is_none_or(|items| items.contains(item)))
            .filter_map(|item| {
                let (from, to) = (verdict(&before.held, &old, item), verdict(&self.held, &new, item));
                let kind = self.held.slot(item).facts.kind;
                let id = || stream.id(item).to_owned();
                (from != to).then(|| (item, VerdictChange { item: id(), kind, from, to, reason: None }))
            })
            .collect();
        changed.sort_unstable_by(|(_, a), (_, b)| a.item.cmp(&b.item));
        for (item, change) in changed.iter_mut().take(EXPLAINED) {
            change.reason = reasons::of(&new, *item, change.to);
        }
        let changed = changed.into_iter().map(|(_, change)| change).collect();
        let work = (events, u64::from(self.held.items()));
        let answer = Self::answer(&new, changed, self.counts, work, Grounds::default());
        Ok(VerdictChanges { recomputed_all: true, ..answer })
    }

    /// The numbers of the items that are to be reported.
    fn watched(&self, stream: &ValueStream) -> Option<HashSet<u32>> {
        let items = self.items.as_ref()?;
        Some(items.iter().filter_map(|id| stream.find(id).ok()).collect())
    }

    fn answer(
        lens: &Lens<'_>,
        changed: Vec<VerdictChange>,
        [ready, unknown, not_ready]: [u64; 3],
        (events, judged): (usize, u64),
        mut grounds: Grounds,
    ) -> VerdictChanges {
        let judge: &Judge<'_> = &lens.judge;
        grounds.n = ready + unknown + not_ready;
        grounds.rules.extend(RULES.map(String::from));
        VerdictChanges {
            stage: judge.stage(lens.rung).to_owned(),
            at: judge.at,
            changed,
            ready,
            unknown,
            not_ready,
            events: events as u64,
            judged,
            recomputed_all: false,
            basis: grounds.finish(judge.stream),
        }
    }
}

fn count(counts: &mut [u64; 3], verdict: Verdict, add: fn(u64, u64) -> u64) {
    let [ready, unknown, not_ready] = counts;
    let count = match verdict {
        Verdict::Ready => ready,
        Verdict::Unknown => unknown,
        Verdict::NotReady => not_ready,
    };
    *count = add(*count, 1);
}
