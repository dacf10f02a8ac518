//! The native half of the Python package `vsm`: conversion, threading and documentation, no rules.
//!
//! `generated.rs` holds one class for each record of the core, written by `cargo xtask generate`.

mod asked;
mod bytes;
mod calendar;
mod convert;
mod error;
mod frame;
mod generated;
mod instant;
mod live;
mod picture;
mod questions;
mod record;
mod run;
mod schedule;
mod stream;
mod table;
mod words;

use pyo3::prelude::*;

#[pymodule]
mod _vsm {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::calendar::{add_working_time, next_departure, working_time_between};
    #[pymodule_export]
    use super::live::{LiveMetric, Watch};
    #[pymodule_export]
    use super::picture::picture;
    #[pymodule_export]
    use super::schedule::{LiveSchedule, schedule};
    #[pymodule_export]
    use super::stream::ValueStream;
    #[pymodule_export]
    use super::table::ArrowTable;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::asked::register(module)?;
        super::generated::register(module)
    }
}
