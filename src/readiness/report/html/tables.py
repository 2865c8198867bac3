"""The smaller parts of the page: who answered, what did not run, findings in the configuration, and the run itself."""

from __future__ import annotations

from itertools import islice

from readiness.report import answered, wording
from readiness.report.html.markup import EMPTY, Markup, code, joined, outside, table, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.record import Record

MOST_ROWS: Final = 100
"""Rows of one of these tables; the others are counted."""


def models(record: Record) -> Markup:
    heads = ("check", "who answered", "why this one", "calls", "cause")
    return _table("Models and what was asked of them", heads, _models(record))


def not_run(record: Record) -> Markup:
    return _table("Checks that did not run", ("check", "lane", "why"), _not_run(record))


def lint(record: Record) -> Markup:
    rows = (
        (code(one.where), outside(one.severity), outside(one.message), code(one.rule), outside(one.advice))
        for one in record.lint
    )
    return _table("Findings in the configuration", ("where", "", "what", "rule", "what to do"), rows)


def run(record: Record) -> Markup:
    return _table("The run", ("what", "which"), _facts(record))


def _table(caption: str, heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Markup:
    """Nothing where there is no row."""
    first = list(islice(rows, MOST_ROWS))
    if not first:
        return EMPTY
    shown = table(caption, heads, first)
    more = next(rows, None) is not None
    return joined([shown, tag("p", f"The first {MOST_ROWS} are here: see report.json.")]) if more else shown


def _models(record: Record) -> Iterator[tuple[str, ...]]:
    for check in record.checks:
        if who := answered.model(check):
            why = str(check.model.get("why") or "-")
            told = (who, why, answered.calls(check), check.cause or "-")
            yield code(check.name), *map(outside, told)


def _not_run(record: Record) -> Iterator[tuple[str, ...]]:
    for check in record.checks:
        if check.outcome in wording.DID_NOT_RUN:
            yield code(check.name), outside(check.lane), outside(check.reason)
    for one in record.header.left_out:
        yield code(one.name), outside(one.lane), joined(["not in this run: ", outside(one.why)])


def _facts(record: Record) -> Iterator[tuple[str, ...]]:
    facts = wording.facts(record.header)
    rows = {"run": facts.pop("run", ""), "command": wording.command_line(record.header), **facts}
    yield from ((name, outside(fact)) for name, fact in rows.items() if fact.strip())
