//! The critical path method: early and late dates, float, and what a date depends on.
//!
//! Source: J. E. Kelley, "Critical-Path Planning and Scheduling: Mathematical Basis", Operations Research 9 (1961);
//! relations with lag, constraints, calendars and progress as in the practice of Primavera and Microsoft Project. Where
//! the two differ, both ways are there by name.
//!
//! `network` is laid out in topological order by whoever knows the activities: [`own`] from those that are given,
//! `plan` from a stream. `forward` finds early dates, `backward` late ones and free float, `change` early dates after a
//! change; `chains`, `crash` and `report` tell what follows from them.

mod backward;
mod chains;
mod change;
mod clock;
mod crash;
mod dates;
mod difference;
mod forward;
mod hammock;
mod live;
mod named;
mod names;
mod network;
mod order;
mod own;
mod peaks;
mod plain;
mod query;
mod records;
mod report;
mod seats;
mod shared;
#[cfg(test)]
mod tests;
mod touch;
mod untangle;
mod words;

pub use difference::{ActivityMove, NetworkChange, ScheduleChanges};
pub use live::LiveSchedule;
pub use own::schedule;
pub use query::{NamedCalendar, NetworkActivity, NetworkDependency, NetworkQuery};
pub use records::{Activity, CrashOption, CriticalPath, FloatPath, InfeasibleDate, MergePoint};
pub use words::{DateConstraint, DurationSource, LagCalendar, ProgressRule, StartCause};

pub(super) use chains::DriverMemo;
pub(super) use clock::By;
pub(super) use dates::{Dates, Unreachable};
pub(super) use names::Names;
pub(super) use network::{Bond, Need, Network, Rules, Special};
pub(super) use report::{Report, Wanted};
pub(super) use seats::Taken;
pub(super) use untangle::untangled;
