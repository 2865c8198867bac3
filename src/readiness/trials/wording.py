"""What trials have shown, in words, as a small plot for a terminal, and as plain data for a page."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from readiness.record import trials as words
from readiness.record.value import as_json
from readiness.trials.many_checks import failing_by_holm
from readiness.trials.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from readiness.record.trials import CheckTrials, TestTrials


def check_lines(found: CheckTrials, *, columns: int = 100, ascii_only: bool = False) -> Iterator[str]:
    """A check: a line for each test, a plot for each that is not READY, and what was spent and saved."""
    width = max((len(_name(one)) for one in found.tests), default=0)
    for one in found.tests:
        yield trials_line(one, width)
        yield from (f"    {remark}" for remark in remarks(one))
        if one.verdict in (words.NOT_READY, words.INCONCLUSIVE) and one.path:
            yield from (
                f"    {line}" for line in plot(one, columns=max(20, columns - 4), ascii_only=ascii_only)
            )
    if len(found.tests) > 1 and (failing := proven_failing(found)):
        yield f"proven failing, all of them with a chance of {1 - found.alpha:.3g}: {', '.join(failing)}"
    if decided := [one for one in found.tests if one.verdict in (words.READY, words.NOT_READY)]:
        yield saved_words(decided)


def trials_line(one: TestTrials, width: int = 0) -> str:
    """One line: verdict, test, trials of the cap, passes, interval, e-value. `width` pads the test's name."""
    made = f"{one.trials}/{one.cap}" if one.cap else f"{one.trials}"
    return (
        f"{one.verdict:<12}  {_name(one):<{width}}  {made} trials, {one.passes} passed, "
        f"rate {rate_words(one)}, e {e_words(one)}"
    )


def rate_words(one: TestTrials) -> str:
    """The interval, rounded outwards: `0.81..1`."""
    # The record keeps six digits: what was rounded to a hundredth there must not move to the next one here.
    low, high = math.floor(one.low * 100 + 1e-4) / 100, math.ceil(one.high * 100 - 1e-4) / 100
    return f"{low:g}..{high:g}"


def e_words(one: TestTrials) -> str:
    """The e-value of the side that the evidence speaks for: `22 against p<=0.8`."""
    against = f"p<={one.bad:g}" if one.log_e >= 0.0 else f"p>={one.good:g}"
    return f"{_power(abs(one.log_e))} against {against}"


def remarks(one: TestTrials) -> Iterator[str]:
    """What a reader must know beside the line: what was left out, and how far repeats resemble each other."""
    if one.carried:
        yield f"{one.carried} of these trials are from earlier runs"
    if one.capacity:
        yield (
            f"{one.capacity} more were lost to the infrastructure: {one.best} had all of them passed, "
            f"{one.worst} had all failed"
        )
    if one.duplicates:
        yield f"{one.duplicates} repeated an earlier one word for word and were not counted"
    if one.correlation is not None and one.correlation > 0.0:
        yield (
            f"{one.prompts} prompts, intraclass correlation {one.correlation:.2f}: "
            f"for prompts in general worth {one.effective:.0f} trials"
        )
    if one.note:
        yield one.note


def proven_failing(found: CheckTrials) -> tuple[str, ...]:
    """Tests of a check that are named failing, strongest first; by Holm's procedure at the check's own alpha."""
    if not 0.0 < found.alpha < 1.0:
        return ()
    return failing_by_holm({_name(one): -one.log_e for one in found.tests}, found.alpha)


def saved_words(decided: Sequence[TestTrials]) -> str:
    """What tests that came to a verdict took, next to the fixed tests of the same errors."""
    made, fixed = sum(one.trials for one in decided), sum(one.fixed for one in decided)
    calls = sum(one.calls_saved for one in decided)
    difference = f"{fixed - made} saved" if made <= fixed else f"{made - fixed} more"
    tail = f", {calls} calls with them" if calls and made <= fixed else ""
    return f"{made} trials instead of {fixed} of the fixed test ({difference}{tail})"


def page_data(one: TestTrials) -> dict[str, Any]:
    """Everything on a test for a page, with the log e-value after each trial and the two bars."""
    zone = _zone(one)
    data: dict[str, Any] = as_json(one)
    return data | {
        "trials": one.trials,
        "ready_at": round(zone.ready_at, 6),
        "not_ready_at": round(zone.not_ready_at, 6),
        "log_e_path": [round(level, 6) for level in _levels(one, zone)],
    }


def plot(one: TestTrials, *, columns: int = 60, rows: int = 7, ascii_only: bool = False) -> tuple[str, ...]:
    """The path of the evidence between its two bars, as lines of at most `columns` characters.

    Raises ValueError below 20 columns or 5 rows.
    """
    if columns < 20 or rows < 5:
        raise ValueError(f"{columns} by {rows} characters are too few for a plot")
    zone, labels = _zone(one), {0: words.READY, rows - 1: words.NOT_READY}
    cells = _cells(zone, _levels(one, zone), columns - len("NOT READY ") - 1, rows, ascii_only)
    edge = "|" if ascii_only else "┤"
    lines = [f"{labels.get(row, ''):>9} {edge}{''.join(cells[row])}".rstrip() for row in range(rows)]
    first = one.trials - len(one.path) + 1
    return (*lines, f"{'':>9}  trial {first} to {one.trials}" if one.path else f"{'':>9}  no trials")


def _cells(zone: Zone, levels: Sequence[float], columns: int, rows: int, ascii_only: bool) -> list[list[str]]:
    """A grid of characters: the bars in the first and last row, a dot for each column of the path."""
    bar, dot = ("-", "*") if ascii_only else ("─", "●")
    cells = [[bar if row in (0, rows - 1) else " "] * columns for row in range(rows)]
    shown = min(len(levels), columns)
    for column in range(shown):
        # The last trial of those that share a column, so that the verdict is always seen.
        level = levels[(column + 1) * len(levels) // shown - 1]
        share = (zone.ready_at - level) / (zone.ready_at - zone.not_ready_at)
        cells[_row(share, rows, inside=zone.not_ready_at < level < zone.ready_at)][column] = dot
    return cells


def _row(share: float, rows: int, *, inside: bool) -> int:
    """A path that has not reached a bar is never drawn on it."""
    row = round(share * (rows - 1))
    return min(rows - 2, max(1, row)) if inside else min(rows - 1, max(0, row))


def _levels(one: TestTrials, zone: Zone) -> list[float]:
    """The log e-value after each trial of the path, which may hold only the last ones."""
    passes, fails = one.passes - one.path.count("P"), one.fails - one.path.count("F")
    start = passes * zone.pass_step + fails * zone.fail_step
    steps = (zone.pass_step if outcome == "P" else zone.fail_step for outcome in one.path)
    return list(accumulate(steps, initial=start))[1:]


def _zone(one: TestTrials) -> Zone:
    return Zone(one.good, one.bad, one.alpha, one.beta)


def _name(one: TestTrials) -> str:
    return one.test or "the command"


def _power(log: float) -> str:
    """exp(log) with two digits; as a power of ten where that is no longer a number one reads."""
    return f"{math.exp(log):.2g}" if log < math.log(1e4) else f"1e{log / math.log(10):.0f}"
