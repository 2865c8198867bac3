"""The summary on the terminal: a line for each check, the lanes, what to type next, and the verdict last."""

from __future__ import annotations

from readiness.record.outcome import LANES, LaneVerdict, Outcome, Verdict
from readiness.report import trials, wording
from readiness.report.plain import first_line, plain
from readiness.report.terminal_story import Line, told_below
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
SCREEN: Final = 24
"""Lines of the smallest terminal: what a summary takes unless more are known to be there."""
FOLDED_FROM: Final = 16
"""Checks from which on those that passed share one line."""
LEAST: Final = 8
"""Lines for the checks and what is told of them, however much else there is."""
KEPT: Final = 6
"""Lines of these that are kept for telling why the first check did not pass."""
LISTED: Final = 5
"""Checks that have a line of their own before that."""
AT_ONCE: Final = 3
"""Lines that one check is given before the next has its turn."""
MOST_LINES: Final = 2
"""Reasons, notes or problems shown."""


def summary(record: Record, *, colour: bool, width: int, height: int = SCREEN) -> str:
    """At most `height` lines (24 at least) of at most `width` columns, however many checks there are.

    Colour only repeats what a word says; the last line holds the verdict.
    """
    return "".join(f"{_drawn(line, colour, width)}\n" for line in _lines(record, max(height, SCREEN)))


def _drawn(line: Line, colour: bool, width: int) -> str:
    text = cut(line.text.rstrip(), width)
    if not colour or not line.colour:
        return text
    return f"\x1b[{line.colour}m{text[: line.coloured]}\x1b[0m{text[line.coloured :]}"


def _lines(record: Record, height: int) -> Iterator[Line]:
    foot = [Line(""), *_foot(record), _verdict(record)]
    yield Line(_title(record))
    yield Line("")
    yield from _checks(record.checks, max(LEAST, height - 2 - len(foot)))
    yield from foot


def _foot(record: Record) -> Iterator[Line]:
    yield _labelled("lanes", " · ".join(_lanes(record)))
    yield from _findings(record)
    yield from _several("note", record.notes)
    yield from _several("problem", record.problems)
    yield from _several("also", record.reasons[1:])
    if record.verdict is not Verdict.READY:
        run = plain(record.header.run_id)
        yield _labelled("read", f"PROJECT_READY.md, or .readiness/runs/{run}/report.html")
    commands = wording.patch_commands(record)
    if commands:
        more = f" (and {len(commands) - 1} more, in PROJECT_READY.md)" if len(commands) > 1 else ""
        yield _labelled("patch", plain(commands[0]) + more)
    command = wording.next_command(record)
    if command:
        yield _labelled("next", plain(command))


def _title(record: Record) -> str:
    header = record.header
    strict = " (strict)" if header.strict else ""
    facts = (
        f"gate {header.gate}{strict}",
        wording.duration(record.seconds),
        wording.commit(header.provenance, 12),
    )
    return plain(f"readiness {header.run_id} · {' · '.join(facts)}")


def _checks(checks: tuple[CheckResult, ...], room: int) -> Iterator[Line]:
    """A line for each check, and below it as much of what is known as there is room for."""
    ranked = sorted(range(len(checks)), key=lambda at: not checks[at].required)
    bad = [at for at in ranked if checks[at].outcome is not Outcome.PASSED]
    good = [at for at, check in enumerate(checks) if check.outcome is Outcome.PASSED]
    lines = room - (min(KEPT, max(0, room - LISTED), len(told_below(checks[bad[0]]))) if bad else 0)
    folded = len(good) > 1 and (len(checks) >= FOLDED_FROM or len(checks) > lines)
    for_bad = lines - (1 if folded else len(good))
    shown = bad if len(bad) <= for_bad else bad[: for_bad - 1]
    left = room - len(shown) - (len(shown) < len(bad)) - (1 if folded else len(good))
    named = shown if folded else [*shown, *good]
    told = [told_below(checks[at]) for at in named]
    below = {
        at: _first(more, number)
        for at, more, number in zip(named, told, _shared(list(map(len, told)), left), strict=True)
    }
    name_width = min(WIDEST_NAME, max((columns(_name(checks[at])) for at in named), default=0))
    for at in sorted(below):
        yield _check(checks[at], name_width)
        yield from below[at]
    if len(shown) < len(bad):
        yield _folded(Outcome.FAILED, "not passed", [checks[at] for at in bad[len(shown) :]], RED)
    if folded:
        yield _folded(Outcome.PASSED, "passed", [checks[at] for at in good], GREEN)


def _folded(outcome: Outcome, word: str, checks: list[CheckResult], colour: str) -> Line:
    """Several checks in one line."""
    label = f"  {wording.SYMBOLS[outcome]} {word:<13}"
    more = "more " if word != "passed" else ""
    number = f"{len(checks)} {more}{'check' if len(checks) == 1 else 'checks'}"
    return Line(f"{label}{number}: {plain(', '.join(one.name for one in checks))}", colour, len(label))


def _shared(wanted: list[int], room: int) -> list[int]:
    """How many of the lines that each wants it gets: the first what is kept for it, then some to each in turn."""
    given = [min(KEPT, most, room) if not at else 0 for at, most in enumerate(wanted)]
    room -= sum(given)
    while room > 0 and given != wanted:
        for at, most in enumerate(wanted):
            more = min(AT_ONCE, most - given[at], room)
            given[at] += more
            room -= more
    return given


def _first(lines: list[Line], number: int) -> list[Line]:
    """So many of the lines, those of the lowest rank, in their order."""
    chosen = sorted(range(len(lines)), key=lambda at: lines[at].rank)[:number]
    return [lines[at] for at in sorted(chosen)]


def _check(check: CheckResult, name_width: int) -> Line:
    label = f"  {wording.SYMBOLS[check.outcome]} {wording.outcome_word(check.outcome):<13}"
    found = wording.counts(check.counts) or plain(check.reason)
    text = f"{label}{padded(_name(check), name_width)}  {plain(check.lane):<4}  {wording.took(check):>9}  {found}"
    return Line(text, COLOURS.get(check.outcome, RED), len(label))


def _name(check: CheckResult) -> str:
    return plain(check.name) + ("" if check.required else " (optional)")


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


def _findings(record: Record) -> Iterator[Line]:
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


def _several(label: str, texts: tuple[str, ...]) -> Iterator[Line]:
    shown = texts if len(texts) <= MOST_LINES else texts[: MOST_LINES - 1]
    yield from (_labelled(label, first_line(text)) for text in shown)
    if len(texts) > len(shown):
        yield _labelled(label, f"and {len(texts) - len(shown)} more, in PROJECT_READY.md")


def _labelled(label: str, text: str) -> Line:
    return Line(f"{label:<9}{text}")


def _verdict(record: Record) -> Line:
    why = first_line(record.reasons[0]) if record.reasons else ""
    more = (
        f" (and {wording.plural(len(record.reasons) - 1, 'more reason')})" if len(record.reasons) > 1 else ""
    )
    cut_short = f"  interrupted: {plain(record.interrupted)};" if record.interrupted else ""
    return Line(
        f"{record.verdict}{cut_short}  {why}{more}", VERDICT_COLOURS[record.verdict], len(record.verdict)
    )
