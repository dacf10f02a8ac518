"""The two sides of the comparison: processes that answer a line of JSON with a line of JSON."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from calendars import ALWAYS, peer_calendar
from times import minutes, read_instant

Json = dict[str, Any]
DRIVER = Path(__file__).with_name("MpxjSchedules.java")


class Vsm:
    """vsm behind a command that reads one network a line and writes one answer a line."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def answers(self, networks: list[Json]) -> list[Json]:
        """What vsm makes of each network: ``{"activities": [...]}`` or ``{"error": ...}``."""
        lines = "".join(json.dumps(network) + "\n" for network in networks)
        run = subprocess.run(self._command, input=lines, stdout=subprocess.PIPE, check=True, encoding="utf-8")
        answers = [json.loads(line) for line in run.stdout.splitlines()]
        if len(answers) != len(networks):
            raise RuntimeError(f"{self._command[0]} gave {len(answers)} answers to {len(networks)} networks")
        return answers


class Mpxj:
    """MPXJ's MicrosoftScheduler behind the driver beside this file, compiled into a temporary folder.

    One process serves all networks, for Java is slow to start. To be used in a ``with`` statement.
    """

    def __init__(self, milestones: bool = True) -> None:
        self._milestones = milestones
        self._classes = tempfile.TemporaryDirectory()
        libraries = str(_libraries() / "*")
        subprocess.run(["javac", "-cp", libraries, "-d", self._classes.name, str(DRIVER)], check=True)
        command = ["java", "-Xss64m", "-cp", f"{self._classes.name}{os.pathsep}{libraries}", DRIVER.stem]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def __enter__(self) -> Mpxj:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()
        self._classes.cleanup()

    def answers(self, networks: list[Json]) -> list[Json]:
        """What MPXJ makes of each network, in the form of vsm's answer."""
        return [self._answer(translate(network, self._milestones)) for network in networks]

    def _answer(self, translated: Json) -> Json:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps(translated) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError("the driver of MPXJ ended before it answered")
        answer: Json = json.loads(line)
        return answer


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
