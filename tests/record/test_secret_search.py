"""Spans are what a renderer needs: in order, apart, within the data; and finding them costs what it must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.secret_search import LITTLE, SecretSearch

SECRETS = (b"correct horse", b"horse battery", b"zzzzzzzz")
pieces = st.sampled_from(
    [
        b"correct horse battery",
        b"password=zzzzzzzz",
        b"zzzzzzzzzzz",
        b"://a:zzzzzzzz@h",
        b" ",
        b"\n",
        b"text",
        b"=",
        b"token: ",
    ]
)
data = st.lists(st.one_of(pieces, st.binary(max_size=8)), max_size=8).map(b"".join)


@given(data)
def test_spans_are_in_order_apart_and_within_the_data(text: bytes) -> None:
    end = 0
    for start, stop, rank, kind in SecretSearch(SECRETS).spans(text):
        assert end <= start < stop <= len(text)
        assert rank in (0, 1, 2)
        assert kind
        end = stop


@given(data)
def test_every_given_value_lies_within_a_span(text: bytes) -> None:
    spans = SecretSearch(SECRETS).spans(text)
    for secret in SECRETS:
        at = text.find(secret)
        assert at < 0 or any(start <= at and at + len(secret) <= stop for start, stop, _, _ in spans)


def test_what_overlaps_is_one_span_of_the_more_telling_kind() -> None:
    ((start, stop, _, kind),) = SecretSearch(SECRETS).spans(b"x=correct horse battery.")
    assert (start, stop, kind) == (2, 23, "value")


@pytest.mark.parametrize("size", [100, LITTLE - 1, LITTLE + 1, 10 * LITTLE])
def test_the_short_way_for_little_text_finds_what_the_long_way_finds(size: int) -> None:
    text = (
        (b"an ordinary line of a log\n" * (size // 26 + 1))[: size - 60]
        + b" gh"
        + b"p_"
        + b"aB3dE6gH9k" * 4
        + b" "
    )
    fresh, used = SecretSearch(SECRETS), SecretSearch(SECRETS)
    used.spans(b"_-.A =:" * LITTLE)
    assert [kind for *_, kind in fresh.spans(text)] == ["github"]
    assert fresh.spans(text) == used.spans(text)
