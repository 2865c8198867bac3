"""Ollama's paths that need no generation: versions, lists, the model's description, pulling what is here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from readiness.models.ollama import reply as shapes
from readiness.models.ollama.answering import answer
from readiness.models.ollama.error import OllamaError, bad_json, not_found
from readiness.models.ollama.request import check_model, read_chat, read_generate, read_model_name
from readiness.models.strict_json import BadJson, read_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from readiness.models.exchange import Reply, Request
    from readiness.models.served import Served

    Handler = Callable[[Request, Reply], Awaitable[None]]


class OllamaFront:
    """Answers for one served model."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.routes: dict[tuple[str, str], Handler] = {
            ("GET", "/"): self.root,
            ("GET", "/api/version"): self.version,
            ("GET", "/api/tags"): self.tags,
            ("GET", "/api/ps"): self.ps,
            ("POST", "/api/show"): _refusing(self.show),
            ("POST", "/api/pull"): _refusing(self.pull),
            ("POST", "/api/embed"): _refusing(self.embed),
            ("POST", "/api/embeddings"): _refusing(self.embed),
            ("POST", "/api/chat"): _refusing(self.chat),
            ("POST", "/api/generate"): _refusing(self.generate),
        }

    async def root(self, _: Request, reply: Reply) -> None:
        await reply.text(200, "Ollama is running")

    async def version(self, _: Request, reply: Reply) -> None:
        identity = self.served.identity
        await reply.json(200, {"version": f"{identity.server_version}+{identity.server}"})

    async def tags(self, _: Request, reply: Reply) -> None:
        await reply.json(200, {"models": [shapes.listed(self.served)]})

    async def ps(self, _: Request, reply: Reply) -> None:
        await reply.json(200, {"models": [shapes.loaded(self.served)] if self.served.turns.loaded else []})

    async def show(self, request: Request, reply: Reply) -> None:
        name = read_model_name(parsed(request), "ShowRequest")
        if not self.served.answers_to(name):
            raise not_found(name)
        await reply.json(200, shapes.shown(self.served))

    async def embed(self, request: Request, _: Reply) -> None:
        name = read_model_name(parsed(request), "EmbedRequest")
        if not self.served.answers_to(name):
            raise not_found(name)
        raise OllamaError(501, f'"{name}" does not support embeddings')

    async def pull(self, request: Request, reply: Reply) -> None:
        """The served model is here; no other can be had from this server."""
        data: Any = parsed(request)
        known = self.served.answers_to(read_model_name(data, "PullRequest"))
        if not known and data.get("stream") is False:
            raise OllamaError(500, "pull model manifest: file does not exist")
        last = {"status": "success"} if known else {"error": "pull model manifest: file does not exist"}
        if data.get("stream") is False:
            await reply.json(200, last)
            return
        await reply.begin("application/x-ndjson")
        await reply.write(line({"status": "pulling manifest"}) + line(last))
        await reply.end()

    async def chat(self, request: Request, reply: Reply) -> None:
        asked = read_chat(parsed(request), self.served.fresh_seed())
        check_model(asked.model, self.served.answers_to(asked.model), chat=True)
        await answer(self.served, asked, reply, chat=True)

    async def generate(self, request: Request, reply: Reply) -> None:
        asked = read_generate(parsed(request), self.served.fresh_seed())
        check_model(asked.model, self.served.answers_to(asked.model), chat=False)
        await answer(self.served, asked, reply, chat=False)


def parsed(request: Request) -> object:
    """The request's JSON. Raises OllamaError."""
    if not request.body:
        raise OllamaError(400, "missing request body")
    try:
        return read_json(request.body)
    except BadJson as error:
        raise bad_json(error.character) from error


def line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _refusing(handler: Handler) -> Handler:
    """`handler`, with its refusals sent; within a stream that has begun, as its last line."""

    async def run(request: Request, reply: Reply) -> None:
        try:
            await handler(request, reply)
        except OllamaError as refused:
            if reply.started:
                await reply.write(line(refused.body()))
                await reply.end()
            else:
                await reply.json(refused.status, refused.body())

    return run
