//! The graph: the only module that names petgraph.
//!
//! Nodes are items and edges are links, both by their own numbers, so that nothing has to be translated. The links
//! that say what needs what are kept free of cycles: an order of the nodes is maintained incrementally (Pearce and
//! Kelly, "A dynamic topological sort algorithm for directed acyclic graphs", 2006), so that most links cost nothing
//! to check and a cycle is found with its path before it exists.

pub(crate) use petgraph::Direction;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::hash::HashMap;
use crate::model::LinkKind;

#[derive(Clone, Copy, Debug)]
struct Edge {
    kind: LinkKind,
    active: bool,
    /// Whether no event has said more of the link than its kind.
    plain: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    graph: DiGraph<(), Edge, u32>,
    /// Every active need goes from a lower rank to a higher one; ranks are unique, not dense.
    rank: Vec<i64>,
    /// The lowest and the highest rank that is free.
    before_all: i64,
    after_all: i64,
}

type Found = HashMap<u32, u32>;

impl LinkKind {
    /// Whether the link says that one of its ends needs the other.
    pub(crate) const fn is_need(self) -> bool {
        matches!(self, LinkKind::Parent | LinkKind::ShipsIn | LinkKind::Gates | LinkKind::DependsOn)
    }

    /// (what is needed, what needs it) of a link's (from, to).
    pub(crate) const fn orient(self, from: u32, to: u32) -> (u32, u32) {
        if matches!(self, LinkKind::DependsOn) { (to, from) } else { (from, to) }
    }
}

impl Graph {
    pub(crate) fn add_item(&mut self) {
        self.graph.add_node(());
        self.after_all += 1;
        self.rank.push(self.after_all);
    }

    /// Adds a link that does not hold yet. Whatever the link's own direction, a need is drawn from what is needed to
    /// what needs it, so that walking the needs never meets the many links that lead the other way.
    pub(crate) fn add_link(&mut self, from: u32, to: u32, kind: LinkKind) {
        let (from, to) = kind.orient(from, to);
        self.graph.add_edge(
            NodeIndex::new(from as usize),
            NodeIndex::new(to as usize),
            Edge { kind, active: false, plain: true },
        );
    }

    /// Whether no event has said more of a link than its kind.
    pub(crate) fn is_plain(&self, link: u32) -> bool {
        self.graph.edge_weight(EdgeIndex::new(link as usize)).is_none_or(|edge| edge.plain)
    }

    /// Remembers that an event says more of a link than its kind.
    pub(crate) fn mark_detailed(&mut self, link: u32) {
        if let Some(edge) = self.graph.edge_weight_mut(EdgeIndex::new(link as usize)) {
            edge.plain = false;
        }
    }

    pub(crate) fn is_active(&self, link: u32) -> bool {
        self.graph.edge_weight(EdgeIndex::new(link as usize)).is_some_and(|edge| edge.active)
    }

    pub(crate) fn deactivate(&mut self, link: u32) {
        if let Some(edge) = self.graph.edge_weight_mut(EdgeIndex::new(link as usize)) {
            edge.active = false;
        }
    }

    /// Lets a link hold.
    ///
    /// # Errors
    /// The cycle that it would close, as items each of which needs the next, the first repeated at the end. The
    /// link then stays inactive.
    pub(crate) fn activate(&mut self, link: u32) -> Result<(), Vec<u32>> {
        let index = EdgeIndex::new(link as usize);
        let (Some(edge), Some((from, to))) =
            (self.graph.edge_weight(index).copied(), self.graph.edge_endpoints(index))
        else {
            return Ok(());
        };
        if edge.kind.is_need() && !edge.active {
            self.keep_order(from.index() as u32, to.index() as u32)?;
        }
        if let Some(edge) = self.graph.edge_weight_mut(index) {
            edge.active = true;
        }
        Ok(())
    }

    /// Takes back the items and links that were added last.
    pub(crate) fn truncate(&mut self, items: usize, links: usize) {
        while self.graph.edge_count() > links {
            self.graph.remove_edge(EdgeIndex::new(self.graph.edge_count() - 1));
        }
        while self.graph.node_count() > items {
            self.graph.remove_node(NodeIndex::new(self.graph.node_count() - 1));
        }
        self.rank.truncate(items);
    }

    /// All links that start from an item or lead to it: (link, kind, other item, whether it holds).
    pub(crate) fn touching(
        &self,
        item: u32,
        direction: Direction,
    ) -> impl Iterator<Item = (u32, LinkKind, u32, bool)> {
        let drawn_along = self.drawn(item, direction).filter(|link| link.1 != LinkKind::DependsOn);
        let drawn_against =
            self.drawn(item, direction.opposite()).filter(|link| link.1 == LinkKind::DependsOn);
        drawn_along.chain(drawn_against)
    }

    /// The links of one kind among them: one look at those that are drawn the way that this kind is, however many others
    /// lead to the item.
    pub(crate) fn of_kind(
        &self,
        item: u32,
        kind: LinkKind,
        direction: Direction,
    ) -> impl Iterator<Item = (u32, u32, bool)> {
        let drawn = if kind == LinkKind::DependsOn { direction.opposite() } else { direction };
        self.drawn(item, drawn)
            .filter(move |link| link.1 == kind)
            .map(|(link, _, other, active)| (link, other, active))
    }

    /// The parent links of an item to others, whether they hold or not.
    pub(crate) fn parents(&self, item: u32) -> impl Iterator<Item = u32> {
        self.drawn(item, Direction::Outgoing)
            .filter(move |(_, kind, other, _)| *kind == LinkKind::Parent && *other != item)
            .map(|link| link.0)
    }

    fn drawn(&self, item: u32, direction: Direction) -> impl Iterator<Item = (u32, LinkKind, u32, bool)> {
        self.graph.edges_directed(NodeIndex::new(item as usize), direction).map(move |edge| {
            let other = match direction {
                Direction::Outgoing => edge.target(),
                Direction::Incoming => edge.source(),
            };
            (edge.id().index() as u32, edge.weight().kind, other.index() as u32, edge.weight().active)
        })
    }

    /// The items that need an item directly, or that it needs.
    pub(crate) fn needs(&self, item: u32, ahead: bool) -> impl Iterator<Item = u32> {
        let direction = if ahead { Direction::Outgoing } else { Direction::Incoming };
        self.drawn(item, direction)
            .filter(|(_, kind, _, active)| *active && kind.is_need())
            .map(|(_, _, other, _)| other)
    }

    /// The links from an item, dependencies left out, whether they hold or not: (link, kind, other item).
    pub(crate) fn starting(&self, item: u32) -> impl Iterator<Item = (u32, LinkKind, u32)> {
        self.drawn(item, Direction::Outgoing)
            .filter(|(_, kind, ..)| *kind != LinkKind::DependsOn)
            .map(|(link, kind, other, _)| (link, kind, other))
    }

    /// The links by which others need an item, those that hold.
    pub(crate) fn needing(&self, item: u32) -> impl Iterator<Item = u32> {
        self.drawn(item, Direction::Outgoing)
            .filter(|(_, kind, _, active)| *active && kind.is_need())
            .map(|link| link.0)
    }

    /// Reads what adding a link to or from an item reads first, and gives something that depends on it.
    pub(crate) fn touch(&self, item: u32) -> usize {
        let first = self.graph.first_edge(NodeIndex::new(item as usize), Direction::Outgoing);
        self.rank_of(item) as usize ^ first.map_or(0, EdgeIndex::index)
    }

    /// The place of an item in the order that is kept: everything it needs has a lower one.
    pub(crate) fn rank_of(&self, item: u32) -> i64 {
        self.rank.get(item as usize).copied().unwrap_or(0)
    }

    fn keep_order(&mut self, needed: u32, needing: u32) -> Result<(), Vec<u32>> {
        let (low, high) = (self.rank_of(needing), self.rank_of(needed));
        if high < low {
            return Ok(());
        }
        if needed == needing {
            return Err(vec![needed, needed]);
        }
        // What nothing needs yet, say a release that gets its scope, may come after everything; what needs nothing
        // yet, say a part that is told after its whole, before everything.
        let (end, rank) = if self.needs(needing, true).next().is_none() {
            self.after_all += 1;
            (needing, self.after_all)
        } else if self.needs(needed, false).next().is_none() {
            self.before_all -= 1;
            (needed, self.before_all)
        } else {
            return self.reorder(needed, needing, low, high);
        };
        if let Some(slot) = self.rank.get_mut(end as usize) {
            *slot = rank;
        }
        Ok(())
    }

    /// Finds new ranks for what is concerned, or the cycle.
    fn reorder(&mut self, needed: u32, needing: u32, low: i64, high: i64) -> Result<(), Vec<u32>> {
        let ahead = self.search(needing, true, |_, other| self.rank_of(other) <= high);
        if ahead.contains_key(&needed) {
            let mut path = vec![needing, needed];
            let mut at = needed;
            while at != needing
                && let Some(previous) = ahead.get(&at)
            {
                path.push(*previous);
                at = *previous;
            }
            return Err(path);
        }
        let behind = self.search(needed, false, |_, other| self.rank_of(other) >= low);
        // What is behind has to come before what is ahead; the ranks that both hold are dealt out anew.
        let mut nodes: Vec<u32> = Vec::with_capacity(behind.len() + ahead.len());
        for found in [behind, ahead] {
            let start = nodes.len();
            nodes.extend(found.into_keys());
            if let Some(part) = nodes.get_mut(start..) {
                part.sort_unstable_by_key(|node| self.rank_of(*node));
            }
        }
        let mut ranks: Vec<i64> = nodes.iter().map(|node| self.rank_of(*node)).collect();
        ranks.sort_unstable();
        for (node, rank) in nodes.into_iter().zip(ranks) {
            if let Some(slot) = self.rank.get_mut(node as usize) {
                *slot = rank;
            }
        }
        Ok(())
    }

    /// The cycle that there would be if some items were one: a way from one of them to another over what is none of
    /// them, as items each of which needs the next.
    pub(crate) fn cycle_through(&self, whole: &[u32]) -> Option<Vec<u32>> {
        let needing = |ahead| whole.iter().filter(move |item| self.needs(**item, ahead).next().is_some());
        let (starts, ends): (Vec<&u32>, Vec<&u32>) = (needing(true).collect(), needing(false).collect());
        let last = ends.iter().map(|item| self.rank_of(**item)).max()?;
        // Most names are new, or only ever meant something that nothing needs: then nobody has to search.
        for start in starts.into_iter().filter(|start| ends.iter().any(|end| end != start)) {
            let found = self.search(*start, true, |node, other| {
                let is_within = whole.contains(&node) && whole.contains(&other);
                !is_within && self.rank_of(other) <= last
            });
            let Some(end) = ends.iter().find(|end| **end != start && found.contains_key(**end)) else {
                continue;
            };
            let previous = |at: &u32| found.get(at).copied().filter(|before| before != at);
            return Some(std::iter::successors(Some(**end), previous).collect());
        }
        None
    }

    /// Everything that can be reached, each with the node it was reached from; `goes` says from which node to which other.
    fn search(&self, start: u32, ahead: bool, goes: impl Fn(u32, u32) -> bool) -> Found {
        let mut found = Found::default();
        found.insert(start, start);
        let mut stack = vec![start];
        while let Some(node) = stack.pop() {
            for other in self.needs(node, ahead) {
                if goes(node, other) && !found.contains_key(&other) {
                    found.insert(other, node);
                    stack.push(other);
                }
            }
        }
        found
    }

    /// The needs that hold, laid out for passes over all of them; `holds` is given a link and whether it holds now.
    ///
    /// # Errors
    /// A cycle as items each of which needs the next, the first repeated at the end, which only a view of the past
    /// can have: links that never held together when they were applied may have overlapped at the time they speak of.
    pub(crate) fn freeze(&self, holds: impl Fn(u32, bool) -> bool) -> Result<Frozen, Vec<u32>> {
        // The order that is kept for the present is mostly that of arrival, in which neighbours lie together. It fits
        // nearly every view of the past too.
        let mut items: Vec<u32> = (0..self.graph.node_count() as u32).collect();
        items.sort_by_key(|item| self.rank_of(*item));
        let ranks = places(&items);
        let mut needs: Vec<Need> = Vec::with_capacity(self.graph.edge_count());
        let mut starts: Vec<u32> = Vec::with_capacity(items.len() + 1);
        starts.push(0);
        let mut fits = true;
        for (rank, item) in (0u32..).zip(&items) {
            let start = needs.len();
            for edge in self.graph.edges_directed(NodeIndex::new(*item as usize), Direction::Incoming) {
                let Edge { kind, active, plain } = *edge.weight();
                let link = edge.id().index() as u32;
                if kind.is_need() && holds(link, active) {
                    let needed = at(&ranks, edge.source().index() as u32);
                    fits &= needed < rank;
                    needs.push(Need { rank: needed, link, kind, is_plain: plain });
                }
            }
            // petgraph gives the last one first.
            if let Some(own) = needs.get_mut(start..) {
                own.reverse();
            }
            starts.push(needs.len() as u32);
        }
        let frozen = Frozen { items, ranks, starts, needs };
        if fits { Ok(frozen) } else { frozen.sorted() }
    }

    pub(crate) fn bytes(&self) -> usize {
        let (nodes, edges) = self.graph.capacity();
        // petgraph: a node is two edge numbers, an edge two edge numbers, two node numbers and the weight.
        nodes * 8 + edges * 20 + self.rank.capacity() * 8
    }
}

/// The needs of all items as compact adjacency in topological order: everything an item needs has a lower rank.
#[derive(Debug)]
pub(crate) struct Frozen {
    /// Item by rank.
    pub(crate) items: Vec<u32>,
    /// Rank by item.
    pub(crate) ranks: Vec<u32>,
    /// Where the needs of each rank begin in `needs`; one more at the end.
    starts: Vec<u32>,
    /// Grouped by the rank that needs.
    needs: Vec<Need>,
}

/// What one item needs of another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// The rank of what is needed.
    pub(crate) rank: u32,
    pub(crate) link: u32,
    pub(crate) kind: LinkKind,
    /// Whether the link says nothing beyond its kind, so that nobody has to look its details up.
    pub(crate) is_plain: bool,
}

impl Frozen {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn item(&self, rank: u32) -> u32 {
        self.items.get(rank as usize).copied().unwrap_or(0)
    }

    pub(crate) fn rank(&self, item: u32) -> u32 {
        self.ranks.get(item as usize).copied().unwrap_or(0)
    }

    /// What the item of a rank needs.
    pub(crate) fn needs(&self, rank: u32) -> &[Need] {
        let rank = rank as usize;
        match (self.starts.get(rank), self.starts.get(rank + 1)) {
            (Some(start), Some(end)) => self.needs.get(*start as usize..*end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// The same in topological order.
    ///
    /// # Errors
    /// A cycle, as items.
    fn sorted(self) -> Result<Frozen, Vec<u32>> {
        let order = self.order().map_err(|path| all_at(&self.items, &path))?;
        let moved = places(&order);
        let items = all_at(&self.items, &order);
        let (mut starts, mut needs) = (vec![0], Vec::with_capacity(self.needs.len()));
        for rank in order {
            needs.extend(self.needs(rank).iter().map(|need| Need { rank: at(&moved, need.rank), ..*need }));
            starts.push(needs.len() as u32);
        }
        Ok(Frozen { ranks: places(&items), items, starts, needs })
    }

    /// The ranks in topological order, or a cycle of them.
    fn order(&self) -> Result<Vec<u32>, Vec<u32>> {
        let count = self.len() as u32;
        let mut open: Vec<u32> = (0..count).map(|rank| self.needs(rank).len() as u32).collect();
        let mut needing: Vec<Vec<u32>> = vec![Vec::new(); self.len()];
        for rank in 0..count {
            for need in self.needs(rank) {
                needing.get_mut(need.rank as usize).into_iter().for_each(|row| row.push(rank));
            }
        }
        // A stack rather than a queue keeps neighbours together: passes over the result run three times faster.
        let mut stack: Vec<u32> = (0..count).rev().filter(|rank| at(&open, *rank) == 0).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(rank) = stack.pop() {
            order.push(rank);
            for next in needing.get(rank as usize).into_iter().flatten() {
                if let Some(left) = open.get_mut(*next as usize) {
                    *left -= 1;
                    if *left == 0 {
                        stack.push(*next);
                    }
                }
            }
        }
        if order.len() < self.len() { Err(self.cycle(&open)) } else { Ok(order) }
    }

    /// A cycle among the ranks that still wait for something: each of them waits for another of them, so following
    /// these comes back sooner or later.
    fn cycle(&self, open: &[u32]) -> Vec<u32> {
        let waits = |rank: &u32| at(open, *rank) > 0;
        let mut path: Vec<u32> = Vec::new();
        let mut seen: HashMap<u32, usize> = HashMap::default();
        let mut next = (0..self.len() as u32).find(waits);
        while let Some(rank) = next {
            path.push(rank);
            if let Some(start) = seen.insert(rank, path.len() - 1) {
                path.drain(..start);
                break;
            }
            next = self.needs(rank).iter().rev().map(|need| need.rank).find(waits);
        }
        path
    }
}

/// The number that stands at a place.
fn at(numbers: &[u32], place: u32) -> u32 {
    numbers.get(place as usize).copied().unwrap_or(0)
}

fn all_at(numbers: &[u32], places: &[u32]) -> Vec<u32> {
    places.iter().map(|place| at(numbers, *place)).collect()
}

/// The place of each number in a list of all numbers.
fn places(numbers: &[u32]) -> Vec<u32> {
    let mut places = vec![0u32; numbers.len()];
    for (place, number) in (0u32..).zip(numbers) {
        if let Some(slot) = places.get_mut(*number as usize) {
            *slot = place;
        }
    }
    places
}
