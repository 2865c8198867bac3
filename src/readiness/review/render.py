"""The findings as Markdown: every statement ends in links to its evidence. See docs/review.md."""

from __future__ import annotations

import re
from urllib.parse import quote

from readiness.report.markdown import code, fenced, prose
from readiness.review.document import CLOSE, CODE, COMMIT, LOG, OPEN, RECORD, RUN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Final

    from readiness.review.document import Evidence, Findings, Statement, Step

BLOB: Final = 12
"""Digits of a blob's hash that are shown."""
_NAME: Final = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_SAID: Final = {RECORD: "", LOG: "log ", RUN: "run "}
NOTHING_UNSEEN: Final = "Nothing that the run was asked for was left out."


def markdown(findings: Findings, base: str | None = "") -> str:
    """The document. `base` leads from where it lies to the project's root, and is empty or ends in a slash; None where
    nothing can be followed from there, and places stand as text.
    """
    return "\n".join(_lines(findings, base))


def _lines(findings: Findings, base: str | None) -> Iterator[str]:
    yield from (f"# Findings: {findings.verdict}", "", _sentence(findings.summary, base), "")
    for number, section in enumerate(findings.sections, 1):
        yield from (f"## {number}. {section.title}", "")
        for statement in section.statements:
            yield from _statement(statement, base)
        yield ""
    if findings.steps:
        yield from (f"## {len(findings.sections) + 1}. Next steps", "")
        for number, step in enumerate(findings.steps, 1):
            yield from _step(number, step, base)
        yield ""
    yield from ("## Not looked at", "")
    for statement in findings.unseen:
        yield from _statement(statement, base)
    if not findings.unseen:
        yield NOTHING_UNSEEN
    yield ""


def _statement(statement: Statement, base: str | None) -> Iterator[str]:
    yield f"- {_sentence(statement, base)}"
    if statement.block:
        yield from ("", _indented(fenced(statement.block, statement.info)), "")
    cited = [one for one in statement.evidence if one.kind == CODE and one.text]
    for one in cited if statement.quoted else ():
        if not any(_holds(other, one) for other in cited):
            marks = {other.first for other in cited if _holds(one, other)}
            yield from ("", _indented(quotation(one, base, marks)), "")


def _holds(outer: Evidence, inner: Evidence) -> bool:
    """Whether the lines of one lie within those of another."""
    same = outer is not inner and (outer.path, outer.blob) == (inner.path, inner.blob)
    return same and outer.first <= inner.first and inner.last <= outer.last


def _step(number: int, step: Step, base: str | None) -> Iterator[str]:
    decides = "The verdict hangs on it." if step.decides else "The verdict does not hang on it."
    yield f"{number}. {inline(step.what)} {decides} ({_links(step.evidence, base)})"
    yield from ("", _indented(fenced(step.command, "sh"), "   "), "")


def _sentence(statement: Statement, base: str | None) -> str:
    return f"{inline(statement.text)} ({_links(statement.evidence, base)})"


def inline(text: str) -> str:
    """A statement's text: names as code, all else escaped."""
    pieces = _NAME.split(text)
    return "".join(_named(piece) if at % 2 else _escaped(piece) for at, piece in enumerate(pieces))


def _named(text: str) -> str:
    """A code span; outside a table a bar and a backslash stand as they are."""
    return code(text) if "`" in text or not text.strip() else f"`{text.strip()}`"


def _escaped(text: str) -> str:
    """Escaped within a line, blanks at the ends kept."""
    body = text.strip()
    if not body:
        return text
    start = text.index(body)
    # A letter before it keeps it from being taken for the mark of a list.
    return text[:start] + prose(f"x{body}")[1:] + text[start + len(body) :]


def quotation(one: Evidence, base: str | None = "", marks: Collection[int] = ()) -> str:
    """Lines of a file with their numbers, `>` before the marked ones, under the name of the file and its blob."""
    width = len(str(one.last))
    lines = [
        f"{'>' if number in marks else ' ' if marks else ''}{number:>{width}}  {line}"
        for number, line in enumerate(one.text.split("\n"), one.first)
    ]
    blob = f", blob {code(one.blob[:BLOB])}" if one.blob else ""
    return f"{link(one, base)}{blob}:\n\n{fenced(chr(10).join(lines), _language(one.path))}"


def _language(path: str) -> str:
    endings = {".py": "python", ".yml": "yaml", ".yaml": "yaml", ".toml": "toml", ".sh": "sh"}
    return next((language for ending, language in endings.items() if path.endswith(ending)), "text")


def _links(evidence: tuple[Evidence, ...], base: str | None) -> str:
    return ", ".join(link(one, base) for one in evidence)


def link(one: Evidence, base: str | None = "") -> str:
    """A link to the lines; for what is no file of the tree, the command that shows it."""
    if one.kind == COMMIT:
        return code(f"git show {one.path}")
    if one.gone:
        return code(f"git cat-file blob {one.blob} | sed -n {one.first},{one.last}p")
    shown = _shown_path(one) + (f":{one.first}" if one.first == one.last else f":{one.first}-{one.last}")
    if base is None:
        return prose(shown)
    lines = f"#L{one.first}" if one.first == one.last else f"#L{one.first}-L{one.last}"
    title = f' "blob {one.blob}"' if one.blob else ""
    return f"[{prose(shown)}]({base}{quote(one.path)}{lines}{title})"


def _shown_path(one: Evidence) -> str:
    """Files of the run by their name alone: their folder is that of the run."""
    return one.path if one.kind == CODE else _SAID[one.kind] + one.path.rpartition("/")[2]


def _indented(text: str, by: str = "  ") -> str:
    return "\n".join(f"{by}{line}" if line else "" for line in text.split("\n"))
