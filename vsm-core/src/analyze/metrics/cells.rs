//! Figures by group and part of the window, while they are added up.

use super::facts::Amount;
use super::groups::Groups;
use super::state::MetricCell;
use crate::texts::NONE;

/// The cells that have anything, by the order in which they were met.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    parts: usize,
    /// For each group the place of the cell of each part of the window.
    places: Vec<Vec<u32>>,
    cells: Vec<(u32, usize, MetricCell)>,
    /// For each of these: what came and went since its values were put in order.
    pending: Vec<Pending>,
}

/// So many values may wait in a cell beside as many as it has.
const ROOM: usize = 256;

#[derive(Clone, Debug, Default)]
struct Pending {
    values: Change,
    open: Change,
}

/// Values that come and go, in any order.
#[derive(Clone, Debug, Default)]
struct Change {
    added: Vec<f64>,
    removed: Vec<f64>,
}

impl Cells {
    /// For a window of so many parts.
    pub(super) fn new(parts: usize) -> Cells {
        Cells { parts, places: Vec::new(), cells: Vec::new(), pending: Vec::new() }
    }

    /// Adds an amount; the values of a cell are in any order until they are sorted.
    pub(super) fn add(&mut self, group: u32, bucket: usize, amount: Amount) {
        let Some(cell) = self.at(group, bucket) else { return };
        cell.count(amount, 1);
        match amount {
            Amount::Sample(value) => cell.values.push(value),
            Amount::Open(age) => cell.open.push(age),
            Amount::Part { .. } | Amount::Count(_) => {}
        }
    }

    /// Adds an amount, or takes it away again; its value waits until the cell is settled, since finding its place among
    /// many would cost more than all the rest.
    pub(super) fn change(&mut self, group: u32, bucket: usize, amount: Amount, sign: i64) {
        let Some(place) = self.made(group, bucket) else { return };
        let (Some((.., cell)), Some(pending)) = (self.cells.get_mut(place), self.pending.get_mut(place))
        else {
            return;
        };
        cell.count(amount, sign);
        let (value, change) = match amount {
            Amount::Sample(value) => (value, &mut pending.values),
            Amount::Open(value) => (value, &mut pending.open),
            Amount::Part { .. } | Amount::Count(_) => return,
        };
        if sign > 0 { &mut change.added } else { &mut change.removed }.push(value);
        // Who never asks for rows does not pay for what came and went.
        if change.added.len() + change.removed.len() > cell.values.len() + cell.open.len() + ROOM {
            pending.settle(cell);
        }
    }

    /// Puts what came and went where it belongs, in one cell.
    pub(super) fn settle(&mut self, group: u32, bucket: usize) {
        let Some(place) = self.place(group, bucket) else { return };
        if let (Some((.., cell)), Some(pending)) = (self.cells.get_mut(place), self.pending.get_mut(place)) {
            pending.settle(cell);
        }
    }

    /// The same in all cells.
    pub(super) fn settle_all(&mut self) {
        self.cells.iter_mut().zip(&mut self.pending).for_each(|((.., cell), pending)| pending.settle(cell));
    }

    pub(super) fn sort(&mut self) {
        self.cells.iter_mut().for_each(|(.., cell)| cell.sort());
    }

    /// A cell, which is made where it is missing.
    pub(super) fn at(&mut self, group: u32, bucket: usize) -> Option<&mut MetricCell> {
        let place = self.made(group, bucket)?;
        self.cells.get_mut(place).map(|(.., cell)| cell)
    }

    /// The place of a cell, which is made where it is missing.
    fn made(&mut self, group: u32, bucket: usize) -> Option<usize> {
        let place = row(&mut self.places, group, || vec![NONE; self.parts])?.get_mut(bucket)?;
        if *place == NONE {
            *place = self.cells.len() as u32;
            self.cells.push((group, bucket, MetricCell::default()));
            self.pending.push(Pending::default());
        }
        Some(*place as usize)
    }

    pub(super) fn get(&self, group: u32, bucket: usize) -> Option<&MetricCell> {
        self.cells.get(self.place(group, bucket)?).map(|(.., cell)| cell)
    }

    fn place(&self, group: u32, bucket: usize) -> Option<usize> {
        let place = self.places.get(group as usize)?.get(bucket).filter(|place| **place != NONE)?;
        Some(*place as usize)
    }

    /// All cells that were ever met: group, part, cell.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, usize, &MetricCell)> {
        self.cells.iter().map(|(group, bucket, cell)| (*group, *bucket, cell))
    }

    /// The cells with the names of their groups, by group and part.
    pub(super) fn of(self, groups: &Groups) -> Vec<MetricCell> {
        let name = |(group, bucket, mut cell): (u32, usize, MetricCell)| {
            cell.group = groups.name(group).to_vec();
            cell.bucket = bucket as u64;
            cell
        };
        let mut cells: Vec<MetricCell> = self.cells.into_iter().map(name).collect();
        cells.sort_unstable_by(|a, b| (&a.group, a.bucket).cmp(&(&b.group, b.bucket)));
        cells
    }
}

impl Pending {
    /// Puts what came and went where it belongs.
    fn settle(&mut self, cell: &mut MetricCell) {
        for (change, list) in [(&mut self.values, &mut cell.values), (&mut self.open, &mut cell.open)] {
            change.make(list);
            // Room for many is not kept for few.
            change.added.shrink_to(ROOM);
            change.removed.shrink_to(ROOM);
        }
    }
}

impl Change {
    /// Makes it in a list that is in order.
    fn make(&mut self, list: &mut Vec<f64>) {
        if self.added.is_empty() && self.removed.is_empty() {
            return;
        }
        self.added.sort_unstable_by(f64::total_cmp);
        list.append(&mut self.added);
        // Two runs in order are put together in one pass.
        list.sort_by(f64::total_cmp);
        self.removed.sort_unstable_by(f64::total_cmp);
        let mut removed = self.removed.drain(..).peekable();
        list.retain(|value| {
            while removed.next_if(|gone| gone.total_cmp(value).is_lt()).is_some() {}
            removed.next_if(|gone| gone.total_cmp(value).is_eq()).is_none()
        });
    }
}

impl MetricCell {
    /// Adds an amount to what is counted, or takes it away again.
    fn count(&mut self, amount: Amount, sign: i64) {
        let (n, part, whole) = match amount {
            Amount::Sample(_) => (1, 0, 0),
            Amount::Open(_) => (0, 0, 0),
            Amount::Part { part, whole } => (1, part, whole),
            Amount::Count(count) => (1, count, 0),
        };
        self.n = self.n.saturating_add_signed(sign * n);
        self.part = self.part.saturating_add(sign.saturating_mul(part));
        self.whole = self.whole.saturating_add(sign.saturating_mul(whole));
    }

    /// Whether nothing is left in it.
    pub(super) fn is_empty(&self) -> bool {
        self.n == 0 && self.open.is_empty()
    }
}

/// The row of a group, which is made with all before it where it is missing.
pub(super) fn row<T>(
    rows: &mut Vec<Vec<T>>,
    group: u32,
    make: impl FnMut() -> Vec<T>,
) -> Option<&mut Vec<T>> {
    if rows.len() <= group as usize {
        rows.resize_with(group as usize + 1, make);
    }
    rows.get_mut(group as usize)
}
