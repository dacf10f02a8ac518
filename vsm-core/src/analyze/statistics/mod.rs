//! The statistics that metrics stand on, as pure functions of plain data, one question per file.
//!
//! A value that is not finite, or beyond 10¹⁰⁰, is refused with its place. What the data do not carry has no value, and
//! [`NoValue`] says why. Nothing is drawn at random, and logarithms and the like are those of `libm`, not of the
//! machine: the same numbers give the same bytes everywhere.

mod change_points;
mod compare;
mod detection;
mod differences;
mod distributions;
mod exact;
mod process_behaviour;
mod quantile;
mod rank_correlation;
mod ranks;
mod segment_cost;
mod segmentation;
mod survival;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::Basis;
use crate::error::{Error, Result};
use crate::text_enum::text_enum;

pub use change_points::{
    ChangePointCost, ChangePointMethod, ChangePoints, ChangePointsQuery, ChangeSegment, change_points,
};
pub use compare::{
    CompareSamplesQuery, ComparedSample, MannWhitney, PValueRule, SampleComparison, compare_samples,
};
pub use detection::{BehaviourSignal, DetectionRule, DetectionRuleSet, SignalSide};
pub use process_behaviour::{
    CenterRule, MovingRangeRule, ProcessBehaviour, ProcessBehaviourQuery, process_behaviour,
};
pub use quantile::{PercentileRule, Quantile, Quantiles, QuantilesQuery, quantiles};
pub use rank_correlation::{RankCorrelation, RankCorrelationQuery, rank_correlation};
pub use survival::{
    ConditionalCompletion, Survival, SurvivalPercentile, SurvivalQuery, SurvivalStep, survival,
};
pub(super) use survival::{Summary, summary};

pub(super) use quantile::quantile;

text_enum! {
    /// Why a figure has no value, or no interval.
    pub enum NoValue {
        /// There is nothing to reckon with.
        NoData = "no_data",
        /// There is something, and less than the figure needs.
        TooFew = "too_few",
        /// All values are equal, or everything had the same outcome.
        NoVariation = "no_variation",
        /// So large a part has not finished yet.
        NeverReached = "never_reached",
        /// Nothing was watched at that age any more, or everything had finished by then.
        NobodyAtRisk = "nobody_at_risk",
        /// Nothing was watched for so long, and some had not finished by then.
        BeyondFollowUp = "beyond_follow_up",
        /// The two orders agree or disagree entirely, for which no interval is known.
        PerfectAgreement = "perfect_agreement",
    }
}

/// A figure with the interval it lies in at the confidence asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure; absent = the data do not carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The lower end of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// The upper end of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// How likely a figure at least this far from zero is where there is nothing to be found, on both sides, from 0 to 1;
    /// absent where no test goes with the figure, and where the data do not carry one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// Why the figure is absent, or its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoValue>,
}

impl Estimate {
    fn none(reason: NoValue) -> Estimate {
        Estimate { reason: Some(reason), ..Estimate::default() }
    }

    fn bare(value: f64, reason: NoValue) -> Estimate {
        Estimate { value: Some(value), ..Estimate::none(reason) }
    }

    fn within(value: f64, lower: f64, upper: f64) -> Estimate {
        Estimate { value: Some(value), lower: Some(lower), upper: Some(upper), ..Estimate::default() }
    }
}

/// The largest value that is taken: its square, and the sum of a billion of them, is still a number.
const LARGEST: f64 = 1e100;

fn check(field: &str, values: &[f64]) -> Result<()> {
    let Some(place) = values.iter().position(|value| value.is_nan() || value.abs() > LARGEST) else {
        return Ok(());
    };
    let wrong = values.get(place).copied().unwrap_or_default();
    let reason = if wrong.is_finite() {
        "the value must not be beyond 1e100"
    } else {
        "the value must be a finite number"
    };
    Err(Error::invalid(&format!("{field}[{place}]"), reason))
}

fn check_shares(field: &str, shares: &[f64]) -> Result<()> {
    match shares.iter().position(|share| !(0.0..=1.0).contains(share)) {
        None => Ok(()),
        Some(place) => Err(Error::invalid(&format!("{field}[{place}]"), "must be from 0 to 1")),
    }
}

/// The confidence of intervals; 95 % where nothing is said.
pub(super) fn confidence(given: Option<f64>) -> Result<f64> {
    let confidence = given.unwrap_or(0.95);
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(confidence);
    }
    Err(Error::invalid("confidence", "must lie between 0 and 1"))
}

/// What an answer without a stream rests on.
fn basis(n: usize, rules: impl IntoIterator<Item = String>) -> Basis {
    let mut rules: Vec<String> = rules.into_iter().collect();
    rules.sort_unstable();
    rules.dedup();
    Basis { n: n as u64, rules, ..Basis::default() }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    // 0 and -0 are one value and must not make two orders.
    let mut values: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The sum, with what rounding loses carried along (A. Neumaier, ZAMM 54, 1974).
fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values.iter().copied()) / values.len() as f64)
}

/// The variance of a sample of at least two around its mean, by n − 1.
fn variance(values: &[f64], mean: f64) -> Option<f64> {
    let first = *values.first()?;
    if values.len() < 2 {
        return None;
    }
    // The mean of equal values may be off by rounding; their variance is not.
    if values.iter().all(|value| *value == first) {
        return Some(0.0);
    }
    let squares = sum(values.iter().map(|value| (value - mean) * (value - mean)));
    Some(squares / (values.len() - 1) as f64)
}
