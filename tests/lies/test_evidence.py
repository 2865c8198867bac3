"""Rows 29 to 34 of the ways in which a gate lies: evidence."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

FAILING = "def helper():\n    return 41\n\ndef test_answer():\n    assert helper() == 42, 'the answer'\n"


FAKE = "services:\n  fake: {run: sleep 60, ready: {command: test -e readiness.yml}, stand_in: true}\n"


def config(*checks: str) -> str:
    return "version: 2\nchecks:\n" + "".join(f"  - {check}\n" for check in checks)


def test_lie_29_the_report_has_no_origin(make_project):
    project = make_project(
        {
            "readiness.yml": config("{name: a, lane: core, run: pytest}"),
            "test_a.py": "def test_a():\n    pass\n",
        },
        git=True,
    )
    project.write({"test_a.py": "def test_a():\n    assert True\n"})
    ran = project.run()
    run, check = ran.report["run"], ran.check("a")
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project.root, capture_output=True, text=True, check=True
    )
    text = json.dumps(ran.report)
    assert head.stdout.strip() in text
    assert run["started_at"].endswith("Z")
    assert run["finished_at"].endswith("Z")
    assert run["interpreter_version"] == ".".join(map(str, sys.version_info[:3]))
    assert run["packages"]["pytest"] == pytest.__version__
    assert run["provenance"]["dirty_digest"]
    assert run["provenance"]["dirty_files"] == 1
    assert check["command"] == "pytest"
    assert check["counts"]["passed"] == 1
    assert check["seconds"] > 0


def test_lie_30_only_the_last_2000_characters_are_kept(make_project):
    noise = "for n in range(3000): print(f'line {n}')\n"
    test = f"{FAILING}\ndef test_noise():\n    {noise}\n    assert False\n"
    project = make_project(
        {
            "readiness.yml": config("{name: a, lane: core, run: 'pytest; python noise.py; exit 1'}"),
            "test_a.py": test,
            "noise.py": noise,
        }
    )
    ran = project.run()
    log = (project.root / ran.check("a")["log"]).read_text()
    assert "the answer" not in log[-2000:], "the lie: the end of the log is noise"
    assert "the answer" in log
    first = ran.check("a")["failures"][0]
    assert first["test"] == "test_a.py::test_answer"
    assert "41 == 42" in first["message"]
    assert first["where"] == "test_a.py:5"


def test_lie_31_errors_while_writing_reports_are_swallowed(make_project):
    project = make_project({"readiness.yml": config("{name: a, lane: core, run: test -e readiness.yml}")})
    (project.root / "PROJECT_READY.md").mkdir()
    ran = project.run()
    assert "PROJECT_READY.md" in ran.err, "what could not be written is said"
    assert ran.report["verdict"] == "READY", "the other reports are there all the same"


def test_lie_31_a_killed_run_leaves_half_a_file_or_none(make_project, wait_for):
    project = make_project(
        {
            "readiness.yml": config(
                "{name: a, lane: core, run: test -e readiness.yml}",
                "{name: b, lane: core, run: sleep 60, needs: [a]}",
            )
        }
    )
    process = project.start("run")
    journal = project.root / ".readiness/latest/journal.jsonl"
    wait_for(
        lambda: (
            journal.exists()
            and '"check_started", "at"' in journal.read_text()
            and '"name": "b"' in journal.read_text().splitlines()[-1]
        )
    )
    process.kill()
    project.wait(process)
    assert not (project.root / ".readiness/latest/report.json").exists()
    assert project.readiness("report").code == 0
    report = json.loads((project.root / ".readiness/latest/report.json").read_text())
    assert report["interrupted"].startswith("killed")
    assert {one["name"]: one["outcome"] for one in report["checks"]} == {"a": "passed", "b": "interrupted"}
    assert report["verdict"] == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("test", "word"),
    [
        ("import surely_missing\n", "surely_missing"),
        (
            "import pytest\n@pytest.fixture\ndef broken():\n    raise RuntimeError('no database')\ndef test_a(broken):\n    pass\n",
            "no database",
        ),
        (
            "import pytest\n@pytest.fixture\ndef broken():\n    yield\n    raise RuntimeError('left open')\ndef test_a(broken):\n    pass\n",
            "left open",
        ),
    ],
)
def test_lie_32_setup_and_collection_errors_are_not_counted(make_project, test, word):
    files = {
        "readiness.yml": config("{name: a, lane: core, run: pytest || true}"),
        "test_a.py": test,
        "test_b.py": "def test_b():\n    pass\n",
    }
    ran = make_project(files).run()
    check = ran.check("a")
    assert (check["exit_code"], check["outcome"]) == (0, "error")
    assert check["counts"]["errors"] == 1
    assert any(word in one["message"] + one["details"] for one in check["failures"])
    assert ran.code == 1


def test_lie_33_a_lane_that_did_not_run_shows_green(make_project):
    project = make_project(
        {
            "readiness.yml": FAKE
            + config(
                "{name: a, lane: core, run: test -e readiness.yml}",
                "{name: m, lane: nd, run: test -e readiness.yml, services: [fake]}",
                "{name: l, lane: live, run: test -e readiness.yml, requires_env: [NO_SUCH_KEY]}",
            )
        }
    )
    first = project.run().report
    assert {name: lane["verdict"] for name, lane in first["lanes"].items()} == {
        "core": "READY",
        "nd": "NOT RUN",
        "live": "NOT RUN",
    }
    assert first["lanes"]["nd"]["age"] is None
    project.run("--lane", "nd")
    later = project.run("--lane", "live").report
    assert later["lanes"]["nd"]["verdict"] == "NOT RUN"
    assert later["lanes"]["nd"]["age"] >= 0
    assert later["lanes"]["nd"]["last_verdict"] == "NOT READY"
    assert later["lanes"]["live"]["verdict"] == "NOT RUN", "all its checks skipped"
    assert "READY" in (project.root / "PROJECT_READY.md").read_text()


def test_lie_34_a_citation_points_at_code_that_did_not_run(make_project):
    project = make_project(
        {"readiness.yml": config("{name: a, lane: core, run: pytest}"), "test_a.py": FAILING}, git=True
    )
    cited = project.run().check("a")["failures"][0]
    project.write({"test_a.py": "# moved\n" * 20 + FAILING})
    line = (project.root / "test_a.py").read_text().splitlines()[int(cited["where"].split(":")[1]) - 1]
    assert "assert" not in line, "the lie: that line is something else now"
    blob = subprocess.run(
        ["git", "rev-parse", "HEAD:test_a.py"], cwd=project.root, capture_output=True, text=True, check=True
    )
    assert cited["blob"] == blob.stdout.strip()
    text = subprocess.run(
        ["git", "cat-file", "blob", cited["blob"]],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert text.stdout.splitlines()[4].strip().startswith("assert helper() == 42")
    assert os.path.basename(cited["where"]) == "test_a.py:5"
