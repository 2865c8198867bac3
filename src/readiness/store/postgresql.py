"""A history in a PostgreSQL database, through psycopg 3 (extra `postgres`).

Its tables lie in a schema of their own, `readiness`, beside whatever else the database holds. Writers take turns by an
advisory lock that ends with their transaction, so one that is killed holds nobody up.
"""

from __future__ import annotations

import contextlib

from readiness.store.address import Address, HistoryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Final

    from readiness.store.database import Row

SECONDS_TO_CONNECT: Final = 10
LOCK: Final = 0x5265616469
"""The number of the advisory lock that writers hold."""


class Postgresql:
    """A history on a server."""

    key_type = "BIGINT"
    compact = ""

    def __init__(self, address: Address) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise HistoryError(
                f"{address.shown}: PostgreSQL needs psycopg; install it with: pip install 'readiness[postgres]'"
            ) from error
        self.shown = address.shown
        self._error: type[Exception] = psycopg.Error
        with self._told():
            self._connection = psycopg.connect(
                address.place, autocommit=True, connect_timeout=SECONDS_TO_CONNECT
            )
        try:
            self._use_schema()
        except BaseException:
            self.close()
            raise

    def _use_schema(self) -> None:
        if not self.rows("SELECT 1 FROM pg_namespace WHERE nspname = 'readiness'"):
            with self.writing():
                self.change("CREATE SCHEMA IF NOT EXISTS readiness")
        self.change("SET search_path TO readiness")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self._told():
            return self._connection.execute(_marked(sql), parameters).fetchall()

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        with self._told():
            return self._connection.execute(_marked(sql), parameters).rowcount

    def insert(self, into: str, rows: Sequence[Row], *, new_only: bool = False) -> None:
        """As `Sqlite.insert`, in one stream and not row by row. The caller holds a transaction."""
        if not new_only:
            self._copy(into, rows)
            return
        table, _, columns = into.partition(" ")
        self.change(f"CREATE TEMPORARY TABLE incoming (LIKE {table}) ON COMMIT DROP")
        self._copy(f"incoming {columns}", rows)
        self.change(f"INSERT INTO {table} SELECT * FROM incoming ON CONFLICT DO NOTHING")
        self.change("DROP TABLE incoming")

    def _copy(self, into: str, rows: Sequence[Row]) -> None:
        with (
            self._told(),
            self._connection.cursor() as cursor,
            cursor.copy(_marked(f"COPY {into} FROM STDIN")) as to,
        ):
            for row in rows:
                to.write_row(row)

    def has_table(self, name: str) -> bool:
        return bool(
            self.rows("SELECT 1 FROM pg_tables WHERE schemaname = 'readiness' AND tablename = ?", (name,))
        )

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing, one writer at a time."""
        self.change("BEGIN")
        try:
            self.change("SELECT pg_advisory_xact_lock(?)", (LOCK,))
            yield
            self.change("COMMIT")
        except BaseException:
            if not self._connection.closed:
                self._connection.rollback()
            raise

    def close(self) -> None:
        self._connection.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            said = " ".join(str(error).split())
            raise HistoryError(
                f"{self.shown}: {said}; the history cannot be used; see that the server runs and lets you in"
            ) from error


def _marked(sql: str) -> Any:
    """With the marks that psycopg knows; every statement is a literal of ours."""
    return sql.replace("?", "%s")
