//! What work is worth: in which order to do it, what it brought, and whether the most valuable work came first.
//!
//! Numbers that no field has are attributes over time, as tools and mapped tables say them; `figures.rs` says how they are
//! read.

mod figures;
mod ordering;
mod prioritize;
mod rating;

#[cfg(test)]
mod tests;

pub use prioritize::{InheritRule, OrderCost, Priorities, PrioritizeQuery, PriorityItem, RankRule};
