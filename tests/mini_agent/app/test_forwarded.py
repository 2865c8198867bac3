"""The headers of a trace: from the request to the model and to the tools, and not in any form."""

from __future__ import annotations

import pytest

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize("path", ["/agent/run", "/v1/chat/completions"])
def test_a_trace_goes_on_to_the_model(server, model, ask, path):
    body = {**ask, "tool_backend": "none"} if path == "/agent/run" else dict(ask)
    found = server.post(
        path,
        body,
        x_readiness_trace="t-1 a",
        x_readiness_trial="7",
        traceparent=PARENT,
        tracestate="v=1",
        x_other="no",
    )
    assert found.status_code == 200
    sent = model.asked[0].headers
    names = ("x-readiness-trace", "x-readiness-trial", "traceparent", "tracestate", "x-other")
    assert [sent.get(name) for name in names] == ["t-1 a", "7", PARENT, "v=1", None]


def test_a_trace_goes_on_to_the_tools(start, tools, ask):
    start(open_tools=tools.open).post("/agent/run", dict(ask), x_readiness_trace="t-1")
    assert tools.opened_with[0]["forward_headers"] == {"x-readiness-trace": "t-1"}


def test_the_callers_credentials_go_nowhere(start, model, ask):
    server = start(token="own-token")
    assert (
        server.post(
            "/v1/chat/completions", dict(ask), authorization="Bearer own-token", cookie="a=b"
        ).status_code
        == 200
    )
    assert "own-token" not in str(model.asked[0].headers)
    assert "cookie" not in model.asked[0].headers


@pytest.mark.parametrize(
    "lines",
    [
        ["X-Readiness-Trace: " + "a" * 257],
        ["X-Readiness-Trace: a", "X-Readiness-Trace: b"],
        ["X-Readiness-Trace: caf\xe9"],
        ["X-Readiness-Trace:"],
        ["X-Readiness-Trace: a", "X-Readiness-Trial: seven"],
    ],
)
def test_a_trace_that_cannot_be_passed_on_is_refused(server, model, lines):
    head = ["POST /v1/chat/completions HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}]}'
    text = "\r\n".join([*head, f"Content-Length: {len(body)}", *lines]).encode("latin-1")
    answer = server.raw(text + b"\r\n\r\n" + body)
    assert b" 400 " in answer.splitlines()[0]
    assert b"x-readiness-tr" in answer
    assert model.asked == []


@pytest.mark.parametrize("parent", ["nonsense", PARENT.upper(), PARENT + "-x y"])
def test_a_malformed_traceparent_is_dropped_with_its_state(server, model, ask, parent):
    found = server.post("/v1/chat/completions", dict(ask), traceparent=parent, tracestate="v=1")
    assert found.status_code == 200
    assert {"traceparent", "tracestate"} & set(model.asked[0].headers) == set()
