"""The shortest way through the gate: a configuration in, a verdict out, and each verdict once."""

from __future__ import annotations

import pytest

CONFIG = """\
version: 2
services:
  web:
    run: python -m http.server {port} --bind 127.0.0.1
    ready: http://127.0.0.1:{port}/
    env: {WEB: "http://127.0.0.1:{port}/"}
checks:
  - {name: unit, lane: core, run: pytest -q}
  - {name: served, lane: core, run: python fetch.py, services: [web]}
  - {name: offline, lane: core, run: python outside.py}
"""
FETCH = (
    "import os, urllib.request\nassert urllib.request.urlopen(os.environ['WEB'], timeout=5).status == 200\n"
)
OUTSIDE = """\
import socket, sys
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError as error:
    print("refused:", error)
else:
    sys.exit("there is a network")
"""


@pytest.fixture
def project(make_project):
    test = "from answer import ANSWER\ndef test_answer():\n    assert ANSWER == 42\n"
    return make_project(
        {
            "readiness.yml": CONFIG,
            "fetch.py": FETCH,
            "outside.py": OUTSIDE,
            "test_answer.py": test,
            "answer.py": "ANSWER = 42\n",
        }
    )


def test_ready(project):
    ran = project.run()
    assert (ran.code, ran.report["verdict"]) == (0, "READY"), ran.out
    assert {one["ran_against"] for one in ran.report["checks"]} == {"hermetic"}
    assert ran.report["lanes"]["core"]["verdict"] == "READY"


def test_not_ready_after_one_wrong_line_and_it_says_which(project):
    project.write({"answer.py": "ANSWER = 41\n"})
    ran = project.run()
    assert (ran.code, ran.report["verdict"]) == (1, "NOT READY")
    (failure,) = ran.check("unit")["failures"]
    assert failure["where"] == "test_answer.py:3"
    assert "41 == 42" in failure["message"]
    assert "test_answer.py:3" in ran.out


def test_a_fault_in_the_configuration_is_not_a_verdict(project):
    project.write({"readiness.yml": CONFIG.replace("lane: core, run: pytest", "lane: croe, run: pytest")})
    ran = project.run()
    assert ran.code == 2
    assert "readiness.yml:8:" in ran.err
    assert "core" in ran.err
