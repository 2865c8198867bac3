"""Output of a program, of which only so much is kept: the beginning and the end, with a note in between."""

from __future__ import annotations


class Capture:
    """Feed it bytes; at most `most` of them stay in memory, the first half and the last half."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        self._first = bytearray()
        self._last = bytearray()

    def feed(self, part: bytes) -> None:
        self.total += len(part)
        room = self.most - self.most // 2 - len(self._first)
        self._first += part[:room]
        self._last += part[room:]
        del self._last[: max(0, len(self._last) - self.most // 2)]

    @property
    def truncated(self) -> bool:
        return self.total > self.most

    def text(self) -> str:
        """What was kept, as text: bytes that are no UTF-8 become U+FFFD."""
        if not self.truncated:
            return bytes(self._first + self._last).decode("utf-8", "replace")
        left_out = self.total - len(self._first) - len(self._last)
        note = f"\n[... {left_out} of {self.total} bytes left out ...]\n"
        return self._first.decode("utf-8", "replace") + note + self._last.decode("utf-8", "replace")
