"""The same questions in new pytest processes, where copies of the one that failed cannot answer them.

A copy has no threads and no children, and does not let go of a port that the original holds; on macOS none is made at
all. A new process has what the tests that it runs gave it. It costs a start of pytest for each question.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time

from readiness.isolation.minimise import minimal
from readiness.record.finding import Cause, Finding
from readiness.record.value import replace, value
from readiness.run.probe_files import runs
from readiness.run.probe_link import link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Final

PASSES: Final = ("passed", "skipped", "xfailed", "xpassed")
HANGING: Final = "hanging"
STATES: Final = 4
LOST: Final = "lost"


class Spent(Exception):
    """No further test may be run."""


@value
class Command:
    """How pytest is run: as in the run that failed, but for the tests that are chosen and their order."""

    python: str
    arguments: tuple[str, ...]
    folder: str
    environ: Mapping[str, str]


class Fresh:
    """Asks about tests of one run. `ran` counts single tests, of which there may be `most`, in `seconds`."""

    def __init__(self, command: Command, most: int, seconds: float, timeout: float | None = None) -> None:
        """`timeout`: seconds of one test, after which it is hanging."""
        self._timeout = timeout
        self._command = command
        self._most = most
        self._ends = time.monotonic() + seconds
        self.ran = 0

    def judge(self, finding: Finding, before: Sequence[str], suspects: Sequence[Cause]) -> Finding:
        """The finding as it is when asked again; as it was, with a note, where that does not tell either.

        `before` are the tests that had run by then, in order, `suspects` what they had left changed.
        """
        try:
            return self._judge(finding, before, suspects)
        except Spent:
            return _noted(finding, "the budget for tests in new processes ran out")

    def _judge(self, finding: Finding, before: Sequence[str], suspects: Sequence[Cause]) -> Finding:
        alone = self.outcome((), finding.test)
        if alone == LOST:
            return _noted(finding, "run in a new process, it did not come to an outcome")
        if alone not in PASSES:
            kind = HANGING if alone == HANGING else "broken"
            return _noted(replace(finding, kind=kind), "run alone in a new process, it does not pass either")

        def fails(tests: Sequence[str]) -> bool:
            return self.outcome(tests, finding.test) not in (*PASSES, LOST)

        chosen = {one.during or one.polluter for one in suspects}
        likely = [test for test in before if test in chosen]
        for tests in (likely, before):
            if tests and fails(tests):
                polluters = minimal(tests, fails)
                causes = tuple(cause for test in polluters for cause in _causes(test, suspects))
                return replace(finding, kind="victim", causes=causes)
        return _noted(finding, "run after the same tests in a new process, it passed")

    def outcome(self, before: Sequence[str], test: str) -> str:
        """How `test` ends in a new process after `before`, in their order. Raises Spent."""
        left = self._ends - time.monotonic()
        if self.ran + len(before) + 1 > self._most or left <= 0:
            raise Spent
        self.ran += len(before) + 1
        with tempfile.TemporaryDirectory(prefix="readiness-fresh-") as folder:
            return self._run(folder, [*before, test], left)

    def _run(self, folder: str, tests: list[str], seconds: float) -> str:
        chosen = os.path.join(folder, "tests.json")
        with open(chosen, "w", encoding="utf-8") as file:
            json.dump(tests, file)
        events, command = os.path.join(folder, "events"), self._command
        options = json.dumps({"only": chosen, "serial": True})
        probe = os.path.join(folder, "probe")
        env = link(command.environ, probe, events, test_timeout=self._timeout, guard=False, isolation=options)
        words = [command.python, "-m", "pytest", *command.arguments]
        nowhere = subprocess.DEVNULL
        try:
            subprocess.run(
                words, cwd=command.folder, env=env, stdin=nowhere, stdout=nowhere, stderr=nowhere,
                timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return HANGING
        return _outcome_of(events, tests[-1])


def _outcome_of(events: str, test: str) -> str:
    for run in runs(events):
        if run.main.deadline:
            return HANGING
        failed = [event for event in run.of("teardown_error") if event["id"] == test]
        for event in run.of("test"):
            if event["id"] == test:
                return "error" if failed else str(event["outcome"])
    return LOST


def _causes(test: str, suspects: Sequence[Cause]) -> tuple[Cause, ...]:
    """What that test left, in which the reason must lie; the test alone where nothing that is watched was left."""
    own = [one for one in suspects if test in (one.during, one.polluter)]
    chosen = [one for one in own if not one.put_back] or own
    if not chosen:
        return (Cause(test, "", "", "", test.partition("::")[0], "fresh", exact=False),)
    if len(chosen) == 1:
        return (replace(chosen[0], proof="fresh"),)
    # Which of them it is was not asked: that would take copies.
    states = ", ".join(one.state for one in chosen[:STATES])
    return (replace(chosen[0], state=states, before="", after="", proof="fresh"),)


def _noted(finding: Finding, note: str) -> Finding:
    return replace(finding, notes=(*finding.notes, note))
