"""vsm from Python against rustworkx and networkx: the same graph, the same answers, in one run, as ratios.

    pip install CLONE/vsm-py rustworkx networkx
    python benches/peers.py [ITEMS]        # a million items and two million links by default

Each library works in a process of its own, so that its memory is its own. Medians of three runs; networkx runs once,
because it takes minutes. The peers sort and pass in Python, as their users would; what they do in one call of their
own, a length without dates, has its own row. The tables go to ``benches/README.md``.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

MONDAY = datetime(2026, 3, 2, tzinfo=timezone.utc)
DAY_IN_MS = 86_400_000
RUNS = {"vsm": 3, "rustworkx": 3, "networkx": 1}
PACKAGES = {"vsm": "vsm-core", "rustworkx": "rustworkx", "networkx": "networkx"}

BUILD, BUILD_READY, FIRST, AGAIN, LENGTH, READY = (
    "build from JSON Lines",
    "build; the peers from tuples that are ready in memory",
    "critical path, the first question",
    "critical path, again",
    "its length alone, by `dag_longest_path_length`",
    "readiness of every item",
)
LISTED = "readiness of every item, as a list with ids"
MEMORY = "memory an item, its links included"


def make(count: int) -> tuple[list[int], list[tuple[int, int]], Iterator[str]]:
    """``Work`` of ``factories.rs`` once more: days, edges (needed, needing), and the same as JSON Lines.

    The nodes are numbered; the release comes last, and has no days of its own.
    """
    dice = count

    def below(n: int) -> int:
        nonlocal dice
        dice = (dice * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        return (dice >> 33) % n

    days: list[int] = []
    needs: list[list[int]] = []
    for n in range(count):
        days.append(1 + below(10))
        # Half of what is needed is near, half is anywhere before.
        needs.append([n - 1 - below(min(n, 50))] if n > 0 else [])
        if n > 0 and n % 2 == 0:
            needs[n].append(below(n))
    # A few links come twice; only rustworkx keeps both, and no answer differs for it.
    edges = [(needed, n) for n in range(count) for needed in needs[n]] + [(n, count) for n in range(1, count, 2)]
    return days, edges, lines(days, needs)


def lines(days: list[int], needs: list[list[int]]) -> Iterator[str]:
    head = {"source": "plan", "id": "release", "occurred_at": "2026-03-02T00:00:00.000Z"}
    yield json.dumps({**head, "item": "plan:release", "kind": "release"}, separators=(",", ":"))
    for n, length in enumerate(days):
        links = [{"kind": "ships_in", "to": "plan:release"}] if n % 2 == 1 else []
        links += [{"kind": "depends_on", "to": f"plan:{needed}"} for needed in needs[n]]
        fields = {"state": "new", "estimate": length * DAY_IN_MS}
        event = {**head, "id": f"{n}", "item": f"plan:{n}", "kind": "story", "set": fields, "links": links}
        yield json.dumps(event, separators=(",", ":"))


def parse(text: bytes) -> tuple[list[int], list[tuple[int, int]]]:
    """What somebody writes who has the events as JSON Lines and a library that takes numbered nodes."""
    days: list[int] = []
    edges: list[tuple[int, int]] = []
    events = [json.loads(line) for line in text.splitlines()]
    number = {event["item"]: n - 1 for n, event in enumerate(events)}
    number["plan:release"] = len(events) - 1
    for event in events[1:]:
        n = number[event["item"]]
        days.append(event["set"]["estimate"] // DAY_IN_MS)
        for link in event["links"]:
            to = number[link["to"]]
            edges.append((n, to) if link["kind"] == "ships_in" else (to, n))
    return days, edges


Neighbours = Callable[[int], Iterable[int]]


def critical(order: list[int], days: list[int], before: Neighbours, after: Neighbours) -> tuple[int, int]:
    """Early dates forward, late dates backward: when the release is ready, and how many items have no float."""
    release = len(days)
    finish = [0] * (release + 1)
    for node in order:
        own = days[node] if node != release else 0
        finish[node] = max((finish[needed] for needed in before(node)), default=0) + own
    end = finish[release]
    # What does not lead to the release may be as late as it likes.
    late = [sys.maxsize] * (release + 1)
    late[release] = end
    for node in reversed(order):
        for needing in after(node):
            own = days[needing] if needing != release else 0
            late[node] = min(late[node], late[needing] - own)
    return end, sum(early == last for early, last in zip(finish, late))


def ready(order: list[int], done: list[bool], before: Neighbours) -> int:
    """An item is ready when it is done and everything that it needs is ready.

    Nothing here is done, so this looks at one neighbour of each: what could be said against it is in its favour.
    """
    state = [True] * len(done)
    for node in order:
        state[node] = all(state[needed] for needed in before(node)) and done[node]
    return sum(state)


class Rustworkx:
    def build(self, count: int, edges: list[tuple[int, int]]) -> None:
        import rustworkx

        self.graph = rustworkx.PyDiGraph()
        self.graph.add_nodes_from(range(count + 1))
        self.graph.add_edges_from_no_data(edges)

    def order(self) -> list[int]:
        import rustworkx

        return list(rustworkx.topological_sort(self.graph))

    def neighbours(self) -> tuple[Neighbours, Neighbours]:
        return self.graph.predecessor_indices, self.graph.successor_indices

    def length(self, days: list[int]) -> int:
        """The length without dates. Node 0 is the only one that needs nothing, so every longest path begins there."""
        import rustworkx

        own = [*days, 0]
        return days[0] + int(rustworkx.dag_longest_path_length(self.graph, lambda _, node, __: own[node]))


class Networkx:
    def build(self, count: int, edges: list[tuple[int, int]]) -> None:
        import networkx

        self.graph = networkx.DiGraph()
        self.graph.add_nodes_from(range(count + 1))
        self.graph.add_edges_from(edges)

    def order(self) -> list[int]:
        import networkx

        return list(networkx.topological_sort(self.graph))

    def neighbours(self) -> tuple[Neighbours, Neighbours]:
        return self.graph.predecessors, self.graph.successors


class Clock:
    """Processor time by the name of what took it: nothing here uses a second thread, and a busy machine adds little."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    def time(self, what: str, run: Callable[[], Any]) -> Any:
        start = process_time()
        result = run()
        self.times.setdefault(what, []).append(process_time() - start)
        return result


def peak() -> int:
    """The most memory that this process has had so far, in bytes."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def run_vsm(folder: Path, runs: int, clock: Clock) -> dict[str, Any]:
    import vsm

    text = (folder / "events.jsonl").read_bytes()
    answers: dict[str, Any] = {}
    for _ in range(runs):
        stream = vsm.ValueStream()
        before = peak()
        report = clock.time(BUILD, lambda: stream.apply_json_lines(text))
        answers.setdefault("bytes", peak() - before)
        assert not report.refused
        for what in (FIRST, AGAIN):
            path = clock.time(what, lambda: stream.critical_path("plan:release", at=MONDAY, critical_only=True))
        answers["path"] = [path.length.days, len(path.activities)]
        answers["ready"] = clock.time(READY, lambda: stream.verdicts(at=MONDAY, list=[])).ready
        verdicts = clock.time(LISTED, lambda: stream.verdicts(at=MONDAY))
        assert len(verdicts.items) == verdicts.basis.n
        answers["links"] = stream.link_count()
        del stream, path, verdicts
    return answers


def run_peer(peer: Rustworkx | Networkx, folder: Path, runs: int, clock: Clock) -> dict[str, Any]:
    days = load(folder / "days").tolist()
    ends = load(folder / "edges")
    edges = list(zip(ends[0::2], ends[1::2]))
    answers: dict[str, Any] = {}
    peer.build(1, [(0, 1)])  # imports the library
    for _ in range(runs):
        before = peak()
        clock.time(BUILD_READY, lambda: peer.build(len(days), edges))
        answers.setdefault("bytes", peak() - before)
        for what in (FIRST, AGAIN):
            answers["path"] = clock.time(what, lambda: critical(peer.order(), days, *peer.neighbours()))
        if isinstance(peer, Rustworkx):
            longest = clock.time(LENGTH, lambda: peer.length(days))
            assert longest >= answers["path"][0]
        done = [False] * (len(days) + 1)
        answers["ready"] = clock.time(READY, lambda: ready(peer.order(), done, peer.neighbours()[0]))
    del edges
    text = (folder / "events.jsonl").read_bytes()

    def read_and_build() -> None:
        read, links = parse(text)
        peer.build(len(read), links)

    for _ in range(runs):
        clock.time(BUILD, read_and_build)
    return answers


def load(file: Path) -> array[int]:
    numbers = array("I")
    numbers.frombytes(file.read_bytes())
    return numbers


def write_files(count: int, folder: Path) -> None:
    days, edges, text = make(count)
    with open(folder / "events.jsonl", "w", encoding="utf-8", newline="") as file:
        file.writelines(line + "\n" for line in text)
    (folder / "days").write_bytes(array("I", days).tobytes())
    (folder / "edges").write_bytes(array("I", (end for edge in edges for end in edge)).tobytes())


def work(library: str, count: int, folder: Path) -> None:
    clock = Clock()
    if library == "make":
        return write_files(count, folder)
    if library == "vsm":
        answers = run_vsm(folder, RUNS[library], clock)
    else:
        peer = Rustworkx() if library == "rustworkx" else Networkx()
        answers = run_peer(peer, folder, RUNS[library], clock)
    print(json.dumps({"times": {what: median(times) for what, times in clock.times.items()}, **answers}))


def measure(count: int) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:

        def ask(library: str) -> bytes:
            command = [sys.executable, __file__, "--work", library, f"{count}", folder]
            return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout

        # Made in another process too: a child begins with its parent's peak of memory.
        ask("make")
        return {library: json.loads(ask(library)) for library in RUNS}


def table(count: int, found: dict[str, dict[str, Any]]) -> None:
    rows = [BUILD, BUILD_READY, FIRST, AGAIN, LENGTH, READY, LISTED, MEMORY]

    def pick(library: str, what: str) -> float | None:
        one = found[library]
        value: float | None = one["bytes"] / count if what == MEMORY else one["times"].get(what)
        return value

    def write(what: str, value: float) -> str:
        if what == MEMORY:
            return f"{value:,.0f} bytes"
        return f"{value * 1e3:,.0f} ms" if value >= 0.1 else f"{value * 1e3:.1f} ms"

    # Where the engine has no way of its own, it is compared by the one that does more.
    instead = {BUILD_READY: BUILD, LENGTH: AGAIN}
    print("| what | vsm | rustworkx | networkx | rustworkx / vsm | networkx / vsm |\n|---|---|---|---|---|---|")
    for what in rows:
        base = pick("vsm", what) or found["vsm"]["times"][instead[what]]
        theirs = READY if what == LISTED else what
        others = [pick(library, theirs) for library in ("rustworkx", "networkx")]
        cells = [write(what, base)] + [write(what, other) if other is not None else "" for other in others]
        cells += [f"{other / base:.2f}" if other is not None else "" for other in others]
        print(f"| {what} | {' | '.join(cells)} |")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    found = measure(count)
    for library in ("rustworkx", "networkx"):
        for answer in ("path", "ready"):
            assert found[library][answer] == found["vsm"][answer], (answer, found)
    versions = ", ".join(f"{library} {version(package)}" for library, package in PACKAGES.items())
    links = found["vsm"]["links"]
    print(f"{count} items, {links} links; Python {platform.python_version()}, {versions};")
    print("processor time, medians of three, networkx once\n")
    table(count, found)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
