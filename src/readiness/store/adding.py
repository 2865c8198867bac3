"""Puts a run into a history, once: however often and by however many it is offered, its rows are there one time."""

from __future__ import annotations

from readiness.store.past_run import digest_key
from readiness.store.schema import writing

TYPE_CHECKING = False
if TYPE_CHECKING:
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
        if known:
            remove_unused_names(database)
    return True


def remove_run(database: Database, key: int) -> None:
    """Remove a run's rows; the caller holds a transaction, and calls `remove_unused_names` at its end."""
    for table in OF_A_RUN:
        database.change(f"DELETE FROM {table} WHERE run = ?", (key,))
    database.change("DELETE FROM runs WHERE key = ?", (key,))


def remove_unused_names(database: Database) -> None:
    """Remove the names of tests that no run has any more."""
    database.change("DELETE FROM tests WHERE key NOT IN (SELECT test FROM results)")


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
    # In the order of their keys, so that each page is written once.
    tests = sorted(
        ((digest_key(check.name, one.test), check.name, one) for check in run.checks for one in check.tests),
        key=_first,
    )
    named = [(test, check, one.test[:LONGEST_NAME]) for test, check, one in tests]
    _put(database, "tests (key, check_name, name)", named, new_only=True)
    _put(
        database,
        "results (run, test, outcome, passes, fails, seconds, place, message)",
        [
            (
                *(key, test, one.outcome, one.passes, one.fails, one.seconds),
                *(one.place or None, one.message or None),
            )
            for test, _, one in tests
        ],
    )


def _first(row: Row) -> Any:
    return row[0]


def _put(database: Database, into: str, rows: list[Row], *, new_only: bool = False) -> None:
    """Insert rows into the columns that `into` names."""
    if rows:
        cleaned = [tuple([_text(one) if type(one) is str else one for one in row]) for row in rows]
        database.insert(into, cleaned, new_only=new_only)


def _text(text: str) -> str:
    """Text as both databases take it: half characters and NUL become escapes."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
