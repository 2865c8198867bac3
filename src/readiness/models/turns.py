"""Whose turn it is: a bounded queue in front of the engine's slots, and the engine loaded while it is wanted.

Runs in one event loop; the engine works in threads of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from readiness.models.engine import block_signals, signals_kept
from readiness.models.generation import put_together

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from typing import Any, Final

    from readiness.models.engine import Engine
    from readiness.models.generation import Answer, Generation, Piece

_REMEMBERED_SCHEMAS: Final = 256
FOREVER: Final = math.inf
PAUSE: Final = 0.04
"""Seconds between two items of a streamed answer, so that at most 25 a second are sent; the first is never held back."""


class Busy(Exception):
    """Every slot is taken and the queue is full."""


class Turns:
    """Hands out the engine: at most `slots` at once, at most `queue` waiting. Between uses it stays loaded `keep_alive` seconds."""

    def __init__(self, load: Callable[[], Engine], slots: int, queue: int, keep_alive: float) -> None:
        self.slots = slots
        self.queue = queue
        self.keep_alive = keep_alive
        self.expires_at = 0.0
        """When an idle engine is unloaded, in seconds since 1970; `FOREVER` for never."""
        self.running = 0
        self.waiting = 0
        self._load = load
        self._engine: Engine | None = None
        self._gate = asyncio.Semaphore(slots)
        self._loading = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._threads = ThreadPoolExecutor(slots + 1, "engine", initializer=block_signals)
        self._enforced: OrderedDict[str, bool] = OrderedDict()

    @property
    def loaded(self) -> bool:
        return self._engine is not None

    @contextlib.asynccontextmanager
    async def turn(self, keep_alive: float | None = None) -> AsyncIterator[Turn]:
        """Wait for a slot, load the engine if need be, and hold both. Raises Busy, ModelError."""
        if self._gate.locked() and self.waiting >= self.queue:
            raise Busy
        self.waiting += 1
        try:
            await self._gate.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        turn = Turn(self)
        try:
            turn.load_seconds = await self.load()
            yield turn
        finally:
            turn.release(self.keep_alive if keep_alive is None else keep_alive)

    async def load(self) -> float:
        """Make sure that the engine is loaded; returns the seconds that took."""
        began = time.monotonic()
        async with self._loading:
            if self._engine is None:
                loop = asyncio.get_running_loop()
                with signals_kept():
                    self._engine = await loop.run_in_executor(self._threads, self._load)
                self.extend(self.keep_alive)
        return time.monotonic() - began

    def leave(self, keep_alive: float) -> None:
        """A turn is over and its slot free."""
        self.running -= 1
        self._gate.release()
        self.extend(keep_alive)

    def extend(self, keep_alive: float) -> None:
        """Keep the engine loaded for so many seconds from now; 0 unloads it once it is idle."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self.expires_at = time.time() + keep_alive
        if keep_alive < FOREVER:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, keep_alive), self._expire)

    def _expire(self) -> None:
        if self.running == 0 and not self._loading.locked():
            self._unload()

    def _unload(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def close(self) -> None:
        """Free the engine and its threads; call it when nothing is to be answered any more."""
        if self._timer:
            self._timer.cancel()
        self._unload()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def submit(self, work: Callable[[Engine], None]) -> asyncio.Future[None]:
        """Run `work` on the loaded engine in a thread."""
        engine = self._engine
        assert engine is not None, "a turn holds a loaded engine"
        return asyncio.get_running_loop().run_in_executor(self._threads, work, engine)

    async def enforces(self, schema: Mapping[str, Any]) -> bool:
        """Whether the engine can hold output to `schema`; asked once for each schema."""
        key = json.dumps(schema)
        if key not in self._enforced:
            found: list[bool] = []
            await self.submit(lambda engine: found.append(engine.enforces(schema)))
            self._enforced[key] = found[0]
            if len(self._enforced) > _REMEMBERED_SCHEMAS:
                self._enforced.popitem(last=False)
        return self._enforced[key]


class Turn:
    """One slot of the engine, held. Generations of one turn run one after the other."""

    def __init__(self, turns: Turns) -> None:
        self.load_seconds = 0.0
        self._turns = turns
        self._work: asyncio.Future[None] | None = None
        self._stop = False

    async def enforces(self, schema: Mapping[str, Any]) -> bool:
        return await self._turns.enforces(schema)

    async def stream(self, generation: Generation) -> AsyncIterator[list[Piece]]:
        """The answer as it arrives: each item is what came since the last one, never empty. Raises EngineRefusal.

        Pieces that come within PAUSE of the last item wait for the next one: each wake takes a core from the engine.
        """
        loop = asyncio.get_running_loop()
        arrived: list[Piece] = []
        news = asyncio.Event()
        told = -PAUSE

        def on_piece(piece: Piece) -> bool:
            nonlocal told
            if self._stop or loop.is_closed():
                return True
            if piece.text or piece.finish or piece.usage:
                arrived.append(piece)
                now = time.monotonic()
                if piece.finish or piece.usage or now - told >= PAUSE:
                    told = now
                    loop.call_soon_threadsafe(news.set)
            return False

        work = self._work = self._turns.submit(lambda engine: engine.generate(generation, on_piece))
        work.add_done_callback(lambda _: news.set())
        while not work.done() or arrived:
            await news.wait()
            news.clear()
            # The engine's thread may append at any moment: take just what is seen.
            if batch := arrived[:]:
                del arrived[: len(batch)]
                yield batch
        work.result()

    async def whole(self, generation: Generation) -> Answer:
        """The whole answer at once. Raises EngineRefusal."""
        pieces: list[Piece] = []

        def on_piece(piece: Piece) -> bool:
            pieces.append(piece)
            return self._stop

        self._work = self._turns.submit(lambda engine: engine.generate(generation, on_piece))
        await asyncio.shield(self._work)
        return put_together(pieces)

    def release(self, keep_alive: float) -> None:
        """Give the slot back as soon as the engine is done with it; a generation under way is told to stop."""
        self._stop = True
        if self._work is None or self._work.done():
            self._turns.leave(keep_alive)
        else:
            self._work.add_done_callback(lambda work: self._finish(work, keep_alive))

    def _finish(self, work: asyncio.Future[None], keep_alive: float) -> None:
        if not work.cancelled():
            work.exception()  # nobody is left to hear it; asyncio would complain otherwise
        self._turns.leave(keep_alive)
