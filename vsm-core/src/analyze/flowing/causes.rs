//! What flow time is made of: every hour of it has one cause.

use serde::{Deserialize, Serialize};

use super::cause_times::Surroundings;
use super::waits::length;
use super::{Who, check_window, ratio, span};
use crate::analyze::{Basis, Grounds};
use crate::error::Result;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Span};

text_enum! {
    /// Why time passes, in the order of precedence: where several fit, the first counts.
    pub enum FlowCause {
        /// A blackout of a calendar that the work is bound to: of the item, what it is a part of or belongs to, or those who
        /// answer for it; after the work is done, one of its release that stops deployments.
        Blackout = "blackout",
        /// The item had gone back: until it was again as far as it had been, and while it was taken for done and was not.
        Rework = "rework",
        /// It was being worked on, and not blocked.
        Active = "active",
        /// A gate of the item, of what it is a part of or of its release had been asked for and not been passed.
        GateWait = "gate_wait",
        /// Its release had asked for an environment, its booking had not begun, and others filled the environment.
        EnvironmentWait = "environment_wait",
        /// All of the scope of its release was done, and the release had not shipped.
        CadenceWait = "cadence_wait",
        /// It waited or was blocked, whatever for; after the work is done, for the rest of its release.
        Queue = "queue",
        /// Nobody says: among them all that was active where nobody ever says that something waits.
        Unknown = "unknown",
    }
}

text_enum! {
    /// Where the flow time that is taken apart ends.
    pub enum FlowEnd {
        /// When the item is done; the default.
        Done = "done",
        /// When the first of its releases has shipped after that.
        Released = "released",
    }
}

/// A question for what flow time is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowCausesQuery {
    /// First instant of the window: what ended in it counts, with its whole flow time.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Only items of these kinds; absent = all flow items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// Where flow time ends; absent = done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_end: Option<FlowEnd>,
    /// Whether items that had been started and not ended count too, with the time until the end of the window; absent = no.
    /// What is done and not released is listed in either case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_open: Option<bool>,
    /// Whether each item is listed; absent = yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_item: Option<bool>,
}

/// What flow time is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowCauses {
    /// First instant of the window.
    pub start: Instant,
    /// First instant after the window.
    pub end: Instant,
    /// Where flow time ends.
    pub flow_end: FlowEnd,
    /// The flow time of all items together; the causes add up to it.
    pub total: Span,
    /// All causes in the order of precedence.
    pub causes: Vec<CauseTime>,
    /// Each item, by id.
    pub items: Vec<ItemCauses>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// The time that one cause took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CauseTime {
    /// The cause.
    pub cause: FlowCause,
    /// How long.
    pub time: Span,
    /// Its share of the whole, from 0 to 1; absent where the whole is nothing.
    pub share: Option<f64>,
}

/// What the flow time of one item is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemCauses {
    /// The item.
    pub item: String,
    /// When it was first active or waiting.
    pub started: Instant,
    /// When its flow time ended; absent while it goes on.
    pub ended: Option<Instant>,
    /// Its flow time, or that until the end of the window; the causes add up to it.
    pub total: Span,
    /// The causes that took any time, in the order of precedence.
    pub causes: Vec<CauseTime>,
}

impl FlowCausesQuery {
    /// A question with all defaults.
    pub fn new(start: Instant, end: Instant) -> FlowCausesQuery {
        FlowCausesQuery {
            start,
            end,
            within: None,
            kinds: None,
            flow_end: None,
            with_open: None,
            per_item: None,
        }
    }
}

impl ValueStream {
    /// What the flow time of a window's items is made of: each millisecond has the first cause of [`FlowCause`] that fits,
    /// so that the causes of an item add up to its flow time exactly.
    ///
    /// Flow time runs as in [`flow_metrics`](ValueStream::flow_metrics), from the first entry into active or waiting. A gate
    /// that nobody asked for (`asked_at`) keeps nothing waiting, and a release without a booking waits for no environment. One
    /// pass over the history of every item, and over what is around those of the window: their releases with scope, gates and
    /// bookings, and the calendars.
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem) for `within`, [`Error::Invalid`](crate::Error::Invalid) for a
    /// window that ends before it starts or spans more than a hundred years.
    ///
    /// ```
    /// use vsm_core::{Event, FlowCause, FlowCausesQuery, FlowState, Kind, Span, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let days = [(3, FlowState::Active), (6, FlowState::Waiting), (10, FlowState::Active), (12, FlowState::Done)];
    /// for (day, state) in days {
    ///     let at = format!("2026-07-{day:02}T00:00:00Z").parse()?;
    ///     let mut event = Event::new("jira", format!("{day}"), at, "jira:CHK-1");
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(state);
    ///     stream.apply(event)?;
    /// }
    /// let july = FlowCausesQuery::new("2026-07-01T00:00:00Z".parse()?, "2026-08-01T00:00:00Z".parse()?);
    /// let causes = stream.flow_causes(&july)?;
    /// let time = |cause| causes.causes.iter().find(|time| time.cause == cause).unwrap().time;
    /// assert_eq!(causes.total, Span::from_days(9));
    /// assert_eq!((time(FlowCause::Active), time(FlowCause::Queue)), (Span::from_days(5), Span::from_days(4)));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn flow_causes(&self, query: &FlowCausesQuery) -> Result<FlowCauses> {
        check_window(query.start, query.end)?;
        let who = Who::new(self, query.within.as_deref(), query.kinds.as_deref())?;
        let flow_end = query.flow_end.unwrap_or(FlowEnd::Done);
        let with_open = query.with_open.unwrap_or(false);
        let mut waits_known = false;
        self.travellers(&who, &mut Grounds::default(), |_, traveller| {
            waits_known = waits_known || !traveller.waits().is_empty();
        });
        let mut around = Surroundings::new(self, query.end, waits_known);
        let mut grounds = Grounds::default();
        let mut sums = [0i128; FlowCause::ALL.len()];
        let mut items = Vec::new();
        self.travellers(&who, &mut grounds, |grounds, traveller| {
            let id = self.id(traveller.item);
            let done = traveller.life.done;
            let ended = match flow_end {
                FlowEnd::Done => done,
                FlowEnd::Released => done.and_then(|(done, _)| around.shipped(traveller.item, done)),
            };
            let ended = ended.filter(|(at, _)| *at < query.end);
            if ended.is_some_and(|(at, _)| at < query.start) {
                return;
            }
            let is_done = done.is_some_and(|(at, _)| at < query.end);
            if ended.is_none() && is_done {
                let is_planned = !around.is_in_no_release(traveller.item);
                grounds.exclude(if is_planned { "not_released" } else { "in_no_release" }, id);
            }
            if ended.is_none() && !with_open {
                return;
            }
            let Some(started) = traveller.life.started() else {
                grounds.exclude(if done.is_some() { "never_started" } else { "not_started" }, id);
                return;
            };
            if started >= query.end {
                return;
            }
            let finish = ended.map_or(query.end, |(at, _)| at);
            let times = around.causes(&traveller, (started, finish), grounds);
            let times: Vec<i64> = times.iter().map(|stretches| length(stretches)).collect();
            grounds.n += 1;
            grounds.evidence.extend(ended.map(|(_, event)| event));
            for (sum, time) in sums.iter_mut().zip(&times) {
                *sum += i128::from(*time);
            }
            if query.per_item.unwrap_or(true) {
                let total = finish.since(started);
                let times: Vec<i128> = times.into_iter().map(i128::from).collect();
                let mut causes = cause_times(&times, i128::from(total.millis()));
                causes.retain(|cause| cause.time > Span::ZERO);
                let ended = ended.map(|(at, _)| at);
                items.push(ItemCauses { item: id.to_owned(), started, ended, total, causes });
            }
        });
        grounds.rule(format!("flow_end:{flow_end}"));
        for rule in ["causes:first_that_fits", "day_count:elapsed", "items:leaves", "reopen:last_done"] {
            grounds.rule(rule);
        }
        if !waits_known {
            grounds.rule("waiting:no_waiting_state_configured");
        }
        let total: i128 = sums.iter().sum();
        Ok(FlowCauses {
            start: query.start,
            end: query.end,
            flow_end,
            total: span(total),
            causes: cause_times(&sums, total),
            items,
            basis: grounds.finish(self),
        })
    }
}

fn cause_times(times: &[i128], total: i128) -> Vec<CauseTime> {
    let all = FlowCause::ALL.iter().zip(times);
    all.map(|(cause, time)| CauseTime { cause: *cause, time: span(*time), share: ratio(*time, total) })
        .collect()
}
