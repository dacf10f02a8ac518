//! What one item says of its worth and its cost.

use super::figures::{Figure, figure, finite, sum, unit};
use crate::analyze::Grounds;
use crate::model::{LinkKind, Set};
use crate::stream::ValueStream;
use crate::time::Span;

const TIME_CRITICALITY: &str = "time_criticality";
const RISK_REDUCTION: &str = "risk_reduction";
pub(super) const COST_OF_DELAY: &str = "cost_of_delay";

/// The figures of one item.
#[derive(Debug)]
pub(super) struct Rating {
    pub(super) item: u32,
    pub(super) value: Option<f64>,
    pub(super) time_criticality: Option<f64>,
    pub(super) risk_reduction: Option<f64>,
    pub(super) size: Option<f64>,
    /// In points: the sum of the three, where all are known.
    pub(super) points: Option<f64>,
    /// A week, in the unit of the question.
    pub(super) cost: Option<f64>,
    pub(super) duration: Option<Span>,
    pub(super) weeks: Option<f64>,
    /// Why a figure has no value.
    pub(super) missing: Vec<&'static str>,
    pub(super) events: Vec<u32>,
}

impl Rating {
    /// Reads what an item says. `week` is how much work makes one, `in_unit` the only unit of costs that counts.
    pub(super) fn of(stream: &ValueStream, item: u32, week: Span, in_unit: Option<&str>) -> Rating {
        let mut rating = Rating {
            item,
            value: None,
            time_criticality: None,
            risk_reduction: None,
            size: None,
            points: None,
            cost: None,
            duration: None,
            weeks: None,
            missing: Vec::new(),
            events: Vec::new(),
        };
        let field = |said: Option<(f64, u32)>| {
            said.map_or(Figure::Missing, |(number, event)| Figure::Known(number, event))
        };
        rating.value = rating.take(field(stream.last(item, Set::value)), "no_value", "value_is_no_number");
        rating.time_criticality = rating.take(
            figure(stream, item, TIME_CRITICALITY),
            "no_time_criticality",
            "time_criticality_is_no_number",
        );
        rating.risk_reduction = rating.take(
            figure(stream, item, RISK_REDUCTION),
            "no_risk_reduction",
            "risk_reduction_is_no_number",
        );
        let size = rating.take(field(stream.last(item, Set::size)), "no_size", "size_is_no_number");
        rating.size = size.filter(|size| *size > 0.0);
        if size.is_some() && rating.size.is_none() {
            rating.missing.push("size_not_positive");
        }
        let cost = rating.take(
            figure(stream, item, COST_OF_DELAY),
            "no_cost_of_delay",
            "cost_of_delay_is_no_number",
        );
        let own_unit = unit(stream, item, COST_OF_DELAY);
        let is_other = cost.is_some() && in_unit.is_some_and(|unit| own_unit.is_some_and(|own| own != unit));
        if is_other {
            rating.missing.push("cost_of_delay_in_other_unit");
        }
        rating.cost = cost.filter(|_| !is_other);
        let said = stream.last(item, Set::remaining).or_else(|| stream.last(item, Set::estimate));
        match said {
            None => rating.missing.push("no_duration"),
            Some((span, event)) => {
                rating.events.push(event);
                rating.duration = Some(span);
                rating.weeks =
                    finite(span.millis() as f64 / week.millis() as f64).filter(|weeks| *weeks > 0.0);
                if rating.weeks.is_none() {
                    rating.missing.push("duration_not_positive");
                }
            }
        }
        let parts = [rating.value, rating.time_criticality, rating.risk_reduction];
        let parts: Option<Vec<f64>> = parts.into_iter().collect();
        rating.points = parts.and_then(sum);
        rating
    }

    fn take(&mut self, figure: Figure, missing: &'static str, no_number: &'static str) -> Option<f64> {
        match figure {
            Figure::Missing => self.missing.push(missing),
            Figure::NoNumber => self.missing.push(no_number),
            Figure::Known(_, event) => self.events.push(event),
        }
        figure.known()
    }

    /// Tells why an item has no place in an order by CD3, or else by WSJF.
    pub(super) fn exclude(&self, stream: &ValueStream, grounds: &mut Grounds, by_cd3: bool) {
        let is_of_cd3 = |reason: &str| reason.contains("cost_of_delay") || reason.contains("duration");
        for reason in self.missing.iter().filter(|reason| is_of_cd3(reason) == by_cd3) {
            grounds.exclude(reason, stream.id(self.item));
        }
    }
}

/// What directly needs an item: what depends on it, and with `wholes` what it is a part of.
pub(super) fn dependants(stream: &ValueStream, item: u32, wholes: bool) -> impl Iterator<Item = u32> {
    use crate::graph::Direction::{Incoming, Outgoing};
    let waiting = stream.linked(item, LinkKind::DependsOn, Incoming);
    let whole = wholes.then(|| stream.linked(item, LinkKind::Parent, Outgoing));
    waiting.chain(whole.into_iter().flatten()).map(|(_, other)| other)
}
