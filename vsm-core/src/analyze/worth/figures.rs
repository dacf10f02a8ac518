//! Numbers that are kept as text, in the attributes of items, with their units.
//!
//! A number is what [`f64`] reads, blanks around it left out: `8`, `8.5`, `-3`, `1e6`. Its unit is what the attribute
//! `<name>_unit` says, else `unit`; where both say nothing it has none that is known.

use crate::model::Set;
use crate::stream::ValueStream;

/// What an item says of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::analyze) enum Figure {
    /// Nothing, which is not zero.
    Missing,
    /// Text that is no finite number.
    NoNumber,
    /// A finite number, with the event that says so.
    Known(f64, u32),
}

impl Figure {
    pub(in crate::analyze) fn known(self) -> Option<f64> {
        match self {
            Figure::Known(number, _) => Some(number),
            Figure::Missing | Figure::NoNumber => None,
        }
    }
}

/// A number as people and tools write it into an attribute.
pub(in crate::analyze) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// The last text of an attribute, with the event that says so; blank text says nothing.
pub(in crate::analyze) fn attribute<'a>(
    stream: &'a ValueStream,
    item: u32,
    name: &str,
) -> Option<(&'a str, u32)> {
    for (event, stored) in stream.backwards(item) {
        for set in stored.sets.iter().rev() {
            match set {
                Set::Attribute(pair) if &*pair.0 == name => {
                    return Some((pair.1.trim(), event)).filter(|(text, _)| !text.is_empty());
                }
                Set::Clear(cleared) if &**cleared == name => return None,
                _ => {}
            }
        }
    }
    None
}

/// The last number of an attribute.
pub(in crate::analyze) fn figure(stream: &ValueStream, item: u32, name: &str) -> Figure {
    match attribute(stream, item, name) {
        None => Figure::Missing,
        Some((text, event)) => number(text).map_or(Figure::NoNumber, |number| Figure::Known(number, event)),
    }
}

/// The unit of an attribute's numbers.
pub(in crate::analyze) fn unit<'a>(stream: &'a ValueStream, item: u32, name: &str) -> Option<&'a str> {
    let own = attribute(stream, item, &[name, "_unit"].concat());
    own.or_else(|| attribute(stream, item, "unit")).map(|(unit, _)| unit)
}

/// The sum of some numbers, the same in whatever order they come; none where it is too large for a number.
pub(in crate::analyze) fn sum(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_unstable_by(f64::total_cmp);
    finite(numbers.into_iter().sum())
}

/// A number, if it is one.
pub(in crate::analyze) fn finite(number: f64) -> Option<f64> {
    // Nought has one sign only, whatever it came from.
    number.is_finite().then_some(if number == 0.0 { 0.0 } else { number })
}
