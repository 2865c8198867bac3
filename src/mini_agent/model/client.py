"""The model that a run talks to: one upstream after the other, one whole Reply at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping

from mini_agent.conversation import Reply
from mini_agent.interfaces import ModelError, ModelRequest, OnText
from mini_agent.model.asking import Asking
from mini_agent.model.effort import Effort
from mini_agent.model.prices import cost, price_of
from mini_agent.model.retry import RetryPolicy
from mini_agent.model.settings import ModelSettings, Upstream
from mini_agent.model.tool_modes import REMEMBERED, Finding, ToolModes
from mini_agent.model.wire.answer import Answer
from mini_agent.model.wire.endpoint import Endpoint
from mini_agent.model.wire.failure import UpstreamError


class ChatModel:
    """Asks the upstreams of the settings. Belongs to one event loop; may be used by any number of tasks at once."""

    def __init__(self, settings: ModelSettings, modes: ToolModes = REMEMBERED) -> None:
        self._settings = settings
        self._policy = RetryPolicy(settings.tries, settings.first_wait, settings.longest_wait)
        self._finding = Finding(modes)
        first = Upstream(settings.base, settings.api_key)
        self._upstreams = (first, *settings.fallbacks) if settings.base else settings.fallbacks
        self._closed = False
        self._endpoints: dict[Upstream, Endpoint] = {}

    async def reply(
        self, request: ModelRequest, on_text: OnText | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One answer, from the first upstream that gives one. Raises ModelError."""
        began = time.perf_counter()
        effort = Effort(self._policy, on_text)
        errors: list[UpstreamError] = []
        for upstream in self._upstreams:
            model = upstream.model or request.model or self._settings.model
            effort.retries += bool(errors)
            asking = Asking(self._endpoint(upstream), self._finding, model, headers or {}, effort)
            try:
                answer = await asking.answer(request)
            except UpstreamError as error:
                errors.append(error)
                if effort.spoke or not error.elsewhere:
                    break
            else:
                return self._reply(answer, model, effort, began)
        raise self._failure(errors, effort)

    async def aclose(self) -> None:
        """Close every connection, calls under way with them. A closed model stays closed."""
        self._closed = True
        for endpoint in self._endpoints.values():
            await endpoint.aclose()

    def _failure(self, errors: list[UpstreamError], effort: Effort) -> ModelError:
        """What the caller is told: of the first upstream, unless another one found the request itself at fault."""
        if not errors:
            return ModelError("no model server is configured: set MINI_AGENT_API_BASE", 503, "no_model")
        told = errors[0] if errors[-1].elsewhere and not effort.spoke else errors[-1]
        told.retries = effort.retries
        return told

    def _endpoint(self, upstream: Upstream) -> Endpoint:
        if self._closed:
            raise ModelError("the model has been closed", 503, "closed")
        place = Upstream(upstream.base, upstream.api_key)
        if place not in self._endpoints:
            self._endpoints[place] = Endpoint(self._settings, place)
        return self._endpoints[place]

    def _reply(self, answer: Answer, asked: str, effort: Effort, began: float) -> Reply:
        usage = answer.usage + effort.usage
        price = price_of(self._settings.prices, answer.model, asked)
        return Reply(
            content=answer.content,
            tool_calls=answer.tool_calls,
            finish_reason=answer.finish_reason,
            usage=usage,
            model=answer.model or asked,
            cost=cost(price, usage),
            ms=(time.perf_counter() - began) * 1000,
            retries=effort.retries,
            stand_in=answer.stand_in,
            cost_known=price is not None,
        )
