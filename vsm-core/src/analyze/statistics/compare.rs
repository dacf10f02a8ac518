//! Whether one sample lies higher than another, and by how much.

use serde::{Deserialize, Serialize};

use super::differences::Differences;
use super::distributions::{normal_two_sided, normal_upper, student_two_sided, student_upper};
use super::exact::{PairCounts, SMALL};
use super::quantile::{PercentileRule, quantile};
use super::ranks::Ranks;
use super::{Estimate, NoValue, basis, check, confidence, mean, sorted, sum, variance};
use crate::analyze::Basis;
use crate::error::Result;
use crate::text_enum::text_enum;

text_enum! {
    /// How a p-value is found.
    pub enum PValueRule {
        /// All orders are counted; without ties only.
        Exact = "exact",
        /// By the normal distribution, with correction for ties, and for continuity where that is usual.
        Normal = "normal",
        /// By Student's t distribution.
        StudentT = "student_t",
    }
}

/// A question for the difference between two samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompareSamplesQuery {
    /// The sample that is compared with, such as an earlier period, in any order.
    pub first: Vec<f64>,
    /// The sample that is compared, in any order and in the same unit.
    pub second: Vec<f64>,
    /// How sure the intervals are, between 0 and 1; absent = 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// The difference between two samples, second less first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleComparison {
    /// The first sample in numbers.
    pub first: ComparedSample,
    /// The second sample in numbers.
    pub second: ComparedSample,
    /// The difference of the means with Welch's interval and p-value, in the unit of the samples.
    pub mean_difference: Estimate,
    /// The degrees of freedom of that (Welch and Satterthwaite).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degrees_of_freedom: Option<f64>,
    /// By how much the second sample lies higher: the median of all differences between one of each (Hodges and Lehmann),
    /// in the unit of the samples.
    pub shift: Estimate,
    /// Cliff's delta: how much likelier one of the second is larger than one of the first than smaller, from -1 to 1.
    pub cliffs_delta: Estimate,
    /// The test of whether one of the second is as likely larger as smaller.
    pub mann_whitney: MannWhitney,
    /// What the answer rests on.
    pub basis: Basis,
}

/// A sample in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedSample {
    /// How many values.
    pub n: u64,
    /// Their mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Their median, interpolated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// Their standard deviation, by n − 1; absent for fewer than two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_deviation: Option<f64>,
}

/// The test of Mann and Whitney, also called Wilcoxon's rank sum test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MannWhitney {
    /// U of the second sample: pairs in which it is larger, those in which both are equal counted half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u: Option<f64>,
    /// How likely a U at least this far from its middle is where there is no difference, on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// How the p-value was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value_rule: Option<PValueRule>,
    /// Why there is no p-value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoValue>,
}

/// By how much two samples differ, and how sure that is; nothing is drawn at random.
///
/// * Means: B. L. Welch, Biometrika 34 (1947), for samples of two or more.
/// * Shift: the median of all differences (J. L. Hodges, E. L. Lehmann, 1963) with the interval that the test of Mann and
///   Whitney gives; none where the samples are too small for the confidence: for 95 % that takes four of each.
/// * Test: exact where no two values are equal and both samples have fewer than 50, else by the normal distribution with
///   correction for ties and continuity.
/// * Effect: N. Cliff, Psychological Bulletin 114 (1993), with his asymmetric interval; for samples that do not overlap by
///   D. Feng, N. Cliff, J. Modern Applied Statistical Methods 3 (2004).
///
/// Takes O((n + m) log (n + m)): the differences are never written down.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) for a value that is not a number, with its place, and a confidence out of
/// range.
///
/// ```
/// use vsm_core::{CompareSamplesQuery, compare_samples};
/// let first = vec![1.0, 2.0, 3.0, 4.0, 5.0];
/// let second = vec![4.5, 5.5, 6.5, 7.5, 8.5];
/// let answer = compare_samples(&CompareSamplesQuery { first, second, confidence: None })?;
/// assert_eq!(answer.shift.value, Some(3.5));
/// assert_eq!(answer.mann_whitney.u, Some(24.0));
/// assert_eq!(answer.cliffs_delta.value, Some(0.92));
/// // Of the 252 orders two are as far out as this one, and two are further.
/// assert_eq!(answer.mann_whitney.p_value, Some(4.0 / 252.0));
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn compare_samples(query: &CompareSamplesQuery) -> Result<SampleComparison> {
    check("first", &query.first)?;
    check("second", &query.second)?;
    let confidence = confidence(query.confidence)?;
    let (first, second) = (sorted(&query.first), sorted(&query.second));
    let pair = Pair::new(&first, &second, (1.0 - confidence) / 2.0);
    let (mean_difference, degrees_of_freedom) = pair.means();
    let mann_whitney = pair.test();
    let rules = [
        format!("confidence:{confidence}"),
        "mean_difference:welch".into(),
        "shift:hodges_lehmann".into(),
        "effect:cliffs_delta".into(),
    ];
    let test = mann_whitney.p_value_rule.map(|rule| format!("mann_whitney:{rule}"));
    Ok(SampleComparison {
        first: summary(&first),
        second: summary(&second),
        mean_difference,
        degrees_of_freedom,
        shift: pair.shift(),
        cliffs_delta: pair.effect(),
        mann_whitney,
        basis: basis(first.len() + second.len(), rules.into_iter().chain(test)),
    })
}

fn summary(sample: &[f64]) -> ComparedSample {
    let mean = mean(sample);
    ComparedSample {
        n: sample.len() as u64,
        mean,
        median: quantile(sample, 0.5, PercentileRule::Linear),
        standard_deviation: mean.and_then(|mean| variance(sample, mean)).map(f64::sqrt),
    }
}

/// Two ascending samples.
struct Pair<'a> {
    first: &'a [f64],
    second: &'a [f64],
    /// What the interval leaves out on each side.
    tail: f64,
    /// The values of both, ranked together.
    ranks: Ranks,
}

impl<'a> Pair<'a> {
    fn new(first: &'a [f64], second: &'a [f64], tail: f64) -> Pair<'a> {
        let both: Vec<f64> = first.iter().chain(second).copied().collect();
        Pair { first, second, tail, ranks: Ranks::of(&both) }
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty() || self.second.is_empty()
    }

    /// The sizes of the two.
    fn sizes(&self) -> (f64, f64) {
        (self.first.len() as f64, self.second.len() as f64)
    }

    fn is_small(&self) -> bool {
        self.ranks.ties.is_empty() && self.first.len().max(self.second.len()) < SMALL
    }

    fn means(&self) -> (Estimate, Option<f64>) {
        let (Some(first), Some(second)) = (mean(self.first), mean(self.second)) else {
            return (Estimate::none(NoValue::NoData), None);
        };
        let difference = second - first;
        let (Some(spread), Some(other)) = (variance(self.first, first), variance(self.second, second)) else {
            return (Estimate::bare(difference, NoValue::TooFew), None);
        };
        let (m, n) = self.sizes();
        let (own, other) = (spread / m, other / n);
        let error = own + other;
        if error <= 0.0 {
            return (Estimate::bare(difference, NoValue::NoVariation), None);
        }
        let part = own / error;
        let df = 1.0 / (part * part / (m - 1.0) + (1.0 - part) * (1.0 - part) / (n - 1.0));
        let error = error.sqrt();
        let reach = student_upper(self.tail, df) * error;
        let p_value = Some(student_two_sided(difference / error, df));
        (
            Estimate { p_value, ..Estimate::within(difference, difference - reach, difference + reach) },
            Some(df),
        )
    }

    /// U of the second sample: pairs in which it is larger, equal ones counted half.
    fn u(&self) -> f64 {
        let standing = Differences::standing(self.second, self.first);
        sum(standing.map(|(smaller, equal)| smaller as f64 + equal as f64 / 2.0))
    }

    /// The standard deviation of U where there is no difference.
    fn deviation_of_u(&self) -> f64 {
        let (m, n) = self.sizes();
        let all = m + n;
        let ties = self.ranks.over_ties(|many| many * many * many - many) / (all * (all - 1.0));
        (m * n / 12.0 * (all + 1.0 - ties)).max(0.0).sqrt()
    }

    fn test(&self) -> MannWhitney {
        if self.is_empty() {
            return MannWhitney { reason: Some(NoValue::NoData), ..MannWhitney::default() };
        }
        let (m, n) = self.sizes();
        let u = self.u();
        if self.ranks.all_equal() {
            return MannWhitney { u: Some(u), reason: Some(NoValue::NoVariation), ..MannWhitney::default() };
        }
        let (p_value, rule) = if self.is_small() {
            let counts = PairCounts::new(self.first.len(), self.second.len());
            (2.0 * counts.at_most(u.min(m * n - u) as usize), PValueRule::Exact)
        } else {
            let away = ((u - m * n / 2.0).abs() - 0.5).max(0.0);
            (normal_two_sided(away / self.deviation_of_u()), PValueRule::Normal)
        };
        MannWhitney { u: Some(u), p_value: Some(p_value.min(1.0)), p_value_rule: Some(rule), reason: None }
    }

    /// The median of all differences, and between which of them it lies.
    fn shift(&self) -> Estimate {
        let differences = Differences { first: self.first, second: self.second };
        if self.is_empty() {
            return Estimate::none(NoValue::NoData);
        }
        let Some(value) = differences.median() else { return Estimate::none(NoValue::NoData) };
        if self.ranks.all_equal() {
            return Estimate::bare(value, NoValue::NoVariation);
        }
        let (m, n) = self.sizes();
        let from_end = if self.is_small() {
            PairCounts::new(self.first.len(), self.second.len()).quantile(self.tail) as u128
        } else {
            (m * n / 2.0 + 0.5 - normal_upper(self.tail) * self.deviation_of_u()).floor().max(0.0) as u128
        };
        if from_end == 0 {
            return Estimate::bare(value, NoValue::TooFew);
        }
        let (lower, upper) = (differences.kth(from_end), differences.kth(differences.count() + 1 - from_end));
        Estimate { value: Some(value), lower, upper, ..Estimate::default() }
    }

    fn effect(&self) -> Estimate {
        if self.is_empty() {
            return Estimate::none(NoValue::NoData);
        }
        let (m, n) = self.sizes();
        let delta = ((2.0 * self.u() - m * n) / (m * n)).clamp(-1.0, 1.0);
        if m < 2.0 || n < 2.0 {
            return Estimate::bare(delta, NoValue::TooFew);
        }
        let z = normal_upper(self.tail);
        if delta.abs() >= 1.0 {
            let fewer = m.min(n);
            let inner = (fewer - z * z) / (fewer + z * z);
            return Estimate::within(delta, delta.min(inner * delta), delta.max(inner * delta));
        }
        let square = self.variance_of_delta(delta);
        if square <= 0.0 {
            return Estimate::bare(delta, NoValue::NoVariation);
        }
        let rest = 1.0 - delta * delta;
        let middle = delta - delta * delta * delta;
        let reach = z * square.sqrt() * (rest * rest + z * z * square).sqrt();
        let scale = rest + z * z * square;
        let end = |value: f64| (value / scale).clamp(-1.0, 1.0);
        Estimate::within(delta, end(middle - reach), end(middle + reach))
    }

    /// The unbiased variance of delta, at least what a delta of this size can't be below (N. Cliff, 1993).
    fn variance_of_delta(&self, delta: f64) -> f64 {
        let (m, n) = self.sizes();
        let rows = |values: &[f64], other: &[f64], sign: f64| {
            let size = other.len() as f64;
            let own = Differences::standing(values, other).map(|(smaller, equal)| {
                let larger = size - (smaller + equal) as f64;
                let row = sign * (smaller as f64 - larger) / size;
                (row - delta) * (row - delta)
            });
            sum(own)
        };
        let equal: f64 = sum(Differences::standing(self.second, self.first).map(|(_, equal)| equal as f64));
        let of_second = rows(self.second, self.first, 1.0);
        let of_first = rows(self.first, self.second, -1.0);
        let all = (m * n - equal) - m * n * delta * delta;
        let unbiased = (m * m * of_second + n * n * of_first - all) / (m * n * (m - 1.0) * (n - 1.0));
        unbiased.max((1.0 - delta * delta) / (m * n - 1.0))
    }
}
