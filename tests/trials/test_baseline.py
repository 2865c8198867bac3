from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.baseline import (
    PATH,
    BaselineError,
    add_trials,
    compare_with_baseline,
    load_baseline,
    save_baseline,
)
from readiness.trials.paired import Comparison, PairedTest
from readiness.trials.recorded import Conditions, RecordedTrial, TrialOutcome

KNOWN = Conditions("code", "prompts", "model", "sampling")
AT = "2026-11-23T10:00:00Z"


def trials(
    outcomes: str, *, test: str = "t", run: str = "r1", conditions: Conditions = KNOWN, prompts: int = 1
) -> list[RecordedTrial]:
    words = {"P": TrialOutcome.PASSED, "F": TrialOutcome.FAILED, "C": TrialOutcome.CAPACITY}
    return [
        RecordedTrial(test, words[letter], str(n % prompts), n, run, conditions)
        for n, letter in enumerate(outcomes)
    ]


def letters(found: tuple[RecordedTrial, ...]) -> str:
    return "".join("P" if one.passed else "F" for one in found)


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    stored = add_trials({}, trials("PFPCP") + trials("FF", test="u", run="", prompts=2), AT)
    path = save_baseline(str(tmp_path), stored)
    assert path == str(tmp_path / PATH)
    found = load_baseline(str(tmp_path))
    assert {name: letters(one.trials) for name, one in found.items()} == {"t": "PFPP", "u": "FF"}
    assert (found["t"].conditions, found["t"].saved_at) == (KNOWN, AT)
    assert [one.run for one in found["t"].trials] == ["r1"] * 4
    assert list((tmp_path / ".readiness/trials").iterdir()) == [tmp_path / PATH]


@settings(deadline=None)
@given(st.text("PF", max_size=30), st.integers(1, 4))
def test_each_prompt_keeps_its_order(outcomes: str, prompts: int) -> None:
    from readiness.trials.baseline import _read, _written

    made = trials(outcomes, prompts=prompts)
    stored = add_trials({}, made, AT)
    if not outcomes:
        assert stored == {}
        return
    found = _read("t", json.loads(json.dumps(_written(stored["t"]))))
    for prompt in map(str, range(prompts)):
        assert letters(tuple(one for one in found.trials if one.prompt == prompt)) == letters(
            tuple(one for one in made if one.prompt == prompt)
        )


def test_the_same_conditions_add_and_a_run_counts_once() -> None:
    stored = add_trials({}, trials("PP"), AT)
    stored = add_trials(stored, trials("PP") + trials("FF", run="r2"), AT)
    assert letters(stored["t"].trials) == "PPFF"


@pytest.mark.parametrize("other", [Conditions("other", "prompts", "model", "sampling"), Conditions()])
def test_other_conditions_replace(other: Conditions) -> None:
    stored = add_trials({}, trials("PP"), AT)
    assert letters(add_trials(stored, trials("F", run="r2", conditions=other), AT)["t"].trials) == "F"
    # What is not known cannot be the same.
    unknown = add_trials({}, trials("PP", conditions=Conditions()), AT)
    assert letters(add_trials(unknown, trials("F", run="r2", conditions=Conditions()), AT)["t"].trials) == "F"


def test_other_tests_stay() -> None:
    stored = add_trials(add_trials({}, trials("PP"), AT), trials("F", test="u"), AT)
    assert {name: letters(one.trials) for name, one in stored.items()} == {"t": "PP", "u": "F"}


def test_a_worse_version_is_named_and_a_like_one_is_not() -> None:
    stored = add_trials({}, trials("P" * 60) + trials("P" * 200, test="u") + trials("P", test="gone"), AT)
    changed = Conditions("new", "prompts", "model", "sampling")
    now = trials("PF" * 30, run="r2", conditions=changed) + trials("P" * 200, test="u", run="r2")
    now += trials("F", test="unknown")
    worse, same = compare_with_baseline(stored, now, PairedTest())
    assert (worse.test, worse.result.comparison, worse.differing) == ("t", Comparison.WORSE, ("code",))
    assert (same.test, same.result.comparison, same.differing) == ("u", Comparison.NOT_WORSE, ())


def test_trials_without_a_partner_are_counted() -> None:
    stored = add_trials({}, trials("PP"), AT)
    (found,) = compare_with_baseline(stored, trials("PPPP", run="r2"), PairedTest())
    assert (found.result.comparison, found.alone, found.result.pairs.same) == (Comparison.UNDECIDED, 2, 2)


def test_without_a_baseline_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="readiness trials baseline save"):
        load_baseline(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a baseline"),
        ("[]", "not a baseline"),
        ("{}", "not a baseline"),
        ('{"format": "x"}', "its format is 'x'"),
        ('{"format": "readiness/baseline/1", "tests": {"t": {}}}', "not a baseline"),
        (
            '{"format": "readiness/baseline/1", "tests": {"t": {"saved_at": "", "conditions": {"code": "", '
            '"prompts": "", "model": "", "sampling": ""}, "runs": {"r": {"": "PX"}}}}}',
            "not a baseline",
        ),
        ("[" * 100_000, "not a baseline"),
    ],
)
def test_a_broken_baseline_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / ".readiness/trials").mkdir(parents=True)
    (tmp_path / PATH).write_text(text)
    with pytest.raises(BaselineError, match=message):
        load_baseline(str(tmp_path))
