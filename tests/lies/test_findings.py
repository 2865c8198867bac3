"""Every failure has the class of cause that its evidence shows, and no other (row 39), each with links to it."""

from __future__ import annotations

import json
import re

SUITE = """import app


def test_a_polluter():
    app.limit = 0


def test_b_victim():
    assert app.limit == 3


def test_c_total():
    assert app.total() == 4
"""
PYTEST = "pytest -q -p no:cacheprovider"
CONFIG = f"""version: 2
defaults: {{env: {{PYTEST_DISABLE_PLUGIN_AUTOLOAD: "1"}}}}
services:
  broken: {{run: "echo no room; exit 3", ready: "tcp://127.0.0.1:{{port}}"}}
checks:
  - {{name: suite, lane: core, run: {PYTEST} test_app.py, isolation: trace}}
  - {{name: serviced, lane: core, run: {PYTEST} test_app.py, services: [broken]}}
  - {{name: lacking, lane: core, run: {PYTEST} test_lacking.py}}
  - {{name: unknown_program, lane: core, run: no-such-program-here}}
  - {{name: toothless, lane: core, run: "false || true"}}
  - {{name: plain, lane: core, run: "exit 4"}}
"""


def green_then_changed(make_project):
    """A suite that passed at one commit; at the next it leaks, and what it tests has changed."""
    app = "limit = 3\n\n\ndef total():\n    return 4\n"
    files = {"readiness.yml": CONFIG, "app.py": app, "test_lacking.py": "import a_module_that_is_not_there\n"}
    project = make_project({**files, "test_app.py": SUITE.replace("app.limit = 0", "pass")}, git=True)
    assert project.run("suite").code == 0
    project.write({"app.py": app.replace("return 4", "return 5"), "test_app.py": SUITE})
    project.commit()
    assert project.run().code == 1
    return project


def classes(findings):
    """The class of each test and check, by the sentence that tells it."""
    section = next(one for one in findings["sections"] if one["title"] == "Root cause")
    told = [
        re.match(r"(?:The check )?`([^`]*)`: cause class `([^`]*)`", one["text"])
        for one in section["statements"]
    ]
    return {found[1]: found[2] for found in told if found}


def test_lie_39_a_failure_is_put_down_to_another_cause_than_its_own(make_project, open_all_evidence):
    project = green_then_changed(make_project)
    findings = json.loads(project.readiness("review", "--json").out)
    assert project.readiness("review").code == 0
    assert classes(findings) == {
        "test_app.py::test_b_victim": "leak",
        "test_app.py::test_c_total": "regression",
        "serviced": "service",
        "test_lacking.py": "environment",
        "unknown_program": "environment",
        "toothless": "config",
        "plain": "defect",
    }
    causes = {one["name"]: one["cause"] for one in project.readiness("report").report["checks"]}
    assert causes == {
        "suite": "",
        "serviced": "service",
        "lacking": "environment",
        "unknown_program": "environment",
        "toothless": "config",
        "plain": "",
    }
    assert open_all_evidence(project.root, findings, (project.root / "FINDINGS.md").read_text()) > 20
