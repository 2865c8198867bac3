from __future__ import annotations

import gzip
import json

import pytest

from readiness.relay import exchange as module
from readiness.relay.asked import read_asked
from readiness.relay.exchange import Exchange
from readiness.relay.plan import Route, Upstream
from readiness.relay.prices import Price, Prices
from readiness.relay.shapes import shape_of

PRICES = Prices("2026-01-01", "USD", {"tiny-1": Price(1.0, 10.0), "asked": Price(2.0, 2.0)})
ROUTE = Route("token-0123456789abc", "smokes", "nd", "model")
ANSWER = {
    "model": "tiny-1",
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}


@pytest.fixture
def begun():
    """An exchange whose request has been read: a chat, unless `path` says otherwise."""

    def make(path="/v1/chat/completions", route=ROUTE, **upstream):
        body = json.dumps({"model": "asked", "seed": 4, "temperature": 0}).encode()
        one = Exchange("POST", path, route, Upstream("model", "openai", "http://h", **upstream))
        one.asked = read_asked(shape_of("POST", path), "POST", path, "", "", body)
        return one

    return make


def answered(exchange, body=None, status=200, *fields):
    exchange.begin_answer(status, list(fields))
    exchange.take(json.dumps(ANSWER).encode() if body is None else body)
    exchange.whole = True
    return exchange.finish(PRICES)[0]


def test_a_good_answer_becomes_a_counted_call(begun):
    call = answered(begun(model={"digest": "abc"}))
    assert (call.check, call.lane, call.upstream, call.model, call.model_answered) == (
        "smokes",
        "nd",
        "model",
        "asked",
        "tiny-1",
    )
    assert (call.seed, call.temperature, call.identity) == (4, 0.0, {"digest": "abc"})
    assert (call.cost, call.counted, call.error, call.generation) == (23.0, True, "", True)
    assert call.at.endswith("Z")


def test_what_the_relay_never_read_becomes_a_call_too():
    call, said = Exchange("GET").finish(PRICES)
    assert (call.check, call.token, call.status, call.counted, said) == ("", "", None, False, "")


def test_what_went_wrong_first_stays(begun):
    one = begun()
    one.fail("reset", "broke off")
    one.fail("client_gone")
    call = answered(one)
    assert (call.error, call.detail, call.counted) == ("reset", "broke off", False)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (json.dumps(ANSWER).encode(), ""),
        (json.dumps(ANSWER).encode()[:-9], "client_gone"),
        (b"", "client_gone"),
    ],
)
def test_a_client_that_leaves_with_the_whole_answer_did_not_leave_early(begun, body, error):
    one = begun()
    one.begin_answer(200, [])
    one.take(body)
    one.fail("client_gone")
    assert one.finish(PRICES)[0].error == error


def test_a_client_that_leaves_what_has_no_end_leaves_early(begun):
    one = begun("/v1/files")
    one.begin_answer(200, [])
    one.take(b"half")
    one.fail("client_gone")
    assert one.finish(PRICES)[0].error == "client_gone"


@pytest.mark.parametrize(("status", "error"), [(500, "upstream_5xx"), (429, "429"), (404, "not_found")])
def test_a_client_that_leaves_at_the_status_of_an_error_has_heard_it(begun, status, error):
    one = begun()
    one.begin_answer(status, [])
    one.fail("client_gone")
    call = one.finish(PRICES)[0]
    assert (call.error, call.status, call.counted) == (error, status, False)


def test_the_text_of_an_error_is_kept(begun):
    one = begun()
    call = answered(one, b'{"error": {"message": "slow down"}}', 429, ("Retry-After", "7"))
    assert (call.error, call.detail, call.retry_after, call.counted) == ("429", "slow down", 7.0, False)
    assert one.finish(PRICES)[1] == "slow down"


def test_a_compressed_answer_is_read(begun):
    packed = gzip.compress(json.dumps(ANSWER).encode())
    assert answered(begun(), packed, 200, ("Content-Encoding", "gzip")).counted


def test_a_coding_that_cannot_be_undone_is_no_evidence(begun):
    call = answered(begun(), b"\x0b\x02", 200, ("Content-Encoding", "br"))
    assert (call.counted, call.bytes, call.tokens.prompt) == (False, 2, None)


def test_an_answer_too_large_to_keep_is_measured_and_no_evidence(begun, monkeypatch):
    monkeypatch.setattr(module, "KEPT_BYTES", 100)
    one = begun()
    one.begin_answer(200, [])
    for _ in range(5):
        one.take(b"x" * 30)
    call, _ = one.finish(PRICES)
    assert (call.bytes, call.counted, one.chunks) == (150, False, [])


@pytest.mark.parametrize(("upstream", "fields"), [({"stand_in": True}, ()), ({}, (("X-Stand-In", "echo"),))])
def test_a_stand_in_is_marked(begun, upstream, fields):
    call = answered(begun(**upstream), None, 200, *fields)
    assert (call.stand_in, call.counted) == (True, False)


def test_a_replay_costs_nothing_and_proves_nothing(begun):
    one = begun()
    one.replay = True
    call = answered(one)
    assert (call.cost, call.counted, call.replay) == (None, False, True)


def test_the_first_byte_is_timed_once(begun):
    one = begun()
    one.begin_answer(200, [])
    assert one.ttft is None
    one.take(b"a")
    first = one.ttft
    one.take(b"b")
    assert one.ttft == first
    assert one.size == 2
