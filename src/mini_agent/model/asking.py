"""One request put to one upstream: as it is, or, for a model without tools of its own, under a call schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mini_agent.interfaces import ModelError, ModelRequest, OnText
from mini_agent.model.effort import Effort
from mini_agent.model.schema.history import has_tool_traffic
from mini_agent.model.schema.offer import Offer, offer_of, schema_body
from mini_agent.model.schema.written import ArrivingText, read_written
from mini_agent.model.tool_modes import Finding, Mode, lacks_tools
from mini_agent.model.wire.answer import Answer
from mini_agent.model.wire.endpoint import Endpoint
from mini_agent.model.wire.failure import UpstreamError
from mini_agent.model.wire.request import native_body

_SCHEMA_REFUSED: Final = frozenset((400, 422))


class Asking:
    """Who is asked, and with what effort so far."""

    def __init__(
        self, endpoint: Endpoint, finding: Finding, model: str, headers: Mapping[str, str], effort: Effort
    ) -> None:
        self._endpoint = endpoint
        self._finding = finding
        self._model = model
        self._headers = headers
        self._effort = effort

    async def answer(self, request: ModelRequest) -> Answer:
        """The answer, its tool calls read whichever way they came. Raises ModelError."""
        if not self._model:
            raise ModelError("the request names no model, and MINI_AGENT_MODEL is not set", 400, "no_model")
        if await self._mode(request) == "schema":
            return await self._under_schema(request)
        try:
            return await self._ask(native_body(request, self._model), self._effort.on_text)
        except UpstreamError as error:
            if request.tool_mode != "auto" or not _involves_tools(request) or not lacks_tools(error):
                raise
        self._finding.modes.remember(self._endpoint.base, self._model, "schema")
        self._effort.retries += 1
        return await self._under_schema(request)

    async def _mode(self, request: ModelRequest) -> Mode:
        if request.tool_mode != "auto":
            return request.tool_mode
        if not _involves_tools(request):
            return "native"
        mode, usage = await self._finding.mode(self._endpoint.base, self._model, self._probe)
        self._effort.usage += usage
        return mode

    async def _probe(self, body: Mapping[str, Any]) -> Answer:
        return await self._ask(body, None)

    async def _under_schema(self, request: ModelRequest) -> Answer:
        offer = offer_of(request)
        body = schema_body(request, self._model, offer)
        if not offer.tools:
            return await self._ask(body, self._effort.on_text)
        try:
            answer = await self._written(body, offer)
        except UpstreamError as error:
            if error.upstream_status not in _SCHEMA_REFUSED or error.code == "context_length_exceeded":
                raise
            self._effort.retries += 1
            answer = await self._written(schema_body(request, self._model, offer, loose=True), offer)
        return await self._read(answer, offer)

    async def _written(self, body: Mapping[str, Any], offer: Offer) -> Answer:
        """What the model writes; the text of an answer goes out while it arrives."""
        on_text = self._effort.on_text
        if on_text is None:
            return await self._ask(body, None)
        arriving = ArrivingText(offer)

        async def hand_on(piece: str) -> None:
            if text := arriving.feed(piece):
                await on_text(text)

        async def attempt() -> Answer:
            nonlocal arriving
            arriving = ArrivingText(offer)
            return await self._endpoint.ask(body, self._headers, hand_on)

        return await self._effort.persist(attempt)

    async def _read(self, answer: Answer, offer: Offer) -> Answer:
        read = read_written(answer, offer)
        on_text = self._effort.on_text
        if on_text is not None and not self._effort.spoke and read.content:
            await on_text(read.content)
        return read

    async def _ask(self, body: Mapping[str, Any], on_text: OnText | None) -> Answer:
        return await self._effort.persist(lambda: self._endpoint.ask(body, self._headers, on_text))


def _involves_tools(request: ModelRequest) -> bool:
    """Whether it matters here what the model makes of tools."""
    return bool(request.tools and request.tool_choice != "none") or has_tool_traffic(request.messages)
