"""One stream, many threads."""

import copy
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest
import vsm

NOW = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)


def lines(count, prefix="a"):
    return "\n".join(
        f'{{"source":"{prefix}","id":"{n}","occurred_at":"2026-03-02T09:00:00Z","item":"{prefix}:{n}","kind":"feature",'
        f'"links":[{{"kind":"parent","to":"{prefix}:{n // 2}"}}]}}'
        for n in range(1, count)
    )


def test_writers_and_readers_share_a_stream():
    stream = vsm.ValueStream()
    stream.apply_json_lines(lines(500, "base"))
    threads, each = 8, 100
    barrier = threading.Barrier(2 * threads)

    def write(thread):
        barrier.wait()
        for n in range(each):
            stream.apply(vsm.Event(source=f"t{thread}", id=str(n), occurred_at=NOW, item=f"t{thread}:{n}", kind="story",
                                   links=[vsm.Link(kind="parent", to="base:1")]))  # fmt: skip

    def read(_thread):
        barrier.wait()
        seen = []
        for _ in range(20):
            seen.append(len(stream))
            stream.readiness("base:1", at=NOW)
            stream.critical_path("base:1", at=NOW)
            assert copy.copy(stream).verdicts(at=NOW).basis.n > 0
        return seen

    with ThreadPoolExecutor(2 * threads) as pool:
        jobs = [pool.submit(work, n) for n in range(threads) for work in (write, read)]
        results = [job.result() for job in jobs]
    assert stream.event_count() == 499 + threads * each
    assert all(seen == sorted(seen) for seen in results if seen)


@pytest.mark.parametrize("work", ["apply_json_lines", "snapshot", "verdicts", "from_snapshot"])
def test_other_threads_go_on_during_a_long_call(work):
    text = lines(20_000)
    stream = vsm.ValueStream()
    if work != "apply_json_lines":
        stream.apply_json_lines(text)
    snapshot = stream.snapshot()
    calls = {
        "apply_json_lines": lambda: stream.apply_json_lines(text),
        "snapshot": stream.snapshot,
        "verdicts": lambda: stream.verdicts(at=NOW),
        "from_snapshot": lambda: vsm.ValueStream.from_snapshot(snapshot),
    }
    started, ended, turns = threading.Event(), False, 0

    def run():
        nonlocal ended
        started.set()
        calls[work]()
        ended = True

    before = sys.getswitchinterval()
    # With so long an interval this thread gets a turn during the call only if the call gives the interpreter up.
    sys.setswitchinterval(60)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        started.wait()
        while not ended:
            turns += 1
            time.sleep(0)
        thread.join()
    finally:
        sys.setswitchinterval(before)
    assert turns > 0
