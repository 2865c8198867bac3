"""`POST /agent/run` over a real socket: the envelope, its stream, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest


def test_a_run_comes_back_in_the_envelope(server, model):
    found = server.run()
    assert found.status_code == 200
    body = found.json()
    assert body | {"run_id": "", "metrics": None, "iterations": None} == {
        "ok": True,
        "run_id": "",
        "final_answer": "Paris",
        "stopped_reason": "success",
        "error": "",
        "messages": [
            {"role": "user", "content": "Capital of France?"},
            {"role": "assistant", "content": "Paris"},
        ],
        "metrics": None,
        "iterations": None,
        "last_tool_invocation": None,
    }
    assert body["run_id"].startswith("run_")
    total = body["metrics"].pop("total_ms")
    assert body["metrics"] == {
        "iterations": 1,
        "model_calls": 1,
        "tool_calls": 0,
        "tokens": {"prompt": 7, "completion": 3},
        "cost": 0.0,
        "escalated": False,
        "used_model": "small",
        "retries": 0,
    }
    assert 0 < body["iterations"][0]["model_ms"] <= total
    assert "x-stand-in" not in found.headers


def test_tools_are_called_and_shown_with_what_was_sent(start, model, tools, tool_call):
    said = iter([[tool_call("add", a=2, b=3)], "5"])
    model.answer = lambda body: next(said)
    body = start(open_tools=tools.open).run(tool_backend="local").json()
    assert body["final_answer"] == "5"
    invocation = body["iterations"][0]["tool_invocations"][0]
    assert invocation | {"ms": 0} == {
        "id": "call_1",
        "name": "add",
        "arguments_text": '{"a": 2, "b": 3}',
        "arguments": {"a": 2, "b": 3},
        "ok": True,
        "rc": 0,
        "content": "5",
        "stdout": "5\n",
        "stderr": "",
        "error": "",
        "ms": 0,
    }
    assert body["last_tool_invocation"] == invocation
    assert tools.closed == 1
    assert [one["role"] for one in body["messages"]] == ["user", "assistant", "tool", "assistant"]


def test_what_the_request_says_reaches_loop_model_and_tools(start, model, tools):
    start(open_tools=tools.open).run(
        tool_backend="http",
        tool_http_base_url="http://127.0.0.1:9",
        tool_http_headers={"X-A": "1"},
        seed=5,
        temperature=0.5,
        max_tokens_total=500,
    )
    assert tools.opened_with == [
        {
            "kind": "http",
            "tool_http_base_url": "http://127.0.0.1:9",
            "tool_http_headers": {"X-A": "1"},
            "mcp_server": "",
            "forward_headers": {},
        }
    ]
    sent = model.asked[0].body
    assert (sent["seed"], sent["temperature"], sent["model"]) == (5, 0.5, "small")
    assert [one["function"]["name"] for one in sent["tools"]] == ["add", "hang"]


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_stream_tells_the_run_as_it_goes(start, model, tools, tool_call):
    said = iter([[tool_call("add", a=2, b=3)], "It is 5"])
    model.answer = lambda body: next(said)
    found = start(open_tools=tools.open).run(tool_backend="local", stream=True)
    assert found.headers["content-type"] == "text/event-stream; charset=utf-8"
    told = events(found.text)
    assert [name for name, _ in told if name != "delta"] == [
        "step",
        "tool_call",
        "tool_result",
        "step",
        "done",
    ]
    assert "".join(data["text"] for name, data in told if name == "delta") == "Itis5"
    named = dict(told)
    assert named["tool_call"] == {"id": "call_1", "name": "add", "arguments_text": '{"a": 2, "b": 3}'}
    assert named["tool_result"]["stdout"] == "5\n"
    assert (named["done"]["ok"], named["done"]["final_answer"]) == (True, "Itis5")


def test_a_model_that_fails_is_an_envelope_that_is_not_ok(server, model):
    model.answer = lambda body: (500, {"error": {"message": "out of memory"}})
    found = server.run()
    assert found.status_code == 200
    body = found.json()
    assert (body["ok"], body["stopped_reason"], body["final_answer"]) == (False, "model_error", "")
    assert "out of memory" in body["error"]


def test_no_run_is_longer_than_the_service_allows(start, model, hang):
    model.answer = lambda body: hang
    body = start(run_seconds=0.3).run(max_total_seconds=3600).json()
    assert body["stopped_reason"] == "budget_seconds"
    assert body["metrics"]["total_ms"] < 550


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"max_iteration": 3}, "max_iteration"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"model": ""}, "model"),
        ({"model": "a\nb"}, "model"),
        ({"model": None}, "model"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"max_iterations": 101}, "max_iterations"),
        ({"max_iterations": True}, "max_iterations"),
        ({"max_iterations": "3"}, "max_iterations"),
        ({"max_iterations": 2.5}, "max_iterations"),
        ({"max_total_seconds": 0}, "max_total_seconds"),
        ({"max_total_seconds": -1}, "max_total_seconds"),
        ({"max_tokens_total": -1}, "max_tokens_total"),
        ({"max_cost": -0.1}, "max_cost"),
        ({"tool_timeout": 0}, "tool_timeout"),
        ({"tool_concurrency": 17}, "tool_concurrency"),
        ({"temperature": 2.1}, "temperature"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"tool_mode": "magic"}, "tool_mode"),
        ({"tool_backend": "ssh"}, "tool_backend"),
        ({"stream": "yes"}, "stream"),
        ({"tool_http_headers": {"X-A": 1}}, "tool_http_headers.X-A"),
        ({"tool_http_base_url": "http://127.0.0.1/\u0000"}, "tool_http_base_url"),
    ],
)
def test_a_field_that_cannot_be_is_a_422_that_names_it(server, model, fields, named):
    found = server.run(**fields)
    assert found.status_code == 422
    error = found.json()["error"]
    assert (error["param"], [one["field"] for one in error["fields"]]) == (named, [named])
    assert named in error["message"]
    assert model.asked == []


def test_every_wrong_field_is_named_once(server):
    error = server.run(seed="x", max_iters=1, verbose=True).json()["error"]
    assert {one["field"]: one["message"] for one in error["fields"]} == {
        "seed": "input should be a valid integer",
        "max_iters": "unknown field",
        "verbose": "unknown field",
    }
    assert server.run(max_iters=1).json()["error"]["code"] == "unknown_field"


def test_a_whole_number_may_have_a_point(server):
    assert server.run(max_iterations=2.0, seed=7.0).status_code == 200


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tool_backend": "http"}, "tool_http_base_url"),
        ({"tool_backend": "mcp"}, "mcp_server"),
        ({"escalate_on_budget_exceeded": True}, "escalate_model"),
        ({"tool_backend": "http", "tool_http_base_url": "http://10.1.2.3/"}, "tool_http_base_url"),
        ({"tool_backend": "http", "tool_http_base_url": "ftp://127.0.0.1/"}, "tool_http_base_url"),
        (
            {
                "tool_backend": "http",
                "tool_http_base_url": "http://127.0.0.1:9",
                "tool_http_headers": {"Host": "secret-value"},
            },
            "tool_http_headers",
        ),
    ],
)
def test_what_cannot_be_done_is_a_400_that_names_it(server, model, fields, named):
    found = server.run(**fields)
    assert found.status_code == 400
    assert found.json()["error"]["param"] == named
    assert "secret-value" not in found.text
    assert model.asked == []


def test_tools_that_cannot_be_used_are_a_409_that_says_why(server, model):
    found = server.run(tool_backend="http", tool_http_base_url="http://127.0.0.1:1")
    assert found.status_code == 409
    assert found.json()["error"]["code"] == "tool_backend_unusable"
    assert model.asked == []
    streamed = server.run(tool_backend="http", tool_http_base_url="http://127.0.0.1:1", stream=True)
    assert streamed.status_code == 409


def test_half_characters_in_what_a_tool_says_reach_the_caller(start, model, tools, tool_call, monkeypatch):
    from mini_agent.conversation import ToolOutcome

    async def invoke(*_: Any) -> ToolOutcome:
        return ToolOutcome(True, "caf\udce9 \x00")

    monkeypatch.setattr(tools, "invoke", invoke)
    said = iter([[tool_call("add")], "done"])
    model.answer = lambda body: next(said)
    body = start(open_tools=tools.open).run(tool_backend="local").json()
    assert body["last_tool_invocation"]["content"] == "caf? \x00"
