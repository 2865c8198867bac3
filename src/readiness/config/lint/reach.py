"""Lanes and switches that nothing ever reaches: no gate needs them, or no CI file runs or sets them."""

from __future__ import annotations

import os

from readiness.config.lint.subject import NOTE, WARNING, at, found, listed
from readiness.record.outcome import LANES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.config.commands import Call
    from readiness.config.lint.ci_files import CiFile
    from readiness.config.lint.subject import Reading, Subject
    from readiness.config.model import Check
    from readiness.record.result import LintFinding

_CI: Final = (
    *(".github/workflows", ".github/actions", ".circleci", ".gitlab/ci", ".buildkite", ".woodpecker"),
    *(".gitlab-ci.yml", "Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".travis.yml"),
    *(".drone.yml", ".woodpecker.yml", "appveyor.yml", ".cirrus.yml"),
)
"""Where the common CI systems keep their files; folders are searched for YAML."""
_LANE: Final = "unreached-lane"
_SWITCH: Final = "unreached-switch"
_ABOUT_FILES: Final = frozenset(("-d", "-f", "-e", "-x", "-r", "-w", "-s", "-L", "-h", "-nt", "-ot"))
_EVERYWHERE: Final = frozenset(
    ("CI", "HOME", "PATH", "PWD", "USER", "SHELL", "TMPDIR", "VIRTUAL_ENV", "OSTYPE")
)
"""Variables that are set without anybody asking."""


def findings(subject: Subject) -> Iterator[LintFinding]:
    files = ci_files(subject.root)
    yield from _lanes_without_gate(subject)
    if files:
        yield from _lanes_without_job(subject, files)
    else:
        message = "no CI file was found: every lane runs only where somebody remembers it"
        advice = "add a job that runs `readiness run --gate dev`, and one for the deploy gate"
        yield found(_LANE, NOTE, subject.top, message, advice)
    yield from _switches(subject, files)


def ci_files(root: str) -> list[CiFile]:
    """The CI files of a project, where the common systems keep them."""
    paths = [path for path in _CI if os.path.exists(os.path.join(root, path))]
    if not paths:
        return []
    from readiness.config.lint.ci_files import read_ci_files

    return read_ci_files(root, paths)


def _lanes_without_gate(subject: Subject) -> Iterator[LintFinding]:
    needed = {lane for gate in subject.config.gates for lane in gate.lanes}
    for lane, check in _first_of_each_lane(subject).items():
        if lane not in needed:
            message = f"no gate needs lane {lane}, so `{check.name}` never decides anything"
            yield found(_LANE, WARNING, at(check.place), message, f"add {lane} to the lanes of a gate")


def _first_of_each_lane(subject: Subject) -> dict[str, Check]:
    first: dict[str, Check] = {}
    for check in subject.config.checks:
        first.setdefault(check.lane, check)
    return {lane: first[lane] for lane in LANES if lane in first}


def _lanes_without_job(subject: Subject, files: list[CiFile]) -> Iterator[LintFinding]:
    from readiness.config.lint.ci_files import gate_runs

    runs = gate_runs(files, subject.reader, subject.config)
    if not runs:
        names = listed([file.path for file in files])
        message = f"no CI file runs the gate ({names})"
        yield found(_LANE, WARNING, subject.top, message, "add a job that runs `readiness run --gate dev`")
        return
    reached = {lane for run in runs for lane in run.lanes}
    shown = listed(list(dict.fromkeys(str(run) for run in runs)))
    for lane, check in _first_of_each_lane(subject).items():
        if lane not in reached:
            message = f"no CI job reaches lane {lane}, so nothing watches `{check.name}`: {shown}"
            advice = f"let a job run a gate that needs {lane}, such as a deploy job"
            yield found(_LANE, WARNING, at(check.place), message, advice)


def _switches(subject: Subject, files: list[CiFile]) -> Iterator[LintFinding]:
    given = {name for check in subject.config.checks for name in check.env}
    given |= {name for service in subject.config.services for name in service.env}
    told: set[str] = set()
    for reading in subject.readings:
        for name, where, how in _wanted(reading):
            if (
                name in told
                or name in given
                or name in _EVERYWHERE
                or any(file.names(name) for file in files)
            ):
                continue
            told.add(name)
            yield _unset(reading.check, name, where, how, bool(files))


def _wanted(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """Variables that a check asks the environment for: name, where, and what hangs on it."""
    check = reading.check
    for name in check.requires_env:
        yield name, at(check.place), f"`{check.name}` cannot run without it"
    for call in reading.trace.calls:
        for name in call.tested:
            if name.isupper() and not _about_files(call):
                yield name, call.where, f"`{check.name}` looks at it in `{call.source}`"


def _about_files(call: Call) -> bool:
    return not _ABOUT_FILES.isdisjoint(call.words)


def _unset(check: Check, name: str, where: str, how: str, with_ci: bool) -> LintFinding:
    severity = WARNING if with_ci and not check.optional else NOTE
    message = f"nothing in the configuration{' or the CI files' if with_ci else ''} sets {name}: {how}"
    advice = "set it in the job that runs the gate, or remove what hangs on it"
    return found(_SWITCH, severity, where, message, advice)
