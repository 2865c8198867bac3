"""The header contract, end to end: what a real tool server received, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CALL = {"tool_calls": [{"name": "echo", "arguments": {"text": "hello", "wait": 0}}]}


def lines(head: bytes) -> list[str]:
    return [line.decode() for line in head.split(b"\r\n")[1:] if line.lower().startswith(b"x-")]


def test_the_request_wins_over_the_environment_and_each_name_is_sent_once(
    run: Callable[..., dict[str, Any]], tools: Any
) -> None:
    headers = {"x-env": " B ", "X-Req": "C"}
    envelope = run(
        [CALL, "done"], tool_backend="http", tool_http_base_url=tools.base, tool_http_headers=headers
    )
    assert envelope["ok"], envelope
    heads = tools.heads(b"GET /tools ") + tools.heads(b"POST /invoke ")
    assert len(heads) == 2
    for head in heads:
        assert sorted(lines(head)) == ["X-Req: C", "X-Service: kept", "x-env: B"]


def test_without_headers_in_the_request_those_of_the_environment_are_sent(
    run: Callable[..., dict[str, Any]], tools: Any
) -> None:
    assert run([CALL, "done"], tool_backend="http", tool_http_base_url=tools.base)["ok"]
    assert sorted(lines(tools.heads(b"POST /invoke ")[0])) == ["X-Env: A", "X-Service: kept"]


def test_invoke_is_posted_once_with_the_arguments_as_they_were(
    run: Callable[..., dict[str, Any]], tools: Any
) -> None:
    envelope = run([CALL, "done"], tool_backend="http", tool_http_base_url=tools.base)
    assert tools.bodies() == [{"name": "echo", "arguments": {"text": "hello", "wait": 0}}]
    content = next(one["content"] for one in envelope["messages"] if one["role"] == "tool")
    assert '"nested"' in content
    assert "2.5" in content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "one\r\nX-B: two"),
        ("X A", "b"),
        ("", "b"),
        ("Host", "evil"),
        ("Proxy-Authorization", "b"),
        ("X-Ä", "b"),
    ],
)
def test_a_header_that_could_do_harm_is_refused_before_anything_is_sent(
    post: Callable[..., Any], tools: Any, name: str, value: str
) -> None:
    body = {"model": "scripted", "messages": [{"role": "user", "content": "Go."}], "tool_backend": "http"}
    answer = post(
        "/agent/run", {**body, "tool_http_base_url": tools.base, "tool_http_headers": {name: value}}
    )
    assert answer.status == 400
    assert value not in str(answer.data) or len(value) < 2
    assert tools.requests == []
