"""Nonsense is refused with a reason; nothing is half applied and nothing panics."""

import json
import math
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
import vsm

NOW = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)


def event(**change):
    return vsm.Event(**{"source": "plan", "id": "1", "occurred_at": NOW, "item": "plan:A", **change})


class NoOffset(tzinfo):
    def utcoffset(self, dt):
        return None


class Broken(tzinfo):
    def utcoffset(self, dt):
        raise RuntimeError("no offset today")


@pytest.mark.parametrize("naive", [datetime(2026, 3, 2), datetime(2026, 3, 2, tzinfo=NoOffset())])
def test_a_naive_datetime_is_refused_by_name(naive):
    with pytest.raises(vsm.InvalidError) as caught:
        event(occurred_at=naive)
    assert caught.value.field == "occurred_at" and "time zone" in str(caught.value)
    with pytest.raises(vsm.InvalidError) as caught:
        vsm.ValueStream().verdicts(at=naive)
    assert caught.value.field == "at"


def test_every_zone_is_taken_and_utc_comes_out():
    given = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Europe/Zurich"))
    for same in (given, NOW, NOW.astimezone(timezone(timedelta(hours=-3, minutes=-30))), NOW.replace(tzinfo=ZoneInfo("UTC"))):
        out = event(occurred_at=same).occurred_at
        assert out == NOW and out.tzinfo is timezone.utc
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Zurich"))
    assert event(occurred_at=twice).occurred_at.hour == 0
    assert event(occurred_at=twice.replace(fold=1)).occurred_at.hour == 1


def test_instants_keep_milliseconds_from_year_1_to_9999():
    first = datetime(1, 1, 1, tzinfo=timezone.utc)
    last = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc)
    for instant in (first, last, datetime(1969, 12, 31, 23, 59, 59, 1000, tzinfo=timezone.utc)):
        assert event(occurred_at=instant).occurred_at == instant
    fine = NOW.replace(microsecond=1999)
    assert event(occurred_at=fine).occurred_at == NOW.replace(microsecond=1000)
    east = timezone(timedelta(hours=14))
    with pytest.raises((vsm.InvalidError, OverflowError)):
        event(occurred_at=datetime(1, 1, 1, tzinfo=east))


def test_what_a_zone_raises_comes_through():
    with pytest.raises(RuntimeError, match="no offset today"):
        event(occurred_at=datetime(2026, 3, 2, tzinfo=Broken()))


@pytest.mark.parametrize("span", [timedelta(0), timedelta(days=-3, milliseconds=7), timedelta.max, timedelta.min])
def test_spans_cross_whole(span):
    link = vsm.Link(kind="depends_on", to="plan:B", lag=span)
    assert abs(link.lag - span) < timedelta(milliseconds=1)


def test_a_span_that_timedelta_cannot_hold_is_no_panic():
    event = vsm.Event.from_json(json.dumps(
        {"source": "a", "id": "1", "occurred_at": "2026-03-02T09:00:00Z", "item": "a:1",
         "set": {"estimate": 2**63 - 1}}
    ))  # fmt: skip
    with pytest.raises(OverflowError):
        _ = event.set.estimate
    assert "estimate" in repr(event) and str(2**63 - 1) in event.to_json()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": 5}, "source: expected str, got int"),
        ({"source": None}, "source: expected str, got NoneType"),
        ({"occurred_at": "2026-03-02T09:00:00Z"}, "occurred_at: expected an aware datetime, got str"),
        ({"occurred_at": date(2026, 3, 2)}, "occurred_at: expected an aware datetime, got date"),
        ({"kind": 5}, "kind: expected Kind or str, got int"),
        ({"set": {"title": "A"}}, "set: expected Fields, got dict"),
        ({"links": "plan:B"}, "links: expected a list, got str"),
        ({"links": 5}, "links: expected a list, got int"),
        ({"links": [("parent", "plan:B")]}, r"links\[0\]: expected Link, got tuple"),
        ({"clear": {"title": 1}}, "clear: expected a list, got dict"),
        ({"aliases": [b"plan:B"]}, r"aliases\[0\]: expected str, got bytes"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_the_wrong_type_is_a_type_error_that_names_the_field(change, message):
    with pytest.raises(TypeError, match=message):
        event(**change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: vsm.Fields(value="many"), "value: expected float, got str"),
        (lambda: vsm.Fields(capacity=1.5), "capacity: expected int, got float"),
        (lambda: vsm.Fields(estimate=5), "estimate: expected timedelta, got int"),
        (lambda: vsm.Fields(attributes=["a"]), "attributes: expected a mapping, got list"),
        (lambda: vsm.Fields(attributes={1: "a"}), "attributes: expected str as a key, got int"),
        (lambda: vsm.Fields(attributes={"a": 1}), r'attributes\["a"\]: expected str, got int'),
        (lambda: vsm.Policy(pending_conflicts_only=1), "pending_conflicts_only: expected bool, got int"),
        (lambda: vsm.ValueStream().apply({"source": "a"}), "event: expected Event, got dict"),
        (lambda: vsm.ValueStream().apply_batch([event(), 5]), r"events\[1\]: expected Event, got int"),
        (lambda: vsm.ValueStream().apply_batch(event()), "events: expected a list, got Event"),
        (lambda: vsm.ValueStream().apply_json_lines(5), "data: expected bytes or str, got int"),
        (lambda: vsm.ValueStream().readiness("a", at=NOW, policy="strict"), "policy: expected Policy, got str"),
        (lambda: vsm.ValueStream().readiness("a", NOW), "positional"),
        (lambda: vsm.ValueStream().readiness("a"), "at"),
        (lambda: vsm.Link("parent", "a"), "positional"),
        (lambda: vsm.Link(kind="parent"), "to"),
    ],
)  # fmt: skip
def test_more_wrong_types(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_are_finite(number):
    for make in (
        lambda: vsm.Fields(value=number),
        lambda: vsm.Fields(size=number),
        lambda: vsm.Link(kind="implements", to="a", rule="guess", confidence=number),
    ):
        with pytest.raises(vsm.InvalidError, match="finite"):
            make()


@pytest.mark.parametrize("number", [-1, 2**32, 10**30])
def test_integers_are_in_range(number):
    with pytest.raises(vsm.InvalidError, match="capacity: must lie between 0 and 4294967295"):
        vsm.Fields(capacity=number)
    with pytest.raises(vsm.InvalidError):
        vsm.ValueStream().outlook("a", at=NOW, zone="UTC", flow_days=number)


def test_a_word_that_is_none_is_answered_with_those_that_are():
    with pytest.raises(vsm.InvalidError, match='kind: "feat" is none of theme, epic, feature') as caught:
        event(kind="feat")
    assert caught.value.field == "kind"
    with pytest.raises(vsm.InvalidError):
        vsm.ValueStream().ingest("excel", b"")
    with pytest.raises(vsm.InvalidError) as caught:
        event(kind="x" * 10_000_000)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("text", ["\ud800", "plan:\udfff"])
def test_a_lone_surrogate_is_no_text(text):
    for make in (
        lambda: event(item=text),
        lambda: event(aliases=[text]),
        lambda: vsm.Fields(attributes={text: "a"}),
        lambda: vsm.ValueStream().item(text),
        lambda: vsm.ValueStream().apply_json_lines(text),
        lambda: vsm.ValueStream.from_snapshot(text),
    ):
        with pytest.raises(vsm.InvalidError, match="surrogate"):
            make()


def test_nul_and_right_to_left_characters():
    stream = vsm.ValueStream()
    for change in ({"item": "plan:\0"}, {"source": "pl\0an"}, {"id": "\x1b[2J"}, {"aliases": ["a\0b"]}):
        with pytest.raises(vsm.InvalidError, match="control characters"):
            stream.apply(event(**change))
    title = "\u202eשלום\u2066 \0 🚂"
    assert stream.apply(event(item="plan:\u202eA", set=vsm.Fields(title=title)))
    assert stream.item("plan:\u202eA").fields.title == title
    assert "\0" not in repr(stream.item("plan:\u202eA")) and "\u202e" not in repr(stream.item("plan:\u202eA"))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"source":', '{"source":5}', "[" * 100_000, '{"set":' * 100_000, "NaN"])
def test_text_that_is_no_document(text):
    for read in (vsm.Event.from_json, vsm.Outlook.from_json, vsm.ValueStream.from_snapshot):
        with pytest.raises(vsm.DocumentError) as caught:
            read(text)
        assert "line" in caught.value.position
    report = vsm.ValueStream().apply_json_lines(text.encode())
    assert report.accepted == 0
    assert len(report.refused) == (1 if text else 0)
    assert all(refusal.reason and refusal.position == 1 for refusal in report.refused)


def test_a_refused_line_keeps_no_other_out():
    good = '{"source":"a","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"a:1"}'
    stream = vsm.ValueStream()
    report = stream.apply_json_lines(f"{good}\n\nnonsense\n{good.replace('a:1', '')}\n{good}\n")
    assert (report.accepted, report.duplicates) == (1, 1)
    assert [refusal.position for refusal in report.refused] == [3, 4]


def test_a_huge_line_is_refused():
    stream = vsm.ValueStream()
    report = stream.apply_json_lines(b'{"source":"' + b"a" * (32 << 20) + b'"}')
    assert report.refused[0].code == "document" and stream.event_count() == 0


def test_bytes_that_are_no_text():
    for data in (b"\xff\xfe", b"\x00" * 1000, bytearray(b"\xc3\x28")):
        stream = vsm.ValueStream()
        for adapter in vsm.Adapter:
            report = stream.ingest(adapter, data)
            assert report.applied.accepted == 0 and report.rejects, adapter
        with pytest.raises(vsm.DocumentError):
            vsm.ValueStream.from_snapshot(data)


def test_a_memoryview_of_anything_is_its_bytes():
    with pytest.raises(ValueError):
        released = memoryview(b"a")
        released.release()
        vsm.ValueStream().apply_json_lines(released)
    assert vsm.ValueStream().apply_json_lines(memoryview(b"\n\n\n")[::2]).refused == []


def test_what_an_iterable_raises_comes_through_and_nothing_is_applied():
    def events():
        yield event()
        raise RuntimeError("source is gone")

    stream = vsm.ValueStream()
    with pytest.raises(RuntimeError, match="source is gone"):
        stream.apply_batch(events())
    assert stream.event_count() == 0


def test_a_batch_that_is_refused_in_part():
    stream = vsm.ValueStream()
    report = stream.apply_batch([event(), event(), event(id="2", links=[vsm.Link(kind="parent", to="plan:A")])])
    assert (report.accepted, report.duplicates) == (1, 1)
    (refusal,) = report.refused
    assert (refusal.position, refusal.event, refusal.code) == (3, "plan:2", "invalid")


def test_a_calendar_that_cannot_be():
    nine = datetime(2026, 3, 2, tzinfo=timezone.utc)
    for calendar, error in (
        (vsm.Calendar(zone="Mars/Olympus"), vsm.UnknownZone),
        (vsm.Calendar(zone="UTC", holidays=["tomorrow"]), vsm.InvalidError),
        (vsm.Calendar(zone="UTC", hours=[vsm.WorkingHours(day="mon", start="25:00", end="26:00")]), vsm.InvalidError),
    ):
        with pytest.raises(error):
            vsm.add_working_time(calendar, nine, timedelta(hours=1))
    with pytest.raises(vsm.HorizonError) as caught:
        vsm.add_working_time(vsm.Calendar(zone="UTC"), nine, timedelta(days=100_000))
    assert isinstance(caught.value, OverflowError)
    with pytest.raises(vsm.InvalidError):
        vsm.next_departure(vsm.Cadence(departure=nine, every_days=0), nine)


def test_classes_are_closed():
    with pytest.raises(TypeError):
        type("Mine", (vsm.ValueStream,), {})
    with pytest.raises(TypeError):
        vsm.ValueStream(5)
