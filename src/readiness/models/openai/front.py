"""OpenAI's paths: `/v1/models`, `/v1/models/{id}`, `/v1/chat/completions`."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING

from readiness.models.constrain import grammar_of
from readiness.models.generation import (
    EngineRefusal,
    Generation,
    Usage,
    derived_seed,
    put_together,
    with_seed,
)
from readiness.models.openai import error
from readiness.models.openai.error import OpenAIError
from readiness.models.openai.reply import (
    Stamp,
    choice_json,
    delta_json,
    finish_of,
    logprobs_json,
    model_json,
    said_deltas,
    usage_json,
)
from readiness.models.openai.request import read_chat
from readiness.models.strict_json import BadJson, read_json
from readiness.models.tools import call_schema, parse_call, with_tools
from readiness.models.turns import Busy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from readiness.models.exchange import Reply, Request
    from readiness.models.generation import Piece
    from readiness.models.openai.request import ChatRequest
    from readiness.models.served import Served
    from readiness.models.turns import Turn

    Handler = Callable[[Request, Reply], Awaitable[None]]

RETRY_AFTER = {"retry-after": "1"}


class OpenAIFront:
    """Answers for one served model."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.routes: dict[tuple[str, str], Handler] = {
            ("GET", "/v1/models"): self.models,
            ("POST", "/v1/chat/completions"): self.chat,
            ("POST", "/v1/embeddings"): self.embeddings,
        }

    async def models(self, _: Request, reply: Reply) -> None:
        await reply.json(200, {"object": "list", "data": [model_json(self.served.identity)]})

    async def model(self, request: Request, reply: Reply) -> None:
        """`/v1/models/{id}`."""
        name = request.path.removeprefix("/v1/models/")
        if not self.served.answers_to(name):
            await refuse(
                reply, OpenAIError(f"The model '{name}' does not exist", "model", "model_not_found", 404)
            )
            return
        await reply.json(200, model_json(self.served.identity))

    async def embeddings(self, _: Request, reply: Reply) -> None:
        await refuse(
            reply, OpenAIError("You are not allowed to generate embeddings from this model", status=403)
        )

    async def chat(self, request: Request, reply: Reply) -> None:
        try:
            asked = read_chat(read_json(request.body), self.served.fresh_seed())
            if not self.served.answers_to(asked.model):
                raise error.unknown_model(asked.model)
            reply.headers["x-sampling-seed"] = str(asked.sampling.seed)
            async with self.served.turns.turn() as turn:
                await _Answering(self.served, asked, turn, reply).run()
        except BadJson:
            await refuse(reply, error.bad_json())
        except OpenAIError as refused:
            await refuse(reply, refused)
        except Busy:
            reply.headers |= RETRY_AFTER
            await refuse(reply, error.overloaded())
        except EngineRefusal as refused:
            await refuse(reply, translated(refused))


def translated(refused: EngineRefusal) -> OpenAIError:
    """The engine's refusal in OpenAI's words."""
    if refused.too_long:
        return error.too_long(refused.prompt_tokens, refused.context)
    return OpenAIError(str(refused)) if refused.status == 400 else error.server_error(str(refused))


async def refuse(reply: Reply, refused: OpenAIError) -> None:
    """Send a refusal; within a stream that has begun, as its last event, which SDKs raise."""
    if reply.started:
        await reply.write(sse(refused.body()))
        await reply.end()
    else:
        await reply.json(refused.status, refused.body())


def sse(value: object) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"


class _Answering:
    """One chat request being answered in its turn."""

    def __init__(self, served: Served, asked: ChatRequest, turn: Turn, reply: Reply) -> None:
        self.asked = asked
        self.turn = turn
        self.reply = reply
        token = secrets.token_hex(12)
        self.stamp = Stamp(f"chatcmpl-{token}", int(time.time()), asked.model, served.identity.fingerprint)
        self.calling = bool(asked.calls)

    async def run(self) -> None:
        generation = await self._generation()
        if self.asked.stream:
            await self._stream(generation)
        else:
            await self._whole(generation)

    async def _generation(self) -> Generation:
        """What to ask of the engine, once it is sure to keep what the request wants kept."""
        asked = self.asked
        messages = asked.messages
        schema = asked.schema.schema if asked.schema else None
        if self.calling:
            messages = with_tools(messages, asked.calls, asked.words)
            schema = call_schema(asked.calls, asked.words)
        if schema is not None and not await self.turn.enforces(schema):
            name = asked.schema.name if asked.schema else asked.calls[0].name
            raise error.bad_schema("response_format" if asked.schema else "tools", name, [])
        grammar = grammar_of(schema) if schema is not None else ""
        return Generation(asked.sampling, messages, grammar=grammar, logprobs=asked.logprobs)

    def _numbered(self, generation: Generation, index: int) -> Generation:
        return with_seed(generation, derived_seed(generation.sampling.seed, index))

    async def _whole(self, generation: Generation) -> None:
        choices, usage = [], Usage()
        for index in range(self.asked.n):
            answer = await self.turn.whole(self._numbered(generation, index))
            usage += answer.usage
            choices.append(
                choice_json(index, answer, self.calling, self.asked.logprobs is not None, new_call_id())
            )
        await self.reply.json(200, self.stamp.completion(choices, usage))

    async def _stream(self, generation: Generation) -> None:
        usage = Usage()
        for index in range(self.asked.n):
            usage += await self._stream_choice(self._numbered(generation, index), index)
        if self.asked.include_usage:
            await self.reply.write(sse(self.stamp.chunk([]) | {"usage": usage_json(usage)}))
        await self.reply.write(b"data: [DONE]\n\n")
        await self.reply.end()

    async def _stream_choice(self, generation: Generation, index: int) -> Usage:
        pieces: list[Piece] = []
        async for batch in self.turn.stream(generation):
            if not pieces:
                await self._open(index)
            pieces += batch
            if not self.calling:
                await self._send([self._text(index, piece) for piece in batch if piece.text])
        if not pieces:
            await self._open(index)
        answer = put_together(pieces)
        said = parse_call(answer.text) if self.calling else answer.text
        if self.calling:
            await self._send([delta_json(index, said_deltas(said, new_call_id()))])
        await self._send([delta_json(index, {}, finish_of(answer, said))])
        return answer.usage

    async def _open(self, index: int) -> None:
        if not self.reply.started:
            await self.reply.begin("text/event-stream; charset=utf-8")
        role = (
            {"role": "assistant"} if self.calling else {"role": "assistant", "content": "", "refusal": None}
        )
        await self._send([delta_json(index, role)])

    def _text(self, index: int, piece: Piece) -> dict[str, Any]:
        logprobs = logprobs_json(piece.logprobs) if self.asked.logprobs is not None else None
        return delta_json(index, {"content": piece.text}, None, logprobs)

    async def _send(self, choices: list[dict[str, Any]]) -> None:
        """Each choice in a chunk of its own, all chunks in one write."""
        with_usage = {"usage": None} if self.asked.include_usage else {}
        if choices:
            await self.reply.write(b"".join(sse(self.stamp.chunk([one]) | with_usage) for one in choices))


def new_call_id() -> str:
    return f"call_{secrets.token_hex(12)}"
