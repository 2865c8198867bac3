"""Words for a shell."""

from __future__ import annotations


def quoted(word: str) -> str:
    """The word so that `sh` reads it as one, whatever is in it."""
    return "'" + word.replace("'", "'\\''") + "'"
