"""What fits into a budget of tokens, and what was left out of it. Pure.

A token is taken for two and a half bytes of UTF-8. Models differ: the embedded SmolLM2 has 2.73 bytes in a token of the
sample project's bundle, larger vocabularies have more; so a bundle is rather smaller than it may be than larger.
"""

from __future__ import annotations

import math

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

BYTES_A_TOKEN: Final = 2.5
RESERVE: Final = 400
"""Tokens kept for the list of what was left out."""
NAMED: Final = 12
"""Names of what was left out of one part."""


@value
class Piece:
    """Something that is in the bundle whole or not at all; `name` is what it is called when it is left out."""

    name: str
    text: str


@value
class Part:
    """A part of a bundle: what always stands there when anything of it does, and its pieces, the most telling first."""

    title: str
    lead: str
    pieces: tuple[Piece, ...]


@value
class Fitted:
    """`left_out` names of each part what is missing; `tokens` is what the text was counted as."""

    text: str
    tokens: int
    left_out: tuple[tuple[str, tuple[str, ...]], ...]


def tokens(text: str) -> int:
    return math.ceil(len(text.encode("utf-8", "backslashreplace")) / BYTES_A_TOKEN)


def fit(opening: str, parts: Sequence[Part], limit: int) -> Fitted:
    """The opening whole, then of each part in turn every piece for which there still is room."""
    room = limit - RESERVE - tokens(opening)
    shown, left_out = [opening], []
    for part in parts:
        head = f"\n# {part.title}\n\n{part.lead}\n\n"
        missing: list[str] = []
        taken: list[str] = []
        left = room - tokens(head)
        for piece in part.pieces:
            cost = tokens(f"{piece.text}\n\n")
            if cost <= left:
                taken.append(f"{piece.text}\n\n")
                left -= cost
            else:
                missing.append(piece.name)
        if taken or (not part.pieces and left >= 0):
            shown += [head, *taken]
            room = left
        if missing:
            left_out.append((part.title, tuple(missing)))
    text = "".join([*shown, _told(left_out)])
    return Fitted(text, tokens(text), tuple(left_out))


def _told(left_out: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    if not left_out:
        return "\n# Left out\n\nNothing.\n"
    return "\n# Left out\n\nFor want of room:\n\n" + "".join(
        f"- {title}: {_named(names)}\n" for title, names in left_out
    )


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(name[:60] for name in names[:NAMED]) + more
