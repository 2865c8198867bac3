"""When each check ran and how long, drawn; the longest where there are many."""

from __future__ import annotations

from readiness.report import wording
from readiness.report.html import signs
from readiness.report.html.markup import Markup, code, joined, outside, shortened, table, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from readiness.record.record import Record
    from readiness.record.result import CheckResult, ServiceResult

DRAWN: Final = 120
"""Checks that have a bar."""
WIDTH, ROW, LABEL = 1000, 22, 300
NARROWEST: Final = 3.0
LONGEST_LABEL: Final = 36
CENTURY: Final = 3.2e9
"""Seconds; a longer run is not drawn."""


def timeline(record: Record) -> Markup:
    """Bars for the checks, in order of their start, then the services."""
    timed = [(check, at) for check in record.checks if (at := _start(check)) is not None]
    if not timed:
        return joined([tag("p", "No check says when it started."), _services(record.services)])
    drawn = sorted(sorted(timed, key=lambda one: -one[0].seconds)[:DRAWN], key=lambda one: one[1])
    first = min(at for _, at in timed)
    span = max(0.001, *(at + check.seconds - first for check, at in timed))
    if span > CENTURY:
        return joined(
            [tag("p", "The clock was moved while it ran: nothing to draw."), _services(record.services)]
        )
    left = len(timed) - len(drawn)
    said = f"{wording.duration(span)} from the first start to the last end."
    said += f" The {len(drawn)} longest of {len(timed)} checks are drawn." if left else ""
    return joined([tag("p", said), _picture(drawn, first, span), _services(record.services)])


def _picture(drawn: Sequence[tuple[CheckResult, float]], first: float, span: float) -> Markup:
    rows = joined(
        _bar(check, number, (at - first) / span, check.seconds / span)
        for number, (check, at) in enumerate(drawn)
    )
    height = ROW * len(drawn) + 4
    label = "Timeline of the checks; the table of checks has the same figures"
    drawing = tag("svg", rows, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=label)
    return tag("div", drawing, class_="wide timeline", tabindex=0, role="region", aria_label="Timeline")


def _bar(check: CheckResult, number: int, start: float, share: float) -> Markup:
    top, room = 2 + ROW * number, WIDTH - LABEL
    width = min(float(room), max(NARROWEST, share * room))
    left = LABEL + min(start * room, room - width)
    sign = wording.SYMBOLS[check.outcome]
    told = (
        f"{shortened(check.name)}: {wording.outcome_word(check.outcome)}, {wording.duration(check.seconds)}"
    )
    label = f"{sign} {shortened(check.name, LONGEST_LABEL)}"
    bar = tag(
        "rect",
        x=f"{left:.1f}",
        y=top + 2,
        width=f"{width:.1f}",
        height=ROW - 6,
        rx=3,
        class_=signs.OUTCOMES[check.outcome],
    )
    return tag("g", tag("title", told), tag("text", label, x=0, y=top + 15), bar)


def _services(services: Sequence[ServiceResult]) -> Markup:
    if not services:
        return Markup()
    heads = ("service", "state", "ready after", "why", "log")
    return table("Services of this run", heads, map(_service, services))


def _service(one: ServiceResult) -> tuple[str, ...]:
    kind = " (a stand-in)" if one.stand_in else ""
    ready = wording.duration(one.seconds_to_ready) if one.seconds_to_ready else "-"
    why = ", ".join(filter(None, (one.reason, *(f"could not be ended: {each}" for each in one.survivors))))
    state = signs.verdict("NOT READY") if one.state == "failed" else Markup()
    return (
        joined([code(one.name), kind]),
        joined([outside(one.state), " ", state]),
        ready,
        outside(why),
        code(one.log),
    )


def _start(check: CheckResult) -> float | None:
    """Seconds since 1970; None where the check did not run now or does not say when."""
    if not check.started_at or check.cached_from:
        return None
    from datetime import datetime

    try:
        return datetime.fromisoformat(check.started_at).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
