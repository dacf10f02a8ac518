//! What the stays of items in states come to.

use std::collections::BTreeMap;

use super::time_in_state::{
    BlockedTime, ItemStateTime, ReEntryRule, StateTime, StateWords, TimeInState, TimeInStateQuery,
};
use super::waits::{Stretch, common, length};
use super::{Traveller, overlap, span};
use crate::analyze::flow::{Durations, PercentileRule};
use crate::analyze::life::stays_by_status;
use crate::analyze::{Grounds, SurvivalSummary};
use crate::model::{FlowState, Set};
use crate::stream::ValueStream;
use crate::time::{DAY, Instant, Span};

/// A stay of an item; `until` is absent while it goes on.
struct StateStay<'a> {
    name: &'a str,
    status_id: Option<&'a str>,
    since: Instant,
    until: Option<Instant>,
    event: u32,
}

impl StateStay<'_> {
    /// What an item ends in is no stay, however long ago that was.
    fn is_end(&self) -> bool {
        self.until == Some(self.since)
    }
}

/// A state by its place in the order, its id or name, and whether that is an id.
type Key = (usize, String, bool);

#[derive(Default)]
struct StateSum {
    name: String,
    named_at: Option<Instant>,
    items: u64,
    entries: u64,
    /// How long completed stays took, and how long ongoing ones have taken.
    sample: Vec<i64>,
    open: Vec<i64>,
    waiting: i128,
    cost: Option<f64>,
}

#[derive(Default)]
struct BlockSum {
    items: u64,
    last_item: Option<u32>,
    completed_blocks: u64,
    completed: i128,
    ongoing_blocks: u64,
    ongoing: i128,
}

/// What one item spent in one state.
#[derive(Default)]
struct Spent {
    entries: u64,
    completed: Vec<i64>,
    ongoing: Option<i64>,
    waiting: i64,
}

pub(super) struct Times {
    start: Instant,
    end: Instant,
    pub(super) words: StateWords,
    re_entry: ReEntryRule,
    states: BTreeMap<Key, StateSum>,
    blocked: BTreeMap<String, BlockSum>,
    items: Vec<(u32, Key, Spent)>,
    lists_items: bool,
    waits_known: bool,
}

const WEEK: f64 = 7.0 * DAY as f64;

impl Times {
    pub(super) fn new(query: &TimeInStateQuery) -> Times {
        Times {
            start: query.start.unwrap_or(Instant::MIN),
            end: query.end,
            words: query.words.unwrap_or(StateWords::FlowState),
            re_entry: query.re_entry.unwrap_or(ReEntryRule::Cumulative),
            states: BTreeMap::new(),
            blocked: BTreeMap::new(),
            items: Vec::new(),
            lists_items: query.per_item.unwrap_or(true),
            waits_known: false,
        }
    }

    pub(super) fn add(&mut self, stream: &ValueStream, traveller: &Traveller<'_>, grounds: &mut Grounds) {
        let waits = traveller.waits();
        self.waits_known |= !waits.is_empty();
        self.block(traveller, grounds);
        let mut spent: Vec<(Key, Vec<StateStay<'_>>)> = Vec::new();
        for stay in stays(traveller, self.words) {
            let key = key(&stay, self.words);
            match spent.iter_mut().find(|(known, _)| *known == key) {
                Some((_, stays)) => stays.push(stay),
                None => spent.push((key, vec![stay])),
            }
        }
        let value = stream.last(traveller.item, Set::value).map(|(value, _)| value);
        let mut counts = false;
        for (key, stays) in spent {
            let Some(spent) = self.spend(&stays, &waits) else { continue };
            counts = true;
            if value.is_none() && spent.waiting > 0 {
                grounds.exclude("no_value", stream.id(traveller.item));
            }
            let sum = self.states.entry(key.clone()).or_default();
            for stay in &stays {
                grounds.evidence.push(stay.event);
                // Two events of one instant may call a status differently: the order must not show.
                let later = (Some(stay.since), stay.name) > (sum.named_at, sum.name.as_str());
                if later {
                    (sum.named_at, sum.name) = (Some(stay.since), stay.name.to_owned());
                }
            }
            sum.items += 1;
            sum.entries += spent.entries;
            sum.sample.extend(&spent.completed);
            sum.open.extend(spent.ongoing);
            sum.waiting += i128::from(spent.waiting);
            if let Some(value) = value {
                *sum.cost.get_or_insert(0.0) += spent.waiting as f64 / WEEK * value;
            }
            if self.lists_items {
                self.items.push((traveller.item, key, spent));
            }
        }
        grounds.n += u64::from(counts);
    }

    /// What the stays of an item in one state come to within the window.
    fn spend(&self, stays: &[StateStay<'_>], waits: &[Stretch]) -> Option<Spent> {
        let mut spent = Spent::default();
        let mut is_any = false;
        for stay in stays {
            let is_entry = self.start <= stay.since && stay.since < self.end;
            let until = stay.until.unwrap_or(Instant::MAX);
            let within = overlap(stay.since, until, self.start, self.end);
            if !is_entry && within == 0 {
                continue;
            }
            is_any = true;
            spent.entries += u64::from(is_entry);
            let part = [(stay.since.max(self.start), until.min(self.end))];
            spent.waiting += if within > 0 { length(&common(&part, waits)) } else { 0 };
            if self.re_entry == ReEntryRule::Cumulative && !stay.is_end() {
                self.count(&mut spent, stay.until, within);
            }
        }
        let mut pair = stays.iter().filter(|stay| !stay.is_end());
        if self.re_entry == ReEntryRule::LastPair
            && let (true, Some(first)) = (is_any, pair.next())
        {
            let last = pair.next_back().unwrap_or(first);
            let until = last.until.unwrap_or(Instant::MAX);
            self.count(&mut spent, last.until, overlap(first.since, until, self.start, self.end));
        }
        is_any.then_some(spent)
    }

    fn count(&self, spent: &mut Spent, until: Option<Instant>, within: i64) {
        if until.is_some_and(|until| until <= self.end) {
            spent.completed.push(within);
        } else {
            spent.ongoing = Some(spent.ongoing.unwrap_or(0).saturating_add(within));
        }
    }

    fn block(&mut self, traveller: &Traveller<'_>, grounds: &mut Grounds) {
        for block in traveller.blocks() {
            let within = overlap(block.since, block.until, self.start, self.end);
            if within == 0 {
                continue;
            }
            grounds.evidence.push(block.event);
            let sum = self.blocked.entry(block.reason.to_owned()).or_default();
            sum.items += u64::from(sum.last_item != Some(traveller.item));
            sum.last_item = Some(traveller.item);
            if block.until <= self.end {
                sum.completed_blocks += 1;
                sum.completed += i128::from(within);
            } else {
                sum.ongoing_blocks += 1;
                sum.ongoing += i128::from(within);
            }
        }
    }

    pub(super) fn finish(
        self,
        stream: &ValueStream,
        query: &TimeInStateQuery,
        mut grounds: Grounds,
    ) -> TimeInState {
        let percentiles = query.percentiles.unwrap_or(PercentileRule::NearestRank);
        grounds.rule(format!("percentile:{percentiles}"));
        grounds.rule(format!("re_entry:{}", self.re_entry));
        grounds.rule(format!("states:{}", self.words));
        grounds.rule("day_count:elapsed");
        if query.items.is_none() {
            grounds.rule("items:leaves");
        }
        if self.states.values().any(|sum| sum.cost.is_some()) {
            grounds.rule("cost_of_delay:value_per_week");
        }
        if !self.waits_known {
            grounds.rule("waiting:no_waiting_state_configured");
        }
        let words = self.words;
        let status_id = |key: &Key| (words == StateWords::Status && key.2).then(|| key.1.clone());
        let items = self.items.iter().map(|(item, key, spent)| {
            let completed = total(&spent.completed);
            ItemStateTime {
                item: stream.id(*item).to_owned(),
                state: self.states.get(key).map(|sum| sum.name.clone()).unwrap_or_default(),
                status_id: status_id(key),
                entries: spent.entries,
                completed: span(completed),
                ongoing: spent.ongoing.map(Span::from_millis),
                total: span(completed + i128::from(spent.ongoing.unwrap_or(0))),
            }
        });
        let items: Vec<ItemStateTime> = items.collect();
        let waits = self.waits_known;
        let states = self.states.into_iter().map(|(key, mut sum)| {
            sum.sample.sort_unstable();
            sum.open.sort_unstable();
            let (completed, ongoing) = (total(&sum.sample), total(&sum.open));
            StateTime {
                status_id: status_id(&key),
                state: sum.name,
                items: sum.items,
                entries: sum.entries,
                completed_stays: sum.sample.len() as u64,
                completed: span(completed),
                ongoing_stays: sum.open.len() as u64,
                ongoing: span(ongoing),
                total: span(completed + ongoing),
                item_days: (completed + ongoing) as f64 / DAY as f64,
                survival: SurvivalSummary::of(&days(&sum.sample), &days(&sum.open)),
                stays: Durations::of(sum.sample, percentiles),
                waiting: waits.then(|| span(sum.waiting)),
                waiting_days: waits.then(|| sum.waiting as f64 / DAY as f64),
                // Values are finite, but their sum need not be.
                delay_cost: sum.cost.filter(|cost| waits && cost.is_finite()),
                wait_rank: None,
                cost_rank: None,
            }
        });
        let mut states: Vec<StateTime> = states.collect();
        states.sort_by(|a, b| match words {
            StateWords::FlowState => std::cmp::Ordering::Equal,
            StateWords::Status => (&a.state, &a.status_id).cmp(&(&b.state, &b.status_id)),
        });
        rank(&mut states, |state| state.waiting_days, |state, rank| state.wait_rank = Some(rank));
        rank(&mut states, |state| state.delay_cost, |state, rank| state.cost_rank = Some(rank));
        let blocked = self.blocked.into_iter().map(|(reason, sum)| BlockedTime {
            reason,
            items: sum.items,
            completed_blocks: sum.completed_blocks,
            completed: span(sum.completed),
            ongoing_blocks: sum.ongoing_blocks,
            ongoing: span(sum.ongoing),
            total: span(sum.completed + sum.ongoing),
        });
        TimeInState {
            start: query.start,
            end: query.end,
            words,
            re_entry: self.re_entry,
            states,
            items,
            blocked: blocked.collect(),
            basis: grounds.finish(stream),
        }
    }
}

fn total(times: &[i64]) -> i128 {
    times.iter().map(|time| i128::from(*time)).sum()
}

fn days(times: &[i64]) -> Vec<f64> {
    times.iter().map(|time| *time as f64 / DAY as f64).collect()
}

fn key(stay: &StateStay<'_>, words: StateWords) -> Key {
    match words {
        StateWords::FlowState => {
            let order = FlowState::from_word(stay.name).map_or(0, |state| state as usize);
            (order, stay.name.to_owned(), false)
        }
        StateWords::Status => (0, stay.status_id.unwrap_or(stay.name).to_owned(), stay.status_id.is_some()),
    }
}

/// The stays of an item, first to last. The last one is over where the item ended done or cancelled.
fn stays<'a>(traveller: &Traveller<'a>, words: StateWords) -> Vec<StateStay<'a>> {
    let ended = traveller.life.changes.last();
    let ended = ended.filter(|(_, state, _)| matches!(state, FlowState::Done | FlowState::Cancelled));
    let over = |since: Instant| ended.map(|(at, ..)| since.max(*at));
    match words {
        StateWords::FlowState => {
            let stays = traveller.life.stays();
            let events = traveller.life.changes.iter().map(|(.., event)| *event);
            let stays = stays.zip(events).map(|((since, until, state), event)| StateStay {
                name: state.as_str(),
                status_id: None,
                since,
                event,
                until: if until < Instant::MAX { Some(until) } else { over(since) },
            });
            stays.collect()
        }
        StateWords::Status => {
            let stays = stays_by_status(&traveller.events).into_iter().map(|stay| StateStay {
                name: stay.status,
                status_id: stay.status_id,
                since: stay.since,
                event: stay.event,
                until: stay.until.or_else(|| over(stay.since)),
            });
            stays.collect()
        }
    }
}

/// Numbers the states by a value, the largest first; equal ones share a place, and nothing has none.
fn rank(
    states: &mut [StateTime],
    value: fn(&StateTime) -> Option<f64>,
    mut set: impl FnMut(&mut StateTime, u32),
) {
    let values: Vec<f64> = states.iter().filter_map(value).collect();
    for state in states {
        if let Some(own) = value(state).filter(|own| *own > 0.0) {
            set(state, 1 + values.iter().filter(|other| **other > own).count() as u32);
        }
    }
}
