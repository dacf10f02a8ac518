"""Streams that are kept in a file, and files that are read as they are applied."""

import copy
import json
import subprocess
import sys
import threading

import pytest
import vsm


def line(n, **more):
    event = {"source": "plan", "id": str(n), "occurred_at": "2026-03-02T09:00:00Z", "item": f"plan:{n % 7}", **more}
    return json.dumps(event) + "\n"


def lines(*numbers):
    return "".join(map(line, numbers))


@pytest.fixture(params=["journal", "sqlite"])
def store(request, tmp_path):
    """How to open a store, again and again."""

    def opened(**how):
        return vsm.ValueStream.open(tmp_path / "portfolio.vsm", format=request.param, **how)

    opened.path = tmp_path / "portfolio.vsm"
    opened.format = request.param
    return opened


def test_a_stream_goes_on_where_it_ended(store):
    with store() as stream:
        assert stream.recovery().events == 0
        assert stream.apply_json_lines(lines(*range(20))).accepted == 20
        assert stream.ingest("events", line(20)).applied.accepted == 1
        assert stream.apply(stream.history("plan:1")[0]) is False
        seal = stream.seal()
        snapshot = stream.snapshot()
    with store(sync_every=100) as stream:
        assert (stream.recovery().events, stream.recovery().damaged) == (21, 0)
        assert stream.snapshot() == snapshot
        assert stream.apply_json_lines(lines(20, 21)).duplicates == 1
        stream.sync()
        stream.compact()
        audit = stream.verify(seal)
        assert (audit.events, audit.faulty, audit.seal) == (22, 0, stream.seal())
        wrong = stream.verify(vsm.Seal(number=21, hash="0" * 64))
        assert wrong.faulty == 1 and "seal" in wrong.faults[0].reason
    assert store().recovery().events == 22


def test_one_writes_and_others_read(store):
    writer = store()
    writer.apply_json_lines(lines(1))
    with pytest.raises(vsm.StorageError, match="another writer has it open") as failed:
        store()
    assert failed.value.path == str(store.path) and failed.value.position is None
    with store(read_only=True) as reader:
        assert reader.event_count() == 1
        with pytest.raises(vsm.StorageError, match="open for reading only"):
            reader.apply_json_lines(lines(2))
        writer.apply_json_lines(lines(2, 3))
        assert (reader.event_count(), reader.catch_up().events, reader.event_count()) == (1, 2, 3)
    writer.close()
    store().close()


def test_what_is_closed_is_still_answered_and_not_changed(store):
    stream = store()
    stream.apply_json_lines(lines(1))
    stream.close()
    stream.close()
    assert stream.items() == ["plan:1"]
    event = stream.history("plan:1")[0]
    for call in (lambda: stream.apply(event), stream.seal, stream.sync, stream.recovery, stream.verify, stream.compact):
        with pytest.raises(vsm.StorageError, match="it is closed: open it again"):
            call()
    copied = copy.copy(stream)
    assert copied.apply_json_lines(lines(2)).accepted == 1


def test_a_stream_without_a_store_says_what_to_do(tmp_path):
    stream = vsm.ValueStream()
    for call in (stream.recovery, stream.catch_up, stream.sync, stream.verify, stream.compact, stream.seal, stream.close):
        with pytest.raises(vsm.InvalidError, match="open one by the path of its store") as failed:
            call()
        assert failed.value.field == "store"
    with pytest.raises(vsm.InvalidError), stream:
        pass


def test_a_damaged_file_says_where(store):
    with store() as stream:
        for n in range(50):
            stream.apply_json_lines(lines(n))
    whole = store.path.read_bytes()
    at = whole.rindex(b'"id":"30"')
    store.path.write_bytes(whole[:at] + b'"id":"3X"' + whole[at + 9 :])
    with store(read_only=True) as stream:
        recovery = stream.recovery()
        assert (recovery.events, recovery.lost, recovery.damaged) == (49, 1, 1)
        assert recovery.damage[0].after == 30
        assert recovery.damage[0].position.startswith("byte " if store.format == "journal" else "event 31")
        assert stream.verify().faulty > 0


def test_what_cannot_be_opened(tmp_path):
    text = tmp_path / "text"
    text.write_text("no store at all\n" * 10)
    for form in ("journal", "sqlite"):
        with pytest.raises(vsm.StorageError) as failed:
            vsm.ValueStream.open(text, format=form)
        assert isinstance(failed.value, OSError) and failed.value.path == str(text)
        with pytest.raises(vsm.StorageError):
            vsm.ValueStream.open(str(tmp_path / "none"), format=form, read_only=True)
    assert text.read_text() == "no store at all\n" * 10
    wrong = [{"format": "tape"}, {"format": 5}, {"sync_every": -1}, {"read_only": "yes"}, {"durable": True}]
    for how in wrong:
        with pytest.raises((TypeError, ValueError, OverflowError)):
            vsm.ValueStream.open(tmp_path / "new", **how)
    with pytest.raises(TypeError):
        vsm.ValueStream.open(5)
    assert not (tmp_path / "new").exists()


def test_a_file_is_read_as_it_is_applied(tmp_path):
    file = tmp_path / "events.jsonl"
    text = "".join(line(n, odd="x" * 400_000) for n in range(12)) + "nonsense\n"
    file.write_text(text)
    told = []
    stream = vsm.ValueStream()
    run = stream.ingest_path("events", file, progress=told.append)
    whole = vsm.ValueStream()
    assert run.report == whole.ingest("events", text)
    assert (run.bytes, run.cancelled) == (len(text), False)
    assert stream.snapshot() == whole.snapshot()
    assert [now.bytes for now in told] == sorted(now.bytes for now in told) and len(told) > 5
    last = vsm.IngestProgress.from_json(told[-1].to_json())
    assert (last.bytes, last.accepted, last.duplicates, last.rejects) == (len(text), 12, 0, 1)
    assert stream.ingest_path(vsm.Adapter.Events, str(file)).report.applied.duplicates == 12


def test_reading_can_be_ended(store, tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(line(n, odd="x" * 400_000) for n in range(12)))
    with store() as stream:
        run = stream.ingest_path("events", file, progress=lambda now: now.accepted < 4)
        assert run.cancelled and 0 < run.bytes < file.stat().st_size
        applied = run.report.applied.accepted
        assert 4 <= applied < 12 and stream.event_count() == applied

        def fail(now):
            if now.accepted > 0:
                raise LookupError("enough")

        with pytest.raises(LookupError, match="enough"):
            stream.ingest_path("events", file, progress=fail)
        applied = stream.event_count()
        assert applied < 12
    with store() as stream:
        assert stream.event_count() == stream.recovery().events == applied


def test_control_c_ends_reading(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(line(n, odd="x" * 400_000) for n in range(12)))
    code = (
        "import sys, signal, vsm\n"
        # What runs in the background of a shell was told to overlook it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def stop(now):\n"
        "    if now.accepted: signal.raise_signal(signal.SIGINT)\n"
        "try:\n"
        "    vsm.ValueStream().ingest_path('events', sys.argv[1], progress=stop)\n"
        "except KeyboardInterrupt:\n"
        "    print('ended')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "ended\n", done.stderr


def test_bad_arguments_of_reading(tmp_path):
    stream = vsm.ValueStream()
    with pytest.raises(vsm.StorageError, match="can't be opened") as failed:
        stream.ingest_path("git", tmp_path / "none")
    assert failed.value.path == str(tmp_path / "none")
    with pytest.raises(vsm.StorageError, match="can't be read"):
        stream.ingest_path("git", tmp_path)
    with pytest.raises(TypeError, match="progress"):
        stream.ingest_path("git", tmp_path, progress=5)
    with pytest.raises(vsm.InvalidError):
        stream.ingest_path("abacus", tmp_path)
    with pytest.raises(TypeError):
        stream.ingest_path("git", b"bytes", options=5)


def test_questions_are_answered_while_a_file_is_read(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(line(n, odd="x" * 400_000) for n in range(12)))
    stream, seen = vsm.ValueStream(), []
    within = lambda now: seen.append(stream.event_count() == now.accepted)  # noqa: E731
    thread = threading.Thread(target=lambda: stream.ingest_path("events", file, progress=within))
    thread.start()
    thread.join(60)
    assert len(seen) > 5 and all(seen)


def test_rejects_are_a_frame():
    report = vsm.ValueStream().ingest("git", '{"sha":"4f2c","committed":"2026-03-01T09:00:00Z"}\n{"sha":"no"}\nnothing\n')
    frame = report.rejects_frame()
    assert list(frame) == ["position", "record", "code", "reason"]
    rows = [tuple(getattr(reject, name) for name in frame) for reject in report.rejects]
    assert list(zip(*frame.values())) == rows and [row[0] for row in rows] == [2, 3]
    assert frame["record"] == ["no", None]
    assert vsm.ValueStream().ingest("events", "").rejects_frame() == {name: [] for name in frame}


def test_rejects_of_files_are_a_frame_with_the_path(tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text('{"sha":"no"}\nnothing\n')
    run = vsm.ValueStream().ingest_path("git", file)
    assert run.path == str(file)
    assert run.rejects_frame() == {"path": [str(file)] * 2, **run.report.rejects_frame()}
    assert run.rejects_frame()["position"] == [1, 2]


def test_what_takes_nothing_says_so_of_an_empty_file(tmp_path):
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with vsm.ValueStream.open(tmp_path / "record") as stream:
        assert stream.ingest_path("events", empty).bytes == 0
    for adapter in ["events", "jira"]:
        with pytest.raises(vsm.StorageError, match="it is closed"):
            stream.ingest_path(adapter, empty)
