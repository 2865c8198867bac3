"""What GitHub shows of a run: the job's summary, a comment on a pull request, and annotations on the lines that are wrong.

Limits: 65,536 characters of a comment; a summary of 1 MiB for each step; of each step's annotations ten errors, ten warnings and ten notices, fifty
of a job; 4096 characters of a message. Sources: "Workflow commands for GitHub Actions" and the constants of the
runner (github.com/actions/runner, ExecutionContext.cs and CreateStepSummaryCommand).
"""

from __future__ import annotations

from readiness.record.outcome import Outcome
from readiness.record.value import value
from readiness.report import wording
from readiness.report.markdown import Block, document
from readiness.report.plain import plain, plain_lines, safe_name
from readiness.report.project_ready import blocks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.record import Record
    from readiness.record.result import CheckResult, Failure

SUMMARY_BYTES: Final = 1 << 20
COMMENT_BYTES: Final = 65_536
PER_LEVEL: Final = 10
LONGEST_MESSAGE: Final = 4096
LEAKS: Final = 3
"""Lines of one check that leak and have a remark."""
LEFT_TO_THE_SUMMARY: Final = (
    "Skipped tests",
    "The run",
    "Services",
    "Left changed at the end, no fault by itself",
)
"""Parts that a comment has no need of."""
LEVELS: Final = ("error", "warning", "notice")


@value
class Annotation:
    """One remark on a place. `level` is `error`, `warning` or `notice`; `where` is `file:line` or empty."""

    level: str
    where: str
    title: str
    message: str


def job_summary(record: Record, limit: int = SUMMARY_BYTES) -> str:
    """The report as the summary of a job, of at most `limit` bytes; what did not fit is said."""
    return document([Block("", (f"# {record.verdict}",)), *blocks(record)], limit)


def comment(record: Record) -> str:
    """The report as one comment on a pull request; its first line, which is not shown, tells it from other comments.

    What did not fit is said. A workflow that finds a comment with that line changes it, and makes none anew.
    """
    mark = f"{marker(record.header.gate)}\n"
    told = (block for block in blocks(record) if block.title not in LEFT_TO_THE_SUMMARY)
    heading = Block("", (f"# {wording.VERDICT_SIGNS[record.verdict]} {record.verdict}",))
    return mark + document([heading, *told], COMMENT_BYTES - len(mark))


def marker(gate: str) -> str:
    """`<!-- readiness: gate deploy -->`; of one gate always the same, and nothing in a name can end it."""
    return f"<!-- readiness: gate {safe_name(gate)} -->"


def annotation_commands(record: Record) -> tuple[str, ...]:
    """Workflow commands, one a line: of each level the most important, and a notice of how many were left out."""
    ranked = list(_ranked(record))
    shown: list[Annotation] = []
    left: dict[str, int] = {}
    for level in LEVELS:
        of_level = [one for one in ranked if one.level == level]
        # The last notice is kept for saying what was left out.
        room = PER_LEVEL - (level == "notice")
        shown += of_level[:room]
        left |= {level: len(of_level) - room} if len(of_level) > room else {}
    if left:
        what = ", ".join(wording.plural(number, level) for level, number in left.items())
        shown.append(
            Annotation(
                "notice",
                "",
                "readiness",
                f"{what} left out here: GitHub shows ten of each; see the job's summary",
            )
        )
    return tuple(map(_command, shown))


def _ranked(record: Record) -> Iterator[Annotation]:
    """Required checks first, and of each its first failure before any second one; then lint, then the rest."""
    bad = wording.against_it(record)
    required = [check for check in bad if check.required]
    yield from (_of_check("error", check) for check in required if check.outcome is Outcome.FAILED)
    yield from (_of_check("error", check) for check in required if check.outcome is not Outcome.FAILED)
    yield from (one for check in required for one in _of_leaks("error", check))
    yield from (_of_failure("error", check, failure) for check in required for failure in check.failures[1:])
    for severity, level in (("error", "error"), ("warning", "warning"), ("note", "notice")):
        for one in record.lint:
            if one.severity == severity:
                yield Annotation(level, one.where, f"lint: {one.rule}", f"{one.message}; {one.advice}")
    yield from (_of_check("warning", check) for check in bad if not check.required)
    yield from (
        _of_failure("warning", check, each)
        for check in bad
        if not check.required
        for each in check.failures[1:]
    )
    yield from (Annotation("warning", "", "readiness", problem) for problem in record.problems)


def _of_check(level: str, check: CheckResult) -> Annotation:
    if check.failures:
        return _of_failure(level, check, check.failures[0])
    return Annotation(
        level, check.place, _title(check), f"{check.reason}\nlog: {check.log}" if check.log else check.reason
    )


def _of_failure(level: str, check: CheckResult, failure: Failure) -> Annotation:
    return Annotation(
        level, failure.where or check.place, _title(check), f"{failure.test}\n{failure.message}"
    )


def _of_leaks(level: str, check: CheckResult) -> Iterator[Annotation]:
    """One remark on each line that leaks, however many tests it makes fail."""
    seen: dict[tuple[str, str], list[str]] = {}
    for finding in check.findings:
        for cause in finding.causes:
            seen.setdefault((cause.where, cause.state), []).append(finding.test)
    for (where, state), tests in list(seen.items())[:LEAKS]:
        more = f" and {wording.plural(len(tests) - 1, 'more test')}" if len(tests) > 1 else ""
        what = f"leaves {state} changed" if state else "leaves something changed"
        yield Annotation(level, where, f"{check.name}: leak", f"{what}, which makes {tests[0]}{more} fail")


def _title(check: CheckResult) -> str:
    optional = "" if check.required else " (optional)"
    return f"{check.name}{optional}: {wording.outcome_word(check.outcome)}"


def _command(one: Annotation) -> str:
    path, line = _place(one.where)
    properties = {"file": path, "line": line, "title": plain(one.title)}
    named = ",".join(f"{name}={_property(member)}" for name, member in properties.items() if member)
    lines = "\n".join(plain_lines(one.message))
    message = lines if len(lines) <= LONGEST_MESSAGE else f"{lines[: LONGEST_MESSAGE - 2]} …"
    return f"::{one.level} {named}::{_data(message)}"


def _place(where: str) -> tuple[str, str]:
    """`file` and `line` of `file`, `file:line` or `file:line:column`."""
    path, _, rest = plain(where).partition(":")
    line = rest.partition(":")[0]
    return path, line if line.isascii() and line.isdigit() else ""


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
