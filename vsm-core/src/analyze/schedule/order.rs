//! An order in which every activity comes after what it needs.

/// What each of some nodes needs, or what needs it, grouped by node.
#[derive(Debug)]
pub(super) struct Arcs {
    starts: Vec<u32>,
    arcs: Vec<u32>,
}

impl Arcs {
    /// Groups arcs, given as (the end that they are grouped by, the other end), by the first; in the order given.
    pub(super) fn new(nodes: usize, arcs: impl Iterator<Item = (u32, u32)> + Clone) -> Arcs {
        let mut starts = vec![0u32; nodes + 1];
        for (of, _) in arcs.clone() {
            if let Some(count) = starts.get_mut(of as usize + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut next = starts.clone();
        let mut grouped = vec![0u32; total as usize];
        for (of, other) in arcs {
            let Some(place) = next.get_mut(of as usize) else { continue };
            if let Some(slot) = grouped.get_mut(*place as usize) {
                *slot = other;
            }
            *place += 1;
        }
        Arcs { starts, arcs: grouped }
    }

    pub(super) fn of(&self, node: u32) -> &[u32] {
        let start = self.starts.get(node as usize).copied().unwrap_or(0);
        let end = self.starts.get(node as usize + 1).copied().unwrap_or(start);
        self.arcs.get(start as usize..end as usize).unwrap_or(&[])
    }
}

/// The nodes in an order in which each comes after all that it needs; `after` says what needs each, `before` what it
/// needs.
///
/// What has just become possible comes next: neighbours lie together then, and a pass over them reads what it has read
/// just before. O(n + m).
///
/// # Errors
/// A cycle, as nodes each of which needs the next, the first repeated at the end.
pub(super) fn sorted(nodes: usize, after: &Arcs, before: &Arcs) -> Result<Vec<u32>, Vec<u32>> {
    let mut missing: Vec<u32> = (0..nodes as u32).map(|node| before.of(node).len() as u32).collect();
    let free = |missing: &[u32], node: u32| missing.get(node as usize) == Some(&0);
    let mut order = Vec::with_capacity(nodes);
    let mut stack = Vec::new();
    for first in (0..nodes as u32).filter(|node| before.of(*node).is_empty()) {
        stack.push(first);
        while let Some(node) = stack.pop() {
            order.push(node);
            for next in after.of(node).iter().rev() {
                if let Some(count) = missing.get_mut(*next as usize) {
                    *count = count.saturating_sub(1);
                }
                if free(&missing, *next) {
                    stack.push(*next);
                }
            }
        }
    }
    if order.len() == nodes { Ok(order) } else { Err(cycle(before, &missing)) }
}

/// A cycle among the nodes that still miss something: whoever goes from one to what it misses comes back in the end.
fn cycle(before: &Arcs, missing: &[u32]) -> Vec<u32> {
    let is_left = |node: &u32| missing.get(*node as usize).is_some_and(|count| *count > 0);
    let Some(mut at) = (0..missing.len() as u32).find(is_left) else { return Vec::new() };
    let mut place = vec![0u32; missing.len()];
    let mut path: Vec<u32> = Vec::new();
    loop {
        if let Some(start) = place.get(at as usize).and_then(|place| (*place as usize).checked_sub(1)) {
            path.drain(..start);
            path.push(at);
            return path;
        }
        path.push(at);
        if let Some(slot) = place.get_mut(at as usize) {
            *slot = path.len() as u32;
        }
        match before.of(at).iter().copied().find(|node| is_left(node)) {
            Some(next) => at = next,
            None => return path,
        }
    }
}
