//! Value stream management: the events of many tools in, answers about releases out.
#![forbid(unsafe_code)]

mod analyze;
mod calendar;
mod call;
mod commits;
mod correlate;
mod document;
mod error;
mod graph;
mod hash;
mod ingest;
mod intake;
mod links;
mod model;
mod record;
mod stream;
mod text_enum;
mod texts;
mod time;
mod view;

pub use analyze::{
    Activity, Basis, Condition, Coverage, CoverageRow, CriticalPath, CriticalPathQuery, DayLoad, Durations,
    EfficiencyRule, Exclusion, FlowItem, FlowMetrics, FlowQuery, FlowShare, ItemVerdict, Outlook,
    OutlookQuery, PercentileRule, Policy, Readiness, ReadinessQuery, Scope, ScopeQuery, ShippedItem,
    Shipping, StageOutlook, Trace, TraceStep, Unmet, Verdict, VerdictQuery,
};
pub use calendar::{
    Blackout, Cadence, Calendar, Weekday, WorkingHours, WorkingTime, add_working_time, next_departure,
    working_time_between,
};
pub use call::{CALLS, call};
pub use correlate::{CorrelationRules, VersionRule};
pub use document::{LONGEST_LINE, event_to_json};
pub use error::{Error, Result};
pub use ingest::{Adapter, IngestOptions, Ingested, Reject, ingest};
pub use intake::IngestReport;
pub use model::{
    Booking, Decision, Dependency, Event, Fields, FlowState, Item, Kind, Link, LinkKind, Outcome, Related,
    Severity, TestCounts,
};
pub use stream::{Applied, ApplyReport, Refusal, ValueStream};
pub use time::{Instant, Span, Zone};
