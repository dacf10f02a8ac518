//! Promises: work that runs on Node's thread pool while the event loop goes on.

use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Task};

use crate::error::Fallible;

/// Work that makes a `T`, of which JavaScript gets a `J`.
pub struct Job<T, J = T> {
    work: Option<Box<dyn FnOnce() -> Fallible<T> + Send>>,
    result: PhantomData<fn() -> J>,
}

impl<T, J> Job<T, J>
where
    T: Send + 'static,
    J: From<T> + ToNapiValue + TypeName,
{
    /// A promise of what the work returns.
    pub(crate) fn promise(work: impl FnOnce() -> Fallible<T> + Send + 'static) -> AsyncTask<Job<T, J>> {
        AsyncTask::new(Job { work: Some(Box::new(work)), result: PhantomData })
    }
}

impl<T, J> Task for Job<T, J>
where
    T: Send + 'static,
    J: From<T> + ToNapiValue + TypeName,
{
    // The failure is part of the output: an error of `compute` could not bring its code along.
    type Output = Fallible<T>;
    type JsValue = J;

    fn compute(&mut self) -> napi::Result<Fallible<T>> {
        let Some(work) = self.work.take() else {
            return Err(napi::Error::from_reason("the work was done before"));
        };
        panic::catch_unwind(AssertUnwindSafe(work)).map_err(napi::bindgen_prelude::panic_to_error)
    }

    fn resolve(&mut self, env: Env, output: Fallible<T>) -> napi::Result<J> {
        output.map(J::from).map_err(|failure| failure.into_napi(env))
    }
}
