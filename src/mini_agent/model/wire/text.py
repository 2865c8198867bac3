"""Text from outside, made fit to be sent on, shown or written."""

from __future__ import annotations

import json
from typing import Final

SHOWN: Final = 256
"""Characters of a server's text that a message shows."""


def well_formed(text: str) -> str:
    """The text with halves of surrogate pairs replaced: JSON can carry them, UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def json_text(value: object) -> str:
    """JSON of what was JSON. What could just be read may be too deep, from here, to be written."""
    try:
        return well_formed(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return '"nested too deeply"'


def one_line(text: str) -> str:
    """The first 256 characters, on one line, without anything a terminal would obey."""
    words = " ".join(text[: 4 * SHOWN].split())
    return "".join(character if character.isprintable() else "?" for character in words)[:SHOWN]
