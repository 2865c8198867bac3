"""Requests that a browser was tricked into sending are turned away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.guard import host_of, is_loopback, refusal

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:11434",
        "127.8.9.1:1",
        "localhost",
        "LOCALHOST:80",
        "[::1]:11434",
        "[::1]",
        "a.localhost",
        "localhost.",
    ],
)
def test_this_machine_may_ask(host: str) -> None:
    assert refusal({"host": host}, NONE) == ""


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:11434",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "192.168.1.2",
        "0.0.0.0",
        "user@127.0.0.1@evil.example",
        "evil.example#@127.0.0.1",
        "127.0.0.1/evil",
        "127.0.0.1:99999",
        "[::1",
        "2130706433",
    ],
)
def test_another_name_may_not(host: str) -> None:
    assert "Host" in refusal({"host": host}, NONE)


def test_a_request_without_a_host_may_not() -> None:
    assert refusal({}, NONE)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://evil.example:11434", "null", "file://", ""]
)
def test_another_site_may_not_even_with_the_right_host(origin: str) -> None:
    assert "Origin" in refusal({"host": "127.0.0.1", "origin": origin}, NONE)


def test_a_page_of_this_machine_may() -> None:
    assert refusal({"host": "127.0.0.1", "origin": "http://localhost:3000"}, NONE) == ""


def test_a_host_that_was_allowed_may() -> None:
    allowed = frozenset({"model.internal"})
    assert refusal({"host": "model.internal:80", "origin": "http://model.internal"}, allowed) == ""
    assert refusal({"host": "other.internal"}, allowed)


@given(st.text(max_size=30))
def test_no_text_breaks_the_check(text: str) -> None:
    host = host_of(text)
    assert isinstance(is_loopback(host), bool)


@given(st.ip_addresses())
def test_exactly_the_loopback_addresses_are_loopback(address: object) -> None:
    assert is_loopback(str(address)) == address.is_loopback  # type: ignore[attr-defined]
