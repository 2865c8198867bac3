"""What the store asks of a database, and SQLite, which answers by default.

SQL is written once, for both kinds: parameters are `?`, and no `?` or `%` stands anywhere else. SQLite runs in WAL mode,
so that a reader never waits for a writer; writers take turns (https://www.sqlite.org/wal.html).
"""

from __future__ import annotations

import contextlib
import os
import time

from readiness.store.address import Address, HistoryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from typing import Any, Final, Protocol

    Row = tuple[Any, ...]

    class Database(Protocol):
        """One connection to a history. Every method raises HistoryError when the database refuses."""

        shown: str
        """What the history is called in messages."""
        key_type: str
        """The type of a column that holds a `digest_key`; the primary key where it is one."""
        compact: str
        """What ends a table whose rows lie in the order of their primary key."""

        def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]: ...
        def change(self, sql: str, parameters: Sequence[Any] = ()) -> int: ...
        def insert(self, into: str, rows: Sequence[Row], *, new_only: bool = False) -> None: ...
        def has_table(self, name: str) -> bool: ...
        def writing(self) -> contextlib.AbstractContextManager[None]: ...
        def close(self) -> None: ...


BUSY: Final = 30.0
"""Seconds to wait for another writer, who holds the file for the time of one run's rows."""


class Sqlite:
    """A history in a file."""

    key_type = "INTEGER"
    compact = " WITHOUT ROWID"

    def __init__(self, address: Address) -> None:
        # The package around it costs as much again to import as all that is used of it.
        import _sqlite3

        self.shown = address.shown
        self._error: type[Exception] = _sqlite3.Error
        with self._told():
            os.makedirs(os.path.dirname(address.place), exist_ok=True)
            self._connection: sqlite3.Connection = _sqlite3.connect(
                address.place, timeout=BUSY, isolation_level=None
            )
            self._use_wal()

    def _use_wal(self) -> None:
        """Changing the mode does not wait for another that changes it."""
        limit = time.monotonic() + BUSY
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
            except self._error as error:
                if "locked" not in str(error) or time.monotonic() > limit:
                    raise
                time.sleep(0.01)
            else:
                return

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self._told():
            return self._connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        with self._told():
            return self._connection.execute(sql, parameters).rowcount

    def insert(self, into: str, rows: Sequence[Row], *, new_only: bool = False) -> None:
        """Add rows, at least one, to the table and columns that `into` names. One whose key is there already is an error,
        or with `new_only` is left out."""
        marks = ", ".join("?" * len(rows[0]))
        word = "INSERT OR IGNORE" if new_only else "INSERT"
        with self._told():
            self._connection.executemany(f"{word} INTO {into} VALUES ({marks})", rows)

    def has_table(self, name: str) -> bool:
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing, one writer at a time."""
        self.change("BEGIN IMMEDIATE")
        try:
            yield
            self.change("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self.change("ROLLBACK")
            raise

    def close(self) -> None:
        self._connection.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise HistoryError(f"{error.filename}: {error.strerror}; the history cannot be kept") from error
        except self._error as error:
            raise HistoryError(f"{self.shown}: {error}; {_advice(str(error))}") from error


def _advice(said: str) -> str:
    if "not a database" in said or "malformed" in said:
        return "move it away, and a new history is made from the runs that are still there"
    if "locked" in said:
        return "another process holds it; try again when that has ended"
    return "the history cannot be used; see that the file can be written"
