//! In which layer of a network each box stands.

use super::selection::Arrow;

/// The layer of each box: behind the last of those it has arrows from, and near those it has more arrows to. Arrows of a
/// cycle that lead back are left out of account.
pub(super) fn ranks(count: usize, arrows: &[Arrow]) -> Vec<usize> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut waits: Vec<usize> = vec![0; count];
    for arrow in arrows {
        if let (Some(next), Some(waits)) = (next.get_mut(arrow.from), waits.get_mut(arrow.to)) {
            next.push(arrow.to);
            *waits += 1;
        }
    }
    let incoming = waits.clone();
    // What waits for nothing comes first, then the first of what waits, where a record goes around in a circle.
    let mut open: Vec<usize> = (0..count).rev().filter(|number| get(&waits, *number) == 0).collect();
    let mut rank: Vec<Option<usize>> = vec![None; count];
    let mut order = Vec::with_capacity(count);
    let mut rest = 0..count;
    while let Some(number) = open.pop().or_else(|| rest.find(|number| get(&rank, *number).is_none())) {
        if get(&rank, number).is_some() {
            continue;
        }
        set(&mut rank, number, Some(order.len()));
        order.push(number);
        for to in next.get(number).into_iter().flatten() {
            if let Some(waits) = waits.get_mut(*to) {
                *waits = waits.saturating_sub(1);
                if *waits == 0 {
                    open.push(*to);
                }
            }
        }
    }
    let rank = &rank;
    let ahead = |number: usize| {
        let own = get(rank, number);
        next.get(number).into_iter().flatten().copied().filter(move |to| get(rank, *to) > own)
    };
    let mut layer = vec![0usize; count];
    for number in &order {
        let least = get(&layer, *number) + 1;
        for to in ahead(*number) {
            let there = get(&layer, to);
            set(&mut layer, to, there.max(least));
        }
    }
    for number in order.iter().rev() {
        let out = ahead(*number).count();
        if out > get(&incoming, *number)
            && let Some(nearest) = ahead(*number).map(|to| get(&layer, to)).min()
        {
            set(&mut layer, *number, nearest.saturating_sub(1));
        }
    }
    layer
}

/// A place of a list; there is always one, but no proof of it.
pub(super) fn get<T: Copy + Default>(list: &[T], place: usize) -> T {
    list.get(place).copied().unwrap_or_default()
}

pub(super) fn set<T>(list: &mut [T], place: usize, value: T) {
    if let Some(slot) = list.get_mut(place) {
        *slot = value;
    }
}
