//! Pictures of schedules.

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result};
use napi_derive::napi;

use crate::error::throwing;
use crate::js::Arg;
use crate::task::Job;

/// Draws a schedule as Gantt chart or network, in SVG, Mermaid or DOT. The activities that matter most are drawn, critical
/// ones first; what is left out is counted in the picture. Throws `invalid` for options out of range, and `unknown_zone`.
#[napi(catch_unwind)]
pub fn picture(
    env: Env,
    #[napi(ts_arg_type = "CriticalPath")] path: Arg<vsm_core::CriticalPath>,
    #[napi(ts_arg_type = "PictureForm")] form: Arg<vsm_core::PictureForm>,
    #[napi(ts_arg_type = "PictureOptions | undefined | null")] options: Arg<Option<vsm_core::PictureOptions>>,
) -> Result<String> {
    throwing(env, || {
        let options = options.get("options")?.unwrap_or_default();
        Ok(vsm_core::picture(&path.get("path")?, form.get("form")?, &options)?)
    })
}

/// As `picture`, off the event loop.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn picture_async(
    #[napi(ts_arg_type = "CriticalPath")] path: Arg<vsm_core::CriticalPath>,
    #[napi(ts_arg_type = "PictureForm")] form: Arg<vsm_core::PictureForm>,
    #[napi(ts_arg_type = "PictureOptions | undefined | null")] options: Arg<Option<vsm_core::PictureOptions>>,
) -> AsyncTask<Job<String>> {
    Job::promise(move || {
        let options = options.get("options")?.unwrap_or_default();
        Ok(vsm_core::picture(&path.get("path")?, form.get("form")?, &options)?)
    })
}
