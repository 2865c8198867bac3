"""What one call has taken so far, and trying again within its policy."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from mini_agent.conversation import NOTHING_USED
from mini_agent.interfaces import OnText
from mini_agent.model.retry import RetryPolicy
from mini_agent.model.wire.answer import Answer
from mini_agent.model.wire.failure import UpstreamError


class Effort:
    """`retries` counts requests sent again, `slept` seconds, `usage` tokens of questions other than the caller's own;
    `spoke` says that text has gone out, after which nothing may be sent again."""

    def __init__(self, policy: RetryPolicy, on_text: OnText | None) -> None:
        self.retries = 0
        self.slept = 0.0
        self.spoke = False
        self.usage = NOTHING_USED
        self._policy = policy
        self._on_text = on_text

    @property
    def on_text(self) -> OnText | None:
        """Where text goes, when somebody listens."""
        return self._say if self._on_text is not None else None

    async def persist(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """Try until it works or the policy gives up; never again once text has gone out. Raises UpstreamError."""
        tried = 0
        while True:
            tried += 1
            try:
                return await attempt()
            except UpstreamError as error:
                pause = self._pause(error, tried)
                if pause is None:
                    raise
            self.slept += pause
            self.retries += 1
            await asyncio.sleep(pause)

    def _pause(self, error: UpstreamError, tried: int) -> float | None:
        if self.spoke or not error.again:
            return None
        return self._policy.pause(tried, self.slept, error.retry_after, random.random())

    async def _say(self, text: str) -> None:
        self.spoke = True
        if self._on_text is not None:
            await self._on_text(text)
