//! What needs no stream: working time, trains, pictures, defaults.

use vsm_core::{Cadence, Calendar, CriticalPath, Instant, PictureForm, PictureOptions, Policy, Span};

use crate::error::VsmError;

/// The end of work that starts not before `start` and takes `span_ms` milliseconds of working time; for a negative
/// span the start of work that ends at `start`.
#[uniffi::export]
fn add_working_time(calendar: &Calendar, start: Instant, span_ms: Span) -> Result<Instant, VsmError> {
    Ok(vsm_core::add_working_time(calendar, start, span_ms)?)
}

/// The working time between two instants in milliseconds; negative where `end` is before `start`.
#[uniffi::export]
fn working_time_between(calendar: &Calendar, start: Instant, end: Instant) -> Result<Span, VsmError> {
    Ok(vsm_core::working_time_between(calendar, start, end)?)
}

/// The first departure whose cut-off is not before `ready`; none after the last one.
#[uniffi::export]
fn next_departure(cadence: &Cadence, ready: Instant) -> Result<Option<Instant>, VsmError> {
    Ok(vsm_core::next_departure(cadence, ready)?)
}

/// Draws a schedule as Gantt chart or network, in SVG, Mermaid or DOT. The activities that matter most are drawn, critical
/// ones first; what is left out is counted in the picture.
#[uniffi::export(default(options = None))]
fn picture(
    path: &CriticalPath,
    form: PictureForm,
    options: Option<PictureOptions>,
) -> Result<String, VsmError> {
    Ok(vsm_core::picture(path, form, &options.unwrap_or_default())?)
}

/// What counts as ready where a query names no policy.
#[uniffi::export]
fn default_policy() -> Policy {
    Policy::default()
}

/// The version of the engine.
#[uniffi::export]
fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
