"""The vectors that run in every language: events in, calls, expected answers.

They lie in `tests/vectors` and in the folders that the environment variable VSM_VECTORS lists.
"""

import json
import math
import os
from pathlib import Path

import pytest
import vsm
from typed import API, ASKED, ENUMS, NETWORK, QUERIES, RECORDS, TESTS, arguments, plain, typed

FOLDERS = [TESTS / "vectors", *map(Path, filter(None, os.environ.get("VSM_VECTORS", "").split(os.pathsep)))]
FILES = [file for folder in FOLDERS for file in sorted(folder.rglob("*.json"))]

# What a call answers.
RESULTS = {
    **{name: asked["answer"] for name, asked in ASKED.items()},
    **{name: f"[{record}]" for name, record in API["lists"].items()},
    "item": "Item",
    "items": "[string]",
    "links": "[Related]",
    "history": "[Event]",
    "trace": "Trace",
    "coverage": "Coverage",
    "shipping": "Shipping",
    "ingest": "IngestReport",
    "correlate": "ApplyReport",
    "add_working_time": "instant",
    "working_time_between": "span",
    "next_departure": "instant?",
    "schedule": "CriticalPath",
}
# Arguments of calls that are no query.
PARAMETERS = {
    "event": "Event", "rules": "CorrelationRules?", "options": "IngestOptions?", "calendar": "Calendar",
    "cadence": "Cadence", "start": "instant", "end": "instant", "ready": "instant", "span": "span",
}  # fmt: skip
FUNCTIONS = {"add_working_time", "working_time_between", "next_departure", *API["functions"], *API["lists"]}


def answer(stream, call, args, folder=None):
    """Asks by the native, typed method; the answer in JSON names. With a folder, what a tool wrote comes as a file."""
    if call == "apply":
        return {"accepted": stream.apply(typed(args, "Event"))}
    if call == "snapshot":
        text = stream.snapshot()
        assert vsm.ValueStream.from_snapshot(text).snapshot() == text
        return json.loads(text)
    if call == "ocel":
        return json.loads(stream.ocel())
    if call == "outlook_text":
        return stream.outlook(**arguments(args, "OutlookQuery")).to_text()
    if call == "schedule":
        network = typed(args, NETWORK)
        assert plain(vsm.LiveSchedule(network).network(), NETWORK) == plain(network, NETWORK)
        return plain(vsm.schedule(network), RESULTS[call])
    if call == "picture":
        kinds = {"path": "CriticalPath", "form": "PictureForm", "options": "PictureOptions?"}
        return vsm.picture(**{name: typed(value, kinds[name]) for name, value in args.items()})
    if call in QUERIES:
        args = arguments(args, QUERIES[call])
    else:
        args = {name: typed(value, PARAMETERS.get(name, "string")) for name, value in args.items()}
    if call == "ingest" and folder:
        file = folder / "text"
        file.write_text(args.pop("text"), encoding="utf-8", newline="")
        return plain(stream.ingest_path(path=file, **args).report, RESULTS[call])
    if call == "ingest":
        args["data"] = args.pop("text")
    result = getattr(vsm if call in FUNCTIONS else stream, call)(**args)
    if call == "metric":
        assert stream.live_metric(**args).table(stream) == result
    return plain(result, RESULTS[call])


def compare(expected, actual, where="$"):
    """Every key that is expected is there with that value; lists have the same length."""
    if isinstance(expected, dict):
        assert isinstance(actual, dict), f"{where}: expected an object, got {actual!r}"
        for key, value in expected.items():
            compare(value, actual.get(key), f"{where}.{key}")
    elif isinstance(expected, list):
        assert isinstance(actual, list), f"{where}: expected a list, got {actual!r}"
        assert len(expected) == len(actual), f"{where}: expected {expected!r}, got {actual!r}"
        for n, value in enumerate(expected):
            compare(value, actual[n], f"{where}[{n}]")
    elif isinstance(expected, (int, float)) and not isinstance(expected, bool):
        is_number = isinstance(actual, (int, float)) and not isinstance(actual, bool)
        close = is_number and math.isclose(expected, actual, rel_tol=1e-9)
        assert close, f"{where}: expected {expected!r}, got {actual!r}"
    else:
        assert type(expected) is type(actual) and expected == actual, (
            f"{where}: expected {expected!r}, got {actual!r}"
        )


def error_of(stream, call, args, folder):
    """What an error says of itself; a call that the language itself refuses is an invalid one."""
    with pytest.raises((vsm.VsmError, TypeError)) as caught:
        answer(stream, call, args, folder)
    if isinstance(caught.value, vsm.VsmError):
        return {"code": caught.value.code, "message": str(caught.value), **vars(caught.value)}
    return {"code": "invalid"}


@pytest.mark.parametrize("kept", [False, True], ids=["memory", "store"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(file.parents[1])))
def test_vector(file, kept, tmp_path):
    """In memory, and with a store that is closed between the events and the calls."""
    vector = json.loads(file.read_text(encoding="utf-8"))
    folder = tmp_path if kept else None
    stream = vsm.ValueStream.open(tmp_path / "record", sync_every=0) if kept else vsm.ValueStream()
    lines = "\n".join(json.dumps(event) for event in vector.get("events", []))
    applied = stream.apply_json_lines(lines)
    compare(vector.get("applied", {}), plain(applied, "ApplyReport"), "applied")
    if kept:
        stream.close()
        stream = vsm.ValueStream.open(tmp_path / "record", sync_every=0)
    for n, call in enumerate(vector.get("calls", [])):
        where = f"calls[{n}] {call['call']}"
        seen = stream.as_of(*arguments_of_past(call["as_of"])) if "as_of" in call else stream
        if "error" in call:
            compare(call["error"], error_of(seen, call["call"], call.get("args", {}), folder), where)
        else:
            result = answer(seen, call["call"], call.get("args", {}), folder)
            if "expect" in call:
                compare(call["expect"], result, where)


def arguments_of_past(past):
    return [typed(past[name], "instant") for name in ("occurred", "recorded")]


def test_there_are_vectors():
    assert FILES


def test_typed_events_say_what_their_json_says():
    events = [event for file in FILES for event in json.loads(file.read_text(encoding="utf-8")).get("events", [])]
    for event in filter(is_typed, events):
        assert typed(event, "Event") == vsm.Event.from_json(json.dumps(event))


def is_typed(value, kind="Event"):
    """Whether a constructor can say it: no unknown fields, words or types."""
    if kind.endswith("?"):
        return value is None or is_typed(value, kind[:-1])
    if kind.startswith("["):
        return isinstance(value, list) and all(is_typed(element, kind[1:-1]) for element in value)
    if kind.startswith("{"):
        return isinstance(value, dict) and all(is_typed(element, kind[1:-1]) for element in value.values())
    if kind in RECORDS:
        fields = RECORDS[kind]
        return isinstance(value, dict) and all(
            name in fields and is_typed(element, fields[name]) for name, element in value.items()
        )
    if kind in ENUMS:
        return value in ENUMS[kind]
    python = {"string": str, "instant": str, "bool": bool, "f64": (int, float)}.get(kind, int)
    return isinstance(value, python) and isinstance(value, bool) == (kind == "bool")
