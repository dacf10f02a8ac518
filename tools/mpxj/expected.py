"""A worked network with its expected dates: does this MPXJ, behind this driver, still say the same?

The file has day counts, ``mon-fri`` hours and ranges of free days; it is read into the form of a network here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from calendars import WEEKDAYS
from peer import Mpxj
from times import days, instant, read_instant

Json = dict[str, Any]

_KINDS = {"FS": "finish_to_start", "SS": "start_to_start", "FF": "finish_to_finish", "SF": "start_to_finish"}
_DATES = {"ES": "early_start", "EF": "early_finish", "LS": "late_start", "LF": "late_finish"}
_FLOATS = {"TF_days": "total_float", "FF_days": "free_float"}
_HOUR = 60 * 60_000


def check(worked: Json, mpxj: Mpxj) -> Iterator[str]:
    """One line for each value that differs from what ``worked`` expects."""
    day = worked["day_hours"] * _HOUR
    [answer] = mpxj.answers([read(worked)])
    said = {activity["item"]: activity for activity in answer["activities"]}
    for name, expected in worked["expected"].items():
        wanted = {field: instant(read_instant(expected[short])) for short, field in _DATES.items()}
        wanted |= {field: expected[short] * day for short, field in _FLOATS.items()}
        for field, value in wanted.items():
            if said[name][field] != value:
                yield f"{name} {field}: expected {value}, MPXJ {said[name][field]}"


def read(worked: Json) -> Json:
    """The worked network in the form of vsm's question."""
    day = worked["day_hours"] * _HOUR
    calendars = worked["calendars"]
    hours = calendars["standard"]["weekly"]["mon-fri"]
    return {
        "start": instant(read_instant(worked["project_start"])),
        "calendars": [
            {"name": name, "calendar": _calendar(hours, one["non_working_days"])} for name, one in calendars.items()
        ],
        "calendar": "standard",
        "activities": [
            {"id": name, "duration": one["days"] * day, "calendars": [one["calendar"]]}
            for name, one in worked["activities"].items()
        ],
        "dependencies": [
            {"from": first, "to": then, "dependency": _KINDS[kind], "lag": lag * day}
            for first, then, kind, lag in worked["dependencies"]
        ],
    }


def _calendar(hours: list[list[str]], free: list[str]) -> Json:
    weekly = [{"day": day, "start": start, "end": end} for day in WEEKDAYS[:5] for start, end in hours]
    return {"zone": "UTC", "hours": weekly, "holidays": [date for text in free for date in _dates(text)]}


def _dates(text: str) -> list[str]:
    """``2026-12-24..2027-01-01 inclusive (why)`` as dates."""
    first, last = text.split()[0].split("..")
    end = datetime.strptime(last, "%Y-%m-%d") + timedelta(days=1)
    return days(datetime.strptime(first, "%Y-%m-%d"), end)
