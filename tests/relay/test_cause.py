from __future__ import annotations

import pytest

from readiness.relay.cause import Cause, cause, cause_of_call
from readiness.relay.meter import meter


@pytest.mark.parametrize(
    "error", ["429", "upstream_5xx", "refused", "timeout", "reset", "unreachable", "bad_answer"]
)
def test_infrastructure_is_capacity(call, error):
    found = cause(meter([call(request_key="a"), call(request_key="b", error=error)], "smokes"))
    assert found.word == "capacity"
    assert found.evidence.startswith(f"1 of 2 calls got no good answer: {error}")


def test_the_evidence_says_who_how_often_and_what_was_asked_for(call):
    failed = call(error="429", status=429, retries=2, retry_after=7.0, detail="slow down")
    assert cause(meter([failed], "smokes")).evidence == (
        "1 of 1 calls got no good answer: 429 (tiny at model, after 3 attempts, Retry-After 7 s): slow down"
    )


def test_a_failure_that_a_retry_mended_explains_nothing(call):
    calls = [call(error="429"), call(error="upstream_5xx", retries=1), call(retries=2)]
    assert cause(meter(calls, "smokes")) == Cause()


@pytest.mark.parametrize(
    "error", ["bad_request", "error_in_answer", "unfinished", "client_gone", "no_recording", "redirect"]
)
def test_what_was_asked_wrongly_is_no_capacity(call, error):
    """A defect must not pass for capacity."""
    assert cause(meter([call(error=error)], "smokes")) == Cause()


def test_a_cold_start_is_named_as_one(call):
    assert cause(meter([call(error="timeout", cold_start=True)], "smokes")).word == "cold start"
    assert (
        cause(meter([call(error="upstream_5xx", status=503, cold_start=True)], "smokes")).word == "cold start"
    )


def test_a_client_that_lost_patience(call):
    assert cause_of_call(call(error="client_gone", bytes=0, seconds=30.0)) == "capacity"
    assert cause_of_call(call(error="client_gone", bytes=9, seconds=30.0)) == ""
    assert cause_of_call(call(error="client_gone", bytes=0, seconds=0.5)) == ""


def test_a_wrong_key_or_model_is_config(call):
    assert cause(meter([call(error="unauthorised", status=401)], "smokes")).word == "config"
    assert cause(meter([call(error="not_found", status=404)], "smokes")).word == "config"
    assert cause(meter([call(error="not_found", status=404, generation=False)], "smokes")) == Cause()


def test_a_deadline_that_waiting_used_up(call):
    cold = meter([call(cold_start=True, seconds=40.0), call(request_key="b")], "smokes")
    assert cause(cold, timed_out=True, seconds=60.0).word == "cold start"
    assert "40.0 s of 60.0 s" in cause(cold, timed_out=True, seconds=60.0).evidence
    assert cause(cold, timed_out=True, seconds=600.0) == Cause()
    assert cause(cold) == Cause(), "it had its time"
    waiting = meter([call(error="429", retry_after=45.0), call()], "smokes")
    assert cause(waiting, timed_out=True, seconds=60.0).word == "capacity"


def test_no_calls_explain_nothing():
    assert cause(meter([], "smokes"), timed_out=True, seconds=9.0) == Cause()
