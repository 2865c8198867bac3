"""Which backend a request gets, and what is refused before anything is sent."""

from __future__ import annotations

import pytest

from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.backends import ToolSettings, open_backend

SECRET = "s3cret-value-of-a-header"
URL = "http://127.0.0.1:9"


def test_no_tools_offers_nothing_and_runs_nothing(run):
    async def check():
        backend = open_backend("none", ToolSettings())
        assert await backend.definitions() == ()
        with pytest.raises(ToolBackendError, match="no tool 'add'"):
            await backend.invoke("1", "add", {}, 1.0)
        await backend.aclose()

    run(check())


@pytest.mark.parametrize("kind", ["", "HTTP", "docker", "local "])
def test_an_unknown_kind_is_refused_with_the_kinds_there_are(kind):
    with pytest.raises(ValueError, match="tool_backend: must be one of local, http, mcp, none"):
        open_backend(kind, ToolSettings())


def test_http_without_a_base_url_is_refused():
    with pytest.raises(ValueError, match="tool_http_base_url: "):
        open_backend("http", ToolSettings())


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": f"{SECRET}\r\nX-B: 1"},
        {"X A": SECRET},
        {"X:A": SECRET},
        {"": SECRET},
        {"X-\u00e4": SECRET},
        {"X-A": f"{SECRET}\u00e4"},
        {"host": SECRET},
        {"Proxy-Authorization": SECRET},
        {f"X-{number}": SECRET for number in range(65)},
        {"X-Long": SECRET * 1000},
    ],
)
def test_a_hostile_header_is_refused_by_its_field_and_never_its_value(headers):
    with pytest.raises(ValueError, match=r"^tool_http_headers: ") as refusal:
        open_backend("http", ToolSettings(), tool_http_base_url=URL, tool_http_headers=headers)
    assert SECRET not in str(refusal.value)


def test_settings_say_at_start_what_they_cannot_use():
    with pytest.raises(ValueError, match="MINI_AGENT_TOOL_HTTP_HEADERS: must be a JSON object"):
        ToolSettings.from_environment({"MINI_AGENT_TOOL_HTTP_HEADERS": "X-Env: A"})
    with pytest.raises(ValueError, match=r"MINI_AGENT_TOOL_HTTP_ALLOW: '10.0.0.0/99' is not a network"):
        ToolSettings.from_environment({"MINI_AGENT_TOOL_HTTP_ALLOW": "10.0.0.0/99"})


def test_settings_never_show_a_value():
    settings = ToolSettings.from_environment({"MINI_AGENT_TOOL_HTTP_HEADERS": f'{{"X-Env": "{SECRET}"}}'})
    assert settings.headers == {"X-Env": SECRET}
    assert SECRET not in repr(settings)


def test_environment_request_and_trace_headers_reach_the_server_once_each(run, tool_server):
    async def check():
        settings = ToolSettings.from_environment(
            {"MINI_AGENT_TOOL_HTTP_HEADERS": '{"X-Env": "A", "X-Keep": "K", "X-A": "env"}'}
        )
        async with tool_server() as server:
            backend = open_backend(
                "http",
                settings,
                tool_http_base_url=server.url,
                tool_http_headers={"X-Env": "B", "X-Req": " C ", "x-a": "req"},
                forward_headers={"traceparent": "00-aa-bb-01", "X-REQ": "trace", "x-keep": "trace"},
            )
            assert [one.name for one in await backend.definitions()] == ["add"]
            assert (await backend.invoke("1", "add", {"a": 1}, 5.0)).ok
            await backend.aclose()
        assert [one.target for one in server.requests] == ["GET /tools HTTP/1.1", "POST /invoke HTTP/1.1"]
        for request in server.requests:
            assert request.named("x-env") == ["X-Env: B"]
            assert request.named("x-req") == ["X-Req: C"]
            assert request.named("x-keep") == ["X-Keep: K"]
            assert request.named("x-a") == ["x-a: req"]
            assert request.named("traceparent") == ["traceparent: 00-aa-bb-01"]

    run(check())
