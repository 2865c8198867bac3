"""Checks whose every test other checks run as well: a legacy entry beside those it was split into.

A pytest target covers another when it is the same, a folder above it, or the file of a test in it. What narrows
a run (`-k`, `-m`, `--ignore`) must be equal, or absent from the one that covers.
"""

from __future__ import annotations

import os
from itertools import combinations

from readiness.config.lint.subject import WARNING, at, found, listed
from readiness.config.pytest_settings import PytestSettings, UnreadableSettings, read_pytest_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from readiness.config.commands import PytestCall
    from readiness.config.lint.subject import Reading, Subject
    from readiness.config.model import Check
    from readiness.record.result import LintFinding

INERT = frozenset(("cd", "export", "set", ".", "source", "echo", "printf", "true", ":", "mkdir", "exit"))
"""Programs that may stand beside pytest without the check doing anything else."""


class Run:
    """One target that a check's pytest runs, with all that must be equal in a run that makes it superfluous."""

    def __init__(self, check: Check, call: PytestCall, target: str, narrowed: bool) -> None:
        self.name = check.name
        self.target = target
        self.narrowed = (*call.narrowed, narrowed)
        env = {**check.env, **dict(call.env)}
        self.alike = (call.settings, tuple(sorted(env.items())), check.python, check.provider, check.trials)
        self.services = frozenset(check.services)
        ignored = [option.partition("=")[2] for option in call.narrowed_by if option.startswith("--ignore=")]
        self.ignored = [os.path.normpath(os.path.join(call.cwd, path)) for path in ignored]

    def covers(self, other: Run) -> bool:
        alike = self.alike == other.alike and other.services <= self.services
        whole = self.narrowed in (other.narrowed, ("", "", (), False))
        return alike and whole and _holds(self.target, other.target)

    def meets(self, other: Run) -> bool:
        """True when some test could be run by both."""
        apart = self.ignores(other.target) or other.ignores(self.target)
        one_holds = _holds(self.target, other.target) or _holds(other.target, self.target)
        return one_holds and not apart and self.alike == other.alike

    def ignores(self, path: str) -> bool:
        return any(_holds(ignored, path) for ignored in self.ignored)


def findings(subject: Subject, told: frozenset[str]) -> Iterator[LintFinding]:
    """`told` are the places of checks that were found to be superfluous already."""
    left = [reading for reading in subject.readings if at(reading.check.run_place) not in told]
    runs = _all_runs(left, PytestSettings(), subject.root)
    if not _any_meet(left, runs):
        return
    runs = _all_runs(left, _settings(subject.root), subject.root)
    alive = [reading for reading in left if runs[id(reading)]]
    later_first = alive[::-1]
    for reading in sorted(later_first, key=lambda one: _width(runs[id(one)], subject.root)):
        others = [other for other in alive if other is not reading and _may_stand_in(other, reading)]
        covering = _covering(
            runs[id(reading)], [run for other in others for run in runs[id(other)]], subject.root
        )
        if covering and _only_pytest(reading):
            alive.remove(reading)
            yield _contained(subject, reading, covering)


def _all_runs(readings: list[Reading], settings: PytestSettings, root: str) -> dict[int, list[Run]]:
    return {id(reading): _runs(reading, settings, root) for reading in readings}


def _any_meet(readings: list[Reading], runs: dict[int, list[Run]]) -> bool:
    """Whether any two checks of a lane could run one test. Most cannot, and then no file need be looked at."""
    pairs = combinations(readings, 2)
    return any(
        run.meets(other)
        for one, two in pairs
        if one.check.lane == two.check.lane
        for run in runs[id(one)]
        for other in runs[id(two)]
    )


def _settings(root: str) -> PytestSettings:
    """A file that pytest cannot read either is told by the run, with pytest's own words."""
    try:
        return read_pytest_settings(root)
    except UnreadableSettings:
        return PytestSettings()


def _runs(reading: Reading, settings: PytestSettings, root: str) -> list[Run]:
    return [
        Run(reading.check, call, target, settings.narrowed and not (call.keyword or call.marker))
        for call in reading.pytest_calls
        if call.runs_tests and not call.pyargs
        for target in call.targets or _default_targets(call, settings, root)
    ]


def _default_targets(call: PytestCall, settings: PytestSettings, root: str) -> tuple[str, ...]:
    """What pytest takes when no target is named: `testpaths` from the root, else the folder it runs in."""
    there = tuple(path for path in settings.testpaths if os.path.exists(os.path.join(root, path)))
    return there if there and call.cwd == "." else (call.cwd,)


def _only_pytest(reading: Reading) -> bool:
    calls = [call for call in reading.trace.calls if call.words and not call.opened]
    return all(call.words[0] == "pytest" or call.words[0] in INERT for call in calls)


def _may_stand_in(other: Reading, reading: Reading) -> bool:
    """Of the same lane, deciding at least as much, and not itself unable to fail."""
    decides = reading.check.optional or not other.check.optional
    return other.check.lane == reading.check.lane and decides and other.trace.can_fail


def _width(runs: list[Run], root: str) -> tuple[int, int]:
    """Wider checks are looked at first, so that of a whole and its parts the whole is named."""
    return -sum(_size(run.target, root) for run in runs), min(run.target.count("/") for run in runs)


def _size(target: str, root: str) -> int:
    return len(_test_files(target, root)) or 1


def _covering(wanted: list[Run], runs: list[Run], root: str) -> list[str]:
    """Names of the checks that together run every target of `wanted`; empty when something is left."""
    names: dict[str, None] = {}
    for want in wanted:
        cover = _cover_of(want, runs, root)
        if not cover:
            return []
        names.update(dict.fromkeys(cover))
    return list(names)


def _cover_of(want: Run, runs: list[Run], root: str) -> list[str]:
    single = next((run.name for run in runs if run.covers(want)), None)
    if single is not None:
        return [single]
    inside = [run for run in runs if _holds(want.target, run.target) and "::" not in run.target]
    files = [file for file in _test_files(want.target, root) if not want.ignores(file)] if inside else []
    names: dict[str, None] = {}
    for file in files:
        part = next((run.name for run in inside if _covers_part(run, want, file)), None)
        if part is None:
            return []
        names[part] = None
    return list(names)


def _covers_part(run: Run, want: Run, file: str) -> bool:
    whole = run.narrowed in (want.narrowed, ("", "", (), False))
    return run.alike == want.alike and want.services <= run.services and whole and _holds(run.target, file)


def _holds(outer: str, inner: str) -> bool:
    """`tests` holds `tests/a.py`, which holds `tests/a.py::T`, which holds `tests/a.py::T::t`."""
    if outer in (".", inner):
        return True
    return inner.startswith((f"{outer}/", f"{outer}::")) or ("::" in outer and inner.startswith(f"{outer}["))


def _test_files(target: str, root: str) -> list[str]:
    path = target.partition("::")[0]
    top = os.path.join(root, path)
    if not os.path.isdir(top):
        return [path] if os.path.isfile(top) else []
    return [
        os.path.normpath(os.path.join(os.path.relpath(folder, root), name))
        for folder, _, names in os.walk(top)
        for name in names
        if name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
    ]


def _contained(subject: Subject, reading: Reading, covering: Iterable[str]) -> LintFinding:
    check = reading.check
    others = []
    for name in covering:
        other = subject.config.check(name)
        others.append(f"`{name}` ({at(other.place)})" if other else f"`{name}`")
    message = f"every test of `{check.name}` is also run by {listed(others)}"
    advice = "remove it, or name other tests in it; it costs time and proves nothing more"
    return found("contained-command", WARNING, at(check.run_place), message, advice)
