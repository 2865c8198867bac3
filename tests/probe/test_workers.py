"""pytest-xdist: outcomes come from the controller, facts from the workers, and both are complete."""

from __future__ import annotations

import pytest

XDIST = ("-n2", "-p", "no:rerunfailures")


@pytest.fixture
def python(python_with):
    return python_with("xdist")


def test_every_end_a_test_can_have(nasty, nasty_outcomes, python):
    probed = nasty.pytest(*XDIST, python=python)
    named = {name: outcome for name, outcome in probed.outcomes.items() if "[" not in name}
    assert named == nasty_outcomes
    summary = probed.summary
    assert (summary.processes, summary.counts.collected, summary.problems) == (1, 27, ())
    assert sorted(one.worker for one in summary.sessions) == ["", "gw0", "gw1"]
    failed = {one.test.partition("::")[2]: one for one in summary.failures}
    assert failed["test_fails_in_a_helper"].where == "tests/test_nasty.py:6"
    assert failed["test_no_such_fixture"].message == "fixture 'nowhere' not found"
    assert summary.warnings == ("UserWarning: old (tests/test_nasty.py:44)",)


def test_the_same_as_without_the_probe(nasty, python):
    def said(name, **options):
        probed = nasty.pytest(*XDIST, f"--junit-xml={name}.xml", python=python, **options)
        return probed.code, (nasty.root / f"{name}.xml").read_text()

    code, xml = said("with")
    plain_code, plain_xml = said("without", probe=False)
    assert code == plain_code == 1
    for word in ("<testcase", "<failure", "<error", "<skipped", "<property"):
        assert xml.count(word) == plain_xml.count(word)
    assert "readiness" not in xml


def test_swallowed_assertions_travel(project, python):
    suite = """
import pytest
def test_skip():
    try:
        assert 1 == 2
    except AssertionError:
        pytest.skip("flaky here")
def test_pass():
    try:
        assert 1 == 2
    except AssertionError:
        pass
"""
    probed = project({"test_a.py": suite}).pytest(*XDIST, python=python)
    assert {one.test: one.where for one in probed.summary.swallowed} == {
        "test_a.py::test_skip": "test_a.py:5",
        "test_a.py::test_pass": "test_a.py:10",
    }


def test_workers_are_clean_and_what_they_start_is_not_recorded(project, python):
    suite = """
import os, subprocess, sys
def test_environment():
    assert "PYTEST_ADDOPTS" not in os.environ
    assert [name for name in os.environ if "READINESS" in name] == []
    assert [path for path in sys.path if "link" in path] == []
def test_inner(tmp_path):
    (tmp_path / "test_inner.py").write_text("def test_inner(): assert 0")
    assert subprocess.run([sys.executable, "-m", "pytest", str(tmp_path)]).returncode == 1
"""
    probed = project({"test_a.py": suite}).pytest(*XDIST, python=python)
    assert probed.outcomes == {"test_environment": "passed", "test_inner": "passed"}


def test_a_worker_that_dies(project, python):
    suite = (
        "import os\n"
        + "".join(f"def test_{i}(): pass\n" for i in range(6))
        + "def test_dies(): os._exit(0)\n"
    )
    probed = project({"test_a.py": suite}).pytest(*XDIST, python=python)
    assert probed.outcomes.pop("test_dies") == "failed"
    assert probed.summary.counts.passed == 6
    (failure,) = probed.summary.failures
    assert "crashed while running 'test_a.py::test_dies'" in failure.message
    assert probed.summary.running == ()


def test_a_deadline_in_a_worker(project, python):
    suite = "import time\ndef test_a(): pass\ndef test_hangs():\n    time.sleep(60)\n"
    probed = project({"test_a.py": suite}).pytest(*XDIST, python=python, test_timeout=1.5)
    (one,) = probed.summary.timed_out
    assert (one.test, one.where) == ("test_a.py::test_hangs", "test_a.py:4")
    assert probed.code == 1


def test_trouble_in_collection_is_told_once(project, python):
    files = {
        "test_a.py": "import nowhere_to_be_found",
        "test_b.py": "import pytest\npytest.skip('no', allow_module_level=True)",
        "test_c.py": "def test_c(): pass\ndef test_d(): pass",
    }
    probed = project(files).pytest(
        *XDIST, "--continue-on-collection-errors", "-k", "not test_d", python=python
    )
    counts = probed.summary.counts
    assert (counts.errors, counts.skipped, counts.passed, counts.deselected) == (1, 1, 1, 1)
    assert probed.summary.failures[0].where == "test_a.py:1"


def test_the_guard_is_in_every_worker(project, python):
    suite = """
import socket, pytest
@pytest.mark.parametrize("n", range(4))
def test_a(n):
    with pytest.raises(OSError, match="socket guard"):
        socket.create_connection(("192.0.2.1", 80))
"""
    made = project({"test_a.py": suite})
    assert made.pytest(*XDIST, python=python, guard=True).summary.guarded
    assert set(made.pytest(*XDIST, python=python, guard=True).outcomes.values()) == {"passed"}


def test_every_supported_python(nasty, nasty_outcomes, each_python, python_with):
    if "oldest" in each_python:
        pytest.skip("the environment with the oldest pytest has no pytest-xdist")
    probed = nasty.pytest(*XDIST, python=each_python)
    assert {name: outcome for name, outcome in probed.outcomes.items() if "[" not in name} == nasty_outcomes
    assert probed.summary.problems == ()
