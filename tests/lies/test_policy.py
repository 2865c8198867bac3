"""Rows 13 to 21 of the ways in which a gate lies: policy. Each shows the lie first, then the refusal."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest


def config(*checks: str) -> str:
    return "version: 2\nchecks:\n" + "".join(f"  - {check}\n" for check in checks)


GOOD = "{name: smokes, lane: core, run: test -e readiness.yml}"
BAD = "{name: bad, lane: core, run: 'false'}"


def test_lie_13_a_misspelt_expected_name_selects_nothing(make_project):
    checks, expected = {"smokes": "true"}, ["smoke"]
    assert all(name == "true" for name in [checks[one] for one in expected if one in checks]), (
        "the lie: all of nothing"
    )

    project = make_project({"readiness.yml": config(GOOD)})
    ran = project.run(READINESS_EXPECT="smoke")
    assert ran.code == 2
    assert "'smoke'" in ran.err
    assert "did you mean smokes" in ran.err
    assert not (project.root / ".readiness").exists(), "nothing was judged"


def test_lie_13_a_gate_that_ran_nothing_is_never_ready(make_project):
    project = make_project({"readiness.yml": config("{name: model, lane: nd, run: test -e readiness.yml}")})
    lenient = project.run("--gate", "dev")
    assert (lenient.code, lenient.report["verdict"]) == (3, "INCONCLUSIVE")
    strict = project.run("--gate", "dev", "--strict", "--no-cache")
    assert (strict.code, strict.report["verdict"]) == (1, "NOT READY")


def test_lie_14_names_match_in_one_case_here_and_another_there(make_project):
    assert "Smokes".lower() == "smokes", "the lie: found here by one rule, missed there by another"
    project = make_project({"readiness.yml": config(GOOD)})
    for how in (("run", "Smokes"), ("list", "Smokes")):
        ran = project.readiness(*how)
        assert (ran.code, "did you mean smokes" in ran.err) == (2, True)
    assert project.readiness("run", READINESS_EXPECT="Smokes").code == 2


def test_lie_15_a_broken_config_file_is_swallowed(make_project):
    broken = "version: 2\nchecks:\n  - name: a\n   lane: core\n"
    lie = (
        "import yaml\n"
        "try:\n    checks = yaml.safe_load(open('readiness.yml'))['checks']\n"
        "except Exception:\n    checks = []\n"
        "print('OK' if all(checks) else 'FAIL')\n"
    )
    project = make_project({"readiness.yml": broken})
    said = subprocess.run([sys.executable, "-c", lie], cwd=project.root, capture_output=True, text=True)
    assert said.stdout == "OK\n", "the lie: zero checks, OK"

    ran = project.run()
    assert ran.code == 2
    assert "readiness.yml:4:" in ran.err


def test_lie_16_a_configuration_error_in_strict_mode_is_only_printed(make_project):
    project = make_project({"readiness.yml": config("{name: weak, lane: core, run: 'false || true'}", GOOD)})
    shell = subprocess.run("false || true", shell=True)
    assert shell.returncode == 0, "the lie: the warning scrolls by, exit 0"
    ran = project.run("--strict")
    assert (ran.code, ran.report["verdict"]) == (1, "NOT READY")
    assert any("readiness.yml:3" in reason and "toothless" in reason for reason in ran.report["reasons"])
    assert {one["outcome"] for one in ran.report["checks"]} == {"not_run"}


def test_lie_17_a_skip_is_a_pass(make_project):
    live = "{name: live, lane: live, run: pytest, requires_env: [SOME_KEY]}"
    project = make_project({"readiness.yml": config(GOOD, live)})
    ran = project.run("--gate", "release", "--no-strict", READINESS_LIVE="1")
    assert ran.check("live")["outcome"] == "skipped"
    assert ran.check("live")["reason"] == "needs SOME_KEY, which is not set"
    assert any("live" in note for note in ran.report["notes"] + ran.report["reasons"])
    strict = project.run("--lane", "core", "--lane", "live", "--strict", "--no-cache")
    assert (strict.code, strict.report["verdict"]) == (1, "NOT READY")


SKIPS = "import pytest\ndef test_a():\n    pytest.skip('no model here')\ndef test_b():\n    pass\n"


def test_lie_17_each_skipped_test_shows_its_reason(make_project):
    project = make_project(
        {"readiness.yml": config("{name: t, lane: core, run: pytest}"), "test_s.py": SKIPS}
    )
    (skip,) = project.run().check("t")["skips"]
    assert (skip["test"], skip["reason"]) == ("test_s.py::test_a", "no model here")


def test_lie_18_fail_on_skip_reads_the_output(make_project):
    project = make_project(
        {"readiness.yml": config("{name: t, lane: core, run: pytest -qq}"), "test_s.py": SKIPS}
    )
    quiet = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-q"], cwd=project.root, capture_output=True, text=True
    )
    assert "skipped" not in quiet.stdout, "the lie: the word that the regex looks for is not there"
    ran = project.run(READINESS_FAIL_ON_SKIP="1")
    assert ran.code == 1
    assert ran.check("t")["reason"] == "1 test skipped (fail-on-skip)"


def test_lie_19_one_name_twice_with_opposite_results(make_project):
    same = {check["name"]: check for check in ({"name": "a", "ok": False}, {"name": "a", "ok": True})}
    assert len(same) == 1, "the lie: the second overwrites the first"
    project = make_project(
        {
            "readiness.yml": config(
                "{name: a, lane: core, run: 'false'}", "{name: a, lane: core, run: test -e readiness.yml}"
            )
        }
    )
    ran = project.run()
    assert ran.code == 2
    assert "readiness.yml:3" in ran.err
    assert "readiness.yml:4" in ran.err


def test_lie_20_an_optional_check_fails_and_nobody_hears(make_project):
    project = make_project(
        {"readiness.yml": config(GOOD, "{name: extra, lane: core, run: exit 7, optional: true}")}
    )
    ran = project.run()
    assert (ran.code, ran.report["verdict"]) == (0, "READY")
    assert any("extra" in note and "exit code 7" in note for note in ran.report["notes"])
    assert "extra" in ran.out.split("READY")[-1] or "extra" in ran.out
    assert "extra" in (project.root / "PROJECT_READY.md").read_text()


@pytest.mark.parametrize("checks", [(GOOD,), (GOOD, BAD)])
def test_lie_21_exit_code_table_and_summary_disagree(make_project, checks):
    project = make_project({"readiness.yml": config(*checks)})
    ran = project.run()
    verdict = ran.report["verdict"]
    assert ran.code == ran.report["exit_code"] == {"READY": 0, "NOT READY": 1}[verdict]
    assert verdict in ran.out
    assert verdict in (project.root / "PROJECT_READY.md").read_text()
    junit = project.root / ".readiness/latest/junit"
    red = sum(
        int(suite.get(kind, "0"))
        for path in junit.glob("*.xml")
        for suite in ElementTree.parse(path).getroot().iter("testsuite")
        for kind in ("failures", "errors")
    )
    assert bool(red) is (verdict == "NOT READY")
    again = project.readiness("report", "--json")
    assert json.loads(again.out)["verdict"] == verdict
