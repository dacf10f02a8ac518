//! How test figures are distributed where there is nothing to be found, counted out for small samples without ties.

/// Samples below this size are counted out, as R does.
pub(super) const SMALL: usize = 50;

/// How many of all orders of two samples give each number of pairs in which the second is larger: H. B. Mann, D. R.
/// Whitney (1947), by the coefficients of a Gaussian binomial, none of which is beyond 10²⁹ for samples below [`SMALL`].
pub(super) struct PairCounts {
    /// By number of pairs, from 0 on.
    counts: Vec<i128>,
}

impl PairCounts {
    /// Of two samples below [`SMALL`].
    pub(super) fn new(first: usize, second: usize) -> PairCounts {
        let size = first * second + 1;
        let mut counts = vec![0_i128; size];
        if let Some(one) = counts.first_mut() {
            *one = 1;
        }
        for step in 1..=second {
            // Times 1 − q^(first + step), then over 1 − q^step.
            for place in (first + step..size).rev() {
                let before = counts.get(place - first - step).copied().unwrap_or_default();
                if let Some(slot) = counts.get_mut(place) {
                    *slot -= before;
                }
            }
            for place in step..size {
                let before = counts.get(place - step).copied().unwrap_or_default();
                if let Some(slot) = counts.get_mut(place) {
                    *slot += before;
                }
            }
        }
        PairCounts { counts }
    }

    /// How likely it is to have at most so many such pairs.
    pub(super) fn at_most(&self, pairs: usize) -> f64 {
        let all: i128 = self.counts.iter().sum();
        let few: i128 = self.counts.iter().take(pairs + 1).sum();
        few as f64 / all as f64
    }

    /// The smallest number of pairs of which so few or fewer are at least this likely.
    pub(super) fn quantile(&self, probability: f64) -> usize {
        let all: i128 = self.counts.iter().sum();
        let mut few = 0_i128;
        let reaches = |count: &i128| {
            few += count;
            few as f64 / all as f64 >= probability
        };
        self.counts.iter().position(reaches).unwrap_or(self.counts.len())
    }
}

/// How likely it is that a random order of `n` values has at most so many pairs the wrong way round (M. G. Kendall, 1938).
pub(super) fn inversions_at_most(n: usize, pairs: usize) -> f64 {
    let mut chances = vec![1.0_f64];
    for size in 2..=n {
        // The value that is added stands before 0, 1, … or size − 1 of the others.
        let mut next = vec![0.0; chances.len() + size - 1];
        for (place, chance) in chances.iter().enumerate() {
            for slot in next.iter_mut().skip(place).take(size) {
                *slot += chance / size as f64;
            }
        }
        chances = next;
    }
    chances.iter().take(pairs + 1).sum::<f64>().min(1.0)
}

/// Up to this many values all orders are gone through for Spearman's coefficient.
pub(super) const FEW: usize = 10;

/// How likely it is that the squared differences between the ranks of `n` ≤ [`FEW`] values and those of a random order of
/// them add up to at most `limit`: set by set of the ranks that are taken, and not order by order.
pub(super) fn squares_at_most(n: usize, limit: u64) -> f64 {
    let most = (n * (n * n).saturating_sub(1)) / 3;
    let mut counts = vec![Vec::<u64>::new(); 1 << n];
    if let Some(none) = counts.first_mut() {
        none.push(1);
    }
    for taken in 0..counts.len() {
        let own = std::mem::take(counts.get_mut(taken).unwrap_or(&mut Vec::new()));
        let place = taken.count_ones() as usize;
        for rank in (0..n).filter(|rank| taken & (1 << rank) == 0) {
            let square = place.abs_diff(rank).pow(2);
            let Some(next) = counts.get_mut(taken | (1 << rank)) else { continue };
            next.resize(most + 1, 0);
            for (slot, count) in next.iter_mut().skip(square).zip(&own) {
                *slot += count;
            }
        }
        if place == n {
            let all: u64 = own.iter().sum();
            let few: u64 =
                own.iter().zip(0_u64..).filter(|(_, sum)| *sum <= limit).map(|(count, _)| count).sum();
            return few as f64 / all as f64;
        }
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_out() {
        // Two of two: of the six orders one each has 0, 1, 3 and 4 such pairs, and two have 2.
        let counts = PairCounts::new(2, 2);
        assert_eq!(counts.counts, [1, 1, 2, 1, 1]);
        assert_eq!((counts.quantile(0.3), counts.quantile(0.34), counts.quantile(1.0)), (1, 2, 4));
        let large = PairCounts::new(SMALL - 1, SMALL - 1);
        assert_eq!(large.at_most(49 * 49), 1.0);
        assert!(large.counts.iter().all(|count| *count > 0));
    }

    #[test]
    fn orders_are_counted_out() {
        // Of the six orders of three values 1, 2, 2, 1 have 0, 1, 2, 3 pairs the wrong way round.
        let chances: Vec<f64> = (0..4).map(|pairs| inversions_at_most(3, pairs)).collect();
        assert!(chances.iter().zip([1.0, 3.0, 5.0, 6.0]).all(|(p, of_six)| (p - of_six / 6.0).abs() < 1e-15));
        // Their squared differences are 0, 2, 2, 6, 6, 8.
        let chances: Vec<f64> = [0, 2, 6, 8].map(|limit| squares_at_most(3, limit)).into();
        assert_eq!(chances, [1.0 / 6.0, 0.5, 5.0 / 6.0, 1.0]);
    }
}
