from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.recorded import (
    Conditions,
    RecordedError,
    RecordedTrial,
    TrialOutcome,
    header_line,
    read_trials,
    trial_line,
)

TEXT = st.text(st.characters(), max_size=20)
TRIALS = st.builds(
    RecordedTrial,
    TEXT.filter(bool),
    st.sampled_from(TrialOutcome),
    TEXT,
    st.none() | st.integers(),
    TEXT,
)


@settings(deadline=None)
@given(st.lists(TRIALS, max_size=8), st.builds(Conditions, TEXT, TEXT, TEXT, TEXT))
def test_what_is_written_is_read_again(trials: list[RecordedTrial], conditions: Conditions) -> None:
    lines = [header_line(conditions), *(trial_line(one) for one in trials)]
    assert all(line.isascii() for line in lines), "any file can hold it, undecodable names too"
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    found = list(read_trials(lines, "x"))
    assert [trial_line(one) for one in found] == [trial_line(one) for one in trials]
    assert all(one.conditions == conditions for one in found)


def test_a_later_header_holds_for_what_is_below_it() -> None:
    one, other = Conditions(code="a"), Conditions(code="b")
    trial = trial_line(RecordedTrial("t", TrialOutcome.PASSED))
    found = read_trials([trial, header_line(one), trial, "\n", header_line(other), trial], "x")
    assert [each.conditions.code for each in found] == ["", "a", "b"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "x:2: not a recorded trial"),
        ("[]", "it is no mapping"),
        ("7", "it is no mapping"),
        ("{}", "it names no test"),
        ('{"test": 7}', "its test is 7, not text"),
        ('{"test": "a"}', "its outcome is ''"),
        ('{"test": "a", "outcome": "ok"}', "'ok', not one of passed, failed, capacity"),
        ('{"test": "a", "outcome": ["passed"]}', "not text"),
        ('{"test": "a", "outcome": "passed", "seed": "7"}', "its seed is '7'"),
        ('{"test": "a", "outcome": "passed", "seed": true}', "its seed is True"),
        ('{"test": "a", "outcome": "passed", "prompt": 1}', "its prompt is 1"),
        ('{"format": "other/1"}', "its format is 'other/1'"),
        ('{"format": "readiness/trials/1", "conditions": 1}', "its conditions are no mapping"),
        ('{"format": "readiness/trials/1", "conditions": {"code": 1}}', "its code is 1"),
        ("[" * 100_000, "not a recorded trial"),
    ],
)
def test_what_is_no_trial_is_refused_with_its_place(line: str, message: str) -> None:
    with pytest.raises(RecordedError, match="x:2: not a recorded trial") as caught:
        list(read_trials([header_line(), line], "x"))
    assert message in str(caught.value)


def test_keys_of_later_formats_are_left_alone() -> None:
    (found,) = read_trials(['{"test": "a", "outcome": "failed", "seconds": 2.5}'], "x")
    assert found == RecordedTrial("a", TrialOutcome.FAILED)


def test_capacity_is_no_trial_of_what_is_tested() -> None:
    found = {word: RecordedTrial("a", TrialOutcome(word)) for word in ("passed", "failed", "capacity")}
    assert [word for word, one in found.items() if one.counts] == ["passed", "failed"]
    assert [word for word, one in found.items() if one.passed] == ["passed"]


def test_conditions_that_are_not_known_are_not_the_same() -> None:
    whole = Conditions("a", "b", "c", "d")
    assert whole.known
    assert not Conditions("a", "b", "", "d").known
    assert whole.differences(Conditions("a", "x", "c", "y")) == ("prompts", "sampling")
