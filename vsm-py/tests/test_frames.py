"""Answers as data frames, by the Arrow PyCapsule interface."""

import gc
from datetime import datetime, timedelta, timezone

import pytest
import vsm

MONDAY = datetime(2026, 3, 2, tzinfo=timezone.utc)
WINDOW = {"start": MONDAY, "end": MONDAY + timedelta(days=14), "zone": "UTC"}


def stream():
    record = vsm.ValueStream()
    for n, (hours, state) in enumerate([(0, "active"), (60, "done")]):
        at = MONDAY + timedelta(hours=hours)
        set_ = vsm.Fields(state=state)
        record.apply(vsm.Event(source="doc", id=str(n), occurred_at=at, item="jira:A", kind="story", set=set_))
    return record


@pytest.fixture
def table():
    return stream().metric(metric="cycle_time", group_by=["kind"], bucket="week", **WINDOW)


def test_pyarrow_takes_a_table(table):
    pa = pytest.importorskip("pyarrow")
    frame = pa.table(table)
    assert frame.column("bucket").to_pylist() == ["2026-W10", "2026-W11"]
    assert frame.column("value").to_pylist() == [2.5, None]
    assert frame.column("group").to_pylist() == [["story"], ["story"]]
    assert frame.column("start").to_pylist()[0] == MONDAY
    assert frame.column("sample").to_pylist()[0]["p85"] == 2.5
    assert frame.column("n").to_pylist() == [row.n for row in table.rows]
    # What was taken stays when the answer is gone.
    held = pa.table(table.arrow())
    del table
    gc.collect()
    assert held.equals(frame)


def test_bytes_are_an_ipc_stream(table):
    pa = pytest.importorskip("pyarrow")
    ipc = pytest.importorskip("pyarrow.ipc")
    assert ipc.open_stream(table.arrow().to_ipc()).read_all().equals(pa.table(table))


def test_polars_and_pandas_take_a_table(table):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(table)
    assert frame.height == 2
    assert frame["value"].to_list() == [2.5, None]
    assert frame.to_pandas()["bucket"].tolist() == ["2026-W10", "2026-W11"]


MAPPING = vsm.TableMapping(
    source="sheet",
    id="plan:{key}",
    kind="feature",
    occurred_at="{updated}",
    fields={"value": "{worth}", "due_at": "{due}"},
    links=[vsm.MappedLink(kind="depends_on", to="plan:{needs}")],
)


def sheet():
    """Columns of five types; the last row has no key."""
    due = (MONDAY + timedelta(days=9)).date()
    return {
        "key": ["A", "B", None],
        "updated": [MONDAY, MONDAY, MONDAY],
        "worth": [1250.5, None, 1.0],
        "due": [due, None, None],
        "needs": [["B"], [], None],
    }


@pytest.mark.parametrize("library", ["polars", "pyarrow", "pandas"])
def test_a_frame_is_read_by_a_mapping(library):
    module = pytest.importorskip(library)
    frame = module.table(sheet()) if library == "pyarrow" else module.DataFrame(sheet())
    record = vsm.ValueStream()
    report = record.ingest_arrow(frame, vsm.IngestOptions(mapping=MAPPING))
    # The link is an event of its own.
    assert (report.applied.accepted, [reject.position for reject in report.rejects]) == (3, [3])
    item = record.item("plan:A")
    assert (item.kind, item.fields.value) == (vsm.Kind.Feature, 1250.5)
    assert item.fields.due_at == MONDAY + timedelta(days=10) - timedelta(milliseconds=1)
    assert [link.to for link in record.links("plan:A")] == ["plan:B"]
    # The bytes of the same table say the same.
    pa = pytest.importorskip("pyarrow")
    sink = pa.BufferOutputStream()
    table = pa.table(frame) if library != "pandas" else pa.Table.from_pandas(frame)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    as_bytes = vsm.IngestOptions(mapping=vsm.TableMapping.from_json(MAPPING.to_json()[:-1] + ',"format":"arrow"}'))
    again = record.ingest("mapping", sink.getvalue().to_pybytes(), as_bytes)
    assert (again.applied.accepted, again.applied.duplicates) == (0, 3)


def test_what_is_no_frame_is_refused(table):
    record = vsm.ValueStream()
    with pytest.raises(TypeError, match="Arrow PyCapsule interface.*not list"):
        record.ingest_arrow([1, 2], vsm.IngestOptions(mapping=MAPPING))
    unmapped = record.ingest_arrow(table, vsm.IngestOptions())
    assert [(reject.position, reject.code) for reject in unmapped.rejects] == [(0, "invalid")]
    other = record.ingest_arrow(table, vsm.IngestOptions(mapping=MAPPING))
    assert 'no column "key"' in other.rejects[0].reason


def test_a_list_is_chosen_by_name():
    query = vsm.MetricQuery(metric="cycle_time", **WINDOW)
    answer = stream().reconcile(query=query, preset_a="lighthouse", preset_b="flowmetricscsv")
    assert len(answer.arrow("rules")) == len(answer.rules)
    assert len(answer.arrow()) == len(answer.items) == 0
    with pytest.raises(vsm.InvalidError, match='list: "rows" is not one of items, rules'):
        answer.arrow("rows")


def test_every_answer_with_lists_is_a_table():
    # A schedule is one of its activities.
    path = vsm.schedule(vsm.NetworkQuery(start=MONDAY, activities=[vsm.NetworkActivity(id="a", duration=timedelta(days=1))]))
    assert len(path.arrow()) == 1
    assert repr(path.arrow()).startswith("ArrowTable(1 rows: item, title")
    capsule = path.__arrow_c_stream__()
    assert "arrow_array_stream" in repr(capsule)


def test_states_of_parts_add_up():
    record = stream()
    query = {"metric": "cycle_time", **WINDOW}
    state = record.metric_state(**query)
    empty = vsm.ValueStream().metric_state(**query)
    whole = vsm.merge_metrics(states=[empty, state])
    assert vsm.metric_table(state=whole) == record.metric(**query)
    again = vsm.MetricState.from_json(state.to_json())
    assert again == state
