//! Needs that follow from a rule, beside those that are stated: which of them can hold together.

use super::order::{Arcs, sorted};

/// A need as (what needs, what it needs).
type Pair = (u32, u32);

/// Puts nodes, of which the stated needs go from later to earlier ones, in an order in which each also comes after what it
/// needs by rule; and gives the needs by rule that do not hold, because something would wait for itself by them.
///
/// Those are the ones both ends of which lie on circles, or on ways from one circle to another: which that are does not
/// depend on any order. O(n + m).
pub(in crate::analyze) fn untangled(
    nodes: usize,
    stated: &[Pair],
    by_rule: &[Pair],
) -> (Vec<u32>, Vec<Pair>) {
    let arcs = |pairs: &[&[Pair]]| {
        let all = || pairs.iter().flat_map(|pairs| pairs.iter().copied());
        let needs: Vec<Pair> = all().collect();
        let needed = Arcs::new(nodes, needs.iter().copied());
        let needing = Arcs::new(nodes, needs.iter().map(|(node, needed)| (*needed, *node)));
        (needed, needing)
    };
    let (needed, needing) = arcs(&[stated, by_rule]);
    if let Ok(order) = sorted(nodes, &needing, &needed) {
        return (order, Vec::new());
    }
    let (behind, ahead) = (left(nodes, &needed, &needing), left(nodes, &needing, &needed));
    let is_tangled = |node: u32| {
        let has = |set: &[bool]| set.get(node as usize).copied().unwrap_or(false);
        has(&behind) && has(&ahead)
    };
    let (out, kept): (Vec<Pair>, Vec<Pair>) =
        by_rule.iter().copied().partition(|(node, needed)| is_tangled(*node) && is_tangled(*needed));
    let (needed, needing) = arcs(&[stated, &kept]);
    match sorted(nodes, &needing, &needed) {
        Ok(order) => (order, out),
        // What is stated is in order as it is.
        Err(_) => ((0..nodes as u32).collect(), by_rule.to_vec()),
    }
}

/// Which nodes are left when those that need nothing are taken away again and again.
fn left(nodes: usize, needed: &Arcs, needing: &Arcs) -> Vec<bool> {
    let mut open: Vec<usize> = (0..nodes as u32).map(|node| needed.of(node).len()).collect();
    let mut stack: Vec<u32> = (0..nodes as u32).filter(|node| needed.of(*node).is_empty()).collect();
    while let Some(node) = stack.pop() {
        for next in needing.of(node) {
            let Some(count) = open.get_mut(*next as usize) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                stack.push(*next);
            }
        }
    }
    open.into_iter().map(|count| count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::untangled;

    #[test]
    fn what_would_wait_for_itself_is_left_out_and_nothing_else() {
        // 2 needs 1 needs 0; by rule 0 needs 2, which closes a circle, and 4 needs 2 and 3 needs 4, which don't.
        let (order, out) = untangled(5, &[(1, 0), (2, 1)], &[(0, 2), (4, 2), (3, 4)]);
        assert_eq!(out, [(0, 2)]);
        let place = |node: u32| order.iter().position(|other| *other == node);
        for (node, needed) in [(1, 0), (2, 1), (4, 2), (3, 4)] {
            assert!(place(needed) < place(node), "{order:?}");
        }
        assert_eq!(order.len(), 5);
    }

    #[test]
    fn rules_that_contradict_one_another_are_left_out_together() {
        let (order, out) = untangled(3, &[], &[(0, 1), (1, 0), (2, 0)]);
        assert_eq!(out, [(0, 1), (1, 0)]);
        assert_eq!(order.len(), 3);
    }
}
