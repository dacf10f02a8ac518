//! Did the work of high value come first?

use serde::{Deserialize, Serialize};

use super::arrival::Arrivals;
use super::figures::number;
use crate::analyze::statistics::{Estimate, RankCorrelationQuery, rank_correlation};
use crate::analyze::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::model::{FlowState, Kind, Set};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// When work has arrived.
    pub enum ArrivalRule {
        /// When all of it is in production, or where no deployment is known, when its release shipped; the default.
        Production = "production",
        /// When it is done.
        Done = "done",
    }
}

/// A question for the order in which work arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueOrderQuery {
    /// The time it is asked at; what happened later is left out.
    pub at: Instant,
    /// Only what arrived from here on; absent = everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The kinds of items that are compared; absent = features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// What says how valuable an item is: `value`, `priority`, or an attribute with a number; absent = `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The words of `priority`, highest first; others are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<String>,
    /// When an item has arrived; absent = in production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<ArrivalRule>,
    /// How sure the intervals are, between 0 and 1; absent = 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// How the order of arrival goes with the order of value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueOrder {
    /// What says how valuable an item is.
    pub by: String,
    /// Spearman's rho of value and earliness: 1 = the most valuable came first throughout, −1 = last, 0 = no relation.
    pub spearman: Estimate,
    /// Kendall's tau-b of the same.
    pub kendall: Estimate,
    /// Pairs of items of which the more valuable one came first.
    pub in_order: u64,
    /// Pairs of which the less valuable one came first.
    pub out_of_order: u64,
    /// The items that arrived, first to last, ties by id.
    pub items: Vec<ValueOrderItem>,
    /// Items with a value that have not arrived; they are in none of the figures.
    pub waiting: u32,
    /// Those of them that are worth more than the median of what arrived: many of these speak against a good order.
    pub waiting_above_median: u32,
    /// What the answer rests on; `n` are the items that arrived.
    pub basis: Basis,
}

/// An item that arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueOrderItem {
    /// The item.
    pub item: String,
    /// How valuable it was said to be when it arrived; of priorities the place from the lowest, 1 and up.
    pub value: f64,
    /// When all of it had arrived.
    pub arrived_at: Instant,
}

/// The largest value that is compared.
const LARGEST: f64 = 1e100;

impl ValueOrderQuery {
    /// A question with all defaults.
    pub fn new(at: Instant) -> ValueOrderQuery {
        ValueOrderQuery {
            at,
            start: None,
            within: None,
            kinds: None,
            by: None,
            priorities: Vec::new(),
            arrival: None,
            confidence: None,
        }
    }
}

impl ValueStream {
    /// Whether work of high value or priority reached production first: the rank correlation of value and earliness, with
    /// interval and p-value ([`rank_correlation`](crate::rank_correlation) says by which methods).
    ///
    /// An item has the value that was said by the time it arrived: what is said later did not guide anybody. It has arrived when all
    /// its changes are in production, those of its parts included, or its release has shipped. Items that have not are
    /// left out, which flatters the order if valuable ones wait; so they are counted beside it.
    ///
    /// Takes a look at every item, a walk over the changes in production, and the history of the items asked about.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] for `within`; [`Error::Invalid`] for priorities that are missing or there twice, and a
    /// confidence out of range.
    ///
    /// ```
    /// use vsm_core::{ArrivalRule, Event, FlowState, Kind, ValueOrderQuery, ValueStream};
    /// let mut stream = ValueStream::new();
    /// for (day, value) in [(1, 8.0), (2, 3.0), (3, 5.0)] {
    ///     let at = format!("2026-03-0{day}T00:00:00Z").parse()?;
    ///     let mut event = Event::new("plan", format!("{day}"), at, format!("plan:{day}"));
    ///     event.kind = Some(Kind::Feature);
    ///     (event.set.value, event.set.state) = (Some(value), Some(FlowState::Done));
    ///     stream.apply(event)?;
    /// }
    /// let mut query = ValueOrderQuery::new("2026-04-01T00:00:00Z".parse()?);
    /// query.arrival = Some(ArrivalRule::Done);
    /// let order = stream.value_order(&query)?;
    /// // The best came first, the other two the wrong way round.
    /// assert_eq!((order.spearman.value, order.in_order, order.out_of_order), (Some(0.5), 2, 1));
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn value_order(&self, query: &ValueOrderQuery) -> Result<ValueOrder> {
        self.as_of(query.at, Instant::MAX).value_order_then(query)
    }

    fn value_order_then(&self, query: &ValueOrderQuery) -> Result<ValueOrder> {
        let by = query.by.as_deref().unwrap_or("value");
        let worth = Worth::of(by, &query.priorities)?;
        let rule = query.arrival.unwrap_or(ArrivalRule::Production);
        let within = self.all_under(query.within.as_deref())?;
        let kinds = query.kinds.as_deref().unwrap_or(&[Kind::Feature]);
        let mut grounds = Grounds::default();
        let arrivals = Arrivals::new(self, query.at);
        let mut items: Vec<ValueOrderItem> = Vec::new();
        let mut waiting: Vec<f64> = Vec::new();
        for item in self.alphabetical() {
            let is_asked = self.kind(item).is_some_and(|kind| kinds.contains(&kind))
                && self.state_of(item) != Some(FlowState::Cancelled)
                && within.as_ref().is_none_or(|set| set.contains(&item));
            if !is_asked {
                continue;
            }
            let arrival = match rule {
                ArrivalRule::Production => arrivals.of(item),
                ArrivalRule::Done => arrivals.done(item),
            };
            let arrived_at = arrival.and_then(|arrival| arrival.whole);
            if arrived_at.is_some_and(|at| query.start.is_some_and(|start| at < start)) {
                continue;
            }
            match (worth.by(self, item, arrived_at.unwrap_or(query.at)), arrived_at) {
                (Err(reason), _) => grounds.exclude(reason, self.id(item)),
                (Ok((value, event)), Some(arrived_at)) => {
                    grounds.evidence.push(event);
                    items.push(ValueOrderItem { item: self.id(item).to_owned(), value, arrived_at });
                }
                (Ok((value, _)), None) => {
                    grounds.exclude("not_arrived", self.id(item));
                    waiting.push(value);
                }
            }
        }
        items.sort_by_key(|item| item.arrived_at);
        let correlation = rank_correlation(&RankCorrelationQuery {
            first: items.iter().map(|item| item.value).collect(),
            second: items.iter().map(|item| -(item.arrived_at.millis() as f64)).collect(),
            confidence: query.confidence,
        })?;
        grounds.n = items.len() as u64;
        grounds.rule(format!("arrival:{rule}"));
        grounds.rule("value:as_said_by_arrival");
        correlation.basis.rules.into_iter().for_each(|rule| grounds.rule(rule));
        let mut values: Vec<f64> = items.iter().map(|item| item.value).collect();
        values.sort_unstable_by(f64::total_cmp);
        // Of an even number the upper middle one: more than that is more than half of what arrived.
        let median = values.get(values.len() / 2).copied();
        let above = waiting.iter().filter(|value| median.is_some_and(|median| **value > median)).count();
        Ok(ValueOrder {
            by: by.to_owned(),
            spearman: correlation.spearman,
            kendall: correlation.kendall,
            in_order: correlation.concordant,
            out_of_order: correlation.discordant,
            items,
            waiting: u32::try_from(waiting.len()).unwrap_or(u32::MAX),
            waiting_above_median: u32::try_from(above).unwrap_or(u32::MAX),
            basis: grounds.finish(self),
        })
    }
}

/// What says how valuable an item is.
enum Worth<'a> {
    Value,
    Priority(&'a [String]),
    Attribute(&'a str),
}

impl<'a> Worth<'a> {
    fn of(by: &'a str, priorities: &'a [String]) -> Result<Worth<'a>> {
        match by {
            "priority" if priorities.is_empty() => {
                Err(Error::invalid("priorities", "are missing: say which ones there are, highest first"))
            }
            "priority" => {
                for (place, word) in priorities.iter().enumerate() {
                    if priorities.iter().take(place).any(|other| other == word) {
                        return Err(Error::invalid(&format!("priorities[{place}]"), "is there already"));
                    }
                }
                Ok(Worth::Priority(priorities))
            }
            _ if !priorities.is_empty() => {
                Err(Error::invalid("priorities", "go with \"by\": \"priority\" only"))
            }
            "value" => Ok(Worth::Value),
            name if name.trim().is_empty() => Err(Error::invalid("by", "must be the name of an attribute")),
            name => Ok(Worth::Attribute(name)),
        }
    }

    /// What was said last by a time, with the event that says so; or why there is nothing.
    fn by(
        &self,
        stream: &ValueStream,
        item: u32,
        at: Instant,
    ) -> std::result::Result<(f64, u32), &'static str> {
        let mut missing = "no_value";
        for (event, stored) in stream.backwards(item) {
            let said = stored.sets.iter().rev().find_map(|set| self.read(set));
            match said {
                Some(_) if stored.occurred > at => missing = "value_said_after_arrival",
                Some(None) => return Err("no_value"),
                Some(Some(Ok(value))) => return Ok((value, event)),
                Some(Some(Err(reason))) => return Err(reason),
                None => {}
            }
        }
        Err(missing)
    }

    /// What one statement says: nothing of this, that there is none, a value, or something that is no value.
    fn read(&self, set: &Set) -> Option<Option<std::result::Result<f64, &'static str>>> {
        let in_range = |value: f64| if value.abs() <= LARGEST { Ok(value) } else { Err("out_of_range") };
        match self {
            Worth::Value => set.value().map(|said| said.map(|value| in_range(*value))),
            Worth::Priority(words) => set.priority().map(|said| {
                let rank = |word: &str| words.iter().rev().position(|one| one == word);
                said.map(|word| rank(word).map(|rank| rank as f64 + 1.0).ok_or("priority_not_listed"))
            }),
            Worth::Attribute(name) => match set {
                Set::Attribute(pair) if &*pair.0 == *name => {
                    Some(Some(number(&pair.1).ok_or("value_is_no_number").and_then(in_range)))
                }
                Set::Clear(cleared) if &**cleared == *name => Some(None),
                _ => None,
            },
        }
    }
}
