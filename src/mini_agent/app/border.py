"""What every request passes on its way in and every answer on its way out: checks, refusals, counting."""

from __future__ import annotations

import logging
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mini_agent.app.answering import stopping
from mini_agent.app.body import ClientGone
from mini_agent.app.refusal import Refusal
from mini_agent.app.service import Service

OPEN_PATHS: Final = frozenset({"/ready"})
"""Answered without a token, so that what starts the service can wait for it."""
KEPT_WHILE_STOPPING: Final = frozenset({"/ready", "/healthz", "/metrics"})
_logger = logging.getLogger("mini_agent")


class Border:
    """An ASGI middleware. Nothing that is raised below goes further than this."""

    def __init__(self, app: ASGIApp, service: Service, known_paths: frozenset[str]) -> None:
        self._app = app
        self._service = service
        self._known = known_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            self._check(scope)
            await self._app(scope, receive, answer.send)
        except ClientGone:
            self._service.observer.metrics.disconnects.inc()
            answer.status = 499
        except Exception as error:  # noqa: BLE001 (told apart, logged and answered)
            await self._refuse(scope, receive, answer, error)
        finally:
            self._count(scope, answer.status)

    def _check(self, scope: Scope) -> None:
        """Raises Refusal."""
        guard = self._service.guard
        guard.check_host(scope["headers"])
        if scope["path"] not in OPEN_PATHS:
            guard.check_token(scope["headers"])
        if self._service.stopping and scope["path"] not in KEPT_WHILE_STOPPING:
            raise stopping()

    async def _refuse(self, scope: Scope, receive: Receive, answer: _Answer, error: Exception) -> None:
        if not isinstance(error, Refusal):
            _logger.error("%s %s broke", scope["method"], self._route(scope), exc_info=error)
            error = Refusal(500, "internal error; the service's log has it", code="internal_error")
        elif error.ours:
            self._service.observer.metrics.rejected.labels(error.code or str(error.status)).inc()
        if answer.status:
            # The head is out: the server closes the connection, which is all that is left to say.
            return
        await error.response()(scope, receive, answer.send)

    def _route(self, scope: Scope) -> str:
        return scope["path"] if scope["path"] in self._known else "other"

    def _count(self, scope: Scope, status: int) -> None:
        self._service.observer.metrics.answered(self._route(scope), status)


class _Answer:
    """Remembers the status that went out; 0 until one did."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
