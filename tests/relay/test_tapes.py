from __future__ import annotations

import pytest

from readiness.relay.asked import read_asked
from readiness.relay.cassette import CassetteError, load
from readiness.relay.exchange import Exchange
from readiness.relay.plan import read_plan
from readiness.relay.player import NotRecorded
from readiness.relay.secrets_seen import SecretsSeen
from readiness.relay.shapes import Shape
from readiness.relay.tapes import Tapes

TOKENS = ("first-0123456789abcd", "second-0123456789abc")


@pytest.fixture
def plan(tmp_path):
    def make(*modes: str, cassette: str = "c.yaml"):
        routes = {
            token: {
                "check": token[:5],
                "lane": "nd",
                "upstream": "m",
                "mode": mode,
                "cassette": str(tmp_path / cassette),
            }
            for token, mode in zip(TOKENS, modes, strict=False)
        }
        model = {"name": "tiny", "digest": "abc"}
        return read_plan(
            {
                "upstreams": {"m": {"kind": "openai", "base": "http://h", "model": model, "stand_in": True}},
                "routes": routes,
            }
        )

    return make


def exchange(plan, token=TOKENS[0], body=b'{"a": 1}', trial=None):
    one = Exchange("POST", "/v1/x", plan.routes[token], plan.upstreams["m"], trial)
    one.asked = read_asked(Shape.OTHER, "POST", "/v1/x", "b=1&key=secret", "", body)
    return one


def answered(one, text=b"answer"):
    one.begin_answer(200, [("Content-Type", "text/plain"), ("Set-Cookie", "a=b"), ("Date", "now")])
    one.take(text)
    return one


def test_routes_share_a_cassette(plan, tmp_path):
    recording = plan("record", "record")
    tapes = Tapes(recording, SecretsSeen({}))
    for token in TOKENS:
        one = exchange(recording, token)
        ordinal = tapes.ordinal(one)
        tapes.record(answered(one, token.encode()), ordinal)
    tapes.finish()
    held = load(str(tmp_path / "c.yaml"))
    assert [(one.ordinal, one.body) for one in held] == [(0, TOKENS[0].encode()), (1, TOKENS[1].encode())]
    assert held[0].headers == {"content-type": "text/plain"}, "no cookie, no clock"
    assert held[0].request == {"method": "POST", "path": "/v1/x", "query": [["b", "1"]], "body": {"a": 1}}
    assert held[0].against["model"] == {"name": "tiny", "digest": "abc"}
    assert held[0].against["stand_in"] is True


def test_what_was_recorded_is_found(plan):
    recording = plan("record")
    tapes = Tapes(recording, SecretsSeen({}))
    one = exchange(recording)
    tapes.record(answered(one), tapes.ordinal(one))
    tapes.finish()
    replaying = plan("replay")
    player = Tapes(replaying, SecretsSeen({}))
    found, ordinal = player.find(exchange(replaying))
    assert (found.body, ordinal) == (b"answer", 0)
    with pytest.raises(NotRecorded, match=r"differs in body\.a: asked 2, recorded 1"):
        player.find(exchange(replaying, body=b'{"a": 2}'))


def test_a_route_that_passes_records_nothing(plan, tmp_path):
    passing = plan("pass")
    tapes = Tapes(passing, SecretsSeen({}))
    one = exchange(passing)
    assert tapes.ordinal(one) == 0
    tapes.record(answered(one), 0)
    tapes.finish()
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_was_too_large_to_keep_is_not_recorded(plan, tmp_path):
    recording = plan("record")
    tapes = Tapes(recording, SecretsSeen({}))
    one = exchange(recording)
    answered(one)
    one.chunks.clear()
    tapes.record(one, 0)
    tapes.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_cassette_is_known_at_once(plan):
    with pytest.raises(CassetteError, match=r"c\.yaml: cannot be read"):
        Tapes(plan("replay"), SecretsSeen({}))
