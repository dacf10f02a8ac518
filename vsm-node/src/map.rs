//! Texts to values, as plain objects.

use std::collections::BTreeMap;
use std::ptr;

use napi::bindgen_prelude::ToNapiValue;
use napi::{check_status, sys};

/// A map on its way out.
///
/// napi's own conversion assigns; so a key `__proto__`, which a source may well send, would be lost or change what
/// the object is. This one defines.
pub struct Map<T>(pub(crate) BTreeMap<String, T>);

impl<T: ToNapiValue> ToNapiValue for Map<T> {
    unsafe fn to_napi_value(env: sys::napi_env, map: Map<T>) -> napi::Result<sys::napi_value> {
        let mut object = ptr::null_mut();
        check_status!(unsafe { sys::napi_create_object(env, &mut object) })?;
        for (key, value) in map.0 {
            let property = sys::napi_property_descriptor {
                utf8name: ptr::null(),
                name: unsafe { String::to_napi_value(env, key) }?,
                method: None,
                getter: None,
                setter: None,
                value: unsafe { T::to_napi_value(env, value) }?,
                attributes: sys::PropertyAttributes::writable
                    | sys::PropertyAttributes::enumerable
                    | sys::PropertyAttributes::configurable,
                data: ptr::null_mut(),
            };
            check_status!(unsafe { sys::napi_define_properties(env, object, 1, &property) })?;
        }
        Ok(object)
    }
}
