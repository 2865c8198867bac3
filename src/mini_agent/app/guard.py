"""Who may ask: the right host on loopback, and whoever knows the token.

A page in a browser can send requests to 127.0.0.1 under its own name (DNS rebinding) or another's; the Host and
Origin headers give it away. No CORS header is ever sent.
"""

from __future__ import annotations

import functools
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mini_agent.app.refusal import Refusal

Headers = Sequence[tuple[bytes, bytes]]
_CHALLENGE: Final = {"www-authenticate": 'Bearer realm="mini_agent"'}


def values_of(headers: Headers, name: bytes) -> list[str]:
    """Every value of a header, in order; names are in lower case, as ASGI has them."""
    return [value.decode("latin-1") for key, value in headers if key == name]


def host_of(authority: str) -> str:
    """The host in a Host header, in lower case, without port and brackets; empty when malformed."""
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


@functools.lru_cache(maxsize=256)
def _read(authority: str) -> tuple[str, bool]:
    """The host in an authority, and whether it is this machine."""
    host = host_of(authority)
    return host, is_loopback(host)


@dataclass(frozen=True, slots=True)
class Guard:
    """`allowed_hosts` None: bound beyond loopback, where any name may be right. `token` empty: nobody needs one."""

    allowed_hosts: frozenset[str] | None = frozenset()
    token: str = ""

    def check_host(self, headers: Headers) -> None:
        """Raises Refusal 403 for a request that was not meant for this machine."""
        if self.allowed_hosts is None:
            return
        hosts = values_of(headers, b"host")
        if len(hosts) != 1 or not self._knows(hosts[0]):
            raise Refusal(403, "the Host header does not name this machine", code="wrong_host")
        origins = values_of(headers, b"origin")
        if origins and not all(self._knows(one.partition("://")[2]) for one in origins):
            raise Refusal(403, "the Origin header names another site", code="wrong_origin")

    def _knows(self, authority: str) -> bool:
        host, local = _read(authority)
        return local or host in (self.allowed_hosts or ())

    def check_token(self, headers: Headers) -> None:
        """Raises Refusal 401. The comparison takes as long for a wrong token as for a nearly right one."""
        if not self.token:
            return
        given = values_of(headers, b"authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        right = hmac.compare_digest(token.strip().encode("latin-1", "replace"), self.token.encode())
        if scheme.lower() != "bearer" or not right:
            message = "a bearer token is needed" if not given else "the bearer token is wrong"
            raise Refusal(401, message, code="invalid_token", headers=_CHALLENGE)
