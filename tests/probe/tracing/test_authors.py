"""Which of several tests made a change: as a world answers, and honestly where it does not."""

from __future__ import annotations

import json
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from readiness_probe.tracing.authors import Authors
from readiness_probe.tracing.causes import Budget
from readiness_probe.tracing.findings import _called
from readiness_probe.tracing.holders import ModuleHolder
from readiness_probe.tracing.ledger import TEST, Author, Ledger

HOLDER = ModuleHolder("json", json)
HOLDER.own = False
ITEMS = [SimpleNamespace(nodeid=f"t{number}") for number in range(8)]


class World:
    """Answers with what `writes` says of each test, once those that it `needs` have run before."""

    def __init__(self, writes, needs=()):
        self.writes = writes
        self.needs = set(needs)
        self.asked = []

    def ask(self, question):
        self.asked.append(question["run"])
        seen = self.needs <= set(question["run"])
        changed = [
            (test, "json", name, False)
            for test in question["run"]
            for name in self.writes.get(test, ())
            if seen
        ]
        return {"outcome": "passed", "changed": changed}


def ledger_of(*changes):
    found = Ledger()
    for name, author in changes:
        found.add(HOLDER, name, 1, 2, author)
    return found


def authors(ledger, world, replays=100):
    return Authors(ITEMS, ledger, world, Budget(replays, 60.0), 1.0)


def shared(*tests):
    return Author(TEST, f"t{tests[-1]}", tests[-1], among=tests)


def test_each_change_gets_its_own_author():
    among = shared(2, 3, 4)
    ledger = ledger_of(("dumps", among), ("loads", among))
    authors(ledger, World({2: ["dumps"], 4: ["loads"]})).tell_apart(ledger.changes)
    assert [one.author.tests for one in ledger.changes] == [(2,), (4,)]


def test_the_last_of_several_writers_is_the_author_and_the_others_are_kept():
    ledger = ledger_of(("dumps", shared(2, 3, 4)))
    authors(ledger, World({2: ["dumps"], 3: ["dumps"]})).tell_apart(ledger.changes)
    assert ledger.changes[0].author.name == "t3"
    assert [one.name for one in ledger.changes[0].others] == ["t2"]


def test_what_nobody_is_seen_to_write_is_asked_again_after_earlier_tests():
    ledger = ledger_of(("x", Author(TEST, "t0", 0)), ("dumps", shared(2, 3)))
    world = World({3: ["dumps"]}, needs=[0])
    authors(ledger, world).tell_apart(ledger.changes)
    assert world.asked == [[2, 3], [0, 2, 3]]
    assert ledger.changes[1].author.name == "t3"


def test_nobody_is_accused_by_name_where_it_cannot_be_told():
    ledger = ledger_of(("dumps", shared(2, 3)))
    world = World({})
    found = authors(ledger, world)
    found.tell_apart(ledger.changes)
    found.tell_apart(ledger.changes)
    assert world.asked == [[2, 3]]
    assert _called(ledger.changes[0].author) == "one of 2 tests, the last of them t3"


def test_the_tests_that_are_run_again_are_paid_for():
    ledger = ledger_of(("dumps", shared(2, 3, 4)))
    world = World({2: ["dumps"]})
    authors(ledger, world, replays=2).tell_apart(ledger.changes)
    assert world.asked == []
    assert ledger.changes[0].author.tests == (2, 3, 4)


def test_a_failed_test_is_told_from_those_before_it():
    ledger = ledger_of(("dumps", shared(2, 3)), ("loads", shared(2, 3)))
    assert authors(ledger, World({2: ["dumps"], 3: ["loads"]})).own(3, 2) == [1]


@given(st.integers(0, 6), st.integers(0, 3), st.integers(0, 4))
def test_what_is_entered_before_others_keeps_the_numbers_in_order(early, late, added):
    ledger = ledger_of(*((f"a{n}", Author(TEST, "t0", 0)) for n in range(early + late + added)))
    new = ledger.changes[early + late :]
    ledger.insert(early, new)
    assert [one.number for one in ledger.changes] == list(range(early + late + added))
    assert ledger.changes[early : early + added] == new
