"""Retention: old runs go, and are not taken in again from folders that still hold them."""

from __future__ import annotations

from readiness.store.adding import remove_run, remove_unused_names
from readiness.store.schema import writing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from readiness.store.database import Database


def beyond(times: Sequence[str], keep_from: str, keep_runs: int | None) -> int:
    """How many of the oldest runs go; `times` are those of all runs, oldest first.

    A run stays when it is one of the newest `keep_runs`, or began at `keep_from` or later (an ISO 8601 time; empty for
    no such rule). Nothing goes when there is no rule.
    """
    if keep_runs is None and not keep_from:
        return 0
    by_number = max(0, len(times) - (keep_runs or 0))
    by_time = sum(at < keep_from for at in times) if keep_from else by_number
    return min(by_number, by_time)


def prune(database: Database, keep_from: str, keep_runs: int | None) -> tuple[int, int]:
    """Remove what is beyond both rules, in one transaction; how many runs went, and how many stay.

    Raises HistoryError.
    """
    with writing(database):
        runs = database.rows("SELECT key, started_at FROM runs ORDER BY started_at, id")
        gone = runs[: beyond([at for _, at in runs], keep_from, keep_runs)]
        for key, at in gone:
            remove_run(database, key)
            database.change(
                "INSERT INTO forgotten (run, started_at) VALUES (?, ?) ON CONFLICT (run) DO NOTHING",
                (key, at),
            )
        if gone:
            remove_unused_names(database)
    return len(gone), len(runs) - len(gone)
