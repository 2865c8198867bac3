"""How much is taken on at once: so many runs, so many waiting for their turn, so many bytes of requests in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field

from mini_agent.app.refusal import Refusal, retry_after


@dataclass(frozen=True, slots=True)
class AppLimits:
    """Sizes in bytes, times in seconds. `run_seconds` is the longest any run may take, whatever it asks for."""

    body_bytes: int = 4 << 20
    bodies_bytes: int = 256 << 20
    body_seconds: float = 30.0
    concurrency: int = 64
    queue: int = 128
    queue_seconds: float = 30.0
    run_seconds: float = 600.0
    stop_seconds: float = 5.0


@dataclass
class Admission:
    """The runs under way and those that wait, first come, first served."""

    limits: AppLimits
    running: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def __aenter__(self) -> None:
        """Take one of the places. Raises Refusal 429 when the queue is full, or the wait too long."""
        await self._enter()

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    async def _enter(self) -> None:
        if self.running < self.limits.concurrency and not self._waiting:
            self.running += 1
            return
        if len(self._waiting) >= self.limits.queue:
            raise self._busy("the queue is full")
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self.limits.queue_seconds):
                await place
        except (TimeoutError, asyncio.CancelledError) as over:
            self._give_up(place)
            if isinstance(over, TimeoutError):
                raise self._busy("no place came free in time") from None
            raise

    def _give_up(self, place: asyncio.Future[None]) -> None:
        """A place that was handed over at the last moment goes to the next in line."""
        if place.done() and not place.cancelled():
            self._leave()
        else:
            place.cancel()
            with contextlib.suppress(ValueError):
                self._waiting.remove(place)

    def _leave(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.running -= 1

    def _busy(self, why: str) -> Refusal:
        message = f"{self.limits.concurrency} requests are being answered and {why}; try again"
        return Refusal(429, message, code="too_many_requests", headers=retry_after(1))
