//! Working time and trains.

use napi::bindgen_prelude::{Either, Undefined};
use napi::{Env, Result};
use napi_derive::napi;
use vsm_core::{Cadence, Calendar, Instant, Span};

use crate::date::Date;
use crate::error::throwing;
use crate::js::Arg;

/// The end of so much working time that starts at an instant; for a negative span the start of so much working time
/// that ends there. Inverse of `workingTimeBetween`.
#[napi(catch_unwind)]
pub fn add_working_time(
    env: Env,
    #[napi(ts_arg_type = "Calendar")] calendar: Arg<Calendar>,
    #[napi(ts_arg_type = "Date")] start: Arg<Instant>,
    #[napi(ts_arg_type = "number")] span_ms: Arg<Span>,
) -> Result<Date> {
    throwing(env, || {
        let (calendar, start) = (calendar.get("calendar")?, start.get("start")?);
        Ok(Date(vsm_core::add_working_time(&calendar, start, span_ms.get("spanMs")?)?))
    })
}

/// The working time between two instants in milliseconds; negative where the end lies before the start.
#[napi(catch_unwind)]
pub fn working_time_between(
    env: Env,
    #[napi(ts_arg_type = "Calendar")] calendar: Arg<Calendar>,
    #[napi(ts_arg_type = "Date")] start: Arg<Instant>,
    #[napi(ts_arg_type = "Date")] end: Arg<Instant>,
) -> Result<f64> {
    throwing(env, || {
        let (calendar, start) = (calendar.get("calendar")?, start.get("start")?);
        Ok(vsm_core::working_time_between(&calendar, start, end.get("end")?)?.millis() as f64)
    })
}

/// The first departure whose cut-off is not before `ready`; undefined after the last one.
#[napi(catch_unwind)]
pub fn next_departure(
    env: Env,
    #[napi(ts_arg_type = "Cadence")] cadence: Arg<Cadence>,
    #[napi(ts_arg_type = "Date")] ready: Arg<Instant>,
) -> Result<Either<Date, Undefined>> {
    throwing(env, || {
        let departure = vsm_core::next_departure(&cadence.get("cadence")?, ready.get("ready")?)?;
        Ok(departure.map(Date).into())
    })
}
