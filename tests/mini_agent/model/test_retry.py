from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.model.retry import LONGEST_ASKED, RetryPolicy, retry_after

policies = st.builds(
    RetryPolicy,
    tries=st.integers(1, 8),
    first_wait=st.floats(0.001, 10),
    longest_wait=st.floats(0.001, 100),
)
chances = st.floats(0, 1, exclude_max=True)
asked = st.none() | st.floats(0, 200)


@settings(deadline=None)
@given(policies, st.lists(st.tuples(asked, chances), min_size=10, max_size=10))
def test_tries_and_sleep_are_bounded(policy, failures):
    slept, tried = 0.0, 0
    for wanted, chance in failures:
        tried += 1
        pause = policy.pause(tried, slept, wanted, chance)
        if pause is None:
            break
        assert pause >= 0
        assert wanted is None or pause >= wanted
        slept += pause
    assert tried <= policy.tries
    assert slept <= policy.longest_wait * (1 + 1e-9)


@settings(deadline=None)
@given(policies, chances, st.floats(0, 1000))
def test_a_wait_beyond_what_is_left_is_given_up(policy, chance, slept):
    beyond = max(0.0, policy.longest_wait - slept) + 0.001
    assert policy.pause(1, slept, beyond, chance) is None


def test_pauses_double_and_are_spread():
    policy = RetryPolicy(9, 1.0, 100.0)
    assert [policy.pause(n, 0, None, 0.0) for n in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert policy.pause(1, 0, None, 0.999) == pytest.approx(1.0, abs=0.001)
    assert policy.pause(1, 0, 3.0, 0.5) == 3.5


def test_many_tries_do_not_overflow():
    assert RetryPolicy(10_000, 1.0, 5.0).pause(9_999, 0, None, 0.5) == 5.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 3 "}, 3.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "3"}, 3.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "3, 4"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "9" * 400}, LONGEST_ASKED),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thursday, 01-Jan-70 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 99 Jan 1970 00:00:00 GMT"}, None),
    ],
)
def test_what_a_server_asks_for(headers, seconds):
    assert retry_after(headers, 10.0) == seconds


@settings(deadline=None)
@given(st.text())
def test_any_text_is_seconds_or_nothing(text):
    found = retry_after({"retry-after": text, "retry-after-ms": text}, 0.0)
    assert found is None or (math.isfinite(found) and 0 <= found <= LONGEST_ASKED)


@settings(deadline=None)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)), st.integers(0, 80_000))
def test_a_date_is_as_far_away_as_it_says(then, before):
    then = then.replace(microsecond=0, tzinfo=UTC)
    text = format_datetime(then, usegmt=True)
    assert retry_after({"retry-after": text}, then.timestamp() - before) == before
