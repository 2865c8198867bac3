"""HTTP to one model server: a pool of connections, bodies bounded in size.

Redirects are not followed, cookies are not kept, and no compressed answer is taken, so that its size is what it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from mini_agent.interfaces import ModelError
from mini_agent.model.base_url import host_of, is_loopback
from mini_agent.model.retry import retry_after
from mini_agent.model.settings import ModelSettings
from mini_agent.model.wire.failure import (
    Server,
    UpstreamError,
    bad_answer,
    broken_off,
    refused,
    silent,
    unreachable,
)

if TYPE_CHECKING:
    import ssl

    import httpx2

ERROR_BYTES: Final = 64 << 10
"""As much of an error's body is read."""
_DRAINED_SECONDS: Final = 0.1
_IDLE_SECONDS: Final = 15.0
_TO_PARSER: Final = ("_httpcore_stream", "_stream", "_connection", "_h11_state")
"""From a response of httpx2 to the h11 connection that parsed it."""


class Connections:
    """The pool for the server at `base`. It belongs to one event loop."""

    def __init__(self, settings: ModelSettings, base: str) -> None:
        import httpx2

        self._settings = settings
        self._url = httpx2.URL(f"{base}/chat/completions")
        limits = httpx2.Limits(
            max_connections=settings.connections,
            max_keepalive_connections=settings.connections,
            keepalive_expiry=_IDLE_SECONDS,
        )
        try:
            self._transport = httpx2.AsyncHTTPTransport(
                verify=_trust(base), limits=limits, proxy=_proxy(base)
            )
        except (ValueError, httpx2.InvalidURL, ImportError, OSError) as error:
            raise ModelError(
                f"no way to {host_of(base)}: the proxy or certificates of the environment cannot be used "
                f"({type(error).__name__})",
                502,
                "unreachable",
            ) from None
        self._timeouts = {
            "connect": settings.connect_seconds,
            "read": settings.read_seconds,
            "write": settings.read_seconds,
            "pool": settings.connect_seconds,
        }

    async def aclose(self) -> None:
        await self._transport.aclose()

    @contextlib.asynccontextmanager
    async def post(self, server: Server, headers: httpx2.Headers, body: bytes) -> AsyncIterator[Incoming]:
        """Send, and give the answer once its head is there and says success. Raises UpstreamError.

        Leaving the block ends the exchange: an answer that was not read to its end costs its connection.
        """
        import httpx2

        request = httpx2.Request(
            "POST", self._url, headers=headers, content=body, extensions={"timeout": self._timeouts}
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx2.TransportError as error:
            raise self._no_head(server, error) from None
        incoming = Incoming(server, response, self._settings)
        try:
            await incoming.check()
            yield incoming
        finally:
            await incoming.aclose()

    def _no_head(self, server: Server, error: httpx2.TransportError) -> UpstreamError:
        """Why no head of an answer came."""
        import httpx2

        if isinstance(error, httpx2.PoolTimeout):
            return UpstreamError(
                f"all {self._settings.connections} connections to model servers are in use", 503, "overloaded"
            )
        if isinstance(error, httpx2.ReadTimeout | httpx2.WriteTimeout):
            return silent(server, self._settings.read_seconds)
        if isinstance(error, httpx2.ConnectTimeout):
            return unreachable(server, f"no connection within {self._settings.connect_seconds:g} s")
        if isinstance(error, httpx2.RemoteProtocolError) and "disconnected" not in str(error):
            return bad_answer(server, f"no HTTP ({error})")
        return unreachable(server, str(error) or type(error).__name__)


class Incoming:
    """The answer to one request, while it arrives."""

    def __init__(self, server: Server, response: httpx2.Response, settings: ModelSettings) -> None:
        self._server = server
        self._response = response
        self._settings = settings
        self.chunks = self._chunks()
        """The body as it arrives; may be read in parts, one after the other. Raises UpstreamError."""

    @property
    def content_type(self) -> str:
        """Without parameters, in lower case; empty when there is none."""
        return str(self._response.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def stand_in(self) -> str:
        """The stand-in that says in its head that it answers."""
        said = str(self._response.headers.get("x-stand-in", ""))
        return said[:64] if said.isprintable() else "unnamed"

    async def check(self) -> None:
        """Raises UpstreamError unless the head says success and the body can be read as it is."""
        status = self._response.status_code
        if status != 200:
            headers = self._response.headers
            raise refused(
                self._server,
                status,
                await self._error_body(),
                retry_after(headers, time.time()),
                told_not_to_retry=headers.get("x-should-retry") == "false",
            )
        encoding = self._response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", ""):
            raise bad_answer(self._server, f"compressed ({encoding}), which was not asked for")

    async def whole(self) -> bytes:
        """The whole body. Raises UpstreamError when it breaks off or is too large."""
        return b"".join([chunk async for chunk in self.chunks])

    async def aclose(self) -> None:
        """End the exchange. Its connection is used again only where nothing is left on it."""
        await self.chunks.aclose()
        if _surplus(self._response):
            await self._response.extensions["network_stream"].aclose()
        await self._response.aclose()

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        import httpx2

        size = 0
        try:
            async for chunk in self._response.stream:  # type: ignore[union-attr]
                size += len(chunk)
                if size > self._settings.largest_answer:
                    raise bad_answer(self._server, f"larger than {self._settings.largest_answer} bytes")
                yield chunk
        except httpx2.TimeoutException:
            raise silent(self._server, self._settings.read_seconds) from None
        except httpx2.TransportError as error:
            raise broken_off(self._server, str(error) or type(error).__name__) from None

    async def drain(self) -> None:
        """Read the little that may follow an answer's closing mark, so that its connection can be used again."""
        with contextlib.suppress(UpstreamError, TimeoutError):
            async with asyncio.timeout(_DRAINED_SECONDS):
                async for _ in self.chunks:
                    pass

    async def _error_body(self) -> str:
        body = bytearray()
        with contextlib.suppress(UpstreamError):
            async for chunk in self.chunks:
                body += chunk
                if len(body) >= ERROR_BYTES:
                    break
        return body[:ERROR_BYTES].decode("utf-8", "replace")


def _surplus(response: httpx2.Response) -> bool:
    """Whether bytes beyond the answer have been read: the pool would take them for the answer to the next request.

    RFC 9112, section 9.2: a client must not. The pool does not say, so its parser is asked; where it cannot be found,
    the connection is not used again.
    """
    found: Any = response.stream
    for name in _TO_PARSER:
        found = getattr(found, name, None)
    return found is None or bool(found.trailing_data[0])


def _trust(base: str) -> ssl.SSLContext:
    """The usual certificates; for a server without TLS they are not loaded (30 ms of CPU), and none is trusted."""
    import ssl

    import httpx2

    return (
        httpx2.create_ssl_context() if base.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )


def _proxy(base: str) -> str | None:
    """The proxy of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) for a server beyond this machine."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(base)
    if is_loopback(base) or proxy_bypass(parts.netloc):
        return None
    found = getproxies().get(parts.scheme)
    return found if not found or "://" in found else f"http://{found}"
