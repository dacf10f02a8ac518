"""What the README at the top of the repository shows works, from where a reader of it would run it."""

import re
from pathlib import Path

from mypy import api as mypy

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
(SNIPPET,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_readme_prints_what_it_says(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    exec(compile(SNIPPET, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 1
    assert f"```text\n{printed}```" in README


def test_readme_passes_a_type_checker(tmp_path):
    file = tmp_path / "readme.py"
    file.write_text(SNIPPET, encoding="utf-8")
    report, _, status = mypy.run([str(file), "--strict", "--config-file=", "--cache-dir", str(tmp_path)])
    assert status == 0, report
