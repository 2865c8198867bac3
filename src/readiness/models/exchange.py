"""One HTTP exchange over ASGI (https://asgi.readthedocs.io, HTTP connection scope): a request read whole, an answer written.

uvicorn parses HTTP; two fronts of a dozen fixed paths need no framework on top of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from typing import Any, Final

    Receive = Callable[[], Awaitable[Mapping[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

JSON: Final = "application/json"
_BODY_SECONDS: Final = 30.0
"""How long a client may take to send a request."""


class BodyTooLarge(Exception):
    """The request is larger than the limit."""


class ClientGone(Exception):
    """The client closed the connection before its answer was complete."""


@dataclass(frozen=True)
class Request:
    """What was asked. Header names are in lower case; a header sent twice keeps its last value."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Reply:
    """Writes the answer. `headers` go with whatever is written."""

    send: Send
    headers: dict[str, str] = field(default_factory=dict)
    started: bool = False
    head_only: bool = False

    async def whole(self, status: int, body: bytes, content_type: str) -> None:
        headers = {**self.headers, "content-type": content_type, "content-length": str(len(body))}
        await self._start(status, headers)
        await self._body(b"" if self.head_only else body, more=False)

    async def json(self, status: int, value: object) -> None:
        await self.whole(status, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), JSON)

    async def text(self, status: int, text: str) -> None:
        await self.whole(status, text.encode(), "text/plain; charset=utf-8")

    async def begin(self, content_type: str) -> None:
        """Start a streamed answer of status 200; nothing may buffer or cache it on the way."""
        await self._start(200, {**self.headers, "content-type": content_type, "cache-control": "no-cache"})

    async def write(self, data: bytes) -> None:
        await self._body(data, more=True)

    async def end(self) -> None:
        await self._body(b"", more=False)

    async def _start(self, status: int, headers: Mapping[str, str]) -> None:
        self.started = True
        encoded = [
            (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": encoded})

    async def _body(self, data: bytes, *, more: bool) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": more})


async def read_body(receive: Receive, declared: str, limit: int) -> bytes:
    """The whole body. `declared` is its Content-Length, if any. Raises BodyTooLarge, ClientGone, TimeoutError."""
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLarge
    body = bytearray()
    async with asyncio.timeout(_BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            body += message.get("body", b"")
            if len(body) > limit:
                raise BodyTooLarge
            if not message.get("more_body"):
                return bytes(body)


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Run `work`, and cancel it when the client closes the connection. Raises what `work` raises."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (working, watching):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(working, watching, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
