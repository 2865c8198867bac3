"""The tools of an MCP server, for one run: one client, entered and left by one task that owns it.

The SDK's client holds cancel scopes that must be left by the task that entered them. So the owner task opens it, runs
every call as a child of its own, and closes it; callers wait for a future and are free to be cancelled. A call that is
cancelled ends the run's use of the server: its whole process tree, or its connections, are gone when that returns.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mini_agent.conversation import ToolDefinition, ToolOutcome
from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.http.answer import MAX_TOOLS, one_line
from mini_agent.tools.mcp.connection import Connection
from mini_agent.tools.mcp.outcome import definitions_of, outcome_of

if TYPE_CHECKING:
    from anyio import CancelScope
    from anyio.abc import TaskGroup
    from mcp import Client

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class McpRules:
    """Bounds of an MCP backend in seconds. The SDK gives a server ten of them to say which protocol it speaks."""

    open_timeout: float = 20.0
    list_timeout: float = 10.0
    close_timeout: float = 1.0
    kill_timeout: float = 0.2


class McpTools:
    """A ToolBackend. The server is started, or called, at the first use."""

    def __init__(self, connection: Connection, rules: McpRules = McpRules()) -> None:
        self._connection = connection
        self._rules = rules
        self._opening = asyncio.Lock()
        self._closing = asyncio.Event()
        self._owner: asyncio.Task[None] | None = None
        self._scope: CancelScope | None = None
        self._client: Client | None = None
        self._calls: TaskGroup | None = None
        self._waiting: set[asyncio.Future[Any]] = set()
        self._own_names: dict[str, str] = {}
        self._ended = ""

    async def definitions(self) -> Sequence[ToolDefinition]:
        """Every page of `tools/list`. Raises ToolBackendError."""
        await self._open()
        listed = await self._run(self._list, self._rules.list_timeout)
        if listed is None:
            raise self._failure(f"it did not list its tools within {self._rules.list_timeout:g} s")
        found = definitions_of(listed)
        self._own_names = {shown: own for shown, (own, _) in found.items()}
        return tuple(definition for _, definition in found.values())

    async def invoke(
        self,
        call_id: str,  # noqa: ARG002 - the protocol's
        name: str,
        arguments: Mapping[str, Any],
        timeout: float,
    ) -> ToolOutcome:
        """`tools/call`. A server that does not answer in time is told to stop, and kept: the run goes on.

        Raises ToolBackendError when the server is gone.
        """
        started = time.perf_counter()
        await self._open()
        own_name = self._own_names.get(name, name)
        outcome = await self._run(lambda: self._call(own_name, dict(arguments), started), timeout)
        return outcome or failed(f"the MCP server did not answer within {timeout:g} s", started)

    async def aclose(self) -> None:
        """End the server politely, at once when that takes too long."""
        self._ended = self._ended or "it was closed"
        self._closing.set()
        try:
            if self._owner is not None:
                await asyncio.wait({self._owner}, timeout=self._rules.close_timeout)
        finally:
            await self._end()

    async def _open(self) -> None:
        """Raises ToolBackendError: when it cannot be opened, and ever after it has ended."""
        async with self._opening:
            if self._ended:
                raise self._failure(self._ended)
            if self._client is not None:
                return
            try:
                await self._connect()
            except BaseException:
                await self._end()
                raise

    async def _connect(self) -> None:
        """Raises ToolBackendError."""
        if "mcp" not in sys.modules:
            # It takes most of a second: in a thread, so that other runs go on.
            await asyncio.to_thread(importlib.import_module, "mcp")
        if self._ended:
            raise self._failure(self._ended)
        import anyio

        self._scope = anyio.CancelScope()
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(ready)
        self._owner = asyncio.create_task(self._own(ready, self._scope))
        try:
            async with asyncio.timeout(self._rules.open_timeout):
                await ready
        except TimeoutError:
            raise self._failure(f"it did not answer within {self._rules.open_timeout:g} s") from None
        finally:
            self._waiting.discard(ready)

    async def _own(self, ready: asyncio.Future[None], scope: CancelScope) -> None:
        """Hold the client from its first to its last moment. Whatever ends it reaches everyone who waits."""
        import anyio

        error: BaseException | None = None
        try:
            with scope:
                async with self._connection.client() as client, anyio.create_task_group() as calls:
                    self._client, self._calls = client, calls
                    ready.set_result(None)
                    await self._closing.wait()
                    calls.cancel_scope.cancel()
        except Exception as caught:  # noqa: BLE001 - handed to everyone who waits, below
            error = caught
        finally:
            self._client = self._calls = None
            self._ended = self._ended or self._connection.describe(error)
            for future in self._waiting:
                if not future.done():
                    future.set_exception(self._failure(self._ended))
                    # Nobody may be left to look at it.
                    future.exception()

    async def _run(self, work: Callable[[], Awaitable[T]], timeout: float) -> T | None:
        """What the work gives as a child of the owner; None when it takes longer. Raises what it raises.

        Cancelled, it ends the server before it returns.
        """
        import anyio

        if self._calls is None:
            raise self._failure(self._ended)
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        scope = anyio.CancelScope()
        self._waiting.add(result)
        self._calls.start_soon(carry, work, scope, result)
        try:
            await asyncio.wait({result}, timeout=timeout)
        except asyncio.CancelledError:
            await self._end()
            raise
        finally:
            self._waiting.discard(result)
            scope.cancel()
        return result.result() if result.done() else None

    async def _list(self) -> list[dict[str, Any]]:
        """Every tool, as the protocol's objects. Raises ToolBackendError."""
        assert self._client is not None
        tools: list[dict[str, Any]] = []
        cursor: str | None = None
        try:
            while True:
                page = await self._client.list_tools(cursor=cursor)
                tools += [
                    tool.model_dump(by_alias=True, mode="json", exclude_unset=True) for tool in page.tools
                ]
                cursor = page.next_cursor
                # A paginator that never ends must not run until the deadline.
                if cursor is None or len(tools) > MAX_TOOLS or not page.tools:
                    return tools
        except Exception as error:  # noqa: BLE001 - as for a call
            raise self._failure(self._connection.describe(error)) from None

    async def _call(self, name: str, arguments: dict[str, Any], started: float) -> ToolOutcome:
        """Raises ToolBackendError when the server is gone."""
        assert self._client is not None
        try:
            result = await self._client.call_tool(name, arguments)
        except Exception as error:  # noqa: BLE001 - what the SDK makes of a server's nonsense is that server's fault
            if await self._connection.lost():
                self._ended = self._connection.describe(error)
                raise self._failure(self._ended) from None
            return failed(self._connection.describe(error), started)
        return outcome_of(result.model_dump(by_alias=True, mode="json", exclude_unset=True), since(started))

    async def _end(self) -> None:
        """The server is gone when this returns: processes killed, connections closed, the owner done."""
        self._ended = self._ended or "it was ended when a call was cancelled"
        if self._scope is not None:
            self._scope.cancel()
        try:
            await self._connection.kill()
        finally:
            if self._owner is not None and not self._owner.done():
                await asyncio.wait({self._owner}, timeout=self._rules.kill_timeout)
                self._owner.cancel()

    def _failure(self, reason: str) -> ToolBackendError:
        return ToolBackendError(f"MCP server {self._connection.name!r}: {reason}")


async def carry(work: Callable[[], Awaitable[T]], scope: CancelScope, result: asyncio.Future[T]) -> None:
    """Do the work and hand its end to whoever waits, who may have gone."""
    with scope:
        try:
            value = await work()
        except Exception as error:  # noqa: BLE001 - handed on
            if not result.done():
                result.set_exception(error)
                # Nobody may be left to look at it.
                result.exception()
        else:
            if not result.done():
                result.set_result(value)


def failed(error: str, started: float) -> ToolOutcome:
    said = one_line(error)[:512]
    return ToolOutcome(ok=False, content=said, error=said, ms=since(started))


def since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
