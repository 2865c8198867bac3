"""Markdown whose every piece from outside is shown as it is: no markup, no HTML, no new cell or line.

Written for CommonMark with the tables of GitHub Flavored Markdown; escapes are those of CommonMark 2.4.
"""

from __future__ import annotations

from readiness.record.value import value
from readiness.report.plain import code_lines, plain, plain_lines
from readiness.report.wording import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Final

SPECIAL: Final = {ord(sign): f"\\{sign}" for sign in "\\`*[]|~#!$"} | {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
}
ENTITIES: Final = {ord(sign): f"&#{ord(sign)};" for sign in "\\`*_[]|~#!$&<>:@"}
RESERVE: Final = 8192
"""Bytes of a limited document kept free for the sentences that say what was left out."""
LONGEST: Final = 400
"""Characters of one piece in running text or in a table; the whole is in report.json."""
LONGEST_REASON: Final = 1000
"""Of a sentence that says why: it ends with the values that were compared."""


@value
class Block:
    """A part of a document: a heading, what always stands under it, and units that can be left out from the end.

    `unit` names one of them: `check`, `skipped test`.
    """

    title: str
    lead: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    unit: str = "line"


def prose(text: str, longest: int = LONGEST) -> str:
    """Text from outside within a line of our own."""
    shown = _shortened(text, longest).strip().translate(SPECIAL)
    if "_" in shown:
        shown = _underscores(shown)
    after_digits = shown.lstrip("0123456789")
    if shown[:1] in ("-", "+", "="):
        return f"\\{shown}"
    if after_digits != shown and after_digits[:1] in (".", ")") and not after_digits[1:2].strip():
        return f"{shown[: -len(after_digits)]}\\{after_digits}"
    return shown


def _underscores(text: str) -> str:
    """Escape every `_` but those inside a word, which mark nothing (CommonMark 6.2): names stay readable."""
    first, *rest = text.split("_")
    pieces = [first]
    for before, after in zip([first, *rest], rest, strict=False):
        pieces += ["_" if before[-1:].isalnum() and after[:1].isalnum() else "\\_", after]
    return "".join(pieces)


def code(text: str) -> str:
    """A name, path or command, in a code span that holds in a table too; empty text stays empty."""
    shown = _shortened(text).strip()
    if not shown:
        return ""
    if any(sign in shown for sign in "`|\\"):
        return f"<code>{shown.translate(ENTITIES)}</code>"
    return f"`{shown}`"


def fenced(text: str, info: str = "") -> str:
    """Lines from outside as a block of code, whatever they hold; a diff keeps its tabs."""
    lines = code_lines(text.strip("\n")) if info == "diff" else plain_lines(text.strip("\n"))
    longest = max((len(line) - len(line.lstrip("`")) for line in map(str.lstrip, lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + info, *lines, fence])


def row(cells: Iterable[str]) -> str:
    """A line of a table; the cells are made by `prose` and `code`."""
    return f"| {' | '.join(cells)} |"


def header_rows(names: Sequence[str]) -> tuple[str, str]:
    return row(names), row("---" for _ in names)


def document(blocks: Iterable[Block], limit: int = 0) -> str:
    """The blocks as one text, of at most `limit` bytes of UTF-8 when that is given.

    What does not fit is left out from the end of each block, and said there. No block takes more than half of the
    room that is left, so that a long one does not silence those after it.
    """
    room = limit - RESERVE if limit else 0
    pieces: list[str] = []
    for block in blocks:
        whole = [_opening(block), *(f"{unit}\n" for unit in block.units)]
        shown = _fitting(whole, room // 2) if limit else whole
        room -= sum(map(_size, shown))
        pieces += [*shown, _left_out(block, len(whole) - len(shown)), "\n"]
    return "".join(pieces)


def _opening(block: Block) -> str:
    return "\n".join([*([f"## {block.title}", ""] if block.title else []), *block.lead, ""])


def _fitting(pieces: list[str], room: int) -> list[str]:
    for at, piece in enumerate(pieces):
        room -= _size(piece)
        if room < 0:
            return pieces[:at]
    return pieces


def _left_out(block: Block, missing: int) -> str:
    """The sentence for what did not fit: units, or the whole block with its heading."""
    if not missing:
        return ""
    if missing > len(block.units):
        return (
            f"## {block.title}\n\nNo room here for {plural(len(block.units), block.unit)}; see report.json.\n"
        )
    return f"\n{missing} more of {plural(len(block.units), block.unit)} left out here; see report.json.\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


def _shortened(text: str, longest: int = LONGEST) -> str:
    shown = plain(text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
