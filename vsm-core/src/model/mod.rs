//! What an item, a link and an event *are*: plain records, no behaviour beyond their own shape.

mod event;
mod fields;
mod kinds;
mod plain;
mod statement;

pub use event::{Event, Item, Link, Related};
pub use fields::{Fields, TestCounts};
pub(crate) use fields::{Set, state_said, tells_calendar};
pub use kinds::{
    Booking, Boundary, Decision, Dependency, FlowState, Kind, LinkKind, Outcome, ReleaseState, Severity,
};
#[cfg(feature = "journal")]
pub(crate) use statement::Text;
pub(crate) use statement::{LONGEST_ID, LinkSaid, Statement};
