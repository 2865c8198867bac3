"""Work that is only done while its client is there to get it."""

from __future__ import annotations

import asyncio
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
    gone = False

    def leave(watched: asyncio.Task[None]) -> None:
        nonlocal gone
        if not watched.cancelled():
            gone = True
            working.cancel()

    watching.add_done_callback(leave)
    under_way.add(working)
    working.add_done_callback(under_way.discard)
    try:
        return await working
    except asyncio.CancelledError:
        if gone:
            raise ClientGone from None
        if not _cancelled_itself():
            raise Stopped from None
        raise
    finally:
        watching.cancel()


def _cancelled_itself() -> bool:
    """Whether the task that asks was cancelled, rather than the one that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
