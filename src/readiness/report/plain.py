"""Text from outside, made safe to print: it must not move the cursor, change colours or reverse its direction."""

from __future__ import annotations

import re
from functools import cache


@cache
def _unprintable() -> re.Pattern[str]:
    escape = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])"
    controls = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
    return re.compile(f"{escape}|{controls}")


def plain(text: str) -> str:
    """The text without control characters, terminal escapes (ECMA-48) and bidirectional overrides (UAX 9).

    Tabs and newlines stay.
    """
    return text if text.isascii() and text.isprintable() else _unprintable().sub("", text)


def one_line(text: str, width: int) -> str:
    """Plain text on one line, at most `width` characters, with an ellipsis where something was cut."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= width else f"{flat[: max(0, width - 1)]}…"
