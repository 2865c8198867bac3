"""The OpenAI shape: whole, streamed, with tools, and with errors of the right status."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
def test_a_completion(post: Callable[..., Any], scripted: Callable[..., Any], path: str) -> None:
    answer = post(path, {"model": "scripted", "messages": scripted(["Paris."])})
    assert answer.status == 200
    assert answer.data["object"] == "chat.completion"
    (choice,) = answer.data["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Paris.", "stop")
    assert answer.data["usage"] == {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    assert "x-stand-in" not in {name.lower() for name in answer.headers}


def test_a_tool_call_is_passed_through(post: Callable[..., Any], scripted: Callable[..., Any]) -> None:
    messages = scripted([{"tool_calls": [{"name": "look", "arguments": {}}]}])
    answer = post("/v1/chat/completions", {"model": "scripted", "messages": messages, "tools": [TOOL]})
    (choice,) = answer.data["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "look", "arguments": "{}"}


def test_a_stream(base: str, scripted: Callable[..., Any]) -> None:
    body = {"model": "scripted", "messages": scripted(["one two three"]), "stream": True}
    body["stream_options"] = {"include_usage": True}
    request = urllib.request.Request(
        f"{base}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        events = [event.removeprefix("data: ") for event in reply.read().decode().strip().split("\n\n")]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
    assert text.split() == ["one", "two", "three"] or text == "onetwothree"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 15


def test_a_failing_model_is_an_error_and_never_a_canned_reply(
    post: Callable[..., Any], scripted: Callable[..., Any]
) -> None:
    answer = post("/v1/chat/completions", {"model": "scripted", "messages": scripted([{"status": 400}])})
    assert answer.status >= 400
    assert set(answer.data) == {"error"}
    assert set(answer.data["error"]) >= {"message", "type", "code"}


def test_an_unknown_field_of_a_run_is_named(post: Callable[..., Any]) -> None:
    body = {"model": "scripted", "messages": [{"role": "user", "content": "Go."}], "max_iteratons": 5}
    answer = post("/agent/run", body)
    assert answer.status == 422
    assert "max_iteratons" in json.dumps(answer.data)
