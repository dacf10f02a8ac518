//! Instants as `Date`.

use std::ptr;

use napi::bindgen_prelude::ToNapiValue;
use napi::{check_status, sys};
use vsm_core::Instant;

use crate::error::{Failure, Fallible};
use crate::js::{FromJs, Js};

/// An instant on its way out; the declarations call it what it becomes.
pub struct Date(pub(crate) Instant);

impl ToNapiValue for Date {
    unsafe fn to_napi_value(env: sys::napi_env, date: Date) -> napi::Result<sys::napi_value> {
        let mut value = ptr::null_mut();
        check_status!(unsafe { sys::napi_create_date(env, date.0.millis() as f64, &mut value) })?;
        Ok(value)
    }
}

/// Only a `Date` will do: a number would leave open what it counts, a text in which zone it is.
impl FromJs for Instant {
    fn from_js(value: Js) -> Fallible<Instant> {
        let millis = value.date()?;
        if millis.is_nan() {
            return Err(Failure::argument("expected a valid Date, not an Invalid Date".into()));
        }
        Instant::from_millis(millis as i64)
            .ok_or_else(|| Failure::argument("expected a Date between the years 1 and 9999".into()))
    }
}
