"""The summary on the terminal: a line for each check, the lanes, what to type next, and the verdict last."""

from __future__ import annotations

from readiness.record.outcome import LANES, LaneVerdict, Outcome, Verdict
from readiness.record.value import value
from readiness.report import answered, trials, wording
from readiness.report.plain import first_line, plain, plain_lines
from readiness.report.width import columns, cut, padded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.record import Record
    from readiness.record.result import CheckResult

BOLD_RED, BOLD_GREEN, BOLD_YELLOW, RED, GREEN, YELLOW = "1;31", "1;32", "1;33", "31", "32", "33"
COLOURS: Final = {
    Outcome.PASSED: GREEN,
    Outcome.SKIPPED: YELLOW,
    Outcome.FLAKY: YELLOW,
    Outcome.INCONCLUSIVE: YELLOW,
    Outcome.INTERRUPTED: YELLOW,
}
VERDICT_COLOURS: Final = {
    Verdict.READY: BOLD_GREEN,
    Verdict.NOT_READY: BOLD_RED,
    Verdict.INCONCLUSIVE: BOLD_YELLOW,
}
WIDEST_NAME: Final = 36
FOLDED_FROM: Final = 16
"""Checks from which on those that passed share one line."""
TOLD: Final = 6
"""Checks whose first failure is shown; the others have their line."""
LINES_OF_A_MESSAGE: Final = 4
MOST_LINES: Final = 5
"""Reasons, notes or problems shown."""


@value
class _Line:
    """A line, and a colour for its first `coloured` characters."""

    text: str
    colour: str = ""
    coloured: int = 0


def summary(record: Record, *, colour: bool, width: int) -> str:
    """Lines of at most `width` columns. Colour only repeats what a word says; the last line holds the verdict."""
    return "".join(f"{_drawn(line, colour, width)}\n" for line in _lines(record))


def _drawn(line: _Line, colour: bool, width: int) -> str:
    text = cut(line.text.rstrip(), width)
    if not colour or not line.colour:
        return text
    return f"\x1b[{line.colour}m{text[: line.coloured]}\x1b[0m{text[line.coloured :]}"


def _lines(record: Record) -> Iterator[_Line]:
    yield _Line(_title(record))
    yield _Line("")
    yield from _checks(record)
    yield _Line("")
    yield _labelled("lanes", " · ".join(_lanes(record)))
    yield from _findings(record)
    yield from _several("note", record.notes)
    yield from _several("problem", record.problems)
    yield from _several("also", record.reasons[1:])
    command = wording.next_command(record)
    if command:
        yield _labelled("next", plain(command))
    yield _verdict(record)


def _title(record: Record) -> str:
    header = record.header
    strict = " (strict)" if header.strict else ""
    facts = (
        f"gate {header.gate}{strict}",
        wording.duration(record.seconds),
        wording.commit(header.provenance, 12),
    )
    return plain(f"readiness {header.run_id} · {' · '.join(facts)}")


def _checks(record: Record) -> Iterator[_Line]:
    names = [_name(check) for check in record.checks]
    name_width = min(WIDEST_NAME, max(map(columns, names), default=0))
    folded = len(record.checks) >= FOLDED_FROM
    told = TOLD
    for check in record.checks:
        if check.outcome is Outcome.PASSED:
            if not folded:
                yield _check(check, name_width)
                yield from _answered(check)
            continue
        yield _check(check, name_width)
        yield from _answered(check)
        if told:
            yield from _story(check)
            told -= 1
    passed = [check.name for check in record.checks if check.outcome is Outcome.PASSED]
    if folded and passed:
        label = f"  {wording.SYMBOLS[Outcome.PASSED]} {'passed':<13}"
        yield _Line(
            f"{label}{wording.plural(len(passed), 'check')}: {plain(', '.join(passed))}", GREEN, len(label)
        )


def _check(check: CheckResult, name_width: int) -> _Line:
    label = f"  {wording.SYMBOLS[check.outcome]} {wording.outcome_word(check.outcome):<13}"
    found = wording.counts(check.counts) or plain(check.reason)
    text = f"{label}{padded(_name(check), name_width)}  {plain(check.lane):<4}  {wording.took(check):>9}  {found}"
    return _Line(text, COLOURS.get(check.outcome, RED), len(label))


def _answered(check: CheckResult) -> Iterator[_Line]:
    if found := answered.line(check):
        yield _told(plain(found))
    if check.trials:
        yield from (_told(plain(one)) for one in trials.lines(check))
        if check.outcome is not Outcome.PASSED:
            yield from (_told(one) for one in trials.plotted(check))


def _name(check: CheckResult) -> str:
    return plain(check.name) + ("" if check.required else " (optional)")


def _story(check: CheckResult) -> Iterator[_Line]:
    """The first failure with its own values, else the reason and what was last written."""
    failure = wording.first_failure(check)
    if failure:
        test = failure.test.rpartition("::")[2] if failure.where else failure.test
        yield _told(plain(f"{failure.where} in {test}" if failure.where else test))
        lines = [line for line in plain_lines(failure.message) if line.strip()]
        yield from (_told(f"  {line}") for line in lines[:LINES_OF_A_MESSAGE])
        more = len(check.failures) - 1 + check.failures_left_out
        if more:
            yield _told(f"and {wording.plural(more, 'more failure')}")
    elif wording.counts(check.counts):
        yield _told(plain(check.reason))
    elif check.outcome is not Outcome.SKIPPED and check.last_output.strip():
        yield _told(f"last: {first_line(check.last_output.strip().splitlines()[-1])}")
    if check.survivors:
        yield _told(f"could not be ended: {plain(', '.join(check.survivors))}")
    if check.log and check.outcome is not Outcome.SKIPPED:
        yield _told(f"log: {plain(check.log)}")


def _told(text: str) -> _Line:
    return _Line(f"      {text}")


def _lanes(record: Record) -> Iterator[str]:
    for name in (*LANES, *sorted(set(record.lanes) - set(LANES))):
        status = record.lanes.get(name)
        if status is None:
            continue
        more = (
            wording.lane_age(status) if status.verdict is LaneVerdict.NOT_RUN else trials.lane_rates(status)
        )
        since = f" ({more})" if more else ""
        yield plain(f"{name} {status.verdict}{since}")


def _findings(record: Record) -> Iterator[_Line]:
    if not record.lint:
        return
    number = {
        severity: sum(one.severity == severity for one in record.lint)
        for severity in ("error", "warning", "note")
    }
    first = min(
        record.lint,
        key=lambda one: list(number).index(one.severity) if one.severity in number else len(number),
    )
    counted = ", ".join(wording.plural(found, severity) for severity, found in number.items() if found)
    yield _labelled("lint", plain(f"{counted}: {first.where}: {first.message}"))


def _several(label: str, texts: tuple[str, ...]) -> Iterator[_Line]:
    shown = texts if len(texts) <= MOST_LINES else texts[: MOST_LINES - 1]
    yield from (_labelled(label, first_line(text)) for text in shown)
    if len(texts) > len(shown):
        yield _labelled(label, f"and {len(texts) - len(shown)} more, in PROJECT_READY.md")


def _labelled(label: str, text: str) -> _Line:
    return _Line(f"{label:<9}{text}")


def _verdict(record: Record) -> _Line:
    why = first_line(record.reasons[0]) if record.reasons else ""
    more = (
        f" (and {wording.plural(len(record.reasons) - 1, 'more reason')})" if len(record.reasons) > 1 else ""
    )
    cut_short = f"  interrupted: {plain(record.interrupted)};" if record.interrupted else ""
    return _Line(
        f"{record.verdict}{cut_short}  {why}{more}", VERDICT_COLOURS[record.verdict], len(record.verdict)
    )
