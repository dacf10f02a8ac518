"""The two sides of the comparison: processes that answer each line of JSON with one line."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from calendars import ALWAYS, peer_calendar
from times import minutes, read_instant

Json = dict[str, Any]
DRIVER = Path(__file__).with_name("MpxjSchedules.java")


class Side:
    """A process that is given one network a line and answers each before it reads the next."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", bufsize=1
        )

    def answer(self, network: Json) -> Json:
        """What the process makes of ``network``: ``{"activities": [...]}`` or ``{"error": ...}``."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps(network) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError(f"{self._command[0]} ended before it answered")
        answer: Json = json.loads(line)
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._process.terminate()
        self._process.wait()


class Mpxj(Side):
    """MPXJ's MicrosoftScheduler behind the driver beside this file, compiled into a temporary folder."""

    def __init__(self, milestones: bool = True) -> None:
        self._milestones = milestones
        self._classes = tempfile.TemporaryDirectory()
        libraries = str(_libraries() / "*")
        subprocess.run(["javac", "-cp", libraries, "-d", self._classes.name, str(DRIVER)], check=True)
        super().__init__(["java", "-Xss64m", "-cp", f"{self._classes.name}:{libraries}", DRIVER.stem])

    def answer(self, network: Json) -> Json:
        """What MPXJ makes of ``network``; zero durations are flagged as milestones unless that is switched off."""
        return super().answer(translate(network, self._milestones))

    def close(self) -> None:
        """Ends the process and removes what was compiled."""
        super().close()
        self._classes.cleanup()


def translate(network: Json, milestones: bool = True) -> Json:
    """``network`` in the peer's terms: local times, minutes, and one calendar an activity."""
    described = {one["name"]: one["calendar"] for one in network.get("calendars", [])}
    used: dict[str, list[Json]] = {}

    def calendar(names: list[str]) -> str:
        name = "+".join(sorted(names)) or ALWAYS
        used.setdefault(name, [described[one] for one in names])
        return name

    default = calendar([network["calendar"]] if "calendar" in network else [])
    return {
        "start": _local(network["start"]),
        "calendar": default,
        "activities": [_activity(one, calendar, milestones) for one in network["activities"]],
        "dependencies": [one | {"lag": minutes(one.get("lag", 0))} for one in network["dependencies"]],
        "calendars": [peer_calendar(name, parts) for name, parts in used.items()],
    }


def _activity(activity: Json, calendar: Any, milestones: bool) -> Json:
    duration = minutes(activity["duration"])
    remaining = minutes(activity["remaining"]) if "remaining" in activity else duration
    translated: Json = {
        "id": activity["id"],
        "duration": duration,
        "remaining": 0 if "finished_at" in activity else remaining,
        "milestone": milestones and duration == 0,
    }
    for field in ("constraint_at", "deadline", "started_at", "finished_at"):
        if field in activity:
            translated[field] = _local(activity[field])
    if "constraint" in activity:
        translated["constraint"] = activity["constraint"]
    if activity.get("calendars"):
        translated["calendar"] = calendar(activity["calendars"])
    return translated


def _local(text: str) -> str:
    return read_instant(text).isoformat(timespec="minutes")


def _libraries() -> Path:
    """The folder of MPXJ's Java archives in the installed Python package."""
    package = importlib.util.find_spec("mpxj")
    if package is None or package.origin is None:
        raise SystemExit("mpxj is not installed: pip install mpxj")
    return Path(package.origin).with_name("lib")
