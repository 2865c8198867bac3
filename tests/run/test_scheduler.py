from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.config.model import Check, Place
from readiness.gate.plan import Item
from readiness.record.outcome import Outcome
from readiness.run.scheduler import blocked_by, candidates, fits, machine

HERE = Place("readiness.yml", 1, 1)


def check(name: str = "a", **more) -> Check:
    return Check(name, "core", "true", HERE, HERE, **more)


def item(name: str, **more) -> Item:
    return Item(check(name, **more), True, "")


def test_cores_are_shared_out():
    assert fits(check(), machine([check()], 2), 2)
    assert not fits(check(), machine([check(), check()], 2), 2)
    assert not fits(check(cores=2), machine([check()], 2), 2)


def test_one_that_wants_more_cores_than_there_are_runs_alone():
    assert fits(check(cores=8), machine([], 2), 2)
    assert not fits(check(cores=8), machine([check()], 2), 2)


def test_a_lock_is_held_by_one():
    assert not fits(check(locks=("db",)), machine([check(locks=("db", "gpu"))], 4), 4)
    assert fits(check(locks=("db",)), machine([check(locks=("gpu",))], 4), 4)


def test_an_exclusive_check_runs_alone():
    assert not fits(check(exclusive=True), machine([check()], 4), 4)
    assert not fits(check(), machine([check(exclusive=True)], 4), 4)
    assert fits(check(exclusive=True), machine([], 4), 4)


def test_an_exclusive_check_is_not_starved_by_those_behind_it():
    waiting = [item("first"), item("alone", exclusive=True), item("behind")]
    assert [one.check.name for one in candidates(waiting, {})] == ["first", "alone"]


def test_needs_hold_back_until_they_passed():
    waiting = [item("late", needs=("early",))]
    assert list(candidates(waiting, {})) == []
    assert list(candidates(waiting, {"early": Outcome.PASSED})) == waiting
    assert (
        blocked_by(waiting[0].check, {"early": Outcome.FAILED}) == "check early, which it needs, ended failed"
    )
    assert blocked_by(waiting[0].check, {"early": Outcome.PASSED}) == ""


CHECKS = st.lists(
    st.builds(
        check,
        cores=st.integers(1, 4),
        exclusive=st.booleans(),
        locks=st.lists(st.sampled_from(["db", "gpu"]), unique=True).map(tuple),
    ),
    max_size=8,
)


@given(CHECKS, st.integers(1, 4))
def test_what_runs_together_never_exceeds_the_machine(checks, slots):
    running: list[Check] = []
    for one in checks:
        if fits(one, machine(running, slots), slots):
            running.append(one)
    assert sum(min(one.cores, slots) for one in running) <= slots
    locks = [lock for one in running for lock in one.locks]
    assert len(locks) == len(set(locks))
    assert len(running) == 1 or not any(one.exclusive for one in running)
    assert running or not checks
