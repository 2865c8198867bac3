"""The signals that end a run, as something a selector can wait for."""

from __future__ import annotations

import os
import selectors
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final


class Signals:
    """Turns SIGINT, SIGTERM and SIGHUP into bytes on a pipe while the run goes on, and puts back what was there.

    Each one's number is appended to `seen`; the pipe is registered with the selector, without data.
    """

    NUMBERS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, selector: selectors.BaseSelector, seen: list[int]) -> None:
        self._selector = selector
        self._seen = seen
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        self._reads, self._writes = os.pipe()
        os.set_blocking(self._reads, False)
        os.set_blocking(self._writes, False)
        self._selector.register(self._reads, selectors.EVENT_READ, None)
        self._wakeup = signal.set_wakeup_fd(self._writes, warn_on_full_buffer=False)
        for number in self.NUMBERS:
            if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                # Under nohup(1) a run outlives its terminal.
                continue
            self._before[number] = signal.signal(number, lambda got, _frame: self._seen.append(got))

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._reads)
        os.close(self._writes)
