"""Go's durations."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.ollama.duration import parse_duration, read_keep_alive
from readiness.models.ollama.error import OllamaError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("100ms", 0.1),
        ("0", 0),
        ("-1m", -60),
        ("+2s", 2),
        (".5s", 0.5),
        ("1µs", 1e-6),
    ],
)
def test_reads_what_go_reads(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "invalid duration"),
        ("5", "missing unit"),
        ("m", "invalid"),
        ("5 m", "invalid"),
        ("5mm", "invalid"),
        ("x5m", "invalid"),
        ("-", "invalid"),
    ],
)
def test_refuses_what_go_refuses(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_duration(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_parts_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == pytest.approx(
        hours * 3600 + minutes * 60 + seconds
    )


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, None), (300, 300), (0, 0), (-1, math.inf), ("-1s", math.inf), ("10s", 10)]
)
def test_keep_alive(value: object, seconds: float | None) -> None:
    assert read_keep_alive(value) == seconds


@pytest.mark.parametrize("value", [True, [], {}, "soon"])
def test_keep_alive_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(OllamaError) as refused:
        read_keep_alive(value)
    assert refused.value.status == 400
