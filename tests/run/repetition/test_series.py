"""The trials of one test, added up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.trials import Trial
from readiness.run.repetition.series import Series
from readiness.trials.zone import Zone

ZONE = Zone(0.95, 0.80)


def series_of(trial, *kinds: str) -> Series:
    series = Series("t", ZONE)
    for number, kind in enumerate(kinds, 1):
        series.add(trial(number, kind))
    return series


@pytest.mark.parametrize(
    ("kinds", "verdict"),
    [
        (["passed"] * 18, "READY"),
        (["failed"] * 3, "NOT READY"),
        (["passed"] * 17, ""),
        (["error"], "ERROR"),
        (["passed", "error"], ""),
        (["passed", *["error"] * 3], "ERROR"),
        (["hollow"] * 3, "HOLLOW"),
        (["skipped"], "SKIPPED"),
        (["capacity"] * 9, ""),
        ([], ""),
    ],
)
def test_the_verdict(trial, kinds, verdict):
    assert series_of(trial, *kinds).verdict == verdict


def test_nothing_but_passes_and_fails_counts(trial):
    series = series_of(trial, "passed", "capacity", "hollow", "skipped", "error", "failed")
    found = series.result()
    assert (found.passes, found.fails, found.capacity, found.hollow, found.errors) == (1, 1, 1, 1, 1)
    assert found.path == "PF"
    assert [one.kind for one in series.counting()] == ["passed", "capacity", "failed"]


def test_a_verdict_once_reached_is_kept(trial):
    assert series_of(trial, *["failed"] * 3, *["passed"] * 100).verdict == "NOT READY"


def test_equal_trials_count_once_and_end_it(trial):
    series = Series("t", ZONE)
    for number in range(1, 5):
        series.add(trial(number, signature="same"))
    assert (series.evidence.trials, series.result().duplicates) == (1, 3)
    assert "nothing is left to chance" in series.no_more()
    assert series.verdict == "", "one observation is no verdict"


def test_an_infrastructure_that_is_down_ends_it_undecided(trial):
    series = series_of(trial, *["capacity"] * 10)
    assert "gave no answer 10 times in a row" in series.no_more()
    assert series.result().verdict == "INCONCLUSIVE"


def test_many_lost_trials_that_could_have_changed_it_leave_it_open(trial):
    found = series_of(trial, *["capacity"] * 8, *["passed"] * 18).result()
    assert (found.verdict, found.best, found.worst) == ("INCONCLUSIVE", "READY", "NOT READY")
    assert "8 trials were lost to the infrastructure" in found.reason
    few = series_of(trial, "capacity", *["passed"] * 18).result()
    assert (few.verdict, few.capacity) == ("READY", 1)


def test_what_was_saved_against_the_fixed_test(trial):
    found = series_of(trial, *["passed"] * 18).result()
    assert found.calls_saved == found.fixed - 18 > 0
    assert series_of(trial, *["passed"] * 5).result().calls_saved == 0, "nothing is saved by not deciding"


def test_never_more_trials_than_could_be_in_vain(trial):
    series = series_of(trial, "failed", "failed")
    assert series.wanted(4, 100, 0) == 1, "one more failure decides"
    assert series.wanted(4, 100, 1) == 0
    assert Series("t", ZONE).wanted(4, 100, 0) == 3
    assert Series("t", ZONE).wanted(4, 2, 0) == 2, "the budget bounds, and does not forbid to begin"
    assert series_of(trial, *["failed"] * 3).wanted(4, 100, 0) == 0


KINDS = ["passed", "failed", "capacity", "hollow", "error", "skipped"]


@given(kinds=st.lists(st.sampled_from(KINDS), max_size=60))
def test_never_a_verdict_from_nothing(kinds):
    series = Series("t", ZONE)
    for number, kind in enumerate(kinds, 1):
        series.add(Trial("t", number, number, kind, signature=f"s{number}"))
    found = series.result()
    if found.verdict == "READY":
        assert found.passes >= 18
    if found.verdict == "NOT READY":
        assert found.fails >= 3
    assert found.passes + found.fails == sum(kind in ("passed", "failed") for kind in kinds)
    assert 0.0 <= found.low <= found.high <= 1.0


@given(st.lists(st.sampled_from(["passed", "failed"]), max_size=17), st.integers(0, 17))
def test_two_runs_are_one(kinds, cut):
    """Evidence that is carried on says the same as the same trials in one run."""
    from readiness.run.repetition.kept import recorded

    def trials(numbers):
        return [Trial("t", n, n, kinds[n], signature=f"s{n}", prompt="p") for n in numbers]

    whole, first, second = Series("t", ZONE), Series("t", ZONE), Series("t", ZONE)
    for one in trials(range(len(kinds))):
        whole.add(one)
    for one in trials(range(min(cut, len(kinds)))):
        first.add(one)
    second.carry(list(recorded(first, "run-1")))
    for one in trials(range(min(cut, len(kinds)), len(kinds))):
        second.add(one)
    assert (second.evidence, second.verdict) == (whole.evidence, whole.verdict)
