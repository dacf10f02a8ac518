//! Places for the boxes of a network: in layers from left to right, with few crossings and short arrows.
//!
//! Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual Understanding of Hierarchical System Structures", IEEE
//! Transactions on Systems, Man, and Cybernetics 11 (1981): a layer for each box by the longest way to it, points where long
//! arrows pass through a layer, and orders by barycentres. Heights are the nearest to the mean of the neighbours that the order
//! allows (isotonic regression by pooling adjacent violators).

use super::ranks::{get, ranks, set};
use super::selection::Arrow;

/// What is to be laid out: boxes, numbered from 0, and arrows between them.
pub(super) struct Layout {
    /// For each box its layer and the height of its middle; none for a box without arrows.
    pub(super) boxes: Vec<Option<(usize, f64)>>,
    /// For each arrow the heights at which it passes the layers between its ends, from left to right.
    pub(super) passes: Vec<Vec<f64>>,
    pub(super) layers: usize,
    pub(super) height: f64,
}

/// A box, or a point where an arrow passes.
#[derive(Clone, Copy, Default)]
struct Cell {
    layer: usize,
    half: f64,
    y: f64,
    /// Its place within its layer.
    place: usize,
    /// Where the search from the roots came to it: the order before any improvement.
    found: usize,
}

/// From a cell of one layer to one of the next.
#[derive(Clone, Copy)]
struct Tie {
    left: usize,
    right: usize,
    /// Critical chains are kept straight.
    weight: f64,
}

/// The most points where arrows pass; beyond them long arrows go straight through whatever lies between.
const POINTS: usize = 20_000;
const SWEEPS: usize = 8;
const STRAIGHT: f64 = 8.0;

impl Layout {
    /// Lays out `count` boxes of a height, or rather half of it with the space around them.
    pub(super) fn new(count: usize, arrows: &[Arrow], half_box: f64, half_point: f64) -> Layout {
        let mut is_tied = vec![false; count];
        for end in arrows.iter().flat_map(|arrow| [arrow.from, arrow.to]) {
            set(&mut is_tied, end, true);
        }
        let layer = ranks(count, arrows);
        let mut grid = Grid { cells: Vec::new(), ties: Vec::new(), layers: Vec::new() };
        for number in 0..count {
            grid.cells.push(Cell { layer: get(&layer, number), half: half_box, ..Cell::default() });
        }
        let passes: Vec<Vec<usize>> =
            arrows.iter().map(|arrow| grid.tie(*arrow, &layer, half_point)).collect();
        grid.search(count);
        let layers =
            layer.iter().zip(&is_tied).filter(|(_, is)| **is).map(|(layer, _)| layer + 1).max().unwrap_or(0);
        grid.layers = vec![Vec::new(); layers];
        for (number, cell) in grid.cells.iter().enumerate() {
            if (number >= count || get(&is_tied, number))
                && let Some(layer) = grid.layers.get_mut(cell.layer)
            {
                layer.push(number);
            }
        }
        for cells in &mut grid.layers {
            cells.sort_by_key(|number| get(&grid.cells, *number).found);
        }
        grid.number();
        grid.uncross();
        let height = grid.settle();
        let y = |number: &usize| get(&grid.cells, *number).y;
        Layout {
            boxes: (0..count)
                .map(|number| get(&is_tied, number).then(|| (get(&layer, number), y(&number))))
                .collect(),
            passes: passes.iter().map(|points| points.iter().map(y).collect()).collect(),
            layers,
            height,
        }
    }
}

struct Grid {
    cells: Vec<Cell>,
    ties: Vec<Tie>,
    layers: Vec<Vec<usize>>,
}

impl Grid {
    /// Ties the ends of an arrow by points in all layers between; gives the points.
    fn tie(&mut self, arrow: Arrow, layer: &[usize], half_point: f64) -> Vec<usize> {
        let (from, to) = (get(layer, arrow.from), get(layer, arrow.to));
        let boxes = layer.len();
        let between = (to.saturating_sub(from)).saturating_sub(1);
        if from >= to || self.cells.len() - boxes + between > POINTS {
            return Vec::new();
        }
        let weight = if arrow.is_critical { STRAIGHT } else { 1.0 };
        let mut left = arrow.from;
        let mut points = Vec::with_capacity(between);
        for layer in from + 1..to {
            let point = self.cells.len();
            self.cells.push(Cell { layer, half: half_point, ..Cell::default() });
            self.ties.push(Tie { left, right: point, weight });
            points.push(point);
            left = point;
        }
        self.ties.push(Tie { left, right: arrow.to, weight });
        points
    }

    /// The ties of each cell, on its left or on its right, as the cell at the other end and the weight.
    fn sides(&self, is_left: bool) -> Vec<Vec<(usize, f64)>> {
        let mut sides = vec![Vec::new(); self.cells.len()];
        for tie in &self.ties {
            let (own, other) = if is_left { (tie.right, tie.left) } else { (tie.left, tie.right) };
            if let Some(side) = sides.get_mut(own) {
                side.push((other, tie.weight));
            }
        }
        sides
    }

    /// Numbers cells as a search from the roots finds them, heavy ties first: the tree of the first ties has no crossings then.
    fn search(&mut self, boxes: usize) {
        let right = self.sides(false);
        let is_root: Vec<bool> = self.sides(true).iter().map(Vec::is_empty).collect();
        let is_heavy =
            |number: usize| right.get(number).into_iter().flatten().any(|(_, weight)| *weight > 1.0);
        let mut roots: Vec<usize> = (0..boxes).filter(|number| get(&is_root, *number)).collect();
        roots.sort_by_key(|number| !is_heavy(*number));
        let mut is_found = vec![false; self.cells.len()];
        let mut count = 0;
        for root in roots {
            let mut stack = vec![root];
            while let Some(number) = stack.pop() {
                if get(&is_found, number) {
                    continue;
                }
                set(&mut is_found, number, true);
                if let Some(cell) = self.cells.get_mut(number) {
                    cell.found = count;
                }
                count += 1;
                let mut next: Vec<(usize, f64)> = right.get(number).cloned().unwrap_or_default();
                next.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                stack.extend(next.iter().rev().map(|(number, _)| *number));
            }
        }
    }

    /// Tells cells their places.
    fn number(&mut self) {
        for layer in &self.layers {
            for (place, number) in layer.iter().enumerate() {
                if let Some(cell) = self.cells.get_mut(*number) {
                    cell.place = place;
                }
            }
        }
    }

    /// Orders layers by barycentres, to and fro, and keeps the order with the fewest crossings.
    fn uncross(&mut self) {
        let (left, right) = (self.sides(true), self.sides(false));
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            let is_forth = sweep % 2 == 0;
            let sides = if is_forth { &left } else { &right };
            let count = self.layers.len();
            for step in 0..count {
                let at = if is_forth { step } else { count - 1 - step };
                let mut layer = self.layers.get_mut(at).map(std::mem::take).unwrap_or_default();
                let key = |number: &usize| {
                    let side = sides.get(*number).map_or(&[][..], Vec::as_slice);
                    let sum: usize = side.iter().map(|(other, _)| get(&self.cells, *other).place).sum();
                    if side.is_empty() {
                        get(&self.cells, *number).place as f64
                    } else {
                        sum as f64 / side.len() as f64
                    }
                };
                layer.sort_by(|a, b| key(a).total_cmp(&key(b)));
                for (place, number) in layer.iter().enumerate() {
                    if let Some(cell) = self.cells.get_mut(*number) {
                        cell.place = place;
                    }
                }
                if let Some(slot) = self.layers.get_mut(at) {
                    *slot = layer;
                }
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
        self.number();
    }

    /// How many pairs of ties cross: inversions, counted by a tree of sums (Fenwick).
    fn crossings(&self) -> usize {
        let mut ends: Vec<(usize, usize, usize)> = self
            .ties
            .iter()
            .map(|tie| (get(&self.cells, tie.left), get(&self.cells, tie.right)))
            .map(|(left, right)| (left.layer, left.place, right.place))
            .collect();
        ends.sort_unstable();
        let mut crossings = 0;
        for ties in ends.chunk_by(|a, b| a.0 == b.0) {
            let size = ties.iter().map(|tie| tie.2 + 1).max().unwrap_or(0);
            let mut tree = vec![0usize; size + 1];
            for (seen, (_, _, place)) in ties.iter().enumerate() {
                let mut at = place + 1;
                let mut not_after = 0;
                while at > 0 {
                    not_after += get(&tree, at);
                    at &= at - 1;
                }
                crossings += seen - not_after;
                at = place + 1;
                while at <= size {
                    if let Some(sum) = tree.get_mut(at) {
                        *sum += 1;
                    }
                    at += at & at.wrapping_neg();
                }
            }
        }
        crossings
    }

    /// Finds heights; gives that of the whole.
    fn settle(&mut self) -> f64 {
        let (left, right) = (self.sides(true), self.sides(false));
        let layers = std::mem::take(&mut self.layers);
        for layer in &layers {
            let mut y = 0.0;
            for number in layer {
                if let Some(cell) = self.cells.get_mut(*number) {
                    cell.y = y + cell.half;
                    y += 2.0 * cell.half;
                }
            }
        }
        for sweep in 0..SWEEPS {
            if sweep % 2 == 0 {
                layers.iter().for_each(|layer| self.place(layer, &left));
            } else {
                layers.iter().rev().for_each(|layer| self.place(layer, &right));
            }
        }
        let cells = || layers.iter().flatten().map(|number| get(&self.cells, *number));
        let top = cells().map(|cell| cell.y - cell.half).fold(f64::INFINITY, f64::min);
        let bottom = cells().map(|cell| cell.y + cell.half).fold(f64::NEG_INFINITY, f64::max);
        for number in layers.iter().flatten() {
            if let Some(cell) = self.cells.get_mut(*number) {
                cell.y -= top;
            }
        }
        self.layers = layers;
        (bottom - top).max(0.0)
    }

    /// Moves the cells of a layer as near to the mean of their neighbours as their order and sizes allow.
    fn place(&mut self, layer: &[usize], sides: &[Vec<(usize, f64)>]) {
        // Blocks of cells that touch: the mean of where they want to begin, its weight, and how many they are.
        let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
        let mut offset = 0.0;
        for number in layer {
            let cell = get(&self.cells, *number);
            let side = sides.get(*number).map_or(&[][..], Vec::as_slice);
            let weight: f64 = side.iter().map(|(_, weight)| weight).sum();
            let sum: f64 = side.iter().map(|(other, weight)| get(&self.cells, *other).y * weight).sum();
            // What has no neighbour there stays where it is, if nobody pushes.
            let (wish, weight) = if weight > 0.0 { (sum / weight, weight) } else { (cell.y, 0.1) };
            let mut block = (wish - (offset + cell.half), weight, 1);
            offset += 2.0 * cell.half;
            while let Some(before) = blocks.pop_if(|before| before.0 > block.0) {
                let weight = before.1 + block.1;
                block = ((before.0 * before.1 + block.0 * block.1) / weight, weight, before.2 + block.2);
            }
            blocks.push(block);
        }
        let starts = blocks.iter().flat_map(|(start, _, count)| std::iter::repeat_n(*start, *count));
        let mut offset = 0.0;
        for (number, start) in layer.iter().zip(starts) {
            if let Some(cell) = self.cells.get_mut(*number) {
                cell.y = start + offset + cell.half;
                offset += 2.0 * cell.half;
            }
        }
    }
}
