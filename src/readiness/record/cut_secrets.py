"""Pieces of secrets: what shows a long value shortened cuts a secret in two, and neither half looks like one.

Test runners put an ellipsis in the middle of a long value, or leave out the beginning that two values share. A piece of
a value that is known is found by any eight bytes of it that stand at a multiple of sixteen, so every piece of 23 is;
beside an ellipsis eight do. Of a secret that is not known the part before the ellipsis must show its kind; what then
follows the ellipsis goes with it.
"""

from __future__ import annotations

import re

from readiness.record import secret_patterns as patterns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Final

    Piece = tuple[int, int]
    """Start and end."""

SIZE: Final = 8
STEP: Final = 16
"""Each place that is looked for costs a millisecond for a megabyte."""
MOST_VALUES: Final = 64
FAR: Final = 512
"""Bytes before and after an ellipsis that are looked at."""
QUOTES: Final = b" \t\r\n\"'()[]{}"
"""What stands beside an ellipsis that cuts no secret."""
ELLIPSES: Final = (b"...", "…".encode())
ELLIPSIS: Final = rb"\.\.\.(?:(?=[\w+/=~-])(?<!\.\.\.\.)|(?!\.)(?<=[\w+/=~-]\.\.\.))|\xe2\x80\xa6"
"""With a letter or digit beside it: others cut no secret."""
RUN: Final = rb"[\w+/=~.\\-]"
OPENINGS: Final = "eyJ AIza dapi Bearer\\s Basic\\s"
"""How secrets that are known by their shape begin."""
KEY: Final = rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^-]*\Z"


class CutSecrets:
    """Finds pieces of `values`, and secrets of known kinds that an ellipsis cuts in two."""

    def __init__(self, values: Iterable[bytes] = ()) -> None:
        self._values = [one for one in values if len(one) >= 2 * SIZE][:MOST_VALUES]
        self._chunks = [(one, at) for one in self._values for at in _chunks(one)]
        self._heads: tuple[re.Pattern[bytes], ...] = ()

    def find(self, data: bytes) -> Iterator[Piece]:
        """In no order; they may overlap."""
        for value, at in self._chunks:
            yield from _of_chunk(data, value, at)
        if any(one in data for one in ELLIPSES):
            for match in re.finditer(ELLIPSIS, data):
                yield from self._beside(data, match.start(), match.end())

    def _beside(self, data: bytes, start: int, end: int) -> Iterator[Piece]:
        before, after = data[max(0, start - SIZE) : start], data[end : end + SIZE]
        cut, goes_on = before[-1:].strip(QUOTES), after[:1].strip(QUOTES)
        for value in self._values if cut or goes_on else ():
            if cut and len(before) == SIZE and (at := value.find(before)) >= 0:
                yield _grown(data, start - SIZE, value, at)
            if goes_on and len(after) == SIZE and (at := value.find(after)) >= 0:
                yield _grown(data, end, value, at)
        if cut:
            yield from self._of_a_kind(data, start, end)

    def _of_a_kind(self, data: bytes, start: int, end: int) -> Iterator[Piece]:
        if not self._opens(data[max(0, start - FAR) : start]):
            return
        head = re.search(RUN + rb"*\Z", data[max(0, start - FAR) : start])
        yield start - len(head[0] if head else b""), start
        tail = re.compile(RUN + rb"{4,%d}" % FAR).match(data, end)
        if tail:
            yield end, tail.end()

    def _opens(self, head: bytes) -> bool:
        """Whether a secret begins in this text and goes on to its end."""
        if not self._heads:
            self._heads = (re.compile(_opening()), re.compile(KEY))
        return any(one.search(head) for one in self._heads)


def _opening() -> bytes:
    """A prefix that starts a word, then at least four bytes of it, one of them no small letter."""
    prefixes = {prefix for row in patterns.TOKENS for prefix in row[1].split() if len(prefix) > 2}
    known = b"|".join(re.escape(one.encode()) for one in sorted(prefixes, key=len, reverse=True))
    shapes = b"|".join(OPENINGS.encode().split())
    return rb"(?<![A-Za-z0-9_-])(?:%b|%b)(?=[a-z_-]*[A-Z0-9+/=])[\w+/=~.-]{4,}+\Z" % (known, shapes)


def _chunks(value: bytes) -> Iterator[int]:
    """Where the pieces of a value stand that ordinary text does not hold by chance."""
    for at in range(0, len(value) - SIZE + 1, STEP):
        chunk = value[at : at + SIZE]
        if (
            re.search(rb"[0-9]", chunk)
            and re.search(rb"[A-Za-z]", chunk)
            and not re.search(rb"[\s/\\]", chunk)
        ):
            yield at


def _of_chunk(data: bytes, value: bytes, at: int) -> Iterator[Piece]:
    chunk = value[at : at + SIZE]
    found = data.find(chunk)
    while found >= 0:
        start, end = _grown(data, found, value, at)
        yield start, end
        found = data.find(chunk, end)


def _grown(data: bytes, start: int, value: bytes, at: int) -> Piece:
    """As far to both sides as the text goes on like the value."""
    end, to = start + SIZE, at + SIZE
    while end < len(data) and to < len(value) and data[end] == value[to]:
        end, to = end + 1, to + 1
    while start and at and data[start - 1] == value[at - 1]:
        start, at = start - 1, at - 1
    return start, end
