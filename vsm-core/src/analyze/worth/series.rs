//! What was measured of an item over time: an attribute with a number, each time it is said.

use super::figures::{finite, number, sum};
use crate::error::{Error, Result};
use crate::model::Set;
use crate::stream::ValueStream;
use crate::text_enum::text_enum;
use crate::time::Instant;

text_enum! {
    /// What the measurements of a series come to at a time.
    pub enum SeriesRule {
        /// The last one: of a level, such as users or a score; the default.
        Last = "last",
        /// The sum: of amounts of one period each, such as revenue of a month.
        Sum = "sum",
        /// The mean of all.
        Mean = "mean",
    }
}

/// The largest measurement that is compared or charted.
pub(super) const LARGEST: f64 = 1e100;

/// # Errors
/// [`Error::Invalid`] for a measure without a name.
pub(super) fn check_measure(measure: &str) -> Result<()> {
    if measure.trim().is_empty() {
        return Err(Error::invalid("measure", "must be the name of an attribute"));
    }
    Ok(())
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) at: Instant,
    pub(super) value: f64,
    pub(super) event: u32,
}

/// What an item says of a measure, first to last.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    pub(super) points: Vec<Point>,
    /// All targets and all baselines ever said.
    pub(super) targets: Vec<Point>,
    pub(super) baselines: Vec<Point>,
    /// The units of what counts: of all measurements, and of the last target and baseline.
    pub(super) units: Vec<String>,
    /// How many texts are no numbers.
    pub(super) no_numbers: u32,
}

impl Series {
    /// Reads the history of an item. What is said again of the same instant is a correction of it.
    pub(super) fn of(stream: &ValueStream, item: u32, measure: &str) -> Series {
        let names = ["", "_target", "_baseline", "_unit"].map(|end| [measure, end].concat());
        let [own, target, baseline, own_unit] = names;
        let mut series = Series::default();
        let (mut units, mut target_unit, mut baseline_unit, mut no_unit) = (Vec::new(), None, None, None);
        let (mut named_unit, mut any_unit): (Option<&str>, Option<&str>) = (None, None);
        for (event, stored) in stream.chronicle(item) {
            let said = stored.sets.iter().filter_map(|set| match set {
                Set::Attribute(pair) => Some((&*pair.0, pair.1.trim())),
                Set::Clear(name) => Some((&**name, "")),
                _ => None,
            });
            // The unit of an event is that of its numbers, whichever is said first.
            for (name, text) in said.clone() {
                let text = Some(text).filter(|text| !text.is_empty());
                if name == own_unit {
                    named_unit = text;
                } else if name == "unit" {
                    any_unit = text;
                }
            }
            let unit = named_unit.or(any_unit);
            for (name, text) in said {
                let (list, its_unit) = if name == own {
                    units.extend(unit.filter(|_| !text.is_empty()));
                    (&mut series.points, &mut no_unit)
                } else if name == target {
                    (&mut series.targets, &mut target_unit)
                } else if name == baseline {
                    (&mut series.baselines, &mut baseline_unit)
                } else {
                    continue;
                };
                if text.is_empty() {
                    continue;
                }
                let Some(value) = number(text) else {
                    series.no_numbers = series.no_numbers.saturating_add(1);
                    continue;
                };
                *its_unit = unit;
                let at = stored.occurred;
                if list.last().is_some_and(|last: &Point| last.at == at) {
                    list.pop();
                }
                list.push(Point { at, value, event });
            }
        }
        units.extend(target_unit);
        units.extend(baseline_unit);
        units.sort_unstable();
        units.dedup();
        series.units = units.into_iter().map(Into::into).collect();
        series
    }

    pub(super) fn says_nothing(&self) -> bool {
        self.points.is_empty() && self.targets.is_empty() && self.baselines.is_empty()
    }
}

/// The total of several series each time that any of them was measured: for one series what it comes to. Series that were
/// not measured yet add nothing.
pub(super) fn totals(all: &[&Series], rule: SeriesRule) -> Vec<Point> {
    let mut points: Vec<(Point, usize)> = Vec::new();
    for (number, series) in all.iter().enumerate() {
        points.extend(series.points.iter().map(|point| (*point, number)));
    }
    points.sort_by_key(|(point, number)| (point.at, *number));
    let mut so_far: Vec<Vec<f64>> = vec![Vec::new(); all.len()];
    let mut totals: Vec<Point> = Vec::new();
    for (point, number) in points {
        let Some(own) = so_far.get_mut(number) else { continue };
        match rule {
            SeriesRule::Last => *own = vec![point.value],
            SeriesRule::Sum => *own = vec![own.first().unwrap_or(&0.0) + point.value],
            SeriesRule::Mean => own.push(point.value),
        }
        let values: Vec<f64> = so_far.iter().flatten().copied().collect();
        let count = if rule == SeriesRule::Mean { values.len().max(1) as f64 } else { 1.0 };
        let Some(value) = sum(values).and_then(|sum| finite(sum / count)) else { return Vec::new() };
        if totals.last().is_some_and(|last| last.at == point.at) {
            totals.pop();
        }
        totals.push(Point { value, ..point });
    }
    totals
}
