"""How work becomes an answer: in its turn, while its client is there, and within the service's own time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mini_agent.app.body import ClientGone
from mini_agent.app.event_stream import EventStream
from mini_agent.app.presence import Stopped, while_connected
from mini_agent.app.refusal import Refusal, from_model, retry_after
from mini_agent.app.service import Service
from mini_agent.app.strict_json import dump
from mini_agent.interfaces import ModelError

_logger = logging.getLogger("mini_agent")


def json_response(value: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    return Response(dump(value), status, headers, media_type="application/json")


def stopping() -> Refusal:
    return Refusal(503, "the service is stopping", code="stopping", headers=retry_after(1))


def _refusal_of(over: Exception) -> Exception:
    """What a stream that ends this way is refused with; what nobody expected stays what it is."""
    return stopping() if isinstance(over, Stopped) else over


def _logged(over: Exception) -> Refusal:
    if isinstance(over, Refusal):
        return over
    _logger.error("a stream broke", exc_info=over)
    return Refusal(500, "internal error; the service's log has it", code="internal_error")


class Answering:
    """Work that ends in one whole answer."""

    def __init__(self, service: Service, receive: Receive) -> None:
        self._service = service
        self._receive = receive

    async def answer(self, work: Coroutine[Any, Any, Response]) -> Response:
        """Raises Refusal, ClientGone."""
        try:
            return await while_connected(self._receive, self._in_turn(work), self._service.under_way)
        except Stopped:
            raise stopping() from None
        finally:
            work.close()

    async def _in_turn(self, work: Coroutine[Any, Any, Response]) -> Response:
        async with self._service.admission:
            try:
                return await work
            except ModelError as failed:
                raise from_model(failed) from None


class Streaming(Response):
    """Work that writes events. Until the first one is out, it may still be refused as a whole.

    `error_event` names the event that tells of a failure after that; empty for one without a name, as OpenAI's are.
    """

    def __init__(
        self, service: Service, work: Callable[[EventStream], Awaitable[None]], error_event: str = ""
    ) -> None:
        super().__init__()
        self._error_event = error_event
        self._service = service
        self._work = work

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        stream = EventStream(send)
        try:
            await while_connected(receive, self._in_turn(stream), self._service.under_way)
        except ClientGone:
            raise
        except Exception as over:
            if not stream.started:
                raise _refusal_of(over) from over
            await self._last_words(stream, _logged(_refusal_of(over)))
        finally:
            stream.break_off()

    async def _in_turn(self, stream: EventStream) -> None:
        async with self._service.admission:
            try:
                await self._work(stream)
            except ModelError as failed:
                raise from_model(failed) from None
            await stream.end()

    async def _last_words(self, stream: EventStream, refusal: Refusal) -> None:
        """The status is out; the error is the stream's last event. A client that does not read is not waited for."""
        try:
            async with asyncio.timeout(1.0):
                if not stream.concluded:
                    await stream.event(refusal.body(), self._error_event)
                await stream.end()
        except TimeoutError:
            _logger.warning("a client that does not read its stream was left")
