from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.store.adding import add_run
from readiness.store.address import Address, HistoryError
from readiness.store.opening import open_history
from readiness.store.past_run import PastCheck, PastRun, TestRun, digest_key

IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""A folder that is on no disk, where there is one: sixty histories wait for a disk longer than all else here takes."""

offered = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), min_size=1, max_size=12)
"""Runs in the order in which they are offered: a run's number, and how many events it had by then."""


def test_a_run_is_there_once_however_often_it_is_offered(database, run_of, content):
    run = run_of(1, test_a="passed", test_b="failed")
    assert add_run(database, run)
    before = content(database)
    assert not add_run(database, run)
    assert content(database) == before
    assert sorted(row[2:5] for row in before["results"]) == [("failed", 0, 1), ("passed", 1, 0)]


def test_a_resumed_run_replaces_what_it_was(database, run_of, content):
    add_run(database, run_of(1, events=3, test_a="failed", test_gone="passed"))
    assert add_run(database, run_of(1, events=5, test_a="passed"))
    assert not add_run(database, run_of(1, events=4, test_a="failed"))
    found = content(database)
    assert [row[2] for row in found["results"]] == ["passed"]
    assert [row[3] for row in found["runs"]] == [5]


@given(runs=offered, random=st.randoms())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_offers_does_not_matter(runs, random, run_of, content):
    shuffled = runs[:]
    random.shuffle(shuffled)
    found = []
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        for name, order in (("a", runs), ("b", shuffled)):
            database = open_history(Address(str(Path(folder, name)), name, is_file=True))
            for number, events in order:
                add_run(database, run_of(number, events=events, **{f"test_{events}": "passed"}))
            found.append(content(database))
            database.close()
    assert found[0] == found[1]
    assert len(found[0]["runs"]) == len({number for number, _ in runs})


HOSTILE = "test_\udce9[\x00'\"; DROP TABLE runs; --\u202e?%s{key}]"


def test_hostile_names_are_only_names(database, content):
    tests = (TestRun(HOSTILE, "passed", 1), TestRun("x" * 10_000, "passed", 1))
    run = PastRun(
        "r", "gate", "2026-01-01T00:00:00Z", checks=(PastCheck("c", "core", "passed", tests=tests),)
    )
    assert add_run(database, run)
    names = [row[2] for row in content(database)["tests"]]
    assert "test_\\udce9[\\x00'\"; DROP TABLE runs; --\u202e?%s{key}]" in names
    assert max(map(len, names)) == 2000


def test_a_transaction_that_breaks_leaves_nothing(database, run_of, content, monkeypatch):
    def breaks(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("readiness.store.adding._first", breaks)
    with pytest.raises(KeyboardInterrupt):
        add_run(database, run_of(1, test_a="passed"))
    assert all(rows == [] for rows in content(database).values())


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "h").write_text("this is text, and long enough to be looked at " * 100)
    with pytest.raises(HistoryError, match="h: file is not a database; move it away"):
        open_history(Address(str(tmp_path / "h"), "h", is_file=True))


def test_a_place_that_cannot_be_made(tmp_path):
    (tmp_path / "h").write_text("")
    with pytest.raises(HistoryError, match="the history cannot be kept"):
        open_history(Address(str(tmp_path / "h/inside/x"), "x", is_file=True))


@given(st.text(st.characters(exclude_categories=())), st.text())
def test_a_key_fits_both_databases_and_tells_names_apart(one, other):
    assert 0 <= digest_key(one, other) < 1 << 63
    assert digest_key(one, other) != digest_key(one, other + "x")
