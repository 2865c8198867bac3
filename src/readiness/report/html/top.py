"""What is read first: the verdict, why, which code it is about, and the lanes."""

from __future__ import annotations

from readiness.record.outcome import LANES, LaneVerdict
from readiness.report import trials, wording
from readiness.report.html import signs
from readiness.report.html.markup import (
    EMPTY,
    LONGEST_REASON,
    Markup,
    block,
    code,
    joined,
    outside,
    table,
    tag,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Final

    from readiness.record.record import Record

MOST_REASONS: Final = 50


def verdict(record: Record) -> Markup:
    """The page's heading, the reasons, and what to type next."""
    colour, sign = signs.VERDICTS[str(record.verdict)]
    heading = tag(
        "h1", tag("span", sign, aria_hidden="true"), " ", str(record.verdict), class_=f"verdict {colour}"
    )
    pieces = [heading, _origin(record), sentences(record.reasons)]
    if command := wording.next_command(record):
        pieces += [tag("h2", "What to type next"), block(command, "Command")]
    return tag("header", *pieces)


def _origin(record: Record) -> Markup:
    header = record.header
    facts = joined(
        [
            "Gate ",
            code(header.gate),
            " (strict) at " if header.strict else " (not strict) at ",
            outside(wording.commit(header.provenance)),
            ", ",
            outside(header.started_at),
            f", {wording.duration(record.seconds)}.",
            f" Resumed {wording.plural(record.resumed, 'time')}." if record.resumed else "",
        ]
    )
    cut = (
        tag("p", "Interrupted: ", outside(record.interrupted), class_="cut") if record.interrupted else EMPTY
    )
    return joined([tag("p", facts), cut])


def sentences(texts: Sequence[str]) -> Markup:
    """A list of sentences; what does not fit is counted."""
    shown = [tag("li", outside(text, LONGEST_REASON)) for text in texts[:MOST_REASONS]]
    more = len(texts) - len(shown)
    if more:
        shown.append(tag("li", f"{more} more: see report.json"))
    return tag("ul", *shown) if shown else EMPTY


def lanes(record: Record) -> Markup:
    heads = ("lane", "what it means", "verdict", "ran against", "ran")
    return table("Each lane has its own verdict", heads, _lanes(record))


def _lanes(record: Record) -> Iterator[tuple[Markup | str, ...]]:
    for name in (*LANES, *sorted(set(record.lanes) - set(LANES))):
        status = record.lanes.get(name)
        if status is None:
            continue
        at = f", {status.last_at}" if status.verdict is LaneVerdict.NOT_RUN and status.last_at else ""
        rates = f"; {found}" if (found := trials.lane_rates(status)) else ""
        yield (
            code(name),
            wording.LANE_MEANINGS.get(name, ""),
            signs.verdict(str(status.verdict)),
            wording.ran_against(name, record.checks),
            outside(wording.lane_age(status) + at + rates),
        )
