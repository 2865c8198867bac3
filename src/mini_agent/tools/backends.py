"""The tool backend that a run asks for, opened from the service's settings and what the request adds.

What a request gives is hostile. It is refused here, before anything is sent or started: ValueError, one line that names
the field and fits a 400. What is refused by the service itself (no sandbox, a name that cannot be resolved) is a
ToolBackendError, raised here or at the first use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mini_agent.headers.environment import from_environment as headers_from_environment
from mini_agent.headers.merge import HeaderError, add_absent, merge
from mini_agent.interfaces import ToolBackend
from mini_agent.tools.http.address import AllowList, allow_list
from mini_agent.tools.local.settings import LocalSettings
from mini_agent.tools.mcp.servers import VARIABLE as SERVERS
from mini_agent.tools.mcp.servers import (
    McpServer,
    RemoteServer,
    StdioServer,
    chosen,
    servers_from_environment,
)

if TYPE_CHECKING:
    from mini_agent.tools.http.endpoint import Endpoint

PROTOCOL_HEADERS = ("mcp-", "last-event-id")
"""They name a session, which may be another caller's."""

KINDS = ("local", "http", "mcp", "none")


@dataclass(frozen=True)
class ToolSettings:
    """What the service allows. `headers` are never shown: their values are credentials."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow: AllowList = field(default_factory=AllowList)
    mcp_servers: Mapping[str, McpServer] = field(default_factory=dict)
    local: LocalSettings = field(default_factory=LocalSettings)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ToolSettings:
        """Raises ValueError naming the variable that cannot be used; the service does not start then."""
        settings = cls(
            headers_from_environment(environ),
            allow_list(environ),
            servers_from_environment(environ),
            LocalSettings.from_environment(environ),
        )
        for server in settings.mcp_servers.values():
            if isinstance(server, RemoteServer):
                remote_place(settings, server)
        return settings


def open_backend(
    kind: str,
    settings: ToolSettings,
    *,
    tool_http_base_url: str = "",
    tool_http_headers: Mapping[str, str] | None = None,
    mcp_server: str = "",
    forward_headers: Mapping[str, str] = {},
) -> ToolBackend:
    """A backend for one run; the caller closes it. `kind` is local, http, mcp or none.

    `forward_headers` (a trace's) are sent to a tool server too, where neither the environment nor the request has a
    header of that name. Raises ValueError for what must be a 400, ToolBackendError for what cannot be used.
    """
    if kind == "none":
        from mini_agent.tools.none import NoTools

        return NoTools()
    if kind == "local":
        from mini_agent.tools.local.open import open_local

        return open_local(settings.local)
    if kind == "http":
        return open_http(settings, tool_http_base_url, tool_http_headers or {}, forward_headers)
    if kind == "mcp":
        return open_mcp(settings, mcp_server, tool_http_headers or {}, forward_headers)
    raise ValueError(f"tool_backend: must be one of {', '.join(KINDS)}")


def open_http(
    settings: ToolSettings,
    base_url: str,
    request_headers: Mapping[str, str],
    forward_headers: Mapping[str, str],
) -> ToolBackend:
    """Raises ValueError naming `tool_http_base_url` or `tool_http_headers`."""
    if not base_url:
        raise ValueError("tool_http_base_url: tool_backend http needs one")
    headers = sent_headers(settings.headers, request_headers, forward_headers)
    from mini_agent.tools.http.backend import HttpTools
    from mini_agent.tools.http.endpoint import read_endpoint

    endpoint = read_endpoint(base_url, settings.allow, "tool_http_base_url")
    return HttpTools(endpoint, settings.allow, headers)


def open_mcp(
    settings: ToolSettings,
    given: str,
    request_headers: Mapping[str, str],
    forward_headers: Mapping[str, str],
) -> ToolBackend:
    """Headers go to a URL alone: its own of `MINI_AGENT_MCP_SERVERS`, then the request's. Raises ValueError."""
    server = chosen(given, settings.mcp_servers)
    from mini_agent.tools.mcp.backend import McpTools
    from mini_agent.tools.mcp.connection import RemoteConnection, StdioConnection

    if isinstance(server, StdioServer):
        return McpTools(StdioConnection(server))
    protocols = next((name for name in request_headers if name.lower().startswith(PROTOCOL_HEADERS)), None)
    if protocols is not None:
        raise ValueError(
            f"tool_http_headers: header {protocols[:64]!a}: only the MCP client itself may set it"
        )
    headers = sent_headers(server.headers, request_headers, forward_headers)
    endpoint, allow = remote_place(settings, server)
    return McpTools(RemoteConnection(endpoint, allow, headers, name=server.name))


def remote_place(settings: ToolSettings, server: RemoteServer) -> tuple[Endpoint, AllowList]:
    """Where it is, and what its name may resolve to. A host that the operator wrote is allowed. Raises ValueError."""
    from mini_agent.tools.http.endpoint import host_of, read_endpoint

    if not server.trusted:
        return read_endpoint(server.url, settings.allow, "mcp_server"), settings.allow
    field_name = f"{SERVERS}: server {server.name[:64]!a}"
    allow = settings.allow.opened_for(host_of(server.url, field_name))
    return read_endpoint(server.url, allow, field_name), allow


def sent_headers(
    environment: Mapping[str, str], request: Mapping[str, str], forwarded: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """What goes out on every call. Raises ValueError naming the field and the header."""
    try:
        return add_absent(merge(environment, request), forwarded)
    except HeaderError as error:
        raise ValueError(f"tool_http_headers: {error}") from None
