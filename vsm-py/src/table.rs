//! Lists of records as Arrow tables, for data frames.

use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{RecordBatch, RecordBatchIterator};
use arrow_schema::ArrowError;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};
use vsm_core::{ToArrow, arrow_ipc};

use crate::error::raise;

/// A list of records as columns. polars, pandas, pyarrow and DuckDB take it as it is, without copying: it speaks the Arrow
/// PyCapsule interface.
///
/// >>> from datetime import datetime, timezone
/// >>> january, february = (datetime(2026, month, 1, tzinfo=timezone.utc) for month in (1, 2))
/// >>> table = ValueStream().metric(metric="throughput", start=january, end=february, zone="UTC")
/// >>> len(table.arrow())
/// 1
#[pyclass(frozen, module = "vsm")]
pub(crate) struct ArrowTable(RecordBatch);

/// The columns are made while other threads run.
pub(crate) fn table(
    py: Python<'_>,
    answer: &(impl ToArrow + Sync),
    list: Option<&str>,
) -> PyResult<ArrowTable> {
    py.detach(|| answer.to_arrow(list)).map(ArrowTable).map_err(raise)
}

/// The batches of a table of any library, shared and not copied. They are taken before anything is applied: a library may
/// make them as they are asked for, with Python's lock.
pub(crate) fn batches(table: &Bound<'_, PyAny>) -> PyResult<Vec<Result<RecordBatch, ArrowError>>> {
    let capsule = table.call_method0("__arrow_c_stream__").map_err(|error| {
        if table.hasattr("__arrow_c_stream__").unwrap_or(true) {
            return error;
        }
        let name = table.get_type().name().map_or_else(|_| String::new(), |name| name.to_string());
        PyTypeError::new_err(format!(
            "table must speak the Arrow PyCapsule interface, as polars, pandas, pyarrow and DuckDB do, not {name}"
        ))
    })?;
    let pointer = capsule.cast::<PyCapsule>()?.pointer_checked(Some(c"arrow_array_stream"))?;
    // SAFETY: A capsule of this name points to an initialized stream by the interface, and is kept alive until the stream
    // has been moved out of it.
    let reader = unsafe { ArrowArrayStreamReader::from_raw(pointer.as_ptr().cast()) };
    let reader = reader.map_err(|error| {
        raise(vsm_core::Error::Invalid { field: "table".into(), reason: error.to_string() })
    })?;
    Ok(table.py().detach(|| reader.collect()))
}

impl ArrowTable {
    /// The columns themselves: whoever takes the stream shares them.
    pub(crate) fn stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let batch = self.0.clone();
        let batches = RecordBatchIterator::new([Ok(batch.clone())], batch.schema());
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(batches)), c"arrow_array_stream")
    }
}

#[pymethods]
impl ArrowTable {
    /// The table for whoever speaks the Arrow PyCapsule interface.
    #[pyo3(signature = (requested_schema: "object | None" = None) -> "object")]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A wish only: the consumer casts what it gets.
        let _ = requested_schema;
        self.stream(py)
    }

    /// The table as the bytes of an Arrow IPC stream.
    #[pyo3(signature = () -> "bytes")]
    fn to_ipc<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        py.detach(|| arrow_ipc(&self.0)).map(|bytes| PyBytes::new(py, &bytes)).map_err(raise)
    }

    fn __len__(&self) -> usize {
        self.0.num_rows()
    }

    fn __repr__(&self) -> String {
        let names: Vec<&str> =
            self.0.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
        format!("ArrowTable({} rows: {})", self.0.num_rows(), names.join(", "))
    }
}
