"""Many requests at once: a bounded number in flight, results as they come or in order, everything given back at the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, TypeAlias

from mini_agent.conversation import Reply
from mini_agent.interfaces import Model, ModelError, ModelRequest

Order: TypeAlias = Literal["submitted", "completed"]
OnError: TypeAlias = Literal["capture", "raise"]

UNREAD: Final = 1024
"""Results that may wait to be read; beyond it no further request is sent."""
_CLOSING_SECONDS: Final = 0.4


@dataclass(frozen=True, slots=True)
class Completion:
    """What became of one request; `index` is its place among them. Either `response` or `error` is set."""

    index: int
    response: Reply | None = None
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


def complete_many(
    requests: Iterable[ModelRequest],
    concurrency: int = 8,
    order: Order = "submitted",
    on_error: OnError = "capture",
    *,
    model: Model | None = None,
) -> Completions:
    """Ask `model` each of `requests`, at most `concurrency` at once; iterate over the result.

    Nothing is sent before the first result is asked for. `raise` ends everything at the first error, which the
    iterator raises after the results that came before it. Without a `model`, one is opened from the environment and
    closed at the end. Leaving early, `aclose()`, or cancelling the reader cancels what is in flight. Raises
    ValueError for what makes no sense.
    """
    if concurrency < 1:
        raise ValueError(f"concurrency must be at least 1, is {concurrency}")
    if order not in ("submitted", "completed"):
        raise ValueError(f"order must be submitted or completed, is {order!r}")
    if on_error not in ("capture", "raise"):
        raise ValueError(f"on_error must be capture or raise, is {on_error!r}")
    return Completions(_Batch(iter(requests), concurrency, order == "submitted", on_error == "raise", model))


class Completions(AsyncIterator[Completion]):
    """The results, for `async for` in one task. Also a context manager that closes itself."""

    def __init__(self, batch: _Batch) -> None:
        self._batch = batch

    def __aiter__(self) -> Completions:
        return self

    async def __anext__(self) -> Completion:
        """The next result. Raises what a request raised, where that was asked for."""
        try:
            return await self._batch.next()
        except BaseException:
            await self._batch.close()
            raise

    async def aclose(self) -> None:
        """Cancel what is in flight and wait for its end, at most half a second. May be called again."""
        await self._batch.close()

    async def __aenter__(self) -> Completions:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        """A loop that was left with `break` drops the iterator: the requests in flight must not run on."""
        self._batch.abandon()


class _Batch:
    """The requests in flight and the results that wait to be read. Never refers to its iterator."""

    def __init__(
        self,
        requests: Iterator[ModelRequest],
        concurrency: int,
        in_order: bool,
        stop_at_error: bool,
        model: Model | None,
    ) -> None:
        self._requests = requests
        self._concurrency = concurrency
        self._in_order = in_order
        self._stop_at_error = stop_at_error
        self._model = model
        self._own_model: Model | None = None
        self._running: dict[asyncio.Future[Reply], int] = {}
        self._waiting: dict[int, Completion] = {}
        self._error: Exception | None = None
        self._news = asyncio.Event()
        self._sent = 0
        self._given = 0
        self._all_sent = False
        self._closing: asyncio.Task[None] | None = None
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def next(self) -> Completion:
        """The next result, sending requests as there is room. Raises StopAsyncIteration, or the first error."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._send()
            if (ready := self._take()) is not None:
                self._send()
                return ready
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if self._closed or not self._running:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """Cancel and wait, but not for ever for a call that does not end."""
        self._closed = self._all_sent = True
        self._waiting.clear()
        self._news.set()
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=_CLOSING_SECONDS)
        own, self._own_model = self._own_model, None
        if own is not None:
            await own.aclose()

    def abandon(self) -> None:
        """Close without waiting, from wherever the last reference was dropped."""
        loop = self._loop
        if loop is not None and not loop.is_closed() and (self._running or self._own_model):
            loop.call_soon_threadsafe(self._close_soon, loop)

    def _close_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        self._closing = loop.create_task(self.close())

    def _send(self) -> None:
        """Send as many requests as there is room for."""
        while not self._all_sent and len(self._running) < self._concurrency and len(self._waiting) < UNREAD:
            try:
                request = next(self._requests)
                answer = self._asked().reply(request)
            except StopIteration:
                self._all_sent = True
            except Exception as error:  # noqa: BLE001 (raised by next(), in the reader's task)
                self._fail(error)
            else:
                task = asyncio.ensure_future(answer)
                self._running[task] = self._sent
                self._sent += 1
                task.add_done_callback(self._done)

    def _asked(self) -> Model:
        if self._model is None:
            from mini_agent.model.open import open_model
            from mini_agent.model.settings import ModelSettings

            self._model = self._own_model = open_model(ModelSettings.from_environment(os.environ))
        return self._model

    def _done(self, task: asyncio.Future[Reply]) -> None:
        index = self._running.pop(task)
        self._news.set()
        error = _error_of(task)
        if self._closed:
            return
        if error is None:
            self._waiting[index] = Completion(index, task.result())
        elif self._stop_at_error:
            self._fail(error)
        else:
            self._waiting[index] = Completion(index, error=error)
        if not self._all_sent:
            self._send()

    def _fail(self, error: Exception) -> None:
        """End everything; the reader hears the first error."""
        self._error = self._error or error
        self._all_sent = True
        for task in self._running:
            task.cancel()

    def _take(self) -> Completion | None:
        index = self._given if self._in_order else next(iter(self._waiting), -1)
        ready = self._waiting.pop(index, None)
        self._given += ready is not None
        return ready


def _error_of(task: asyncio.Future[Reply]) -> Exception | None:
    """Why a request has no answer. Being cancelled by somebody else is an error like others."""
    if task.cancelled():
        return ModelError("the call was cancelled", 499, "cancelled")
    error = task.exception()
    if error is not None and not isinstance(error, Exception):
        return ModelError(f"the call ended with {type(error).__name__}")
    return error
