//! How much was promised and how much came, by number, size and value.

use serde::{Deserialize, Serialize};

use crate::analyze::Grounds;
use crate::analyze::worth::{figure, finite, sum};
use crate::model::Set;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;

text_enum! {
    /// By what an amount of scope is measured.
    pub enum ScopeMeasure {
        /// The number of items.
        Count = "count",
        /// The field `size`.
        Size = "size",
        /// The field `value`.
        Value = "value",
    }
}

/// The amounts of a scope by one measure. Items whose amount is not known are in none of them; what nothing is known of
/// has no value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SayDoAmount {
    /// By what they are measured.
    pub by: ScopeMeasure,
    /// What was committed to, as it was measured then.
    pub committed: Option<f64>,
    /// What of that was delivered, as it was measured at the commitment.
    pub kept: Option<f64>,
    /// What came in later, as measured at the end.
    pub added: Option<f64>,
    /// What of that was delivered.
    pub added_delivered: Option<f64>,
    /// What of the commitment was taken out, as it was measured at the commitment.
    pub removed: Option<f64>,
    /// Say/do ratio: kept over committed.
    pub say_do: Option<f64>,
    /// What was actually brought, of the commitment and besides it, over what was committed. For value the attribute
    /// `actual_value` of an item says what it brought; where it says nothing, what is delivered brought its value and what is
    /// not brought none.
    pub predictability: Option<f64>,
    /// How many items have no known amount.
    pub unknown: u32,
}

/// An item of a scope on its way to an amount.
pub(super) struct Member {
    pub(super) item: u32,
    pub(super) is_committed: bool,
    pub(super) is_delivered: bool,
    pub(super) is_removed: bool,
}

/// The views that amounts are read from: at the commitment, at the end, and at the time of the question.
pub(super) struct Views<'a> {
    pub(super) start: &'a ValueStream,
    pub(super) end: &'a ValueStream,
    pub(super) now: &'a ValueStream,
}

pub(super) fn amount(
    by: ScopeMeasure,
    members: &[Member],
    views: &Views<'_>,
    grounds: &mut Grounds,
) -> SayDoAmount {
    let measured = |then: &ValueStream, item: u32| match by {
        ScopeMeasure::Count => Some(1.0),
        ScopeMeasure::Size => then.last(item, Set::size).map(|(size, _)| size),
        ScopeMeasure::Value => then.last(item, Set::value).map(|(value, _)| value),
    };
    let mut known: Vec<(&Member, f64)> = Vec::with_capacity(members.len());
    let mut unknown = 0;
    for member in members {
        let then = if member.is_committed { views.start } else { views.end };
        match measured(then, member.item) {
            Some(amount) => known.push((member, amount)),
            None => {
                unknown += 1;
                let reason = if by == ScopeMeasure::Size { "no_size" } else { "no_value" };
                grounds.exclude(reason, views.now.id(member.item));
            }
        }
    }
    // Of several items of which none is measured nothing is known; where there is none, there is nothing.
    let is_known = !known.is_empty() || members.is_empty();
    let total = |is_in: fn(&Member) -> bool| {
        let amounts = known.iter().filter(|(member, _)| is_in(member)).map(|(_, amount)| *amount);
        sum(amounts.collect()).filter(|_| is_known)
    };
    let committed = total(|member| member.is_committed);
    let kept = total(|member| member.is_committed && member.is_delivered);
    let actual = known.iter().map(|(member, amount)| {
        let planned = if member.is_delivered { *amount } else { 0.0 };
        if by != ScopeMeasure::Value {
            return planned;
        }
        figure(views.now, member.item, "actual_value").known().unwrap_or(planned)
    });
    let actual = sum(actual.collect());
    let over = |part: Option<f64>| {
        let whole = committed.filter(|whole| *whole > 0.0)?;
        finite(part? / whole)
    };
    SayDoAmount {
        by,
        committed,
        kept,
        added: total(|member| !member.is_committed),
        added_delivered: total(|member| !member.is_committed && member.is_delivered),
        removed: total(|member| member.is_removed),
        say_do: over(kept),
        predictability: over(actual),
        unknown,
    }
}
