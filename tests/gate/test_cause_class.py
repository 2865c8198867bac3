"""The class of each failure's cause, and what decided it: one case for each class, and those that must not be taken for it."""

from __future__ import annotations

import pytest

from readiness.gate.cause_class import CLASSES, LastPass, classify, not_the_codes
from readiness.record.finding import Cause, Finding
from readiness.record.outcome import Outcome
from readiness.record.result import Failure
from readiness.record.value import replace

TEST = "tests/test_a.py::test_x"
FAILURE = Failure(TEST, "call", "failure", "AssertionError: assert {} == 1")
CAUSE = Cause("tests/test_b.py::test_y", "app.X", "1", "2", "tests/test_b.py:7", "forked")
SINCE = LastPass("run-1", "ab" * 20, same_code=False, same_setting=True)
SAME = replace(SINCE, same_code=True)


@pytest.fixture
def failed(make_result):
    return replace(make_result("smokes", Outcome.FAILED), place="readiness.yml:3:5", failures=(FAILURE,))


def found(kind):
    return (Finding(TEST, kind, causes=(CAUSE,) if kind in ("victim", "brittle") else ()),)


def test_a_victim_is_a_leak_by_the_counterfactual(failed):
    said = classify(replace(failed, findings=found("victim")), FAILURE, earlier=SINCE)
    assert (said.word, said.by, said.ref) == ("leak", "counterfactual", "tests/test_b.py:7")
    assert "put back" in said.why
    assert classify(replace(failed, findings=found("brittle")), FAILURE).word == "leak"


def test_a_polluter_that_a_strict_check_fails_is_a_leak(failed):
    leak = Failure("tests/test_b.py::test_y", "teardown", "leak", "leaves app.X changed", "tests/test_b.py:7")
    said = classify(failed, leak, earlier=SINCE)
    assert (said.word, said.by, said.why) == ("leak", "tracing", "leaves app.X changed")


def test_what_fails_alone_as_well_is_no_leak(failed):
    said = classify(replace(failed, findings=found("broken_and_polluted")), FAILURE)
    assert (said.word, said.by) == ("defect", "counterfactual")


def test_what_passed_on_other_code_is_a_regression(failed):
    said = classify(failed, FAILURE, earlier=SINCE)
    assert (said.word, said.by, said.ref) == ("regression", "history", "run-1")
    assert "of commit abababababab; the code has changed since" in said.why
    assert classify(replace(failed, findings=found("broken")), FAILURE, earlier=SINCE).word == "regression"


def test_what_passed_on_the_same_code_is_no_regression(failed):
    assert classify(failed, FAILURE, earlier=SAME).word == "flaky"
    moved = replace(SAME, same_setting=False, changed="pytest went from 8 to 9")
    assert classify(failed, FAILURE, earlier=moved).word == "environment"
    assert "pytest went from 8 to 9" in classify(failed, FAILURE, earlier=moved).why
    each_time = classify(replace(failed, findings=found("broken")), FAILURE, earlier=SAME)
    assert (each_time.word, each_time.by) == ("environment", "history")
    assert classify(failed, FAILURE, earlier=replace(SAME, same_code=None)).word == "defect"


@pytest.mark.parametrize("word", ["capacity", "cold start", "config"])
def test_the_relay_says_what_its_calls_show(failed, word):
    lost = replace(
        failed, cause=word, calls={"calls": 3}, reason=f"{word}: 2 of 3 calls got no good answer: 429"
    )
    said = classify(lost, FAILURE, earlier=SINCE)
    assert (said.word, said.by, said.why) == (word, "relay", "2 of 3 calls got no good answer: 429")
    assert classify(replace(lost, calls={}), FAILURE, earlier=SINCE).by != "relay"


def test_a_service_that_died(failed):
    died = "service agent died after it was ready (exit code 3)"
    for check in (
        replace(
            failed,
            outcome=Outcome.NOT_RUN,
            reason="service model is not usable: not ready within 5 s",
            failures=(),
        ),
        replace(failed, outcome=Outcome.ERROR, reason=f"{died}; then: 1 of 2 tests failed"),
    ):
        said = classify(check, None, earlier=SINCE)
        assert (said.word, said.by) == ("service", "service")
        assert said.ref in ("model", "agent")
    assert classify(replace(failed, reason="we talk of a service that died"), FAILURE).word == "defect"


def test_a_missing_module_is_the_environment_unless_it_is_the_projects_own(failed):
    lacking = replace(FAILURE, message="ModuleNotFoundError: No module named 'httpx.x'")
    assert classify(failed, lacking).word == "environment"
    assert classify(failed, lacking, own_modules=frozenset({"httpx"})).word == "defect"


def test_a_missing_program_and_a_full_disk_are_the_environment(failed):
    absent = replace(
        failed, outcome=Outcome.ERROR, reason="command not found: sh: 1: ruff: not found", failures=()
    )
    assert (classify(absent).word, classify(absent).by) == ("environment", "message")
    full = replace(FAILURE, details="OSError: [Errno 28] No space left on device")
    assert classify(failed, full).why == "the disk is full"


def test_a_check_that_proves_nothing_is_the_configuration(failed):
    hollow = replace(
        failed,
        outcome=Outcome.HOLLOW,
        reason="the command cannot fail: `|| true` follows it (Makefile:11)",
        failures=(),
    )
    assert (classify(hollow).word, classify(hollow).ref) == ("config", "Makefile:11")
    stopped = replace(hollow, outcome=Outcome.NOT_RUN, reason="lint found errors, which stop a strict run")
    assert (classify(stopped).word, classify(stopped).ref) == ("config", "readiness.yml:3:5")


def test_a_repetition_that_passed_is_flaky(failed):
    assert classify(replace(failed, findings=found("flaky")), FAILURE, earlier=SINCE).word == "flaky"
    assert (
        classify(replace(failed, outcome=Outcome.FLAKY, failures=(), reason="1 test failed and passed")).word
        == "flaky"
    )


def test_a_test_that_is_known_to_be_flaky_is_no_regression(failed):
    said = classify(replace(failed, cause="flaky"), FAILURE, earlier=SINCE)
    assert (said.word, said.why) == ("flaky", "on the same inputs it has both passed and failed")
    assert (
        classify(replace(failed, cause="flaky", findings=found("broken")), FAILURE, earlier=SINCE).word
        == "regression"
    )


def test_what_nothing_explains_is_a_defect_and_says_so(failed):
    said = classify(failed, FAILURE)
    assert (said.word, said.by) == ("defect", "nothing")
    assert "no earlier run is on record" in said.why


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_class(failed, outcome):
    assert classify(replace(failed, outcome=outcome)).word in CLASSES


def test_the_gate_names_a_cause_only_where_the_code_is_plainly_not_to_blame(failed):
    assert not_the_codes(replace(failed, findings=found("victim")), frozenset()) == "leak"
    assert not_the_codes(failed, frozenset()) == ""
    assert not_the_codes(replace(failed, findings=found("broken")), frozenset()) == ""
    assert not_the_codes(replace(failed, outcome=Outcome.PASSED), frozenset()) == ""
    mixed = replace(
        failed, findings=found("victim"), failures=(FAILURE, replace(FAILURE, test="t.py::other"))
    )
    assert not_the_codes(mixed, frozenset()) == ""
    assert not_the_codes(replace(failed, findings=found("victim"), failures_left_out=1), frozenset()) == ""
    skipped = replace(failed, outcome=Outcome.SKIPPED, reason="needs A_KEY, which is not set", failures=())
    assert not_the_codes(skipped, frozenset()) == "environment"
