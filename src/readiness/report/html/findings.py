"""What tracing found out about a failed test: class, who leaked what, the proof, and the change that mends it."""

from __future__ import annotations

from itertools import islice

from readiness.report import findings as words
from readiness.report.html.markup import EMPTY, SPECIAL, Markup, code, joined, outside, table, tag
from readiness.report.plain import code_lines
from readiness.report.wording import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Final

    from readiness.record.finding import Cause, Finding, Patch
    from readiness.record.record import Record

CAUSES: Final = 4
NOTES: Final = 4
SUMMED_UP: Final = 10
LEFT_OVER: Final = 100
"""Causes and notes of a finding, findings in one line each, and rows of what was left changed."""
AS_CODE: Final = ("polluter", "state", "before", "after", "where", "called from")
SIGNS: Final = {"+": "added", "-": "removed", "@": "hunk"}


def finding(one: Finding, drawn: set[str]) -> Markup:
    """The story of one test. A diff that is in `drawn` already is not shown again; a new one is put there."""
    parts = [tag("h5", words.heading(one))]
    parts += [_cause(each) for each in one.causes[:CAUSES]]
    more = len(one.causes) - CAUSES
    parts += [tag("p", f"{plural(more, 'more cause')}: see report.json.")] if more > 0 else []
    if said := words.together(one):
        parts.append(tag("p", said))
    parts += [tag("p", outside(note), class_="note") for note in one.notes[:NOTES]]
    if one.patch:
        parts += _patch(one.patch, drawn)
    elif one.no_patch:
        parts.append(tag("p", "No fix: ", outside(one.no_patch)))
    return tag("section", *parts, class_="finding")


def summed_up(several: Sequence[Finding]) -> Markup:
    """Those whose failures are not shown, a line each; nothing where there are none."""
    if not several:
        return EMPTY
    lines = [tag("li", outside(words.summed_up(one))) for one in several[:SUMMED_UP]]
    more = len(several) - SUMMED_UP
    lines += [tag("li", f"{more} more: see report.json")] if more > 0 else []
    return joined([tag("h4", "Found out about other tests"), tag("ul", *lines)])


def left_over(record: Record) -> Markup:
    """State that was changed at the end of checks; nothing where none was."""
    rows = (
        (code(one.state), code(one.by), code(one.where), code(check.name))
        for check in record.checks
        for one in check.left_over
    )
    first = list(islice(rows, LEFT_OVER))
    if not first:
        return EMPTY
    shown = table("No fault by itself", ("state", "changed by", "where", "check"), first)
    more = next(rows, None) is not None
    rest = [tag("p", f"The first {LEFT_OVER} are here: see report.json.")] if more else []
    return tag("div", shown, *rest, class_="muted")


def _cause(cause: Cause) -> Markup:
    pairs = [
        tag("div", tag("dt", name), tag("dd", code(fact) if name in AS_CODE else outside(fact)))
        for name, fact in words.cause_facts(cause)
        if fact.strip()
    ]
    return tag("dl", *pairs, class_="cause")


def _patch(patch: Patch, drawn: set[str]) -> Iterator[Markup]:
    yield tag("h5", words.patch_heading(patch))
    yield tag("p", outside(words.patch_proof(patch)))
    if patch.diff in drawn:
        yield tag("p", "It is the same change as one above.")
    elif words.fits(patch):
        drawn.add(patch.diff)
        yield diff(patch)
    else:
        yield tag("p", "The change is too long to be shown here: see patches/ and report.json.")


def diff(patch: Patch) -> Markup:
    """A whole diff to be copied; added and removed lines are marked by their sign, colour only repeats it."""
    label = "Fix" if patch.verified else "Change"
    # A line end is within its line's element: copying takes the text as it is.
    lines = [_line(line) for line in code_lines(patch.diff.strip("\n"))]
    body = Markup("\n".join(lines) + "\n")
    return tag(
        "pre", Markup("\n"), body, tabindex=0, role="region", aria_label=label, data_copy=True, class_="diff"
    )


def _line(line: str) -> Markup:
    kind = "" if line.startswith(("+++", "---")) else SIGNS.get(line[:1], "")
    shown = Markup(line.translate(SPECIAL))
    return tag("span", shown, class_=kind) if kind else shown
