//! What an item, a link and an event *are*: plain records, no behaviour beyond their own shape.

mod event;
mod fields;
mod kinds;
mod statement;

pub use event::{Event, Item, Link, Related};
pub(crate) use fields::Set;
pub use fields::{Fields, TestCounts};
pub use kinds::{Booking, Decision, Dependency, FlowState, Kind, LinkKind, Outcome, Severity};
pub(crate) use statement::{LinkSaid, Statement};
