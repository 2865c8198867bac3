"""Which known name a misspelt one most likely meant."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

LONGEST: Final = 64
"""Longer words are not compared: nobody misspelt them, and the cost grows with the square."""


def distance(one: str, other: str) -> int:
    """Edits between two words: insert, delete, replace, or swap two neighbours.

    The optimal string alignment distance, after Damerau, "A technique for computer detection and
    correction of spelling errors", CACM 7(3), 1964.
    """
    older: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        above, row = row, [i]
        for j, right in enumerate(other, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        older = above
    return row[-1]


def nearest(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """At most `most` of the known names that `word` may have meant, the likeliest first; maybe none.

    Near is: the same but for case, or up to a third of the word's letters edited, or one holds the other.
    """
    if not 0 < len(word) <= LONGEST:
        return ()
    ranked = [(rank, name) for name in dict.fromkeys(known) if (rank := _rank(word, name)) is not None]
    return tuple(name for _, name in sorted(ranked, key=lambda pair: pair[0])[:most])


def suggestion(word: str, known: Iterable[str]) -> str:
    """Advice for a name that is not known: the near ones, else all (at most 30 are shown)."""
    names = tuple(dict.fromkeys(known))
    near = nearest(word, names)
    if near:
        return f"did you mean {' or '.join(near)}?"
    if not names:
        return "there are none"
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return f"known: {', '.join(names[:30])}{more}"


def _rank(word: str, name: str) -> int | None:
    """How far `name` is from `word`: edits, 1000 for one holding the other, None for not near."""
    if word.casefold() == name.casefold():
        return 0
    allowed = max(1, len(word) // 3)
    # One edit adds at most one letter and takes at most one: a cheap bound before the dear distance.
    close = abs(len(word) - len(name)) <= allowed and len(set(word) ^ set(name)) <= 2 * allowed
    if close and (edits := distance(word, name)) <= allowed:
        return edits
    short, long = sorted((word, name), key=len)
    return 1000 if len(short) >= 3 and short in long else None
