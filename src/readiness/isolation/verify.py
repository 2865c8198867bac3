"""The suite that was traced, run once more in a copy of the project with a patch made: its own command, its own order."""

from __future__ import annotations

import os
import time

from readiness.isolation.left_behind import left_behind
from readiness.isolation.mend import Mended, Mending
from readiness.isolation.project import Project
from readiness.isolation.scratch import copied, import_path
from readiness.isolation.trace import ran_in_copy
from readiness.record.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO, Any, Final

    from readiness.isolation.asked import Asked
    from readiness.isolation.outcomes import Ran
    from readiness.isolation.scratch import Paths
    from readiness.isolation.trace import Traced

RETRACE_SECONDS: Final = 30.0
"""What may be spent on questions about tests that still fail in a trial."""


def mend_traced(
    asked: Asked, told: Traced, environ: Mapping[str, str], output: IO[Any] | int, seconds: float
) -> tuple[Mended, Project]:
    """Patches for what a traced run found, each verified; `seconds` is what trying them may take.

    Raises CopyError when the project cannot be copied at all, UsageError when pytest cannot be run in the copy.
    """
    project = Project.of(asked.folder, told.rootdir)
    findings = told.report.findings
    if not any(one.causes for one in findings):
        return Mended(findings, {}, {}), project
    paths = project.paths(asked.python, environ, findings)
    limit = time.monotonic() + seconds
    left = left_behind(project.root, findings, told.report.leaks)

    def trial(texts: Mapping[str, bytes]) -> Ran:
        return try_in_copy(asked, project, paths, environ, output, {**left.changed, **texts}, left.made)

    def worse(after: Ran) -> frozenset[str]:
        return (told.ran.passed - after.passed) | (after.found - told.ran.found)

    def remaining() -> float:
        return limit - time.monotonic()

    mending = Mending(findings, project.files(paths), trial, worse, remaining, told.ran.seconds)
    return left.say(mending.mend()), project


def try_in_copy(
    asked: Asked,
    project: Project,
    paths: Paths,
    environ: Mapping[str, str],
    output: IO[Any] | int,
    texts: Mapping[str, bytes],
    without: frozenset[str] = frozenset(),
) -> Ran:
    """The traced command in a copy in which `texts` are in place; what still fails there is traced once more."""
    with copied(project.root, texts, without=without) as target:
        there = replace(
            asked,
            folder=os.path.join(target, os.path.relpath(project.folder, project.root)),
            arguments=tuple(one.replace(project.root, target) for one in asked.arguments),
            seconds=asked.seconds if asked.every_test else min(asked.seconds, RETRACE_SECONDS),
        )
        env = import_path(paths, project.root, target, environ)
        ended = ran_in_copy(there, env, output, project.root)
        return replace(ended, command=ended.command.replace(target, project.root))
