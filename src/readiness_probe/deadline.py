"""Stacks of a process that does not get on: at a test's own deadline, and when the gate asks.

Both use faulthandler, which needs no thread of Python's and works while the interpreter's lock is held. Both
write to files of their own, because what writes them cannot write JSON.
"""

from __future__ import annotations

import faulthandler
import os
import signal
from typing import TYPE_CHECKING

from readiness_probe.clock import clock

if TYPE_CHECKING:
    from typing import Any, Optional

_SOON = 0.001


class StackFile:
    """A file that faulthandler may write to at any time; removed when nothing was written."""

    def __init__(self, path: str) -> None:
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o644)

    def close(self) -> None:
        empty = os.fstat(self.descriptor).st_size == 0
        os.close(self.descriptor)
        if empty:
            os.unlink(self.path)


class Deadline:
    """Ends the process when a test (setup, call and teardown together) takes longer than `seconds`.

    The stack of every thread is in `<path>` then, and the exit status is 1. Only a check that asks for it has
    one. `off` says why it is not in force: pytest's own `faulthandler_timeout` uses the one timer there is.
    """

    def __init__(self, seconds: Optional[float], path: str, config: Any) -> None:
        self.seconds = seconds
        self.off = "" if seconds else "not asked for"
        if seconds and _pytest_has_its_own(config):
            self.off = "faulthandler_timeout is set"
        self._file = None if self.off else StackFile(path)
        self._ends = 0.0
        self._held = False

    def hold(self) -> None:
        """No test has a deadline until `release`: its trials have one each."""
        self._held = True

    def release(self) -> None:
        self._held = False

    def start(self) -> None:
        """A test begins."""
        if self._file is not None and self.seconds and not self._held:
            self._ends = clock.monotonic() + self.seconds
            self._arm(self.seconds)

    def go_on(self) -> None:
        """A phase of the same test begins: pytest stops the timer when a phase has failed."""
        if self._file is not None and self._ends:
            self._arm(max(self._ends - clock.monotonic(), _SOON))

    def stop(self) -> None:
        """The test is over."""
        if self._file is not None and self._ends:
            self._ends = 0.0
            faulthandler.cancel_dump_traceback_later()

    def close(self) -> None:
        self.stop()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _arm(self, seconds: float) -> None:
        assert self._file is not None
        faulthandler.dump_traceback_later(seconds, file=self._file.descriptor, exit=True)


class StackOnRequest:
    """While it is open, SIGUSR2 writes the stack of every thread to `<folder>/<pid>.stack`.

    The signal then does what it did before: by default, it ends the process. faulthandler's handler is set in
    C, so that `signal.getsignal` still answers what the tests expect; one that is in use is left alone.
    """

    def __init__(self, folder: str) -> None:
        self._file: Optional[StackFile] = None
        if not hasattr(faulthandler, "register") or signal.getsignal(signal.SIGUSR2) != signal.SIG_DFL:
            return
        self._file = StackFile(os.path.join(folder, f"{os.getpid()}.stack"))
        faulthandler.register(signal.SIGUSR2, file=self._file.descriptor, all_threads=True, chain=True)

    def close(self) -> None:
        if self._file is not None:
            faulthandler.unregister(signal.SIGUSR2)
            self._file.close()
            self._file = None


def _pytest_has_its_own(config: Any) -> bool:
    if not config.pluginmanager.hasplugin("faulthandler"):
        return False
    return float(config.getini("faulthandler_timeout") or 0) > 0
