"""What `readiness history` prints: a line for each run, test, lane or series of trials."""

from __future__ import annotations

from datetime import UTC, datetime

from readiness.report import wording
from readiness.report.plain import plain
from readiness.report.width import columns, cut, padded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Final

    from readiness.store.first_bad import FirstBad, Sighting
    from readiness.store.reading import LaneSeen, RunSeen, TrialsSeen
    from readiness.store.test_rates import TestRates

WIDEST: Final = 90
SHORT: Final = 12
"""Digits of a commit."""
NAMED: Final = 3


def run_lines(runs: Sequence[RunSeen]) -> Iterator[str]:
    if not runs:
        yield "no run is in the history yet"
        return
    head = ("run", "began", "verdict", "took", "commit", "branch", "checks")
    yield from _table(head, (_run(one) for one in runs))


def _run(one: RunSeen) -> tuple[str, ...]:
    word = one.verdict or ("imported" if one.kind == "junit" else "?")
    if one.interrupted:
        word += ", interrupted"
    bad = f": {', '.join(one.bad[:NAMED])}{', …' if len(one.bad) > NAMED else ''}" if one.bad else ""
    checks = f"{one.passed} of {one.checks} passed{bad}"
    return (
        one.id,
        moment(one.at),
        word,
        wording.duration(one.seconds),
        commit(one.commit, one.dirty),
        one.branch,
        checks,
    )


def test_lines(tests: Sequence[TestRates], left: int) -> Iterator[str]:
    if not tests:
        yield "no test is in the history yet"
        return
    head = ("pass rate", "flakes", "runs", "mean", "slowest", "last failed", "check", "test")
    yield from _table(head, (_test(one) for one in tests))
    if left:
        yield f"{wording.plural(left, 'more test')}: --limit shows them, --json all"


test_lines.__test__ = False  # type: ignore[attr-defined]


def _test(one: TestRates) -> tuple[str, ...]:
    rate = "-" if one.pass_rate is None else percent(one.pass_rate)
    flakes = percent(one.flake_rate) if one.flake_rate else "-"
    times = (seconds(one.mean_seconds), seconds(one.slowest_seconds))
    failed = moment(one.last_failed_at) if one.last_failed_at else "never"
    return rate, flakes, str(one.runs), *times, failed, one.check, one.test or "(the command)"


def lane_lines(lanes: Sequence[LaneSeen], now: str) -> Iterator[str]:
    if not lanes:
        yield "no lane has run yet"
    for one in lanes:
        ready = (
            f"last READY {ago(one.last_ready_at, now)} ({one.last_ready_run})"
            if one.last_ready_at
            else "never READY"
        )
        yield f"{one.lane}: {one.last_verdict} {ago(one.last_at, now)} ({one.last_run}); {ready}; {wording.plural(one.runs, 'run')}"


def trial_lines(trials: Sequence[TrialsSeen]) -> Iterator[str]:
    if not trials:
        yield "no test was judged by trials yet"
        return
    head = ("verdict", "passed", "rate", "zone", "runs", "began", "check", "test")
    yield from _table(head, (_trials(one) for one in trials))


def _trials(one: TrialsSeen) -> tuple[str, ...]:
    counted = one.passes + one.fails
    return (
        one.last_verdict,
        f"{one.passes} of {counted}",
        f"{percent(one.low)} to {percent(one.high)}",
        f"{one.good:g} / {one.bad:g}",
        str(one.runs),
        moment(one.last_at),
        one.check,
        one.test or "(the command)",
    )


def first_bad_lines(check: str, test: str, found: FirstBad, commits: int | None) -> Iterator[str]:
    """`commits` counts those from the last that passed to the first that failed, as git knows them."""
    yield plain(f"{test}  (check {check})")
    if found.last_good:
        yield _sighting("passed last", found.last_good)
    if found.first_bad:
        yield _sighting("failed first", found.first_bad)
    if found.last_good and found.first_bad:
        yield f"  {wording.plural(found.between, 'run')} between them without a result of it"
    for doubt in found.doubts:
        yield plain(f"  doubt: {doubt}")
    if found.first_bad and not found.still:
        yield "  it has passed again since"
    yield f"{'first bad commit' if found.told else 'history cannot tell'}: {_answer(found, commits)}"


def _answer(found: FirstBad, commits: int | None) -> str:
    if not (found.told and found.first_bad and found.last_good):
        return found.reason
    bad, good = found.first_bad.commit, found.last_good.commit
    if commits == 1 and not found.doubts:
        return f"{bad}, which is the next after the last that passed"
    among = (
        f"one of {commits} commits up to {bad}" if commits else f"{bad}, or one before it that no run tested"
    )
    return f"{among}; git bisect start {bad[:SHORT]} {good[:SHORT]} finds it"


def _sighting(what: str, one: Sighting) -> str:
    return plain(
        f"  {what:<12} {commit(one.commit, bool(one.dirty)) or 'commit not known'}  {moment(one.at)}  run {one.run_id}"
    )


def moment(at: str) -> str:
    return at[:16].replace("T", " ")


def ago(at: str, now: str) -> str:
    """How long before `now` a time was; both are ISO 8601."""
    try:
        passed = datetime.fromisoformat(now) - datetime.fromisoformat(at)
    except ValueError:
        return f"at {at}"
    return wording.age(max(0.0, passed.total_seconds()))


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def commit(of: str, dirty: bool) -> str:
    return f"{of[:SHORT]}{'+changes' if dirty else ''}" if of else ""


def percent(rate: float) -> str:
    """Rounded away from 0 and 100, which are said of what is so."""
    if 0 < rate < 0.001:
        return "<0.1%"
    if 0.999 < rate < 1:
        return ">99.9%"
    return f"{100 * rate:.4g}%" if rate in (0, 1) else f"{100 * rate:.1f}%"


def seconds(found: float | None) -> str:
    """Most tests take milliseconds."""
    if found is None:
        return "-"
    return f"{1000 * found:.3g} ms" if found < 0.0995 else wording.duration(found)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as what is in them; the last one as long as it is."""
    shown = [head, *(tuple(cut(plain(cell), WIDEST) for cell in row) for row in rows)]
    widths = [max(columns(row[at]) for row in shown) for at in range(len(head))]
    for row in shown:
        cells = [padded(cell, width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()
