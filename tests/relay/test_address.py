from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.address import BadTarget, climbs, read_target


def test_a_target_names_token_trial_path_and_query():
    address = read_target("/c/abc-DEF_1/t/12/v1/chat?a=1&b=%20")
    assert (address.token, address.trial, address.path, address.query) == (
        "abc-DEF_1",
        12,
        "/v1/chat",
        "a=1&b=%20",
    )
    assert address.tail == "/v1/chat?a=1&b=%20"


@pytest.mark.parametrize(
    ("target", "token", "trial", "path"),
    [
        ("/c/abc", "abc", None, ""),
        ("/c/abc/", "abc", None, "/"),
        ("/c/abc/t/", "abc", None, "/t/"),
        ("/c/abc/t/x/v1", "abc", None, "/t/x/v1"),
        ("/c/abc/t/3", "abc", 3, ""),
        ("/c/abc//v1", "abc", None, "//v1"),
        ("/x", "", None, "/x"),
        ("/c//v1", "", None, "/c//v1"),
        ("/c/a%62c/v1", "", None, "/c/a%62c/v1"),
    ],
)
def test_what_names_no_route_has_no_token(target, token, trial, path):
    address = read_target(target)
    assert (address.token, address.trial, address.path) == (token, trial, path)


@pytest.mark.parametrize(
    "target",
    ["", "*", "http://h/c/abc", "c/abc", "/c/abc/../x", "/c/abc/%2e%2E", "/c/abc/a%2f..%2fb", "/c/abc/.", "/c/a b", "/c/a\r\nX: 1",
     "/c/a#b", "/c/a\\b", "/c/\xe9", "/c/abc/..%5cx"],
)  # fmt: skip
def test_a_doubtful_target_is_refused(target):
    with pytest.raises(BadTarget):
        read_target(target)


@given(st.text())
def test_any_target_is_read_or_refused_and_never_leads_elsewhere(target):
    try:
        address = read_target(target)
    except BadTarget:
        return
    assert address.path == "" or address.path.startswith("/")
    assert address.tail.isascii()
    assert address.tail.isprintable()
    assert " " not in address.tail
    assert not climbs(address.path)


def test_dots_inside_a_segment_do_not_climb():
    assert not climbs("/a..b/...//.hidden")
