"""What a history knows of runs, lanes and trials, and of one test run after run. Newest first, unless it is a course."""

from __future__ import annotations

from readiness.record.value import value
from readiness.store.first_bad import Sighting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from readiness.store.database import Database


@value
class RunSeen:
    """One run. `bad` are its required checks that did not pass; `checks` counts all."""

    id: str
    kind: str
    at: str
    verdict: str
    interrupted: str
    gate: str
    seconds: float
    commit: str
    branch: str
    dirty: bool
    checks: int
    passed: int
    bad: tuple[str, ...]


@value
class LaneSeen:
    """One lane: its newest run, and its newest READY; empty where there was none."""

    lane: str
    runs: int
    last_run: str
    last_at: str
    last_verdict: str
    last_ready_run: str
    last_ready_at: str
    last_ready_commit: str


@value
class TrialsSeen:
    """One test judged by trials: its newest verdict, and every trial of all runs; those carried over count once."""

    check: str
    test: str
    runs: int
    passes: int
    fails: int
    capacity: int
    last_run: str
    last_at: str
    last_verdict: str
    good: float
    bad: float
    low: float
    high: float
    log_e: float


@value
class CheckCourse:
    """One check, run after run: outcomes and seconds, oldest first; a cached outcome has no seconds."""

    check: str
    lane: str
    points: tuple[tuple[str, str, str, float | None], ...]
    """Of each run: its id, when it began, the outcome, the seconds."""


def runs_seen(database: Database, limit: int) -> tuple[RunSeen, ...]:
    """The newest runs. Raises HistoryError, as everything here does."""
    rows = database.rows(
        "SELECT key, id, kind, started_at, verdict, interrupted, gate, seconds, commit_id, branch, dirty "
        "FROM runs ORDER BY started_at DESC, id DESC LIMIT ?",
        (limit,),
    )
    checks = _checks_of(database, limit)
    return tuple(_run_seen(row, checks.get(row[0], [])) for row in rows)


def _checks_of(database: Database, limit: int) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    sql = (
        "SELECT run, name, outcome, required FROM checks WHERE run IN "
        "(SELECT key FROM runs ORDER BY started_at DESC, id DESC LIMIT ?) ORDER BY name"
    )
    for run, *check in database.rows(sql, (limit,)):
        found.setdefault(run, []).append(check)
    return found


def _run_seen(row: Any, checks: list[Any]) -> RunSeen:
    _, run, kind, at, verdict, interrupted, gate, seconds, commit, branch, dirty = row
    bad = tuple(name for name, outcome, required in checks if outcome != "passed" and required)
    passed = sum(outcome == "passed" for _, outcome, _ in checks)
    return RunSeen(
        *(run, kind, at, verdict, interrupted, gate, seconds, commit, branch, bool(dirty), len(checks)),
        *(passed, bad),
    )


def lanes_seen(database: Database) -> tuple[LaneSeen, ...]:
    sql = (
        "SELECT lane, lanes.verdict, id, started_at, commit_id FROM lanes JOIN runs ON runs.key = lanes.run "
        "WHERE interrupted = '' ORDER BY started_at, id"
    )
    found: dict[str, LaneSeen] = {}
    for lane, verdict, run, at, commit in database.rows(sql):
        known = found.get(lane) or LaneSeen(lane, 0, "", "", "", "", "", "")
        ready = (
            (run, at, commit)
            if verdict == "READY"
            else (known.last_ready_run, known.last_ready_at, known.last_ready_commit)
        )
        found[lane] = LaneSeen(lane, known.runs + 1, run, at, verdict, *ready)
    return tuple(found[lane] for lane in sorted(found))


def trials_seen(database: Database) -> tuple[TrialsSeen, ...]:
    sql = (
        "SELECT check_name, name, results.passes, results.fails, capacity, id, started_at, verdict_of, good, bad, low, "
        "high, log_e FROM (SELECT run, test, verdict AS verdict_of, capacity, good, bad, low, high, log_e FROM trials) "
        "AS own JOIN tests ON tests.key = own.test JOIN results ON results.test = own.test AND results.run = own.run "
        "JOIN runs ON runs.key = own.run ORDER BY check_name, name, started_at, id"
    )
    found: dict[tuple[str, str], TrialsSeen] = {}
    for check, test, passes, fails, capacity, *newest in database.rows(sql):
        known = found.get((check, test))
        before = (known.runs, known.passes, known.fails, known.capacity) if known else (0, 0, 0, 0)
        counts = (before[0] + 1, before[1] + passes, before[2] + fails, before[3] + capacity)
        found[check, test] = TrialsSeen(check, test, *counts, *newest)
    return tuple(found.values())


def courses(database: Database, limit: int) -> tuple[CheckCourse, ...]:
    """Each check's course through the newest runs."""
    sql = (
        "SELECT name, lane, id, started_at, outcome, checks.seconds, cached_from FROM checks "
        "JOIN runs ON runs.key = checks.run WHERE run IN "
        "(SELECT key FROM runs ORDER BY started_at DESC, id DESC LIMIT ?) ORDER BY started_at, id"
    )
    points: dict[str, list[tuple[str, str, str, float | None]]] = {}
    lanes: dict[str, str] = {}
    for name, lane, run, at, outcome, seconds, cached in database.rows(sql, (limit,)):
        points.setdefault(name, []).append((run, at, outcome, None if cached else seconds))
        lanes[name] = lane
    return tuple(CheckCourse(name, lanes[name], tuple(points[name])) for name in sorted(points))


def named_tests(database: Database, name: str, check: str = "") -> list[tuple[int, str, str]]:
    """Key, check and name of tests: those of exactly this name; where there is none, those that end with it."""
    rows = [
        tuple(row)
        for row in database.rows("SELECT key, check_name, name FROM tests ORDER BY check_name, name")
    ]
    wanted = [row for row in rows if not check or row[1] == check]
    exact = [row for row in wanted if row[2] == name]
    return exact or [row for row in wanted if row[2].endswith(f"::{name}") or row[2].split("[")[0] == name]


def sightings(database: Database, test: int, check: str, branch: str = "") -> tuple[Sighting, ...]:
    """What a test did in every run that had its check, oldest first; on one branch only where it is named."""
    sql = (
        "SELECT id, started_at, commit_id, dirty, branch, results.outcome, results.passes, results.fails FROM runs "
        "JOIN checks ON checks.run = runs.key AND checks.name = ? "
        "LEFT JOIN results ON results.run = runs.key AND results.test = ? ORDER BY started_at, id"
    )
    return tuple(
        Sighting(run, at, commit, dirty, on, _passed(outcome))
        for run, at, commit, dirty, on, outcome, _, _ in database.rows(sql, (check, test))
        if branch in ("", on)
    )


def _passed(outcome: str | None) -> bool | None:
    """A test that failed and then passed when repeated counts as passed: `flaky` is said elsewhere."""
    if outcome in ("passed", "xpassed", "flaky"):
        return True
    return False if outcome in ("failed", "error") else None
