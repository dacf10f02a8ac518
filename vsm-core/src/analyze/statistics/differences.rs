//! The differences between each value of one sample and each of another, without writing them down.

/// Two ascending samples, neither of them empty.
pub(super) struct Differences<'a> {
    pub(super) first: &'a [f64],
    pub(super) second: &'a [f64],
}

impl Differences<'_> {
    /// How many there are.
    pub(super) fn count(&self) -> u128 {
        self.first.len() as u128 * self.second.len() as u128
    }

    /// How many values of `other` are smaller than each of `values`, and how many are equal.
    pub(super) fn standing<'v>(
        values: &'v [f64],
        other: &'v [f64],
    ) -> impl Iterator<Item = (usize, usize)> + 'v {
        let (mut smaller, mut not_larger) = (0, 0);
        values.iter().map(move |value| {
            while other.get(smaller).is_some_and(|other| other < value) {
                smaller += 1;
            }
            while other.get(not_larger).is_some_and(|other| other <= value) {
                not_larger += 1;
            }
            (smaller, not_larger - smaller)
        })
    }

    /// The k-th smallest difference, second less first, counted from 1. A search over all doubles between the least and the
    /// largest takes 64 steps at most, each O(n + m).
    pub(super) fn kth(&self, k: u128) -> Option<f64> {
        let mut low = key(self.second.first()? - self.first.last()?);
        let mut high = key(self.second.last()? - self.first.first()?);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at_most(number(middle)) >= k { high = middle } else { low = middle + 1 }
        }
        Some(number(low) + 0.0)
    }

    /// How many differences are not larger than this. Rounding keeps their order, so it can't mislead the count.
    fn at_most(&self, limit: f64) -> u128 {
        let (mut count, mut start) = (0_u128, 0);
        for value in self.second {
            while self.first.get(start).is_some_and(|first| value - first > limit) {
                start += 1;
            }
            count += (self.first.len() - start) as u128;
        }
        count
    }

    /// The median of the differences: the estimate of J. L. Hodges and E. L. Lehmann, Annals of Math. Statistics 34 (1963).
    pub(super) fn median(&self) -> Option<f64> {
        let middle = self.count() / 2;
        let upper = self.kth(middle + 1)?;
        if self.count() % 2 == 1 {
            return Some(upper);
        }
        let lower = self.kth(middle)?;
        Some(lower + (upper - lower) / 2.0)
    }
}

const SIGN: u64 = 1 << 63;

/// A number whose order among unsigned integers is that of the double.
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn number(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_kth_difference_is_that_of_the_whole_list(
            mut first in proptest::collection::vec(-20_i32..20, 1..15),
            mut second in proptest::collection::vec(-20_i32..20, 1..15),
        ) {
            first.sort_unstable();
            second.sort_unstable();
            let own = |values: &[i32]| values.iter().map(|value| f64::from(*value) / 7.0).collect::<Vec<_>>();
            let (first, second) = (own(&first), own(&second));
            let mut all: Vec<f64> = first.iter().flat_map(|a| second.iter().map(move |b| b - a + 0.0)).collect();
            all.sort_by(f64::total_cmp);
            let differences = Differences { first: &first, second: &second };
            for (value, k) in all.iter().zip(1..) {
                prop_assert_eq!(differences.kth(k), Some(*value));
            }
        }
    }
}
