//! Tables in Arrow's columns: batches in memory, and the bytes of an IPC file or stream.

use std::borrow::Cow;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, OffsetSizeTrait, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use chrono::DateTime;

use super::super::{Ingested, Reject};
use super::pattern::Columns;
use super::rows::{Cell, Row, Take, place, reject};
use crate::error::{Error, Result};
use crate::time::{DAY, Instant, clip};

/// What an IPC file begins with; a stream does not.
const FILE: &[u8] = b"ARROW1";

/// Reads the value that a row has.
type Read<'b> = Box<dyn Fn(usize) -> Cell<'b> + 'b>;

/// Reads the bytes of an IPC file or stream.
///
/// # Errors
/// A column is missing, or of a type that is not read.
pub(super) fn ipc(bytes: &[u8], columns: &Columns, ingested: &mut Ingested, take: Take<'_>) -> Result<()> {
    let mut buffer = Buffer::from(stream_in(bytes));
    let mut decoder = StreamDecoder::new();
    let mut next = 1;
    loop {
        // What was damaged may be well-formed and yet lack what the decoder takes for granted; it panics then. Where a host
        // is built to abort on panics this does not help: it should take bytes only from those it trusts.
        let found = catch_unwind(AssertUnwindSafe(|| decoder.decode(&mut buffer)));
        let found = found.unwrap_or_else(|_| Err(ArrowError::IpcError("something is missing in it".into())));
        match found {
            Ok(Some(found)) => {
                batch(&found, next, columns, ingested, take)?;
                next += found.num_rows() as u64;
            }
            Ok(None) => break,
            // What follows a batch that can't be read can't be found.
            Err(error) => {
                ingested.rejects.push(broken(next, &error));
                return Ok(());
            }
        }
    }
    if let Err(error) = decoder.finish() {
        ingested.rejects.push(broken(next, &error));
    }
    Ok(())
}

/// The stream that a file holds, between its mark and its table of contents; what is no file is a stream itself.
fn stream_in(bytes: &[u8]) -> &[u8] {
    let Some(inner) = bytes.strip_prefix(FILE).and_then(|inner| inner.strip_suffix(FILE)) else {
        return bytes;
    };
    let Some((inner, length)) = inner.split_last_chunk() else { return bytes };
    let end =
        usize::try_from(i32::from_le_bytes(*length)).ok().and_then(|length| inner.len().checked_sub(length));
    // The mark is filled up with zeros.
    let start = inner.iter().position(|byte| *byte != 0).unwrap_or(0);
    end.and_then(|end| inner.get(start..end)).unwrap_or(bytes)
}

/// What is said of a batch that can't be read.
pub(super) fn broken(position: u64, error: &ArrowError) -> Reject {
    reject(position, format!("from this row on it is not Arrow: {}", clip(&error.to_string())))
}

/// Reads a batch whose first row has a number.
///
/// # Errors
/// A column is missing, or of a type that is not read.
pub(super) fn batch(
    batch: &RecordBatch,
    first: u64,
    columns: &Columns,
    ingested: &mut Ingested,
    take: Take<'_>,
) -> Result<()> {
    let names: Vec<String> =
        batch.schema_ref().fields().iter().map(|field| field.name().trim().to_owned()).collect();
    let reader = |name: &String| {
        let column = batch.columns().get(place("table", &names, name)?);
        column.and_then(|column| reader(column)).ok_or_else(|| {
            let of = column.map_or_else(String::new, |column| column.data_type().to_string());
            let reason = format!(
                "the column \"{}\" is of the type {}, which is not read: make it text",
                clip(name),
                clip(&of)
            );
            Error::invalid("mapping", reason)
        })
    };
    let readers = columns.0.iter().map(reader).collect::<Result<Vec<_>>>()?;
    for row in 0..batch.num_rows() {
        let cells = readers.iter().map(|read| read(row)).collect();
        let blank = batch.columns().iter().all(|column| column.is_null(row));
        take(ingested, first + row as u64, Ok(Row { cells, blank }));
    }
    Ok(())
}

/// Nothing for a type that is not read.
fn reader(column: &dyn Array) -> Option<Read<'_>> {
    let read: Read<'_> = match column.data_type() {
        DataType::Null => Box::new(|_| Cell::default()),
        DataType::Utf8 => texts(move |row| column.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => texts(move |row| column.as_string::<i64>().value(row)),
        DataType::Utf8View => texts(move |row| column.as_string_view().value(row)),
        DataType::Boolean => shown(move |row| column.as_boolean().value(row)),
        DataType::Int8 => numbers::<Int8Type>(column),
        DataType::Int16 => numbers::<Int16Type>(column),
        DataType::Int32 => numbers::<Int32Type>(column),
        DataType::Int64 => numbers::<Int64Type>(column),
        DataType::UInt8 => numbers::<UInt8Type>(column),
        DataType::UInt16 => numbers::<UInt16Type>(column),
        DataType::UInt32 => numbers::<UInt32Type>(column),
        DataType::UInt64 => numbers::<UInt64Type>(column),
        DataType::Float32 => floats::<Float32Type>(column),
        DataType::Float64 => floats::<Float64Type>(column),
        DataType::Date32 => dates(move |row| i64::from(column.as_primitive::<Date32Type>().value(row)) * DAY),
        DataType::Date64 => dates(move |row| column.as_primitive::<Date64Type>().value(row)),
        DataType::Timestamp(unit, zone) => {
            let is_zoned = zone.is_some();
            match unit {
                TimeUnit::Second => times::<TimestampSecondType>(column, 1_000_000_000, is_zoned),
                TimeUnit::Millisecond => times::<TimestampMillisecondType>(column, 1_000_000, is_zoned),
                TimeUnit::Microsecond => times::<TimestampMicrosecondType>(column, 1_000, is_zoned),
                TimeUnit::Nanosecond => times::<TimestampNanosecondType>(column, 1, is_zoned),
            }
        }
        DataType::Dictionary(_, _) => {
            let dictionary = column.as_any_dictionary();
            if dictionary.values().is_empty() {
                return Some(Box::new(|_| Cell::default()));
            }
            let (keys, value) = (dictionary.normalized_keys(), reader(dictionary.values())?);
            Box::new(move |row| keys.get(row).map_or_else(Cell::default, |key| value(*key)))
        }
        DataType::List(_) => lists::<i32>(column)?,
        DataType::LargeList(_) => lists::<i64>(column)?,
        _ => return None,
    };
    Some(Box::new(move |row| if column.is_null(row) { Cell::default() } else { read(row) }))
}

fn texts<'b>(value: impl Fn(usize) -> &'b str + 'b) -> Read<'b> {
    Box::new(move |row| Cell { text: value(row).trim().into(), list: None })
}

fn shown<'b, T: Display>(value: impl Fn(usize) -> T + 'b) -> Read<'b> {
    Box::new(move |row| Cell { text: Cow::Owned(value(row).to_string()), list: None })
}

fn numbers<T: ArrowPrimitiveType<Native: Display>>(column: &dyn Array) -> Read<'_> {
    shown(move |row| column.as_primitive::<T>().value(row))
}

/// Not a number is what data frames write for nothing.
fn floats<T: ArrowPrimitiveType<Native: Into<f64> + Display>>(column: &dyn Array) -> Read<'_> {
    let read = numbers::<T>(column);
    Box::new(move |row| {
        let value: f64 = column.as_primitive::<T>().value(row).into();
        if value.is_nan() { Cell::default() } else { read(row) }
    })
}

/// Days, of milliseconds.
fn dates<'b>(millis: impl Fn(usize) -> i64 + 'b) -> Read<'b> {
    shown(move |row| {
        let at = DateTime::from_timestamp_millis(millis(row));
        at.map_or_else(|| "a day out of reach".to_owned(), |at| at.date_naive().to_string())
    })
}

/// Timestamps, of so many nanoseconds each.
fn times<T: ArrowPrimitiveType<Native = i64>>(column: &dyn Array, nanos: i64, is_zoned: bool) -> Read<'_> {
    shown(move |row| {
        let value = column.as_primitive::<T>().value(row);
        let millis = i128::from(value) * i128::from(nanos);
        let at = i64::try_from(millis.div_euclid(1_000_000)).ok().and_then(Instant::from_millis);
        let Some(at) = at else { return "a time out of reach".to_owned() };
        let mut text = at.to_string();
        if !is_zoned {
            // The wall clock shows that, wherever it hangs.
            text.pop();
        }
        text
    })
}

fn lists<O: OffsetSizeTrait>(column: &dyn Array) -> Option<Read<'_>> {
    let lists = column.as_list::<O>();
    let value = reader(lists.values())?;
    Some(Box::new(move |row| {
        let at = |place: usize| lists.value_offsets().get(place).map_or(0, |offset| offset.as_usize());
        Cell::of((at(row)..at(row + 1)).map(|place| value(place).text.into_owned()))
    }))
}
