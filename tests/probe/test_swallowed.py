"""Assertion errors that became a skip or a pass are told; nothing that is meant as it stands is accused."""

from __future__ import annotations

import subprocess
import sys

import pytest

GUILTY = """
import logging, unittest
import pytest

def test_skip():
    try:
        assert 1 == 2
    except AssertionError:
        pytest.skip("flaky here")

def test_skip_further_down():
    try:
        assert 1 == 2
    except AssertionError:
        try:
            raise KeyError("on the way")
        except KeyError as error:
            raise pytest.skip.Exception("flaky here") from error

def test_skip_by_unittest():
    try:
        assert 1 == 2
    except AssertionError:
        raise unittest.SkipTest("flaky here")

class TestUnit(unittest.TestCase):
    def test_skip(self):
        try:
            self.assertEqual(1, 2)
        except AssertionError:
            pytest.skip("flaky here")

def test_pass():
    answer = 1
    try:
        assert answer == 2, "the answer"
    except AssertionError:
        pass

@pytest.mark.parametrize("n", [1])
def test_pass_logged(n):
    try:
        check(n)
    except Exception as error:
        logging.warning("never mind %s", error)

def check(value):
    assert value == 2
"""

INNOCENT = """
import contextlib, unittest
import pytest
from helpers import eventually, is_one

def test_raises():
    with pytest.raises(AssertionError):
        assert 0

def test_raises_function():
    def fails(): assert 0
    pytest.raises(AssertionError, fails)

def test_suppressed():
    with contextlib.suppress(AssertionError):
        assert 0

def test_polls():
    answers = [1, 2, 3]
    def three(): assert answers.pop(0) == 3
    eventually(three)

def test_polls_itself():
    answers = [1, 2, 3]
    while True:
        try:
            assert answers.pop(0) == 3
            break
        except AssertionError:
            pass

def test_alternatives():
    try:
        assert 1 == 2
    except AssertionError:
        assert 1 == 1

def test_a_helper_that_answers():
    assert not is_one(2)

def test_expected():
    try:
        assert_equal(1, 2)
    except AssertionError:
        pass
    else:
        raise RuntimeError("assert_equal lets everything pass")

def assert_equal(one, other):
    assert one == other

def test_plain_skip(): pytest.skip("not today")

def test_skip_after_it_was_dealt_with():
    try:
        assert 1 == 2
    except AssertionError:
        assert True
    pytest.skip("not today")

def test_another_error():
    try:
        raise OSError("no such tool")
    except OSError:
        pytest.skip("not installed")

@pytest.mark.xfail
def test_expected_to_fail():
    try:
        assert 0
    except AssertionError:
        pytest.skip("in an xfail")

class TestUnit(unittest.TestCase):
    def test_raises(self):
        with self.assertRaises(AssertionError):
            self.assertEqual(1, 2)
        with self.assertRaises(AssertionError):
            assert 0

def test_fails():
    try:
        assert 1 == 2
    except AssertionError:
        pass
    assert 0
"""

HELPERS = """
def eventually(condition):
    for _ in range(10):
        try:
            return condition()
        except AssertionError:
            pass
    raise AssertionError("never")

def is_one(value):
    try:
        assert value == 1
    except AssertionError:
        return False
    return True
"""


def told(probed):
    return {
        one.test.partition("::")[2]: (one.message.splitlines()[0], one.where)
        for one in probed.summary.swallowed
    }


def test_the_guilty(project):
    probed = project({"test_a.py": GUILTY}).pytest()
    assert probed.code == 0
    assert told(probed) == {
        "test_skip": ("AssertionError: assert 1 == 2", "test_a.py:7"),
        "test_skip_further_down": ("AssertionError: assert 1 == 2", "test_a.py:13"),
        "test_skip_by_unittest": ("AssertionError: assert 1 == 2", "test_a.py:22"),
        "TestUnit::test_skip": ("AssertionError: 1 != 2", "test_a.py:29"),
        "test_pass": ("the answer", "test_a.py:36"),
        "test_pass_logged[1]": ("assert 1 == 2", "test_a.py:48"),
    }
    assert {one.kind for one in probed.summary.swallowed} == {"swallowed"}
    assert {one["how"] for one in probed.of("swallowed")} == {"skip", "pass"}


def test_a_test_may_forbid_calls_that_block(project):
    suite = """
import os

def forbidden(*args):
    raise RuntimeError("it blocks")

def test_pass(monkeypatch):
    with monkeypatch.context() as patched:
        for place, name in ((os.path, "abspath"), (os, "write"), (os, "fstat")):
            patched.setattr(place, name, forbidden)
        try:
            assert 1 == 2
        except AssertionError:
            pass
"""
    probed = project({"test_a.py": suite}).pytest()
    assert probed.outcomes == {"test_pass": "passed"}
    assert told(probed) == {"test_pass": ("assert 1 == 2", "test_a.py:12")}
    assert probed.summary.problems == ()


def test_the_innocent(project):
    probed = project({"test_a.py": INNOCENT, "helpers.py": HELPERS, "conftest.py": ""}).pytest()
    assert told(probed) == {}
    assert probed.outcomes["test_fails"] == "failed"
    assert probed.summary.problems == ()


def test_hypothesis_may_discard_examples(project):
    suite = """
from hypothesis import assume, given, settings, strategies as st

@settings(max_examples=20, database=None)
@given(st.integers())
def test_a(n):
    assume(n != 0)
    assert n != 0
"""
    made = project({"test_a.py": suite})
    env = made.environ()
    probed = made.wait(made.start(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", env=env))
    assert (probed.outcomes, told(probed)) == ({"test_a": "passed"}, {})


def test_every_supported_python(project, each_python):
    probed = project({"test_a.py": GUILTY}).pytest("-p", "no:xdist", python=each_python)
    assert set(told(probed)) == {
        "test_skip",
        "test_skip_further_down",
        "test_skip_by_unittest",
        "TestUnit::test_skip",
        "test_pass",
        "test_pass_logged[1]",
    }


def test_the_innocent_on_every_supported_python(project, each_python):
    made = project({"test_a.py": INNOCENT, "helpers.py": HELPERS, "conftest.py": ""})
    assert told(made.pytest("-p", "no:xdist", python=each_python)) == {}


@pytest.mark.parametrize("option", ["--assert=plain", "-oenable_assertion_pass_hook=true"])
def test_without_rewriting_a_skip_is_still_told(project, option):
    assert "test_skip" in told(project({"test_a.py": GUILTY}).pytest(option))


def test_a_pytest_without_the_function_that_is_wrapped():
    """It is not public, so a later pytest may lack it: then nothing is noticed, and nothing breaks."""
    script = """
from _pytest.assertion import rewrite
del rewrite._format_explanation
from readiness_probe.places import Places
from readiness_probe.swallowed import AssertionWatch
watch = AssertionWatch(Places("/"), print)
watch.install()
watch.remove()
assert not hasattr(rewrite, "_format_explanation")
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
