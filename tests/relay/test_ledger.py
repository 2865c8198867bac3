from __future__ import annotations

import json

import pytest

from readiness.relay import ledger as module
from readiness.relay.ledger import Ledger


@pytest.fixture
def ledger(tmp_path):
    one = Ledger(str(tmp_path / "calls.jsonl"))
    yield one
    one.close()


def test_each_call_is_one_line_at_once(ledger, call, tmp_path):
    ledger.write(call(detail="two\nlines"))
    ledger.write(call(seed=5))
    lines = (tmp_path / "calls.jsonl").read_text().splitlines()
    assert [json.loads(line)["format"] for line in lines] == [1, 1]
    assert json.loads(lines[0])["tokens"] == {"prompt": 7, "completion": 2}


def test_a_repeat_after_a_failure_is_a_retry_until_it_succeeds(ledger, call):
    errors = ["429", "upstream_5xx", "", ""]
    assert [ledger.write(call(error=one)).retries for one in errors] == [0, 1, 2, 0]


def test_a_retry_is_of_the_same_request_in_the_same_trial_of_the_same_check(ledger, call):
    ledger.write(call(error="429"))
    others = [call(request_key="other"), call(trial=1), call(check="other"), call(request_key="")]
    assert [ledger.write(one).retries for one in others] == [0, 0, 0, 0]
    assert ledger.write(call()).retries == 1


def test_a_repeat_after_a_bad_request_is_none(ledger, call):
    ledger.write(call(error="bad_request"))
    assert ledger.write(call()).retries == 0


def test_only_the_first_good_answer_of_a_model_can_be_cold(ledger, call):
    assert ledger.write(call(error="timeout", ttft=None, seconds=30.0)).cold_start
    assert ledger.write(call(ttft=9.0)).cold_start
    assert not ledger.write(call(ttft=9.0)).cold_start
    assert ledger.write(call(model="second", ttft=9.0)).cold_start


def test_what_is_remembered_stays_small(ledger, call, monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 3)
    for number in range(10):
        ledger.write(call(request_key=str(number), error="429"))
    assert ledger.write(call(request_key="9")).retries == 1
    assert ledger.write(call(request_key="1")).retries == 0
