//! What the activities of a network are called.

use super::words::DurationSource;
use crate::model::Kind;

/// The names behind the numbers of a network.
pub(in crate::analyze) trait Names {
    /// The id; ties are broken by it.
    fn id(&self, number: u32) -> &str;
    /// The name for people.
    fn title(&self, number: u32) -> &str;
    fn kind(&self, number: u32) -> Option<Kind>;
    /// Where the duration comes from; none for what takes no time of its own.
    fn source(&self, number: u32) -> Option<DurationSource>;
}
