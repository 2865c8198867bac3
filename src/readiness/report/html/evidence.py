"""Tests that were judged by repeated trials: a table, and the path of the evidence between the two verdicts."""

from __future__ import annotations

from readiness.record import trials as words
from readiness.report import trials
from readiness.report.html import signs
from readiness.report.html.markup import EMPTY, Markup, code, joined, outside, table, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Final

    from readiness.record.record import Record
    from readiness.record.result import CheckResult
    from readiness.record.trials import TestTrials

    Judged = tuple[CheckResult, TestTrials]

LISTED: Final = 100
DRAWN: Final = 12
"""Tests with a row, and of those the ones with a drawing; the worst first."""
WIDTH, HEIGHT, MARGIN = 640, 160, 14
MOST_POINTS: Final = 400


def evidence(record: Record) -> Markup:
    """Nothing where no check was judged by trials."""
    judged = [(check, one) for check in record.checks if check.trials for one in check.trials.tests]
    if not judged:
        return EMPTY
    judged.sort(key=lambda pair: pair[1].verdict == words.READY)
    heads = ("test", "check", "verdict", "trials", "rate", "evidence", "what else")
    said = [
        tag("p", code(check.name), ": ", outside(told))
        for check in record.checks
        if check.trials
        for told in (check.trials.problem, check.trials.reached, check.trials.continued)
        if told
    ]
    left = len(judged) - LISTED
    more = [tag("p", f"{left} more tests: see report.json.")] if left > 0 else []
    rows = (_row(check, one) for check, one in judged[:LISTED])
    return joined([*said[:DRAWN], table("Tests judged by trials", heads, rows), *more, *_drawings(judged)])


def _row(check: CheckResult, one: TestTrials) -> tuple[str, ...]:
    made, rate, level, more = trials.cells(one)
    name = code(one.test) or Markup("the command")
    note = ", ".join(filter(None, (more, one.note)))
    return name, code(check.name), signs.verdict(one.verdict), made, rate, level, outside(note)


def _drawings(judged: Sequence[Judged]) -> Iterator[Markup]:
    drawn = 0
    for check, one in judged:
        if drawn == DRAWN:
            return
        if path := _path(one):
            drawn += 1
            yield _drawing(check, one, path)


def _path(one: TestTrials) -> dict[str, Any] | None:
    """The levels of the evidence; None where there are none, or where no zone fits its numbers."""
    if not one.path:
        return None
    from readiness.trials.wording import path_data
    from readiness.trials.zone import Zone

    try:
        zone = Zone(one.good, one.bad, one.alpha, one.beta)
    except ValueError:
        return None
    return path_data(zone, [letter == "P" for letter in one.path])


def _drawing(check: CheckResult, one: TestTrials, path: dict[str, Any]) -> Markup:
    ready, lost = float(path["ready_at"]), float(path["not_ready_at"])
    levels = _thinned(path["log_e"])
    top, bottom = max(ready, *levels, 0.0), min(lost, *levels, 0.0)

    def height(level: float) -> str:
        return f"{MARGIN + (top - level) / (top - bottom) * (HEIGHT - 2 * MARGIN):.1f}"

    step = WIDTH / len(levels)
    points = " ".join(f"{step * number:.1f},{height(level)}" for number, level in enumerate([0.0, *levels]))
    drawing = joined(
        [
            *_bar("READY", height(ready), signs.GREEN),
            *_bar("NOT READY", height(lost), signs.RED),
            tag("polyline", points=Markup(points), class_="path"),
        ]
    )
    told = f"After {len(one.path)} trials: {trials.line(one)}"
    name = one.test or check.name
    picture = tag(
        "svg", drawing, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=told, class_="evidence"
    )
    caption = tag("figcaption", code(name), f": the evidence after each of {len(one.path)} trials")
    return tag("figure", caption, picture)


def _bar(word: str, height: str, colour: str) -> tuple[Markup, Markup]:
    line = tag("line", x1=0, x2=WIDTH, y1=height, y2=height, class_=colour)
    return line, tag("text", word, x=4, y=f"{float(height) - 3:.1f}")


def _thinned(levels: Sequence[float]) -> list[float]:
    """At most so many points, the last of them always there."""
    if len(levels) <= MOST_POINTS:
        return list(levels)
    return [levels[(number + 1) * len(levels) // MOST_POINTS - 1] for number in range(MOST_POINTS)]
