"""How many columns of a terminal a text takes (UAX 11), and cutting it to as many as there are."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

ELLIPSIS: Final = "…"
NARROW: Final = "…·✔✘○"
"""Signs of our own, one column each. For them and all before the first combining character no table is loaded."""


def columns(text: str) -> int:
    """Columns of one printable line."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """The text, or as much of it as fits `width` columns together with an ellipsis."""
    if 2 * len(text) <= width or columns(text) <= width:
        return text
    room, kept = width - 1, 0
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept += 1
    return text[:kept] + ELLIPSIS if width > 0 else ""


def padded(text: str, width: int) -> str:
    """Cut or filled with spaces to exactly `width` columns."""
    shown = cut(text, width)
    return shown + " " * (width - columns(shown))


def _columns(character: str) -> int:
    if character < "\u0300" or character in NARROW:
        return 1
    import unicodedata

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
