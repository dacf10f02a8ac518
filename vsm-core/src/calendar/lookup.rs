//! Where a number stands among many that ascend, found without halving all of them.

/// Numbers that ascend, cut into parts of one width, so that a search looks at the few of one part.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookup {
    first: i64,
    /// The width of a part, as a power of two.
    bits: u32,
    /// How many numbers lie before each part.
    before: Vec<u32>,
}

impl Lookup {
    /// Of so many numbers at places from 0; about two parts for each of them.
    pub(super) fn new(count: usize, number: impl Fn(usize) -> i64) -> Lookup {
        let Some(last) = count.checked_sub(1) else { return Lookup::default() };
        let first = number(0);
        let width = number(last).abs_diff(first) / (2 * count as u64) + 1;
        let bits = width.next_power_of_two().trailing_zeros();
        let mut lookup = Lookup { first, bits, before: Vec::with_capacity(2 * count + 2) };
        for place in 0..count {
            let part = lookup.part(number(place));
            lookup.before.resize(lookup.before.len().max(part + 1), place as u32);
        }
        lookup.before.push(count as u32);
        lookup
    }

    fn part(&self, number: i64) -> usize {
        usize::try_from(number.abs_diff(self.first) >> self.bits).unwrap_or(usize::MAX)
    }

    /// How many of the numbers are `limit` or less.
    pub(super) fn up_to(&self, limit: i64, number: impl Fn(usize) -> i64) -> usize {
        if limit < self.first {
            return 0;
        }
        let part = self.part(limit);
        let bounds = (self.before.get(part), self.before.get(part.saturating_add(1)));
        let (Some(from), Some(to)) = bounds else {
            return self.before.last().copied().unwrap_or_default() as usize;
        };
        let (mut from, mut to) = (*from as usize, *to as usize);
        while from < to {
            let middle = from.midpoint(to);
            if number(middle) <= limit {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }
}

#[cfg(test)]
mod tests {
    use super::Lookup;

    #[test]
    fn as_many_as_a_search_finds() {
        let sparse: Vec<i64> = (0..500).map(|n: i64| n * n * n % 7_919 * 1_000_003).collect();
        let crowded: Vec<i64> = (0..500).map(|n| n / 100 * 1_000_000_000 + n % 100).collect();
        for mut numbers in [sparse, crowded, vec![i64::MIN, -1, i64::MAX], vec![5], vec![5, 5], Vec::new()] {
            numbers.sort_unstable();
            let lookup = Lookup::new(numbers.len(), |place| numbers[place]);
            let near = |n: &i64| [n.saturating_sub(1), *n, n.saturating_add(1)];
            for limit in numbers.iter().flat_map(near).chain([i64::MIN, 0, i64::MAX]) {
                let count = numbers.partition_point(|n| *n <= limit);
                assert_eq!(lookup.up_to(limit, |place| numbers[place]), count, "{limit} in {numbers:?}");
            }
        }
    }
}
