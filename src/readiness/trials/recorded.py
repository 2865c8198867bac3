"""Trials as they are kept: JSON lines that the runner writes, and that history, baseline and calibration read.

The first line names the format and, where they are known, the conditions that hold for the lines below it; it may
come again, with other conditions. Every other line is one trial:

    {"format": "readiness/trials/1", "conditions": {"code": "…", "prompts": "…", "model": "…", "sampling": "…"}}
    {"test": "tests/nd/test_capital.py::test_capital", "outcome": "passed", "prompt": "…", "seed": 7, "run": "…"}

`test` and `outcome` are required; keys that are not known here are left alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMAT: Final = "readiness/trials/1"
RUN_FILE: Final = "trials.jsonl"
"""Its name in the folder of a run."""


class TrialOutcome(StrEnum):
    """How one trial ended."""

    PASSED = "passed"
    FAILED = "failed"
    CAPACITY = "capacity"
    """The infrastructure refused or broke (429, 5xx, connection): it says nothing of what is tested."""


class RecordedError(ValueError):
    """A line that is not a recorded trial; its text names the place and what to do."""


@dataclass(frozen=True)
class Conditions:
    """What must be the same for evidence to be continued: four digests, empty where unknown."""

    code: str = ""
    prompts: str = ""
    model: str = ""
    sampling: str = ""

    @property
    def known(self) -> bool:
        """Whether all of them are; what is not known cannot be the same."""
        return all((self.code, self.prompts, self.model, self.sampling))

    def differences(self, other: Conditions) -> tuple[str, ...]:
        """Names of those that differ, in order."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name) != getattr(other, one.name))


@dataclass(frozen=True)
class RecordedTrial:
    """One trial. `prompt` is a digest of what was asked, `run` the id of the run; empty where unknown."""

    test: str
    outcome: TrialOutcome
    prompt: str = ""
    seed: int | None = None
    run: str = ""
    conditions: Conditions = Conditions()

    @property
    def passed(self) -> bool:
        return self.outcome is TrialOutcome.PASSED

    @property
    def counts(self) -> bool:
        """Whether it is a trial of what is tested at all."""
        return self.outcome is not TrialOutcome.CAPACITY


def header_line(conditions: Conditions | None = None) -> str:
    """The first line of a file, with its line end."""
    head: dict[str, Any] = {"format": FORMAT}
    if conditions is not None:
        head["conditions"] = {one.name: getattr(conditions, one.name) for one in fields(conditions)}
    return json.dumps(head) + "\n"


def trial_line(trial: RecordedTrial) -> str:
    """One trial as a line, with its line end. Its conditions stand in the header."""
    line: dict[str, Any] = {"test": trial.test, "outcome": trial.outcome.value}
    if trial.prompt:
        line["prompt"] = trial.prompt
    if trial.seed is not None:
        line["seed"] = trial.seed
    if trial.run:
        line["run"] = trial.run
    return json.dumps(line) + "\n"


def read_trials(lines: Iterable[str], source: str) -> Iterator[RecordedTrial]:
    """The trials in these lines, in order; blank lines are passed over.

    Raises RecordedError with `source` and the number of the line, for a line that is none.
    """
    conditions = Conditions()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            if not isinstance(found, dict):
                raise ValueError("it is no mapping")
            if "format" in found:
                conditions = _conditions(found)
            else:
                yield _trial(found, conditions)
        except (ValueError, RecursionError) as error:
            raise RecordedError(f"{source}:{number}: not a recorded trial: {error}") from error


def _conditions(head: dict[str, Any]) -> Conditions:
    if head["format"] != FORMAT:
        raise ValueError(f"its format is {head['format']!r}, not {FORMAT!r}")
    given = head.get("conditions", {})
    if not isinstance(given, dict):
        raise ValueError("its conditions are no mapping")
    return Conditions(**{one.name: _text(given, one.name) for one in fields(Conditions)})


def _trial(line: dict[str, Any], conditions: Conditions) -> RecordedTrial:
    test = _text(line, "test")
    if not test:
        raise ValueError("it names no test")
    outcome = _text(line, "outcome")
    if outcome not in list(TrialOutcome):
        raise ValueError(f"its outcome is {outcome!r}, not one of {', '.join(TrialOutcome)}")
    return RecordedTrial(
        test, TrialOutcome(outcome), _text(line, "prompt"), _seed(line), _text(line, "run"), conditions
    )


def _seed(line: dict[str, Any]) -> int | None:
    seed = line.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ValueError(f"its seed is {seed!r}, not a whole number")
    return seed


def _text(holder: dict[str, Any], name: str) -> str:
    found = holder.get(name, "")
    if not isinstance(found, str):
        raise ValueError(f"its {name} is {found!r}, not text")
    return found
