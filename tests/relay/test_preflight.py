"""Servers that honour, refuse or silently drop what a check needs."""

from __future__ import annotations

import json
import threading
import time

import pytest

from readiness.relay.preflight import judge_overlap, judge_schema, judge_seed, judge_tools, preflight


class Server:
    """An OpenAI or Ollama server; `drops` are the things it ignores, `refuses` those it answers 400."""

    def __init__(self, kind="openai", drops=(), refuses=()):
        self.kind, self.drops, self.refuses = kind, drops, refuses
        self.count = 0
        self.busy = threading.Lock()

    def answer(self, path, body):
        asked = {
            "seed": "seed" in body or "seed" in body.get("options", {}),
            "tools": "tools" in body,
            "schema": "response_format" in body or "format" in body,
            "streaming": body["stream"],
        }
        wants = {name for name, is_asked in asked.items() if is_asked}
        if refused := wants & set(self.refuses):
            return 400, {}, {"error": {"message": f"no {refused.pop()}"}}
        return 200, {}, self.content(body, wants - set(self.drops))

    def content(self, body, wants):
        self.count += 1
        seed = body.get("seed", body.get("options", {}).get("seed"))
        text = f"ship {seed if 'seed' in wants else self.count}"
        calls = []
        if "schema" in wants:
            text = '{"mark": "zq7"}'
        if "tools" in wants:
            calls = [{"function": {"name": "lookup_weather", "arguments": {"city": "Paris"}}}]
        prompt = 90 if "tools" in wants else 9
        if self.kind == "ollama":
            return self.lines(text, calls, prompt, "streaming" in wants)
        message = {
            "content": text,
            "tool_calls": [{"function": {"name": "lookup_weather", "arguments": "{}"}}] if calls else None,
        }
        choice = {"message": message, "delta": message, "finish_reason": "stop"}
        whole = {"choices": [choice], "usage": {"prompt_tokens": prompt, "completion_tokens": 3}}
        return [self.event(whole), self.pause, self.event(whole)] if "streaming" in wants else whole

    def lines(self, text, calls, prompt, stream):
        whole = {"message": {"content": text, "tool_calls": calls}, "done": True, "prompt_eval_count": prompt}
        line = json.dumps({**whole, "done": False}).encode() + b"\n"
        return [line, self.pause, json.dumps(whole).encode()] if stream else whole

    def event(self, whole):
        return b"data: " + json.dumps(whole).encode() + b"\n\n"

    def pause(self):
        if "concurrency" not in self.drops:
            time.sleep(0.15)
        return b""


ALL = ("seed", "tools", "schema", "streaming", "concurrency")


@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_a_server_that_honours_all(serve, kind):
    found = preflight(serve(Server(kind).answer), kind, "tiny", ALL)
    assert [(one.name, one.answer) for one in found.asked] == [(name, "yes") for name in ALL], found
    assert found.lacking == ()


@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_what_is_dropped_silently_is_found(serve, kind):
    found = preflight(
        serve(Server(kind, drops=("seed", "tools", "schema", "streaming")).answer), kind, "tiny", ALL[:4]
    )
    assert [one.answer for one in found.asked] == ["dropped silently"] * 4, found
    assert found.lacking == found.asked


def test_what_is_refused_is_a_no(serve):
    found = preflight(serve(Server(refuses=ALL).answer), "openai", "tiny", ALL[:4])
    assert [(one.answer, one.evidence) for one in found.asked] == [
        ("no", f"status 400: no {name}") for name in ALL[:4]
    ]


def test_a_server_that_takes_one_at_a_time(serve):
    lock = threading.Lock()

    def answer(_path, _body):
        def line():
            with lock:
                time.sleep(0.1)
                return b'data: {"choices": []}\n\ndata: [DONE]\n\n'

        return 200, {}, [line]

    [found] = preflight(serve(answer), "openai", "tiny", ("concurrency",)).asked
    assert (found.answer, found.evidence) == ("no", "1 of 4 answers under way at once")


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_server_in_trouble_says_nothing_of_what_it_can(serve, status):
    found = preflight(
        serve(lambda _path, _body: (status, {}, {"error": "trouble"})), "ollama", "tiny", ALL[:4]
    )
    assert {one.answer for one in found.asked} == {"unknown"}
    assert all(f"status {status}: trouble" in one.evidence for one in found.asked)


def test_nobody_there_is_unknown():
    [found] = preflight("http://127.0.0.1:9", "openai", "tiny", ("seed",)).asked
    assert found.answer == "unknown"
    assert "no answer" in found.evidence


def test_an_api_without_a_seed():
    assert preflight("http://127.0.0.1:9", "anthropic", "claude", ("seed",)).asked[0].answer == "no"


def test_an_unknown_want_is_a_mistake():
    with pytest.raises(ValueError, match="no preflight for sed"):
        preflight("http://127.0.0.1:9", "openai", "tiny", ("sed",))
    with pytest.raises(ValueError, match="no preflight for grpc"):
        preflight("http://127.0.0.1:9", "grpc", "tiny", ("seed",))


@pytest.mark.parametrize(
    ("texts", "answer"),
    [(("a", "a", "b", "c"), "yes"), (("a", "a", "a", "b"), "yes"), (("a", "b", "a", "b"), "dropped silently"),
     (("a", "a", "a", "a"), "unknown"), (("", "", "b", "c"), "unknown")],
)  # fmt: skip
def test_seeds_are_judged(texts, answer):
    assert judge_seed(texts)[0] == answer


@pytest.mark.parametrize(
    ("offered", "without", "answer"),
    [(9, 9, "dropped silently"), (90, 9, "no"), (None, 9, "unknown"), (9, None, "unknown")],
)
def test_tools_are_judged(offered, without, answer):
    assert judge_tools(offered, without, "It rains.")[0] == answer


def test_schemas_and_overlaps_are_judged():
    assert judge_schema('{"mark":"zq7"}')[0] == "yes"
    assert judge_schema('{"mark":"other"}')[0] == judge_schema("Hello!")[0] == "dropped silently"
    assert judge_overlap([(0, 2), (1, 3), (1.5, 4)]) == ("yes", "3 of 3 answers under way at once")
    assert judge_overlap([(0, 1), (1, 2), (2, 3)])[0] == "no"
