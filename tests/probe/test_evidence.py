"""What a report says, in words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness_probe.evidence import FACTS, said_by, shortened, skip_told, take_facts, told
from readiness_probe.places import Places

PLACES = Places("/project")


def report(**fields):
    return SimpleNamespace(
        **{"nodeid": "test_a.py::test_a", "when": "call", "longrepr": None, "location": None} | fields
    )


@given(st.text(), st.integers(60, 200))
def test_shortened_is_never_longer_and_keeps_both_ends(text, limit):
    short = shortened(text, limit)
    assert len(short) <= limit
    if len(text) <= limit:
        assert short == text
    else:
        assert short.startswith(text[:10])
        assert short.endswith(text[-10:])


def test_shortened_says_exactly_how_much_was_cut():
    assert shortened("a" * 600 + "b" * 600, 200) == "a" * 80 + "\n[... 1040 characters cut ...]\n" + "b" * 80


def test_an_exception_in_its_own_words():
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    assert said_by(ValueError("a\nb")) == "ValueError: a\nb"
    assert said_by(pytest.UsageError("no such option")) == "no such option"
    assert "Unprintable" in said_by(Unprintable())


def test_facts_are_taken_off_the_report():
    one = report(**{FACTS: {"where": "a:1"}})
    assert take_facts(one) == {"where": "a:1"}
    assert take_facts(one) == {}
    assert not hasattr(one, FACTS)


def test_facts_come_first_and_the_report_fills_in():
    crash = SimpleNamespace(message="assert 1 == 2", path="/project/src/a.py", lineno=7)
    one = report(longrepr=SimpleNamespace(reprcrash=crash), longreprtext="the whole story")
    assert told(one, {}, PLACES) == {
        "message": "assert 1 == 2",
        "where": "src/a.py:7",
        "details": "the whole story",
    }
    assert told(one, {"where": "t.py:1", "message": "m"}, PLACES)["where"] == "t.py:1"


@pytest.mark.parametrize(
    ("location", "where"),
    [
        (("test_a.py", 4, "test_a"), "test_a.py:5"),
        (("test_a.py", None, ""), "test_a.py"),
        (None, "test_a.py"),
    ],
)
def test_without_a_crash_the_test_is_cited(location, where):
    assert told(report(longrepr="[XPASS(strict)]", location=location), {}, PLACES)["where"] == where


def test_skips():
    skipped = report(longrepr=("/project/test_a.py", 3, "Skipped: not today"))
    assert skip_told(skipped, PLACES) == {"message": "not today", "where": "test_a.py:3"}
    expected = report(wasxfail="reason: known", longrepr=None, location=("test_a.py", 0, ""))
    assert skip_told(expected, PLACES) == {"message": "known", "where": "test_a.py:1"}
    assert skip_told(report(longrepr="just words"), PLACES)["message"] == "just words"
