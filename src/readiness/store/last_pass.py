"""When a check or a test last passed: what tells a change of the code from a change of the world around it."""

from __future__ import annotations

from readiness.record.value import value
from readiness.store.past_run import digest_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.record.record import Header
    from readiness.store.database import Database, Row


@value
class LastPass:
    """A run in which it passed, the commit that ran, and when (UTC, ISO 8601).

    `commit` is empty where it was not known; `dirty` says that files differed from that commit.
    """

    run_id: str
    commit: str
    at: str
    dirty: bool = False


COLUMNS: Final = "runs.id, runs.commit_id, runs.started_at, runs.dirty"
NEWEST_FIRST: Final = " ORDER BY runs.started_at DESC, runs.id DESC LIMIT 1"


def last_pass_of_check(
    database: Database, check: str, *, before: Header | None = None, inputs: str = "", commit: str = ""
) -> LastPass | None:
    """The newest run in which this check passed, an unchanged one that was not run again included.

    `before` is the header of a run: only others that did not start after it count. `inputs` is the digest in `CheckResult.inputs`, `commit` a whole
    hash of clean code: only runs on the same count. Raises HistoryError.
    """
    sql = (
        f"SELECT {COLUMNS} FROM checks JOIN runs ON runs.key = checks.run "
        "WHERE checks.name = ? AND checks.outcome = 'passed'"
    )
    return _newest(database, sql, (check,), before, inputs, commit)


def last_pass_of_test(
    database: Database,
    check: str,
    test: str,
    *,
    before: Header | None = None,
    inputs: str = "",
    commit: str = "",
) -> LastPass | None:
    """The newest run in which this test of a check passed, by itself or judged by trials; as `last_pass_of_check`.

    A run that failed and then passed on a repetition is no pass. Raises HistoryError.
    """
    sql = (
        f"SELECT {COLUMNS} FROM results JOIN runs ON runs.key = results.run "
        "JOIN checks ON checks.run = results.run AND checks.name = ? "
        "WHERE results.test = ? AND results.outcome IN ('passed', 'xpassed')"
    )
    return _newest(database, sql, (check, digest_key(check, test)), before, inputs, commit)


def _newest(
    database: Database, sql: str, parameters: Row, before: Header | None, inputs: str, commit: str
) -> LastPass | None:
    if before:
        sql += " AND runs.started_at <= ? AND runs.id <> ?"
        parameters = (*parameters, before.started_at, before.run_id)
    if inputs:
        sql += " AND checks.inputs = ?"
        parameters = (*parameters, inputs)
    if commit:
        sql += " AND runs.commit_id = ? AND runs.dirty = ''"
        parameters = (*parameters, commit)
    found = database.rows(sql + NEWEST_FIRST, parameters)
    return next((LastPass(run, code, at, bool(dirty)) for run, code, at, dirty in found), None)


def ready_runs(database: Database, now: Header, most: int = 20) -> list[tuple[str, str]]:
    """Run and commit of the newest runs of the same gate before `now` that were READY. Raises HistoryError."""
    sql = (
        "SELECT runs.id, runs.commit_id FROM runs WHERE runs.verdict = 'READY' AND runs.gate = ? "
        "AND runs.started_at <= ? AND runs.id <> ? ORDER BY runs.started_at DESC, runs.id DESC LIMIT ?"
    )
    return [
        (str(run), str(code))
        for run, code in database.rows(sql, (now.gate, now.started_at, now.run_id, most))
    ]
