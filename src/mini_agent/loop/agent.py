"""One run: ask the model, run its tools, give it their results, until it answers or a limit is spent."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

from mini_agent.conversation import Message
from mini_agent.events import Done, Listener
from mini_agent.interfaces import Model, ToolBackend
from mini_agent.loop import escalation
from mini_agent.loop.budget import sentence
from mini_agent.loop.in_flight import end
from mini_agent.loop.options import RunOptions
from mini_agent.loop.progress import Ending, Progress
from mini_agent.loop.steps import Steps
from mini_agent.result import RunResult, StopReason

__all__ = ["RunOptions", "run_agent"]

TELL_SECONDS = 0.05
"""How long a cancelled run waits for its listener to hear of it."""


async def run_agent(
    messages: Sequence[Message],
    options: RunOptions,
    model: Model,
    tools: ToolBackend,
    listen: Listener | None = None,
    run_id: str = "",
) -> RunResult:
    """Run until there is an answer or a limit is spent; `messages` is not changed. Closes neither model nor tools.

    A model's failure, a tool's and a spent limit are results. Raises ToolBackendError when the backend cannot even
    say what it offers, and what a listener raises.

    Cancelled, it cancels what is in flight, waits for its end (`in_flight.END_SECONDS` at most), gives the listener
    TELL_SECONDS to take `Done` with stop reason `cancelled`, and raises CancelledError.
    """
    progress = Progress(messages, run_id or f"run_{uuid.uuid4().hex}")
    steps = Steps(options, model, tools, listen, progress)
    try:
        result = progress.result(await _to_its_end(steps, options, progress))
    except asyncio.CancelledError:
        if listen:
            ending = Ending(StopReason.CANCELLED, error="the run was cancelled")
            await _tell_at_once(listen, progress.result(ending))
        raise
    if listen:
        await listen(Done(result))
    return result


async def _to_its_end(steps: Steps, options: RunOptions, progress: Progress) -> Ending:
    ending = await _part(steps, options.model, options, progress)
    if escalation.goes_on(options, ending):
        progress.escalate()
        ending = await _part(steps, options.escalate_model, options, progress)
    return ending


async def _part(steps: Steps, model: str, options: RunOptions, progress: Progress) -> Ending:
    """The run with one model, under the wall clock: whatever is awaited when that is spent is cancelled."""
    seconds = options.limits.max_total_seconds
    try:
        async with asyncio.timeout(seconds) as clock:
            return await steps.run(model)
    except TimeoutError:
        if not clock.expired():
            raise
    said = sentence(StopReason.BUDGET_SECONDS, options.limits, progress.spent)
    return Ending(StopReason.BUDGET_SECONDS, error=said)


async def _tell_at_once(listen: Listener, result: RunResult) -> None:
    telling = asyncio.ensure_future(listen(Done(result)))
    try:
        await asyncio.wait((telling,), timeout=TELL_SECONDS)
    finally:
        await end((telling,), TELL_SECONDS / 2)
