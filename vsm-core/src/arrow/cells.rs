//! How the values of a field become a column.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::LargeStringBuilder;
use arrow_array::{
    ArrayRef, BooleanArray, DurationMillisecondArray, Float64Array, Int64Array, LargeListArray, StructArray,
    TimestampMillisecondArray, UInt32Array, UInt64Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, TimeUnit};

use crate::time::{Instant, Span};

type Column = std::result::Result<ArrayRef, ArrowError>;

/// What can stand in a column. Texts and lists are of the large sort: 2 GiB of ids are no reason to fail.
pub(crate) trait Cell: Sized {
    /// Whether a row may have none.
    const NULLABLE: bool = false;

    fn data_type() -> DataType;

    /// A column with a place for each value; none for a row that is itself absent.
    fn column(values: Vec<Option<&Self>>) -> Column;
}

/// The description of a column.
pub(crate) fn field<T: Cell>(name: &str) -> Field {
    Field::new(name, T::data_type(), T::NULLABLE)
}

/// The column of a field of some rows.
pub(crate) fn pick<R, T: Cell>(rows: &[Option<&R>], read: fn(&R) -> &T) -> Column {
    T::column(rows.iter().map(|row| row.map(read)).collect())
}

/// The description of the column of a field.
pub(crate) fn described<R, T: Cell>(name: &str, _read: fn(&R) -> &T) -> Field {
    field::<T>(name)
}

/// A column of records, of their fields' columns.
pub(crate) fn record<R: Cell>(columns: Vec<ArrayRef>, rows: &[Option<&R>]) -> Column {
    let DataType::Struct(fields) = R::data_type() else {
        return Err(ArrowError::SchemaError("a record has fields".into()));
    };
    let present = present(rows.iter().map(Option::is_some));
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, present, rows.len())?))
}

/// Which places have a value; nothing where all have.
fn present(values: impl Iterator<Item = bool>) -> Option<NullBuffer> {
    let present = NullBuffer::from_iter(values);
    (present.null_count() > 0).then_some(present)
}

macro_rules! numbers {
    ($($type:ty => $data:ident, $array:ty;)+) => {
        $(impl Cell for $type {
            fn data_type() -> DataType {
                DataType::$data
            }

            fn column(values: Vec<Option<&$type>>) -> Column {
                Ok(Arc::new(<$array>::from_iter(values.into_iter().map(|value| value.copied()))))
            }
        })+
    };
}

numbers! {
    bool => Boolean, BooleanArray;
    u32 => UInt32, UInt32Array;
    u64 => UInt64, UInt64Array;
    i64 => Int64, Int64Array;
    f64 => Float64, Float64Array;
}

impl Cell for Instant {
    fn data_type() -> DataType {
        DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
    }

    fn column(values: Vec<Option<&Instant>>) -> Column {
        let millis = values.into_iter().map(|value| value.map(|at| at.millis()));
        Ok(Arc::new(TimestampMillisecondArray::from_iter(millis).with_timezone("UTC")))
    }
}

impl Cell for Span {
    fn data_type() -> DataType {
        DataType::Duration(TimeUnit::Millisecond)
    }

    fn column(values: Vec<Option<&Span>>) -> Column {
        let millis = values.into_iter().map(|value| value.map(|span| span.millis()));
        Ok(Arc::new(DurationMillisecondArray::from_iter(millis)))
    }
}

impl Cell for String {
    fn data_type() -> DataType {
        DataType::LargeUtf8
    }

    fn column(values: Vec<Option<&String>>) -> Column {
        Ok(texts(values.into_iter().map(|value| value.map(String::as_str))))
    }
}

/// A column of texts.
pub(crate) fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut column = LargeStringBuilder::new();
    values.for_each(|value| column.append_option(value));
    Arc::new(column.finish())
}

impl<T: Cell> Cell for Option<T> {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        T::data_type()
    }

    fn column(values: Vec<Option<&Option<T>>>) -> Column {
        T::column(values.into_iter().map(|value| value.and_then(Option::as_ref)).collect())
    }
}

impl<T: Cell> Cell for Vec<T> {
    fn data_type() -> DataType {
        DataType::LargeList(Arc::new(field::<T>("item")))
    }

    fn column(values: Vec<Option<&Vec<T>>>) -> Column {
        let offsets = OffsetBuffer::from_lengths(values.iter().map(|value| value.map_or(0, Vec::len)));
        let present = present(values.iter().map(Option::is_some));
        let all = T::column(values.into_iter().flatten().flatten().map(Some).collect())?;
        Ok(Arc::new(LargeListArray::try_new(Arc::new(field::<T>("item")), offsets, all, present)?))
    }
}

/// A map is a list of its entries: libraries of data frames know lists and records, and few know maps.
impl<T: Cell> Cell for BTreeMap<String, T> {
    fn data_type() -> DataType {
        DataType::LargeList(Arc::new(Field::new("entry", DataType::Struct(entry::<T>()), false)))
    }

    fn column(values: Vec<Option<&BTreeMap<String, T>>>) -> Column {
        let offsets = OffsetBuffer::from_lengths(values.iter().map(|value| value.map_or(0, BTreeMap::len)));
        let present = present(values.iter().map(Option::is_some));
        let all: Vec<Option<(&String, &T)>> = values.into_iter().flatten().flatten().map(Some).collect();
        let names = String::column(all.iter().map(|entry| entry.map(|(name, _)| name)).collect())?;
        let held = T::column(all.iter().map(|entry| entry.map(|(_, value)| value)).collect())?;
        let entries = StructArray::try_new_with_length(entry::<T>(), vec![names, held], None, all.len())?;
        let field = Field::new("entry", DataType::Struct(entry::<T>()), false);
        Ok(Arc::new(LargeListArray::try_new(Arc::new(field), offsets, Arc::new(entries), present)?))
    }
}

fn entry<T: Cell>() -> Fields {
    Fields::from(vec![field::<String>("key"), field::<T>("value")])
}
