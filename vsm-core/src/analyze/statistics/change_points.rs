//! Where the level of a series changed.

use libm::log;
use serde::{Deserialize, Serialize};

use super::segment_cost::SegmentCost;
use super::segmentation::{Places, Search};
use super::{NoValue, basis, check, mean, sum};
use crate::analyze::Basis;
use crate::error::{Error, Result};
use crate::text_enum::text_enum;

text_enum! {
    /// How change points are looked for.
    pub enum ChangePointMethod {
        /// Exact for a penalty, leaving out what can't become best (R. Killick, P. Fearnhead, I. A. Eckley, JASA 107, 2012).
        Pelt = "pelt",
        /// Pelt as ruptures has it: what can't become best is left out at once, which with a `min_size` beyond 1 is at times
        /// too early, so that a somewhat worse answer is found.
        RupturesPelt = "ruptures_pelt",
        /// Exact for a number of change points, or for a penalty, by dynamic programming over all places.
        Optimal = "optimal",
        /// One split after the other, each where it saves most: fast, and not always the best.
        BinarySegmentation = "binary_segmentation",
    }
}

text_enum! {
    /// What a stretch of the series costs.
    pub enum ChangePointCost {
        /// Squared distances from its mean; the default.
        L2 = "l2",
        /// Distances from its median, which outliers hardly move.
        L1 = "l1",
        /// Its length times the logarithm of its variance (plus 10⁻⁶): finds changes of level and of spread.
        Normal = "normal",
    }
}

/// A question for the change points of a series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChangePointsQuery {
    /// The series, in the order of time.
    pub values: Vec<f64>,
    /// How they are looked for; absent = `optimal` for a given number, else `pelt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<ChangePointMethod>,
    /// What a stretch costs; absent = `l2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<ChangePointCost>,
    /// What one more change point has to save; the larger, the fewer. Absent, and without `count`: by the noise of the
    /// series, see [`change_points`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<f64>,
    /// How many change points there are; not together with a penalty, and not with `pelt`. By
    /// `binary_segmentation` it may be fewer: a split that saves nothing is no change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How many values a stretch has at least; absent = 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_size: Option<u32>,
    /// Only every so many places are looked at; absent = 1, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jump: Option<u32>,
}

/// The change points of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangePoints {
    /// The places in `values` at which a new stretch begins, ascending.
    pub change_points: Vec<u64>,
    /// The stretches between them, from the first value to the last.
    pub segments: Vec<ChangeSegment>,
    /// What one more change point had to save; absent where a number was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<f64>,
    /// Why nothing could be found: no data, too few values for two stretches (or for `count`), or all values equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoValue>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// A stretch of a series without a change in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeSegment {
    /// The place of its first value.
    pub start: u64,
    /// The place after its last value.
    pub end: u64,
    /// The mean of its values.
    pub mean: f64,
}

/// Finds where the level of a series changed.
///
/// The series is cut into stretches so that what they cost together, and the penalty for each cut, is least. Places are
/// those of the first value of a stretch; ruptures gives the same places and the length of the series behind them. Among
/// equally good answers the one with the earlier places is taken, and `binary_segmentation` splits at the later place.
///
/// Without penalty and count the penalty is 3 σ² ln n for `l2` (N. R. Zhang, D. O. Siegmund, Biometrics 63, 2007, to the
/// leading term), with σ² from the differences of successive values (J. von Neumann, 1941), which a few changes of level
/// hardly touch; the mean absolute difference of successive values times ln n for `l1`; and 3 ln n for `normal`.
///
/// With `m` places to be looked at, `pelt` takes O(m) where changes are many, and O(m²) where there are none; `optimal`
/// takes O(m²) and O(m) more for each change point that is asked for; `binary_segmentation` O(m) for each level of its
/// splits. The cost `l1` takes the logarithm of the length more. Under `normal` a constant stretch costs next to
/// nothing, so that of counts with many zeros it finds many.
///
/// # Errors
/// [`Error::Invalid`] for a value that is not a number, a negative penalty, a penalty with a count, a count with `pelt`,
/// a `min_size` or `jump` of 0, and for a search of more than 500 million comparisons (some 30,000 places without a
/// change): a larger `jump` makes it shorter.
///
/// ```
/// use vsm_core::{ChangePointsQuery, change_points};
/// let values = vec![2.0, 3.0, 2.0, 3.0, 2.0, 9.0, 8.0, 9.0, 8.0, 9.0];
/// let found = change_points(&ChangePointsQuery { values, ..Default::default() })?;
/// assert_eq!(found.change_points, [5]);
/// assert_eq!((found.segments[0].mean, found.segments[1].mean), (2.4, 8.6));
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn change_points(query: &ChangePointsQuery) -> Result<ChangePoints> {
    check("values", &query.values)?;
    let cost = query.cost.unwrap_or(ChangePointCost::L2);
    let by_default = if query.count.is_some() { ChangePointMethod::Optimal } else { ChangePointMethod::Pelt };
    let method = query.method.unwrap_or(by_default);
    check_rules(query, method)?;
    let mut min_size = query.min_size.unwrap_or(2) as usize;
    if cost == ChangePointCost::Normal {
        min_size = min_size.max(2);
    }
    let jump = query.jump.unwrap_or(1) as usize;
    let penalty = match (query.penalty, query.count) {
        (_, Some(_)) => None,
        (Some(given), None) => Some(given),
        (None, None) => Some(usual_penalty(&query.values, cost)),
    };
    let n = query.values.len();
    let mut rules = vec![
        format!("change_points:{method}"),
        format!("cost:{cost}"),
        format!("min_size:{min_size}"),
        format!("jump:{jump}"),
    ];
    if query.penalty.is_none() && query.count.is_none() {
        rules.push("penalty:from_successive_differences".into());
    }
    let places = Places::new(n, min_size, jump);
    let reason = nothing_to_find(query, &places);
    let ends = if reason.is_some() {
        if n == 0 { Vec::new() } else { vec![n] }
    } else {
        let costs = SegmentCost::new(cost, &query.values);
        let mut search = Search::new(costs, places, penalty.unwrap_or_default());
        match (method, penalty) {
            (ChangePointMethod::BinarySegmentation, _) => search.split(query.count, penalty)?,
            (_, Some(penalty)) => search.penalized(penalty, prune(method, min_size))?,
            (_, None) => search.counted(query.count.unwrap_or_default() as usize)?,
        }
    };
    let starts = [0].into_iter().chain(ends.iter().copied());
    let segments = starts.zip(&ends).map(|(start, end)| ChangeSegment {
        start: start as u64,
        end: *end as u64,
        mean: query.values.get(start..*end).and_then(mean).unwrap_or_default(),
    });
    Ok(ChangePoints {
        segments: segments.collect(),
        change_points: ends.iter().filter(|end| **end < n).map(|end| *end as u64).collect(),
        penalty,
        reason,
        basis: basis(n, rules),
    })
}

/// After how many further values what can't become best is left out.
fn prune(method: ChangePointMethod, min_size: usize) -> Option<usize> {
    match method {
        ChangePointMethod::Pelt => Some(min_size),
        ChangePointMethod::RupturesPelt => Some(0),
        _ => None,
    }
}

fn check_rules(query: &ChangePointsQuery, method: ChangePointMethod) -> Result<()> {
    if query.penalty.is_some_and(|penalty| !(0.0..=super::LARGEST * super::LARGEST).contains(&penalty)) {
        return Err(Error::invalid("penalty", "must be a finite number and not negative"));
    }
    if query.penalty.is_some() && query.count.is_some() {
        return Err(Error::invalid("count", "give a penalty or a count, not both"));
    }
    if query.count.is_some() && prune(method, 1).is_some() {
        return Err(Error::invalid("count", format!("{method} goes by a penalty: use optimal for a count")));
    }
    for (field, value) in [("min_size", query.min_size), ("jump", query.jump)] {
        if value == Some(0) {
            return Err(Error::invalid(field, "must be at least 1"));
        }
    }
    Ok(())
}

fn nothing_to_find(query: &ChangePointsQuery, places: &Places) -> Option<NoValue> {
    let first = query.values.first();
    if first.is_none() {
        Some(NoValue::NoData)
    } else if places.most_stretches() < query.count.map_or(2, |count| count as usize + 1) {
        Some(NoValue::TooFew)
    } else if query.values.iter().all(|value| Some(value) == first) {
        Some(NoValue::NoVariation)
    } else {
        None
    }
}

fn usual_penalty(values: &[f64], cost: ChangePointCost) -> f64 {
    let n = values.len();
    if n < 2 {
        return 0.0;
    }
    let steps = values.iter().zip(values.iter().skip(1)).map(|(a, b)| b - a);
    let log_n = log(n as f64);
    let gaps = (n - 1) as f64;
    match cost {
        ChangePointCost::L2 => 3.0 * log_n * sum(steps.map(|step| step * step)) / (2.0 * gaps),
        ChangePointCost::L1 => log_n * sum(steps.map(f64::abs)) / gaps,
        ChangePointCost::Normal => 3.0 * log_n,
    }
}
