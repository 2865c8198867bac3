"""Looks take their share of the time and no more, and small suites are looked at after each test."""

from __future__ import annotations

import pytest

from readiness_probe.tracing import pace
from readiness_probe.tracing.pace import EVERY, SELDOM, STEP, Pace


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """`run(pace, tests, test, look)`: as many tests, with the CPU that each takes and that the looks at it take."""
    now = [0.0]
    monkeypatch.setattr(pace.clock, "thread_time", lambda: now[0])

    def go(one: Pace, tests: int, test: float, look: float) -> Pace:
        spent = one.__dict__.setdefault("spent_by_the_test", 0.0)
        for _ in range(tests):
            now[0] += test + look
            spent += look
            one.after(spent)
        one.__dict__["spent_by_the_test"] = spent
        return one

    return go


def test_cheap_looks_stay_after_each_test(run):
    found = run(Pace(), 4000, test=0.01, look=0.0004)
    assert (found.each, found.every) == (True, EVERY)


def test_a_small_suite_is_looked_at_after_each_test_whatever_its_share(run):
    assert run(Pace(), 200, test=0.001, look=0.0004).each


def test_looks_that_take_too_much_become_seldom_and_more_seldom(run):
    found = run(Pace(), 4 * STEP, test=0.001, look=0.0005)
    assert (found.each, found.every) == (False, EVERY)
    found = run(found, STEP, test=0.001, look=0.0005)
    assert (found.each, found.every) == (False, 2 * EVERY)
    assert run(found, 10 * STEP, test=0.001, look=0.0005).every == SELDOM


def test_where_everything_is_asked_for_nothing_becomes_seldom(run):
    found = Pace()
    found.exact()
    assert run(found, 1000, test=0.001, look=0.01).every == 1
