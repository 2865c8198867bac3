"""From the verdicts of tests to the outcome of their check, and what a lane may say of its errors."""

from __future__ import annotations

import pytest

from readiness.config.model import Check, Place
from readiness.gate.fold import error_rates
from readiness.gate.judge import Observed, TestRecords, judge
from readiness.gate.trials import judge_trials
from readiness.record.outcome import Outcome
from readiness.record.result import CheckResult, Counts
from readiness.record.trials import CheckTrials, TestTrials

HERE = Place("readiness.yml", 1, 1)
CHECK = Check("ask", "nd", "pytest", HERE, HERE)


def one(verdict: str, test: str = "t", **changes: object) -> TestTrials:
    facts = {"reason": "because", "passes": 3, "fails": 2, **changes}
    return TestTrials(test, verdict, good=0.95, bad=0.8, alpha=0.05, beta=0.05, **facts)  # type: ignore[arg-type]


def trials(*verdicts: str) -> CheckTrials:
    return CheckTrials(tuple(one(word, f"t{n}") for n, word in enumerate(verdicts)), alpha=0.05, beta=0.05)


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        (["READY", "READY"], None),
        (["READY", "SKIPPED"], None),
        (["READY", "INCONCLUSIVE"], Outcome.INCONCLUSIVE),
        (["INCONCLUSIVE", "HOLLOW"], Outcome.HOLLOW),
        (["HOLLOW", "ERROR"], Outcome.ERROR),
        (["ERROR", "READY", "NOT READY"], Outcome.FAILED),
    ],
)
def test_the_worst_test_decides(verdicts, outcome):
    found = judge_trials(trials(*verdicts))
    assert (found and found[0]) == outcome


def test_the_reason_has_the_figures():
    _, reason = judge_trials(CheckTrials((one("NOT READY", "test_a", capacity=4, duplicates=2),)))
    assert reason == (
        "test_a NOT READY (3 of 5 trials passed, 4 lost to the infrastructure, 2 counted once as duplicates; "
        "zone 0.8 to 0.95): because"
    )


def judged(settings, found: CheckTrials | None, **changes: object):
    tests = TestRecords(processes=1, counts=changes.pop("counts", Counts()))  # type: ignore[arg-type]
    facts = {"exit_code": 0, "calls_pytest": True, "model_calls": 9, "tests": tests, **changes}
    return judge(CHECK, Observed(trials=found, **facts), settings)  # type: ignore[arg-type]


@pytest.fixture
def settings():
    from readiness.gate.settings import Settings

    return Settings(gate="dev", lanes=("nd",), strict=True)


def test_a_failed_trial_that_the_test_could_afford_is_no_failure(settings):
    found = judged(settings, trials("READY"), exit_code=1)
    assert (found.outcome, found.ran_against.value) == (Outcome.PASSED, "real")
    assert "READY" in found.reason
    assert "a bad test passes with a chance of at most 0.05" in found.reason


def test_ready_trials_do_not_hide_anything_else(settings):
    assert judged(settings, trials("READY"), exit_code=2).outcome is Outcome.FAILED
    assert judged(settings, trials("READY"), counts=Counts(collected=2, failed=1)).outcome is Outcome.FAILED
    assert judged(settings, trials("READY"), model_calls=0).outcome is Outcome.HOLLOW
    assert judged(settings, trials("SKIPPED"), counts=Counts(skipped=1)).outcome is Outcome.HOLLOW
    assert judged(settings, trials("READY"), stopped="deadline").outcome is Outcome.TIMED_OUT


def test_a_proven_failure_is_not_excused_by_the_last_lost_call(settings):
    found = judged(settings, trials("NOT READY"), cause="capacity", cause_evidence="429")
    assert found.outcome is Outcome.FAILED


def test_a_lane_has_error_rates_only_where_every_check_was_judged_by_trials():
    def result(found: CheckTrials | None) -> CheckResult:
        return CheckResult("a", "nd", Outcome.PASSED, True, "", trials=found)

    assert error_rates([result(trials("READY")), result(trials("READY"))]) == (0.1, 0.05)
    assert error_rates([result(trials("READY")), result(None)]) == (None, None)
    assert error_rates([]) == (None, None)
