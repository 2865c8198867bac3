"""The worker's end of its two pipes to the gate."""

from __future__ import annotations

import json
import os

from readiness.run.job import Lines

COMMAND = b'{"command":'
"""How a line begins that is no job but a command to the one that runs."""


class Control:
    """Reads lines from the gate and writes lines to it. `gone` is set once the gate no longer answers."""

    def __init__(self, reads_from: int, writes_to: int) -> None:
        self.descriptor = reads_from
        self.gone = False
        self._out = writes_to
        self._lines = Lines()
        self._waiting: list[bytes] = []

    def next_job(self) -> bytes | None:
        """The next job from the gate; blocks. None once the gate is gone.

        A command that comes too late, for a job that has just ended, is dropped.
        """
        while True:
            while not self._waiting and not self.gone:
                self.read()
            if not self._waiting:
                return None
            line = self._waiting.pop(0)
            if not line.startswith(COMMAND):
                return line

    def read(self) -> None:
        """Take in what the gate wrote; call it when the descriptor is readable."""
        chunk = os.read(self.descriptor, 1 << 16)
        self.gone = not chunk
        self._waiting += self._lines.feed(chunk)

    def commands(self) -> list[str]:
        """Commands (`stop`, `kill`) that arrived while a job runs."""
        taken, self._waiting = self._waiting, []
        return [json.loads(line)["command"] for line in taken]

    def say(self, line: bytes) -> None:
        try:
            os.write(self._out, line)
        except BrokenPipeError:
            self.gone = True
