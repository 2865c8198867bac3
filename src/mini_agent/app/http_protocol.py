"""uvicorn's HTTP protocol with bounds that it lacks: on the head of a request, and on how long it may take to arrive.

httptools reads header fields of any number and size, and waits for the end of a head for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES: Final = 64 << 10
MOST_FIELDS: Final = 256
HEAD_SECONDS: Final = 15.0


class HeadTooLarge(Exception):
    """The head of a request is over a bound."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A head that is too large gets 400, one that does not end is dropped."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._unfinished_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # A field that never ends is not told of by the parser, so that what came in is counted too.
        if self._head_timer and not self.transport.is_closing():
            self._unfinished_bytes += len(data)
            if self._unfinished_bytes > MOST_HEAD_BYTES:
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._start_timer()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)
        if len(self.headers) > MOST_FIELDS:
            raise HeadTooLarge

    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._unfinished_bytes = 0
        super().on_headers_complete()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MOST_HEAD_BYTES:
            raise HeadTooLarge

    def _start_timer(self) -> None:
        self._stop_timer()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _stop_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
        self._head_timer = None

    def _too_slow(self) -> None:
        self.transport.abort()
