"""What the documentation shows works."""

import doctest
import re
from pathlib import Path

import pytest
import vsm
from mypy import api as mypy

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
DOCUMENTED = {"vsm": vsm, **{name: getattr(vsm, name) for name in vars(vsm) if not name.startswith("_")}}
DOCUMENTED |= {
    f"ValueStream.{name}": member for name, member in vars(vsm.ValueStream).items() if not name.startswith("_")
}
EXAMPLES = {name: thing.__doc__ for name, thing in DOCUMENTED.items() if ">>>" in (thing.__doc__ or "")}


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstring(name):
    example = doctest.DocTestParser().get_doctest(EXAMPLES[name], dict(vars(vsm)), name, None, None)
    runner = doctest.DocTestRunner()
    report = []
    runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)
    assert runner.tries > 0


def test_everything_is_documented():
    assert [name for name, thing in DOCUMENTED.items() if not thing.__doc__] == []


def test_readme_runs(capsys):
    assert len(SNIPPETS) >= 2
    names = {}
    for snippet in SNIPPETS:
        exec(compile(snippet, "README.md", "exec"), names)
    assert "Mobile 4.12" in capsys.readouterr().out


def test_readme_passes_a_type_checker(tmp_path):
    file = tmp_path / "readme.py"
    file.write_text("\n".join(SNIPPETS), encoding="utf-8")
    report, _, status = mypy.run([str(file), "--config-file=", "--cache-dir", str(tmp_path)])
    assert status == 0, report


def test_a_type_checker_refuses_what_the_package_refuses(tmp_path):
    wrong = [
        'vsm.Link(kind=5, to="a")',
        'vsm.Link("parent", "a")',
        'vsm.ValueStream().readiness("a")',
        "vsm.ValueStream().item(5)",
        "vsm.Fields(estimate=5)",
        "vsm.Fields().titel",
        'vsm.Fields(title="a").title.upper()',
        "class Mine(vsm.ValueStream): ...",
    ]
    file = tmp_path / "wrong.py"
    file.write_text("\n".join(["import vsm", *wrong]), encoding="utf-8")
    report, _, _ = mypy.run([str(file), "--config-file=", "--cache-dir", str(tmp_path)])
    lines = {int(line) for line in re.findall(r"wrong.py:(\d+): error", report)}
    assert lines == set(range(2, len(wrong) + 2)), report
