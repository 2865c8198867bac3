"""Work that is only done while its client is there to get it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from mini_agent.app.body import ClientGone

T = TypeVar("T")


class Stopped(Exception):
    """The service ended the work, because it stops."""


async def while_connected(
    receive: Receive, work: Coroutine[Any, Any, T], under_way: set[asyncio.Task[Any]]
) -> T:
    """Do `work`, and cancel it when the client closes the connection. The request's body must have been read.

    While it runs, its task is in `under_way`; whoever cancels it there makes this raise Stopped. Raises what `work`
    raises, and ClientGone. Nothing of `work` goes on when this returns.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_disconnected(receive))
    under_way.add(working)
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if working.cancelled():
            raise Stopped
        if working.done():
            return working.result()
        raise ClientGone
    finally:
        for task in (working, watching):
            task.cancel()
        await _over(working, watching)
        under_way.discard(working)


async def _over(*tasks: asyncio.Task[Any]) -> None:
    """Wait for cancelled tasks, also when this one is being cancelled itself."""
    while any(not task.done() for task in tasks):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
