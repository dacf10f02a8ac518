"""Instants and spans as they stand in a network: UTC text with milliseconds, and milliseconds."""

from __future__ import annotations

from datetime import datetime, timedelta

MINUTE = 60_000
"""Milliseconds in a minute."""


def instant(time: datetime) -> str:
    """The instant as a network writes it: ``2026-11-23T08:00:00.000Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def read_instant(text: str) -> datetime:
    """The time that a network's instant means, in UTC and without a zone."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)


def minutes(span: int) -> int:
    """The whole minutes of a span; anything finer is refused, because the peer would round it."""
    whole, rest = divmod(span, MINUTE)
    if rest:
        raise ValueError(f"{span} ms are not whole minutes")
    return whole


def days(first: datetime, end: datetime) -> list[str]:
    """Every date that ``[first, end)`` touches, as ``YYYY-MM-DD``."""
    dates = []
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        dates.append(day.strftime("%Y-%m-%d"))
        day += timedelta(days=1)
    return dates
