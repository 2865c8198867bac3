"""What GitHub shows: annotations on the changed lines, and the job's summary.

Limits as documented for GitHub Actions: ten annotations of a kind for a step, a summary of 1 MiB.
"""

from __future__ import annotations

from readiness.report import markdown
from readiness.report.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.record.record import Record

PER_KIND: Final = 10
SUMMARY_BYTES: Final = 1 << 20
LONGEST_MESSAGE: Final = 4000


def workflow_commands(record: Record) -> str:
    """Workflow commands, one a line: what decides first, and last what was left out."""
    errors = [
        ("error", where, f"{check.name}: {title}", message)
        for check, where, title, message in markdown.failures(record)
        if check.required
    ]
    errors += [
        ("error", one.where, one.rule, f"{one.message}; {one.advice}")
        for one in record.lint
        if one.severity == "error"
    ]
    warnings = [
        ("warning", where, f"{check.name} (optional): {title}", message)
        for check, where, title, message in markdown.failures(record)
        if not check.required
    ]
    warnings += [
        ("warning", one.where, one.rule, f"{one.message}; {one.advice}")
        for one in record.lint
        if one.severity == "warning"
    ]
    return "".join(_command(*one) for one in (*_limited(errors, "error"), *_limited(warnings, "warning")))


Annotation = tuple[str, str, str, str]


def _limited(found: list[Annotation], kind: str) -> list[Annotation]:
    if len(found) <= PER_KIND:
        return found
    left = len(found) - PER_KIND + 1
    return [
        *found[: PER_KIND - 1],
        (kind, "", "readiness", f"{left} more left out here; all are in the job's summary"),
    ]


def _command(kind: str, where: str, title: str, message: str) -> str:
    path, _, line = where.partition(":")
    line = line.partition(":")[0]
    place = f"file={_property(path)}," if path else ""
    place += f"line={line}," if line.isdigit() else ""
    return f"::{kind} {place}title={_property(title)}::{_data(message[:LONGEST_MESSAGE])}\n"


def _data(text: str) -> str:
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def job_summary(record: Record) -> str:
    """The Markdown report, cut to what a step may show, saying so."""
    data = markdown.render(record).encode()
    if len(data) <= SUMMARY_BYTES:
        return data.decode()
    note = "\n\nThe rest is left out: a step's summary may hold 1 MiB. All of it is in report.json.\n"
    kept = data[: SUMMARY_BYTES - len(note.encode())]
    return kept[: kept.rfind(b"\n")].decode() + note
