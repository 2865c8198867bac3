"""The run's verdict and each lane's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.gate.verdict import BLOCKING, OPEN, decide
from readiness.record.outcome import LaneVerdict, Outcome, Verdict
from readiness.record.result import CheckResult, LintFinding


def test_all_passed_is_ready(make_result):
    said = decide([make_result()], lanes=("core",), strict=True)
    assert (said.verdict, said.reasons) == (Verdict.READY, ("1 required check passed",))
    assert said.lanes == {
        "core": LaneVerdict.READY,
        "nd": LaneVerdict.NOT_RUN,
        "live": LaneVerdict.NOT_RUN,
    }


def test_an_optional_failure_is_heard_and_does_not_decide(make_result):
    results = [make_result(), make_result("extra", Outcome.FAILED, required=False)]
    said = decide(results, lanes=("core",), strict=True)
    assert said.verdict is Verdict.READY
    assert said.notes == ("extra (optional): failed: because",)


def test_a_skip_decides_only_where_it_is_strict(make_result):
    results = [make_result(), make_result("other", Outcome.SKIPPED)]
    assert decide(results, lanes=("core",), strict=False).verdict is Verdict.READY
    assert decide(results, lanes=("core",), strict=True).verdict is Verdict.NOT_READY


def test_nothing_run_is_never_ready():
    assert decide([], lanes=(), strict=False).verdict is Verdict.INCONCLUSIVE
    assert decide([], lanes=("core",), strict=True).verdict is Verdict.NOT_READY


def test_a_lane_that_the_gate_needs_and_nobody_is_in(make_result):
    said = decide([make_result()], lanes=("core", "nd"), strict=True)
    assert said.verdict is Verdict.NOT_READY
    assert "lane nd" in said.reasons[0]
    assert decide([make_result()], lanes=("core", "nd"), strict=True, by_name=True).verdict is Verdict.READY


def test_a_lint_error_decides_when_strict(make_result):
    finding = LintFinding("toothless-command", "error", "readiness.yml:4", "cannot fail", "remove it")
    said = decide([make_result()], lanes=("core",), strict=True, lint=[finding])
    assert said.verdict is Verdict.NOT_READY
    assert "readiness.yml:4" in said.reasons[0]
    assert decide([make_result()], lanes=("core",), strict=False, lint=[finding]).verdict is Verdict.READY


def test_an_interrupted_run_is_open_unless_something_already_failed(make_result):
    assert (
        decide([make_result()], lanes=("core",), strict=True, interrupted="SIGINT").verdict
        is Verdict.INCONCLUSIVE
    )
    results = [make_result("bad", Outcome.FAILED)]
    assert decide(results, lanes=("core",), strict=True, interrupted="SIGINT").verdict is Verdict.NOT_READY


def test_an_all_skipped_lane_is_not_green_next_to_a_green_one(make_result):
    results = [make_result(), make_result("m", Outcome.SKIPPED, lane="nd")]
    said = decide(results, lanes=("core", "nd"), strict=False)
    assert (said.lanes["core"], said.lanes["nd"]) == (LaneVerdict.READY, LaneVerdict.NOT_RUN)


RESULTS = st.lists(
    st.builds(
        CheckResult,
        name=st.sampled_from("abc"),
        lane=st.sampled_from(["core", "nd", "live"]),
        outcome=st.sampled_from(list(Outcome)),
        required=st.booleans(),
        reason=st.just("because"),
    )
)


@given(RESULTS, st.booleans())
def test_ready_means_a_pass_and_nothing_against_it(results, strict):
    said = decide(results, lanes=("core",), strict=strict)
    if said.verdict is Verdict.READY:
        assert any(one.outcome is Outcome.PASSED for one in results)
        assert not any(one.required and one.outcome in BLOCKING | OPEN for one in results)
    assert said.reasons


@given(RESULTS)
def test_strictness_never_turns_a_verdict_greener(results):
    order = [Verdict.READY, Verdict.INCONCLUSIVE, Verdict.NOT_READY]
    lenient = decide(results, lanes=("core",), strict=False).verdict
    strict = decide(results, lanes=("core",), strict=True).verdict
    assert order.index(strict) >= order.index(lenient)


@given(RESULTS)
def test_everything_that_did_not_pass_is_said_somewhere(results):
    said = decide(results, lanes=("core",), strict=False)
    heard = "\n".join((*said.reasons, *said.notes))
    for one in results:
        if one.outcome is not Outcome.PASSED and said.verdict is not Verdict.READY:
            assert one.name in heard
        if one.outcome not in (Outcome.PASSED,) and said.verdict is Verdict.READY:
            assert f"{one.name}" in heard
