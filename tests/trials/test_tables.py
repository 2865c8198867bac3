from __future__ import annotations

from readiness.trials.baseline import TestComparison
from readiness.trials.calibration import Calibration, Share
from readiness.trials.paired import Comparison, PairedResult, Pairs
from readiness.trials.planner import plan_trials
from readiness.trials.tables import calibration_lines, comparison_lines, plan_lines
from readiness.trials.zone import Zone


def test_a_plan_is_a_table() -> None:
    assert list(plan_lines(plan_trials(Zone(), 50, [1.0, 0.8, 0.4]))) == [
        "READY at 0.95 (wrong at most 5.0%), NOT READY at 0.8 (wrong at most 5.0%)",
        "fixed test of the same errors: 50 trials, READY from 45 passes",
        "budget: 50 trials",
        "true rate   READY  NOT READY  INCONCLUSIVE  trials  95% within  of fixed",
        "        1  100.0%       0.0%          0.0%    18.0          18     36.0%",
        "      0.8    3.9%      87.7%          8.4%    21.9          49     43.9%",
        "      0.4   <0.1%     >99.9%         <0.1%     5.0           8     10.1%",
    ]
    assert "no budget" in list(plan_lines(plan_trials(Zone())))


def test_a_share_that_does_not_hold_is_marked() -> None:
    held, broken = Share(3, 100, 0.05, True), Share(40, 100, 0.05, False)
    lines = list(calibration_lines([Calibration("t", 60, 50, 7, held, held, broken, held)], Zone()))
    assert lines[0] == "BROKEN   t  60 trials, 50 passed, resampled in blocks of 7"
    assert [line.endswith("<- does not hold") for line in lines[1:]] == [False, False, True, False]
    assert "moved to 0.8 it was READY in 40.0% of 100 (at most 5.0%)" in lines[3]


def test_the_words_for_a_calibration() -> None:
    held = Share(3, 100, 0.05, True)
    whole = Calibration("t", 60, 50, 7, held, held, held, held)
    assert next(line.split("  ")[0] for line in calibration_lines([whole], Zone())) == "HOLDS"
    assert list(calibration_lines([Calibration("t", 6, 5, 2)], Zone())) == [
        "TOO FEW  t  6 trials, 5 passed, resampled in blocks of 2"
    ]


def test_a_comparison_is_a_line() -> None:
    worse = TestComparison("t", PairedResult(Comparison.WORSE, Pairs(8, 0, 3), 3.2), 2, ("code", "model"))
    same = TestComparison("u", PairedResult(Comparison.NOT_WORSE, Pairs(0, 6, 0), -4.2), 0, ())
    open_ = TestComparison("v", PairedResult(Comparison.UNDECIDED, Pairs(2, 0, 1), 0.8), 0, ())
    assert list(comparison_lines([worse, same, open_])) == [
        "WORSE      t  8 worse, 0 better, 3 the same, e 25 for worse; 2 without a partner; changed: code, model",
        "NOT WORSE  u  0 worse, 6 better, 0 the same, e 67 against worse",
        "UNDECIDED  v  2 worse, 0 better, 1 the same, e 2.2 for worse",
    ]
