"""Where in a run of bytes the secrets are: fast enough for every byte that a check writes.

Each expression starts with one literal byte (its anchor), which the regular expression engine looks for at
memory speed, followed by a condition that ordinary text seldom meets. Every repetition is possessive or bounded,
so that the time grows with the input and not faster. An expression is compiled when text that may hold its
secret is first seen: a check that prints nothing of the kind pays for none.
"""

from __future__ import annotations

import functools
import itertools
import re

from readiness.record import secret_patterns as patterns
from readiness.record.cut_secrets import CutSecrets
from readiness.record.named_values import NamedValues

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Final

    Span = tuple[int, int, int, str]
    """Start, end, rank and kind. Of spans that overlap, the one of lowest rank names the whole."""

    Row = tuple[str, bytes, bytes, bool]
    """Kind, prefix, the expression for what follows the prefix, and whether that has no separators in it."""

TOKEN, VALUE, NAMED, CUT = range(4)
"""Ranks: what a key is known to be says more than that it was in the environment, or beside a name."""

LITTLE: Final = 1 << 15
"""Bytes seen until compiling is cheaper than looking for each prefix by itself."""

FIRST: Final = (rb"(?=[A-Za-z0-9][\w.+/=-]{15})(?=[a-z_.-]{0,60}[A-Z0-9+/=])", rb"(?=[A-Za-z0-9]{16})")
"""What follows the anchor of a token whose alphabet has separators, and of one whose has none. In the first, one
byte must not be a small letter: `sk-learn-compatible-estimator` is no key."""

COMMON: Final = b" etnrsioalcdu10pfm2h_/.g:-b,()v\"'k3=y654789TESAwNIDOxRPCFLMHU[]BWGzjq>*V#"
"""Bytes of ordinary logs, the most common first; a byte not listed is rarer still."""


class SecretSearch:
    """Finds known kinds of keys, values beside a telling name, `values` (byte strings) themselves, and parts of `pieces`."""

    def __init__(self, values: Iterable[bytes] = (), pieces: Iterable[bytes] = ()) -> None:
        known = tuple(sorted(set(values), key=len, reverse=True))
        self._finders = (*_of_values(known), *_of_patterns())
        self._named = NamedValues()
        self._cut = CutSecrets(pieces)

    def spans(self, data: bytes) -> list[Span]:
        """Every secret in `data`, in order; no two overlap."""
        found = [span for finder in self._finders for span in finder.find(data)]
        found += [(start, end, NAMED, kind) for start, end, kind in self._named.find(data)]
        found += [(start, end, CUT, "cut") for start, end in self._cut.find(data)]
        return _merged(found) if found else found


class _Finder:
    """One expression with a group for each kind of secret that it finds.

    `hints` must all be in the text. While little text was seen one of `prefixes` must be too, if there are any.
    `back` says for each group how many bytes before it belong to the secret.
    """

    __slots__ = ("_back", "_expression", "_hints", "_kinds", "_prefixes", "_rank", "_seen", "_source")

    def __init__(
        self,
        rank: int,
        hints: Sequence[bytes],
        prefixes: Sequence[bytes],
        kinds: Sequence[str],
        back: Sequence[int],
        source: Callable[[], bytes],
    ) -> None:
        self._rank = rank
        self._hints = hints
        self._prefixes = prefixes
        self._kinds = kinds
        self._back = back
        self._source = source
        self._seen = 0
        self._expression: re.Pattern[bytes] | None = None

    def find(self, data: bytes) -> Iterator[Span]:
        if not all(hint in data for hint in self._hints) or not self._worth_compiling(data):
            return
        if self._expression is None:
            self._expression = re.compile(self._source())
        for match in self._expression.finditer(data):
            group = match.lastindex or 1
            yield (
                match.start(group) - self._back[group - 1],
                match.end(group),
                self._rank,
                self._kinds[group - 1],
            )

    def _worth_compiling(self, data: bytes) -> bool:
        if self._expression is not None or not self._prefixes:
            return True
        self._seen += len(data)
        return self._seen > LITTLE or any(prefix in data for prefix in self._prefixes)


@functools.cache
def _of_patterns() -> tuple[_Finder, ...]:
    by_anchor: dict[bytes, list[Row]] = {}
    for kind, prefixes, least, alphabet in patterns.TOKENS:
        body = b"[%b]{%d,}+" % (alphabet.encode(), least)
        for prefix in prefixes.encode().split():
            by_anchor.setdefault(prefix[-1:], []).append((kind, prefix, body, alphabet in patterns.UNBROKEN))
    return (
        *(_of_anchor(*each) for each in by_anchor.items()),
        *(_of_shape(*shape) for shape in patterns.SHAPES),
    )


def _of_anchor(anchor: bytes, rows: list[Row]) -> _Finder:
    """Every token whose prefix ends with `anchor`, and what else is known by that byte."""
    rows.sort(key=_is_unbroken)
    others = [row[1:] for row in patterns.ANCHORED if row[0].encode() == anchor]
    prefixes = [prefix for _, prefix, _, _ in rows]
    hints = [*prefixes, *" ".join(hints for _, hints, _ in others).encode().split()]
    kinds = [*(row[0] for row in rows), *(kind for kind, _, _ in others)]
    back = [*map(len, prefixes), *(0 for _ in others)]

    def source() -> bytes:
        groups = [_of_group(unbroken, list(some)) for unbroken, some in itertools.groupby(rows, _is_unbroken)]
        return re.escape(anchor) + _either([*groups, *(expression for _, _, expression in others)])

    return _Finder(TOKEN, (anchor,), hints, kinds, back, source)


def _of_group(unbroken: bool, rows: list[Row]) -> bytes:
    """Prefixes that end with one byte. The bytes before it are tried first, as most text fails there."""
    prefixes = [prefix for _, prefix, _, _ in rows]
    places = range(-min(3, *map(len, prefixes)), -1)
    last = b"".join(b"[%b]" % bytes(sorted({prefix[at] for prefix in prefixes})) for at in places)
    before = b"(?<=%b%b)" % (last, re.escape(prefixes[0][-1:]))
    return before + FIRST[unbroken] + _either(_token(prefix, body, prefixes) for _, prefix, body, _ in rows)


def _is_unbroken(row: Row) -> bool:
    return row[3]


def _token(prefix: bytes, body: bytes, prefixes: list[bytes]) -> bytes:
    """The prefix where it starts a word, unless a longer prefix that has its own row starts there."""
    longer = [re.escape(one[len(prefix) :]) for one in prefixes if one.startswith(prefix) and one != prefix]
    unless = b"(?!" + b"|".join(longer) + b")" if longer else b""
    before = rb"[\w-]" if body.startswith(b"[0-9a-f]") else b"[A-Za-z0-9]"
    return b"(?<=%b)(?<!%b%b)%b(%b)" % (re.escape(prefix), before, re.escape(prefix), unless, body)


def _of_shape(kinds: str, hints: tuple[str, ...], expression: bytes) -> _Finder:
    names = kinds.split()
    return _Finder(TOKEN, [hint.encode() for hint in hints], (), names, [0] * len(names), lambda: expression)


def _of_values(values: Iterable[bytes]) -> Iterator[_Finder]:
    """The values grouped by their rarest byte, so that many of them cost little more than one."""
    by_anchor: dict[bytes, list[tuple[bytes, int]]] = {}
    for value in sorted(set(values), key=len, reverse=True):
        at = max(range(len(value)), key=lambda index: _rarity(value[index]))
        by_anchor.setdefault(value[at : at + 1], []).append((value, at + 1))
    for anchor, found in by_anchor.items():
        yield _Finder(
            VALUE,
            (anchor,),
            [value for value, _ in found],
            ["value"] * len(found),
            [at for _, at in found],
            functools.partial(_value_source, anchor, found),
        )


def _value_source(anchor: bytes, found: list[tuple[bytes, int]]) -> bytes:
    return re.escape(anchor) + _either(
        b"(?<=%b)(%b)" % (re.escape(value[:at]), re.escape(value[at:])) for value, at in found
    )


def _rarity(byte: int) -> int:
    place = COMMON.find(byte)
    return len(COMMON) if place < 0 else place


def _either(alternatives: Iterable[bytes]) -> bytes:
    return b"(?:" + b"|".join(alternatives) + b")"


def _merged(found: list[Span]) -> list[Span]:
    found.sort()
    merged = [found[0]]
    for start, end, rank, kind in found[1:]:
        before = merged[-1]
        if start < before[1]:
            name = min(before[2:], (rank, kind))
            merged[-1] = (before[0], max(before[1], end), *name)
        else:
            merged.append((start, end, rank, kind))
    return merged
