"""The notebook of schedules runs in Jupyter's own kernel, and its pictures are those of the engine."""

from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient

FILE = Path(__file__).parents[2] / "examples/python/schedule.ipynb"


@pytest.fixture(scope="module")
def outputs():
    """The outputs by cell. A cell that raises ends the run with its error."""
    notebook = nbformat.read(FILE, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    folder = {"metadata": {"path": str(FILE.parent)}}
    NotebookClient(notebook, kernel_name="python3", timeout=120, resources=folder).execute()
    return {cell.id: cell.outputs for cell in code}


def shown(outputs, form):
    (data,) = [output.data[form] for output in outputs if form in output.get("data", {})]
    return data


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("gantt", ["Mobile 4.13.0", "Finish 2026-03-17", "Resume the upload after a lost connection", "Waits for its train"]),
        ("network", ["Mobile 4.13.0", "Endpoint for uploads in chunks"]),
        ("past", ["status date 2026-02-25"]),
        ("own", ["Finish 2026-03-17", "User acceptance"]),
        ("change", ["Finish 2026-03-31", "User acceptance"]),
    ],
)
def test_a_picture_is_drawn(outputs, cell, texts):
    picture = shown(outputs[cell], "image/svg+xml")
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert [text for text in texts if text not in picture] == []


def test_the_tables_say_what_the_date_depends_on(outputs):
    chain = shown(outputs["chain"], "text/html")
    assert all(id in chain for id in ["jira:GWY-23", "jira:CHK-28", "jira:version/10412", "remaining"])
    assert "jira:CHK-41" not in chain and "jira:CHK-41" in shown(outputs["rest"], "text/html")
    assert "jira:GWY-23 → jira:CHK-28 → jira:version/10412" in shown(outputs["paths"], "text/html")
    # Eight hours less are a working day less; two days later the weekend is saved as well.
    crash = shown(outputs["crash"], "text/plain")
    assert [line.split() for line in crash.splitlines()[1:]] == [
        ["0", "jira:GWY-23", "24.0", "120.0"],
        ["1", "jira:CHK-28", "24.0", "48.0"],
    ]
    (printed,) = [output.text for output in outputs["change"] if output.get("name") == "stdout"]
    assert printed == "The release moves by 14 days, and 4 activities with it.\n"
