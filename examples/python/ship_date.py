"""When does the next release of the iPhone app ship, and why not today?

    python examples/python/ship_date.py [FOLDER]

Reads the files that the folder's ``vsm.json`` lists, of the sample portfolio unless you name another. Files and the
moment of the question are the host's business; the rest are calls into the engine.
"""

import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import vsm

SAMPLE = Path(__file__).parents[1] / "data"
APPLICATION = "app:mobile-banking"


def read(folder: Path, sources: list[dict[str, object]]) -> vsm.ValueStream:
    """Every file, by the adapter and with the context that the manifest gives it."""
    stream = vsm.ValueStream()
    for source in sources:
        file, adapter = str(source["file"]), vsm.Adapter(str(source["adapter"]))
        # The manifest holds options in the JSON form that all languages share, and every record reads that form.
        options = vsm.IngestOptions.from_json(json.dumps(source["options"]))
        report = stream.ingest(adapter, (folder / file).read_bytes(), options)
        # One bad record never keeps the others out, so what was left out has to be looked at.
        for reject in report.rejects:
            print(f"{file}:{reject.position}: {reject.reason}", file=sys.stderr)
        for refusal in report.applied.refused:
            print(f"{file}, event {refusal.position}: {refusal.reason}", file=sys.stderr)
    return stream


def next_release(stream: vsm.ValueStream, application: str) -> str:
    """Of the releases that belong to it and are still open, the one that is due first."""
    due: list[tuple[datetime, str]] = []
    for link in stream.links(application):
        item = stream.item(link.from_)
        closed = item.fields.state in (vsm.FlowState.Done, vsm.FlowState.Cancelled)
        if link.kind == vsm.LinkKind.BelongsTo and item.kind == vsm.Kind.Release and not closed:
            due.append((item.fields.due_at or datetime.max.replace(tzinfo=timezone.utc), item.id))
    if not due:
        sys.exit(f"{application} has no open release")
    return min(due)[1]


def main(folder: Path) -> None:
    manifest = json.loads((folder / "vsm.json").read_text(encoding="utf-8"))
    stream = read(folder, manifest["sources"])
    # Adds the links that no tool states: commits to issues, builds to commits, tags to releases.
    stream.correlate(vsm.CorrelationRules.from_json(json.dumps(manifest["correlation"])))

    # A Z at the end is understood from Python 3.11 on only.
    now = datetime.fromisoformat(manifest["now"].replace("Z", "+00:00"))
    outlook = stream.outlook(next_release(stream, APPLICATION), at=now, zone=manifest["zone"])
    print(outlook)

    print(f"{outlook.title} ships on {outlook.ships_at.astimezone(ZoneInfo(outlook.zone)):%Y-%m-%d}")
    for stage in outlook.stages:
        print(f"{stage.stage}: {stage.verdict}, {stage.unmet} unmet")
    for fact in outlook.unmet:
        print(f"{fact.waits_for or 'nobody in particular'}: {fact.condition} of {fact.item}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
