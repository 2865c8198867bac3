"""What a person sees while a run goes on: plain lines everywhere, and a status line on a terminal."""

from __future__ import annotations

import os
import time

from readiness.report.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, TextIO

    from readiness.config.model import Check
    from readiness.record.result import CheckResult, ServiceResult

HEARTBEAT: Final = 10.0
"""Seconds of silence after which the running checks are named."""
CHUNK: Final = 1 << 16
LONGEST_LINE: Final = 2000


class _Tail:
    """Follows one log as it grows."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset = 0
        self.since = time.monotonic()
        self._rest = b""

    def lines(self, *, last: bool = False) -> list[str]:
        """New whole lines, at most one chunk's worth a look; what remains too when it is the last look."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                chunk = file.read(CHUNK)
        except OSError:
            # The worker makes the file when it starts the command.
            return []
        self._offset += len(chunk)
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        if (last and self._rest) or len(self._rest) > LONGEST_LINE:
            whole.append(self._rest)
            self._rest = b""
        return [plain(line[:LONGEST_LINE].decode("utf-8", "replace")) for line in whole]


class Progress:
    """Prints what happens as it happens. `live` streams each check's output with its name in front."""

    def __init__(self, out: TextIO, *, live: bool, total: int) -> None:
        self._out = out
        self._live = live
        self._total = total
        self._done = 0
        self._tails: dict[str, _Tail] = {}
        self._terminal = out.isatty()
        self._last = time.monotonic()
        self._closed = False

    def started(self, check: Check, log: str) -> None:
        self._tails[check.name] = _Tail(log)
        self._print(f"start  {check.name}  ({check.lane})  {plain(check.run)[:100]}")

    def finished(self, result: CheckResult) -> None:
        tail = self._tails.pop(result.name, None)
        if tail and self._live:
            self._stream(result.name, tail.lines(last=True))
        self._done += 1
        took = "cached" if result.cached_from else f"{result.seconds:.2f} s"
        self._print(
            f"{result.outcome:<6} {result.name}  [{self._done}/{self._total}]  {took}  {plain(result.reason)}"
        )

    def service(self, service: ServiceResult) -> None:
        detail = f" {plain(service.reason)}" if service.reason else ""
        self._print(f"service {service.name}: {service.state} (port {service.port}){detail}")

    def interrupted(self, why: str) -> None:
        self._print(f"{why}: ending what runs; once more to end it at once")

    def mending(self, check: str, seconds: float) -> None:
        self._print(f"patch  {check}: trying edits in a copy of the project, for {seconds:.0f} s at most")

    def beat(self, running: list[str]) -> None:
        """Call often: streams new output, and names what is running when nothing else was said for a while."""
        if self._live:
            for name, tail in self._tails.items():
                self._stream(name, tail.lines())
        now = time.monotonic()
        if running and self._terminal and now - self._last >= 0.2:
            self._status(running, now)
        elif running and now - self._last >= HEARTBEAT:
            self._print(f"still running: {self._running(running, now)}")

    def _stream(self, name: str, lines: list[str]) -> None:
        for line in lines:
            self._print(f"{name} | {line}")

    def _status(self, running: list[str], now: float) -> None:
        width = os.get_terminal_size(self._out.fileno()).columns - 1
        text = f"[{self._done}/{self._total}] {self._running(running, now)}"
        self._write(f"\r\x1b[K{text[:width]}")

    def _running(self, names: list[str], now: float) -> str:
        return ", ".join(
            f"{name} {now - self._tails[name].since:.0f} s" for name in names if name in self._tails
        )

    def _print(self, line: str) -> None:
        self._last = time.monotonic()
        self._write(f"\r\x1b[K{line}\n" if self._terminal else f"{line}\n")

    def _write(self, text: str) -> None:
        """A reader that went away (`| head`) or a full device must not end the run: from then on nothing is printed.

        Whoever prints the summary meets the same fault and tells it.
        """
        if self._closed:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            self._closed = True
