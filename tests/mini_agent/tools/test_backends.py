"""Which backend a request gets, and what is refused before anything is sent."""

from __future__ import annotations

import json
import subprocess
import sys

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
            assert (await backend.invoke("1", "add", {"a": 1}, 20.0)).ok
            await backend.aclose()
        assert [one.target for one in server.requests] == ["GET /tools HTTP/1.1", "POST /invoke HTTP/1.1"]
        for request in server.requests:
            assert request.named("x-env") == ["X-Env: B"]
            assert request.named("x-req") == ["X-Req: C"]
            assert request.named("x-keep") == ["X-Keep: K"]
            assert request.named("x-a") == ["x-a: req"]
            assert request.named("traceparent") == ["traceparent: 00-aa-bb-01"]

    run(check())


def test_local_tools_are_those_of_the_sandbox(run):
    async def check():
        settings = ToolSettings.from_environment({"MINI_AGENT_LOCAL_PROGRAMS": ""})
        backend = open_backend("local", settings)
        assert type(backend).__name__ == "LocalTools"
        await backend.aclose()

    run(check())
    with pytest.raises(ValueError, match="MINI_AGENT_LOCAL_PROGRAMS"):
        ToolSettings.from_environment({"MINI_AGENT_LOCAL_PROGRAMS": "/bin/sh"})


SERVERS = {
    "notes": {"command": "notes-server", "args": ["--stdio", "a b"], "env": {"KEY": SECRET}},
    "maps": {"url": "http://10.1.2.3:8000/mcp", "headers": {"Authorization": SECRET}},
}


def with_servers(**environ: str) -> ToolSettings:
    return ToolSettings.from_environment({"MINI_AGENT_MCP_SERVERS": json.dumps(SERVERS), **environ})


@pytest.mark.parametrize(
    "given", ["notes", "notes-server --stdio 'a b'", "maps", "http://127.0.0.1:9/mcp", "http://localhost/mcp"]
)
def test_an_mcp_server_that_is_listed_or_allowed(run, given):
    async def check():
        backend = open_backend("mcp", with_servers(), mcp_server=given)
        await backend.aclose()
        return repr(with_servers())

    assert SECRET not in run(check())


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "sh -c 'touch pwned'",
        "notes-server",
        "notes-server --stdio a b",
        "notes; touch pwned",
        "NOTES",
        "/bin/sh",
        "notes-server --stdio 'a b",
        "x" * 5000,
        "\x00",
        "python -m http.server",
        "file:///bin/sh",
        "http://10.1.2.3:8000/mcp",
        "http://169.254.169.254/",
        "http://u:p@127.0.0.1/",
        "http://evil.example/",
    ],
)
def test_any_other_mcp_server_is_refused_by_its_field(given):
    with pytest.raises(ValueError, match=r"^mcp_server: ") as refusal:
        open_backend("mcp", with_servers(), mcp_server=given)
    assert str(refusal.value).isprintable()
    assert SECRET not in str(refusal.value)


def test_headers_of_a_url_are_checked_too():
    with pytest.raises(ValueError, match=r"^tool_http_headers: header 'Host'"):
        open_backend("mcp", with_servers(), mcp_server="maps", tool_http_headers={"Host": SECRET})


@pytest.mark.parametrize("name", ["Mcp-Session-Id", "mcp-protocol-version", "LAST-EVENT-ID"])
def test_a_request_cannot_enter_a_session_of_somebody_else(name):
    with pytest.raises(
        ValueError, match=rf"^tool_http_headers: header '{name}': only the MCP client"
    ) as refusal:
        open_backend("mcp", with_servers(), mcp_server="maps", tool_http_headers={name: SECRET})
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://169.254.169.254/mcp", "ftp://h/", "http://u:p@h/", "http://h/?a=b"])
def test_a_url_of_the_operator_that_cannot_be_used_is_said_at_start(url):
    with pytest.raises(ValueError, match=r"^MINI_AGENT_MCP_SERVERS: server 'bad'"):
        ToolSettings.from_environment({"MINI_AGENT_MCP_SERVERS": json.dumps({"bad": {"url": url}})})


def test_opening_costs_no_import_of_the_sdk():
    code = (
        "import sys; from mini_agent.tools.backends import *\n"
        's = ToolSettings.from_environment({\'MINI_AGENT_MCP_SERVERS\': \'{"a": {"command": "a"}}\'})\n'
        "assert not {'mcp', 'httpx2', 'pydantic', 'anyio'} & set(sys.modules), 'settings'\n"
        "open_backend('mcp', s, mcp_server='a'); open_backend('http', s, tool_http_base_url='http://localhost')\n"
        "assert not {'mcp', 'pydantic'} & set(sys.modules), 'backend'\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


def test_a_url_of_the_operator_is_not_shown(run):
    async def check():
        servers = {"maps": {"url": "http://127.0.0.1:1/hook/s3cret-path"}}
        settings = ToolSettings.from_environment({"MINI_AGENT_MCP_SERVERS": json.dumps(servers)})
        backend = open_backend("mcp", settings, mcp_server="maps")
        with pytest.raises(ToolBackendError, match=r"^MCP server 'maps': ") as failure:
            await backend.definitions()
        await backend.aclose()
        return str(failure.value)

    assert "s3cret-path" not in run(check())
