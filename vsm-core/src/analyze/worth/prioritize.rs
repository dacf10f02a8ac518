//! In which order should open work be done?

use serde::{Deserialize, Serialize};

use super::figures::{finite, sum, unit};
use super::ordering::{Walker, cost, is_open, order, too_early};
use super::rating::{COST_OF_DELAY, Rating};
use crate::analyze::{Basis, Grounds};
use crate::error::{Error, Result};
use crate::graph::Direction;
use crate::hash::{HashMap, HashSet};
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::{Span, clip};

text_enum! {
    /// By which ratio work is put into an order; more is sooner.
    pub enum RankRule {
        /// Weighted shortest job first: value, time criticality and risk reduction over size; the default.
        Wsjf = "wsjf",
        /// Cost of delay divided by duration.
        Cd3 = "cd3",
    }
}

text_enum! {
    /// Whose cost an item has besides its own, since they wait for it.
    pub enum InheritRule {
        /// That of all that depends on it and of all that it is a part of, over any number of steps; the default.
        Needs = "needs",
        /// That of all that depends on it, over any number of steps.
        DependsOn = "depends_on",
        /// Nobody's.
        Nothing = "nothing",
    }
}

/// A question for the order of open work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PrioritizeQuery {
    /// Only items of this application, team, release, theme, epic or other item; absent = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The kinds of items that are put into an order; absent = all work, an epic and its stories alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// By what; absent = WSJF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank_by: Option<RankRule>,
    /// What an item has from those that wait for it; absent = from all that needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit: Option<InheritRule>,
    /// How much of `estimate` and `remaining` makes a week; absent = 7 days of 24 hours. Where estimates are working time,
    /// 40 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<Span>,
    /// The unit that costs of delay are in, such as `CHF`; others are left out. Absent = the one that they are all in: if
    /// there are several, costs of delay have no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// An order of items to tell the cost of, besides the one that is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<String>>,
}

/// Open work in an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Priorities {
    /// By what it is.
    pub rank_by: RankRule,
    /// The unit of costs of delay; absent where nobody says one, or where there are several.
    pub unit: Option<String>,
    /// The items, those with a rank first and by it, then the others by id.
    pub items: Vec<PriorityItem>,
    /// What the order that the ranks give costs.
    pub proposed: OrderCost,
    /// What the order that the question gives costs.
    pub given: Option<OrderCost>,
    /// What the answer rests on; `n` are the items with a rank.
    pub basis: Basis,
}

/// One item with what it is worth. What is not known has no value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriorityItem {
    /// The item.
    pub item: String,
    /// Its name for people.
    pub title: String,
    /// Its place in the order, from 1.
    pub rank: Option<u32>,
    /// Business value: the field `value`, in points.
    pub value: Option<f64>,
    /// The attribute `time_criticality`, in points.
    pub time_criticality: Option<f64>,
    /// The attribute `risk_reduction`, in points: reduced risk and enabled opportunity.
    pub risk_reduction: Option<f64>,
    /// The field `size`.
    pub size: Option<f64>,
    /// The three sorts of points over the size: of the item alone.
    pub wsjf: Option<f64>,
    /// The same with the points that it has from others, those that are known.
    pub wsjf_inherited: Option<f64>,
    /// What a week of delay costs: the attribute `cost_of_delay`.
    pub cost_of_delay: Option<f64>,
    /// How long it takes: what is said to be left, else the estimate.
    pub duration: Option<Span>,
    /// Cost of delay over duration in weeks: of the item alone.
    pub cd3: Option<f64>,
    /// The same with the cost that it has from others, as far as it is known.
    pub cd3_inherited: Option<f64>,
    /// How many open items it has points and cost from.
    pub dependants: u32,
    /// Open items that it needs directly: what it depends on, and its parts; by id.
    pub waits_for: Vec<String>,
    /// Which figures of its own are missing or can't be used, by stable words.
    pub missing: Vec<String>,
}

/// What an order costs, if its items are done one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderCost {
    /// The items in their order.
    pub order: Vec<String>,
    /// The sum over all items of the cost of delay a week times the weeks until the item is finished; absent where any item
    /// lacks one of the two, or costs are in several units.
    pub cost: Option<f64>,
    /// How many weeks they all take.
    pub weeks: Option<f64>,
    /// The items that lack a cost of delay or a duration, by id.
    pub missing: Vec<String>,
    /// Items that stand before something that they need, by id.
    pub too_early: Vec<String>,
}

impl ValueStream {
    /// Puts open work into an order by WSJF or by cost of delay over duration (CD3), prerequisites first.
    ///
    /// WSJF = (`value` + `time_criticality` + `risk_reduction`) / `size`, as the Scaled Agile Framework has it; CD3 =
    /// `cost_of_delay` / weeks of duration (D. Reinertsen, "The Principles of Product Development Flow", 2009). `value`,
    /// `size`, `remaining` and `estimate` are fields, the others attributes with a number as text; costs of delay are in the
    /// unit that the attribute `cost_of_delay_unit`, else `unit` says, and those that say none are in that of the others.
    /// What is missing is not zero: the ratio then has no value, and the item says what it lacks.
    ///
    /// What others wait for has their points and cost as well, each other item once, by however many ways it waits. Items
    /// of any kind, inside the set or not, add what they have; what they lack adds nothing. An item
    /// without figures of its own has a rank if what waits for it has some, and if it has a size or duration. Of the items
    /// whose prerequisites are placed the one with the highest ratio is next, ties by id; items without a rank hold nobody up.
    ///
    /// Takes a walk over what waits for each item: O(*n* · *m*) where most wait for most.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] for `within` and `order`; [`Error::Invalid`] for a week of no time, and for an order with an
    /// item twice.
    ///
    /// ```
    /// use vsm_core::{Event, Kind, PrioritizeQuery, ValueStream};
    /// let mut feature = Event::new("plan", "1", "2026-03-02T09:00:00Z".parse()?, "jira:CHK-1");
    /// feature.kind = Some(Kind::Feature);
    /// (feature.set.value, feature.set.size) = (Some(8.0), Some(5.0));
    /// feature.set.attributes.insert("time_criticality".into(), "5".into());
    /// feature.set.attributes.insert("risk_reduction".into(), "3".into());
    /// let mut stream = ValueStream::new();
    /// stream.apply(feature)?;
    /// let priorities = stream.prioritize(&PrioritizeQuery::default())?;
    /// assert_eq!((priorities.items[0].rank, priorities.items[0].wsjf), (Some(1), Some(3.2)));
    /// // Nobody says what a week of delay costs, so nobody knows what this order costs.
    /// assert_eq!(priorities.proposed.cost, None);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn prioritize(&self, query: &PrioritizeQuery) -> Result<Priorities> {
        let week = query.week.unwrap_or(Span::from_days(7));
        week.check("week")?;
        if week <= Span::ZERO {
            return Err(Error::invalid("week", "must be longer than no time"));
        }
        let rank_by = query.rank_by.unwrap_or(RankRule::Wsjf);
        let inherit = query.inherit.unwrap_or(InheritRule::Needs);
        let within = self.all_under(query.within.as_deref())?;
        let given = query.order.as_deref().map(|ids| self.given_order(ids)).transpose()?;
        let is_asked = |item: u32| {
            let kind = self.kind(item);
            let fits = match &query.kinds {
                Some(kinds) => kind.is_some_and(|kind| kinds.contains(&kind)),
                None => kind.is_some_and(Kind::is_work),
            };
            fits && is_open(self, item) && within.as_ref().is_none_or(|set| set.contains(&item))
        };
        let asked: Vec<u32> = self.alphabetical().filter(|item| is_asked(*item)).collect();

        let mut walker = Walker::new(self);
        let above: Vec<Vec<u32>> = asked
            .iter()
            .map(|item| match inherit {
                InheritRule::Nothing => Vec::new(),
                _ => walker.above(self, *item, inherit == InheritRule::Needs, |_| false),
            })
            .collect();
        let mut ratings: HashMap<u32, Rating> = HashMap::default();
        let everyone = asked.iter().chain(above.iter().flatten()).chain(given.iter().flatten());
        for item in everyone {
            ratings.entry(*item).or_insert_with(|| Rating::of(self, *item, week, query.unit.as_deref()));
        }
        let mut grounds = Grounds::default();
        for rule in [
            format!("rank_by:{rank_by}"),
            format!("inherit:{inherit}"),
            "prerequisites:first".into(),
            "cost:until_finished".into(),
        ] {
            grounds.rule(rule);
        }
        let in_unit = self.one_unit(&mut ratings, query.unit.as_deref(), &mut grounds);

        let mut rows: Vec<(PriorityItem, u32, Option<f64>)> = asked
            .iter()
            .zip(&above)
            .filter_map(|(item, above)| {
                let row = self.priority(ratings.get(item)?, above, &ratings);
                let score = if rank_by == RankRule::Wsjf { row.wsjf_inherited } else { row.cd3_inherited };
                Some((row, *item, score))
            })
            .collect();
        let scores: Vec<(u32, f64)> =
            rows.iter().filter_map(|(_, item, score)| Some((*item, (*score)?))).collect();
        let proposed = order(self, &scores, &mut walker);
        let ranks: HashMap<u32, u32> = proposed.iter().copied().zip(1..).collect();
        for (row, item, score) in &mut rows {
            row.rank = ranks.get(item).copied();
            let Some(rating) = ratings.get(item) else { continue };
            grounds.evidence.extend(&rating.events);
            if score.is_none() {
                rating.exclude(self, &mut grounds, rank_by == RankRule::Cd3);
            }
        }
        rows.sort_by_key(|(row, ..)| row.rank.unwrap_or(u32::MAX));
        grounds.n = proposed.len() as u64;
        Ok(Priorities {
            rank_by,
            unit: in_unit,
            items: rows.into_iter().map(|(row, ..)| row).collect(),
            proposed: self.order_cost(&proposed, &ratings, &mut walker),
            given: given.map(|given| self.order_cost(&given, &ratings, &mut walker)),
            basis: grounds.finish(self),
        })
    }

    fn given_order(&self, ids: &[String]) -> Result<Vec<u32>> {
        let mut seen = HashSet::default();
        let mut items = Vec::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            let item = self.find(id)?;
            if !seen.insert(item) {
                let reason = format!("\"{}\" is in the order already", clip(id));
                return Err(Error::invalid(&format!("order[{place}]"), reason));
            }
            items.push(item);
        }
        Ok(items)
    }

    /// The unit that all costs of delay are in. Where there are several, none of them can be added or compared.
    fn one_unit(
        &self,
        ratings: &mut HashMap<u32, Rating>,
        asked: Option<&str>,
        grounds: &mut Grounds,
    ) -> Option<String> {
        if let Some(asked) = asked {
            return Some(asked.to_owned());
        }
        let with_cost = || ratings.values().filter(|rating| rating.cost.is_some());
        let mut units: Vec<&str> =
            with_cost().filter_map(|rating| unit(self, rating.item, COST_OF_DELAY)).collect();
        units.sort_unstable();
        units.dedup();
        if units.len() < 2 {
            return units.first().map(|unit| (*unit).to_owned());
        }
        grounds.rule("cost_of_delay:several_units");
        for rating in ratings.values_mut().filter(|rating| rating.cost.is_some()) {
            rating.cost = None;
            rating.missing.push("cost_of_delay_in_several_units");
        }
        None
    }

    fn priority(&self, own: &Rating, above: &[u32], ratings: &HashMap<u32, Rating>) -> PriorityItem {
        let all = || above.iter().filter_map(|item| ratings.get(item)).chain([own]);
        let total = |figure: fn(&Rating) -> Option<f64>| {
            let known: Vec<f64> = all().filter_map(figure).collect();
            if known.is_empty() { None } else { sum(known) }
        };
        let over = |cost: Option<f64>, by: Option<f64>| finite(cost? / by?);
        let mut waits_for: Vec<&str> = self
            .linked(own.item, LinkKind::DependsOn, Direction::Outgoing)
            .chain(self.linked(own.item, LinkKind::Parent, Direction::Incoming))
            .map(|(_, other)| other)
            .filter(|other| is_open(self, *other) && Kind::adds_up(self.kind(*other), self.kind(own.item)))
            .map(|other| self.id(other))
            .collect();
        waits_for.sort_unstable();
        waits_for.dedup();
        PriorityItem {
            item: self.id(own.item).to_owned(),
            title: self.title(own.item).to_owned(),
            rank: None,
            value: own.value,
            time_criticality: own.time_criticality,
            risk_reduction: own.risk_reduction,
            size: own.size,
            wsjf: over(own.points, own.size),
            wsjf_inherited: over(total(|rating| rating.points), own.size),
            cost_of_delay: own.cost,
            duration: own.duration,
            cd3: over(own.cost, own.weeks),
            cd3_inherited: over(total(|rating| rating.cost), own.weeks),
            dependants: u32::try_from(above.len()).unwrap_or(u32::MAX),
            waits_for: waits_for.into_iter().map(Into::into).collect(),
            missing: own.missing.iter().map(|reason| (*reason).to_owned()).collect(),
        }
    }

    fn order_cost(&self, items: &[u32], ratings: &HashMap<u32, Rating>, walker: &mut Walker) -> OrderCost {
        let rated: Vec<&Rating> = items.iter().filter_map(|item| ratings.get(item)).collect();
        let (missing, weeks, cost) = cost(&rated);
        let names = |items: &[u32]| items.iter().map(|item| self.id(*item).to_owned()).collect::<Vec<_>>();
        let mut missing = names(&missing);
        missing.sort_unstable();
        OrderCost {
            order: names(items),
            cost,
            weeks,
            missing,
            too_early: names(&too_early(self, items, walker)),
        }
    }
}
