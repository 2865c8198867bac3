"""Which MCP servers a request may use: those that the operator named, and URLs that tools over HTTP may have too.

`MINI_AGENT_MCP_SERVERS` is a JSON object, name to server:

    {"notes": {"command": "notes-server", "args": ["--stdio"], "env": {"NOTES_KEY": "..."}, "cwd": "/srv/notes"},
     "maps":  {"url": "https://maps.example/mcp", "headers": {"Authorization": "..."}}}

A request's `mcp_server` is hostile. It starts nothing of its own: it is one of these names, the very command of one of
them word for word, or a URL to a host that `MINI_AGENT_TOOL_HTTP_ALLOW` lists.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mini_agent.headers.merge import merge
from mini_agent.headers.table import HeaderError

VARIABLE = "MINI_AGENT_MCP_SERVERS"
MAX_GIVEN = 4096
"""Characters of a request's `mcp_server`."""


@dataclass(frozen=True, slots=True)
class StdioServer:
    """A server that is started for each run and spoken to over its standard input and output.

    `env` is added to the short list of variables that every server gets. An empty `cwd` is the service's own.
    """

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str = ""


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """A server behind a URL, over streamable HTTP. `trusted`: the operator wrote the URL, so its host is allowed."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trusted: bool = True


McpServer: TypeAlias = StdioServer | RemoteServer


def servers_from_environment(environ: Mapping[str, str]) -> dict[str, McpServer]:
    """What `MINI_AGENT_MCP_SERVERS` holds; unset or blank: none. Raises ValueError that names the server and field."""
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return {}
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{VARIABLE}: must be a JSON object of servers; it is not JSON") from None
    if not isinstance(given, dict):
        raise ValueError(f"{VARIABLE}: must be a JSON object of servers")
    return {name: server(name, entry) for name, entry in given.items()}


def server(name: str, entry: Any) -> McpServer:
    """One entry of the object. Raises ValueError; values are never repeated, they may be secret."""
    where = f"{VARIABLE}: server {name[:64]!a}"
    if not name.strip() or "://" in name or not name.isprintable():
        raise ValueError(f"{where}: a name is printable text that is no URL")
    if not isinstance(entry, dict) or ("command" in entry) == ("url" in entry):
        raise ValueError(f"{where}: must be an object with a command or a URL, not both")
    fields = {"command", "args", "env", "cwd"} if "command" in entry else {"url", "headers"}
    unknown = next((key for key in entry if key not in fields), None)
    if unknown is not None:
        raise ValueError(f"{where}: unknown field {unknown[:64]!a}; known are {', '.join(sorted(fields))}")
    if "url" in entry:
        return remote_server(name, entry, where)
    return StdioServer(
        name,
        text_of(entry, "command", where),
        tuple(texts_of(entry, where)),
        mapping_of(entry, "env", where),
        text_of(entry, "cwd", where) if "cwd" in entry else "",
    )


def remote_server(name: str, entry: Mapping[str, Any], where: str) -> RemoteServer:
    """Raises ValueError."""
    try:
        headers = dict(merge(mapping_of(entry, "headers", where), {}))
    except HeaderError as error:
        raise ValueError(f"{where}: {error}") from None
    return RemoteServer(name, text_of(entry, "url", where), headers)


def text_of(entry: Mapping[str, Any], key: str, where: str) -> str:
    """Raises ValueError."""
    value = entry[key]
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise ValueError(f"{where}: {key} must be a string that is not empty")
    return value


def texts_of(entry: Mapping[str, Any], where: str) -> list[str]:
    """The arguments of a command. Raises ValueError."""
    value = entry.get("args", [])
    if not isinstance(value, list) or not all(isinstance(one, str) and "\x00" not in one for one in value):
        raise ValueError(f"{where}: args must be a list of strings")
    return value


def mapping_of(entry: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    """Raises ValueError."""
    value = entry.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError(f"{where}: {key} must be an object of strings")
    if key == "env" and any(not name or "=" in name or "\x00" in name + value[name] for name in value):
        raise ValueError(f"{where}: env has a name or value that no process can have")
    return value


def chosen(given: str, servers: Mapping[str, McpServer]) -> McpServer:
    """The server that a request's `mcp_server` means. Raises ValueError naming the field and the names there are.

    A URL comes back as it is, still to be judged by the allow-list.
    """
    if not given.strip():
        raise ValueError("mcp_server: tool_backend mcp needs one")
    if len(given) > MAX_GIVEN:
        raise ValueError(f"mcp_server: longer than {MAX_GIVEN} characters")
    if given in servers:
        return servers[given]
    if given.lower().startswith(("http://", "https://")):
        return RemoteServer("", given, trusted=False)
    words = as_words(given)
    for one in servers.values():
        if isinstance(one, StdioServer) and words == [one.command, *one.args]:
            return one
    names = ", ".join(repr(name) for name in servers) or "none"
    raise ValueError(
        f"mcp_server: neither a server of this service ({names}) nor an http URL; commands come from {VARIABLE} alone"
    )


def as_words(command: str) -> list[str]:
    """The words that a shell would see; none when its quotes do not close."""
    try:
        return shlex.split(command)
    except ValueError:
        return []
