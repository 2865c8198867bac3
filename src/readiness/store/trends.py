"""All that the page of trends shows, read from a history at once."""

from __future__ import annotations

from readiness.record.value import value
from readiness.store.reading import (
    CheckCourse,
    LaneSeen,
    RunSeen,
    TrialsSeen,
    courses,
    lanes_seen,
    runs_seen,
    trials_seen,
)
from readiness.store.test_rates import TestRates, rates_of_tests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.store.database import Database


@value
class Trends:
    """`runs` are the newest, oldest first; tests and trials are over the whole history."""

    runs: tuple[RunSeen, ...]
    lanes: tuple[LaneSeen, ...]
    courses: tuple[CheckCourse, ...]
    tests: tuple[TestRates, ...]
    trials: tuple[TrialsSeen, ...]


def trends(database: Database, limit: int) -> Trends:
    """Raises HistoryError."""
    return Trends(
        runs=runs_seen(database, limit)[::-1],
        lanes=lanes_seen(database),
        courses=courses(database, limit),
        tests=rates_of_tests(database),
        trials=trials_seen(database),
    )
