"""One line a test that was judged by trials, the same in every report."""

from __future__ import annotations

import pytest

from readiness.record.outcome import LaneVerdict, Outcome
from readiness.record.record import LaneStatus
from readiness.record.result import CheckResult
from readiness.record.trials import CheckTrials, TestTrials
from readiness.record.value import replace
from readiness.report.trials import lane_rates, line, lines, plotted

ONE = TestTrials(
    test="test_a.py::test_capital",
    verdict="READY",
    reason="",
    good=0.95,
    bad=0.8,
    alpha=0.05,
    beta=0.05,
    passes=18,
    cap=200,
    low=0.8146,
    high=1.0,
    log_e=3.0933,
    path="P" * 18,
    fixed=50,
    calls=18,
    calls_saved=32,
)


def result(*tests: TestTrials) -> CheckResult:
    return CheckResult("ask", "nd", Outcome.FAILED, True, "", trials=CheckTrials(tests))


def test_a_line_says_verdict_trials_rate_evidence_and_what_was_saved():
    assert line(ONE) == (
        "READY test_a.py::test_capital  18/200 trials, 18 passed, rate 0.81..1, e 22 against p<=0.8, "
        "32 calls saved against the fixed test of 50"
    )


def test_what_does_not_count_is_said():
    said = line(replace(ONE, capacity=2, duplicates=3, hollow=1, errors=4, carried=5))
    for words in ("5 from earlier runs", "2 lost", "3 duplicates counted once", "1 hollow", "4 in error"):
        assert words in said


def test_many_lost_trials_show_both_extremes():
    said = list(lines(result(replace(ONE, capacity=9, best="READY", worst="NOT READY"))))
    assert "had the 9 lost trials passed: READY; had they failed: NOT READY" in said[1]


def test_what_repeats_of_one_prompt_are_worth_is_said():
    (_, said) = lines(result(replace(ONE, correlation=0.25, prompts=3, effective=7.5)))
    assert "correlation 0.25 over 3 prompts" in said
    assert "worth 7.5 independent ones" in said


def test_the_worst_come_first_and_the_rest_are_counted():
    tests = [replace(ONE, test=f"t{number}") for number in range(20)] + [replace(ONE, verdict="NOT READY")]
    said = list(lines(result(*tests)))
    assert said[0].startswith("NOT READY")
    assert said[-1] == "and 9 more tests"


def test_the_path_is_drawn_for_what_is_not_ready_alone():
    assert list(plotted(result(ONE))) == []
    drawn = list(plotted(result(ONE, replace(ONE, verdict="NOT READY", path="PFFF"))))
    assert drawn[-1].strip() == "trial 1 to 4"
    assert list(lines(CheckResult("a", "core", Outcome.PASSED, True, ""))) == []


@pytest.mark.parametrize(
    ("alpha", "said"), [(None, ""), (0.05, "errors: good failed <= 0.05, bad passed <= 0.05")]
)
def test_a_lane_carries_its_error_rates(alpha, said):
    assert lane_rates(LaneStatus(LaneVerdict.READY, alpha=alpha, beta=alpha)) == said
