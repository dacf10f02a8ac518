//! Reading arguments: what JavaScript hands in, as the core's own types or as a [`Failure`] that says where it is
//! not what it should be.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, Uint8ArraySlice};
use napi::{Unknown, ValueType, sys};
use vsm_core::Span;

use crate::error::{Failure, Fallible};

/// `Number.MAX_SAFE_INTEGER`: beyond it numbers are not whole numbers any more.
const MOST_WHOLE: f64 = 9_007_199_254_740_991.0;

/// A value of JavaScript, for the length of one call.
#[derive(Clone, Copy)]
pub struct Js {
    env: sys::napi_env,
    raw: sys::napi_value,
}

/// What can be read from JavaScript.
pub trait FromJs: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// [`Failure::Argument`] with the path to what is wrong, or what a getter has thrown.
    fn from_js(value: Js) -> Fallible<Self>;
}

/// An argument, read as far as it went: how it failed decides between a throw and a rejected promise.
pub struct Arg<T>(Fallible<T>);

impl<T> Arg<T> {
    /// The argument, which goes by this name.
    pub(crate) fn get(self, name: &str) -> Fallible<T> {
        self.0.map_err(|failure| failure.within(|| name.to_owned()))
    }
}

impl<T: FromJs> FromNapiValue for Arg<T> {
    unsafe fn from_napi_value(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<Self> {
        Ok(Arg(T::from_js(Js { env, raw })))
    }
}

impl Js {
    /// Asks Node for something. An exception on the way is taken along, so that what follows can go on.
    fn ask<T>(self, mut answer: T, question: impl FnOnce(*mut T) -> sys::napi_status) -> Fallible<T> {
        let status = question(&mut answer);
        if status == sys::Status::napi_ok {
            return Ok(answer);
        }
        // The status does not tell: some questions fail in general where something was thrown.
        let (mut is_thrown, mut thrown) = (false, ptr::null_mut());
        unsafe { sys::napi_is_exception_pending(self.env, &mut is_thrown) };
        if is_thrown
            && unsafe { sys::napi_get_and_clear_last_exception(self.env, &mut thrown) }
                == sys::Status::napi_ok
        {
            let thrown = unsafe { Unknown::from_raw_unchecked(self.env, thrown) };
            return Err(napi::Error::from_unknown_without_coercion(thrown).into());
        }
        Err(napi::Error::new(napi::Status::from(status), "Node refuses to read the argument").into())
    }

    fn with(self, raw: sys::napi_value) -> Js {
        Js { raw, ..self }
    }

    fn kind(self) -> Fallible<ValueType> {
        let kind = self.ask(0, |kind| unsafe { sys::napi_typeof(self.env, self.raw, kind) })?;
        Ok(ValueType::from(kind))
    }

    fn is_array(self) -> Fallible<bool> {
        self.ask(false, |is| unsafe { sys::napi_is_array(self.env, self.raw, is) })
    }

    fn is_date(self) -> Fallible<bool> {
        self.ask(false, |is| unsafe { sys::napi_is_date(self.env, self.raw, is) })
    }

    pub(crate) fn is_nothing(self) -> Fallible<bool> {
        Ok(matches!(self.kind()?, ValueType::Undefined | ValueType::Null))
    }

    /// The failure of a value that should have been something else.
    fn refuse<T>(self, expected: &str) -> Fallible<T> {
        let found = match self.kind()? {
            ValueType::Undefined => "undefined",
            ValueType::Null => "null",
            ValueType::Boolean => "a boolean",
            ValueType::Number => "a number",
            ValueType::String => "a string",
            ValueType::Symbol => "a symbol",
            ValueType::Function => "a function",
            ValueType::BigInt => "a bigint",
            _ if self.is_array()? => "an array",
            _ if self.is_date()? => "a Date",
            _ => "an object",
        };
        Err(Failure::argument(format!("expected {expected}, not {found}")))
    }

    /// An instant, if the value is a date at all.
    pub(crate) fn date(self) -> Fallible<f64> {
        if !self.is_date()? {
            return self.refuse("a Date");
        }
        self.ask(0.0, |millis| unsafe { sys::napi_get_date_value(self.env, self.raw, millis) })
    }

    /// A finite number: what JSON can't say means nothing to the engine.
    fn number(self, expected: &str) -> Fallible<f64> {
        if self.kind()? != ValueType::Number {
            return self.refuse(expected);
        }
        let number =
            self.ask(0.0, |number| unsafe { sys::napi_get_value_double(self.env, self.raw, number) })?;
        if number.is_finite() {
            Ok(number)
        } else {
            Err(Failure::argument(format!(
                "expected {expected}, not {}",
                if number.is_nan() { "NaN" } else { "Infinity" }
            )))
        }
    }

    fn whole(self, most: f64) -> Fallible<f64> {
        let number = self.number("a whole number")?;
        if number.fract() == 0.0 && (0.0..=most).contains(&number) {
            Ok(number)
        } else {
            Err(Failure::argument(format!("expected a whole number from 0 to {most}, not {number}")))
        }
    }

    /// The value as a record, whose properties are looked up one by one.
    pub(crate) fn record(self) -> Fallible<Record> {
        if self.kind()? != ValueType::Object || self.is_array()? || self.is_date()? {
            return self.refuse("an object");
        }
        Ok(Record(self))
    }

    /// Reads each element of an array by itself.
    pub(crate) fn each<T>(self, mut read: impl FnMut(u32, Js) -> Fallible<T>) -> Fallible<Vec<T>> {
        if !self.is_array()? {
            return self.refuse("an array");
        }
        let length =
            self.ask(0, |length| unsafe { sys::napi_get_array_length(self.env, self.raw, length) })?;
        // Not room for `length` elements: an array may only claim to be that long.
        let mut list = Vec::new();
        for index in 0..length {
            // All that is touched while an element is read stays alive until its scope ends.
            let scope = Scope::open(self)?;
            let element = self
                .ask(ptr::null_mut(), |raw| unsafe { sys::napi_get_element(self.env, self.raw, index, raw) })
                .and_then(|raw| read(index, self.with(raw)));
            drop(scope);
            list.push(element?);
        }
        Ok(list)
    }

    /// The names of the properties that an object has itself.
    fn own_names(self) -> Fallible<sys::napi_value> {
        self.ask(ptr::null_mut(), |names| unsafe {
            sys::napi_get_all_property_names(
                self.env,
                self.raw,
                sys::KeyCollectionMode::own_only,
                sys::KeyFilter::enumerable | sys::KeyFilter::skip_symbols,
                sys::KeyConversion::numbers_to_strings,
                names,
            )
        })
    }

    /// The property of a name.
    fn get(self, name: Js) -> Fallible<Js> {
        let property = self.ask(ptr::null_mut(), |raw| unsafe {
            sys::napi_get_property(self.env, self.raw, name.raw, raw)
        })?;
        Ok(self.with(property))
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(self, all: &[T], name: fn(T) -> &'static str) -> Fallible<T> {
        let word = String::from_js(self)?;
        all.iter().copied().find(|value| name(*value) == word).ok_or_else(|| {
            let words: Vec<String> = all.iter().map(|value| format!("'{}'", name(*value))).collect();
            let word: String = word.chars().take(40).collect();
            Failure::argument(format!("expected one of {}, not '{word}'", words.join(", ")))
        })
    }
}

/// A scope of handles.
struct Scope {
    env: sys::napi_env,
    scope: sys::napi_handle_scope,
}

impl Scope {
    fn open(js: Js) -> Fallible<Scope> {
        let scope = js.ask(ptr::null_mut(), |scope| unsafe { sys::napi_open_handle_scope(js.env, scope) })?;
        Ok(Scope { env: js.env, scope })
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        // It fails only when scopes are closed out of order, which a local value can't do.
        unsafe { sys::napi_close_handle_scope(self.env, self.scope) };
    }
}

/// An object that is read as a record of the core.
pub struct Record(Js);

impl Record {
    fn property(&self, name: &CStr) -> Fallible<Js> {
        let raw = self.0.ask(ptr::null_mut(), |raw| unsafe {
            sys::napi_get_named_property(self.0.env, self.0.raw, name.as_ptr(), raw)
        })?;
        Ok(self.0.with(raw))
    }

    /// Refuses a property of another name: one that does nothing is a mistake. What is undefined says nothing, and what an
    /// object inherits is none of its own.
    pub(crate) fn only(&self, known: &[&str]) -> Fallible<()> {
        let object = self.0;
        let names = object.with(object.own_names()?).each(|_, raw| {
            let name = String::from_js(raw)?;
            if known.contains(&name.as_str()) || object.get(raw)?.kind()? == ValueType::Undefined {
                return Ok(None);
            }
            Ok(Some(name))
        })?;
        match names.into_iter().flatten().next() {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(40).collect();
                Err(Failure::argument(format!("there is no property '{name}', only {}", known.join(", "))))
            }
        }
    }

    /// A property that has to be there.
    pub(crate) fn field<T: FromJs>(&self, name: &CStr) -> Fallible<T> {
        T::from_js(self.property(name)?).map_err(|failure| failure.within(|| dot(name)))
    }

    /// A property that may be undefined or null.
    pub(crate) fn optional<T: FromJs>(&self, name: &CStr) -> Fallible<Option<T>> {
        Option::<T>::from_js(self.property(name)?).map_err(|failure| failure.within(|| dot(name)))
    }
}

fn dot(name: &CStr) -> String {
    format!(".{}", name.to_string_lossy())
}

/// The value itself.
impl FromJs for Js {
    fn from_js(value: Js) -> Fallible<Js> {
        Ok(value)
    }
}

impl FromJs for String {
    fn from_js(value: Js) -> Fallible<String> {
        if value.kind()? != ValueType::String {
            return value.refuse("a string");
        }
        Ok(unsafe { String::from_napi_value(value.env, value.raw) }?)
    }
}

impl FromJs for bool {
    fn from_js(value: Js) -> Fallible<bool> {
        if value.kind()? != ValueType::Boolean {
            return value.refuse("a boolean");
        }
        value.ask(false, |is| unsafe { sys::napi_get_value_bool(value.env, value.raw, is) })
    }
}

impl FromJs for f64 {
    fn from_js(value: Js) -> Fallible<f64> {
        value.number("a number")
    }
}

impl FromJs for u32 {
    fn from_js(value: Js) -> Fallible<u32> {
        Ok(value.whole(u32::MAX.into())? as u32)
    }
}

impl FromJs for u64 {
    fn from_js(value: Js) -> Fallible<u64> {
        Ok(value.whole(MOST_WHOLE)? as u64)
    }
}

impl FromJs for i64 {
    fn from_js(value: Js) -> Fallible<i64> {
        let number = value.number("a whole number")?;
        if number.fract() != 0.0 || number.abs() > MOST_WHOLE {
            return Err(Failure::argument(format!(
                "expected a whole number between {} and {MOST_WHOLE}, not {number}",
                -MOST_WHOLE
            )));
        }
        Ok(number as i64)
    }
}

/// A number of milliseconds; fractions, which arithmetic with numbers leaves, are rounded.
impl FromJs for Span {
    fn from_js(value: Js) -> Fallible<Span> {
        let millis = value.number("a number of milliseconds")?;
        if millis.abs() > MOST_WHOLE {
            return Err(Failure::argument(format!(
                "expected a number of milliseconds up to {MOST_WHOLE}, not {millis}"
            )));
        }
        Ok(Span::from_millis(millis.round() as i64))
    }
}

impl<T: FromJs> FromJs for Option<T> {
    fn from_js(value: Js) -> Fallible<Option<T>> {
        if value.is_nothing()? { Ok(None) } else { T::from_js(value).map(Some) }
    }
}

impl<T: FromJs> FromJs for Vec<T> {
    fn from_js(value: Js) -> Fallible<Vec<T>> {
        value.each(|index, element| {
            T::from_js(element).map_err(|failure| failure.within(|| format!("[{index}]")))
        })
    }
}

/// The own properties of an object, in which a name that it inherits says nothing.
impl<T: FromJs> FromJs for BTreeMap<String, T> {
    fn from_js(value: Js) -> Fallible<BTreeMap<String, T>> {
        let object = value.record()?.0;
        let entries = object.with(object.own_names()?).each(|_, name| {
            let property = object.get(name)?;
            let name = String::from_js(name)?;
            match T::from_js(property) {
                Ok(value) => Ok((name, value)),
                Err(failure) => Err(failure.within(|| format!("[{name:?}]"))),
            }
        })?;
        Ok(entries.into_iter().collect())
    }
}

/// Text or bytes, copied: nobody can change them while they are read, on whatever thread that is.
pub struct Data(pub(crate) Vec<u8>);

impl FromJs for Data {
    fn from_js(value: Js) -> Fallible<Data> {
        match value.kind()? {
            ValueType::String => Ok(Data(String::from_js(value)?.into_bytes())),
            ValueType::Object => match unsafe { Uint8ArraySlice::from_napi_value(value.env, value.raw) } {
                Ok(bytes) => Ok(Data(bytes.to_vec())),
                Err(_) => value.refuse("a Buffer, a Uint8Array or a string"),
            },
            _ => value.refuse("a Buffer, a Uint8Array or a string"),
        }
    }
}
