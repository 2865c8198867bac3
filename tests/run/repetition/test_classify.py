"""What a trial counts as: its outcome held against its calls."""

from __future__ import annotations

import pytest

from readiness.relay.call import Tokens
from readiness.run.repetition.classify import Told, classify, own_calls


@pytest.mark.parametrize(
    ("outcome", "kind"), [("passed", "passed"), ("xpassed", "passed"), ("failed", "failed")]
)
def test_an_outcome_with_a_counted_call_counts(told, call, outcome, kind):
    assert classify(told(outcome), [call()], "nd").kind == kind


def test_a_pass_without_a_counted_call_is_hollow_and_never_a_pass(told, call):
    assert classify(told(), [], "nd").kind == "hollow"
    assert classify(told(), [call(counted=False, stand_in=True)], "nd").kind == "hollow"
    assert classify(told(), [], "core").kind == "passed", "core asks no model"


@pytest.mark.parametrize("error", ["429", "upstream_5xx", "refused", "reset", "timeout", "unreachable"])
def test_a_failure_by_the_infrastructure_is_no_trial(told, call, error):
    trial = classify(told("failed", message="boom"), [call(error=error)], "nd")
    assert trial.kind == "capacity"
    assert "got no good answer" in trial.message


def test_a_failure_after_a_repeated_and_answered_request_is_a_failure(told, call):
    lost, answered = call(error="429", request_key="r"), call(request_key="r", retries=1)
    assert classify(told("failed"), [lost, answered], "nd").kind == "failed"


def test_a_pass_in_spite_of_a_lost_call_is_a_pass(told, call):
    assert classify(told(), [call(error="429", request_key="x"), call()], "nd").kind == "passed"


def test_a_wrong_key_or_model_is_an_error_not_a_failure_of_the_model(told, call):
    assert classify(told("failed"), [call(error="unauthorised", status=401)], "nd").kind == "error"


def test_what_cannot_be_judged_is_an_error_unless_a_model_was_asked(told, call):
    assert classify(told("error"), [], "nd").kind == "error"
    assert classify(told("not_run"), [call()], "nd").kind == "error"
    assert classify(told("error"), [call()], "nd").kind == "failed"


@pytest.mark.parametrize("outcome", ["skipped", "xfailed"])
def test_a_skip_is_no_trial(told, call, outcome):
    assert classify(told(outcome), [call()], "nd").kind == "skipped"


def test_equal_seeded_requests_have_one_signature(told, call):
    first = classify(told(), [call(response_key="a")], "nd").signature
    assert first
    assert classify(told(number=2), [call(response_key="b")], "nd").signature == first
    assert classify(told(number=2), [call(request_key="other")], "nd").signature != first


def test_unseeded_requests_are_left_to_chance_but_at_temperature_zero(told, call):
    assert classify(told(), [call(seed=None)], "nd").signature == ""
    assert classify(told(), [call(seed=None, temperature=None)], "nd").signature == ""
    assert classify(told(), [call(seed=None, temperature=0)], "nd").signature


def test_a_long_answer_repeated_word_for_word_came_from_a_cache(told, call):
    def signature(answer: str, tokens: int) -> str:
        return classify(
            told(), [call(seed=None, response_key=answer, tokens=Tokens(7, tokens))], "nd"
        ).signature

    assert signature("a", 40) == signature("a", 40) != ""
    assert signature("a", 40) != signature("b", 40)
    assert signature("Paris", 2) == "", "a short answer is often the same by chance"


def test_the_number_says_whose_a_call_is_and_else_its_time(told, call):
    mine, other, early = call(), call(trial=2), call(at=900.0, trial=None)
    assert own_calls(told(), [mine, other, early, call(trial=None)]) == ((mine,), False)
    timed = call(at=1000.5, trial=None)
    assert own_calls(told(), [other, early, timed]) == ((timed,), True)


def test_what_is_read_from_an_event_must_be_one():
    event = {"id": "t", "number": 1, "seed": 2, "outcome": "passed", "began": 1.0, "ended": 2.0}
    assert Told.from_event(event) == Told("t", 1, 2, "passed", 1.0, 2.0)
    for name in event:
        with pytest.raises(KeyError):
            Told.from_event({key: one for key, one in event.items() if key != name})
