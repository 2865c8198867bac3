"""Merging: the request wins, names are compared without case, one line a name."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.headers.merge import add_absent, merge
from mini_agent.headers.table import HeaderError

NAMES = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=4).map(lambda n: f"X{n}")
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
SOURCES = st.dictionaries(NAMES, VALUES, max_size=12)


def test_the_request_wins_over_the_environment_in_its_own_spelling():
    assert merge({"X-A": "env", "X-Env": "A"}, {"x-a": "req"}) == (("x-a", "req"), ("X-Env", "A"))


def test_the_first_users_case():
    assert dict(merge({"X-Env": "A"}, {"X-Env": "B", "X-Req": "C"})) == {"X-Env": "B", "X-Req": "C"}


def test_within_one_source_the_later_spelling_wins():
    assert merge({}, {"X-A": "1", "x-a": "2", "X-a": "3"}) == (("X-a", "3"),)


def test_an_empty_value_of_the_request_wins_too():
    assert merge({"X-A": "secret"}, {"x-a": " "}) == (("x-a", ""),)


def test_one_source_too_many_is_refused():
    environment = {f"X-E{number}": "v" for number in range(40)}
    request = {f"X-R{number}": "v" for number in range(24)}
    assert len(merge(environment, request)) == 64
    with pytest.raises(HeaderError, match="65"):
        merge(environment, request | {"X-One": "more"})


@given(SOURCES, SOURCES)
def test_every_name_once_and_each_the_winners(environment, request_headers):
    merged = merge(environment, request_headers)
    names = [name.lower() for name, _ in merged]
    assert len(names) == len(set(names))
    assert set(names) == {name.lower() for name in (*environment, *request_headers)}
    for name, value in merged:
        source = request_headers if name.lower() in {one.lower() for one in request_headers} else environment
        last = [(key, text) for key, text in source.items() if key.lower() == name.lower()][-1]
        assert (name, value) == (last[0], last[1].strip(" \t"))


@given(SOURCES, SOURCES)
def test_merging_what_was_merged_changes_nothing(environment, request_headers):
    merged = merge(environment, request_headers)
    assert merge(dict(merged), {}) == merged
    assert merge({}, dict(merged)) == merged


def refusal_of(name: str, value: str) -> str:
    """Why a field is refused; empty when it is not."""
    try:
        merge({}, {name: value})
    except HeaderError as refusal:
        return str(refusal)
    return ""


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_passes_cannot_break_out_of_its_line(name, value):
    if refusal_of(name, value):
        return
    ((sent_name, sent_value),) = merge({}, {name: value})
    line = f"{sent_name}: {sent_value}\r\n".encode("ascii")
    assert line.count(b"\n") == line.count(b"\r") == 1
    assert line.partition(b":")[0].decode() == sent_name
    assert not {" ", "\t", "\x00"} & set(sent_name)


@given(st.text(max_size=8), st.text(st.characters(codec="utf-8"), min_size=8, max_size=30))
def test_a_refusal_is_one_line_that_never_holds_the_value(name, value):
    refusal = refusal_of(name, value)
    assert value not in refusal or not refusal
    assert refusal.isprintable()


@given(SOURCES, SOURCES, SOURCES)
def test_defaults_only_fill_gaps(environment, request_headers, defaults):
    merged = merge(environment, request_headers)
    whole = add_absent(merged, defaults)
    names = [name.lower() for name, _ in whole]
    assert whole[: len(merged)] == merged
    assert len(names) == len(set(names))
    assert set(names) == {name.lower() for name in (*environment, *request_headers, *defaults)}


def test_a_default_is_checked_too():
    with pytest.raises(HeaderError, match="'traceparent'"):
        add_absent((), {"traceparent": "00-1\r\nX-Evil: 1"})
