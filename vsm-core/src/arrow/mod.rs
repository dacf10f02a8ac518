//! Answers as columns: Arrow record batches, and the bytes of an Arrow IPC stream.

mod cells;
mod generated;

use arrow_array::{Array, RecordBatch, StructArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;

use crate::error::{Error, Result};
use crate::time::clip;
use cells::{Cell, texts};

/// An answer whose lists can be had as columns.
///
/// Texts are `LargeUtf8`, instants `Timestamp(ms, UTC)`, spans `Duration(ms)`, words their text, lists `LargeList`, records
/// `Struct`, maps lists of `key` and `value`; columns are called as the fields of the records are.
///
/// ```
/// use vsm_core::{MetricQuery, ToArrow, ValueStream};
/// let query = MetricQuery::new("throughput", "2026-01-01T00:00:00Z".parse()?, "2026-02-01T00:00:00Z".parse()?, "UTC");
/// let batch = ValueStream::new().metric(&query)?.to_arrow(None)?;
/// assert_eq!(batch.num_rows(), 1);
/// assert!(batch.column_by_name("value").is_some());
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub trait ToArrow {
    /// The names of the lists, the one that is given by default first.
    fn lists(&self) -> &'static [&'static str];

    /// A list as a record batch, one row for each record; absent = the first list. The columns are built anew: O(values).
    ///
    /// # Errors
    /// [`Error::Invalid`] for a list that the answer has not.
    fn to_arrow(&self, list: Option<&str>) -> Result<RecordBatch>;

    /// The same as the bytes of an Arrow IPC stream, for what is in another process or language.
    ///
    /// # Errors
    /// As [`to_arrow`](ToArrow::to_arrow).
    fn to_arrow_ipc(&self, list: Option<&str>) -> Result<Vec<u8>> {
        arrow_ipc(&self.to_arrow(list)?)
    }
}

/// A record batch as the bytes of an Arrow IPC stream.
///
/// # Errors
/// [`Error::Invalid`] where the format can't hold it.
pub fn arrow_ipc(batch: &RecordBatch) -> Result<Vec<u8>> {
    let write = || -> std::result::Result<Vec<u8>, ArrowError> {
        let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref())?;
        writer.write(batch)?;
        writer.finish()?;
        writer.into_inner()
    };
    write().map_err(|error| failed(&error))
}

fn failed(error: &ArrowError) -> Error {
    Error::invalid("arrow", error.to_string())
}

/// The batch of some records.
fn batch<T: Cell>(rows: &[T]) -> Result<RecordBatch> {
    let column = T::column(rows.iter().map(Some).collect()).map_err(|error| failed(&error))?;
    let records = column.as_any().downcast_ref::<StructArray>().map(RecordBatch::from);
    records.ok_or_else(|| Error::invalid("arrow", "rows are records"))
}

fn unknown(list: &str, lists: &[&str]) -> Error {
    Error::invalid("list", format!("\"{}\" is not one of {}", clip(list), lists.join(", ")))
}

/// A column of words.
fn words<T: Copy>(values: Vec<Option<&T>>, read: fn(T) -> &'static str) -> arrow_array::ArrayRef {
    texts(values.into_iter().map(|value| value.map(|word| read(*word))))
}

#[cfg(test)]
mod tests;
