"""The findings as values: sections of statements, each with the evidence that anybody can open and check."""

from __future__ import annotations

from readiness.record.value import replace, value
from readiness.report.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

CODE: Final = "code"
"""A file of the project, tracked or not: tests, the configuration, a Makefile, a CI file."""
RECORD: Final = "record"
"""A line of the run's journal or report.json."""
LOG: Final = "log"
COMMIT: Final = "commit"
RUN: Final = "run"
"""An earlier run of the project."""

OPEN: Final = "\x02"
CLOSE: Final = "\x03"
"""Around a name, a path or a command in a text. Control characters are taken out of all that comes from outside."""


@value
class Evidence:
    """Where a statement can be checked: the lines `first` to `last` of the file `path`, from the project's root.

    `text` is what stands there: whole lines of code, a piece of the one line of a record. `blob` is the git blob hash
    of the file that was read. Where that file is no longer in the tree, `gone` is true and the lines are those of the
    blob. A commit has its hash in `path` and no lines.
    """

    kind: str
    path: str
    first: int = 0
    last: int = 0
    text: str = ""
    blob: str = ""
    gone: bool = False


@value
class Statement:
    """One sentence and what it rests on. `block` is shown beneath it as it stands, `info` names its language."""

    text: str
    evidence: tuple[Evidence, ...]
    block: str = ""
    info: str = ""
    quoted: bool = False
    """Show the lines of the evidence that is code."""


@value
class Step:
    """What to do next: the command to run, and what it changes. `decides` where the verdict hangs on it."""

    what: str
    command: str
    decides: bool
    evidence: tuple[Evidence, ...]


@value
class Section:
    title: str
    statements: tuple[Statement, ...]


@value
class Findings:
    """The whole document. `unseen` is what nobody looked at, and so nothing is said of."""

    run_id: str
    verdict: str
    summary: Statement
    sections: tuple[Section, ...]
    steps: tuple[Step, ...]
    unseen: tuple[Statement, ...]


class NoEvidenceError(Exception):
    """Something was to be said for which there is no evidence: a mistake in the program, never of the project."""


def stated(
    text: str, *evidence: Evidence | None, block: str = "", info: str = "", quoted: bool = False
) -> Statement:
    """A statement. What is None of the evidence was not found. Raises NoEvidenceError when none is left."""
    found = tuple(one for one in evidence if one is not None)
    if not found:
        raise NoEvidenceError(text)
    return Statement(text, tuple(dict.fromkeys(found)), block, info, quoted)


def name(text: str) -> str:
    """A name, path or command from outside within a statement."""
    return f"{OPEN}{plain(text)}{CLOSE}" if text else ""


def names(texts: list[str], most: int = 5) -> str:
    """`a`, `b` and 4 more."""
    more = len(texts) - most
    return ", ".join(map(name, texts[:most])) + (f" and {more} more" if more > 0 else "")


def words(text: str) -> str:
    """Words from outside within a statement, in one line."""
    return plain(text).strip()


def short(test: str) -> str:
    """The last part of a test's id, for where its whole id stands close by."""
    return name(test.rpartition("::")[2])


def shorts(tests: Iterable[str], most: int = 5) -> str:
    """The last parts of several ids."""
    return names([one.rpartition("::")[2] for one in tests], most)


def marked(text: str) -> str:
    """Words of our own reports, in which backticks already mark what is a name."""
    pieces = plain(text).strip().split("`")
    if len(pieces) % 2 == 0:
        return words(text)
    return "".join(name(piece) if at % 2 else piece for at, piece in enumerate(pieces))


def in_plain_text(text: str) -> str:
    """A text as a program or a terminal shows it."""
    return text.replace(OPEN, "`").replace(CLOSE, "`")


def for_programs(findings: Findings) -> Findings:
    """The same with names in backticks."""

    def told(one: Statement) -> Statement:
        return replace(one, text=in_plain_text(one.text))

    return replace(
        findings,
        summary=told(findings.summary),
        sections=tuple(
            replace(one, statements=tuple(map(told, one.statements))) for one in findings.sections
        ),
        steps=tuple(replace(one, what=in_plain_text(one.what)) for one in findings.steps),
        unseen=tuple(map(told, findings.unseen)),
    )
