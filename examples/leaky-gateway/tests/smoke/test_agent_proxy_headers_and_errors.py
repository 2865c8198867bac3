"""Errors of a tool reach the caller, and the envelope names the model."""

from __future__ import annotations

import leaky_gateway.agent_proxy as ap_mod


def _never_sent(url, headers, body):
    raise AssertionError(f"{url} must not be called here")


def test_agent_proxy_envelope_names_the_model():
    def _fixed_model(request):
        return "dummy"

    ap_mod.choose_model = _fixed_model
    sent = []
    answer = ap_mod.run_agent(
        {"tool": "search", "tool_url": "http://tools.test"},
        {},
        lambda url, headers, body: sent.append(url) or {"hits": 0},
    )
    assert answer == {"model": "dummy", "result": {"hits": 0}}
    assert sent == ["http://tools.test/search"]


def test_agent_proxy_reports_the_error_of_a_tool():
    class _FakeInvoker:
        """Stands in for the HTTP client's side: nothing is sent."""

        def __init__(self, url, headers, send):
            self.url = url

        def invoke(self, name, arguments):
            return {"error": f"{name} is down", "url": self.url}

    ap_mod.HttpToolsInvoker = _FakeInvoker
    answer = ap_mod.run_agent(
        {"tool": "search", "tool_url": "http://tools.test"},
        {},
        _never_sent,
    )
    assert answer["result"]["error"] == "search is down"
