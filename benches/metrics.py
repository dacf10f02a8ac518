"""Metrics of a year of events: vsm from its own record, against polars and DuckDB from a frame in memory, as ratios.

    pip install CLONE/vsm-py numpy polars duckdb
    python benches/metrics.py [ITEMS]     # of eight events each; a hundred thousand by default

The same four questions to each: 85th percentile of the cycle time by kind and week, throughput by week, work in progress
by day, flow efficiency. The answers are compared before the times are. Each library works in a process of its own, vsm on one
thread and the others on as many as they like; medians of three runs, wall clock and processor. What has to be there before the
questions, the record or the frame, is not timed, except where the table says so. The table goes to ``benches/README.md``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from math import ceil
from statistics import median
from time import perf_counter, process_time
from typing import Any

RUNS = 3
DAYS = 364
MONDAY = datetime(2026, 1, 5, tzinfo=timezone.utc)
KINDS = ("feature", "story", "defect", "risk")
STATES = ("new", "active", "waiting", "active", "waiting", "active", "waiting", "done")
Answers = dict[str, Any]


def frame(items: int) -> Any:
    import numpy as np
    import polars as pl

    dice = np.random.default_rng(items)
    starts = dice.integers(0, DAYS * 86_400, items)[:, None] * 1_000
    gaps = dice.integers(1, 4 * 86_400, (items, len(STATES) - 1)) * 1_000
    times = np.concatenate([starts, starts + gaps.cumsum(axis=1)], axis=1) + int(MONDAY.timestamp() * 1_000)
    each = len(STATES)
    kinds = pl.Series(KINDS)[dice.integers(0, len(KINDS), items).repeat(each)]
    return pl.DataFrame(
        {
            "item": np.arange(items, dtype=np.int32).repeat(each),
            "step": np.tile(np.arange(each, dtype=np.int8), items),
            "kind": kinds.cast(pl.Enum(KINDS)),
            "state": pl.Series(STATES * items, dtype=pl.Enum(sorted(set(STATES)))),
            "occurred": pl.Series(times.ravel()).cast(pl.Datetime("ms", "UTC")),
        }
    )


def with_vsm(items: int) -> Callable[[], Answers]:
    import vsm

    mapping = vsm.TableMapping(
        source="jira",
        id="jira:{item}",
        event="{item}/{step}",
        kind="{kind}",
        occurred_at="{occurred}",
        fields={"state": "{state}"},
    )
    stream = vsm.ValueStream()
    table = frame(items)
    began = perf_counter()
    report = stream.ingest_arrow(table, vsm.IngestOptions(mapping=mapping))
    print(f"vsm: {table.height} rows read and recorded in {perf_counter() - began:.1f} s", file=sys.stderr)
    assert report.applied.accepted == table.height, report
    del table
    window: dict[str, Any] = {"start": MONDAY, "end": MONDAY + timedelta(days=DAYS), "zone": "UTC"}

    def ask() -> Answers:
        cycle = stream.metric(metric="cycle_time", bucket="week", group_by=["kind"], **window).rows
        throughput = stream.metric(metric="throughput", bucket="week", **window).rows
        wip = stream.metric(metric="wip", bucket="day", **window).rows
        efficiency = stream.metric(metric="flow_efficiency", **window).rows[0]
        return {
            "cycle": [
                [row.group[0], row.bucket, row.n, round(row.sample.p85 * 86_400_000)] for row in cycle if row.sample
            ],
            "throughput": [round(row.value or 0) for row in throughput],
            "wip": [round(row.value or 0) for row in wip],
            "efficiency": round(efficiency.value or 0, 9),
        }

    return ask


def with_polars(items: int) -> Callable[[], Answers]:
    import polars as pl

    events = frame(items)

    def ask() -> Answers:
        until = pl.col("occurred").shift(-1).over("item")
        spent = (until - pl.col("occurred")).dt.total_milliseconds()
        flow = (
            events.lazy()
            .sort("item", "occurred")
            .group_by("item")
            .agg(
                pl.col("kind").first(),
                pl.col("occurred").filter(pl.col("state").is_in(["active", "waiting"])).min().alias("start"),
                pl.col("occurred").filter(pl.col("state") == "done").max().alias("done"),
            )
            .collect()
        )
        ended = flow.filter(pl.col("done") < MONDAY + timedelta(days=DAYS)).with_columns(
            days=(pl.col("done") - pl.col("start")).dt.total_milliseconds(),
            week=pl.col("done").dt.strftime("%G-W%V"),
        )
        cycle = (
            ended.group_by("kind", "week")
            .agg(pl.len().alias("n"), pl.col("days").sort().get((pl.len() * 0.85).ceil().cast(pl.Int64) - 1))
            .with_columns(pl.col("kind").cast(pl.String))
            .sort("kind", "week")
        )
        throughput = ended.group_by("week").len().sort("week")
        day = lambda column: (pl.col(column) - MONDAY).dt.total_days()  # noqa: E731
        days = pl.DataFrame({"day": range(DAYS)}, schema={"day": pl.Int64})
        begun = flow.group_by(day("start").alias("day")).len("begun")
        over = flow.group_by(day("done").alias("day")).len("over")
        level = days.join(begun, "day", "left").join(over, "day", "left").sort("day").fill_null(0)
        wip = level.select(pl.col("begun").cast(pl.Int64).cum_sum() - pl.col("over").cast(pl.Int64).cum_sum())
        active = (
            events.lazy()
            .sort("item", "occurred")
            .with_columns(spent=spent)
            .filter(pl.col("state") == "active")
            .group_by("item")
            .agg(pl.col("spent").sum())
            .collect()
            .join(ended, "item")
        )
        return {
            "cycle": [[kind, week, n, value] for kind, week, n, value in cycle.iter_rows()],
            "throughput": throughput["len"].to_list(),
            "wip": wip.to_series().to_list(),
            "efficiency": round(active["spent"].sum() / ended["days"].sum(), 9),
        }

    return ask


def with_duckdb(items: int) -> Callable[[], Answers]:
    import duckdb

    base = duckdb.connect()
    base.execute("SET TimeZone='UTC'")
    base.register("loaded", frame(items).to_arrow())
    base.execute("CREATE TABLE events AS SELECT item, kind, state, occurred FROM loaded")
    base.unregister("loaded")
    first, end = MONDAY.isoformat(), (MONDAY + timedelta(days=DAYS)).isoformat()

    def ask() -> Answers:
        base.execute(
            f"""CREATE OR REPLACE TEMP TABLE flow AS
            SELECT item, any_value(kind) AS kind, min(occurred) FILTER (state IN ('active', 'waiting')) AS start,
                   max(occurred) FILTER (state = 'done') AS done,
                   sum(spent) FILTER (state = 'active') AS active
            FROM (SELECT *, epoch_ms(lead(occurred) OVER (PARTITION BY item ORDER BY occurred)) - epoch_ms(occurred) AS spent FROM events)
            GROUP BY item"""
        )
        ended = f"(SELECT *, epoch_ms(done) - epoch_ms(start) AS days FROM flow WHERE done < '{end}')"
        week = "strftime(done, '%G-W%V')"
        cycle = base.execute(
            f"""SELECT kind, {week} AS week, count(*) AS n,
                list_sort(list(days))[CAST(ceil(0.85 * count(*)) AS BIGINT)] FROM {ended} GROUP BY ALL ORDER BY 1, 2"""
        ).fetchall()
        throughput = base.execute(f"SELECT count(*) FROM {ended} GROUP BY {week} ORDER BY {week}").fetchall()
        wip = base.execute(
            f"""WITH moves AS (SELECT start AS moment, 1 AS change FROM flow UNION ALL SELECT done, -1 FROM flow),
                by_day AS (SELECT (epoch_ms(moment) - epoch_ms(TIMESTAMPTZ '{first}')) // 86400000 AS day,
                           sum(change) AS change FROM moves GROUP BY 1)
            SELECT sum(coalesce(change, 0)) OVER (ORDER BY day) FROM (SELECT unnest(range({DAYS})) AS day) LEFT JOIN by_day USING (day)
            ORDER BY day"""
        ).fetchall()
        efficiency = base.execute(f"SELECT sum(active) / sum(days) FROM {ended}").fetchone()
        return {
            "cycle": [[str(kind), week, n, value] for kind, week, n, value in cycle],
            "throughput": [n for (n,) in throughput],
            "wip": [int(level) for (level,) in wip],
            "efficiency": round(float(efficiency[0]), 9) if efficiency else None,
        }

    return ask


LIBRARIES = {"vsm": with_vsm, "polars": with_polars, "duckdb": with_duckdb}


def measure(library: str, items: int) -> None:
    """Prints what one library answers, and how long it took."""
    ask = LIBRARIES[library](items)
    walls, processors = [], []
    for _ in range(RUNS):
        wall, processor = perf_counter(), process_time()
        answers = ask()
        walls.append(perf_counter() - wall)
        processors.append(process_time() - processor)
    answers["cycle"].sort()
    print(json.dumps({"answers": answers, "wall": median(walls), "processor": median(processors)}))


def main(items: int) -> None:
    found = {}
    for library in LIBRARIES:
        done = subprocess.run(
            [sys.executable, __file__, library, str(items)], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            print(f"{library} is left out: it is not installed, or failed")
            continue
        found[library] = json.loads(done.stdout)
    own = found.pop("vsm")
    rows = len(own["answers"]["cycle"]) + len(own["answers"]["wip"])
    assert rows > ceil(DAYS / 7), "hardly anything was answered"
    print(f"\n| {items * len(STATES)} events of {items} items | wall | processor | wall / vsm | processor / vsm |")
    print("|---|---|---|---|---|")
    print(f"| vsm, one thread | {own['wall'] * 1e3:.0f} ms | {own['processor'] * 1e3:.0f} ms | 1 | 1 |")
    for library, peer in found.items():
        for question, answer in own["answers"].items():
            assert peer["answers"][question] == answer, f"{library} answers {question} differently"
        wall, processor = peer["wall"] / own["wall"], peer["processor"] / own["processor"]
        print(
            f"| {library} | {peer['wall'] * 1e3:.0f} ms | {peer['processor'] * 1e3:.0f} ms "
            f"| {wall:.1f} | {processor:.1f} |"
        )


if __name__ == "__main__":
    match sys.argv[1:]:
        case [library, items] if library in LIBRARIES:
            measure(library, int(items))
        case [items]:
            main(int(items))
        case _:
            main(100_000)
