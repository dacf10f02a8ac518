//! What is kept up to date beside a stream: watches of verdicts, metrics, and schedules that change.

use std::ffi::c_char;

use vsm_core::{Error, LiveMetric, LiveSchedule, Watch};

use super::registry::Registry;
use super::{VsmStatus, VsmStream, answer, end, open, snapshot, text, text_or};

/// What is kept up to date, a watch, a live metric or a live schedule, by a number that is never used twice; 0 is none.
///
/// Any thread may use any of them; calls take turns. vsm_live_free ends it.
pub type VsmLive = u64;

enum Live {
    Watch(Box<Watch>),
    Metric(Box<LiveMetric>),
    Schedule(Box<LiveSchedule>),
}

static LIVE: Registry<Live> = Registry::new("live", "end it and make another");

/// Makes what is kept up to date of what a JSON text asks for.
///
/// # Safety
/// As for vsm_watch.
unsafe fn make(
    (name, json): (&str, *const c_char),
    live: *mut VsmLive,
    out: *mut *mut c_char,
    read: impl FnOnce(&str) -> Result<Live, Error>,
) -> VsmStatus {
    let make = || {
        // SAFETY: the caller promises what `text` demands.
        let made = read(unsafe { text(name, json)? })?;
        Ok((made, "{}".to_owned()))
    };
    // SAFETY: the caller promises what `open` demands.
    unsafe { open(&LIVE, live, out, make) }
}

/// Judges everything in a stream, and holds the verdicts, so that vsm_live_call can tell which of them change. The
/// arguments are the fields of the query, `{"at":"2026-03-02T08:00:00Z"}` at least. The answer is `{}`.
///
/// # Safety
/// `query_json` is NULL or ends with a NUL byte. `live` can hold a number, which is 0 where nothing was made. `out` is as
/// in vsm_call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_watch(
    stream: VsmStream,
    query_json: *const c_char,
    live: *mut VsmLive,
    out: *mut *mut c_char,
) -> VsmStatus {
    let read = |query: &str| Watch::from_json(&snapshot(stream)?, query).map(Box::new).map(Live::Watch);
    // SAFETY: the caller keeps what this function demands of the pointers.
    unsafe { make(("query_json", query_json), live, out, read) }
}

/// Counts a metric in a stream, and holds what each item contributes, so that vsm_live_call can tell which rows change.
/// The arguments are those of the call `metric`. The answer is `{}`.
///
/// # Safety
/// As for vsm_watch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_live_metric(
    stream: VsmStream,
    query_json: *const c_char,
    live: *mut VsmLive,
    out: *mut *mut c_char,
) -> VsmStatus {
    let read = |query: &str| LiveMetric::from_json(&snapshot(stream)?, query).map(Box::new).map(Live::Metric);
    // SAFETY: the caller keeps what this function demands of the pointers.
    unsafe { make(("query_json", query_json), live, out, read) }
}

/// Lays out a network of activities, and keeps its schedule up to date as vsm_live_call changes it. The network is what
/// the call `schedule` takes. The answer is `{}`.
///
/// # Safety
/// As for vsm_watch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_live_schedule(
    network_json: *const c_char,
    live: *mut VsmLive,
    out: *mut *mut c_char,
) -> VsmStatus {
    let read = |network: &str| LiveSchedule::from_json(network).map(Box::new).map(Live::Schedule);
    // SAFETY: the caller keeps what this function demands of the pointers.
    unsafe { make(("network_json", network_json), live, out, read) }
}

/// Any call by its name, with its arguments as a JSON object. A watch knows `update`, which takes in what its stream got
/// since and tells which verdicts changed and why, `advance` (`at`), `verdict` (`item`) and `at`; `stream` is the stream
/// that it was made of. A live metric knows `update`, which tells the rows that changed, `follow`, which takes in what came and
/// leaves the rows to the next update, `table`, `state` and `query`. A live schedule knows `change` (activities, dependencies...), `critical_path`, `finish` and
/// `network`, and takes 0 for `stream`.
///
/// # Safety
/// As for vsm_call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_live_call(
    live: VsmLive,
    stream: VsmStream,
    name: *const c_char,
    args_json: *const c_char,
    out: *mut *mut c_char,
) -> VsmStatus {
    let call = || {
        // SAFETY: the caller keeps what this function demands of both pointers.
        let (name, args) = unsafe { (text("name", name)?, text_or("args_json", args_json, "{}")?) };
        LIVE.with(live, |live| match live {
            Live::Watch(watch) => watch.call(&snapshot(stream)?, name, args),
            Live::Metric(metric) => metric.call(&snapshot(stream)?, name, args),
            Live::Schedule(schedule) => schedule.call(name, args),
        })
    };
    // SAFETY: the caller keeps what this function demands of `out`.
    unsafe { answer(out, call) }
}

/// Ends a watch, a live metric or a live schedule. Ending it again, or one that never was, is VSM_STATUS_ERROR and changes nothing.
#[unsafe(no_mangle)]
pub extern "C" fn vsm_live_free(live: VsmLive) -> VsmStatus {
    end(&LIVE, live)
}
