"""One finished run as history keeps it: what the record says, less what only that one run needs."""

from __future__ import annotations

from readiness.record.outcome import LaneVerdict, Outcome
from readiness.record.trials import ERROR, HOLLOW, INCONCLUSIVE, NOT_READY, READY, SKIPPED
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Final

    from readiness.record.record import Record
    from readiness.record.result import CheckResult, Failure
    from readiness.record.trials import TestTrials

GATE: Final = "gate"
JUNIT: Final = "junit"
LONGEST: Final = 500
"""Characters of a message or reason that are kept."""
BY_VERDICT: Final = {
    READY: "passed",
    NOT_READY: "failed",
    INCONCLUSIVE: "inconclusive",
    ERROR: "error",
    HOLLOW: "hollow",
    SKIPPED: "skipped",
}


@value
class TestRun:
    """How one test ended in one run. `passes` and `fails` count its executions there, repetitions included.

    `outcome` is passed, failed, error, flaky (failed, then passed when repeated), skipped, xfailed, xpassed, hollow or
    inconclusive.
    """

    __test__ = False

    test: str
    """Its id; empty for a command that was judged by trials itself."""
    outcome: str
    passes: int = 0
    fails: int = 0
    seconds: float | None = None
    place: str = ""
    message: str = ""


@value
class PastCheck:
    """One check of a run, and its tests; a cached one has none of its own."""

    name: str
    lane: str
    outcome: str
    required: bool = True
    seconds: float = 0.0
    inputs: str = ""
    cached_from: str = ""
    cause: str = ""
    reason: str = ""
    tests: tuple[TestRun, ...] = ()
    trials: tuple[TestTrials, ...] = ()


@value
class PastRun:
    """One run. `events` grows when the run goes on (a resumed one); `stamp` says which state of its folder was read.

    `kind` is `gate`, or `junit` for one that was imported. Times are UTC, ISO 8601, ending with Z.
    """

    id: str
    kind: str
    started_at: str
    events: int = 1
    stamp: str = ""
    seconds: float = 0.0
    verdict: str = ""
    interrupted: str = ""
    gate: str = ""
    strict: bool = False
    commit: str = ""
    branch: str = ""
    dirty: str = ""
    host: str = ""
    lanes: tuple[tuple[str, str], ...] = ()
    checks: tuple[PastCheck, ...] = ()


def digest_key(*names: str) -> int:
    """A number of 63 bits that stands for these names. Two of a million tests share one with a chance of 1 in 10⁷."""
    import hashlib

    joined = "\0".join(names).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(joined).digest()[:8], "big") >> 1


def past_run(record: Record, events: int, stamp: str, tests: Mapping[str, Iterable[TestRun]]) -> PastRun:
    """What history keeps of a record; `tests` are those of each check that ran its own."""
    header, code = record.header, record.header.provenance
    return PastRun(
        id=header.run_id,
        kind=GATE,
        started_at=header.started_at,
        events=events,
        stamp=stamp,
        seconds=record.seconds,
        verdict=record.verdict.value,
        interrupted=record.interrupted,
        gate=header.gate,
        strict=header.strict,
        commit=code.commit,
        branch=code.branch,
        dirty=code.dirty_digest,
        host=header.host,
        lanes=tuple(
            (name, lane.verdict.value)
            for name, lane in record.lanes.items()
            if lane.verdict is not LaneVerdict.NOT_RUN
        ),
        checks=tuple(_past_check(check, tests.get(check.name, ())) for check in record.checks),
    )


def _past_check(check: CheckResult, tests: Iterable[TestRun]) -> PastCheck:
    own = not check.cached_from and check.outcome is not Outcome.INTERRUPTED
    trials = check.trials.tests if check.trials and own else ()
    return PastCheck(
        name=check.name,
        lane=check.lane,
        outcome=check.outcome.value,
        required=check.required,
        seconds=check.seconds,
        inputs=check.inputs,
        cached_from=check.cached_from,
        cause=check.cause,
        reason=check.reason[:LONGEST],
        tests=tuple(_with_failures([*tests, *_tried(trials)], check.failures)) if own else (),
        trials=trials,
    )


def _tried(trials: Iterable[TestTrials]) -> Iterator[TestRun]:
    """Tests that trials judged: those of this run count, not those that were carried into it."""
    for one in trials:
        own = one.path[one.carried :]
        yield TestRun(one.test, BY_VERDICT.get(one.verdict, "error"), own.count("P"), own.count("F"))


def _with_failures(tests: Iterable[TestRun], failures: Iterable[Failure]) -> Iterator[TestRun]:
    """Each test once, with what its failure said; a test that is known by its failure alone is there too."""
    by_test: dict[str, Failure] = {}
    for failure in failures:
        if failure.test:
            by_test.setdefault(failure.test, failure)
    seen: set[str] = set()
    for test in tests:
        if test.test not in seen:
            seen.add(test.test)
            yield _explained(test, by_test.get(test.test))
    for name, failure in by_test.items():
        if name not in seen:
            yield _explained(
                TestRun(name, "error" if failure.kind == "error" else "failed", fails=1), failure
            )


def _explained(test: TestRun, failure: Failure | None) -> TestRun:
    if failure is None:
        return test
    return TestRun(
        test.test,
        test.outcome,
        test.passes,
        test.fails,
        test.seconds,
        failure.where[:LONGEST],
        failure.message[:LONGEST],
    )
