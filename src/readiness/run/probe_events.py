"""From the probe's event files to the test records of a check. See docs/probe.md."""

from __future__ import annotations

import os
from collections import Counter

from readiness.gate.judge import TestRecords
from readiness.record.result import Counts
from readiness.record.value import field_names, value
from readiness.run.probe_files import read_text, runs
from readiness.run.probe_fold import Fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Final

    from readiness.run.probe_files import ProcessFile, Run

LIST_LIMIT: Final = 200
WARNINGS_LIMIT: Final = 100
SLOWEST: Final = 10


@value
class Session:
    """One pytest process. `exit_status` is None when it did not say; `worker` names an xdist worker."""

    pid: int
    python: str
    pytest: str
    args: tuple[str, ...]
    worker: str
    exit_status: int | None
    finished: bool


@value
class ProbeSummary(TestRecords):
    """The test records of a check, and what else the probe saw of its pytest processes."""

    sessions: tuple[Session, ...] = ()
    ended: tuple[tuple[str, bool], ...] = ()
    """Every execution of a test that passed (True) or failed, repetitions included."""
    results: tuple[tuple[str, str, float], ...] = ()
    """Every result that counts: the test, how it ended, and its seconds."""
    stacks: tuple[tuple[str, str], ...] = ()
    """Process id and stack of every process that was asked for its stack."""


def read(folder: str, root: str, repeated: frozenset[str] = frozenset()) -> ProbeSummary:
    """Fold every event file in `folder`. Places are given relative to `root`, the project's root.

    The tests in `repeated` are left out: trials judge them.

    Counts of several pytest processes add up; of a test that was repeated, the last attempt counts.
    Raises OSError when a file cannot be read.
    """
    found = runs(folder)
    folds = [Fold(run, root, repeated) for run in found]
    failures = [one for fold in folds for one in fold.failures]
    skips = [one for fold in folds for one in fold.skips]
    results = [one for fold in folds for one in fold.results]
    timings = [(test, seconds) for test, _, seconds in results]
    files = [file for run in found for file in run.files]
    return ProbeSummary(
        processes=len(found),
        counts=_sum(fold.counts for fold in folds),
        failures=tuple(failures[:LIST_LIMIT]),
        failures_left_out=max(len(failures) - LIST_LIMIT, 0),
        skips=tuple(skips[:LIST_LIMIT]),
        skips_left_out=max(len(skips) - LIST_LIMIT, 0),
        swallowed=tuple(one for fold in folds for one in fold.swallowed),
        leaks=tuple(one for fold in folds for one in fold.leaks),
        findings=tuple(one for fold in folds for one in fold.findings),
        left_over=tuple(one for fold in folds for one in fold.left_over)[:LIST_LIMIT],
        reruns=tuple(test for fold in folds for test in fold.reruns),
        running=tuple(test for fold in folds for test in fold.running),
        timed_out=tuple(one for fold in folds for one in fold.timed_out),
        warnings=_warnings(folds),
        slowest=tuple(sorted(timings, key=lambda timing: (-timing[1], timing[0]))[:SLOWEST]),
        guarded=bool(found) and all(map(_guarded, found)),
        sessions=tuple(map(_session, files)),
        ended=tuple(one for fold in folds for one in fold.ended),
        results=tuple(results),
        stacks=_stacks(folder),
        blocked=_blocked(files),
        notes=tuple(_notes(folds)),
        problems=tuple(problem for file in files for problem in file.problems),
    )


def _sum(counts: Iterable[Counts]) -> Counts:
    total: Counter[str] = Counter()
    for one in counts:
        total.update({name: getattr(one, name) for name in field_names(one)})
    return Counts(**total)


def _guarded(run: Run) -> bool:
    """True when the guard was active in the process and in every worker that it started."""
    active = all(file.first("guard").get("active") is True for file in run.files)
    probed = all(event.get("probed") is True for event in run.of("worker"))
    return active and probed and sum(1 for _ in run.of("worker")) <= len(run.workers)


def _session(file: ProcessFile) -> Session:
    session, finish = file.first("session"), file.first("finish")
    return Session(
        pid=int(session.get("pid", 0)),
        python=str(session.get("python", "")),
        pytest=str(session.get("pytest", "")),
        args=tuple(map(str, session.get("args", ()))),
        worker=str(session.get("worker", "")),
        exit_status=finish.get("exitstatus"),
        finished=bool(finish),
    )


def _warnings(folds: Sequence[Fold]) -> tuple[str, ...]:
    times: Counter[str] = Counter()
    left_out = 0
    for fold in folds:
        finish = fold.run.main.first("finish")
        repeated = dict(finish.get("warnings_repeated", ()))
        left_out += int(finish.get("warnings_left_out", 0))
        for number, event in enumerate(fold.run.main.of("warning")):
            said = f"{event['category']}: {event['message']} ({fold.place(str(event['where']))})"
            times[said] += int(repeated.get(number, 1))
    listed = [said if count == 1 else f"{said} ({count} times)" for said, count in times.items()]
    left_out += max(len(listed) - WARNINGS_LIMIT, 0)
    return (*listed[:WARNINGS_LIMIT], *([f"{left_out} more warnings were left out"] if left_out else []))


def _stacks(folder: str) -> tuple[tuple[str, str], ...]:
    names = sorted(
        name for name in (os.listdir(folder) if os.path.isdir(folder) else ()) if name.endswith(".stack")
    )
    found = ((name.removesuffix(".stack"), read_text(os.path.join(folder, name))) for name in names)
    return tuple((pid, text) for pid, text in found if text)


def _blocked(files: Sequence[ProcessFile]) -> tuple[str, ...]:
    events = (event for file in files for event in file.of("guard_blocked"))
    said = (f"{event['what']} to {event['host']} in {event['id'] or 'no test'}" for event in events)
    return tuple(dict.fromkeys(said))


def _notes(folds: Sequence[Fold]) -> Iterator[str]:
    for fold in folds:
        if not fold.counts.executed and any(other.counts.executed for other in folds):
            yield f"one of {len(folds)} pytest processes ran no test: pytest {fold.args}".rstrip()
        off = str(fold.run.main.first("session").get("test_timeout_off", ""))
        if off and off != "not asked for":
            yield f"the tests' own deadline is not in force: {off}"
