//! What is thrown: a real `Error` with the core's code.

use napi::bindgen_prelude::Object;
use napi::{Env, JsError, JsValue};
use napi_derive::napi;

/// What every error that the engine throws, or rejects a promise with, has to tell it apart by.
#[napi(object, object_from_js = false)]
pub struct VsmError {
    /// One sentence that names the offending thing and says what to do.
    pub message: String,
    /// The stable code of this kind of error, the same in every language. `GenericFailure` is a defect of the engine
    /// itself; a stream that it happened to while taking events refuses every later call.
    #[napi(
        ts_type = "'unknown_item' | 'cycle' | 'invalid' | 'unknown_zone' | 'document' | 'conflict' | 'read_only' | 'horizon' | 'storage' | 'GenericFailure'"
    )]
    pub code: &'static str,
    /// Of a `cycle`: its items in the order "each needs the next", the first one repeated at the end.
    pub path: Option<Vec<String>>,
    /// Of `storage`: the file.
    pub file: Option<String>,
    /// Of `storage`: where in the file; absent where it is about the whole file.
    pub position: Option<String>,
}

const _: () = assert!(vsm_core::Error::CODES.len() == 9, "the declaration of VsmError.code lists all codes");

/// Why a call has no result.
pub enum Failure {
    /// The core refuses.
    Core(vsm_core::Error),
    /// An argument is not what it should be.
    Argument {
        /// Where in the argument: `.links[0].to`; empty for the whole.
        path: String,
        /// What is expected, and what is there.
        reason: String,
    },
    /// JavaScript that ran while an argument was read (a getter, a proxy) has thrown this.
    Thrown(napi::Error),
}

/// What a call returns inside this crate.
pub type Fallible<T> = Result<T, Failure>;

impl From<vsm_core::Error> for Failure {
    fn from(error: vsm_core::Error) -> Failure {
        Failure::Core(error)
    }
}

impl From<napi::Error> for Failure {
    fn from(error: napi::Error) -> Failure {
        Failure::Thrown(error)
    }
}

impl Failure {
    pub(crate) fn argument(reason: String) -> Failure {
        Failure::Argument { path: String::new(), reason }
    }

    /// The failure of a part, as that of the whole.
    pub(crate) fn within(self, part: impl FnOnce() -> String) -> Failure {
        match self {
            Failure::Argument { path, reason } => Failure::Argument { path: part() + &path, reason },
            other => other,
        }
    }

    /// In the core's terms, where it can be said in them.
    pub(crate) fn into_core(self) -> Result<vsm_core::Error, napi::Error> {
        match self {
            Failure::Core(error) => Ok(error),
            Failure::Argument { path, reason } => Ok(vsm_core::Error::Invalid { field: path, reason }),
            Failure::Thrown(error) => Err(error),
        }
    }

    /// As napi carries it to JavaScript: an error object made here, since napi's own has no code but its own.
    pub(crate) fn into_napi(self, env: Env) -> napi::Error {
        let error = match self.into_core() {
            Ok(error) => error,
            Err(thrown) => return thrown,
        };
        let message = error.to_string();
        let object = JsError::from(napi::Error::new(error.code(), &message)).into_unknown(env);
        if object.raw().is_null() {
            // Node is shutting down and makes no objects any more.
            return napi::Error::from_reason(message);
        }
        let mut details = Object::from_raw(env.raw(), object.raw());
        let written = match error {
            vsm_core::Error::Cycle { path } => details.set("path", path),
            vsm_core::Error::Storage { path, position, .. } => {
                let position = position.map_or(Ok(()), |position| details.set("position", position));
                position.and_then(|()| details.set("file", path))
            }
            _ => Ok(()),
        };
        if let Err(error) = written {
            return error;
        }
        napi::Error::from_unknown_without_coercion(object)
    }
}

/// Makes a call; what goes wrong in it is thrown.
pub(crate) fn throwing<T>(env: Env, call: impl FnOnce() -> Fallible<T>) -> napi::Result<T> {
    call().map_err(|failure| failure.into_napi(env))
}
