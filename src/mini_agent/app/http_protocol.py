"""uvicorn's HTTP protocol with bounds that it lacks: on the head of a request, and on how long a client may do nothing.

httptools reads header fields of any number and size. uvicorn waits for ever for the end of a head, and for a client
that does not read its answer. It stops reading while a request waits behind the one that is being answered, and then
does not see that its client leaves: here, such an early request is not served.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES: Final = 64 << 10
MOST_FIELDS: Final = 256
HEAD_SECONDS: Final = 15.0
MOST_EARLY_BYTES: Final = 1 << 20
"""As much may be sent behind a request that is being answered."""
STALL_SECONDS: Final = 30.0
"""How long a client may take nothing of what waits for it, before it counts as gone."""


class HeadTooLarge(Exception):
    """The head of a request is over a bound."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A head that is too large gets 400, one that does not end is dropped."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = True
        self._unfinished_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._early = False
        self._early_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._wait_for_more(len(data))

    def _wait_for_more(self, size: int) -> None:
        """A head that came in part. The parser does not tell of a field before its end, so bytes are counted."""
        self._unfinished_bytes += size
        if self.transport.is_closing():
            return
        if self._unfinished_bytes > MOST_HEAD_BYTES:
            self.send_400_response("The head of the request is too large.")
        elif not self._head_timer:
            self._start_timer()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._unfinished_bytes = 0
        self._stop_timer()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MOST_HEAD_BYTES or len(self.headers) > MOST_FIELDS:
            raise HeadTooLarge
        self._early = self.cycle is not None and not self.cycle.response_complete
        if self._early:
            # The connection closes after this answer, and the client asks again on another (RFC 9112, 9.3.2).
            self.cycle.keep_alive = False
            self._count_early(size)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._early:
            super().on_body(body)
            return
        self._count_early(len(body))

    def _count_early(self, size: int) -> None:
        self._early_bytes += size
        if self._early_bytes > MOST_EARLY_BYTES:
            self.transport.abort()

    def on_message_complete(self) -> None:
        if not self._early:
            super().on_message_complete()

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _stop_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
        self._head_timer = None

    def _too_slow(self) -> None:
        self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._stop_watching()
        super().resume_writing()

    def _watch(self, waiting: int) -> None:
        self._stop_watching()
        self._stall_timer = self.loop.call_later(STALL_SECONDS, self._check, waiting)

    def _check(self, before: int) -> None:
        """A client that took something meanwhile is slow, and may be; one that took nothing is left."""
        waiting = self.transport.get_write_buffer_size()
        if waiting < before:
            self._watch(waiting)
        else:
            self.transport.abort()

    def _stop_watching(self) -> None:
        if self._stall_timer:
            self._stall_timer.cancel()
        self._stall_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """An idle connection is closed; one whose last answer was never read would wait for that for ever."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()
