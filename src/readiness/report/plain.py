"""Text from outside, made harmless to show: no escape sequences, no control characters, nothing that reorders.

Escape sequences follow ECMA-48; the characters that reorder text are those of the Unicode bidirectional
algorithm (UAX 9), which can make code read as what it is not (CVE-2021-42574).
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

ESCAPES: Final = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
"""Control sequences, operating system commands, control strings, and all other escapes, finished or not."""

TAB: Final = "    "
JOINERS: Final = "\u200c\u200d"
"""Format characters without which some scripts and emoji cannot be written."""


def plain(text: str) -> str:
    """One line: line ends become spaces, tabs four; what cannot be shown goes, undecodable bytes become U+FFFD."""
    return text if text.isprintable() else "".join(map(_shown, _without_escapes(text.replace("\r\n", "\n"))))


def plain_lines(text: str) -> list[str]:
    """Every line of the text, made plain."""
    return [plain(line) for line in text.replace("\r\n", "\n").split("\n")]


def code_lines(text: str) -> list[str]:
    """Every line of source code, made plain but for its tabs, which mean something there."""
    return ["\t".join(map(plain, line.split("\t"))) for line in text.replace("\r\n", "\n").split("\n")]


def first_line(text: str) -> str:
    """The first line that says something, made plain."""
    return next((line.strip() for line in plain_lines(text) if line.strip()), "")


def _without_escapes(text: str) -> str:
    return re.sub(ESCAPES, "", text) if "\x1b" in text or "\x9b" in text else text


def _shown(character: str) -> str:
    if character.isprintable() or character in JOINERS:
        return character
    if character == "\t":
        return TAB
    if character.isspace():
        return " "
    return "\ufffd" if "\ud800" <= character <= "\udfff" else ""


def safe_name(text: str) -> str:
    """Other bytes than letters, digits, `.`, `_` and `-` as `%XX`: no two texts share one."""
    data = text.encode("utf-8", "backslashreplace")
    return "".join(chr(byte) if _is_safe(byte) else f"%{byte:02X}" for byte in data)


def _is_safe(byte: int) -> bool:
    return byte < 128 and (chr(byte).isalnum() or chr(byte) in "._-")
