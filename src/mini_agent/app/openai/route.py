"""`POST /v1/chat/completions`: a question to the model, answered whole or in chunks, never with words of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mini_agent.app.answering import Answering, Streaming, json_response
from mini_agent.app.event_stream import EventStream
from mini_agent.app.forwarded import forwarded
from mini_agent.app.openai.answer import Stamp, delta, last_deltas, marked, usage
from mini_agent.app.openai.request import ChatRequest, model_request, read_chat
from mini_agent.app.service import Service
from mini_agent.conversation import Reply
from mini_agent.interfaces import ModelError, OnText


class ChatRoute:
    """The endpoint, for one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, request: Request) -> Response:
        """Raises Refusal."""
        headers = request.scope["headers"]
        forward = forwarded(headers)
        value = await self._service.bodies.read(headers, request.receive)
        chat = _Chat(self._service, read_chat(value), value, forward)
        if chat.asked.stream:
            return Streaming(self._service, chat.streamed)
        return await Answering(self._service, request.receive).answer(chat.whole())


class _Chat:
    """One request being answered."""

    def __init__(
        self, service: Service, asked: ChatRequest, value: Mapping[str, Any], forward: Mapping[str, str]
    ) -> None:
        self.asked = asked
        self._service = service
        self._value = value
        self._forward = forward
        self._model = service.upstream.model_for(forward)
        self._stand_in = service.upstream.stand_in(asked.model)
        self._stamp = Stamp(asked.model)
        self._counted: list[Reply] = []

    async def whole(self) -> Response:
        """Raises ModelError."""
        replies = await self._observed(self._reply)
        stand_in = next((reply.stand_in for reply in replies if reply.stand_in), self._stand_in)
        return json_response(self._stamp.completion(replies), marked(stand_in))

    async def streamed(self, stream: EventStream) -> None:
        """Raises ModelError, before or after the first chunk."""
        stream.headers |= marked(self._stand_in)
        replies = await self._observed(lambda index: self._stream_one(stream, index))
        if self.asked.include_usage:
            await stream.event(self._chunk([]) | {"usage": usage(replies)})
        await stream.write(b"data: [DONE]\n\n")

    async def _observed(self, answer: Callable[[int], Awaitable[Reply]]) -> list[Reply]:
        """All the answers, asked for at once, in the service's time; one that fails ends the others."""
        seconds = self._service.limits.run_seconds
        with self._service.observer.chat(self._forward, self.asked.model) as self._counted:
            try:
                async with asyncio.timeout(seconds):
                    return await _all(answer, self.asked.n or 1)
            except TimeoutError:
                raise ModelError(f"no answer within {seconds:g} s", 504, "timeout") from None

    async def _reply(self, index: int, on_text: OnText | None = None) -> Reply:
        reply = await self._model.reply(model_request(self.asked, self._value, index), on_text)
        self._counted.append(reply)
        return reply

    async def _stream_one(self, stream: EventStream, index: int) -> Reply:
        chunks = _Chunks(self, stream, index)
        reply = await self._reply(index, chunks.text)
        await chunks.finish(reply)
        return reply

    def _chunk(self, choices: list[dict[str, Any]], stand_in: str = "") -> dict[str, Any]:
        return self._stamp.chunk(choices, stand_in or self._stand_in)

    async def send(self, stream: EventStream, choices: list[dict[str, Any]], stand_in: str = "") -> None:
        without_usage = {"usage": None} if self.asked.include_usage else {}
        for choice in choices:
            await stream.event(self._chunk([choice], stand_in) | without_usage)


class _Chunks:
    """The chunks of one choice."""

    def __init__(self, chat: _Chat, stream: EventStream, index: int) -> None:
        self._chat = chat
        self._stream = stream
        self._index = index
        self._opened = False
        self._sent = 0

    async def text(self, text: str) -> None:
        await self._open("")
        self._sent += len(text)
        await self._chat.send(self._stream, [delta(self._index, {"content": text})])

    async def _open(self, stand_in: str) -> None:
        if self._opened:
            return
        self._opened = True
        self._stream.headers |= marked(stand_in)
        await self._chat.send(
            self._stream, [delta(self._index, {"role": "assistant", "content": ""})], stand_in
        )

    async def finish(self, reply: Reply) -> None:
        await self._open(reply.stand_in)
        await self._chat.send(self._stream, last_deltas(self._index, reply, self._sent), reply.stand_in)


async def _all(answer: Callable[[int], Awaitable[Reply]], count: int) -> list[Reply]:
    """Raises what the first to fail raises, once all the others are over."""
    if count == 1:
        return [await answer(0)]
    tasks = [asyncio.ensure_future(answer(index)) for index in range(count)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
