//! How long items were in each state, and which state makes them wait most.

use serde::{Deserialize, Serialize};

use super::state_sums::Times;
use super::{Who, check_window};
use crate::analyze::flow::{Durations, PercentileRule};
use crate::analyze::{Basis, Grounds, SurvivalSummary};
use crate::error::Result;
use crate::model::Kind;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Instant, Span};

text_enum! {
    /// In whose words a question for states is answered.
    pub enum StateWords {
        /// The flow states; the default.
        FlowState = "flow_state",
        /// The tool's own statuses, each by its id where it has one.
        Status = "status",
    }
}

text_enum! {
    /// What counts of a state that an item comes back to.
    pub enum ReEntryRule {
        /// All stays add up; the default.
        Cumulative = "cumulative",
        /// From the first entry to the last exit, what lies between included.
        LastPair = "last_pair",
    }
}

/// A question for the time in each state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeInStateQuery {
    /// First instant of the window: only time from then on counts; absent = from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// First instant after the window: a stay that goes on then is ongoing.
    pub end: Instant,
    /// Exactly these items, whatever they are, cancelled ones and those with parts too; absent = all flow items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<String>>,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Only items of these kinds; absent = all flow items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// In whose words; absent = flow states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<StateWords>,
    /// What counts of a state that an item comes back to; absent = cumulative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re_entry: Option<ReEntryRule>,
    /// How percentiles are read; absent = nearest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<PercentileRule>,
    /// Whether each item is listed; absent = yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_item: Option<bool>,
}

/// The time in each state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeInState {
    /// First instant of the window; absent = from the beginning.
    pub start: Option<Instant>,
    /// First instant after the window.
    pub end: Instant,
    /// In whose words.
    pub words: StateWords,
    /// What counts of a state that an item comes back to.
    pub re_entry: ReEntryRule,
    /// The states: flow states in their order, statuses by name and id.
    pub states: Vec<StateTime>,
    /// Each item with each state that it was in, by id, the states in the order of the first stay.
    pub items: Vec<ItemStateTime>,
    /// For how long open items were blocked, by reason.
    pub blocked: Vec<BlockedTime>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// All items in one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateTime {
    /// The state, or the last name of the status.
    pub state: String,
    /// The tool's id of the status, where it has one.
    pub status_id: Option<String>,
    /// How many items were in it.
    pub items: u64,
    /// How often one came to it.
    pub entries: u64,
    /// How many stays ended in the window.
    pub completed_stays: u64,
    /// How long these took, as far as they lie in the window.
    pub completed: Span,
    /// How many stays went on at the end of the window. What ends in a state that is done or cancelled is no stay.
    pub ongoing_stays: u64,
    /// How long these had taken by then.
    pub ongoing: Span,
    /// Completed and ongoing stays together.
    pub total: Span,
    /// The same in item-days: one item for 24 hours.
    pub item_days: f64,
    /// The completed stays in numbers.
    pub stays: Option<Durations>,
    /// How long a stay takes, in days, the ongoing ones counted as lasting at least as long as they have; of both what lies
    /// within the window. Absent where there is neither.
    pub survival: Option<SurvivalSummary>,
    /// For how long items in this state waited: their flow state was waiting, or they were blocked. Absent where nobody
    /// ever says that something waits.
    pub waiting: Option<Span>,
    /// The same in item-days.
    pub waiting_days: Option<f64>,
    /// What that waiting cost, in the unit of the portfolio's `value`, which is read as value per week of 7 × 24 hours: the
    /// sum over items of weeks waited × value. Absent where no item in it has a value.
    pub delay_cost: Option<f64>,
    /// The place of the state by item-days of waiting, 1 for the most; absent where nothing waited in it.
    pub wait_rank: Option<u32>,
    /// The place of the state by what its waiting cost; absent where that is not known or zero.
    pub cost_rank: Option<u32>,
}

/// One item in one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemStateTime {
    /// The item.
    pub item: String,
    /// The state, or the last name of the status.
    pub state: String,
    /// The tool's id of the status, where it has one.
    pub status_id: Option<String>,
    /// How often it came to it.
    pub entries: u64,
    /// How long completed stays took.
    pub completed: Span,
    /// How long a stay that goes on has taken so far; absent where there is none.
    pub ongoing: Option<Span>,
    /// Both together.
    pub total: Span,
}

/// How long open items were blocked for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockedTime {
    /// The reason: the text of the attribute `blocked`.
    pub reason: String,
    /// How many items.
    pub items: u64,
    /// How many times that ended in the window.
    pub completed_blocks: u64,
    /// How long these took.
    pub completed: Span,
    /// How many went on at the end of the window.
    pub ongoing_blocks: u64,
    /// How long these had taken by then.
    pub ongoing: Span,
    /// Both together.
    pub total: Span,
}

impl TimeInStateQuery {
    /// A question with all defaults.
    pub fn new(end: Instant) -> TimeInStateQuery {
        TimeInStateQuery {
            start: None,
            end,
            items: None,
            within: None,
            kinds: None,
            words: None,
            re_entry: None,
            percentiles: None,
            per_item: None,
        }
    }
}

impl ValueStream {
    /// How long items were in each state: completed and ongoing stays apart, the states ranked by how long they make work
    /// wait and by what that costs, and blocked time by reason.
    ///
    /// Of a stay only the part within the window counts, so that cumulative times of windows that follow one another add
    /// up. An item that ended done or cancelled is in that state no more. Blocked is what carries the attribute `blocked`
    /// with a reason. One pass over the history of the items, and a record for each item and state unless `per_item` is false.
    ///
    /// # Errors
    /// [`Error::UnknownItem`](crate::Error::UnknownItem) for `items` and `within`,
    /// [`Error::Invalid`](crate::Error::Invalid) for a window that ends before it starts or spans more than a hundred years.
    ///
    /// ```
    /// use vsm_core::{Event, FlowState, Kind, Span, TimeInStateQuery, ValueStream};
    /// let mut stream = ValueStream::new();
    /// let hours = [(9, FlowState::Active), (10, FlowState::Waiting), (12, FlowState::Active), (14, FlowState::Done)];
    /// for (hour, state) in hours {
    ///     let at = format!("2026-07-01T{hour:02}:00:00Z").parse()?;
    ///     let mut event = Event::new("jira", format!("{hour}"), at, "jira:CHK-1");
    ///     event.kind = Some(Kind::Story);
    ///     event.set.state = Some(state);
    ///     stream.apply(event)?;
    /// }
    /// let times = stream.time_in_state(&TimeInStateQuery::new("2026-07-02T00:00:00Z".parse()?))?;
    /// let active = times.states.iter().find(|state| state.state == "active").unwrap();
    /// assert_eq!((active.entries, active.completed), (2, Span::from_hours(3)));
    /// let waiting = times.states.iter().find(|state| state.state == "waiting").unwrap();
    /// assert_eq!((waiting.waiting, waiting.wait_rank), (Some(Span::from_hours(2)), Some(1)));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn time_in_state(&self, query: &TimeInStateQuery) -> Result<TimeInState> {
        if let Some(start) = query.start {
            check_window(start, query.end)?;
        }
        let mut who = Who::new(self, query.within.as_deref(), query.kinds.as_deref())?;
        who.needs_state = query.words != Some(StateWords::Status);
        let mut named = Vec::new();
        for id in query.items.iter().flatten() {
            named.push(self.find(id)?);
        }
        named.sort_unstable_by_key(|item| self.id(*item));
        named.dedup();
        let mut times = Times::new(query);
        let mut grounds = Grounds::default();
        if query.items.is_none() {
            self.travellers(&who, &mut grounds, |grounds, traveller| times.add(self, &traveller, grounds));
        }
        for item in named {
            let traveller = self.traveller(item);
            if traveller.life.changes.is_empty() && times.words == StateWords::FlowState {
                grounds.exclude("no_state_known", self.id(item));
            }
            times.add(self, &traveller, &mut grounds);
        }
        Ok(times.finish(self, query, grounds))
    }
}
