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
