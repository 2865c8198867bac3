"""What a request may say, and which headers its tool is called with."""

from __future__ import annotations

import pytest
from leaky_gateway.agent_proxy import BadRequest, run_agent

ENVIRONMENT = {"GATEWAY_TOOL_HTTP_HEADERS": '{"x-env": "A"}'}


def test_agent_proxy_refuses_a_request_without_a_tool_url():
    with pytest.raises(BadRequest, match="tool_url is missing"):
        run_agent({"tool": "search"}, {}, lambda url, headers, body: None)


def test_agent_proxy_headers_precedence():
    recorded = {}

    def send(url, headers, body):
        recorded.update(headers)
        return {"hits": 1}

    run_agent(
        {"tool_url": "http://tools.test", "tool_headers": {"X-Env": "B", "X-Req": "C"}},
        ENVIRONMENT,
        send,
    )
    assert recorded == {"X-Env": "B", "X-Req": "C"}


def test_agent_proxy_routes_a_plain_request_to_the_small_model():
    answer = run_agent({"tool_url": "http://tools.test"}, {}, lambda url, headers, body: "ok")
    assert answer["model"] == "gateway-small"
