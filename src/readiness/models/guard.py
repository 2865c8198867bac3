"""Who may ask: a server on loopback answers only requests that were meant for loopback.

A page that a browser shows can send requests to 127.0.0.1, under its own name (DNS rebinding) or another's; the
Host and Origin headers give it away. No CORS header is ever sent. Ollama checks Host the same way
(`allowedHostsMiddleware` in its server/routes.go), though it also lets private addresses pass.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


def host_of(authority: str) -> str:
    """The host of a Host header or an URL's authority, in lower case, without port and brackets; empty when malformed."""
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port
    except ValueError:
        return ""
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return ""
    return (parts.hostname or "").rstrip(".")


def is_loopback(host: str) -> bool:
    """Whether `host` can only mean this machine: a loopback address, `localhost` or a name under it (RFC 6761)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def refusal(headers: Mapping[str, str], allowed: frozenset[str]) -> str:
    """Why a request to a loopback server is not answered, or empty. `allowed` names further hosts."""
    host = host_of(headers.get("host", ""))
    if not (is_loopback(host) or host in allowed):
        return "the Host header does not name this machine"
    origin = headers.get("origin")
    if origin is not None:
        source = host_of(origin.partition("://")[2])
        if not (is_loopback(source) or source in allowed):
            return "the Origin header names another site"
    return ""
