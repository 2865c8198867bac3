"""Rows 22, 23, 25 and 26 of the ways in which a gate lies: checks that cannot fail."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAKE = "services:\n  fake: {run: sleep 60, ready: {command: test -e readiness.yml}, stand_in: true}\n"


def config(*checks: str) -> str:
    return "version: 2\nchecks:\n" + "".join(f"  - {check}\n" for check in checks)


@pytest.mark.parametrize("tail", ["|| true", "|| :", "; exit 0", "|| exit 0"])
def test_lie_22_a_command_that_cannot_fail(make_project, tail):
    command = f"false {tail}"
    assert subprocess.run(command, shell=True).returncode == 0, "the lie"
    project = make_project({"readiness.yml": config(f"{{name: weak, lane: core, run: '{command}'}}")})
    found = project.readiness("lint")
    assert found.code == 1
    assert "readiness.yml:3" in found.out
    assert "toothless-command" in found.out
    ran = project.run()
    assert ran.check("weak")["outcome"] == "hollow"
    assert ran.code == 1


def test_lie_22_the_make_target_that_it_calls_cannot_fail(make_project):
    makefile = "smokes: inner\n\ninner:\n\t-pytest tests/smoke\n"
    project = make_project(
        {"readiness.yml": config("{name: weak, lane: core, run: make smokes}"), "Makefile": makefile}
    )
    assert subprocess.run(["make", "smokes"], cwd=project.root, capture_output=True).returncode == 0, (
        "the lie"
    )
    found = project.readiness("lint")
    assert found.code == 1
    assert "Makefile:4" in found.out
    assert project.run().code == 1


def test_lie_22_test_records_outrank_a_swallowed_exit_code(make_project):
    project = make_project(
        {
            "readiness.yml": config("{name: weak, lane: core, run: 'pytest || true'}"),
            "test_f.py": "def test_f():\n    assert 1 == 2\n",
        }
    )
    check = project.run().check("weak")
    assert (check["exit_code"], check["outcome"]) == (0, "failed")
    assert "assert 1 == 2" in check["reason"]


@pytest.mark.parametrize(
    ("arguments", "test", "why"),
    [
        ("", "", "collected no test"),
        ("-k nothing || true", "def test_a():\n    pass\n", "deselected"),
        ("", "import pytest\ndef test_a():\n    pytest.skip('no')\n", "all 1 test skipped"),
        ("", "import pytest\npytest.importorskip('surely_missing')\n", "skipped"),
    ],
)
def test_lie_23_pytest_did_nothing(make_project, arguments, test, why):
    project = make_project(
        {"readiness.yml": config(f"{{name: t, lane: core, run: 'pytest {arguments}'}}"), "test_a.py": test}
    )
    if "skip" in test:
        lie = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=project.root, capture_output=True)
        assert lie.returncode in (0, 5), "the lie: all skipped is not a failure"
    ran = project.run()
    assert ran.check("t")["outcome"] == "hollow"
    assert why in ran.check("t")["reason"]
    assert ran.code == 1


def test_lie_25_a_test_swallows_its_own_assertion_and_skips(make_project):
    test = (
        "import pytest\n"
        "def test_answer():\n"
        "    try:\n"
        "        assert 6 * 7 == 41\n"
        "    except AssertionError:\n"
        "        pytest.skip('model not ready')\n"
        "def test_other():\n    pass\n"
    )
    project = make_project({"readiness.yml": config("{name: t, lane: core, run: pytest}"), "test_a.py": test})
    lie = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=project.root, capture_output=True)
    assert lie.returncode == 0, "the lie: a wrong answer is a skip"
    check = project.run().check("t")
    assert check["outcome"] == "failed"
    (failure,) = check["failures"]
    assert failure["kind"] == "swallowed"
    assert failure["where"] == "test_a.py:4"


SWITCHES = {
    "STRICT_READY": ("1", lambda report: report["strict"] is True),
    "ND_REAL": ("1", lambda report: "nd" in {one["lane"] for one in report["checks"]}),
    "READINESS_LIVE": ("1", lambda report: "live" in {one["lane"] for one in report["checks"]}),
    "LIVE_PROVIDERS": ("openai", lambda report: "live" in {one["lane"] for one in report["checks"]}),
    "READINESS_EXPECT": ("b", lambda report: [one["name"] for one in report["checks"]] == ["b"]),
    "READINESS_GATE": ("release", lambda report: report["gate"] == "release"),
    "READINESS_FAIL_ON_SKIP": (
        "1",
        lambda report: {one["name"]: one for one in report["checks"]}["a"]["outcome"] == "failed",
    ),
    "READINESS_DISABLE_TIMEOUT": (
        "1",
        lambda report: {one["name"]: one for one in report["checks"]}["b"]["outcome"] == "passed",
    ),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_lie_26_a_switch_that_nothing_reads(make_project, switch):
    """Each switch of ours changes what the run does, and the record shows that it was read."""
    project = make_project(
        {
            "readiness.yml": FAKE
            + config(
                "{name: a, lane: core, run: pytest}",
                "{name: b, lane: core, run: 'sleep 1', timeout: 0.4}",
                "{name: m, lane: nd, run: test -e readiness.yml, services: [fake]}",
                "{name: o, lane: live, run: test -e readiness.yml, provider: openai}",
            ),
            "test_a.py": "import pytest\ndef test_a():\n    pytest.skip('x')\ndef test_b():\n    pass\n",
        }
    )
    setting, effect = SWITCHES[switch]
    without = project.run("--grace", "0.1").report
    assert not effect(without), "without the switch it is otherwise"
    assert switch not in {one["name"] for one in without["run"]["switches"]}
    given = project.run("--grace", "0.1", **{switch: setting}).report
    assert effect(given)
    assert {"name": switch, "value": setting, "source": "environment"} in given["run"]["switches"]
