"""Patches for the checks of a run that failed: made, tried as the check ran, and put beside its logs."""

from __future__ import annotations

import os
import time

from readiness.isolation.left_behind import left_behind
from readiness.isolation.mend import MENDABLE, Mended, Mending
from readiness.isolation.outcomes import PASSED, Ran, ran
from readiness.isolation.project import Project
from readiness.isolation.scratch import CopyError, copied, import_path
from readiness.record.redact import Redactor
from readiness.record.value import as_json, replace
from readiness.record.write_aside import write_aside
from readiness.run.rerun import Rerun
from readiness.run.test_results import read_tests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, Final

    from readiness.config.model import Check
    from readiness.isolation.scratch import Paths
    from readiness.record.finding import Finding
    from readiness.record.result import CheckResult
    from readiness.run.context import Context
    from readiness.run.listener import Listener

SECONDS: Final = 60.0
"""What trying patches for one check may take at least; else three times what the check took."""
NEEDS_SERVICES: Final = (
    "the check needs services or a cassette, which are gone when patches are tried: use `readiness isolate`"
)
HOLDS_SECRET: Final = (
    "the edited lines hold a secret, which no file of a run may hold: use `readiness isolate`"
)


def mend(
    context: Context, results: Sequence[CheckResult], listener: Listener
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """For each check that failed in lane core: its name, and of its tests what the journal's `check_patched` says.

    Raises Interrupted when a signal ends the run meanwhile, OSError when a folder cannot be written.
    """
    wanted = [one for one in results if one.lane == "core" and any(map(_may_be_mended, one.findings))]
    if not wanted:
        return
    checks = {one.name: one for one in context.config.checks}
    with Rerun(context) as rerun:
        for result in wanted:
            mended = _mended(context, rerun, checks[result.name], result, listener)
            found = Redactor(context.secrets).value(mended.findings)
            yield (
                result.name,
                {one.test: {"patch": as_json(one.patch), "no_patch": one.no_patch} for one in found},
            )


def _may_be_mended(finding: Finding) -> bool:
    return finding.kind in MENDABLE and bool(finding.causes) and finding.patch is None


def _mended(context: Context, rerun: Rerun, check: Check, result: CheckResult, listener: Listener) -> Mended:
    if check.services or check.cassette or check.trials:
        return Mended.refused(result.findings, NEEDS_SERVICES)
    seconds = max(SECONDS, 3 * result.seconds)
    listener.mending(check.name, seconds)
    try:
        mended = _tried(context, rerun, check, result, seconds)
    except (CopyError, ValueError) as error:
        return Mended.refused(result.findings, str(error))
    if mended.diff and Redactor(context.secrets).text(mended.diff) != mended.diff:
        return Mended.refused(result.findings, HOLDS_SECRET)
    if mended.diff:
        folder = context.folder.inside("patches")
        os.makedirs(folder, exist_ok=True)
        write_aside(os.path.join(folder, f"{check.name}.diff"), mended.diff)
    return mended


def _tried(context: Context, rerun: Rerun, check: Check, result: CheckResult, seconds: float) -> Mended:
    root = context.root
    project = Project(
        os.path.realpath(root),
        os.path.realpath(os.path.join(root, check.cwd)),
        (os.path.join(root, check.cwd),),
    )
    paths = project.paths(context.interpreter(check).path, context.environ, result.findings)
    limit = time.monotonic() + seconds
    before = frozenset(one.test for one in read_tests(context.folder, check.name) if one.outcome in PASSED)
    left = left_behind(project.root, result.findings, result.left_over)

    def remaining() -> float:
        return limit - time.monotonic()

    def trial(texts: Mapping[str, bytes]) -> Ran:
        with copied(project.root, {**left.changed, **texts}, rerun.scratch, left.made) as target:
            return _as_on_record(context, _run(rerun, project, check, paths, target, remaining()))

    def worse(after: Ran) -> frozenset[str]:
        return _worse(result, before, after)

    mending = Mending(result.findings, project.files(paths), trial, worse, remaining, result.seconds)
    return left.say(mending.mend())


def _run(rerun: Rerun, project: Project, check: Check, paths: Paths, target: str, seconds: float) -> Ran:
    def adapt(env: Mapping[str, str]) -> dict[str, str]:
        return import_path(paths, project.root, target, env)

    again = rerun.run(check, target, max(seconds, 1.0), adapt)
    return ran(again.runs, check.run, again.ended.seconds)


def _as_on_record(context: Context, after: Ran) -> Ran:
    """With the tests called as the record calls them: a parameter in a name may be a key."""
    names = tuple(after.outcomes)
    kept = Redactor(context.secrets).value(names)
    if kept is names:
        return after
    called = dict(zip(names, kept, strict=True))
    # Of several tests that are called alike now, one that passed does not speak for the others.
    order = sorted(names, key=lambda name: after.outcomes[name] in ("failed", "error"))
    found = tuple(replace(one, test=called.get(one.test, one.test)) for one in after.findings)
    return replace(after, outcomes={called[name]: after.outcomes[name] for name in order}, findings=found)


def _worse(result: CheckResult, before: frozenset[str], after: Ran) -> frozenset[str]:
    """Tests that passed before and do not now, and tests that fail without having failed."""
    failed_before = {one.test for one in result.findings} | {one.test for one in result.failures}
    failed = {test for test, outcome in after.outcomes.items() if outcome in ("failed", "error")}
    return frozenset((before - after.passed) | (failed - failed_before))
