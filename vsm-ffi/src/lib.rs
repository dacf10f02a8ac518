//! The engine for Kotlin, Java, Swift, Ruby and C.
//!
//! Conversion, locking and documentation only: every rule is in `vsm-core`. The types of the core cross as they are
//! (`generated` declares them to uniffi and stops compiling when they change); errors and instants are translated here.

#![deny(unsafe_code)]

mod asked;
pub mod c;
mod error;
mod functions;
mod generated;
mod instant;
mod live;
mod questions;
mod run;
mod schedule;
mod stream;

pub use error::VsmError;
pub use run::IngestListener;
pub use schedule::LiveSchedule;
pub use stream::ValueStream;

uniffi::setup_scaffolding!("vsm");
