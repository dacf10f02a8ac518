//! Pictures of schedules.

use pyo3::prelude::*;
use vsm_core as core;

use crate::convert::FromPython;
use crate::error::raise;
use crate::generated::CriticalPath;

/// Draws a schedule as Gantt chart or network, in SVG, Mermaid or DOT.
///
/// The activities that matter most are drawn, critical ones first; what is left out is counted in the picture. Raises
/// ``InvalidError`` for options out of range, and ``UnknownZone``. Other threads run meanwhile.
///
/// >>> from datetime import datetime, timedelta, timezone
/// >>> path = schedule(NetworkQuery(
/// ...     start=datetime(2026, 3, 2, tzinfo=timezone.utc),
/// ...     activities=[NetworkActivity(id="build", duration=timedelta(days=2))]))
/// >>> picture(path, "network_dot").startswith("digraph")
/// True
#[pyfunction]
#[pyo3(signature = (path: "CriticalPath", form: "PictureForm", options: "PictureOptions | None" = None) -> "str")]
pub(crate) fn picture(
    py: Python<'_>,
    path: &Bound<'_, CriticalPath>,
    form: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let form = core::PictureForm::from_python(form, "form")?;
    let options = options.map(|options| core::PictureOptions::from_python(options, "options")).transpose()?;
    let path = &path.get().0;
    py.detach(|| core::picture(path, form, &options.unwrap_or_default())).map_err(raise)
}

#[pymethods]
impl CriticalPath {
    /// The Gantt chart, as notebooks show it.
    #[pyo3(signature = () -> "str")]
    fn _repr_svg_(&self, py: Python<'_>) -> PyResult<String> {
        let options = core::PictureOptions::default();
        py.detach(|| core::picture(&self.0, core::PictureForm::GanttSvg, &options)).map_err(raise)
    }
}
