"""The ASGI application: both fronts, the identity endpoint, and what every exchange has in common."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from readiness.models.exchange import (
    BodyTooLarge,
    ClientGone,
    Reply,
    Request,
    read_body,
    unless_gone,
)
from readiness.models.failure import ModelError
from readiness.models.guard import refusal
from readiness.models.ollama.error import OllamaError
from readiness.models.ollama.front import OllamaFront
from readiness.models.openai import error as openai_error
from readiness.models.openai.error import OpenAIError
from readiness.models.openai.front import OpenAIFront, refuse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any, Final

    from readiness.models.exchange import Receive, Send
    from readiness.models.served import Served

    Handler = Callable[[Request, Reply], Awaitable[None]]

TOKEN_SWITCH: Final = "READINESS_SERVICE_TOKEN"
"""A secret that the server got from whoever started it; it proves at `/healthz` that it is that server."""
BODY_LIMIT: Final = 4 << 20
_LONGEST_NONCE: Final = 256
_logger = logging.getLogger("readiness.model")


class App:
    """Serves one model. `allowed_hosts` None: bound beyond loopback, so the Host header can be anything."""

    def __init__(
        self,
        served: Served,
        allowed_hosts: frozenset[str] | None = frozenset(),
        token: str = "",
        limit: int = BODY_LIMIT,
    ) -> None:
        self.served = served
        self.allowed_hosts = allowed_hosts
        self.limit = limit
        self._token = token.encode()
        self._openai = OpenAIFront(served)
        self._ollama = OllamaFront(served)
        self.routes: dict[tuple[str, str], Handler] = {
            ("GET", "/healthz"): self.health,
            **self._ollama.routes,
            **self._openai.routes,
        }
        self._paths = {path for _, path in self.routes}
        identity = served.identity
        self._headers = {
            "server": f"{identity.server}/{identity.server_version}",
            "x-model-name": identity.name,
            "x-model-digest": f"sha256:{identity.digest}",
        }

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        reply = Reply(send, dict(self._headers), head_only=scope["method"] == "HEAD")
        if self.allowed_hosts is not None and (reason := refusal(headers, self.allowed_hosts)):
            _logger.warning("refused a request: %s", reason)
            await reply.text(403, "")
            return
        try:
            body = await read_body(receive, headers.get("content-length", ""), self.limit)
        except BodyTooLarge:
            await self._refuse(scope["path"], reply, 413, f"the request is larger than {self.limit} bytes")
            return
        except TimeoutError:
            await self._refuse(scope["path"], reply, 408, "the request took too long to arrive")
            return
        except ClientGone:
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        request = Request(scope["method"], scope["path"], query, headers, body)
        await unless_gone(receive, self._answer(request, reply))

    async def _answer(self, request: Request, reply: Reply) -> None:
        try:
            await self._handler(request)(request, reply)
        except ModelError as failed:
            _logger.error("%s", failed)
            await self._refuse(request.path, reply, 500, str(failed))
        except Exception:
            _logger.exception("%s %s broke the server", request.method, request.path)
            await self._refuse(request.path, reply, 500, "internal error; the server's log has it")

    def _handler(self, request: Request) -> Handler:
        method = "GET" if request.method == "HEAD" else request.method
        found = self.routes.get((method, request.path))
        if found:
            return found
        if request.path.startswith("/v1/models/") and method == "GET":
            return self._openai.model
        return self._nothing_here

    async def _nothing_here(self, request: Request, reply: Reply) -> None:
        """No such path, or not with that method: in the words of the server that was asked for."""
        known = request.path in self._paths
        if request.path.startswith("/v1"):
            build = openai_error.wrong_method if known else openai_error.unknown_url
            await refuse(reply, build(request.method, request.path))
            return
        status, words = (405, "405 method not allowed") if known else (404, "404 page not found")
        await reply.text(status, words)

    async def _refuse(self, path: str, reply: Reply, status: int, message: str) -> None:
        if reply.started:
            return  # the connection breaks off, which is all that is left to say
        if path.startswith("/v1"):
            kind = "server_error" if status >= 500 else openai_error.INVALID
            await refuse(reply, OpenAIError(message, status=status, kind=kind))
        else:
            await reply.json(status, OllamaError(status, message).body())

    async def health(self, request: Request, reply: Reply) -> None:
        """Who this is. With `?nonce=…`, `proof` is HMAC-SHA256 of the nonce under the token it was started with."""
        turns = self.served.turns
        state: dict[str, Any] = {
            "status": "ok",
            "service": "readiness-model",
            "pid": os.getpid(),
            "identity": self.served.identity.to_json(),
            "loaded": turns.loaded,
            "running": turns.running,
            "waiting": turns.waiting,
            "slots": turns.slots,
        }
        nonce = request.query.get("nonce", "")[:_LONGEST_NONCE]
        if nonce and self._token:
            state["proof"] = hmac.new(self._token, nonce.encode(), hashlib.sha256).hexdigest()
        await reply.json(200, state)
