"""Runs that another system made, from its JUnit files: the same files for the same commit are one run, once."""

from __future__ import annotations

import hashlib

from readiness.store.adding import add_run
from readiness.store.address import HistoryError
from readiness.store.junit_file import merged, read_junit
from readiness.store.past_run import JUNIT, PastCheck, PastRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from readiness.record.redact import Redactor
    from readiness.store.database import Database
    from readiness.store.past_run import TestRun


def imported(
    files: Sequence[tuple[str, str]], check: str, commit: str, branch: str, at: str, redactor: Redactor
) -> PastRun:
    """One run of one check from files given as path and name to show. `at` is a time, or empty for the files' own.

    Raises HistoryError for a file that is no JUnit file, or when no time is known; OSError.
    """
    digest = hashlib.sha256("\0".join((check, commit, branch, at)).encode("utf-8", "surrogatepass"))
    by_content = {file.sha256: file for file in (read_junit(path, shown) for path, shown in files)}
    for content in sorted(by_content):
        digest.update(content)
    read = [by_content[content] for content in sorted(by_content)]
    times = [file.at for file in read if file.at]
    if not (at or times):
        raise HistoryError(f"{files[0][1]}: it does not say when it ran; give --at TIME")
    kept = redactor.value(tuple(merged(test for file in read for test in file.tests)))
    seconds = round(sum(one.seconds or 0.0 for one in kept), 3)
    return PastRun(
        id=f"junit-{digest.hexdigest()[:16]}",
        kind=JUNIT,
        started_at=at or min(times),
        seconds=seconds,
        commit=commit,
        branch=branch,
        checks=(PastCheck(check, "", _ended(kept), tests=kept, required=False, seconds=seconds),),
    )


def _ended(tests: Sequence[TestRun]) -> str:
    """Nothing that ran is no pass."""
    if any(one.outcome in ("failed", "error") for one in tests):
        return "failed"
    return "passed" if any(one.passes for one in tests) else "hollow"


def add_imported(database: Database, run: PastRun) -> bool:
    """Whether it was not there yet; what was pruned comes back when it is imported again. Raises HistoryError."""
    return add_run(database, run, again=True)
