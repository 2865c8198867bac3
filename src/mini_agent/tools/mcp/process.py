"""An MCP server as a process of one run: started with a short environment, spoken to in lines, ended with its tree."""

from __future__ import annotations

import asyncio
import os
import secrets
from asyncio import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from mini_agent.headers.redact import redact
from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.http.answer import one_line
from mini_agent.tools.mcp.servers import StdioServer
from mini_agent.tools.mcp.tree import MARK, Tree, end_tree

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
"""All that a server gets of the service's environment, which holds keys; the rest is the operator's `env`."""

STDERR_KEPT = 4096
GRACE = 0.5
"""Seconds between closing a server's input and killing it (MCP 2025-11-25, lifecycle, shutdown: stdio)."""

EXIT_POLL = 0.005
LAST_WORDS = 0.1


def environment_of(server: StdioServer, environ: Mapping[str, str], mark: str) -> dict[str, str]:
    """What the server's process sees; `mark` finds its children again."""
    inherited = {name: environ[name] for name in INHERITED if name in environ}
    return {**inherited, **server.env, MARK: mark}


class ServerProcess:
    """A running server. Whoever has one ends it. `over`: it hears or says nothing any more, running or not."""

    def __init__(self, process: subprocess.Process, mark: str, secrets_of: tuple[str, ...]) -> None:
        self._process = process
        self._tree = Tree.of(process.pid, mark)
        self._ending = asyncio.Lock()
        self._gone = False
        self._secrets = secrets_of
        self._last_words = b""
        self.over = False
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, server: StdioServer, max_line: int) -> ServerProcess:
        """Raises ToolBackendError when there is no such command or folder."""
        mark = secrets.token_hex(16)
        try:
            process = await asyncio.create_subprocess_exec(
                server.command,
                *server.args,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment_of(server, os.environ, mark),
                cwd=server.cwd or None,
                start_new_session=True,
                limit=max_line,
            )
        except OSError as error:
            raise ToolBackendError(
                f"MCP server {server.name!r} cannot be started: {error.strerror or error}"
            ) from None
        return cls(process, mark, tuple(server.env.values()))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def send(self, line: bytes) -> None:
        """Raises ConnectionError when the server reads no more."""
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        await self._process.stdin.drain()

    async def lines(self) -> AsyncIterator[bytes]:
        """What it says, until it closes its output. Raises ValueError for a line beyond the bound."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            yield line

    async def _listen(self) -> None:
        """Keep the end of what it writes to its error output; unread, it would stop at a full pipe."""
        assert self._process.stderr is not None
        with suppress(ConnectionError):
            while part := await self._process.stderr.read(STDERR_KEPT):
                self._last_words = (self._last_words + part)[-STDERR_KEPT:]

    async def finish(self) -> None:
        """Once it is over, give it a moment to exit and its last words to arrive."""
        await self.wait(LAST_WORDS)
        await asyncio.wait({self._listening}, timeout=LAST_WORDS)

    def story(self) -> str:
        """How it ended, for a person: its exit status and the last line of its error output, without its secrets."""
        code = self.returncode
        state = "is running" if code is None else f"exit status {code}" if code >= 0 else f"signal {-code}"
        words = self._last_words.decode("utf-8", "replace").strip().splitlines()
        return f"{state}: {one_line(redact(words[-1], self._secrets))[:256]}" if words else state

    async def wait(self, seconds: float) -> bool:
        """Whether it exits within `seconds`. Asked again and again: asyncio's own wait also waits for its pipes."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self.returncode is None:
            if loop.time() >= until:
                return False
            await asyncio.sleep(EXIT_POLL)
        return True

    async def stop(self) -> None:
        """The end that the protocol asks for: its input closes, it may exit by itself, then it is killed."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self.wait(GRACE)
        finally:
            await self.kill()

    async def kill(self) -> None:
        """End it and all that it started, at once. May be called again, also while it runs."""
        async with self._ending:
            if self._gone:
                return
            try:
                self._gone = await end_tree(self._tree) and await self.wait(GRACE)
            finally:
                # Closes the pipes even while something unkillable holds their other end; asyncio offers no other way.
                self._process._transport.close()  # type: ignore[attr-defined]
                self._listening.cancel()
                await asyncio.wait({self._listening})


@asynccontextmanager
async def spoken_to(process: ServerProcess) -> AsyncIterator[TransportStreams]:
    """The process as a transport of the MCP SDK: one JSON-RPC message a line (MCP 2025-11-25, transports: stdio).

    The process is stopped when the block ends, killed when it ends in a hurry.
    """
    import anyio
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    heard, read_stream = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write_stream, to_send = anyio.create_memory_object_stream[SessionMessage](0)

    async def listen() -> None:
        async with heard:
            with suppress(ValueError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                async for line in process.lines():
                    await heard.send(parsed(line))
            process.over = True

    def parsed(line: bytes) -> SessionMessage | Exception:
        try:
            return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
        except ValueError as error:
            # Servers print to their output by mistake; the session hears of it and goes on.
            return error

    async def speak() -> None:
        async with to_send:
            async for message in to_send:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                try:
                    await process.send(text.encode() + b"\n")
                except ConnectionError:
                    # It reads no more: the session must see an end, not wait for answers.
                    process.over = True
                    await heard.aclose()
                    return

    async with anyio.create_task_group() as pipes:
        pipes.start_soon(listen)
        pipes.start_soon(speak)
        try:
            yield read_stream, write_stream
            await process.stop()
        finally:
            pipes.cancel_scope.cancel()
            for stream in (read_stream, write_stream):
                stream.close()
