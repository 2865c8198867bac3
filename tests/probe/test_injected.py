"""The probe does not show in what the project measures of itself."""

from __future__ import annotations

import pytest

SOURCE = {
    "test_a.py": "import m\ndef test_a(): assert m.f(1) == 1\n",
    "m.py": "def f(x):\n    if x: return x\n    return 2\n",
}


@pytest.mark.parametrize(
    "command",
    [
        "-m pytest -q -p no:cacheprovider -p no:hypothesispytest --cov",
        "-m coverage run -m pytest -q -p no:cacheprovider -p no:hypothesispytest",
    ],
)
def test_coverage_is_the_same(project, python_with, command):
    python = python_with("pytest_cov", "coverage")
    made = project(SOURCE)
    totals = []
    for probe in (True, False):
        env = made.environ(probe=probe)
        ran = made.wait(
            made.start("/bin/sh", "-c", f"{python} {command} && {python} -m coverage report", env=env)
        )
        totals.append([line.split() for line in ran.output.splitlines() if line.startswith("TOTAL")][-1])
    assert totals[0] == totals[1] == ["TOTAL", "5", "1", "80%"]


def test_every_line_but_the_entry_runs_under_no_file_name(project):
    conftest = """
import sys, types
def functions(module):
    for one in vars(module).values():
        for function in [one, *vars(one).values()] if isinstance(one, type) else [one]:
            if isinstance(function, types.FunctionType) and function.__module__ == module.__name__:
                yield function
def names():
    modules = [module for name, module in sys.modules.items() if name.startswith("readiness_probe.")]
    return {f.__code__.co_filename for module in modules for f in functions(module)}
"""
    suite = "from conftest import names\ndef test_a():\n    assert len(names()) > 8\n    assert all(n[0] == '<' for n in names())"
    probed = project({"conftest.py": conftest, "test_a.py": suite}).pytest(guard=True)
    assert probed.outcomes == {"test_a": "passed"}, probed.output
