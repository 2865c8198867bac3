"""Section 1: the command that shows it again, what failed first, and the values that it failed with."""

from __future__ import annotations

from readiness.gate.verdict import OPEN, blocks
from readiness.record.outcome import Outcome, Verdict
from readiness.report import wording
from readiness.review.document import Section, name, stated, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.record import Record
    from readiness.record.result import CheckResult, Failure
    from readiness.review.document import Statement
    from readiness.review.sources import Sources

MOST_CHECKS: Final = 20
"""Checks that did not pass and are told of one by one, those that decide first."""
MOST_SHOWN: Final = 20
"""Failures of a check that have a statement of their own; the others are counted, under what was not looked at."""
SYMPTOM_LINES: Final = 12
PHASES: Final = {
    "collect": "when its file was imported",
    "setup": "while it was set up",
    "call": "while it ran",
    "teardown": "while it was torn down",
}


def regression(record: Record, sources: Sources) -> Section:
    return Section("Regression snapshot", tuple(_statements(record, sources)))


def _statements(record: Record, sources: Sources) -> Iterator[Statement]:
    started = sources.started()
    ran = f"Gate {name(record.header.gate)} ran at {words(wording.commit(record.header.provenance))}"
    strict = "strict" if record.header.strict else "not strict"
    command = wording.command_line(record.header)
    yield stated(f"{ran} ({strict}). The same run again:", started, block=command, info="sh")
    bad = told_of(record)
    deciding = [check for check in bad if decides(check, record)]
    if not deciding:
        kind = "No required check failed" if bad else "No check failed"
        yield stated(f"{kind}: {words('; '.join(record.reasons))}.", sources.reported("reasons"))
    first = True
    for check in deciding or bad:
        yield from _check(check, sources, first=first)
        first = first and not any(one.test for one in check.failures)
    rest = [check for check in bad if check not in deciding] if deciding else []
    for check in rest:
        kind = "" if check.required else " (optional)"
        said = f"{name(check.name)}{kind} did not pass either: {wording.outcome_word(check.outcome)}"
        yield stated(f"{said}: {words(check.reason.partition(': ')[0])}.", sources.check(check.name))


def _check(check: CheckResult, sources: Sources, *, first: bool) -> Iterator[Statement]:
    tests = [one for one in check.failures if one.test]
    if not tests:
        yield from _command(check, sources)
        return
    for number, failure in enumerate(tests[:MOST_SHOWN]):
        yield from _failure(check, failure, sources, first=first and not number)


def _failure(check: CheckResult, failure: Failure, sources: Sources, *, first: bool) -> Iterator[Statement]:
    told = sources.told(check.name, quoted=failure.test)
    line = sources.line(failure.where)
    at = f" at {name(failure.where)}" if failure.where else ""
    kind = "required" if check.required else "optional"
    during = PHASES.get(failure.phase, f"in its {words(failure.phase)}")
    lead = "The first failing test is" if first else "Then failed"
    counted = f" ({words(wording.counts(check.counts))})" if first else ""
    where = f"{lead} {name(failure.test)}, in the {kind} check {name(check.name)}{counted}, {during}{at}."
    yield stated(where, told, line, sources.test(failure.test))
    symptom = _symptom(failure)
    logged = next((found for piece in symptom if (found := sources.log(check.log, piece.strip()))), None)
    shown = "\n".join(symptom[:SYMPTOM_LINES])
    own = (
        "in the assertion's own values" if symptom[0].startswith(("Assert", "assert")) else "as it was raised"
    )
    yield stated(f"The symptom, {own}:", logged or told, block=shown, info="text")


def _symptom(failure: Failure) -> list[str]:
    """What pytest marks with `E`, which are the values; else the message without what tracing put before it."""
    lines = [line[1:].rstrip() for line in failure.details.splitlines() if line.startswith("E ")]
    shown = _dedented([line for line in lines if line.strip()])
    return shown or failure.message.strip().splitlines() or ["(no message)"]


def _dedented(lines: list[str]) -> list[str]:
    indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return [line[indent:] for line in lines]


def _command(check: CheckResult, sources: Sources) -> Iterator[Statement]:
    kind = "required" if check.required else "optional"
    told = sources.told(check.name, quoted=check.reason)
    said = f"The {kind} check {name(check.name)} {_ended(check)}: {words(check.reason)}"
    yield stated(f"{said}.", told, sources.line(check.place))
    if tail := sources.log_end(check.log):
        yield stated("The last that it wrote:", tail, block=tail.text, info="text")


def _ended(check: CheckResult) -> str:
    if check.outcome in (Outcome.NOT_RUN, Outcome.INTERRUPTED):
        return "has no outcome" if check.outcome is Outcome.INTERRUPTED else "did not run"
    return f"ended {wording.outcome_word(check.outcome)}"


def told_of(record: Record) -> tuple[CheckResult, ...]:
    """The checks that did not pass, as far as a reader can take them in."""
    return wording.against_it(record)[:MOST_CHECKS]


def decides(check: CheckResult, record: Record) -> bool:
    """Whether the verdict hangs on a check that did not pass."""
    open_ = check.outcome in OPEN
    return check.required and (open_ or blocks(check.outcome, strict=record.header.strict))


def is_ready(record: Record) -> bool:
    return record.verdict is Verdict.READY
