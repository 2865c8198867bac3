"""Questions to new processes: which are asked, and what follows. The processes themselves: test_trace.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.isolation.fresh import HANGING, LOST, Command, Fresh, Spent
from readiness.isolation.hanging import stack_of
from readiness.isolation.minimise import minimal
from readiness.record.finding import Cause, Finding

FINDING = Finding("v", "unjudged", "AssertionError", notes=("a thread",))
TESTS = [f"t{number}" for number in range(9)]


class Asked(Fresh):
    """Runs nothing: `ends` says how the victim ends after some tests."""

    def __init__(self, ends, most=1000):
        super().__init__(Command("python", (), ".", {}), most, 60)
        self._says = ends

    def _run(self, folder, tests, seconds):
        return self._says(set(tests[:-1]))


def suspect(test, state, **more):
    return Cause(test, state, "1", "2", f"{test}.py:1", "", exact=False, **more)


def judged(ends, *suspects, **options):
    return Asked(ends, **options).judge(FINDING, TESTS, suspects)


def test_alone_it_fails_too():
    assert judged(lambda _: "failed").kind == "broken"
    assert judged(lambda _: HANGING).kind == "hanging"


def test_a_suspect_is_asked_first_and_named_with_what_it_left():
    asked = Asked(lambda before: "failed" if "t3" in before else "passed")
    found = asked.judge(FINDING, TESTS, [suspect("t3", "threads", put_back=False), suspect("t3", "app.X")])
    assert found.kind == "victim"
    assert [(one.polluter, one.state, one.proof) for one in found.causes] == [("t3", "threads", "fresh")]
    assert asked.ran == 3, "alone, and after the one suspect"


def test_two_that_are_needed_together_are_found_among_all():
    found = judged(lambda before: "failed" if {"t1", "t7"} <= before else "passed", suspect("t4", "app.X"))
    assert [(one.polluter, one.state) for one in found.causes] == [("t1", ""), ("t7", "")]


def test_what_cannot_be_repeated_stays_unjudged_and_says_why():
    for ends, why in (("passed", "it passed"), (LOST, "did not come to an outcome")):
        found = judged(lambda _, ends=ends: ends)
        assert (found.kind, found.causes) == ("unjudged", ())
        assert any(why in note for note in found.notes)
    spent = judged(lambda before: "failed" if before else "passed", most=5)
    assert spent.kind == "unjudged"
    assert "budget" in spent.notes[-1]


def test_no_question_beyond_the_budget():
    asked = Asked(lambda _: "passed", most=2)
    asked.outcome((), "v")
    with pytest.raises(Spent):
        asked.outcome(("t1",), "v")


@given(st.integers(1, 40), st.sets(st.integers(0, 39), min_size=1, max_size=3))
def test_the_smallest_part_that_works_is_found(size, needed):
    units = range(max(size, max(needed) + 1))
    assert set(minimal(units, lambda some: needed <= set(some))) == needed


def test_the_stack_of_a_test_that_hangs():
    dump = (
        "Timeout (0:00:02)!\nThread 0x01 (most recent call first):\n"
        '  File "/p/other.py", line 1 in run\n\n'
        "Thread 0x02 (most recent call first):\n"
        '  File "/p/app.py", line 7 in wait\n  File "/p/test_b.py", line 3 in test_b\n'
        '  File "/s/_pytest/python.py", line 166 in pytest_pyfunc_call\n  File "/s/x.py", line 1 in main\n'
    )
    assert stack_of(dump) == "/p/app.py:7 in wait < /p/test_b.py:3 in test_b"
    deep = "".join(f'  File "/l/{name}.py", line 1 in f\n' for name in "abcde")
    assert stack_of(dump.replace('  File "/p/app.py"', deep + '  File "/p/app.py"')) == (
        "/l/a.py:1 in f < /l/b.py:1 in f < /l/c.py:1 in f < … < /p/test_b.py:3 in test_b"
    )
    assert stack_of("") == "no known place"
