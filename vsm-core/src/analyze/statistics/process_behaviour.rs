//! Process behaviour charts: what a series does by itself, and what can't be chance.

use serde::{Deserialize, Serialize};

use super::detection::{BehaviourSignal, DetectionRule, DetectionRuleSet, Lines};
use super::quantile::{PercentileRule, quantile};
use super::{NoValue, basis, check, mean, sorted};
use crate::analyze::Basis;
use crate::error::{Error, Result};
use crate::text_enum::text_enum;

text_enum! {
    /// What the centre of a chart is.
    pub enum CenterRule {
        /// The mean of the baseline; the default.
        Mean = "mean",
        /// Its median.
        Median = "median",
    }
}

text_enum! {
    /// What the limits of a chart are reckoned from.
    pub enum MovingRangeRule {
        /// The mean moving range: limits at 2.66, range limit at 3.27 times it; the default.
        Mean = "mean",
        /// The median moving range, which a few large steps don't move: 3.145 and 3.865.
        Median = "median",
    }
}

/// A question for the process behaviour chart (XmR chart) of a series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessBehaviourQuery {
    /// The series, in the order of time: what signals are looked for in.
    pub values: Vec<f64>,
    /// The values that centre and limits are reckoned from, in the order of time; absent = those of the series from
    /// `baseline_start` on and before `baseline_end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Vec<f64>>,
    /// The place of the first value of the baseline; absent = 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_start: Option<u64>,
    /// The place after the last value of the baseline; absent = the length of the series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_end: Option<u64>,
    /// What the centre is; absent = the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub center: Option<CenterRule>,
    /// What the limits are reckoned from; absent = the mean moving range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving_range: Option<MovingRangeRule>,
    /// The least that a value can be, such as 0 for a count: the lower limit is not below it. Absent = there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// The most that a value can be, such as 1 for a share: the upper limit is not above it. Absent = there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
    /// The rules by which signals are found; absent = Wheeler's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<DetectionRuleSet>,
    /// Single rules in place of a set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<DetectionRule>,
}

/// The process behaviour chart of a series. All figures are in the unit of its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessBehaviour {
    /// How many values the centre and the limits come from.
    pub baseline_n: u64,
    /// The centre; absent without a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub center: Option<f64>,
    /// The mean or median moving range; absent for fewer than two values, and so is all that follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving_range: Option<f64>,
    /// A third of the distance from the centre to a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    /// The lower natural process limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_limit: Option<f64>,
    /// The upper natural process limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper_limit: Option<f64>,
    /// The upper limit of moving ranges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper_range_limit: Option<f64>,
    /// The moving ranges of the series: how far each value is from the one before, from the second value on.
    pub moving_ranges: Vec<f64>,
    /// What can't be chance, by place, then by rule.
    pub signals: Vec<BehaviourSignal>,
    /// Why there are no limits: no baseline, or too short a one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoValue>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// The process behaviour chart of a series: an XmR chart (W. A. Shewhart, 1931; D. J. Wheeler, "Understanding Variation",
/// 1993).
///
/// The natural limits lie 2.66 mean moving ranges from the centre, or 3.145 median ones, and moving ranges have their upper
/// limit at 3.27 of the mean or 3.865 of the median. Two values are enough for limits, and some ten for limits that
/// hold. Every value that takes part in a pattern is a signal; of patterns such as two of three these are the values on
/// the side of the pattern. What lies on a line is not beyond it. Takes O(n log n).
///
/// # Errors
/// [`Error::Invalid`] for a value that is not a number, with its place, and for a window of the baseline outside the
/// series, the wrong way round, or together with a `baseline`.
///
/// ```
/// use vsm_core::{DetectionRule, ProcessBehaviourQuery, process_behaviour};
/// let query = ProcessBehaviourQuery {
///     values: vec![5.0, 15.0, 5.0, 15.0, 40.0],
///     baseline_end: Some(4),
///     least: Some(0.0),
///     ..ProcessBehaviourQuery::default()
/// };
/// let chart = process_behaviour(&query)?;
/// assert_eq!((chart.center, chart.moving_range), (Some(10.0), Some(10.0)));
/// assert_eq!((chart.lower_limit, chart.upper_limit), (Some(0.0), Some(36.6)));
/// assert_eq!((chart.signals[0].index, chart.signals[0].rule), (4, DetectionRule::BeyondLimits));
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn process_behaviour(query: &ProcessBehaviourQuery) -> Result<ProcessBehaviour> {
    check("values", &query.values)?;
    check("baseline", query.baseline.as_deref().unwrap_or_default())?;
    check("least", query.least.as_slice())?;
    check("most", query.most.as_slice())?;
    if let (Some(least), Some(most)) = (query.least, query.most)
        && most < least
    {
        return Err(Error::invalid("most", "must not be less than least"));
    }
    let baseline = baseline(query)?;
    let center_rule = query.center.unwrap_or(CenterRule::Mean);
    let range_rule = query.moving_range.unwrap_or(MovingRangeRule::Mean);
    let set = query.rule_set.unwrap_or(DetectionRuleSet::Wheeler);
    let rules = if query.rules.is_empty() { set.rules() } else { &query.rules };
    let center = match center_rule {
        CenterRule::Mean => mean(baseline),
        CenterRule::Median => median(baseline),
    };
    let ranges = moving_ranges(baseline);
    let (moving_range, limit, range_limit) = match range_rule {
        MovingRangeRule::Mean => (mean(&ranges), 2.66, 3.27),
        MovingRangeRule::Median => (median(&ranges), 3.145, 3.865),
    };
    let lines = center.zip(moving_range).map(|(center, range)| {
        let bounded = |value: f64| {
            let value = query.least.map_or(value, |least| value.max(least));
            query.most.map_or(value, |most| value.min(most))
        };
        let largest = baseline.iter().chain(&query.values).fold(range, |most, value| most.max(value.abs()));
        Lines {
            center,
            sigma: limit * range / 3.0,
            lower: bounded(center - limit * range),
            upper: bounded(center + limit * range),
            upper_range: range_limit * range,
            hair: largest * 1e-12,
        }
    });
    let mut names: Vec<String> = rules.iter().map(|rule| format!("signal:{rule}")).collect();
    names.extend([format!("center:{center_rule}"), format!("limits:{range_rule}_moving_range")]);
    if query.least.is_some() || query.most.is_some() {
        names.push("limits:bounded".into());
    }
    Ok(ProcessBehaviour {
        baseline_n: baseline.len() as u64,
        center,
        moving_range,
        sigma: lines.as_ref().map(|lines| lines.sigma),
        lower_limit: lines.as_ref().map(|lines| lines.lower),
        upper_limit: lines.as_ref().map(|lines| lines.upper),
        upper_range_limit: lines.as_ref().map(|lines| lines.upper_range),
        moving_ranges: moving_ranges(&query.values),
        signals: lines.as_ref().map(|lines| lines.signals(&query.values, rules)).unwrap_or_default(),
        reason: match baseline.len() {
            0 => Some(NoValue::NoData),
            1 => Some(NoValue::TooFew),
            _ => None,
        },
        basis: basis(query.values.len(), names),
    })
}

fn baseline(query: &ProcessBehaviourQuery) -> Result<&[f64]> {
    if let Some(baseline) = &query.baseline {
        let windowed = [("baseline_start", query.baseline_start), ("baseline_end", query.baseline_end)];
        return match windowed.iter().find(|(_, place)| place.is_some()) {
            None => Ok(baseline),
            Some((field, _)) => {
                Err(Error::invalid(field, "give a baseline or its place in values, not both"))
            }
        };
    }
    let n = query.values.len();
    let end = query.baseline_end.map_or(n, |end| usize::try_from(end).unwrap_or(usize::MAX));
    let start = query.baseline_start.map_or(0, |start| usize::try_from(start).unwrap_or(usize::MAX));
    if end > n {
        return Err(Error::invalid("baseline_end", format!("there are only {n} values")));
    }
    let none = || Error::invalid("baseline_start", "the baseline must not end before it starts");
    query.values.get(start..end).ok_or_else(none)
}

fn moving_ranges(values: &[f64]) -> Vec<f64> {
    values.iter().zip(values.iter().skip(1)).map(|(before, value)| (value - before).abs()).collect()
}

fn median(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values), 0.5, PercentileRule::Linear)
}
