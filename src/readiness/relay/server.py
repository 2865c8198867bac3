"""Runs a relay: listens on loopback, says where, and stops without losing a call."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

from aiohttp import web

from readiness.record.write_aside import write_aside
from readiness.relay.ledger import Ledger
from readiness.relay.prices import SHIPPED, load_prices
from readiness.relay.proxy import Relay
from readiness.relay.secrets_seen import SecretsSeen
from readiness.relay.tapes import Tapes

if TYPE_CHECKING:
    from typing import Final

    from readiness.relay.plan import Plan

LOOPBACK: Final = "127.0.0.1"
LINE_LIMIT: Final = 1 << 16
FIELD_LIMIT: Final = 1 << 15
"""Bytes of a request's target and of one header field."""
BACKLOG: Final = 512
STOP_SECONDS: Final = 0.1
"""How long a stopping relay lets calls go on."""


class _Redacting(logging.Formatter):
    """The server's log quotes what clients send."""

    def __init__(self, secrets: SecretsSeen) -> None:
        super().__init__("relay: %(message)s")
        self._secrets: Final = secrets

    def format(self, record: logging.LogRecord) -> str:
        return self._secrets.redactor.text(super().format(record))


async def serve(plan: Plan, calls: str, ready: str, port: int = 0) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code. Raises CassetteError, PriceError, OSError."""
    secrets = SecretsSeen(os.environ)
    _log_to_stderr(secrets)
    prices = load_prices(plan.prices or SHIPPED)
    stop = asyncio.Event()
    faults: list[OSError] = []

    def broken(error: OSError) -> None:
        faults.append(error)
        stop.set()

    tapes = Tapes(plan, secrets)
    ledger = Ledger(calls)
    relay = Relay(plan, ledger, tapes, secrets, prices, broken)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await _listen_until(stop, relay, ready, port)
    finally:
        await relay.close()
        ledger.close()
        tapes.finish()
    if faults:
        print(f"relay: {calls}: a call could not be written down: {faults[0]}; stopped", file=sys.stderr)
    return 1 if faults else 0


async def _listen_until(stop: asyncio.Event, relay: Relay, ready: str, port: int) -> None:
    server = web.Server(
        relay.handle,
        handler_cancellation=True,
        auto_decompress=False,
        access_log=None,
        max_line_size=LINE_LIMIT,
        max_field_size=FIELD_LIMIT,
        keepalive_timeout=75.0,
        lingering_time=1.0,
    )
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    listening = socket.create_server((LOOPBACK, port), backlog=BACKLOG)
    try:
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        where = {"port": listening.getsockname()[1], "pid": os.getpid()}
        write_aside(ready, json.dumps(where) + "\n")
        await stop.wait()
    finally:
        relay.stopping = True
        await runner.cleanup()


def _log_to_stderr(secrets: SecretsSeen) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting(secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
