"""Run with the folder of the generated vsm.py on PYTHONPATH, the library beside it."""

import datetime
import enum
import json
import math
import os
import pathlib
import re
import sys
import tempfile
import threading
import traceback
import typing

import vsm

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOUR = 3_600_000
UTC = datetime.timezone.utc
passed = 0
failed = 0


def test(name):
    """Runs the function below it at once; it fails by raising."""

    def run(function):
        global passed, failed
        try:
            function()
            passed += 1
        except Exception:
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc(limit=-3, file=sys.stdout)

    return run


def equal(expected, actual):
    assert expected == actual, f"expected {expected!r}, got {actual!r}"


def refused(kind, function, *args):
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, but nothing was raised")


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def event(id, item, **rest):
    return vsm.Event(source="plan", id=id, occurred_at=at("2026-03-02T12:00:00.123"), item=item, **rest)


def needs(id, item, other):
    return event(id, item, links=[vsm.Link(kind=vsm.LinkKind.DEPENDS_ON, to=other)])


@test("a typed event is taken and read back")
def _():
    stream = vsm.ValueStream()
    fields = vsm.Fields(title="\u202eصك", estimate_ms=8 * HOUR, due_at=at("1969-12-31T23:59:59.999"), attributes={"Squad": "Blue"})
    link = vsm.Link(kind=vsm.LinkKind.DEPENDS_ON, to="plan:F2", lag_ms=-HOUR)
    said = event("1", "plan:F1", kind=vsm.Kind.FEATURE, set=fields, links=[link])
    equal(True, stream.apply(said))
    equal(False, stream.apply(said))
    equal(fields, stream.item("plan:F1").fields)
    equal([said], stream.history("plan:F1"))
    equal(["plan:F1"], stream.items(vsm.Kind.FEATURE))
    equal(["plan:F1", "plan:F2"], stream.items())


@test("a stream in a store goes on where it ended, and a file is read into it")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path, file = os.path.join(folder, "record"), os.path.join(folder, "events.jsonl")
        line = '{"source":"plan","id":"%d","occurred_at":"2026-03-02T09:00:00Z","item":"plan:A","odd":"%s"}\n'
        pathlib.Path(file).write_text("".join(line % (n, "x" * 400_000) for n in range(12)))
        for form in vsm.StoreFormat:
            options = vsm.StoreOptions(format=form)
            stream = vsm.ValueStream.open(path + form.name, options)

            class Listener(vsm.IngestListener):
                def on_progress(self, now):
                    return now.accepted < 4

            run = stream.ingest_path(vsm.Adapter.EVENTS, file, listener=Listener())
            equal((True, stream.event_count()), (run.cancelled, run.report.applied.accepted))
            equal(path + form.name, refused(vsm.VsmError.Storage, vsm.ValueStream.open, path + form.name, options).path)
            run = stream.ingest_path(vsm.Adapter.EVENTS, file)
            equal((False, 12), (run.cancelled, stream.event_count()))
            seal = stream.seal()
            stream.close_store()
            refused(vsm.VsmError.Storage, stream.apply, event("1", "plan:B"))
            stream = vsm.ValueStream.open(path + form.name, options)
            equal((12, 0), (stream.recovery().events, stream.verify(seal).faulty))
            equal(0, json.loads(stream.call("verify", json.dumps({"seal": {"number": 12, "hash": seal.hash}})))["faulty"])
            stream.close_store()
        equal("store", refused(vsm.VsmError.Invalid, vsm.ValueStream().sync).field)


@test("an instant has a zone, and comes back in UTC")
def _():
    refused(TypeError, vsm.ValueStream().apply, event("1", "plan:F1", set=vsm.Fields(due_at=datetime.datetime(2026, 3, 1))))
    stream = vsm.ValueStream()
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=45))
    stream.apply(event("1", "plan:F1", set=vsm.Fields(due_at=datetime.datetime(2026, 3, 1, 5, 45, 0, 1999, zone))))
    equal(at("2026-03-01T00:00:00.001"), stream.item("plan:F1").fields.due_at)
    equal(UTC, stream.item("plan:F1").fields.due_at.tzinfo)


@test("errors are classes with code, message and what they are about")
def _():
    stream = vsm.ValueStream()
    error = refused(vsm.VsmError.UnknownItem, stream.item, "plan:Z")
    equal(("unknown_item", "plan:Z"), (error.code, error.id))
    assert "plan:Z" in error.message and isinstance(error, vsm.VsmError)
    stream.apply(needs("1", "plan:A", "plan:B"))
    equal(3, len(refused(vsm.VsmError.Cycle, stream.apply, needs("2", "plan:B", "plan:A")).path))
    equal(1, stream.event_count())
    equal("plan:1", refused(vsm.VsmError.Conflict, stream.apply, needs("1", "plan:A", "plan:C")).id)
    equal("item", refused(vsm.VsmError.Invalid, stream.apply, event("3", "plan:\0")).field)
    equal("size", refused(vsm.VsmError.Invalid, stream.apply, event("3", "plan:F", set=vsm.Fields(size=math.nan))).field)
    refused(vsm.VsmError.Document, vsm.ValueStream.from_snapshot, b'{"format":')
    past = stream.as_of(at("2026-01-01T00:00:00"), at("2026-01-01T00:00:00"))
    refused(vsm.VsmError.ReadOnly, past.apply, event("4", "plan:C"))
    nowhere = vsm.Calendar(zone="Nowhere")
    equal("Nowhere", refused(vsm.VsmError.UnknownZone, vsm.add_working_time, nowhere, at("2026-03-01T00:00:00"), HOUR).zone)
    utc = vsm.Calendar(zone="UTC")
    refused(vsm.VsmError.Horizon, vsm.add_working_time, utc, at("2026-03-01T00:00:00"), 24 * 365 * 1000 * HOUR)


@test("bad input is reported with its line")
def _():
    lines = b'{"source":"plan"\n' + b"[" * 100_000 + b"\n\xff\xfe"
    equal([1, 2, 3], [refusal.position for refusal in vsm.ValueStream().apply_json_lines(lines).refused])


@test("many threads use one stream")
def _():
    stream = vsm.ValueStream()

    def work(thread):
        for n in range(50):
            stream.apply(event(f"{thread}/{n}", f"plan:{n}"))
            stream.coverage()

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(200, stream.event_count())


# Names: what Python can't have as one gets an underscore; a span says its unit.


def engine_name(name):
    return name.removeprefix("_").removesuffix("_ms")


def members(record):
    return typing.get_type_hints(record.__init__, vars(vsm))


DAY = 24 * HOUR


def activity(id, days):
    return vsm.NetworkActivity(id=id, duration_ms=days * DAY)


def network():
    link = vsm.NetworkDependency(_from="build", to="test")
    return vsm.NetworkQuery(
        start=at("2026-03-02T00:00:00"), activities=[activity("build", 2), activity("test", 3)], dependencies=[link]
    )


@test("a metric is kept up to date, and is that of counting anew")
def _():
    stream = vsm.ValueStream()
    query = vsm.MetricQuery(
        metric="throughput", start=at("2026-03-02T00:00:00"), end=at("2026-03-16T00:00:00"), zone="UTC"
    )
    live = stream.live_metric(query)
    for n in range(2):
        done = event(f"done/{n}", f"plan:{n}")
        done.kind, done.set = vsm.Kind.STORY, vsm.Fields(state=vsm.FlowState.DONE)
        stream.apply(done)
    equal(2, live.follow(stream))
    equal([2.0], [row.value for row in live.update(stream).rows])
    equal([query, []], [live.query(), live.update(stream).rows])
    equal([stream.metric(query), stream.metric_state(query)], [live.table(stream), live.state(stream)])
    equal("stream", refused(vsm.VsmError.Invalid, live.update, vsm.ValueStream()).field)
    query.metric = "luck"
    equal("metric", refused(vsm.VsmError.Invalid, stream.live_metric, query).field)


@test("a schedule is kept up to date, and what is refused changes nothing")
def _():
    equal(["build", "test"], vsm.schedule(network()).path)
    live = vsm.LiveSchedule(network())
    back = vsm.NetworkDependency(_from="test", to="build")
    equal(3, len(refused(vsm.VsmError.Cycle, live.change, vsm.NetworkChange(dependencies=[back])).path))
    equal("x", refused(vsm.VsmError.UnknownItem, live.change, vsm.NetworkChange(removed_activities=["x"])).id)
    equal(network(), live.network())
    changes = live.change(vsm.NetworkChange(activities=[activity("build", 4)]))
    equal([2 * DAY, ["build", "test"]], [changes.moved_by_ms, [move.item for move in changes.moved]])
    equal(at("2026-03-09T00:00:00"), live.finish())
    equal(vsm.schedule(live.network()), live.critical_path())


api = json.loads((ROOT / "tests/api.json").read_text())

for name, record in api["records"].items():

    @test(f"class {name}")
    def _():
        spans = {field for field, type in record["fields"].items() if "span" in type}
        expected = {field + "_ms" if field in spans else field for field in record["fields"]}
        equal(expected, {member.removeprefix("_") for member in members(getattr(vsm, name))})


for name, words in api["enums"].items():

    @test(f"enum {name}")
    def _():
        equal(words, [value.name.lower() for value in getattr(vsm, name)])


@test("every call by name has a method or a function")
def _():
    sentence = refused(vsm.VsmError.Invalid, vsm.ValueStream().call, "?", "{}").message
    calls = sentence.split("is not one of ")[1].split(", ")
    assert len(calls) > 10
    equal([], [call for call in calls if not hasattr(vsm.ValueStream, call) and not hasattr(vsm, call)])


# The vectors that every language runs (tests/vectors/README.md), through the typed API and, beside it, by name and
# JSON: the two have to agree in every key.


def to_json(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, datetime.datetime):
        # strftime writes the years before 1000 with fewer than four digits.
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, enum.Enum):
        return value.name.lower()
    if isinstance(value, list):
        return [to_json(one) for one in value]
    if isinstance(value, dict):
        return {key: to_json(one) for key, one in value.items()}
    return {engine_name(key): to_json(one) for key, one in vars(value).items()}


def from_json(kind, value):
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Union:
        return None if value is None else from_json(inner[0], value)
    if typing.get_origin(kind) in (list, typing.List):
        return [from_json(inner[0], one) for one in value]
    if typing.get_origin(kind) in (dict, typing.Dict):
        return {key: from_json(inner[1], one) for key, one in value.items()}
    if kind is datetime.datetime:
        return instant(value)
    if issubclass(kind, enum.Enum):
        return kind[value.upper()]
    if kind.__module__ != vsm.__name__:
        return value
    if kind is vsm.Policy:
        value = to_json(vsm.default_policy()) | value
    names = {engine_name(member): member for member in members(kind)}
    types = members(kind)
    return kind(**{names[key]: from_json(types[names[key]], one) for key, one in value.items()})


def instant(text):
    text = re.sub(r"\.(\d+)", lambda found: "." + found[1][:6].ljust(6, "0"), text)
    return datetime.datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))


def outcome(ask):
    try:
        return {"answer": ask()}
    except vsm.VsmError as error:
        return {"error": {"code": error.code, "message": error.message}}


def typed(stream, name, args):
    match name:
        case "apply":
            return {"accepted": stream.apply(from_json(vsm.Event, args))}
        case "ingest":
            options = from_json(vsm.IngestOptions, args.get("options") or {})
            return to_json(stream.ingest(from_json(vsm.Adapter, args["adapter"]), args["text"].encode(), options))
        case "correlate" | "shipping":
            rules = from_json(vsm.CorrelationRules, args.get("rules") or {})
            return to_json(getattr(stream, name)(rules))
        case "item" | "links" | "history" | "trace":
            return to_json(getattr(stream, name)(args["id"]))
        case "items":
            return stream.items(from_json(typing.Optional[vsm.Kind], args.get("kind")))
        case "coverage":
            return to_json(stream.coverage())
        case "ocel":
            return json.loads(stream.ocel())
        case "snapshot":
            return json.loads(restored(stream))
        case "add_working_time":
            calendar = from_json(vsm.Calendar, args["calendar"])
            return to_json(vsm.add_working_time(calendar, instant(args["start"]), args["span"]))
        case "working_time_between":
            calendar = from_json(vsm.Calendar, args["calendar"])
            return vsm.working_time_between(calendar, instant(args["start"]), instant(args["end"]))
        case "picture":
            options = from_json(typing.Optional[vsm.PictureOptions], args.get("options"))
            path, form = from_json(vsm.CriticalPath, args["path"]), from_json(vsm.PictureForm, args["form"])
            return vsm.picture(path, form, options)
        case "next_departure":
            return to_json(vsm.next_departure(from_json(vsm.Cadence, args["cadence"]), instant(args["ready"])))
        case _:
            asked = getattr(stream if hasattr(stream, name) else vsm, name)
            given = [kind for given, kind in typing.get_type_hints(asked, vars(vsm)).items() if given != "return"]
            return to_json(asked(*(from_json(kind, args) for kind in given)))


def restored(stream):
    written = stream.snapshot()
    equal(written, vsm.ValueStream.from_snapshot(written).snapshot())
    return written


def difference(expected, actual, path="the answer"):
    """Where `actual` lacks something of `expected` or has it otherwise: the first place, or None."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return next(filter(None, (difference(one, actual.get(key), f"{path}.{key}") for key, one in expected.items())), None)
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual))
        return next(filter(None, (difference(*pair, f"{path}[{n}]") for n, pair in pairs)), None)
    number = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (expected, actual))
    if (number and math.isclose(expected, actual, rel_tol=1e-9)) or (type(expected), expected) == (type(actual), actual):
        return None
    return f"{path} should be {expected!r}, is {actual!r}"


def same(expected, actual):
    found = difference(expected, actual)
    assert found is None, found


def run_call(stream, call):
    name, args, past = call["call"], call.get("args") or {}, call.get("as_of")
    asked = stream.as_of(instant(past["occurred"]), instant(past["recorded"])) if past else stream
    # What changes the stream is asked of a copy first, as it is asked twice.
    other = stream.copy() if name in ("apply", "ingest", "correlate") else stream
    by_name = outcome(lambda: json.loads(other.call(name, json.dumps(args | ({"as_of": past} if past else {})))))
    try:
        answer = outcome(lambda: typed(asked, name, args))
    except (KeyError, TypeError, ValueError, AttributeError):
        # Some mistakes can't be made in types, an unknown word for one; then only the call by name can be asked.
        if difference({"error": {"code": "invalid"}}, by_name):
            raise
        answer = by_name
    same(by_name, answer)
    same({"error": call["error"]} if "error" in call else {"answer": call["expect"]} if "expect" in call else {}, answer)


def run_vector(file):
    vector = json.loads(file.read_text())
    stream = vsm.ValueStream()

    @test(f"{file} can be applied")
    def _():
        report = stream.apply_json_lines("\n".join(map(json.dumps, vector.get("events") or [])).encode())
        same(vector.get("applied", {"refused": []}), to_json(report))

    for n, call in enumerate(vector.get("calls") or []):
        test(f"{file}, call {n}")(lambda: run_call(stream, call))
    test(f"{file}, snapshot")(lambda: restored(stream))


folders = [str(ROOT / "tests/vectors"), *os.environ.get("VSM_VECTORS", "").split(os.pathsep)]
for folder in filter(None, folders):
    for file in sorted(pathlib.Path(folder).rglob("*.json")):
        run_vector(file)

print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
