"""Reading JSON Lines of events: vsm, which also records and links them, against what merely parses them, as ratios.

    pip install CLONE/vsm-py pandas polars duckdb orjson
    python benches/reading.py [EVENTS]     # a million events of about 180 bytes by default

Each reader works in a process of its own on one thread. Processor time, medians of three runs. A library that is not
installed is named and left out, and so is Node where it is missing. The table goes to ``benches/README.md``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import process_time

RUNS = 3
STATES = ("new", "active", "waiting", "done")
NODE = """
const text = require('fs').readFileSync(process.argv[1], 'utf8')
const times = []
for (let run = 0; run < Number(process.argv[2]); run++) {
  const start = process.cpuUsage()
  const events = []
  for (const line of text.split('\\n')) if (line) events.push(JSON.parse(line))
  const spent = process.cpuUsage(start)
  times.push((spent.user + spent.system) / 1e6)
}
console.log(JSON.stringify(times))
"""


def events(count: int) -> Iterator[str]:
    """Four changes of state of each item; the first brings its title and its release."""
    for n in range(count):
        item, step = divmod(n, len(STATES))
        event = {
            "source": "jira",
            "id": f"CHK-{item}/{step}",
            "occurred_at": f"2026-03-{2 + step:02}T09:{item % 60:02}:00.000Z",
            "item": f"jira:CHK-{item}",
        }
        fields = {"state": STATES[step], "assignee": f"person {item % 97}"}
        if step == 0:
            event |= {"kind": "story", "set": {"title": f"Story {item}", **fields}}
            event["links"] = [{"kind": "ships_in", "to": f"plan:R{item % 1600}"}]
        else:
            event |= {"set": {**fields, "status": "In progress"}}
        yield json.dumps(event, separators=(",", ":")) + "\n"


def with_vsm(file: str) -> Callable[[], int]:
    import vsm

    text = Path(file).read_bytes()
    return lambda: vsm.ValueStream().apply_json_lines(text).accepted


def with_pandas(file: str) -> Callable[[], int]:
    import pandas

    return lambda: len(pandas.read_json(file, lines=True))


def with_polars(file: str) -> Callable[[], int]:
    import polars

    return lambda: len(polars.read_ndjson(file))


def with_duckdb(file: str) -> Callable[[], int]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")

    def read() -> int:
        connection.execute(f"CREATE OR REPLACE TABLE events AS SELECT * FROM read_json_auto('{file}')")
        found = connection.execute("SELECT count(*) FROM events").fetchone()
        return int(found[0]) if found else 0

    return read


def with_orjson(file: str) -> Callable[[], int]:
    import orjson

    lines = Path(file).read_bytes().splitlines()
    return lambda: len([orjson.loads(line) for line in lines])


def with_json(file: str) -> Callable[[], int]:
    lines = Path(file).read_bytes().splitlines()
    return lambda: len([json.loads(line) for line in lines])


READERS = {
    "vsm-core": with_vsm,
    "duckdb": with_duckdb,
    "polars": with_polars,
    "orjson": with_orjson,
    "json": with_json,
    "pandas": with_pandas,
}


def work(name: str, file: str, count: int) -> None:
    read = READERS[name](file)
    times = []
    for _ in range(RUNS):
        start = process_time()
        found = read()
        times.append(process_time() - start)
        assert found == count, (name, found)
    print(json.dumps(times))


def measure(command: list[str]) -> float:
    one_thread = {**os.environ, "POLARS_MAX_THREADS": "1"}
    found = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=one_thread)
    return median(json.loads(found.stdout))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/events.jsonl"
        Path(file).write_text("".join(events(count)), encoding="utf-8", newline="")
        size = Path(file).stat().st_size / count
        found: dict[str, float] = {}
        for name in READERS:
            try:
                label = f"{name} {version(name)}" if name != "json" else f"json of Python {sys.version.split()[0]}"
            except PackageNotFoundError:
                print(f"{name} is not installed: left out", file=sys.stderr)
                continue
            found[label] = measure([sys.executable, __file__, "--work", name, file, f"{count}"])
        try:
            node = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
            found[f"JSON.parse of Node {node}"] = measure(["node", "-e", NODE, file, f"{RUNS}"])
        except FileNotFoundError:
            print("node is not installed: left out", file=sys.stderr)
    base = next(iter(found.values()))
    print(f"{count} events of {size:.0f} bytes, processor time, one thread, medians of {RUNS}\n")
    print("| reader | an event | reader / vsm |\n|---|---|---|")
    for label, time in found.items():
        print(f"| {label} | {time / count * 1e9:,.0f} ns | {time / base:.2f} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
