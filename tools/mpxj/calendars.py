"""Working calendars of a network, written as the peer knows them: weekly ranges, and one exception a date."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from times import days, read_instant

Json = dict[str, Any]
Ranges = list[tuple[int, int]]
"""Working ranges of one day, in minutes since midnight, in order and without overlap."""

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY = 24 * 60
ALWAYS = "always"
"""The peer's name for time without a calendar."""


def peer_calendar(name: str, parts: list[Json]) -> Json:
    """One calendar of the peer that works when all of ``parts`` work; without any, it always works."""
    weekly = [_all(_weekly(part, weekday) for part in parts) for weekday in range(7)]
    exceptions: dict[str, list[list[str]]] = {}
    for date in sorted({date for part in parts for date in _special_dates(part)}):
        ranges = _all(ranges_on(part, date) for part in parts)
        if ranges != weekly[_day(date).weekday()]:
            exceptions[date] = _texts(ranges)
    return {"name": name, "week": [_texts(ranges) for ranges in weekly], "exceptions": exceptions}


def ranges_on(calendar: Json, date: str) -> Ranges:
    """When ``calendar`` works on ``date``."""
    if date in calendar.get("holidays", []):
        return []
    day = _day(date)
    ranges = _weekly(calendar, day.weekday())
    for blackout in calendar.get("blackouts", []):
        first = _minute_of(day, read_instant(blackout["start"]))
        end = _minute_of(day, read_instant(blackout["end"]))
        ranges = _both(ranges, [(0, first), (end, DAY)])
    return ranges


def _weekly(calendar: Json, weekday: int) -> Ranges:
    hours = calendar.get("hours", [])
    if not hours:
        return [(0, DAY)]
    return sorted((_minute(one["start"]), _minute(one["end"])) for one in hours if one["day"] == WEEKDAYS[weekday])


def _special_dates(calendar: Json) -> set[str]:
    """The dates on which ``calendar`` may differ from its week."""
    if calendar["zone"] != "UTC":
        raise ValueError("the peer knows no zones: a calendar has to be in UTC")
    dates = set(calendar.get("holidays", []))
    for blackout in calendar.get("blackouts", []):
        if "every_days" in blackout or "category" in blackout:
            raise ValueError("the peer is told of single blackouts without a category only")
        dates.update(days(read_instant(blackout["start"]), read_instant(blackout["end"])))
    return dates


def _all(many: Any) -> Ranges:
    result: Ranges = [(0, DAY)]
    for ranges in many:
        result = _both(result, ranges)
    return result


def _both(left: Ranges, right: Ranges) -> Ranges:
    """The minutes that are in both, as ranges."""
    common = [(max(a, c), min(b, d)) for a, b in left for c, d in right]
    return [(start, end) for start, end in common if start < end]


def _day(date: str) -> datetime:
    return datetime.strptime(date, "%Y-%m-%d")


def _minute_of(day: datetime, time: datetime) -> int:
    """Where ``time`` is on ``day``, in minutes; clipped to the day."""
    return min(max((time - day) // timedelta(minutes=1), 0), DAY)


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _texts(ranges: Ranges) -> list[list[str]]:
    return [[f"{bound // 60:02}:{bound % 60:02}" for bound in range_] for range_ in ranges]
