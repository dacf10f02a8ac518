//! How many defects nobody has found yet.

use serde::{Deserialize, Serialize};

use super::case::Case;
use crate::analyze::worth::{attribute, finite};
use crate::stream::ValueStream;

/// An estimate of how many defects there are, from how many two finders found alike.
///
/// D. G. Chapman's estimator (University of California Publications in Statistics 1, 1951): with `a` found by the one, `b`
/// by the other and `m` by both, (a + 1)(b + 1)/(m + 1) − 1, with the variance of G. A. F. Seber (Biometrika 57, 1970). It
/// holds if the two look for the same defects independently of each other and each defect is as easily found as any; where easy ones are
/// found by both, it is too low.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatentDefects {
    /// The two finders.
    pub finders: Vec<String>,
    /// Defects that the first one found.
    pub by_first: u32,
    /// Defects that the second one found.
    pub by_second: u32,
    /// Defects that both found.
    pub by_both: u32,
    /// Defects that any of the two found.
    pub found: u32,
    /// How many there are, found or not.
    pub estimate: Option<f64>,
    /// How many are not found: the estimate less those found.
    pub latent: Option<f64>,
    /// The standard error of both.
    pub standard_error: Option<f64>,
    /// The lower end of the 95 % interval of the estimate by the normal distribution; not less than those found.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
    /// Why there is no estimate: `no_data` where one of the two found nothing, `no_overlap` where none was found by both.
    pub reason: Option<String>,
}

/// The 97.5th percentile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The estimate from what the attribute `found_by` of some defects says: finders, separated by commas.
pub(super) fn latent(stream: &ValueStream, cases: &[&Case], first: &str, second: &str) -> LatentDefects {
    let (mut by_first, mut by_second, mut by_both) = (0u32, 0u32, 0u32);
    for case in cases {
        let text = attribute(stream, case.item, "found_by").map_or("", |(text, _)| text);
        let found_by = |who: &str| text.split(',').any(|one| one.trim() == who);
        let (one, other) = (found_by(first), found_by(second));
        by_first += u32::from(one);
        by_second += u32::from(other);
        by_both += u32::from(one && other);
    }
    let found = by_first.saturating_add(by_second).saturating_sub(by_both);
    let reason = if by_first == 0 || by_second == 0 {
        Some("no_data")
    } else if by_both == 0 {
        Some("no_overlap")
    } else {
        None
    };
    let [a, b, m] = [by_first, by_second, by_both].map(f64::from);
    let estimate = (a + 1.0) * (b + 1.0) / (m + 1.0) - 1.0;
    let variance = (a + 1.0) * (b + 1.0) * (a - m) * (b - m) / ((m + 1.0) * (m + 1.0) * (m + 2.0));
    let error = variance.max(0.0).sqrt();
    let known = |figure: f64| finite(figure).filter(|_| reason.is_none());
    LatentDefects {
        finders: vec![first.to_owned(), second.to_owned()],
        by_first,
        by_second,
        by_both,
        found,
        estimate: known(estimate),
        latent: known((estimate - f64::from(found)).max(0.0)),
        standard_error: known(error),
        lower: known((estimate - Z * error).max(f64::from(found))),
        upper: known(estimate + Z * error),
        reason: reason.map(Into::into),
    }
}
