"""The examples run as they stand and print what the sample portfolio says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIP_DATE = ROOT / "examples/python/ship_date.py"


def run(script, *arguments, cwd=ROOT):
    command = [sys.executable, "-X", "utf8", str(script), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8")


# Whoever runs an example may stand anywhere.
@pytest.mark.parametrize("folder", [ROOT, ROOT / "examples/python"])
def test_ship_date_prints_the_page_and_facts_of_the_next_mobile_release(folder):
    done = run(SHIP_DATE, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    page, facts = done.stdout.split("\nMobile 4.13.0 ships on 2026-03-17\n")
    assert page.startswith("Mobile 4.13.0 of Mobile banking (iPhone), as of Wed 2026-03-04 (Europe/Zurich)\n")
    lines = facts.splitlines()
    stages, unmet = lines[:4], lines[4:]
    names = ["system_test", "user_acceptance", "pre_production", "production"]
    assert [line.split(":")[0] for line in stages] == names
    assert all(": not_ready, " in line for line in stages)
    assert f"What is missing ({len(unmet)})" in page
    assert "Priya Raman: scope_done of jira:CHK-28" in unmet


def test_ship_date_names_the_record_that_could_not_be_read(tmp_path):
    application = '{"source":"plan","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"app:mobile-banking"}'
    (tmp_path / "plan.jsonl").write_text(f"{application}\nno event\n", encoding="utf-8")
    (tmp_path / "vsm.json").write_text(
        '{"now": "2026-03-04T09:00:00.000Z", "zone": "UTC", "correlation": {},'
        ' "sources": [{"file": "plan.jsonl", "adapter": "events", "options": {}}]}',
        encoding="utf-8",
    )
    done = run(SHIP_DATE, tmp_path)
    assert done.returncode == 1
    assert "plan.jsonl:2: " in done.stderr
    assert done.stderr.endswith("app:mobile-banking has no open release\n")
    assert done.stdout == ""
