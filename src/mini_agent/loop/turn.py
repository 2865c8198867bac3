"""The tool calls of one reply: run at most so many at once, told as they go, answered in their order whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from mini_agent.conversation import ToolInvocation, ToolOutcome
from mini_agent.events import Listener, ToolCalled, ToolReturned
from mini_agent.interfaces import ToolBackend, ToolBackendError
from mini_agent.limits import Limits
from mini_agent.loop.in_flight import EndedItself, TooLate, end, has_returned, within
from mini_agent.loop.plan import Planned

GRACE_SECONDS = 0.2
"""A backend ends a tool at its timeout and says what it had printed; only one that does not is cut off from here."""

_CUT_OFF = ToolOutcome(
    False, "cut off: the run ended before this call returned", error="the run ended before it returned"
)


class Turn:
    """Holds the outcomes as they come, so that what an interrupted run has done is known.

    `begun` counts the calls that reached the backend.
    """

    def __init__(self, planned: Sequence[Planned], backend: ToolBackend, limits: Limits) -> None:
        self.begun = 0
        self._planned = planned
        self._backend = backend
        self._limits = limits
        self._outcomes: list[ToolOutcome | None] = [None] * len(planned)
        self._running: dict[asyncio.Task[ToolOutcome], int] = {}

    def invocations(self) -> tuple[ToolInvocation, ...]:
        """Every call with its outcome, in the order of the calls."""
        return tuple(
            ToolInvocation(one.call, one.arguments, outcome or _CUT_OFF)
            for one, outcome in zip(self._planned, self._outcomes, strict=True)
        )

    async def run(self, listen: Listener | None) -> None:
        """Make the calls. Cancelled, it ends the tools that run; `invocations` then says what was cut off."""
        try:
            for place in range(len(self._planned)):
                while len(self._running) >= self._limits.tool_concurrency:
                    await self._collect(listen)
                await self._begin(place, listen)
            while self._running:
                await self._collect(listen)
        finally:
            if self._running:
                await self._cut_off()

    async def _begin(self, place: int, listen: Listener | None) -> None:
        one = self._planned[place]
        if listen:
            await listen(ToolCalled(one.call))
        if one.refusal:
            await self._take(place, one.refusal, listen)
        else:
            self._running[asyncio.create_task(self._invoke(place))] = place

    async def _collect(self, listen: Listener | None) -> None:
        """Wait until one has returned. Outcomes are kept before anybody is told, who might hold or fail."""
        done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        for place, task in sorted((self._running[task], task) for task in done):
            del self._running[task]
            await self._take(place, task.result(), listen)

    async def _take(self, place: int, outcome: ToolOutcome, listen: Listener | None) -> None:
        self._outcomes[place] = outcome
        if listen:
            one = self._planned[place]
            await listen(ToolReturned(ToolInvocation(one.call, one.arguments, outcome)))

    async def _cut_off(self) -> None:
        try:
            await end(self._running)
        finally:
            for task, place in self._running.items():
                if has_returned(task):
                    self._outcomes[place] = task.result()
            self._running.clear()

    async def _invoke(self, place: int) -> ToolOutcome:
        start, seconds = time.monotonic(), self._limits.tool_timeout
        try:
            return await within(seconds + GRACE_SECONDS, self._reach(place, seconds))
        except TooLate:
            outcome = _failed(f"timed out after {seconds:g} s")
        except EndedItself:
            outcome = _failed("the tool's call was cancelled from inside the backend")
        except ToolBackendError as error:
            outcome = _failed(f"the tool backend failed: {error}")
        return _timed(outcome, start)

    async def _reach(self, place: int, seconds: float) -> ToolOutcome:
        """The call itself. What it returned is kept at once: the run may be interrupted before anybody takes it."""
        self.begun += 1
        start, one = time.monotonic(), self._planned[place]
        outcome = await self._backend.invoke(one.call.id, one.call.name, one.arguments or {}, seconds)
        self._outcomes[place] = outcome = _timed(outcome, start)
        return outcome


def _timed(outcome: ToolOutcome, start: float) -> ToolOutcome:
    """With its wall time, where the backend did not measure it better."""
    return outcome if outcome.ms else replace(outcome, ms=(time.monotonic() - start) * 1000)


def _failed(why: str) -> ToolOutcome:
    return ToolOutcome(False, why, error=why)
