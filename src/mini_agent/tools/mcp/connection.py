"""The two ways to an MCP server: a process of one's own, or a URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from mini_agent.headers.redact import redact
from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.http.address import AllowList
from mini_agent.tools.http.answer import one_line
from mini_agent.tools.http.endpoint import Endpoint
from mini_agent.tools.mcp.servers import StdioServer

if TYPE_CHECKING:
    from mcp import Client

    from mini_agent.tools.mcp.process import ServerProcess
    from mini_agent.tools.mcp.remote import BoundedTransport

MAX_BYTES = 4 * 1024 * 1024
"""Of one message over pipes, or one answer over HTTP."""


class Connection(Protocol):
    """How one run reaches its server."""

    name: str

    def client(self) -> AbstractAsyncContextManager[Client]:
        """The SDK's client, connected. Leaving it ends the server politely; the server is gone then in any case."""
        ...

    async def kill(self) -> None:
        """End the server at once, also while there is none yet, or no more."""
        ...

    async def lost(self) -> bool:
        """Whether the server is gone for good, asked after a call has failed."""
        ...

    def describe(self, error: BaseException | None) -> str:
        """Why it cannot be used, in one line without secrets; None: it ended by itself."""
        ...


class StdioConnection:
    """A server that is started for the run."""

    def __init__(self, server: StdioServer, max_bytes: int = MAX_BYTES) -> None:
        self.name = server.name
        self._server = server
        self._max_bytes = max_bytes
        self._process: ServerProcess | None = None

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Raises ToolBackendError when it cannot be started, and what the SDK raises."""
        import anyio
        from mcp import Client

        from mini_agent.tools.mcp.process import ServerProcess, spoken_to

        self._process = await ServerProcess.start(self._server, self._max_bytes)
        try:
            async with Client(spoken_to(self._process), cache=None) as client:
                yield client
        finally:
            with anyio.CancelScope(shield=True):
                await self._process.kill()

    async def kill(self) -> None:
        if self._process is not None:
            await self._process.kill()

    async def lost(self) -> bool:
        if self._process is None or not self._process.over:
            return False
        await self._process.finish()
        return True

    def describe(self, error: BaseException | None) -> str:
        """With how the process ended, when it has."""
        said = redact(reason(error), self._server.env.values())
        if self._process is None or self._process.returncode is None:
            return said
        return f"{said} ({self._process.story()})"


class RemoteConnection:
    """A server behind a URL. `headers` are merged and checked already; they are sent with every request.

    An operator's server goes by its `name`: the path of its URL may be a secret.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        allow: AllowList,
        headers: tuple[tuple[str, str], ...] = (),
        max_bytes: int = MAX_BYTES,
        name: str = "",
    ) -> None:
        self.name = name or endpoint.url()
        self._endpoint = endpoint
        self._allow = allow
        self._headers = headers
        self._max_bytes = max_bytes
        self._transport: BoundedTransport | None = None

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Raises what httpx2 and the SDK raise."""
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        from mini_agent.tools.mcp.remote import BoundedTransport, client_of

        self._transport = BoundedTransport(self._endpoint, self._allow, self._max_bytes)
        async with client_of(self._transport, self._headers) as http:
            streams = streamable_http_client(self._endpoint.url(), http_client=http)
            async with Client(streams, cache=None) as client:
                yield client

    async def kill(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    async def lost(self) -> bool:
        """A broken stream is the end of a call; a server that cannot be reached ends the client by itself."""
        return False

    def describe(self, error: BaseException | None) -> str:
        """With the last error status, which the SDK leaves out."""
        said = redact(reason(error), [value for _, value in self._headers])
        status = self._transport.refusal if self._transport is not None else 0
        return f"{said} (HTTP {status})" if status else said


def reason(error: BaseException | None) -> str:
    """The first plain exception inside, as one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is None:
        return "it was closed"
    if isinstance(error, ToolBackendError):
        return str(error)
    return one_line(f"{str(error) or type(error).__name__}")[:256]
