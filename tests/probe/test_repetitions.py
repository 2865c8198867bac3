"""pytest-rerunfailures: a test that failed and then passed is told as such; the last attempt counts."""

from __future__ import annotations

import pytest

SUITE = """
import os, pytest
tries = []

def test_flaky():
    tries.append(1)
    assert len(tries) == 3

def test_bad(): assert 0
def test_good(): pass

@pytest.fixture
def flaky_teardown():
    yield
    tries.append(1)
    assert len(tries) > 4

def test_teardown(flaky_teardown): pass
"""


@pytest.mark.parametrize("options", [(), ("-n1",)], ids=["one process", "a worker"])
def test_repetitions(project, python_with, options):
    python = python_with("pytest_rerunfailures", "xdist")
    probed = project({"test_a.py": SUITE}).pytest("--reruns", "3", *options, python=python)
    summary = probed.summary
    assert summary.reruns == ("test_a.py::test_flaky", "test_a.py::test_teardown")
    assert (summary.counts.collected, summary.counts.passed, summary.counts.failed) == (4, 3, 1)
    assert [one.test for one in summary.failures] == ["test_a.py::test_bad"]
    assert len(probed.of("rerun")) == 6
    assert probed.of("rerun")[0]["where"] == "test_a.py:7"


def test_every_supported_python(project, each_python):
    if "oldest" in each_python:
        pytest.skip("the environment with the oldest pytest has no pytest-rerunfailures")
    probed = project({"test_a.py": SUITE}).pytest("--reruns", "3", python=each_python)
    assert probed.summary.reruns == ("test_a.py::test_flaky", "test_a.py::test_teardown")
    assert probed.summary.counts.failed == 1
