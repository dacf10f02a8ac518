"""What two answers about one network disagree in, and what is in a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

FIELDS = ["early_start", "early_finish", "late_start", "late_finish", "total_float", "free_float"]
ERROR = "error"
"""The field under which it counts that one side answered and the other gave up."""


@dataclass(frozen=True)
class Difference:
    """One value of one activity that the two sides disagree in."""

    item: str
    field: str
    vsm: Any
    mpxj: Any

    def __str__(self) -> str:
        return f"{self.item} {self.field}: vsm {self.vsm}, MPXJ {self.mpxj}"


def differences(vsm: Json, mpxj: Json) -> list[Difference]:
    """Everything the answers disagree in, in MPXJ's order; two errors agree."""
    if ERROR in vsm or ERROR in mpxj:
        if ERROR in vsm and ERROR in mpxj:
            return []
        return [Difference("-", ERROR, vsm.get(ERROR, "answered"), mpxj.get(ERROR, "answered"))]
    ours = {activity["item"]: activity for activity in vsm["activities"]}
    return [
        Difference(theirs["item"], field, ours.get(theirs["item"], {}).get(field), theirs[field])
        for theirs in mpxj["activities"]
        for field in FIELDS
        if ours.get(theirs["item"], {}).get(field) != theirs[field]
    ]


def features(network: Json) -> set[str]:
    """The features of ``networks.FEATURES`` that can be seen in a network."""
    found = {"calendars"} if "calendar" in network else set()
    for activity in network["activities"]:
        found |= _of_activity(activity)
    pairs = [(one["from"], one["to"]) for one in network["dependencies"]]
    found |= {"parallel"} if len(pairs) > len(set(pairs)) else set()
    for dependency in network["dependencies"]:
        found |= _of_dependency(dependency)
    for named in network.get("calendars", []):
        found |= {part for part in ("holidays", "blackouts") if named["calendar"].get(part)}
    return found


def _of_activity(activity: Json) -> set[str]:
    found = {activity["constraint"]} if "constraint" in activity else set()
    calendars = len(activity.get("calendars", []))
    signs = {
        "activity_calendars": calendars == 1,
        "combined_calendars": calendars > 1,
        "deadlines": "deadline" in activity,
        "milestones": activity["duration"] == 0,
        "actuals": "started_at" in activity,
    }
    return found | {name for name, there in signs.items() if there}


def _of_dependency(dependency: Json) -> set[str]:
    lag = dependency.get("lag", 0)
    signs = {"lags": lag > 0, "negative_lags": lag < 0, "elapsed": bool(dependency.get("elapsed"))}
    return {dependency["dependency"]} | {name for name, there in signs.items() if there}
