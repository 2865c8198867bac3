"""What each test did when it was last declared right, to compare a new version with.

Stored as JSON under `.readiness/trials/`: per test the outcomes of its trials by prompt, in order, and the conditions
(code, prompts, model, sampling) that they were made under. Saving again under the same conditions adds the trials of
runs that are not in it yet; under other conditions it replaces them.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from readiness.record.write_aside import write_aside
from readiness.trials.paired import PairedResult, PairedTest, compare_pairs, pair_up
from readiness.trials.recorded import Conditions, RecordedTrial, TrialOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


FORMAT: Final = "readiness/baseline/1"
PATH: Final = ".readiness/trials/baseline.json"
_LETTERS: Final = {"P": TrialOutcome.PASSED, "F": TrialOutcome.FAILED}


class BaselineError(ValueError):
    """There is no baseline, or it cannot be read; its text says what to do."""


@dataclass(frozen=True)
class TestBaseline:
    """One test's trials in order, the conditions they share, and when they were saved (UTC, ISO 8601)."""

    __test__ = False

    trials: tuple[RecordedTrial, ...]
    conditions: Conditions
    saved_at: str


@dataclass(frozen=True)
class TestComparison:
    """One test against its baseline. `alone` new trials found no partner; `differing` names changed conditions."""

    __test__ = False

    test: str
    result: PairedResult
    alone: int
    differing: tuple[str, ...]


def add_trials(
    stored: Mapping[str, TestBaseline], trials: Iterable[RecordedTrial], saved_at: str
) -> dict[str, TestBaseline]:
    """The stored baseline with these trials in it; tests that they do not name stay as they are.

    When the trials of a test were made under several conditions, the last of those count.
    """
    by_test: dict[str, list[RecordedTrial]] = {}
    for trial in trials:
        if trial.counts:
            by_test.setdefault(trial.test, []).append(trial)
    return {**stored, **{test: _joined(stored.get(test), own, saved_at) for test, own in by_test.items()}}


def compare_with_baseline(
    stored: Mapping[str, TestBaseline], trials: Iterable[RecordedTrial], test: PairedTest
) -> tuple[TestComparison, ...]:
    """Each test of `trials` that has a baseline, in order; alpha is shared out among them."""
    by_test: dict[str, list[RecordedTrial]] = {}
    for trial in trials:
        if trial.test in stored:
            by_test.setdefault(trial.test, []).append(trial)
    shared = test.with_checks(max(1, len(by_test)))
    return tuple(_compared(name, stored[name], own, shared) for name, own in by_test.items())


def load_baseline(root: str) -> dict[str, TestBaseline]:
    """What is stored below the project's root. Raises BaselineError when there is none or it cannot be read."""
    path = os.path.join(root, PATH)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        if found["format"] != FORMAT:
            raise BaselineError(f"{path}: its format is {found['format']!r}, not {FORMAT!r}; save a new one")
        return {test: _read(test, entry) for test, entry in found["tests"].items()}
    except FileNotFoundError as error:
        raise BaselineError(
            f"{path}: there is no baseline; make one with `readiness trials baseline save`"
        ) from error
    except BaselineError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BaselineError(f"{path}: not a baseline ({error}); remove it, and save a new one") from error


def save_baseline(root: str, stored: Mapping[str, TestBaseline]) -> str:
    """Write it aside, then into place; its path. Raises OSError."""
    path = os.path.join(root, PATH)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    tests = {test: _written(entry) for test, entry in sorted(stored.items())}
    write_aside(path, json.dumps({"format": FORMAT, "tests": tests}, indent=1, ensure_ascii=False) + "\n")
    return path


def _joined(before: TestBaseline | None, own: list[RecordedTrial], saved_at: str) -> TestBaseline:
    conditions = own[-1].conditions
    new = [trial for trial in own if trial.conditions == conditions]
    kept: tuple[RecordedTrial, ...] = ()
    if before is not None and conditions.known and before.conditions == conditions:
        runs = {trial.run for trial in before.trials}
        kept, new = before.trials, [trial for trial in new if trial.run not in runs]
    return TestBaseline((*kept, *new), conditions, saved_at)


def _compared(name: str, stored: TestBaseline, own: list[RecordedTrial], test: PairedTest) -> TestComparison:
    pairs, alone = pair_up(stored.trials, own)
    return TestComparison(
        name, compare_pairs(test, pairs), alone, stored.conditions.differences(own[-1].conditions)
    )


def _written(entry: TestBaseline) -> dict[str, Any]:
    """Runs in order of first trial, each with its outcomes by prompt as letters: P passed, F failed."""
    runs: dict[str, dict[str, str]] = {}
    for trial in entry.trials:
        prompts = runs.setdefault(trial.run, {})
        prompts[trial.prompt] = prompts.get(trial.prompt, "") + ("P" if trial.passed else "F")
    return {
        "saved_at": entry.saved_at,
        "conditions": {one.name: getattr(entry.conditions, one.name) for one in fields(Conditions)},
        "runs": runs,
    }


def _read(test: str, entry: Mapping[str, Any]) -> TestBaseline:
    conditions = Conditions(**{one.name: str(entry["conditions"][one.name]) for one in fields(Conditions)})
    trials = (
        RecordedTrial(test, _LETTERS[letter], prompt, None, run, conditions)
        for run, prompts in entry["runs"].items()
        for prompt, letters in prompts.items()
        for letter in letters
    )
    return TestBaseline(tuple(trials), conditions, str(entry["saved_at"]))
