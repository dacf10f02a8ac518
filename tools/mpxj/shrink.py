"""Makes a network smaller as long as it stays interesting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
_EIGHT_HOURS = 8 * 60 * 60_000
_PLAIN = {"dependency": "finish_to_start", "lag": 0}


def shrink(network: Json, interesting: Callable[[Json], bool]) -> Json:
    """A network of which nothing more can be taken away without ``interesting`` becoming false."""
    while True:
        for smaller in _smaller(network):
            if interesting(smaller):
                network = smaller
                break
        else:
            return network


def _smaller(network: Json) -> Iterator[Json]:
    """All that is one step smaller, the big steps first."""
    yield from _fewer_activities(network)
    yield from _fewer(network, "dependencies")
    yield from _simpler(network, "activities", _simpler_activity)
    yield from _simpler(network, "dependencies", _simpler_dependency)
    yield from _simpler(network, "calendars", _simpler_calendar)
    yield from _without_calendars(network)


def _fewer(record: Json, part: str) -> Iterator[Json]:
    """``record`` without one of the entries of its list ``part``, for each of them."""
    entries = record.get(part, [])
    for index in range(len(entries)):
        yield record | {part: entries[:index] + entries[index + 1 :]}


def _simpler(network: Json, part: str, simpler: Callable[[Json], Iterator[Json]]) -> Iterator[Json]:
    """``network`` with a simpler one of the entries of its list ``part``, for each of them."""
    entries = network.get(part, [])
    for index, entry in enumerate(entries):
        for change in simpler(entry):
            yield network | {part: [*entries[:index], change, *entries[index + 1 :]]}


def _fewer_activities(network: Json) -> Iterator[Json]:
    count = len(network["activities"])
    size = count // 2
    while size:
        for first in range(0, count, size):
            kept = network["activities"][:first] + network["activities"][first + size :]
            if kept:
                yield _with_activities(network, kept)
        size //= 2


def _with_activities(network: Json, activities: list[Json]) -> Json:
    names = {activity["id"] for activity in activities}
    dependencies = [one for one in network["dependencies"] if one["from"] in names and one["to"] in names]
    return network | {"activities": activities, "dependencies": dependencies}


def _simpler_activity(activity: Json) -> Iterator[Json]:
    for group in (
        ("constraint", "constraint_at"),
        ("deadline",),
        ("started_at", "finished_at", "remaining"),
        ("finished_at",),
        ("remaining",),
        ("calendars",),
    ):
        if any(field in activity for field in group):
            yield {field: value for field, value in activity.items() if field not in group}
    if len(activity.get("calendars", [])) > 1:
        yield from (activity | {"calendars": [name]} for name in activity["calendars"])
    if activity["duration"] not in (0, _EIGHT_HOURS) and "remaining" not in activity:
        yield activity | {"duration": _EIGHT_HOURS}


def _simpler_dependency(dependency: Json) -> Iterator[Json]:
    if "elapsed" in dependency:
        yield {field: value for field, value in dependency.items() if field != "elapsed"}
    for field, plain in _PLAIN.items():
        if dependency[field] != plain:
            yield dependency | {field: plain}


def _simpler_calendar(named: Json) -> Iterator[Json]:
    for part in ("holidays", "blackouts", "hours"):
        for calendar in _fewer(named["calendar"], part):
            yield named | {"calendar": calendar}


def _without_calendars(network: Json) -> Iterator[Json]:
    """``network`` in plain time, or without a calendar that nothing uses."""
    if "calendar" in network:
        yield {field: value for field, value in network.items() if field != "calendar"}
    used = {network.get("calendar")} | {name for one in network["activities"] for name in one.get("calendars", [])}
    kept = [named for named in network.get("calendars", []) if named["name"] in used]
    if len(kept) < len(network.get("calendars", [])):
        yield network | {"calendars": kept}
