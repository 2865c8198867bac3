"""The summary on the terminal: verdict, why, one line a check, and what to type next."""

from __future__ import annotations

from readiness.record.outcome import Outcome, Verdict
from readiness.report.plain import one_line, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.record import Record
    from readiness.record.result import CheckResult

SYMBOL: Final = {Outcome.PASSED: "+", Outcome.FAILED: "x", Outcome.ERROR: "x", Outcome.TIMED_OUT: "x"}
COLOUR: Final = {Verdict.READY: "32", Verdict.NOT_READY: "31", Verdict.INCONCLUSIVE: "33"}
FAILURES_SHOWN: Final = 3
LINES_OF_A_MESSAGE: Final = 6


def summary(record: Record, *, colour: bool, width: int) -> str:
    """The record as lines of at most `width` characters; colour only repeats what a word says."""
    return "\n".join(line.rstrip() for line in _lines(record, colour, width)) + "\n"


def _lines(record: Record, colour: bool, width: int) -> Iterator[str]:
    yield ""
    for check in record.checks:
        yield _row(check, width)
        if check.outcome not in (Outcome.PASSED, Outcome.SKIPPED, Outcome.NOT_RUN):
            yield from _story(check, width)
    lanes = ", ".join(f"{name} {lane.verdict}" for name, lane in record.lanes.items())
    yield f"\nlanes: {lanes}"
    for finding in record.lint:
        if finding.severity == "error":
            yield one_line(f"lint: {finding.where}: {finding.message}; {finding.advice}", width)
    for note in record.notes:
        yield one_line(f"note: {note}", width)
    for problem in record.problems:
        yield one_line(f"problem: {problem}", width)
    yield ""
    yield _paint(_headline(record), COLOUR[record.verdict], colour)
    if record.verdict is not Verdict.READY:
        yield from ("  - " + one_line(reason, width - 4) for reason in record.reasons)
    yield from _next(record)


def _headline(record: Record) -> str:
    header = record.header
    strict = ", strict" if header.strict else ""
    interrupted = f" (interrupted: {record.interrupted})" if record.interrupted else ""
    why = f": {record.reasons[0]}" if record.verdict is Verdict.READY else ""
    return f"{record.verdict}{why}{interrupted}  [gate {header.gate}{strict}, {record.seconds:.1f} s]"


def _row(check: CheckResult, width: int) -> str:
    symbol = SYMBOL.get(check.outcome, "-")
    took = "cached" if check.cached_from else f"{check.seconds:.2f} s"
    kind = "" if check.required else " (optional)"
    return one_line(f"{symbol} {check.outcome:<12} {check.name}{kind}  {took}  {check.reason}", width)


def _story(check: CheckResult, width: int) -> Iterator[str]:
    """The first failures with their own values, else the last lines of the output."""
    for failure in check.failures[:FAILURES_SHOWN]:
        at = f"  {failure.where}" if failure.where else ""
        yield "    " + one_line(f"{failure.test}{at}", width - 4)
        for line in plain(failure.message).splitlines()[:LINES_OF_A_MESSAGE]:
            yield "      " + one_line(line, width - 6)
    more = len(check.failures) - FAILURES_SHOWN + check.failures_left_out
    if more > 0:
        yield f"    and {more} more"
    if not check.failures:
        for line in plain(check.last_output).strip().splitlines()[-LINES_OF_A_MESSAGE:]:
            yield "      " + one_line(line, width - 6)
    if check.survivors:
        yield "    " + one_line(f"still running: {', '.join(check.survivors)}", width - 4)
    if check.log:
        yield "    " + one_line(f"log: {check.log}", width - 4)


def _next(record: Record) -> Iterator[str]:
    """The command to type next."""
    if record.interrupted:
        yield "next: readiness run --resume"
        return
    red = [one for one in record.checks if one.required and one.outcome is not Outcome.PASSED]
    if red and record.verdict is not Verdict.READY:
        yield f"next: readiness run {red[0].name}"


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[1;{code}m{text}\x1b[0m" if colour else text
