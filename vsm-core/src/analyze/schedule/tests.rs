//! Tests of the parts that no answer shows by itself.

use super::order::{Arcs, sorted};
use super::peaks::Peaks;

fn order_of(nodes: usize, needs: &[(u32, u32)]) -> Result<Vec<u32>, Vec<u32>> {
    let after = Arcs::new(nodes, needs.iter().copied());
    let before = Arcs::new(nodes, needs.iter().map(|(from, to)| (*to, *from)));
    sorted(nodes, &after, &before)
}

#[test]
fn everything_comes_after_what_it_needs() {
    let needs = [(3, 0), (0, 1), (3, 2), (2, 1), (4, 2), (4, 2)];
    let order = order_of(6, &needs).unwrap();
    let place = |node: u32| order.iter().position(|other| *other == node).unwrap();
    assert_eq!(order.len(), 6);
    assert!(needs.iter().all(|(from, to)| place(*from) < place(*to)), "{order:?}");
}

#[test]
fn a_cycle_is_told_and_nothing_else() {
    // 5 leads into the cycle, and 6 hangs on it.
    let path = order_of(7, &[(5, 1), (1, 2), (2, 3), (3, 1), (3, 6)]).unwrap_err();
    assert_eq!(path.first(), path.last());
    let mut on_it = path.get(1..).unwrap().to_vec();
    on_it.sort_unstable();
    assert_eq!(on_it, [1, 2, 3]);
    assert_eq!(order_of(1, &[(0, 0)]), Err(vec![0, 0]));
}

#[test]
fn the_highest_is_known_after_any_change() {
    let mut numbers: Vec<i64> = (0..5_000).map(|n| (n * 7_919) % 10_007).collect();
    let mut peaks = Peaks::new(&numbers);
    for n in 0..2_000u32 {
        let place = (n * 2_503) % 5_000;
        if let Some(slot) = numbers.get_mut(place as usize) {
            *slot = i64::from(n * 31 % 20_000) - 5_000;
        }
        peaks.renew(&numbers, [place].into_iter());
        assert_eq!(peaks.highest(), numbers.iter().copied().max());
    }
    assert_eq!(Peaks::new(&[]).highest(), None);
}
