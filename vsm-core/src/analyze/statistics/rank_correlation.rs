//! Whether two figures rise and fall together.

use libm::{atanh, lgamma, tanh};
use serde::{Deserialize, Serialize};

use super::compare::PValueRule;
use super::distributions::{normal_two_sided, normal_upper, student_two_sided};
use super::exact::{FEW, SMALL, inversions_at_most, squares_at_most};
use super::ranks::Ranks;
use super::{Estimate, NoValue, basis, check, confidence, sum};
use crate::analyze::Basis;
use crate::error::{Error, Result};

/// A question for the correlation of two figures of the same things.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RankCorrelationQuery {
    /// One figure of each thing, such as its priority.
    pub first: Vec<f64>,
    /// The other figure of each, in the same order of things, such as when it was delivered.
    pub second: Vec<f64>,
    /// How sure the intervals are, between 0 and 1; absent = 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// The rank correlation of two figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankCorrelation {
    /// Spearman's rho: the correlation of the ranks, from -1 to 1.
    pub spearman: Estimate,
    /// How its p-value was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spearman_rule: Option<PValueRule>,
    /// Kendall's tau-b: pairs in the same order less those in opposite orders, over pairs without ties, from -1 to 1.
    pub kendall: Estimate,
    /// How its p-value was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kendall_rule: Option<PValueRule>,
    /// Pairs of things that both figures put in the same order.
    pub concordant: u64,
    /// Pairs of things that they put in opposite orders.
    pub discordant: u64,
    /// What the answer rests on.
    pub basis: Basis,
}

/// From how many things on intervals are given: below it the approximations promise more than they hold.
const INTERVALS: usize = 10;

/// How far two figures of the same things rise and fall together, by their order alone; equal values share their middle
/// rank.
///
/// A coefficient takes three things that are not all equal in one figure. P-values are two-sided. Without ties they are
/// exact, for Spearman's rho up to ten things and for Kendall's tau below fifty; else they are by Student's t for rho, and
/// for tau by the normal distribution with correction for ties (M. G. Kendall, "Rank Correlation Methods", 1970). Where
/// the orders agree or disagree entirely the p-value is the part of all orders that do. Intervals take ten things, by
/// Fisher's z with the standard errors of D. G. Bonett and T. A. Wright, Psychometrika 65 (2000), for rho and of E. C.
/// Fieller, H. O. Hartley and E. S. Pearson, Biometrika 44 (1957), for tau. Takes O(n log n).
///
/// # Errors
/// [`Error::Invalid`] for a value that is not a number, with its place; for figures of different length; for a confidence
/// out of range.
///
/// ```
/// use vsm_core::{RankCorrelationQuery, rank_correlation};
/// let first = vec![1.0, 2.0, 3.0, 4.0];
/// let second = vec![1.0, 3.0, 2.0, 4.0];
/// let answer = rank_correlation(&RankCorrelationQuery { first, second, confidence: None })?;
/// assert_eq!(answer.spearman.value, Some(0.8));
/// assert_eq!((answer.concordant, answer.discordant), (5, 1));
/// assert_eq!(answer.kendall.value, Some(4.0 / 6.0));
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn rank_correlation(query: &RankCorrelationQuery) -> Result<RankCorrelation> {
    check("first", &query.first)?;
    check("second", &query.second)?;
    let confidence = confidence(query.confidence)?;
    let n = query.first.len();
    if query.second.len() != n {
        let reason = format!("there are {} values for {n} in first", query.second.len());
        return Err(Error::invalid("second", reason));
    }
    let pair = Pair {
        first: Ranks::of(&query.first),
        second: Ranks::of(&query.second),
        z: normal_upper((1.0 - confidence) / 2.0),
    };
    let orders = pair.orders();
    let reason = match n {
        0 => Some(NoValue::NoData),
        1 | 2 => Some(NoValue::TooFew),
        _ => (pair.first.all_equal() || pair.second.all_equal()).then_some(NoValue::NoVariation),
    };
    let ((spearman, spearman_rule), (kendall, kendall_rule)) = match reason {
        Some(reason) => ((Estimate::none(reason), None), (Estimate::none(reason), None)),
        None => (some(pair.spearman()), some(pair.kendall(&orders))),
    };
    let tests = [("spearman", spearman_rule), ("kendall", kendall_rule)];
    let tests = tests.into_iter().filter_map(|(name, rule)| Some(format!("{name}:{}", rule?)));
    let rules = [format!("confidence:{confidence}"), "ties:middle_rank".into()];
    Ok(RankCorrelation {
        spearman,
        spearman_rule,
        kendall,
        kendall_rule,
        concordant: orders.concordant,
        discordant: orders.discordant,
        basis: basis(n, rules.into_iter().chain(tests)),
    })
}

fn some((estimate, rule): (Estimate, PValueRule)) -> (Estimate, Option<PValueRule>) {
    (estimate, Some(rule))
}

/// How many pairs of things are in which order.
struct Orders {
    concordant: u64,
    discordant: u64,
}

struct Pair {
    first: Ranks,
    second: Ranks,
    /// How many standard errors an interval reaches.
    z: f64,
}

impl Pair {
    fn n(&self) -> usize {
        self.first.ranks.len()
    }

    fn is_tied(&self) -> bool {
        !self.first.ties.is_empty() || !self.second.ties.is_empty()
    }

    fn both(&self) -> impl Iterator<Item = (f64, f64)> {
        self.first.ranks.iter().copied().zip(self.second.ranks.iter().copied())
    }

    fn spearman(&self) -> (Estimate, PValueRule) {
        let n = self.n();
        let size = n as f64;
        let middle = (size + 1.0) / 2.0;
        let product = |of: &dyn Fn((f64, f64)) -> f64| sum(self.both().map(of));
        let together = product(&|(a, b)| (a - middle) * (b - middle));
        let own = product(&|(a, _)| (a - middle) * (a - middle));
        let other = product(&|(_, b)| (b - middle) * (b - middle));
        let rho = (together / (own * other).sqrt()).clamp(-1.0, 1.0);
        if together * together >= own * other {
            return self.entire(rho.signum());
        }
        let (p_value, rule) = if n <= FEW && !self.is_tied() {
            // Away from the middle on both sides: the sums of squares lie evenly around theirs.
            let squares = product(&|(a, b)| (a - b) * (a - b)) as u64;
            let most = (n * (n * n).saturating_sub(1) / 3) as u64;
            (2.0 * squares_at_most(n, squares.min(most.saturating_sub(squares))), PValueRule::Exact)
        } else {
            let t = rho * ((size - 2.0) / ((1.0 - rho) * (1.0 + rho))).sqrt();
            (student_two_sided(t, size - 2.0), PValueRule::StudentT)
        };
        (self.estimate(rho, ((1.0 + rho * rho / 2.0) / (size - 3.0)).sqrt(), p_value), rule)
    }

    fn kendall(&self, orders: &Orders) -> (Estimate, PValueRule) {
        let n = self.n();
        let size = n as f64;
        let pairs = size * (size - 1.0) / 2.0;
        let tied = |ranks: &Ranks| ranks.over_ties(|many| many * (many - 1.0) / 2.0);
        let (first, second) = (tied(&self.first), tied(&self.second));
        let more = orders.concordant as f64 - orders.discordant as f64;
        let tau = (more / ((pairs - first) * (pairs - second)).sqrt()).clamp(-1.0, 1.0);
        if more * more >= (pairs - first) * (pairs - second) {
            return self.entire(tau.signum());
        }
        let (p_value, rule) = if n < SMALL && !self.is_tied() {
            let fewer = orders.concordant.min(orders.discordant) as usize;
            (2.0 * inversions_at_most(n, fewer), PValueRule::Exact)
        } else {
            (normal_two_sided(more / self.variance_of_order(first, second).sqrt()), PValueRule::Normal)
        };
        (self.estimate(tau, (0.437 / (size - 4.0)).sqrt(), p_value), rule)
    }

    /// The variance of the pairs in the same order less those in opposite orders, where there is no correlation.
    fn variance_of_order(&self, first: f64, second: f64) -> f64 {
        let size = self.n() as f64;
        let all = size * (size - 1.0);
        let wide = |ranks: &Ranks| ranks.over_ties(|many| many * (many - 1.0) * (2.0 * many + 5.0));
        let triples = |ranks: &Ranks| ranks.over_ties(|many| many * (many - 1.0) * (many - 2.0));
        (all * (2.0 * size + 5.0) - wide(&self.first) - wide(&self.second)) / 18.0
            + 2.0 * first * second / all
            + triples(&self.first) * triples(&self.second) / (9.0 * all * (size - 2.0))
    }

    /// Orders that agree or disagree entirely: so do as many of all orders as leave equal values in place, and as many
    /// the other way round.
    fn entire(&self, sign: f64) -> (Estimate, PValueRule) {
        let log_part = self.first.over_ties(|many| lgamma(many + 1.0)) - lgamma(self.n() as f64 + 1.0);
        let p_value = (2.0 * libm::exp(log_part)).min(1.0);
        let estimate = Estimate { p_value: Some(p_value), ..Estimate::bare(sign, NoValue::PerfectAgreement) };
        (estimate, PValueRule::Exact)
    }

    fn estimate(&self, value: f64, error: f64, p_value: f64) -> Estimate {
        let p_value = Some(p_value.min(1.0));
        if self.n() < INTERVALS {
            return Estimate { p_value, ..Estimate::bare(value, NoValue::TooFew) };
        }
        let (middle, reach) = (atanh(value), self.z * error);
        Estimate { p_value, ..Estimate::within(value, tanh(middle - reach), tanh(middle + reach)) }
    }

    fn orders(&self) -> Orders {
        // Ranks are halves at most: twice a rank is a place in the tree.
        let mut things: Vec<(u64, u64)> =
            self.both().map(|(a, b)| ((a * 2.0) as u64, (b * 2.0) as u64)).collect();
        things.sort_unstable();
        let mut tree = Counter::new(2 * things.len());
        let (mut concordant, mut discordant, mut before) = (0_u64, 0_u64, 0_u64);
        for together in things.chunk_by(|(a, _), (b, _)| a == b) {
            for (_, second) in together {
                let smaller = tree.at_most(second.saturating_sub(1));
                concordant += smaller;
                discordant += before - tree.at_most(*second);
            }
            for (_, second) in together {
                tree.add(*second);
            }
            before += together.len() as u64;
        }
        Orders { concordant, discordant }
    }
}

/// Counts numbers from 1 on, and how many are at most so large (P. M. Fenwick, 1994).
struct Counter {
    sums: Vec<u64>,
}

impl Counter {
    fn new(most: usize) -> Counter {
        Counter { sums: vec![0; most + 1] }
    }

    fn add(&mut self, number: u64) {
        let mut at = number as usize;
        while at > 0
            && let Some(sum) = self.sums.get_mut(at)
        {
            *sum += 1;
            at += at & at.wrapping_neg();
        }
    }

    fn at_most(&self, number: u64) -> u64 {
        let (mut at, mut count) = (number as usize, 0);
        while at > 0 {
            count += self.sums.get(at).copied().unwrap_or_default();
            at &= at - 1;
        }
        count
    }
}
