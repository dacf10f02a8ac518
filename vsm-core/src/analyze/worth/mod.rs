//! What work is worth: in which order to do it, what it brought, and whether the most valuable work came first.
//!
//! Numbers that no field has are attributes over time, as tools and mapped tables say them; `figures.rs` says how they are
//! read.

mod arrival;
mod figures;
mod order;
mod ordering;
mod outcome;
mod prioritize;
mod rating;
mod realized;
mod rows;
mod series;
mod trend;

#[cfg(test)]
mod tests;

pub use arrival::ArrivalSource;
pub(in crate::analyze) use arrival::Arrivals;
pub(in crate::analyze) use figures::{Figure, attribute, figure, finite, sum};
pub use order::{ArrivalRule, ValueOrder, ValueOrderItem, ValueOrderQuery};
pub use outcome::{OutcomeChange, OutcomeChangeQuery};
pub use prioritize::{InheritRule, OrderCost, Priorities, PrioritizeQuery, PriorityItem, RankRule};
pub use realized::{ValuePoint, ValueRealized, ValueRealizedQuery, ValueRow};
pub use series::SeriesRule;
pub use trend::ValueTrendQuery;
