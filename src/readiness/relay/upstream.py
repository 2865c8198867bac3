"""The relay's side towards upstreams: one pool of connections, and a word for each way in which one fails."""

from __future__ import annotations

import ssl
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from readiness.relay.call import BAD_ANSWER, REFUSED, RESET, TIMEOUT, UNREACHABLE

if TYPE_CHECKING:
    from typing import Final

    from readiness.relay.plan import Upstream

CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 2.0
"""How long an unused connection is kept: less than common servers keep theirs (uvicorn and Node 5 s), so that no
request is sent into one that the other side is closing."""
HEADER_LIMIT: Final = 1 << 16
"""Bytes of one header field of an answer."""
LEFT_ALONE: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Fields that the client library would add by itself."""


def open_session(deadline: float) -> aiohttp.ClientSession:
    """A pool without cookies, redirects, decompression or credentials of its own. To be made inside the event loop."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS, ttl_dns_cache=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=min(CONNECT_SECONDS, deadline), sock_read=deadline
        ),
        skip_auto_headers=LEFT_ALONE,
        auto_decompress=False,
        trust_env=False,
        requote_redirect_url=False,
        max_line_size=HEADER_LIMIT,
        max_field_size=HEADER_LIMIT,
    )


def proxy_for(upstream: Upstream) -> str | None:
    """The forward proxy that the environment names for an upstream; none for loopback."""
    parts = urlsplit(upstream.base)
    host = parts.hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1" or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def failure_of(error: BaseException) -> tuple[str, int]:
    """The error class of a failed exchange, and the status that tells a client of it (RFC 9110, section 15.6)."""
    if isinstance(error, TimeoutError):
        return TIMEOUT, 504
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = isinstance(error.os_error, ConnectionRefusedError)
        return (REFUSED if refused else UNREACHABLE), 502
    if isinstance(error, ssl.SSLError):
        return UNREACHABLE, 502
    if isinstance(error, (aiohttp.ClientResponseError, ValueError)):
        return BAD_ANSWER, 502
    return RESET, 502


FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""What an exchange with an upstream can raise."""

SENTENCES: Final = {
    TIMEOUT: "was silent for longer than its deadline",
    REFUSED: "refused the connection: nothing listens there",
    UNREACHABLE: "cannot be reached",
    RESET: "closed the connection before its answer was whole",
    BAD_ANSWER: "sent something that is no HTTP answer",
}
