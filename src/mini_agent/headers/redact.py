"""Taking header values out of text that others wrote, before it goes into an error, a log or a trace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

PLACE = "[redacted]"
SHORT = 6
"""A value below this many characters is taken out as a whole word only: `B` must not eat every B of a sentence."""

PART = 8
"""A word of a value from this length on is taken out alone too: the token of `Bearer <token>`."""


def redact(text: str, values: Iterable[str]) -> str:
    """`text` without any of `values`, nor their JSON spelling, nor the long words that they hold."""
    pattern = matcher(frozenset(values))
    return pattern.sub(PLACE, text) if pattern else text


def matcher(values: frozenset[str]) -> re.Pattern[str] | None:
    """What finds any of `values`, the longest first; None when there is nothing to find."""
    spellings: set[str] = set()
    for value in values:
        for piece in (value, *(word for word in value.split() if len(word) >= PART)):
            spellings |= {piece, json.dumps(piece)[1:-1]}
    spellings.discard("")
    if not spellings:
        return None
    return re.compile("|".join(expression(one) for one in sorted(spellings, key=lambda s: (-len(s), s))))


def expression(spelling: str) -> str:
    """The value anywhere; a short one only where no letter or digit touches it."""
    escaped = re.escape(spelling)
    return escaped if len(spelling) >= SHORT else rf"(?<![0-9A-Za-z]){escaped}(?![0-9A-Za-z])"
