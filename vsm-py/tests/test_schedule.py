"""Networks of activities that are given: `schedule` and `LiveSchedule`."""

import pickle
import threading
from datetime import datetime, timedelta, timezone

import pytest
import vsm

MONDAY = datetime(2026, 3, 2, tzinfo=timezone.utc)


def day(n):
    return MONDAY + timedelta(days=n)


def activity(id, days, **more):
    return vsm.NetworkActivity(id=id, duration=timedelta(days=days), **more)


def link(before, after, **more):
    return vsm.NetworkDependency(from_=before, to=after, **more)


def network(**more):
    """Build 2, then test 3 and sign 1 side by side, then ship."""
    return vsm.NetworkQuery(
        start=MONDAY,
        activities=[activity("build", 2), activity("test", 3), activity("sign", 1), activity("ship", 0)],
        dependencies=[link("build", "test"), link("build", "sign"), link("test", "ship"), link("sign", "ship")],
        **more,
    )


def test_a_network_is_scheduled():
    path = vsm.schedule(network())
    assert (path.path, path.finish, path.length) == (["build", "test", "ship"], day(5), timedelta(days=5))
    sign = next(one for one in path.activities if one.item == "sign")
    assert (sign.early_start, sign.late_start, sign.total_float) == (day(2), day(4), timedelta(days=2))
    assert sign.started_by == vsm.StartCause.Dependency and sign.drivers == ["build"]


def test_a_network_is_a_record():
    given = network(calendar="office", calendars=[vsm.NamedCalendar(name="office", calendar=vsm.Calendar(zone="UTC"))])
    assert given.activities[0].id == "build" and given.dependencies[0].from_ == "build"
    assert vsm.NetworkQuery.from_json(given.to_json()) == given == pickle.loads(pickle.dumps(given))
    assert "NetworkQuery(start=" in repr(given)
    with pytest.raises(TypeError):
        vsm.NetworkActivity()
    with pytest.raises(TypeError):
        vsm.schedule({"start": MONDAY, "activities": []})
    with pytest.raises(TypeError, match=r"activities\[0\]: expected NetworkActivity, got str"):
        vsm.NetworkQuery(start=MONDAY, activities=["build"])


def test_a_schedule_is_kept_up_to_date():
    live = vsm.LiveSchedule(network())
    assert (live.finish(), repr(live)) == (day(5), "LiveSchedule(finish=2026-03-07T00:00:00.000Z)")
    changes = live.change(vsm.NetworkChange(activities=[activity("sign", 5)]))
    assert (changes.finish_before, changes.finish, changes.moved_by) == (day(5), day(7), timedelta(days=2))
    assert [move.item for move in changes.moved] == ["ship", "sign"]
    ship = changes.moved[0]
    assert (ship.early_start_before, ship.early_start) == (day(5), day(7))
    assert live.critical_path().path == ["build", "sign", "ship"]
    assert live.critical_path() == vsm.schedule(live.network())

    changes = live.change(
        vsm.NetworkChange(
            activities=[activity("announce", 1)],
            dependencies=[link("ship", "announce")],
            removed_activities=["sign"],
        )
    )
    assert (changes.finish, changes.moved_by) == (day(6), timedelta(days=-1))
    moves = {move.item: move for move in changes.moved}
    assert moves["sign"].early_start is None and moves["announce"].early_start_before is None
    assert [one.id for one in live.network().activities] == ["build", "test", "ship", "announce"]
    assert live.critical_path() == vsm.schedule(live.network())


@pytest.mark.parametrize(
    ("change", "error", "details"),
    [
        (vsm.NetworkChange(dependencies=[link("ship", "build")]), vsm.CycleError, {}),
        (vsm.NetworkChange(activities=[activity("test", -1)]), vsm.InvalidError, {"field": "activities[0].duration"}),
        (vsm.NetworkChange(dependencies=[link("ship", "x")]), vsm.InvalidError, {}),
        (vsm.NetworkChange(removed_activities=["x"]), vsm.UnknownItem, {"id": "x"}),
        (
            vsm.NetworkChange(calendars=[vsm.NamedCalendar(name="o", calendar=vsm.Calendar(zone="Mars"))]),
            vsm.UnknownZone,
            {"zone": "Mars"},
        ),
    ],
)
def test_what_is_refused_changes_nothing(change, error, details):
    live = vsm.LiveSchedule(network())
    before, path = live.network(), live.critical_path()
    with pytest.raises(error) as caught:
        live.change(change)
    assert details.items() <= vars(caught.value).items()
    assert (live.network(), live.critical_path()) == (before, path)


def test_a_cycle_has_its_path():
    activities = [activity("a", 1), activity("b", 1)]
    with pytest.raises(vsm.CycleError) as caught:
        vsm.LiveSchedule(vsm.NetworkQuery(start=MONDAY, activities=activities, dependencies=[link("a", "b"), link("b", "a")]))
    assert (caught.value.code, sorted(set(caught.value.path)), len(caught.value.path)) == ("cycle", ["a", "b"], 3)
    live = vsm.LiveSchedule(network())
    with pytest.raises(TypeError):
        live.change(None)
    with pytest.raises(TypeError):
        vsm.LiveSchedule()


def test_threads_share_a_schedule():
    live = vsm.LiveSchedule(network())

    def add(n):
        for k in range(20):
            live.change(vsm.NetworkChange(activities=[activity(f"{n}/{k}", 1)]))
            live.critical_path()

    threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(live.network().activities) == 84
    assert live.critical_path() == vsm.schedule(live.network())
