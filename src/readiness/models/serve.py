"""Runs the server: load the model, listen, answer, and stop within a deadline when told to."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from readiness.models.app import TOKEN_SWITCH, App
from readiness.models.engine import Engine, EngineSettings
from readiness.models.failure import ModelError
from readiness.models.gguf import read_header
from readiness.models.identity import identity_of
from readiness.models.served import Served, names_of
from readiness.models.turns import FOREVER, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from readiness.models.catalogue import Entry

DEFAULT_PORT = 11434
DEFAULT_CONTEXT = 2048


@dataclass(frozen=True)
class ServeSettings:
    """How to serve. Times in seconds; `context` in tokens an answer; `threads` 0 for one a core; `port` 0 for any free one."""

    path: str
    name: str
    entry: Entry | None = None
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    slots: int = 4
    queue: int = 64
    context: int = DEFAULT_CONTEXT
    threads: int = 0
    keep_alive: float = FOREVER
    stop_seconds: float = 5.0
    allowed_hosts: frozenset[str] = frozenset()


def serve(settings: ServeSettings, say: Callable[[str], None], environment: Mapping[str, str]) -> None:
    """Serve until TERM or INT. `say` gets the address once the model is loaded. Raises ModelError."""
    with listening(settings.host, settings.port) as listener:
        asyncio.run(_serve(settings, listener, say, environment.get(TOKEN_SWITCH, "")))


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket; it queues connections only once the server listens. Raises ModelError when it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ModelError(
            f"{host}: no address to listen on: {error.strerror}; use --host 127.0.0.1"
        ) from error
    # asyncio turns Nagle's algorithm off on sockets that are TCP by name alone; with it, parts of an answer wait 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise ModelError(
                f"{host}:{port}: cannot listen: {error.strerror}; choose another with --port, or 0 for a free one"
            ) from error
        yield listener


def served_from(settings: ServeSettings) -> Served:
    """Read the model's header, check it against its pin, and set up its turns; nothing is loaded yet. Raises ModelError."""
    header = read_header(settings.path)
    identity = identity_of(header, settings.path, settings.name)
    entry = settings.entry
    if entry and identity.digest != entry.sha256:
        raise ModelError(
            f"{settings.path}: its SHA-256 is not the pinned one of {entry.name}; get it again with "
            f"`readiness model pull {entry.name}`"
        )
    context = min(settings.context, header.context_length or settings.context)
    engine = EngineSettings(settings.path, settings.slots, context, settings.threads, header.head_size)
    turns = Turns(lambda: Engine(engine), settings.slots, settings.queue, settings.keep_alive)
    names = names_of(settings.name, entry.aliases if entry else ())
    return Served(identity, names, header, turns, context, entry.licence if entry else "")


async def _serve(
    settings: ServeSettings, listener: socket.socket, say: Callable[[str], None], token: str
) -> None:
    served = await asyncio.to_thread(served_from, settings)
    try:
        await served.turns.load()
        server = _Server(_config(settings, App(served, _allowed(settings), token)))
        server.stop_on_signals()
        host, port = listener.getsockname()[:2]
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        say(f"{served.identity.name} ({served.identity.quantisation}, sha256:{served.identity.digest[:12]})")
        listener.listen(2048)
        say(f"listening on http://{authority}")
        await server.serve([listener])
    finally:
        served.turns.close()


def _allowed(settings: ServeSettings) -> frozenset[str] | None:
    try:
        local = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        local = settings.host == "localhost"
    return settings.allowed_hosts if local else None


def _config(settings: ServeSettings, app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
    )


class _Server(uvicorn.Server):
    """uvicorn's server, stopped by our own handlers: its own would raise the signal again and skip the clean-up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop_on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)

    def _stop(self) -> None:
        """The first signal ends politely, a second one at once."""
        if self.should_exit:
            os._exit(1)
        self.should_exit = True
