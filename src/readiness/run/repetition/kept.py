"""Evidence that outlives a run: kept where a budget ended it, gone on with where nothing that matters has changed.

One file a check under `.readiness/trials/`, in the form of `readiness.trials.recorded`, a header for each test.
"""

from __future__ import annotations

import os

from readiness.record import trials as words
from readiness.record.write_aside import write_aside
from readiness.trials.recorded import (
    Conditions,
    RecordedError,
    RecordedTrial,
    TrialOutcome,
    header_line,
    read_trials,
    trial_line,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Final

    from readiness.record.trials import Trial
    from readiness.run.repetition.series import Series

FOLDER: Final = ".readiness/trials"
COMMAND: Final = "(command)"
"""The name of a whole command where a test's would stand."""
OUTCOMES: Final = {
    words.PASSED: TrialOutcome.PASSED,
    words.FAILED: TrialOutcome.FAILED,
    words.CAPACITY: TrialOutcome.CAPACITY,
}


class Kept:
    """What an earlier run left of one check. `code` is the digest of all that decides, empty where it is not known."""

    def __init__(self, root: str, check: str, code: str, run: str = "") -> None:
        self.relative = os.path.join(FOLDER, f"{check}.jsonl")
        self._path = os.path.join(root, self.relative)
        self.code = code
        self._run = run
        self.problem = ""
        self._asked: set[str] = set()
        self._earlier = self._load()

    def earlier(self, trial: Trial) -> tuple[list[RecordedTrial], str]:
        """What to go on from, now that a first trial shows what is asked of whom; and what is to be said of it."""
        name = trial.test or COMMAND
        self._asked.add(name)
        left = [one for one in self._earlier if one.test == name]
        if not left:
            return [], ""
        changed = self._changed(left, trial)
        runs = ", ".join(dict.fromkeys(one.run for one in left))
        if changed:
            return [], f"the {len(left)} trials of run {runs} do not count any more: {changed}"
        return left, f"goes on from {len(left)} trials of run {runs}"

    def _changed(self, left: list[RecordedTrial], trial: Trial) -> str:
        if not self.code:
            return "what decides is not known (no git, and no inputs declared)"
        now = Conditions(self.code, left[0].conditions.prompts, trial.model, trial.sampling)
        differ = [*left[0].conditions.differences(now)]
        prompts = {one.prompt for one in left}
        # A test that asks something else each time is free to do so again.
        if len(prompts) == 1 and trial.prompt not in prompts:
            differ.append("prompts")
        return f"changed: {', '.join(differ)}" if differ else ""

    def seeds(self) -> set[int]:
        return {one.seed for one in self._earlier if one.seed is not None}

    def write(self, run: str, series: Iterable[Series]) -> str:
        """Keep what is undecided, and nothing else; the path, relative to the root, or empty when nothing is left.

        Raises OSError.
        """
        found = list(series)
        lines = [line for one in found if self._is_open(one) for line in self._lines(run, one)]
        lines += self._untouched({one.test or COMMAND for one in found if one.verdict})
        if not lines or not self.code:
            if os.path.exists(self._path):
                os.unlink(self._path)
            return ""
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        write_aside(self._path, "".join(lines))
        return self.relative

    def _untouched(self, decided: set[str]) -> Iterator[str]:
        """Of tests that never came to a trial that asks something in this run, nor to a verdict without one."""
        conditions = None
        for one in self._earlier:
            if one.test not in self._asked | decided:
                if one.conditions != conditions:
                    conditions = one.conditions
                    yield header_line(conditions)
                yield trial_line(one)

    def _is_open(self, series: Series) -> bool:
        return not series.verdict and series.evidence.trials > 0

    def _lines(self, run: str, series: Series) -> Iterator[str]:
        yield header_line(conditions_of(series, self.code))
        yield from map(trial_line, series.carried)
        yield from map(trial_line, recorded(series, run))

    def _load(self) -> list[RecordedTrial]:
        try:
            with open(self._path, encoding="utf-8") as file:
                # A resumed run has its own trials from its journal.
                return [one for one in read_trials(file, self.relative) if one.run != self._run]
        except FileNotFoundError:
            return []
        except (OSError, RecordedError, UnicodeDecodeError) as error:
            self.problem = f"earlier trials cannot be gone on with: {error}"
            return []


def conditions_of(series: Series, code: str) -> Conditions:
    """What holds for the trials of a test: who was asked, and how, as its first trial shows."""
    import hashlib

    asked = [one for one in series.trials if one.prompt]
    if not asked:
        return series.carried[0].conditions if series.carried else Conditions(code)
    prompts = sorted({one.prompt for one in asked} | {one.prompt for one in series.carried})
    digest = hashlib.sha256("\n".join(prompts).encode()).hexdigest()[:32]
    return Conditions(code, digest, asked[0].model, asked[0].sampling)


def recorded(series: Series, run: str) -> Iterator[RecordedTrial]:
    """This run's trials of a test that count, and those that were lost to the infrastructure."""
    for one in series.counting():
        yield RecordedTrial(one.test or COMMAND, OUTCOMES[one.kind], one.prompt, one.seed, run)
