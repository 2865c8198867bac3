"""HTTP to one model server: a pool of connections, bodies bounded in size.

Redirects are not followed, cookies are not kept, and no compressed answer is taken, so that its size is what it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Final

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
    import aiohttp
    from multidict import CIMultiDict

ERROR_BYTES: Final = 64 << 10
"""As much of an error's body is read."""
_DRAINED_SECONDS: Final = 0.1
_IDLE_SECONDS: Final = 15.0


class Connections:
    """The pool for the server at `base`. It belongs to one event loop, the one that it is first used in."""

    def __init__(self, settings: ModelSettings, base: str) -> None:
        self._settings = settings
        self._base = base
        self._url = f"{base}/chat/completions"
        self._session: aiohttp.ClientSession | None = None
        self._free = asyncio.Semaphore(settings.connections)
        self._proxy = _proxy(base)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    @contextlib.asynccontextmanager
    async def post(self, server: Server, headers: CIMultiDict[str], body: bytes) -> AsyncIterator[Incoming]:
        """Send, and give the answer once its head is there and says success. Raises UpstreamError.

        Leaving the block ends the exchange: an answer that was not read to its end costs its connection.
        """
        async with self._place():
            response = await self._head(server, headers, body)
            incoming = Incoming(server, response, self._settings)
            try:
                await incoming.check()
                yield incoming
            finally:
                await incoming.aclose()

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the connections, waited for as long as a connection may take."""
        try:
            # Not wait_for: before Python 3.12 a cancellation at the moment of success is lost in it.
            async with asyncio.timeout(self._settings.connect_seconds):
                await self._free.acquire()
        except TimeoutError:
            said = f"all {self._settings.connections} connections to model servers are in use"
            raise UpstreamError(said, 503, "overloaded") from None
        try:
            yield
        finally:
            self._free.release()

    async def _head(self, server: Server, headers: CIMultiDict[str], body: bytes) -> aiohttp.ClientResponse:
        """The answer's head. Raises UpstreamError when none comes."""
        import aiohttp

        if self._session is None:
            self._session = _session(self._settings)
        try:
            return await self._session.post(
                self._url, data=body, headers=headers, proxy=self._proxy, allow_redirects=False
            )
        except aiohttp.SocketTimeoutError:
            raise silent(server, self._settings.read_seconds) from None
        except aiohttp.ServerTimeoutError:
            raise unreachable(server, f"no connection within {self._settings.connect_seconds:g} s") from None
        except aiohttp.InvalidURL as error:
            raise self._no_way(error) from None
        except aiohttp.ClientResponseError as error:
            raise bad_answer(server, f"no HTTP ({error.message})") from None
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(server, str(error) or type(error).__name__) from None
        except ValueError as error:  # a proxy of the environment that is no address
            raise self._no_way(error) from None

    def _no_way(self, error: Exception) -> ModelError:
        return ModelError(
            f"no way to {host_of(self._base)}: the proxy or certificates of the environment cannot be used "
            f"({type(error).__name__})",
            502,
            "unreachable",
        )


def _session(settings: ModelSettings) -> aiohttp.ClientSession:
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS, ttl_dns_cache=60),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=settings.connect_seconds, sock_read=settings.read_seconds
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


class Incoming:
    """The answer to one request, while it arrives."""

    def __init__(self, server: Server, response: aiohttp.ClientResponse, settings: ModelSettings) -> None:
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
        status = self._response.status
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
        if not self._response.content.at_eof():
            self._response.close()
        await self._response.release()

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        import aiohttp

        size = 0
        try:
            async for chunk in self._response.content.iter_any():
                size += len(chunk)
                if size > self._settings.largest_answer:
                    raise bad_answer(self._server, f"larger than {self._settings.largest_answer} bytes")
                yield chunk
        except TimeoutError:
            raise silent(self._server, self._settings.read_seconds) from None
        except (aiohttp.ClientError, OSError) as error:
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


def _proxy(base: str) -> str | None:
    """The proxy of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) for a server beyond this machine."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(base)
    if is_loopback(base) or proxy_bypass(parts.netloc):
        return None
    found = getproxies().get(parts.scheme)
    return found if not found or "://" in found else f"http://{found}"
