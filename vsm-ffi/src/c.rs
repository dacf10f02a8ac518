//! The C door: a handful of functions, JSON in and out. The only unsafe code of this crate is behind it.
//!
//! A stream is a number and not a pointer: one that was never given out or is closed already is looked up in vain and
//! answered with an error, where a pointer would be undefined behaviour. Every function is a guard against panics; what
//! the engine broke off is an error with the code `panic`.
#![allow(unsafe_code)]

pub mod live;
mod registry;

use std::any::Any;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use vsm_core::{Adapter, AnyStream, Error, IngestOptions, IngestProgress, StoreOptions, ValueStream};

use self::registry::Registry;

/// A value stream, by a number that is never used twice; 0 is none.
///
/// Any thread may use any stream. Changes take turns; a question is answered from the stream as it was when it was asked.
/// vsm_free ends it; a call that another thread has begun is still answered.
pub type VsmStream = u64;

/// What became of a call.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VsmStatus {
    /// Done; the answer is in `out`.
    Ok = 0,
    /// Not done; `out` holds `{"error":{"code":"...","message":"..."}}`.
    Error = 1,
    /// Not done, and nothing could be answered: `out` is NULL.
    NoOut = 2,
}

/// How far the reading of a file has come.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct VsmProgress {
    /// Bytes that were read of the file.
    pub bytes: u64,
    /// Events that are part of the record now.
    pub accepted: u64,
    /// Events that were part of it already.
    pub duplicates: u64,
    /// Events that were refused.
    pub refused: u64,
    /// Records that could not be read.
    pub rejects: u64,
}

/// What is told how far it has come, with the pointer that came with it. It answers 0 to go on, anything else to end it.
pub type VsmOnProgress = Option<unsafe extern "C" fn(now: *const VsmProgress, context: *mut c_void) -> i32>;

/// The version of the engine; it lives as long as the library and is not freed.
#[unsafe(no_mangle)]
pub extern "C" fn vsm_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// A new, empty stream; end it with vsm_free.
#[unsafe(no_mangle)]
pub extern "C" fn vsm_new() -> VsmStream {
    catch_unwind(|| STREAMS.open(ValueStream::new().into())).unwrap_or_default()
}

/// Opens a stream whose events are kept in the file of this path; an empty one is made where there is none. `options_json`
/// is `{"format":"journal","sync_every":1,"read_only":false}` or part of it. The answer says what was found there, damage
/// included. End it with vsm_free, which lets go of the file; vsm_call also knows `catch_up`, `close`, `compact`,
/// `recovery`, `seal`, `sync` and `verify`.
///
/// # Safety
/// `path` and `options_json` are NULL or end with a NUL byte; NULL for `options_json` means no options. `stream` can hold
/// a number, which is 0 where nothing was opened. `out` is as in vsm_call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_open(
    path: *const c_char,
    options_json: *const c_char,
    stream: *mut VsmStream,
    out: *mut *mut c_char,
) -> VsmStatus {
    let make = || {
        // SAFETY: the caller keeps what this function demands of both pointers.
        let (path, options) = unsafe { (text("path", path)?, text_or("options_json", options_json, "{}")?) };
        let options: StoreOptions =
            serde_json::from_str(options).map_err(|error| invalid("options_json", &error.to_string()))?;
        let mut kept = AnyStream::open(path, &options)?;
        let recovery = kept.call("recovery", "{}")?;
        Ok((kept, recovery))
    };
    // SAFETY: the caller keeps what this function demands of both pointers.
    unsafe { open(&STREAMS, stream, out, make) }
}

/// A stream of its own with the same record, at no cost; 0 where there is no such stream. End it with vsm_free.
#[unsafe(no_mangle)]
pub extern "C" fn vsm_copy(stream: VsmStream) -> VsmStream {
    catch_unwind(|| snapshot(stream).map(|copy| STREAMS.open(copy.into())).unwrap_or_default())
        .unwrap_or_default()
}

/// Ends a stream. Ending it again, or one that never was, is VSM_STATUS_ERROR and changes nothing.
#[unsafe(no_mangle)]
pub extern "C" fn vsm_free(stream: VsmStream) -> VsmStatus {
    end(&STREAMS, stream)
}

/// Any call by its name (`apply`, `readiness`, `critical_path`...), with its arguments as a JSON object.
///
/// # Safety
/// `name` and `args_json` are NULL or end with a NUL byte; NULL for `args_json` means no arguments. `out` is NULL or
/// can hold a pointer; what it is set to belongs to the caller, who ends it with vsm_string_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_call(
    stream: VsmStream,
    name: *const c_char,
    args_json: *const c_char,
    out: *mut *mut c_char,
) -> VsmStatus {
    let call = || {
        // SAFETY: the caller keeps what this function demands of both pointers.
        let (name, args) = unsafe { (text("name", name)?, text_or("args_json", args_json, "{}")?) };
        if vsm_core::CHANGES.contains(&name) || vsm_core::STORE_CALLS.contains(&name) {
            return STREAMS.with(stream, |kept| kept.call(name, args));
        }
        // A question is asked of a snapshot, so that it keeps nobody waiting.
        vsm_core::call(&mut snapshot(stream)?, name, args)
    };
    // SAFETY: the caller keeps what this function demands of `out`.
    unsafe { answer(out, call) }
}

/// A question as in vsm_call, answered with one of the lists of its answer as a table: the bytes of an Arrow IPC stream, a
/// row for each record, at a small part of what the records cost as JSON. `list` is the name of the list; NULL or an empty
/// text means the first one, as for `metric` its `rows`. A name that has no table is answered with those that have.
/// Done, `bytes` and `len` are set, and `out` is NULL; not done, `out` says why, and `bytes` is NULL.
///
/// # Safety
/// The texts and `out` are as in vsm_call, and `list` as `args_json`. `bytes` and `len` are NULL or can hold a pointer and a
/// length; the bytes belong to the caller, who ends them with vsm_bytes_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_call_arrow(
    stream: VsmStream,
    name: *const c_char,
    args_json: *const c_char,
    list: *const c_char,
    bytes: *mut *mut u8,
    len: *mut usize,
    out: *mut *mut c_char,
) -> VsmStatus {
    let mut table: Box<[u8]> = Box::default();
    let call = || {
        if bytes.is_null() || len.is_null() {
            return Err(invalid("bytes", "neither it nor len may be NULL"));
        }
        // SAFETY: the caller keeps what this function demands of the three pointers.
        let (name, args, list) = unsafe {
            (text("name", name)?, text_or("args_json", args_json, "{}")?, text_or("list", list, "")?)
        };
        let list = Some(list).filter(|list| !list.is_empty());
        table = vsm_core::call_arrow(&snapshot(stream)?, name, args, list)?.into();
        Ok(String::new())
    };
    // SAFETY: the caller keeps what this function demands of `out`.
    let status = unsafe { answer(out, call) };
    let is_done = status == VsmStatus::Ok;
    if is_done {
        // SAFETY: `answer` has just put a text there.
        unsafe {
            vsm_string_free(out.read());
            out.write(std::ptr::null_mut());
        }
    }
    // Without a place for both nothing was done, so no bytes are lost here.
    if !len.is_null() {
        // SAFETY: it is not NULL, and the caller promises that it can hold a length.
        unsafe { len.write(if is_done { table.len() } else { 0 }) };
    }
    if !bytes.is_null() {
        let start = if is_done { Box::into_raw(table).cast() } else { std::ptr::null_mut() };
        // SAFETY: it is not NULL, and the caller promises that it can hold a pointer.
        unsafe { bytes.write(start) };
    }
    status
}

/// Ends bytes that vsm_call_arrow has put into `bytes`, with the length that came with them; NULL is fine.
///
/// # Safety
/// `bytes` is NULL or comes with `len` from vsm_call_arrow and has not been ended before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_bytes_free(bytes: *mut u8, len: usize) {
    if !bytes.is_null() {
        // SAFETY: it is from `Box::into_raw` in vsm_call_arrow, of this length, and the caller ends it once.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(bytes, len)) });
    }
}

/// Reads what a tool wrote (`adapter` is `jira`, `git`, `jenkins`, `junit`, `events` and so on) and applies it.
///
/// # Safety
/// `bytes` points to `len` bytes that nobody changes during the call; it may be NULL where `len` is 0. The texts and
/// `out` are as in vsm_call; NULL for `options_json` means no options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_ingest(
    stream: VsmStream,
    adapter: *const c_char,
    bytes: *const u8,
    len: usize,
    options_json: *const c_char,
    out: *mut *mut c_char,
) -> VsmStatus {
    let call = || {
        // SAFETY: the caller keeps what this function demands of the three pointers.
        let (adapter, bytes, options) = unsafe {
            (
                text("adapter", adapter)?,
                data("bytes", bytes, len)?,
                text_or("options_json", options_json, "{}")?,
            )
        };
        let (adapter, options) = how(adapter, options)?;
        let report =
            STREAMS.with(stream, |kept| kept.change(|stream| stream.ingest(adapter, bytes, &options)))?;
        serde_json::to_string(&report).map_err(|error| invalid("report", &error.to_string()))
    };
    // SAFETY: the caller keeps what this function demands of `out`.
    unsafe { answer(out, call) }
}

/// Reads a file that a tool wrote and applies it as it is read; `on_progress` is called at the beginning, after each
/// megabyte and at the end, from within this call and with `context`. NULL: nobody is told. The answer is
/// `{"path":...,"report":...,"bytes":...,"cancelled":...}`; what was applied stays, however it ends.
///
/// JSON Lines, lists of JSON and CSV take a few megabytes of memory whatever the file's length; `jira` and `bitbucket`,
/// whose records explain one another, are read twice for that, and the first time `on_progress` is told that nothing was
/// read yet. XML, `ocel` and `git_tags` are gathered before they are read, up to 1 GiB.
///
/// The stream is not held between two parts. Where another thread ends it by vsm_free meanwhile, the call fails with
/// the code `invalid` as any call would that comes after; what a store was given until then is kept.
///
/// # Safety
/// The texts and `out` are as in vsm_ingest, and so is `path`. `on_progress` may be called with `context` from this thread,
/// and does not unwind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_ingest_path(
    stream: VsmStream,
    adapter: *const c_char,
    path: *const c_char,
    options_json: *const c_char,
    on_progress: VsmOnProgress,
    context: *mut c_void,
    out: *mut *mut c_char,
) -> VsmStatus {
    let call = || {
        // SAFETY: the caller keeps what this function demands of the three pointers.
        let (adapter, path, options) = unsafe {
            (text("adapter", adapter)?, text("path", path)?, text_or("options_json", options_json, "{}")?)
        };
        let (adapter, options) = how(adapter, options)?;
        STREAMS.with(stream, |_| Ok(()))?;
        let apply = |events| STREAMS.with(stream, |kept| kept.change(|stream| stream.apply_batch(events)));
        let input = (path, crate::run::open(path)?);
        let run = vsm_core::ingest_file(adapter, input, &options, apply, |now| {
            let Some(on_progress) = on_progress else { return ControlFlow::Continue(()) };
            let IngestProgress { bytes, accepted, duplicates, refused, rejects } = *now;
            let now = VsmProgress { bytes, accepted, duplicates, refused, rejects };
            // SAFETY: the caller promises that it can be called with its context.
            match unsafe { on_progress(&now, context) } {
                0 => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        })?;
        serde_json::to_string(&run).map_err(|error| invalid("report", &error.to_string()))
    };
    // SAFETY: the caller keeps what this function demands of `out`.
    unsafe { answer(out, call) }
}

fn how(adapter: &str, options: &str) -> Result<(Adapter, IngestOptions), Error> {
    let adapter = Adapter::from_word(adapter).ok_or_else(|| {
        let known: Vec<&str> = Adapter::ALL.iter().map(|adapter| adapter.as_str()).collect();
        invalid("adapter", &format!("there is none of this name; use one of {}", known.join(", ")))
    })?;
    let options =
        serde_json::from_str(options).map_err(|error| invalid("options_json", &error.to_string()))?;
    Ok((adapter, options))
}

/// Ends a text that any of these functions has put into `out`; NULL is fine.
///
/// # Safety
/// `text` is NULL or comes from one of these functions and has not been ended before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsm_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it is from `CString::into_raw` in `answer`, and the caller ends it once.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// The open streams.
static STREAMS: Registry<AnyStream> = Registry::new("stream", "end it and restore it from its last snapshot");

/// A stream as it is now, at no cost.
fn snapshot(stream: VsmStream) -> Result<ValueStream, Error> {
    STREAMS.with(stream, |kept| Ok(kept.stream().clone()))
}

/// Makes something that goes by a number, and answers what there is to say of it.
///
/// # Safety
/// `number` is NULL or can hold a number, `out` is NULL or can hold a pointer.
unsafe fn open<T>(
    registry: &Registry<T>,
    number: *mut u64,
    out: *mut *mut c_char,
    make: impl FnOnce() -> Result<(T, String), Error>,
) -> VsmStatus {
    let mut opened = 0;
    let call = || {
        if number.is_null() {
            return Err(invalid(registry.name, "must not be NULL"));
        }
        let (made, said) = make()?;
        opened = registry.open(made);
        Ok(said)
    };
    // SAFETY: the caller promises what `answer` demands.
    let status = unsafe { answer(out, call) };
    if !number.is_null() {
        // SAFETY: it is not NULL, and the caller promises that it can hold a number.
        unsafe { number.write(opened) };
    }
    status
}

/// Ends what goes by a number, if there is such a thing.
fn end<T>(registry: &Registry<T>, number: u64) -> VsmStatus {
    match catch_unwind(AssertUnwindSafe(|| registry.close(number))) {
        Ok(true) => VsmStatus::Ok,
        _ => VsmStatus::Error,
    }
}

fn invalid(field: &str, reason: &str) -> Error {
    Error::Invalid { field: field.into(), reason: reason.into() }
}

/// Runs a call and hands out its answer.
///
/// # Safety
/// `out` is NULL or can hold a pointer.
unsafe fn answer(out: *mut *mut c_char, call: impl FnOnce() -> Result<String, Error>) -> VsmStatus {
    if out.is_null() {
        return VsmStatus::NoOut;
    }
    let (status, text) = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(text)) => (VsmStatus::Ok, text),
        Ok(Err(error)) => (VsmStatus::Error, refusal(error.code(), &error.to_string())),
        Err(panic) => (VsmStatus::Error, refusal("panic", panic_message(panic.as_ref()))),
    };
    // JSON writes a NUL as \u0000, so no text is lost here.
    let text = CString::new(text).unwrap_or_default().into_raw();
    // SAFETY: it is not NULL, and the caller promises that it can hold a pointer.
    unsafe { out.write(text) };
    status
}

fn refusal(code: &str, message: &str) -> String {
    serde_json::json!({ "error": { "code": code, "message": message } }).to_string()
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("the engine broke off")
}

/// # Safety
/// `pointer` is NULL or points to bytes that end with NUL and live as long as the result is used.
unsafe fn text<'a>(field: &str, pointer: *const c_char) -> Result<&'a str, Error> {
    if pointer.is_null() {
        return Err(invalid(field, "must not be NULL"));
    }
    // SAFETY: it is not NULL, and the caller promises the rest.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map_err(|error| invalid(field, &format!("must be UTF-8: {error}")))
}

/// # Safety
/// As for [`text`].
unsafe fn text_or<'a>(field: &str, pointer: *const c_char, absent: &'a str) -> Result<&'a str, Error> {
    if pointer.is_null() {
        return Ok(absent);
    }
    // SAFETY: the caller promises what `text` demands.
    unsafe { text(field, pointer) }
}

/// # Safety
/// `pointer` is NULL or points to `len` bytes that nobody changes and that live as long as the result is used.
unsafe fn data<'a>(field: &str, pointer: *const u8, len: usize) -> Result<&'a [u8], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(invalid(field, "must not be NULL where the length is not 0"));
    }
    if len > isize::MAX as usize {
        return Err(invalid("len", "is longer than any memory"));
    }
    // SAFETY: it is not NULL, the length is one that memory can have, and the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(pointer, len) })
}
