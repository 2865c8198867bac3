from __future__ import annotations

import pytest

from readiness.relay.address import read_target
from readiness.relay.incoming import Refused, address_of, place_of, refuse_what_cannot_pass, trial_of
from readiness.relay.plan import read_plan

MINE, THEIRS, SERVICE = "mine-0123456789abcdef", "theirs-0123456789abcd", "service-0123456789abc"
PLAN = read_plan(
    {
        "upstreams": {
            "a": {"kind": "openai", "base": "http://127.0.0.1:1"},
            "b": {"kind": "ollama", "base": "http://127.0.0.1:2"},
        },
        "routes": {
            MINE: {"check": "mine", "lane": "nd", "upstream": "a"},
            THEIRS: {
                "check": "theirs",
                "lane": "core",
                "upstream": "a",
                "mode": "replay",
                "cassette": "c.yaml",
            },
            SERVICE: {"check": "service agent", "lane": "nd", "upstream": "b"},
        },
    }
)


def place(token: str, *fields: tuple[str, str], path: str = "/v1"):
    return place_of(PLAN, read_target(f"/c/{token}{path}"), list(fields))


def test_a_request_belongs_to_its_route():
    found = place(MINE)
    assert (found.route.check, found.upstream.name, found.trial) == ("mine", "a", None)


def test_a_trace_moves_the_credit_and_leaves_the_upstream():
    found = place(SERVICE, ("X-Readiness-Trace", THEIRS))
    assert (found.route.check, found.route.mode, found.upstream.name) == ("theirs", "replay", "b")


def test_the_same_trace_twice_is_one():
    assert place(SERVICE, ("x-readiness-trace", MINE), ("X-READINESS-TRACE", MINE)).route.check == "mine"


@pytest.mark.parametrize(
    "fields",
    [
        [("X-Readiness-Trace", "unknown-0123456789")],
        [("X-Readiness-Trace", "")],
        [("X-Readiness-Trace", MINE), ("X-Readiness-Trace", THEIRS)],
        [("X-Readiness-Trace", f"{MINE}, {THEIRS}")],
    ],
)
def test_a_trace_that_credits_nobody_is_refused(fields):
    with pytest.raises(Refused, match="names no check") as caught:
        place(SERVICE, *fields)
    assert (caught.value.status, caught.value.word) == (404, "unknown_route")


@pytest.mark.parametrize("token", ["unknown-0123456789", MINE.upper(), MINE[:-1], f"{MINE}x"])
def test_an_unknown_token_is_refused_and_not_repeated(token):
    with pytest.raises(Refused, match="knows no such route") as caught:
        place(token)
    assert token not in str(caught.value)


def test_the_trial_comes_from_the_path_or_else_from_its_field():
    assert trial_of(read_target("/c/x/t/3/v1"), [("X-Readiness-Trial", "5")]) == 3
    assert trial_of(read_target("/c/x/v1"), [("X-Readiness-Trial", " 5 ")]) == 5
    assert trial_of(read_target("/c/x/v1"), []) is None


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "²", "9" * 10, "1,2"])
def test_a_trial_is_a_number(text):
    with pytest.raises(Refused, match="whole number"):
        trial_of(read_target("/c/x/v1"), [("x-readiness-trial", text)])


def test_a_doubtful_target_is_refused_with_400():
    with pytest.raises(Refused) as caught:
        address_of("http://evil.example/")
    assert (caught.value.status, caught.value.word) == (400, "bad_request")


@pytest.mark.parametrize(
    ("method", "fields"),
    [("CONNECT", []), ("TRACE", []), ("GET", [("Connection", "Upgrade"), ("Upgrade", "websocket")])],
)
def test_other_protocols_are_refused(method, fields):
    with pytest.raises(Refused, match="no WebSocket") as caught:
        refuse_what_cannot_pass(method, fields)
    assert caught.value.status == 501
    refuse_what_cannot_pass("GET", [("Connection", "keep-alive")])
