"""Server-sent events, as far as chat completions use them: the data of each event.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream. One departure: an event that
the end of the stream leaves without its blank line is still given, since servers end so; whether the answer is whole
is decided by what the events say.
"""

from __future__ import annotations

from typing import Final

_MARK: Final = b"\xef\xbb\xbf"


class EventStream:
    """Takes bytes as they arrive, cut anywhere, and gives the data of each whole event."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._data: list[bytes] = []
        self._after_return = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the events that `chunk` completes."""
        if self._after_return and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_return = False
        if b"\n" not in chunk and b"\r" not in chunk:
            self._pieces.append(chunk)
            return []
        self._after_return = chunk.endswith(b"\r")
        text = b"".join((*self._pieces, chunk))
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = text.split(b"\n")
        self._pieces = [lines.pop()]
        return self._events(lines)

    def end(self) -> list[bytes]:
        """What the end of the stream completes."""
        last = b"".join(self._pieces)
        self._pieces = []
        return self._events([last, b""] if last else [b""])

    def _events(self, lines: list[bytes]) -> list[bytes]:
        if self._at_start:
            self._at_start = False
            lines[0] = lines[0].removeprefix(_MARK)
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif line == b"data":
                self._data.append(b"")
            elif not line and self._data:
                events.append(b"\n".join(self._data))
                self._data = []
        return events
