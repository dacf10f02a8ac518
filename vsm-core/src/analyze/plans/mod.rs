//! What was promised for a time, and what came of it.

mod amounts;
mod say_do;
mod scope_at;
mod target_dates;

pub use amounts::{SayDoAmount, ScopeMeasure};
pub use say_do::{CarriedOver, ReEstimate, SayDo, SayDoQuery};
pub use scope_at::ScopeLevel;
pub use target_dates::{TargetDate, TargetDates};
