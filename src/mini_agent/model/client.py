"""The model that a run talks to: one upstream after the other, each with its retries, one whole Reply at the end."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from mini_agent.conversation import Reply
from mini_agent.interfaces import ModelError, ModelRequest, OnText
from mini_agent.model.answer import Answer
from mini_agent.model.endpoint import Endpoint
from mini_agent.model.failure import UpstreamError
from mini_agent.model.prices import cost, price_of
from mini_agent.model.request import native_body
from mini_agent.model.retry import RetryPolicy
from mini_agent.model.settings import ModelSettings, Upstream


@dataclass(slots=True)
class Effort:
    """What one call has taken so far: requests sent again, seconds slept, and whether text has gone out."""

    retries: int = 0
    slept: float = 0.0
    spoke: bool = False


class ChatModel:
    """Asks the upstreams of the settings. Belongs to one event loop; may be used by any number of tasks at once."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._policy = RetryPolicy(settings.tries, settings.first_wait, settings.longest_wait)
        first = Upstream(settings.base, settings.api_key)
        self._upstreams = (first, *settings.fallbacks) if settings.base else settings.fallbacks
        self._endpoints: dict[Upstream, Endpoint] = {}

    async def reply(
        self, request: ModelRequest, on_text: OnText | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One answer, from the first upstream that gives one. Raises ModelError."""
        began = time.perf_counter()
        effort = Effort()
        first_error: UpstreamError | None = None
        for upstream in self._upstreams:
            model = upstream.model or request.model or self._settings.model
            if first_error is not None:
                effort.retries += 1
            try:
                answer = await self._ask(
                    upstream, model, request, _noting(effort, on_text), headers or {}, effort
                )
            except UpstreamError as error:
                error.retries = effort.retries
                first_error = first_error or error
                if effort.spoke or not error.elsewhere:
                    raise
            else:
                return self._reply(answer, model, effort, began)
        if first_error is None:
            raise ModelError("no model server is configured: set MINI_AGENT_API_BASE", 503, "no_model")
        first_error.retries = effort.retries
        raise first_error

    async def aclose(self) -> None:
        """Close every connection."""
        endpoints, self._endpoints = self._endpoints, {}
        for endpoint in endpoints.values():
            await endpoint.aclose()

    async def _ask(
        self,
        upstream: Upstream,
        model: str,
        request: ModelRequest,
        on_text: OnText | None,
        headers: Mapping[str, str],
        effort: Effort,
    ) -> Answer:
        if not model:
            raise ModelError("the request names no model, and MINI_AGENT_MODEL is not set", 400, "no_model")
        endpoint = self._endpoint(upstream)
        body = native_body(request, model)
        return await persist(self._policy, effort, lambda: endpoint.ask(body, headers, on_text))

    def _endpoint(self, upstream: Upstream) -> Endpoint:
        place = Upstream(upstream.base, upstream.api_key)
        if place not in self._endpoints:
            self._endpoints[place] = Endpoint(self._settings, place)
        return self._endpoints[place]

    def _reply(self, answer: Answer, asked: str, effort: Effort, began: float) -> Reply:
        price = price_of(self._settings.prices, answer.model, asked)
        return Reply(
            content=answer.content,
            tool_calls=answer.tool_calls,
            finish_reason=answer.finish_reason,
            usage=answer.usage,
            model=answer.model or asked,
            cost=cost(price, answer.usage),
            ms=(time.perf_counter() - began) * 1000,
            retries=effort.retries,
            stand_in=answer.stand_in,
            cost_known=price is not None,
        )


async def persist(policy: RetryPolicy, effort: Effort, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """Try until it works or the policy gives up; never again once text has gone out. Raises UpstreamError."""
    tried = 0
    while True:
        tried += 1
        try:
            return await attempt()
        except UpstreamError as error:
            may = error.again and not effort.spoke
            pause = policy.pause(tried, effort.slept, error.retry_after, random.random()) if may else None
            if pause is None:
                raise
        effort.slept += pause
        effort.retries += 1
        await asyncio.sleep(pause)


def _noting(effort: Effort, on_text: OnText | None) -> OnText | None:
    """`on_text`, noting that text has gone out."""
    if on_text is None:
        return None

    async def hand_on(text: str) -> None:
        effort.spoke = True
        await on_text(text)

    return hand_on
