"""An answer in server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), written by hand.

What is sent waits until the client's socket takes it, so a slow reader slows its run, and nothing piles up here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from starlette.types import Send

from mini_agent.app.strict_json import dump

PING_SECONDS: Final = 15.0
_HEAD: Final = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


class EventStream:
    """Starts with the first event, so that what fails before it can still be an answer with a status of its own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.headers: dict[str, str] = {}
        self.started = False
        self.concluded = False
        """Whether the event that ends the stream is out."""
        self._ping: asyncio.Task[None] | None = None

    async def event(self, data: Any, name: str = "") -> None:
        """One event; `data` is sent as JSON."""
        prefix = f"event: {name}\n".encode() if name else b""
        await self.write(prefix + b"data: " + dump(data) + b"\n\n")

    async def write(self, text: bytes) -> None:
        if not self.started:
            await self._start()
        await self._send({"type": "http.response.body", "body": text, "more_body": True})

    async def _start(self) -> None:
        self.started = True
        headers = {**_HEAD, **self.headers}
        await self._send({"type": "http.response.start", "status": 200, "headers": encoded(headers)})
        self._ping = asyncio.ensure_future(self._keep_alive())

    async def _keep_alive(self) -> None:
        """A comment now and then, so that nothing on the way takes a thinking model for a dead connection."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            await self._send({"type": "http.response.body", "body": b": still there\n\n", "more_body": True})

    async def end(self) -> None:
        self._stop_ping()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _stop_ping(self) -> None:
        if self._ping:
            self._ping.cancel()
        self._ping = None

    def break_off(self) -> None:
        """Nothing more is sent; the server closes the connection."""
        self._stop_ping()


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
