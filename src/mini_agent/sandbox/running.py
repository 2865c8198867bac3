"""One launcher and the pipes between it and the event loop: started, fed, read, ended."""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mini_agent.sandbox.capture import Capture
from mini_agent.sandbox.result import SandboxError, SandboxResult

if TYPE_CHECKING:
    from mini_agent.sandbox.inside.plan import Ending, Plan

PACKAGE = str(Path(__file__).resolve().parent.parent)
START = (
    "import sys; package = type(sys)('mini_agent'); package.__path__ = [sys.argv[1]]; "
    "sys.modules['mini_agent'] = package; from mini_agent.sandbox.inside.main import main; main()"
)
"""The launcher's own imports, without what `import mini_agent` brings."""

SECONDS_TO_OBEY = 0.15
SECONDS_OF_GRACE = 5.0
READ_AT_ONCE = 65536
OUTPUT_FLOOD = 64
"""A program that writes this many times what is kept is stopped."""


class Run:
    """One launcher and the pipes between it and the event loop."""

    def __init__(self, most: int) -> None:
        self.stdout = Capture(most)
        self.stderr = Capture(most)
        self.flooded = False
        self._began = time.monotonic()
        self._launcher: subprocess.Popen[bytes] | None = None
        self._control = -1
        self._reading: dict[int, asyncio.Future[None]] = {}
        self._ending = bytearray()

    async def through(self, plan: Plan, timeout: float) -> Ending:
        """Start, feed, read until everything is closed. Raises SandboxError when the launcher dies without a word."""
        message = marshal.dumps(plan)  # type: ignore[arg-type]  # a TypedDict is a dict
        try:
            self._start()
        except OSError as fault:
            raise SandboxError(f"the launcher could not be started: {fault}") from fault
        await self._send(len(message).to_bytes(8, "little") + message)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout + SECONDS_OF_GRACE):
                await asyncio.gather(*self._reading.values())
        if not self._ending:
            raise SandboxError("the launcher ended without a word" + self._last_words())
        ending: Ending = marshal.loads(bytes(self._ending))
        return ending

    def _last_words(self) -> str:
        lines = self.stderr.text().strip().splitlines()
        return f": {lines[-1]}" if lines else ""

    def _start(self) -> None:
        """Raises OSError; what was opened before is closed by `end`."""
        given = []
        try:
            control, self._control = os.pipe()
            given.append(control)
            for feed in (self._feed_stdout, self._feed_stderr, self._ending.extend):
                reading, writing = os.pipe()
                given.append(writing)
                self._read(reading, feed)
            self._launcher = launcher(*given)
        finally:
            for handle in given:
                os.close(handle)

    async def _send(self, message: bytes) -> None:
        """Write the plan without holding the loop: a pipe takes 64 KiB at a time."""
        loop = asyncio.get_running_loop()
        os.set_blocking(self._control, False)
        left = memoryview(message)
        while left:
            try:
                left = left[os.write(self._control, left) :]
            except BlockingIOError:
                ready = loop.create_future()
                loop.add_writer(self._control, _done, ready)
                try:
                    await ready
                finally:
                    loop.remove_writer(self._control)
            except BrokenPipeError:
                return

    def _read(self, handle: int, feed: Callable[[bytes], object]) -> None:
        loop = asyncio.get_running_loop()
        os.set_blocking(handle, False)
        self._reading[handle] = loop.create_future()
        loop.add_reader(handle, self._take, handle, feed)

    def _take(self, handle: int, feed: Callable[[bytes], object]) -> None:
        try:
            part = os.read(handle, READ_AT_ONCE)
        except BlockingIOError:
            return
        if part:
            feed(part)
        else:
            self._close(handle)

    def _feed_stdout(self, part: bytes) -> None:
        self._feed(self.stdout, part)

    def _feed_stderr(self, part: bytes) -> None:
        self._feed(self.stderr, part)

    def _feed(self, capture: Capture, part: bytes) -> None:
        capture.feed(part)
        if capture.total > OUTPUT_FLOOD * capture.most and not self.flooded:
            self.flooded = True
            self._let_go()

    def _close(self, handle: int) -> None:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)
        _done(self._reading.pop(handle))

    def _let_go(self) -> None:
        """Close the launcher's control pipe: it ends the tree."""
        if self._control >= 0:
            os.close(self._control)
            self._control = -1

    async def end(self) -> None:
        """The launcher obeys at once, or is killed, and the kernel then kills what it held.

        A second cancellation waits too: nobody is told that it is over before it is.
        """
        self._let_go()
        for handle in list(self._reading):
            self._close(handle)
        started, self._launcher = self._launcher, None
        if started is None:
            return
        gone = asyncio.ensure_future(_gone(started))
        cancelled = False
        while not gone.done():
            try:
                await asyncio.wait([gone])
            except asyncio.CancelledError:
                cancelled = True
        if cancelled:
            raise asyncio.CancelledError

    def result(self, ending: Ending) -> SandboxResult:
        killed_for = "output" if self.flooded else ending["killed_for"]
        return SandboxResult(
            os.waitstatus_to_exitcode(ending["status"]),
            self.stdout.text(),
            self.stderr.text(),
            timed_out=killed_for == "time",
            killed_for=killed_for,
            ms=(time.monotonic() - self._began) * 1000,
        )


def launcher(control: int, out: int, err: int, ending: int) -> subprocess.Popen[bytes]:
    """A fresh interpreter in a session of its own, with an empty environment and these descriptors alone."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", START, PACKAGE, str(ending)],
        stdin=control,
        stdout=out,
        stderr=err,
        pass_fds=(ending,),
        env={},
        cwd="/",
        start_new_session=True,
    )


async def _gone(started: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS_TO_OBEY
    while started.poll() is None:
        if time.monotonic() > until:
            with contextlib.suppress(
                PermissionError
            ):  # root without that right cannot hurry one that stepped down
                started.kill()
        await asyncio.sleep(0.002)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
