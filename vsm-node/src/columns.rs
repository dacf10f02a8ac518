//! Tables as typed arrays: what a number costs on its way to JavaScript is a nanosecond, where an object costs a thousand.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, DurationMillisecondType, Float64Type, Int64Type, TimestampMillisecondType,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Fields};
use napi::bindgen_prelude::{Float64Array, ToNapiValue, TypeName, Uint8Array, ValueType};
use napi::sys;

use crate::map::Map;

/// A table on its way out.
pub struct Columns(BTreeMap<String, Column>);

enum Column {
    /// Numbers, instants and spans; not a number is nothing.
    Numbers(Vec<f64>),
    /// Yes, no, and [`NEITHER`].
    Flags(Vec<u8>),
    Texts(Vec<Option<String>>),
    Records(Columns),
    Lists(Vec<Option<Column>>),
}

const NEITHER: u8 = 255;

impl From<RecordBatch> for Columns {
    fn from(batch: RecordBatch) -> Columns {
        Columns::of(batch.schema_ref().fields(), batch.columns())
    }
}

impl Columns {
    fn of(fields: &Fields, columns: &[ArrayRef]) -> Columns {
        let named = fields.iter().zip(columns).map(|(field, column)| {
            let is_span = matches!(field.data_type(), DataType::Duration(_));
            (camel(field.name()) + if is_span { "Ms" } else { "" }, Column::of(column))
        });
        Columns(named.collect())
    }
}

impl Column {
    /// Of the types that the core makes.
    fn of(column: &ArrayRef) -> Column {
        match column.data_type() {
            DataType::Float64 => numbers::<Float64Type>(column, |value| value),
            DataType::Int64 => numbers::<Int64Type>(column, |value| value as f64),
            DataType::UInt64 => numbers::<UInt64Type>(column, |value| value as f64),
            DataType::UInt32 => numbers::<UInt32Type>(column, f64::from),
            DataType::Timestamp(..) => numbers::<TimestampMillisecondType>(column, |value| value as f64),
            DataType::Duration(_) => numbers::<DurationMillisecondType>(column, |value| value as f64),
            DataType::Boolean => {
                let flags = column.as_boolean().iter();
                Column::Flags(flags.map(|flag| flag.map_or(NEITHER, u8::from)).collect())
            }
            DataType::Struct(fields) => Column::Records(Columns::of(fields, column.as_struct().columns())),
            DataType::LargeList(_) => {
                let lists = column.as_list::<i64>().iter();
                Column::Lists(lists.map(|list| list.map(|list| Column::of(&list))).collect())
            }
            _ => {
                let texts =
                    column.as_string_opt::<i64>().map(|texts| texts.iter().map(|text| text.map(Into::into)));
                Column::Texts(texts.map_or_else(|| vec![None; column.len()], Iterator::collect))
            }
        }
    }
}

fn numbers<T: ArrowPrimitiveType>(column: &ArrayRef, read: fn(T::Native) -> f64) -> Column {
    let column = column.as_primitive::<T>();
    Column::Numbers(match column.null_count() {
        0 => column.values().iter().map(|value| read(*value)).collect(),
        _ => column.iter().map(|value| value.map_or(f64::NAN, read)).collect(),
    })
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let upper = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &upper.into_iter().chain(letters).collect::<String>()
    })
}

impl ToNapiValue for Columns {
    unsafe fn to_napi_value(env: sys::napi_env, columns: Columns) -> napi::Result<sys::napi_value> {
        unsafe { Map::to_napi_value(env, Map(columns.0)) }
    }
}

impl TypeName for Columns {
    fn type_name() -> &'static str {
        "Columns"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ToNapiValue for Column {
    unsafe fn to_napi_value(env: sys::napi_env, column: Column) -> napi::Result<sys::napi_value> {
        unsafe {
            match column {
                Column::Numbers(numbers) => Float64Array::to_napi_value(env, Float64Array::new(numbers)),
                Column::Flags(flags) => Uint8Array::to_napi_value(env, Uint8Array::new(flags)),
                Column::Texts(texts) => Vec::to_napi_value(env, texts),
                Column::Records(columns) => Columns::to_napi_value(env, columns),
                Column::Lists(lists) => Vec::to_napi_value(env, lists),
            }
        }
    }
}
