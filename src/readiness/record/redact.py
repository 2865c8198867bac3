"""Secrets taken out of everything that is written: `[redacted:<kind>]` stands where one was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from readiness.record.secret_search import TOKEN, SecretSearch
from readiness.record.secret_values import forms, secret_values
from readiness.record.value import field_names, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Final, TypeVar

    from readiness.record.secret_search import Span

    T = TypeVar("T")

__all__ = ["Redactor", "StreamRedactor", "secret_values"]

KEEP: Final = 1 << 13
"""Bytes of an unfinished line that stay behind when some of it must be shown; a line is cut at twice as many."""
KEY_BLOCK: Final = 1 << 16
"""Bytes of an unfinished private key that are held back."""
LEARNED: Final = 24
"""Bytes of a key of a known kind from which on pieces of it are looked for in the same value."""
CONTEXT: Final = 512
"""Bytes before a cut inside a line that are remembered, so that a name still tells what its value is."""


class Redactor:
    """Replaces `secrets` in every form that they take, keys of known kinds, and values beside a telling name.

    Commit hashes, digests, UUIDs and paths stay. Values under six bytes are not looked for.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: Final = tuple(secrets)
        values = forms(self._known)
        self.longest: Final = max(map(len, values), default=0)
        """Bytes in the longest form of a secret."""
        whole = [one.encode("utf-8", "surrogateescape") for one in self._known]
        self._search: Final = SecretSearch(values, whole)

    def data(self, data: bytes) -> bytes:
        """The bytes without their secrets; the same object when there are none."""
        spans = self.spans(data)
        return _render(data, spans, 0, len(data)) if spans else data

    def text(self, text: str) -> str:
        """The text without its secrets; the same object when there are none."""
        data = text.encode("utf-8", "surrogatepass")
        spans = self.spans(data)
        return _render(data, spans, 0, len(data)).decode("utf-8", "surrogatepass") if spans else text

    def value(self, one: T) -> T:
        """A value of the record (or a tuple or mapping of values) without the secrets in its texts.

        The same object when there are none, which costs one search however many texts there are.
        """
        joined = "\n".join(_texts(one)).encode("utf-8", "surrogatepass")
        spans = self.spans(joined)
        if not spans:
            return one
        # What is shown whole in one text may be shown cut in another.
        keys = {
            joined[start:end] for start, end, rank, _ in spans if rank == TOKEN and end - start >= LEARNED
        }
        learned = sorted(key.decode("utf-8", "replace") for key in keys)
        knowing = Redactor((*self._known, *learned)) if keys else self
        changed: T = knowing._value(one)
        return changed

    def _value(self, one: Any) -> Any:
        if isinstance(one, Enum):
            return one
        if isinstance(one, str):
            return self.text(one)
        if isinstance(one, tuple):
            return tuple(map(self._value, one))
        if isinstance(one, Mapping):
            return {key: self._value(member) for key, member in one.items()}
        if hasattr(one, "__value_fields__"):
            return replace(one, **{name: self._value(getattr(one, name)) for name in field_names(one)})
        return one

    def spans(self, data: bytes) -> list[Span]:
        """Where the secrets are: start, end, rank and kind, in order, none overlapping another."""
        return self._search.spans(data)


def _texts(one: Any) -> Iterator[str]:
    if isinstance(one, str):
        yield one
    elif isinstance(one, Mapping):
        yield from _texts(tuple(one.values()))
    elif isinstance(one, tuple):
        for member in one:
            yield from _texts(member)
    elif hasattr(one, "__value_fields__"):
        yield from _texts(tuple(getattr(one, name) for name in field_names(one)))


class StreamRedactor:
    """Redacts bytes as they come, in pieces of any size.

    An unfinished line is held back up to 16 KiB, a private key up to 64 KiB until its end comes. So no secret slips
    through in two halves, and memory stays small whatever comes.
    """

    def __init__(self, secrets: Iterable[str] | Redactor = ()) -> None:
        self._redactor: Final = secrets if isinstance(secrets, Redactor) else Redactor(secrets)
        self._keep: Final = max(KEEP, 2 * self._redactor.longest)
        self._held = b""
        self._context = b""
        self._swallowing: re.Pattern[bytes] | None = None

    def feed(self, chunk: bytes) -> bytes:
        """What can be shown now; the rest comes with a later call."""
        self._held += self._not_swallowed(chunk)
        end, key_is_open = _whole_lines(self._held)
        shown = self._take(end)
        if len(self._held) > max(2 * self._keep, KEY_BLOCK if key_is_open else 0):
            shown += self._cut_line()
        return shown

    def flush(self) -> bytes:
        """What was held back: the stream has ended."""
        self._swallowing = None
        return self._take(len(self._held))

    def _take(self, end: int) -> bytes:
        """Whole lines."""
        if not end:
            return b""
        data, start = self._context + self._held[:end], len(self._context)
        self._context, self._held = b"", self._held[end:]
        return _render(data, self._redactor.spans(data), start, len(data))

    def _cut_line(self) -> bytes:
        """All but the last bytes of what is held, cut where no secret is."""
        data, start = self._context + self._held, len(self._context)
        spans = self._redactor.spans(data)
        cut = len(data) - self._keep
        for begin, end, _, kind in spans:
            if begin < cut < end < len(data):
                cut = end
            elif begin < cut < end:
                # Longer than all that is held: what follows belongs to it as long as it looks like it.
                cut = len(data)
                self._swallowing = re.compile(rb"[\w+/=\s\\]*" if kind == "private-key" else rb"[\w+/=.~%-]*")
        self._context, self._held = data[max(0, cut - CONTEXT) : cut], data[cut:]
        return _render(data, spans, start, cut)

    def _not_swallowed(self, chunk: bytes) -> bytes:
        match = self._swallowing.match(chunk) if self._swallowing else None
        if match is None:
            return chunk
        if match.end() < len(chunk):
            self._swallowing, self._context = None, b""
        return chunk[match.end() :]


def _whole_lines(buffer: bytes) -> tuple[int, bool]:
    """Where the last whole line ends, or before it a private key without an end starts; and whether one does."""
    end = buffer.rfind(b"\n") + 1
    begin = buffer.rfind(b"-----BEGIN ", 0, end)
    if (
        begin < 0
        or b"PRIVATE KEY" not in buffer[begin : begin + 64]
        or buffer.find(b"-----END ", begin, end) >= 0
    ):
        return end, False
    return buffer.rfind(b"\n", 0, begin) + 1, True


def _render(data: bytes, spans: list[Span], start: int, end: int) -> bytes:
    """`data[start:end]` with its secrets replaced, those too that reach into it."""
    if not spans:
        return data[start:end]
    pieces = []
    for begin, stop, _, kind in spans:
        if stop > start and begin < end:
            pieces += [data[start : max(start, begin)], b"[redacted:%b]" % kind.encode()]
            start = stop
    return b"".join([*pieces, data[start:end]])
