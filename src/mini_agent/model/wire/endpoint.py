"""One attempt at one model server: a request out, one whole answer in, streamed on the way if wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mini_agent.interfaces import ModelError, OnText
from mini_agent.model.base_url import host_of
from mini_agent.model.settings import ModelSettings, Upstream
from mini_agent.model.wire.answer import Answer, read_answer
from mini_agent.model.wire.connections import Connections, Incoming
from mini_agent.model.wire.event_stream import EventStream
from mini_agent.model.wire.failure import Server, bad_answer, silent
from mini_agent.model.wire.request import encoded
from mini_agent.model.wire.streamed_answer import StreamedAnswer

if TYPE_CHECKING:
    from multidict import CIMultiDict

_STREAM: Final = "text/event-stream"
_NO_STREAM: Final = ("text/html", "application/xhtml+xml", "application/xml", "application/x-ndjson")
_SECRET: Final = 8
"""From this length on, a forwarded value is taken out of what the server says."""


class Endpoint:
    """One upstream with its pool of connections."""

    def __init__(self, settings: ModelSettings, upstream: Upstream) -> None:
        self.base = upstream.base
        self._settings = settings
        self._key = upstream.api_key
        self._closed = False
        self._name = host_of(upstream.base)
        self._connections = Connections(settings, upstream.base)

    async def ask(self, body: Mapping[str, Any], extra: Mapping[str, str], on_text: OnText | None) -> Answer:
        """Send once. `extra` are further header fields. Raises UpstreamError, or ModelError for a bad request."""
        if self._closed:
            raise ModelError("the model has been closed", 503, "closed")
        content = encoded(body, stream=on_text is not None)
        headers = self._headers(extra)
        server = Server(
            self._name, (self._key, *(value for value in extra.values() if len(value) >= _SECRET))
        )
        try:
            async with asyncio.timeout(self._settings.total_seconds) as limit:
                async with self._connections.post(server, headers, content) as incoming:
                    return await _read(server, incoming, on_text)
        except TimeoutError:
            if limit.expired():
                raise silent(server, self._settings.total_seconds) from None
            raise

    async def aclose(self) -> None:
        """Close every connection; what is asked afterwards, or tried again, is refused."""
        self._closed = True
        await self._connections.aclose()

    def _headers(self, extra: Mapping[str, str]) -> CIMultiDict[str]:
        from multidict import CIMultiDict

        fields = {
            "accept": f"application/json, {_STREAM}",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": "mini-agent",
        }
        if self._key:
            fields["authorization"] = f"Bearer {self._key}"
        headers = CIMultiDict(extra)
        headers.update(fields)
        return headers


async def _read(server: Server, incoming: Incoming, on_text: OnText | None) -> Answer:
    if on_text is not None and incoming.content_type != "application/json":
        answer = await _read_stream(server, incoming, on_text)
    else:
        answer = read_answer(await incoming.whole(), server)
        if on_text is not None and answer.content:
            await on_text(answer.content)
    return answer.of_stand_in(incoming.stand_in) if incoming.stand_in else answer


async def _read_stream(server: Server, incoming: Incoming, on_text: OnText) -> Answer:
    if incoming.content_type in _NO_STREAM:
        raise bad_answer(server, f"{incoming.content_type} where a stream was asked for")
    events, answer = EventStream(), StreamedAnswer(server)
    async for chunk in incoming.chunks:
        await _take(events.feed(chunk), answer, on_text)
        if answer.done:
            await incoming.drain()
            break
    else:
        await _take(events.end(), answer, on_text)
    return answer.answer()


async def _take(events: list[bytes], answer: StreamedAnswer, on_text: OnText) -> None:
    """Hand on what the events say, the text of one chunk at once."""
    texts = []
    try:
        for data in events:
            if answer.done:
                break
            texts.append(answer.take(data))
    finally:
        if text := "".join(texts):
            await on_text(text)
