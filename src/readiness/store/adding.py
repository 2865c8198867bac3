"""Puts a run into a history, once: however often and by however many it is offered, its rows are there one time."""

from __future__ import annotations

from readiness.store.past_run import digest_key
from readiness.store.schema import writing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final

    from readiness.store.database import Database, Row
    from readiness.store.past_run import PastRun

OF_A_RUN: Final = ("results", "trials", "checks", "lanes")
"""Tables whose rows belong to one run."""
LONGEST_NAME: Final = 2000


def add_run(database: Database, run: PastRun, *, again: bool = False) -> bool:
    """Add a run, or put what it is now in place of what it was before it was resumed; whether anything changed.

    What was pruned stays away, unless it is to be added `again`. One transaction: a writer that is killed leaves all of it or nothing. Raises HistoryError.
    """
    key = digest_key(run.id)
    with writing(database):
        known = database.rows("SELECT events FROM runs WHERE key = ?", (key,))
        if known and known[0][0] >= run.events:
            database.change("UPDATE runs SET stamp = ? WHERE key = ?", (_text(run.stamp), key))
            return False
        if database.rows("SELECT 1 FROM forgotten WHERE run = ?", (key,)):
            if not again:
                return False
            database.change("DELETE FROM forgotten WHERE run = ?", (key,))
        if known:
            remove_run(database, key)
        _insert(database, key, run)
    return True


def remove_run(database: Database, key: int) -> None:
    """Remove a run's rows, and the names of tests that no other run has; the caller holds a transaction."""
    database.change(
        "DELETE FROM tests WHERE key IN (SELECT test FROM results WHERE run = ?) "
        "AND NOT EXISTS (SELECT 1 FROM results WHERE test = tests.key AND run <> ?)",
        (key, key),
    )
    for table in OF_A_RUN:
        database.change(f"DELETE FROM {table} WHERE run = ?", (key,))
    database.change("DELETE FROM runs WHERE key = ?", (key,))


def _insert(database: Database, key: int, run: PastRun) -> None:
    _put(
        database,
        "runs (key, id, kind, events, stamp, started_at, seconds, verdict, interrupted, gate, strict, commit_id, "
        "branch, dirty, host)",
        [
            (
                *(key, run.id, run.kind, run.events, run.stamp, run.started_at, run.seconds, run.verdict),
                *(run.interrupted, run.gate, int(run.strict), run.commit, run.branch, run.dirty, run.host),
            )
        ],
    )
    _put(database, "lanes (run, lane, verdict)", [(key, *lane) for lane in run.lanes])
    _put(
        database,
        "checks (run, name, lane, outcome, required, seconds, inputs, cached_from, cause, reason)",
        [
            (
                *(key, one.name, one.lane, one.outcome, int(one.required), one.seconds),
                *(one.inputs, one.cached_from, one.cause, one.reason),
            )
            for one in run.checks
        ],
    )
    _put(
        database,
        "trials (run, test, verdict, passes, fails, carried, capacity, good, bad, low, high, log_e)",
        [
            (
                *(key, digest_key(check.name, one.test), one.verdict, one.passes, one.fails, one.carried),
                *(one.capacity, one.good, one.bad, one.low, one.high, one.log_e),
            )
            for check in run.checks
            for one in check.trials
        ],
    )
    tests = [
        (digest_key(check.name, one.test), check.name, one) for check in run.checks for one in check.tests
    ]
    named = [(test, check, one.test[:LONGEST_NAME]) for test, check, one in sorted(tests, key=_first)]
    _put(database, "tests (key, check_name, name)", named, " ON CONFLICT (key) DO NOTHING")
    _put(
        database,
        "results (test, run, outcome, passes, fails, seconds, place, message)",
        [
            (
                *(test, key, one.outcome, one.passes, one.fails, one.seconds),
                *(one.place or None, one.message or None),
            )
            for test, _, one in tests
        ],
    )


def _first(row: Row) -> Any:
    return row[0]


def _put(database: Database, into: str, rows: list[Row], suffix: str = "") -> None:
    """Insert rows into the columns that `into` names."""
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        cleaned = [tuple(_cleaned(row)) for row in rows]
        database.change_many(f"INSERT INTO {into} VALUES ({marks}){suffix}", cleaned)


def _cleaned(row: Row) -> Iterator[Any]:
    for one in row:
        yield _text(one) if isinstance(one, str) else one


def _text(text: str) -> str:
    """Text as both databases take it: half characters and NUL become escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
