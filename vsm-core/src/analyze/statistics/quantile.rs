//! Quantiles of a sample, by every rule in use.

use serde::{Deserialize, Serialize};

use super::{NoValue, basis, check, check_shares, sorted};
use crate::analyze::Basis;
use crate::error::Result;
use crate::text_enum::text_enum;

text_enum! {
    /// How a percentile is read off a sample; types are those of R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical
    /// Packages", The American Statistician 50 (1996), the other names those of numpy.
    pub enum PercentileRule {
        /// The smallest value that at least p of the sample do not exceed (type 1, `inverted_cdf`); the default. The median
        /// is interpolated where it is one of several figures of a sample.
        NearestRank = "nearest_rank",
        /// Linear interpolation between closest ranks (type 7; Excel's `PERCENTILE.INC`, `percentile_cont` of SQL).
        Linear = "linear",
        /// The value at or below the interpolated rank of type 7.
        Lower = "lower",
        /// As nearest rank, and halfway to the next value where the rank is whole (type 2).
        AveragedInvertedCdf = "averaged_inverted_cdf",
        /// The value whose rank is nearest to n p, of two the even rank (type 3; SAS).
        ClosestObservation = "closest_observation",
        /// Interpolated at the rank n p (type 4).
        InterpolatedInvertedCdf = "interpolated_inverted_cdf",
        /// Interpolated at the rank n p + ½ (type 5).
        Hazen = "hazen",
        /// Interpolated at the rank (n + 1) p (type 6; Excel's `PERCENTILE.EXC`, Minitab, SPSS).
        Weibull = "weibull",
        /// Interpolated at the rank (n + ⅓) p + ⅓: near the median whatever the distribution (type 8).
        MedianUnbiased = "median_unbiased",
        /// Interpolated at the rank (n + ¼) p + ⅜: unbiased for the normal distribution (type 9).
        NormalUnbiased = "normal_unbiased",
        /// The value at or above the interpolated rank of type 7.
        Higher = "higher",
        /// The value nearest to the interpolated rank of type 7, of two the even place, counted from 0.
        Nearest = "nearest",
        /// Halfway between the values below and above the interpolated rank of type 7.
        Midpoint = "midpoint",
        /// The value at the rank n p rounded down, at least the first: Lighthouse's.
        FloorRank = "floor_rank",
    }
}

/// A question for quantiles of numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QuantilesQuery {
    /// The sample, in any order and unit.
    pub values: Vec<f64>,
    /// Which quantiles, each from 0 to 1.
    pub probabilities: Vec<f64>,
    /// How they are read; absent = nearest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<PercentileRule>,
}

/// Quantiles of a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// One for each probability, in the order of the question.
    pub quantiles: Vec<Quantile>,
    /// Why they have no value: the sample is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoValue>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// One quantile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// The part of the sample that lies at or below it, from 0 to 1.
    pub probability: f64,
    /// Its value, in the unit of the sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// The quantiles of a sample. Takes O(n log n).
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) for a value that is not a number, and a probability outside 0 to 1, with its
/// place.
///
/// ```
/// use vsm_core::{PercentileRule, QuantilesQuery, quantiles};
/// let values: Vec<f64> = (1..=10).map(f64::from).collect();
/// let mut query = QuantilesQuery { values, probabilities: vec![0.85], rule: None };
/// assert_eq!(quantiles(&query)?.quantiles[0].value, Some(9.0));
/// query.rule = Some(PercentileRule::Linear);
/// assert!(quantiles(&query)?.quantiles[0].value.is_some_and(|value| (value - 8.65).abs() < 1e-12));
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn quantiles(query: &QuantilesQuery) -> Result<Quantiles> {
    check("values", &query.values)?;
    check_shares("probabilities", &query.probabilities)?;
    let rule = query.rule.unwrap_or(PercentileRule::NearestRank);
    let sample = sorted(&query.values);
    let read = |p: &f64| Quantile { probability: *p, value: quantile(&sample, *p, rule) };
    Ok(Quantiles {
        quantiles: query.probabilities.iter().map(read).collect(),
        reason: sample.is_empty().then_some(NoValue::NoData),
        basis: basis(sample.len(), [format!("percentile:{rule}")]),
    })
}

/// What quantiles are read of.
pub(in crate::analyze) trait Ordered: Copy + PartialOrd {
    /// The value at a share from 0 to 1 of the way from this one to a higher one.
    fn towards(self, higher: Self, share: f64) -> Self;
}

/// Milliseconds, to the nearest.
impl Ordered for i64 {
    fn towards(self, higher: i64, share: f64) -> i64 {
        let way = (i128::from(higher) - i128::from(self)) as f64 * share;
        self.saturating_add(way.round() as i64).min(higher)
    }
}

impl Ordered for f64 {
    fn towards(self, higher: f64, share: f64) -> f64 {
        (self + (higher - self) * share).min(higher)
    }
}

/// A quantile of an ascending sample.
pub(in crate::analyze) fn quantile<T: Ordered>(sample: &[T], p: f64, rule: PercentileRule) -> Option<T> {
    let n = sample.len() as f64;
    let last = sample.len().checked_sub(1)?;
    let at = |place: f64| sample.get((place.max(0.0) as usize).min(last)).copied();
    let between = |place: f64| {
        let below = floor(place);
        Some(at(below)?.towards(at(below + 1.0)?, share(place).min(1.0)))
    };
    // Places are counted from 0, ranks from 1.
    let type_7 = p * (n - 1.0);
    match rule {
        PercentileRule::NearestRank => at(ceil(p * n) - 1.0),
        PercentileRule::FloorRank => at(floor(p * n) - 1.0),
        PercentileRule::AveragedInvertedCdf => {
            let rank = ceil(p * n);
            if share(p * n) > 0.0 { at(rank - 1.0) } else { Some(at(rank - 1.0)?.towards(at(rank)?, 0.5)) }
        }
        PercentileRule::ClosestObservation => at(half_to_even(p * n) - 1.0),
        PercentileRule::InterpolatedInvertedCdf => between((p * n - 1.0).max(0.0)),
        PercentileRule::Hazen => between((p * n - 0.5).max(0.0)),
        PercentileRule::Weibull => between((p * (n + 1.0) - 1.0).max(0.0)),
        PercentileRule::Linear => between(type_7),
        PercentileRule::MedianUnbiased => between((p * (n + 1.0 / 3.0) - 2.0 / 3.0).max(0.0)),
        PercentileRule::NormalUnbiased => between((p * (n + 0.25) - 0.625).max(0.0)),
        PercentileRule::Lower => at(floor(type_7)),
        PercentileRule::Higher => at(ceil(type_7)),
        PercentileRule::Nearest => at(half_to_even(type_7)),
        PercentileRule::Midpoint => Some(at(floor(type_7))?.towards(at(ceil(type_7))?, 0.5)),
    }
}

/// By how much a rank may be off: 0.85 * 20 is a hair above 17 in binary, and a rank is meant to be exact.
fn hair(rank: f64) -> f64 {
    (rank.abs() * 4.0 * f64::EPSILON).max(1e-9)
}

fn floor(rank: f64) -> f64 {
    (rank + hair(rank)).floor()
}

fn ceil(rank: f64) -> f64 {
    (rank - hair(rank)).ceil()
}

/// How far a rank lies above the whole number below it; 0 within a hair of one.
fn share(rank: f64) -> f64 {
    let share = rank - floor(rank);
    if share > hair(rank) { share } else { 0.0 }
}

fn half_to_even(rank: f64) -> f64 {
    let share = share(rank);
    let below = floor(rank);
    let up = if (share - 0.5).abs() <= hair(rank) { below % 2.0 != 0.0 } else { share > 0.5 };
    if up { below + 1.0 } else { below }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::DAY;

    #[test]
    fn percentiles_follow_their_rule() {
        let read = |sample: &[i64], p, rule| quantile(sample, p, rule);
        let ten: Vec<i64> = (1..=10).map(|day| day * DAY).collect();
        assert_eq!(read(&ten, 0.85, PercentileRule::NearestRank), Some(9 * DAY));
        assert_eq!(read(&ten, 0.85, PercentileRule::Linear), Some(8 * DAY + DAY * 65 / 100));
        let four: Vec<i64> = (1..=4).map(|day| day * DAY).collect();
        assert_eq!(read(&four, 0.5, PercentileRule::Linear), Some(2 * DAY + DAY / 2));
        assert_eq!(read(&four, 0.5, PercentileRule::Lower), Some(2 * DAY));
        let twenty: Vec<i64> = (1..=20).collect();
        assert_eq!(read(&twenty, 0.85, PercentileRule::NearestRank), Some(17));
        assert_eq!(read(&twenty, 0.35, PercentileRule::FloorRank), Some(7));
    }

    #[test]
    fn whole_numbers_are_rounded_to_the_nearest_and_do_not_overflow() {
        assert_eq!(quantile(&[0_i64, 3], 0.5, PercentileRule::Linear), Some(2));
        assert_eq!(quantile(&[i64::MIN, i64::MAX], 0.0, PercentileRule::Midpoint), Some(i64::MIN));
        assert!(quantile(&[i64::MIN, i64::MAX], 0.5, PercentileRule::Linear).is_some_and(|v| v.abs() <= 1));
        assert_eq!(quantile::<i64>(&[], 0.5, PercentileRule::Linear), None);
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_place() {
        let wrong = |values: Vec<f64>, probabilities: Vec<f64>| {
            quantiles(&QuantilesQuery { values, probabilities, rule: None }).unwrap_err().to_string()
        };
        assert!(wrong(vec![1.0, f64::NAN], vec![]).starts_with("values[1]: "));
        assert!(wrong(vec![f64::INFINITY], vec![]).starts_with("values[0]: "));
        assert!(wrong(vec![1.0, 2.0, -1e101], vec![]).starts_with("values[2]: "));
        assert!(wrong(vec![1.0], vec![0.5, 1.1]).starts_with("probabilities[1]: "));
        assert!(wrong(vec![1.0], vec![f64::NAN]).starts_with("probabilities[0]: "));
    }

    proptest! {
        #[test]
        fn quantiles_lie_within_and_rise(
            values in proptest::collection::vec(-1e6_f64..1e6, 1..40),
            mut probabilities in proptest::collection::vec(0.0_f64..=1.0, 2..8),
        ) {
            probabilities.sort_by(f64::total_cmp);
            let sample = sorted(&values);
            for rule in PercentileRule::ALL {
                let read: Vec<f64> =
                    probabilities.iter().filter_map(|p| quantile(&sample, *p, *rule)).collect();
                prop_assert_eq!(read.len(), probabilities.len());
                prop_assert!(read.iter().all(|v| *v >= sample[0] && *v <= sample[sample.len() - 1]));
                prop_assert!(read.windows(2).all(|pair| pair[0] <= pair[1]), "{}: {:?}", rule, read);
            }
        }
    }
}
