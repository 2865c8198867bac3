"""Evidence decides: each way in which an exit code of 0 is not a pass, and each way in which 1 is not a failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.model import Check, Place
from readiness.gate.judge import Observed, TestRecords, judge
from readiness.gate.settings import Settings
from readiness.record.outcome import Outcome, RanAgainst
from readiness.record.result import Counts, Failure

HERE = Place("readiness.yml", 1, 1)
CORE = Check("unit", "core", "pytest", HERE, HERE, timeout=30, test_timeout=5)
ND = Check("model", "nd", "pytest", HERE, HERE)
LENIENT = Settings("dev", ("core",), False)
STRICT = Settings("deploy", ("core", "nd"), True)


def records(**counts: int) -> TestRecords:
    return TestRecords(processes=1, counts=Counts(**counts))


def hermetic(exit_code: int | None = 0, **more) -> Observed:
    return Observed(exit_code, network="namespace", **more)


def test_tests_that_ran_and_passed_without_a_network_are_a_pass():
    said = judge(CORE, hermetic(tests=records(passed=3, skipped=1)), STRICT)
    assert (said.outcome, said.ran_against, said.reason) == (
        Outcome.PASSED,
        RanAgainst.HERMETIC,
        "3 tests passed, 1 skipped",
    )


def test_a_command_without_tests_passes_by_its_exit_code():
    assert judge(CORE, hermetic(), STRICT).outcome is Outcome.PASSED
    assert judge(CORE, hermetic(3), STRICT).outcome is Outcome.FAILED


FAILURE = Failure("tests/test_a.py::test_b", "call", "failure", "assert 1 == 2", "tests/test_a.py:7")


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    [
        (hermetic(1, tests=records(failed=1, passed=2)), Outcome.FAILED, "1 of 3 tests failed"),
        (hermetic(0, tests=records(failed=1)), Outcome.FAILED, "1 of 1 test failed"),
        (hermetic(2, tests=records(errors=2)), Outcome.ERROR, "2 errors"),
        (hermetic(5, tests=records()), Outcome.HOLLOW, "collected no test"),
        (hermetic(0, tests=records(skipped=4)), Outcome.HOLLOW, "all 4 tests skipped"),
        (hermetic(5, tests=records(deselected=9)), Outcome.HOLLOW, "all 9 tests deselected"),
        (hermetic(0, calls_pytest=True), Outcome.HOLLOW, "no test record"),
        (hermetic(0, toothless="`|| true`"), Outcome.HOLLOW, "cannot fail"),
        (hermetic(127, last_output="sh: 1: pyetst: not found"), Outcome.ERROR, "pyetst: not found"),
        (hermetic(126, last_output="sh: 1: ./x: Permission denied"), Outcome.ERROR, "cannot be executed"),
        (hermetic(None, start_error="src/nowhere: No such file"), Outcome.ERROR, "src/nowhere"),
        (hermetic(-11), Outcome.FAILED, "signal 11"),
        (hermetic(-15, stopped="deadline"), Outcome.TIMED_OUT, "deadline of 30 s"),
        (hermetic(-15, stopped="asked"), Outcome.INTERRUPTED, "interrupted"),
        (hermetic(-9, stopped="output"), Outcome.ERROR, "more output"),
        (
            hermetic(1, tests=TestRecords(1, timed_out=(FAILURE,))),
            Outcome.TIMED_OUT,
            "its own deadline of 5 s",
        ),
        (
            hermetic(0, tests=TestRecords(1, Counts(passed=1), swallowed=(FAILURE,))),
            Outcome.FAILED,
            "turned into",
        ),
        (hermetic(0, tests=TestRecords(1, Counts(passed=1), reruns=("t::a",))), Outcome.FLAKY, "t::a"),
        (hermetic(-11, tests=TestRecords(1, running=("t::crash",))), Outcome.ERROR, "t::crash"),
    ],
)
def test_evidence_outranks_the_exit_code(seen, outcome, word):
    said = judge(CORE, seen, LENIENT)
    assert said.outcome is outcome
    assert word in said.reason


def test_the_first_failure_is_in_the_reason_with_its_place():
    seen = hermetic(1, tests=TestRecords(1, Counts(failed=1), failures=(FAILURE,)))
    assert "tests/test_a.py::test_b at tests/test_a.py:7: assert 1 == 2" in judge(CORE, seen, LENIENT).reason


def test_fail_on_skip_counts_the_records():
    settings = Settings("dev", ("core",), False, fail_on_skip=True)
    assert judge(CORE, hermetic(tests=records(passed=3, skipped=1)), settings).outcome is Outcome.FAILED


def test_core_without_proof_of_no_network_is_hollow_where_it_counts():
    seen = Observed(0, network="open")
    assert judge(CORE, seen, STRICT).outcome is Outcome.HOLLOW
    lenient = judge(CORE, seen, LENIENT)
    assert (lenient.outcome, lenient.ran_against) == (Outcome.PASSED, RanAgainst.UNPROVEN)


def test_the_socket_guard_proves_only_what_pytest_ran():
    guarded = TestRecords(1, Counts(passed=1), guarded=True)
    assert judge(CORE, Observed(0, network="guard", tests=guarded), STRICT).ran_against is RanAgainst.HERMETIC
    assert judge(CORE, Observed(0, network="guard"), STRICT).outcome is Outcome.HOLLOW


def test_nd_needs_metered_calls():
    silent = judge(ND, Observed(0, tests=records(passed=1)), LENIENT)
    assert (silent.outcome, silent.ran_against) == (Outcome.HOLLOW, RanAgainst.UNPROVEN)
    assert "no metered call to a real model" in silent.reason
    metered = judge(ND, Observed(0, tests=records(passed=1), model_calls=2), LENIENT)
    assert (metered.outcome, metered.ran_against) == (Outcome.PASSED, RanAgainst.REAL)


def test_a_stand_in_is_never_the_real_thing():
    seen = Observed(0, tests=records(passed=1), model_calls=2, stand_ins=("shim",))
    said = judge(ND, seen, LENIENT)
    assert (said.outcome, said.ran_against) == (Outcome.HOLLOW, RanAgainst.STUB)
    assert "shim" in said.reason


@pytest.mark.parametrize("cause", ["capacity", "cold start"])
def test_infrastructure_is_not_a_defect_and_not_a_pass(cause):
    seen = Observed(1, tests=records(failed=1), cause=cause, cause_evidence="3 of 3 calls: 429")
    said = judge(ND, seen, STRICT)
    assert (said.outcome, said.reason) == (Outcome.INCONCLUSIVE, f"{cause}: 3 of 3 calls: 429")
    swallowed = judge(ND, Observed(0, tests=records(passed=1), cause=cause, cause_evidence="429"), STRICT)
    assert swallowed.outcome is Outcome.HOLLOW, "a check that swallows the error has proved nothing"
    assert judge(ND, Observed(1, tests=records(failed=1), cause="config"), STRICT).outcome is Outcome.FAILED


COUNTS = st.builds(Counts, *[st.integers(0, 3)] * 8)


@given(
    st.sampled_from([CORE, ND]),
    st.integers(-15, 255),
    COUNTS,
    st.booleans(),
    st.sampled_from([LENIENT, STRICT]),
)
def test_nothing_passes_that_failed_or_did_nothing(check, code, counts, has_records, settings):
    tests = TestRecords(processes=1, counts=counts) if has_records else TestRecords()
    said = judge(check, hermetic(code, tests=tests), settings)
    assert said.reason
    if said.outcome is Outcome.PASSED:
        assert code == 0
        assert check.lane == "core"
        assert not has_records or (counts.executed and not counts.failed and not counts.errors)


def test_records_that_are_not_whole_let_nothing_pass():
    seen = hermetic(0, tests=TestRecords(1, Counts(passed=1), problems=("2 events were lost",)))
    said = judge(CORE, seen, LENIENT)
    assert (said.outcome, said.reason) == (
        Outcome.ERROR,
        "its test records are not whole: 2 events were lost",
    )


def test_leaked_state_fails_a_strict_check_alone():
    left = (Failure("a.py::t", "teardown", "leak", "leaves app.X changed"),)
    seen = hermetic(tests=TestRecords(processes=1, counts=Counts(passed=2), leaks=left))
    assert judge(CORE, seen, STRICT).outcome is Outcome.PASSED
    strict = Check("unit", "core", "pytest", HERE, HERE, isolation="strict")
    said = judge(strict, seen, LENIENT)
    assert said.outcome is Outcome.FAILED
    assert "1 test left state changed (isolation: strict): a.py::t" in said.reason
