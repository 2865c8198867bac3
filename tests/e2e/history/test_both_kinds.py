"""SQLite and PostgreSQL hold and answer the same; and what is told when a server does not play along."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from readiness.record.trials import TestTrials
from readiness.store import schema
from readiness.store.adding import add_run
from readiness.store.address import HistoryError, address_of
from readiness.store.opening import open_history
from readiness.store.past_run import PastCheck, PastRun, TestRun
from readiness.store.pruning import prune
from readiness.store.reading import courses, lanes_seen, named_tests, runs_seen, sightings, trials_seen
from readiness.store.test_rates import rates_of_tests

if TYPE_CHECKING:
    from readiness.store.database import Database

HOSTILE = "test_\udce9[\x00'\"; DROP TABLE runs; --\u202e?%s{key}]"


def a_run(number: int) -> PastRun:
    """Runs that differ in all that is asked for."""
    tests = (
        TestRun("test_steady", "passed", 1, 0, 0.25),
        TestRun("test_breaks", "failed" if number > 2 else "passed", int(number <= 2), int(number > 2), 1.5, "a.py:3", "no"),
        TestRun(HOSTILE, "flaky", 1, 1, None, "", HOSTILE),
        TestRun("y" * 9000, "skipped"),
    )  # fmt: skip
    tried = TestTrials(
        "test_nd", "READY", "", 0.95, 0.8, 0.05, 0.05, passes=9, fails=1, carried=4, path="P" * 9 + "F"
    )
    checks = (
        PastCheck("unit", "core", "failed" if number > 2 else "passed", seconds=1.75, inputs=f"{number // 2}", tests=tests),
        PastCheck("same", "core", "passed", cached_from="r0"),
        PastCheck("real", "nd", "passed", tests=(TestRun("test_nd", "passed", 5, 1),), trials=(tried,)),
    )  # fmt: skip
    return PastRun(
        f"r{number}", "gate", f"2026-01-01T00:00:0{number}Z", 3, "17", 2.5, "READY", "", "dev", True,
        f"{number:040x}", "main", "d" * (number % 2), "host", (("core", "READY"), ("nd", "NOT READY")), checks,
    )  # fmt: skip


@pytest.fixture
def both(tmp_path, new_database: Callable[[], str]) -> Iterator[tuple[Database, Database]]:
    """Two histories of the same runs, offered in different order."""
    sqlite, server = (
        open_history(address_of(place, str(tmp_path))) for place in ("h.sqlite", new_database())
    )
    for number in (1, 2, 3, 4):
        assert add_run(sqlite, a_run(number))
    for number in (4, 2, 4, 1, 3):
        add_run(server, a_run(number))
    yield sqlite, server
    sqlite.close()
    server.close()


def answers(database: Database) -> list[object]:
    """Everything that can be asked."""
    named = named_tests(database, "test_breaks", "")
    return [
        runs_seen(database, 3),
        lanes_seen(database),
        trials_seen(database),
        courses(database, 10),
        rates_of_tests(database),
        named,
        sightings(database, named[0][0], "unit"),
    ]


def test_both_answer_the_same_before_and_after_pruning(both):
    sqlite, server = both
    before = answers(sqlite)
    assert answers(server) == before
    assert [(one.test, one.flake_rate) for one in before[4] if one.flake_rate] == [
        ("test_\\udce9[\\x00'\"; DROP TABLE runs; --\u202e?%s{key}]", 0.5),
        ("test_breaks", 0.5),
    ]
    assert (before[2][0].passes, before[2][0].fails, before[2][0].runs) == (20, 4, 4), (
        "what is carried counts once"
    )
    assert prune(sqlite, "", 2) == prune(server, "", 2) == (2, 2)
    after = answers(sqlite)
    assert answers(server) == after
    assert [one.id for one in after[0]] == ["r4", "r3"]
    assert [add_run(one, a_run(1)) for one in both] == [False, False], "what was pruned is not taken in again"


def test_a_server_of_every_earlier_version_is_brought_to_the_newest(new_database, tmp_path):
    from readiness.store.postgresql import Postgresql

    for version in range(1, schema.NEWEST + 1):
        address = address_of(new_database(), str(tmp_path))
        old = Postgresql(address)
        schema.bring_to_newest(old, version)
        old.close()
        database = open_history(address)
        assert add_run(database, a_run(1))
        assert database.rows("SELECT version FROM schema_version") == [(schema.NEWEST,)]
        database.change("UPDATE schema_version SET version = 99")
        with pytest.raises(HistoryError, match="its schema is version 99, and this readiness knows up to"):
            open_history(address)
        database.close()


def test_a_migration_that_breaks_leaves_the_server_as_it_was(new_database, tmp_path, monkeypatch):
    database = open_history(address_of(new_database(), str(tmp_path)))
    broken = (*schema.MIGRATIONS, ("CREATE TABLE fine (a INTEGER)", "CREATE TABLE runs (a INTEGER)"))
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(HistoryError, match="already exists"):
        schema.bring_to_newest(database, schema.NEWEST + 1)
    assert not database.has_table("fine")
    assert database.rows("SELECT version FROM schema_version") == [(schema.NEWEST,)]
    database.close()


CONFIG = {
    "version": 2,
    "checks": [{"name": "a", "lane": "core", "run": 'test -z "$READINESS_HISTORY"'}],
}


def test_a_run_goes_to_the_server_at_once_and_waits_while_it_is_away(make_project, new_database):
    url = new_database()
    project = make_project({"readiness.yml": json.dumps(CONFIG)})
    away = project.run("--quiet", READINESS_HISTORY="postgresql://me:hush-hush-7@127.0.0.1:1/none")
    assert away.code == 0, "the verdict is the checks'"
    (problem,) = away.report["problems"]
    assert problem.startswith(
        "this run is not in the history yet: postgresql://me@127.0.0.1:1/none: connection"
    )
    assert "hush-hush-7" not in away.out + away.err + json.dumps(away.report)
    second = project.run("--quiet", "--no-cache", READINESS_HISTORY=url)
    assert second.report["problems"] == []
    shown = project.readiness("history", "runs", "--json", "--store", url)
    assert [one["verdict"] for one in json.loads(shown.out)] == ["READY", "READY"]
    assert not (project.root / ".readiness/history.sqlite").exists()
