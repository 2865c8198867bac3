"""Each check that did not pass, with all that is known of why."""

from __future__ import annotations

from readiness.report import answered, findings, wording
from readiness.report.html import findings as found
from readiness.report.html import signs
from readiness.report.html.markup import (
    EMPTY,
    LONGEST_REASON,
    Markup,
    block,
    code,
    joined,
    outside,
    shortened,
    tag,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Final

    from readiness.record.result import CheckResult, Failure

TOLD: Final = 30
"""Checks whose story is told; the others have their row in the table, with the reason."""
OPEN: Final = 5
"""Stories that are open from the start."""
FAILURES: Final = 4
"""Failures of one check that are shown whole."""
MOST_NAMED: Final = 3
"""Warnings and processes of one check that are named; the others are counted."""
LONGEST_NAMED: Final = 100


def stories(bad: Sequence[CheckResult], logs: Mapping[str, int]) -> Markup:
    """`bad` by importance. `logs` has the number of each log that is in the page."""
    told = joined(_story(check, number, logs) for number, check in enumerate(bad[:TOLD]))
    more = len(bad) - TOLD
    rest = f"{wording.plural(more, 'more check')} did not pass: each has a row in the table below."
    return joined([told, tag("p", rest)]) if more > 0 else told


def _story(check: CheckResult, number: int, logs: Mapping[str, int]) -> Markup:
    title = tag("h3", code(check.name), " ", signs.outcome(check.outcome), *_optional(check))
    inner = joined(_parts(check, logs))
    return tag(
        "details", tag("summary", title), inner, id=f"story-{number}", class_="story", open=number < OPEN
    )


def _optional(check: CheckResult) -> tuple[str, ...]:
    return () if check.required else (" optional",)


def _parts(check: CheckResult, logs: Mapping[str, int]) -> Iterator[Markup]:
    yield tag("p", outside(check.reason, LONGEST_REASON))
    yield _facts(check)
    drawn: set[str] = set()
    for failure in check.failures[:FAILURES]:
        yield _failure(check, failure, drawn)
    more = max(0, len(check.failures) - FAILURES) + check.failures_left_out
    if more:
        yield tag("p", f"{wording.plural(more, 'more failure')}: see the table, report.json and the log.")
    yield found.summed_up(findings.without_failure(check, FAILURES))
    if check.left_over:
        left = wording.plural(len(check.left_over), "thing")
        yield tag(
            "p",
            tag("a", f"{left} left changed at its end", href="#left"),
            ", no fault by itself.",
            class_="muted",
        )
    if not check.failures and check.last_output.strip():
        yield tag("h4", "The last it wrote")
        yield block(check.last_output, "The last it wrote")
    if check.command:
        yield tag("h4", "Command")
        yield block(check.command, "Command")
    if check.log:
        yield _log(check.log, logs)


def _facts(check: CheckResult) -> Markup:
    """What is known in a word or two, as a list of terms."""
    facts = {
        "lane": check.lane,
        "tests": wording.counts(check.counts),
        "took": wording.took(check),
        "exit code": "" if check.exit_code is None else str(check.exit_code),
        "ran against": wording.AGAINST[check.ran_against],
        "cause": check.cause,
        "configured at": check.place,
        "answered by": answered.line(check),
        "could not be ended": _named(check.survivors),
        "warnings": _named(check.warnings),
    }
    pairs = [
        tag("div", tag("dt", name), tag("dd", outside(fact))) for name, fact in facts.items() if fact.strip()
    ]
    return tag("dl", *pairs)


def _named(texts: Sequence[str]) -> str:
    more = len(texts) - MOST_NAMED
    shown = "; ".join(shortened(text, LONGEST_NAMED) for text in texts[:MOST_NAMED])
    return f"{shown}; and {more} more, see report.json" if more > 0 else shown


def _failure(check: CheckResult, failure: Failure, drawn: set[str]) -> Markup:
    blob = joined([" (blob ", code(failure.blob), ")"]) if failure.blob else EMPTY
    at = joined([" at ", code(failure.where), blob]) if failure.where else EMPTY
    title = joined([code(failure.test or "the command"), f" {failure.kind} in {failure.phase}", at])
    parts = [tag("h4", title)]
    said = findings.message(check, failure)
    if said.strip():
        parts.append(block(said, "What it said"))
    if one := findings.of_failure(check, failure):
        parts.append(found.finding(one, drawn))
    # The details of a test end with its message, and a message that is its own details is shown once.
    if failure.details.strip() and failure.details not in (said, failure.message):
        parts.append(block(failure.details, "Details"))
    return tag("section", *parts, class_="failure")


def _log(log: str, logs: Mapping[str, int]) -> Markup:
    if log in logs:
        shown = tag("a", "read its end here", href="#logs", data_log=logs[log])
        return tag("p", "Whole log: ", code(log), " (", shown, ")")
    return tag("p", "Whole log: ", code(log))
