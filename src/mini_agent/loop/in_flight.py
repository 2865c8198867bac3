"""Tasks in flight: what is cancelled is also awaited, and nothing can hold a run longer than a set time.

The caller waits on a task instead of the coroutine itself, so that code which ignores its cancellation, or hangs while
it cleans up, holds nobody up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

END_SECONDS = 1.0
"""How long a cancelled task may take to clean up. Tools and models take milliseconds; on a machine that is overloaded,
killing a process tree can take longer, and a run that ends late is better than a process that is left."""

_left_behind: set[asyncio.Task[Any]] = set()
"""Tasks that did not end in time. The loop itself holds tasks weakly; these must still finish cleaning up."""


class TooLate(Exception):
    """Work took longer than it was given; it has been cancelled. Not TimeoutError: that may be the work's own."""


class EndedItself(Exception):
    """Work was cancelled, and not from here: what it leans on has gone."""


async def within(seconds: float | None, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, in at most `seconds` and the time it takes to clean up.

    Cancelled, it cancels the work and waits for its end. Raises TooLate, EndedItself, and what the work raises.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait((task,), timeout=seconds)
    finally:
        if late := not task.done():
            await end((task,))
        elif not task.cancelled():
            task.exception()  # heard: whoever is cancelled at this very moment will not ask for it
    if late and not has_returned(task):
        raise TooLate
    if task.cancelled():
        raise EndedItself
    return task.result()


async def end(tasks: Collection[asyncio.Task[Any]], at_most: float | None = None) -> None:
    """Cancel all and wait until they are done, at most so many seconds (END_SECONDS); being cancelled meanwhile
    changes neither."""
    clock = asyncio.get_running_loop().time
    limit = clock() + (END_SECONDS if at_most is None else at_most)
    for task in tasks:
        task.cancel()
    left = {task for task in tasks if not task.done()}
    cancelled = None
    while left and (seconds := limit - clock()) > 0:
        try:
            _, left = await asyncio.wait(left, timeout=seconds)
        except asyncio.CancelledError as again:
            cancelled = again
            left = {task for task in left if not task.done()}
    for task in tasks:
        _report(task)
    if cancelled is not None:
        raise cancelled


def has_returned(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _report(task: asyncio.Task[Any]) -> None:
    """Say what went wrong in a task whose result nobody takes: it hangs, or failed while it was cancelled."""
    log = logging.getLogger("mini_agent")
    if not task.done():
        log.warning("still cleaning up after it was cancelled: %s", _name(task))
        _left_behind.add(task)
        task.add_done_callback(_left_behind.discard)
        task.add_done_callback(_report)
    elif not task.cancelled() and (error := task.exception()) is not None:
        log.warning("failed while it was cancelled: %s: %s", _name(task), type(error).__name__)


def _name(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())
