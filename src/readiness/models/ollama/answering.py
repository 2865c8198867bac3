"""Answers a chat or generate request of Ollama's, streamed or whole."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from readiness.models.constrain import grammar_of
from readiness.models.generation import Answer, EngineRefusal, Generation, put_together
from readiness.models.ollama import reply as shapes
from readiness.models.ollama.error import OllamaError, busy, too_long
from readiness.models.ollama.request import unenforced
from readiness.models.tools import Call, call_schema, parse_call, with_tools
from readiness.models.turns import Busy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from readiness.models.exchange import Reply
    from readiness.models.generation import Message, Piece
    from readiness.models.ollama.request import TextRequest
    from readiness.models.served import Served
    from readiness.models.turns import Turn


async def answer(served: Served, asked: TextRequest, reply: Reply, *, chat: bool) -> None:
    """Answer `asked`. Raises OllamaError."""
    reply.headers["x-sampling-seed"] = str(asked.sampling.seed)
    began = time.monotonic()
    if asked.unloads:
        served.turns.extend(0)
        await reply.json(200, _Answering(asked, reply, chat, began).part({}, done="unload"))
        return
    try:
        async with served.turns.turn(asked.keep_alive) as turn:
            await _Answering(asked, reply, chat, began).run(turn)
    except Busy as error:
        reply.headers["retry-after"] = "1"
        raise busy() from error
    except EngineRefusal as error:
        raise (too_long() if error.too_long else OllamaError(error.status, str(error))) from error


def shorter(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """`messages` without the oldest that is no system message; empty when only the last would go."""
    for index, message in enumerate(messages[:-1]):
        if message.role != "system":
            return messages[:index] + messages[index + 1 :]
    return ()


class _Answering:
    """One request being answered in its turn. `began` is on the monotonic clock."""

    def __init__(self, asked: TextRequest, reply: Reply, chat: bool, began: float) -> None:
        self.asked = asked
        self.reply = reply
        self.chat = chat
        self.began = began

    async def run(self, turn: Turn) -> None:
        if self.asked.only_loads:
            await self.reply.json(200, self.part({}, done="load"))
            return
        generation = await self._generation(turn)
        if self.asked.stream:
            await self._stream(turn, generation)
        else:
            found = await self._whole(turn, generation)
            logprobs = {"logprobs": shapes.logprobs_json(found.logprobs)} if found.logprobs else {}
            await self.reply.json(200, self._last(found, found.text, turn) | logprobs)

    async def _generation(self, turn: Turn) -> Generation:
        asked = self.asked
        schema, messages = asked.schema, asked.messages
        if asked.calls:
            schema = call_schema(asked.calls, words=True)
            messages = with_tools(messages, asked.calls, words=True)
        if schema is not None and not await turn.enforces(schema):
            raise unenforced([])
        grammar = grammar_of(schema) if schema is not None else ""
        return Generation(asked.sampling, messages, asked.prompt, grammar, asked.logprobs)

    def _fitted(self, generation: Generation, refused: EngineRefusal) -> Generation:
        """The same with one message fewer, if that is what was refused and may be done. Raises EngineRefusal."""
        fewer = shorter(generation.messages) if refused.too_long and self.asked.truncate else ()
        if not fewer:
            raise refused
        return replace(generation, messages=fewer)

    async def _whole(self, turn: Turn, generation: Generation) -> Answer:
        while True:
            try:
                return await turn.whole(generation)
            except EngineRefusal as refused:
                generation = self._fitted(generation, refused)

    async def _batches(self, turn: Turn, generation: Generation) -> AsyncIterator[list[Piece]]:
        while True:
            try:
                async for batch in turn.stream(generation):
                    yield batch
                return
            except EngineRefusal as refused:
                generation = self._fitted(generation, refused)

    async def _stream(self, turn: Turn, generation: Generation) -> None:
        pieces: list[Piece] = []
        async for batch in self._batches(turn, generation):
            if not pieces:
                await self.reply.begin("application/x-ndjson")
            pieces += batch
            if not self.asked.calls:
                await self._send([self._text(piece) for piece in batch if piece.text])
        found = put_together(pieces)
        last = self._last(found, found.text if self.asked.calls else "", turn)
        await self._send([last])
        await self.reply.end()

    async def _send(self, parts: list[dict[str, Any]]) -> None:
        if parts:
            lines = (
                json.dumps(part, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for part in parts
            )
            await self.reply.write(b"".join(lines))

    def _text(self, piece: Piece) -> dict[str, Any]:
        logprobs = {"logprobs": shapes.logprobs_json(piece.logprobs)} if piece.logprobs else {}
        return self.part({"content": piece.text}) | logprobs

    def _last(self, found: Answer, text: str, turn: Turn) -> dict[str, Any]:
        """The part that ends the answer; `text` is what was not sent before it."""
        total = time.monotonic() - self.began
        message = self._called(text) if self.asked.calls else {"content": text}
        return self.part(message, found.finish) | shapes.metrics(found.usage, total, turn.load_seconds)

    def _called(self, text: str) -> dict[str, Any]:
        said = parse_call(text)
        if isinstance(said, str):
            return {"content": said}
        try:
            arguments = json.loads(said.arguments)
        except ValueError:  # cut short by num_predict: no call, but what there is
            return {"content": text}
        return {"content": "", "tool_calls": [self._call_json(said, arguments)]}

    def _call_json(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        return shapes.call_json(call, arguments, f"call_{secrets.token_hex(4)}")

    def part(self, message: dict[str, Any], done: str = "") -> dict[str, Any]:
        """One part of an answer: a chat has messages, a generation has responses."""
        body: dict[str, Any] = {"model": self.asked.model, "created_at": shapes.rfc3339(time.time())}
        if self.chat:
            body["message"] = {"role": "assistant", "content": ""} | message
        else:
            body["response"] = message.get("content", "")
        body["done"] = bool(done)
        return body | ({"done_reason": done} if done else {})
