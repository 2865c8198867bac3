"""HTML whose every piece from outside is text: what is not `Markup` is made plain, cut and escaped.

This is the one place where text becomes HTML or JSON of the page. Escapes are those of the HTML standard, "Serialising
HTML fragments", and for data blocks those that "Restrictions for contents of script elements" asks for.
"""

from __future__ import annotations

import json

from readiness.report.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Final

SPECIAL: Final = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord('"'): "&quot;",
    ord("'"): "&#39;",
}
IN_DATA: Final = "<>&'"
VOID: Final = ("meta", "input", "line", "rect", "polyline", "circle")
LONGEST: Final = 400
"""Characters of one piece of running text; the whole is in report.json."""
LONGEST_REASON: Final = 1000
"""Of a sentence that says why: it ends with the values that were compared."""
MOST_LINES: Final = 60
LONGEST_LINES: Final = 8000
"""Lines and characters of one block of text, counted from its end."""


class Markup(str):
    """Text that is HTML already. Made here alone, so that nothing else decides what is markup."""

    __slots__ = ()


EMPTY: Final = Markup()


def escaped(text: str, longest: int = LONGEST) -> Markup:
    """One line from outside."""
    return Markup(shortened(text, longest).translate(SPECIAL))


def shortened(text: str, longest: int = LONGEST) -> str:
    """One plain line of at most so many characters. Cut before it is looked at: a text may have megabytes."""
    cut = plain(text[: 4 * longest])
    return cut if len(cut) <= longest and len(text) <= 4 * longest else f"{cut[: longest - 1]}…"


def tag(name: str, /, *children: str, **attributes: str | int | float | bool | None) -> Markup:
    """An element. A child that is no `Markup` is escaped; so is each attribute.

    A trailing `_` of an attribute's name goes, other underscores become hyphens; False and None leave it out.
    """
    opened = f"<{name}{''.join([_attribute(*pair) for pair in attributes.items()])}"
    # The slash means nothing in HTML, and without it an element of SVG would stay open.
    return Markup(f"{opened}/>") if name in VOID else Markup(f"{opened}>{joined(children)}</{name}>")


def joined(pieces: Iterable[str]) -> Markup:
    return Markup("".join([one if isinstance(one, Markup) else escaped(one) for one in pieces]))


def outside(text: str, longest: int = LONGEST) -> Markup:
    """A piece of running text that may be written from right to left: it does not reorder what stands beside it."""
    return tag("bdi", escaped(text, longest))


def code(text: str) -> Markup:
    """A name, path or command; nothing where there is none."""
    shown = escaped(text.strip())
    return Markup(f"<code>{shown}</code>") if shown else EMPTY


def block(text: str, label: str) -> Markup:
    """Lines from outside that can be scrolled by keyboard and copied."""
    lines, left = last_lines(text)
    shown = Markup("\n".join([line.translate(SPECIAL) for line in lines]))
    # An opening line end is dropped by the parser, so one is always there.
    body = tag("pre", Markup("\n"), shown, tabindex=0, role="region", aria_label=label, data_copy=True)
    return joined([tag("p", left, class_="left-out"), body]) if left else body


def last_lines(text: str, lines: int = MOST_LINES, longest: int = LONGEST_LINES) -> tuple[list[str], str]:
    """The end of a text as plain lines, and the sentence that says what was left out; empty when nothing was."""
    kept = text[-longest:]
    shown = [plain(line) for line in kept.strip("\r\n").replace("\r\n", "\n").split("\n")[-lines:]]
    whole = len(text) <= longest and text.strip("\r\n").count("\n") < lines
    return (
        shown,
        "" if whole else f"The beginning is left out here: of {len(text)} characters the end is shown.",
    )


def data_block(name: str, held: Any) -> Markup:
    """Data for the page's script, as JSON that can neither end its element nor open a comment in it."""
    text = json.dumps(held, separators=(",", ":"), ensure_ascii=True)
    for sign in IN_DATA:
        if sign in text:
            text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(f'<script type="application/json" id="{name}">{text}</script>\n')


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    """A table whose first column names the row; wide ones scroll in their own frame."""
    top = joined(tag("th", head, scope="col") for head in heads)
    body = joined(map(_row, rows))
    inner = joined([tag("caption", caption), tag("thead", tag("tr", top)), tag("tbody", body)])
    return tag("div", tag("table", inner), class_="wide", tabindex=0, role="region", aria_label=caption)


def _row(cells: Iterable[str]) -> Markup:
    first, *rest = cells
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))


def _attribute(name: str, held: str | int | float | bool | None) -> str:
    if held is None or held is False:
        return ""
    shown = name.removesuffix("_").replace("_", "-")
    if held is True:
        return f" {shown}"
    return f' {shown}="{held if isinstance(held, Markup) else escaped(str(held))}"'
