"""Binds the address, serves the application there, and stops within a deadline when told to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn

from mini_agent.app.guard import is_loopback
from mini_agent.app.http_protocol import BoundedProtocol
from mini_agent.app.service import Service

_BACKLOG: Final = 2048


class ServeError(Exception):
    """The service cannot start. One line: what is wrong, and what to do."""


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket that does not listen yet. Raises ServeError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ServeError(
            f"{host}: no address to listen on: {error.strerror}; use --host 127.0.0.1"
        ) from error
    family, _, _, _, address = found[0]
    # asyncio turns Nagle's algorithm off on sockets that are TCP by name alone; with it, parts of an answer wait 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise ServeError(
                f"{host}:{port}: cannot listen: {error.strerror}; choose another with --port, or 0 for a free one"
            ) from error
        yield listener


def authority(listener: socket.socket) -> str:
    """Host and port as a URL has them."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable_from_elsewhere(host: str) -> bool:
    """Whether others than this machine may reach a server bound to `host`."""
    return not is_loopback(host)


async def serve(
    app: Any,
    service: Service,
    listener: socket.socket,
    ready: Callable[[], None] = lambda: None,
    stoppable: Callable[[Callable[[], None]], None] | None = None,
) -> None:
    """Serve until told to stop. `ready` is called once connections are taken.

    TERM and INT stop it; where `stoppable` is given, it gets the function that does, and signals are left alone.
    """
    server = _Server(_config(app), service)
    if stoppable:
        stoppable(server.stop)
    else:
        server.stop_on_signals()
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    ready()
    await server.serve([listener])


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        backlog=_BACKLOG,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, stopped by our own handlers: its own would raise the signal again and skip the clean-up."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop_on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    def stop(self) -> None:
        """The first time it ends politely, the second time what is under way is ended, the third time everything."""
        if self.force_exit:
            os._exit(1)
        if self.should_exit:
            self.force_exit = True
            self._service.hurry()
        self._service.stopping = self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no connection any more, end what is under way within its deadline, then close the rest."""
        for listening in self.servers:
            listening.close()
        await self._service.drain()
        await super().shutdown(sockets)
