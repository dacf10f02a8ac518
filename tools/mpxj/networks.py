"""Random networks, in the form of vsm's question: the same seed, number and features give the same network."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from calendars import peer_calendar
from times import MINUTE, instant

Json = dict[str, Any]

CONSTRAINTS = [
    "start_no_earlier_than",
    "finish_no_earlier_than",
    "start_no_later_than",
    "finish_no_later_than",
    "must_start_on",
    "must_finish_on",
]

FEATURES = {
    "start_to_start": "dependencies of that kind; finish to start is always there",
    "finish_to_finish": "dependencies of that kind",
    "start_to_finish": "dependencies of that kind",
    "parallel": "two dependencies of different kinds between the same activities",
    "lags": "positive lags",
    "negative_lags": "negative lags; they may reach back before the start of the project",
    "elapsed": "lags that run at night as well",
    "calendars": "weekly hours; without this all time is worked",
    "activity_calendars": "activities that work by another calendar than the project",
    "combined_calendars": "activities that work only when two calendars do",
    "holidays": "free days",
    "blackouts": "closed periods of some hours or some days",
    **dict.fromkeys(CONSTRAINTS, "activities with that constraint"),
    "deadlines": "activities with a deadline",
    "milestones": "activities without duration",
    "actuals": "finished and started activities, in the order of the network",
    "out_of_sequence": "some that finished or started before what they depend on",
    "off_hours": "given times outside of the working hours too",
    "midnight": "times at 00:00, and calendars that work through the night beside others that don't",
}
"""What a network may contain, by name."""

UNLIKE_THE_PEER = {"midnight"}
"""Features that are left out unless asked for: see the README on what MPXJ makes of midnight."""

_LUNCH = [("08:00", "12:00"), ("13:00", "17:00")]
_WEEKS: dict[str, tuple[list[str], list[tuple[str, str]]]] = {
    "standard": (["mon", "tue", "wed", "thu", "fri"], _LUNCH),
    "four_days": (["mon", "tue", "wed", "thu"], [("07:30", "12:15"), ("13:00", "18:15")]),
    "six_days": (["mon", "tue", "wed", "thu", "fri", "sat"], [("08:30", "16:50")]),
    "weekend": (["thu", "fri", "sat", "sun"], _LUNCH),
    "evenings": (["mon", "tue", "wed", "fri"], [("06:00", "09:45"), ("15:00", "19:30"), ("20:10", "23:00")]),
}
_NIGHTS: dict[str, tuple[list[str], list[tuple[str, str]]]] = {
    "nights": (["mon", "tue", "wed", "thu", "fri"], [("00:00", "05:00"), ("21:00", "24:00")]),
    "always": ([], []),
}


def random_network(seed: int, number: int, features: set[str]) -> Json:
    """The network of that number: of ``features`` it uses each with a probability of 60 %."""
    draw = Random(f"{seed}/{number}")
    chosen = {name for name in FEATURES if draw.random() < 0.6}  # drawn for all, so that features don't shift others
    return _Draft(draw, chosen & features).network()


class _Draft:
    """A network in the making."""

    def __init__(self, draw: Random, features: set[str]) -> None:
        self._draw = draw
        self._features = features
        self._start = datetime(2026, 11, 23) + timedelta(days=draw.randrange(14))
        self._start = self._time(0, 1)
        self._even = draw.random() < 0.5  # half-days only: many dates then meet the ends of work

    def network(self) -> Json:
        """The whole of it, its activities and dependencies in random order."""
        calendars = self._calendars()
        count = self._draw.randint(5, self._draw.choice([10, 25, 60]))
        activities = [self._activity(f"a{number:02}", calendars) for number in range(count)]
        pairs = self._pairs(count)
        if "actuals" in self._features:
            self._act(activities, pairs)
        dependencies = [dependency for pair in pairs for dependency in self._dependencies(*pair)]
        self._draw.shuffle(activities)
        self._draw.shuffle(dependencies)
        network: Json = {"start": instant(self._start)}
        if calendars:
            network["calendars"] = [{"name": name, "calendar": one} for name, one in calendars.items()]
            network["calendar"] = self._draw.choice(list(calendars))
        return network | {"activities": activities, "dependencies": dependencies}

    def _often(self, feature: str, share: float) -> bool:
        return feature in self._features and self._draw.random() < share

    def _time(self, first_day: int, end_day: int) -> datetime:
        """A time on one of the days ``first_day..end_day`` counted from the start."""
        day = self._start.replace(hour=0, minute=0) + timedelta(days=self._draw.randrange(first_day, end_day))
        if self._often("midnight", 0.2):
            return day
        if self._often("off_hours", 0.5):
            return day + timedelta(minutes=self._draw.randrange(1, 24 * 60))
        return day + timedelta(
            minutes=self._draw.choice([8 * 60, 8 * 60, 10 * 60, 12 * 60, 13 * 60, 15 * 60 + 20, 17 * 60])
        )

    def _calendars(self) -> dict[str, Json]:
        if "calendars" not in self._features:
            return {}
        weeks = _WEEKS | (_NIGHTS if "midnight" in self._features else {})
        names = self._draw.sample(list(weeks), self._draw.randint(1, 3))
        return {name: self._calendar(*weeks[name]) for name in names}

    def _calendar(self, weekdays: list[str], ranges: list[tuple[str, str]]) -> Json:
        hours = [{"day": day, "start": start, "end": end} for day in weekdays for start, end in ranges]
        calendar: Json = {"zone": "UTC", "hours": hours}
        if "holidays" in self._features:
            days = {self._time(0, 40).strftime("%Y-%m-%d") for _ in range(self._draw.randint(1, 6))}
            calendar["holidays"] = sorted(days)
        if "blackouts" in self._features:
            calendar["blackouts"] = [self._blackout() for _ in range(self._draw.randint(1, 3))]
        return calendar

    def _blackout(self) -> Json:
        start = self._time(0, 40)
        if self._draw.random() < 0.5:
            start = start.replace(hour=0, minute=0)
            end = start + timedelta(days=self._draw.randint(1, 9))
        else:
            end = start + timedelta(minutes=self._draw.randint(10, 300))
        return {"start": instant(start), "end": instant(end)}

    def _activity(self, name: str, calendars: dict[str, Json]) -> Json:
        activity: Json = {"id": name, "duration": self._duration() * MINUTE}
        if calendars and self._often("activity_calendars", 0.3):
            activity["calendars"] = [self._draw.choice(list(calendars))]
        if len(calendars) > 1 and self._often("combined_calendars", 0.15):
            both = sorted(self._draw.sample(list(calendars), 2))
            if any(peer_calendar("both", [calendars[name] for name in both])["week"]):  # else there is never any work
                activity["calendars"] = both
        for constraint in CONSTRAINTS:
            if "constraint" not in activity and self._often(constraint, 0.05):
                activity |= {"constraint": constraint, "constraint_at": instant(self._time(-4, 40))}
        if self._often("deadlines", 0.1):
            activity["deadline"] = instant(self._time(0, 60))
        return activity

    def _duration(self) -> int:
        """Minutes: nothing, some minutes, some hours or some days."""
        return 0 if self._often("milestones", 0.15) else self._minutes(8)

    def _pairs(self, count: int) -> list[tuple[int, int]]:
        """Pairs of activities that depend on each other, the earlier number first: no cycles."""
        wanted = round(count * self._draw.choice([0.5, 1.0, 1.5, 3.0]))
        reach = self._draw.choice([3, 8, count])
        pairs = set()
        for _ in range(wanted):
            first = self._draw.randrange(count - 1)
            pairs.add((first, self._draw.randint(first + 1, min(first + reach, count - 1))))
        return sorted(pairs)

    def _dependencies(self, first: int, then: int) -> list[Json]:
        kinds = ["finish_to_start"] * 2
        kinds += [kind for kind in ("start_to_start", "finish_to_finish", "start_to_finish") if kind in self._features]
        self._draw.shuffle(kinds)
        many = 2 if self._often("parallel", 0.15) and kinds[0] != kinds[1] else 1
        return [self._dependency(first, then, kind) for kind in kinds[:many]]

    def _dependency(self, first: int, then: int, kind: str) -> Json:
        dependency: Json = {"from": f"a{first:02}", "to": f"a{then:02}", "dependency": kind, "lag": 0}
        if self._often("negative_lags", 0.15):
            dependency["lag"] = -self._minutes(3) * MINUTE
        elif self._often("lags", 0.35):
            dependency["lag"] = self._minutes(4) * MINUTE
        if dependency["lag"] and self._often("elapsed", 0.3):
            dependency["elapsed"] = True
        return dependency

    def _minutes(self, days: int) -> int:
        """Some minutes, some hours or some days of eight hours."""
        half_days = 240 * self._draw.randint(1, 2 * days)
        if self._even:
            return half_days
        return self._draw.choice([self._draw.randint(1, 90), 60 * self._draw.randint(1, 4 * days), half_days])

    def _act(self, activities: list[Json], pairs: list[tuple[int, int]]) -> None:
        """Lets the first activities finish and the next ones start, each after what it depends on."""
        finished = self._draw.randint(0, len(activities) // 2)
        finish: dict[int, datetime] = {}
        for number, activity in enumerate(activities):
            before = [first for first, then in pairs if then == number]
            early = self._often("out_of_sequence", 0.2)
            if not early and any(first not in finish for first in before):
                continue
            if number >= finished and not early and self._draw.random() < 0.7:
                continue
            ready = max((finish[first] for first in before if first in finish), default=self._start)
            started = self._actual(ready, 60)
            activity["started_at"] = instant(started)
            if number < finished or (early and self._draw.random() < 0.5):
                finish[number] = self._actual(started, activity["duration"] // MINUTE * 3)
                activity["finished_at"] = instant(finish[number])
            else:
                activity["remaining"] = self._draw.randint(0, activity["duration"] // MINUTE) * MINUTE

    def _actual(self, first: datetime, minutes: int) -> datetime:
        """A time up to ``minutes`` after ``first``, in the day hours unless times may be odd, and never at midnight."""
        time = first + timedelta(minutes=self._draw.randint(0, minutes))
        if "off_hours" not in self._features and not 8 <= time.hour < 17:
            time = time.replace(hour=8, minute=0) + timedelta(days=time.hour >= 17)
        return time + timedelta(minutes=(time.hour, time.minute) == (0, 0) and "midnight" not in self._features)
