"""`POST /agent/run`: one bounded run, answered whole or event by event."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mini_agent.app.agent_answer import envelope, event_json
from mini_agent.app.agent_request import AgentRequest, check_headers
from mini_agent.app.answering import Answering, Streaming, json_response
from mini_agent.app.event_stream import EventStream
from mini_agent.app.forwarded import forwarded
from mini_agent.app.openai.answer import marked
from mini_agent.app.refusal import Refusal
from mini_agent.app.service import Service
from mini_agent.app.validation import validated
from mini_agent.events import Done, Event
from mini_agent.interfaces import ToolBackend, ToolBackendError
from mini_agent.loop.agent import run_agent
from mini_agent.observe.observer import About, Watching
from mini_agent.result import RunResult


class AgentRoute:
    """The endpoint, for one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, request: Request) -> Response:
        """Raises Refusal."""
        headers = request.scope["headers"]
        forward = forwarded(headers)
        value = await self._service.bodies.read(headers, request.receive)
        check_headers(value)
        asked = validated(AgentRequest, value)
        asked.check()
        run = _Run(self._service, asked, value["messages"], forward)
        if asked.stream:
            return Streaming(self._service, run.streamed, "error")
        return await Answering(self._service, request.receive).answer(run.whole())


class _Run:
    """One run that was asked for."""

    def __init__(
        self,
        service: Service,
        asked: AgentRequest,
        messages: list[dict[str, Any]],
        forward: Mapping[str, str],
    ) -> None:
        self._service = service
        self._asked = asked
        self._messages = messages
        self._forward = forward
        self._id = f"run_{uuid.uuid4().hex}"
        self._stream: EventStream | None = None

    async def whole(self) -> Response:
        result = await self._run()
        return json_response(envelope(result), marked(result.stand_in))

    async def streamed(self, stream: EventStream) -> None:
        stream.headers |= marked(self._service.upstream.stand_in(self._asked.model))
        self._stream = stream
        await self._run()

    async def _run(self) -> RunResult:
        """Open the tools, run, close them, whatever happens. Raises Refusal."""
        about = About(self._id, self._asked.model, self._class, tuple(self._messages), self._forward)
        tools = self._open()
        with self._service.observer.run(about) as watching:
            try:
                return await self._with(tools, watching)
            except ToolBackendError as failed:
                raise _unusable(failed) from None
            finally:
                await closed(tools)

    async def _with(self, tools: ToolBackend, watching: Watching) -> RunResult:
        async def hear(event: Event) -> None:
            watching.heard(event)
            if isinstance(event, Done):
                watching.result = event.result
            if self._stream:
                name, data = event_json(event)
                await self._stream.event(data, name)
                self._stream.concluded = isinstance(event, Done)

        options = self._asked.options(self._service.limits.run_seconds)
        model = self._service.upstream.model_for(self._forward)
        return await run_agent(self._messages, options, model, tools, hear, self._id)

    @property
    def _class(self) -> str:
        return f"agent/{self._asked.tool_backend}/{'stream' if self._asked.stream else 'whole'}"

    def _open(self) -> ToolBackend:
        asked = self._asked
        try:
            return self._service.open_tools(
                asked.tool_backend,
                tool_http_base_url=asked.tool_http_base_url or "",
                tool_http_headers=asked.tool_http_headers,
                mcp_server=asked.mcp_server or "",
                forward_headers=self._forward,
            )
        except ValueError as wrong:
            field = str(wrong).partition(":")[0]
            named = field if field in AgentRequest.model_fields else None
            raise Refusal(400, str(wrong), code="invalid_field", param=named) from None
        except ToolBackendError as failed:
            raise _unusable(failed) from None


def _unusable(failed: ToolBackendError) -> Refusal:
    """409: the request is right, and cannot be met in the state that its tools are in. Clients may try it again."""
    return Refusal(
        409, f"the tools cannot be used: {failed}", code="tool_backend_unusable", param="tool_backend"
    )


async def closed(tools: ToolBackend) -> None:
    """Close a run's tools to the end, also when the run is being cancelled meanwhile."""
    closing = asyncio.ensure_future(tools.aclose())
    while not closing.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait((closing,))
    closing.result()
