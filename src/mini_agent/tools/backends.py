"""The tool backend that a run asks for, opened from the service's settings and what the request adds.

What a request gives is hostile. It is refused here, before anything is sent or started: ValueError, one line that names
the field and fits a 400. What is refused by the service itself (no sandbox, a name that cannot be resolved) is a
ToolBackendError, raised here or at the first use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mini_agent.headers.environment import from_environment as headers_from_environment
from mini_agent.headers.merge import HeaderError, add_absent, merge
from mini_agent.interfaces import ToolBackend
from mini_agent.tools.http.address import AllowList, allow_list

KINDS = ("local", "http", "mcp", "none")


@dataclass(frozen=True)
class ToolSettings:
    """What the service allows. `headers` are never shown: their values are credentials.

    `environ` holds what the sandbox of the local tools is set by, and nothing else of the environment.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow: AllowList = field(default_factory=AllowList)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ToolSettings:
        """Raises ValueError naming the variable that cannot be used; the service does not start then."""
        return cls(headers=headers_from_environment(environ), allow=allow_list(environ))


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
    del mcp_server
    if kind == "none":
        from mini_agent.tools.none import NoTools

        return NoTools()
    if kind == "http":
        return open_http(settings, tool_http_base_url, tool_http_headers or {}, forward_headers)
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


def sent_headers(
    environment: Mapping[str, str], request: Mapping[str, str], forwarded: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """What goes out on every call. Raises ValueError naming the field and the header."""
    try:
        return add_absent(merge(environment, request), forwarded)
    except HeaderError as error:
        raise ValueError(f"tool_http_headers: {error}") from None
