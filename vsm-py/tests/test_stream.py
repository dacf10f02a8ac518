"""What a stream does, seen from Python."""

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone

import pytest
import vsm

MONDAY = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)
DAY = timedelta(days=1)


def event(id, item="plan:A", at=MONDAY, **what):
    return vsm.Event(source="plan", id=id, occurred_at=at, item=item, **what)


@pytest.fixture
def stream():
    """A feature that ships in a release of an application with a two-weekly train."""
    stream = vsm.ValueStream()
    train = vsm.Cadence(departure=MONDAY, every_days=14)
    report = stream.apply_batch([
        event("1", "plan:mobile", kind="application", set=vsm.Fields(title="Mobile", cadence=train)),
        event("2", "plan:R1", kind="release", set=vsm.Fields(title="Mobile 4.12"),
              links=[vsm.Link(kind="belongs_to", to="plan:mobile")]),
        event("3", "plan:E1", kind="epic", set=vsm.Fields(title="Check deposit", value=20)),
        event("4", "plan:F1", kind="feature",
              set=vsm.Fields(title="Photo", state="active", assignee="Ines", remaining=3 * DAY),
              links=[vsm.Link(kind="ships_in", to="plan:R1"), vsm.Link(kind="parent", to="plan:E1")]),
    ])  # fmt: skip
    assert (report.accepted, report.duplicates, report.refused) == (4, 0, [])
    return stream


def test_an_event_applied_again_changes_nothing(stream):
    again = event("3", "plan:E1", kind="epic", set=vsm.Fields(title="Check deposit", value=20))
    assert stream.apply(again) is False
    assert stream.apply(event("9", "plan:E1", set=vsm.Fields(value=21))) is True
    assert stream.event_count() == 5


def test_look_ups(stream):
    assert len(stream) == stream.item_count() == 4
    assert stream.link_count() == 3
    assert stream.items() == ["plan:E1", "plan:F1", "plan:R1", "plan:mobile"]
    assert stream.items("release") == stream.items(kind=vsm.Kind.Release) == ["plan:R1"]
    assert "plan:R1" in stream and "plan:R2" not in stream and 5 not in stream
    item = stream.item("plan:F1")
    assert (item.kind, item.fields.state, item.fields.assignee) == (vsm.Kind.Feature, "active", "Ines")
    assert item.fields.remaining == 3 * DAY and item.fields.estimate is None
    parent, release = stream.links("plan:F1")
    assert (parent.kind, parent.from_, parent.to) == ("parent", "plan:F1", "plan:E1")
    assert (release.kind, release.rule, release.confidence) == (vsm.LinkKind.ShipsIn, None, 1.0)
    assert [event.id for event in stream.history("plan:F1")] == ["4"]


def test_answers(stream):
    readiness = stream.readiness("plan:R1", at=MONDAY, stage="system_test")
    assert (readiness.stage, readiness.verdict) == ("system_test", vsm.Verdict.NotReady)
    assert "Ines" in [fact.waits_for for fact in readiness.unmet]
    blocking = vsm.Policy(stages=["system_test"], blocking="minor")
    assert stream.readiness("plan:R1", at=MONDAY, policy=blocking).stage == "system_test"
    verdicts = stream.verdicts(at=MONDAY)
    assert {one.item: one.verdict for one in verdicts.items}["plan:R1"] == "not_ready"
    releases = stream.verdicts(at=MONDAY, kind="release", list=[vsm.Verdict.NotReady, "unknown"])
    assert [one.item for one in releases.items] == ["plan:R1"] and releases.not_ready == 1
    assert stream.verdicts(at=MONDAY, list=[]).items == []

    path = stream.critical_path("plan:R1", at=MONDAY)
    assert (path.ready_at, path.finish) == (MONDAY + 3 * DAY, MONDAY + 14 * DAY)
    assert path.path[0] == "plan:F1" and path.cadence_wait == 11 * DAY
    assert stream.critical_path(at=MONDAY).item is None

    flow = stream.flow_metrics(start=MONDAY - DAY, end=MONDAY + DAY, zone="Europe/Zurich", percentiles="linear")
    assert (flow.velocity, flow.time, len(flow.load_by_day)) == (0, None, 3)

    assert [step.item for step in stream.trace("plan:F1").up] == ["plan:E1"]
    assert stream.scope("plan:R1", at=MONDAY).current == ["plan:F1"]
    assert stream.coverage().rows
    quality = stream.data_quality(at=MONDAY, earliest=MONDAY - DAY, tolerance=DAY)
    assert quality.findings and all(isinstance(one.group, vsm.FindingGroup) for one in quality.findings)
    assert stream.shipping().items == []

    outlook = stream.outlook("plan:R1", at=MONDAY, zone="UTC", flow_days=30)
    assert outlook.ships_at == MONDAY + 14 * DAY
    assert str(outlook) == outlook.to_text() and "Mobile 4.12" in str(outlook)


def test_time_without_a_stream():
    week = ["mon", "tue", vsm.Weekday.Wed, "thu", "fri"]
    office = vsm.Calendar(
        zone="UTC", hours=[vsm.WorkingHours(day=day, start="09:00", end="17:00") for day in week]
    )
    friday = datetime(2026, 3, 6, 9, tzinfo=timezone.utc)
    end = datetime(2026, 3, 9, 13, tzinfo=timezone.utc)
    assert vsm.add_working_time(office, friday, timedelta(hours=12)) == end
    assert vsm.working_time_between(office, friday, end) == timedelta(hours=12)
    train = vsm.Cadence(departure=datetime(2026, 1, 6, tzinfo=timezone.utc), every_days=14)
    ready = datetime(2026, 3, 4, tzinfo=timezone.utc)
    assert vsm.next_departure(train, ready) == datetime(2026, 3, 17, tzinfo=timezone.utc)
    assert vsm.next_departure(vsm.Cadence(departure=MONDAY), MONDAY + DAY) is None


def test_ingest_and_correlate():
    stream = vsm.ValueStream()
    commit = '{"sha":"4f2c","parents":[],"committed":"2026-03-01T09:00:00+01:00","subject":"CHK-1 Crop"}\n'
    for data in (commit, commit.encode(), bytearray(commit.encode()), memoryview(commit.encode())):
        report = stream.ingest("git", data)
        assert report.rejects == []
    assert report.applied.duplicates == stream.event_count() == 1
    linked = stream.correlate(vsm.CorrelationRules(prefixes=["CHK"]))
    assert linked.accepted == 1
    (link,) = stream.links("git:4f2c")
    assert link.to == "jira:CHK-1" and link.rule and 0 < link.confidence <= 1
    zone = vsm.IngestOptions(zone="Europe/Zurich", states={"In Review": "waiting"}, recorded_at=MONDAY)
    assert stream.ingest(vsm.Adapter.Jira, b"not JSON", options=zone).rejects[0].position == 1


def test_snapshots_and_views(stream):
    before = copy.copy(stream)
    text = stream.snapshot()
    stream.apply(event("9", "plan:F1", at=MONDAY + DAY, set=vsm.Fields(state="done")))
    assert before.item("plan:F1").fields.state == "active"
    assert before.snapshot() == text == vsm.ValueStream.from_snapshot(text).snapshot()
    assert pickle.loads(pickle.dumps(stream)).snapshot() == stream.snapshot()
    assert copy.deepcopy(stream).event_count() == 5

    then = stream.as_of(MONDAY, recorded=MONDAY)
    assert then.item("plan:F1").fields.state == "active"
    with pytest.raises(vsm.ReadOnlyError) as caught:
        then.apply(event("10"))
    assert caught.value.code == "read_only" and isinstance(caught.value, TypeError)


def test_errors_carry_what_they_are_about(stream):
    with pytest.raises(vsm.UnknownItem) as unknown:
        stream.item("plan:R9")
    assert isinstance(unknown.value, KeyError) and unknown.value.id == "plan:R9"
    assert str(unknown.value).startswith('no item "plan:R9"')
    with pytest.raises(vsm.CycleError) as cycle:
        stream.apply(event("9", "plan:E1", links=[vsm.Link(kind="parent", to="plan:F1")]))
    assert cycle.value.path[0] == cycle.value.path[-1]
    assert stream.event_count() == 4
    with pytest.raises(vsm.ConflictError) as conflict:
        stream.apply(event("3", "plan:E1", kind="theme"))
    assert conflict.value.id == "plan:3"
    with pytest.raises(vsm.UnknownZone) as zone:
        stream.outlook("plan:R1", at=MONDAY, zone="Mars/Olympus")
    assert zone.value.zone == "Mars/Olympus"
    for error in (unknown.value, cycle.value, conflict.value, zone.value):
        copied = pickle.loads(pickle.dumps(error))
        assert (type(copied), str(copied), vars(copied)) == (type(error), str(error), vars(error))


def test_a_repr_is_worth_reading(stream):
    assert repr(stream) == "<ValueStream: 4 items, 4 events, 3 links>"
    assert repr(stream.links("plan:F1")[0]) == (
        "Related(kind=LinkKind.Parent, from_='plan:F1', to='plan:E1', confidence=1.0, evidence='plan:4')"
    )
    many = vsm.CorrelationRules(prefixes=[f"P{n}" for n in range(1000)])
    assert repr(many) == "CorrelationRules(prefixes=['P0', 'P1', 'P2', … 997 more])"
    odd = vsm.Link(kind="relates", to="a\u202e\x00'\n" + "b" * 1000)
    assert repr(odd) == "Link(kind=LinkKind.Relates, to='a\\u202e\\x00\\'\\n" + "b" * 115 + "…')"
    assert len(repr(stream.outlook("plan:R1", at=MONDAY, zone="UTC"))) < 10_000


def test_records_are_values(stream):
    one = event("1", set=vsm.Fields(title="A", attributes={"team": "Blue"}, tests=vsm.TestCounts(tests=1, passed=1)))
    assert one == event("1", set=vsm.Fields(title="A", attributes={"team": "Blue"}, tests=one.set.tests))
    assert one != event("2") and one != "plan:1" and not one == 5
    assert vsm.Event.from_json(one.to_json()) == one == pickle.loads(pickle.dumps(one)) == copy.copy(one)
    assert one.to_dict() == json.loads(one.to_json())
    assert one.to_dict()["occurred_at"] == "2026-03-02T09:00:00.000Z"
    with pytest.raises(TypeError):
        hash(one)
    with pytest.raises(AttributeError):
        one.item = "plan:B"
    one.clear.append("title")
    assert one.clear == []
    outlook = stream.outlook("plan:R1", at=MONDAY, zone="UTC")
    assert vsm.Outlook.from_json(outlook.to_json()) == outlook == pickle.loads(pickle.dumps(outlook))
    for method in (outlook.to_json, outlook.critical_path.to_json, stream.item("plan:F1").to_json):
        assert json.loads(method())


def test_a_policy_has_the_defaults_of_the_core():
    policy = vsm.Policy()
    assert policy.stages == ["system_test", "user_acceptance", "pre_production", "production"]
    assert (policy.blocking, policy.pending_conflicts_only) == (vsm.Severity.Critical, False)
    assert vsm.Policy(blocking="major").stages == policy.stages


def test_a_watch_tells_what_changed():
    stream = vsm.ValueStream()
    events = [
        vsm.Event(source="t", id="1", occurred_at=MONDAY, item="r:1", kind="release"),
        vsm.Event(
            source="t",
            id="2",
            occurred_at=MONDAY,
            item="s:1",
            kind="story",
            set=vsm.Fields(state="active"),
            links=[vsm.Link(kind="ships_in", to="r:1")],
        ),
    ]
    stream.apply_batch(events)
    watch = stream.watch(at=MONDAY, kind="release")
    assert watch.at() == MONDAY
    assert watch.verdict(stream, "r:1") == vsm.Verdict.NotReady
    assert watch.update(stream).changed == []
    stream.apply(vsm.Event(source="t", id="3", occurred_at=MONDAY, item="s:1", set=vsm.Fields(state="done")))
    changes = watch.update(stream)
    assert [(one.item, one.from_, one.to) for one in changes.changed] == [("r:1", "not_ready", "unknown")]
    assert changes.changed[0].reason.sentence
    assert (changes.unknown, changes.not_ready) == (1, 0)
    later = MONDAY + timedelta(days=1)
    assert watch.advance(stream, later).changed == []
    assert watch.at() == later
    with pytest.raises(vsm.InvalidError):
        watch.update(vsm.ValueStream())
    with pytest.raises(vsm.UnknownItem):
        watch.verdict(stream, "nobody")


def test_a_metric_is_kept_up_to_date():
    def done(n):
        says = vsm.Fields(state="done")
        return vsm.Event(source="t", id=f"{n}", occurred_at=MONDAY, item=f"t:{n}", kind="story", set=says)

    stream = vsm.ValueStream()
    window = {"start": MONDAY, "end": MONDAY + timedelta(days=14), "zone": "UTC", "bucket": "week"}
    live = stream.live_metric(metric="throughput", **window)
    assert (live.query().metric, live.query().bucket) == ("throughput", vsm.Bucket.Week)
    assert live.update(stream).rows == []
    stream.apply(done(1))
    assert live.follow(stream) == 1
    stream.apply(done(2))
    changes = live.update(stream)
    assert [(row.bucket, row.value) for row in changes.rows] == [("2026-W10", 2.0)]
    assert (changes.gone, changes.events, changes.items, changes.recomputed_all) == ([], 2, 2, False)
    assert live.table(stream) == stream.metric(metric="throughput", **window)
    assert live.state(stream) == stream.metric_state(metric="throughput", **window)
    assert repr(live) == "LiveMetric(metric=\"throughput\")"
    for refused in (live.update, live.follow, live.table, live.state):
        with pytest.raises(vsm.InvalidError):
            refused(vsm.ValueStream())
    with pytest.raises(vsm.InvalidError) as error:
        stream.live_metric(metric="luck", **window)
    assert error.value.field == "metric"
