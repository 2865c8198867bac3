"""How often each test passes and flakes, how long it takes, and what its last failure said: over all runs of a history."""

from __future__ import annotations

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Final

    from readiness.store.database import Database


@value
class TestRates:
    """One test over its runs. `passes` and `fails` count executions, repetitions included; rates are None without any.

    `flake_rate` is the share of failures among executions on code on which it also passed: on the same inputs where the
    check's are known, else on the same commit with the same changes. 0 where it was never seen to do both, and
    for tests judged by trials, which may fail now and then.
    """

    __test__ = False

    check: str
    test: str
    pass_rate: float | None
    runs: int
    passes: int
    fails: int
    flake_rate: float
    mean_seconds: float | None
    slowest_seconds: float | None
    last_at: str
    last_failed_at: str = ""
    last_failed_run: str = ""
    last_failed_commit: str = ""
    last_failed_place: str = ""
    last_failure: str = ""


TOTALS: Final = (
    "SELECT test, check_name, name, COUNT(*), SUM(passes), SUM(fails), AVG(results.seconds), MAX(results.seconds), "
    "MAX(started_at) FROM results JOIN tests ON tests.key = test JOIN runs ON runs.key = run "
    "GROUP BY test, check_name, name ORDER BY check_name, name"
)
ON_SAME_CODE: Final = (
    "SELECT test, SUM(passes), SUM(fails) FROM (SELECT test, passes, fails, "
    "CASE WHEN inputs <> '' THEN inputs WHEN commit_id <> '' THEN commit_id || ' ' || dirty ELSE id END AS code "
    "FROM results JOIN tests ON tests.key = test JOIN runs ON runs.key = results.run "
    "JOIN checks ON checks.run = results.run AND checks.name = check_name "
    "WHERE NOT EXISTS (SELECT 1 FROM trials WHERE trials.run = results.run AND trials.test = results.test)) AS executions "
    "GROUP BY test, code HAVING SUM(passes) > 0 AND SUM(fails) > 0"
)
LAST_FAILURES: Final = (
    "SELECT test, started_at, id, commit_id, place, message FROM (SELECT test, started_at, id, commit_id, place, message, "
    "ROW_NUMBER() OVER (PARTITION BY test ORDER BY started_at DESC, id DESC) AS age FROM results "
    "JOIN runs ON runs.key = run WHERE outcome IN ('failed', 'error', 'flaky')) AS failures WHERE age = 1"
)


def rates_of_tests(database: Database) -> tuple[TestRates, ...]:
    """Every test of the history, by check and name. Raises HistoryError."""
    flaking: dict[int, tuple[int, int]] = {}
    for test, passes, fails in database.rows(ON_SAME_CODE):
        before = flaking.get(test, (0, 0))
        flaking[test] = (before[0] + int(passes), before[1] + int(fails))
    failures = {test: tuple(one or "" for one in row) for test, *row in database.rows(LAST_FAILURES)}
    return tuple(
        TestRates(
            *(check, name, _share(passes, passes + fails), runs, int(passes), int(fails)),
            _rate(flaking.get(test)),
            *(_seconds(mean), _seconds(slowest), at, *failures.get(test, ())),
        )
        for test, check, name, runs, passes, fails, mean, slowest, at in database.rows(TOTALS)
    )


def _share(some: int, of: int) -> float | None:
    return int(some) / int(of) if of else None


def _rate(counts: tuple[int, int] | None) -> float:
    return round(counts[1] / sum(counts), 4) if counts else 0.0


def _seconds(found: float | None) -> float | None:
    return None if found is None else round(found, 4)


def in_order(tests: Sequence[TestRates], by: str) -> tuple[TestRates, ...]:
    """The most telling first, by `flaky`, `failing`, `slow`, or by `name`."""
    if by == "name":
        return tuple(tests)
    keys: dict[str, Callable[[TestRates], tuple[float, ...]]] = {
        "flaky": lambda one: (-one.flake_rate, _passing(one)),
        "failing": lambda one: (_passing(one), -one.flake_rate),
        "slow": lambda one: (-(one.mean_seconds or 0.0),),
    }
    return tuple(sorted(tests, key=keys[by]))


def _passing(one: TestRates) -> float:
    return 1.0 if one.pass_rate is None else one.pass_rate
