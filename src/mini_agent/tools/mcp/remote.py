"""An MCP server behind a URL: streamable HTTP to a pinned address, every answer bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from mini_agent.headers.merge import add_absent
from mini_agent.tools.http.address import AllowList
from mini_agent.tools.http.endpoint import Endpoint
from mini_agent.tools.http.pinned import CONNECT_SECONDS, PinnedTransport


class BoundedTransport(httpx2.AsyncBaseTransport):
    """A pinned transport whose answers end with a ReadError when they are longer than `max_bytes`.

    `refusal` is the status of the last message sent when it was refused, which the SDK's own errors leave out; else 0.
    """

    def __init__(self, endpoint: Endpoint, allow: AllowList, max_bytes: int) -> None:
        self._inner = PinnedTransport(endpoint, allow)
        self._max_bytes = max_bytes
        self.refusal = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if request.method == "POST":
            self.refusal = response.status_code if response.status_code >= 300 else 0
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = Bounded(response.stream, self._max_bytes)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class Bounded(httpx2.AsyncByteStream):
    """A body of at most so many bytes."""

    def __init__(self, inner: httpx2.AsyncByteStream, left: int) -> None:
        self._inner = inner
        self._left = left

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            self._left -= len(part)
            if self._left < 0:
                raise httpx2.ReadError("the answer is too long")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def client_of(transport: BoundedTransport, headers: tuple[tuple[str, str], ...]) -> httpx2.AsyncClient:
    """An HTTP client for the MCP SDK. What the protocol itself sets wins over `headers`, in one line a name.

    No cookie is kept. Reads have no timeout of their own: a server may hold a stream open, and each call has its own bound.
    """
    return httpx2.AsyncClient(
        transport=transport,
        headers=list(add_absent(headers, {"Accept-Encoding": "identity", "User-Agent": "mini-agent"})),
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
