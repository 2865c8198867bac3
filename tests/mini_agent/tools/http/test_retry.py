"""When a busy tool server is asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.tools.http.retry import RetryRule, pause, retry_after

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULE = RetryRule()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("Mon, 23 Nov 2026 12:00:05 GMT", 5.0),
        ("Mon, 23 Nov 2026 12:00:05", 5.0),
        ("Mon, 23 Nov 2026 13:00:05 +0100", 5.0),
        ("Monday, 23-Nov-26 12:00:05 GMT", 5.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("nan", None),
        ("Mon, 99 Nov 2026 12:00:05 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert retry_after(text, NOW) == seconds


@given(st.text(max_size=40))
def test_no_field_breaks_the_reader(text):
    asked = retry_after(text, NOW)
    assert asked is None or asked >= 0


@given(st.integers(0, 10**6))
def test_a_date_is_read_back(seconds):
    text = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after(text, NOW) == seconds


@pytest.mark.parametrize("status", [200, 204, 301, 307, 400, 401, 404, 408, 425, 500, 502, 504])
def test_only_busy_is_asked_again(status):
    assert pause(status, 0.0, 0, 100.0, RULE, lambda: 0.0) is None


@pytest.mark.parametrize("status", [429, 503])
def test_busy_is_asked_again_up_to_the_cap(status):
    assert all(pause(status, None, done, 100.0, RULE, lambda: 0.5) for done in range(RULE.most))
    assert pause(status, None, RULE.most, 100.0, RULE, lambda: 0.5) is None


def test_the_wait_doubles():
    waits = [pause(503, None, done, 100.0, RULE, lambda: 1.0) for done in range(4)]
    assert waits == [0.25, 0.5, 1.0, 2.0]


def test_a_wait_beyond_what_is_left_is_not_begun():
    assert pause(429, 5.0, 0, 4.0, RULE, lambda: 0.0) is None
    assert pause(429, 5.0, 0, 6.0, RULE, lambda: 0.0) == 5.0


def test_a_server_that_asks_for_very_long_is_not_asked_again_early():
    assert pause(429, 10**9, 0, float("inf"), RULE, lambda: 0.0) is None


@given(
    st.sampled_from([429, 503]),
    st.none() | st.floats(0, 1e6),
    st.integers(0, 5),
    st.floats(0, 100),
    st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_never_shorter_than_asked_and_fits(status, asked, done, left, chance):
    wait = pause(status, asked, done, left, RULE, lambda: chance)
    if wait is not None:
        assert (asked or 0.0) <= wait < left
        assert wait <= RULE.longest * (1 + RULE.jitter) + 0.01
        assert done < RULE.most
