"""The tables of a history, as a numbered list of changes. Each change is one transaction; a version is never edited.

The keys of runs and tests are digests of their names, so that every writer makes the same ones without asking. Results lie
run by run: a new run is written in one place, and those of one test are found by its key in each run.
"""

from __future__ import annotations

import contextlib

from readiness.store.address import HistoryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.store.database import Database

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE runs (
            key {key} PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, events INTEGER NOT NULL,
            stamp TEXT NOT NULL, started_at TEXT NOT NULL, seconds DOUBLE PRECISION NOT NULL,
            verdict TEXT NOT NULL, interrupted TEXT NOT NULL, gate TEXT NOT NULL, strict INTEGER NOT NULL,
            commit_id TEXT NOT NULL, branch TEXT NOT NULL, dirty TEXT NOT NULL, host TEXT NOT NULL)""",
        "CREATE INDEX runs_by_time ON runs (started_at, id)",
        """CREATE TABLE lanes (
            run {key} NOT NULL, lane TEXT NOT NULL, verdict TEXT NOT NULL, PRIMARY KEY (run, lane)){compact}""",
        """CREATE TABLE checks (
            run {key} NOT NULL, name TEXT NOT NULL, lane TEXT NOT NULL, outcome TEXT NOT NULL,
            required INTEGER NOT NULL, seconds DOUBLE PRECISION NOT NULL, inputs TEXT NOT NULL,
            cached_from TEXT NOT NULL, cause TEXT NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY (run, name)){compact}""",
        "CREATE TABLE tests (key {key} PRIMARY KEY, check_name TEXT NOT NULL, name TEXT NOT NULL)",
        """CREATE TABLE results (
            run {key} NOT NULL, test {key} NOT NULL, outcome TEXT NOT NULL, passes INTEGER NOT NULL,
            fails INTEGER NOT NULL, seconds DOUBLE PRECISION, place TEXT, message TEXT,
            PRIMARY KEY (run, test)){compact}""",
    ),
    (
        """CREATE TABLE trials (
            run {key} NOT NULL, test {key} NOT NULL, verdict TEXT NOT NULL, passes INTEGER NOT NULL,
            fails INTEGER NOT NULL, carried INTEGER NOT NULL, capacity INTEGER NOT NULL,
            good DOUBLE PRECISION NOT NULL, bad DOUBLE PRECISION NOT NULL, low DOUBLE PRECISION NOT NULL,
            high DOUBLE PRECISION NOT NULL, log_e DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (run, test)){compact}""",
        "CREATE TABLE forgotten (run {key} PRIMARY KEY, started_at TEXT NOT NULL)",
    ),
)
NEWEST: Final = len(MIGRATIONS)


def bring_to_newest(database: Database, newest: int = NEWEST) -> None:
    """Make the tables, or change those of an older version. Raises HistoryError for those of a newer one."""
    version = _version(database)
    while version < newest:
        with database.writing():
            # Another process may have done it meanwhile.
            version = _version(database)
            if version < newest:
                _migrate(database, version)
        version = _version(database)
    _refuse_newer(database, version, newest)


@contextlib.contextmanager
def writing(database: Database) -> Iterator[None]:
    """A transaction in tables that are still those of this version."""
    with database.writing():
        _refuse_newer(database, _version(database), NEWEST)
        yield


def _version(database: Database) -> int:
    if not database.has_table("schema_version"):
        return 0
    return int(database.rows("SELECT version FROM schema_version")[0][0])


def _migrate(database: Database, version: int) -> None:
    for statement in MIGRATIONS[version]:
        # Only the two words are ours to fill; no value from outside comes near.
        database.change(statement.replace("{key}", database.key_type).replace("{compact}", database.compact))
    if version == 0:
        database.change("CREATE TABLE schema_version (version INTEGER NOT NULL)")
        database.change("INSERT INTO schema_version VALUES (1)")
    else:
        database.change("UPDATE schema_version SET version = ?", (version + 1,))


def _refuse_newer(database: Database, version: int, newest: int) -> None:
    if version > newest:
        raise HistoryError(
            f"{database.shown}: its schema is version {version}, and this readiness knows up to {newest}; "
            "install the newer readiness, or name another history with --store"
        )
