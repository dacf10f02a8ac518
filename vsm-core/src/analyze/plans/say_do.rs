//! What was said for an iteration, programme increment or release, and what was done?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::amounts::{Member, SayDoAmount, ScopeMeasure, Views, amount};
use super::scope_at::{ScopeLevel, Source, is_done};
use super::target_dates::TargetDates;
use crate::analyze::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::model::{FlowState, Set};
use crate::stream::ValueStream;
use crate::time::Instant;

/// A question for what was promised and what was delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SayDoQuery {
    /// The time it is asked at; what happened later is left out.
    pub at: Instant,
    /// A release, programme increment or other item: what ships in it if it is a release, else its parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// An iteration, by the name that items give it in an attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iteration: Option<String>,
    /// The attribute that names the iterations of an item; absent = `sprint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// When the scope was agreed on; absent = the `baseline_at` of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// First instant after it; absent = it goes on until the time of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// Only items of this team, application, theme or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Which items the scope consists of; absent = those that were put into it themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<ScopeLevel>,
}

/// What was promised and what was delivered. Lists of items are by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SayDo {
    /// When the scope was agreed on; absent where nobody said: then the scope at the end is taken for it.
    pub start: Option<Instant>,
    /// First instant after it, or the time of the question where it goes on.
    pub end: Instant,
    /// Whether it is over.
    pub is_over: bool,
    /// The scope at the start, less what was done by then.
    pub committed: Vec<String>,
    /// What of that was done by the end.
    pub kept: Vec<String>,
    /// What came in after the start.
    pub added: Vec<String>,
    /// What of that was done by the end.
    pub added_delivered: Vec<String>,
    /// What was committed and is no longer in the scope at the end, or was given up.
    pub removed: Vec<String>,
    /// Items of the scope at the end that were not done by then.
    pub open: Vec<String>,
    /// Of those that were open when it was over, where they are now.
    pub carried_over: Vec<CarriedOver>,
    /// Items whose size became another one.
    pub re_estimated: Vec<ReEstimate>,
    /// The amounts by number, size and value, in this order.
    pub amounts: Vec<SayDoAmount>,
    /// Every target date ever said of the container and, by id, of the items above.
    pub target_dates: Vec<TargetDates>,
    /// What the answer rests on; `n` are the items committed to and added.
    pub basis: Basis,
}

/// An item that was not done in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarriedOver {
    /// The item.
    pub item: String,
    /// The iterations or releases and wholes that it is in at the time of the question and was not at the start; empty
    /// where it stays behind.
    pub to: Vec<String>,
}

/// A size that became another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReEstimate {
    /// The item.
    pub item: String,
    /// The size at the start; of what was added later, the first one said. Absent where it had none.
    pub old: Option<f64>,
    /// The size at the end; absent where it was taken away.
    pub new: Option<f64>,
}

impl SayDoQuery {
    /// For a release or any other item that consists of others.
    pub fn container(id: impl Into<String>, at: Instant) -> SayDoQuery {
        SayDoQuery { container: Some(id.into()), ..SayDoQuery::none(at) }
    }

    /// For an iteration by its name.
    pub fn iteration(name: impl Into<String>, start: Instant, end: Instant, at: Instant) -> SayDoQuery {
        let iteration = Some(name.into());
        SayDoQuery { iteration, start: Some(start), end: Some(end), ..SayDoQuery::none(at) }
    }

    fn none(at: Instant) -> SayDoQuery {
        SayDoQuery {
            at,
            container: None,
            iteration: None,
            attribute: None,
            start: None,
            end: None,
            within: None,
            level: None,
        }
    }
}

impl ValueStream {
    /// What was committed to at the start of an iteration, programme increment or release, and what was delivered, added,
    /// removed, re-estimated and carried over by its end.
    ///
    /// An iteration consists of the items whose attribute `sprint`, or another one, names it; several names are separated by
    /// commas. That is how `jira` and `azure_devops` tell sprints; an export of Jira tells them as they are at the export,
    /// and not how they changed, so a commitment shows where webhooks or several exports were read.
    /// Work that was done before the start is no commitment, and what is cancelled is removed. What is taken out before the end is removed, what is taken
    /// on afterwards is carried over. At the level of leaves, an item that was split is delivered when all its parts in the
    /// scope are; they are not added.
    ///
    /// Say/do is the part of the commitment that was delivered, as measured when it was made. Predictability is the Scaled
    /// Agile Framework's: what was actually brought, uncommitted included, over what was planned. Sizes and
    /// values that are not known are left out of both and counted.
    ///
    /// Takes the scope at three times; for an iteration three looks at every item.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::Invalid`] for neither or both of container and iteration, for an iteration without
    /// start or end, for an end that is not after the start, and for a start after the time of the question.
    ///
    /// ```
    /// use vsm_core::{Event, FlowState, Kind, SayDoQuery, ValueStream};
    /// let day = |day: u32| format!("2026-03-{day:02}T00:00:00Z").parse::<vsm_core::Instant>();
    /// let mut stream = ValueStream::new();
    /// for (number, (item, at, state)) in [
    ///     ("jira:A", 1, FlowState::New), ("jira:B", 1, FlowState::New), ("jira:C", 5, FlowState::New),
    ///     ("jira:A", 9, FlowState::Done), ("jira:C", 9, FlowState::Done),
    /// ].into_iter().enumerate() {
    ///     let mut event = Event::new("jira", format!("{number}"), day(at)?, item);
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(state);
    ///     event.set.attributes.insert("sprint".into(), "Sprint 7".into());
    ///     stream.apply(event)?;
    /// }
    /// let said = stream.say_do(&SayDoQuery::iteration("Sprint 7", day(2)?, day(16)?, day(16)?))?;
    /// assert_eq!((said.committed, said.kept, said.added), (
    ///     vec!["jira:A".to_owned(), "jira:B".to_owned()], vec!["jira:A".to_owned()], vec!["jira:C".to_owned()],
    /// ));
    /// assert_eq!((said.amounts[0].say_do, said.amounts[0].predictability), (Some(0.5), Some(1.0)));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn say_do(&self, query: &SayDoQuery) -> Result<SayDo> {
        self.as_of(query.at, Instant::MAX).say_do_then(query)
    }

    fn say_do_then(&self, query: &SayDoQuery) -> Result<SayDo> {
        let source = Source::of(self, query)?;
        let within = self.all_under(query.within.as_deref())?;
        let level = query.level.unwrap_or(ScopeLevel::Stated);
        let mut grounds = Grounds::default();
        let container = match &source {
            Source::Release(item) | Source::Whole(item) => Some(*item),
            Source::Iteration(..) => None,
        };
        let baseline = || {
            let (at, event) = self.last(container?, Set::baseline_at)?;
            Some((at, Some(event)))
        };
        let start = query.start.map(|start| (start, None)).or_else(baseline);
        grounds.evidence.extend(start.and_then(|(_, event)| event));
        let start = start.map(|(start, _)| start);
        if container.is_none() && (query.start.is_none() || query.end.is_none()) {
            let missing = if query.start.is_none() { "start" } else { "end" };
            return Err(Error::invalid(missing, "is missing: nobody else says when an iteration was"));
        }
        if start.is_some_and(|start| start > query.at) {
            return Err(Error::invalid("start", "must not be after the time of the question"));
        }
        if start.zip(query.end).is_some_and(|(start, end)| end <= start) {
            return Err(Error::invalid("end", "must be after the start"));
        }
        let last = query.end.map_or(query.at, |end| Instant::clamped(end.millis() - 1));
        let at_end = self.as_of(last, Instant::MAX);
        let at_start = self.as_of(start.unwrap_or(last), Instant::MAX);
        let is_over = match query.end {
            Some(end) => end <= query.at,
            None => container.is_some_and(|item| self.state_of(item) == Some(FlowState::Done)),
        };

        let is_asked = |item: &u32| within.as_ref().is_none_or(|set| set.contains(item));
        let mut committed = source.scope(&at_start, level);
        committed.retain(is_asked);
        let mut current = source.scope(&at_end, level);
        current.retain(is_asked);
        if start.is_some() {
            let done: Vec<u32> = committed.union(&current).copied().collect();
            for item in done.into_iter().filter(|item| is_done(&at_start, *item)) {
                grounds.exclude("done_before_start", self.id(item));
                committed.remove(&item);
                current.remove(&item);
            }
        }
        let mut members: Vec<Member> = Vec::new();
        let mut heirs: BTreeSet<u32> = BTreeSet::new();
        for item in &committed {
            // What was split is what became of it.
            let own = if level == ScopeLevel::Leaves { at_end.leaves([*item]) } else { vec![*item] };
            let own: Vec<u32> = own.into_iter().filter(|heir| current.contains(heir)).collect();
            members.push(Member {
                item: *item,
                is_committed: true,
                is_delivered: !own.is_empty() && own.iter().all(|heir| is_done(&at_end, *heir)),
                is_removed: own.is_empty(),
            });
            heirs.extend(own);
        }
        for item in current.difference(&heirs) {
            let is_delivered = is_done(&at_end, *item);
            members.push(Member { item: *item, is_committed: false, is_delivered, is_removed: false });
        }
        members.sort_unstable_by_key(|member| self.id(member.item));

        let views = Views { start: &at_start, end: &at_end, now: self };
        let amounts =
            ScopeMeasure::ALL.iter().map(|by| amount(*by, &members, &views, &mut grounds)).collect();
        let names = |is_in: fn(&Member) -> bool| {
            let all = members.iter().filter(|member| is_in(member));
            all.map(|member| self.id(member.item).to_owned()).collect::<Vec<String>>()
        };
        let is_open = |member: &Member| !member.is_delivered && !member.is_removed;
        let carried_over = members.iter().filter(|member| is_over && is_open(member)).map(|member| {
            let before = source.elsewhere(&at_start, member.item);
            let now = source.elsewhere(self, member.item);
            let to = now.difference(&before).cloned().collect();
            CarriedOver { item: self.id(member.item).to_owned(), to }
        });
        let dated = container.into_iter().chain(members.iter().map(|member| member.item));
        grounds.n = members.len() as u64;
        grounds.rule(format!("level:{level}"));
        grounds.rule(if start.is_some() { "baseline:as_of_start" } else { "baseline:current_scope" });
        grounds.rule("amount:as_committed");
        grounds.evidence.extend(members.iter().filter_map(|member| at_end.last_event(member.item)));
        Ok(SayDo {
            start,
            end: query.end.unwrap_or(query.at),
            is_over,
            committed: names(|member| member.is_committed),
            kept: names(|member| member.is_committed && member.is_delivered),
            added: names(|member| !member.is_committed),
            added_delivered: names(|member| !member.is_committed && member.is_delivered),
            removed: names(|member| member.is_removed),
            open: names(|member| !member.is_delivered && !member.is_removed),
            carried_over: carried_over.collect(),
            re_estimated: members.iter().filter_map(|member| re_estimate(member, &views)).collect(),
            amounts,
            target_dates: dated.filter_map(|item| TargetDates::of(self, item)).collect(),
            basis: grounds.finish(self),
        })
    }
}

fn re_estimate(member: &Member, views: &Views<'_>) -> Option<ReEstimate> {
    let size = |then: &ValueStream| then.last(member.item, Set::size).map(|(size, _)| size);
    let old = if member.is_committed {
        size(views.start)
    } else {
        let events = views.end.chronicle(member.item);
        events.iter().flat_map(|(_, event)| &event.sets).filter_map(Set::size).flatten().next().copied()
    };
    let new = size(views.end);
    let item = || views.now.id(member.item).to_owned();
    (old != new).then(|| ReEstimate { item: item(), old, new })
}
