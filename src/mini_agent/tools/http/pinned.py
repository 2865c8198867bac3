"""A transport that reaches one origin at the addresses that it first resolved to, and nothing else.

Each call names its host (the `Host` line, and the name in TLS) but connects to the pinned addresses: a name whose answer
changes during a run leads nowhere new (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from functools import cache
from ipaddress import ip_address

import httpx2

from mini_agent.tools.http.address import VARIABLE, Address, AllowList, as_address
from mini_agent.tools.http.endpoint import Endpoint, origin_of

KEEP_ALIVE = 2.0
"""Seconds an idle connection is kept: less than servers keep theirs, so that a call seldom meets one that is closing."""

CONNECT_SECONDS = 5.0


class PinnedTransport(httpx2.AsyncBaseTransport):
    """For one endpoint. Raises httpx2's errors; a name that resolves to what is not allowed is a ConnectError.

    Nothing is sent before a connection stands, so trying the next address never sends a request twice.
    """

    def __init__(self, endpoint: Endpoint, allow: AllowList) -> None:
        self._endpoint = endpoint
        self._allow = allow
        self._addresses: tuple[Address, ...] = ()
        self._resolving = asyncio.Lock()
        self._closed = False
        self._inner = httpx2.AsyncHTTPTransport(
            verify=verifying() if endpoint.scheme == "https" else refusing(),
            trust_env=False,
            limits=httpx2.Limits(
                max_connections=64, max_keepalive_connections=8, keepalive_expiry=KEEP_ALIVE
            ),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if origin_of(request.url) != self._endpoint.origin:
            raise httpx2.UnsupportedProtocol("another origin than the tool server's is never called")
        if self._closed:
            raise httpx2.ConnectError("the connection was closed")
        addresses = await self._pinned()
        for address in addresses[:-1]:
            try:
                return await self._at(address, request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                self._addresses = (*(one for one in self._addresses if one != address), address)
        return await self._at(addresses[-1], request)

    async def _at(self, address: Address, request: httpx2.Request) -> httpx2.Response:
        extensions = {**request.extensions, "sni_hostname": self._endpoint.host}
        return await self._inner.handle_async_request(
            httpx2.Request(
                request.method,
                request.url.copy_with(host=str(address)),
                headers=request.headers,
                stream=request.stream,
                extensions=extensions,
            )
        )

    async def _pinned(self) -> tuple[Address, ...]:
        """The addresses for the rest of the run, resolved at the first call."""
        async with self._resolving:
            if not self._addresses:
                self._addresses = await resolve(self._endpoint, self._allow)
        return self._addresses

    async def aclose(self) -> None:
        """Close every connection, for good."""
        self._closed = True
        await self._inner.aclose()


async def resolve(endpoint: Endpoint, allow: AllowList) -> tuple[Address, ...]:
    """Every address of the endpoint's host, each allowed. Raises httpx2.ConnectError."""
    literal = as_address(endpoint.host)
    if literal is not None:
        return (literal,)
    addresses = await look_up(endpoint.host, endpoint.port)
    if not all(allow.permits_resolved(address) for address in addresses):
        raise httpx2.ConnectError(
            f"host {endpoint.host} resolves to an address that is not allowed; a private network must be listed in {VARIABLE}"
        )
    return addresses


async def look_up(host: str, port: int) -> tuple[Address, ...]:
    """What the system's resolver says, without repeats. Raises httpx2.ConnectError."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpx2.ConnectError(f"host {host} cannot be resolved") from None
    addresses = dict.fromkeys(ip_address(str(entry[4][0])) for entry in found)
    if not addresses:
        raise httpx2.ConnectError(f"host {host} has no address")
    return tuple(addresses)


@cache
def verifying() -> ssl.SSLContext:
    """Made once: reading the certificates of all authorities costs tens of milliseconds."""
    return httpx2.create_ssl_context()


@cache
def refusing() -> ssl.SSLContext:
    """For plain HTTP, which never uses it: it trusts nobody."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
