"""The notebook runs in Jupyter's own kernel and shows what the sample portfolio says."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FILE = Path(__file__).parents[2] / "examples/python/tour.ipynb"


def read():
    return nbformat.read(FILE, as_version=4)


@pytest.fixture(scope="module")
def tour():
    """The outputs by cell. A cell that raises ends the run with its error."""
    notebook = read()
    folder = {"metadata": {"path": str(FILE.parent)}}
    NotebookClient(notebook, kernel_name="python3", timeout=120, resources=folder).execute()
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def printed(outputs):
    return "".join(output.text for output in outputs if output.get("name") == "stdout")


def shown(outputs, form):
    return [output.data[form] for output in outputs if form in output.get("data", {})]


def test_the_file_is_a_notebook_without_outputs():
    notebook = read()
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []


def test_the_date_and_the_facts_are_those_of_the_sample(tour):
    assert printed(tour["outlook"]) == "Mobile 4.13.0 ships on 2026-03-17 at the earliest\n"
    (stages,) = shown(tour["outlook"], "text/html")
    assert stages.count("not_ready") == 4
    (facts,) = shown(tour["readiness"], "text/html")
    assert "App crashes when the camera permission is withdrawn during the capture (jira:CHK-41) is being" in facts
    (plan,) = shown(tour["path"], "text/html")
    assert "Resume the upload after a lost connection" in plan
    (flow,) = shown(tour["flow"], "text/plain")
    assert flow.splitlines()[1].split() == ["velocity,", "items", "done", "29"]
    (trace,) = shown(tour["trace"], "text/html")
    assert all(name in trace for name in ["Digital first", "issue_key_in_subject", "System test"])


@pytest.mark.parametrize("cell", ["gantt", "past", "load", "times"])
def test_a_picture_is_drawn(tour, cell):
    (picture,) = shown(tour[cell], "image/png")
    assert len(picture) > 10_000


def test_nothing_is_warned_about(tour):
    told = [output.text for outputs in tour.values() for output in outputs if output.get("name") == "stderr"]
    assert [text for text in told if "Warning" in text] == []
