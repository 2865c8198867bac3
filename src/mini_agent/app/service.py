"""What the routes share: the model, the source of tools, the limits, the observers, and the work under way."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mini_agent.app.admission import Admission, AppLimits
from mini_agent.app.body import BodyReader
from mini_agent.app.guard import Guard
from mini_agent.interfaces import Model, ToolBackend
from mini_agent.observe.observer import Observer


class OpenTools(Protocol):
    """`mini_agent.tools.backends.open_backend`, with the service's settings in it."""

    def __call__(
        self,
        kind: str,
        *,
        tool_http_base_url: str = "",
        tool_http_headers: Mapping[str, str] | None = None,
        mcp_server: str = "",
        forward_headers: Mapping[str, str] = {},
    ) -> ToolBackend: ...


@dataclass(frozen=True)
class Upstream:
    """The model as the routes see it. One pool of connections serves all requests.

    `model_for` takes the headers that this request forwards; what it gives need not be closed. `names` lists what
    `/v1/models` shows. `stand_in` names the stand-in that would answer for a model's name, or is empty.
    """

    model_for: Callable[[Mapping[str, str]], Model]
    names: Callable[[Mapping[str, str]], Awaitable[Sequence[str]]]
    stand_in: Callable[[str], str] = lambda _: ""
    base: str = ""


@dataclass(frozen=True)
class Identity:
    """What `/healthz` says. Host and port are those of the bound socket."""

    version: str
    host: str = ""
    port: int = 0
    started_at: str = field(
        default_factory=lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    )


class Service:
    """Made once for an application; belongs to one event loop."""

    def __init__(
        self,
        upstream: Upstream,
        open_tools: OpenTools,
        *,
        limits: AppLimits | None = None,
        guard: Guard | None = None,
        observer: Observer | None = None,
        identity: Identity | None = None,
        allowed_tool_urls: str = "",
        mcp_servers: tuple[str, ...] = (),
    ) -> None:
        self.upstream = upstream
        self.open_tools = open_tools
        self.limits = limits or AppLimits()
        self.guard = guard or Guard()
        self.observer = observer or Observer()
        self.identity = identity or Identity("")
        self.allowed_tool_urls = allowed_tool_urls
        self.mcp_servers = mcp_servers
        self.admission = Admission(self.limits)
        self.bodies = BodyReader(self.limits)
        self.under_way: set[asyncio.Task[Any]] = set()
        self.stopping = False
        self._hurry = asyncio.Event()
        self.observer.metrics.waiting.set_function(lambda: self.admission.waiting)

    def hurry(self) -> None:
        """Stop waiting for what is under way."""
        self._hurry.set()

    async def drain(self) -> None:
        """Take nothing on any more; let what is under way end by itself until the deadline, then end it."""
        self.stopping = True
        deadline = asyncio.get_running_loop().time() + self.limits.stop_seconds
        while self.under_way and not self._hurry.is_set():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await self._until_one_is_over(left)
        await self._cancel_all()

    async def _until_one_is_over(self, seconds: float) -> None:
        hurry = asyncio.ensure_future(self._hurry.wait())
        try:
            waited = {*self.under_way, hurry}
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hurry.cancel()
        await asyncio.sleep(0)

    async def _cancel_all(self) -> None:
        tasks = set(self.under_way)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
