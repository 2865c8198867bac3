"""Core tests that pass and fail on the same inputs, through the whole gate."""

from __future__ import annotations

import json

import pytest

FLAKY = """
import os
def test_steady(): pass
def test_flaky():
    assert not os.path.exists(os.environ["SWITCH"]), "it failed"
"""


def config(quarantine: str = "") -> str:
    check = (
        "checks:\n  - {name: a, lane: core, run: 'pytest -q -p no:cacheprovider', inputs: ['test_a.py']}\n"
    )
    return f"version: 2\n{check}{quarantine}"


QUARANTINE = "quarantine:\n  - {test: 'test_a.py::test_flaky', owner: ada, expires: DAY, reason: waits}\n"


@pytest.fixture
def gate(make_project, tmp_path):
    """Run the check with the test failing or not."""
    switch = tmp_path / "switch"
    project = make_project({"readiness.yml": config(), "test_a.py": FLAKY})

    def run(fails: bool):
        switch.unlink(missing_ok=True)
        if fails:
            switch.touch()
        return project.run("--no-cache", "--no-strict", SWITCH=str(switch))

    run.project = project  # type: ignore[attr-defined]
    return run


def kept(project) -> dict:
    return json.loads((project.root / ".readiness/flakes.json").read_text())["tests"]


def remember(project, passes: int, fails: int) -> None:
    """As if it had run that often on the inputs that it runs on now."""
    data = json.loads((project.root / ".readiness/flakes.json").read_text())
    rows = data["tests"]["test_a.py::test_flaky"]
    data["tests"]["test_a.py::test_flaky"] = [[rows[0][0], passes, fails]]
    (project.root / ".readiness/flakes.json").write_text(json.dumps(data))


def test_nothing_is_kept_of_a_suite_that_never_failed(gate):
    gate(False)
    assert not (gate.project.root / ".readiness/flakes.json").exists()


def test_a_test_that_fails_and_passes_on_the_same_inputs_is_called_flaky_with_its_rate(gate):
    first = gate(True).check("a")
    assert (first["outcome"], first["cause"]) == ("failed", "")
    gate(False)
    third = gate(True).check("a")
    assert (third["outcome"], third["cause"]) == ("failed", "flaky")
    assert any("passes and fails on the same inputs: 2 of 3 runs failed" in one for one in third["warnings"])
    (rows,) = kept(gate.project).values()
    assert [row[1:] for row in rows] == [[1, 2]]


def test_quarantine_hides_a_rare_failure_until_its_day_is_over(gate):
    gate(True)
    remember(gate.project, 97, 2)
    gate.project.write({"readiness.yml": config(QUARANTINE.replace("DAY", "2999-01-31"))})
    ran = gate(True)
    check = ran.check("a")
    assert (ran.code, check["outcome"]) == (0, "passed"), ran.out
    assert (check["counts"]["failed"], len(check["failures"])) == (1, 1), "it still runs, and is shown"
    assert "in quarantine: test_a.py::test_flaky" in check["reason"]
    gate.project.write({"readiness.yml": config(QUARANTINE.replace("DAY", "2020-01-31"))})
    late = gate(True)
    assert (late.code, late.check("a")["outcome"]) == (1, "failed")
    assert any("quarantine ended on 2020-01-31" in one for one in late.check("a")["warnings"])


def test_quarantine_cannot_hide_what_may_fail_as_often_as_bad(gate):
    gate(True)
    remember(gate.project, 9, 3)
    gate.project.write({"readiness.yml": config(QUARANTINE.replace("DAY", "2999-01-31"))})
    ran = gate(True)
    assert (ran.code, ran.check("a")["outcome"]) == (1, "failed")
    assert any("hides nothing" in one for one in ran.check("a")["warnings"])


def test_quarantine_hides_no_other_failure(gate):
    gate(True)
    remember(gate.project, 97, 2)
    other = FLAKY + "def test_other(): assert 0\n"
    gate.project.write({"readiness.yml": config(QUARANTINE.replace("DAY", "2999-01-31")), "test_a.py": other})
    ran = gate(True)
    assert (ran.code, ran.check("a")["outcome"]) == (1, "failed")
    assert "test_other" in ran.check("a")["reason"]


def test_a_damaged_store_is_said_and_decides_nothing(gate):
    gate(True)
    (gate.project.root / ".readiness/flakes.json").write_text("{")
    check = gate(True).check("a")
    assert check["outcome"] == "failed"
    assert any("flaky tests cannot be used" in one for one in check["warnings"])
