//! Ranks of values, those of equal ones in the middle.

/// The ranks of values, from 1, and how many values there are of each that is there more than once.
pub(super) struct Ranks {
    pub(super) ranks: Vec<f64>,
    pub(super) ties: Vec<u64>,
}

impl Ranks {
    pub(super) fn of(values: &[f64]) -> Ranks {
        let mut order: Vec<(f64, usize)> = values.iter().map(|value| value + 0.0).zip(0..).collect();
        order.sort_unstable_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
        let mut made = Ranks { ranks: vec![0.0; values.len()], ties: Vec::new() };
        let mut below = 0_u64;
        for equal in order.chunk_by(|(a, _), (b, _)| a == b) {
            let many = equal.len() as u64;
            let rank = below as f64 + (many + 1) as f64 / 2.0;
            for (_, place) in equal {
                if let Some(slot) = made.ranks.get_mut(*place) {
                    *slot = rank;
                }
            }
            if many > 1 {
                made.ties.push(many);
            }
            below += many;
        }
        made
    }

    /// The sum over groups of equal values.
    pub(super) fn over_ties(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.ties.iter().map(|many| of(*many as f64)).sum()
    }

    pub(super) fn all_equal(&self) -> bool {
        self.ties.first().is_some_and(|many| *many == self.ranks.len() as u64)
    }
}
