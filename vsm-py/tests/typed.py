"""The JSON names of the API, as `tests/api.json` lists them, against the typed values of this package."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import vsm

TESTS = Path(__file__).parents[2] / "tests"
API = json.loads((TESTS / "api.json").read_text(encoding="utf-8"))
RECORDS = {name: record["fields"] for name, record in API["records"].items()}
ENUMS = API["enums"]

# In Python the fields of a query are the parameters of a method or function.
ASKED = API["questions"] | API["functions"]
QUERIES = {name: asked["query"] for name, asked in ASKED.items()} | {"watch": "WatchQuery", "live_metric": "MetricQuery"}
# A network is handed in as a whole, and comes back from a schedule that is kept up to date.
NETWORK = "NetworkQuery"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)


def attribute(field):
    """The name of a field in Python: keywords get an underscore."""
    return "from_" if field == "from" else field


def typed(value, kind):
    """A JSON value as the argument that a user would pass. Words stay words: both are accepted."""
    if kind.endswith("?"):
        return None if value is None else typed(value, kind[:-1])
    if kind.startswith("["):
        return [typed(element, kind[1:-1]) for element in value]
    if kind.startswith("{"):
        return {key: typed(element, kind[1:-1]) for key, element in value.items()}
    if kind == "instant":
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if kind == "span":
        return timedelta(milliseconds=value)
    if kind in RECORDS:
        return getattr(vsm, kind)(**arguments(value, kind))
    return value


def arguments(values, record):
    """The fields of a record or query as keyword arguments."""
    return {attribute(name): typed(value, RECORDS[record][name]) for name, value in values.items()}


def plain(value, kind):
    """A typed value in JSON names, read attribute by attribute; the types are checked on the way."""
    if kind.endswith("?"):
        return None if value is None else plain(value, kind[:-1])
    if kind.startswith("["):
        assert type(value) is list
        return [plain(element, kind[1:-1]) for element in value]
    if kind.startswith("{"):
        assert type(value) is dict
        return {key: plain(element, kind[1:-1]) for key, element in value.items()}
    if kind == "instant":
        assert type(value) is datetime and value.tzinfo is timezone.utc
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if kind == "span":
        assert type(value) is timedelta
        return value // MILLISECOND
    if kind in ENUMS:
        assert type(value) is getattr(vsm, kind)
        return value.value
    if kind in RECORDS:
        assert type(value) is getattr(vsm, kind)
        return {name: plain(getattr(value, attribute(name)), of) for name, of in RECORDS[kind].items()}
    assert type(value) is {"string": str, "bool": bool, "f64": float}.get(kind, int)
    return value
